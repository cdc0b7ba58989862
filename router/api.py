"""The routes, a few lines each. Bodies are OpenAI's shapes; everything of ours is in headers."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from router.errors import BadRequest, ModelNotFound, RequestNotFound, SurveyorError, TooLarge, UpstreamFailed, told
from router.ledger import Ledger
from router.rerank import as_body, headers, parse_rerank
from router.settings import AUTO
from router.stored import explained
from router.types import Answer, Request
from router.wire import is_usage_event, parse_chat, sse

if TYPE_CHECKING:
    from router.app import Runtime

    Handler = Callable[[HTTPRequest, Runtime], Awaitable[Response]]

log = logging.getLogger("surveyor.api")

CHAT = "/v1/chat/completions"
JSON = b"application/json"
NO_ROUTE = "There is no such route. See GET /v1/models and POST /v1/chat/completions."
INTERNAL = "Surveyor failed on this request; its log says why, under {}."
DRAIN = 4  # times the limit: so much of a body that is too large is still read, so that its sender hears why


class InternalError(SurveyorError):
    """A bug of ours; the log has the story under the same id."""

    code = "internal_error"


class ChatCompletions:
    """POST /v1/chat/completions, as plain ASGI: the hot path, and the only route that streams."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, answer, relay; whatever happens the answer is closed."""
        runtime: Runtime = scope["app"].state.runtime
        request_id = new_id()
        leaver: Leaver | None = None
        try:
            raw = await read_body(receive, runtime.max_body)
            request = as_request(raw, ascii_headers(scope), request_id, runtime)
            leaver = Leaver(receive)
            answer = await runtime.gateway.answer(request)
            await relay(request, answer, send, leaver)
        except SurveyorError as problem:
            await send_error(send, problem, request_id, leaver)
        except asyncio.CancelledError:
            if leaver is None or not leaver.gone:
                raise
            leaver.story.uncancel()  # the client left: nobody is there to be told
        except Exception:
            log.exception("request %s", request_id)
            await send_error(send, InternalError(INTERNAL.format(request_id)), request_id, leaver)
        finally:
            if leaver is not None:
                leaver.stop()


def as_request(raw: bytes, headers: Mapping[str, str], request_id: str, runtime: Runtime) -> Request:
    """The chat completion that was sent; a client whose key has a variant of its own gets that for `auto`.

    Raises:
        BadRequest: see `parse_chat`.
    """
    request = parse_chat(raw, headers, request_id)
    hint = request.task_hint
    if hint and (hint in runtime.shipped.task.labels or runtime.experts.roster.hinted(hint).experts):
        request = replace(request, digest=mixed(request.digest, hint))
    if not runtime.course.keys or request.model != AUTO:
        return request
    name = runtime.course.auto_for(headers.get("authorization", ""))
    return request if name == AUTO else replace(request, model=name, digest=mixed(request.digest, name))


def mixed(digest: bytes, name: str) -> bytes:
    """A digest for what shapes the answer from outside the body: what is kept for one is not given to another."""
    return hashlib.sha256(digest + name.encode()).digest()


class Leaver:
    """Cancels the story when its client goes away, so that the upstream does not run on."""

    def __init__(self, receive: Receive) -> None:
        story = asyncio.current_task()
        assert story is not None  # noqa: S101  # we are inside a coroutine
        self.story: asyncio.Task[Any] = story
        self.gone = False
        self._watch = asyncio.create_task(self._wait(receive))

    async def _wait(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self.story.cancel()

    def stop(self) -> None:
        """Watch no longer; to be called before the last bytes, whose sending ends the connection too."""
        self._watch.cancel()


async def relay(request: Request, answer: Answer, send: Send, leaver: Leaver) -> None:
    """Send an answer and close it with what became of it."""
    assert answer.row is not None  # noqa: S101  # Gateway.answer opened it
    headers = answer.row.headers(answer)
    try:
        if request.stream:
            await _relay_stream(request, answer, headers, send, leaver)
        else:
            body = b"".join([chunk async for chunk in answer.chunks])
            leaver.stop()
            await send_whole(send, 200, body, headers.items())
        answer.close("whole")
    except asyncio.CancelledError:
        answer.close("left")
        raise
    except Exception as problem:
        answer.close("broken")
        if not request.stream:
            raise
        leaver.stop()  # after the first chunk a break is reported, never hidden
        if not isinstance(problem, UpstreamFailed):
            log.exception("request %s", request.id)
        error = {"message": f"The answer broke off: {told(problem)}.", "type": "server_error", "param": None}
        await send(_piece(sse({"error": {**error, "code": "upstream_broke_off"}})))
        await send(_piece(b"", more=False))


async def _relay_stream(request: Request, answer: Answer, headers: dict[str, str], send: Send, leaver: Leaver) -> None:
    await send(_start(200, b"text/event-stream; charset=utf-8", [*headers.items(), ("cache-control", "no-cache")]))
    async for event in answer.chunks:
        if request.include_usage or not is_usage_event(event):
            await send(_piece(event))
    leaver.stop()
    await send(_piece(b"", more=False))


async def read_body(receive: Receive, most: int) -> bytes:
    """The whole body.

    Raises:
        TooLarge: it has more than `most` bytes; what came was let go as it came.
    """
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The client left before its request was whole.")
        piece = message.get("body", b"")
        size += len(piece)
        if size <= most:
            pieces.append(piece)
        if not message.get("more_body") or size > DRAIN * most:
            break
    if size > most:
        raise TooLarge(f"The body is over {most / 1024**2:g} MB. Send less, or raise server.max_body_mb.")
    return b"".join(pieces)


def ascii_headers(scope: Scope) -> dict[str, str]:
    """Header names (lower case) and values; HTTP's own Latin-1."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def new_id() -> str:
    """A request id; nothing can be read from it."""
    return f"req_{secrets.token_hex(12)}"


def _start(status: int, media_type: bytes, headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    raw = [(b"content-type", media_type)]
    raw += [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": raw}


def _piece(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def send_whole(send: Send, status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> None:
    """A JSON response in one piece."""
    await send(_start(status, JSON, [*headers, ("content-length", str(len(body)))]))
    await send(_piece(body, more=False))


async def send_error(send: Send, problem: SurveyorError, request_id: str, leaver: Leaver | None = None) -> None:
    """An OpenAI-shaped error, with all that is known of the request in its headers."""
    if leaver is not None:
        leaver.stop()
    await send_whole(send, problem.status, problem.body(), {"x-surveyor-id": request_id, **problem.headers}.items())


# ── the quieter routes ───────────────────────────────────────────────────────────────────────────


def route(handle: Handler) -> Callable[[HTTPRequest], Awaitable[Response]]:
    """A handler that gets the runtime and whose errors have OpenAI's shape."""

    async def handler(http: HTTPRequest) -> Response:
        try:
            return await handle(http, http.app.state.runtime)
        except SurveyorError as problem:
            return as_response(problem)
        except Exception:
            request_id = new_id()
            log.exception("request %s to %s", request_id, http.url.path)
            return as_response(InternalError(INTERNAL.format(request_id)))

    return handler


def as_response(problem: SurveyorError) -> Response:
    """An error as a response."""
    headers = {"x-surveyor-id": new_id(), **problem.headers}
    return Response(problem.body(), problem.status, headers, media_type="application/json")


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


async def explain(http: HTTPRequest, runtime: Runtime) -> Response:
    """POST /v1/explain: a chat completion's body → the decision; nothing is executed."""
    raw = await read_body(http.receive, runtime.max_body)
    request = as_request(raw, dict(http.headers), new_id(), runtime)
    return _json(await runtime.gateway.explain(request))


async def explain_past(http: HTTPRequest, runtime: Runtime) -> Response:
    """GET /v1/explain/{id}: what was decided about a past request, in the words of the rules of its day."""
    return _json(await asyncio.to_thread(_past, runtime.ledger, http.path_params["id"]))


def _past(ledger: Ledger, request_id: str) -> dict[str, Any]:
    try:
        return explained(ledger.engine, request_id).document
    except RequestNotFound:  # what is just over may still be on its way to the database
        ledger.flush()
        return explained(ledger.engine, request_id).document


async def rerank(http: HTTPRequest, runtime: Runtime) -> Response:
    """POST /v1/rerank: documents in the order of their relevance to a query; the local ranking expert's work."""
    request_id, begun = new_id(), perf_counter()
    asked = parse_rerank(await read_body(http.receive, runtime.max_body), runtime.course.choices)
    leaver = Leaver(http.receive)
    try:
        ranked = await runtime.reranker.rank(asked)
    except asyncio.CancelledError:
        if not leaver.gone:
            raise
        leaver.story.uncancel()  # the client left: the rest of its documents need not be read
        return Response(status_code=499)
    finally:
        leaver.stop()
    body = orjson.dumps(as_body(request_id, asked, ranked))
    return Response(body, headers=headers(request_id, perf_counter() - begun), media_type="application/json")


async def models(_http: HTTPRequest, runtime: Runtime) -> Response:
    """GET /v1/models: `auto`, its variants, and each configured model, which can be pinned by its id."""
    return _json({"object": "list", "data": [_model(name, runtime) for name in runtime.course.choices]})


async def one_model(http: HTTPRequest, runtime: Runtime) -> Response:
    """GET /v1/models/{id}."""
    name = http.path_params["name"]
    if name not in runtime.course.choices:
        raise ModelNotFound(f"The model '{name}' is not configured.", param="model")
    return _json(_model(name, runtime))


def _model(name: str, runtime: Runtime) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": runtime.started, "owned_by": "surveyor"}


async def metrics(_http: HTTPRequest, runtime: Runtime) -> Response:
    """GET /metrics: Prometheus' text format."""
    return Response(runtime.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def healthz(_http: HTTPRequest) -> Response:
    """GET /healthz: the process lives."""
    return _json({"status": "ok"})


async def readyz(http: HTTPRequest) -> Response:
    """GET /readyz: models are loaded and requests can be answered; and by which policy."""
    runtime: Runtime | None = getattr(http.app.state, "runtime", None)
    if runtime is None:
        return Response(orjson.dumps({"ready": False}), 503, media_type="application/json")
    return _json({"ready": True, "policy": runtime.steering.status()})


async def not_found(_http: HTTPRequest, problem: Exception) -> Response:
    """Starlette's own 404 and 405, in OpenAI's shape."""
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    error = BadRequest(
        NO_ROUTE if status == 404 else "This route takes another method.",
        code="not_found" if status == 404 else "method_not_allowed",
    )
    error.status = status
    return as_response(error)


class SurveyorAPI(FastAPI):
    """FastAPI, but for the hot path, which goes past its middleware: that is a tenth of a millisecond."""

    chat = ChatCompletions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Chat completions straight on; all else FastAPI's way."""
        if scope["type"] == "http" and scope["path"] == CHAT and scope["method"] == "POST":
            scope["app"] = self
            await self.chat(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def add_routes(app: FastAPI) -> None:
    """All routes of the API but the hot one, which is listed for its 405."""
    app.router.routes += [
        Route(CHAT, SurveyorAPI.chat, methods=["POST"]),
        Route("/v1/explain", route(explain), methods=["POST"]),
        Route("/v1/explain/{id}", route(explain_past)),
        Route("/v1/rerank", route(rerank), methods=["POST"]),
        Route("/v2/rerank", route(rerank), methods=["POST"]),  # where Cohere's newer client looks for it
        Route("/v1/models", route(models)),
        Route("/v1/models/{name:path}", route(one_model)),
        Route("/metrics", route(metrics)),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]
    app.add_exception_handler(HTTPException, not_found)
