"""Figures for the cards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import mannwhitneyu


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
