from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, MutableMapping, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from classifiers.embed import STATE, SentenceEncoder, Vector
from classifiers.rank import Ranker
from classifiers.shipped import FOLDER
from router import rerank
from router.api import SurveyorAPI, add_routes
from router.errors import BadRequest, SurveyorError
from router.rerank import Reranker, parse_rerank
from router.second_look import SecondLook
from tests.servers import Surveyor

QUERY = "What is the capital of the United States?"
DOCUMENTS = [
    "Vines grow best on slopes that face the sun.",
    "Washington, D.C. is the capital of the United States.",
    "Carson City is the capital of Nevada.",
]
CHOICES = ("auto", "auto:frugal", "gpt-x")


@pytest.fixture(scope="module")
def ranker() -> Ranker:
    return Ranker(SentenceEncoder.load(FOLDER / "encoder"))


@pytest.fixture
def second_look() -> Iterator[SecondLook]:
    look = SecondLook()
    yield look
    look.close()


@asynccontextmanager
async def client(ranker: Ranker, second_look: SecondLook) -> AsyncIterator[httpx.AsyncClient]:
    """The routes over the ranker alone."""
    app: FastAPI = SurveyorAPI()
    add_routes(app)
    app.state.runtime = SimpleNamespace(
        reranker=Reranker(ranker, second_look), max_body=1_000_000, course=SimpleNamespace(choices=CHOICES)
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://surveyor") as found:
        yield found


def asked(**fields: Any) -> bytes:
    return json.dumps({"model": "auto", "query": QUERY, "documents": DOCUMENTS} | fields).encode()


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
async def test_documents_come_back_in_the_order_of_their_relevance(
    ranker: Ranker, second_look: SecondLook, path: str
) -> None:
    async with client(ranker, second_look) as http:
        answer = await http.post(path, content=asked())
    assert answer.status_code == 200
    found = answer.json()
    assert [result["index"] for result in found["results"]] == [1, 2, 0]
    relevances = [result["relevance_score"] for result in found["results"]]
    assert 1 >= relevances[0] > relevances[1] > relevances[2] >= 0
    assert all(result.keys() == {"index", "relevance_score"} for result in found["results"])
    assert found["model"] == "surveyor/rank"
    assert found["usage"]["total_tokens"] == found["meta"]["tokens"]["input_tokens"] > 20
    assert "warnings" not in found["meta"]
    headers = answer.headers
    assert found["id"] == f"rerank-{headers['x-surveyor-id']}"
    assert headers["x-surveyor-target"] == "expert.rank"
    assert headers["x-surveyor-cost-usd"] == "0.000000000"
    assert float(headers["x-surveyor-latency-ms"]) > 0


async def test_the_best_alone_with_their_documents_as_they_came(ranker: Ranker, second_look: SecondLook) -> None:
    documents = [DOCUMENTS[0], {"text": DOCUMENTS[1], "page": 7}]
    async with client(ranker, second_look) as http:
        one = await http.post("/v1/rerank", content=asked(documents=documents, top_n=1, return_documents=True))
        all_ = await http.post("/v1/rerank", content=asked(documents=documents, top_n=50, return_documents=True))
    assert [result["document"] for result in one.json()["results"]] == [documents[1]]
    assert [result["document"] for result in all_.json()["results"]] == [documents[1], {"text": documents[0]}]


async def test_where_a_document_was_cut_the_answer_says_so(ranker: Ranker, second_look: SecondLook) -> None:
    async with client(ranker, second_look) as http:
        answer = await http.post("/v1/rerank", content=asked(documents=["word " * 50, "word"], max_tokens_per_doc=20))
    assert answer.json()["meta"]["warnings"] == ["Only the first 20 tokens were read of the documents 0."]


async def test_an_error_has_the_shape_of_all_errors(ranker: Ranker, second_look: SecondLook) -> None:
    async with client(ranker, second_look) as http:
        answer = await http.post("/v1/rerank", content=asked(documents=[]))
        blank = await http.post("/v1/rerank", content=asked(query="\u200b\0"))
        got = await http.get("/v1/rerank")
    assert answer.status_code == 400
    message = "'documents' must be a list with at least one document."
    assert answer.json() == {
        "error": {"message": message, "type": "invalid_request_error", "param": "documents", "code": None}
    }
    assert answer.headers["x-surveyor-id"]
    assert (blank.status_code, blank.json()["error"]["param"]) == (400, "query")
    assert got.status_code == 405


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"query": None}, "query"),
        ({"query": "  "}, "query"),
        ({"query": ["a"]}, "query"),
        ({"documents": None}, "documents"),
        ({"documents": "one"}, "documents"),
        ({"documents": ["a"] * 1_001}, "documents"),
        ({"documents": ["a", 7]}, "documents[1]"),
        ({"documents": [{"title": "a"}]}, "documents[0]"),
        ({"documents": [{"text": None}]}, "documents[0]"),
        ({"top_n": 0}, "top_n"),
        ({"top_n": True}, "top_n"),
        ({"top_n": 1.0}, "top_n"),
        ({"return_documents": "yes"}, "return_documents"),
        ({"max_tokens_per_doc": "many"}, "max_tokens_per_doc"),
        ({"rank_fields": ["title"]}, "rank_fields"),
        ({"model": 3}, "model"),
        ({"model": "rerank-v3.5"}, "model"),
        ({"model": "gpt-x"}, "model"),
        ({"model": "auto:unheard"}, "model"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(SurveyorError) as problem:
        parse_rerank(asked(**fields), CHOICES)
    assert problem.value.param == param
    assert problem.value.status == (404 if isinstance(fields.get("model"), str) else 400)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"query": "a"}'])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_rerank(body, CHOICES)


@pytest.mark.parametrize("model", ["auto", "auto:frugal", "surveyor/rank", None])
def test_the_ranker_is_asked_for_by_these_names(model: str | None) -> None:
    found = parse_rerank(asked(model=model, top_n=None, an_unknown_field=1, max_tokens_per_doc=10**9), CHOICES)
    assert (found.top, found.shown, found.most) == (3, False, rerank.MOST_TOKENS)


async def test_documents_that_are_too_long_together_are_refused(
    ranker: Ranker, second_look: SecondLook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rerank, "MOST_WINDOWS", 3)
    reranker = Reranker(ranker, second_look)
    await reranker.rank(parse_rerank(asked(), CHOICES))
    with pytest.raises(BadRequest, match="too long together") as problem:
        await reranker.rank(parse_rerank(asked(documents=["word " * 400]), CHOICES))
    assert (problem.value.param, problem.value.code) == ("documents", "too_many_tokens")


async def test_others_get_their_turn_between_windows(ranker: Ranker, second_look: SecondLook) -> None:
    documents = [f"{place} " + "word " * 110 for place in range(12)]
    ranking = asyncio.create_task(Reranker(ranker, second_look).rank(parse_rerank(asked(documents=documents), CHOICES)))
    turns = 0
    while not ranking.done():
        await second_look.do(lambda: None)
        turns += 1
    assert len((await ranking).order) == 12
    assert turns >= 12


async def test_equal_documents_keep_their_order(ranker: Ranker, second_look: SecondLook) -> None:
    request = parse_rerank(asked(documents=["", "same", "same", "same"]), CHOICES)
    ranked = await Reranker(ranker, second_look).rank(request)
    assert [place for place, _ in ranked.order] == [1, 2, 3, 0]
    assert ranked.order[-1][1] == 0.0


class Slow(Ranker):
    """A ranker that takes its time over a window, and counts them."""

    seen = 0

    def encode(self, windows: Sequence[str]) -> Vector:
        time.sleep(0.02)
        self.seen += 1
        return np.ones((len(windows), STATE), np.float32)


async def test_what_a_client_has_left_is_not_read_on(ranker: Ranker, second_look: SecondLook) -> None:
    slow = Slow(SentenceEncoder.load(FOLDER / "encoder"))
    body = asked(documents=[f"{place} " + "word " * 110 for place in range(100)])
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        while not messages and slow.seen < 3:
            await asyncio.sleep(0.005)
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async with client(slow, second_look) as http:
        app = http._transport.app  # type: ignore[attr-defined]
        scope = {"type": "http", "method": "POST", "path": "/v1/rerank", "headers": [], "query_string": b""}
        await app(scope, receive, send)
    await second_look.do(lambda: None)
    assert 3 <= slow.seen < 20
    assert sent[0]["status"] == 499


def test_a_server_ranks(server: Surveyor) -> None:
    answer = httpx.post(f"{server.v1}/rerank", content=asked(top_n=1), timeout=30)
    assert answer.status_code == 200
    assert [result["index"] for result in answer.json()["results"]] == [1]
