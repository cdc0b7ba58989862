"""Cuts a prompt into sentences and lines, and says what each of them does in a request for a label."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from router.reading.labels import task_of
from router.reading.wording import FORM_OPENERS, LABEL_WORDS, OPENERS, SILENCE, TEXTS, VOCABULARY, WORD, words_of

_MOST_WORDS = 70  # in a sentence; a longer one is no plain wish for a label
_LONG = 60  # characters
_SILENT = words_of("no not don't never without")
_STOPS = re.compile(r"[.?!:\n]+")  # begins with a plain character class, so that `re` can skip to it
_CLOSERS = "\"')]*"
HEADER_WORDS = TEXTS | words_of(
    "the a an this that following given here here's is from of to classify my be below user customer "
    "movie film product e "
    "short single sms email new text phone incoming app hotel restaurant amazon yelp imdb input"
)
SYSTEM_WORDS = words_of(
    "each every any user's they always them all sends texts messages reviews comments tweets posts emails mails "
    "sentences users customers products writes submits send provide provides performs perform"
)
CUES = words_of(
    "answer sentiment label output response result classification category class prediction polarity "
    "verdict toxicity toxic spam "
    "tag a the is your final its of overall decision"
)
_SORTING = words_of("flag label tag mark classify categorize categorise moderate detect check")
_ITEM = re.compile(r"\s*(?:[-*•]|\(?[A-Da-d0-9][.):])\s*(?:\S.*)$")
_TRAIL = re.compile(r"\b(?:sentiment|label|polarity)\b[^.?!\n]{0,60}\b(?:is|as)$", re.IGNORECASE)
_QUESTION = re.compile(r"(?<=\s)(?:What|Is|Was|Did|Does|How|Should)\b")
_ANNOUNCED = re.compile(
    r"(?:the following|below|here|what follows) is an? (?:[a-z]{4,10} )?(?:review|tweet|comment|post|message|"
    r"sms|email|"
    r"text)\.$",
    re.IGNORECASE,
)
GREETING = re.compile(r"(?:hi|hello|hey|ok|okay|so|yo)(?: there)?,?\s+(?=\w)", re.IGNORECASE)
PREFACE = re.compile(
    r"(?:hi|hello|hey)(?: there)?\b[^\n]{0,3}$|(?:hi|hello),? i need your help\.?$|please help me with this\.?$|"
    r"(?:many )?(?:thanks|thank you|thx|ty|cheers)(?: (?:you|a lot|so much|very much|in advance|again))?[ !.:)]*$|"
    r"good (?:morning|afternoon|evening|day)[ !.,]*$|(?:pls|please)[.!]?$|(?:a |one )?(?:quick "
    r")?question[:,.]?$|(?:here are )?(?:some |a few )?examples?(?: \d)?:$|"
    r"system: follow the user's instruction\.?$|follow the user's instruction\.?$|system:$",
    re.IGNORECASE,
)


class Unit(NamedTuple):
    """A sentence or line of the prompt, its place, and whether it starts a line."""

    text: str
    start: int
    end: int
    fresh: bool


def units_of(text: str, start: int, end: int) -> Iterator[Unit]:
    """Sentences and lines between two places, in order, blanks left out."""
    at, fresh = start, start == 0 or text[start - 1] == "\n"
    for m in _STOPS.finditer(text, start, end):
        stop = m.end()
        if "\n" not in m.group():
            while stop < end and stop < m.end() + 3 and text[stop] in _CLOSERS:
                stop += 1
            if (stop < end and not text[stop].isspace()) or _enumerates(text, m.start(), start):
                continue
        piece = text[at:stop].strip()
        if piece:
            yield Unit(piece, at, stop, fresh)
        fresh = text[stop - 1] == "\n" or (fresh and not piece)
        at = stop
    piece = text[at:end].strip()
    if piece:
        yield Unit(piece, at, end, fresh)


def _enumerates(text: str, at: int, start: int) -> bool:
    """Whether the full stop at `at` belongs to "A.", "1." or "i.e." and so ends no sentence."""
    if text[at] != "." or at <= start:
        return False
    before = text[at - 1]
    alone = at - 2 < start or not text[at - 2].isalnum()
    return before in "ABCDabcde0123456789" and alone and (before != "e" or text[max(start, at - 3) : at] == "i.e")


def understood(unit: str, system: bool = False) -> bool:
    """Whether every word of a unit is in the vocabulary. A system text may speak of "each" message."""
    low = unit.lower()
    if len(low) > _LONG and _begins_unknown(low):
        return False
    words = WORD.findall(low)
    if "@" in low or "http" in low or "</" in low:
        return False
    if VOCABULARY.issuperset(words):
        return len(words) <= _MOST_WORDS
    if "no" in low or "don't" in low or "never" in low:
        words = WORD.findall(SILENCE.sub(" ", low))
    if len(words) > _MOST_WORDS:
        return False
    for word in words:
        if word in VOCABULARY:
            continue
        if word.endswith(("'s", "’s")) and word[:-2] in VOCABULARY:
            continue
        if not (system and word in SYSTEM_WORDS):
            return False
    return True


def _begins_unknown(low: str) -> bool:
    """A quick no to a long sentence: an unknown word near its front, before any "not" that may excuse it."""
    for word in WORD.findall(low[:_LONG])[:-1]:
        if word in _SILENT:
            return False
        if word not in VOCABULARY and word not in SYSTEM_WORDS and "'" not in word and "’" not in word:
            return True
    return False


def kind_of(unit: Unit) -> str:
    """What a unit is: header, cue, ask, form, list, item or rule; "" for what is no instruction.

    A header ("Review:") announces the text, a cue ("Sentiment:") the answer; an ask names the task, a form
    only says how to answer; a list holds label words, an item one line of such a list; a rule means nothing.
    """
    text = unit.text.strip("*")
    if not text:
        return "rule"
    if (len(text) < 60 and PREFACE.match(text)) or (not text[0].isalnum() and not WORD.search(text)):
        return "rule" if len(text) < 80 and not text.startswith(('"', "“", "`", "'", "<")) else ""
    if text[0] in "hHoOsSyY":
        text = GREETING.sub("", text, count=1)
    if not understood(text):
        return ""
    words = tuple(WORD.findall(text.lower()))
    if not words:
        return "form" if SILENCE.search(text) else ""
    return _kind_of_known(text, words) if VOCABULARY.issuperset(words) else _kind(text, words)


def _kind(text: str, words: tuple[str, ...]) -> str:
    if _ANNOUNCED.match(text):
        return "form"
    return _marker(text, words) or _sentence(text, words)


# Only sentences that are vocabulary throughout are remembered, so nobody's data is.
_kind_of_known = lru_cache(maxsize=1_024)(_kind)


def _marker(text: str, words: tuple[str, ...]) -> str:
    """A header, a cue or a heading; "" for a sentence."""
    if not text.endswith(":") and not text.startswith("#"):
        return ""
    if CUES.issuperset(words) and (words != ("a",) or text == "A:"):
        return "cue"
    if len(words) == 1 and words[0] in ("instruction", "instructions", "q", "task", "question"):
        return "rule"
    return "header" if HEADER_WORDS.issuperset(words) and not TEXTS.isdisjoint(words) else ""


def _sentence(text: str, words: tuple[str, ...]) -> str:
    """What a sentence of known words does: ask, form, list, item, or nothing of the kind."""
    labels = sum(w in LABEL_WORDS for w in words)
    about = task_of(text) is not None
    if labels and len(words) <= 3 and _ITEM.match(text):
        return "item"
    if text.endswith("?") or words[0] in OPENERS:
        told = words[0] in FORM_OPENERS or words[:2] in (("you", "are"), ("your", "task")) or labels > 1
        told = told or (not TEXTS.isdisjoint(words) and (text.endswith(":") or words[0] in _SORTING))
        return "ask" if about else "form" if told else ""
    if labels > 1 and len(words) <= 3 * labels + 2:
        return "list"
    nominal = text.endswith(":") or (len(words) <= 4 and words[-1] in ("detection", "analysis", "classification"))
    return "ask" if (about and nominal) or _TRAIL.search(text) else ""


def opens_form(text: str) -> bool:
    """Whether a sentence begins like a wish about the form of the answer ("Answer with", "Only return")."""
    first = WORD.search(text)
    return first is not None and first.group().lower() in FORM_OPENERS


def glued(unit: Unit) -> tuple[Unit, str]:
    """A question that follows the text without a full stop: "spiderman rocks What is the sentiment?"."""
    for m in _QUESTION.finditer(unit.text):
        late = Unit(unit.text[m.start() :], unit.end - len(unit.text) + m.start(), unit.end, fresh=False)
        if late.text.endswith("?") and kind_of(late) == "ask":
            return late, "ask"
    return unit, ""
