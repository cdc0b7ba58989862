"""What the documents say, done."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import orjson
from typer.main import get_command

from policies.store import PolicyStore
from router.cli import app
from tests.servers import Surveyor

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def block(language: str) -> str:
    """The README's first code block in a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_curl_line_gets_what_the_transcript_shows(keyless: Surveyor) -> None:
    shown = re.search(r"-d '(\{.*?\})'\n(HTTP.*?)```", README, re.DOTALL)
    assert shown is not None
    reply = httpx.post(f"{keyless.v1}/chat/completions", json=orjson.loads(shown[1]))
    assert reply.json()["choices"][0]["message"]["content"] == "positive"
    promised = dict(re.findall(r"^(x-surveyor-[a-z-]+): ?(.*)$", shown[2], re.MULTILINE))
    for name in ("target", "task", "rule", "profile", "cost-usd", "cache", "flags"):
        assert reply.headers[f"x-surveyor-{name}"] == promised[f"x-surveyor-{name}"]
    assert {name for name in reply.headers if name.startswith("x-surveyor-")} == set(promised)


def test_the_python_example_runs(keyless: Surveyor) -> None:
    code = block("python").replace("http://127.0.0.1:8080", keyless.url)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "spam from surveyor/spam\n"


def test_the_rule_in_the_readme_is_one(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(block("yaml"))
    assert "mine.short-poems" in {rule.id for rule in PolicyStore("2026", tmp_path).current.rules}


def test_every_command_that_is_named_exists() -> None:
    known = get_command(app).commands  # type: ignore[attr-defined]
    named = set(re.findall(r"`?surveyor ([a-z]+)", README + (ROOT / "ARCHITECTURE.md").read_text()))
    assert {"serve", "explain", "try", "index", "policy", "bench", "eval", "train"} == set(known)
    assert named <= set(known)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", README)) <= targets


def test_links_lead_somewhere() -> None:
    for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "deploy/README.md"):
        text = (ROOT / name).read_text()
        for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / name).parent.joinpath(link).exists(), f"{name}: {link}"
