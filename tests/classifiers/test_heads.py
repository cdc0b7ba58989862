"""The light heads: labels told together, scores and what they are worth, and tags that make whole entities."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.heads import TOLERANCE, Head, ScoreHead, TagHead, entities, spans, words_of

DRAW = np.random.default_rng(0)
THREE = Head(("contradiction", "entailment", "neutral"), np.eye(3, dtype=np.float32), np.zeros(3, np.float32))


def test_a_head_reads_the_first_numbers_of_a_row() -> None:
    row = np.array([0.0, 3.0, 0.0, 99.0, 99.0], np.float32)
    assert THREE.read(row)[0] == "entailment"
    assert THREE.read(row) == THREE.read(row[:3])


def test_some_labels_alone_and_labels_told_together() -> None:
    rows = DRAW.normal(size=(50, 3)).astype(np.float32)
    whole = THREE.probabilities(rows)
    two = THREE.among(("entailment", "contradiction|neutral"), ("yes", "no"))
    assert two.labels == ("yes", "no")
    assert np.allclose(two.probabilities(rows)[:, 0], whole[:, 1], atol=1e-6)
    assert np.allclose(two.probabilities(rows).sum(axis=1), 1.0, atol=1e-6)
    alone = THREE.among(("neutral", "contradiction"))
    expected = whole[:, [2, 0]] / whole[:, [2, 0]].sum(axis=1, keepdims=True)
    assert np.allclose(alone.probabilities(rows), expected, atol=1e-6)


def test_calibration_makes_held_out_rows_likelier() -> None:
    truth = DRAW.integers(0, 3, 400)
    rows = (np.eye(3)[truth] * 8 + DRAW.normal(0, 6, (400, 3))).astype(np.float32)
    labels = [THREE.labels[place] for place in truth]
    found = THREE.calibrated(rows, labels)
    assert found.temperature > 1.5  # such rows are worth less than they claim

    def likelihood(head: Head) -> float:
        return float(np.log(head.probabilities(rows)[np.arange(400), truth]).mean())

    assert likelihood(found) > likelihood(THREE)


def test_a_score_says_how_far_it_is_to_be_trusted() -> None:
    head = ScoreHead(np.ones((1, 1), np.float32), np.zeros(1, np.float32))
    rows = DRAW.normal(0, 1, (2_000, 1)).astype(np.float32)
    cosines = DRAW.random(2_000)
    # What the trunk and the cosine say counts the same; high scores are right, low ones are anywhere.
    real = np.clip(0.3 + 0.1 * rows[:, 0] + 0.4 * cosines, 0.0, 1.0)
    truth = np.where(real > 0.5, real, DRAW.random(2_000))
    found = head.calibrated(rows, cosines, truth)
    scores = found.scores(rows, cosines)
    assert np.corrcoef(scores, truth)[0, 1] > max(np.corrcoef(each, truth)[0, 1] for each in (rows[:, 0], cosines))
    high, low = (found.read(np.array([value], np.float32), cosine) for value, cosine in ((2.0, 0.95), (-2.0, 0.05)))
    assert float(high[0]) > float(low[0])
    assert high[1] > 0.9 > low[1]
    near = np.abs(scores - truth) <= TOLERANCE
    assert found.confidences(scores).mean() == pytest.approx(near.mean(), abs=0.03)


TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def tagger(temperature: float = 1.0) -> TagHead:
    return TagHead(TAGS, np.eye(5, dtype=np.float32) / np.float32(temperature), np.zeros(5, np.float32))


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(-5, 5, width=32), min_size=5, max_size=5), min_size=1, max_size=8))
def test_no_entity_begins_in_its_middle(scores: list[list[float]]) -> None:
    tags, likelihood = tagger().best(np.array(scores, np.float32))
    assert len(tags) == len(scores)
    assert likelihood <= 0.0
    for before, tag in pairwise(["O", *tags]):
        assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_the_best_sequence_beats_the_best_tags_one_by_one() -> None:
    # Word by word "O I-PER"; as a sequence the first word opens the person.
    states = np.array([[1.0, 0.9, -9, -9, -9], [-3.0, -9, 4.0, -9, -9]], np.float32)
    assert tagger().best(states)[0] == ["B-PER", "I-PER"]
    assert tagger().best(np.zeros((0, 5), np.float32)) == ([], 0.0)


def test_trust_is_fitted_on_who_was_right() -> None:
    logs = np.log(np.linspace(0.05, 0.99, 400))
    right = DRAW.random(400) < np.exp(logs) ** 2  # claims more than is true
    head = tagger().calibrated(logs, right)
    assert head.confidence(float(np.log(0.95))) > head.confidence(float(np.log(0.4)))
    assert head.confidence(float(np.log(0.5))) == pytest.approx(0.25, abs=0.12)


def test_entities_are_told_as_they_stand_in_the_text() -> None:
    text = "Ada Lovelace, née Byron, lived in London."
    places = words_of(text)
    assert [word for word, _, _ in places] == [
        "Ada",
        "Lovelace",
        ",",
        "née",
        "Byron",
        ",",
        "lived",
        "in",
        "London",
        ".",
    ]
    tags = ["B-PER", "I-PER", "O", "O", "B-PER", "O", "O", "O", "B-LOC", "O"]
    assert json.loads(entities(text, places, tags)) == [["PER", "Ada Lovelace"], ["PER", "Byron"], ["LOC", "London"]]
    assert [word for word, _, _ in words_of("Ingrid's 'big' day")] == ["Ingrid", "'s", "'", "big", "'", "day"]
    assert spans(["B-PER", "B-PER", "I-PER", "O", "I-LOC"]) == [("PER", 0, 1), ("PER", 1, 3), ("LOC", 4, 5)]
