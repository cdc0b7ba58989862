from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from router.bench import ood
from router.bench.ood import SCORES, Scores, banking_rows, clinc_rows, told_apart
from router.bench.results import Cell, Interval


def value(cell: object) -> float:
    assert isinstance(cell, Interval)
    assert cell.low <= cell.value <= cell.high
    return cell.value


def encoded(texts: object) -> NDArray[np.float32]:
    """Rows for texts such as "class-3 17": around the axis of their class; "oos" texts lie elsewhere."""
    rows = []
    for text in list(texts):  # type: ignore[call-overload]
        kind, number = text.split()
        row = np.random.default_rng(int(number)).normal(size=24) * 0.12
        if kind.startswith("class"):
            row[int(kind.split("-")[1])] += 1.0
        else:
            row[20:] += 0.6
        rows.append(row / np.linalg.norm(row))
    return np.array(rows, np.float32)


def test_figures_of_a_score_are_what_they_are_called() -> None:
    row = told_apart("x", [1.0, 2.0, 3.0, 4.0], [0.0] * 95 + [2.5] * 5)
    assert value(row["AUROC"]) == pytest.approx((0.95 * 2 + 1.0 * 2) / 4)
    assert value(row["FPR95"]) == 0.0
    assert (row["n odd"], row["n known"]) == (4, 100)
    same = told_apart("constant", np.zeros(50), np.zeros(70))
    assert value(same["AUROC"]) == 0.5
    assert value(same["FPR95"]) == 1.0
    assert same["AUPR"] == pytest.approx(50 / 120)


def test_every_score_grows_with_strangeness() -> None:
    known = [f"class-{place % 9} {place}" for place in range(360)]
    rows = encoded(known)
    scores = Scores.fit(rows[:270], [text.split()[0] for text in known[:270]], rows[270:])
    usual, odd = scores.of(rows[270:]), scores.of(encoded([f"oos {place}" for place in range(500, 560)]))
    assert tuple(usual) == SCORES
    for name in SCORES:
        assert value(told_apart(name, odd[name], usual[name])["AUROC"]) > 0.9, name


def write(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    with gzip.open(folder / f"{name}.jsonl.gz", "wt") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def intents(prefix: str, split: str, count: int, start: int) -> list[dict[str, str]]:
    found = []
    for place in range(count):
        label = f"{prefix}-{place % 10}"
        found.append({"text": f"{label} {start + place}", "label": label, "split": split})
    return found


def test_out_of_scope_rows_are_never_learned_from_and_all_methods_stand_in_the_table(tmp_path: Path) -> None:
    odd = [{"text": f"oos {n}", "label": "oos", "split": "valid" if n % 2 else "train"} for n in range(60)]
    write(tmp_path, "ood_clinc150", [*intents("class", "train", 400, 0), *intents("class", "valid", 100, 900), *odd])
    rows, sizes = clinc_rows(tmp_path, encoded)
    assert sizes == {"clinc": 100, "oos": 30, "all_oos": 60}
    named = {str(row["method"]): row for row in rows}
    assert list(named) == [f"CLINC150: {name}" for name in ("random", "constant", "text length", *SCORES)] + [
        "CLINC150, more out-of-scope: fused3"
    ]
    assert value(named["CLINC150: constant"]["AUROC"]) == 0.5
    assert value(named["CLINC150: fused3"]["AUROC"]) > 0.95
    assert named["CLINC150, more out-of-scope: fused3"]["n odd"] == 60


def test_unknown_intents_are_one_open_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ood, "SEEDS", 2)
    parts = [("train", 300), ("valid", 100), ("test", 200)]
    write(
        tmp_path,
        "banking77",
        [row for start, (split, n) in enumerate(parts) for row in intents("class", split, n, start)],
    )
    rows, details = banking_rows(tmp_path, encoded)
    named = {str(row["method"]).removeprefix("Banking77: "): row for row in rows}
    assert list(named) == ["always open", "random", *SCORES]
    # Two or eight of ten intents are known, as Python rounds a quarter and three quarters of ten.
    assert value(named["always open"]["accuracy 25 %"]) == pytest.approx(0.8)
    assert value(named["always open"]["accuracy 75 %"]) == pytest.approx(0.2)
    assert value(named["fused3"]["accuracy 50 %"]) > 0.85
    assert len(details["accuracy and macro-F1 of each draw"]["fused3"]["0.5"]) == 2


def test_targets_are_held_against_the_row_of_the_method_that_was_promised() -> None:
    good, bad = Interval(0.99, 0.98, 1.0), Interval(0.5, 0.4, 0.6)
    clinc: list[dict[str, Cell]] = [
        {"method": name, "AUROC": bad, "FPR95": bad} for name in (*ood.TRIVIAL, *SCORES[:-1])
    ]
    clinc += [{"method": "fused3", "AUROC": good, "FPR95": Interval(0.05, 0.0, 0.1)}, {"AUROC": bad, "FPR95": bad}]
    shares: dict[str, Cell] = {f"accuracy {share} %": good for share in (25, 50, 75)}
    met = ood.targets(clinc, [{"accuracy 25 %": bad}, shares], [{"AUROC": bad}, {"AUROC": good}])
    assert [target.met for target in met] == [True] * 6
    worse: dict[str, Cell] = dict.fromkeys(shares, bad)
    missed = ood.targets(clinc, [worse], [{"AUROC": bad}])
    assert [target.met for target in missed] == [True, True, False, False, False, False]
