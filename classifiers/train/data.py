"""Rows of the data folder: JSON lines, gzip. Nothing of them is kept in the repository."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def rows(folder: Path, name: str) -> list[Row]:
    """All rows of `<name>.jsonl.gz`. Raises SystemExit that names the file when it is missing."""
    path = folder / f"{name}.jsonl.gz"
    if not path.is_file():
        raise SystemExit(f"Training needs {path.name} in {folder}.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def of_split(found: Iterable[Row], split: str) -> list[Row]:
    """The rows of one split, in their order."""
    return [row for row in found if row["split"] == split]


def counted(found: Iterable[Row], *keys: str) -> dict[str, int]:
    """How many rows there are for each combination of values, by falling number."""
    counts = Counter(" · ".join(str(row[key]) for key in keys) for row in found)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def texts(folder: Path, name: str, **wanted: object) -> list[str]:
    """The `train` texts of a file whose fields have the wanted values."""
    found = of_split(rows(folder, name), "train")
    return [row["text"] for row in found if all(row[key] == value for key, value in wanted.items())]
