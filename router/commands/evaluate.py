"""`surveyor eval`: how right the task type is, and experts are, on the user's own rows. The commands are thin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from router.commands.options import AsJson, Config, err, fail, out, print_json, settings_of

if TYPE_CHECKING:
    from router.commands.judged import Judged

app = typer.Typer(help="Measure the looks on prompts of your own.", no_args_is_help=True)
PICTURES = "No pictures: matplotlib is missing. To get them: pip install 'surveyor-router[eval]'"


@app.command()
def task(
    file: Annotated[
        Path,
        typer.Argument(
            help="Your prompts, as JSON lines, CSV (.csv) or TSV (.tsv), gzipped or not: text (or prompt, or messages) "
            "and task (or label).",
            show_default=False,
        ),
    ],
    to: Annotated[Path, typer.Option("--out", help="Folder for the pictures, the report and all mistakes.")] = Path(
        "eval-task"
    ),
    own: Annotated[
        list[str] | None, typer.Option("--map", help="A label of your own: billing=intent_classification. Repeatable.")
    ] = None,
    worst: Annotated[int, typer.Option(min=0, help="How many mistakes to list.")] = 10,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """How right the task type is on your labelled prompts: figures, confusions, reliability, the worst mistakes."""
    from router.commands import judged  # noqa: PLC0415  # keeps `surveyor --help` quick
    from router.commands.blocks import as_text  # noqa: PLC0415
    from router.commands.labelled import own_labels, read_labelled  # noqa: PLC0415
    from router.settings import load_policies  # noqa: PLC0415

    try:
        labels = own_labels(own or ())
    except ValueError as problem:
        fail(str(problem))
    settings = settings_of(config)
    policy = load_policies(settings).current
    prompts = read_labelled(file, labels)
    _make(to)
    with err.status("") as status:
        told = judged.judged(settings, prompts, lambda done: status.update(f"{done:,} of {len(prompts):,} prompts"))
        found = asyncio.run(told)
    report = judged.report(str(file), found, policy, worst)
    drawn = _save(to, report, judged.mistakes(found))
    if as_json:
        print_json(report)
    else:
        out.print(as_text(report))
        out.print(f"\nIn {to}: {', '.join(drawn)}", markup=False, soft_wrap=True)


@app.command()
def expert(
    name: Annotated[str, typer.Argument(help="An expert that `surveyor train` made.", show_default=False)],
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Labelled rows, as for `surveyor train`; else those that it was measured on.", show_default=False
        ),
    ] = None,
    to: Annotated[Path, typer.Option("--out", help="Folder for the picture and the report.")] = Path("eval-expert"),
    folder: Annotated[
        Path | None, typer.Option(help="Where experts are; else `experts.folder` of the settings.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """How right an expert of yours is: its table and reliability again, or on further rows that it never saw."""
    from router.commands import own_measured  # noqa: PLC0415  # keeps `surveyor --help` quick

    settings = settings_of(config)
    place = folder or settings.experts.folder
    if place is None:
        fail("`experts.folder` of the settings names no folder; say where: --folder FOLDER")
    _make(to)
    own_measured.run(place / name, file, to, settings, as_json)


def _make(folder: Path) -> None:
    """The folder, before any work is done for it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        fail(f"{folder}: cannot be made a folder ({problem.strerror}); name another one: --out FOLDER")


def _save(folder: Path, report: Mapping[str, Any], mistakes: list[Judged]) -> list[str]:
    """Write all files, each whole or not at all; returns their names. Pictures of an earlier run do not outlive it."""
    from router.commands import charts  # noqa: PLC0415

    lines = b"".join(orjson.dumps(each.plain(), option=orjson.OPT_APPEND_NEWLINE) for each in mistakes)
    files = {"report.json": orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n", "mistakes.jsonl": lines}
    try:
        files = {**charts.pictures(report), **files}
    except ImportError as problem:
        why = PICTURES if problem.name and problem.name.startswith("matplotlib") else f"No pictures: {problem}"
        err.print(why, markup=False, soft_wrap=True)
    try:
        for name, data in files.items():
            part = folder / f"{name}.part"
            part.write_bytes(data)
            part.replace(folder / name)
        for name in set(charts.NAMES) - set(files):
            (folder / name).unlink(missing_ok=True)
    except OSError as problem:
        fail(f"{folder}: cannot be written ({problem.strerror}); name another folder: --out FOLDER")
    return list(files)
