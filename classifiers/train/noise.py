"""Prompts as people really type them: case, punctuation, white space and typing errors, drawn anew each time.

For training only: `surveyor bench robustness` measures with noise of its own.
"""

from __future__ import annotations

import random
import re

_MARKS = re.compile(r"[.,;:!?'\"]")
_WORD = re.compile(r"[A-Za-z]{3,}")
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEAR = {letter: row[max(0, at - 1) : at + 2].replace(letter, "") for row in ROWS for at, letter in enumerate(row)}


def noisy(text: str, draw: random.Random) -> str:
    """The text with one to three kinds of noise."""
    kinds = [_case, _marks, _space, _typing, _typing]
    for kind in draw.sample(kinds, draw.randint(1, 3)):
        text = kind(text, draw)
    return text


def _case(text: str, draw: random.Random) -> str:
    chance = draw.random()
    if chance < 0.6:
        return text.lower()
    if chance < 0.85:
        return text.upper()
    return "".join(each.upper() if draw.random() < 0.3 else each.lower() for each in text)


def _marks(text: str, draw: random.Random) -> str:
    share = draw.choice((0.3, 1.0))
    change = draw.choice(("", "", "..", "!"))
    return _MARKS.sub(lambda found: change if draw.random() < share else found[0], text)


def _space(text: str, draw: random.Random) -> str:
    share = draw.choice((0.1, 0.5))
    return re.sub(r"[ \n]", lambda found: draw.choice(("  ", "\n", " \n")) if draw.random() < share else found[0], text)


def _typing(text: str, draw: random.Random) -> str:
    share = draw.choice((0.05, 0.1, 0.2))
    return _WORD.sub(lambda found: _slip(found[0], draw) if draw.random() < share else found[0], text)


def _slip(word: str, draw: random.Random) -> str:
    """A word with one slip: two letters swapped, one left out, one doubled, or a key missed."""
    at = draw.randrange(len(word) - 1)
    kind = draw.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + draw.choice(_NEAR[word[at].lower()]) + word[at + 1 :]
