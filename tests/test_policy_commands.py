"""`surveyor policy`, as a user types it: show, test, diff, replay."""

from __future__ import annotations

import csv
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from policies.store import PolicyStore
from router.tables import requests
from tests.bench.replay import fill
from tests.test_cli import surveyor

RULE = """rules:
  - id: mine.jokes
    title: Jokes go to the small model
    status: active
    stage: tier
    when: {survey: creative, tokens: "< 40"}
    then: {prefer: small}
    why: They are short, and we have compared.
    cites: [gen.creative]
    wrong_when: They are to be printed.
"""
CASES = """cases:
  - case: a joke is told by the small model
    given: {task: brainstorming, facts: {tokens: 12}}
    hits: [mine.jokes]
    tier: small
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with settings, a rule of the operator's own, and a case for it."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/mine.yaml").write_text(RULE)
    (tmp_path / "mine.yaml").write_text("policy: {rules: rules, thresholds: {few: 321}}\n")
    (tmp_path / "cases.yaml").write_text(CASES)
    return tmp_path


def test_show_has_every_row_one_rule_and_the_thresholds(mine: Path) -> None:
    page = surveyor("policy", "show", "--config", "mine.yaml", cwd=mine).stdout
    assert page.startswith("Profile 2026: 74 rows of the survey, 4 of our own, 1 of yours, as ")
    assert surveyor("policy", "show", "--profile", "survey-2023", cwd=mine).stdout.startswith(
        "Profile survey-2023: 74 r"
    )
    rule = surveyor("policy", "show", "scale.arithmetic", cwd=mine).stdout
    assert "The evidence, scale.arithmetic" in rule
    assert "with it     scale.arithmetic.tier, scale.arithmetic.cot" in rule
    assert (
        "321 labels (default 200)"
        in surveyor("policy", "show", "--thresholds", "--config", "mine.yaml", cwd=mine).stdout
    )
    told = json.loads(surveyor("policy", "show", "mine.jokes", "--config", "mine.yaml", "--json", cwd=mine).stdout)
    assert (told["file"], told["line"]) == ("rules/mine.yaml", 2)
    done = surveyor("policy", "show", "mine.jokse", "--config", "mine.yaml", cwd=mine)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'mine.jokes'?" in done.stderr


def test_test_runs_the_cases_of_the_operator(mine: Path) -> None:
    run = ("policy", "test", "cases.yaml", "--config", "mine.yaml")
    done = surveyor(*run, cwd=mine)
    assert (done.returncode, done.stdout.splitlines()) == (1, [
        "mine.jokes has no miss", "profile 2026: 1 case, all as written; 1 hits or misses wanting",
    ])  # fmt: skip
    near = "  - {case: a long one is not, given: {task: brainstorming, facts: {tokens: 90}}, misses: [mine.jokes]}\n"
    (mine / "cases.yaml").write_text(CASES + near)
    done = surveyor(*run, cwd=mine)
    assert (done.returncode, done.stdout) == (0, "profile 2026: 2 cases, all as written; every rule hit and missed\n")
    (mine / "cases.yaml").write_text(
        CASES.replace("tier: small", "tier: large") + near.replace("mine.jokes", "mine.jok")
    )
    done = surveyor(*run, cwd=mine)
    assert done.returncode == 1
    assert "cases.yaml:2: a joke is told by the small model: tier should be large, but is small" in done.stdout
    assert "cases.yaml:6: a long one is not: no rule is named 'mine.jok'; did you mean 'mine.jokes'?" in done.stdout
    told = json.loads(surveyor(*run, "--json", cwd=mine).stdout)
    assert (told["ok"], told["profiles"][0]["differences"][0]["line"]) == (False, 2)
    done = surveyor("policy", "test", "none.yaml", cwd=mine)
    assert (done.returncode, done.stderr) == (2, "none.yaml: there is no such file of cases\n")


def test_test_runs_the_cases_that_ship_for_every_profile(tmp_path: Path) -> None:
    done = surveyor("policy", "test", cwd=tmp_path)
    assert (done.returncode, [line.split(":")[0] for line in done.stdout.splitlines()]) == (
        0, ["profile 2026", "profile survey-2023"],
    ), done.stdout  # fmt: skip


def test_diff_of_profiles_and_of_settings(mine: Path) -> None:
    text = surveyor("policy", "diff", "2026", "mine.yaml", cwd=mine).stdout
    assert "+ mine.jokes (tier): Jokes go to the small model" in text
    assert "few: 200 → 321" in text
    assert surveyor("policy", "diff", "2026", "--config", "mine.yaml", cwd=mine).stdout == text
    told = json.loads(surveyor("policy", "diff", "survey-2023", "2026", "--json", cwd=mine).stdout)
    assert (told["from"]["profile"], told["to"]["profile"]) == ("survey-2023", "2026")
    done = surveyor("policy", "diff", "2026", "2025", cwd=mine)
    assert done.returncode == 2
    assert "no profile is named '2025'" in done.stderr


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger of 300 requests decided by 2026, of which the last is old, one open, one odd."""
    folder = tmp_path_factory.mktemp("past")
    fill(f"sqlite:///{folder / 'surveyor.db'}", PolicyStore("2026").current, 300)
    engine = sa.create_engine(f"sqlite:///{folder / 'surveyor.db'}")
    with engine.begin() as connection:
        ids = connection.execute(sa.select(requests.c.id).where(requests.c.outcome == "whole")).scalars().all()
        for request_id, change in (
            (ids[0], {"at_ms": int((time.time() - 30 * 86_400) * 1000)}),
            (ids[1], {"outcome": None}),
            (ids[2], {"signals": "no JSON"}),
        ):
            connection.execute(requests.update().where(requests.c.id == request_id).values(change))
        connection.execute(requests.update().where(requests.c.id == ids[3]).values({"decision": None}))
    (folder / "count").write_text(str(len(ids)))
    return folder


def replayed(folder: Path, *arguments: str) -> dict[str, Any]:
    done = surveyor("policy", "replay", *arguments, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_replay_under_the_same_policy_moves_nothing(past: Path) -> None:
    found = replayed(past, "--policy", "2026")
    whole = int((past / "count").read_text())
    assert (found["requests"], found["unreadable"], found["reconstructed"]) == (whole - 3, 1, 1)
    assert (found["moved"], found["same_target_other_rule"]) == (0, 0)
    assert replayed(past, "--policy", "2026", "--since", "9w")["requests"] == whole - 2
    assert replayed(past, "--policy", "2026", "--limit", "10")["requests"] <= 10


def test_replay_tells_who_moves_and_writes_them_down(past: Path) -> None:
    found = replayed(past, "--profile", "survey-2023", "--csv", "moved.csv")
    assert found["profile"] == "survey-2023"
    assert 0 < found["moved"] < found["requests"]
    with (past / "moved.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == found["moved"] == sum(kind["requests"] for kind in found["moves"])
    assert {(row["from"], row["to"]) for row in rows} == {(kind["from"], kind["to"]) for kind in found["moves"]}
    text = surveyor("policy", "replay", "--profile", "survey-2023", cwd=past)
    assert f"{found['moved']:,} move (" in text.stdout
    assert "Moves with the least evidence" in text.stdout
    assert found["weakest"][0]["id"] in text.stdout
    assert "estimates made before the answer" in " ".join(text.stdout.split())


def test_replay_of_nothing_says_so(past: Path) -> None:
    done = surveyor("policy", "replay", "--since", "0m", cwd=past)
    assert (done.returncode, done.stdout.partition(".")[0]) == (0, "No request of this time was answered whole")


def test_replay_says_what_is_wrong(past: Path, tmp_path: Path) -> None:
    for arguments, said in (
        (["--policy", "2026", "--since", "a week"], "'a week' is no age; write a number with m, h, d or w"),
        (["--policy", "2026", "--profile", "2026"], "Say --policy or --profile, not both."),
        (["--policy", "2026", "--csv", "no/such/folder.csv"], "no/such/folder.csv"),
        (["--policy", "2025"], "no profile is named '2025'"),
    ):
        done = surveyor("policy", "replay", *arguments, cwd=past)
        assert (done.returncode, done.stdout) == (2, ""), done.stdout
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    done = surveyor("policy", "replay", "--policy", "2026", cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "there is no ledger at sqlite:///surveyor.db" in done.stderr


def test_a_damaged_row_is_said_in_a_sentence(past: Path) -> None:
    with sqlite3.connect(past / "surveyor.db") as connection:
        ((odd,),) = connection.execute("SELECT id FROM requests WHERE signals = 'no JSON'").fetchall()
    connection.close()
    done = surveyor("explain", "--id", odd, cwd=past)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"The row of '{odd}' in the ledger is damaged; it cannot be explained any more.\n"


@pytest.mark.parametrize("command", [["policy", "replay", "--policy", "2026", "--json"], ["explain", "--id", "x"]])
def test_a_ledger_that_cannot_be_read_is_said_in_a_sentence(past: Path, tmp_path: Path, command: list[str]) -> None:
    def said(url: str) -> str:
        (tmp_path / "my.yaml").write_text(f"ledger:\n  url: {url}\n")
        done = surveyor(*command, "--config", "my.yaml", cwd=tmp_path)
        told: str = done.stderr.strip()
        assert (done.returncode, done.stdout, told.count("\n")) == (2, "", 0), told
        return told

    whole = (past / "surveyor.db").read_bytes()
    (tmp_path / "broken.db").write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    assert "broken.db cannot be read: database disk image is malformed" in said("sqlite:///broken.db")
    (tmp_path / "locked.db").write_bytes(whole)
    holder = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    holder.execute("PRAGMA journal_mode=DELETE")
    holder.execute("BEGIN EXCLUSIVE")
    assert "timeout=0.1 cannot be read: database is locked" in said("sqlite:///locked.db?timeout=0.1")
    holder.close()
