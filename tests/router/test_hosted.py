"""Hosted models over real HTTP: OpenAI's wire format passed through, and a provider of the litellm SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import orjson
import pytest

from router.errors import UpstreamFailed, UpstreamRefused
from router.hosted import Billing, LiteLLM, OpenAICompatible, close_litellm, load_litellm, started
from router.prices import Price
from router.settings import Model
from router.types import Answer, Answerer, Decision, Facts, Message, Observed, Request, Signals, Task
from router.wire import replay, sse_events
from tests.upstream import WORDS, ScriptedUpstream

OBSERVED = Observed(Signals(Task("chitchat", 0.9), facts=Facts(tokens=9)))
DECISION = Decision("llm", "small", ("hosted.small",), (), "test", "p")
BILLING = Billing(Price.per_million(1, 10, 0.5), baseline=lambda a, b: 1000 * (a + b))


def asking(text: str, *, stream: bool = False) -> Request:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], "max_tokens": 20}
    return Request("req_1", "auto", (Message("user", text),), body | ({"stream": True} if stream else {}), stream)


@pytest.fixture(params=["openai", "litellm"])
async def model(request: pytest.FixtureRequest, upstream: ScriptedUpstream) -> AsyncIterator[Answerer]:
    if request.param == "litellm":
        settings = Model(id="m", tier="small", litellm="openai/m", base_url=upstream.url, timeout_s=2)
        sdk = load_litellm()
        yield LiteLLM("hosted.small", settings, sdk, BILLING, "sk-x")
        await close_litellm(sdk)
        return
    async with aiohttp.ClientSession() as session:
        settings = Model(id="m", tier="small", base_url=upstream.url, timeout_s=2)
        yield OpenAICompatible("hosted.small", settings, session, BILLING, "sk-x")


async def answered(model: Answerer, request: Request) -> Answer:
    answer = await model.answer(request, OBSERVED, DECISION)
    assert answer is not None
    return answer


async def test_a_plain_answer_and_its_bill(model: Answerer, upstream: ScriptedUpstream) -> None:
    answer = await answered(model, asking("hello"))
    body = orjson.loads(b"".join([chunk async for chunk in answer.chunks]))
    assert body["choices"][0]["message"]["content"] == "".join(WORDS)
    assert (answer.usage.cost, answer.usage.baseline) == (58_000, 15_000)
    assert upstream.requests[-1]["model"] == "m"
    assert upstream.requests[-1]["max_tokens"] == 20
    assert upstream.headers[-1]["Authorization"] == "Bearer sk-x"


async def test_a_streamed_answer_costs_the_same(model: Answerer) -> None:
    answer = await answered(model, asking("hello", stream=True))
    assert not answer.final
    events = [chunk async for chunk in answer.chunks]
    assert events[-1] == b"data: [DONE]\n\n"
    said = [orjson.loads(event[6:]) for event in events[:-1]]
    words = [c["choices"][0]["delta"].get("content") or "" for c in said if c["choices"]]
    assert "".join(words) == "".join(WORDS)
    assert answer.usage.cost == 58_000


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_a_failure_lets_the_next_one_step_in(model: Answerer, status: int, stream: bool) -> None:
    with pytest.raises(UpstreamFailed) as failed:
        await model.answer(asking(f"[fail {status}]", stream=stream), OBSERVED, DECISION)
    assert failed.value.status == status
    assert f"upstream says {status}" in failed.value.said
    assert failed.value.why.startswith(f"{status} ")
    assert "says" not in failed.value.why
    assert failed.value.retry_after == ("7" if status == 429 else None)


@pytest.mark.parametrize("status", [400, 422])
async def test_a_wrong_request_is_the_client_s(model: Answerer, status: int) -> None:
    with pytest.raises(UpstreamRefused) as refused:
        await model.answer(asking(f"[fail {status}]"), OBSERVED, DECISION)
    assert refused.value.status == status
    assert f"upstream says {status}" in orjson.loads(refused.value.body())["error"]["message"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"message": "you said: my secret", "code": "rate_limit_exceeded"}, "rate_limit_exceeded"),
        ({"message": "no", "code": "no such word as my secret", "type": "server_error"}, "server_error"),
        ({"code": ["my secret"]}, ""),
        ("my secret", ""),
        (["my secret"], ""),
    ],
)
def test_of_an_upstream_s_error_only_a_code_is_ours_to_keep(error: Any, code: str) -> None:
    first = b"data: " + orjson.dumps({"error": error}) + b"\n\n"
    with pytest.raises(UpstreamFailed) as failed:
        started("hosted.small", "m", sse_events(replay([])), first, lambda: None, BILLING, OBSERVED)
    assert failed.value.why == f"the stream began with an error: {code}".removesuffix(": ")
    assert "my secret" in failed.value.said


async def test_an_answer_that_never_comes_is_a_failure(model: Answerer) -> None:
    with pytest.raises(UpstreamFailed):
        await model.answer(asking("[hang]"), OBSERVED, DECISION)


async def test_a_stream_that_breaks_raises_midway_and_has_a_bill(model: Answerer) -> None:
    answer = await answered(model, asking("[break]", stream=True))
    assert len([await anext(answer.chunks) for _ in range(2)]) == 2
    with pytest.raises(UpstreamFailed, match="stream"):
        await anext(answer.chunks)
    answer.release()
    assert (answer.usage.tokens_in, answer.usage.tokens_out) == (9, 2)
    assert answer.usage.cost == 29_000


@pytest.mark.parametrize(
    "smuggled",
    [
        {"base_url": "http://127.0.0.1:9/v1"},
        {"api_base": "http://127.0.0.1:9/v1"},
        {"api_key": "sk-mine"},
        {"custom_llm_provider": "anthropic"},
        {"mock_response": "hijacked"},
        {"extra_headers": {"authorization": "Bearer sk-mine"}},
        {"timeout": 0.0001},
        {"fallbacks": ["openai/other"]},
    ],
    ids=lambda smuggled: next(iter(smuggled)),
)
async def test_a_client_steers_neither_upstream_nor_key(
    model: Answerer, upstream: ScriptedUpstream, smuggled: dict[str, Any]
) -> None:
    request = asking("hello")
    before = len(upstream.requests)
    answer = await answered(model, replace(request, body={**request.body, **smuggled}))
    body = orjson.loads(b"".join([chunk async for chunk in answer.chunks]))
    assert body["choices"][0]["message"]["content"] == "".join(WORDS)
    assert len(upstream.requests) == before + 1
    assert upstream.headers[-1]["Authorization"] == "Bearer sk-x"


async def test_an_unknown_price_is_unknown(model: Answerer) -> None:
    assert isinstance(model, OpenAICompatible | LiteLLM)
    answer = await answered(replace(model, billing=Billing(None, lambda _in, _out: None)), asking("hello"))
    assert (answer.usage.cost, answer.usage.saved) == (None, None)
