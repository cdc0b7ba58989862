"""The official client, unchanged but for its base URL, against the keyless start with its real local LLM."""

from __future__ import annotations

import openai
import pytest

from tests.servers import Surveyor

SPAM = "spam or ham: WINNER!! Claim your free prize now, text WIN to 80086"


@pytest.fixture
def client(keyless: Surveyor) -> openai.OpenAI:
    return openai.OpenAI(base_url=keyless.v1, api_key="unused", max_retries=0)


def test_plain(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="auto", messages=[{"role": "user", "content": SPAM}])
    assert reply.choices[0].message.content == "spam"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0


def test_the_real_llm_answers_what_no_expert_can(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="auto", messages=[{"role": "user", "content": "Name three colours."}], max_tokens=24
    )
    assert raw.headers["x-surveyor-target"] == "hosted.small"
    reply = raw.parse()
    assert reply.model == "smollm2-135m-instruct"
    assert reply.choices[0].message.content
    assert reply.usage is not None
    assert 0 < reply.usage.completion_tokens <= 24


def test_streams(client: openai.OpenAI) -> None:
    for text in (SPAM, "Write one sentence about the sea."):
        stream = client.chat.completions.create(
            model="auto",
            messages=[{"role": "user", "content": text}],
            max_tokens=24,
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert chunks[-1].choices == []
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.completion_tokens > 0


async def test_async(keyless: Surveyor) -> None:
    async with openai.AsyncOpenAI(base_url=keyless.v1, api_key="unused", max_retries=0) as client:
        reply = await client.chat.completions.create(model="auto", messages=[{"role": "user", "content": SPAM}])
        assert reply.choices[0].message.content == "spam"
        stream = await client.chat.completions.create(
            model="auto", messages=[{"role": "user", "content": "Say hello."}], max_tokens=8, stream=True
        )
        assert [chunk async for chunk in stream][-1].choices[0].finish_reason in ("stop", "length")


def test_a_schema_is_answered_in_its_own_form(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"label": {"type": "string", "enum": ["SPAM", "HAM"]}},
        "required": ["label"],
        "additionalProperties": False,
    }
    reply = client.chat.completions.create(
        model="auto",
        messages=[
            {"role": "system", "content": "Classify the SMS as SPAM or HAM."},
            {"role": "user", "content": "Hey, are we still on for lunch tomorrow?"},
        ],
        response_format={"type": "json_schema", "json_schema": {"name": "label", "schema": schema, "strict": True}},
    )
    assert reply.choices[0].message.content == '{"label":"HAM"}'
    assert reply.model == "surveyor/spam"


def test_errors_are_the_client_s_own_kinds(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="gpt-nobody", messages=[{"role": "user", "content": "hi"}])
    assert missing.value.code == "model_not_found"
    assert missing.value.response.headers["x-surveyor-id"].startswith("req_")
    with pytest.raises(openai.BadRequestError) as empty:
        client.chat.completions.create(model="auto", messages=[])
    assert empty.value.param == "messages"


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["auto", "smollm2-135m-instruct"]
    assert client.models.retrieve("auto").id == "auto"


def test_the_start_says_what_it_found(keyless: Surveyor) -> None:
    said = (keyless.folder / "out.txt").read_text()
    for part in ("smollm2-135m-instruct", "sentiment", "spam", "toxicity", "memory://", "sqlite:///surveyor.db"):
        assert part in said
    assert "stand-in" in said
    assert "OPENAI_API_KEY" in said
    assert "curl -i http://127.0.0.1:" in said
    assert "/dashboard" in said
