"""`surveyor bench gate`: how often a gate keeps its promise, what that costs in coverage, and how soon audits tell.

Simulations, where the true risk of every threshold is known (`surveyor bench gate` alone does these); and, with the
data, a student of GPT-4 on Banking77 (labels of OCaTS, arXiv 2310.13395), where a test part stands for the truth.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from classifiers.embed import SentenceEncoder
from classifiers.evidence import ARL
from classifiers.gate import Calibration, Gate, ladder, shares_of
from classifiers.shipped import FOLDER
from router.bench.audits import AUDIT_DELTA, LONGEST, NULL_LONGEST, QUIET, WATCHED, alarms, certificates, pairs, share
from router.bench.audits import SEED as AUDITS_SEED
from router.bench.results import Cell, Interval, Result, Target, interval, rows_of

SEED = 7
EPSILONS, DELTA = (0.02, 0.05, 0.10), 0.1
SIZES, RUNS = (100, 300, 1_000, 3_000), 1_000
LADDER = 2_000  # other rows of the same work, whose confidences fix the thresholds
BANKING, SPLITS = "routing/ocats_banking77", 30
C, STEPS = 60.0, 40  # of the logistic regression, for rows of unit length; more steps cost time and change little
COLUMNS = (
    "method",
    "epsilon",
    "n",
    "broken",
    "coverage",
    "risk",
    "naive broken",
    "naive coverage",
    "oracle coverage",
    "median",
    "p90",
    "fixed n",
    "gain",
)
ABOUT = (
    "The gate. LTT: fixed-sequence Learn-then-Test with Clopper-Pearson, delta = 0.1, on n calibration rows, against "
    "the loosest threshold whose error on the same rows is at most epsilon (naive) and the loosest that is truly good "
    "(oracle); {runs:,} calibrations a row, seed {seed}. Confidence is uniform in 0.5 to 1; `told`: errors fall to 0 "
    "as confidence grows (20 % in all); `floored`: 3 % of the surest answers are wrong, too (15.5 % in all). broken: "
    "share whose true risk exceeds epsilon, in brackets the 95 % interval of Clopper and Pearson; coverage: the mean, "
    "0 for a closed gate; risk: the mean of what open ones serve. e-process: audits until a rate is certified below "
    "epsilon, delta = 0.05, looked at after each, n runs of at most {longest:,}, seed {audits}; broken: those within "
    "{null:,} audits where the rate is epsilon; fixed n: audits of one test, at their end. In pairs: the same for two "
    "losses that differ on 15 % of requests, epsilon being the margin. e-CUSUM: served requests until the alarm at "
    "{arl:,.0f} after the rate of mistakes rises from 0.02; without drift: audits until a false one, of at most "
    "{watched:,}.{real}"
)
REAL = (
    " Banking77: {n:,} prompts with GPT-4's labels; logistic regression on the shipped encoder's rows, half to learn, "
    "a quarter to calibrate, a quarter to test; {splits} splits, not independent. broken and risk are the test part's "
    "disagreement with GPT-4, with its noise; gain: accuracy, by people's labels, of local and deferred answers "
    "together, less GPT-4's. Thresholds from the confidences of {dev:,} other prompts."
)
Floats = NDArray[np.float64]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Row = Mapping[str, Cell]


def measure(data: Path | None) -> Result:
    """Simulate, about a minute; with a data folder learn and calibrate on Banking77, too, another few.

    Raises:
        FileNotFoundError: the folder lacks the OCaTS labels; the message says which file.
    """
    rows = [*promises(), *certificates(), *pairs(), *alarms()]
    details: dict[str, Any] = {"seed": SEED, "delta": DELTA}
    said = ""
    if data is not None:
        real, banking77 = banking(data)
        said = REAL.format(n=banking77["n"], dev=banking77["dev"], splits=SPLITS)
        rows, details = [*rows, *real], details | {"banking77": banking77}
    about = ABOUT.format(
        runs=RUNS,
        seed=SEED,
        audits=AUDITS_SEED,
        longest=LONGEST,
        null=NULL_LONGEST,
        arl=ARL,
        watched=WATCHED,
        real=said,
    )
    return Result("gate", about, COLUMNS, rows, targets(rows), details)


def targets(rows: Sequence[Row]) -> list[Target]:
    """What theory promises, against what came out."""
    broken = {name: _broken(rows, name) for name in ("LTT", "e-process")}
    mean = next(_value(row["mean"]) for row in rows if row["method"] == QUIET)
    most, error = max(broken["LTT"]), max(broken["e-process"])
    return [
        Target("LTT, most often broken", f"<= {DELTA:.0%}", f"{most.value:.1%}", most.value <= DELTA),
        # Here theory and truth nearly meet, so that half of all seeds would lie above: the interval decides.
        Target(
            "e-process, most often in error",
            f"<= {AUDIT_DELTA:.0%} in its interval",
            f"{error.value:.1%} ({error.low:.1%}–{error.high:.1%})",
            error.low <= AUDIT_DELTA,
        ),
        Target("e-CUSUM, audits between false alarms", f">= {ARL:,.0f}", f"{mean:,.0f} at the least", mean >= ARL),
    ]


def _broken(rows: Sequence[Row], name: str) -> list[Interval]:
    cells = [row.get("broken") for row in rows if str(row["method"]).startswith(name)]
    return [cell for cell in cells if isinstance(cell, Interval)]


# ── the promise of a threshold ───────────────────────────────────────────────────────────────────


class Work(NamedTuple):
    """Work of which all is known: confidence is uniform in 0.5 to 1, an answer wrong with `floor` + `slope` (1 - c)."""

    floor: float
    slope: float

    def rows(self, draw: np.random.Generator, n: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Confidences and mistakes, both (n,)."""
        sure = draw.uniform(0.5, 1.0, n)
        return sure, draw.uniform(size=n) < self.floor + self.slope * (1.0 - sure)

    def risk(self, threshold: float) -> float:
        """The true error of what is served above a threshold."""
        return self.floor + self.slope * (1.0 - max(threshold, 0.5)) / 2.0

    def oracle(self, epsilon: float) -> float:
        """The coverage of the loosest threshold whose true risk is at most epsilon."""
        return float(np.clip(4.0 * (epsilon - self.floor) / self.slope, 0.0, 1.0))


WORKS = {"told": Work(0.0, 0.8), "floored": Work(0.03, 0.5)}


def promises(works: Mapping[str, Work] = WORKS, runs: int = RUNS) -> list[Row]:
    """A row for each work, epsilon and number of calibration rows."""
    found: list[Row] = []
    for place, (name, work) in enumerate(works.items()):
        for epsilon in EPSILONS:
            for n in SIZES:
                draw = np.random.default_rng((SEED, place, round(1_000 * epsilon), n))
                thresholds = ladder(work.rows(draw, LADDER)[0], shares_of(n, epsilon, DELTA))
                drawn = [Calibration.of(*work.rows(draw, n), thresholds) for _ in range(runs)]
                ours, theirs = ([_kept(gate, work) for gate in gates] for gates in _gates(drawn, epsilon))
                found.append({"method": f"LTT, {name}", "n": n, **_promise(ours, theirs, epsilon)})
                found[-1] = {**found[-1], "oracle coverage": work.oracle(epsilon)}
    return found


class Kept(NamedTuple):
    """What became of one threshold: the share it serves, and the risk of that, 0 where it serves nothing."""

    coverage: float
    risk: float


def _kept(gate: Gate, work: Work) -> Kept:
    return Kept(0.0, 0.0) if gate.closed else Kept(2.0 * (1.0 - max(gate.threshold, 0.5)), work.risk(gate.threshold))


def _gates(drawn: Sequence[Calibration], epsilon: float) -> tuple[list[Gate], list[Gate]]:
    return [each.certify(epsilon, DELTA) for each in drawn], [each.naive(epsilon) for each in drawn]


def _promise(ours: Sequence[Kept], theirs: Sequence[Kept], epsilon: float) -> dict[str, Cell]:
    """The cells that simulations and real data share."""
    risks = [each.risk for each in ours if each.coverage]
    return {
        "epsilon": epsilon,
        "broken": share(sum(each.risk > epsilon for each in ours), len(ours)),
        "coverage": interval([each.coverage for each in ours], SEED),
        "risk": float(np.mean(risks)) if risks else None,
        "naive broken": share(sum(each.risk > epsilon for each in theirs), len(theirs)),
        "naive coverage": interval([each.coverage for each in theirs], SEED),
    }


# ── a student of GPT-4 ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Prompts as a student sees them: encoder rows (n, d), the teacher's label and people's, both (n,)."""

    rows: NDArray[np.float32]
    teacher: NDArray[np.str_]
    people: NDArray[np.str_]

    @classmethod
    def of(cls, data: Path, name: str, encode: Encode) -> Labelled:
        """The prompts of a file. Raises FileNotFoundError where it is missing."""
        found = rows_of(data, name)
        rows = encode([row["text"] for row in found])
        teacher, people = (np.array([row[key] for row in found]) for key in ("gpt-label", "label"))
        return cls(rows / np.linalg.norm(rows, axis=1, keepdims=True), teacher, people)

    def where(self, places: NDArray[np.int64]) -> Labelled:
        """Some of them."""
        return Labelled(self.rows[places], self.teacher[places], self.people[places])


class Judged(NamedTuple):
    """What a student says of rows: how sure, whether other than the teacher, whether right by people; all (n,)."""

    sure: Floats
    wrong: NDArray[np.bool_]
    right: NDArray[np.bool_]


def banking(data: Path, encode: Encode | None = None, splits: int = SPLITS) -> tuple[list[Row], dict[str, Any]]:
    """A row for each epsilon, over the splits; and how many prompts there are, with each split's figures."""
    read = encode or SentenceEncoder.load(FOLDER / "encoder").encode
    work, dev = Labelled.of(data, f"{BANKING}_test", read), Labelled.of(data, f"{BANKING}_dev", read)
    kept: dict[float, list[tuple[Kept, Kept, float]]] = {epsilon: [] for epsilon in EPSILONS}
    n = len(work.teacher) // 4
    for split in range(splits):
        places = np.random.default_rng((SEED, split)).permutation(len(work.teacher))
        learn, calibrate, test = (work.where(part) for part in np.split(places, (2 * n, 3 * n)))
        student = _student(learn)
        judged, truth, other = (_judged(student, part) for part in (calibrate, test, dev))
        gains = truth.right.astype(float) - (test.teacher == test.people)
        for epsilon, figures in kept.items():
            thresholds = ladder(other.sure, shares_of(n, epsilon, DELTA))
            rows = Calibration.of(judged.sure, judged.wrong, thresholds)
            gate, theirs = rows.certify(epsilon, DELTA), rows.naive(epsilon)
            gain = float(gains[truth.sure >= gate.threshold].sum() / len(gains))
            figures.append((_on_test(gate, truth), _on_test(theirs, truth), gain))
    found: list[Row] = []
    for epsilon, figures in kept.items():
        ours, others = [each[0] for each in figures], [each[1] for each in figures]
        row = {"method": "Banking77, student of GPT-4", "n": n, **_promise(ours, others, epsilon)}
        found.append(row | {"gain": interval([each[2] for each in figures], SEED)})
    return found, {"n": len(work.teacher), "dev": len(dev.teacher), "splits": _splits(kept)}


def _student(learn: Labelled) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # see `STEPS`
        return LogisticRegression(C=C, max_iter=STEPS).fit(learn.rows, learn.teacher)


def _judged(student: LogisticRegression, part: Labelled) -> Judged:
    odds = student.predict_proba(part.rows)
    said = student.classes_[odds.argmax(axis=1)]
    return Judged(odds.max(axis=1).astype(np.float64), said != part.teacher, said == part.people)


def _on_test(gate: Gate, truth: Judged) -> Kept:
    served = truth.sure >= gate.threshold
    return Kept(float(served.mean()), float(truth.wrong[served].mean()) if served.any() else 0.0)


def _splits(kept: Mapping[float, Sequence[tuple[Kept, Kept, float]]]) -> dict[str, Any]:
    """Coverage and disagreement of each split, certified and naive."""
    return {
        f"{epsilon:g}": {
            "certified": [ours for ours, _, _ in figures],
            "naive": [theirs for _, theirs, _ in figures],
        }
        for epsilon, figures in kept.items()
    }


def _value(cell: Cell) -> float:
    return cell.value if isinstance(cell, Interval) else float(str(cell))
