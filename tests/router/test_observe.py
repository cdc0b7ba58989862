"""Both looks: what becomes a signal, and when the encoder is asked at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
import pytest

from classifiers.embed import Encoder, Vector
from classifiers.second import SecondTaskHead
from classifiers.shipped import Shipped
from policies.store import PolicyStore
from router.app import create_observer, load_shipped
from router.course import Choice
from router.fleet import Priced
from router.observe import PATIENCE, Observer
from router.second_look import SecondLook
from router.settings import Settings
from router.types import Observed
from router.wire import parse_chat

MODEL = {"id": "m", "tier": "standard", "base_url": "http://127.0.0.1/v1", "price": {"input": 1, "output": 10}}
SETTINGS = Settings.model_validate({"models": [MODEL], "baseline": "m"})
PRICED = Priced(SETTINGS, SETTINGS.models)
POLICY = PolicyStore().current
CHOICE = PRICED.choice(SETTINGS.models, SETTINGS, POLICY)
SENTIMENT = "Is this review positive or negative? I loved every minute of it."


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return load_shipped(Settings())


@pytest.fixture
def observer(shipped: Shipped) -> Iterator[Observer]:
    made = create_observer(SETTINGS, shipped, PRICED)
    yield made
    made.second_look.close()


async def observed(
    observer: Observer, text: str | list[dict[str, Any]], hint: str = "", choice: Choice | None = None, **more: Any
) -> Observed:
    messages = [{"role": "user", "content": text}] if isinstance(text, str) else text
    body = {"model": "auto", "messages": messages, **more}
    request = parse_chat(orjson.dumps(body), {"x-surveyor-task": hint} if hint else {}, "req")
    return await observer.observe(request, choice or CHOICE)


async def test_a_bound_prompt_gets_its_expert_s_reading(observer: Observer) -> None:
    found = await observed(observer, SENTIMENT)
    assert found.bound is not None
    assert found.bound.input == "I loved every minute of it."
    reading = found.signals.experts["sentiment"]
    assert (reading.answer, reading.open) == ("positive", True)
    assert found.signals.task.label == "sentiment"
    assert found.signals.task.look == "reader"
    assert SENTIMENT[-10:] not in orjson.dumps(found.signals).decode()  # signals hold no prompt text


class Noting(Encoder):
    """The encoder, noting what it is asked, or failing."""

    def __init__(self, shipped: Shipped, problem: Exception | None = None) -> None:
        encoder = shipped.encoder
        super().__init__(encoder.tokenizer, encoder.lower, encoder._upper, encoder.sentences)
        self.asked: list[str] = []
        self.problem = problem

    def encode(self, texts: Sequence[str]) -> Vector:
        self.asked += texts
        if self.problem:
            raise self.problem
        return super().encode(texts)


class NotingSecond(SecondTaskHead):
    """The second look at the task type, likewise."""

    def __init__(self, shipped: Shipped, problem: Exception | None = None) -> None:
        second = shipped.second
        super().__init__(second._encoder, second._weights, second._bias, second.blend)
        self.asked: list[str] = []
        self.problem = problem

    def scores(self, text: str) -> Vector:
        self.asked.append(text)
        if self.problem:
            raise self.problem
        return super().scores(text)


async def test_the_encoder_reads_only_what_an_expert_may_answer(observer: Observer) -> None:
    encoder = Noting(observer.shipped)
    observer = replace(observer, shipped=replace(observer.shipped, encoder=encoder), unsure=0.0)
    await observed(observer, "Write a poem about rain.")
    assert encoder.asked == []
    await observed(observer, SENTIMENT)
    assert encoder.asked == ["I loved every minute of it."]


@pytest.mark.parametrize(("unsure", "look"), [(0.0, "first"), (1.0, "second")])
async def test_an_unsure_first_look_is_followed_by_a_second(observer: Observer, unsure: float, look: str) -> None:
    second = NotingSecond(observer.shipped)
    observer = replace(observer, shipped=replace(observer.shipped, second=second), unsure=unsure)
    text = "Write a poem about rain."
    task = (await observed(observer, text)).signals.task
    assert (task.label, task.look) == ("open_ended_writing", look)
    assert second.asked == ([text] if look == "second" else [])
    await observed(observer, text)
    assert len(second.asked) <= 1  # what was just seen is not looked at again
    for known in (SENTIMENT, "Rank these by price: a, b, c.", " "):  # reader, detector, nothing to look at
        assert (await observed(observer, known)).signals.task.look != "second"
    assert (await observed(observer, "Hm, this", hint="sentiment")).signals.task.look == "hint"


async def test_the_threshold_comes_from_the_artefact_or_the_settings(shipped: Shipped) -> None:
    for value, wanted in ((None, shipped.second.blend.below), (0.0, 0.0), (0.7, 0.7)):
        made = create_observer(SETTINGS.model_copy(update={"second_look": value}), shipped, PRICED)
        made.second_look.close()
        assert made.unsure == wanted


async def test_a_second_look_that_fails_leaves_the_first_one_s_word(observer: Observer) -> None:
    second = NotingSecond(observer.shipped, RuntimeError("out of memory"))
    observer = replace(observer, shipped=replace(observer.shipped, second=second), unsure=1.0)
    task = (await observed(observer, "Write a poem about rain.")).signals.task
    assert (task.label, task.look) == ("open_ended_writing", "first")
    assert second.asked
    second.problem = None
    assert (await observed(observer, "Write a poem about rain.")).signals.task.look == "second"  # it is tried again


async def test_who_waits_too_long_takes_the_first_look_s_word(observer: Observer) -> None:
    second = NotingSecond(observer.shipped)
    observer = replace(observer, shipped=replace(observer.shipped, second=second), unsure=1.0)
    held = threading.Event()
    queue = [asyncio.create_task(observer.second_look.do(held.wait)) for _ in range(PATIENCE + 1)]
    await asyncio.sleep(0)
    task = (await observed(observer, "Write a poem about rain.")).signals.task
    assert (task.label, task.look) == ("open_ended_writing", "first")
    held.set()
    await asyncio.gather(*queue)
    assert not second.asked


PERSONA = (
    "You are Aria, the friendly assistant of an energy company. Greet the customer, keep answers short, never advise."
)


@pytest.mark.parametrize(
    ("system", "text", "label"),
    [
        (PERSONA, "What is 17 * 23?", "arithmetic_reasoning"),
        (PERSONA, "Prove that the square root of 2 is irrational.", "competition_math"),
        (PERSONA, "Translate to German: good morning", "translation"),
        ("You are a translator. Translate everything the user says into French.", "The cat is grey.", "translation"),
        ("Tag the named entities in the user's text.", "Ann met Bob in Rome.", "ner"),
    ],
)
async def test_a_persona_does_not_hide_the_task_and_an_instruction_tells_it(
    observer: Observer, system: str, text: str, label: str
) -> None:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    assert (await observed(observer, messages)).signals.task.label == label


async def test_a_request_just_seen_is_not_looked_at_again(observer: Observer) -> None:
    first = await observed(observer, SENTIMENT)
    assert (await observed(observer, SENTIMENT)).signals.experts is first.signals.experts
    assert len(observer.seen) == 1
    assert (await observed(observer, SENTIMENT, hint="spam_detection")).signals != first.signals
    assert (await observed(observer, SENTIMENT, max_tokens=7)).signals != first.signals
    assert len(observer.seen) == 3


async def test_what_was_seen_is_weighed_anew_under_another_choice(observer: Observer) -> None:
    poem = "Write a short poem about a lighthouse."
    first = (await observed(observer, poem)).signals
    settings = Settings.model_validate(
        {
            "models": [MODEL],
            "budget": {"request_usd": 0.001},
            "privacy": "local-only",
            "operator": {"prefer": ["fair"], "slo_ms": 1500, "residency": "eu", "metrics": {"summarization": "rouge"}},
        }
    )
    choice = PRICED.choice(settings.models, settings, POLICY, pinned="m")
    second = (await observed(observer, poem, choice=choice)).signals
    assert len(observer.seen) == 1
    assert second.facts is first.facts
    assert (first.operator.slo, first.money.budget, first.pinned, first.fleet.resident_tiers) == (
        None, None, "", ("standard",),
    )  # fmt: skip
    assert (second.operator.slo, second.money.budget, second.pinned) == (1.5, 1_000_000, "m")
    assert (second.operator.prefer, second.operator.metrics) == (("fair",), {"summarization": "rouge"})
    assert (second.operator.residency, second.fleet.resident_tiers) == ("eu", ())  # nobody said where `m` runs
    assert second.fleet.keep_private


async def test_another_language_closes_the_gate_without_a_look(observer: Observer) -> None:
    text = "Is this review positive or negative? Das Essen war kalt und der Kellner war unfreundlich zu uns allen."
    found = await observed(observer, text)
    for reading in found.signals.experts.values():
        assert not reading.open
        assert "not de" in reading.why
        assert reading.shut == "language"


async def test_a_hint_binds_a_bare_text_and_only_that(observer: Observer) -> None:
    found = await observed(observer, "What a wonderful film, I loved it.", hint="sentiment")
    assert (found.signals.task.label, found.signals.task.look) == ("sentiment", "hint")
    assert found.signals.experts["sentiment"].open
    told = [{"role": "system", "content": "Translate this."}, {"role": "user", "content": "I loved it."}]
    assert (await observed(observer, told, hint="sentiment")).signals.experts == {}
    assert (await observed(observer, "hello", hint="no such task")).signals.task.look == "first"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Suppose that in this problem + means subtraction. What is 7 + 3?", "redefinition"),
        ("Rank the following passages by their relevance to the query: tides\n[1] …\n[2] …", "ranking"),
        ("Forecast next week's demand from this history: 12, 15, 11, 18, 20.", "forecasting"),
        ("Repeat my sentences back to me: I like dogss.", "inverse_probe"),
    ],
)
async def test_what_no_data_shows_is_told_by_a_detector(observer: Observer, text: str, label: str) -> None:
    task = (await observed(observer, text)).signals.task
    assert (task.label, task.look) == (label, "detector")


async def test_tokens_are_exact_for_a_prompt_and_estimated_for_a_history(observer: Observer, shipped: Shipped) -> None:
    found = await observed(observer, SENTIMENT)
    assert found.signals.facts.tokens == shipped.embedder.count(SENTIMENT)
    history = [{"role": "assistant", "content": "word " * 1000}, {"role": "user", "content": SENTIMENT}]
    assert 1000 < (await observed(observer, history)).signals.facts.tokens < 1600


async def test_estimates_and_the_fleet(observer: Observer) -> None:
    signals = (await observed(observer, "Write a poem.", max_tokens=10)).signals
    assert signals.money.estimates == {"standard": signals.facts.tokens * 1000 + 100_000}
    assert signals.fleet.cache
    assert not (await observed(observer, "Write a poem.", temperature=0.5)).signals.fleet.cache


async def test_an_expert_that_fails_leaves_the_answer_to_an_llm(observer: Observer) -> None:
    encoder = Noting(observer.shipped, RuntimeError("out of memory"))
    observer = replace(observer, shipped=replace(observer.shipped, encoder=encoder))
    reading = (await observed(observer, SENTIMENT)).signals.experts["sentiment"]
    assert (reading.open, reading.shut, reading.why) == (False, "failed", "It failed; the log says why.")
    encoder.problem = None
    assert (await observed(observer, SENTIMENT)).signals.experts["sentiment"].open  # a failure is not remembered


async def test_jobs_that_wait_together_run_together() -> None:
    look = SecondLook(most=4)
    loop, ways = asyncio.get_running_loop(), []
    way = loop.run_in_executor
    loop.run_in_executor = lambda *given: ways.append(len(given[2])) or way(*given)  # type: ignore[method-assign, func-returns-value]
    try:
        found = await asyncio.gather(*(look.do(partial(str, n)) for n in range(1, 8)))
    finally:
        loop.run_in_executor = way  # type: ignore[method-assign]
    assert found == [str(n) for n in range(1, 8)]
    assert ways == [1, 4, 2]
    look.close()


async def test_a_client_that_left_does_not_hold_up_the_others() -> None:
    look = SecondLook()
    ran: list[str] = []
    first, second, third = (asyncio.create_task(look.do(partial(ran.append, name))) for name in "abc")
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(first, third)
    assert ran == ["a", "c"]
    look.close()


class Panic(BaseException):
    """What native code raises where it gives up."""


def panic() -> None:
    raise Panic


async def test_a_panic_does_not_end_the_second_look() -> None:
    look = SecondLook()
    with pytest.raises(RuntimeError, match="gave up"):
        await look.do(panic)
    assert await asyncio.wait_for(look.do(partial(str, 1)), 5) == "1"
    look.close()


async def test_a_job_that_fails_fails_alone() -> None:
    look = SecondLook()
    jobs = (partial(str, 1), partial(int, "bad"), partial(str, 2))
    found = await asyncio.gather(*(look.do(job) for job in jobs), return_exceptions=True)
    assert (found[0], found[2]) == ("1", "2")
    assert isinstance(found[1], ValueError)
    look.close()
