"""Texts, pairs, prompts and sentences as token ids: the same way where they are learned and where they are read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

CLS, SEP = 101, 102  # the ids of BERT's special tokens
TEXT = 126  # tokens of a text; of a longer one the first and the last half
HEAD, TAIL = 64, 32  # tokens of a prompt: instructions stand at either end, what lies between is the material
CHARS = 700  # characters that hold so many tokens; a prompt of no more than twice as many is read whole
PAIR = 125  # tokens of both texts of a pair; the longer one gives way
WRITTEN = 27  # numbers that say how a word and its neighbours are written
MOST_CHARS = 40_000  # of a text; more is not even cut


def clean(text: str) -> str:
    """The text without lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def of_text(tokenizer: Tokenizer, text: str) -> list[int]:
    """A text that an expert reads: of more than 126 tokens the first 63 and the last 62. `[]` for one without any."""
    ids = _plain(tokenizer, text)
    return [CLS, *cut(ids, TEXT // 2, TEXT - TEXT // 2 - 1), SEP] if ids else []


def of_prompt(tokenizer: Tokenizer, text: str) -> list[int]:
    """A whole prompt, for its task type: of more than 96 tokens the first 64 and the last 32."""
    if len(text) <= 2 * CHARS:
        return [CLS, *cut(_plain(tokenizer, text), HEAD, TAIL), SEP]
    head, tail = _plain(tokenizer, text[:CHARS]), _plain(tokenizer, text[-CHARS:])
    return [CLS, *head[:HEAD], SEP, *tail[-TAIL:], SEP]


def of_pair(tokenizer: Tokenizer, one: str, other: str) -> list[int]:
    """Two texts, one after the other. `[]` when either has no token."""
    first, second = _plain(tokenizer, one), _plain(tokenizer, other)
    if not first or not second:
        return []
    if len(first) + len(second) > PAIR:
        half = PAIR // 2
        if len(first) <= half:
            second = second[: PAIR - len(first)]
        elif len(second) <= half:
            first = first[: PAIR - len(second)]
        else:
            first, second = first[:half], second[:half]
    return [CLS, *first, SEP, *second, SEP]


def of_words(tokenizer: Tokenizer, words: Sequence[str]) -> tuple[list[int], list[int]]:
    """Ids of a sentence of words and the place of each word's first token; both end where 126 tokens are full."""
    ids: list[int] = [CLS]
    firsts = []
    for word in words:
        pieces = _plain(tokenizer, word) or _plain(tokenizer, "[UNK]")
        if len(ids) + len(pieces) > TEXT + 1:
            break
        firsts.append(len(ids))
        ids += pieces
    return [*ids, SEP], firsts


def cut(ids: list[int], head: int, tail: int) -> list[int]:
    """The ids, or of more than `head + tail` the first and the last with a separator between."""
    return ids if len(ids) <= head + tail else [*ids[:head], SEP, *ids[-tail:]]


def shapes(words: Sequence[str]) -> NDArray[np.float32]:
    """How each word is written, with its neighbours' writing, shape (words, `WRITTEN`): the tokenizer knows no case."""
    own = np.array([_shape(word) for word in words], np.float32).reshape(len(words), 9)
    none = np.zeros((1, 9), np.float32)
    before, after = np.concatenate((none, own))[: len(words)], np.concatenate((own, none))[1:][: len(words)]
    return np.concatenate((own, before, after), axis=1)


@cache
def _shape(word: str) -> tuple[float, ...]:
    letters = [letter for letter in word if letter.isalpha()]
    return (
        float(bool(letters) and letters[0].isupper() and not all(map(str.isupper, letters[1:]))),
        float(bool(letters) and all(map(str.isupper, letters)) and len(letters) > 1),
        float(bool(letters) and all(map(str.isupper, letters)) and len(letters) == 1),
        float(bool(letters) and letters[0].islower() and any(map(str.isupper, letters))),
        float(bool(letters) and all(map(str.islower, letters))),
        float(any(map(str.isdigit, word))),
        float(not any(map(str.isalnum, word))),
        float(word.startswith(("@", "#", "http"))),
        1.0,  # there is a word
    )


def _plain(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(clean(text[:MOST_CHARS]), add_special_tokens=False).ids
    return ids
