"""The folder of an own expert: written whole, and read again for `surveyor eval expert`."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers.expert import UPPER
from classifiers.own import Made, Part, Row
from router.commands.own_card import card
from router.roster import CARD, MADE

ROWS = "rows.json"  # hash of each row → the part that it played
PICTURE = "reliability.png"
HASHED = 20  # hex digits


def write(
    folder: Path, made: Made, rows: Sequence[Row], found: Mapping[str, Any], upper: Path | None
) -> tuple[str, ...]:
    """Write all files into `folder`/NAME, in the place of what was there; returns their names.

    They are written beside it and the folder is renamed, so that a server never sees half of it. `upper` are the upper
    layers of a fine-tuned expert. Raises OSError where that is impossible; what was there then stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place, part = folder / made.expert.name, Path(tempfile.mkdtemp(prefix=f".{made.expert.name}-", dir=folder))
    try:
        part.chmod(0o755)  # of a temporary folder nobody else may read
        fill(part, made, rows, found, upper)
        for path in part.iterdir():
            path.chmod(0o644)  # a server may be another user
        files = tuple(sorted(path.name for path in part.iterdir()))
        if place.exists():
            old = part.with_name(f"{part.name}-old")
            place.rename(old)
            part.rename(place)
            shutil.rmtree(old, ignore_errors=True)
        else:
            part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return files


def fill(part: Path, made: Made, rows: Sequence[Row], found: Mapping[str, Any], upper: Path | None) -> None:
    """Write all files of an expert into a folder of no meaning yet."""
    made.expert.save(part)
    if upper is not None:
        shutil.copyfile(upper, part / UPPER)
    (part / MADE).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    played = {key(row): each for row, each in zip(rows, made.parts, strict=True)}
    (part / ROWS).write_text(json.dumps(played, indent=0) + "\n", encoding="utf-8")
    (part / "CARD.md").write_text(card(found), encoding="utf-8")
    draw(part, found["held_out"])


def draw(folder: Path, figures: Mapping[str, Any]) -> bool:
    """Draw the reliability plot of these figures; False where matplotlib is not installed."""
    from router.commands import charts  # noqa: PLC0415

    try:
        picture = charts.reliability(figures)
    except ImportError:
        return False
    (folder / PICTURE).write_bytes(picture)
    return True


def key(row: Row) -> str:
    """A name for a row that tells nothing of its text."""
    return hashlib.sha256(row.key.encode("utf-8", "replace")).hexdigest()[:HASHED]


def is_own(place: Path) -> bool:
    """Whether an expert that was trained here lies at this place."""
    return (place / MADE).is_file() and (place / CARD).is_file()


def made_with(place: Path) -> dict[str, Any]:
    """The report of an expert. Raises OSError where it is missing, ValueError where it is damaged."""
    found: dict[str, Any] = json.loads((place / MADE).read_text(encoding="utf-8"))
    return found


def unseen(place: Path, rows: Sequence[Row], but: Collection[Part] = ("train", "calibrate")) -> list[Row]:
    """The rows that played none of these parts when the expert was made. Raises as `made_with`."""
    played = json.loads((place / ROWS).read_text(encoding="utf-8"))
    return [row for row in rows if played.get(key(row)) not in but]
