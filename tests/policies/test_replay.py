"""The past under another policy: who moves, what that saves, what speaks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from policies.cases import Given
from policies.replay import COLUMNS, NOBODY, WEAKEST, Past, Replay, Ruling
from policies.schema import RouteThen
from policies.store import PolicyStore

OLD = PolicyStore("2026").current
# Sentiment goes to an LLM; nothing else changes.
LLM = {"then": RouteThen(kind="llm")}
NEW = replace(OLD, rules=tuple(r.model_copy(update=LLM) if r.id == "nlu.sentiment" else r for r in OLD.rules))
SENTIMENT: Mapping[str, Any] = {
    "task": {"label": "sentiment", "confidence": 0.9},
    "novelty": 0.2,
    "experts": {"sentiment": {"confidence": 0.99}},
    "money": {"estimates": {"standard": 5_000_000, "small": 1_000_000}, "baseline": 9_000_000},
}


def past(number: int = 1, target: str = "expert.sentiment", us: int = 8000, cost: int | None = 0, **given: Any) -> Past:
    """A request as it was decided by OLD, and answered by `target`."""
    signals = Given.model_validate({**SENTIMENT, **given}).signals()
    decision = OLD.decide(signals)
    step = next((step for step in decision.steps if not step.startswith("cache.")), "")
    return Past(f"req_{number}", 1_800_000_000_000, signals, step, decision.tier, decision.decider, target, cost, us)


def test_a_policy_moves_nothing_of_its_own() -> None:
    told = Replay(Ruling(OLD))
    assert told.add(past()) is None
    found = told.report()
    assert (found["requests"], found["moved"], found["same_target_other_rule"], found["moves"]) == (1, 0, 0, [])
    assert found["latency"] == {"counted": 0, "before_ms": None, "after_ms": None}


def test_a_move_is_told_with_its_money_latency_and_rule() -> None:
    told = Replay(Ruling(NEW))
    assert told.add(past(1, "hosted.standard", 900_000, 4_800_000, task="chitchat", experts={})) is None
    move = told.add(past(2))
    assert move is not None
    assert (move.old, move.new, move.old_rule) == ("expert.sentiment", "hosted.standard", "nlu.sentiment")
    assert (move.cost, move.old_estimate, move.new_estimate) == (0, 0, 5_000_000)
    assert told.add(past(3, "cache.exact", 1000)) is not None
    assert told.add(past(4, money={"estimates": {"standard": None}})) is not None
    found = told.report()
    assert json.loads(json.dumps(found)) == found
    assert (found["requests"], found["moved"]) == (4, 3)
    assert found["money"] == {
        "counted": 1,
        "unknown_price": 1,
        "answered_by_cache": 1,
        "billed_usd": 0.0,
        "estimated_before_usd": 0.0,
        "estimated_after_usd": 0.005,
    }
    assert found["latency"] == {"counted": 3, "before_ms": 8.0, "after_ms": 900.0}
    (kind,) = found["moves"]
    assert (kind["from"], kind["to"], kind["requests"]) == ("expert.sentiment", "hosted.standard", 3)
    assert kind["latency"] == {"from": {"median_ms": 8.0, "n": 2}, "to": {"median_ms": 900.0, "n": 1}}
    assert kind["rules"] == [{"rule": move.new_rule, "requests": 3}]


def test_another_rule_for_the_same_target_is_no_move() -> None:
    told = Replay(Ruling(NEW))
    shut = {"sentiment": {"open": False, "confidence": 0.1, "shut": "unsure"}}
    row = past(experts=shut)
    assert told.add(row) is None
    assert told.add(Past(row.id, row.at_ms, row.signals, row.step, row.tier, "mine.old", row.target, 0, 1)) is None
    assert told.report()["same_target_other_rule"] == 1


def test_where_nobody_is_left_it_is_said() -> None:
    strict = {"facts": {"pii": ["email"]}, "fleet": {"keep_private": True}, "task": "chitchat", "experts": {}}
    row = past(1, "hosted.standard", 5, 5, task="chitchat", experts={})
    refused = Given.model_validate({**SENTIMENT, **strict}).signals()
    move = Replay(Ruling(OLD)).add(Past(row.id, row.at_ms, refused, row.step, "standard", row.rule, row.target, 5, 5))
    assert move is not None
    assert (move.new, move.new_rule, move.new_estimate) == (NOBODY, "safety.privacy", 0)


def test_the_weakest_moves_are_those_with_the_least_evidence() -> None:
    told = Replay(Ruling(NEW))
    for number in range(40):
        task = {"label": "sentiment", "confidence": 0.99 - number / 100}
        told.add(past(number, task=task))
    weakest = told.report()["weakest"]
    assert [each["id"] for each in weakest] == [f"req_{number}" for number in range(39, 39 - WEAKEST, -1)]
    assert [each["evidence"] for each in weakest] == sorted(each["evidence"] for each in weakest)
    assert tuple(weakest[0]) == COLUMNS
    assert weakest[0]["at"] == "2027-01-15T08:00:00.000+00:00"


@pytest.mark.parametrize("change", [{"novelty": 0.9}, {"task": {"label": "sentiment", "confidence": 0.3}}])
def test_novelty_and_doubt_weaken_a_move(change: dict[str, Any]) -> None:
    weak, strong = Replay(Ruling(NEW)).add(past(**change)), Replay(Ruling(NEW)).add(past())
    assert weak is not None
    assert strong is not None
    assert weak.evidence < strong.evidence


def test_an_expert_that_would_answer_counts_with_its_confidence() -> None:
    rows = [past(experts={"sentiment": {"confidence": sure}}) for sure in (0.6, 0.99)]
    back = [Past(r.id, r.at_ms, r.signals, "hosted.standard", "standard", "x.y", "hosted.standard", 5, 5) for r in rows]
    unsure, sure = (Replay(Ruling(OLD)).add(row) for row in back)
    assert unsure is not None
    assert sure is not None
    assert unsure.new == "expert.sentiment"
    assert unsure.evidence < sure.evidence
