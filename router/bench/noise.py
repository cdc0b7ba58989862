"""What careless typing does to a prompt, for `surveyor bench robustness`: case, punctuation, white space and slips.

Each kind is a pure function of a text and a random generator, and draws one of its variants. The meaning stays: code
is never touched, nor a number, nor a mark within one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

TYPOS = 0.02  # of the letters, at least one: about a slip in every nine words of English
MARKS = 0.5  # of the punctuation that is changed
SPACES = 0.2  # of the spaces that are changed
OPENING = 6  # words that are put in capitals

# Fenced and quoted code; a line that is indented like a block of it, or ends or begins as only code does.
CODE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]+`"
    r"|^(?:\t| {4})[^\n]*$"
    r"|^[^\n]*[;{}][ \t]*$"
    r"|^(?:def \w+\(|class \w+[:(]|import [\w.]+$|from [\w.]+ import |(?:for|if|while) ?\(|#include|>>> )[^\n]*$",
    re.DOTALL | re.MULTILINE,
)
_WORD = re.compile(r"\S+")
_LETTERS = re.compile(r"(?<![\w'’])[A-Za-z]{3,}(?![\w'’])")
_MARK = re.compile(r"(?<!\d)[.,;:!?]|[.,;:!?](?!\d)")  # not the point of 3.14, nor the colon of 10:30
_OTHER = {".": "!", ",": ";", ";": ",", ":": ";", "!": ".", "?": "."}
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOURS: Mapping[str, str] = {
    letter: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    for row in _ROWS
    for place, letter in enumerate(row)
}


def lower(text: str) -> str:
    """All in small letters, but for code."""
    return _outside_code(text, str.lower)


def upper_opening(text: str) -> str:
    """The first words in capitals, as if to shout what is wanted; code is left alone."""
    seen = 0

    def shout(part: str) -> str:
        nonlocal seen
        begun, seen = seen, seen + len(_WORD.findall(part))
        return _WORD.sub(lambda word: word[0].upper(), part, count=OPENING - begun) if begun < OPENING else part

    return _outside_code(text, shout)


def random_case(text: str, draw: Random) -> str:
    """Each letter small or capital, by chance; code is left alone."""
    return _outside_code(
        text, lambda part: "".join(each.upper() if draw.random() < 0.5 else each.lower() for each in part)
    )


def case(text: str, draw: Random) -> str:
    """One of the three."""
    return draw.choice((lambda: lower(text), lambda: upper_opening(text), lambda: random_case(text, draw)))()


def drop_marks(text: str, draw: Random, share: float = MARKS) -> str:
    """Punctuation marks left out."""
    return _marks(text, draw, share, lambda _: "")


def double_marks(text: str, draw: Random, share: float = MARKS) -> str:
    """Punctuation marks typed twice."""
    return _marks(text, draw, share, lambda mark: mark * 2)


def change_marks(text: str, draw: Random, share: float = MARKS) -> str:
    """Other punctuation marks."""
    return _marks(text, draw, share, _OTHER.__getitem__)


def punctuation(text: str, draw: Random) -> str:
    """One of the three."""
    return draw.choice((drop_marks, double_marks, change_marks))(text, draw)


def double_spaces(text: str, draw: Random, share: float = SPACES) -> str:
    """Spaces typed twice."""
    return _spaces(text, draw, share, "  ")


def break_lines(text: str, draw: Random, share: float = SPACES) -> str:
    """Lines broken where there was a space."""
    return _spaces(text, draw, share, "\n")


def pad(text: str, draw: Random) -> str:
    """White space before and after."""
    return draw.choice((" ", "  ", "\n", "\n\n", "\t")) + text + draw.choice((" ", "  ", "\n", "\n\n\n"))


def whitespace(text: str, draw: Random) -> str:
    """One of the three."""
    return draw.choice((double_spaces, break_lines, pad))(text, draw)


def typos(text: str, draw: Random, share: float = TYPOS) -> str:
    """Slips in words of three letters and more: two letters swapped, one left out, one doubled, or a key beside it.

    Never in code, nor in a word with a digit in it. A text without such a word stays.
    """
    code = [found.span() for found in CODE.finditer(text)]
    words = [found for found in _LETTERS.finditer(text) if not any(begin <= found.start() < end for begin, end in code)]
    places = [place for found in words for place in range(found.start(), found.end() - 1)]
    letters = sum(len(found[0]) for found in words)
    chosen = draw.sample(places, min(len(places), max(1, round(share * letters)))) if places else []
    for place in sorted(chosen, reverse=True):  # from the end, so that the places before it stay where they are
        text = slip(text, place, draw.choice(SLIPS), draw)
    return text


def slip(text: str, place: int, kind: str, draw: Random) -> str:
    """One slip of a kind in `SLIPS` at a letter, which is not the last of its word."""
    letter, rest = text[place], text[place + 1 :]
    if kind == "swap":
        return text[:place] + rest[:1] + letter + rest[1:]
    if kind == "drop":
        return text[:place] + rest
    if kind == "double":
        return text[:place] + letter * 2 + rest
    near = draw.choice(NEIGHBOURS[letter.lower()])
    return text[:place] + (near.upper() if letter.isupper() else near) + rest


SLIPS = ("swap", "drop", "double", "neighbour")


def together(text: str, draw: Random) -> str:
    """One variant of each kind, one on top of the other."""
    return whitespace(punctuation(typos(case(text, draw), draw), draw), draw)


NOISE: Mapping[str, Callable[[str, Random], str]] = {
    "case": case,
    "punctuation": punctuation,
    "whitespace": whitespace,
    "typos": typos,
    "all": together,
}


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    parts, end = [], 0
    for code in CODE.finditer(text):
        parts += [change(text[end : code.start()]), code[0]]
        end = code.end()
    return "".join((*parts, change(text[end:])))


def _marks(text: str, draw: Random, share: float, change: Callable[[str], str]) -> str:
    return _outside_code(
        text, lambda part: _MARK.sub(lambda mark: change(mark[0]) if draw.random() < share else mark[0], part)
    )


def _spaces(text: str, draw: Random, share: float, instead: str) -> str:
    return _outside_code(
        text, lambda part: re.sub(r"(?<=\S) (?=\S)", lambda _: instead if draw.random() < share else " ", part)
    )
