"""`surveyor train`: an expert from the user's own labelled rows, put where a running server finds it.

Nothing is written before all is known to be usable, and the expert's folder appears whole: a server that watches it
never sees half of one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from classifiers import language, own
from classifiers.embed import Encoder, open_session
from classifiers.expert import UPPER, Kind
from classifiers.own import FEWEST, Wanted
from classifiers.shipped import FOLDER
from classifiers.train.weights import NEEDED
from policies.located import ConfigError, nearest
from policies.signals import TASKS
from router.commands import own_folder
from router.commands.own_figures import report
from router.commands.rows import Rows, read_rows
from router.reading.known import Known
from router.reading.templates import TemplateError, check_template
from router.roster import ExpertError, check_name, fingerprint

ENCODER = FOLDER / "encoder"
OTHER_KINDS = {"semantic_similarity": "scores", "ner": "entities"}  # no labels of a text
PAIRED = ("nli", "paraphrase_detection")
LISTED = 12  # labels that an example of a prompt lists
FINETUNED = "classifiers.train.finetune"
NO_EXTRA = "--finetune needs {}, which are not installed: pip install 'surveyor-router[train]'; or leave it out"
At = Callable[[str, int, int], None]  # what is done, how much of it, of how much (0: nobody knows)


def _quietly(what: str, done: int, of: int) -> None:
    """Tell nobody."""


class TrainRefused(ValueError):
    """Why no expert can be made of these rows; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a user asks for. `task` and `template` are empty where they were left out."""

    name: str
    data: Path
    folder: Path
    task: str = ""
    template: str = ""
    epsilon: float = 0.05
    delta: float = 0.1
    skip_bad: bool = False
    finetune: bool = False


@dataclass(frozen=True, slots=True)
class Trained:
    """A new expert's folder, its report, and the rows that were left out with their lines."""

    folder: Path
    report: Mapping[str, Any]
    rows: Rows
    files: tuple[str, ...]


def train(order: Order, at: At = _quietly) -> Trained:
    """Make the expert and put it into its folder, in the place of one of the same name.

    Raises:
        TrainRefused: the order or the rows cannot be used, or the folder not be written.
        ConfigError: the file cannot be read, or has not the columns that are needed.
    """
    begun = time.monotonic()
    check(order)
    at("reading", 0, 0)
    rows = usable(order)
    wanted = _wanted(order, rows)
    parts = own.parted(rows.rows)
    encoder = Encoder.load(ENCODER, threads=2)
    with TemporaryDirectory() as scratch:
        upper = Path(scratch) / UPPER
        if order.finetune:
            at("fine-tuning", 0, 0)
            import_module(FINETUNED).finetune(rows.rows, parts, wanted.kind, upper, at)
            encoder = encoder.under(open_session(upper, threads=2))
        vectors = own.encoded(encoder, rows.rows, wanted.kind, lambda n: at("encoding", n, len(rows.rows)))
        at("fitting", 0, 0)
        made = own.made(rows.rows, vectors, parts, wanted, order.finetune)
        told = report(made, rows.rows, _about(order, rows, begun))
        try:
            files = own_folder.write(order.folder, made, rows.rows, told, upper if order.finetune else None)
        except OSError as problem:
            raise TrainRefused(f"{order.folder}: cannot be written ({problem.strerror}); use --folder") from None
    return Trained(order.folder / order.name, told, rows, files)


def check(order: Order) -> None:
    """Refuse what cannot be, before anything is read.

    Raises:
        TrainRefused: with what to write.
    """
    try:
        check_name(order.name)
    except ExpertError as problem:
        raise TrainRefused(f"--name: {problem}") from None
    if order.task and order.task not in TASKS:
        raise TrainRefused(f"--task: no task type is named '{order.task}'{nearest(order.task, TASKS)}")
    if order.task in OTHER_KINDS:
        raise TrainRefused(f"--task: {order.task} asks for {OTHER_KINDS[order.task]}, and here only labels are learned")
    if not (0.0 < order.epsilon < 1.0 and 0.0 < order.delta < 1.0):
        raise TrainRefused("--epsilon and --delta must lie between 0 and 1, such as 0.05 and 0.1")
    missing = [name for name in NEEDED if find_spec(name) is None] if order.finetune else []
    if missing:
        raise TrainRefused(NO_EXTRA.format(", ".join(missing)))
    place = order.folder / order.name
    if place.exists() and not own_folder.is_own(place):
        raise TrainRefused(f"{place} is there and no expert that was trained here; move it, or choose another name")


def usable(order: Order) -> Rows:
    """The rows of the file, where there are enough of each label, and none is bad or bad ones may be left out.

    Raises:
        TrainRefused: with the bad lines, or the labels that have too few rows.
        ConfigError: the file cannot be read.
    """
    rows = read_rows(order.data, language.detect)
    if rows.bad and not order.skip_bad:
        many = f"{len(rows.bad):,} row{'s' * (len(rows.bad) > 1)}"
        what = "correct them, or leave them out with --skip-bad"
        raise TrainRefused(f"{order.data}: {many} cannot be used; {what}:\n{rows.listed()}")
    counts = rows.counts
    few = {label: n for label, n in counts.items() if n < FEWEST}
    if len(counts) < 2:
        said = f"only the label '{next(iter(counts))}'" if counts else "no label in a usable row"
        raise TrainRefused(f"{order.data}: there is {said}; an expert tells at least two apart")
    if few:
        listed = "\n".join(f"  {label}: {n}, {FEWEST - n} more needed" for label, n in few.items())
        what = f"each label needs at least {FEWEST} different texts; add some, or merge or leave out these labels"
        raise TrainRefused(f"{order.data}: {what}:\n{listed}")
    return rows


def _wanted(order: Order, rows: Rows) -> Wanted:
    """Raises TrainRefused for a task that does not fit the rows, and a template or labels that cannot be read."""
    kind: Kind = "pair" if rows.pairs else "label"
    task = order.task or (PAIRED[len(rows.counts) == 2] if rows.pairs else "topic_classification")
    if (task in PAIRED) != rows.pairs and task in (*PAIRED, "sentiment", "toxicity", "spam_detection", "emotion"):
        what = "pairs of texts, columns `a` and `b`" if task in PAIRED else "single texts, column `text`"
        raise TrainRefused(f"--task: {task} is asked of {what}")
    known = Known(task, frozenset(rows.counts), kind, order.template)
    try:
        if order.template:
            check_template(known)
    except TemplateError as problem:
        raise TrainRefused(f"--template: {problem}") from None
    if not known.readable:
        raise TrainRefused(f"{order.data}: some labels differ in case, blanks or signs only; name them apart")
    return Wanted(order.name, task, kind, order.template, order.epsilon, order.delta)


def _about(order: Order, rows: Rows, begun: float) -> dict[str, Any]:
    return {
        "data": order.data.name,
        "made": datetime.now(UTC).date().isoformat(),
        "seconds": round(time.monotonic() - begun, 1),
        "repeated": rows.repeated,
        "left_out": len(rows.bad),
        "finetuned": order.finetune,
        "encoder": fingerprint(ENCODER, upper=not order.finetune),
    }


def template_of(path: Path | None) -> str:
    """The text of a template file, or nothing without one.

    Raises:
        ConfigError: it cannot be read.
    """
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(path, None, f"cannot be read: {problem}") from None


def how_to_ask(made: Mapping[str, Any]) -> str:
    """A sentence that says which prompts come to the expert."""
    labels = ", ".join(made["labels"]) if len(made["labels"]) <= LISTED else "all of its labels"
    if made["template"]:
        return "Prompts that match its template to the letter come to it."
    if made["kind"] == "pair":
        return f"Prompts come to it that list all its labels ({labels}) and give both texts."
    return (
        f'Ask, for example: "Classify the text into one of these categories: {labels}.\\nText: …"; or send the text '
        f"alone with the header x-surveyor-task: {made['name']}"
    )
