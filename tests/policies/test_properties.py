"""What holds of every decision, whatever the signals: it is total and pure, and never asks whom it may not ask."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.engine import Policy
from policies.signals import HARMS, PREFERENCES, RESOURCES, SIGNALS, TASKS
from policies.store import PolicyStore, Tuning, profiles
from router.types import CUES, TIERS, Decision, Facts, Fleet, Money, Operator, Reading, Signals, Task
from tests.policies.test_engine import policy, rule


def loaded() -> Mapping[str, Policy]:
    return {name: PolicyStore(name, tuning=Tuning(apply=True)).current for name in profiles()}


SHIPPED, AGAIN = loaded(), loaded()
TAGS = ("code", "finance", "multilingual", "long-context")


def every(of: type, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of a dataclass, each of its fields drawn; a new field without a strategy fails here."""
    assert set(parts) == {each.name for each in fields(of)}
    return st.builds(of, **parts)


def word(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from((*words, "?"))  # the last is a word that nobody knows


def some(*words: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.just(()) | st.lists(word(*words), max_size=2).map(tuple)


text = st.text(max_size=5)
yes = st.booleans()
seldom = st.sampled_from([False, False, False, True])
count = st.integers(0, 3) | st.integers(-1, 10**6)
number = st.floats(0, 1) | st.floats() | st.sampled_from([float("nan"), float("inf"), -1.0])  # odd ones, too
price = st.none() | st.integers(0, 10) | st.integers(0, 10**12)
languages = word("en", "de", "sw", "und", "")
resources = word(*RESOURCES)
tiers = st.sampled_from([TIERS, ()]) | st.lists(st.sampled_from(TIERS), max_size=4, unique=True).map(tuple)

facts = every(
    Facts,
    tokens=count, turns=count, language=languages, code_mixed=seldom, tools=seldom,
    modalities=some("image", "audio", "file"), output=word("free", "label", "number", "span", "json", "code"),
    labels=count, demonstrations=count, context=word("none", "partial", "sufficient"), overlap=st.none() | number,
    candidates=count, cues=some(*CUES), tasks=count, difficulty=number, noise=number, source_language=languages,
    target_language=languages, source_tier=resources, target_tier=resources, source_related=yes,
    domain=word("none", "health", "finance", "law"), harm=st.sampled_from(("none",) * 30 + HARMS),
    pii=some("email", "phone"),
)  # fmt: skip
readings = every(
    Reading,
    answer=text, confidence=number, novelty=number, open=yes, why=text,
    shut=word("", "unsure", "novel", "labels", "language", "failed", "uncertified"), n=count,
    traits=some("adapter", "multimodal", "uncalibrated", "shortcut-prone"),
)  # fmt: skip
fleets = every(
    Fleet,
    tiers=tiers, local_tiers=tiers, vision_tiers=tiers, resident_tiers=tiers,
    windows=st.dictionaries(st.sampled_from(TIERS), count), p95=st.dictionaries(st.sampled_from(TIERS), number),
    tagged=st.sets(st.tuples(st.sampled_from(TIERS), st.sampled_from(TAGS))).map(
        lambda pairs: {tier: {tag: f"{tier}/{tag}" for at, tag in pairs if at == tier} for tier, _ in pairs}
    ),
    cache=yes, index=yes, keep_private=seldom,
)  # fmt: skip
any_signals = every(
    Signals,
    task=every(
        Task,
        label=st.sampled_from((*TASKS, "cooking", "")), confidence=number, runner_up=text,
        look=word("first", "second", "reader", "hint", "detector"),
    ),
    novelty=number,
    facts=facts,
    experts=st.dictionaries(st.sampled_from(["a", "b", "c"]), readings, max_size=2),
    fleet=fleets,
    money=every(
        Money, estimates=st.dictionaries(st.sampled_from(TIERS), price), baseline=price, budget=price
    ),
    operator=every(
        Operator,
        prefer=some(*PREFERENCES), metrics=st.dictionaries(st.sampled_from(TASKS), word("rouge", "f1"), max_size=2),
        llm_languages=some("en", "de"), slo=st.none() | number, residency=st.sampled_from(["", "", "", "eu"]),
    ),
    began=st.none() | st.sampled_from(TIERS),
    retrieved=st.none() | number,
    standard_right=st.none() | number,
    pinned=st.sampled_from(["", "", "", "gpt-x"]),
)  # fmt: skip


def asked_tiers(decision: Decision) -> set[str]:
    """The tiers of the hosted steps; a model that has the favoured tag is named after its tier here."""
    names = [step.removeprefix("hosted.") for step in decision.steps if step.startswith("hosted.")]
    return {name.partition("/")[0] for name in names}


def fired(decision: Decision) -> set[str]:
    return {each.id for each in decision.rules if each.status == "active"}


@pytest.mark.parametrize("profile", sorted(SHIPPED))
@settings(max_examples=250, deadline=None)
@given(signals=any_signals)
def test_every_request_gets_one_decision_with_its_reason(profile: str, signals: Signals) -> None:
    before = deepcopy(signals)
    decision = SHIPPED[profile].decide(signals)
    assert SHIPPED[profile].decide(signals) == decision
    assert repr(signals) == repr(before)  # NaN is not equal to itself, so the words are compared
    assert [each.decided for each in decision.rules] == [True, *[False] * (len(decision.rules) - 1)]
    assert decision.rules[0].status == "active"
    assert (decision.steps == ()) == (decision.kind == "refuse") == bool(decision.refusal)
    assert len(set(decision.steps)) == len(decision.steps)
    assert decision.tier is None or decision.tier in signals.fleet.tiers
    assert {name for name, _ in decision.apply} <= fired(decision)
    assert {advice for _, advice in decision.apply} <= set(decision.advice)


@pytest.mark.parametrize("profile", sorted(SHIPPED))
@settings(max_examples=250, deadline=None)
@given(signals=any_signals)
def test_only_those_are_asked_who_may_answer(profile: str, signals: Signals) -> None:
    decision, fleet = SHIPPED[profile].decide(signals), signals.fleet
    experts = [step.removeprefix("expert.") for step in decision.steps if step.startswith("expert.")]
    assert (decision.kind == "local") == bool(experts)
    assert all(signals.experts[name].open for name in experts)
    assert ("cache.exact" in decision.steps) <= fleet.cache
    if signals.pinned:
        assert {step for step in decision.steps if step != "cache.exact"} <= {f"hosted.{signals.pinned}"}
    asked = {decision.tier} - {None} if signals.pinned else asked_tiers(decision)
    assert asked <= set(fleet.tiers)
    if signals.facts.pii and fleet.keep_private:
        assert asked <= set(fleet.local_tiers)
    if signals.operator.residency:
        assert asked <= set(fleet.resident_tiers)
    if "image" in signals.facts.modalities:
        assert asked <= set(fleet.vision_tiers)
        assert all("multimodal" in signals.experts[name].traits for name in experts)
    if "eff.cost" in fired(decision) and decision.kind != "local" and "over-budget" not in decision.flags:
        costs = [signals.money.estimates.get(tier or "") for tier in asked]
        assert all(cost is None or cost <= (signals.money.budget or 0) for cost in costs)


@pytest.mark.parametrize("profile", sorted(SHIPPED))
@settings(max_examples=100, deadline=None)
@given(signals=any_signals)
def test_a_policy_loaded_again_decides_the_same(profile: str, signals: Signals) -> None:
    assert AGAIN[profile].hash == SHIPPED[profile].hash
    assert AGAIN[profile].decide(signals) == SHIPPED[profile].decide(signals)


@settings(max_examples=200, deadline=None)
@given(any_signals, st.sampled_from(sorted(SIGNALS)), st.data())
def test_every_signal_can_be_asked_of_every_request(signals: Signals, name: str, data: st.DataObject) -> None:
    kind, known = SIGNALS[name].kind, SIGNALS[name].words or ("x",)
    condition: Any = {"yes": True, "number": data.draw(st.sampled_from([1, ">= 0.5", ["< 1", 3]]))}.get(kind, known[0])
    made = policy(
        *(
            rule(f"a.{stage}", stage, then, {name: condition})
            for stage, then in (
                ("guard", {"local_only": True}),
                ("route", {"kind": "local"}),
                ("tier", {"prefer": "large"}),
                ("budget", {"downgrade": True}),
                ("shape", {"advise": ["cot"]}),
                ("flag", {"flag": ["audit"]}),
            )
        )
    )
    assert made.decide(signals).rules
