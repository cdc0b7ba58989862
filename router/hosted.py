"""Hosted models. OpenAI's wire format is passed through; every other provider goes through the litellm SDK.

The only file that imports litellm, lazily: its import takes seconds. Its router, cache, retries and
callbacks stay off, because there must be exactly one decider.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from router.errors import UpstreamFailed, UpstreamRefused
from router.prices import Price
from router.settings import Model
from router.types import Answer, Decision, Observed, Request, Usage
from router.wire import DONE, read_usage, replay, sse, sse_events

# The upstream says that the request is wrong: another model would say so too, and the client should know.
_CLIENT_AT_FAULT = frozenset({400, 413, 415, 422})
_CONNECT_SECONDS = 5.0
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
# What of a client's body reaches the litellm SDK: the parameters of the chat API, by name. The SDK takes its own
# controls (base_url, api_key, mock_response, fallbacks, …) as arguments beside them, and no client may set those.
_CHAT_PARAMETERS = frozenset({
    "model", "messages", "stream", "stream_options", "temperature", "top_p", "n", "stop", "max_tokens",
    "max_completion_tokens", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "seed",
    "user", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "response_format",
    "reasoning_effort", "modalities", "audio", "prediction", "verbosity",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Billing:
    """What tokens cost at one model, and what they would have cost at the baseline."""

    price: Price | None
    baseline: Callable[[int, int], int | None]

    def bill(self, tokens_in: int, tokens_out: int, tokens_cached: int = 0) -> Usage:
        """Usage with money; cost is None where the price is unknown."""
        cost = self.price.cost(tokens_in, tokens_out, tokens_cached) if self.price else None
        return Usage(tokens_in, tokens_out, tokens_cached, cost, self.baseline(tokens_in, tokens_out))

    def whole(self, answer: dict[str, Any], observed: Observed) -> Usage:
        """The bill of a plain answer; without the upstream's own usage only the prompt is counted, by us."""
        return self.bill(*(read_usage(answer.get("usage")) or (observed.signals.facts.tokens, 0)))


class Relay:
    """An upstream's SSE events on their way to the client, counting as they pass.

    The upstream's own usage decides; until it has come, tokens out are counted as one per content event and
    tokens in by our tokenizer, so that a stream that breaks or is left still has a bill.
    """

    def __init__(self, events: AsyncIterator[bytes], billing: Billing, tokens_in: int) -> None:
        self._events = events
        self._billing = billing
        self._tokens_in = tokens_in
        self._tokens_out = 0
        self._told: tuple[int, int, int] | None = None
        self.done = False

    @property
    def usage(self) -> Usage:
        """The bill so far."""
        return self._billing.bill(*(self._told or (self._tokens_in, self._tokens_out)))

    def note(self, event: bytes) -> None:
        """Count one event."""
        if event.startswith(b"data: [DONE]"):
            self.done = True
        elif b'"usage":{' in event or b'"usage": {' in event:
            self._told = read_usage(_parsed(event).get("usage")) or self._told
        else:
            self._tokens_out += 1

    async def relay(self, first: bytes, answer: Answer) -> AsyncIterator[bytes]:
        """`first` and all that follows; raises `UpstreamFailed` when the upstream stops before `[DONE]`."""
        event: bytes | None = first
        try:
            while event is not None:
                self.note(event)
                if self.done:
                    answer.usage = self.usage
                yield event
                event = await anext(self._events, None)
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise _failed("the stream broke", problem) from problem
        finally:
            answer.usage = self.usage
        if not self.done:
            raise UpstreamFailed("the stream ended before [DONE]")


@dataclass(frozen=True, slots=True)
class OpenAICompatible:
    """An upstream that speaks OpenAI's wire format: bytes are kept as they are."""

    target: str
    model: Model
    session: aiohttp.ClientSession
    billing: Billing
    key: str | None = field(default=None, repr=False)
    _url: str = field(init=False)
    _headers: Mapping[str, str] = field(init=False, repr=False)
    _timeout: aiohttp.ClientTimeout = field(init=False)

    def __post_init__(self) -> None:
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        timeout = aiohttp.ClientTimeout(sock_connect=_CONNECT_SECONDS, sock_read=self.model.timeout_s)
        object.__setattr__(self, "_url", f"{(self.model.base_url or '').rstrip('/')}/chat/completions")
        object.__setattr__(self, "_headers", headers)
        object.__setattr__(self, "_timeout", timeout)

    async def answer(self, request: Request, observed: Observed, decision: Decision) -> Answer | None:
        """The upstream's answer, once its first byte is here.

        Raises:
            UpstreamFailed: the next answerer may step in.
            UpstreamRefused: the request itself is wrong; the client hears it.
        """
        try:
            body = orjson.dumps(outgoing(request, self.model.upstream_name))
            response = await self.session.post(self._url, data=body, headers=self._headers, timeout=self._timeout)
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise _failed("no connection", problem) from problem
        try:
            if response.status != 200:
                await self._refused(response)
            if request.stream:
                return await self._streamed(response, observed)
            return await self._plain(response, observed)
        except (aiohttp.ClientError, TimeoutError) as problem:
            response.close()
            raise _failed("the answer broke off", problem) from problem
        except BaseException:  # cancelled too: the upstream must not run on
            response.close()
            raise

    async def _refused(self, response: aiohttp.ClientResponse) -> None:
        body = await response.content.read(65_536)
        if response.status in _CLIENT_AT_FAULT:
            raise UpstreamRefused(response.status, body, self.target)
        error = _parsed(body).get("error") or {}
        words = error.get("message") if isinstance(error, dict) else error
        said = f"{response.status} {words or response.reason or ''}".strip()[:300]
        why = f"{response.status} {_code(error)}".strip()
        raise UpstreamFailed(why, said=said, status=response.status, headers=response.headers)

    async def _plain(self, response: aiohttp.ClientResponse, observed: Observed) -> Answer:
        body = await response.read()
        try:
            parsed = orjson.loads(body)
            model = parsed.get("model", self.model.id)
            usage = self.billing.whole(parsed, observed)
        except (orjson.JSONDecodeError, AttributeError):
            raise UpstreamFailed("the answer is not a JSON object") from None
        return Answer(self.target, str(model), replay([body]), usage)

    async def _streamed(self, response: aiohttp.ClientResponse, observed: Observed) -> Answer:
        events = sse_events(response.content.iter_any())
        first = await anext(events, None)
        return started(self.target, self.model.id, events, first, response.close, self.billing, observed)


def started(  # one sentence for both kinds of hosted model
    target: str,
    model: str,
    events: AsyncIterator[bytes],
    first: bytes | None,
    release: Callable[[], None],
    billing: Billing,
    observed: Observed,
) -> Answer:
    """A streamed answer whose first event is here; an error in that event is a failure."""
    if first is None:
        raise UpstreamFailed("the stream was empty")
    head = _parsed(first)
    if "error" in head:
        begun = "the stream began with an error"
        why = f"{begun}: {_code(head['error'])}".removesuffix(": ")
        raise UpstreamFailed(why, said=f"{begun}: {str(head['error'])[:300]}")
    relay = Relay(events, billing, observed.signals.facts.tokens)
    answer = Answer(target, str(head.get("model", model)), replay([]), relay.usage, final=False, release=release)
    answer.chunks = relay.relay(first, answer)
    return answer


def outgoing(request: Request, model: str) -> dict[str, Any]:
    """The client's body for the upstream: its model name, and usage asked for so that streams can be billed."""
    body = {**request.body, "model": model}
    if request.stream:
        body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return body


@dataclass(frozen=True, slots=True)
class LiteLLM:
    """Any provider of the litellm SDK, by its model name there."""

    target: str
    model: Model
    sdk: Any
    billing: Billing
    key: str | None = field(default=None, repr=False)
    _closing: set[asyncio.Future[Any]] = field(default_factory=set)

    async def answer(self, request: Request, observed: Observed, decision: Decision) -> Answer | None:
        """The provider's answer in OpenAI's shape. Raises as `OpenAICompatible.answer` does."""
        asked = outgoing(request, self.model.upstream_name)
        try:
            reply = await self.sdk.acompletion(
                **{name: value for name, value in asked.items() if name in _CHAT_PARAMETERS},
                api_key=self.key,
                api_base=self.model.base_url,
                timeout=self.model.timeout_s,
                num_retries=0,
                max_retries=0,
                drop_params=True,
                caching=False,
            )
            if not request.stream:
                body = reply.model_dump_json(exclude_none=True).encode()
                return Answer(
                    self.target, self.model.id, replay([body]), self.billing.whole(orjson.loads(body), observed)
                )
            events = _litellm_events(reply)
            first = await anext(events, None)
        except Exception as problem:
            raise self._told(problem) from problem
        return started(self.target, self.model.id, events, first, lambda: self._close(reply), self.billing, observed)

    def _close(self, reply: Any) -> None:
        """Let go of the provider; litellm's streams close only asynchronously."""
        close = getattr(reply, "aclose", None)
        if close is not None:
            task = asyncio.ensure_future(close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _told(self, problem: Exception) -> Exception:
        status = getattr(problem, "status_code", None)
        if status in _CLIENT_AT_FAULT:
            error = {"message": str(problem), "type": "invalid_request_error", "param": None, "code": None}
            return UpstreamRefused(status, orjson.dumps({"error": error}), self.target)
        headers = getattr(problem, "litellm_response_headers", None)
        why = f"{status or ''} {type(problem).__name__}".strip()
        said = f"{status or ''} {_said(problem)}".strip()[:300]
        return UpstreamFailed(why, said=said, status=status, headers=headers)


async def _litellm_events(reply: Any) -> AsyncIterator[bytes]:
    try:
        async for chunk in reply:
            yield sse(chunk.model_dump(exclude_none=True))
    except Exception as problem:
        raise _failed("the stream broke", problem) from problem
    yield DONE


def load_litellm() -> Any:
    """Import the SDK with everything off that decides, remembers, retries or calls home."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm  # noqa: PLC0415  # seconds to import: only when a configured model needs it

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.cache = None
    litellm.num_retries = 0
    litellm.callbacks = []
    return litellm


async def close_litellm(sdk: Any) -> None:
    """Close the HTTP clients that the SDK keeps for itself."""
    await sdk.close_litellm_async_clients()


def _parsed(event: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(event.removeprefix(b"data:").strip())
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _failed(what: str, problem: Exception) -> UpstreamFailed:
    return UpstreamFailed(f"{what}: {type(problem).__name__}", said=f"{what}: {_said(problem)}")


def _code(error: Any) -> str:
    """The code or type of an upstream's error; "" where it is not one word, for then it may be text of the prompt."""
    found = (str(error.get(name)) for name in ("code", "type") if error.get(name)) if isinstance(error, dict) else ()
    return next((word for word in found if _CODE.fullmatch(word)), "")


def _said(problem: BaseException) -> str:
    return str(problem) or type(problem).__name__
