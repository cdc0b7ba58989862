"""How long it takes to decide 100,000 stored requests again: `python -m tests.bench.replay [ROWS]`.

The rows are made of the golden cases' signals, varied with a fixed seed so that hardly two are alike.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from policies.cases import CaseFile, case_files
from policies.engine import Policy
from policies.located import load
from policies.replay import Replay, Ruling
from policies.store import PolicyStore
from router.commands.replay import replay
from router.stored import open_ledger
from router.tables import as_policy_row, as_row, policies, prepare, requests
from router.types import Attempt, Event, Money, Signals, Task, Usage

SEED = 7
AT_ONCE = 5_000
LATENCY = {"expert": 0.009, "hosted": 0.9, "cache": 0.002}  # seconds, roughly


def varied(cases: list[Signals], chance: random.Random) -> Signals:
    """The signals of a case with other figures."""
    base = chance.choice(cases)
    tokens = int(chance.lognormvariate(4.5, 1.2))
    prices: dict[str, int | None] = {
        tier: tokens * (rank + 1) * 150 + 900_000 * rank for rank, tier in enumerate(base.fleet.tiers)
    }
    return replace(
        base,
        task=replace(base.task, confidence=round(chance.betavariate(6, 1.5), 6)),
        novelty=round(chance.betavariate(1.2, 5), 6),
        facts=replace(base.facts, tokens=tokens, noise=round(chance.betavariate(1, 30), 4)),
        money=Money(prices, 4 * max(filter(None, prices.values()), default=0), base.money.budget),
        experts={
            name: replace(each, confidence=round(chance.betavariate(20, 1), 6)) for name, each in base.experts.items()
        },
    )


def events(policy: Policy, rows: int, chance: random.Random) -> Iterator[Event]:
    """Requests of the last three days, each decided by `policy`."""
    cases = [case.given.signals() for path in case_files() for case in load(path, CaseFile).cases]
    cases.append(Signals(Task("other", 0.3)))
    now = time.time()
    for number in range(rows):
        signals = varied(cases, chance)
        decision = policy.decide(signals)
        target = chance.choices(decision.steps[:2], (1, 4)[: len(decision.steps)])[0] if decision.steps else ""
        took = chance.lognormvariate(0, 0.4) * LATENCY.get(target.partition(".")[0], 0)
        cost = signals.money.estimates.get(decision.tier or "", 0) if target.startswith("hosted.") else 0
        yield Event(
            request_id=f"req_{number:024x}", at=now - chance.random() * 3 * 86_400, tenant="default", model="auto",
            stream=False, signals=signals, decision=decision, attempts=(Attempt(target, "answered", took),),
            usage=Usage(signals.facts.tokens, 100, 0, cost, signals.money.baseline), target=target,
            answered_by=target, cache="hit" if target.startswith("cache.") else "miss",
            outcome="whole" if target else "refused", seconds={"observe": 0.0005, "decide": 0.00005, "total": took},
        )  # fmt: skip


def fill(url: str, policy: Policy, rows: int, seed: int = SEED) -> None:
    """A ledger with so many rows."""
    engine = sa.create_engine(url)
    prepare(engine)
    batch = []
    with engine.begin() as connection:
        connection.execute(policies.insert(), [as_policy_row(policy, time.time())])
        for event in events(policy, rows, random.Random(seed)):
            batch.append(as_row(event))
            if len(batch) == AT_ONCE:
                connection.execute(requests.insert(), batch)
                batch.clear()
        if batch:
            connection.execute(requests.insert(), batch)
    engine.dispose()


def main(rows: int) -> None:
    """Fill a ledger, replay it, say how long it took."""
    old, new = PolicyStore("2026").current, PolicyStore("survey-2023").current
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        begun = time.perf_counter()
        fill(url, old, rows)
        filled = time.perf_counter()
        found = replay(open_ledger(url), Replay(Ruling(new)), age=7 * 86_400, file=Path(folder) / "moved.csv")
        took = time.perf_counter() - filled
    print(f"{rows:,} rows made in {filled - begun:.1f} s")
    each = f"{took / max(1, found['requests']) * 1e6:.0f} µs each"
    print(f"{found['requests']:,} answered ones replayed in {took:.1f} s ({each}); {found['moved']:,} move")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
