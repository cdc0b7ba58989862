"""What each stage may do, told with the smallest rules that show it. `test_properties.py` has what always holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from policies.cases import Given
from policies.engine import Policy
from policies.located import load
from policies.schema import AnyRule, Rule, Taxonomy
from policies.store import PolicyStore
from router.types import TIERS, Decision, Fleet, Signals, Task

TAXONOMY = load(Path("policies/taxonomy.yaml"), Taxonomy)
SHIPPED = PolicyStore("2026").current
CATCH_ALL: Mapping[str, Any] = {"id": "default.llm", "stage": "route", "when": {}, "then": {"kind": "llm"}}
EXPERT = {"sentiment": {"answer": "positive"}}


def rule(id_: str, stage: str, then: Mapping[str, Any], when: Mapping[str, Any] | None = None, **more: Any) -> Rule:
    said = {"title": "A rule for a test", "why": "To see what it does.", "wrong_when": "Outside of tests."}
    whole = {"id": id_, "stage": stage, "when": when or {}, "then": then, "status": "active", "cites": ["data.zero"]}
    made: Rule = TypeAdapter(AnyRule).validate_python({**said, **whole, **more})
    return made


def policy(*rules: Rule, **thresholds: float) -> Policy:
    last = rule("default.llm", "route", {"kind": "llm"})
    return Policy("test", (*rules, last), thresholds, TAXONOMY)


def decide(made: Policy, task: str = "sentiment", **signals: Any) -> Decision:
    return made.decide(Given.model_validate({"task": task, **signals}).signals())


def ids(decision: Decision) -> list[str]:
    return [fired.id for fired in decision.rules]


# ── route ────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_route_rule_that_matches_decides() -> None:
    made = policy(rule("a.one", "route", {"kind": "local"}), rule("a.two", "route", {"kind": "llm"}))
    decision = decide(made, experts=EXPERT)
    assert ids(decision) == ["a.one"]
    assert decision.rules[0].decided
    assert decision.kind == "local"
    assert decision.tier is None
    assert decision.steps[:2] == ("cache.exact", "expert.sentiment")


def test_local_needs_an_open_expert() -> None:
    made = policy(rule("a.one", "route", {"kind": "local"}))
    assert ids(decide(made)) == ["default.llm"]
    assert ids(decide(made, experts={"sentiment": {"open": False}})) == ["default.llm"]


def test_retrieval_without_an_index_falls_back_with_advice() -> None:
    made = policy(rule("a.one", "route", {"kind": "retrieve"}))
    assert decide(made).kind == "llm"
    assert decide(made).advice == ("retrieval",)
    with_index = decide(made, fleet={"index": True})
    assert with_index.kind == "retrieve"
    assert with_index.steps == ("cache.exact", "hosted.standard", "hosted.large", "hosted.reasoning", "hosted.small")


def test_a_guard_model_is_advised_as_long_as_there_is_none() -> None:
    decision = decide(policy(rule("a.one", "route", {"kind": "guard"})))
    assert (decision.kind, decision.advice) == ("llm", ("guard-model",))


def test_the_deciding_rule_stands_first() -> None:
    made = policy(rule("a.guard", "guard", {"fits_context": True}), rule("a.route", "route", {"kind": "llm"}))
    assert ids(decide(made)) == ["a.route", "a.guard"]
    assert [fired.decided for fired in decide(made).rules] == [True, False]


# ── shadow and off ───────────────────────────────────────────────────────────────────────────────


def test_a_rule_in_shadow_is_noted_and_never_obeyed() -> None:
    shadows = [
        rule("a.guard", "guard", {"refuse": "Nobody may ask this."}, status="shadow"),
        rule("a.route", "route", {"kind": "local"}, status="shadow"),
        rule("a.tier", "tier", {"prefer": "large"}, status="shadow"),
        rule("a.budget", "budget", {"downgrade": True}, status="shadow"),
        rule("a.shape", "shape", {"advise": ["cot"]}, status="shadow"),
        rule("a.flag", "flag", {"flag": ["audit"]}, status="shadow"),
    ]
    plain, shadowed = decide(policy(), experts=EXPERT), decide(policy(*shadows), experts=EXPERT)
    assert ids(shadowed) == ["default.llm", "a.guard", "a.route", "a.tier", "a.budget", "a.shape", "a.flag"]
    assert {fired.status for fired in shadowed.rules[1:]} == {"shadow"}
    assert (shadowed.kind, shadowed.steps, shadowed.tier) == (plain.kind, plain.steps, plain.tier)
    assert (shadowed.advice, shadowed.flags) == ((), ())


def test_a_shadow_route_rule_is_noted_even_after_the_decision() -> None:
    made = policy(rule("a.one", "route", {"kind": "llm"}), rule("a.two", "route", {"kind": "llm"}, status="shadow"))
    assert ids(decide(made)) == ["a.one", "a.two"]


def test_a_rule_that_is_off_is_not_there() -> None:
    assert ids(decide(policy(rule("a.one", "route", {"kind": "llm"}, status="off")))) == ["default.llm"]


# ── guard ────────────────────────────────────────────────────────────────────────────────────────


def test_guards_narrow_one_after_the_other() -> None:
    made = policy(rule("a.local", "guard", {"local_only": True}), rule("a.sees", "guard", {"needs": "vision"}))
    fleet = {"local_tiers": ["small", "standard"], "vision_tiers": ["standard", "large"]}
    assert decide(made, fleet=fleet).steps == ("cache.exact", "hosted.standard")


def test_a_refusal_says_what_to_do_and_asks_nobody() -> None:
    decision = decide(policy(rule("a.no", "guard", {"refuse": "Ask the help desk instead."})), experts=EXPERT)
    assert (decision.kind, decision.steps, decision.refusal) == ("refuse", (), "Ask the help desk instead.")
    assert ids(decision) == ["a.no"]
    assert decision.rules[0].decided


def test_an_open_expert_survives_local_only_even_where_the_route_wants_an_llm() -> None:
    decision = decide(policy(rule("a.local", "guard", {"local_only": True})), experts=EXPERT)
    assert decision.kind == "local"
    assert decision.steps == ("cache.exact", "expert.sentiment")
    assert "wanted-llm" in decision.flags


def test_a_guard_is_not_blamed_for_models_that_are_down() -> None:
    decision = decide(policy(rule("a.fits", "guard", {"fits_context": True})), fleet={"tiers": []})
    assert decision.kind == "llm"
    assert decision.steps == ("cache.exact",)


def test_a_window_that_is_not_known_is_thought_to_fit() -> None:
    made = policy(rule("a.fits", "guard", {"fits_context": True}))
    decision = decide(made, facts={"tokens": 500}, fleet={"tiers": ["small", "large"], "windows": {"large": 499}})
    assert decision.steps == ("cache.exact", "hosted.small")


# ── tier ─────────────────────────────────────────────────────────────────────────────────────────


def tiers(*thens: Mapping[str, Any], fleet: tuple[str, ...] = TIERS) -> Decision:
    made = policy(*[rule(f"a.t{number}", "tier", then) for number, then in enumerate(thens)])
    return decide(made, fleet={"tiers": fleet, "cache": False})


def test_the_tier_is_standard_unless_a_rule_says_otherwise() -> None:
    assert tiers().steps == ("hosted.standard", "hosted.large", "hosted.reasoning", "hosted.small")
    assert tiers().flags == ()


def test_tier_rules_apply_in_turn() -> None:
    assert tiers({"at_least": "large"}, {"at_most": "standard"}).tier == "standard"
    assert tiers({"at_most": "small"}, {"at_least": "large"}).tier == "large"
    assert tiers({"prefer": "reasoning"}, {"prefer": "small"}).tier == "small"


def test_the_nearest_tier_stands_in_and_the_answer_is_marked() -> None:
    larger = tiers(fleet=("small", "reasoning"))
    assert (larger.tier, larger.steps) == ("reasoning", ("hosted.reasoning", "hosted.small"))
    assert larger.flags == ("wanted-standard",)
    smaller = tiers({"prefer": "reasoning"}, fleet=("small", "standard"))
    assert (smaller.tier, smaller.flags) == ("standard", ("wanted-reasoning",))


def test_what_is_avoided_comes_last() -> None:
    assert tiers({"avoid": ["largest"]}).steps == (
        *("hosted.standard", "hosted.small", "hosted.large", "hosted.reasoning"),
    )
    assert tiers({"avoid": ["mid-size"]}).tier == "large"
    assert tiers({"avoid": ["largest"]}, {"at_least": "large"}).tier == "standard"
    only = tiers({"avoid": ["largest"]}, fleet=("reasoning",))
    assert only.tier == "reasoning"


# ── budget ───────────────────────────────────────────────────────────────────────────────────────

PRICES = {"small": 1, "standard": 10, "large": 100}
OVER = {"over_budget": True}


def test_over_budget_the_cheapest_that_fits_answers_and_no_other_exceeds_it() -> None:
    made = policy(rule("a.save", "budget", {"downgrade": True}, OVER), rule("a.t", "tier", {"prefer": "large"}))
    decision = decide(made, money={"estimates": PRICES, "budget": 10})
    assert decision.tier == "small"
    assert decision.steps == ("cache.exact", "hosted.small", "hosted.standard")
    assert decision.flags == ()


def test_where_nothing_fits_the_cheapest_answers_and_says_so() -> None:
    made = policy(rule("a.save", "budget", {"downgrade": True}, OVER))
    decision = decide(made, money={"estimates": PRICES, "budget": 0})
    assert (decision.steps, decision.flags) == (("cache.exact", "hosted.small"), ("over-budget",))


def test_an_unknown_price_is_not_over_budget() -> None:
    made = policy(rule("a.save", "budget", {"downgrade": True}, OVER))
    assert ids(decide(made, money={"estimates": {"standard": None}, "budget": 0})) == ["default.llm"]


def test_a_budget_rule_that_goes_local_is_the_one_that_decided() -> None:
    made = policy(rule("a.save", "budget", {"kind": "local"}, OVER))
    money = {"estimates": PRICES, "budget": 1}
    decision = decide(made, experts=EXPERT, money=money)
    assert (decision.kind, ids(decision)) == ("local", ["a.save", "default.llm"])
    assert [fired.decided for fired in decision.rules] == [True, False]
    assert ids(decide(made, money=money)) == ["default.llm"]


# ── shape, flag, pinned ──────────────────────────────────────────────────────────────────────────


def test_advice_and_flags_are_collected_once() -> None:
    made = policy(
        rule("a.one", "shape", {"advise": ["cot", "few-shot"]}),
        rule("a.two", "shape", {"advise": ["cot"]}),
        rule("a.three", "flag", {"flag": ["audit"]}),
    )
    assert (decide(made).advice, decide(made).flags) == (("cot", "few-shot"), ("audit",))


def test_a_pinned_model_is_asked_but_guards_and_flags_still_act() -> None:
    made = policy(
        rule("a.guard", "guard", {"fits_context": True}),
        rule("a.route", "route", {"kind": "local"}),
        rule("a.tier", "tier", {"prefer": "reasoning"}),
        rule("a.flag", "flag", {"flag": ["audit"]}),
    )
    decision = decide(made, experts=EXPERT, fleet={"tiers": ["large"]}, pinned="gpt-x")
    assert ids(decision) == ["pinned", "a.guard", "a.flag"]
    assert (decision.kind, decision.tier, decision.flags) == ("llm", "large", ("audit",))
    assert decision.steps == ("cache.exact", "hosted.gpt-x")


# ── conditions ───────────────────────────────────────────────────────────────────────────────────


def matches(when: Mapping[str, Any], **signals: Any) -> bool:
    task = signals.pop("task", "sentiment")
    made = policy(rule("a.flag", "flag", {"flag": ["hit"]}, when), few=200)
    return "hit" in decide(made, task, **signals).flags


def test_conditions_mean_what_they_say() -> None:
    assert matches({"task": ["ner", "sentiment"]})
    assert not matches({"task": "ner"})
    assert matches({"expert.n": "< few"}, experts={"e": {"n": 199}})
    assert not matches({"expert.n": "< few"}, experts={"e": {"n": 200}})
    assert not matches({"expert.n": "< few"})
    assert matches({"expert.n": "none"})
    assert matches({"turns": [3, ">= 5"]}, facts={"turns": 7})
    assert not matches({"turns": [3, ">= 5"]}, facts={"turns": 4})
    assert matches({"pii": "email"}, facts={"pii": ["phone", "email"]})
    assert not matches({"pii": True})
    assert matches({"pii": False})
    assert matches({"not": {"any": [{"tools": True}, {"language": "de"}]}})
    assert not matches({"all": [{"tools": False}, {"language": "de"}]})
    assert matches({"tools": False, "language": "en", "survey": "sentiment", "figure": False})
    assert matches({"figure": ["Q3", "Q8"]}, task="closed_book_qa")
    assert matches({"cue": "negation"}, facts={"cues": ["hindsight", "negation"]})
    assert not matches({"cue": True})
    assert matches({"budget": "none"})
    assert matches({"cost.llm": "> 0.5"}, money={"estimates": {"standard": 1_000_000_000}})


def test_an_unknown_task_counts_as_other() -> None:
    signals = Signals(task=Task("cooking", 0.9), fleet=Fleet(tiers=TIERS))
    assert SHIPPED.decide(signals).rules[0].id == "real.unformalised"


def test_the_hash_names_the_content() -> None:
    one = policy(rule("a.one", "route", {"kind": "llm"}))
    assert one.hash == policy(rule("a.one", "route", {"kind": "llm"})).hash
    assert one.hash != policy(rule("a.one", "route", {"kind": "local"})).hash
    assert one.hash != policy(rule("a.one", "route", {"kind": "llm"}), few=1).hash
