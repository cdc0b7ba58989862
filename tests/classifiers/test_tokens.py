"""Texts, pairs, prompts and sentences as token ids."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.embed import open_tokenizer
from classifiers.shipped import FOLDER
from classifiers.tokens import (
    CLS,
    HEAD,
    PAIR,
    SEP,
    TAIL,
    TEXT,
    WRITTEN,
    of_pair,
    of_prompt,
    of_text,
    of_words,
    shapes,
)

TOKENIZER = open_tokenizer(FOLDER / "encoder")
ASK = "Summarise the following text in two sentences."
MATERIAL = "The harbour was quiet, and the boats lay in the mist. " * 200


def plain(text: str) -> list[int]:
    return list(TOKENIZER.encode(text, add_special_tokens=False).ids)


def test_a_short_text_is_read_whole() -> None:
    assert of_text(TOKENIZER, ASK) == of_prompt(TOKENIZER, ASK) == [CLS, *plain(ASK), SEP]
    assert of_prompt(TOKENIZER, "") == [CLS, SEP]
    assert of_text(TOKENIZER, " ") == []


@pytest.mark.parametrize("text", [f"{ASK} {MATERIAL}", f"{MATERIAL} {ASK}", MATERIAL[:1_000] + ASK])
def test_of_a_long_prompt_head_and_tail_are_read(text: str) -> None:
    whole = plain(text)
    assert of_prompt(TOKENIZER, text) == [CLS, *whole[:HEAD], SEP, *whole[-TAIL:], SEP]


def test_of_a_long_text_both_halves_are_read() -> None:
    ids = of_text(TOKENIZER, f"{MATERIAL} In the end I loved it.")
    assert len(ids) == TEXT + 2
    assert ids[-8:-1] == plain("end I loved it.")[-7:] or ids[-4:-1] == plain("loved it.")[-3:]
    assert ids[1:20] == plain(MATERIAL)[:19]


def test_of_a_pair_the_longer_text_gives_way() -> None:
    short, long = "It rains.", MATERIAL
    for pair, kept in (((short, long), short), ((long, short), short)):
        ids = of_pair(TOKENIZER, *pair)
        assert len(ids) == PAIR + 3
        parts = " ".join(map(str, ids)).split(f" {SEP}")
        assert " ".join(map(str, plain(kept))) in (parts[0].removeprefix(f"{CLS} "), parts[1].strip())
    both = of_pair(TOKENIZER, long, long)
    assert both.index(SEP) - 1 == len(both) - both.index(SEP) - 2 == PAIR // 2
    assert of_pair(TOKENIZER, "", "x") == of_pair(TOKENIZER, "x", "\u200b") == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400), st.text(max_size=400))
def test_no_text_is_too_odd_or_too_long(one: str, other: str) -> None:
    assert len(of_text(TOKENIZER, one)) <= TEXT + 2
    assert len(of_prompt(TOKENIZER, one)) <= HEAD + TAIL + 3
    assert len(of_pair(TOKENIZER, one, other)) <= PAIR + 3


def test_words_know_their_first_tokens_and_how_they_are_written() -> None:
    words = ["Unbelievably", ",", "@ada", "met", "IBM", "in", "2024"]
    ids, firsts = of_words(TOKENIZER, words)
    assert len(firsts) == len(words)
    assert [ids[place] for place in firsts] == [plain(word)[0] for word in words]
    seen = shapes(words)
    assert seen.shape == (7, WRITTEN)
    assert len({tuple(row[:9]) for row in seen[[0, 1, 2, 3, 4, 6]]}) == 6  # all are written in another way
    assert (seen[1, 9:18] == seen[0, :9]).all()
    assert (seen[0, 18:] == seen[1, :9]).all()
    assert not seen[0, 9:18].any()  # nothing stands before the first
