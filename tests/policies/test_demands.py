"""What `policy check` says of demands against demands: an error is certain, anything less is a note."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.check import findings
from policies.findings import Finding
from router.types import TIERS, Decision, Signals
from tests.policies.test_check import EXPERTS, any_signals, found, policy_of, rule

Rules = Sequence[Mapping[str, Any]]
NEVER_COUNTS = re.compile(r"its `(?P<demand>\w+): .*?` never counts")


def tier(name: str, then: Mapping[str, Any], when: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"id": name, "stage": "tier", "then": then, "when": when or {}}


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ({"at_least": "large", "at_most": "small"}, "`at_least: large` and `at_most: small`"),
        ({"at_least": "large", "avoid": ["largest"]}, "`at_least: large` and `avoid: [largest]`"),
    ],
)
def test_demands_that_exclude_each_other_in_one_rule(tmp_path: Path, then: Mapping[str, Any], said: str) -> None:
    assert found(tmp_path, tier("a.one", then)) == [
        f"rules.yaml:7: error: rule 'a.one': its {said} exclude each other; take one of them out"
    ]


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ({"prefer": "small", "at_least": "large"}, "is raised to large by its own `at_least: large`; write `prefer: "),
        ({"prefer": "reasoning", "at_most": "large"}, "is cut to large by its own `at_most: large`; write `prefer: "),
        ({"prefer": "large", "avoid": ["largest"]}, "is avoided by its own `avoid: [largest]`; take one of them out"),
    ],
)
def test_a_preference_that_its_own_rule_moves_is_noted(tmp_path: Path, then: Mapping[str, Any], said: str) -> None:
    advice = f"{said}large`" if said.endswith("prefer: ") else said
    assert found(tmp_path, tier("a.one", then)) == [
        f"rules.yaml:7: note: rule 'a.one': its `prefer: {then['prefer']}` {advice}"
    ]


LOST = [
    ({"prefer": "small"}, {"prefer": "large"}, "prefer: small", "prefer: large"),
    ({"prefer": "small"}, {"prefer": "large", "at_least": "standard"}, "prefer: small", "prefer: large"),
    ({"favour": "code"}, {"favour": "math"}, "favour: code", "favour: math"),
]
BOUND = [
    ({"at_least": "large"}, {"at_most": "standard"}, "at_least: large", "is cut to standard", "at_most: standard"),
    ({"at_most": "small"}, {"at_least": "large"}, "at_most: small", "is raised to large", "at_least: large"),
    ({"at_most": "small"}, {"prefer": "large"}, "at_most: small", "is undone", "prefer: large"),
    ({"prefer": "small"}, {"at_least": "large"}, "prefer: small", "is raised to large", "at_least: large"),
    ({"prefer": "reasoning"}, {"at_most": "large"}, "prefer: reasoning", "is cut to large", "at_most: large"),
    ({"prefer": "standard"}, {"avoid": ["mid-size"]}, "prefer: standard", "is avoided", "avoid: [mid-size]"),
    ({"at_least": "large"}, {"avoid": ["largest"]}, "at_least: large", "leaves only avoided tiers", "avoid: [largest]"),
]


@pytest.mark.parametrize(
    ("mine", "other", "demand", "effect", "by", "severity"),
    [
        *((mine, other, demand, "never counts", by, "error") for mine, other, demand, by in LOST),
        *((*clash, "note") for clash in BOUND),
    ],
)
def test_a_demand_that_a_later_rule_always_meets(
    tmp_path: Path, mine: Mapping[str, Any], other: Mapping[str, Any], demand: str, effect: str, by: str, severity: str
) -> None:
    rules = [tier("a.one", mine, {"task": "nli", "tools": True}), tier("a.two", other, {"task": ["nli", "ner"]})]
    remedy = "take it out" if severity == "error" else "if that is not meant, take it out"
    assert found(tmp_path, *rules) == [
        f"rules.yaml:7: {severity}: rule 'a.one': its `{demand}` {effect}: 'a.two' ({tmp_path}/rules.yaml:13), which "
        f"always acts too, says `{by}`; {remedy}, or narrow 'a.two'"
    ]
    assert found(tmp_path, rules[0], {**rules[1], "when": {"task": "ner"}}) == []
    assert found(tmp_path, rules[0], {**rules[1], "status": "shadow"}) == []


def test_a_bound_between_two_others_is_no_mistake(tmp_path: Path) -> None:
    wished, least = tier("a.one", {"prefer": "small"}), tier("a.two", {"at_least": "large"})
    said = found(tmp_path, wished, least, tier("a.three", {"at_most": "standard"}))
    assert said  # without a.two the tier would be small, with it it is standard
    assert all(": note: " in each for each in said)


def test_an_exception_may_prefer_another_tier_but_not_one_that_is_avoided(tmp_path: Path) -> None:
    wide, narrow = {"task": ["nli", "ner"]}, {"task": "nli"}
    assert found(tmp_path, tier("a.one", {"prefer": "large"}, wide), tier("a.two", {"prefer": "small"}, narrow)) == []
    assert found(tmp_path, tier("a.one", {"avoid": ["largest"]}, wide), tier("a.two", {"prefer": "large"}, narrow)) == [
        f"rules.yaml:18: note: rule 'a.two': its `prefer: large` is avoided: 'a.one' ({tmp_path}/rules.yaml:2), which "
        "always acts too, says `avoid: [largest]`; if that is not meant, take it out, or narrow 'a.one'"
    ]


def test_an_exception_that_undoes_a_bound_is_noted(tmp_path: Path) -> None:
    wide, narrow = {"task": ["nli", "ner"]}, {"task": "nli"}
    rules = (tier("a.one", {"at_least": "large"}, wide), tier("a.two", {"at_most": "small"}, narrow))
    assert found(tmp_path, *rules) == [
        "rules.yaml:18: note: rule 'a.two': its `at_most: small` undoes `at_least: large` of 'a.one' "
        f"({tmp_path}/rules.yaml:2); if that is not meant, narrow one of the two"
    ]


def test_opposite_advice(tmp_path: Path) -> None:
    one = rule({"task": "nli"}, stage="shape", then={"advise": ["cot"]})
    two = {"id": "a.two", "stage": "shape", "when": {}, "then": {"advise": ["no-cot", "few-shot"]}}
    assert found(tmp_path, one, two) == [
        f"rules.yaml:7: error: rule 'a.one': its `advise: [cot]` is contradicted: 'a.two' ({tmp_path}/rules.yaml:13), "
        "which always acts too, says `advise: [no-cot, few-shot]`; take it out, or narrow 'a.two'"
    ]


# ── never wrong ──────────────────────────────────────────────────────────────────────────────────


def said(folder: Path, rules: Rules) -> list[Finding]:
    policy, sources = policy_of(rules, folder)
    return findings(policy, sources, EXPERTS)


def without(rules: Rules, at: int, demand: str) -> list[Mapping[str, Any]]:
    """The rules, of which one no longer demands this; without any other demand it is switched off."""
    left = {name: value for name, value in rules[at]["then"].items() if name != demand}
    changed = {**rules[at], "then": left} if left else {**rules[at], "status": "off"}
    return [*rules[:at], changed, *rules[at + 1 :]]


def outcome(decision: Decision) -> tuple[object, ...]:
    """All that a decision does; not which rules had a part in it."""
    whom = (decision.kind, decision.tier, decision.steps, decision.refusal)
    return (*whom, decision.advice, decision.flags, decision.apply)


def tagged(signals: Signals) -> Signals:
    """The same, where each tier has models to favour."""
    models: Mapping[str, Mapping[str, str]] = {name: {"code": f"{name}/c", "finance": f"{name}/f"} for name in TIERS}
    return replace(signals, fleet=replace(signals.fleet, tagged=models))


tiers = st.sampled_from(TIERS)
thens = st.fixed_dictionaries(
    {},
    optional={
        "prefer": tiers,
        "at_least": tiers,
        "at_most": tiers,
        "avoid": st.sampled_from([["largest"], ["mid-size"], ["largest", "mid-size"]]),
        "favour": st.sampled_from(["code", "finance"]),
        "stay": st.just(True),
    },
).filter(bool)
CONDITIONS: Sequence[Mapping[str, Any]] = (
    *({}, {}, {"tools": True}, {"task": "nli"}, {"task": ["nli", "ner"]}),
    {"conversation.tier": ["small", "large"]},
)
whens = st.sampled_from(CONDITIONS)
marks = st.sampled_from(["cot", "no-cot", "few-shot"])
some_rules = st.lists(
    st.one_of(
        st.builds(tier, st.just("any"), thens, whens),
        st.builds(tier, st.just("any"), thens, whens),
        st.builds(lambda mark, when: {"stage": "shape", "when": when, "then": {"advise": [mark]}}, marks, whens),
        st.builds(lambda mark, when: {"stage": "flag", "when": when, "then": {"flag": [mark]}}, marks, whens),
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=some_rules, seed=st.integers(0, 2**32))
def test_what_never_counts_can_be_taken_out(rules: list[dict[str, Any]], seed: int, tmp_path: Path) -> None:
    whole, _ = policy_of(rules, tmp_path)
    random = Random(seed)
    asked = [tagged(any_signals(random)) for _ in range(40)]
    for each in said(tmp_path, rules):
        match = NEVER_COUNTS.search(each.message)
        if match is None:
            continue
        assert each.severity == "error"
        fewer, _ = policy_of(without(rules, int(each.rule.removeprefix("a.r")), match["demand"]), tmp_path)
        for signals in asked:
            assert outcome(whole.decide(signals)) == outcome(fewer.decide(signals)), str(each)
