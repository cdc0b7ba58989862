"""A real HTTP server that speaks OpenAI's wire format and does on cue what upstreams do on bad days.

The newest user message may hold a cue: `[fail 500]`, `[fail 400]`, `[break]` (stops after two chunks),
`[hang]` (never answers), `[slow]` (a chunk each 50 ms, for ever), `[garbage]` (200, not JSON).
"""

from __future__ import annotations

import asyncio
import re
import threading
from typing import Any

import orjson
from aiohttp import web

WORDS = ("The", " answer", " is", " here", ".")


class ScriptedUpstream:
    """Runs in a thread of its own; `requests` holds the bodies that came, `left` counts clients that went."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.left = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> ScriptedUpstream:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_post("/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def _answer(self, http: web.Request) -> web.StreamResponse:
        body = orjson.loads(await http.read())
        self.requests.append(body)
        self.headers.append(dict(http.headers))
        cue = str(body["messages"][-1].get("content"))
        try:
            if failing := re.search(r"\[fail (\d+)\]", cue):
                return _error(int(failing[1]))
            if "[garbage]" in cue:
                return web.Response(text="<html>not json</html>")
            if "[hang]" in cue:
                await asyncio.sleep(60)
            return await self._stream(http, body, cue) if body.get("stream") else _whole(body)
        except (asyncio.CancelledError, ConnectionResetError):
            self.left += 1
            raise

    async def _stream(self, http: web.Request, body: dict[str, Any], cue: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(http)
        base = {"id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        for place in range(100_000 if "[slow]" in cue else len(WORDS)):
            if "[break]" in cue and place == 2:
                assert http.transport is not None
                http.transport.abort()
                return response
            delta = {"content": WORDS[place % len(WORDS)]}
            await _event(response, base | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            if "[slow]" in cue:
                await asyncio.sleep(0.05)
        await _event(response, base | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if (body.get("stream_options") or {}).get("include_usage"):
            await _event(response, base | {"choices": [], "usage": USAGE})
        await response.write(b"data: [DONE]\n\n")
        return response


USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 4}}


async def _event(response: web.StreamResponse, event: dict[str, Any]) -> None:
    await response.write(b"data: " + orjson.dumps(event) + b"\n\n")


def _error(status: int) -> web.Response:
    error = {"message": f"upstream says {status}", "type": "some_error", "param": None, "code": "up"}
    return web.json_response({"error": error}, status=status, headers={"retry-after": "7"} if status == 429 else {})


def _whole(body: dict[str, Any]) -> web.Response:
    message = {"role": "assistant", "content": "".join(WORDS)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    # An unknown field, and spacing of its own: bytes that a gateway has no business to change.
    text = orjson.dumps(
        {"id": "chatcmpl-up", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice],
         "usage": USAGE, "x_vendor": {"kept": True}},
        option=orjson.OPT_INDENT_2,
    )  # fmt: skip
    return web.Response(body=text, content_type="application/json")
