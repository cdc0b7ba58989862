"""What changes from one policy to another, field by field."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from policies.diff import _rising, diff_text, differences
from policies.engine import Policy
from policies.schema import Place, Taxonomy
from policies.store import PolicyStore, Tuning
from router.types import STAGES
from tests.policies.test_show import aloud

OLD = PolicyStore("2026").current
RULES = """rules:
  - id: mine.poems
    title: Short poems go to the small model
    status: active
    stage: tier
    when: {survey: creative, tokens: "< long"}
    then: {prefer: small}
    why: They are short, and we have compared.
    cites: [gen.creative]
    wrong_when: They are to be printed.
  - id: nlu.sentiment
    title: Sentiment goes to an LLM
    status: active
    stage: route
    when: {survey: sentiment, expert: [open, closed]}
    then: {kind: llm}
    why: We want to see what it says about our reviews.
    cites: [nlu.sentiment]
    wrong_when: The bill comes.
    before: scale.arithmetic
"""


def test_every_kind_of_difference_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(RULES)
    tuning = Tuning(
        thresholds={"few": 500}, status={"nlu.nli": "shadow"}, disable=["eff.cost"], apply=["scale.arithmetic.cot"]
    )
    new = PolicyStore("2026", tmp_path, tuning).current
    found = differences(OLD, new)
    assert json.loads(json.dumps(found)) == found
    assert [each["id"] for each in found["added"]] == ["mine.poems"]
    assert found["removed"] == []
    changed = {each["id"]: each["fields"] for each in found["changed"]}
    assert changed == {
        "nlu.sentiment": {
            "when": {
                "from": {"survey": "sentiment", "expert": "open"},
                "to": {"survey": "sentiment", "expert": ["open", "closed"]},
            },
            "then": {"from": {"kind": "local"}, "to": {"kind": "llm"}},
        },
        "nlu.nli": {"status": {"from": "active", "to": "shadow"}},
        "eff.cost": {"status": {"from": "active", "to": "off"}},
    }
    assert [(each["id"], each["before"]) for each in found["moved"]] == [("nlu.sentiment", "scale.arithmetic")]
    assert found["reworded"] == ["nlu.sentiment"]
    assert found["thresholds"] == [{"name": "few", "from": 200, "to": 500}]
    assert found["applied"] == ["scale.arithmetic.cot"]
    text = aloud(diff_text(found, OLD, new))
    for part in (
        "+ mine.poems (tier): Short poems go to the small model",
        "then: to the expert, if its gate is open\n        → to an LLM",
        "when: survey is sentiment, and expert is open\n        → survey is sentiment, and expert is open or closed",
        "nlu.sentiment (route): now before scale.arithmetic",
        "few: 200 → 500",
        "may change the prompt now: 1\nscale.arithmetic.cot",
    ):
        assert part in text, text
    back = differences(new, OLD)
    assert [each["id"] for each in back["removed"]] == ["mine.poems"]
    assert back["no_longer_applied"] == ["scale.arithmetic.cot"]


def test_a_policy_does_not_differ_from_itself() -> None:
    found = differences(OLD, PolicyStore("2026").current)
    assert "nothing differs" in aloud(diff_text(found, OLD, OLD))


def reordered(stage: str) -> Policy:
    """The same rules, but the first one of a stage acts last."""
    first = next(rule for rule in OLD.rules if rule.stage == stage)
    last = max(at for at, rule in enumerate(OLD.rules) if rule.stage == stage)
    rules = [rule for rule in OLD.rules if rule is not first]
    return replace(OLD, rules=(*rules[:last], first, *rules[last:]))


@pytest.mark.parametrize("stage", STAGES)
def test_another_order_is_told_in_every_stage(stage: str) -> None:
    new = reordered(stage)
    found = differences(OLD, new)
    (moved,) = found["moved"]
    assert (moved["stage"], moved["from"], moved["before"]) == (stage, 1, None)
    text = aloud(diff_text(found, OLD, new))
    assert f"{moved['id']} ({stage}): now last" in text
    assert "alike" not in text


def test_another_place_in_the_survey_is_told() -> None:
    elsewhere = {**OLD.taxonomy.tasks, "chitchat": Place(survey="creative", figure=["Q2"])}
    new = replace(OLD, taxonomy=Taxonomy(tasks=elsewhere))
    found = differences(OLD, new)
    assert [each["task"] for each in found["taxonomy"]] == ["chitchat"]
    text = aloud(diff_text(found, OLD, new))
    assert "→ creative (Q2)" in text
    assert "alike" not in text


def test_what_may_change_the_prompt_is_told_alone() -> None:
    new = PolicyStore("2026", tuning=Tuning(apply=["scale.arithmetic.cot"])).current
    text = aloud(diff_text(differences(OLD, new), OLD, new))
    assert "may change the prompt now: 1" in text
    assert "alike" not in text


def test_that_only_the_writing_differs_is_said() -> None:
    new = replace(OLD, rules=tuple(sorted(OLD.rules, key=lambda rule: rule.stage)))  # the order in a stage stays
    assert new.hash != OLD.hash
    text = aloud(diff_text(differences(OLD, new), OLD, new))
    assert "decide alike, though their hashes differ" in text
    assert "nothing differs" not in text


def test_the_shipped_profiles_differ_and_it_can_be_told() -> None:
    old = PolicyStore("survey-2023").current
    found = differences(old, OLD)
    assert found["changed"]
    assert found["moved"]
    assert aloud(diff_text(found, old, OLD)).startswith("survey-2023 (")


@pytest.mark.parametrize(
    ("numbers", "length"), [([], 0), ([1], 1), ([1, 2, 3], 3), ([3, 2, 1], 1), ([2, 3, 1, 4], 3), ([5, 1, 2, 3, 4], 4)]
)
def test_as_few_as_may_be_have_moved(numbers: list[int], length: int) -> None:
    stayed = sorted(_rising(numbers))
    assert len(stayed) == length
    assert [numbers[at] for at in stayed] == sorted(numbers[at] for at in stayed)
