"""`surveyor try`: send prompts to a running server and show who answered, why, and for how much."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import orjson
from rich.table import Table


def read_prompts(text: str) -> list[list[dict[str, Any]]]:
    """A conversation a line: plain text, or JSON with `prompt` (text) or `messages`.

    Raises:
        SystemExit: a JSON line has neither, or there is no line at all.
    """
    found = [_conversation(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not found:
        raise SystemExit("no prompts: write one a line")
    return found


def _conversation(line: str, number: int) -> list[dict[str, Any]]:
    if not line.lstrip().startswith("{"):
        return [{"role": "user", "content": line}]
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return [{"role": "user", "content": line}]
    if isinstance(row.get("messages"), list):
        return list(row["messages"])
    if isinstance(row.get("prompt"), str):
        return [{"role": "user", "content": row["prompt"]}]
    raise SystemExit(f'line {number}: a JSON line needs "prompt" or "messages"')


async def send_all(
    url: str, prompts: Sequence[list[dict[str, Any]]], at: Callable[[int], None] = lambda _: None
) -> list[dict[str, Any]]:
    """One row a prompt, in order, one after another (so that the milliseconds mean something)."""
    rows = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=300)) as session:
        for number, messages in enumerate(prompts, 1):
            at(number)
            rows.append(await _send(session, url, messages))
    return rows


async def _send(session: aiohttp.ClientSession, url: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    begun = time.perf_counter()
    row: dict[str, Any] = {"prompt": _newest(messages), "answer": "", "error": ""}
    try:
        async with session.post(f"{url}/v1/chat/completions", json={"model": "auto", "messages": messages}) as reply:
            body = await reply.json(content_type=None)
            headers = reply.headers
    except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
        return row | {"error": f"{url} does not answer: {problem}. Is `surveyor serve` running?"}
    if reply.status != 200:
        row["error"] = str((body.get("error") or {}).get("message"))
    else:
        row["answer"] = body["choices"][0]["message"].get("content") or ""
    for name in ("task", "novelty", "rule", "target", "cost-usd", "saved-usd", "cache", "flags", "latency-ms"):
        row[name.replace("-", "_")] = headers.get(f"x-surveyor-{name}", "")
    return row | {"ms": round((time.perf_counter() - begun) * 1000, 1)}


def _newest(messages: list[dict[str, Any]]) -> str:
    content = messages[-1].get("content") if messages else ""
    return content if isinstance(content, str) else orjson.dumps(content).decode()


def as_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The rows for a terminal."""
    table = Table(box=None, pad_edge=False)
    for name in ("prompt", "task", "novelty", "rule", "target", "cost", "saved", "ms"):
        table.add_column(name, justify="right" if name in ("cost", "saved", "ms") else "left", overflow="ellipsis")
    for row in rows:
        shown = " ".join(row["prompt"].split())
        rule = row["error"] or row["rule"].split(",")[0]
        table.add_row(
            shown[:48] + ("…" if len(shown) > 48 else ""),
            *(row.get("task", "").replace(";", " "), row.get("novelty", ""), rule, row.get("target", "")),
            *(_usd(row.get("cost_usd", "")), _usd(row.get("saved_usd", "")), str(row.get("ms", ""))),
        )
    return table


def _usd(text: str) -> str:
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text
