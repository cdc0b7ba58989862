"""Who is asked, in which order, and what is recorded: the story with fakes of our own protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from policies.engine import Policy
from router.course import Choice
from router.errors import NoAnswer, NotCached, PolicyRefused, UpstreamFailed
from router.gateway import Gateway
from router.record import Record
from router.types import (
    Answer,
    Answerer,
    Decision,
    Event,
    Fired,
    Fleet,
    Message,
    Observed,
    Request,
    Signals,
    Task,
    Usage,
)

RULE = Fired("test.rule", "route", True, "A rule", "because", ("somebody 2026",))
OBSERVED = Observed(Signals(Task("chitchat", 0.9)), seconds={"observe": 0.001})
REQUEST = Request("req_1", "auto", (Message("user", "hello"),), {"model": "auto"})


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@dataclass
class Temper:
    """An answerer that says, abstains, fails or hangs; it remembers being asked."""

    target: str
    does: str = "says"
    asked: int = 0

    async def answer(self, request: Request, observed: Observed, decision: Decision) -> Answer | None:
        self.asked += 1
        if self.does == "abstains":
            return None
        if self.does == "blunders":
            raise KeyError("a secret of the prompt")
        if self.does.startswith("fails"):
            raise UpstreamFailed(self.does, status=429 if "429" in self.does else 500, headers={"retry-after": "3"})
        if self.does == "hangs":
            await asyncio.sleep(60)
        return Answer(self.target, "m", _chunks(b"{}"), Usage(1, 2, 0, 30, 100))


@dataclass
class World:
    """A gateway over tempers, and what it recorded."""

    tempers: list[Temper]
    decision: Decision = Decision("llm", "small", ("cache.exact", "hosted.a", "hosted.b"), (RULE,), "test", "hash")
    opened: list[Event] = field(default_factory=list)
    closed: list[Event] = field(default_factory=list)

    def gateway(self) -> Gateway:
        answerers: dict[str, list[Answerer]] = {}
        for temper in self.tempers:
            answerers.setdefault(temper.target, []).append(temper)

        async def observe(_request: Request, _choice: Choice) -> Observed:
            return OBSERVED

        def note(record: Record) -> None:
            (self.opened if record.outcome is None else self.closed).append(record.event())

        return Gateway(lambda _request: self.choice, observe, answerers, note)

    @property
    def choice(self) -> Choice:
        return Choice(cast("Policy", self), Fleet(), {})

    def decide(self, _signals: Signals) -> Decision:
        return self.decision


def world(*does: str) -> World:
    return World([Temper(t, d) for t, d in zip(("cache.exact", "hosted.a", "hosted.b"), does, strict=True)])


async def test_the_first_that_does_not_abstain_answers() -> None:
    here = world("abstains", "says", "says")
    answer = await here.gateway().answer(REQUEST)
    assert answer.target == "hosted.a"
    assert [temper.asked for temper in here.tempers] == [1, 1, 0]
    assert len(here.opened) == 1
    assert here.closed == []  # open until the last byte is out
    answer.close("whole")
    answer.close("broken")  # the second word does not count
    (event,) = here.closed
    assert (event.outcome, event.target, event.usage.saved) == ("whole", "hosted.a", 70)
    assert [attempt.outcome for attempt in event.attempts] == ["abstained", "answered"]
    assert set(event.seconds) == {"observe", "decide", "first_chunk", "total"}


async def test_explaining_asks_nobody_and_records_nothing() -> None:
    here = world("says", "says", "says")
    told = await here.gateway().explain(REQUEST)
    assert (told["id"], told["decision"]["steps"]) == ("req_1", ["cache.exact", "hosted.a", "hosted.b"])
    assert [temper.asked for temper in here.tempers] == [0, 0, 0]
    assert (here.opened, here.closed) == ([], [])


async def test_a_failure_is_followed_by_the_next_step() -> None:
    here = world("abstains", "fails badly", "says")
    answer = await here.gateway().answer(REQUEST)
    answer.close("whole")
    assert [(attempt.target, attempt.outcome, attempt.why) for attempt in here.closed[0].attempts] == [
        ("cache.exact", "abstained", ""),
        ("hosted.a", "failed", "fails badly"),
        ("hosted.b", "answered", ""),
    ]


async def test_what_an_upstream_said_reaches_the_client_and_neither_ledger_nor_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_asked: object) -> Answer | None:
        raise UpstreamFailed("500 server_error", said="500 you said: my secret", status=500)

    here = world("abstains", "fails", "abstains")
    monkeypatch.setattr(here.tempers[1], "answer", fails)
    with caplog.at_level("INFO"), pytest.raises(NoAnswer, match="you said: my secret"):
        await here.gateway().answer(REQUEST)
    assert here.closed[0].attempts[1].why == "500 server_error"
    assert "secret" not in caplog.text


async def test_a_blunder_of_ours_is_a_failure_like_any_other(caplog: pytest.LogCaptureFixture) -> None:
    here = world("abstains", "blunders", "says")
    (await here.gateway().answer(REQUEST)).close("whole")
    assert [attempt.outcome for attempt in here.closed[0].attempts] == ["abstained", "failed", "answered"]
    assert here.closed[0].attempts[1].why == "an internal KeyError"  # no text of the prompt reaches the ledger
    assert "hosted.a failed on req_1" in caplog.text
    with pytest.raises(NoAnswer, match="an internal KeyError") as failed:
        await world("abstains", "fails", "blunders").gateway().answer(REQUEST)
    assert "secret" not in failed.value.message


async def test_two_models_of_a_tier_are_asked_in_turn() -> None:
    here = World([Temper("hosted.a", "fails"), Temper("hosted.a", "says")])
    answer = await here.gateway().answer(REQUEST)
    assert answer.target == "hosted.a"
    assert [temper.asked for temper in here.tempers] == [1, 1]


@pytest.mark.parametrize(("does", "status", "retry"), [("fails", 502, "3"), ("fails 429", 429, "3")])
async def test_nobody_left_is_an_error_that_names_all(does: str, status: int, retry: str) -> None:
    here = world("abstains", "fails", does)
    with pytest.raises(NoAnswer, match=r"hosted\.a: fails; hosted\.b: fails") as failed:
        await here.gateway().answer(REQUEST)
    assert (failed.value.status, failed.value.headers["retry-after"]) == (status, retry)
    assert failed.value.headers["x-surveyor-rule"] == "test.rule"
    assert here.closed[0].outcome == "failed"


async def test_a_refusal_asks_nobody_and_is_recorded() -> None:
    here = world("says", "says", "says")
    here.decision = replace(here.decision, kind="refuse", steps=(), refusal="Not here. Remove the card number.")
    with pytest.raises(PolicyRefused, match="Remove the card number"):
        await here.gateway().answer(REQUEST)
    assert [temper.asked for temper in here.tempers] == [0, 0, 0]
    assert here.closed[0].outcome == "refused"


async def test_only_if_cached_asks_the_cache_alone() -> None:
    here = world("abstains", "says", "says")
    with pytest.raises(NotCached):
        await here.gateway().answer(replace(REQUEST, cache_control=frozenset({"only-if-cached"})))
    assert [temper.asked for temper in here.tempers] == [1, 0, 0]


async def test_a_client_that_leaves_while_waiting_has_its_row() -> None:
    here = world("abstains", "hangs", "says")
    story = asyncio.create_task(here.gateway().answer(REQUEST))
    while not here.tempers[1].asked:
        await asyncio.sleep(0)
    story.cancel()
    with pytest.raises(asyncio.CancelledError):
        await story
    assert here.closed[0].outcome == "left"
    assert here.tempers[2].asked == 0


async def test_the_policy_is_taken_once_per_request() -> None:
    here = world("abstains", "fails", "says")
    taken: list[Request] = []

    def choose(request: Request) -> Choice:
        taken.append(request)
        return here.choice

    await replace(here.gateway(), choose=choose).answer(REQUEST)
    assert taken == [REQUEST]


async def test_headers_of_an_answer() -> None:
    answer = await world("abstains", "says", "says").gateway().answer(REQUEST)
    assert answer.row is not None
    told = answer.row.headers(answer)
    assert told["x-surveyor-cost-usd"] == "0.000000030"
    assert told["x-surveyor-saved-usd"] == "0.000000070"
    assert told["x-surveyor-task"] == "chitchat;0.90"
    answer.usage = Usage(1, 2, 0, None, 100)
    assert answer.row.headers(answer)["x-surveyor-cost-usd"] == "unknown"  # never zero
    answer.usage = Usage(1, 2, 0, 100, 30)
    assert answer.row.headers(answer)["x-surveyor-saved-usd"] == "-0.000000070"
