"""The cost dashboard: its own small ASGI app over the ledger, mounted at /dashboard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from router.app import Runtime

# What the table of newest requests shows; signals and attempts stay in the ledger.
COLUMNS = ("id", "at_ms", "task", "novelty", "rule", "target", "answered_by", "cache", "outcome", "flags")
NUMBERS = ("tokens_in", "tokens_out", "cost_nano", "baseline_nano", "first_chunk_us", "total_us")
HOURS = {"1h": 1, "24h": 24, "7d": 168}
# The page brings its own style and script and asks nobody else for anything.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"


def create_dashboard(runtime: Callable[[], Runtime]) -> Starlette:
    """The app: one page, and the figures behind it. `runtime` is asked once a request."""
    page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")

    async def index(_http: Request) -> Response:
        return HTMLResponse(page, headers={"content-security-policy": POLICY})

    async def data(http: Request) -> Response:
        hours = HOURS.get(http.query_params.get("since", "24h"), 24)
        figures = await asyncio.to_thread(_figures, runtime(), int((time.time() - hours * 3600) * 1000))
        return Response(orjson.dumps(figures), media_type="application/json")

    return Starlette(routes=[Route("/", index), Route("/data", data)])


def _figures(runtime: Runtime, since_ms: int) -> dict[str, Any]:
    rows, policy = runtime.ledger.latest(), runtime.course.policies["auto"]
    return {
        "profile": policy.profile,
        "policy": policy.hash[:12],
        "baseline": runtime.settings.baseline,
        "stand_in": any(model.stand_in for model in runtime.models),
        **runtime.ledger.summary(since_ms),
        "latest": [{name: row[name] for name in (*COLUMNS, *NUMBERS)} for row in rows],
    }
