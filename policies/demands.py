"""Demands that exclude each other, in one `then` or between two rules that both act. Knows no conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.stages import LARGEST, MID_SIZE
from router.types import TIERS, Tier

Then = Mapping[str, Any]  # a rule's `then` without what it leaves out
BOUNDS = frozenset({"at_least", "at_most"})


def void_alone(then: Then) -> Iterator[tuple[str, str]]:
    """The demands of one tier rule that another of its own leaves no room for: `(demand, by which)`."""
    low, high = _rank(then, "at_least", 0), _rank(then, "at_most", len(TIERS) - 1)
    if low > high:
        yield "at_least", "at_most"
    if "prefer" in then and TIERS.index(then["prefer"]) < low:
        yield "prefer", "at_least"
    if "prefer" in then and TIERS.index(then["prefer"]) > high:
        yield "prefer", "at_most"
    yield from _avoided(then, then)


def void(mine: Then, other: Then, *, later: bool) -> Iterator[tuple[str, str]]:
    """Demands of `mine` that never count where `other` always acts too, and by which of its demands.

    `later` says that `other` acts after `mine`; tier rules act in turn, so the last word counts.
    """
    yield from _avoided(mine, other)
    if later:
        for demand in ("prefer", "favour"):
            if demand in mine and other.get(demand, mine[demand]) != mine[demand]:
                yield demand, demand
        for demand, against in (("at_least", "at_most"), ("at_most", "at_least")):
            for word in (against, "prefer"):
                if demand in mine and word in other and not _meets(TIERS.index(other[word]), demand, mine):
                    yield demand, word
            bounded = "prefer" in mine and demand in other and "prefer" not in other
            if bounded and not _meets(TIERS.index(mine["prefer"]), demand, other):
                yield "prefer", demand
    for demand in ("advise", "flag"):
        if any(_opposite(mark) in other.get(demand, ()) for mark in mine.get(demand, ())):
            yield demand, demand


def shown(then: Then, demand: str) -> str:
    """A demand as it is written."""
    value = then[demand]
    listed = f"[{', '.join(value)}]" if isinstance(value, list) else value
    return f"`{demand}: {listed}`"


def _rank(then: Then, demand: str, otherwise: int) -> int:
    return TIERS.index(then[demand]) if demand in then else otherwise


def _meets(rank: int, bound: str, then: Then) -> bool:
    limit = TIERS.index(then[bound])
    return rank >= limit if bound == "at_least" else rank <= limit


def _avoided(mine: Then, other: Then) -> Iterator[tuple[str, str]]:
    avoid = other.get("avoid", ())
    out: frozenset[Tier] = (LARGEST if "largest" in avoid else frozenset()) | (
        MID_SIZE if "mid-size" in avoid else frozenset()
    )
    if mine.get("prefer") in out:
        yield "prefer", "avoid"
    if "at_least" in mine and out.issuperset(TIERS[TIERS.index(mine["at_least"]) :]):
        yield "at_least", "avoid"


def _opposite(mark: str) -> str:
    return mark.removeprefix("no-") if mark.startswith("no-") else f"no-{mark}"
