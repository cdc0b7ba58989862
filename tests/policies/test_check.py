"""`policy check`: what rules can never mean, said with file, line and what to write; and never said wrongly."""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.check import check, findings
from policies.engine import Policy
from policies.findings import Around, Finding
from policies.located import load, read
from policies.schema import RuleFile, Taxonomy
from policies.store import PolicyStore, Sourced, Tuning, profiles
from router.types import TIERS, Facts, Fleet, Money, Operator, Reading, Signals, Task

EXPERTS = Around(experts={"sentiment", "toxicity"}, index=True)
TAXONOMY = load(Path("policies/taxonomy.yaml"), Taxonomy)
MANIFEST = """\
title: A profile for a test
files: [rules.yaml]
thresholds:
  few: {default: 200, unit: labels, meaning: a number to be named by rules, evidence: made up for tests}
"""
ROUTE = {"stage": "route", "then": {"kind": "llm"}}


def text(rules: Sequence[Mapping[str, Any]]) -> str:
    """A rule file with eleven lines a rule: rule n has its id on line 11n+2, `when` on 11n+6, `then` on 11n+7."""
    said = {"title": "A rule for a test", "why": "To see what is found.", "wrong_when": "Outside of tests."}
    lines = ["rules:"]
    for rule in rules:
        whole = {"id": "", "status": "active", **ROUTE, "when": {}, **said, "cites": ["survey s4.1.1"], **rule}
        order = ("id", "title", "status", "stage", "when", "then", "why", "cites", "wrong_when", "before")
        lines += [f"{'  - ' if key == 'id' else '    '}{key}: {json.dumps(whole.get(key))}" for key in order]
        lines.append("")
    return "\n".join(lines)


def found(
    folder: Path, *rules: Mapping[str, Any], around: Around = EXPERTS, tuning: Tuning | None = None, used: bool = True
) -> list[str]:
    (folder / "profile.yaml").write_text(MANIFEST)
    use = {"id": "use.few", "stage": "flag", "when": {"labels": ">= few"}, "then": {"flag": ["few"]}}
    every = [*rules, {"id": "last.llm"}, *([use] if used else [])]
    (folder / "rules.yaml").write_text(text(every))
    return [str(each).removeprefix(f"{folder}/") for each in check(PolicyStore(folder, tuning=tuning), around)]


def rule(when: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "a.one", "when": when, **more}


def test_rules_that_can_act_are_clean(tmp_path: Path) -> None:
    assert found(tmp_path, rule({"task": "sentiment", "expert": "open"}, then={"kind": "local"})) == []


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (
            {"task": "sentiment", "survey": "summarise", "tools": True},
            "`task: sentiment` and `survey: summarise` never hold together; the survey's name for sentiment is "
            "sentiment; write that, or leave `survey` out",
        ),
        (
            {"task": ["nli", "ner"], "figure": "Q2"},
            "`task: [nli, ner]` and `figure: Q2` never hold together; take one of them out, or put them under `any` if "
            "one is enough",
        ),
        (
            {"labels": "< few", "any": [{"labels": 300}, {"labels": "> 1000"}]},
            "`labels: \"< few\"` and `any: [{labels: 300}, {labels: \"> 1000\"}]` (few is 200) never hold together; "
            "take one of them out, or put them under `any` if one is enough",
        ),
        (
            {"task.confidence": "> 95"},
            "`task.confidence: \"> 95\"` never holds; `task.confidence` is from 0 to 1; write a number that it can be",
        ),
        (
            {"tokens": "> 3", "all": [{"tokens": "< 4"}]},
            '`tokens: "> 3"` and `all: [{tokens: "< 4"}]` never hold together; take one of them out, or put them under '
            "`any` if one is enough",
        ),
        ({"tokens": [0.5, "< 0"]}, '`tokens: [0.5, "< 0"]` never holds; `tokens` is 0 or more; write a number that it '
         "can be"),
        (
            {"expert": "none", "expert.n": "< few"},
            '`expert: none` and `expert.n: "< few"` (few is 200) never hold together; without an expert there is '
            "nothing to compare, and an open one is not shut; take one of them out",
        ),
        (
            {"expert": "open", "expert.shut": "novel"},
            "`expert: open` and `expert.shut: novel` never hold together; without an expert there is nothing to "
            "compare, and an open one is not shut; take one of them out",
        ),
        (
            {"all": [{"tools": True}, {"not": {"any": [{"tools": True}, {"turns": 1}]}}]},
            "`all: [{tools: true}, {not: {any: [{tools: true}, {turns: 1}]}}]` never holds; it contradicts itself; "
            "take out what excludes the rest",
        ),
        (
            {"pii": "email", "not": {"pii": True}},
            "`pii: email` and `not: {pii: true}` never hold together; take one of them out, or put them under `any` if "
            "one is enough",
        ),
        (
            {"pinned": True},
            "`pinned: true` in stage route, which is not asked when the client pinned a model; only guard, shape and "
            "flag rules act then; take it out",
        ),
        (
            {"over_budget": True, "tools": True},
            "`over_budget: true` in stage route, before a tier is chosen and its cost and speed are known; write it in "
            "a rule of stage budget, shape or flag",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_contradicts_itself(tmp_path: Path, when: Mapping[str, Any], said: str) -> None:
    assert found(tmp_path, rule(when)) == [f"rules.yaml:6: error: rule 'a.one': never matches: {said}"]


@pytest.mark.parametrize(
    "when",
    [
        {"cue": "negation", "not": {"cue": "hindsight"}},  # a bag holds several
        {"pii": True, "not": {"pii": ["email", "phone"]}},
        {"not": {"noise": [">= 0.5", "< 0.5"]}},  # NaN is neither
        {"overlap": "none"},
        {"expert.shut": "novel", "not": {"expert": "open"}},
        {"language": "xx", "not": {"language": ["en", "de"]}},
        {"survey": "other", "not": {"task": "tool_use"}},  # a task type that nobody told us about
        {"tokens": [">= 3", "<= 4"]},
        {"tokens": "> 3", "all": [{"tokens": "<= 4"}]},
    ],
)
def test_what_may_match_is_left_alone(tmp_path: Path, when: Mapping[str, Any]) -> None:
    assert found(tmp_path, rule(when)) == []


def test_a_branch_that_never_holds(tmp_path: Path) -> None:
    parts = {"task": ["nli", "ner"], "any": [{"survey": "nli_pair"}, {"survey": "summarise", "tools": True}]}
    assert found(tmp_path, rule(parts)) == [
        "rules.yaml:6: error: rule 'a.one': `{survey: summarise, tools: true}` under `any` never holds together with "
        "the rest; take it out, or what excludes it"
    ]


def test_what_is_known_later_may_be_asked_later(tmp_path: Path) -> None:
    when = {"over_budget": True, "cost.llm": "> 0.1"}
    assert found(tmp_path, rule(when, stage="budget", then={"downgrade": True})) == []
    assert found(tmp_path, rule({"pinned": True}, stage="flag", then={"flag": ["pinned"]})) == []


def test_local_needs_an_open_expert(tmp_path: Path) -> None:
    closed = rule({"task": "sentiment", "expert": ["closed", "none"]}, then={"kind": "local"})
    assert found(tmp_path, closed) == [
        "rules.yaml:6: error: rule 'a.one': never acts: `local` needs an open expert, and with `expert: [closed, "
        "none]` none is open; write `expert: open`, or another `then`"
    ]


def test_a_route_rule_that_an_earlier_one_leaves_nothing(tmp_path: Path) -> None:
    wide, narrow = rule({"figure": "Q2"}), {"id": "a.two", "when": {"task": "code_help", "tokens": "> 9"}}
    assert found(tmp_path, wide, narrow) == [
        f"rules.yaml:17: error: rule 'a.two': never decides: 'a.one' ({tmp_path}/rules.yaml:2) catches every request "
        "that it matches; ask it earlier (write `before: a.one`), or narrow 'a.one'"
    ]
    assert found(tmp_path, narrow, wide) == []
    assert found(tmp_path, {**wide, "status": "shadow"}, narrow) == []
    assert found(tmp_path, wide, {**narrow, "status": "shadow"}) == []


def test_a_route_rule_that_several_leave_nothing(tmp_path: Path) -> None:
    one, two = rule({"noise": "< 0.3"}), {"id": "a.two", "when": {"not": {"noise": "< 0.3"}, "task": ["ner", "nli"]}}
    none, three = {"id": "a.none", "when": {"tools": True}}, {"id": "a.three", "when": {"task": "ner"}}
    assert found(tmp_path, none, one, two, three) == [
        f"rules.yaml:39: error: rule 'a.three': never decides: together 'a.one' ({tmp_path}/rules.yaml:13) and 'a.two' "
        f"({tmp_path}/rules.yaml:24) catch every request that it matches; ask it earlier (write `before: a.one`), or "
        "narrow 'a.one'"
    ]
    assert found(tmp_path, one, three) == []


def test_a_local_rule_catches_only_what_an_expert_can_answer(tmp_path: Path) -> None:
    local = rule({"task": "sentiment"}, then={"kind": "local"})
    later = {"id": "a.two", "when": {"task": "sentiment"}}
    opened = {"id": "a.two", "when": {"task": "sentiment", "expert": "open"}}
    vision = {"id": "a.sees", "stage": "guard", "when": {"modalities": "image"}, "then": {"needs": "vision"}}
    assert found(tmp_path, local, later) == []
    assert "never decides: 'a.one'" in found(tmp_path, local, opened)[0]
    assert found(tmp_path, local, opened, vision) == []  # the guard takes the expert away
    assert "never decides: 'a.one'" in found(tmp_path, local, {**opened, "then": {"kind": "local"}}, vision)[0]


def test_a_rule_behind_a_refusal(tmp_path: Path) -> None:
    guard = rule({"harm": ["weapons", "drugs"]}, stage="guard", then={"refuse": "Nobody may ask this."})
    flag = {"id": "a.two", "stage": "flag", "when": {"harm": "drugs"}, "then": {"flag": ["harm"]}}
    assert found(tmp_path, guard, flag) == [
        f"rules.yaml:17: error: rule 'a.two': never acts: 'a.one' ({tmp_path}/rules.yaml:2) refuses every request that "
        "it matches; narrow 'a.one'"
    ]


def test_before_names_a_rule_of_the_same_stage(tmp_path: Path) -> None:
    flag = rule({}, stage="flag", then={"flag": ["audit"]})
    assert found(tmp_path, flag, {"id": "a.two", "when": {"tools": True}, "before": "a.one"}) == [
        "rules.yaml:22: error: rule 'a.two': `before: a.one` names a rule of stage flag, this one is of stage route; "
        "name a rule of stage route, or leave `before` out"
    ]


def test_a_local_rule_without_an_expert(tmp_path: Path) -> None:
    ner = rule({"task": "ner", "expert": "open"}, then={"kind": "local"})
    assert found(tmp_path, ner) == [
        "rules.yaml:7: error: rule 'a.one': no expert serves ner (there are experts for sentiment, toxicity); train "
        "one, write another `then`, or switch it off"
    ]
    assert found(tmp_path, ner, around=Around(experts=())) == [
        "rules.yaml:7: error: rule 'a.one': no expert serves ner (there are no experts); train one, write another "
        "`then`, or switch it off"
    ]
    assert found(tmp_path, ner, around=Around(experts=None)) == []
    assert found(tmp_path, {**ner, "when": {"not": {"task": "ner"}}}) == []
    assert found(tmp_path, ner, tuning=Tuning(disable=["a.one"])) == []


def test_retrieval_without_an_index_is_noted(tmp_path: Path) -> None:
    retrieve = rule({"task": "closed_book_qa"}, then={"kind": "retrieve"})
    assert found(tmp_path, retrieve) == []
    assert found(tmp_path, retrieve, around=Around(index=False)) == [
        "rules.yaml:7: note: rule 'a.one': idle: no index is configured, so an LLM answers and retrieval is only "
        "advised; configure an index or switch it off"
    ]


def test_a_threshold_that_no_rule_uses_is_noted(tmp_path: Path) -> None:
    assert found(tmp_path, used=False) == [
        "profile.yaml:4: note: no rule uses the threshold 'few'; name it in a condition, or take it out"
    ]


def test_what_an_operator_does_to_shipped_rules_is_no_mistake(tmp_path: Path) -> None:
    mine = {"id": "mine.nli", "when": {"task": ["nli", "paraphrase_detection"]}, "before": "safety.harm"}
    (tmp_path / "mine.yaml").write_text(text([mine]))
    wide = check(PolicyStore("survey-2023", tmp_path), EXPERTS)
    assert [each.severity for each in wide if each.rule == "nlu.nli"] == ["note"]
    assert all(each.severity == "note" for each in wide)
    assert all("'mine.nli'" in str(each) for each in wide if "never decides" in str(each))
    tuned = check(PolicyStore("survey-2023", tuning=Tuning({"few": 0})), Around(changed={"few"}))
    assert {each.severity for each in tuned if '`expert.n: "< few"` (few is 0)' in each.message} == {"note"}


@pytest.mark.parametrize("profile", profiles())
def test_shipped_profiles_are_free_of_mistakes(profile: str) -> None:
    assert [str(each) for each in check(PolicyStore(profile), EXPERTS) if each.severity == "error"] == []


# ── never wrong ──────────────────────────────────────────────────────────────────────────────────

CONDITIONS: Mapping[str, Sequence[Any]] = {
    "task": ["sentiment", "ner", ["nli", "tool_use"]],
    "survey": ["sentiment", "other", ["nli_pair", "arithmetic"]],
    "figure": ["Q2", True, False],
    "noise": ["> 0.2", "<= few", 0.2, ["< 0.1", "> 0.5"]],
    "tokens": ["> 3", "< 4", 3, ">= 1"],
    "language": ["en", "de", ["en", "und"]],
    "cue": ["negation", ["hindsight", "negation"], True, False],
    "pii": ["email", True, False],
    "modalities": ["image", False],
    "context": ["none", ["partial", "sufficient"]],
    "tools": [True, False],
    "overlap": ["none", "> 0.2", "<= 0.2"],
    "standard.right": ["none", ">= 0.8", "< 0.5"],
    "expert": ["open", "closed", "none", ["open", "none"]],
    "expert.n": ["none", "< 100", ">= 100"],
    "expert.confidence": ["> 0.2", "none"],
    "expert.shut": ["novel", "unsure"],
    "expert.traits": ["adapter", False, True],
    "pinned": [True, False],
    "budget": ["none", "> 1", "<= 1"],
    "cost.llm": ["none", "> 0.5"],
    "over_budget": [True, False],
    "slo": ["none", "< 2"],
    "too_slow": [True, False],
    "metrics": [True, False],
    "metric": ["f1", "rouge"],
    "conversation.tier": ["small", ["standard", "large"]],
}
THENS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "guard": [{"refuse": "Nobody may ask this."}, {"needs": "vision"}, {"local_only": True}],
    "route": [{"kind": "local"}, {"kind": "llm"}, {"kind": "llm"}, {"kind": "retrieve"}],
    "tier": [{"prefer": "large"}, {"at_most": "small"}],
    "budget": [{"kind": "local"}, {"downgrade": True}],
    "flag": [{"flag": ["audit"]}],
}
leaf = st.sampled_from(sorted(CONDITIONS)).flatmap(
    lambda name: st.sampled_from(CONDITIONS[name]).map(lambda condition: {name: condition})
)
leaves = st.lists(leaf, min_size=1, max_size=3).map(
    lambda parts: {key: val for part in parts for key, val in part.items()}
)
whens = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"any": each}),
        st.lists(inner, min_size=1, max_size=2).map(lambda each: {"all": each}),
        inner.map(lambda each: {"not": each}),
        st.tuples(inner, leaf).map(lambda pair: {**pair[0], **pair[1]}),
    ),
    max_leaves=5,
)
stages = st.sampled_from(["guard", "route", "route", "route", "route", "tier", "budget", "flag"])
some_rules = st.lists(
    stages.flatmap(lambda stage: st.fixed_dictionaries(
        {"stage": st.just(stage), "when": whens, "then": st.sampled_from(THENS[stage])}
    )),
    min_size=1,
    max_size=7,
)  # fmt: skip


def bag(random: Random, *words: str) -> tuple[str, ...]:
    return tuple(word for word in words if random.random() < 0.4)


def reading(random: Random) -> Reading:
    is_open = random.random() < 0.5
    shut = "" if is_open else random.choice(["", "novel", "unsure", "labels"])
    figures = random.choice([0.1, 0.2, 0.9, nan]), 0.5, is_open, "", shut, random.choice([0, 99, 100, 500])
    return Reading("", *figures, traits=bag(random, "adapter", "uncalibrated"))


def any_signals(random: Random) -> Signals:
    """Signals as the router makes them: words that exist, counts from 0 on, figures only of an expert that is there."""
    pick = random.choice
    facts = Facts(
        tokens=pick([0, 1, 3, 4, 9]), language=pick(["en", "de", "und", "xx"]), tools=pick([True, False]),
        modalities=bag(random, "image", "audio"), context=pick(["none", "partial", "sufficient"]),
        overlap=pick([None, 0.2, 0.3, nan]), cues=bag(random, "negation", "hindsight", "memo-trap"),
        noise=pick([0.0, 0.1, 0.2, 0.3, 0.6, 1.0, nan]), pii=bag(random, "email", "phone"),
    )  # fmt: skip
    tiers = tuple(tier for tier in TIERS if random.random() < 0.6)
    return Signals(
        task=Task(pick(["sentiment", "ner", "nli", "arithmetic_reasoning", "tool_use", "cooking"]), pick([0.3, 0.9])),
        facts=facts,
        experts={name: reading(random) for name in bag(random, "a", "b")},
        fleet=Fleet(tiers=tiers, local_tiers=tiers[:1], vision_tiers=tiers[1:], p95={"standard": 1.5}, index=True),
        money=Money({"standard": 10**9, "large": 10**8}, budget=pick([None, 10**8, 2 * 10**9])),
        operator=Operator(metrics=pick([{}, {"ner": "f1"}]), slo=pick([None, 1.0, 3.0])),
        began=pick([None, *TIERS]),
        standard_right=pick([None, 0.4, 0.5, 0.8, nan]),
        pinned=pick(["", "", "", "gpt-x"]),
    )


def policy_of(rules: Sequence[Mapping[str, Any]], folder: Path) -> tuple[Policy, list[Sourced]]:
    path = folder / "rules.yaml"
    last = {"id": "last.llm"}
    path.write_text(text([*({**rule, "id": f"a.r{at}"} for at, rule in enumerate(rules)), last]))
    file = read(path, RuleFile)
    sources = [Sourced(rule, file, at) for at, rule in enumerate(file.value.rules)]
    return Policy("test", tuple(file.value.rules), {"few": 0.3}, TAXONOMY), sources


def idle(each: Finding) -> bool:
    return "never matches" in each.message or "never acts" in each.message


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=some_rules, seed=st.integers(0, 2**32))
def test_what_is_said_of_rules_is_so(rules: list[dict[str, Any]], seed: int, tmp_path: Path) -> None:
    policy, sources = policy_of(rules, tmp_path)
    said = findings(policy, sources, EXPERTS)
    never = {each.rule for each in said if idle(each)}
    undecided = {each.rule for each in said if "never decides" in each.message}
    random = Random(seed)
    for _ in range(60 if said else 0):
        decision = policy.decide(any_signals(random))
        assert not never & {fired.id for fired in decision.rules}, said
        assert decision.decider not in undecided, said


def caught(rules: Sequence[Mapping[str, Any]], folder: Path) -> Iterator[str]:
    policy, sources = policy_of(rules, folder)
    yield from (each.rule for each in findings(policy, sources, EXPERTS))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(when=whens, other=whens)
def test_what_is_certain_is_said(when: dict[str, Any], other: dict[str, Any], tmp_path: Path) -> None:
    same = [{"when": when}, {"when": {"any": [other, when]}}, {"when": {"all": [when, other]}}]
    assert "a.r2" in set(caught(same, tmp_path))
    assert set(caught([{"when": {"all": [when, {"not": when}]}}], tmp_path)) == {"a.r0"}
