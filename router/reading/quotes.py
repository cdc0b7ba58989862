"""Finds the text to classify by the quotation marks around it, whatever stands before and behind them.

Everything outside the marks must be instruction, courtesy or framing that is understood. What stands inside is the
text, even where it reads like an order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from router.reading.sentences import kind_of, units_of
from router.reading.wording import LABEL_WORDS, OPENERS, TEXTS, WORD, words_of

MOST_UNITS = 24  # instructions longer than this are no plain request for a label
_REST = 1_000  # characters behind a quotation that may be an instruction
_CLOSING = {'"': '"', "“": "”", "«": "»", "‘": "’", "'": "'", "`": "`", "„": "“"}
_AFTER = re.compile(r"[ \t.,;:!?–—-]*")
_SHOWN = re.compile(r"[ \t]*(?:=>|->|→|//|:)")  # worked examples quote their texts, too
_INLINE = re.compile(r"[\"“](?P<inner>[^\"“”\n]{8,2000})[\"”]")
_FRAMED = re.compile(r"(?P<frame>[^\"“”\n]{3,90})[\"“](?P<inner>[^\"“”\n]{3,2000})[\"”][\s.,!]*$")
_FRAME = re.compile(
    r"(?:i'm reading an? \w+ (?:that|which) says|(?:i|we|someone|somebody|my \w+|an? \w+|one of (?:our|my) \w+) "
    r"(?:just |recently |also )?"
    r"(?:got|received|posted|wrote|sent|left|found|saw|read|commented|texted|emailed)\b)"
    r"(?: (?:this|the|an?|me|us|on|in|to|at|from|of|our|my|following|site|forum|blog|page|website|shop|group|chat|"
    r"today|yesterday|new|text|review|tweet|comment|post|message|sms|email|mail|feedback|with|sentence|saying|"
    r"says|that))*[ :,]*$",
    re.IGNORECASE,
)
_TITLE = re.compile(r"(?P<mark>[\"'“‘«`])[^\"“”\n]{1,120}[\"'”’»`] (?P<next>[a-z]+)")
_LINKS = words_of("is are was were does did has")
_SAYS = TEXTS | words_of("sent posted wrote received got left says said saying commented texted")


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quoted text and the instructions found behind (or around) it. `clear` is False where a rest is unclear."""

    inner: str = ""
    said: tuple[str, ...] = ()
    asks: bool = False
    clear: bool = True
    prose: bool = False  # not clear, but a sentence goes on behind the closing mark: '"Jaws" is a film that ...'


def leading(text: str, start: int, end: int) -> Quoted | None:
    """The quotation with which a stretch of text begins; None when it begins with none that ends.

    Not clear, when more than instructions follows the closing mark on its line.
    """
    while start < end and text[start].isspace():
        start += 1
    close = _CLOSING.get(text[start : start + 1])
    if close is None or text.startswith(close * 3, start):
        return None
    same_line = False
    for at in islice(_closing(text, close, start + 1, end), MOST_UNITS):
        after = _AFTER.match(text, at + 1, end)
        rest = after.end() if after is not None else at + 1
        if not _is_text(text[start + 1 : min(at, start + 200)]):
            continue
        if not text[rest:end].strip():
            inner = text[start + 1 : at].strip()
            return Quoted(inner) if close not in inner or close == "'" else _unclear(text, start, end, same_line)
        if _SHOWN.match(text, at + 1) is not None:
            continue
        same_line = same_line or "\n" not in text[at + 1 : rest + 1]
        if end - rest < _REST and text.count('"', rest, end) % 2 == 0:
            found = _behind(text[start + 1 : at].strip(), text, rest, end)
            if found is not None:
                return found
    return _unclear(text, start, end, same_line)


def _closing(text: str, close: str, start: int, end: int) -> Iterator[int]:
    """Places of closing marks: the first one, then those near the end, where an instruction may follow."""
    at = text.find(close, start, end)
    while at >= 0:
        if at + 1 >= end or not text[at + 1].isalnum():
            yield at
        at = text.find(close, max(at + 1, end - _REST), end)


def _unclear(text: str, start: int, end: int, same_line: bool) -> Quoted | None:
    return Quoted(clear=False, prose=_goes_on(text, start, end)) if same_line else None


def _goes_on(text: str, start: int, end: int) -> bool:
    """Whether all first closing marks stand within a sentence, not before a new one that may be an order."""
    m = _TITLE.match(text, start, end)
    return m is not None and m["next"] not in OPENERS - _LINKS


def _behind(inner: str, text: str, start: int, end: int) -> Quoted | None:
    """The quotation, if all that follows it is instruction."""
    units = [*islice(units_of(text, start, end), MOST_UNITS)]
    kinds = [kind_of(unit) for unit in units]
    if len(units) >= MOST_UNITS or "" in kinds or "header" in kinds:
        return None
    if any(kind == "rule" and not unit.text.isascii() for unit, kind in zip(units, kinds, strict=True)):
        return None  # emoji belong to the text
    said = tuple(unit.text for unit, kind in zip(units, kinds, strict=True) if kind not in ("cue", "rule"))
    return Quoted(inner, said, bool({"ask", "list"} & {*kinds}))


def within(text: str) -> Quoted | None:
    """A question around one quoted text: 'Is the review "..." positive or negative?'."""
    quotes = [m for m in _INLINE.finditer(text) if len(WORD.findall(m["inner"])) > 2 or _plain_words(m["inner"]) > 1]
    if len(quotes) != 1:
        return None
    m = quotes[0]
    outside = f"{text[: m.start()]} text {text[m.end() :]}"
    found = _behind(m["inner"].strip(), outside, 0, len(outside))
    return found if found is not None and found.asks else None


def framed(body: str) -> Quoted | None:
    """A text introduced by who said it: 'Someone posted this: "..."'. None when `body` is no such thing."""
    m = _FRAMED.match(body)
    if m is None or not _SAYS.intersection(WORD.findall(m["frame"].lower())):
        return None
    return Quoted(m["inner"].strip()) if _FRAME.match(m["frame"]) else Quoted(clear=False)


def _is_text(inner: str) -> bool:
    """A quoted label is no quoted text."""
    return _plain_words(inner[:200]) > 0


def _plain_words(inner: str) -> int:
    return sum(word not in LABEL_WORDS for word in WORD.findall(inner.lower()))
