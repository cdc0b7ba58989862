"""Finds the label list in a prompt: a run of one expert's label words with nothing but separators between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from router.reading.known import PARTS, Known, squeezed
from router.reading.words_of_labels import PLAIN

LISTED = "\ue000"  # stands for the list where it was
_MARK = r"(?:(?<!\w)\(?(?P<code>[A-Za-z]|\d{1,3})[).:]|[-*•])"
_OPENING = re.compile(rf"(?:\(\s*)?[\[({{]?\s*(?:[\"'`“‘]|{_MARK})?[ \t]*(?<![\"'`])[\"'`“‘]?$")
_GAP = re.compile(
    r"[\"'`”’)\]]{0,2}\s*(?P<sep>[,;/|]|\n|(?=(?:or|and|vs\.?|versus)\b)|(?=\(?[A-Za-z0-9]{1,2}[).:]\s))"
    r"[\s\[(]*(?:(?:or|and|vs\.?|versus)\s+)?(?:either\s+)?"
    rf"{_MARK}?\s*[\"'`“‘]?(?:an?\s|the\s)?[\"'`“‘]?"
)
_CLOSING = re.compile(r"(?:[\"'`”’](?![\"'`]))?[ \t]?[\])}]{0,2}")
# After a list and a comma: a clause that goes on; a further item would be a label that is not ours.
_CLAUSE = re.compile(
    r"[,;]\s*(?:(?:that|which|what|label|classify|choose|according|depending|with|assign|tag|decide|determine|"
    r"pick|select|"
    r"how|given|based|and nothing|nothing|one|answer|reply|respond|output|return|for|in|only|no)\b)",
    re.IGNORECASE,
)
_MARKS = frozenset("\"'`”’“‘")
_NEXT_ITEM = re.compile(r"\s*(?:,?\s*(?:or|and)\s+(?!nothing)|[/|]|,\s*(?:other|none|mixed)\b)", re.IGNORECASE)
_ITEM_LINE = re.compile(r"\n[ \t]*(?:[-*•]|\(?[A-Za-z0-9]{1,2}[).:])[ \t]+\S")


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that names just the labels of `known`: label to word, in the prompt's order, and where it stands.

    `codes` has the letter or number before each label, where every one has its own.
    """

    known: Known
    labels: Mapping[str, str]
    codes: Mapping[str, str]
    start: int
    end: int

    @property
    def telling(self) -> bool:
        """Whether the words themselves say what the list is about."""
        return sum(squeezed(word) not in PLAIN for word in self.labels.values()) * 2 > len(self.labels)


class Finder:
    """Finds the lists of one label set."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.words = known.words()
        self.needles = _needles(known)
        # One of these words stands in every prompt with the list.
        self.sign = frozenset().union(*self.needles) if known.kind == "entities" else self.needles[0]
        self.reach = sum(max(len(PARTS.findall(word)) for word in known.named(each)) + 3 for each in known.labels)
        self.pattern = re.compile(rf"(?:{'|'.join(known.spellings())})(?![\w-])")

    def possible(self, words: frozenset[str], order: list[str]) -> bool:
        """A cheap look at the words of a lower-cased prompt: whether the labels are named, and near to each other."""
        return self._named(words) and any(map(self._named, self._around(words, order)))

    def _named(self, words: frozenset[str]) -> bool:
        """Whether each label is named; of entities, two types."""
        if self.known.kind == "entities":
            return sum(map(words.isdisjoint, self.needles)) < len(self.needles) - 1
        return not any(map(words.isdisjoint, self.needles))

    def _around(self, words: frozenset[str], order: list[str]) -> Iterator[frozenset[str]]:
        """The words around each of those that every list has."""
        for word in self.sign & words:
            at = -1
            for _ in range(order.count(word)):
                at = order.index(word, at + 1)
                yield frozenset(order[max(0, at - self.reach) : at + self.reach + 1])

    def find(self, text: str, start: int, end: int) -> Iterator[Listed]:
        """Every run between two places that is the label set, whole."""
        run: list[tuple[str, str, int, int, str]] = []
        low = text.lower()
        if len(low) != len(text):
            return
        for m in self.pattern.finditer(low, start, end):
            before = low[max(0, m.start() - 1) : m.start()]
            if before in ("-", "_") or before.isalnum():
                continue
            label = self.words.get(squeezed(m.group()))
            if label is None or _marks(m):
                continue
            gap = _GAP.fullmatch(text, run[-1][3], m.start()) if run else None
            if gap is None:
                yield from self._whole(text, run)
                run = []
            code = (gap["code"] or "") if gap is not None else _first_code(text, m.start())
            run.append((label, text[m.start() : m.end()], m.start(), m.end(), code))
        yield from self._whole(text, run)

    def _whole(self, text: str, run: Sequence[tuple[str, str, int, int, str]]) -> Iterator[Listed]:
        """The run, if it names each label once and no further item follows it."""
        labels = {label: word for label, word, *_ in run}
        if (
            len(
                {
                    text[max(0, start - 1) : start] in _MARKS and text[end : end + 1] in _MARKS
                    for _, _, start, end, _ in run
                }
            )
            > 1
        ):
            return  # one in quotation marks, the other not: no list
        if len(labels) < 2 or len(labels) != len(run) or not self._fits(labels):
            return
        opening = _OPENING.search(text, max(0, run[0][2] - 8), run[0][2])
        start = opening.start() if opening is not None else run[0][2]
        if not _MARKS.isdisjoint(text[start : run[0][2]]) and text[run[0][3] : run[0][3] + 1] not in _MARKS:
            start = run[0][2]  # the mark closes what stands before the list
        closing = _CLOSING.match(text, run[-1][3])
        end = closing.end() if closing is not None else run[-1][3]
        if text[max(0, start - 2) : start] == ", " or _further(text, end):
            return
        codes = {label: code for label, _, _, _, code in run if code}
        whole = len(set(codes.values())) == len(run)
        yield Listed(self.known, labels, codes if whole else {}, start, end)

    def _fits(self, labels: Mapping[str, str]) -> bool:
        if self.known.kind == "entities":
            return labels.keys() <= self.known.labels
        return labels.keys() == self.known.labels


def _marks(m: re.Match[str]) -> bool:
    """Whether a letter or a digit is no label but marks an option: "(C) contradiction"."""
    word, behind = m.group(), m.string[m.end() : m.end() + 1]
    return len(word) == 1 and (behind == ")" or (word.isalpha() and behind in (".", ":")))


def _further(text: str, end: int) -> bool:
    """Whether a further item follows, which would be a label that is not ours."""
    if _NEXT_ITEM.match(text, end) or _ITEM_LINE.match(text, end):
        return True
    return text[end : end + 1] in ",;" and end < len(text) and _CLAUSE.match(text, end) is None


def _first_code(text: str, start: int) -> str:
    m = re.search(rf"{_MARK}\s*[\"'`“‘]?$", text[max(0, start - 8) : start])
    return (m["code"] or "") if m is not None else ""


def _needles(known: Known) -> list[frozenset[str]]:
    """For each label the longest parts of its words, in lower case; the labels with the longest ones first."""
    by_label: dict[str, set[str]] = {}
    for label in known.labels:
        for word in known.named(label):
            longest = max(PARTS.findall(word) or [word], key=len).lower()
            by_label.setdefault(label, set()).update((longest, squeezed(word)))
    return sorted((frozenset(words) for words in by_label.values()), key=lambda words: -min(map(len, words)))


@lru_cache(maxsize=256)
def finder_of(known: Known) -> Finder | None:
    """The finder of a label set; None for a set whose labels cannot be told apart."""
    return Finder(known) if known.labels and known.readable else None
