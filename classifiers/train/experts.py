"""The experts: which rows they learn from, how they are fitted, gated and measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.expert import SENTENCE, Expert, Gated, Head
from classifiers.gate import certify, ladder
from classifiers.novelty import Novelty

from . import data
from .examples import Example, sentiment, spam, toxicity
from .measure import calibration_error

FLOOR = 0.8  # nothing less sure is served, however good the head is on its own kind of text
LIMIT = 0.975  # served up to this quantile of in-domain novelty
PROTOTYPES = 16  # per label
# Of doubt, distance and angle: distance alone, since the confidence threshold already weighs doubt. Mean AUROC of
# prompts_ood `dev` against the `calibrate` rows of the four heads: .892; .864 with doubt at .3, .841 with all three.
WEIGHTS = (0.0, 1.0, 0.0)
Encode = Callable[[Sequence[str]], np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class Plan:
    """One head to fit: its labels, and the error rate that its gate certifies, from which share of the work on."""

    labels: tuple[str, ...]
    epsilon: float = 0.05
    delta: float = 0.1
    first_share: float = 0.2


@dataclass(frozen=True, slots=True)
class Recipe:
    """One expert to fit."""

    name: str
    task: str
    plans: tuple[Plan, ...]
    examples: Callable[[Path], list[Example]]


RECIPES = (
    Recipe(
        "sentiment",
        "sentiment",
        (Plan(("negative", "positive")), Plan(("negative", "neutral", "positive"), epsilon=0.1)),
        sentiment,
    ),
    Recipe("spam", "spam_detection", (Plan(("ham", "spam")),), spam),
    Recipe("toxicity", "toxicity", (Plan(("not_toxic", "toxic")),), toxicity),
)


@dataclass(frozen=True, slots=True)
class Encoded:
    """Examples with their encoder rows (n, d)."""

    rows: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    sources: np.ndarray[Any, Any]
    parts: np.ndarray[Any, Any]
    assumed: np.ndarray[Any, Any]

    def where(self, keep: np.ndarray[Any, Any]) -> Encoded:
        """The part of them that the mask marks."""
        return Encoded(*(column[keep] for column in self.columns))

    @property
    def columns(self) -> tuple[np.ndarray[Any, Any], ...]:
        """All columns, in the order of the constructor."""
        return self.rows, self.labels, self.sources, self.parts, self.assumed

    @property
    def weights(self) -> np.ndarray[Any, Any]:
        """One over the root of how many rows share source and label, mean 1."""
        keys = np.char.add(np.char.add(self.sources, "|"), self.labels)
        _, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
        raw = counts[place] ** -0.5
        return np.asarray(raw / raw.mean())


def build(folder: Path, out: Path, encode: Encode) -> dict[str, Any]:
    """Write every expert under `out`; return what the cards tell, by expert."""
    return {recipe.name: _build(recipe, folder, out / recipe.name, encode) for recipe in RECIPES}


def _build(recipe: Recipe, folder: Path, out: Path, encode: Encode) -> dict[str, Any]:
    examples = recipe.examples(folder)
    found = Encoded(
        encode([each.text for each in examples]),
        np.array([each.label for each in examples]),
        np.array([each.source for each in examples]),
        np.array([each.part for each in examples]),
        np.array([each.assumed for each in examples]),
    )
    heads = [_gated(plan, found) for plan in recipe.plans]
    n = int((found.parts == "train").sum())
    Expert(recipe.name, recipe.task, ("en",), heads, n).save(out)
    loaded = Expert.load(out)
    rows = data.counted([{"s": e.source, "p": e.part, "l": e.label} for e in examples], "s", "p", "l")
    return {"task": recipe.task, "n": n, "rows": rows, "heads": [_figures(head, found) for head in loaded.heads]}


def _gated(plan: Plan, found: Encoded) -> Gated:
    """Fit a head on `train`, calibrate it on `tune`, certify its gate on `calibrate`."""
    known = found.where(np.isin(found.labels, plan.labels))
    train, tune = known.where(known.parts == "train"), known.where(known.parts == "tune")
    head = Head.fit(train.rows, train.labels.tolist(), train.weights)
    true = tune.where(~tune.assumed)
    head = head.calibrated(true.rows, true.labels.tolist())
    sure = head.probabilities(tune.rows).max(axis=1)
    novelty = Novelty.fit(
        train.rows[:, :SENTENCE], train.labels.tolist(), tune.rows[:, :SENTENCE], sure, PROTOTYPES, WEIGHTS
    )
    shares = [round(plan.first_share + 0.05 * step, 2) for step in range(17) if plan.first_share + 0.05 * step < 1.001]
    thresholds = {max(each, FLOOR) for each in ladder(head.probabilities(true.rows).max(axis=1), shares)}
    judged = known.where((known.parts == "calibrate") & ~known.assumed)
    sure, said, odd = _readings(head, novelty, judged)
    gate = certify(sure, said != judged.labels, sorted(thresholds), plan.epsilon, plan.delta, odd <= LIMIT)
    return Gated(head, novelty, gate, LIMIT)


def _readings(head: Head, novelty: Novelty, found: Encoded) -> tuple[np.ndarray[Any, Any], ...]:
    """Confidence, label said and novelty of each row."""
    probabilities = head.probabilities(found.rows)
    sure = probabilities.max(axis=1)
    said = np.array(head.labels)[probabilities.argmax(axis=1)]
    odd = [novelty.score(row[:SENTENCE], float(each)) for row, each in zip(found.rows, sure, strict=True)]
    return sure, said, np.array(odd)


def _figures(gated: Gated, found: Encoded) -> dict[str, Any]:
    """What one head does on `test`, in all (sources with true labels) and source by source."""
    labels = list(gated.head.labels)
    test = found.where((found.parts == "test") & np.isin(found.labels, labels))
    facts: dict[str, Any] = {"labels": labels, "temperature": round(gated.head.temperature, 4)}
    facts["gate"] = asdict(gated.gate)
    facts["test"] = _measured(gated, test.where(~test.assumed))
    facts["confusion"] = _confusion(gated, test.where(~test.assumed))
    facts["test_by_source"] = {
        source: _measured(gated, test.where(test.sources == source)) for source in sorted(set(test.sources.tolist()))
    }
    return facts


def _measured(gated: Gated, test: Encoded) -> dict[str, Any]:
    sure, said, odd = _readings(gated.head, gated.novelty, test)
    wrong, served = said != test.labels, _served(gated, sure, odd)
    return {
        "n": len(sure),
        "accuracy": round(1 - float(wrong.mean()), 4),
        "ece_15_bins": round(calibration_error(sure, ~wrong), 4),
        "served": int(served.sum()),
        "coverage": round(float(served.mean()), 4),
        "wrong_of_served": int((wrong & served).sum()),
        "error_of_served": round(float(wrong[served].mean()), 4) if served.any() else None,
    }


def _confusion(gated: Gated, test: Encoded) -> dict[str, dict[str, int]]:
    """By true label, how many rows are said to be each label, and of those that the gate serves."""
    sure, said, odd = _readings(gated.head, gated.novelty, test)
    served = _served(gated, sure, odd)
    return {
        true: {
            f"{head} {label}": int((rows & (test.labels == true) & (said == label)).sum())
            for head, rows in (("said", np.ones(len(said), bool)), ("served as", served))
            for label in gated.head.labels
        }
        for true in gated.head.labels
    }


def _served(gated: Gated, sure: np.ndarray[Any, Any], odd: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which of the rows the gate is open for."""
    return np.asarray((sure >= gated.gate.threshold) & (odd <= gated.limit))
