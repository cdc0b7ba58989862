"""How soon audits tell, by simulation: certificates of an e-process, comparisons in pairs, alarms of an e-CUSUM.

Many runs at once with the bets of `classifiers/evidence.py`; a test holds them against its classes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.evidence import ARL, log_mean, rises, stakes
from classifiers.gate import p_value, upper_bound
from router.bench.results import Cell, Interval

SEED, RUNS = 11, 1_000
EPSILONS = (0.02, 0.05, 0.10)
AUDIT_DELTA = 0.05
FACTORS = (0.0, 0.25, 0.5, 0.75, 1.0)  # true rates, in epsilons; at the last one a certificate is an error
LONGEST, NULL_LONGEST = 20_000, 5_000  # audits of an e-process; of one that may not come to an end
MARGIN, DIFFER = 0.05, 0.15  # of the paired test; how often one of the two is wrong and the other right
USUAL, RISEN = 0.02, (0.1, 0.2, 0.3)  # rates before and after the drift, with this epsilon:
DRIFT_EPSILON, BEFORE, WATCHED = 0.05, 300, 10_000  # audits at the usual rate; audits watched for a false alarm
AUDITED = (0.02, 0.05, 0.1)  # of what is served
QUIET = "e-CUSUM, no drift: a rate of epsilon"
Floats = NDArray[np.float64]
Row = Mapping[str, Cell]


def certificates(runs: int = RUNS, longest: int = LONGEST) -> list[Row]:
    """How many audits an `EProcess` asks for, beside one test at the end, and how often it errs."""
    found: list[Row] = []
    for epsilon in EPSILONS:
        for factor in FACTORS:
            draw = np.random.default_rng((SEED, round(1_000 * epsilon), round(100 * factor)))
            rate, most = factor * epsilon, min(longest, LONGEST if factor < 1.0 else NULL_LONGEST)
            at = audits_needed(draw, epsilon, {0.0: 1.0 - rate, 1.0: rate}, runs, most)
            row: dict[str, Cell] = {"method": f"e-process, rate {factor:g} epsilon", "epsilon": epsilon, "n": runs}
            row |= {"fixed n": single_test(epsilon, factor)} if factor < 1.0 else {}
            found.append(row | _waits(at, null=factor >= 1.0))
    return found


def pairs(runs: int = RUNS, longest: int = LONGEST) -> list[Row]:
    """The same for a `PairedEProcess`: local answers that are worse by the margin, as good, or better."""
    found: list[Row] = []
    for name, worse in (("as good", 0.0), ("better by the margin", -MARGIN), ("worse by the margin", MARGIN)):
        draw = np.random.default_rng((SEED, 3, round(100 * (1 + worse))))
        chances = {1.0: (DIFFER + worse) / 2, -1.0: (DIFFER - worse) / 2, 0.0: 1.0 - DIFFER}
        most = min(longest, LONGEST if worse < MARGIN else NULL_LONGEST)
        at = audits_needed(draw, MARGIN, chances, runs, most)
        row: dict[str, Cell] = {"method": f"e-process in pairs, {name}", "epsilon": MARGIN, "n": runs}
        found.append(row | _waits(at, null=worse >= MARGIN))
    return found


def _waits(at: Floats, *, null: bool) -> dict[str, Cell]:
    """How often it erred where the null hypothesis is true, else how long it took."""
    if null:
        return {"broken": share(int(np.isfinite(at).sum()), len(at))}
    return {"median": rank(at, 0.5), "p90": rank(at, 0.9)}


def audits_needed(
    draw: np.random.Generator, bound: float, chances: Mapping[float, float], runs: int, longest: int
) -> Floats:
    """Audits until an `EProcess` for `bound` is certified, (runs,); infinite where it is not within `longest`.

    `chances` says how likely each value is that an audit may give.
    """
    gains = np.log1p(stakes(bound) * (bound - np.array(list(chances))[:, None]))
    edges = np.cumsum(list(chances.values()))[:-1]
    at, alive, logs = np.full(runs, np.inf), np.arange(runs), np.zeros((runs, gains.shape[1]))
    for audit in range(1, longest + 1):
        logs += gains[np.searchsorted(edges, draw.uniform(size=len(alive)), side="right")]
        done = log_mean(logs) >= -np.log(AUDIT_DELTA)
        if done.any():
            at[alive[done]] = audit
            alive, logs = alive[~done], logs[~done]
        if not alive.size:
            break
    return at


def single_test(epsilon: float, factor: float) -> int:
    """Audits of one test at their end that certifies, where mistakes come exactly at their rate: the best case."""
    n = 1
    while p_value(round(factor * epsilon * n), n, epsilon) > AUDIT_DELTA:
        n += 1
    return n


def alarms(runs: int = RUNS, watched: int = WATCHED) -> list[Row]:
    """Served requests until the alarm, by how far the rate rises and how much is audited; and false alarms."""
    found: list[Row] = []
    for risen in RISEN:
        draw = np.random.default_rng((SEED, round(100 * risen)))
        audits = audits_to_alarm(draw, risen, runs, watched, BEFORE)
        for part in AUDITED:
            served = requests_served(draw, audits, part)
            name = f"e-CUSUM, {part:.0%} audited, to {risen:.0%}"
            row: dict[str, Cell] = {"method": name, "epsilon": DRIFT_EPSILON, "n": runs}
            found.append(row | {"median": rank(served, 0.5), "p90": rank(served, 0.9)})
    quiet = audits_to_alarm(np.random.default_rng((SEED, 0)), DRIFT_EPSILON, runs, watched)
    waits: dict[str, Cell] = {"median": rank(quiet, 0.5), "mean": float(np.minimum(quiet, watched).mean())}
    return [*found, {"method": QUIET, "epsilon": DRIFT_EPSILON, "n": runs, **waits}]


def audits_to_alarm(draw: np.random.Generator, rate: float, runs: int, watched: int, before: int = 0) -> Floats:
    """Audits from the drift to the alarm of an `ECusum`, (runs,); infinite where none comes within `watched`.

    Of the audits `before` it, at the usual rate, only what they left behind counts: a false alarm starts it anew.
    """
    bets, at, alive = rises(DRIFT_EPSILON), np.full(runs, np.inf), np.arange(runs)
    right, wrong = np.log1p(-bets * DRIFT_EPSILON), np.log1p(bets * (1.0 - DRIFT_EPSILON))
    logs = np.zeros((runs, len(bets)))
    for audit in range(1 - before, watched + 1):
        now = rate if audit > 0 else USUAL
        logs = np.maximum(logs, 0.0) + np.where(draw.uniform(size=(len(alive), 1)) < now, wrong, right)
        done = log_mean(logs) >= np.log(ARL)
        if audit <= 0:
            logs[done] = 0.0
        elif done.any():
            at[alive[done]] = audit
            alive, logs = alive[~done], logs[~done]
        if not alive.size:
            break
    return at


def requests_served(draw: np.random.Generator, audits: Floats, part: float) -> Floats:
    """Requests served until so many were audited, each by a coin of chance `part`; infinite stays so."""
    found = audits.copy()
    known = np.isfinite(audits)
    found[known] += draw.negative_binomial(audits[known].astype(np.int64), part)
    return found


def share(hits: int, n: int) -> Interval:
    """A share with its two-sided 95 % interval (Clopper and Pearson 1934)."""
    return Interval(hits / n, 1.0 - upper_bound(n - hits, n, 0.025), upper_bound(hits, n, 0.025))


def rank(found: ArrayLike, level: float) -> int | str:
    """A quantile of counts, some of them infinite."""
    value = float(np.quantile(np.asarray(found, np.float64), level, method="higher"))
    return round(value) if np.isfinite(value) else "more"
