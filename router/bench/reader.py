"""`surveyor bench reader`: how often the reader reads a prompt right, and how right is what is served locally.

A row matches where its prompt names one of the label sets, scales or entity types of `reading.known`, whether or
not the reader binds it; rows that ask to think or to explain first are none. A binding is judged by rules that share
nothing with the reader's grammar, and by gold where the data folder has the text.
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
    "gold",
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
# Data sets with gold for inputs of prompts: file, column of the label, task, and columns of the texts.
GOLD = (
    ("sst2", "label", "sentiment", ("text",)),
    ("tweet_sentiment", "label", "sentiment", ("text",)),
    ("toxicity", "toxic", "toxicity", ("text",)),
    ("sms_spam", "label", "spam_detection", ("text",)),
    ("emotion_tweet", "label", "emotion", ("text",)),
    ("trec", "label", "topic_classification", ("text",)),
    ("stackoverflow_topics", "label", "topic_classification", ("text",)),
    ("nli", "label", "nli", ("premise", "hypothesis")),
    ("mrpc", "label", "paraphrase_detection", ("a", "b")),
    ("cola", "label", "acceptability", ("text",)),
    ("subj", "label", "data_annotation", ("text",)),
)

Gold = Mapping[tuple[str, str, str], str]


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


def gold_of(data: Path) -> Gold:
    """Labels of held-out texts, by task and texts; texts that training has, too, or with two labels, are left out."""
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    seen: set[tuple[str, str, str]] = set()
    for name, column, task, columns in GOLD:
        for row in rows_of(data, name):
            texts = [_plain(str(row[each])) for each in columns]
            key = (task, texts[0], texts[1] if len(texts) > 1 else "")
            value = row[column]
            label = str(value) if task != "toxicity" else ("toxic" if value in (1, True, "1", "toxic") else "not_toxic")
            (seen.add(key) if row["split"] == "train" else found[key].add(label))
    return {key: labels.pop() for key, labels in found.items() if len(labels) == 1 and key not in seen}


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def gold_for(bound: Bound, gold: Gold) -> str | None:
    """The gold answer in the words of the label set that is bound; None where there is none."""
    label = gold.get((bound.task, _plain(bound.input), _plain(bound.other)))
    if label is None or label in bound.labels:
        return label
    folded = label in ("neutral", "contradiction") and "not_entailment" in bound.labels
    return "not_entailment" if folded else None


async def served(shipped: Shipped, reads: Sequence[Read]) -> list[str | None]:
    """What a server without any hosted model would answer each row locally; None where it abstains."""
    language.warm()
    settings = Settings(models=(Model(id="any", tier="standard", base_url="http://127.0.0.1/v1", local=True),))
    observer = create_observer(settings, shipped, Priced(settings, settings.models))
    answers: list[str | None] = []
    try:
        for each in reads:
            look = await observer.look(as_request(each.row["text"]))
            reading = next((reading for reading in look.readings.values() if reading.open), None)
            bound = look.bound
            answers.append(None if reading is None or bound is None else bound.written(reading.answer))
    finally:
        observer.second_look.close()
    return answers


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def measure(data: Path) -> Result:
    """The reader on prompts of split `test`, and what is served of those with gold, of `valid` and `test`.

    Raises:
        FileNotFoundError: a file is missing.
    """
    reads = read_all(rows_of(data, FILE, "test"))
    gold = gold_of(data)
    valid = [each for each in read_all(rows_of(data, FILE, "valid")) if each.row["task"] in TASKS]
    known = [(each, gold_for(each.bound, gold)) for each in (*reads, *valid) if each.bound is not None]
    judged = [(each, label) for each, label in known if label is not None]
    answers = asyncio.run(served(Shipped.load(), [each for each, _ in judged]))
    hits = [
        (each.row["task"], each.row["split"], answer is not None, answer == each.bound.written(label))
        for (each, label), answer in zip(judged, answers, strict=True)
        if each.bound is not None
    ]
    rows = [row_of(task, reads, hits) for task in TASKS]
    rows = [row for row in rows if row["matching"] or row["bound"] or row["gold"]]
    rows.append(row_of("all", reads, hits))
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
            f"matching ones. Gold: rows of valid and test whose text has a held-out label in the data folder; served "
            f"and coverage: of these, what the experts answer with their gates open; accuracy against gold."
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
            "gold_of_test": sum(split == "test" for _, split, _, _ in hits),
        },
    )


def row_of(task: str, reads: Sequence[Read], hits: Sequence[tuple[str, str, bool, bool]]) -> dict[str, Cell]:
    """A task's row of the table; of all tasks together, for "all"."""
    own = [each for each in reads if each.row["task"] in (TASKS if task == "all" else (task,))]
    bound = [each.right for each in own if each.bound is not None]
    match = [each.right for each in own if each.matching]
    gold = [(open_, good) for name, _, open_, good in hits if task in ("all", name)]
    answered = [good for open_, good in gold if open_]
    row: dict[str, Cell] = {
        "task": task,
        "rows": len(own),
        "matching": len(match),
        "bound": len(bound),
        "right": sum(bound),
        "gold": len(gold),
        "served": len(answered),
    }
    if bound:
        row["precision"] = interval(bound, SEED)
    if match:
        row["recall"] = interval(match, SEED)
    if gold:
        row["coverage"] = interval([open_ for open_, _ in gold], SEED)
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
