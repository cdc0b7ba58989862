"""A request as the detectors see it: cut to a window, lower-cased and split into words once for all of them."""

from __future__ import annotations

from typing import NamedTuple

from router.types import Message, Request

HEAD, TAIL = 4_000, 1_000
EDGES = 1_700
BRIEF = 900  # characters that are all taken for instructions
_MARKS = '\n\t\r\x0b\x0c!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~“”„«»…–—¿¡。、？！'
_APART = str.maketrans(dict.fromkeys(_MARKS, " ") | {"’": "'"})


class Seen(NamedTuple):
    """What detectors may look at. Lower-cased texts have typographic apostrophes made straight."""

    request: Request
    text: str  # the newest human text
    low: str
    words: frozenset[str]  # of `low`, without punctuation; apostrophes inside stay
    stems: frozenset[str]  # the first five letters of each word
    asked: str  # where the newest human text says what to do, lower-cased
    told: str  # the same with the system text before it, as written
    told_low: str


def see(request: Request) -> Seen:
    """The request's texts, prepared."""
    newest = request.text
    text = window(newest)
    low = text.lower().replace("’", "'")
    words = frozenset(low.translate(_APART).split())
    stems = frozenset([word[:5] for word in words])
    system = request.system
    if not system and len(newest) <= EDGES:
        return Seen(request, text, low, words, stems, brief(low), text, low)
    told = edges(f"{system}\n{newest}" if system else newest)
    return Seen(request, text, low, words, stems, brief(low), told, told.lower().replace("’", "'"))


def see_text(text: str, system: str = "") -> Seen:
    """A request of one message, for samples and measurements."""
    messages = (Message("system", system), Message("user", text)) if system else (Message("user", text),)
    return see(Request("sample", "auto", messages, {}))


def window(text: str) -> str:
    """Head and tail of a long text, joined by a blank line; a short one as it is."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n\n{text[-TAIL:]}"


def edges(text: str) -> str:
    """Where instructions stand: the first 1,200 and the last 500 characters."""
    return text if len(text) <= EDGES else f"{text[:1_200]}\n{text[-500:]}"


def brief(text: str) -> str:
    """Where the order itself stands, and not what it is about: the first 450 and the last 350 characters."""
    return text if len(text) <= BRIEF else f"{text[:450]}\n{text[-350:]}"
