from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.embed import Encoder
from classifiers.expert import SEEN, Expert, Gated, unit
from classifiers.gate import CLOSED, Calibration, Gate
from classifiers.heads import Head, ScoreHead, TagHead
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
    reading = shipped.experts[name].read(shipped.encoder, text, labels)
    assert reading.answer == answer
    assert reading.open, reading.why
    assert reading.why == ""
    assert reading.n > 1_000
    assert 0.5 < reading.confidence <= 1.0
    assert 0.0 <= reading.novelty <= 1.0


TASKS = {
    "acceptability": ("acceptability", "label"),
    "emotion": ("emotion", "label"),
    "entities": ("ner", "entities"),
    "intent": ("intent_classification", "label"),
    "nli": ("nli", "pair"),
    "paraphrase": ("paraphrase_detection", "pair"),
    "sentiment": ("sentiment", "label"),
    "similarity": ("semantic_similarity", "score"),
    "spam": ("spam_detection", "label"),
    "subjectivity": ("data_annotation", "label"),
    "topic": ("topic_classification", "label"),
    "toxicity": ("toxicity", "label"),
}


def test_each_expert_says_what_it_knows(shipped: Shipped) -> None:
    assert {name: (expert.task, expert.kind) for name, expert in shipped.experts.items()} == TASKS
    assert all(expert.languages == ("en",) for expert in shipped.experts.values())
    three = frozenset({"positive", "negative", "neutral"})
    assert set(shipped.experts["sentiment"].label_sets) == {frozenset(POLARITY), three}
    assert frozenset({"entailment", "not_entailment"}) in shipped.experts["nli"].label_sets
    assert shipped.experts["similarity"].label_sets == (frozenset(),)
    assert [len(labels) for labels in shipped.experts["intent"].label_sets] == [77, 150, 64]


def test_pairs_scores_and_entities_are_answered(shipped: Shipped) -> None:
    experts, encoder = shipped.experts, shipped.encoder
    pair = "The company said its profit rose 10 percent.", "Profit rose 10 percent, the company said."
    labels = {"paraphrase", "not_paraphrase"}
    assert experts["paraphrase"].read(encoder, pair[0], labels, pair[1]).answer == "paraphrase"
    other = "A man is playing a guitar.", "A woman is slicing an onion."
    assert float(experts["similarity"].read(encoder, pair[0], (), pair[1]).answer) > 0.7
    assert float(experts["similarity"].read(encoder, other[0], (), other[1]).answer) < 0.4
    kinds = {"LOC", "MISC", "ORG", "PER"}
    found = json.loads(experts["entities"].read(encoder, "Angela Merkel was born in Hamburg.", kinds).answer)
    assert ["PER", "Angela Merkel"] in found
    assert ["LOC", "Hamburg"] in found


@pytest.mark.parametrize("labels", [set(), {"positive"}, {"good", "bad"}, {"positive", "negative", "mixed"}])
def test_labels_that_do_not_fit_make_it_abstain(shipped: Shipped, labels: set[str]) -> None:
    reading = shipped.experts["sentiment"].read(shipped.encoder, "Great!", labels)
    assert not reading.open
    assert reading.answer == ""
    assert "knows the labels {negative, positive}" in reading.why


def test_what_is_not_an_opinion_does_not_pass_the_gate(shipped: Shipped) -> None:
    for text in ("", "The function returns a list of integers.", "0x7f3a 0x00ff 12:33:01 kernel: [123.4]"):
        reading = shipped.experts["sentiment"].read(shipped.encoder, text, POLARITY)
        assert not reading.open, text
        assert reading.why


def test_a_pair_without_its_half_is_not_served(shipped: Shipped) -> None:
    reading = shipped.experts["paraphrase"].read(shipped.encoder, "One text.", {"paraphrase", "not_paraphrase"})
    assert not reading.open


WIDTH = Encoder.width


class Points(Encoder):
    """An encoder whose row for a number is that number, in the part that novelty is measured on, too."""

    def __init__(self) -> None: ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), WIDTH), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = row[SEEN.start] = float(text)
            row[SEEN.start + 1] = 0.01
        return rows

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        return self.encode([str(float(one) - float(other)) for one, other in pairs])


POINTS = Points()


def tiny(threshold: float, limit: float = 1.0) -> Expert:
    """An expert on two clouds of points."""
    draw = np.random.default_rng(0)
    texts = [str(side + draw.normal() * 0.05) for side in [1.0] * 40 + [-1.0] * 40]
    rows = POINTS.encode(texts)
    labels = ["up"] * 40 + ["down"] * 40
    head = Head.fit(rows, labels, c=1.0).calibrated(rows, labels)
    sure = head.probabilities(rows).max(axis=1)
    seen = unit(rows[:, SEEN])
    novelty = Novelty.fit(seen, labels, seen, sure, per_label=2)
    gate = Gate(threshold, 0.5, 80, 0, 0.05, 0.1)
    calibration = Calibration.of(np.linspace(0.5, 1.0, 400), np.arange(400) < 60, [0.6, 0.7, 0.8, 0.9])
    return Expert("tiny", "direction", ("en",), (Gated(head, novelty, gate, limit, calibration),), 80)


def test_a_tiny_expert_is_saved_and_read_again(tmp_path: Path) -> None:
    expert = tiny(0.6)
    expert.save(tmp_path / "new")
    again = Expert.load(tmp_path / "new")
    reading = again.read(POINTS, "1.0", ["down", "up"])
    assert reading.answer == expert.read(POINTS, "1.0", ["down", "up"]).answer
    assert (reading.answer, reading.open, reading.n) == ("up", True, 80)
    assert again.read(POINTS, "-1.0", ["up", "down"]).answer == "down"
    assert reading.shut == ""
    assert (again.template, dict(again.synonyms), again.upper) == ("", {}, None)


def test_every_kind_of_head_is_saved_and_read_again(tmp_path: Path) -> None:
    gated = tiny(0.6).heads[0]
    weights, bias = np.zeros((2, 3), np.float32), np.zeros(3, np.float32)
    heads = (
        ScoreHead(weights[:, :1], bias[:1], (0.4, 0.5, 0.6), (0.1, 0.2, 0.3)),
        TagHead(("O", "B-X", "I-X"), weights, bias, (0.5, 2.0)),
        Head(("a", "b"), weights, bias, 1.5, ((0,), (1, 2))),
    )
    whole = tuple(replace(gated, head=head) for head in heads)
    expert = Expert("many", "x", ("en", "de"), whole, 3, ("adapter",), "pair", "Say {text}", {"a": ("alpha",)})
    expert.save(tmp_path)
    again = Expert.load(tmp_path)
    for head, gated_again in zip(heads, again.heads, strict=True):
        found = gated_again.head
        assert type(found) is type(head)
        assert found.labels == head.labels
        assert getattr(found, "trust", None) == getattr(head, "trust", None)
        assert getattr(found, "mix", None) == getattr(head, "mix", None)
        assert getattr(found, "joins", None) == getattr(head, "joins", None)
    assert (again.kind, again.template, again.synonyms["a"], again.languages) == (
        "pair",
        "Say {text}",
        ("alpha",),
        ("en", "de"),
    )


def test_a_gate_is_certified_anew_for_other_rates(tmp_path: Path) -> None:
    expert = tiny(0.6)
    expert.save(tmp_path)
    again = Expert.load(tmp_path)
    strict, loose = again.gated(0.01, 0.1).heads[0].gate, again.gated(0.2, None).heads[0].gate
    assert (strict.epsilon, loose.epsilon, loose.delta) == (0.01, 0.2, 0.1)
    assert strict.coverage < loose.coverage
    assert again.gated(None, None).heads[0].gate == again.heads[0].gate
    bare = replace(expert, heads=tuple(replace(each, calibration=None) for each in expert.heads))
    with pytest.raises(ValueError, match="were not kept"):
        bare.gated(0.01, None)


def test_what_the_card_declares_is_read_with_every_text(tmp_path: Path) -> None:
    expert = tiny(0.6)
    expert.save(tmp_path)
    assert "traits" not in (tmp_path / "expert.json").read_text()  # what nobody declares is not there
    replace(expert, traits=("shortcut-prone",)).save(tmp_path)
    again = Expert.load(tmp_path)
    assert again.read(POINTS, "1.0", {"up", "down"}).traits == ("shortcut-prone",)
    assert again.read(POINTS, "1.0", {"left", "right"}).traits == ("shortcut-prone",)


@pytest.mark.parametrize(
    ("expert", "text", "shut", "why"),
    [
        (tiny(CLOSED), "1.0", "uncertified", "No confidence threshold could be certified"),
        (tiny(0.99), "0.01", "unsure", "is below the certified 0.990"),
        (tiny(0.6, limit=0.0), "1.0", "novel", "unlike its training data"),
    ],
)
def test_a_closed_gate_says_why(expert: Expert, text: str, shut: str, why: str) -> None:
    reading = expert.read(POINTS, text, {"up", "down"})
    assert not reading.open
    assert reading.shut == shut
    assert why in reading.why
    assert expert.read(POINTS, text, {"left", "right"}).shut == "labels"


def test_a_pair_is_read_as_one() -> None:
    expert = replace(tiny(0.6), kind="pair")
    assert expert.read(POINTS, "3.0", {"up", "down"}, "2.0").answer == "up"
    assert expert.read(POINTS, "2.0", {"up", "down"}, "3.0").answer == "down"
