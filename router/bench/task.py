"""`surveyor bench task`: how often the task type is told of prompts written by someone else, beside trivial methods.

A wrong task type matters where it changes who is asked, so the kind of target is counted too (`kind_of_target`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from classifiers import language
from classifiers.shipped import Shipped
from classifiers.train.measure import calibration_error, macro_f1
from policies.cases import Given
from policies.engine import Policy
from policies.store import PolicyStore
from router.app import create_observer
from router.bench.prompts import FILE, SEED, Prompts, Said, by_length, logistic, most_frequent, random, svm
from router.bench.results import (
    Cell,
    Interval,
    Result,
    Row,
    Target,
    grouped_interval,
    interval,
    paired_interval,
    told,
)
from router.bench.speed import as_request
from router.fleet import Priced
from router.settings import Model, Settings

PROFILE = "2026"
COLUMNS = ("method", "accuracy", "by source", "macro-F1", "ECE", "kind of target", "second look")
BINS = 15  # of the calibration error
WORST, SHOWN = 10, 2  # confusions told, and examples of each

PROMISED = (
    ("pipeline", "accuracy", 0.80),
    ("pipeline", "macro-F1", 0.80),
    ("pipeline", "kind of target", 0.95),
    ("pipeline", "ECE", 0.05),
    ("first look", "accuracy", 0.70),
)

Probabilities = Mapping[str, float]


# ── the join: what is measured of the shipped models ─────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks that ship: text to probability by label; `pipeline` to label, confidence and the look that said it."""

    first: Callable[[str], Probabilities]
    second: Callable[[str], Probabilities]
    pipeline: Callable[[str], tuple[str, float, str]]


def looks_of(shipped: Shipped) -> Looks:
    """The looks of the shipped models."""

    def first(text: str) -> Probabilities:
        found = shipped.task.probabilities(shipped.embedder.look(text))
        return dict(zip(shipped.task.labels, found.tolist(), strict=True))

    def second(text: str) -> Probabilities:
        found = softmax(shipped.second.scores(text))  # alone, so its logits are not weighed with the first look's
        return dict(zip(shipped.task.labels, found.tolist(), strict=True))

    def pipeline(text: str) -> tuple[str, float, str]:
        guess = shipped.task_of(text)
        return guess.label, guess.confidence, guess.look

    return Looks(first, second, pipeline)


# ── what a method says ───────────────────────────────────────────────────────────────────────────


def of_look(look: Callable[[str], Probabilities], test: Prompts) -> Said:
    """The likeliest label of a look."""
    best = [max(look(text).items(), key=lambda item: item[1]) for text in test.texts]
    return Said([label for label, _ in best], [sure for _, sure in best])


def of_pipeline(pipeline: Callable[[str], tuple[str, float, str]], test: Prompts) -> Said:
    """What both looks say together."""
    found = [pipeline(text) for text in test.texts]
    return Said(
        labels=[label for label, _, _ in found],
        confidence=[sure for _, sure, _ in found],
        second=[look == "second" for _, _, look in found],
    )


async def of_server(shipped: Shipped, test: Prompts) -> Said:
    """What a server tells: both looks, and where they apply the reader and the detectors."""
    language.warm()
    settings = Settings(models=(Model(id="any", tier="standard", base_url="http://127.0.0.1/v1", local=True),))
    observer = create_observer(settings, shipped, Priced(settings, settings.models))
    try:
        found = [(await observer.look(as_request(text))).task for text in test.texts]
    finally:
        observer.second_look.close()
    looks = [task.look == "second" for task in found]
    return Said([task.label for task in found], [task.confidence for task in found], looks)


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def kind_of_target(policy: Policy, task: str) -> str:
    """Where the policy sends this task at its best: local, or to an LLM (or retrieve, where a rule says so).

    At its best means: the task type is sure, an open expert with labels enough is bound to it, a passage in the prompt
    holds the answer, nothing else is remarkable, all four tiers are up. So an expert that the policy would obey counts
    as local whether or not it ships today, and the mapping is the policy's own, not a list kept here.
    """
    given = Given.model_validate({"task": task, "facts": {"context": "sufficient"}, "experts": {task: {}}})
    return policy.decide(given.signals()).kind


def methods(train: Prompts, valid: Prompts, test: Prompts) -> dict[str, Said]:
    """What each method says of `test`: trivial ones first, ours last."""
    shipped = Shipped.load()
    looks = looks_of(shipped)
    return {
        "random": random(train, test),
        "most frequent label": most_frequent(train, test),
        "length alone": by_length(train, test),
        "TF-IDF + linear SVM": svm(train, valid)(test.texts),
        "static embedding + logistic regression": logistic(train, test, shipped.embedder),
        "first look": of_look(looks.first, test),
        "second look": of_look(looks.second, test),
        "pipeline": of_pipeline(looks.pipeline, test),
        "as a server tells it": asyncio.run(of_server(shipped, test)),
    }


def measure(data: Path) -> Result:
    """Accuracy of the task type on prompts of split `test`: other sources and other wordings than those learned.

    Raises:
        FileNotFoundError: the prompts are missing.
    """
    train, valid, test = (Prompts.of(data, split) for split in ("train", "valid", "test"))
    said = methods(train, valid, test)
    policy = PolicyStore(PROFILE).current
    labels = {*train.tasks, *test.tasks}
    told_of = labels.union(*(each.labels for each in said.values()))  # detectors tell tasks that no prompt is of
    kinds = {task: kind_of_target(policy, task) for task in sorted(told_of)}
    rows = [row_of(name, each, test, kinds) for name, each in said.items()]
    known = set(train.sources)
    fresh = [source not in known for source in test.sources]
    for name in ("first look", "pipeline"):
        new = row_of(name, said[name].where(fresh), test.where(fresh), kinds)
        rows.append({**new, "method": f"{name}, new sources alone ({sum(fresh):,})"})
    ours, svm_right = "pipeline", right(said["TF-IDF + linear SVM"], test)
    return Result(
        name="task",
        about=(
            f"Task type of {len(test.ids):,} prompts of {FILE}, split test: other wordings than those of train, and, "
            f"but for {len(fresh) - sum(fresh):,} of them, other sources. Baselines learn from the {len(train.ids):,} "
            f"prompts of train, ours from more (see its card); {len(labels)} labels, seed {SEED}. `by source`: the "
            f"accuracy with an interval over the {len(set(test.sources))} sources, as another choice of sources would "
            "have it."
        ),
        columns=COLUMNS,
        rows=rows,
        targets=targets(rows),
        details={
            "kind_of_target": {
                "profile": PROFILE,
                "local": [name for name in sorted(labels) if kinds[name] == "local"],
            },
            "ahead_of_svm": paired_interval(right(said[ours], test), svm_right, SEED),
            "of": ours,
            "by_label": by_label(said[ours], test),
            "confusion": confusion(said[ours], test),
            "worst_confusions": worst(said[ours], test),
            "reliability": reliability(said[ours], test),
        },
    )


def targets(rows: Sequence[Row]) -> list[Target]:
    """What was promised of the first look and of the pipeline, and what came out."""
    by_name = {str(row["method"]): row for row in rows}
    found = []
    for look, column, least in PROMISED:
        cell = by_name[look][column]
        value = cell.value if isinstance(cell, Interval) else float(str(cell))
        met = value <= least if column == "ECE" else value >= least
        found.append(Target(f"{look}, {column}", f"{'<=' if column == 'ECE' else '>='} {least}", told(cell), met))
    return found


def right(said: Said, test: Prompts) -> NDArray[np.float64]:
    """Whether each label is right, shape (n,), 0 or 1."""
    return np.array([label == task for label, task in zip(said.labels, test.tasks, strict=True)], np.float64)


def row_of(name: str, said: Said, test: Prompts, kinds: Mapping[str, str]) -> dict[str, Cell]:
    """A method's row of the table."""
    good = right(said, test)
    same = [kinds[label] == kinds[task] for label, task in zip(said.labels, test.tasks, strict=True)]
    row: dict[str, Cell] = {
        "method": name,
        "accuracy": interval(good, SEED),
        "by source": grouped_interval(good, test.sources or ["one"] * len(good), SEED),
        "macro-F1": macro_f1(test.tasks, said.labels),
        "ECE": calibration_error(said.confidence, good, BINS),
        "kind of target": interval(same, SEED),
    }
    return row | {"second look": float(np.mean(said.second))} if said.second else row


def by_label(said: Said, test: Prompts) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of each label, and how many prompts truly have it; 0 where nothing can be divided."""
    hits = Counter(task for task, label in zip(test.tasks, said.labels, strict=True) if task == label)
    meant, told = Counter(test.tasks), Counter(said.labels)
    return {
        label: {
            "n": meant[label],
            "precision": hits[label] / max(1, told[label]),
            "recall": hits[label] / max(1, meant[label]),
            "f1": 2 * hits[label] / (told[label] + meant[label]),
        }
        for label in sorted({*meant, *told})
    }


def confusion(said: Said, test: Prompts) -> dict[str, dict[str, int]]:
    """How often each true label was called which; what never happened is left out."""
    found: dict[str, dict[str, int]] = {}
    for (task, label), n in sorted(Counter(zip(test.tasks, said.labels, strict=True)).items()):
        found.setdefault(task, {})[label] = n
    return found


def worst(said: Said, test: Prompts) -> list[dict[str, Any]]:
    """The most frequent confusions, each with the ids of the first prompts that it befell."""
    places: dict[tuple[str, str], list[str]] = {}
    for name, task, label in zip(test.ids, test.tasks, said.labels, strict=True):
        if task != label:
            places.setdefault((task, label), []).append(name)
    order = sorted(places.items(), key=lambda item: (-len(item[1]), item[0]))[:WORST]
    return [{"task": task, "said": label, "n": len(names), "examples": names[:SHOWN]} for (task, label), names in order]


def reliability(said: Said, test: Prompts) -> list[dict[str, float]]:
    """By confidence, in bins of equal width: how many prompts, how sure, how often right; empty bins are left out."""
    sure, good = np.asarray(said.confidence), right(said, test)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    return [
        {
            "from": each / BINS,
            "n": int((place == each).sum()),
            "confidence": float(sure[place == each].mean()),
            "accuracy": float(good[place == each].mean()),
        }
        for each in range(BINS)
        if (place == each).any()
    ]
