"""Texts that a prompt lists to choose among or to rank."""

from __future__ import annotations

import re

from router.detectors.seen import Seen
from router.reading.wording import any_of, words_of

_CHOOSING = words_of(
    "rank ranking rerank reorder order sort which choose pick select best better worst compare prefer preferred "
    "recommend relevant option options choices judge evaluate correct winner what who closest most suitable welche "
    "welcher welches quel quelle cuál antwort correct correcta arrange prioritize prioritise where when why how "
    "shortlist decide match matches one"
)
_LINE = re.compile(
    r"(?m)^[ \t]{0,4}(?:[-*#>]{1,3} ?)?(?:\*\*)?(?:(?P<letter>[\[(]?(?:[a-zA-Z]|\d{1,3})[\]).:、．])|"
    r"(?P<named>(?:passage|document|doc|answer|response|candidate|option|choice|text|article|snippet|result|review|"
    r"product|summary|translation|assistant|model|essay|paragraph|hypothesis|version|headline|title|resume|applicant|"
    r"plan|item|model output|output|system|reply|email|story|draft|ending|quote|vendor|name|logo)[ _]?(?:#|no\. "
    r"?)?(?:\d{1,3}|[a-jA-J]))\b[^\n]{0,2}|(?P<dash>[-*•–]))(?:\*\*)?[ \t:]*(?P<item>[^\n]*)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?:doc|document|passage|answer|candidate|option)\b[^>\n]{0,40}>")
_INLINE = re.compile(r"(?:(?<=[\s:;,.?(])|^)[(\[]?(?P<mark>[a-lA-L]|[1-9])[).\]][ \t]?(?=[^\s.)\]])")
_STEPS = re.compile(
    r"\b(?:steps?|instructions|rules|requirements|guidelines|follow these|in this order|do the following|tasks|must|"
    r"each of the following|answer the following questions|for each)\b"
)


def candidates(seen: Seen) -> int:
    """How many texts are listed to be ranked or chosen among (row nlu.ir-rank); 0 without any."""
    text = seen.text
    if _CHOOSING.isdisjoint(seen.words) and "?" not in text and "？" not in text:
        return 0
    if "<doc" in seen.low or "<passage" in seen.low:
        return len(_TAG.findall(seen.low))
    if "\n" in text and (count := _lines(text)):
        return count
    if any_of(_MARKS, seen.low):
        marks = [m["mark"].lower() for m in _INLINE.finditer(text)]
        return _run(marks)
    return 0


_MARKS = ("b)", "b.", "2)", "2.", "b]", "2]")


def _lines(text: str) -> int:
    kinds: dict[str, list[str]] = {"letter": [], "named": [], "dash": []}
    for m in _LINE.finditer(text):
        kind = str(m.lastgroup if m.lastgroup != "item" else "")
        kind = "letter" if m["letter"] else "named" if m["named"] else "dash"
        kinds[kind].append((m[kind] or "").lower().strip("[]().: "))
    named = len({name.rsplit(" ", 1)[-1] for name in kinds["named"]})
    if named > 1:
        return named
    listed = _run(kinds["letter"])
    if listed > 1:
        return listed
    return len(kinds["dash"]) if len(kinds["dash"]) > 1 else 0


def _run(marks: list[str]) -> int:
    """Length of the longest list whose marks count up: a, b, c or 0, 1, 2 or 1, 2, 3."""
    best = count = 0
    expected = ""
    for mark in marks:
        if mark == expected:
            count += 1
        elif mark in ("a", "1", "0"):
            count = 1
        else:
            continue
        expected = str(int(mark) + 1) if mark.isdecimal() else chr(ord(mark[0]) + 1)
        best = max(best, count)
    return best if best > 1 else 0
