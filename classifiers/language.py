"""Which language is this text in? py3langid, held back where a text is too short or too much like code.

A statistical identifier calls "ok thx" Swahili and a traceback Latin. Here a text has to earn an uncommon answer:
scripts used by one language decide at once, plain English words decide for English, and the identifier is
believed only when it is sure enough for the length of the text.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

LOOKED_AT = 300  # characters
UNDECIDED = "und"

# Scripts that one language has to itself, in practice: first and last code point, language.
_SCRIPTS = (
    (0x0370, 0x03FF, "el"),
    (0x0530, 0x058F, "hy"),
    (0x0590, 0x05FF, "he"),
    (0x0980, 0x09FF, "bn"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0C80, 0x0CFF, "kn"),
    (0x0D00, 0x0D7F, "ml"),
    (0x0E00, 0x0E7F, "th"),
    (0x10A0, 0x10FF, "ka"),
    (0x1100, 0x11FF, "ko"),
    (0x3040, 0x30FF, "ja"),
    (0x4E00, 0x9FFF, "zh"),
    (0xAC00, 0xD7AF, "ko"),
)
# A word of plain ASCII that looks like code, an address or a number.
_NOISE = re.compile(r"[\d_<>{}=\\/|#@\[\]]|\w[.(]\w|\(\)")
_WORDS = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")
# The languages that prompts commonly come in; any other must be nearly certain.
_COMMON_TEXT = """
ar bg cs da de en es fa fi fr hi hu id it nl no pl pt ro ru sr sv tr uk ur vi
"""
_COMMON = frozenset(_COMMON_TEXT.split())
_ENGLISH_TEXT = """
a about all am an and any are as ask at be because been but by can come could did do does don't each every
explain find fix for from get give go had has have hello help her hey hi his how i i'm if in into is it it's
its just know let like list make many me more most much my name need new no not now of ok okay on one only or
other our out over please say see she should show so some tell than thank thanks that the their them then
there these they this time to today two up use was way we were what what's when where which who why will with
word words would write yes you your
"""
_ENGLISH = frozenset(_ENGLISH_TEXT.split())
# English words that are everyday words of other languages too, so they prove little.
_SHARED_TEXT = """
a an as at do her i in is like me no now on or so was with it's about hi ok okay
"""
_SHARED = frozenset(_SHARED_TEXT.split())


def warm() -> None:
    """Load the identifier now (half a second: its model is packed), so that no request has to wait for it."""
    _identifier()


def detect(text: str) -> str:
    """The ISO 639-1 code of the text's main language, or "und"; never raises. Looks at 300 characters."""
    head = text[:LOOKED_AT]
    if head.isascii() and _english_share(head.lower().split()) >= 0.3:
        return "en"  # what most prompts are, told without taking code and punctuation out first
    sample = " ".join(_plain(text[: 2 * LOOKED_AT]))[:LOOKED_AT]
    words = _WORDS.findall(sample.lower())
    letters = sum(map(len, words))
    if not letters:
        return UNDECIDED
    plain = sample.isascii()
    if not plain and (owner := _script(sample, letters)):
        return owner
    share = _english_share(words)
    if share >= 0.3:
        return "en"
    found, sure = _identifier().classify(sample.encode("utf-8", "replace"))
    if sure >= _needed(found, letters, plain):
        return str(found)
    return "en" if share >= 0.12 else UNDECIDED


def _plain(text: str) -> list[str]:
    """The words of a text without those that look like code, addresses or numbers."""
    return [word for word in text.split() if not (word.isascii() and _NOISE.search(word))]


def _script(sample: str, letters: int) -> str:
    """The language that owns the script of most letters; kana makes Han Japanese. Empty when there is none."""
    counts: dict[str, int] = {}
    for letter in sample:
        point = ord(letter)
        if point >= 0x0370:
            owner = next((name for low, high, name in _SCRIPTS if low <= point <= high), "")
            counts[owner] = counts.get(owner, 0) + 1
    counts.pop("", None)
    if not counts:
        return ""
    if counts.get("ja", 0) * 10 > letters:
        return "ja"
    owner = max(counts, key=lambda name: (counts[name], name))
    return owner if 2 * counts[owner] > letters else ""


def _english_share(words: list[str]) -> float:
    """The share of plain English words; a word that other languages have as well counts a third."""
    if not words:
        return 0.0
    return sum(0.34 if word in _SHARED else 1.0 for word in words if word in _ENGLISH) / len(words)


def _needed(language: str, letters: int, plain: bool) -> float:
    """How sure the identifier must be: surer of uncommon languages, of short texts and of plain ASCII."""
    if language == "en":
        return 0.25
    if language not in _COMMON:
        return 0.9 if plain else 0.75
    return (0.5 if letters < 25 else 0.35) if plain else 0.2


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads with the model, see `warm`

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
