"""A decision is explained twice: as the JSON of /v1/explain, and as a tree that reads well aloud."""

import json
from typing import Any

from rich.console import Console

from policies.cases import Given
from policies.explain import document, tree
from policies.store import PolicyStore, Tuning

POLICY = PolicyStore("2026").current


def explained(**given: Any) -> dict[str, Any]:
    signals = Given.model_validate(given).signals()
    return document("req_1", signals, POLICY.decide(signals))


def aloud(explanation: dict[str, Any]) -> str:
    console = Console(width=300, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(tree(explanation))
    return capture.get()


SENTIMENT: dict[str, Any] = {
    "task": {"label": "sentiment", "confidence": 0.97, "runner_up": "emotion", "look": "reader"},
    "facts": {"tokens": 31, "labels": 2, "output": "label"},
    "experts": {"sentiment": {"answer": "positive", "confidence": 0.99, "novelty": 0.12}},
    "money": {"estimates": {"standard": 42_000}, "baseline": 910_000},
}


def test_the_document_has_exactly_the_promised_shape() -> None:
    found = explained(**SENTIMENT)
    assert json.loads(json.dumps(found)) == found
    assert list(found) == ["id", "profile", "policy", "signals", "decision", "estimate"]
    assert (found["id"], found["profile"], found["policy"]) == ("req_1", "2026", POLICY.hash)
    signals = found["signals"]
    assert list(signals) == ["task", "novelty", "language", "experts", "facts"]
    assert signals["task"] == SENTIMENT["task"]
    assert signals["experts"] == {
        "sentiment": {"answer": "positive", "confidence": 0.99, "novelty": 0.12, "open": True}
    }
    assert signals["facts"]["labels"] == 2
    decision = found["decision"]
    assert list(decision) == ["kind", "tier", "steps", "rules", "advice", "flags"]
    assert decision["kind"] == "local"
    assert decision["steps"][:2] == ["cache.exact", "expert.sentiment"]
    assert list(decision["rules"][0]) == ["id", "stage", "decided", "title", "why", "cites"]
    assert decision["rules"][0]["id"] == "nlu.sentiment"
    assert found["estimate"] == {"cost_usd": 0.0, "baseline_usd": 0.00091}


def test_the_estimate_is_that_of_the_first_who_is_asked() -> None:
    money = {"estimates": {"standard": 42_000, "large": 1}, "baseline": None}
    assert explained(task="chitchat", money=money)["estimate"] == {"cost_usd": 0.000042, "baseline_usd": None}
    assert explained(task="translation")["estimate"]["cost_usd"] is None
    pinned = explained(task="chitchat", money=money, fleet={"tiers": ["large"]}, pinned="gpt-x")
    assert pinned["estimate"]["cost_usd"] == 1e-9


def test_a_refusal_carries_its_sentence() -> None:
    found = explained(task="chitchat", facts={"pii": ["email"]}, fleet={"keep_private": True})
    assert found["decision"]["kind"] == "refuse"
    assert "must not leave this machine" in found["decision"]["refusal"]
    assert found["estimate"]["cost_usd"] == 0.0
    text = aloud(found)
    assert "Refused, because of safety.privacy" in text
    assert "nobody: The request holds personal data" in text


def test_the_tree_reads_well_aloud() -> None:
    text = aloud(explained(**SENTIMENT))
    for sentence in (
        "Goes to the sentiment expert on this machine, because of nlu.sentiment",
        "task: sentiment, 97% sure (said by the reader; next would be emotion)",
        "the sentiment expert says 'positive', 99% sure, novelty 0.12; its gate is open",
        "31 tokens in language en",
        f"Decided by profile 2026, policy {POLICY.hash}",
        "decided: Sentiment goes to the expert (nlu.sentiment)",
        "Why: Tuned models and LLMs are equal on IMDB and SST",
        "Evidence: nlu.sentiment, survey s4.1.1, survey R2, arXiv:2602.06370",
        "1. the cache, for the same question asked before",
        "2. the sentiment expert on this machine",
        "3. the standard LLM",
        "Estimated cost: nothing; the baseline: $0.000910",
    ):
        assert sentence in text, text


def test_the_tree_tells_what_is_unusual() -> None:
    text = aloud(
        explained(
            task="closed_book_qa",
            facts={
                "code_mixed": True,
                "tools": True,
                "cues": ["redefined-symbol"],
                "tasks": 2,
                "noise": 0.25,
                "domain": "law",
                "pii": ["email"],
                "modalities": ["audio"],
                "language": "de",
            },
            experts={"trivia": {"open": False}},
        )
    )
    for words in (
        "two languages or scripts are mixed; functions may be called; its wording gives away: redefined-symbol; "
        "2 tasks at once; 25% of the words look mistyped; domain law; holds email; comes with audio",
        "its gate is closed",
        "Advises: ",
        "Flags: ",
        "high-stakes",
        "Estimated cost: unknown; the baseline: unknown",
    ):
        assert words in text, text


def test_a_dead_fleet_leaves_the_cache() -> None:
    text = aloud(explained(task="chitchat", fleet={"tiers": []}))
    assert "Only the cache can answer, because of misc.chat" in text


def test_a_pinned_model_is_named() -> None:
    text = aloud(explained(task="chitchat", fleet={"tiers": ["large"]}, pinned="gpt-x"))
    assert "Goes to the gpt-x LLM, because of pinned" in text


def test_a_closed_gate_says_why() -> None:
    reading = {"answer": "positive", "confidence": 0.86, "novelty": 0.5, "open": False, "why": "Its confidence is low."}
    found = explained(**{**SENTIMENT, "experts": {"sentiment": reading}})
    assert found["signals"]["experts"]["sentiment"]["why"] == "Its confidence is low."
    assert "says 'positive', 86% sure, novelty 0.50; its gate is closed. Its confidence is low." in aloud(found)
    assert "why" not in explained(**SENTIMENT)["signals"]["experts"]["sentiment"]


def test_what_may_change_the_prompt_and_what_did_is_said_only_where_there_is_something() -> None:
    assert "apply" not in explained(task="arithmetic_reasoning")["decision"]
    policy = PolicyStore("2026", tuning=Tuning(apply=["scale.arithmetic.cot"])).current
    signals = Given.model_validate({"task": "arithmetic_reasoning"}).signals()
    found = document("req_1", signals, policy.decide(signals), ("asked for steps",))
    applied = found["decision"]["apply"]
    assert {each["rule"] for each in applied} == {"scale.arithmetic.cot"}
    assert applied[0]["advice"] == "cot"
    assert found["changes"] == ["asked for steps"]
    assert "Shaping the prompt: asked for steps" in aloud(found)
    before = aloud(document("req_1", signals, policy.decide(signals)))
    assert "May change the prompt: cot (scale.arithmetic.cot)" in before
    assert "the prompt" not in aloud(explained(task="arithmetic_reasoning"))


def test_nothing_learned_is_quite_sure() -> None:
    assert "over 99% sure" in aloud(explained(task={"label": "chitchat", "confidence": 0.999}))
