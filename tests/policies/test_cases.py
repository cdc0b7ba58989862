"""Golden decisions: what the shipped profile decides is written down as data, and here held against the engine."""

from pathlib import Path

import pytest

from policies.cases import Result, case_files, run, untested
from policies.located import ConfigError
from policies.store import PolicyStore, profiles

POLICY = PolicyStore("2026").current
RESULTS = list(run(POLICY, case_files()))


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: f"{result.path.stem}: {result.case.case}")
def test_the_decision_is_the_golden_one(result: Result) -> None:
    assert result.ok, str(result)


def test_every_rule_has_a_hit_and_a_miss() -> None:
    assert untested(POLICY, RESULTS) == []


def test_every_file_of_rules_has_its_file_of_cases() -> None:
    rules = {path.name for path in Path("policies/2026").glob("*.yaml")} - {"profile.yaml"}
    assert rules == {path.name for path in case_files()}


def test_a_wrong_case_says_what_was_different(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(
        "cases:\n"
        "  - case: a poem stays local\n"
        "    given: {task: open_ended_writing}\n"
        "    hits: [nlu.sentiment]\n"
        "    misses: [gen.creative]\n"
        "    kind: local\n"
        "    refusal: never\n"
    )
    (result,) = run(POLICY, [path])
    assert str(result) == (
        f"{path}:2: a poem stays local: nlu.sentiment should have fired; gen.creative should not have fired; "
        "kind should be local, but is llm; refusal should say 'never', but says ''"
    )
    assert "nlu.sentiment has no miss" in untested(POLICY, [result])
    assert "gen.creative has no hit" in untested(POLICY, [result])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{task: sentimnet}", "no task type is named 'sentimnet'; did you mean 'sentiment'?"),
        (
            "{task: sentiment, facts: {nosie: 1}}",
            "unknown key 'nosie' under 'cases.0.given.facts'; did you mean 'noise'?",
        ),
        ("{task: sentiment, fleet: {tiers: [huge]}}", "should be 'small', 'standard', 'large' or 'reasoning'"),
    ],
)
def test_a_misspelt_case_is_refused_where_it_stands(tmp_path: Path, given: str, said: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(f"cases:\n  - case: misspelt\n    given: {given}\n")
    with pytest.raises(ConfigError) as caught:
        list(run(POLICY, [path]))
    assert str(caught.value).startswith(f"{path}:3: ")
    assert said in str(caught.value)


def test_the_profile_is_shipped() -> None:
    assert "2026" in profiles()
