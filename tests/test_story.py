"""A request's life on one page: observe → decide → answer → record, on a real server."""

from __future__ import annotations

import httpx
import orjson
from prometheus_client.parser import text_string_to_metric_families

from tests.servers import Surveyor
from tests.upstream import ScriptedUpstream

SENTIMENT = "Is this review positive or negative? I loved every minute of it, a wonderful film."
POEM = "Write a short poem about a lighthouse keeper who is afraid of the dark."
HEADERS = (
    "id",
    "target",
    "task",
    "novelty",
    "rule",
    "profile",
    "cost-usd",
    "saved-usd",
    "cache",
    "latency-ms",
    "flags",
)


def ask(server: Surveyor, text: str, headers: dict[str, str] | None = None, **more: object) -> httpx.Response:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], **more}
    return httpx.post(f"{server.v1}/chat/completions", json=body, headers=headers, timeout=60)


def told(reply: httpx.Response, name: str) -> str:
    return reply.headers[f"x-surveyor-{name}"]


def test_a_local_expert_answers_what_it_was_trained_for(server: Surveyor, upstream: ScriptedUpstream) -> None:
    before = len(upstream.requests)
    reply = ask(server, SENTIMENT)
    assert reply.status_code == 200
    assert reply.json()["choices"][0]["message"]["content"] == "positive"
    assert told(reply, "target") == "expert.sentiment"
    assert told(reply, "rule").split(",")[0] == "nlu.sentiment"
    assert told(reply, "task").startswith("sentiment;")
    assert float(told(reply, "cost-usd")) == 0 < float(told(reply, "saved-usd"))
    assert len(upstream.requests) == before  # nobody was called

    row = server.row(told(reply, "id"))
    assert (row["target"], row["outcome"], row["rule"]) == ("expert.sentiment", "whole", "nlu.sentiment")
    assert row["cost_nano"] == 0 < row["baseline_nano"]
    assert SENTIMENT[-20:] not in orjson.dumps(row).decode()  # no prompt text is stored


def test_an_llm_answers_the_rest_and_its_bytes_are_kept(server: Surveyor, upstream: ScriptedUpstream) -> None:
    reply = ask(server, POEM, headers={"cache-control": "no-store"}, vendor_option=7)
    assert told(reply, "target").startswith("hosted.")
    assert told(reply, "rule").split(",")[0] == "gen.creative"
    assert told(reply, "cache") == "off"
    assert b'"x_vendor": {\n    "kept": true' in reply.content  # as the upstream spelt it
    sent = upstream.requests[-1]
    assert sent["vendor_option"] == 7  # unknown fields travel on
    assert sent["model"].startswith("model-")
    assert upstream.headers[-1]["Authorization"] == "Bearer sk-upstream"

    # 6 fresh and 4 cached tokens in, 5 out, at 1, 0.5 and 10 dollars a million
    assert told(reply, "cost-usd") == "0.000058000"
    row = server.row(told(reply, "id"))
    assert (row["tokens_in"], row["tokens_out"], row["tokens_cached"], row["cost_nano"]) == (10, 5, 4, 58_000)
    assert row["baseline_nano"] == 60_000  # the same tokens at the baseline, none of them cached there
    assert 0 < row["observe_us"] + row["decide_us"] <= row["first_chunk_us"] <= row["total_us"]
    assert orjson.loads(row["attempts"])[-1]["outcome"] == "answered"
    assert len(row["policy"]) >= 12


def test_the_same_question_again_comes_from_the_cache(server: Surveyor, upstream: ScriptedUpstream) -> None:
    first = ask(server, POEM, stop="once")
    calls = len(upstream.requests)
    again = ask(server, POEM, stop="once")
    assert (told(first, "cache"), told(again, "cache")) == ("miss", "hit")
    assert told(again, "target") == "cache.exact"
    assert again.content == first.content
    assert float(told(again, "cost-usd")) == 0 < float(told(again, "saved-usd"))
    assert len(upstream.requests) == calls
    assert told(ask(server, POEM, stop="other"), "cache") == "miss"
    assert told(ask(server, POEM, stop="once", temperature=0.9), "cache") == "off"
    assert told(ask(server, POEM, {"cache-control": "no-cache"}, stop="once"), "cache") == "miss"
    assert ask(server, POEM, {"cache-control": "only-if-cached"}, stop="never asked").status_code == 504


def test_every_answer_explains_itself(server: Surveyor) -> None:
    plain, cached, local = ask(server, POEM), ask(server, POEM), ask(server, SENTIMENT)
    streamed, local_stream = ask(server, POEM, stream=True), ask(server, SENTIMENT, stream=True)
    cached_stream = ask(server, POEM, stream=True)
    assert told(cached, "cache") == told(cached_stream, "cache") == "hit"
    for reply in (plain, cached, local, streamed, local_stream, cached_stream):
        assert [name for name in HEADERS if f"x-surveyor-{name}" not in reply.headers] == []
        assert float(told(reply, "latency-ms")) >= 0
    assert cached_stream.content == streamed.content
    # A streamed bill is not known when the headers leave; they say so.
    assert "cost-estimated" in told(streamed, "flags").split(",")
    assert "cost-estimated" not in told(cached_stream, "flags").split(",")


def test_streams_and_plain_answers_cost_the_same(server: Surveyor) -> None:
    ids = [told(ask(server, f"{POEM} ({stream})", stream=stream), "id") for stream in (True, False)]
    streamed, plain = (server.row(request_id) for request_id in ids)
    assert (streamed["stream"], plain["stream"]) == (1, 0)
    for column in ("cost_nano", "baseline_nano", "tokens_in", "tokens_out", "tokens_cached", "rule"):
        assert streamed[column] == plain[column]


def test_usage_is_streamed_only_to_who_asked(server: Surveyor) -> None:
    for text in (POEM, SENTIMENT):
        silent = ask(server, text, stream=True).text
        telling = ask(server, text, stream=True, stream_options={"include_usage": True}).text
        assert '"choices":[]' not in silent
        assert telling.count('"choices":[]') == 1
        assert silent.endswith("data: [DONE]\n\n")
        assert telling.endswith("data: [DONE]\n\n")


def test_a_configured_model_can_be_pinned(server: Surveyor, upstream: ScriptedUpstream) -> None:
    reply = httpx.post(
        f"{server.v1}/chat/completions",
        json={"model": "model-large", "messages": [{"role": "user", "content": SENTIMENT}]},
        timeout=60,
    )
    assert told(reply, "target") == "hosted.model-large"
    assert told(reply, "rule").split(",")[0] == "pinned"
    assert upstream.requests[-1]["model"] == "model-large"
    assert {model["id"] for model in httpx.get(f"{server.v1}/models").json()["data"]} == {
        "auto", "model-small", "model-standard", "model-large",
    }  # fmt: skip
    assert httpx.get(f"{server.v1}/models/model-large").json()["object"] == "model"
    assert httpx.get(f"{server.v1}/models/nobody").json()["error"]["code"] == "model_not_found"


def test_explain_says_what_would_happen_and_executes_nothing(server: Surveyor, upstream: ScriptedUpstream) -> None:
    calls, rows = len(upstream.requests), len(server.rows())
    body = {"model": "auto", "messages": [{"role": "user", "content": SENTIMENT}]}
    found = httpx.post(f"{server.v1}/explain", json=body).json()
    assert found["decision"]["kind"] == "local"
    assert found["decision"]["steps"][:2] == ["cache.exact", "expert.sentiment"]
    assert found["decision"]["rules"][0]["decided"]
    assert found["decision"]["rules"][0]["cites"]
    assert found["signals"]["experts"]["sentiment"] | {"confidence": 0, "novelty": 0} == {
        "answer": "positive", "confidence": 0, "novelty": 0, "open": True,
    }  # fmt: skip
    assert float(found["estimate"]["cost_usd"]) == 0 < float(found["estimate"]["baseline_usd"])
    assert len(upstream.requests) == calls
    assert len(server.rows()) == rows


def test_metrics_and_dashboard_tell_the_same_story(server: Surveyor) -> None:
    ask(server, SENTIMENT)
    text = httpx.get(f"{server.url}/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert all(name.startswith("surveyor_") for name in families)
    answered = {sample.labels["target"] for sample in families["surveyor_requests"].samples}
    assert "expert.sentiment" in answered
    stages = {sample.labels["stage"] for sample in families["surveyor_stage_seconds"].samples}
    assert {"observe", "decide", "first_chunk", "total"} <= stages

    figures = httpx.get(f"{server.url}/dashboard/data?since=1h").json()
    assert figures["total"]["requests"] == len(server.rows())
    assert any(row["name"] == "expert.sentiment" for row in figures["target"])
    page = httpx.get(f"{server.url}/dashboard", follow_redirects=True)
    assert page.status_code == 200
    assert "Who answered" in page.text
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}


def test_a_hint_binds_a_bare_text_to_its_expert(server: Surveyor) -> None:
    reply = ask(server, "What a wonderful film, I loved it.", headers={"x-surveyor-task": "sentiment"})
    assert told(reply, "target") == "expert.sentiment"
    assert reply.json()["choices"][0]["message"]["content"] == "positive"


def test_what_was_answered_under_a_hint_is_kept_for_that_hint(server: Surveyor) -> None:
    text = "Tell me of the harbour in a few words; this was never asked before."
    for hint, cache in (
        *(("code_generation", "miss"), ("code_generation", "hit"), ("summarization", "miss")),
        *(("", "miss"), ("", "hit"), ("no such task", "hit")),  # a hint that nobody knows is none
    ):
        reply = ask(server, text, headers={"x-surveyor-task": hint} if hint else {})
        assert told(reply, "cache") == cache, hint
        assert (told(reply, "task") == f"{hint};1.00") == (hint not in ("", "no such task"))
