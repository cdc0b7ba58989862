"""What audits tell, one by one, with promises that hold at every look: when to promote a head, when to stop it.

Wealth in a game of fair bets (Waudby-Smith and Ramdas, arXiv 2010.09686): who bets that a rate lies below epsilon
grows rich only if it does, and under the null hypothesis reaches 1 / delta ever with a chance of delta at most (Ville).
Several bets are kept side by side, and their mean counts, which needs no guess of the true rate. Audits must be drawn
by a coin that saw no content; work that was deferred is no sample of work that was served.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

# How much of the largest possible bet each stakes; a whole bet would be ruined by the first mistake.
STAKES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)
RISES = (1.5, 2.0, 3.0, 5.0, 8.0, 13.0)  # how many times the odds of a mistake grow, in the alternatives of the alarm
ARL = 1_000.0  # audits between false alarms, on average and at the least
Floats = NDArray[np.float64]


def stakes(bound: float) -> Floats:
    """The bets of `EProcess` against a mean of at least `bound`, shape (10,): wealth grows by 1 + bet * (bound - x).

    For x <= 1 it stays positive; for 0 and 1 each is the likelihood ratio of a smaller rate against `bound`.
    """
    return np.array(STAKES) / (1.0 - bound)


def rises(epsilon: float) -> Floats:
    """The bets of `ECusum` against a rate of at most `epsilon`, shape (6,): wealth grows by 1 + bet * (x - epsilon).

    Each is the likelihood ratio of a rate with odds `RISES` times as large.
    """
    odds = np.array(RISES) * epsilon / (1.0 - epsilon)
    rates = odds / (1.0 + odds)
    return np.asarray((rates - epsilon) / (epsilon * (1.0 - epsilon)))


def log_mean(logs: ArrayLike) -> Floats:
    """The log of the mean of exp(logs) over the last axis, safe for large numbers."""
    found = np.asarray(logs, np.float64)
    top = found.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(found - top).mean(axis=-1)) + top[..., 0])


class EProcess:
    """Evidence against "the rate of wrong answers is at least `bound`", valid whenever it is looked at.

    Raises ValueError for a bound outside (0, 1); of pairs, outside (-1, 1).
    """

    kind = "e-process"
    _least = 0.0  # the smallest value that may be observed

    def __init__(self, bound: float) -> None:
        if not self._least < bound < 1.0:
            raise ValueError(f"the bound must lie between {self._least:g} and 1, not at {bound}")
        self.bound = bound
        self.n = 0
        self.total = 0.0  # of what was observed
        self._bets = stakes(bound)
        self._logs = np.zeros(len(self._bets))
        self._peak = 0.0

    def observe(self, wrong: float) -> None:
        """Take one audit: whether the answer was wrong, or a loss in [0, 1]. Raises ValueError for anything else."""
        if not self._least <= wrong <= 1.0:
            raise ValueError(f"a loss lies between {self._least:g} and 1, not at {wrong}")
        self.n += 1
        self.total += float(wrong)
        self._logs += np.log1p(self._bets * (self.bound - float(wrong)))
        self._peak = max(self._peak, float(log_mean(self._logs)))

    @property
    def value(self) -> float:
        """The wealth now, from 1 at the start; under the null its mean is at most 1."""
        return float(np.exp(log_mean(self._logs)))

    def certified(self, delta: float) -> bool:
        """Whether the wealth ever reached 1 / delta: then the rate is below the bound, in error with chance delta."""
        return self._peak >= -float(np.log(delta))

    def state(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        known = {"kind": self.kind, "bound": self.bound, "n": self.n, "total": self.total}
        return known | {"peak": self._peak, "logs": self._logs.tolist()}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        """What `state` told. Raises ValueError for the state of something else, KeyError for one with gaps."""
        found = cls(state["bound"])
        found._logs = _logs_of(state, cls.kind, len(found._bets))
        found.n, found.total, found._peak = int(state["n"]), float(state["total"]), float(state["peak"])
        return found


class PairedEProcess(EProcess):
    """Evidence against "on the same requests the local loss exceeds the LLM's by at least `bound` on average".

    Rejected, local answers are not inferior by the margin `bound`, judged by labels that know better than the LLM;
    at a bound of 0 they are better. Values are differences of losses, in [-1, 1].
    """

    kind = "paired e-process"
    _least = -1.0

    def compare(self, local: float, hosted: float) -> None:
        """Take one request that both answered: their losses, each in [0, 1]. Raises ValueError for anything else."""
        if not (0.0 <= local <= 1.0 and 0.0 <= hosted <= 1.0):
            raise ValueError(f"losses lie between 0 and 1, not at {local} and {hosted}")
        self.observe(float(local) - float(hosted))


class ECusum:
    """An alarm for "the rate of wrong answers has risen above `epsilon`", at any time.

    While the rate is at most `epsilon`, false alarms come `arl` audits apart on average at the least (e-detectors:
    Shin, Ramdas and Rinaldo, arXiv 2203.03532): each bet starts anew whenever it has lost money, and the mean of
    their wealth stays below the number of audits in expectation. Raises ValueError for an epsilon outside (0, 1) or
    an `arl` below 1.
    """

    kind = "e-cusum"

    def __init__(self, epsilon: float, arl: float = ARL) -> None:
        if not 0.0 < epsilon < 1.0 or not arl >= 1.0:
            raise ValueError(f"epsilon must lie between 0 and 1 and arl be at least 1, not {epsilon} and {arl}")
        self.epsilon = epsilon
        self.arl = arl
        self.n = 0
        self.alarm = False  # stays, once it was raised
        self._bets = rises(epsilon)
        self._logs = np.zeros(len(self._bets))

    def observe(self, wrong: float) -> None:
        """Take one audit: whether the answer was wrong, or a loss in [0, 1]. Raises ValueError for anything else."""
        if not 0.0 <= wrong <= 1.0:
            raise ValueError(f"a loss lies between 0 and 1, not at {wrong}")
        self.n += 1
        self._logs = np.maximum(self._logs, 0.0) + np.log1p(self._bets * (float(wrong) - self.epsilon))
        self.alarm = self.alarm or self.value >= self.arl

    @property
    def value(self) -> float:
        """The mean wealth since each bet last started, from 1 at the start; an alarm at `arl`."""
        return float(np.exp(log_mean(self._logs)))

    def state(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        known = {"kind": self.kind, "epsilon": self.epsilon, "arl": self.arl, "n": self.n}
        return known | {"alarm": self.alarm, "logs": self._logs.tolist()}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        """What `state` told. Raises ValueError for the state of something else, KeyError for one with gaps."""
        found = cls(state["epsilon"], state["arl"])
        found._logs = _logs_of(state, cls.kind, len(found._bets))
        found.n, found.alarm = int(state["n"]), bool(state["alarm"])
        return found


def _logs_of(state: Mapping[str, Any], kind: str, bets: int) -> Floats:
    """The bets' wealth in a state. Raises ValueError unless it is of this kind, with so many finite numbers."""
    logs = np.asarray(state["logs"], np.float64)
    if state["kind"] != kind or logs.shape != (bets,) or not np.isfinite(logs).all():
        raise ValueError(f"this is no state of an {kind} with {bets} bets")
    return logs
