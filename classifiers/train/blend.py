"""How both looks at the task type are weighed, and from which confidence on the first one is enough."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy.optimize import minimize
from scipy.special import softmax

from classifiers.embed import Encoder, StaticEmbedder
from classifiers.second import Blend, SecondTaskHead
from classifiers.task import TaskHead

from .corpus import OWN, Corpus, Prompts
from .lessons import HEADS, TASK
from .task import by_label, figures

STEPS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 1.0)  # thresholds to choose from
SLACK = 0.003  # accuracy that fewer second looks may cost
Scores = np.ndarray[Any, Any]


def build(corpus: Corpus, out: Path, embedder: StaticEmbedder, encoder: Encoder, head: TaskHead) -> dict[str, Any]:
    """Write the trunk's task head and `second.json` to `out / "second"`; return what the card tells."""
    folder = out / "second"
    folder.mkdir(parents=True, exist_ok=True)
    arrays = load_file(out / "encoder" / HEADS)
    own = {name: arrays[f"{TASK}.{name}"] for name in ("weights", "bias")}
    save_file(own, folder / "task.safetensors")
    second = SecondTaskHead.load(folder, encoder, Blend(1.0, 1.0, 1.0))  # as it serves: int8
    parts = {"strangers": corpus.strangers, "valid": corpus.valid, "test": corpus.test}
    scored = {
        name: (
            np.stack([head.scores(look) for look in embedder.looks(part.texts)]),
            np.stack([second.scores(text) for text in part.texts]),
        )
        for name, part in parts.items()
    }
    blend, tried = weighed(head, *scored["strangers"], corpus.strangers)
    blend.save(folder)
    found = {name: looks(head, blend, *both) for name, both in scored.items()}
    asked = {name: float((by["first look"].max(axis=1) < blend.below).mean()) for name, by in found.items()}
    return {
        "blend": asdict(blend),
        "tried": tried,
        "figures": {
            f"{name}, {look}": figures(head.labels, probabilities, parts[name].labels)
            for name, by in found.items()
            for look, probabilities in by.items()
        },
        "asked": {name: round(share, 4) for name, share in asked.items()},
        "by_label": by_label(head.labels, found["test"]["as served"], corpus.test.labels),
    }


def weighed(head: TaskHead, first: Scores, second: Scores, strangers: Prompts) -> tuple[Blend, list[dict[str, float]]]:
    """How both looks are weighed, and from which confidence on the first one is enough; and what was tried.

    `first` and `second` are raw scores (n, labels) of prompts of strangers. Collections and our own phrasings count
    the same. The weights minimise the log loss of those prompts that the second look is asked about; the threshold is
    the lowest whose accuracy is within 0.3 points of the best.
    """
    truth = np.array([head.labels.index(label) for label in strangers.labels])
    own = np.array([source.startswith(OWN) for source in strangers.sources])
    count = np.where(own, 1.0 / max(own.sum(), 1), 1.0 / max((~own).sum(), 1))
    first_alone = alone(head, first)
    tried, blends = [], []
    for below in STEPS:
        asked = first_alone.max(axis=1) < below
        a, b = _weights(head, first[asked], second[asked], truth[asked], count[asked])
        both = first_alone.copy()
        both[asked] = softmax(a * first[asked] + b * second[asked], axis=1)
        right = both.argmax(axis=1) == truth
        shares = (float((right * count).sum() / count.sum()), float((asked * count).sum() / count.sum()))
        tried.append({"below": below, "accuracy": round(shares[0], 4), "asked": round(shares[1], 4)})
        blends.append(Blend(round(a, 4), round(b, 4), below))
    best = max(each["accuracy"] for each in tried)
    chosen = next(place for place, each in enumerate(tried) if each["accuracy"] >= best - SLACK)
    return blends[chosen], tried


def _weights(head: TaskHead, first: Scores, second: Scores, truth: Scores, count: Scores) -> tuple[float, float]:
    """The weights of both scores (n, labels) that make the true labels (n,) likeliest, rows counted by `count` (n,)."""

    def loss(weights: Scores) -> float:
        found = np.maximum(
            softmax(weights[0] * first + weights[1] * second, axis=1)[np.arange(len(truth)), truth], 1e-9
        )
        return float(-(np.log(found) * count).sum())

    start = np.array([0.5 / head.temperature, 0.5])
    found = minimize(loss, start, method="Nelder-Mead").x if len(truth) else start
    return float(found[0]), float(found[1])


def alone(head: TaskHead, scores: Scores) -> Scores:
    """Probabilities (n, labels) of the first look's raw scores."""
    found: Scores = softmax(scores / head.temperature, axis=1)
    return found


def looks(head: TaskHead, blend: Blend, first: Scores, second: Scores) -> dict[str, Scores]:
    """Probabilities (n, labels) of either look, of both, and as they serve."""
    by_first = alone(head, first)
    both = softmax(blend.first * first + blend.second * second, axis=1)
    served = np.where((by_first.max(axis=1) < blend.below)[:, None], both, by_first)
    by_second = softmax(second, axis=1)
    return {"first look": by_first, "second look": by_second, "both always": both, "as served": served}
