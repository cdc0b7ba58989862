"""The past decided again under another policy: who moves, what it saves, what it risks. Rows in, report out.

A request moves when the first who is asked after the cache is another one. Its signals are those of its day, health and
prices among them, but for what the operator declares where whole settings are replayed. So replay is the one call of
`Policy.decide` on each row.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from statistics import median
from typing import Any

from policies.engine import Policy
from policies.explain import estimated, first_step
from policies.signals import NANO, best_expert
from router.types import Decision, Fired, Operator, Signals

WEAKEST, TOP_MOVES = 10, 20
COLUMNS = (  # of a move, as JSON or CSV
    *("id", "at", "task", "confidence", "novelty", "expert_confidence", "from", "to", "old_rule", "new_rule"),
    *("billed_usd", "estimated_before_usd", "estimated_after_usd", "answered_by_cache", "evidence"),
)
NOBODY = "nobody"  # stands for a step where only the cache is left, or where a guard refused
REMARK = (
    "Costs after are estimates made before the answer (their length is a guess, a local answer costs 0); costs before "
    "were billed. Compare the two estimates with each other. Latencies are medians of what each target took in these "
    "rows, on other requests than those that move there. "
)
OF_SETTINGS = (
    "Budget, preferences, metrics, languages, promised speed and whether data must stay in a region are those of these "
    "settings; the models, which of them are in that region, their health and prices, cache, index and privacy are "
    "those of the day."
)
OF_THE_DAY = "Fleet, prices, budget and all that the operator declared are those of the day."
VARIANT = "auto:"  # begins the model of a request that asked for a variant of the policy


@dataclass(frozen=True, slots=True)
class Declared:
    """What settings say of the traffic besides their rules."""

    operator: Operator
    budget: int | None  # most that a request may cost, nano-dollars


@dataclass(frozen=True, slots=True)
class Ruling:
    """A policy, and what is declared with it; without that, all is as on the day."""

    policy: Policy
    declared: Declared | None = None

    def decide(self, signals: Signals) -> Decision:
        """The decision of today on the signals of the day."""
        if self.declared is not None:
            money = replace(signals.money, budget=self.declared.budget)
            signals = replace(signals, operator=self.declared.operator, money=money)
        return self.policy.decide(signals)

    def plain(self, requests: int) -> dict[str, Any]:
        """Its names, with how many requests it decided, as JSON values."""
        return {"profile": self.policy.profile, "policy": self.policy.hash, "requests": requests}


@dataclass(frozen=True, slots=True)
class Past:
    """A request that was answered, as it was stored."""

    id: str
    at_ms: int  # milliseconds since 1970
    signals: Signals
    step: str  # the first who was asked after the cache; "" for nobody
    tier: str | None
    rule: str  # the one that decided
    target: str  # who answered
    cost: int | None  # as billed, in nano-dollars; None: price unknown
    us: int  # microseconds until its last byte
    model: str = "auto"  # as asked for


@dataclass(frozen=True, slots=True)
class Move:
    """A request that another policy sends elsewhere. Costs are in nano-dollars, None where unknown.

    `evidence` is 0..1, the product of what speaks for the new decision: the confidence of the task type, how familiar
    the request is, the expert's confidence where one would answer, and c/(c+1) for the c cites of the new rule.
    """

    id: str
    at_ms: int
    task: str
    confidence: float
    novelty: float
    expert_confidence: float | None
    old: str
    new: str
    old_rule: str
    new_rule: str
    cost: int | None
    old_estimate: int | None
    new_estimate: int | None
    cached: bool  # the cache answered, so that no price was paid
    evidence: float

    def plain(self) -> dict[str, Any]:
        """As plain JSON values, money in US dollars; also a line of the CSV."""
        at = datetime.fromtimestamp(self.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
        values = (
            *(self.id, at, self.task, self.confidence, self.novelty, self.expert_confidence),
            *(self.old, self.new, self.old_rule, self.new_rule),
            *(_dollars(self.cost), _dollars(self.old_estimate), _dollars(self.new_estimate)),
            *(self.cached, round(self.evidence, 4)),
        )
        return dict(zip(COLUMNS, values, strict=True))


@dataclass(slots=True)
class Sums:
    """Money of some moves, in nano-dollars; of those whose three figures are all known and that no cache answered."""

    counted: int = 0
    unknown: int = 0
    cached: int = 0
    billed: int = 0
    before: int = 0
    after: int = 0

    def add(self, move: Move) -> None:
        """Count a move in."""
        if move.cached:
            self.cached += 1
        elif move.cost is None or move.old_estimate is None or move.new_estimate is None:
            self.unknown += 1
        else:
            self.counted += 1
            self.billed += move.cost
            self.before += move.old_estimate
            self.after += move.new_estimate

    def plain(self) -> dict[str, Any]:
        """In US dollars."""
        return {
            "counted": self.counted,
            "unknown_price": self.unknown,
            "answered_by_cache": self.cached,
            "billed_usd": self.billed / NANO,
            "estimated_before_usd": self.before / NANO,
            "estimated_after_usd": self.after / NANO,
        }


@dataclass(slots=True)
class Replay:
    """Decides rows again, one after another; holds sums, not rows (but for eight bytes a row: its latency).

    `auto` decides those that asked for `auto` or pinned a model, and those of variants that there are not.
    """

    auto: Ruling
    variants: Mapping[str, Ruling] = field(default_factory=dict)  # "auto:fast" → what decides its requests
    requests: int = 0
    moved: int = 0
    other_rule: int = 0  # same target, but another rule decides
    sums: Sums = field(default_factory=Sums)
    by_move: dict[tuple[str, str], Sums] = field(default_factory=lambda: defaultdict(Sums))
    asked: Counter[str] = field(default_factory=Counter)  # variant → its requests, whoever decided them
    rules: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    times: dict[str, array[int]] = field(default_factory=lambda: defaultdict(lambda: array("Q")))
    weakest: list[tuple[float, str, Move]] = field(default_factory=list)  # a heap, the strongest of the weak first

    def add(self, past: Past) -> Move | None:
        """Decide a row again: its move, or None when it stays where it was."""
        decision = self._ruling(past).decide(past.signals)
        self.requests += 1
        self.times[past.target].append(max(0, past.us))
        step = first_step(decision)
        if step == past.step:
            self.other_rule += decision.decider != past.rule
            return None
        move = _move(past, step, decision)
        self.moved += 1
        self.sums.add(move)
        self.by_move[move.old, move.new].add(move)
        self.rules[move.old, move.new, move.new_rule] += 1
        entry = (-move.evidence, move.id, move)
        if len(self.weakest) < WEAKEST:
            heapq.heappush(self.weakest, entry)
        elif entry > self.weakest[0]:
            heapq.heapreplace(self.weakest, entry)
        return move

    def _ruling(self, past: Past) -> Ruling:
        if past.signals.pinned or not past.model.startswith(VARIANT):
            return self.auto
        self.asked[past.model] += 1
        return self.variants.get(past.model, self.auto)

    def report(self) -> dict[str, Any]:
        """All that was found so far, as plain JSON values."""
        medians = {target: (median(times) / 1000, len(times)) for target, times in self.times.items()}
        counts: Counter[tuple[str, str]] = Counter()
        for (old, new, _), count in self.rules.items():
            counts[old, new] += count
        return {
            **self.auto.plain(self.requests),
            "variants": {name: each.plain(self.asked[name]) for name, each in self.variants.items()},
            "variants_unknown": {name: n for name, n in sorted(self.asked.items()) if name not in self.variants},
            "moved": self.moved,
            "same_target_other_rule": self.other_rule,
            "money": self.sums.plain(),
            "latency": _latency(counts, medians),
            "kinds_of_move": len(counts),
            "moves": [self._kind(pair, count, medians) for pair, count in counts.most_common(TOP_MOVES)],
            "weakest": [move.plain() for _, _, move in sorted(self.weakest, reverse=True)],
            "remark": REMARK + (OF_SETTINGS if self.auto.declared else OF_THE_DAY),
        }

    def _kind(self, pair: tuple[str, str], count: int, medians: Mapping[str, tuple[float, int]]) -> dict[str, Any]:
        rules = Counter({rule: n for (*both, rule), n in self.rules.items() if tuple(both) == pair})
        sides = zip(("from", "to"), (medians.get(side) for side in pair), strict=True)
        return {
            "from": pair[0],
            "to": pair[1],
            "requests": count,
            "rules": [{"rule": rule, "requests": n} for rule, n in rules.most_common(3)],
            "money": self.by_move[pair].plain(),
            "latency": {side: {"median_ms": found[0], "n": found[1]} if found else None for side, found in sides},
        }


def _move(past: Past, step: str, decision: Decision) -> Move:
    signals, task = past.signals, past.signals.task
    _, reading, _ = best_expert(signals.experts)
    decider = next((rule for rule in decision.rules if rule.decided), None)
    return Move(
        id=past.id,
        at_ms=past.at_ms,
        task=task.label,
        confidence=task.confidence,
        novelty=signals.novelty,
        expert_confidence=reading.confidence if reading else None,
        old=past.step or NOBODY,
        new=step or NOBODY,
        old_rule=past.rule,
        new_rule=decider.id if decider else "",
        cost=past.cost,
        old_estimate=estimated(signals, past.step, past.tier),
        new_estimate=estimated(signals, step, decision.tier),
        cached=past.target.startswith("cache."),
        evidence=_evidence(signals, step, decider),
    )


def _evidence(signals: Signals, step: str, decider: Fired | None) -> float:
    cites = len(decider.cites) if decider else 0
    found = signals.task.confidence * (1 - signals.novelty) * cites / (cites + 1)
    reading = signals.experts.get(step.removeprefix("expert.")) if step.startswith("expert.") else None
    return found * reading.confidence if reading else found


def _latency(counts: Mapping[tuple[str, str], int], medians: Mapping[str, tuple[float, int]]) -> dict[str, Any]:
    """Over all moves whose two targets have answered something: the mean of the targets' medians."""
    known = {pair: count for pair, count in counts.items() if pair[0] in medians and pair[1] in medians}
    total = sum(known.values())
    means = [sum(medians[pair[side]][0] * n for pair, n in known.items()) / total if total else None for side in (0, 1)]
    return {"counted": total, "before_ms": means[0], "after_ms": means[1]}


def _dollars(nano: int | None) -> float | None:
    return None if nano is None else nano / NANO
