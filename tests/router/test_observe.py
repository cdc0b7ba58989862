"""Both looks: what becomes a signal, and when the encoder is asked at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson
import pytest

from classifiers.shipped import Shipped
from policies.store import PolicyStore
from router.app import create_observer, load_shipped
from router.course import Choice
from router.fleet import Priced
from router.observe import Observer
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


async def test_the_encoder_is_asked_only_for_an_expert(observer: Observer) -> None:
    calls: list[Sequence[str]] = []
    encode = observer.second_look._encode

    def noting(texts: Sequence[str]) -> Any:
        calls.append(texts)
        return encode(texts)

    observer.second_look._encode = noting
    await observed(observer, "Write a poem about rain.")
    assert calls == []
    await observed(observer, SENTIMENT)
    assert calls == [["I loved every minute of it."]]


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
    def broken(_texts: Sequence[str]) -> Any:
        raise RuntimeError("out of memory")

    encode, observer.second_look._encode = observer.second_look._encode, broken
    reading = (await observed(observer, SENTIMENT)).signals.experts["sentiment"]
    assert (reading.open, reading.shut, reading.why) == (False, "failed", "It failed; the log says why.")
    observer.second_look._encode = encode
    assert (await observed(observer, SENTIMENT)).signals.experts["sentiment"].open  # a failure is not remembered


async def test_texts_that_wait_together_are_encoded_together() -> None:
    batches: list[list[str]] = []

    def encode(texts: Sequence[str]) -> Any:
        batches.append(list(texts))
        return np.array([[len(text)] for text in texts], np.float32)

    look = SecondLook(encode, most=4)
    vectors = await asyncio.gather(*(look.vector("x" * n) for n in range(1, 8)))
    assert [int(vector[0]) for vector in vectors] == list(range(1, 8))
    assert [len(batch) for batch in batches] == [1, 4, 2]
    look.close()


async def test_a_client_that_left_does_not_hold_up_the_batch() -> None:
    look = SecondLook(lambda texts: np.zeros((len(texts), 1), np.float32))
    first, second, third = (asyncio.create_task(look.vector(name)) for name in "abc")
    await asyncio.sleep(0)
    second.cancel()
    assert (await first).shape == (await third).shape == (1,)
    look.close()


async def test_an_encoder_that_fails_fails_its_texts_and_goes_on() -> None:
    def encode(texts: Sequence[str]) -> Any:
        if texts[0] == "bad":
            raise ValueError("no")
        return np.zeros((len(texts), 1), np.float32)

    look = SecondLook(encode, most=1)
    found = await asyncio.gather(look.vector("bad"), look.vector("good"), return_exceptions=True)
    assert isinstance(found[0], ValueError)
    assert isinstance(found[1], np.ndarray)
    look.close()
