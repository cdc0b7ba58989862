"""What Surveyor is measured against: the least a Python gateway can do, with aiohttp and with litellm."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import uvicorn
from fastapi import FastAPI, Request, Response


def bare(upstream: str) -> FastAPI:
    """FastAPI and aiohttp: the body goes out as it came in, and back."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as app.state.session:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        headers = {"content-type": "application/json"}
        async with app.state.session.post(upstream, data=await request.body(), headers=headers) as reply:
            return Response(await reply.read(), reply.status, media_type="application/json")

    return app


def with_litellm(upstream: str) -> FastAPI:
    """FastAPI and `litellm.acompletion`."""
    from router.hosted import load_litellm  # noqa: PLC0415

    litellm = load_litellm()
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> dict[str, Any]:
        body = await request.json()
        base = upstream.removesuffix("/chat/completions")
        reply = await litellm.acompletion(
            model="openai/mock", messages=body["messages"], api_base=base, api_key="none", num_retries=0
        )
        found: dict[str, Any] = reply.model_dump()
        return found

    return app


if __name__ == "__main__":
    kind, own_port, upstream_url = sys.argv[1:]
    twin = {"bare": bare, "litellm": with_litellm}[kind](upstream_url)
    uvicorn.run(twin, host="127.0.0.1", port=int(own_port), log_level="warning", access_log=False)
