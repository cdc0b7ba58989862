"""The task head and the novelty of prompts, from the prompt collections and our own plain prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.embed import Look, StaticEmbedder
from classifiers.novelty import Novelty
from classifiers.task import TaskHead

from . import data, plain
from .measure import auroc, calibration_error, macro_f1

FOLDS = 3
# Non-commercial texts that come in once more under the licence of a collection that quotes them.
BARRED = ("sick", "ag_news")
# Chosen on prompts_ood `dev` against prompts `valid`, those of known sources and those of sources left out.
PER_LABEL, MIX = 4, 0.7


@dataclass(frozen=True, slots=True)
class Prompts:
    """Looks with their task labels, their sources and a weight each."""

    looks: list[Look]
    labels: list[str]
    sources: list[str]

    def where(self, keep: Sequence[bool]) -> Prompts:
        """The part of them that `keep` marks."""
        places = [place for place, kept in enumerate(keep) if kept]
        return Prompts(*([column[place] for place in places] for column in (self.looks, self.labels, self.sources)))

    def plus(self, other: Prompts) -> Prompts:
        """Both, one after the other."""
        return Prompts(self.looks + other.looks, self.labels + other.labels, self.sources + other.sources)

    @property
    def weights(self) -> list[float]:
        """One over the root of how many prompts of this task come from this source, mean 1.

        So a task is not what its largest data set looks like.
        """
        counts = Counter(zip(self.labels, self.sources, strict=True))
        raw = [counts[key] ** -0.5 for key in zip(self.labels, self.sources, strict=True)]
        return [each * len(raw) / sum(raw) for each in raw]


def build(folder: Path, out: Path, embedder: StaticEmbedder) -> dict[str, Any]:
    """Write `task/` and `novelty/` under `out`; return what the cards tell."""
    found = data.rows(folder, "prompts_task_type")
    extra = data.rows(folder, "prompts_task_type_permissive_extra")
    usable = [row for row in found + extra if row["commercial"] != "nc" and not row["source"].endswith(BARRED)]
    train, valid = _prompts(embedder, usable, "train"), _prompts(embedder, usable, "valid")
    own = _own(embedder)
    turn = [place % 6 == 5 for place in range(len(own.looks))]
    train, valid = train.plus(own.where([not each for each in turn])), valid.plus(own.where(turn))
    head = _fit(embedder, train)
    head = head.calibrated(*_unseen_scores(embedder, head.labels, train, valid))
    head.save(out / "task")
    head = TaskHead.load(out / "task")
    novelty = fit_novelty(head, train, valid)
    novelty.save(out / "novelty")
    novelty = Novelty.load(out / "novelty")
    learned, test = data.of_split(usable, "train"), _prompts(embedder, found, "test")
    return {
        "task": {
            "rows": data.counted(learned, "commercial") | {"own plain prompts": turn.count(False)},
            "unclear": data.counted([row for row in learned if row["commercial"] == "unclear"], "source", "licence"),
            "temperature": round(head.temperature, 4),
            "valid": _task_figures(head, valid),
            "test": _task_figures(head, test),
        },
        "novelty": {
            "prototypes_per_label": PER_LABEL,
            "mix": MIX,
            "figures": _novelty_figures(embedder, head, novelty, valid, test, data.rows(folder, "prompts_ood")),
        },
    }


def _prompts(embedder: StaticEmbedder, found: Sequence[data.Row], split: str) -> Prompts:
    part = data.of_split(found, split)
    looks = embedder.looks([row["text"] for row in part])
    return Prompts(looks, [row["task"] for row in part], [row["source"] for row in part])


def _own(embedder: StaticEmbedder) -> Prompts:
    pairs = plain.prompts()
    return Prompts(embedder.looks([text for text, _ in pairs]), [task for _, task in pairs], ["own#plain"] * len(pairs))


def _fit(embedder: StaticEmbedder, found: Prompts) -> TaskHead:
    """Fit on the prompts, and on long ones once more with their middle cut out.

    The cut keeps 12 to 31 tokens at either end, where the instruction is; two points on unseen data sets.
    """
    draw = np.random.default_rng(1)
    places, clips = [], []
    for place, look in enumerate(found.looks):
        if len(look.ids) > 48:
            kept = int(draw.integers(12, 32))
            places.append(place)
            clips.append(embedder.of(np.concatenate((look.ids[:kept], look.ids[-kept:]))))
    weights = found.weights
    labels = found.labels + [found.labels[place] for place in places]
    return TaskHead.fit(found.looks + clips, labels, weights + [weights[place] for place in places])


def _unseen_scores(
    embedder: StaticEmbedder, labels: Sequence[str], train: Prompts, valid: Prompts
) -> tuple[np.ndarray[Any, Any], list[str]]:
    """Scores of `valid` prompts by heads that never saw their sources, and their labels.

    `valid` shares its data sets with `train`; real traffic does not. A temperature from such scores is honest.
    """
    sources = sorted(set(train.sources) | set(valid.sources))
    order = np.random.default_rng(0).permutation(len(sources))
    fold = {source: int(order[place]) % FOLDS for place, source in enumerate(sources)}
    scores, truth = [], []
    for each in range(FOLDS):
        head = _fit(embedder, train.where([fold[source] != each for source in train.sources]))
        if head.labels != tuple(labels):
            raise ValueError("a fold lost a label; change the number of folds")
        held = valid.where([fold[source] == each for source in valid.sources])
        scores.append(np.stack([head.scores(look) for look in held.looks]))
        truth += held.labels
    return np.concatenate(scores), truth


def fit_novelty(
    head: TaskHead, train: Prompts, valid: Prompts, per_label: int = PER_LABEL, mix: float = MIX
) -> Novelty:
    """Novelty with prototypes from `train` and its quantile from `valid`."""
    held = np.stack([look.vector for look in valid.looks])
    sure = [float(head.probabilities(look).max()) for look in valid.looks]
    return Novelty.fit(np.stack([look.vector for look in train.looks]), train.labels, held, sure, per_label, mix)


def _task_figures(head: TaskHead, found: Prompts) -> dict[str, Any]:
    guesses = [head.predict(look) for look in found.looks]
    right = np.array([guess.label == label for guess, label in zip(guesses, found.labels, strict=True)])
    sure = np.array([guess.confidence for guess in guesses])
    confident = sure >= 0.7
    return {
        "n": len(right),
        "accuracy": round(float(right.mean()), 4),
        "macro_f1": round(macro_f1(found.labels, [guess.label for guess in guesses]), 4),
        "ece_15_bins": round(calibration_error(sure, right), 4),
        "share_confidence_over_0.7": round(float(confident.mean()), 4),
        "accuracy_there": round(float(right[confident].mean()), 4),
    }


def novelty_scores(head: TaskHead, novelty: Novelty, looks: Sequence[Look]) -> list[float]:
    """The novelty of many looks."""
    return [novelty.score(look.vector, float(head.probabilities(look).max())) for look in looks]


def _novelty_figures(
    embedder: StaticEmbedder, head: TaskHead, novelty: Novelty, valid: Prompts, test: Prompts, odd: list[data.Row]
) -> dict[str, Any]:
    inside = {"dev": novelty_scores(head, novelty, valid.looks), "test": novelty_scores(head, novelty, test.looks)}
    facts: dict[str, Any] = {}
    for split, known in inside.items():
        part = data.of_split(odd, split)
        scores = novelty_scores(head, novelty, embedder.looks([row["text"] for row in part]))
        kinds = sorted({row["kind"] for row in part})
        facts[split] = {
            "n": len(part),
            "against": f"prompts {'valid' if split == 'dev' else 'test'}, n={len(known)}",
            "auroc": round(auroc(scores, known), 4),
            "odd_over_0.95": round(float(np.mean(np.array(scores) > 0.95)), 4),
            "known_over_0.95": round(float(np.mean(np.array(known) > 0.95)), 4),
            "auroc_by_kind": {
                kind: round(auroc([s for s, row in zip(scores, part, strict=True) if row["kind"] == kind], known), 4)
                for kind in kinds
            },
        }
    return facts
