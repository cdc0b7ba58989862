"""When may a local answer be served? A threshold that comes with a promise.

Learn-then-Test (Angelopoulos et al., arXiv 2110.01052) in a fixed sequence from strict to loose, with the exact
binomial test, which is the bound of Clopper and Pearson turned round: P( P(wrong | served) <= epsilon ) >= 1 - delta
over the draw of the calibration rows. It holds for work like those rows, and for rows that the head never saw.
What audits tell later, one by one, is `evidence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log, log1p, pi
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors.numpy import load_file, save_file

CLOSED = 2.0  # a threshold that no confidence reaches
UNTESTED = 1.0  # the delta of a threshold that nobody tested: it may fail always
# Shares of the work that the tried thresholds let through. Below a fifth an expert is not worth its memory, and
# a start with few rows fails on a single unlucky one.
STEP = 0.05
SHARES = tuple(round(0.2 + STEP * step, 2) for step in range(17))
Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Gate:
    """A threshold: serve when confidence >= `threshold`.

    `coverage` is the share of the `n` calibration rows served, in [0, 1]; `wrong` of them were wrong. `delta` is 1
    where nothing was tested (see `naive`).
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

    @property
    def served(self) -> int:
        """Calibration rows that it serves."""
        return round(self.coverage * self.n)

    @property
    def error(self) -> float:
        """The share of wrong rows among those served, in [0, 1]; 0.0 when nothing is served."""
        return self.wrong / self.served if self.served else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What a head said on rows that it never saw: enough to certify its gate anew for any epsilon and delta.

    `confidence`, `wrong` and `eligible` have shape (n,), a calibration row each; `thresholds` is the ladder, fixed
    without those rows. Raises ValueError for shapes that differ.
    """

    confidence: Floats
    wrong: Marks
    eligible: Marks
    thresholds: tuple[float, ...]

    def __post_init__(self) -> None:
        _rows(self.confidence, self.wrong, self.eligible)

    @classmethod
    def of(
        cls, confidence: ArrayLike, wrong: ArrayLike, thresholds: Sequence[float], eligible: ArrayLike | None = None
    ) -> Calibration:
        """The same from anything that NumPy takes; all rows are eligible where nothing else is said."""
        sure, bad, may = _rows(confidence, wrong, eligible)
        return cls(sure, bad, may, tuple(sorted(map(float, thresholds), reverse=True)))

    def certify(self, epsilon: float = 0.05, delta: float = 0.1) -> Gate:
        """The gate for these rates; see `certify` of this module. Well below a millisecond for 1,000 rows."""
        return certify(self.confidence, self.wrong, self.thresholds, epsilon, delta, self.eligible)

    def naive(self, epsilon: float = 0.05) -> Gate:
        """What tuning on these rows would have given; see `naive` of this module."""
        return naive(self.confidence, self.wrong, epsilon, self.eligible)

    def card(self, epsilon: float = 0.05, delta: float = 0.1) -> Mapping[str, Mapping[str, float | int | None]]:
        """What a card prints: the certified gate, and beside it what naive tuning would have done.

        `bound` is the error that can be promised of the threshold with level 1 - delta, if it is the only one tried.
        A threshold is None where nothing is served.
        """
        found = {"certified": self.certify(epsilon, delta), "naive": self.naive(epsilon)}
        return {name: {"epsilon": epsilon, "delta": gate.delta, **_told(gate, delta)} for name, gate in found.items()}

    def save(self, folder: Path, name: str = "calibration") -> None:
        """Write `<name>.safetensors`, some ten bytes a row."""
        arrays = {"confidence": self.confidence, "wrong": self.wrong, "eligible": self.eligible}
        arrays = {key: np.ascontiguousarray(each) for key, each in arrays.items()}
        save_file(arrays | {"thresholds": np.array(self.thresholds, np.float64)}, folder / f"{name}.safetensors")

    @classmethod
    def load(cls, folder: Path, name: str = "calibration") -> Calibration:
        """Read what `save` wrote. Raises OSError when it is missing."""
        arrays = load_file(folder / f"{name}.safetensors")
        return cls.of(arrays["confidence"], arrays["wrong"], arrays["thresholds"].tolist(), arrays["eligible"])


def p_value(wrong: int, served: int, epsilon: float) -> float:
    """The chance of at most `wrong` mistakes among `served` rows if their rate were epsilon; 1.0 when none was served.

    The exact binomial tail. At most delta exactly when `upper_bound` is at most epsilon; without SciPy, whose import
    takes longer than all the certifying of a start.
    """
    if wrong >= served:
        return 1.0
    counts = np.arange(1, wrong + 1)
    ways = np.concatenate(((0.0,), np.cumsum(np.log((served - counts + 1) / counts))))  # log of "served over count"
    logs = ways + np.arange(wrong + 1) * log(epsilon / (1.0 - epsilon)) + served * log1p(-epsilon)
    return min(1.0, float(np.exp(logs).sum()))


def upper_bound(wrong: int, served: int, delta: float) -> float:
    """The Clopper-Pearson upper bound of a rate, of level 1 - delta; 1.0 when nothing was served."""
    from scipy.special import betaincinv  # noqa: PLC0415 - slow to import, and only cards need it

    return 1.0 if wrong >= served else float(betaincinv(wrong + 1, served - wrong, 1.0 - delta))


def fewest(epsilon: float, delta: float) -> int:
    """Rows that must be served without a mistake to certify epsilon: 45 for 0.05 at delta 0.1."""
    return ceil(log(delta) / log1p(-epsilon))


def shares_of(n: int, epsilon: float, delta: float) -> tuple[float, ...]:
    """Shares of the work to try with n calibration rows, ascending to 1.0, none twice.

    The first lets through twice the `fewest` rows, so that a single unlucky one does not close the gate.
    """
    first = min(1.0, 2.0 * fewest(epsilon, delta) / max(n, 1))
    return (*np.arange(first, 1.0 - STEP / 2, STEP).tolist(), 1.0)


def promoted_delta(k: int, delta: float) -> float:
    """The delta of the k-th test of one task, k >= 1, so that all of them together err in at most `delta`.

    delta * 6 / (pi² k²), which sums to delta over all k. Raises ValueError for k below 1.
    """
    if k < 1:
        raise ValueError(f"tests are counted from 1, not {k}")
    return delta * 6.0 / (pi * k) ** 2


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
    sure, bad, may = _rows(confidence, wrong, eligible)
    if not (0.0 < epsilon < 1.0 and 0.0 < delta < 1.0):
        raise ValueError("epsilon and delta must lie between 0 and 1")
    best = Gate(CLOSED, 0.0, len(sure), 0, epsilon, delta)
    for threshold in sorted(thresholds, reverse=True):
        served = may & (sure >= threshold)
        count, mistakes = int(served.sum()), int((served & bad).sum())
        if p_value(mistakes, count, epsilon) > delta:
            break  # a later success would need a correction for many tests; stopping here needs none
        best = Gate(float(threshold), count / len(sure), len(sure), mistakes, epsilon, delta)
    return best


def naive(confidence: ArrayLike, wrong: ArrayLike, epsilon: float = 0.05, eligible: ArrayLike | None = None) -> Gate:
    """The loosest threshold whose error on these very rows is at most epsilon: what tuning without a test gives.

    It promises nothing (its delta is 1) and stands on cards for comparison. Shapes and errors as for `certify`.
    """
    sure, bad, may = _rows(confidence, wrong, eligible)
    if not 0.0 < epsilon < 1.0:
        raise ValueError("epsilon must lie between 0 and 1")
    order = np.argsort(-sure[may], kind="stable")
    ranked, mistakes = sure[may][order], np.cumsum(bad[may][order])
    last = np.append(ranked[1:] != ranked[:-1], True)[: len(ranked)]  # of equal confidences all or none are served
    fits = np.flatnonzero(last & (mistakes <= epsilon * np.arange(1, len(ranked) + 1)))
    if not fits.size:
        return Gate(CLOSED, 0.0, len(sure), 0, epsilon, UNTESTED)
    place = int(fits[-1])
    return Gate(float(ranked[place]), (place + 1) / len(sure), len(sure), int(mistakes[place]), epsilon, UNTESTED)


def _rows(confidence: ArrayLike, wrong: ArrayLike, eligible: ArrayLike | None) -> tuple[Floats, Marks, Marks]:
    """All three as arrays of one shape (n,). Raises ValueError for shapes that differ."""
    sure, bad = np.asarray(confidence, np.float64), np.asarray(wrong, bool)
    may = np.ones(sure.shape, bool) if eligible is None else np.asarray(eligible, bool)
    if sure.ndim != 1 or sure.shape != bad.shape or sure.shape != may.shape:
        raise ValueError("confidence, wrong and eligible must be of one shape (n,)")
    return sure, bad, may


def _told(gate: Gate, delta: float) -> dict[str, float | int | None]:
    bound = upper_bound(gate.wrong, gate.served, delta) if gate.served else None
    threshold = None if gate.closed else gate.threshold
    return {
        "n": gate.n,
        "threshold": threshold,
        "coverage": gate.coverage,
        "served": gate.served,
        "wrong": gate.wrong,
        "bound": bound,
    }
