"""OpenAI's wire format in and out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import BadRequest
from router.types import Message, Request, Usage
from router.wire import is_usage_event, local_answer, parse_chat, read_usage, sse_events


def parse(body: object, headers: dict[str, str] | None = None) -> Request:
    return parse_chat(orjson.dumps(body), headers or {}, "req_1")


async def _pieces(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def test_parts_system_and_newest_human_text() -> None:
    request = parse(
        {
            "model": "auto",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "What is"}, {"type": "text", "text": "this?"},
                                              {"type": "image_url", "image_url": {"url": "data:,"}}]},
                {"role": "assistant", "content": None, "tool_calls": []},
                {"role": "tool", "content": "a long tool output", "tool_call_id": "1"},
            ],
        }
    )  # fmt: skip
    assert request.text == "What is\nthis?"  # not the tool's output
    assert request.system == "Be brief."
    assert request.messages[1] == Message("user", "What is\nthis?", ("image",))


def test_headers_are_read() -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "x"}]}
    request = parse(body, {"cache-control": "No-Cache, max-age=60, private", "x-surveyor-task": "sentiment"})
    assert request.cache_control == frozenset({"no-cache"})
    assert request.max_age == 60
    assert request.task_hint == "sentiment"
    assert parse(body, {"cache-control": "max-age=soon"}).max_age is None


def test_unknown_fields_are_kept_and_null_is_as_good_as_absent() -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "x"}], "new_field": {"a": 1}, "tools": None}
    assert parse(body).body["new_field"] == {"a": 1}


def test_an_error_names_the_field() -> None:
    with pytest.raises(BadRequest, match=r"'messages\[0\]\.role' must be one of assistant, developer") as wrong:
        parse({"model": "auto", "messages": [{"role": "boss", "content": "x"}]})
    assert wrong.value.param == "messages[0].role"
    shown = orjson.loads(wrong.value.body())["error"]
    assert (shown["type"], shown["param"]) == ("invalid_request_error", "messages[0].role")


@given(
    events=st.lists(st.binary(min_size=1, max_size=30).map(lambda b: b"data: " + b.hex().encode()), max_size=6),
    cuts=st.lists(st.integers(1, 7), min_size=1, max_size=20),
    end=st.sampled_from([b"\n\n", b"\r\n\r\n"]),
)
async def test_events_are_whole_however_they_are_cut(events: list[bytes], cuts: list[int], end: bytes) -> None:
    stream = b"".join(event + end for event in events)
    pieces: list[bytes] = []
    place = 0
    while place < len(stream):
        step = cuts[len(pieces) % len(cuts)]
        pieces.append(stream[place : place + step])
        place += step
    assert [event async for event in sse_events(_pieces(pieces))] == [event + b"\n\n" for event in events]


async def test_crlf_may_be_cut_apart_and_the_last_blank_line_may_lack() -> None:
    found = [event async for event in sse_events(_pieces([b"data: 1\r", b"\n\r", b"\ndata: 2\r\n\r\ndata: [DONE]"]))]
    assert found == [b"data: 1\n\n", b"data: 2\n\n", b"data: [DONE]\n\n"]


def test_only_the_usage_event_is_one() -> None:
    assert is_usage_event(b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n')
    assert is_usage_event(b'data: {"usage": {}, "choices": [ ]}\n\n')
    assert not is_usage_event(b'data: {"choices":[{"delta":{"content":"\\"usage\\""}}],"usage":null}\n\n')
    assert not is_usage_event(b"data: [DONE]\n\n")


def test_usage_of_odd_upstreams() -> None:
    assert read_usage(None) is None
    assert read_usage({}) == (0, 0, 0)
    assert read_usage({"prompt_tokens": 3, "completion_tokens": "x", "prompt_tokens_details": None}) == (3, 0, 0)
    assert read_usage({"prompt_tokens": 10**20, "completion_tokens": -5}) == (2**31 - 1, 0, 0)
    assert read_usage({"prompt_tokens": 3, "prompt_tokens_details": ["cached"]}) == (3, 0, 0)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_local_answer_has_openai_s_shape(stream: bool) -> None:
    request = parse({"model": "auto", "messages": [{"role": "user", "content": "x"}], "stream": stream})
    answer = local_answer(request, "expert.spam", "surveyor/spam", "ham", Usage(7, 1))
    chunks = [chunk async for chunk in answer.chunks]
    if stream:
        assert chunks[-1] == b"data: [DONE]\n\n"
        events = [orjson.loads(chunk[6:]) for chunk in chunks[:-1]]
        assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": "ham"}
        assert events[1]["choices"][0]["finish_reason"] == "stop"
        assert events[2]["usage"]["total_tokens"] == 8
        assert {event["object"] for event in events} == {"chat.completion.chunk"}
    else:
        body = orjson.loads(chunks[0])
        assert body["choices"][0]["message"]["content"] == "ham"
        assert body["usage"]["total_tokens"] == 8
        assert body["object"] == "chat.completion"
