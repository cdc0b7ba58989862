from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.embed import SentenceEncoder
from classifiers.rank import QUERY, WINDOW, Ranker, Read, nearest, shares
from classifiers.shipped import FOLDER

RANKER = Ranker(SentenceEncoder.load(FOLDER / "encoder"))
ODD = [
    "\0\0\0",
    "a\0b",
    "\ud800 lone",
    "🏳️‍🌈🦄",
    "Z̸̢̛a̵l̶g̷o̴",
    "你好，世界",
    "x" * 300_000,
    "antidisestablishmentarianism " * 90,
]
CITIES = [
    "Nevada's capital is Carson City, with a population of some 55,000.",
    "Washington, D.C. is the capital of the United States; it is a federal district.",
    "Capital punishment has existed in the United States since before it was a country.",
    "Vines grow best on slopes that face the sun.",
]


def tokens(text: str) -> int:
    return RANKER.read(text, 10_000).tokens


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["harbour", "unbelievably", "tokenisation", "a", "…", "Zürich", "x" * 40]), max_size=500)
)
def test_windows_hold_whole_words_and_cover_the_text(words: list[str]) -> None:
    read = RANKER.read(" ".join(words), 10_000)
    assert all(0 < tokens(window) <= WINDOW for window in read.windows)
    assert [window.split() for window in read.windows if not set(window.split()) <= set(words)] == []
    assert (bool(read.windows), read.cut) == (bool(words), False)
    assert not words or (words[0] == read.windows[0].split()[0] and words[-1] == read.windows[-1].split()[-1])
    assert sum(len(window.split()) for window in read.windows) >= len(words)
    assert sum(read.counts.values()) == read.tokens


@pytest.mark.parametrize("text", ODD)
def test_any_text_can_be_ranked(text: str) -> None:
    found = RANKER.rank("What does it say?", [text, "It says nothing."], 200)
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()
    assert len(RANKER.read(text, 200).windows) <= 4


def test_what_answers_comes_first_and_nothing_is_worth_nothing() -> None:
    found = RANKER.rank("What is the capital of the United States?", [*CITIES, "", " \n"], 200)
    assert np.argsort(-found).tolist()[0] == 1
    assert found[3] == min(found[:4])
    assert found[4:].tolist() == [0.0, 0.0]
    assert RANKER.rank(" ", CITIES, 200).tolist() == [0.0] * 4


def test_a_long_document_counts_by_its_best_window_and_is_cut_where_told() -> None:
    long = "The weather stayed fine all week. " * 60 + CITIES[1]
    assert RANKER.read(long, 1_000).cut is False
    assert RANKER.read(long, 100).cut is True
    query = "What is the capital of the United States?"
    whole, head = (float(RANKER.rank(query, [long, CITIES[3]], most)[0]) for most in (1_000, 100))
    assert whole > 2 * head


def read(*ids: int) -> Read:
    return Read(("x",) if ids else (), {each: ids.count(each) for each in ids}, len(ids), cut=False)


def test_rare_words_count_for_more_and_the_share_stays_below_one() -> None:
    query = read(1, 2)
    found = shares(query, [read(1, 3), read(2, 3), read(2, 4), read(*[2] * 400), read()])
    assert found[0] > found[1] == found[2]
    assert found[4] == 0
    assert found.max() <= 1
    assert shares(query, [read(5)]).tolist() == [0.0]
    assert shares(read(), [read(5)]).tolist() == [0.0]


def test_the_likest_window_speaks_for_its_document() -> None:
    documents = [Read(("a", "b"), {}, 2, cut=False), Read((), {}, 0, cut=False), Read(("c",), {}, 1, cut=False)]
    assert nearest(np.array([0.25, 0.75, -0.5], np.float32), documents).tolist() == [0.75, -1.0, -0.5]


def test_step_by_step_gives_what_one_go_gives() -> None:
    query, documents = RANKER.read("Where do vines grow?", QUERY), [RANKER.read(text, 200) for text in CITIES]
    rows = np.concatenate([RANKER.encode(each.windows) for each in documents])
    found = RANKER.relevance(query, RANKER.encode(query.windows)[0], documents, rows)
    assert np.allclose(found, RANKER.rank("Where do vines grow?", CITIES, 200))
