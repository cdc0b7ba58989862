"""The command line, as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.servers import Surveyor

SENTIMENT = "Is this review positive or negative? I loved every minute of it."


def surveyor(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    return subprocess.run(
        [sys.executable, "-m", "router", *arguments],
        cwd=cwd, input=stdin, env={**clean, "COLUMNS": "160"}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_explain_is_a_tree_with_signals_stages_rule_and_cost(tmp_path: Path) -> None:
    done = surveyor("explain", SENTIMENT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for part in ("sentiment", "nlu.sentiment", "sentiment expert", "novelty", "cost", "baseline"):
        assert part in done.stdout
    assert list(tmp_path.iterdir()) == []  # nothing is executed, nothing is written


def test_explain_takes_the_name_that_a_client_would_ask_for(tmp_path: Path) -> None:
    (tmp_path / "surveyor.yaml").write_text("policy: {variants: {careful: {prefer: [robust]}}}\n")
    plain = json.loads(surveyor("explain", "--json", SENTIMENT, cwd=tmp_path).stdout)
    careful = json.loads(surveyor("explain", "--json", "--model", "auto:careful", SENTIMENT, cwd=tmp_path).stdout)
    assert (plain["decision"]["kind"], careful["decision"]["kind"]) == ("local", "llm")
    wrong = surveyor("explain", "--model", "auto:carefull", SENTIMENT, cwd=tmp_path)
    assert wrong.returncode == 2
    assert "auto:careful" in wrong.stderr


def test_explain_prints_the_document_of_the_api(tmp_path: Path, keyless: Surveyor) -> None:

    printed = json.loads(surveyor("explain", "--json", SENTIMENT, cwd=tmp_path).stdout)
    body = {"model": "auto", "messages": [{"role": "user", "content": SENTIMENT}]}
    served = httpx.post(f"{keyless.v1}/explain", json=body).json()
    assert printed.pop("id") != served.pop("id")
    assert printed == served


def test_try_prints_a_table(server: Surveyor, tmp_path: Path) -> None:
    prompts = (
        f"{SENTIMENT}\n\n" + '{"prompt": "Write a poem about rain."}\n{"messages": [{"role": "user", "content": "hi"}]}'
    )
    done = surveyor("try", "-", "--url", server.url, cwd=tmp_path, stdin=prompts)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    assert len(lines) == 4
    for part in ("prompt", "task", "novelty", "rule", "target", "cost", "saved", "ms"):
        assert part in lines[0]
    assert "expert.sentiment" in lines[1]
    assert "hosted." in lines[2]

    rows = json.loads(surveyor("try", "-", "--url", server.url, "--json", cwd=tmp_path, stdin=prompts).stdout)
    assert rows[0]["answer"] == "positive"
    assert [row["error"] for row in rows] == ["", "", ""]


def test_try_says_when_nobody_is_there(tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("hello\n")
    done = surveyor("try", "prompts.txt", "--url", "http://127.0.0.1:9", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert "Is `surveyor serve` running?" in json.loads(done.stdout)[0]["error"]
    assert surveyor("try", "nothing.txt", cwd=tmp_path).stderr.startswith("nothing.txt:")


def test_a_rule_file_with_an_error_is_refused_with_file_line_and_what_to_write(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "surveyor.yaml").write_text("policy:\n  rules: rules\n")
    (tmp_path / "rules/mine.yaml").write_text(
        "rules:\n  - id: mine.first\n    title: Poems go to the small model\n    status: active\n    stage: tier\n"
        "    when: {noveltie: '> 0.5'}\n    then: {prefer: small}\n    why: They are short.\n"
        "    cites: [survey s4.2.1]\n    wrong_when: They are long.\n"
    )
    for command in (["policy", "check"], ["explain", "hello"], ["serve", "--port", "0"]):
        done = surveyor(*command, cwd=tmp_path)
        assert done.returncode != 0
        assert "rules/mine.yaml:6:" in done.stderr
        assert "did you mean 'novelty'" in done.stderr
        assert "Traceback" not in done.stderr


def test_policy_check_and_schema(tmp_path: Path) -> None:
    done = surveyor("policy", "check", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].startswith("profile 2026: ")
    assert "no mistakes" in done.stdout.splitlines()[-1]
    assert "note: rule 'nlu.ir-rank': idle: no expert serves ranking" in done.stdout
    assert surveyor("policy", "check", "--strict", cwd=tmp_path).returncode == 1
    assert json.loads(surveyor("policy", "schema", cwd=tmp_path).stdout)["$defs"]


def test_policy_check_finds_rules_that_load_but_never_act(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "surveyor.yaml").write_text("policy:\n  rules: rules\n  variants:\n    tight: {thresholds: {few: 0}}\n")
    (tmp_path / "rules/mine.yaml").write_text(
        "rules:\n  - id: mine.first\n    title: Poems go to the small model\n    status: active\n    stage: tier\n"
        "    when: {task: open_ended_writing, figure: Q2}\n    then: {prefer: small}\n    why: They are short.\n"
        "    cites: [survey s4.2.1]\n    wrong_when: They are long.\n"
    )
    said = (
        "rules/mine.yaml:6: error: rule 'mine.first': never matches: `task: open_ended_writing` and `figure: Q2` never "
        "hold together; take one of them out, or put them under `any` if one is enough"
    )
    done = surveyor("policy", "check", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stdout.count("mine.yaml")) == (1, 1)
    assert lines[0] == said
    assert ", 1 mistake, " in lines[-2]
    assert lines[-1].startswith("auto:tight: profile 2026: ")

    plain, tight = json.loads(surveyor("policy", "check", "--json", cwd=tmp_path).stdout)
    assert (plain["model"], tight["model"]) == ("auto", "auto:tight")
    assert plain["findings"][0] == {
        "path": "rules/mine.yaml",
        "line": 6,
        "rule": "mine.first",
        "severity": "error",
        "message": "never matches: `task: open_ended_writing` and `figure: Q2` never hold together",
        "suggestion": "take one of them out, or put them under `any` if one is enough",
    }
    idle = [each for each in tight["findings"] if each not in plain["findings"]]
    assert idle
    assert {each["severity"] for each in idle} == {"note"}  # the operator meant it


def test_help_is_quick_because_it_imports_nothing_heavy(tmp_path: Path) -> None:
    code = "import sys; import router.cli; print([m for m in ('litellm', 'torch', 'redis', 'onnxruntime', 'sklearn') if m in sys.modules])"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "[]"
    assert "serve" in surveyor("--help", cwd=tmp_path).stdout
