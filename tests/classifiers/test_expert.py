from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.expert import Expert, Gated, Head
from classifiers.gate import CLOSED, Gate
from classifiers.novelty import Novelty
from classifiers.shipped import Shipped

POLARITY = {"positive", "negative"}
KNOWN = [
    ("sentiment", POLARITY, "I absolutely loved this movie, the acting was superb", "positive"),
    ("sentiment", POLARITY, "The battery died after two days. Waste of money.", "negative"),
    ("sentiment", POLARITY, "Thanks so much for your help, have a lovely day!", "positive"),
    ("sentiment", POLARITY, "This restaurant was terrible, cold food and rude staff.", "negative"),
    ("spam", {"spam", "ham"}, "WINNER!! Claim your free prize now, text WIN to 80086", "spam"),
    ("spam", {"spam", "ham"}, "Hey are we still on for lunch tomorrow?", "ham"),
    ("toxicity", {"toxic", "not_toxic"}, "You are a worthless idiot and everyone hates you", "toxic"),
    ("toxicity", {"toxic", "not_toxic"}, "Thanks so much for your help, have a lovely day!", "not_toxic"),
]


@pytest.mark.parametrize(("name", "labels", "text", "answer"), KNOWN)
def test_plain_texts_are_answered(shipped: Shipped, name: str, labels: set[str], text: str, answer: str) -> None:
    reading = shipped.experts[name].read(shipped.encoder.encode([text])[0], labels)
    assert reading.answer == answer
    assert reading.open, reading.why
    assert reading.why == ""
    assert reading.n > 1_000
    assert 0.5 < reading.confidence <= 1.0
    assert 0.0 <= reading.novelty <= 1.0


def test_each_expert_says_what_it_knows(shipped: Shipped) -> None:
    assert {name: expert.task for name, expert in shipped.experts.items()} == {
        "sentiment": "sentiment",
        "spam": "spam_detection",
        "toxicity": "toxicity",
    }
    assert all(expert.languages == ("en",) for expert in shipped.experts.values())
    three = frozenset({"positive", "negative", "neutral"})
    assert set(shipped.experts["sentiment"].label_sets) == {frozenset(POLARITY), three}


@pytest.mark.parametrize("labels", [set(), {"positive"}, {"good", "bad"}, {"positive", "negative", "mixed"}])
def test_labels_that_do_not_fit_make_it_abstain(shipped: Shipped, labels: set[str]) -> None:
    reading = shipped.experts["sentiment"].read(shipped.encoder.encode(["Great!"])[0], labels)
    assert not reading.open
    assert reading.answer == ""
    assert "knows the labels {negative, positive}" in reading.why


def test_what_is_not_an_opinion_does_not_pass_the_gate(shipped: Shipped) -> None:
    for text in ("", "The function returns a list of integers.", "0x7f3a 0x00ff 12:33:01 kernel: [123.4]"):
        reading = shipped.experts["sentiment"].read(shipped.encoder.encode([text])[0], POLARITY)
        assert not reading.open
        assert reading.why


def tiny(threshold: float, limit: float = 1.0) -> Expert:
    """An expert on two clouds of points in 400 dimensions."""
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(80, 400)).astype(np.float32) * 0.05
    rows[:40, 0] += 1.0
    rows[40:, 0] -= 1.0
    labels = ["up"] * 40 + ["down"] * 40
    head = Head.fit(rows, labels, c=1.0).calibrated(rows, labels)
    sure = head.probabilities(rows).max(axis=1)
    novelty = Novelty.fit(rows[:, :384], labels, rows[:, :384], sure, per_label=2)
    gate = Gate(threshold, 0.5, 80, 0, 0.05, 0.1)
    return Expert("tiny", "direction", ("en",), [Gated(head, novelty, gate, limit)], 80)


def point(place: float) -> np.ndarray:
    row = np.zeros(400, np.float32)
    row[0] = place
    return row


def test_a_tiny_expert_is_saved_and_read_again(tmp_path: Path) -> None:
    expert = tiny(0.6)
    expert.save(tmp_path)
    again = Expert.load(tmp_path)
    reading = again.read(point(1.0), ["down", "up"])
    assert reading == expert.read(point(1.0), ["down", "up"])
    assert (reading.answer, reading.open, reading.n) == ("up", True, 80)
    assert again.read(point(-1.0), ["up", "down"]).answer == "down"
    assert reading.shut == ""


def test_what_the_card_declares_is_read_with_every_text(tmp_path: Path) -> None:
    expert = tiny(0.6)
    expert.save(tmp_path)
    assert "traits" not in (tmp_path / "expert.json").read_text()  # shipped files stay as they are, to the byte
    Expert(expert.name, expert.task, expert.languages, expert.heads, expert.n, ["shortcut-prone"]).save(tmp_path)
    again = Expert.load(tmp_path)
    assert again.read(point(1.0), {"up", "down"}).traits == ("shortcut-prone",)
    assert again.read(point(1.0), {"left", "right"}).traits == ("shortcut-prone",)


@pytest.mark.parametrize(
    ("expert", "place", "shut", "why"),
    [
        (tiny(CLOSED), 1.0, "uncertified", "No confidence threshold could be certified"),
        (tiny(0.99), 0.01, "unsure", "is below the certified 0.990"),
        (tiny(0.6, limit=0.0), 1.0, "novel", "unlike its training data"),
    ],
)
def test_a_closed_gate_says_why(expert: Expert, place: float, shut: str, why: str) -> None:
    reading = expert.read(point(place), {"up", "down"})
    assert not reading.open
    assert reading.shut == shut
    assert why in reading.why
    assert expert.read(point(place), {"left", "right"}).shut == "labels"
