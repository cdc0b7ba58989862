"""Figures of what was told, with intervals: accuracy, macro-F1, macro-recall, F1 of a label or of spans, Pearson.

All but Pearson's are means of ratios of sums over samples, so that a bootstrap draw is one product of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.bench.results import DRAWS, Interval

METRICS = ("accuracy", "macro-F1", "macro-recall", "F1", "span F1", "Pearson")
Floats = NDArray[np.float64]


def estimate(metric: str, truth: Sequence[Any], said: Sequence[Any], seed: int) -> Interval:
    """The figure with its bootstrap percentile interval.

    Args:
        metric: one of `METRICS`; F1 is that of the last label by name, span F1 takes lists of spans, Pearson floats.
        truth: what is true of each sample.
        said: what was told of it.
        seed: of the draws; the same seed draws the same samples for whoever tells of the same truth.

    Raises:
        ValueError: there is no sample, or the metric is unknown.
    """
    value, drawn = _drawn(metric, truth, said, seed)
    return _interval(value, drawn)


def difference(metric: str, truth: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any], seed: int) -> Interval:
    """The figure of `ours` less that of `theirs`, drawn in pairs; arguments and errors as those of `estimate`."""
    (first, ours_drawn), (second, theirs_drawn) = (_drawn(metric, truth, said, seed) for said in (ours, theirs))
    return _interval(first - second, ours_drawn - theirs_drawn)


def _interval(value: float, drawn: Floats) -> Interval:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Interval(value, float(low), float(high))


def _drawn(metric: str, truth: Sequence[Any], said: Sequence[Any], seed: int) -> tuple[float, Floats]:
    """The figure, and that of every draw, shape (`DRAWS`,)."""
    if not len(truth):
        raise ValueError("a figure needs samples")
    n, random = len(truth), np.random.default_rng(seed)
    places = [random.integers(0, n, n) for _ in range(DRAWS)]
    if metric == "Pearson":
        first, second = np.asarray(truth, np.float64), np.asarray(said, np.float64)
        return _pearson(first, second), np.array([_pearson(first[own], second[own]) for own in places])
    parts, wholes = _shares(metric, truth, said)
    counts = np.stack([np.bincount(own, minlength=n) for own in places]).astype(np.float64)
    value = _means(parts.sum(axis=0)[None, :], wholes.sum(axis=0)[None, :])
    return float(value[0]), _means(counts @ parts, counts @ wholes)


def _means(parts: Floats, wholes: Floats) -> Floats:
    """The mean ratio of each row; a label that a draw lacks has none there, and a row without any has 0."""
    there = wholes > 0
    found = np.where(there, parts, 0.0) / np.where(there, wholes, 1.0)
    means: Floats = found.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return means


def _shares(metric: str, truth: Sequence[Any], said: Sequence[Any]) -> tuple[Floats, Floats]:
    """What each sample adds to the numerators and to the denominators, shape (n, ratios) each."""
    if metric == "span F1":
        hits = [2 * len(set(t) & set(s)) for t, s in zip(truth, said, strict=True)]
        both = [len(t) + len(s) for t, s in zip(truth, said, strict=True)]
        return np.array(hits, np.float64)[:, None], np.array(both, np.float64)[:, None]
    true, told = np.asarray(truth), np.asarray(said)
    if metric == "accuracy":
        return (true == told).astype(np.float64)[:, None], np.ones((len(true), 1))
    labels = np.array([max(truth)]) if metric == "F1" else np.unique(true)
    there, named = true[:, None] == labels, told[:, None] == labels
    if metric == "macro-recall":
        return (there & named).astype(np.float64), there.astype(np.float64)
    if metric in ("macro-F1", "F1"):
        return 2.0 * (there & named), there.astype(np.float64) + named
    raise ValueError(f"no such metric: {metric}")


def _pearson(first: Floats, second: Floats) -> float:
    one, other = first - first.mean(), second - second.mean()
    return float(one @ other / max(float(np.sqrt((one @ one) * (other @ other))), 1e-12))
