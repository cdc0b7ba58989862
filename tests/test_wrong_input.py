# ruff: noqa: E501  # a table reads best a case a line
"""Whatever comes in, the client hears an OpenAI-shaped 4xx that says what to do, and never a 500."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.servers import Surveyor

HELLO = [{"role": "user", "content": "hi"}]

SAID = b'{"model": "auto", "messages": [{"role": "user", "content": "x"}], "logit_bias": '

WRONG: list[tuple[str, bytes, int, str | None]] = [
    ("not JSON", b"hello", 400, None),
    ("empty", b"", 400, None),
    ("cut off", b'{"model": "auto", "messages": [', 400, None),
    ("not an object", b"[1, 2]", 400, None),
    ("NaN", b'{"model": "auto", "messages": [{"role": "user", "content": "x"}], "temperature": NaN}', 400, None),
    ("not UTF-8", b'{"model": "\xff\xfe"}', 400, None),
    ("nesting that cannot be written again", SAID + b"[" * 300 + b"]" * 300 + b"}", 400, None),
    ("deep nesting", b'{"model": "auto", "messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, None),
    ("lone surrogate", rb'{"model": "auto", "messages": [{"role": "user", "content": "\ud800"}]}', 400, None),
    ("no model", orjson.dumps({"messages": HELLO}), 400, "model"),
    ("no messages", orjson.dumps({"model": "auto"}), 400, "messages"),
    ("messages null", orjson.dumps({"model": "auto", "messages": None}), 400, "messages"),
    ("messages a text", orjson.dumps({"model": "auto", "messages": "hi"}), 400, "messages"),
    ("a message a text", orjson.dumps({"model": "auto", "messages": ["hi"]}), 400, "messages[0]"),
    ("no role", orjson.dumps({"model": "auto", "messages": [{"content": "x"}]}), 400, "messages[0].role"),
    ("odd role", orjson.dumps({"model": "auto", "messages": [{"role": [], "content": "x"}]}), 400, "messages[0].role"),
    ("no content", orjson.dumps({"model": "auto", "messages": [{"role": "user"}]}), 400, "messages[0].content"),
    ("number content", orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": 7}]}), 400, "messages[0].content"),
    ("odd part", orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": [{"type": 3}]}]}), 400, "messages[0].content[0].type"),
    ("odd text", orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": [{"type": "text"}]}]}), 400, "messages[0].content[0].text"),
    ("stream a text", orjson.dumps({"model": "auto", "messages": HELLO, "stream": "yes"}), 400, "stream"),
    ("stream_options a list", orjson.dumps({"model": "auto", "messages": HELLO, "stream_options": []}), 400, "stream_options"),
    ("hot temperature", orjson.dumps({"model": "auto", "messages": HELLO, "temperature": "hot"}), 400, "temperature"),
    ("boolean n", orjson.dumps({"model": "auto", "messages": HELLO, "n": True}), 400, "n"),
    ("max_tokens 0", orjson.dumps({"model": "auto", "messages": HELLO, "max_tokens": 0}), 400, "max_tokens"),
    ("tools a text", orjson.dumps({"model": "auto", "messages": HELLO, "tools": "all"}), 400, "tools"),
    ("response_format a text", orjson.dumps({"model": "auto", "messages": HELLO, "response_format": "json"}), 400, "response_format"),
    ("unknown model", orjson.dumps({"model": "gpt-nobody", "messages": HELLO}), 404, "model"),
    ("50 MB", orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": "x" * 50 * 1024**2}]}), 413, None),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "status", "param"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
@pytest.mark.parametrize("path", ["chat/completions", "explain"])
def test_wrong_input_is_told_what_to_do(
    server: Surveyor, path: str, raw: bytes, status: int, param: str | None
) -> None:
    reply = httpx.post(f"{server.v1}/{path}", content=raw, headers={"content-type": "application/json"}, timeout=60)
    error = reply.json()["error"]
    assert reply.status_code == status
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    assert len(error["message"]) > 15
    assert reply.headers["x-surveyor-id"].startswith("req_")


@pytest.mark.parametrize(
    "text",
    ["nul \0 byte", "\0", "\u202eright to left", "\U0001f469\u200d\U0001f467" * 50, "a" * 200_000, " ", "\n" * 500],
)
def test_odd_texts_are_answered(server: Surveyor, text: str) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
    reply = httpx.post(f"{server.v1}/chat/completions", json=body, timeout=60)
    assert reply.status_code == 200
    assert server.row(reply.headers["x-surveyor-id"])["outcome"] == "whole"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/nothing", 404), ("GET", "/v1/chat/completions", 405)]
)
def test_wrong_routes_have_openai_s_shape(server: Surveyor, method: str, path: str, status: int) -> None:
    reply = httpx.request(method, f"{server.url}{path}")
    assert reply.status_code == status
    assert reply.json()["error"]["type"] == "invalid_request_error"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("model", "messages", "stream", "temperature", "tools", "response_format", "stream_options", "max_tokens")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)), sane=st.booleans())
def test_no_json_makes_a_server_error(server: Surveyor, body: dict[str, Any], sane: bool) -> None:
    if sane:  # get past the first checks more often
        body = {**body, "model": "auto", "messages": HELLO}
    reply = httpx.post(f"{server.v1}/chat/completions", content=orjson.dumps(body, default=str), timeout=30)
    assert reply.status_code < 500
    if reply.status_code != 200:
        assert reply.json()["error"]["message"]
