"""`surveyor eval expert`: what an own expert says of labelled rows, as it would be served."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from classifiers import language
from classifiers.embed import Encoder
from classifiers.expert import Expert
from classifiers.own import encoded, said
from policies.located import ConfigError
from router.commands import own_folder
from router.commands.options import err, fail, out, print_json
from router.commands.own_figures import as_text, figures, measured_text
from router.commands.rows import Bad, Rows, read_rows
from router.commands.train import ENCODER
from router.roster import ExpertError, opened, rated
from router.settings import Settings


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures on those rows of a file that the expert never saw; the bad ones, and how many it had seen."""

    figures: Mapping[str, Any]
    bad: tuple[Bad, ...]
    seen: int


def run(place: Path, file: Path | None, to: Path, settings: Settings, as_json: bool) -> None:
    """Print the table, and write `report.json` and the picture to the folder `to`.

    Ends with exit code 2 and what to do where there is no such expert, or no row that it never saw.
    """
    if not own_folder.is_own(place):
        fail(f"{place}: no expert was trained here; `surveyor train --name {place.name} --data FILE` makes one")
    try:
        expert = rated(opened(place, ENCODER), settings)
        told = own_folder.made_with(place)
        found = None
        if file is not None:
            with err.status("") as status:
                found = measured(expert, place, file, lambda n: status.update(f"{n:,} rows"))
    except (ExpertError, ValueError, OSError) as problem:
        if isinstance(problem, ConfigError):
            raise
        fail(f"{place}: {problem}")
    told = told if found is None else {"file": str(file), "seen": found.seen, **found.figures}
    if found is not None and found.bad:
        listed = Rows((), found.bad, 0).listed()
        err.print(f"{len(found.bad):,} rows were left out:\n{listed}", markup=False, soft_wrap=True)
    drawn = _save(to, told, found.figures if found is not None else told["held_out"])
    if as_json:
        bad = [] if found is None else [{"line": each.line, "why": each.why} for each in found.bad]
        print_json({**told, "bad": bad})
        return
    out.print(as_text(told) if found is None else measured_text(expert.name, str(file), found.figures))
    if found is not None and found.seen:
        out.print(f"{found.seen:,} rows taught or certified it, and are left out.")
    out.print(f"\nIn {to}: {', '.join(drawn)}", markup=False, soft_wrap=True)


def measured(expert: Expert, place: Path, file: Path, at: Callable[[int], None] = lambda _: None) -> Measured:
    """What the expert in the folder `place` says of a file's rows, but for those that taught it or set its gate.

    Raises:
        ConfigError: the file cannot be read, or holds no row that can be measured.
    """
    rows = read_rows(file, language.detect)
    labels = set().union(*expert.label_sets)
    strange = [row for row in rows.rows if row.label not in labels]
    bad = [Bad(row.line, f"the expert knows no label '{row.label}'") for row in strange]
    if rows.rows and rows.pairs != (expert.kind == "pair"):
        raise ConfigError(
            file, None, f"the expert reads {'pairs of texts' if expert.kind == 'pair' else 'single texts'}"
        )
    known = [row for row in rows.rows if row.label in labels]
    new = own_folder.unseen(place, known)
    if not new:
        raise ConfigError(file, None, "holds no row that the expert has not learned from; give it new ones")
    encoder = Encoder.load(ENCODER, threads=2)
    vectors = encoded(encoder.under(expert.upper) if expert.upper is not None else encoder, new, expert.kind, at)
    every = sorted((*rows.bad, *bad), key=lambda each: each.line)
    return Measured(figures(said(expert, new, vectors)), tuple(every), len(known) - len(new))


def _save(folder: Path, told: Mapping[str, Any], figures: Mapping[str, Any]) -> list[str]:
    """Write the report and the picture; returns their names. A picture of an earlier run does not outlive it."""
    try:
        (folder / "report.json").write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
        (folder / own_folder.PICTURE).unlink(missing_ok=True)
        drawn = own_folder.draw(folder, figures)
    except OSError as problem:
        fail(f"{folder}: cannot be written ({problem.strerror}); name another folder: --out FOLDER")
    return ["report.json", *([own_folder.PICTURE] if drawn else [])]
