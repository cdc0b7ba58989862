from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from classifiers.evidence import ECusum, EProcess, PairedEProcess
from classifiers.gate import Gate, p_value
from router.bench import audits, gate
from router.bench.audits import audits_needed, audits_to_alarm, rank, requests_served, share, single_test
from router.bench.gate import WORKS, Judged, Work, banking, promises
from router.bench.results import Cell, Interval, Result
from router.cli import app


def value(cell: Cell) -> float:
    assert isinstance(cell, Interval)
    assert cell.low <= cell.value <= cell.high
    return cell.value


# ── what is known of simulated work ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_the_true_risk_is_the_true_risk(work: Work) -> None:
    sure, wrong = work.rows(np.random.default_rng(1), 200_000)
    for threshold in (0.0, 0.7, 0.95):
        assert work.risk(threshold) == pytest.approx(wrong[sure >= threshold].mean(), abs=0.01)
    for epsilon in (0.02, 0.05, 0.1, 0.5):
        coverage = work.oracle(epsilon)
        assert coverage == 0.0 or work.risk(1.0 - coverage / 2) <= epsilon + 1e-9
        assert coverage == 1.0 or work.risk(1.0 - min(1.0, coverage + 0.01) / 2) > epsilon


def test_promises_are_held_and_naive_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "SIZES", (300,))
    monkeypatch.setattr(gate, "EPSILONS", (0.1,))
    for row in promises(runs=200):
        assert value(row["broken"]) <= 0.1
        assert value(row["naive broken"]) > 0.4
        assert value(row["coverage"]) < value(row["naive coverage"])


def test_a_share_has_the_interval_of_clopper_and_pearson() -> None:
    assert share(0, 20) == pytest.approx((0.0, 0.0, 1 - 0.025 ** (1 / 20)))
    assert share(20, 20) == pytest.approx((1.0, 0.025 ** (1 / 20), 1.0))
    found = share(3, 40)
    assert p_value(3, 40, found.high) == pytest.approx(0.025)
    assert 1 - p_value(2, 40, found.low) == pytest.approx(0.025)


# ── many runs at once do what the classes do ─────────────────────────────────────────────────────


@pytest.mark.parametrize(("bound", "chances"), [(0.1, {0.0: 0.97, 1.0: 0.03}), (0.2, {1.0: 0.1, -1.0: 0.1, 0.0: 0.8})])
def test_audits_needed_are_those_of_the_class(bound: float, chances: dict[float, float]) -> None:
    found = audits_needed(np.random.default_rng(4), bound, chances, 1, 500)
    draw, edges = np.random.default_rng(4), np.cumsum(list(chances.values()))
    process = EProcess(bound) if min(chances) >= 0 else PairedEProcess(bound)
    while not process.certified(audits.AUDIT_DELTA):
        process.observe(list(chances)[int(np.searchsorted(edges[:-1], draw.uniform(), side="right"))])
    assert found.tolist() == [process.n]


def test_audits_to_the_alarm_are_those_of_the_class() -> None:
    found = audits_to_alarm(np.random.default_rng(6), 0.3, 1, 2_000)
    draw, alarm = np.random.default_rng(6), ECusum(audits.DRIFT_EPSILON)
    while not alarm.alarm:
        alarm.observe(bool(draw.uniform() < 0.3))
    assert found.tolist() == [alarm.n]


def test_what_never_comes_is_infinite_and_told_so() -> None:
    never = audits_needed(np.random.default_rng(1), 0.05, {0.0: 0.0, 1.0: 1.0}, 3, 20)
    assert np.isinf(never).all()
    assert np.isinf(audits_to_alarm(np.random.default_rng(1), 0.0, 3, 20)).all()
    assert rank(never, 0.5) == "more"
    assert rank([1.0, 2.0, np.inf], 0.5) == 2
    served = requests_served(np.random.default_rng(1), np.array([40.0, np.inf]), 0.1)
    assert 150 < served[0] < 900
    assert np.isinf(served[1])


def test_one_test_at_the_end_needs_the_fewest_audits() -> None:
    assert single_test(0.05, 0.0) == 59
    assert p_value(round(0.025 * single_test(0.05, 0.5)), single_test(0.05, 0.5), 0.05) <= 0.05


def test_certificates_and_alarms_are_as_slow_as_published_notes_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits, "EPSILONS", (0.05,))
    monkeypatch.setattr(audits, "NULL_LONGEST", 600)
    rows = {str(row["method"]): row for row in audits.certificates(runs=200, longest=2_000)}
    assert rows["e-process, rate 0 epsilon"]["median"] == 83
    assert 110 < float(str(rows["e-process, rate 0.25 epsilon"]["median"])) < 160
    assert value(rows["e-process, rate 1 epsilon"]["broken"]) < 0.1
    assert "median" not in rows["e-process, rate 1 epsilon"]
    quick = {str(row["method"]): row for row in audits.alarms(runs=100, watched=1_500)}
    assert 600 < float(str(quick["e-CUSUM, 5% audited, to 20%"]["median"])) < 1_100
    assert float(str(quick[audits.QUIET]["mean"])) > 1_000
    paired = audits.pairs(runs=60, longest=1_200)
    assert value(paired[-1]["broken"]) < 0.15
    assert float(str(paired[1]["median"])) < float(str(paired[0]["median"]))


# ── a student of a teacher ───────────────────────────────────────────────────────────────────────


def encoded(texts: Sequence[str]) -> NDArray[np.float32]:
    """A row around the axis of the class that a text names, some of them far off it."""
    rows = []
    for text in texts:
        kind, number = text.split()
        draw = np.random.default_rng(int(number))
        row = draw.normal(size=8) * draw.choice((0.1, 0.8))
        row[int(kind)] += 1.0
        rows.append(row)
    return np.array(rows, np.float32)


def write(folder: Path, name: str, count: int, start: int) -> None:
    (folder / "routing").mkdir(exist_ok=True)
    with gzip.open(folder / f"{gate.BANKING}_{name}.jsonl.gz", "wt") as lines:
        for place in range(count):
            row = {"text": f"{place % 5} {start + place}", "label": str(place % 5), "gpt-label": str(place % 5)}
            lines.write(json.dumps(row) + "\n")


def test_a_student_is_calibrated_and_tested_on_rows_it_did_not_learn_from(tmp_path: Path) -> None:
    write(tmp_path, "test", 1_200, 0)
    write(tmp_path, "dev", 300, 5_000)
    rows, details = banking(tmp_path, encoded, splits=2)
    assert [row["epsilon"] for row in rows] == list(gate.EPSILONS)
    assert (details["n"], details["dev"]) == (1_200, 300)
    assert len(details["splits"]["0.1"]["certified"]) == 2
    loose = rows[-1]
    assert 0.3 < value(loose["coverage"]) <= 1.0
    assert float(str(loose["risk"])) < 0.12
    assert value(loose["gain"]) == pytest.approx(-value(loose["coverage"]) * float(str(loose["risk"])), abs=0.02)
    with pytest.raises(FileNotFoundError, match="ocats_banking77_test"):
        banking(tmp_path / "routing", encoded)


def test_a_closed_gate_serves_nothing_of_the_test() -> None:
    truth = Judged(np.ones(4), np.ones(4, bool), np.zeros(4, bool))
    assert gate._on_test(Gate(2.0, 0.0, 4, 0, 0.05, 0.1), truth) == (0.0, 0.0)
    assert gate._on_test(Gate(0.5, 1.0, 4, 0, 0.05, 0.1), truth) == (1.0, 1.0)


# ── targets and the command ──────────────────────────────────────────────────────────────────────


def test_targets_are_held_against_the_worst_row() -> None:
    rows: list[dict[str, Cell]] = [
        {"method": "LTT, a", "broken": Interval(0.02, 0.01, 0.03)},
        {"method": "LTT, b", "broken": Interval(0.2, 0.15, 0.25)},
        {"method": "e-process, a", "broken": Interval(0.052, 0.04, 0.06)},
        {"method": "e-process, b", "median": 12},
        {"method": audits.QUIET, "mean": 2_000.0},
    ]
    assert [target.met for target in gate.targets(rows)] == [False, True, True]
    rows[2]["broken"], rows[4]["mean"] = Interval(0.09, 0.07, 0.1), 900.0
    del rows[1]
    assert [target.met for target in gate.targets(rows)] == [True, False, False]


def test_the_command_runs_without_data_and_others_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Path | None] = []

    def measured(data: Path | None) -> Result:
        given.append(data)
        return Result("gate", "about", ("method",), [{"method": "LTT"}])

    monkeypatch.setattr(gate, "measure", measured)
    done = CliRunner().invoke(app, ["bench", "gate"])
    assert (done.exit_code, given) == (0, [None])
    assert "LTT" in done.stdout
    refused = CliRunner().invoke(app, ["bench", "ood"])
    assert refused.exit_code != 0
    assert "--data FOLDER" in refused.output


def test_without_data_all_simulations_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Interval(0.01, 0.0, 0.02)
    monkeypatch.setattr(gate, "promises", lambda: [{"method": "LTT, a", "broken": broken}])
    monkeypatch.setattr(gate, "certificates", lambda: [{"method": "e-process, a", "broken": broken}])
    monkeypatch.setattr(gate, "pairs", list)
    monkeypatch.setattr(gate, "alarms", lambda: [{"method": audits.QUIET, "mean": 5_000.0}])
    result = gate.measure(None)
    assert [row["method"] for row in result.rows] == ["LTT, a", "e-process, a", audits.QUIET]
    assert all(target.met for target in result.targets)
    assert "Banking77" not in result.about
    real: list[dict[str, Cell]] = [{"method": "Banking77, student of GPT-4"}]
    monkeypatch.setattr(gate, "banking", lambda data: (real, {"n": 3_080, "dev": 1_001, "splits": {}}))
    assert "3,080" in gate.measure(Path()).about
