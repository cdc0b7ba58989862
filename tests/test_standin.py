"""The stand-in: a child that comes up, or says that it did not, and never outlives its parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from router.standin import KEY_ENV, StandIn, model_file
from tests.servers import Surveyor, eventually, surveyor


async def test_a_model_that_cannot_be_loaded_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    with pytest.raises(RuntimeError, match=r"python -m router\.standin"):
        await StandIn.start(broken)


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def alive(pid: int) -> bool:
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(shown.stdout.strip()) and not shown.stdout.startswith("Z")


def test_it_dies_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    gone = False
    with contextlib.suppress(AssertionError), surveyor(tmp_path) as server:  # it complains of a disorderly end
        (child,) = children(server.process.pid)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        gone = eventually(lambda: not alive(child))
    assert gone


def test_only_its_gateway_has_its_key(keyless: Surveyor) -> None:
    file = model_file()
    assert file is not None
    said = (keyless.folder / "out.txt").read_text()
    url = said.partition("(")[2].partition(")")[0]
    code = f"import httpx; print(httpx.post('{url}/chat/completions', json={{'messages': []}}).status_code)"
    environ = {name: value for name, value in os.environ.items() if name != KEY_ENV}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "401"
