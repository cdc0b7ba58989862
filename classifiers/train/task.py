"""The first look at the task type: how its head is fitted, calibrated and measured."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.embed import StaticEmbedder
from classifiers.task import TaskHead

from . import data
from .corpus import OWN, Corpus, Prompts
from .measure import calibration_error, macro_f1
from .noise import noisy

FOLDS = 3
OWN_WEIGHT = 2.0  # of our phrasings against the collections, chosen on `strangers`
NOISY = 0.4  # share of the prompts that are learned once more with noise
LONG = 48  # tokens


def build(corpus: Corpus, out: Path, embedder: StaticEmbedder) -> dict[str, Any]:
    """Write `task/` under `out`; return what the card tells."""
    calibrated(embedder, fit(embedder, corpus.train), corpus).save(out / "task")
    return facts(embedder, TaskHead.load(out / "task"), corpus)


def fit(embedder: StaticEmbedder, found: Prompts) -> TaskHead:
    """Fit on the prompts; on some once more as mistyped, and on long ones once more with their middle cut out.

    The cut keeps 12 to 31 tokens at either end, where the instruction is; two points on unseen data sets.
    """
    draw, cut = random.Random(3), np.random.default_rng(1)  # noqa: S311 - a fixed draw, not a secret
    looks = embedder.looks(found.texts)
    places = list(range(len(looks)))
    for place, look in enumerate(list(looks)):
        if len(look.ids) > LONG:
            kept = int(cut.integers(12, 32))
            places.append(place)
            looks.append(embedder.of(np.concatenate((look.ids[:kept], look.ids[-kept:]))))
    mistyped = [place for place in range(len(found.texts)) if draw.random() < NOISY]
    places += mistyped
    looks += embedder.looks([noisy(found.texts[place], draw) for place in mistyped])
    own = np.array([source.startswith(OWN) for source in found.sources])
    weights = np.array(found.weights) * np.where(own, OWN_WEIGHT, 1.0)
    return TaskHead.fit(looks, [found.labels[place] for place in places], weights[places])


def calibrated(embedder: StaticEmbedder, head: TaskHead, corpus: Corpus) -> TaskHead:
    """The head with a temperature from `valid` prompts scored by heads that never saw their sources.

    `valid` shares its data sets with `train`; real traffic does not.
    """
    train, valid = corpus.train, corpus.valid
    sources = sorted(set(train.sources) | set(valid.sources))
    order = np.random.default_rng(0).permutation(len(sources))
    fold = {source: int(order[place]) % FOLDS for place, source in enumerate(sources)}
    scores, truth = [], []
    for each in range(FOLDS):
        part = fit(embedder, train.where([fold[source] != each for source in train.sources]))
        if part.labels != head.labels:
            raise ValueError("a fold lost a label; change the number of folds")
        held = valid.where([fold[source] == each for source in valid.sources])
        scores.append(np.stack([part.scores(look) for look in embedder.looks(held.texts)]))
        truth += held.labels
    return head.calibrated(np.concatenate(scores), truth)


def facts(embedder: StaticEmbedder, head: TaskHead, corpus: Corpus) -> dict[str, Any]:
    """What the card tells of the first look."""
    learned = data.of_split(corpus.usable, "train")
    parts = {"valid": corpus.valid, "strangers": corpus.strangers, "test": corpus.test}
    found = {name: _probabilities(embedder, head, part.texts) for name, part in parts.items()}
    return {
        "rows": data.counted(learned, "commercial") | {"own phrasings": _owned(corpus.train)},
        "unclear": data.counted([row for row in learned if row["commercial"] == "unclear"], "source", "licence"),
        "temperature": round(head.temperature, 4),
        "figures": {name: figures(head.labels, found[name], part.labels) for name, part in parts.items()},
        "by_label": by_label(head.labels, found["test"], corpus.test.labels),
    }


def by_label(names: Sequence[str], probabilities: np.ndarray[Any, Any], labels: Sequence[str]) -> dict[str, Any]:
    """Of each label: how many prompts, precision, recall, and what it is most often taken for."""
    said = [names[place] for place in probabilities.argmax(axis=1)]
    pairs = Counter(zip(labels, said, strict=True))
    found = {}
    for label in sorted(set(labels)):
        n, guessed, hits = labels.count(label), said.count(label), pairs[label, label]
        wrong = [(count, other) for (wanted, other), count in pairs.items() if wanted == label != other]
        wrong.sort(key=lambda each: (-each[0], each[1]))
        found[label] = {
            "n": n,
            "precision": round(hits / guessed, 3) if guessed else 0.0,
            "recall": round(hits / n, 3),
            "taken for": ", ".join(f"{other} {count}" for count, other in wrong[:3]),
        }
    return found


def _owned(found: Prompts) -> int:
    return sum(source.startswith(OWN) for source in found.sources)


def _probabilities(embedder: StaticEmbedder, head: TaskHead, texts: Sequence[str]) -> np.ndarray[Any, Any]:
    return np.stack([head.probabilities(look) for look in embedder.looks(texts)])


def figures(names: Sequence[str], probabilities: np.ndarray[Any, Any], labels: Sequence[str]) -> dict[str, Any]:
    """Accuracy, macro-F1 and calibration of probabilities (n, labels)."""
    said = [names[place] for place in probabilities.argmax(axis=1)]
    right = np.array([a == b for a, b in zip(said, labels, strict=True)])
    sure = probabilities.max(axis=1)
    confident = sure >= 0.7
    return {
        "n": len(right),
        "accuracy": round(float(right.mean()), 4),
        "macro_f1": round(macro_f1(labels, said), 4),
        "ece_15_bins": round(calibration_error(sure, right), 4),
        "share_confidence_over_0.7": round(float(confident.mean()), 4),
        "accuracy_there": round(float(right[confident].mean()), 4),
    }
