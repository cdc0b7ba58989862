"""The story: observe → decide → answer → record. Read this second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from policies.explain import document
from router.course import Choice
from router.errors import (
    NoAnswer,
    NotCached,
    PolicyRefused,
    SurveyorError,
    UpstreamFailed,
    UpstreamRefused,
    reason,
    told,
)
from router.record import Record
from router.shaping import Shaper
from router.types import EXACT, Answer, Answerer, Decision, Observed, Outcome, Request, Signals

log = logging.getLogger("surveyor")


@dataclass(frozen=True, slots=True)
class Gateway:
    """Observes a request, decides who may answer it, asks them in that order, and records what came of it."""

    choose: Callable[[Request], Choice]  # policy, fleet and prices; taken once per request: a reload never splits one
    observe: Callable[[Request, Choice], Awaitable[Observed]]
    answerers: Mapping[str, Sequence[Answerer]]  # target → who answers for it, in order
    note: Callable[[Record], None]  # told when a record opens and when it closes
    shaper: Shaper = field(default_factory=Shaper)  # changes prompts where the operator lets advice act

    async def answer(self, request: Request) -> Answer:
        """The story of a request. Start reading the project here.

        The caller must end the answer with `Answer.close`, whatever happens to the client.

        Raises:
            SurveyorError: with the headers that explain it.
        """
        choice = self.choose(request)
        observed = await self.observe(request, choice)
        decision, seconds = timed(choice.policy.decide, observed.signals)
        record = Record(request, observed, decision, self.note, seconds).open()
        try:
            answer = await self.first_answer(request, observed, decision, record)
        except BaseException as problem:
            record.close(None, outcome_of(problem))
            if isinstance(problem, SurveyorError):
                problem.headers.update(record.headers(None))
            raise
        if EXACT not in decision.steps:
            answer.cache = "off"
        return answer.then(record)

    async def explain(self, request: Request) -> dict[str, Any]:
        """The story up to the decision: the `document` of what would be asked and changed; nobody is asked.

        Raises:
            SurveyorError: there is no such model.
        """
        choice = self.choose(request)
        observed = await self.observe(request, choice)
        decision = choice.policy.decide(observed.signals)
        changes = self.shaper.would(request, observed, decision)
        return document(request.id, observed.signals, decision, changes)

    async def first_answer(self, request: Request, observed: Observed, decision: Decision, record: Record) -> Answer:
        """Ask each answerer in the order decided, until one does not abstain."""
        if decision.kind == "refuse":
            raise PolicyRefused(decision.refusal)
        failures: list[tuple[str, Exception]] = []
        for step in decision.steps:
            if "only-if-cached" in request.cache_control and not step.startswith("cache."):
                continue
            asked = request
            if step.startswith("hosted."):  # caches go by what the client sent, and experts know it
                asked, record.changes = self.shaper.shape(request, observed, decision, step)
            for answerer in self.answerers.get(step, ()):
                begun = perf_counter()
                try:
                    answer = await answerer.answer(asked, observed, decision)
                except SurveyorError:
                    raise  # the request itself is wrong
                except Exception as problem:  # a failure, whatever it is: the next one is asked
                    if isinstance(problem, UpstreamFailed):
                        log.debug("%s failed on %s: %s", answerer.target, request.id, told(problem))
                    else:
                        log.exception("%s failed on %s", answerer.target, request.id)
                    failures.append((answerer.target, problem))
                    record.tried(answerer.target, begun, "failed", reason(problem))
                    continue
                if answer is not None:
                    record.tried(answerer.target, begun, "answered")
                    return answer
                record.tried(answerer.target, begun, "abstained")
        if "only-if-cached" in request.cache_control:
            raise NotCached("This answer is not in the cache. Leave out `only-if-cached` to have it made.")
        raise NoAnswer(failures)


def timed(decide: Callable[[Signals], Decision], signals: Signals) -> tuple[Decision, float]:
    """The decision and the seconds it took."""
    begun = perf_counter()
    return decide(signals), perf_counter() - begun


def outcome_of(problem: BaseException) -> Outcome:
    """How a request that got no answer ended."""
    if isinstance(problem, asyncio.CancelledError):
        return "left"
    return "refused" if isinstance(problem, PolicyRefused | UpstreamRefused | NotCached) else "failed"
