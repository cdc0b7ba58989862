"""Own experts: how rows are parted, what is promised, and what is said when nothing can be."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from classifiers.embed import Encoder
from classifiers.gate import Calibration
from classifiers.own import UNDECIDED, Made, Row, Wanted, encoded, languages_of, made, parted, rows_needed, said, taught
from classifiers.shipped import FOLDER
from tests.own_rows import generated


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(FOLDER / "encoder")


ROWS = [Row(text, label, language="en", line=n) for n, (text, label) in enumerate(generated(400), 2)]


@pytest.fixture(scope="module")
def vectors(encoder: Encoder) -> np.ndarray:
    return encoded(encoder, ROWS)


@pytest.fixture(scope="module")
def one(vectors: np.ndarray) -> Made:
    return made(ROWS, vectors, parted(ROWS), Wanted("desk", "topic_classification"))


def test_parts_are_shares_of_each_label_whatever_the_order() -> None:
    parts = dict(zip((row.text for row in ROWS), parted(ROWS), strict=True))
    for label in {row.label for row in ROWS}:
        counts = Counter(parts[row.text] for row in ROWS if row.label == label)
        n = counts.total()
        assert abs(counts["calibrate"] - 0.3 * n) <= 1
        assert abs(counts["test"] - 0.1 * n) <= 1
    mixed = random.Random(3).sample(ROWS, len(ROWS))
    assert dict(zip((row.text for row in mixed), parted(mixed), strict=True)) == parts


def test_texts_that_differ_in_case_blanks_or_widths_are_one() -> None:
    assert Row("Hello  World", "a").key == Row(" hello world", "b").key == Row("\uff28ello world", "c").key
    assert Row("one", "a", "two").key != Row("one two", "a").key


def test_languages_are_those_of_enough_rows_or_that_of_most() -> None:
    rows = [Row(str(n), "a", language="de" if n < 30 else "fr" if n < 35 else UNDECIDED) for n in range(90)]
    assert languages_of(rows) == ("de",)
    assert languages_of(rows[25:40]) == ("de",) or languages_of(rows[25:40]) == ("fr",)
    assert languages_of(rows[35:]) == ()


def test_it_learns_and_its_gate_keeps_the_promise_on_new_rows(one: Made, encoder: Encoder) -> None:
    assert not one.gated.gate.closed
    assert one.test.right.mean() > 0.85
    new = [Row(text, label, language="en") for text, label in generated(300, seed=5) if text not in SEEN]
    found = said(one.expert, new, encoded(encoder, new))
    served = found.served
    assert served.mean() > 0.5
    assert found.where(served).right.mean() > 0.95
    assert len(found.where(served).rows) == served.sum()


SEEN = {row.text for row in ROWS}


def test_it_says_through_read_what_it_was_measured_to_say(one: Made, encoder: Encoder) -> None:
    labels = one.expert.label_sets[0]
    for row, label, sure in zip(one.test.rows[:5], one.test.labels, one.test.confidence.tolist(), strict=False):
        reading = one.expert.read(encoder, row.text, labels)
        assert reading.answer == label
        assert reading.confidence == pytest.approx(sure, abs=1e-6)


def test_the_same_rows_make_the_same_expert(one: Made, vectors: np.ndarray) -> None:
    again = made(ROWS, vectors, parted(ROWS), Wanted("desk", "topic_classification"))
    assert again.gated.gate == one.gated.gate
    assert again.test.confidence.tolist() == one.test.confidence.tolist()


def test_what_cannot_be_learned_is_not_served(vectors: np.ndarray) -> None:
    draw = random.Random(1)
    rows = [replace(row, label=draw.choice("ab")) for row in ROWS]
    found = made(rows, vectors, parted(rows), Wanted("noise", "topic_classification"))
    assert found.gated.gate.closed
    assert not found.calibrate.served.any()
    assert not found.test.served.any()
    assert found.gated.calibration is not None
    assert rows_needed(found.gated.calibration, 0.05, 0.1) is None


def test_other_languages_are_not_served(one: Made, encoder: Encoder) -> None:
    rows = [replace(row, language="de") for row in one.test.rows]
    assert not said(one.expert, rows, encoded(encoder, rows)).served.any()


def test_how_many_rows_would_do() -> None:
    sure = np.linspace(1.0, 0.0, 60)
    few = Calibration.of(sure, np.zeros(60, bool), (0.5,))
    assert rows_needed(few, 0.05, 0.1) == 150  # all of 45 calibration rows, three tenths of the rows
    assert rows_needed(few, 0.01, 0.1) == 770
    half = Calibration.of(sure, sure < 0.5, (0.5,))
    needed = rows_needed(half, 0.05, 0.1)
    assert needed is not None
    assert 400 <= needed <= 700
    assert rows_needed(Calibration.of(sure, np.ones(60, bool), ()), 0.05, 0.1) is None
    assert rows_needed(Calibration.of(sure, np.zeros(60, bool), (), np.zeros(60, bool)), 0.05, 0.1) is None


def test_a_fine_tuned_trunk_leaves_a_fifth_unseen_and_is_judged_by_it(vectors: np.ndarray) -> None:
    parts = parted(ROWS)
    marks = taught(ROWS, parts)
    assert {part for part, mark in zip(parts, marks, strict=True) if mark} == {"train"}
    assert sum(marks) == pytest.approx(0.8 * parts.count("train"), abs=5)
    found = made(ROWS, vectors, parts, Wanted("desk", "topic_classification"), finetuned=True)
    assert found.test.right.mean() > 0.85


def test_pairs_are_read_together(encoder: Encoder) -> None:
    draw = random.Random(0)
    texts = [text for text, _ in generated(120)]
    rows = [Row(text, "same", text.upper()) for text in texts[:60]]
    rows += [Row(text, "other", draw.choice(texts)) for text in texts[60:]]
    found = made(rows, encoded(encoder, rows, "pair"), parted(rows), Wanted("pairs", "paraphrase_detection", "pair"))
    assert found.gated.surface is None
    assert found.test.right.mean() > 0.7
