"""The frame of the quality benchmarks: intervals, tables, files, and what the command says when something lacks."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from router.bench import QUALITY, Benchmark
from router.bench.results import Interval, Result, Target, interval, paired_interval, rows_of
from router.cli import app

RESULT = Result(
    name="tiny",
    about="Right answers on four prompts.",
    columns=("method", "accuracy", "n", "share"),
    rows=(
        {"method": "random", "accuracy": Interval(0.25, 0.0, 0.5), "n": 4_000},
        {"method": "a | b", "accuracy": Interval(0.75, 0.123456789, 1.0), "n": 4, "share": 1 / 3},
    ),
    targets=(Target("flips", "<= 5 %", "6.1 %", met=False),),
    details={"b": np.float32(0.5), "a": {1: (1, 2)}, "c": Interval(1.0, 0.0, 2.0)},
)


def test_an_interval_holds_the_mean_and_is_the_same_each_time() -> None:
    values = np.linspace(-1.0, 2.0, 100)
    found = interval(values, seed=1)
    assert found.value == pytest.approx(0.5)
    assert found.low == pytest.approx(0.5 - 1.96 * 0.0875, abs=0.02)  # the standard error
    assert found.high == pytest.approx(0.5 + 1.96 * 0.0875, abs=0.02)
    assert interval(values, seed=1) == found
    assert interval(values, seed=2) != found
    with pytest.raises(ValueError, match="needs a row of values"):
        interval([], seed=1)


def test_pairs_are_drawn_together() -> None:
    theirs = np.random.default_rng(3).normal(0, 100, 200)
    found = paired_interval(theirs + 1, theirs, seed=1)
    assert found == pytest.approx((1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="equal shapes"):
        paired_interval([1.0], [1.0, 2.0], seed=1)


def test_what_is_saved_is_the_same_each_time_and_nothing_is_lost(tmp_path: Path) -> None:
    RESULT.save(tmp_path / "new")
    first = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    RESULT.save(tmp_path / "new")
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == first
    assert set(first) == {"tiny.json", "tiny.md"}
    assert all(kept.endswith(b"\n") and not kept.endswith(b"\n\n") for kept in first.values())
    kept = json.loads(first["tiny.json"])
    assert list(kept) == sorted(kept)
    assert kept["details"] == {"a": {"1": [1, 2]}, "b": 0.5, "c": {"value": 1.0, "low": 0.0, "high": 2.0}}
    assert kept["rows"][1] == {
        "method": "a | b", "accuracy": {"value": 0.75, "low": 0.1235, "high": 1.0}, "n": 4, "share": 0.3333,
    }  # fmt: skip
    assert kept["rows"][0]["share"] is None
    assert kept["targets"] == [{"what": "flips", "target": "<= 5 %", "measured": "6.1 %", "met": False}]


def test_page_and_terminal_show_the_same_figures() -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(RESULT.table())
    for text in (console.export_text(), RESULT.markdown()):
        for part in ("Right answers on four prompts.", "0.750 (0.123–1.000)", "4,000", "0.333", "6.1 %", "no"):
            assert part in text
    assert "| a \\| b | 0.750 (0.123–1.000) | 4 | 0.333 |" in RESULT.markdown()


def test_rows_are_read_and_what_is_missing_is_said(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "some.jsonl.gz", "wt") as file:
        file.write('{"id": "a", "split": "train"}\n{"id": "b", "split": "test"}\n')
    assert [row["id"] for row in rows_of(tmp_path, "some")] == ["a", "b"]
    assert [row["id"] for row in rows_of(tmp_path, "some", "test")] == ["b"]
    for place, name, split in ((tmp_path / "no", "some", ""), (tmp_path, "other", ""), (tmp_path, "some", "dev")):
        with pytest.raises(FileNotFoundError) as problem:
            rows_of(place, name, split)
        assert "\n" not in str(problem.value)


def bench(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "router", "bench", *arguments],
        cwd=cwd, env={**os.environ, "COLUMNS": "160"}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["task", "ood", "robustness", "routellm"])
def test_a_missing_folder_is_one_line_that_says_what_to_do(tmp_path: Path, name: str) -> None:
    done = bench(name, "--data", "nowhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nowhere: no such folder; say where the data is: --data FOLDER\n"


def test_a_benchmark_is_imported_only_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(QUALITY, "ood", Benchmark("router.bench.of_tomorrow", ""))
    runner = CliRunner()
    assert runner.invoke(app, ["bench", "--help"]).exit_code == 0
    done = runner.invoke(app, ["bench", "ood", "--data", str(tmp_path)])
    assert isinstance(done.exception, ModuleNotFoundError)


def test_the_command_prints_and_saves_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "measuring.py").write_text(
        "from router.bench.results import Result\n"
        "def measure(data):\n"
        "    return Result('task', f'In {data.name}.', ('method', 'n'), [{'method': 'ours', 'n': 7}])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(QUALITY, "task", Benchmark("measuring", ""))
    runner, data = CliRunner(), str(tmp_path)
    assert "ours" in runner.invoke(app, ["bench", "task", "--data", data]).output
    done = runner.invoke(app, ["bench", "task", "--data", data, "--json", "--save", str(tmp_path / "out")])
    kept = json.loads((tmp_path / "out/task.json").read_text())
    assert json.loads(done.output) == kept
    assert kept["rows"] == [{"method": "ours", "n": 7}]
