"""Figures for the cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import mannwhitneyu, pearsonr, spearmanr


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    """The mean of the labels' F1, over the labels that occur in `truth`."""
    found = []
    for label in sorted(set(truth)):
        hits = sum(t == label == s for t, s in zip(truth, said, strict=True))
        found.append(2 * hits / (sum(t == label for t in truth) + sum(s == label for s in said)))
    return float(np.mean(found))


def calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = 15) -> float:
    """Expected calibration error over bins of equal width, in [0, 1]."""
    sure, good = np.asarray(confidence, float), np.asarray(right, float)
    place = np.minimum((sure * bins).astype(int), bins - 1)
    return float(sum(abs((sure - good)[place == each].sum()) for each in range(bins)) / len(sure))


def auroc(odd: ArrayLike, known: ArrayLike) -> float:
    """Probability that an odd one scores above a known one; ties count half."""
    return float(mannwhitneyu(odd, known).statistic / (len(np.asarray(odd)) * len(np.asarray(known))))


def macro_recall(truth: Sequence[str], said: Sequence[str]) -> float:
    """The mean of the labels' recall, over the labels that occur in `truth`."""
    marks = np.array(truth), np.array(said)
    return float(np.mean([(marks[1][marks[0] == label] == label).mean() for label in sorted(set(truth))]))


def scored(truth: Sequence[Any], said: Sequence[Any]) -> dict[str, float]:
    """What a head gets right, rounded to 4 digits.

    Of labels accuracy, macro-F1, macro-recall and the F1 of the last label by name; of scores (floats) Pearson's and
    Spearman's correlation; of entities (lists of spans) precision, recall and F1 of whole spans.
    """
    if isinstance(truth[0], str):
        last = max(truth)
        own = [label if label == last else "" for label in truth], [label if label == last else "" for label in said]
        hits = sum(t == s == last for t, s in zip(*own, strict=True))
        found = {
            "accuracy": float(np.mean(np.array(truth) == np.array(said))),
            "macro_f1": macro_f1(truth, said),
            "macro_recall": macro_recall(truth, said),
            "f1_of_last": 2 * hits / max(1, own[0].count(last) + own[1].count(last)),
        }
    elif isinstance(truth[0], float):
        found = {"pearson": float(pearsonr(truth, said)[0]), "spearman": float(spearmanr(truth, said)[0])}
    else:
        hits = sum(len(set(t) & set(s)) for t, s in zip(truth, said, strict=True))
        there, told = sum(map(len, truth)), sum(map(len, said))
        found = {
            "precision": hits / max(1, told),
            "recall": hits / max(1, there),
            "f1": 2 * hits / max(1, there + told),
        }
    return {name: round(value, 4) for name, value in found.items()}
