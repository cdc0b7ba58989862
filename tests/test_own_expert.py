"""The story of an own expert: from a CSV file to answers of a server that never stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import fleet
from tests.own_rows import LABELS, as_csv, generated
from tests.servers import Surveyor, eventually, surveyor
from tests.upstream import ScriptedUpstream

LISTED = f"Classify the message into exactly one of these categories: {', '.join(LABELS)}.\n\nMessage: "
TEMPLATE = "Ticket desk. {text}\n-- queue? (account | delivery | invoice | returns)"
SURE = "I have a question about a double charge. Please call Priya before noon."


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "router", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )


def asked(server: Surveyor, text: str, **headers: str) -> tuple[str, str]:
    """Who answered a prompt, and what; nothing kept is wanted."""
    body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
    more = {name.replace("_", "-"): value for name, value in headers.items()} | {"cache-control": "no-cache"}
    reply = httpx.post(f"{server.v1}/chat/completions", json=body, headers=more, timeout=30)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return reply.headers["x-surveyor-target"], found["choices"][0]["message"]["content"]


@pytest.fixture
def running(tmp_path: Path, upstream: ScriptedUpstream) -> Any:
    settings = {
        "models": fleet(upstream.url),
        "baseline": "model-large",
        "experts": {"folder": "mine", "gates": {"spam": {"epsilon": 0.02}}},
    }
    with surveyor(tmp_path, settings, UPSTREAM_KEY="sk-upstream") as server:
        yield server


def test_an_expert_of_500_rows_serves_without_a_restart(running: Surveyor) -> None:
    folder = running.folder
    assert asked(running, LISTED + SURE)[0].startswith("hosted.")
    as_csv(folder / "rows.csv", generated(500))
    begun = time.monotonic()
    done = command(folder, "train", "--name", "desk", "--data", "rows.csv", "--json")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begun < 120
    report = json.loads(done.stdout)
    assert (report["rows"], report["closed"], report["bad"]) == (500, False, [])
    assert report["test"]["accuracy"]["share"] > 0.85
    eventually(lambda: asked(running, LISTED + SURE)[0] == "expert.desk")
    assert asked(running, LISTED + SURE) == ("expert.desk", "invoice")
    assert asked(running, SURE, x_surveyor_task="desk") == ("expert.desk", "invoice")

    templated = TEMPLATE.replace("{text}", SURE)
    assert asked(running, templated)[0].startswith("hosted.")
    (folder / "prompt.txt").write_text(TEMPLATE, encoding="utf-8")
    again = command(folder, "train", "--name", "desk", "--data", "rows.csv", "--template", "prompt.txt")
    assert again.returncode == 0, again.stderr
    assert "certified: this one serves" in again.stdout
    assert "takes it up" in again.stdout
    eventually(lambda: asked(running, templated) == ("expert.desk", "invoice"))

    told = command(folder, "eval", "expert", "desk", "--out", "told", "--json")
    assert 190 <= json.loads(told.stdout)["held_out"]["n"] <= 210
    assert (folder / "told" / "reliability.png").read_bytes().startswith(b"\x89PNG")
    as_csv(folder / "more.csv", [*generated(500)[:50], *generated(60, seed=1)])
    more = json.loads(command(folder, "eval", "expert", "desk", "more.csv", "--out", "more", "--json").stdout)
    assert more["seen"] > 0
    assert more["n"] + more["seen"] == 110

    for path in (folder / "mine" / "desk").iterdir():
        path.unlink()
    (folder / "mine" / "desk").rmdir()
    eventually(lambda: asked(running, LISTED + SURE)[0].startswith("hosted."))
