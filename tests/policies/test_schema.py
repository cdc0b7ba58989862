"""A rule file is checked to the last condition, and editors are told the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies.conditions import check
from policies.located import ConfigError, load
from policies.schema import PAPER, RuleFile, Taxonomy, json_schema, schema_text
from policies.signals import SIGNALS, SURVEY, TASKS
from policies.store import headings, profiles

POLICIES = Path("policies")

RULE = """\
rules:
  - id: nlu.sentiment
    title: Sentiment goes to the expert
    status: active
    stage: route
    when: {task: sentiment, expert: open}
    then: {kind: local}
    why: Because cost decides here.
    cites: [nlu.sentiment]
    wrong_when: The opinion is ironic.
"""


def refused(folder: Path, old: str, new: str) -> str:
    assert old in RULE
    path = folder / "rules.yaml"
    path.write_text(RULE.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load(path, RuleFile)
    return str(caught.value).removeprefix(f"{path}:")


def test_the_schema_for_editors_is_current() -> None:
    assert (POLICIES / "rule.schema.json").read_text(encoding="utf-8") == schema_text(), (
        "run `python -m policies.schema`"
    )


def test_the_schema_names_every_signal() -> None:
    when = json_schema()["$defs"]["When"]["properties"]
    assert set(when) == {*SIGNALS, "any", "all", "not"}
    assert all(when[name]["description"] for name in SIGNALS)
    json.dumps(json_schema())


def test_every_rule_file_names_its_schema() -> None:
    for path in (each for profile in profiles() for each in (POLICIES / profile).glob("*.yaml")):
        if path.name != "profile.yaml":
            assert path.read_text().startswith("# yaml-language-server: $schema=../rule.schema.json\n"), path


def test_a_good_rule_is_taken_as_written(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULE)
    (rule,) = load(path, RuleFile).rules
    assert rule.conditions == {"task": "sentiment", "expert": "open"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: nlu.sentiment", f"id: mine.{'x' * 56}", "60 characters"),
        (
            "task: sentiment,",
            "tsak: sentiment,",
            "6: unknown key 'tsak' under 'rules.0.when'; did you mean 'task'?",
        ),
        (
            "task: sentiment,",
            "task: sentimnet,",
            "6: 'rules.0.when.task': 'sentimnet' is not a value of this signal; did you mean 'sentiment'?",
        ),
        (
            "expert: open",
            "\n      expert.n: '=> 3'\n    ",
            '7: \'rules.0.when.expert.n\': write a number or a comparison such as ">= 0.9" or "< few"',
        ),
        ("expert: open", "expert.n: true", "6: 'rules.0.when.expert.n': write a number"),
        ("expert: open", "tokens: none", "6: 'rules.0.when.tokens': write a number"),
        ("expert: open", "tools: 1", "6: 'rules.0.when.tools': write true or false, not 1"),
        ("expert: open", "pii: 3", "6: 'rules.0.when.pii': write a word, not 3"),
        ("expert: open", "output: 3", "write a word, not 3; one of free, label, number, span, json, code"),
        ("expert: open", "language: []", "the list is empty, so it would never match"),
        ("expert: open", "any: []", "6: 'rules.0.when.any'"),
        (
            "expert: open",
            "not: {any: [{taks: ner}]}",
            "6: unknown key 'taks' under 'rules.0.when.not.any.0'; did you mean 'tasks'?",
        ),
        (
            "{kind: local}",
            "{kind: locale}",
            "7: 'rules.0.then.kind' should be 'local', 'llm', 'retrieve' or 'guard'",
        ),
        ("{kind: local}", "{advise: [cot]}", "7: unknown key 'advise' under 'rules.0.then'. Valid keys: kind"),
        ("stage: route", "stage: rout", "5: 'rules.0.stage' should be one of 'guard', 'route', 'tier',"),
        ("{kind: local}", "{}", "7: missing key 'kind' under 'rules.0.then'"),
        (
            "    cites: [nlu.sentiment]\n",
            "",
            "2: missing key 'cites' under 'rules.0'; write for example `cites: ",
        ),
        ("    wrong_when: The opinion is ironic.\n", "", "2: missing key 'wrong_when' under 'rules.0'"),
        ("cites: [nlu.sentiment]", "cites: []", "9: 'rules.0.cites' "),
        ("cites: [nlu.sentiment]", "cites: [somebody said so]", "9: 'rules.0.cites.0' "),
        (
            "status: active",
            "status: on",
            "4: 'rules.0.status' should be 'active', 'shadow' or 'off', but is 'on'",
        ),
    ],
)
def test_a_mistake_in_a_rule_is_reported_where_it_stands(tmp_path: Path, old: str, new: str, said: str) -> None:
    message = refused(tmp_path, old, new)
    assert said in message, message


@pytest.mark.parametrize("stage", ["guard", "tier", "budget"])
def test_a_rule_must_do_something(tmp_path: Path, stage: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULE.replace("stage: route", f"stage: {stage}").replace("{kind: local}", "{}"))
    with pytest.raises(ConfigError, match="says nothing; set one of"):
        load(path, RuleFile)


@pytest.mark.parametrize("condition", [5, 0.5, ">= 0.9", "<few", "> -1", "none", [1, ">= 3"]])
def test_the_forms_of_a_number(condition: object) -> None:
    assert check(SIGNALS["expert.n"], condition) == condition


def test_the_taxonomy_knows_every_task() -> None:
    table = load(POLICIES / "taxonomy.yaml", Taxonomy).tasks
    assert set(table) == set(TASKS)
    assert len(TASKS) == 44
    assert len(SURVEY) == 33


def test_a_taxonomy_with_a_hole_is_refused(tmp_path: Path) -> None:
    lines = (POLICIES / "taxonomy.yaml").read_text().splitlines()
    path = tmp_path / "taxonomy.yaml"
    path.write_text("\n".join(line for line in lines if not line.startswith("  ner:")))
    with pytest.raises(ConfigError, match="no place for ner; every task type needs one"):
        load(path, Taxonomy)
    path.write_text("\n".join([*lines, "  cooking: {survey: other, figure: [Q2]}"]))
    with pytest.raises(ConfigError, match="unknown task type cooking"):
        load(path, Taxonomy)


def rules_of(profile: str) -> list[Any]:
    files = sorted((POLICIES / profile).glob("*.yaml"))
    return [rule for path in files if path.name != "profile.yaml" for rule in load(path, RuleFile).rules]


@pytest.mark.parametrize("profile", profiles())
def test_every_rule_has_its_row_of_evidence(profile: str) -> None:
    rows = headings((POLICIES / "survey.md").read_text())
    for rule in rules_of(profile):
        row = ".".join(rule.id.split(".")[:2])
        assert row in rows or set(rule.cites) & rows, rule.id
        if rule.stage == "route":
            assert row in rule.cites, rule.id


@pytest.mark.parametrize("profile", profiles())
def test_every_paper_cited_is_spoken_of(profile: str) -> None:
    evidence = (POLICIES / "survey.md").read_text()
    for rule in rules_of(profile):
        assert all(cite in evidence for cite in rule.cites if PAPER.fullmatch(cite)), rule.id
