"""Which tier began a conversation: for whom it is remembered, how long, and that no text is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import cast

import pytest

from router.conversations import SECONDS, Conversations
from router.record import Record
from router.types import Answer, Decision, Message, Observed, Outcome, Request, Signals, Task

OPENING = "Write a poem about the harbour."
DECISION = Decision("llm", "small", ("hosted.small",), (), "test", "hash")


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def request(*said: str, system: str = "", model: str = "auto", tenant: str = "default") -> Request:
    """A conversation: the user speaks first, then in turns."""
    messages = [Message("user" if at % 2 == 0 else "assistant", text) for at, text in enumerate(said)]
    messages = [Message("system", system), *messages] if system else messages
    return Request("req", model, tuple(messages), {}, tenant=tenant)


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


def over(asked: Request, target: str = "hosted.small", outcome: Outcome = "whole", pinned: str = "") -> Record:
    """The record of a request that is over."""
    record = Record(asked, Observed(Signals(Task("chitchat", 0.9), pinned=pinned)), DECISION, lambda _record: None)
    record.answer, record.outcome = Answer(target, "m", _nothing()), outcome
    return record


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def known(clock: Clock) -> Conversations:
    return replace(Conversations.over({"my-model": "large"}), clock=clock, most=3)


def test_the_first_turn_is_found_again_in_the_later_ones(known: Conversations) -> None:
    second, third = (OPENING, "Salt …", "Longer, please."), ("Salt and …", "Thanks.")
    known.note(over(request(OPENING)))
    assert known.began(request(OPENING)) is None  # a first turn has no beginning
    assert known.began(request(*second)) == "small"
    known.note(over(request(*second), "hosted.large"))  # failed over, perhaps
    assert known.began(request(*second, *third)) == "small"
    known.note(over(request(OPENING), "hosted.standard"))  # somebody opens with the same words, under new rules
    assert known.began(request(*second)) == "standard"


def test_a_template_with_examples_begins_nothing_for_its_next_use(known: Conversations) -> None:
    def asked(question: str) -> Request:
        return request("2 + 2?", "4", "3 + 3?", "6", question, system="Do sums.")

    known.note(over(asked("Prove it for all rings."), "hosted.reasoning"))
    assert known.began(asked("4 + 4?")) is None
    known.note(over(asked("4 + 4?"), "hosted.small"))
    assert known.began(request("2 + 2?", "4", "Why?", system="Do sums.")) is None
    for question, tier in (("Prove it for all rings.", "reasoning"), ("4 + 4?", "small")):
        messages = (*asked(question).messages, Message("assistant", "…"), Message("user", "Go on."))
        assert known.began(replace(asked(question), messages=messages)) == tier  # this is a conversation


def test_what_tools_say_and_late_instructions_belong_to_the_turn(known: Conversations) -> None:
    opening = request(OPENING)
    known.note(over(opening))
    call = (Message("assistant", ""), Message("tool", "12 °C"))
    for later in (call, (*call, *call), (*call, Message("system", "Be brief."))):
        running = replace(opening, messages=(*opening.messages, *later))
        assert known.began(running) == "small"
        known.note(over(running, "hosted.large"))
    asked = replace(running, messages=(*running.messages, Message("user", "So?"), Message("user", "Well?")))
    assert known.began(asked) == "small"


def test_a_turn_that_no_llm_finished_does_not_end_a_conversation(known: Conversations) -> None:
    said = [OPENING]
    known.note(over(request(*said)))
    for target, outcome in (("cache.exact", "whole"), ("expert.sentiment", "whole"), ("hosted.large", "left")):
        said += ["…", f"And then? {target}"]
        assert known.began(request(*said)) == "small"
        known.note(over(request(*said), target, cast("Outcome", outcome)))
    assert known.began(request(*said, "…", "Thanks.")) == "small"


@pytest.mark.parametrize(
    "other",
    [
        request("Write a poem about the lighthouse.", "…", "Longer."),
        request(OPENING, "…", "Longer.", system="You are a sailor."),
        request(OPENING, "…", "Longer.", model="auto:frugal"),
        request(OPENING, "…", "Longer.", tenant="acme"),
    ],
)
def test_another_opening_model_or_tenant_is_another_conversation(known: Conversations, other: Request) -> None:
    known.note(over(request(OPENING)))
    assert known.began(other) is None


def test_a_tagged_model_counts_as_its_tier_and_an_expert_as_none(known: Conversations) -> None:
    known.note(over(request(OPENING), "hosted.my-model"))
    assert known.began(request(OPENING, "…", "Longer.")) == "large"
    for target in ("expert.sentiment", "cache.exact"):
        known.note(over(request(target), target))
        assert known.began(request(target, "…", "Longer.")) is None
    # Nobody knows who began; the first LLM that answers has it from then on.
    known.note(over(request("expert.sentiment", "…", "Longer."), "hosted.standard"))
    assert known.began(request("expert.sentiment", "…", "Longer.", "…", "Thanks.")) == "standard"


@pytest.mark.parametrize("record", [
    over(request(OPENING), outcome="left"), over(request(OPENING), outcome="broken"),
    over(request(OPENING), "hosted.my-model", pinned="my-model"),
])  # fmt: skip
def test_what_was_cut_short_or_pinned_begins_nothing(known: Conversations, record: Record) -> None:
    known.note(record)
    assert known.began(request(OPENING, "…", "Longer.")) is None


def test_a_day_without_a_turn_is_forgotten_and_so_are_the_oldest(known: Conversations, clock: Clock) -> None:
    later = request(OPENING, "…", "Longer.")
    known.note(over(request(OPENING)))
    clock.now += SECONDS - 1
    assert known.began(later) == "small"
    known.note(over(later, "hosted.large"))
    clock.now += SECONDS - 1
    last = request(OPENING, "…", "Longer.", "…", "Thanks.")
    assert known.began(last) == "small"  # a day after the last turn, not after the first
    clock.now += 2
    assert known.began(last) is None
    for number in range(3):
        known.note(over(request(str(number))))
    assert len(known._known) == 3
    assert OPENING not in repr(known)
    assert all(OPENING.encode() not in key for key in known._known)
