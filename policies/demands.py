"""Demands that meet each other, in one `then` or between two rules that both act. Knows no conditions.

Tier rules act in turn on one wanted tier (`stages.tier`): a bound moves it and is kept for the bounds after it, and a
preference sets it anew whatever the bounds. So only a later `prefer` or `favour` makes an earlier one count for
nothing; what a bound cuts, or an avoided tier takes back, still counts where other rules act in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.stages import LARGEST, MID_SIZE
from router.types import TIERS, Tier

Then = Mapping[str, Any]  # a rule's `then` without what it leaves out
BOUNDS = frozenset({"at_least", "at_most"})


@dataclass(frozen=True, slots=True)
class Clash:
    """What becomes of a demand where another one acts too. Certain ones are mistakes, others worth a note."""

    demand: str
    by: str
    effect: str  # as in: its `prefer: small` never counts
    certain: bool = False


def alone(then: Then) -> Iterator[Clash]:
    """The demands of one tier rule that meet others of its own."""
    low, high = _rank(then, "at_least", 0), _rank(then, "at_most", len(TIERS) - 1)
    avoided = [clash for clash in _avoided(then, then) if clash.demand != "prefer"]
    if low > high:
        yield Clash("at_least", "at_most", "excludes", certain=True)
    for clash in avoided:
        yield Clash(clash.demand, clash.by, "excludes", certain=True)
    if "prefer" in then and low <= high and not avoided:
        yield from _cut(then, then)
        yield from _avoided(then, then)


def against(mine: Then, other: Then, *, later: bool) -> Iterator[Clash]:
    """What becomes of the demands of `mine` where `other` always acts too; `later` says that it acts after `mine`."""
    yield from _avoided(mine, other)
    if later:
        for demand in ("prefer", "favour"):
            if demand in mine and other.get(demand, mine[demand]) != mine[demand]:
                yield Clash(demand, demand, "never counts", certain=True)
        if "prefer" not in other:
            yield from _cut(mine, other)
        yield from _undone(mine, other)
    for demand in ("advise", "flag"):
        if any(_opposite(mark) in other.get(demand, ()) for mark in mine.get(demand, ())):
            yield Clash(demand, demand, "is contradicted", certain=True)


def shown(then: Then, demand: str) -> str:
    """A demand as it is written."""
    value = then[demand]
    listed = f"[{', '.join(value)}]" if isinstance(value, list) else value
    return f"`{demand}: {listed}`"


def _cut(mine: Then, other: Then) -> Iterator[Clash]:
    """The preference that a bound moves."""
    for bound, verb in (("at_least", "raised"), ("at_most", "cut")):
        if "prefer" in mine and bound in other and not _meets(TIERS.index(mine["prefer"]), bound, other):
            yield Clash("prefer", bound, f"is {verb} to {other[bound]}")


def _undone(mine: Then, other: Then) -> Iterator[Clash]:
    """The bounds that a later bound or preference passes over."""
    for bound, contrary, verb in (("at_least", "at_most", "cut"), ("at_most", "at_least", "raised")):
        for word in (contrary, "prefer"):
            if bound in mine and word in other and not _meets(TIERS.index(other[word]), bound, mine):
                yield Clash(bound, word, "is undone" if word == "prefer" else f"is {verb} to {other[word]}")


def _rank(then: Then, demand: str, otherwise: int) -> int:
    return TIERS.index(then[demand]) if demand in then else otherwise


def _meets(rank: int, bound: str, then: Then) -> bool:
    limit = TIERS.index(then[bound])
    return rank >= limit if bound == "at_least" else rank <= limit


def _avoided(mine: Then, other: Then) -> Iterator[Clash]:
    avoid = other.get("avoid", ())
    out: frozenset[Tier] = (LARGEST if "largest" in avoid else frozenset()) | (
        MID_SIZE if "mid-size" in avoid else frozenset()
    )
    if mine.get("prefer") in out:
        yield Clash("prefer", "avoid", "is avoided")
    if "at_least" in mine and out.issuperset(TIERS[TIERS.index(mine["at_least"]) :]):
        yield Clash("at_least", "avoid", "leaves only avoided tiers")


def _opposite(mark: str) -> str:
    return mark.removeprefix("no-") if mark.startswith("no-") else f"no-{mark}"
