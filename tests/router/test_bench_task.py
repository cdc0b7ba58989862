"""The benchmark of the task type: its baselines and figures on toys, and the whole of it on a tiny data folder."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from classifiers.shipped import Shipped
from policies.store import PolicyStore
from router.bench import prompts as baselines
from router.bench import task
from router.bench.prompts import Prompts, Said
from router.bench.results import Interval, Row, grouped_interval, interval

TASKS = {
    "sentiment": "Is this review positive or negative? The {} was {}.",
    "translation": "Translate this sentence into German: The {} is {} today.",
    "code_generation": "Write a Python function that sorts a list of each {} by how {} it is.",
    "reading_comprehension": "Passage: The {} was {} in May.\nQuestion: When was it so? Answer from the passage.",
}
THINGS = ("room", "film", "lamp", "phone", "meal", "book", "car", "song")
QUALITIES = ("bright", "awful", "slow", "lovely")


def prompts(task: str, n: int) -> Iterator[str]:
    for place in range(n):
        yield TASKS[task].format(THINGS[place % len(THINGS)], QUALITIES[place // len(THINGS) % len(QUALITIES)])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with 4 tasks: 16 prompts of each to learn from, 4 to calibrate on, 6 to measure."""
    folder = tmp_path_factory.mktemp("data")
    with gzip.open(folder / "prompts_task_type.jsonl.gz", "wt") as file:
        for name in TASKS:
            for place, text in enumerate(prompts(name, 26)):
                split = "train" if place < 16 else "valid" if place < 20 else "test"
                row = {"id": f"{name}-{place}", "text": text, "task": name, "split": split}
                row["source"] = "old" if place < 21 else f"new-{name}"  # one measured prompt of each task
                file.write(json.dumps(row) + "\n")
    return folder


def toy(texts: list[str], tasks: list[str]) -> Prompts:
    return Prompts([f"p{place}" for place in range(len(texts))], texts, tasks)


TOY = toy(["w", "x", "y", "z"], ["a", "a", "b", "b"])
SAID = Said(["a", "b", "b", "c"], [0.9, 0.95, 0.2, 0.2])


def test_trivial_baselines_know_what_they_are_meant_to() -> None:
    train = toy(["xx"] * 30 + ["x" * 90] * 50, ["short"] * 30 + ["long"] * 50)
    test = toy(["ab", "a" * 100], ["short", "long"])
    assert list(baselines.most_frequent(train, test).labels) == ["long", "long"]
    assert list(baselines.most_frequent(train, test).confidence) == [0.625, 0.625]
    assert list(baselines.by_length(train, test).labels) == ["short", "long"]
    many = toy(["x"] * 400, ["short"] * 400)
    assert sorted(set(baselines.random(train, many).labels)) == ["long", "short"]
    assert baselines.random(train, many) == baselines.random(train, many)


@pytest.mark.parametrize("tasks", [("a", "b"), ("a", "b", "c")])
def test_the_svm_learns_words_and_is_calibrated(tasks: tuple[str, ...]) -> None:
    word = {"a": "apple", "b": "bread", "c": "cheese"}
    train = toy(
        [f"{word[each]} number {n}" for each in tasks for n in "xyzxyz"], [each for each in tasks for _ in "xyzxyz"]
    )
    said = baselines.svm(train, train)(["some bread", "an apple"])
    assert list(said.labels) == ["b", "a"]
    assert min(said.confidence) > 0.9


def test_figures_are_counted_as_announced() -> None:
    assert task.right(SAID, TOY).tolist() == [1, 0, 1, 0]
    row = task.row_of("toy", SAID, TOY, {"a": "local", "b": "llm", "c": "llm"})
    assert isinstance(row["accuracy"], Interval)
    assert row["accuracy"].value == 0.5
    assert isinstance(row["kind of target"], Interval)
    assert row["kind of target"].value == 0.75
    assert row["macro-F1"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert row["ECE"] == pytest.approx((abs(0.9 - 1) + 0.95 + abs(0.4 - 1)) / 4)
    assert "second look" not in row
    looked = task.row_of(
        "toy", Said(SAID.labels, SAID.confidence, [True, False, False, False]), TOY, dict.fromkeys("abc", "")
    )
    assert looked["second look"] == 0.25
    assert task.confusion(SAID, TOY) == {"a": {"a": 1, "b": 1}, "b": {"b": 1, "c": 1}}
    assert task.by_label(SAID, TOY)["b"] == {"n": 2, "precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert task.by_label(SAID, TOY)["c"] == {"n": 0, "precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert task.worst(SAID, TOY)[0] == {"task": "a", "said": "b", "n": 1, "examples": ["p1"]}
    bins = task.reliability(SAID, TOY)
    assert [(each["n"], each["accuracy"]) for each in bins] == [(2, 0.5), (1, 1.0), (1, 0.0)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sentiment", "local"), ("intent_classification", "local"), ("nli", "local"), ("semantic_similarity", "local"),
        ("ner", "local"), ("reading_comprehension", "local"), ("code_generation", "llm"), ("chitchat", "llm"),
        ("closed_book_qa", "llm"), ("competition_math", "llm"), ("llm_as_judge", "llm"),
    ],
)  # fmt: skip
def test_kinds_of_target_are_the_policys(name: str, kind: str) -> None:
    assert task.kind_of_target(PolicyStore(task.PROFILE).current, name) == kind


def test_every_look_gets_its_rows() -> None:
    first = SimpleNamespace(labels=("a", "b"), probabilities=lambda look: np.array([0.75, 0.25]))
    shipped: Any = SimpleNamespace(
        embedder=SimpleNamespace(look=lambda text: SimpleNamespace(text=text)),
        task=first,
        second=SimpleNamespace(scores=lambda text: np.log([0.125, 0.875])),
        task_of=lambda text: SimpleNamespace(label="b", confidence=0.875, look="second"),
    )
    found = task.looks_of(shipped)
    assert found.first("x") == {"a": 0.75, "b": 0.25}
    assert list(task.of_look(found.first, TOY).labels) == ["a"] * 4
    assert found.second("x") == pytest.approx({"a": 0.125, "b": 0.875})
    assert list(task.of_look(found.second, TOY).labels) == ["b"] * 4
    assert task.of_pipeline(found.pipeline, TOY) == Said(["b"] * 4, [0.875] * 4, [True] * 4)


def test_a_promise_is_kept_or_not() -> None:
    first: Row = {"method": "first look", "accuracy": Interval(0.71, 0.7, 0.72)}
    both: Row = {
        "method": "pipeline",
        "accuracy": Interval(0.79, 0.78, 0.8),
        "macro-F1": 0.8,
        "ECE": 0.051,
        "kind of target": Interval(0.95, 0.94, 0.96),
    }
    assert [(each.what, each.met) for each in task.targets([first, both])] == [
        ("pipeline, accuracy", False),
        ("pipeline, macro-F1", True),
        ("pipeline, kind of target", True),
        ("pipeline, ECE", False),
        ("first look, accuracy", True),
    ]


def test_the_whole_of_it_on_a_tiny_folder(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = task.measure(data)
    methods = [str(row["method"]) for row in result.rows]
    assert methods[:6] == [
        "random", "most frequent label", "length alone", "TF-IDF + linear SVM",
        "static embedding + logistic regression", "first look",
    ]  # fmt: skip
    accuracy = {str(row["method"]): row["accuracy"] for row in result.rows}
    told = {name: each.value for name, each in accuracy.items() if isinstance(each, Interval)}
    assert told["most frequent label"] == 0.25
    assert told["TF-IDF + linear SVM"] == 1.0
    assert told["pipeline"] > 0.7 > told["random"]
    assert methods[-2:] == ["first look, new sources alone (20)", "pipeline, new sources alone (20)"]
    assert sum(n for said in result.details["confusion"].values() for n in said.values()) == 24
    assert set(result.details["by_label"]) >= set(TASKS)
    assert result.details["kind_of_target"]["local"] == ["reading_comprehension", "sentiment"]
    result.save(tmp_path)
    kept = json.loads((tmp_path / "task.json").read_text())
    assert "24 prompts" in kept["about"]
    assert "but for 4 of them" in kept["about"]


def test_an_interval_over_groups_draws_whole_groups() -> None:
    values, groups = [1.0] * 50 + [0.0] * 50, ["a"] * 50 + ["b"] * 50
    found = grouped_interval(values, groups, 1)
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)
    alone = interval(values, 1)
    assert alone.low > 0.35
    assert grouped_interval([1.0, 1.0], ["a", "b"], 1).low == 1.0
    with pytest.raises(ValueError, match="needs values"):
        grouped_interval([], [], 1)


def test_a_folder_without_prompts_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"prompts_task_type.jsonl.gz: missing"):
        task.measure(tmp_path)


def test_a_guess_of_the_shipped_head_is_what_is_measured() -> None:
    looks = task.looks_of(Shipped.load())
    said = looks.first("Translate this sentence into German: The room is bright.")
    best = max(said, key=said.__getitem__)
    assert best == "translation"
    assert sum(said.values()) == pytest.approx(1, abs=1e-3)
