"""When may a local answer be served? A threshold that comes with a promise.

Learn-then-Test (Angelopoulos et al., arXiv 2110.01052) in a fixed sequence from strict to loose, with the exact
binomial bound of Clopper and Pearson: P( P(wrong | served) <= epsilon ) >= 1 - delta over the draw of the
calibration rows. It holds for work like those rows, and for rows that the head never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

CLOSED = 2.0  # a threshold that no confidence reaches
# Shares of the work that the tried thresholds let through. Below a fifth an expert is not worth its memory, and
# a start with few rows fails on a single unlucky one.
SHARES = tuple(round(0.2 + 0.05 * step, 2) for step in range(17))


@dataclass(frozen=True, slots=True)
class Gate:
    """A certified threshold: serve when confidence >= `threshold`.

    `coverage` is the share of the `n` calibration rows served, in [0, 1]; `wrong` of them were wrong.
    """

    threshold: float
    coverage: float
    n: int
    wrong: int
    epsilon: float
    delta: float

    @property
    def closed(self) -> bool:
        """True when nothing could be certified."""
        return self.threshold > 1.0


def upper_bound(wrong: int, served: int, delta: float) -> float:
    """The Clopper-Pearson upper bound of a rate, of level 1 - delta; 1.0 when nothing was served."""
    from scipy.stats import beta  # noqa: PLC0415 - slow to import, and only certifying needs it

    return 1.0 if wrong >= served else float(beta.ppf(1.0 - delta, wrong + 1, served - wrong))


def ladder(confidence: ArrayLike, shares: Sequence[float] = SHARES) -> tuple[float, ...]:
    """Thresholds to try, strict to loose: those that serve the given shares of some other, similar work.

    The promise needs thresholds fixed without the calibration rows, so give it confidences from elsewhere.
    """
    found = np.asarray(confidence, np.float64)
    return tuple(float(np.quantile(found, 1.0 - share)) for share in sorted(shares)) if found.size else ()


def certify(
    confidence: ArrayLike,
    wrong: ArrayLike,
    thresholds: Sequence[float],
    epsilon: float = 0.05,
    delta: float = 0.1,
    eligible: ArrayLike | None = None,
) -> Gate:
    """The loosest threshold of a fixed ladder that is certified; closed when not even the first one is.

    `confidence` and `wrong` have shape (n,), one entry a calibration row; `eligible` marks the rows that other
    conditions let through. Raises ValueError for shapes that differ or for rates outside (0, 1).
    """
    sure, bad = np.asarray(confidence, np.float64), np.asarray(wrong, bool)
    may = np.ones(sure.shape, bool) if eligible is None else np.asarray(eligible, bool)
    if sure.ndim != 1 or sure.shape != bad.shape or sure.shape != may.shape:
        raise ValueError("confidence, wrong and eligible must be of one shape (n,)")
    if not (0.0 < epsilon < 1.0 and 0.0 < delta < 1.0):
        raise ValueError("epsilon and delta must lie between 0 and 1")
    best = Gate(CLOSED, 0.0, len(sure), 0, epsilon, delta)
    for threshold in sorted(thresholds, reverse=True):
        served = may & (sure >= threshold)
        count, mistakes = int(served.sum()), int((served & bad).sum())
        if upper_bound(mistakes, count, delta) > epsilon:
            break
        best = Gate(float(threshold), count / len(sure), len(sure), mistakes, epsilon, delta)
    return best
