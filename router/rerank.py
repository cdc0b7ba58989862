"""`/v1/rerank`: Cohere's and Jina's JSON in and out, and the local ranking expert behind it.

Documents are read on the encoder's one thread, a window of some 120 tokens a turn, so that a chat request that needs
the encoder waits for a window of a long list, not for the list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from classifiers.rank import QUERY, Ranker
from router.errors import BadRequest, ModelNotFound
from router.record import dollars
from router.second_look import SecondLook
from router.settings import AUTO
from router.wire import parse_object

MODEL = "surveyor/rank"
TARGET = "expert.rank"
MOST_DOCUMENTS = 1_000
MOST_WINDOWS = 2_000  # of all documents of a request: tens of seconds of one core
TOKENS, MOST_TOKENS = 1_000, 4_096  # of a document that are read, unless the client says otherwise; and at most
TURN = 700  # characters of windows that are encoded in one turn: about a window of 120 tokens


@dataclass(frozen=True, slots=True)
class Asked:
    """A rerank request. `documents` stand as they came, `texts` are what is read of them."""

    query: str
    documents: Sequence[Any]
    texts: Sequence[str]
    top: int
    shown: bool
    most: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """What came of it: places and relevances, the best first; tokens read; places of documents whose end was cut."""

    order: Sequence[tuple[int, float]]
    tokens: int
    cut: Sequence[int]


@dataclass(frozen=True, slots=True)
class Reranker:
    """The ranking expert, on the thread that the encoder has for all its work."""

    ranker: Ranker
    second_look: SecondLook

    async def rank(self, asked: Asked) -> Ranked:
        """Rank the documents of a request; equal ones keep their order.

        Raises:
            BadRequest: the query holds nothing that can be read, or the documents are too long together.
        """
        do = self.second_look.do
        query = await do(partial(self.ranker.read, asked.query, QUERY))
        if not query.windows:
            raise BadRequest("'query' holds no word. Say what the documents are to be ranked for.", param="query")
        documents, windows = [], list(query.windows)
        for text in asked.texts:
            documents.append(await do(partial(self.ranker.read, text, asked.most)))
            windows += documents[-1].windows
            if len(windows) - 1 > MOST_WINDOWS:
                raise BadRequest(
                    f"'documents' are too long together: over {MOST_WINDOWS:,} windows of 120 tokens. Send fewer, or "
                    f"have less of each read: max_tokens_per_doc.",
                    param="documents",
                    code="too_many_tokens",
                )
        rows = np.concatenate([await do(partial(self.ranker.encode, turn)) for turn in _turns(windows)])
        relevance = await do(partial(self.ranker.relevance, query, rows[0], documents, rows[1:]))
        best = np.argsort(-relevance, kind="stable")[: asked.top].tolist()
        return Ranked(
            order=[(place, float(relevance[place])) for place in best],
            tokens=query.tokens + sum(document.tokens for document in documents),
            cut=[place for place, document in enumerate(documents) if document.cut],
        )


def _turns(windows: Sequence[str]) -> Iterator[list[str]]:
    turn: list[str] = []
    size = 0
    for window in windows:
        if turn and size + len(window) > TURN:
            yield turn
            turn, size = [], 0
        turn.append(window)
        size += len(window)
    yield turn


def parse_rerank(raw: bytes, choices: Collection[str]) -> Asked:
    """A rerank request's body; fields that are not known are passed over. `choices` are the models that chat knows.

    Raises:
        BadRequest: a field is missing, of the wrong type or too large; `param` names it.
        ModelNotFound: another model than ours was asked for.
    """
    body = parse_object(raw)
    _check_model(body.get("model"), choices)
    query = body.get("query")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("'query' must be a string that is not empty.", param="query")
    documents = body.get("documents")
    if not isinstance(documents, list) or not documents:
        raise BadRequest("'documents' must be a list with at least one document.", param="documents")
    if len(documents) > MOST_DOCUMENTS:
        raise BadRequest(
            f"'documents' has {len(documents):,} entries; at most {MOST_DOCUMENTS:,} are ranked at once. Send fewer.",
            param="documents",
            code="too_many_documents",
        )
    if body.get("rank_fields") not in (None, ["text"]):
        raise BadRequest("'rank_fields' can only be [\"text\"]: no other field is read.", param="rank_fields")
    shown = body.get("return_documents")
    if shown is not None and not isinstance(shown, bool):
        raise BadRequest("'return_documents' must be true or false.", param="return_documents")
    return Asked(
        query=query,
        documents=documents,
        texts=[_text(item, f"documents[{place}]") for place, item in enumerate(documents)],
        top=_whole(body, "top_n", len(documents)),
        shown=bool(shown),
        most=min(_whole(body, "max_tokens_per_doc", TOKENS), MOST_TOKENS),
    )


def _check_model(model: Any, choices: Collection[str]) -> None:
    """Ours by its name, or `auto` and its variants, as clients may have it for chat; Cohere's v1 needs none at all."""
    if model is None:
        return
    if not isinstance(model, str):
        raise BadRequest(f"'model' must be a string: {AUTO} or {MODEL}.", param="model")
    if model not in (AUTO, MODEL) and not (model.startswith(f"{AUTO}:") and model in choices):
        raise ModelNotFound(f"The model '{model}' does not rank; ask for {AUTO} or {MODEL}.", param="model")


def _text(item: Any, where: str) -> str:
    text = item.get("text") if isinstance(item, dict) else item
    if not isinstance(text, str):
        raise BadRequest(f"'{where}' must be a string, or an object with a 'text'.", param=where)
    return text


def _whole(body: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = body.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadRequest(f"'{name}' must be a whole number of at least 1.", param=name)
    return value


def as_body(request_id: str, asked: Asked, ranked: Ranked) -> dict[str, Any]:
    """The answer: what Cohere's clients read (`results`, `meta`) and what Jina's do (`model`, `usage`)."""
    results = []
    for place, relevance in ranked.order:
        result: dict[str, Any] = {"index": place, "relevance_score": relevance}
        if asked.shown:
            document = asked.documents[place]
            result["document"] = {"text": document} if isinstance(document, str) else document
        results.append(result)
    meta: dict[str, Any] = {"tokens": {"input_tokens": ranked.tokens}}
    if ranked.cut:
        named = ", ".join(map(str, ranked.cut))
        meta["warnings"] = [f"Only the first {asked.most:,} tokens were read of the documents {named}."]
    return {
        "id": f"rerank-{request_id}",
        "model": MODEL,
        "results": results,
        "meta": meta,
        "usage": {"prompt_tokens": ranked.tokens, "total_tokens": ranked.tokens},
    }


def headers(request_id: str, seconds: float) -> dict[str, str]:
    """What answers say of themselves, so far as it has a meaning here: no rule has decided, nothing is kept."""
    return {
        "x-surveyor-id": request_id,
        "x-surveyor-target": TARGET,
        "x-surveyor-cost-usd": dollars(0),
        "x-surveyor-latency-ms": f"{seconds * 1000:.2f}",
    }
