"""The surface: n-grams of characters, in any script."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from classifiers.heads import Head
from classifiers.surface import Surface, best_shares, blended, grams

TEXTS = [f"{word} {n}" for n in range(12) for word in ("κόκκινο μήλο", "μπλε θάλασσα")]
LABELS = ["fruit", "sea"] * 12


def test_grams_know_no_case_blanks_or_widths() -> None:
    assert sorted(grams("Abc  d")) == sorted(grams(" abc d"))
    assert sorted(grams("\uff21bc d")) == sorted(grams("abc d"))
    assert len(grams("")) > 0
    assert len(grams("\ud800")) > 0
    assert len(grams("x" * 100_000)) < 12_000


def test_a_script_that_the_trunk_cannot_read_is_told_apart() -> None:
    surface = Surface.fit(TEXTS, LABELS)
    assert surface.scores("ένα μήλο").argmax() == 0
    assert surface.scores("η θάλασσα").argmax() == 1
    assert surface.scores("☃").shape == (2,)


def test_it_is_the_same_when_it_comes_back_from_disk(tmp_path: Path) -> None:
    surface = replace(Surface.fit([*TEXTS, "a b", "a c"], [*LABELS, "third", "third"]), shares=(0.5, 1.5))
    surface.save(tmp_path)
    again = Surface.load(tmp_path)
    assert again.shares == surface.shares
    for text in ("μήλο", "a b", ""):
        assert again.scores(text).tolist() == surface.scores(text).tolist()


def test_what_it_weighs_with_a_head_is_a_distribution() -> None:
    rows = np.random.default_rng(0).normal(size=(24, 1536)).astype(np.float32)
    head, surface = Head.fit(rows, LABELS), Surface.fit(TEXTS, LABELS)
    found = surface.probabilities(head, rows, TEXTS)
    assert np.allclose(found.sum(axis=1), 1.0, atol=1e-5)
    label, sure = surface.read(head, rows[0], TEXTS[0])
    assert (label, sure) == ("fruit", float(found[0].max()))


def test_the_better_of_two_gets_the_weight() -> None:
    draw = np.random.default_rng(0)
    places = draw.integers(0, 2, 200)
    good = np.log(np.where(np.eye(2)[places] > 0, 0.9, 0.1)).astype(np.float32)
    bad = np.log(np.full((200, 2), 0.5)).astype(np.float32) + draw.normal(size=(200, 2)).astype(np.float32)
    first, second = best_shares(good, bad, places)
    assert first > 5 * second
    assert blended(good, bad, (first, second)).argmax(axis=1).tolist() == places.tolist()
