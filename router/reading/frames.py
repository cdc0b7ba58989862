"""Questions about a pair that hold the second text themselves: 'A dog runs. Can we conclude that "An animal moves"?'.

The list is marked already. The premise is what stands before the question, or what "If" or "Given that" opens; the
hypothesis is quoted in the question, or stands on the line behind it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from router.reading.lists import LISTED
from router.reading.tasks import Language
from router.reading.wording import WORD

LONGEST = 3_000  # characters of a prompt in one of these frames
_MOST = 110  # characters of the question
_HEADER = re.compile(r"(?:options|choices|answers?|labels|possible answers|answer|output)\s*:?\s*", re.IGNORECASE)
_OPENS = re.compile(r"(?:if|given|suppose|assuming|assume)\b(?: that\b)?[\s\"“]*", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“](?P<b>[^\"“”]{3,600})[\"”]\s*(?P<end>[\w ]{0,30})[?.:]*\s*")
_CITED = re.compile(r"[\"“](?P<a>[^\"“”]+)[\"”]\s*(?P<rest>.*)$")
_ASK = re.compile(
    r"(?:[,.;:?!\"”]\s+|(?<=\s)(?=[A-Z]))(?:then,? )?"
    r"(?P<ask>(?:can|could|may|must|is|does|do|should|would)\b[^\"“”]{3,90})$",
    re.IGNORECASE,
)
_PREMISE = re.compile(r"(?:premise|context|text|passage|paragraph|sentence|document)\s*:\s*", re.IGNORECASE)
_HYPOTHESIS = re.compile(r"(?:hypothesis|sentence|claim|statement|conclusion)\s*:\s*", re.IGNORECASE)
_INFERS = re.compile(
    r"\b(?:conclude|conclusion|infer|inferred|follows?|true|deduce|implied|imply|entailed|entail|supported|hypothesis)\b",
    re.IGNORECASE,
)
_TURNED = re.compile(r"\b(?:from (?:this|the (?:following|next))|false|contradict\w*|not)\b|n't\b", re.IGNORECASE)


class Framed(NamedTuple):
    """A pair in a frame, and the question."""

    premise: str
    hypothesis: str
    ask: str


def framed_pair(text: str, language: Language) -> Framed | None:
    """Premise, hypothesis and question of a prompt that is one of these frames throughout; None for any other."""
    if len(text) > LONGEST or text.count(LISTED) != 1 or _INFERS.search(text) is None:
        return None
    lines, form = _without_list(text)
    found = _in_lines(lines) if 1 <= len(lines) <= 3 else None
    if found is None or not found.premise or not found.hypothesis or len(found.ask) > _MOST:
        return None
    said = f"{found.ask} {form}"
    words = [word.removesuffix("'s") for word in WORD.findall(said.lower())]
    if not language.knows(words) or _INFERS.search(found.ask) is None or _TURNED.search(said) is not None:
        return None
    if _PREMISE.match(found.premise) or found.premise.count('"') == 1:
        return None
    return Framed(_plain(found.premise), _plain(found.hypothesis), f"{said}?")


def _plain(text: str) -> str:
    text = text.strip()
    return text.strip('"“”').strip() if text[:1] in '"“' and text.count('"') in (0, 2) else text


def _without_list(text: str) -> tuple[list[str], str]:
    """The lines before the list, and what is said beside it; no lines where something follows that is not known."""
    front, _, behind = text.partition(LISTED)
    lines = [line.strip() for line in front.splitlines() if line.strip()]
    if behind.strip(" .?\n") and _HEADER.fullmatch(behind.strip(" .?\n")) is None:
        return [], ""
    if lines and _HEADER.fullmatch(lines[-1]) is not None:
        return lines[:-1], ""
    return lines, ""


def _in_lines(lines: list[str]) -> Framed | None:
    """A | A, question with "B" | A, question, B | question, A, B."""
    last = lines[-1]
    quoted = [m for m in _QUOTED.finditer(last) if m.end() >= len(last) - 60]
    if quoted and len(lines) <= 2:
        m = quoted[-1]
        before, rest = last[: m.start()].rstrip(" :,"), last[m.end() :]
        if len(lines) == 2:
            return Framed(_PREMISE.sub("", lines[0], count=1), m["b"], f"{before} {m['end']} {rest}")
        opens = _OPENS.match(before)
        ask = _ASK.search(before, max(0, len(before) - 120))
        if ask is None:
            return None
        premise = before[opens.end() if opens is not None else 0 : ask.start() + 1].rstrip(" ,;")
        cited = _CITED.match(_PREMISE.sub("", premise, count=1))
        said = f"{ask['ask']} {m['end']} {rest}"
        return Framed(cited["a"], m["b"], f"{cited['rest']} {said}") if cited else Framed(premise, m["b"], said)
    if len(lines) != 3:
        return None
    first, second, third = lines
    if second.endswith(("?", ":")) and _HYPOTHESIS.fullmatch(second) is None and _PREMISE.match(second) is None:
        return Framed(_PREMISE.sub("", first, count=1), _HYPOTHESIS.sub("", third, count=1), second)
    if first.endswith((":", "?", ".")) and _HYPOTHESIS.match(third) is not None:
        return Framed(_PREMISE.sub("", second, count=1), _HYPOTHESIS.sub("", third, count=1), first)
    return None
