"""Advice that acts, on a real server: what the upstream got, and what the headers, the ledger and explain say of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from router.shaping import GROUNDED, STEPS
from tests.conftest import fleet
from tests.servers import Surveyor, surveyor
from tests.test_story import ask, told
from tests.upstream import ScriptedUpstream

DOCUMENT = """# The lighthouse of Glinzer Head

## Building

The lighthouse of Glinzer Head was built by Ottoline Marrable in 1874. It is 31 metres high and made of red sandstone.

## Lamp

Its lamp turns once in twelve seconds and can be seen from 22 miles away.
"""
QUESTION = "Who built the lighthouse of Glinzer Head?"
ELSEWHERE = "Who painted The Night Watch?"
SUM = (
    "Solve this step by step problem: a train travels 60 miles in 1.5 hours. How many miles does it travel in 4 hours?"
)
EMOTION = "Classify the emotion of this text as joy, anger or fear. Text: I have missed my train again!"
EXAMPLES = {"emotion": [{"input": "She said yes!", "output": "joy"}]}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index, built by the command as an operator would."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "docs").mkdir()
    (folder / "docs/glinzer.md").write_text(DOCUMENT)
    command = [sys.executable, "-m", "router", "index", "docs", "--out", "index"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "1 passages of 1 files in index\n"
    return folder / "index"


@pytest.fixture(scope="module")
def applying(
    tmp_path_factory: pytest.TempPathFactory, upstream: ScriptedUpstream, documents: Path
) -> Iterator[Surveyor]:
    """A server whose operator lets all advice act."""
    settings: dict[str, Any] = {
        "models": fleet(upstream.url),
        "policy": {"shape": "apply"},
        "examples": EXAMPLES,
        "index": {"folder": str(documents)},
    }
    with surveyor(tmp_path_factory.mktemp("applying"), settings, UPSTREAM_KEY="sk-upstream") as running:
        yield running


@pytest.fixture(scope="module")
def advising(
    tmp_path_factory: pytest.TempPathFactory, upstream: ScriptedUpstream, documents: Path
) -> Iterator[Surveyor]:
    """A server with the same documents, whose operator only wants advice."""
    settings = {"models": fleet(upstream.url), "index": {"folder": str(documents)}}
    with surveyor(tmp_path_factory.mktemp("advising"), settings, UPSTREAM_KEY="sk-upstream") as running:
        yield running


def explained(server: Surveyor, text: str) -> dict[str, Any]:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
    found: dict[str, Any] = httpx.post(f"{server.v1}/explain", json=body).json()
    return found


def test_a_question_is_grounded_in_the_operators_documents(applying: Surveyor, upstream: ScriptedUpstream) -> None:
    for stream in (False, True):
        reply = ask(applying, QUESTION, stream=stream)
        assert told(reply, "rule").split(",")[0] == "know.retrieval"
        assert told(reply, "shaped") == "know.retrieval.ground"
        (sent,) = [m["content"] for m in upstream.requests[-1]["messages"] if m["role"] == "user"]
        assert "[1] glinzer.md › The lighthouse of Glinzer Head › Building" in sent
        assert "Ottoline Marrable" in sent
        assert GROUNDED in sent
        assert sent.endswith(f"Question:\n\n{QUESTION}")

        row = applying.row(told(reply, "id"))
        assert "know.retrieval.ground:retrieval" in orjson.loads(row["changes"])
        assert "Marrable" not in orjson.dumps(row).decode()  # passages are not stored
        assert orjson.loads(row["signals"])["retrieved"] > 0.5
        past = httpx.get(f"{applying.v1}/explain/{told(reply, 'id')}").json()
        assert "know.retrieval.ground:retrieval" in past["changes"]

    ahead = explained(applying, QUESTION)
    assert ahead["decision"]["kind"] == "retrieve"
    assert "know.retrieval.ground:retrieval" in ahead["changes"]


def test_the_answer_is_kept_under_what_the_client_asked(applying: Surveyor, upstream: ScriptedUpstream) -> None:
    first, calls = ask(applying, QUESTION, seed=1), len(upstream.requests)
    again = ask(applying, QUESTION, seed=1)
    assert (told(first, "cache"), told(again, "cache")) == ("miss", "hit")
    assert len(upstream.requests) == calls
    assert "x-surveyor-shaped" not in again.headers  # nobody was asked anything
    assert applying.row(told(again, "id"))["changes"] in ("[]", "", None)


def test_what_the_documents_do_not_know_is_asked_as_it_is(applying: Surveyor, upstream: ScriptedUpstream) -> None:
    reply = ask(applying, ELSEWHERE)
    assert "x-surveyor-shaped" not in reply.headers
    assert upstream.requests[-1]["messages"] == [{"role": "user", "content": ELSEWHERE}]
    assert told(reply, "rule").split(",")[0] != "know.retrieval"


def test_a_sum_is_asked_with_steps_and_no_tool_is_invented(applying: Surveyor, upstream: ScriptedUpstream) -> None:
    reply = ask(applying, SUM)
    assert "scale.arithmetic.cot" in told(reply, "shaped").split(",")
    messages = upstream.requests[-1]["messages"]
    assert messages[0] == {"role": "system", "content": STEPS}
    assert messages[-1] == {"role": "user", "content": SUM}


def test_an_unknown_label_list_is_asked_with_the_operators_examples(
    applying: Surveyor, upstream: ScriptedUpstream
) -> None:
    reply = ask(applying, EMOTION)
    assert told(reply, "shaped") == "nlu.misc-class.examples"
    assert upstream.requests[-1]["messages"] == [
        {"role": "user", "content": "She said yes!"},
        {"role": "assistant", "content": "joy"},
        {"role": "user", "content": EMOTION},
    ]


def test_without_leave_advice_is_only_given(advising: Surveyor, upstream: ScriptedUpstream) -> None:
    for text, advice in ((QUESTION, "retrieval"), (SUM, "cot")):
        reply = ask(advising, text)
        assert upstream.requests[-1]["messages"] == [{"role": "user", "content": text}]
        assert "x-surveyor-shaped" not in reply.headers
        found = explained(advising, text)
        assert advice in found["decision"]["advice"]
        assert "changes" not in found


def test_without_an_index_nothing_is_looked_up(server: Surveyor) -> None:
    reply = ask(server, QUESTION)
    assert told(reply, "rule").split(",")[0] != "know.retrieval"
    assert orjson.loads(server.row(told(reply, "id"))["signals"])["retrieved"] is None
