"""The metric of two-model routing, as in RouteLLM's `evaluate.py` (arXiv:2406.18665), with a jitter against ties.

Thresholds are the deciles of the scores; the curve is accuracy over the share of prompts that the strong model gets.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

JITTER = 1e-6  # of the scores' spread, by a seeded generator: thresholds of tied scores would fall together
PARTS = 10


class Figures(NamedTuple):
    """CPT in per cent of prompts that go to the strong model; APGR, 0 like the weak model and 1 like the strong one."""

    cpt50: float
    cpt80: float
    apgr: float


def curve(need: ArrayLike, weak: ArrayLike, strong: ArrayLike, seed: int = 0) -> NDArray[np.float64]:
    """Eleven points (per cent of strong calls, accuracy in per cent), by rising share of strong calls: shape (11, 2).

    Args:
        need: score of each prompt, (n,): the higher, the sooner the strong model is asked.
        weak: whether the weak model was right, (n,).
        strong: whether the strong model was right, (n,).
        seed: of the jitter.
    """
    scores = np.asarray(need, np.float64)
    spread = float(np.ptp(scores)) or 1.0
    scores = scores / spread + np.random.default_rng(seed).uniform(0.0, JITTER, len(scores))
    right_weak, right_strong = np.asarray(weak, np.float64), np.asarray(strong, np.float64)
    points = []
    for place, edge in enumerate(np.quantile(scores, np.linspace(0, 1, PARTS + 1))):
        up = scores > edge if place == PARTS else scores >= edge
        points.append((100 * up.mean(), 100 * np.where(up, right_strong, right_weak).mean()))
    return np.array(points[::-1])


def figures(need: ArrayLike, weak: ArrayLike, strong: ArrayLike, seed: int = 0) -> Figures:
    """What `curve` comes to. Raises ValueError where the strong model is no better than the weak one."""
    points = curve(need, weak, strong, seed)
    low, high = (float(points[place, 1]) for place in (0, -1))
    if high <= low:
        raise ValueError(f"the strong model must be better than the weak one: {high:.1f} against {low:.1f}")
    share, accuracy = points[:, 0] / 100, points[:, 1]
    area = float(np.trapezoid(accuracy, share)) - low * float(np.ptp(share))
    whole = (high - low) * float(np.ptp(share))
    half, most = (_reached(points, low + part * (high - low)) for part in (0.5, 0.8))
    return Figures(half, most, area / whole)


def _reached(points: NDArray[np.float64], accuracy: float) -> float:
    """The per cent of strong calls at which the curve first has this accuracy, between points by a straight line.

    It always does: the curve begins at the weak model's accuracy and ends at the strong one's.
    """
    (x0, y0), (x1, y1) = next(pair for pair in pairwise(points.tolist()) if pair[0][1] <= accuracy <= pair[1][1])
    return float(x0 + (accuracy - y0) * (x1 - x0) / max(y1 - y0, 1e-12))
