"""Bad days: the cache dies, upstreams fail, clients leave. No request is lost, no row is missing."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.conftest import fleet
from tests.servers import Surveyor, eventually, surveyor
from tests.test_story import POEM, SENTIMENT, ask, told
from tests.upstream import ScriptedUpstream


def test_redis_keeps_answers_and_its_death_costs_no_request(
    tmp_path: Path, upstream: ScriptedUpstream, redis: tuple[Any, str]
) -> None:
    process, url = redis
    settings = {"models": fleet(upstream.url), "cache": {"url": url}}
    with surveyor(tmp_path, settings, UPSTREAM_KEY="k", SURVEYOR_CACHE_SECRET="s") as server:
        assert told(ask(server, POEM), "cache") == "miss"
        assert eventually(lambda: told(ask(server, POEM), "cache") == "hit")

        process.send_signal(signal.SIGSTOP)  # answers no more, without closing a connection
        stuck = ask(server, POEM)
        assert (stuck.status_code, told(stuck, "cache")) == (200, "miss")
        process.kill()
        for _ in range(3):
            dead = ask(server, POEM)
            assert (dead.status_code, told(dead, "cache")) == (200, "miss")
            assert told(dead, "target").startswith("hosted.")
        faults = httpx.get(f"{server.url}/metrics").text
        assert "surveyor_cache_faults_total 0.0" not in faults
        assert "surveyor_cache_faults_total" in faults


def test_an_upstream_that_fails_is_followed_by_the_next(server: Surveyor, upstream: ScriptedUpstream) -> None:
    before = len(upstream.requests)
    reply = ask(server, f"{POEM} [fail 500]")
    assert reply.status_code == 502
    assert reply.json()["error"]["code"] == "no_answer"
    assert "upstream says 500" in reply.json()["error"]["message"]
    asked = [request["model"] for request in upstream.requests[before:]]
    assert sorted(asked) == ["model-large", "model-small", "model-standard"]  # each tier once
    row = server.row(told(reply, "id"))
    assert row["outcome"] == "failed"
    attempts = orjson.loads(row["attempts"])
    assert [attempt["outcome"] for attempt in attempts] == ["abstained", *["failed"] * 3]
    assert [attempt["why"] for attempt in attempts] == ["", *["500 up"] * 3]  # an upstream's text may quote the prompt


def test_one_dead_upstream_is_not_noticed_by_the_client(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    models = fleet(upstream.url)
    for model in models:
        model["base_url"] = "http://127.0.0.1:9/v1" if model["tier"] != "large" else upstream.url  # nobody listens
    with surveyor(tmp_path, {"models": models}, UPSTREAM_KEY="k") as server:
        for stream in (False, True):
            reply = ask(server, POEM, stream=stream)
            assert (reply.status_code, told(reply, "target")) == (200, "hosted.large")


@pytest.mark.parametrize(("status", "code"), [(401, 502), (429, 429), (503, 502)])
def test_a_failure_is_reported_in_openai_s_shape(server: Surveyor, status: int, code: int) -> None:
    for stream in (False, True):
        reply = ask(server, f"{POEM} [fail {status}]", stream=stream)
        assert reply.status_code == code
        assert reply.json()["error"]["message"]
        assert reply.headers.get("retry-after") == ("7" if status == 429 else None)


def test_a_request_that_the_upstream_calls_wrong_is_the_client_s_own(
    server: Surveyor, upstream: ScriptedUpstream
) -> None:
    before = len(upstream.requests)
    reply = ask(server, f"{POEM} [fail 400]")
    assert (reply.status_code, reply.json()["error"]["message"]) == (400, "upstream says 400")
    assert len(upstream.requests) == before + 1  # asking another model would not help
    assert server.row(told(reply, "id"))["outcome"] == "refused"


def test_nonsense_from_an_upstream_is_a_failure(server: Surveyor) -> None:
    assert ask(server, f"{POEM} [garbage]").json()["error"]["code"] == "no_answer"


def test_a_stream_that_breaks_says_so_and_is_billed_and_not_kept(server: Surveyor) -> None:
    for _ in range(2):
        reply = ask(server, f"{POEM} [break]", stream=True)
        assert told(reply, "cache") == "miss"
        assert reply.text.count('"content"') == 2
        assert "upstream_broke_off" in reply.text
        assert "[DONE]" not in reply.text
        row = server.row(told(reply, "id"))
        assert row["outcome"] == "broken"
        assert row["tokens_out"] == 2
        assert row["cost_nano"] > 0


async def _leave_after(url: str, chunks: int, text: str, *, stream: bool) -> str:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], "stream": stream}
    async with httpx.AsyncClient() as client:
        if not stream:
            with pytest.raises(httpx.ReadTimeout):
                await client.post(f"{url}/chat/completions", json=body, timeout=0.5)
            return ""
        async with client.stream("POST", f"{url}/chat/completions", json=body, timeout=10) as reply:
            seen = 0
            async for _chunk in reply.aiter_raw():
                seen += 1
                if seen >= chunks:
                    return reply.headers["x-surveyor-id"]
    raise AssertionError("the stream ended too early")


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_frees_the_upstream_and_still_has_its_row(
    server: Surveyor, upstream: ScriptedUpstream, stream: bool
) -> None:
    left = upstream.left
    cue = "[slow]" if stream else "[hang]"
    request_id = asyncio.run(_leave_after(server.v1, 3, f"{POEM} {cue}", stream=stream))
    assert eventually(lambda: upstream.left == left + 1)  # the upstream call was cancelled
    if stream:
        row = server.row(request_id)
        assert row["tokens_out"] >= 2
        assert row["cost_nano"] > 0  # what was sent is billed
    else:
        row = eventually(lambda: server.rows("outcome = 'left' and stream = 0"))[-1]
    assert row["outcome"] == "left"


def test_a_stop_loses_no_row(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    with surveyor(tmp_path, {"models": fleet(upstream.url)}, UPSTREAM_KEY="k") as server:
        ids = [told(ask(server, f"{SENTIMENT} {n}"), "id") for n in range(20)]
    assert {row["id"] for row in server.rows("outcome = 'whole'")} >= set(ids)


def enough(server: Surveyor, n: int) -> bool:
    return len(server.rows("outcome = 'whole'")) == n


def test_a_second_start_finds_the_first_one_s_ledger(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    for n in (1, 2):
        with surveyor(tmp_path, {"models": fleet(upstream.url)}, UPSTREAM_KEY="k") as server:
            ask(server, SENTIMENT)
            assert eventually(partial(enough, server, n))
