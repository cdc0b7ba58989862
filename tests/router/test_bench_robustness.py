"""The benchmark of robustness: what counts as a flip, what is told of its causes, and all of it on a tiny folder."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace
from pathlib import Path

from policies.cases import Given
from policies.store import PolicyStore
from router.bench import robustness
from router.bench.noise import NOISE
from router.bench.prompts import Prompts
from router.bench.results import Cell, Interval
from router.bench.robustness import OURS, Route, Routed, causes, flips, kept, model_of, swaps
from router.types import Signals

POLICY = PolicyStore("2026").current
SENTIMENT = "Is this review positive or negative? I loved every minute of it."


def signals(task: str) -> Signals:
    return Given.model_validate({"task": task}).signals()


def routed(seen: Signals) -> Routed:
    return Routed(seen, robustness.route_of(seen, POLICY.decide(seen)))


def share(cell: object) -> float:
    assert isinstance(cell, Interval)
    return cell.value


def test_a_flip_is_another_answer_to_the_same_question() -> None:
    local, other = (
        Route("local", "expert.spam", "spam", "r1", "spam"),
        Route("local", "expert.spam", "spam", "r1", "ham"),
    )
    llm = Route("llm", "llm.small", "chitchat", "r2")
    found = flips([local, local, llm, llm], [local, other, local, llm])
    assert share(found["kind of target"]) == 0.25
    assert share(found["model"]) == 0.25
    assert share(found["task"]) == 0.25
    assert share(found["rule"]) == 0.25
    assert share(found["expert's answer"]) == 0.5  # of the two that were local both times
    assert flips([llm], [llm])["expert's answer"] is None


def test_another_tier_is_another_model() -> None:
    small, large = POLICY.decide(signals("chitchat")), POLICY.decide(signals("llm_as_judge"))
    assert model_of(small) != model_of(large) == "llm.large"


def test_the_promise_is_held_against_the_models() -> None:
    row: dict[str, Cell] = {"method": OURS, "noise": "case", "model": Interval(0.051, 0.03, 0.07)}
    assert kept(row) == ("flips of the model under noise: case", "<= 5%", "5.1%", False)
    assert kept(row | {"model": Interval(0.05, 0.03, 0.07)}).met


def test_the_signal_that_flips_a_decision_is_found_among_those_that_changed() -> None:
    judge = signals("llm_as_judge")
    noisy = replace(signals("sentiment"), novelty=0.11, facts=replace(judge.facts, tokens=9))
    assert {name for name, _ in swaps(judge, noisy)} == {"task.label", "novelty", "tokens"}
    assert list(swaps(judge, judge)) == []
    told = causes([routed(judge), routed(judge)], [routed(noisy), routed(judge)], ["p1", "p2"], POLICY)
    assert told["flips"] == 1
    assert told["alone"] == {"task.label": 1}
    assert told["changed"] == {"novelty": 1, "task.label": 1, "tokens": 1}
    assert told["together"] == 0
    assert told["tasks"] == {"llm_as_judge → sentiment": 1}
    assert told["examples"] == ["p1"]
    assert told["unsure_among_flips"] == 0.0


def test_doubt_about_the_task_is_told() -> None:
    judge = signals("llm_as_judge")
    unsure = replace(judge, task=replace(signals("sentiment").task, confidence=0.4))
    told = causes([routed(judge)] * 2, [routed(unsure), routed(judge)], ["p1", "p2"], POLICY)
    assert (told["unsure_among_flips"], told["unsure_among_all"]) == (1.0, 0.5)


def test_prompts_go_the_way_of_a_request() -> None:
    texts = {"": [SENTIMENT, "Write a poem about rain."], "case": [SENTIMENT.lower(), "Write a poem about rain."]}
    found = asyncio.run(robustness.route_all(texts, POLICY))
    local, poem = (each.route for each in found[""])
    assert (local.model, local.rule, local.answer) == ("expert.sentiment", "nlu.sentiment", "positive")
    assert (poem.kind, poem.answer) == ("llm", "")
    assert poem.model in {"llm.small", "llm.standard", "llm.large", "llm.reasoning"}
    assert found["case"][1].route == poem


def test_a_sample_is_drawn_once_and_for_all() -> None:
    prompts = Prompts([str(n) for n in range(50)], ["x"] * 50, ["t"] * 50)
    drawn = robustness.sample(prompts, 9)
    assert drawn == robustness.sample(prompts, 9)
    assert len(set(drawn.ids)) == 9
    assert robustness.sample(prompts, 99) == prompts


def test_the_whole_of_it_on_a_tiny_folder(tmp_path: Path) -> None:
    texts = {
        "sentiment": "Is this review positive or negative? The {} was lovely, and I would buy it again.",
        "code_generation": "Write a Python function that sorts a list by {}, and test it.",
        "chitchat": "Hello there! How are you today? I just bought a new {}, you know.",
    }
    things = ("film", "lamp", "phone", "meal", "book", "car", "song", "room")
    with gzip.open(tmp_path / "prompts_task_type.jsonl.gz", "wt") as file:
        for place, thing in enumerate(things):
            for task, text in texts.items():
                split = ("train", "train", "test", "valid")[place % 4]
                row = {"id": f"{task}-{thing}", "text": text.format(thing), "task": task, "split": split, "source": "a"}
                file.write(json.dumps(row) + "\n")
    result = robustness.measure(tmp_path)
    assert [row["method"] for row in result.rows] == [
        name for name in ("random model", "TF-IDF + linear SVM", OURS) for _ in NOISE
    ]
    assert [row["noise"] for row in result.rows] == [*NOISE] * 3
    assert [target.what.rpartition(" ")[2] for target in result.targets] == [*NOISE]
    assert result.rows[0]["kind of target"] is None
    assert all(0 <= share(row["model"]) <= 1 for row in result.rows)
    assert result.details["targets_without_noise"]["expert.sentiment"] == 2
    assert result.details["typos"]["texts_changed"] == 1.0
    assert result.document() == robustness.measure(tmp_path).document()
