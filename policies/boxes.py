"""What a `when` can match at all, as a union of boxes: the arithmetic under `policy check`.

Every signal is cut into finitely many atoms: the words that exist, yes and no, and for numbers the points that rules
name and the gaps between them. A box allows, for each signal, some of its atoms; a `when` is a union of boxes, exactly.
What signals have to do with one another (the task type fixes the survey's name; without an expert there is no
`expert.n`) only ever makes a box impossible, so nothing is called impossible that is not.

A bag is one yes-or-no dimension for each word, since it may hold several. `survey` and `figure` follow from the task
type and are no dimensions of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, cast

from policies.conditions import asked_of, numbers_in
from policies.schema import Taxonomy
from policies.signals import SIGNALS, UNREAD, Signal
from router.types import Stage

Box = Mapping[str, int]  # dimension → bits of the atoms that it allows; a dimension that is not named allows all
Boxes = Sequence[Box]  # a union; without any box it is impossible

MOST = 4_000  # boxes; what needs more is left unsaid
ELSE = "\0anything else"
YES, NO = 0b10, 0b01

COUNTS = frozenset({"tokens", "turns", "labels", "demonstrations", "candidates", "tasks", "expert.n"})
SHARES = frozenset(
    {
        *("task.confidence", "novelty", "overlap", "difficulty", "standard.right", "noise"),
        *("expert.confidence", "expert.novelty"),
    }
)
_IF_READ = ("expert.confidence", "expert.novelty")
_OF_EXPERT = (*_IF_READ, "expert.n")
_EMPTY_TOO = frozenset({"expert.shut", "conversation.tier", "metric", "source.language", "target.language"})
AT_FIRST: Mapping[str, object] = {"cost.llm": None, "over_budget": False, "too_slow": False}  # before a tier is chosen
BEFORE_ROUTE: Mapping[str, object] = {"from_index": False}


class TooManyError(Exception):
    """The question has too many cases; whoever asks must do without an answer."""


def limits(name: str) -> tuple[float, float]:
    """The least and the greatest value of a number."""
    return (-1.0, 1.0) if name == "retrieved" else (0.0, 1.0) if name in SHARES else (0.0, math.inf)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One signal, cut into atoms: a value stands for all that no rule tells apart from it."""

    values: tuple[Any, ...]

    @property
    def all(self) -> int:
        """The bits of all atoms."""
        return (1 << len(self.values)) - 1

    def bits(self, test: Callable[[Any], bool]) -> int:
        """The atoms for which a test holds."""
        return sum(1 << at for at, value in enumerate(self.values) if test(value))


class Space:
    """All that signals can be, as far as the given conditions tell it apart."""

    def __init__(
        self, conditions: Iterable[Mapping[str, Any]], thresholds: Mapping[str, float], taxonomy: Taxonomy
    ) -> None:
        self._thresholds = thresholds
        self._places = {name: (each.survey, tuple(each.figure)) for name, each in taxonomy.tasks.items()}
        used: dict[str, list[Any]] = {name: [] for name in SIGNALS}
        for when in conditions:
            for name, one in _leaves(when):
                used[name].append(one)
        self._dimensions: dict[str, Dimension] = {}
        self._bits: dict[tuple[str, tuple[object, ...]], int] = {}
        self._words: dict[str, tuple[str, ...]] = {}  # of each bag
        for name, signal in SIGNALS.items():
            if signal.kind == "bag":
                said = [word for one in used[name] if not isinstance(one, bool) for word in _listed(one)]
                self._words[name] = tuple(dict.fromkeys((*signal.words, *said, ELSE)))
            elif name != "survey":
                self._dimensions[name] = Dimension(tuple(self._values(signal, used[name])))

    def _values(self, signal: Signal, used: Sequence[Any]) -> Iterator[Any]:
        if signal.kind == "yes":
            yield from (False, True)
        elif signal.kind == "number":
            yield from _cells(signal.name, {value for one in used for value in numbers_in(one, self._thresholds)})
            if signal.optional:
                yield None
        elif signal.name == "task":
            yield from (*self._places, "")  # the last stands for every task type that nobody told us about
        else:
            known = signal.words or (*(word for one in used for word in _listed(one)), ELSE)
            yield from dict.fromkeys((*known, "") if signal.name in _EMPTY_TOO else known)

    # ── from conditions to boxes ─────────────────────────────────────────────────────────────────

    def boxes(self, when: Mapping[str, Any], stage: Stage | None = None) -> Boxes:
        """All signals for which `when` holds, in a stage where one is given. Raises `TooManyError`."""
        found = self._all(when)
        return self.both(found, [self._stage(stage)]) if stage else self._possible(found)

    def _all(self, when: Mapping[str, Any], no: bool = False) -> Boxes:
        parts = [self._one(name, condition, no) for name, condition in when.items()]
        return self._union(parts) if no else self._product(parts)

    def _one(self, name: str, condition: Any, no: bool) -> Boxes:
        if name == "not":
            return self._all(condition, not no)
        if name in ("any", "all"):
            parts = [self._all(inner, no) for inner in condition]
            return self._union(parts) if (name == "any") != no else self._product(parts)
        signal = SIGNALS[name]
        if signal.kind == "bag" and name != "figure":
            return self._bag(name, condition, no)
        dimension = "task" if name in ("survey", "figure") else name
        test = asked_of(replace(signal, read=self._reader(name)), condition, self._thresholds)
        bits = self._dimensions[dimension].bits(cast("Callable[[Any], bool]", test))
        bits = self._dimensions[dimension].all & ~bits if no else bits
        return _tidy([{dimension: bits}], self._full)

    def survey(self, task: str) -> str:
        """The survey's name for a task type."""
        return self._places[task][0] if task in self._places else "other"

    def _reader(self, name: str) -> Callable[[Any], Any]:
        if name == "survey":
            return self.survey
        if name == "figure":
            return lambda task: self._places[task][1] if task in self._places else ()
        return lambda value: value

    def _bag(self, name: str, condition: Any, no: bool) -> Boxes:
        words = self._words[name] if isinstance(condition, bool) else _listed(condition)
        keys = [f"{name}={word}" for word in dict.fromkeys(words)]
        holds_any = (condition is not False) != no
        return [{key: YES} for key in keys] if holds_any else [dict.fromkeys(keys, NO)]

    def _full(self, dimension: str) -> int:
        found = self._dimensions.get(dimension)
        return found.all if found else YES | NO

    def at(self, dimension: str, *values: object) -> Box:
        """The box that allows only these values of one dimension."""
        if (dimension, values) not in self._bits:
            self._bits[dimension, values] = self._dimensions[dimension].bits(lambda value: value in values)
        return {dimension: self._bits[dimension, values]}

    def _stage(self, stage: Stage) -> Box:
        box: dict[str, int] = {}
        if stage in ("route", "tier", "budget"):  # not asked when the client pinned a model
            box |= self.at("pinned", False)
        if stage in ("guard", "route", "tier"):  # the tier is not chosen yet
            for name, value in AT_FIRST.items():
                box |= self.at(name, value)
        if stage in ("guard", "route"):
            for name, value in BEFORE_ROUTE.items():
                box |= self.at(name, value)
        return box

    # ── what can be ──────────────────────────────────────────────────────────────────────────────

    def _possible(self, boxes: Iterable[Box]) -> list[Box]:
        return [box for box in boxes if self.feasible(box)]

    def feasible(self, box: Box) -> bool:
        """Whether any signals lie in the box; yes where that is not certain."""
        return all(box.values()) and self._expert(box) and self._money(box) and self._measured(box)

    def allows(self, box: Box, dimension: str, *values: object) -> bool:
        """Whether the box allows one of these values."""
        return bool(box.get(dimension, -1) & self.at(dimension, *values)[dimension])

    def known(self, box: Box, dimension: str) -> bool:
        """Whether the box allows any value of an optional number, rather than none only."""
        return bool(box.get(dimension, -1) & ~self.at(dimension, None)[dimension] & self._full(dimension))

    def _expert(self, box: Box) -> bool:
        """A bound expert has figures unless it never read the text; an open one is not shut; none has nothing."""
        traits = [f"expert.traits={word}" for word in self._words["expert.traits"]]
        if self.allows(box, "expert", "none"):
            empty = all(box.get(trait, NO) & NO for trait in traits) and self.allows(box, "expert.shut", "")
            if empty and all(self.allows(box, name, None) for name in _OF_EXPERT):
                return True
        if not self.known(box, "expert.n"):
            return False
        unread = self.allows(box, "expert", "closed") and self.allows(box, "expert.shut", *UNREAD)
        if unread and all(self.allows(box, name, None) for name in _IF_READ):
            return True
        if not all(self.known(box, name) for name in _IF_READ):
            return False
        return self.allows(box, "expert", "closed") or (
            self.allows(box, "expert", "open") and self.allows(box, "expert.shut", "")
        )

    def _money(self, box: Box) -> bool:
        over = self.allows(box, "over_budget", False) or (self.known(box, "cost.llm") and self.known(box, "budget"))
        return over and (self.allows(box, "too_slow", False) or self.known(box, "slo"))

    def _measured(self, box: Box) -> bool:
        return self.allows(box, "metrics", True) or self.allows(box, "metric", "")

    def tasks(self, boxes: Boxes) -> list[str]:
        """The task types that the boxes allow; "" stands for those that nobody told us about."""
        values = self._dimensions["task"].values
        return [task for task in values if any(self.allows(box, "task", task) for box in boxes)]

    # ── sets of boxes ────────────────────────────────────────────────────────────────────────────

    def both(self, one: Boxes, other: Boxes) -> Boxes:
        """What lies in both unions."""
        if len(one) * len(other) > 10 * MOST:
            raise TooManyError
        met = (_meet(a, b, self._full) for a in one for b in other)
        return _bounded(_tidy([box for box in met if box is not None and self.feasible(box)], self._full))

    def minus(self, boxes: Boxes, others: Iterable[Box]) -> Boxes:
        """What lies in none of the others. Raises `TooManyError`."""
        left = list(boxes)
        for other in others:
            left = _bounded([piece for box in left for piece in self._without(box, other)])
            if not left:
                break
        return left

    def _without(self, box: Box, other: Box) -> Iterator[Box]:
        common = _meet(box, other, self._full)
        if common is None or not self.feasible(common):
            yield box
            return
        rest = dict(box)
        for dimension, bits in other.items():
            has = rest.get(dimension, self._full(dimension))
            piece = {**rest, dimension: has & ~bits}
            if piece[dimension] and self.feasible(piece):
                yield piece
            rest[dimension] = has & bits

    def _union(self, parts: Sequence[Boxes]) -> Boxes:
        return _bounded(_tidy([box for part in parts for box in part], self._full))

    def _product(self, parts: Sequence[Boxes]) -> Boxes:
        return reduce(self.both, sorted(parts, key=len), [{}])


def _meet(one: Box, other: Box, full: Callable[[str], int]) -> Box | None:
    small, large = (one, other) if len(one) < len(other) else (other, one)
    met = dict(large)
    for dimension, bits in small.items():
        met[dimension] = met.get(dimension, full(dimension)) & bits
        if not met[dimension]:
            return None
    return met


def _tidy(boxes: Sequence[Box], full: Callable[[str], int]) -> Boxes:
    """The same union with fewer boxes: dimensions that allow all go, and so do boxes inside others."""
    clean = [{name: bits for name, bits in box.items() if bits != full(name)} for box in boxes if all(box.values())]
    clean.sort(key=len)
    kept: list[Box] = []
    for box in clean:
        if len(kept) > 200 or not any(_inside(box, other) for other in kept):
            kept.append(box)
    return kept


def _inside(box: Box, other: Box) -> bool:
    return all(not box.get(name, -1) & ~bits for name, bits in other.items())


def _bounded(boxes: Boxes) -> list[Box]:
    if len(boxes) > MOST:
        raise TooManyError
    return list(boxes)


# ── atoms ────────────────────────────────────────────────────────────────────────────────────────


def _cells(name: str, points: Iterable[float]) -> Iterator[float]:
    """One value for every point, and one for every gap between two of them, within the number's limits."""
    low, high = limits(name)
    edges = sorted({low, high, *(point for point in points if low <= point <= high)})
    whole = name in COUNTS
    for edge, following in zip(edges, [*edges[1:], None], strict=True):
        if not whole or edge == math.inf or edge == int(edge):
            yield edge
        if following is not None:
            gap = math.floor(edge) + 1 if whole else math.nextafter(edge, following)
            if gap < following:
                yield gap
    if not whole:
        yield math.nan  # compares to nothing, so `not` holds for it


def _leaves(when: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, condition in when.items():
        if name in ("any", "all"):
            for inner in condition:
                yield from _leaves(inner)
        elif name == "not":
            yield from _leaves(condition)
        else:
            yield name, condition


def _listed(condition: Any) -> Sequence[Any]:
    return condition if isinstance(condition, list) else (condition,)
