"""OpenAI's JSON to our types and back. The only place that knows the shape of the wire.

Unknown fields are kept, so that a new API parameter reaches the upstream without a change here.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import orjson

from router.errors import BadRequest
from router.types import Answer, Message, Request, Usage

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
MODALITIES = {"image_url": "image", "input_audio": "audio", "file": "file", "video_url": "video"}
CACHE_CONTROLS = frozenset({"no-cache", "no-store", "only-if-cached"})
DONE = b"data: [DONE]\n\n"
MOST_TOKENS = 2**31 - 1  # what a column of the ledger holds
_NOT_SHAPING = frozenset({"stream_options", "user", "metadata", "store", "service_tier", "prompt_cache_key"})


# ── in ───────────────────────────────────────────────────────────────────────────────────────────


def parse_chat(raw: bytes, headers: Mapping[str, str], request_id: str) -> Request:
    """A chat completion's body and headers as a `Request`.

    Raises:
        BadRequest: not JSON, no messages, or a field of the wrong type; `param` names it.
    """
    body = parse_object(raw)
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest('Say which model: "auto" lets the policy choose.', param="model")
    for name, value in body.items():
        check = _CHECKS.get(name)
        if check is not None and value is not None and not check[0](value):
            raise BadRequest(f"'{name}' must be {check[1]}.", param=name)
    directives, max_age = _cache_control(headers.get("cache-control", ""))
    return Request(
        id=request_id,
        model=model,
        messages=_messages(body.get("messages")),
        body=body,
        stream=bool(body.get("stream")),
        include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        digest=digest_of(body),
        task_hint=headers.get("x-surveyor-task"),
        cache_control=directives,
        max_age=max_age,
    )


def parse_object(raw: bytes) -> dict[str, Any]:
    """A JSON object, or `BadRequest`."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise BadRequest(f"The body is not valid JSON: {problem}. Send a JSON object.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    return body


def digest_of(body: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical JSON of all that shapes the answer; what it leaves out only says how it travels.

    Raises:
        BadRequest: it is nested more deeply than can be written again (254 levels).
    """
    shaping = {name: value for name, value in body.items() if name not in _NOT_SHAPING}
    try:
        return hashlib.sha256(orjson.dumps(shaping, option=orjson.OPT_SORT_KEYS)).digest()
    except orjson.JSONEncodeError:
        raise BadRequest("The body is nested too deeply. Send at most 250 levels of lists and objects.") from None


def _messages(value: Any) -> tuple[Message, ...]:
    if not isinstance(value, list) or not value:
        raise BadRequest("'messages' must be a list with at least one message.", param="messages")
    return tuple(_message(item, f"messages[{place}]") for place, item in enumerate(value))


def _message(item: Any, where: str) -> Message:
    if not isinstance(item, dict):
        raise BadRequest(f"'{where}' must be an object with 'role' and 'content'.", param=where)
    role = item.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise BadRequest(f"'{where}.role' must be one of {', '.join(sorted(ROLES))}.", param=f"{where}.role")
    content = item.get("content")
    if isinstance(content, str):
        return Message(role, content)
    if content is None:
        if role in ("user", "system", "developer"):
            raise BadRequest(f"'{where}.content' is missing.", param=f"{where}.content")
        return Message(role, "")  # an assistant message may hold only tool calls
    return _parts(role, content, f"{where}.content")


def _parts(role: str, content: Any, where: str) -> Message:
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise BadRequest(f"'{where}' must be a string or a list of content parts.", param=where)
    texts, modalities = [], []
    for place, part in enumerate(content):
        kind = part.get("type")
        if not isinstance(kind, str):
            raise BadRequest(f"'{where}[{place}].type' must be a string.", param=f"{where}[{place}].type")
        if kind == "text":
            if not isinstance(part.get("text"), str):
                raise BadRequest(f"'{where}[{place}].text' must be a string.", param=f"{where}[{place}].text")
            texts.append(part["text"])
        elif kind in MODALITIES:
            modalities.append(MODALITIES[kind])
    return Message(role, "\n".join(texts), tuple(dict.fromkeys(modalities)))


def _is_number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int | float) and not isinstance(v, bool) and low <= v <= high


def _is_whole(low: int) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= low


def _is_stop(v: Any) -> bool:
    return isinstance(v, str) or (isinstance(v, list) and all(isinstance(s, str) for s in v))


def _is_objects(v: Any) -> bool:
    return isinstance(v, list) and all(isinstance(item, dict) for item in v)


def _is_response_format(v: Any) -> bool:
    return isinstance(v, dict) and isinstance(v.get("type"), str)


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "stream": (lambda v: isinstance(v, bool), "true or false"),
    "stream_options": (lambda v: isinstance(v, dict), 'an object such as {"include_usage": true}'),
    "temperature": (_is_number(0, 2), "a number from 0 to 2"),
    "top_p": (_is_number(0, 1), "a number from 0 to 1"),
    "presence_penalty": (_is_number(-2, 2), "a number from -2 to 2"),
    "frequency_penalty": (_is_number(-2, 2), "a number from -2 to 2"),
    "n": (_is_whole(1), "a whole number of at least 1"),
    "max_tokens": (_is_whole(1), "a whole number of at least 1"),
    "max_completion_tokens": (_is_whole(1), "a whole number of at least 1"),
    "logprobs": (lambda v: isinstance(v, bool), "true or false"),
    "stop": (_is_stop, "a string or a list of strings"),
    "tools": (_is_objects, "a list of objects"),
    "response_format": (_is_response_format, "an object with a 'type'"),
    "seed": (lambda v: isinstance(v, int) and not isinstance(v, bool), "a whole number"),
    "user": (lambda v: isinstance(v, str), "a string"),
}


def _cache_control(header: str) -> tuple[frozenset[str], float | None]:
    """The directives of RFC 9111 that we obey; anything else is ignored, as the RFC asks."""
    if not header:
        return frozenset(), None
    parts = [part.strip().lower() for part in header.split(",")]
    ages = [part[8:] for part in parts if part.startswith("max-age=") and part[8:].isdigit()]
    return CACHE_CONTROLS & frozenset(parts), float(ages[-1]) if ages else None


# ── out ──────────────────────────────────────────────────────────────────────────────────────────


def local_answer(request: Request, target: str, model: str, text: str, usage: Usage) -> Answer:
    """An answer of our own, in the shape that was asked for: one body, or a stream of the same shape."""
    base = {"id": f"chatcmpl-{request.id}", "created": int(time.time()), "model": model, "system_fingerprint": None}
    counts = usage_body(usage)
    if not request.stream:
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        chunks = [orjson.dumps(base | {"object": "chat.completion", "choices": [choice], "usage": counts})]
    else:
        chunks = _local_stream(base | {"object": "chat.completion.chunk"}, text, counts)
    return Answer(target, model, replay(chunks), usage)


def _local_stream(base: dict[str, Any], text: str, counts: dict[str, Any]) -> list[bytes]:
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": text}, None), ({}, "stop")]
    events = [
        base | {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}], "usage": None}
        for delta, finish in deltas
    ]
    return [sse(event) for event in [*events, base | {"choices": [], "usage": counts}]] + [DONE]


def usage_body(usage: Usage) -> dict[str, Any]:
    """Usage in OpenAI's words."""
    return {
        "prompt_tokens": usage.tokens_in,
        "completion_tokens": usage.tokens_out,
        "total_tokens": usage.tokens_in + usage.tokens_out,
        "prompt_tokens_details": {"cached_tokens": usage.tokens_cached},
    }


def read_usage(counts: Any) -> tuple[int, int, int] | None:
    """(input, output, cached input) tokens of an upstream's `usage`, made to fit; None when it sent none."""
    if not isinstance(counts, dict):
        return None
    details = counts.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    numbers = (counts.get("prompt_tokens"), counts.get("completion_tokens"), cached)
    return (_whole(numbers[0]), _whole(numbers[1]), _whole(numbers[2]))


def _whole(value: Any) -> int:
    return min(max(int(value), 0), MOST_TOKENS) if isinstance(value, int) else 0


def sse(event: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: " + orjson.dumps(event) + b"\n\n"


def is_usage_event(event: bytes) -> bool:
    """Whether an SSE event is the closing one that carries only usage (OpenAI: `choices` is empty)."""
    if b'"usage"' not in event or not event.startswith(b"data: {"):
        return False
    try:
        return bool(orjson.loads(event[6:]).get("choices") == [])
    except orjson.JSONDecodeError:
        return False


async def replay(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    """Chunks that are already here, as a stream."""
    for chunk in chunks:
        yield chunk


async def sse_events(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whole SSE events out of pieces cut anywhere; bytes are kept, but for CRLF, which becomes a line feed.

    A last event without its blank line is still given out: it may be the `[DONE]` of a hasty server.
    """
    rest = b""
    async for piece in pieces:
        rest += piece
        if b"\r" in rest:
            rest = rest.replace(b"\r\n", b"\n")
        *events, rest = rest.split(b"\n\n")
        for event in events:
            if event.strip():
                yield event + b"\n\n"
    if rest.strip():
        yield rest + b"\n\n"
