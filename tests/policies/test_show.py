"""The rules for people: all rows of the survey on one page, one rule with all that is known, thresholds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType

from policies.conditions import compiled
from policies.located import ConfigError
from policies.show import one, one_text, overview, overview_table, thresholds, thresholds_table
from policies.store import PolicyStore, Tuning, profiles
from policies.words import then_in_words, when_in_words

STORE = PolicyStore("2026", tuning=Tuning(thresholds={"few": 300}, status={"nlu.nli": "shadow"}))
MINE = """rules:
  - id: mine.poems
    title: Short poems [all of them] go to the small model
    status: active
    stage: tier
    when: {survey: creative, tokens: "< 40"}
    then: {prefer: small}
    why: They are short, and we have compared.
    cites: [gen.creative]
    wrong_when: They are to be printed.
"""


def aloud(shown: RenderableType, width: int = 200) -> str:
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(shown)
    return capture.get()


@pytest.mark.parametrize("profile", profiles())
def test_every_row_of_the_survey_is_a_line_then_our_own(profile: str) -> None:
    found = overview(PolicyStore(profile))
    assert json.loads(json.dumps(found)) == found
    origins = [row["origin"] for row in found["rows"]]
    assert origins == ["survey"] * 74 + ["ours"] * 4
    assert {row["id"] for row in found["rows"][74:]} == {
        "default.llm", "real.tools", "real.long-context", "safety.residency",
    }  # fmt: skip
    told = {each["id"] for row in found["rows"] for each in (row, *row["companions"])}
    assert told == {rule.id for rule in PolicyStore(profile).current.rules}
    assert aloud(overview_table(found)).startswith(f"Profile {profile}: 74 rows of the survey, 4 of our own, as ")


def test_a_line_says_what_a_row_does_and_folds_its_companions() -> None:
    found = overview(STORE)
    row = next(row for row in found["rows"] if row["id"] == "scale.arithmetic")
    assert (row["stage"], row["then"], row["status"]) == ("route", "to an LLM", "active")
    assert [each["id"] for each in row["companions"]] == ["scale.arithmetic.tier", "scale.arithmetic.cot"]
    lines = aloud(overview_table(found)).splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("scale.arithmetic "))
    assert "Mathematics goes to an LLM" in lines[at]
    assert lines[at + 1].strip() == "+tier +cot"
    assert next(line for line in lines if line.startswith("nlu.nli ")).rstrip().endswith("shadow")


def test_rules_of_the_operator_come_last(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE)
    found = overview(PolicyStore("2026", tmp_path))
    assert found["rows"][-1]["origin"] == "yours"
    text = aloud(overview_table(found))
    assert "74 rows of the survey, 4 of our own, 1 of yours" in text
    assert "Short poems [all of them] go to the small model" in text


def test_one_rule_is_told_with_its_words_numbers_and_evidence() -> None:
    found = one(STORE, "2026", "data.few")
    assert json.loads(json.dumps(found)) == found
    assert found["companions"] == ["data.few.examples"]
    assert [(each["name"], each["value"], each["default"]) for each in found["thresholds"]] == [("few", 300, 200)]
    assert list(found["evidence"]) == ["data.few"]
    assert found["file"].endswith("data.yaml")
    assert Path(found["file"]).read_text().splitlines()[found["line"] - 1].strip() == "- id: data.few"
    text = aloud(one_text(found))
    for part in (
        "data.few: ",
        "route, active",
        "under few (300)",
        "300 labels (default 200)",
        "The evidence, data.few",
    ):
        assert part in text, text


def test_a_rule_that_is_not_there_is_said_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"profile 2026: no rule is named 'nlu.sentimnet'; did you mean 'nlu.senti"):
        one(STORE, "2026", "nlu.sentimnet")


def test_thresholds_say_what_they_mean_and_who_uses_them() -> None:
    found = {each["name"]: each for each in thresholds(STORE, "2026")}
    assert set(found) == set(STORE.current.thresholds)
    assert "data.few" in found["few"]["used_by"]
    assert all(each["used_by"] for each in found.values()), "a threshold that no rule uses"
    assert "300 labels (default 200)" in aloud(thresholds_table([found["few"]]))


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({}, "always"),
        ({"survey": "sentiment", "expert": "open"}, "survey is sentiment, and expert is open"),
        ({"expert.n": "< few", "labels": ">= 2"}, "expert.n is under few (300), and labels is at least 2"),
        ({"cue": ["memo-trap", "negation"]}, "cue holds memo-trap or negation"),
        ({"pii": True, "tools": False}, "pii is not empty, and tools does not hold"),
        ({"not": {"language": ["en", "de", "fr"]}}, "not (language is en, de or fr)"),
        (
            {"any": [{"expert": "none", "labels": "> 1"}, {"slo": "none"}]},
            "either (expert is none, and labels is over 1), or slo is none",
        ),
        ({"all": [{"novelty": [0.5]}]}, "novelty is 0.5"),
    ],
)
def test_conditions_in_words(when: dict[str, Any], said: str) -> None:
    compiled(when, STORE.current.thresholds)  # it is one
    assert when_in_words(when, STORE.current.thresholds) == said


@pytest.mark.parametrize("profile", profiles())
def test_every_rule_can_be_told(profile: str) -> None:
    store = PolicyStore(profile)
    for rule in store.current.rules:
        text = aloud(one_text(one(store, profile, rule.id)))
        assert rule.why.split()[0] in text
        assert "{" not in then_in_words(rule.then.model_dump(exclude_unset=True)), rule.id
