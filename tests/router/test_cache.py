"""The exact cache, in process and on a real Redis: the same code, the same answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from router.cache import Cache, Kept, cacheable, open_store
from router.settings import CacheSettings
from router.types import EXACT, Answer, Decision, Facts, Message, Observed, Request, Signals, Task, Usage
from router.wire import DONE, digest_of, replay

OBSERVED = Observed(Signals(Task("chitchat", 0.9)))
DECISION = Decision("llm", "small", (EXACT, "hosted.small"), (), "test", "policy-1")
BODY = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}


def asking(body: dict[str, Any], **more: Any) -> Request:
    return Request("req_1", "auto", (Message("user", "hello"),), body, digest=digest_of(body), **more)


REQUEST = asking(BODY)
STREAM = asking({**BODY, "stream": True}, stream=True)


def cache(url: str = "memory://", **settings: Any) -> Cache:
    knobs = CacheSettings(url=url, **settings)
    return Cache(open_store(knobs), b"secret", knobs, baseline=lambda a, b: a + b)


class Says:
    """A hosted model that says the given chunks, and counts."""

    target = "hosted.small"

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.asked = 0

    async def answer(self, request: Request, observed: Observed, decision: Decision) -> Answer | None:
        self.asked += 1
        return Answer("hosted.small", "model-x", replay(self.chunks), Usage(3, 4, 0, 9, 20))


async def drained(answer: Answer | None) -> list[bytes]:
    assert answer is not None
    return [chunk async for chunk in answer.chunks]


async def kept(store: Cache, model: Says, request: Request = REQUEST, decision: Decision = DECISION) -> None:
    await drained(await Kept(model, store).answer(request, OBSERVED, decision))
    while store._writes:
        await asyncio.sleep(0.001)


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    url = "memory://" if request.param == "memory" else request.getfixturevalue("redis")[1]
    opened = cache(url, timeout_ms=1000)
    yield opened
    await opened.close()


async def test_what_was_said_is_said_again_with_its_own_chunks(store: Cache) -> None:
    assert await store.answer(REQUEST, OBSERVED, DECISION) is None
    for request, chunks in ((REQUEST, (b'{"a": 1}',)), (STREAM, (b"data: 1\n\n", b"data: 2\n\n", DONE))):
        await kept(store, Says(*chunks), request)
        again = await store.answer(request, OBSERVED, DECISION)
        assert again is not None
        assert (again.cache, again.model, again.target) == ("hit", "model-x", EXACT)
        assert (again.usage.cost, again.usage.baseline, again.usage.saved) == (0, 7, 7)
        assert await drained(again) == list(chunks)


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, tenant="somebody else"),
        asking({**BODY, "max_tokens": 5}),
        asking({**BODY, "tools": [{"type": "function"}]}),
        asking({**BODY, "messages": [{"role": "system", "content": "be rude"}, *BODY["messages"]]}),
        asking({**BODY, "model": "model-x"}),
        STREAM,
    ],
    ids=["tenant", "limit", "tools", "system prompt", "model", "stream"],
)
async def test_all_that_shapes_an_answer_is_in_the_key(other: Request) -> None:
    store = cache()
    await kept(store, Says(b"{}"))
    assert await store.answer(other, OBSERVED, DECISION) is None
    assert await store.answer(REQUEST, OBSERVED, replace(DECISION, policy="policy-2")) is None
    same = asking({"messages": BODY["messages"], "user": "me", "model": "auto"})
    assert await store.answer(same, OBSERVED, DECISION) is not None  # order and bookkeeping do not matter


def test_the_key_says_nothing_without_the_secret() -> None:
    one, two = cache(), cache()
    two.secret = b"other"
    assert one.key(REQUEST, "p") != two.key(REQUEST, "p")
    assert "hello" not in one.key(REQUEST, "p")


async def test_the_client_s_wishes() -> None:
    store = cache()
    await kept(store, Says(b"{}"))
    assert await store.answer(replace(REQUEST, cache_control=frozenset({"no-cache"})), OBSERVED, DECISION) is None
    assert await store.answer(replace(REQUEST, max_age=60.0), OBSERVED, DECISION) is not None
    await asyncio.sleep(0.01)
    assert await store.answer(replace(REQUEST, max_age=0.0), OBSERVED, DECISION) is None


def test_what_may_be_cached() -> None:
    plain = Facts()
    assert cacheable(REQUEST, plain)
    assert cacheable(asking({**BODY, "temperature": 0}), plain)
    assert not cacheable(asking({**BODY, "temperature": 0.7}), plain)
    assert not cacheable(replace(REQUEST, cache_control=frozenset({"no-store"})), plain)
    assert not cacheable(REQUEST, Facts(pii=("email",)))


@pytest.mark.parametrize(
    ("request_", "chunks"),
    [
        (STREAM, (b"data: 1\n\n",)),  # broke off
        (REQUEST, (b'{"choices":[{"finish_reason":"content_filter"}]}',)),
        (REQUEST, (b'{"choices":[{"message":{"refusal":"no"}}]}',)),
        (REQUEST, (b'{"error":{"message":"x"}}',)),
        (REQUEST, (b"x" * 3000,)),
    ],
    ids=["broken stream", "filtered", "refused", "error", "too large"],
)
async def test_what_is_not_sound_is_not_kept(request_: Request, chunks: tuple[bytes, ...]) -> None:
    store = cache(max_entry_kb=2)
    await kept(store, Says(*chunks), request_)
    assert await store.answer(request_, OBSERVED, DECISION) is None


async def test_a_decision_without_the_cache_keeps_nothing() -> None:
    store = cache()
    await kept(store, Says(b"{}"), decision=replace(DECISION, steps=("hosted.small",)))
    assert await store.answer(REQUEST, OBSERVED, DECISION) is None


async def test_the_embedded_store_is_bounded() -> None:
    store = cache(max_entries=3)
    asked = [asking({**BODY, "max_tokens": n}) for n in range(1, 6)]
    for request in asked:
        await kept(store, Says(b"{}"), request)
    found = [await store.answer(request, OBSERVED, DECISION) for request in asked]
    assert [answer is not None for answer in found] == [False, False, True, True, True]


async def test_entries_expire(redis: tuple[Any, str]) -> None:
    store = cache(redis[1], ttl_s=100, timeout_ms=1000)
    await kept(store, Says(b"{}"))
    client: Any = Redis.from_url(redis[1])
    assert 0 < await client.pttl(store.key(REQUEST, "policy-1")) <= 100_000
    await client.aclose()
    await store.close()


async def test_a_dead_store_is_counted_and_left_alone_for_a_while() -> None:
    faults: list[int] = []
    store = cache("redis://:password@127.0.0.1:9/0")
    store.on_fault = lambda: faults.append(1)
    for _ in range(5):
        assert await store.answer(REQUEST, OBSERVED, DECISION) is None
    assert faults == [1]  # four calls were not even tried
    await kept(store, Says(b"{}"))
