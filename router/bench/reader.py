"""`surveyor bench reader`: how often the reader reads a prompt right, and how right is what is served locally.

A row matches where its prompt names one of the label sets, scales or entity types of `reading.known`, whether or
not the reader binds it; rows that ask to think or to explain first are none. A binding is judged by rules that share
nothing with the reader's grammar; what is served, by gold of held-out rows (see `rendered`).
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifiers import language
from classifiers.shipped import Shipped
from router.app import create_observer
from router.bench.rendered import MOST, NEAR, WORDINGS, Rendered, rendered
from router.bench.results import Cell, Interval, Result, Target, interval, rows_of, told
from router.bench.speed import as_request
from router.fleet import Priced
from router.reader import read
from router.reading.bound import Bound
from router.reading.known import DEFAULT
from router.reading.lists import finder_of
from router.reading.scores import scale_of
from router.settings import Model, Settings

FILE, SEED = "prompts_task_type", 7
COLUMNS = (
    "task",
    "rows",
    "matching",
    "bound",
    "right",
    "precision",
    "recall",
    "rendered",
    "read",
    "read_right",
    "served",
    "coverage",
    "accuracy",
)
TASKS = tuple(dict.fromkeys(known.task for known in DEFAULT))
GRAM, OFTEN = 4, 3  # words in a row that are instruction when so many prompts with other texts have them
_FIRST_THINK = re.compile(r"step by step|\bexplain (?:your|why|the)|\breason(?:ing)? first|confidence", re.IGNORECASE)
_SHELL = re.compile(
    r"###|\b(?:only return the answer|keep it short|do not explain|return json|let's think)\b|"
    r"^(?:text|input|sentence|review|tweet|comment|message|premise|hypothesis)\s*[12ab]?:\s",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Read:
    """A row of the prompts, what the reader made of it, and whether that is right."""

    row: Mapping[str, Any]
    bound: Bound | None
    matching: bool
    right: bool


def matching(text: str, task: str) -> bool:
    """Whether a prompt names a label set, a scale or entity types that an expert of its task may know."""
    if _FIRST_THINK.search(text):
        return False
    for known in DEFAULT:
        if known.task == task:
            finder = finder_of(known)
            if (known.kind == "score" and scale_of(text)[1] is not None) or (
                finder is not None and any(finder.find(text, 0, len(text)))
            ):
                return True
    return False


def read_all(rows: Sequence[Mapping[str, Any]]) -> list[Read]:
    """Every row, read and judged."""
    bounds = [read(as_request(row["text"])) for row in rows]
    common = instructions(rows, bounds)
    found = []
    for row, bound in zip(rows, bounds, strict=True):
        match = row["task"] in TASKS and matching(row["text"], row["task"])
        found.append(Read(row, bound, match, bound is not None and right(row, bound, common)))
    return found


def instructions(rows: Sequence[Mapping[str, Any]], bounds: Sequence[Bound | None]) -> set[tuple[str, ...]]:
    """Word sequences of instructions: those that many prompts with other texts have."""
    texts: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row, bound in zip(rows, bounds, strict=True):
        if bound is not None:
            key = f"{bound.input}\n{bound.other}"
            outside = row["text"].replace(bound.input, " | ").replace(bound.other or bound.input, " | ")
            for part in outside.split("|"):
                for gram in _grams(part):
                    texts[gram].add(key)
    return {gram for gram, keys in texts.items() if len(keys) >= OFTEN}


def _grams(text: str) -> Iterator[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return zip(*(words[at:] for at in range(GRAM)), strict=False)


def right(row: Mapping[str, Any], bound: Bound, common: set[tuple[str, ...]]) -> bool:
    """Whether a binding passes every rule.

    The task is the row's; the texts stand in the prompt, with no instruction of other prompts, no header and no wish
    about the answer in them; words are distinct and stand in the prompt, but for "Yes" and "No"; a score has a scale.
    """
    text, low = row["text"], row["text"].lower()
    texts = [part for part in (bound.input, bound.other) if part]
    words = [word for word in bound.labels.values() if word]
    return (
        bound.task == row["task"]
        and not _FIRST_THINK.search(text)
        and all(part in text and not _SHELL.search(part) and common.isdisjoint(_grams(part)) for part in texts)
        and len(set(words)) == len(words)
        and all(word.lower() in low or word in ("Yes", "No", "positive", "negative", "neutral") for word in words)
        and (len(texts) == 2) == (bound.kind in ("pair", "score"))
        and (bound.scale is not None) == (bound.kind == "score")
    )


# ── end to end ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Served:
    """A rendered prompt, and what a server without any hosted model does with it. `good` is None where it abstains."""

    prompt: Rendered
    bound: bool
    right: bool
    good: bool | None


async def served(shipped: Shipped, prompts: Sequence[Rendered]) -> list[Served]:
    """Every prompt sent through the reader, the experts and their gates."""
    language.warm()
    settings = Settings(models=(Model(id="any", tier="standard", base_url="http://127.0.0.1/v1", local=True),))
    observer = create_observer(settings, shipped, Priced(settings, settings.models))
    found = []
    try:
        for each in prompts:
            look = await observer.look(as_request(each.text))
            bound = look.bound
            answer = next((reading.answer for reading in look.readings.values() if reading.open), None)
            written = bound.written(answer) if bound is not None and answer is not None else None
            good = each.right(bound, written) if bound is not None and written is not None else None
            found.append(Served(each, bound is not None, each.bound_right(bound), good))
    finally:
        observer.second_look.close()
    return found


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def measure(data: Path) -> Result:
    """The reader on prompts of split `test`, and what is served of prompts rendered around held-out rows.

    Raises:
        FileNotFoundError: a file is missing.
    """
    reads = read_all(rows_of(data, FILE, "test"))
    ends = asyncio.run(served(Shipped.load(), rendered(data)))
    rows = [row_of(task, reads, ends) for task in (*TASKS, "intent_classification")]
    rows = [row for row in rows if row["matching"] or row["bound"] or row["rendered"]]
    rows.append(row_of("all", reads, ends))
    others = [each for each in reads if each.row["task"] not in TASKS]
    wrong = Counter(str(each.row["task"]) for each in others if each.bound is not None)
    return Result(
        name="reader",
        about=(
            f"What the reader makes of {len(reads):,} prompts of {FILE}, split test, whose wordings and sources "
            f"it was "
            f"not written by. Matching: the prompt names a label set, scale or entity types that an expert may know, "
            f"found by a scan for the words alone, and does not ask to think first. Right: judged by rules that "
            f"share "
            f"nothing with the reader's grammar (see `right`). Precision over all bound rows of a task, recall "
            f"over the "
            f"matching ones. Rendered: {len(ends):,} prompts around held-out rows of the data sets (part test of the "
            f"lessons, at most {MOST} a task), in wordings of our own, which showed faults of the reader that were "
            f"mended since: a development set of its grammar, of rows that no expert saw; read_right: bound to the "
            f"task, the texts and the labels that they were made of; coverage: answered by an expert with its gate "
            f"open; "
            f"accuracy of these answers against gold: a label as it is, a score within {NEAR} of 0 to 5, entities all "
            f"alike."
        ),
        columns=COLUMNS,
        rows=rows,
        targets=targets(rows[-1], len(others), sum(wrong.values())),
        details={
            "bound_elsewhere": {
                "rows": len(others),
                "bound": sum(wrong.values()),
                "by_task": dict(sorted(wrong.items())),
            },
            "wrong": [each.row["id"] for each in reads if each.bound is not None and not each.right],
            "missed": [each.row["id"] for each in reads if each.bound is None and each.matching][:200],
            "wordings": {task: len(wordings) for task, wordings in WORDINGS.items()},
        },
    )


def row_of(task: str, reads: Sequence[Read], ends: Sequence[Served]) -> dict[str, Cell]:
    """A task's row of the table; of all tasks together, for "all"."""
    own = [each for each in reads if each.row["task"] in (TASKS if task == "all" else (task,))]
    bound = [each.right for each in own if each.bound is not None]
    match = [each.right for each in own if each.matching]
    made = [each for each in ends if task in ("all", each.prompt.task)]
    answered = [each.good for each in made if each.good is not None]
    row: dict[str, Cell] = {
        "task": task,
        "rows": len(own),
        "matching": len(match),
        "bound": len(bound),
        "right": sum(bound),
        "rendered": len(made),
        "read": sum(each.bound for each in made),
        "read_right": sum(each.right for each in made),
        "served": len(answered),
    }
    if bound:
        row["precision"] = interval(bound, SEED)
    if match:
        row["recall"] = interval(match, SEED)
    if made:
        row["coverage"] = interval([each.good is not None for each in made], SEED)
    return row | {"accuracy": interval(answered, SEED)} if answered else row


def targets(row: Mapping[str, Cell], others: int, wrong: int) -> list[Target]:
    """What was promised, and what came out."""
    found = []
    for name, least in (("precision", 0.98), ("recall", 0.70), ("accuracy", 0.95)):
        cell = row.get(name)
        value = cell.value if isinstance(cell, Interval) else None
        found.append(Target(f"{name}, all tasks", f">= {least}", told(cell), value is not None and value >= least))
    found.append(
        Target("bound among rows of other tasks", "<= 0.1 %", f"{wrong} of {others:,}", wrong <= others * 0.001)
    )
    return found
