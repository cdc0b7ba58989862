"""A supplied passage, and how much of the question it knows."""

from __future__ import annotations

import re

from router.detectors.seen import TAIL, Seen
from router.reading.wording import words_of

_MARK = re.compile(
    r"(?:^|\n)[ \t]{0,4}(?:#{1,4} ?|\*\*)?(?:context|passage|article|document|background|paragraph|"
    r"excerpt|story|source|reference|report|transcript)(?:\*\*)?[ \t]?\d?[ \t]?:",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z0-9à-ɏ]{3,}")
_STOP = words_of(
    "the and for are was were what which who whom whose when where why how did does that this these "
    "those with from have has had "
    "you your can could would will should may might not but its his her their they she him our out "
    "about into than then there "
    "text passage context following above below answer question based according given information "
    "article document paragraph "
    "using use please tell give find write explain provide summarize summary describe list any all "
    "some many much more most"
)
_QUESTION = re.compile(r"[^.!?\n]{4,300}\?")


def context(seen: Seen) -> str:
    """Whether a passage is supplied, and whether it holds what the question asks (rows know.ctx-*, nlu.extractive-qa).

    sufficient: at least 60 % of the question's content words occur in the passage; partial: a passage is there.
    """
    text = seen.text
    marked = ":" in text and _MARK.search(text) is not None
    if not marked and not _has_paragraph(text):
        return "none"
    share = _share_known(text)
    if share is None:
        return "partial" if marked else "none"
    if share >= 0.6:
        return "sufficient"
    return "partial" if marked or share >= 0.25 else "none"


_PAIR = re.compile(
    r"(?:^|\n|[.\"”?] )[ \t*#]{0,4}(?:premise|sentence 1|sentence a|text 1|context|"
    r"passage)(?:\*\*)?[ \t]?:(?P<premise>.{3,2000}?)(?:^|\n|[.\"”] )[ \t*#]{0,4}(?:hypothesis|sentence 2|sentence b|"
    r"text 2|claim|statement)(?:\*\*)?[ \t]?:(?P<hypothesis>[^\n]{3,500})",
    re.DOTALL,
)


def overlap(seen: Seen) -> float | None:
    """Share of the question's content words that the passage holds (row trust.shortcut); None without both.

    Of an inference pair: the share of the hypothesis' words that its premise holds.
    """
    if ":" in seen.low and not _PAIRED.isdisjoint(seen.words) and (pair := _PAIR.search(seen.low)):
        return _share(pair["hypothesis"], pair["premise"])
    if context(seen) == "none":
        return None
    return _share_known(seen.text)


_PAIRED = words_of("hypothesis claim statement sentence text")


def _share_known(text: str) -> float | None:
    """Share of the question's content words in the rest of the text; None without a question or a rest."""
    questions = list(_QUESTION.finditer(text[-TAIL:])) or list(_QUESTION.finditer(text[:400]))
    if not questions:
        return None
    asked = questions[-1].group().lower()
    passage = text.lower().replace(asked, " ")
    return _share(asked, passage) if len(passage) >= 80 else None


def _share(asked: str, passage: str) -> float | None:
    """Share of the content words, each by its first five letters."""
    words = {w for w in _WORD.findall(asked) if w not in _STOP}
    return round(sum(w[:5] in passage for w in words) / len(words), 3) if words else None


def _has_paragraph(text: str) -> bool:
    """A block of prose apart from the question: three sentences and 200 characters in one paragraph."""
    if len(text) < 240:
        return False
    return any(len(block) >= 200 and block.count(". ") >= 2 for block in text.split("\n"))
