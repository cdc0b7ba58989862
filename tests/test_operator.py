"""What an operator steers in files, on a running server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import fleet
from tests.servers import Surveyor, eventually, surveyor
from tests.test_story import POEM, SENTIMENT, ask, told
from tests.upstream import ScriptedUpstream

RULE = """rules:
  - id: mine.poems
    title: Poems go to the small model
    status: {status}
    stage: tier
    when: {{task: open_ended_writing}}
    then: {{at_most: small}}
    why: Nobody has complained yet.
    cites: [survey s4.2.1]
    wrong_when: The poem is for a customer.
"""


@pytest.fixture(scope="module")
def steered(tmp_path_factory: pytest.TempPathFactory, upstream: ScriptedUpstream) -> Iterator[Surveyor]:
    folder = tmp_path_factory.mktemp("steered")
    (folder / "rules").mkdir()
    models = [*fleet(upstream.url)]
    settings = {"models": models, "privacy": "local-only", "policy": {"rules": "rules"}, "cache": {"enabled": False}}
    with surveyor(folder, settings, UPSTREAM_KEY="k") as server:
        yield server


def rules_for(server: Surveyor, text: str) -> list[str]:
    return told(ask(server, text), "rule").split(",")


def test_a_rule_acts_as_soon_as_its_file_is_saved_and_a_bad_edit_changes_nothing(steered: Surveyor) -> None:
    file: Path = steered.folder / "rules/mine.yaml"
    assert told(ask(steered, POEM), "target") == "hosted.standard"
    file.write_text(RULE.format(status="shadow"))
    eventually(lambda: "policy reloaded" in (steered.folder / "err.txt").read_text())
    assert told(ask(steered, POEM), "target") == "hosted.standard"  # a shadow is recorded, never obeyed
    assert "mine.poems" not in rules_for(steered, POEM)
    file.write_text(RULE.format(status="active"))
    assert eventually(lambda: told(ask(steered, POEM), "target") == "hosted.small")
    assert "mine.poems" in rules_for(steered, POEM)
    file.write_text(RULE.format(status="active").replace("tier", "tear", 1))
    assert eventually(lambda: "the last good one stays: " in (steered.folder / "err.txt").read_text())
    assert "rules/mine.yaml:5" in (steered.folder / "err.txt").read_text()
    assert told(ask(steered, POEM), "target") == "hosted.small"


def test_private_text_stays_on_this_machine(steered: Surveyor, upstream: ScriptedUpstream) -> None:
    calls = len(upstream.requests)
    refused = ask(steered, "Write a letter to my bank about my card 4111 1111 1111 1111.")
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "policy_refused"
    assert told(refused, "rule").split(",")[0] == "safety.privacy"
    assert steered.row(told(refused, "id"))["outcome"] == "refused"
    local = ask(steered, f"{SENTIMENT} Mail me at jo.miller@harbour-cafe.co.uk if you want to know more.")
    assert told(local, "target") == "expert.sentiment"  # an expert on this machine may read it
    assert len(upstream.requests) == calls


def test_a_cache_that_is_off_says_so(steered: Surveyor) -> None:
    for _ in range(2):
        assert told(ask(steered, POEM), "cache") == "off"
