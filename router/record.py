"""One request's record: what the headers say of it, and the event that the ledger and the hooks get."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from router.prices import NANO
from router.shaping import Change
from router.types import Answer, Attempt, Decision, Event, Observed, Outcome, Request, Usage

ESTIMATED = "cost-estimated"  # flag: a streamed answer's headers leave before its tokens are counted


@dataclass(slots=True)
class Record:
    """Open from before the first answerer until after the last byte; closes once, with an outcome.

    `note` is told at both moments. It only queues the record: making an event of it costs tens of
    microseconds, which are spent behind the request's back.
    """

    request: Request
    observed: Observed
    decision: Decision
    note: Callable[[Record], None]
    decide_seconds: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)
    changes: tuple[Change, ...] = ()  # what was changed of the prompt, and what was not
    answer: Answer | None = None
    outcome: Outcome | None = None
    first_chunk: float = 0.0
    total: float = 0.0
    at: float = field(default_factory=time.time)

    def open(self) -> Record:
        """Announce the request: a row that is never closed is itself a fact."""
        self.note(self)
        return self

    def tried(self, target: str, begun: float, outcome: str, why: str = "") -> None:
        """Note one answerer, asked at `begun` (perf_counter), and what came of it."""
        now = time.perf_counter()
        self.attempts.append(Attempt(target, outcome, now - begun, why))
        self.first_chunk = now - self.request.started

    def close(self, answer: Answer | None, outcome: Outcome) -> None:
        """End the record. Only the first call counts; it never blocks."""
        if self.outcome is not None:
            return
        self.total = time.perf_counter() - self.request.started
        self.answer = answer
        self.outcome = outcome
        self.note(self)

    def event(self) -> Event:
        """All that is known of the request by now."""
        answer, outcome = self.answer, self.outcome
        seconds = {
            **self.observed.seconds,
            "decide": self.decide_seconds,
            "first_chunk": self.first_chunk,
            "total": self.total,
        }
        return Event(
            request_id=self.request.id,
            at=self.at,
            tenant=self.request.tenant,
            model=self.request.model,
            stream=self.request.stream,
            signals=self.observed.signals,
            decision=self.decision,
            attempts=tuple(self.attempts),
            usage=answer.usage if answer else Usage(),
            target=answer.target if answer else "",
            answered_by=answer.model if answer else "",
            cache=answer.cache if answer else "off",
            outcome=outcome,
            seconds=seconds,
            changes=tuple(map(str, self.changes)),
        )

    @property
    def own_seconds(self) -> float:
        """The gateway's own share of the time to the first chunk: all but waiting for hosted models."""
        waited = sum(a.seconds for a in self.attempts if a.target.startswith("hosted."))
        return max(0.0, time.perf_counter() - self.request.started - waited)

    def headers(self, answer: Answer | None) -> dict[str, str]:
        """The x-surveyor headers of DESIGN section 7, in that order."""
        signals, decision = self.observed.signals, self.decision
        flags = decision.flags
        told = {
            "x-surveyor-id": self.request.id,
            "x-surveyor-target": answer.target if answer else "",
            "x-surveyor-task": f"{signals.task.label};{signals.task.confidence:.2f}",
            "x-surveyor-novelty": f"{signals.novelty:.2f}",
            "x-surveyor-rule": ",".join([rule.id for rule in decision.rules if rule.status == "active"]),
            "x-surveyor-profile": decision.profile,
        }
        if answer is not None:
            usage = answer.usage if answer.final else self._estimate(answer)
            flags = flags if answer.final else (*flags, ESTIMATED)
            told["x-surveyor-cost-usd"] = dollars(usage.cost)
            told["x-surveyor-saved-usd"] = dollars(usage.saved)
            told["x-surveyor-cache"] = answer.cache
        told["x-surveyor-latency-ms"] = f"{self.own_seconds * 1000:.2f}"
        told["x-surveyor-flags"] = ",".join(flags)
        if shaped := dict.fromkeys(change.rule for change in self.changes if not change.why_not):
            told["x-surveyor-shaped"] = ",".join(shaped)
        return told

    def _estimate(self, answer: Answer) -> Usage:
        money = self.observed.signals.money
        tier = answer.target.partition(".")[2]
        if tier not in money.estimates:  # pinned by id: its fleet holds that one model only
            tier = next(iter(money.estimates), "")
        return Usage(cost=money.estimates.get(tier), baseline=money.baseline)


def dollars(nano: int | None) -> str:
    """Nano-dollars as US dollars, exactly; "unknown" where a price is missing."""
    if nano is None:
        return "unknown"
    sign, nano = ("-", -nano) if nano < 0 else ("", nano)
    return f"{sign}{nano // NANO}.{nano % NANO:09d}"
