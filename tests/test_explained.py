"""What was decided is explained alike before, over HTTP, and afterwards on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers import Surveyor, eventually, surveyor
from tests.test_cli import surveyor as command

SENTIMENT = "Is this review positive or negative? I loved every minute of it, all of it."
SUM = "A baker sells 14 loaves an hour at 3.20 each. How much does he earn in a day of 9 hours, less 40 of rent?"
SECRET = "Write to anna.meyer@example.com that her card 4111 1111 1111 1111 was charged twice."


def asked(server: Surveyor, text: str) -> tuple[str, dict[str, Any]]:
    """Send a prompt: the id of the request, and its body."""
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], "max_tokens": 20}
    reply = httpx.post(f"{server.v1}/chat/completions", json=body, timeout=60)
    return reply.headers["x-surveyor-id"], body


@pytest.mark.parametrize("text", [SENTIMENT, SUM, SECRET])
def test_before_and_after_are_explained_alike(server: Surveyor, text: str) -> None:
    request_id, body = asked(server, text)
    after = httpx.get(f"{server.v1}/explain/{request_id}").json()
    before = httpx.post(f"{server.v1}/explain", json=body).json()
    assert after["id"] == request_id != before["id"]
    assert {**after, "id": ""} == {**before, "id": ""}
    server.row(request_id)
    done = command("explain", "--id", request_id, "--json", cwd=server.folder)
    assert json.loads(done.stdout) == after


def test_a_request_can_be_explained_before_its_row_is_written(server: Surveyor) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": SENTIMENT}]}
    with httpx.Client() as client:  # one connection, so that milliseconds lie between the two
        for _ in range(10):
            reply = client.post(f"{server.v1}/chat/completions", json=body)
            assert client.get(f"{server.v1}/explain/{reply.headers['x-surveyor-id']}").status_code == 200


def test_a_past_request_is_told_as_a_tree_with_what_became_of_it(server: Surveyor) -> None:
    request_id, _ = asked(server, SENTIMENT)
    server.row(request_id)
    told = command("explain", "--id", request_id, cwd=server.folder).stdout
    assert "Goes to the sentiment expert on this machine, because of nlu.sentiment" in told
    assert "whole, " in told.splitlines()[-1]
    assert "cost $0.000000" in told.splitlines()[-1]


def test_an_id_that_nobody_knows_is_said_in_a_sentence(server: Surveyor, tmp_path: Path) -> None:
    reply = httpx.get(f"{server.v1}/explain/req_never")
    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "request_not_found"
    assert "x-surveyor-id" in reply.json()["error"]["message"]
    for arguments, said in (
        (["--id", "req_never"], "No request 'req_never' is in the ledger."),
        ([], "Say what to explain: a PROMPT, or --id"),
        (["hello", "--id", "req_never"], "not both"),
        (["--id", "req_never", "--profile", "2026"], "leave out --profile"),
    ):
        done = command("explain", *arguments, cwd=server.folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    assert "there is no ledger at sqlite:///surveyor.db" in command("explain", "--id", "x", cwd=tmp_path).stderr


def test_a_request_is_explained_by_the_rules_of_its_day(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    rule = (
        "rules:\n  - {{id: mine.reviews, title: Reviews go to {0}, status: active, stage: route, "
        "when: {{task: sentiment}}, then: {{kind: llm}}, why: 'We know {0} best.', cites: [survey s4.2.1], "
        "wrong_when: They are long., "
        "before: nlu.sentiment}}\n"
    )
    (tmp_path / "rules/mine.yaml").write_text(rule.format("Anna"))
    with surveyor(tmp_path, {"policy": {"rules": "rules"}, "experts": ["sentiment"]}) as server:
        first, body = asked(server, SENTIMENT)
        (tmp_path / "rules/mine.yaml").write_text(rule.format("Berta"))
        eventually(lambda: "Berta" in httpx.post(f"{server.v1}/explain", json=body).text)
        second, _ = asked(server, SENTIMENT)
        told = [httpx.get(f"{server.v1}/explain/{each}").json() for each in (first, second)]
        assert [each["decision"]["rules"][0]["why"] for each in told] == ["We know Anna best.", "We know Berta best."]
        assert told[0]["policy"] != told[1]["policy"]
