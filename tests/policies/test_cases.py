"""Golden decisions: what the shipped profiles decide is written down as data, and here held against the engine.

And the other way round: the cases are held against policies that lack a rule, or have a threshold moved.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policies.cases import Result, case_files, run, strangers, untested
from policies.engine import Policy
from policies.located import ConfigError
from policies.store import PolicyStore, profiles

POLICIES = [PolicyStore(name).current for name in profiles()]
RESULTS = {policy.profile: list(run(policy, case_files())) for policy in POLICIES}
POLICY = next(policy for policy in POLICIES if policy.profile == "2026")


@pytest.mark.parametrize(
    ("profile", "result"),
    [
        pytest.param(name, result, id=f"{name}, {result.path.stem}: {result.case.case}")
        for name, results in RESULTS.items()
        for result in results
    ],
)
def test_the_decision_is_the_golden_one(profile: str, result: Result) -> None:
    assert result.ok, f"{profile}: {result}"


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.profile)
def test_every_rule_has_a_hit_and_a_miss(policy: Policy) -> None:
    assert untested(policy, RESULTS[policy.profile]) == []


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.profile)
def test_no_case_speaks_of_a_rule_that_its_profile_does_not_have(policy: Policy) -> None:
    assert strangers([policy], RESULTS[policy.profile]) == []


def test_every_file_of_rules_has_its_file_of_cases() -> None:
    rules = {path.name for name in profiles() for path in Path("policies", name).glob("*.yaml")} - {"profile.yaml"}
    assert rules == {path.name for path in case_files()}


def unnoticed(policies: Iterator[tuple[str, Policy]], profile: str) -> list[str]:
    """Of the named policies, those with which every case of the profile still says the same.

    What a case says is the outcome; whether a rule was among those that fired is not enough to be noticed.
    """
    said = [
        (case, case.model_copy(update={"hits": [], "misses": []}), case.given.signals())
        for case in (result.case for result in RESULTS[profile])
    ]
    missed = []
    for name, policy in policies:
        likely_first = sorted(said, key=lambda each: name not in (*each[0].hits, *each[0].misses))
        if not any(outcome.differences(policy.decide(signals)) for _, outcome, signals in likely_first):
            missed.append(name)
    return missed


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.profile)
def test_a_missing_rule_is_noticed(policy: Policy) -> None:
    without = (
        (gone.id, replace(policy, rules=tuple(rule for rule in policy.rules if rule is not gone)))
        for gone in policy.rules
    )
    assert unnoticed(without, policy.profile) == []


@pytest.mark.parametrize("factor", [0.95, 1.05])
@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.profile)
def test_a_threshold_moved_by_a_twentieth_is_noticed(policy: Policy, factor: float) -> None:
    moved = (
        (name, replace(policy, thresholds={**policy.thresholds, name: value * factor}))
        for name, value in policy.thresholds.items()
    )
    assert unnoticed(moved, policy.profile) == []


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
    assert untested(POLICY, [result], among={"nlu.sentiment", "gen.creative"}) == [
        "gen.creative has no hit", "nlu.sentiment has no miss",
    ]  # fmt: skip


def test_a_case_may_hold_in_some_profiles_only(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(
        "cases:\n"
        "  - {case: today, given: {task: sentiment}, profiles: [2026], misses: [gen.creatif]}\n"
        "  - {case: everywhere, given: {task: sentiment}}\n"
    )
    other = next(policy for policy in POLICIES if policy is not POLICY)
    results = list(run(POLICY, [path]))
    assert [result.case.case for result in results] == ["today", "everywhere"]
    assert [result.case.case for result in run(other, [path])] == ["everywhere"]
    assert strangers(POLICIES, results) == [
        f"{path}:2: today: no rule is named 'gen.creatif'; did you mean 'gen.creative'?"
    ]
    path.write_text("cases:\n  - {case: never, given: {task: ner}, profiles: [survey-2032]}\n")
    with pytest.raises(ConfigError, match=r":2: no profile is named 'survey-2032'; did you mean 'survey-2023'?"):
        list(run(POLICY, [path]))


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
