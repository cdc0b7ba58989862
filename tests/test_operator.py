"""What an operator steers in files, on a running server."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

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


# ── surveyor.yaml, edited under a running server ─────────────────────────────────────────────────

OWN = """rules:
  - id: mine.long
    title: What is long goes to the large model
    status: active
    stage: tier
    when: {tokens: ">= long"}
    then: {prefer: large}
    why: Somebody looked at the answers and liked these better.
    cites: [survey s4.2.1]
    wrong_when: Most of it is boilerplate.
  - id: mine.brief
    title: A conversation about poems begins with the small model
    status: active
    stage: tier
    when: {turns: 1, task: open_ended_writing}
    then: {prefer: small}
    why: Nobody has complained yet.
    cites: [survey s4.2.1]
    wrong_when: The poem is for a customer.
  - id: mine.marked
    title: What the operator declared shows in the flags
    status: active
    stage: flag
    when: {prefer: fair}
    then: {flag: [fairly]}
    why: So that a test can see what the rules are told.
    cites: [survey s4.2.1]
    wrong_when: It never is; this is a test.
"""
SEA = "Tell me about the sea."


class Edited:
    """A running server whose surveyor.yaml is edited; each edit begins from the same settings."""

    def __init__(self, server: Surveyor, settings: dict[str, Any]) -> None:
        self.server = server
        self.settings = settings
        self.file = server.folder / "surveyor.yaml"

    def ready(self) -> Any:
        reply = httpx.get(f"{self.server.url}/readyz")
        assert reply.status_code == 200  # whatever was edited, it can serve
        assert reply.json()["ready"] is True
        return reply.json()["policy"]

    def save(self, **sections: Any) -> Any:
        """Replace the file, as editors do, and wait until the server has looked at it."""
        before = self.ready()
        new = self.file.with_suffix(".new")
        new.write_text(yaml.safe_dump({**self.settings, **sections}))
        new.replace(self.file)
        return eventually(lambda: (now := self.ready()) != before and now)

    def explain(self, text: str | list[str], model: str = "auto", key: str = "") -> Any:
        messages = [{"role": "user", "content": each} for each in ([text] if isinstance(text, str) else text)]
        headers = {"authorization": f"Bearer {key}"} if key else {}
        body = {"model": model, "messages": messages}
        reply = httpx.post(f"{self.server.v1}/explain", json=body, headers=headers)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def rules(self, text: str, model: str = "auto", key: str = "") -> list[str]:
        return [rule["id"] for rule in self.explain(text, model, key)["decision"]["rules"]]

    def first(self, text: str, model: str = "auto", key: str = "") -> str:
        return str(self.explain(text, model, key)["decision"]["steps"][0])

    def metric(self, line: str) -> bool:
        return f"{line}\n" in httpx.get(f"{self.server.url}/metrics").text

    def log(self) -> str:
        return (self.server.folder / "err.txt").read_text()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, upstream: ScriptedUpstream) -> Iterator[Edited]:
    folder = tmp_path_factory.mktemp("edited")
    (folder / "rules").mkdir()
    (folder / "rules/mine.yaml").write_text(OWN)
    models = fleet(upstream.url)
    models[1] |= {"p95_ms": 2000, "region": "us-east-1", "tags": ["code"]}
    models[2] |= {"p95_ms": 9000, "region": "eu-west-1"}
    models += [{**models[1], "id": "model-coder", "tier": "large", "tags": ["code"], "region": "eu"}]
    models[0] |= {"p95_ms": 300}
    settings = {"models": models, "policy": {"rules": "rules"}, "cache": {"enabled": False}}
    with surveyor(folder, settings, UPSTREAM_KEY="k", TEAM_A_KEY="team-a", TEAM_B_KEY="team-b") as server:
        yield Edited(server, settings)


@pytest.fixture
def edited(running: Edited) -> Iterator[Edited]:
    yield running
    if yaml.safe_load(running.file.read_text()) != running.settings:
        assert running.save()["error"] is None


def test_a_threshold_changes_under_sixteen_clients_and_no_request_fails(edited: Edited) -> None:
    stop = threading.Event()
    told_now: list[int] = [0] * 16

    def client(number: int) -> list[tuple[int, bool, str]]:
        seen = []
        with httpx.Client(timeout=60) as http:
            while not stop.is_set():
                body = {"model": "auto", "messages": [{"role": "user", "content": f"{SEA} ({number})"}]}
                reply = http.post(f"{edited.server.v1}/chat/completions", json=body)
                long = "mine.long" in reply.headers.get("x-surveyor-rule", "").split(",")
                seen.append((reply.status_code, long, reply.headers.get("x-surveyor-target", "")))
                told_now[number] = len(seen)
        return seen

    with ThreadPoolExecutor(16) as pool:
        clients = [pool.submit(client, number) for number in range(16)]
        try:
            eventually(lambda: min(told_now) >= 3)
            assert "mine.long" not in edited.rules(SEA)
            edited.save(policy={"rules": "rules", "thresholds": {"long": 2}})
            assert "mine.long" in edited.rules(SEA)  # the very next decision
            after = list(told_now)
            eventually(lambda: all(now >= then + 3 for now, then in zip(told_now, after, strict=True)))
        finally:
            stop.set()
    for seen in (each.result() for each in clients):
        assert {status for status, _, _ in seen} == {200}
        assert [long for _, long, _ in seen] == sorted(long for _, long, _ in seen)  # once new, never old again
        assert (seen[0][1], seen[-1][1]) == (False, True)
        # No request saw two policies: the rule and the target tell the same story.
        assert {(long, target) for _, long, target in seen} == {(False, "hosted.standard"), (True, "hosted.large")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "policy:\n  rules: rules\n  thresholds:\n    lnog: 2\n",
            ":4: no threshold is named 'lnog'; did you mean 'long'?",
        ),
        ("policy:\n  rules: rules\n  disable: [mine.long,\n    mine.bref]\n", ":4: no rule is named 'mine.bref'"),
        ("policy:\n  status: {mine.long: sahdow}\n  rules: rules\n", ":2: 'policy.status.mine.long' should be"),
        (
            "policy: {rules: rules,\n variants: {frugal: {\n  status: {real.nosy: off}}}}\n",
            ":3: no rule is named 'real.nosy'",
        ),
        ("policy:\n  rules: ruels\n", ":2: 'ruels' is no folder"),
        ("policy:\n  profile: '2062'\n", ":2: no profile is named '2062'"),
        ("policy:\n  keys: [{key_env: TEAM_A_KEY, variant: frugl}]\n", ":2: no variant is named 'frugl'"),
        (
            "operator:\n  prefer: [fiar]\n",
            ":2: 'operator.prefer.0': no preference is named 'fiar'; did you mean 'fair'?",
        ),
        ("operator:\n  metrics: {sumarization: rouge}\n", ":2: 'operator.metrics.sumarization': no task type is named"),
        ("polcy: {}\n", ":1: unknown key 'polcy'; did you mean 'policy'?"),
    ],
)
def test_a_bad_edit_changes_nothing_and_says_where_it_is_wrong(edited: Edited, text: str, said: str) -> None:
    before = edited.ready()
    edited.file.write_text(text)
    now = eventually(lambda: (now := edited.ready())["error"] and now)
    assert now["error"].startswith(f"surveyor.yaml{said}"), now["error"]
    assert now | {"error": None} == before
    assert f"the last good one stays: surveyor.yaml{said}" in edited.log()
    assert edited.metric("surveyor_policy_stale 1.0")
    assert not edited.metric('surveyor_policy_reloads_total{outcome="kept"} 0.0')
    assert "mine.brief" in edited.rules(POEM)
    good = edited.save()
    assert (good["error"], good["hash"]) == (None, before["hash"])
    assert edited.metric("surveyor_policy_stale 0.0")
    hashed = f'hash="{good["hash"]}",model="auto",profile="2026"'
    assert edited.metric(f"surveyor_policy_info{{{hashed}}} 1.0")


def test_variants_differ_and_are_models_that_a_client_asks_for(edited: Edited, upstream: ScriptedUpstream) -> None:
    variants = {
        "frugal": {"thresholds": {"noisy": 0.9}, "slo_ms": 500, "status": {"mine.brief": "active"}},
        "best": {"thresholds": {"long": 2}, "prefer": ["fair"], "request_usd": 0.0001},
    }
    policy = {"rules": "rules", "disable": ["mine.brief"], "thresholds": {"noisy": 0.8}, "variants": variants}
    ready = edited.save(policy=policy, operator={"slo_ms": 3000})
    assert set(ready["variants"]) == {"frugal", "best"}
    assert len({ready["hash"], *ready["variants"].values()}) == 3
    assert edited.metric(
        f'surveyor_policy_info{{hash="{ready["variants"]["best"]}",model="auto:best",profile="2026"}} 1.0'
    )
    listed = [model["id"] for model in httpx.get(f"{edited.server.v1}/models").json()["data"]]
    assert listed == ["auto", "auto:best", "auto:frugal", "model-small", "model-standard", "model-large", "model-coder"]
    assert httpx.get(f"{edited.server.v1}/models/auto:best").json()["id"] == "auto:best"

    assert edited.first(SEA) == "hosted.standard"
    assert edited.first(SEA, "auto:frugal") == "hosted.small"  # 2 s is too slow where half a second was promised
    best = edited.explain(SEA, "auto:best")
    assert best["decision"]["steps"][0] == "hosted.large"
    assert {"mine.long", "mine.marked", "eff.cost"} <= {rule["id"] for rule in best["decision"]["rules"]}
    assert {"fairly", "over-budget"} <= set(best["decision"]["flags"])
    assert best["policy"] == ready["variants"]["best"]
    assert "mine.brief" not in edited.rules(POEM)
    assert "mine.brief" in edited.rules(POEM, "auto:frugal")  # its own word counts for more than what it inherits

    reply = ask(edited.server, SEA, model="auto:frugal")
    assert told(reply, "target") == "hosted.small"
    assert upstream.requests[-1]["model"] == "model-small"
    assert edited.server.row(told(reply, "id"))["model"] == "auto:frugal"
    missing = ask(edited.server, SEA, model="auto:fruity")
    assert missing.json()["error"]["code"] == "model_not_found"
    assert "auto:frugal" in missing.json()["error"]["message"]


def test_a_key_says_what_auto_means_for_its_client(edited: Edited) -> None:
    keys = [{"key_env": "TEAM_A_KEY", "variant": "frugal"}, {"key_env": "TEAM_B_KEY", "variant": "best"}]
    variants = {"frugal": {"slo_ms": 500}, "best": {"thresholds": {"long": 2}}}
    edited.save(policy={"rules": "rules", "variants": variants, "keys": keys})
    assert edited.first(SEA, key="team-a") == "hosted.small"
    assert edited.first(SEA, key="team-b") == "hosted.large"
    for stranger in ("", "team-c", "team-"):
        assert edited.first(SEA, key=stranger) == "hosted.standard"  # nobody is turned away
    assert edited.first(SEA, "auto:best", key="team-a") == "hosted.large"
    assert edited.first(SEA, "model-large", key="team-a") == "hosted.model-large"
    reply = ask(edited.server, SEA, headers={"authorization": "bearer team-a"})
    assert told(reply, "target") == "hosted.small"
    assert edited.server.row(told(reply, "id"))["model"] == "auto:frugal"
    ready = edited.save(
        policy={"rules": "rules", "variants": variants, "keys": [{"key_env": "NONE", "variant": "best"}]}
    )
    assert ready["error"].endswith("the environment variable NONE is not set")
    assert edited.first(SEA, key="team-a") == "hosted.small"


def test_rules_are_switched_off_or_put_in_shadow_by_name(edited: Edited) -> None:
    assert edited.first(POEM) == "hosted.small"
    edited.save(policy={"rules": "rules", "disable": ["mine.brief"]})
    assert edited.first(POEM) == "hosted.standard"
    assert "mine.brief" not in edited.rules(POEM)
    edited.save(policy={"rules": "rules", "status": {"mine.brief": "shadow"}})
    found = edited.explain(POEM)["decision"]
    assert found["steps"][0] == "hosted.standard"
    assert [rule["status"] for rule in found["rules"] if rule["id"] == "mine.brief"] == ["shadow"]


def test_what_the_operator_declares_reaches_the_rules(edited: Edited, upstream: ScriptedUpstream) -> None:
    assert edited.first(SEA) == "hosted.standard"
    edited.save(operator={"residency": "eu", "prefer": ["fair"]})
    resident = edited.explain(SEA)["decision"]
    assert resident["steps"] == ["hosted.large"]  # small said no region, and standard is in another one
    assert "safety.residency" in {rule["id"] for rule in resident["rules"]}
    assert "fairly" in resident["flags"]
    edited.save(operator={"residency": "us"})
    assert edited.explain(SEA)["decision"]["steps"] == ["hosted.standard"]
    edited.save(operator={"residency": "ch"})
    assert told(refused := ask(edited.server, SEA), "rule").split(",")[0] == "safety.residency"
    assert refused.json()["error"]["code"] == "policy_refused"
    edited.save(operator={"slo_ms": 1000})
    assert edited.explain(SEA)["decision"]["steps"] == ["hosted.small"]
    edited.save(budget={"request_usd": 0.0000001})
    assert "over-budget" in edited.explain(SEA)["decision"]["flags"]
    edited.save(policy={"rules": "rules", "thresholds": {"long": 2}})
    code = "Write a Python function that reverses a linked list in place."
    reply = ask(edited.server, code)
    assert told(reply, "target") == "hosted.model-coder"  # of the large models, the one that is good at code
    assert upstream.requests[-1]["model"] == "model-coder"


def test_a_conversation_stays_with_the_tier_that_began_it(edited: Edited) -> None:
    def turn(opening: str, *later: str) -> str:
        said = [{"role": "user", "content": opening}]
        for text in later:
            said += [{"role": "assistant", "content": "The answer is here."}, {"role": "user", "content": text}]
        body = {"model": "auto", "messages": said}
        return told(httpx.post(f"{edited.server.v1}/chat/completions", json=body, timeout=60), "target")

    after = "And how many syllables does its second line have?"
    assert turn("Never asked before.", after) == "hosted.standard"
    assert turn(POEM) == "hosted.small"
    assert turn(POEM, after) == "hosted.small"
    assert turn(POEM, after, "Thank you.") == "hosted.small"
    assert turn(f"{POEM} Make it rhyme.", after) == "hosted.standard"  # another conversation
    # What was looked at before its beginning was known is not remembered as having none.
    late = f"{POEM} It must be sad."
    assert turn(late, after) == "hosted.standard"
    assert turn(late) == "hosted.small"
    assert turn(late, after) == "hosted.small"


def test_a_template_with_examples_is_no_conversation(edited: Edited) -> None:
    def filled(question: str) -> str:
        said = [("user", "Name a harbour."), ("assistant", "Hamburg."), ("user", question)]
        body = {"model": "auto", "messages": [{"role": role, "content": text} for role, text in said]}
        return told(httpx.post(f"{edited.server.v1}/chat/completions", json=body, timeout=60), "target")

    assert filled("Tell me about the sea and its harbours. " * 200) == "hosted.large"
    assert filled(SEA) == "hosted.standard"  # one that was long takes none of the others along


def test_what_cannot_change_under_way_is_named(edited: Edited, upstream: ScriptedUpstream) -> None:
    models = [model | {"upstream_model": "another"} for model in edited.settings["models"]]
    policy = {"rules": "rules", "thresholds": {"long": 2}}
    ready = edited.save(models=models[:2], experts=False, policy=policy, cache={"enabled": True})
    assert ready["error"] is None
    assert eventually(lambda: "needs a restart: models, experts, cache\n" in edited.log())
    assert edited.first(SEA) == "hosted.large"  # the policy is new, the fleet is not
    ask(edited.server, SEA)
    assert upstream.requests[-1]["model"] == "model-large"


def test_a_hangup_and_a_new_rule_folder_and_the_mistake_in_it(edited: Edited) -> None:
    before = edited.ready()
    edited.server.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: edited.ready()["loaded_at"] > before["loaded_at"])
    folder = edited.server.folder / "more-rules"
    folder.mkdir()
    (folder / "mine.yaml").write_text(OWN.replace("stage: tier", "stage: tear", 1))
    assert "more-rules/mine.yaml:5" in edited.save(policy={"rules": "more-rules"})["error"]
    (folder / "mine.yaml").write_text(OWN.replace("mine.brief", "mine.short"))  # put right where the mistake was
    assert eventually(lambda: edited.ready()["error"] is None)
    assert "mine.short" in edited.rules(POEM)
    (folder / "mine.yaml").write_text(OWN.replace("mine.brief", "mine.shorter"))
    assert eventually(lambda: "mine.shorter" in edited.rules(POEM))
