"""The whole story against a bare twin and against litellm, interleaved in one run on this machine.

    python -m tests.bench.overhead [--seconds 4] [--rounds 3] [--json FILE]

Closed loop over keep-alive connections; each round measures every target once, in a random order (seed 7),
after a warm-up that is not counted. Each pass-through prompt is new, so that no cache answers it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from tests.servers import free_port, surveyor

SEED = 7
CONNECTIONS = (1, 16)
WARM_UP_SECONDS = 1.0
TASK = (
    "I have a small vegetable garden with heavy clay soil and a lot of shade in the afternoon. Which vegetables grow "
    "well there, when should I plant them, and what can I do about the slugs that ate my lettuce? My bed is number {}."
)
REVIEW = "Is this review positive or negative? I loved every minute of film number {}, the cast was wonderful."


class Client(asyncio.Protocol):
    """One keep-alive connection: sends the next request when the answer to the last one is whole."""

    def __init__(self, bodies: Iterator[bytes], port: int, until: float) -> None:
        self.bodies, self.until = bodies, until
        self.head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n".encode()
        self.head += b"content-type: application/json\r\ncontent-length: "
        self.taken: list[float] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.seen = b""
        self.bad = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass
        self.send()

    def send(self) -> None:
        body = next(self.bodies)
        self.begun = time.perf_counter()
        self.transport.write(self.head + str(len(body)).encode() + b"\r\n\r\n" + body)

    def data_received(self, data: bytes) -> None:
        self.seen += data
        head = self.seen.find(b"\r\n\r\n")
        if head < 0:
            return
        length = self.seen[:head].lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        if len(self.seen) < head + 4 + int(length):
            return
        now = time.perf_counter()
        self.taken.append(now - self.begun)
        self.bad += not self.seen.startswith(b"HTTP/1.1 200")
        self.seen = b""
        if now < self.until:
            self.send()
        else:
            self.transport.close()
            self.over.set_result(None)


async def load(port: int, bodies: Iterator[bytes], connections: int, seconds: float) -> dict[str, float]:
    """Requests a second and latencies of a closed loop."""
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    made = [
        await loop.create_connection(lambda: Client(bodies, port, begun + seconds), "127.0.0.1", port)
        for _ in range(connections)
    ]
    clients = [client for _, client in made]
    await asyncio.gather(*(client.over for client in clients))
    elapsed = time.perf_counter() - begun
    taken = np.concatenate([client.taken for client in clients])
    if bad := sum(client.bad for client in clients):
        raise SystemExit(f"{bad} of {len(taken)} answers were not 200: the figures would mean nothing")
    p50, p99 = np.quantile(taken, (0.5, 0.99)) * 1000
    return {"rate": len(taken) / elapsed, "p50": float(p50), "p99": float(p99), "n": len(taken)}


def bodies_of(text: str) -> Callable[[], Iterator[bytes]]:
    """Bodies that differ where the text has a `{}`; the numbers never repeat within a run."""
    numbers = itertools.count(random.Random(time.time_ns()).randrange(10**12))

    def bodies() -> Iterator[bytes]:
        for number in numbers:
            content = text.replace("{}", str(number))
            yield orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": content}]})

    return bodies


@contextmanager
def process(*arguments: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A child that listens on `port`."""
    child = subprocess.Popen([sys.executable, *arguments])
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{port}/", timeout=0.5)
                break
            except (httpx.ConnectError, httpx.ConnectTimeout):
                time.sleep(0.05)
            except httpx.HTTPError:
                break  # it listens, and answers in its own way
        yield child
    finally:
        child.kill()
        child.wait()


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", type=Path)
    asked = options.parse_args()
    if os.getloadavg()[0] > 1.0:
        print(f"careful: the load of this machine is {os.getloadavg()[0]:.1f} before the run", file=sys.stderr)
    with ExitStack() as stack:
        targets, facts = start(stack)
        rows = uvloop.run(measure(targets, asked.seconds, asked.rounds))
        facts["resident MB after the run"] = f"{resident_mb(facts.pop('pid')):.0f}"
    show(rows, facts)
    if asked.json:
        asked.json.write_bytes(orjson.dumps({"rows": rows, "facts": facts}, option=orjson.OPT_INDENT_2))


def start(stack: ExitStack) -> tuple[dict[str, tuple[int, Callable[[], Iterator[bytes]]]], dict[str, Any]]:
    """All servers: name → (port, bodies); and what is known of Surveyor's start."""
    mock, bare, litellm = free_port(), free_port(), free_port()
    url = f"http://127.0.0.1:{mock}/v1/chat/completions"
    stack.enter_context(process("-m", "tests.bench.mock", str(mock), port=mock))
    stack.enter_context(process("-m", "tests.bench.twins", "bare", str(bare), url, port=bare))
    stack.enter_context(process("-m", "tests.bench.twins", "litellm", str(litellm), url, port=litellm))
    price = {"input": 1, "output": 2}
    model = {"id": "mock", "tier": "standard", "base_url": url.removesuffix("/chat/completions"), "price": price}
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    begun = time.perf_counter()
    server = stack.enter_context(surveyor(folder, {"models": [model], "baseline": "mock"}))
    ready = time.perf_counter() - begun
    own = int(server.url.rpartition(":")[2])
    new, same, review = bodies_of(TASK), bodies_of(TASK.replace("{}", "7")), bodies_of(REVIEW)
    facts = {
        "seconds to ready (without the stand-in)": f"{ready:.2f}",
        "resident MB at start": f"{resident_mb(server.process.pid):.0f}",
        "pid": server.process.pid,
    }
    return {
        "mock, direct": (mock, new),
        "bare FastAPI + aiohttp": (bare, new),
        "surveyor, pass-through": (own, new),
        "surveyor, cache hit": (own, same),
        "surveyor, local expert": (own, review),
        "litellm.acompletion": (litellm, new),
    }, facts


async def measure(
    targets: dict[str, tuple[int, Callable[[], Iterator[bytes]]]], seconds: float, rounds: int
) -> list[dict[str, Any]]:
    """One row a target and number of connections: medians over the rounds, with the least and the most."""
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    order = random.Random(SEED)
    for port, bodies in targets.values():
        await load(port, bodies(), 4, WARM_UP_SECONDS)
    for _ in range(rounds):
        runs = [(name, connections) for name in targets for connections in CONNECTIONS]
        order.shuffle(runs)
        for name, connections in runs:
            port, bodies = targets[name]
            found.setdefault((name, connections), []).append(await load(port, bodies(), connections, seconds))
    return [row(name, connections, found[name, connections]) for name in targets for connections in CONNECTIONS]


def row(name: str, connections: int, runs: list[dict[str, float]]) -> dict[str, Any]:
    """The medians of several rounds."""
    middle = {key: float(np.median([run[key] for run in runs])) for key in ("rate", "p50", "p99")}
    rates = [run["rate"] for run in runs]
    n = int(sum(run["n"] for run in runs))
    return {"target": name, "connections": connections, **middle, "least": min(rates), "most": max(rates), "n": n}


def show(rows: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    """Print the table."""
    where = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    table = Table(box=None, pad_edge=False, caption=where)
    for name in ("target", "conn.", "req/s", "least to most", "p50 ms", "p99 ms", "n"):
        table.add_column(name, justify="left" if name == "target" else "right")
    for found in rows:
        table.add_row(
            *(found["target"], str(found["connections"]), f"{found['rate']:,.0f}"),
            *(f"{found['least']:,.0f} to {found['most']:,.0f}", f"{found['p50']:.2f}", f"{found['p99']:.2f}"),
            f"{found['n']:,}",
        )
    console = Console(width=120)
    console.print(table)
    for name, value in facts.items():
        console.print(f"{name}: {value}", highlight=False)


if __name__ == "__main__":
    main()
