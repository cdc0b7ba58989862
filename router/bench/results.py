"""The common frame of all quality benchmarks: rows of figures beside trivial baselines, targets, and how to keep them.

A figure without an interval says little, so `interval` is here too. What is saved is made to be committed: the same
result gives the same bytes.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import ArrayLike, NDArray
from rich.console import Group
from rich.table import Table

DRAWS = 1_000  # bootstrap draws: the ends of a 95 % interval then move by about a twentieth of its width
DIGITS = 4  # of a saved number; more would only be noise of the arithmetic
NOTE = "In brackets: 95 % percentile interval of 1,000 bootstrap draws."


class Interval(NamedTuple):
    """An estimate with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Target(NamedTuple):
    """What was promised: what is measured, in words; the promise, such as "<= 5 %"; what came out; whether it holds."""

    what: str
    target: str
    measured: str
    met: bool


Cell = str | int | float | Interval | None
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found.

    `about` says in a sentence what is measured on what data and split, with n and seeds. `rows` has a mapping a method,
    column to figure: trivial baselines first, ours last. A column that a row does not have stays empty. `details` holds
    what only the JSON file shows.
    """

    name: str
    about: str
    columns: Sequence[str]
    rows: Sequence[Row]
    targets: Sequence[Target] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def table(self) -> Group:
        """The rows and the targets, for a terminal."""
        figures = Table(box=None, pad_edge=False, title=self.about, caption=NOTE, title_style="", title_justify="left")
        _fill(figures, self.columns, [[told(row.get(name)) for name in self.columns] for row in self.rows])
        if not self.targets:
            return Group(figures)
        targets = Table(box=None, pad_edge=False)
        _fill(targets, TARGET_COLUMNS, [_told_target(target) for target in self.targets])
        return Group(figures, "", targets)

    def document(self) -> dict[str, Any]:
        """All of it as plain JSON values; numbers rounded to `DIGITS`."""
        return {
            "name": self.name,
            "about": self.about,
            "columns": list(self.columns),
            "rows": [{name: plain(row.get(name)) for name in self.columns} for row in self.rows],
            "targets": [target._asdict() for target in self.targets],
            "details": plain(self.details),
        }

    def save(self, folder: Path) -> None:
        """Write `<name>.json` and `<name>.md`; the folder is made when it is missing.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
        (folder / f"{self.name}.json").write_bytes(orjson.dumps(self.document(), option=options))
        (folder / f"{self.name}.md").write_text(self.markdown(), encoding="utf-8")

    def markdown(self) -> str:
        """The rows and the targets as a page."""
        parts = [f"# {self.name}", self.about]
        parts.append(_markdown(self.columns, [[told(row.get(name)) for name in self.columns] for row in self.rows]))
        if any(isinstance(cell, Interval) for row in self.rows for cell in row.values()):
            parts.append(NOTE)
        if self.targets:
            parts.append(_markdown(TARGET_COLUMNS, [_told_target(target) for target in self.targets]))
        return "\n\n".join(parts) + "\n"


TARGET_COLUMNS = ("target", "promised", "measured", "met")


def interval(values: ArrayLike, seed: int) -> Interval:
    """The mean of `values`, shape (n,), with its bootstrap percentile interval (Efron and Tibshirani 1993, ch. 13).

    Raises:
        ValueError: there is no value.
    """
    return _bootstrap(np.asarray(values, np.float64), seed)


def grouped_interval(values: ArrayLike, groups: Sequence[str], seed: int) -> Interval:
    """The mean of `values`, shape (n,), with an interval over groups: whole groups are drawn, as many as there are.

    It says what another choice of groups (sources of the samples, for instance) would have given; samples of one group
    are alike, so that it is wider than `interval`.

    Raises:
        ValueError: there is no value.
    """
    found = np.asarray(values, np.float64)
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    if not len(found):
        raise ValueError("an interval needs values")
    totals, sizes = np.bincount(place, found), np.bincount(place)
    draws = np.random.default_rng(seed).integers(0, len(names), (DRAWS, len(names)))
    low, high = np.quantile(totals[draws].sum(axis=1) / sizes[draws].sum(axis=1), (0.025, 0.975))
    return Interval(float(found.mean()), float(low), float(high))


def paired_interval(ours: ArrayLike, theirs: ArrayLike, seed: int) -> Interval:
    """The mean of `ours` - `theirs`, both of shape (n,) over the same samples; drawn in pairs.

    Raises:
        ValueError: there is no value, or the shapes differ.
    """
    first, second = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if first.shape != second.shape:
        raise ValueError(f"pairs need equal shapes, not {first.shape} and {second.shape}")
    return _bootstrap(first - second, seed)


def _bootstrap(values: NDArray[np.float64], seed: int) -> Interval:
    if values.ndim != 1 or not len(values):
        raise ValueError(f"an interval needs a row of values, not shape {values.shape}")
    draw = partial(np.random.default_rng(seed).integers, 0, len(values), len(values))
    means = [float(values[draw()].mean()) for _ in range(DRAWS)]
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(values.mean()), float(low), float(high))


def rows_of(data: Path, name: str, split: str = "") -> list[dict[str, Any]]:
    """The rows of `<name>.jsonl.gz` in a data folder, in their order; of one split, where it is named.

    Raises:
        FileNotFoundError: folder, file or split is missing; the message says what to do.
    """
    path = data / f"{name}.jsonl.gz"
    if not data.is_dir():
        raise FileNotFoundError(f"{data}: no such folder; say where the data is: --data FOLDER")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: missing, and this benchmark needs it; name a folder with it: --data FOLDER")
    with gzip.open(path, "rb") as lines:
        found: list[dict[str, Any]] = [orjson.loads(line) for line in lines]
    found = [row for row in found if row["split"] == split] if split else found
    if not found:
        raise FileNotFoundError(f"{path}: it has no rows of the split '{split}'; take a file that has")
    return found


def plain(value: Any) -> Any:
    """A value as JSON can say it: intervals as objects, NumPy's numbers as Python's, rounded to `DIGITS`."""
    if isinstance(value, Interval):
        return {name: round(number, DIGITS) for name, number in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def told(cell: Cell) -> str:
    """A cell as text."""
    if cell is None:
        return ""
    if isinstance(cell, Interval):
        return f"{cell.value:.3f} ({cell.low:.3f}–{cell.high:.3f})"
    return f"{cell:.3f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell


def _told_target(target: Target) -> list[str]:
    return [target.what, target.target, target.measured, "yes" if target.met else "no"]


def _fill(table: Table, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---", *("---:" for _ in columns[1:])], *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
