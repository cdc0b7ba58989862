"""The cue heads, from our own wordings (`wordings/`, a file a cue) against prompts of the collections.

A file holds lines {"text", "want"}: positives and near misses of a cue (true/false, or 1/2), of a question with several
answers, or of a grade (easy, medium, hard). To add a cue, add a file; a head that hears too little ships not.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.cues import EASY, HARD, CueHeads, Head, Target
from classifiers.embed import Look, StaticEmbedder

from . import data
from .noise import noisy

FOLDER = Path(__file__).parent / "wordings"
SAMPLES = Path(__file__).parents[2] / "tests" / "data" / "detectors"  # of which only split `dev` is read
FOLDS = 5
TOGETHER = 5  # neighbouring lines of a file may be variations of one thought, so a fold keeps them together
PRECISION, ALARMS = 0.95, 0.002  # of the heads' own lines; of prompts in which the cue makes no sense
STRANGERS = 6_000  # prompts of collections that nothing here learns from: on them a head must keep quiet, too
OWN = 3.0  # weight of a line for the heads of its file; a line of another file, or a prompt, weighs 1
GRADE_PRECISION = (
    0.9  # of the lines that a grade calls hard; at .95 it called half of the hard ones hard, here four fifths
)
STEADY, MISTYPED, STEADY_WEIGHT = 8_000, 2, 0.2  # prompts that steady the grades, mistyped forms, weight of each
USEFUL = 0.1  # recall of the heads' own lines below which a head does not ship
FRAMES = (
    ("Hi, ", ""),
    ("Please help: ", ""),
    ("", " Thanks!"),
    ("Hello! ", " Thank you."),
    ("Question: ", ""),
    ("ok so ", ""),
)
NOTHING = frozenset({"none", "free"})
GRADES = {"easy": 0.0, "medium": 0.5, "hard": 1.0}
# Real requests for harm that a permissive licence lets us learn from: HarmBench (MIT) and DangerousQA (Apache-2.0).
HARMFUL, HARMFUL_SOURCES = "harmful_request", ("dangerousqa", "harmbench")
# Tasks whose prompts may well hold the cue without anybody having said so: they teach nothing about it.
_WRITING = frozenset(
    {"chitchat", "open_ended_writing", "brainstorming", "open_question", "roleplay", "summarization", "translation"}
    | {"title_generation", "question_generation", "data_to_text", "text_rewriting"}
)
_MAY_HOLD: Mapping[str, str] = {
    "about-people": "llm_as_judge open_question",
    "calculation": "arithmetic_reasoning competition_math symbolic_manipulation",
    "counterfactual": "commonsense_reasoning open_question llm_as_judge",
    "negation": "knowledge_mcq commonsense_reasoning reading_comprehension logical_reasoning",
    "verbatim-repeat": "symbolic_manipulation text_rewriting",
    "information-choice": "logical_reasoning",
    "rationale": "llm_as_judge competition_math arithmetic_reasoning fact_verification data_annotation nli "
    "logical_reasoning commonsense_reasoning",
    "synthesis": "data_annotation question_generation brainstorming",
    "implicit": "chitchat code_help text_rewriting",
    "niche-fact": "closed_book_qa knowledge_mcq open_question fact_verification llm_as_judge",
    "parsing": "ner acceptability data_annotation",
    "ranking": "llm_as_judge data_annotation symbolic_manipulation",
    "forecasting": "arithmetic_reasoning symbolic_manipulation logical_reasoning competition_math knowledge_mcq",
    "tasks": "roleplay llm_as_judge open_question brainstorming code_help code_generation question_generation "
    "data_annotation text_rewriting information_extraction reading_comprehension tool_use",
    "harm": "llm_as_judge",
    "domain": "open_question closed_book_qa chitchat intent_classification llm_as_judge brainstorming knowledge_mcq",
}


@dataclass(frozen=True, slots=True)
class Lines:
    """Our own lines, each with the file it is from, what it wants, its fold, and its look."""

    names: list[str]
    wants: list[Any]
    folds: np.ndarray[Any, Any]
    looks: list[Look]
    origin: np.ndarray[Any, Any]  # the line that a variation is of; its own number otherwise

    def own(self, name: str) -> np.ndarray[Any, Any]:
        """Which lines are of this file."""
        return np.array([each == name for each in self.names])

    @property
    def written(self) -> np.ndarray[Any, Any]:
        """Which lines are as they were written."""
        first: np.ndarray[Any, Any] = self.origin == np.arange(len(self.names))
        return first


def lines(embedder: StaticEmbedder, folder: Path = FOLDER, samples: Path = SAMPLES) -> Lines:
    """All lines of all files, the `dev` samples of the same name, and of each a few variations."""
    names: list[str] = []
    texts: list[str] = []
    wants, folds, origin = [], [], []
    for path in sorted(folder.glob("*.jsonl")):
        found = _read(path) + [row for row in _read(samples / path.name) if row["split"] == "dev" and "text" in row]
        for place, line in enumerate(found):
            first = len(texts)
            for text in (line["text"], *varied(line["text"])):
                names.append(path.stem)
                wants.append(line["want"])
                folds.append(zlib.crc32(f"{path.stem} {place // TOGETHER}".encode()) % FOLDS)
                texts.append(text)
                origin.append(first)
    return Lines(names, wants, np.array(folds), embedder.looks(texts), np.array(origin))


def _read(path: Path) -> list[data.Row]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def varied(text: str) -> Iterator[str]:
    """The text as somebody in a hurry types it, in polite company, and twice mistyped."""
    yield re.sub(r"[.,;:!?'\"]+(?=\s|$)", "", text)
    fixed = zlib.crc32(text.encode())
    before, after = FRAMES[fixed % len(FRAMES)]
    yield f"{before}{text}{after}"
    draw = random.Random(fixed)  # noqa: S311 - a fixed draw, not a secret
    yield noisy(text, draw)
    yield noisy(text, draw)


def heads_of(found: Lines) -> tuple[list[Head], list[str]]:
    """The heads and the grades that the files ask for; a file with any plain true, false or number is a cue's."""
    plain = {name for name, want in zip(found.names, found.wants, strict=True) if not isinstance(want, str)}
    kinds = {(name, want) for name, want in zip(found.names, found.wants, strict=True) if name not in plain}
    grades = {name for name, want in kinds if want in GRADES}
    heads = [Head(name, want) for name, want in kinds if name not in grades and want not in NOTHING]
    return sorted([*(Head(name) for name in plain), *heads]), sorted(grades)


def meant(head: Head, want: Any) -> bool:
    """Whether a line of the head's file that wants this is a positive of the head."""
    if head.kind:
        return bool(want == head.kind)
    return want not in NOTHING if isinstance(want, str) else want > (0 if isinstance(want, bool) else 1)


def senseless(head: Head, tasks: Sequence[str]) -> np.ndarray[Any, Any]:
    """Which prompts, by their tasks, cannot hold what the head hears."""
    if head.name == "output":
        return np.array([task in _WRITING for task in tasks])
    barred = _MAY_HOLD.get(head.name, "").split()
    return np.array([task not in barred and task != HARMFUL for task in tasks])


def target(head: Head, found: Lines, tasks: Sequence[str]) -> Target:
    """What a head shall say of the lines and, behind them, of prompts of these tasks."""
    own = found.own(head.name)
    said = np.array([mine and meant(head, want) for mine, want in zip(own, found.wants, strict=True)])
    harmful = np.array([head.name == "harm" and task == HARMFUL for task in tasks])
    weights = np.concatenate((np.where(own, OWN, 1.0), senseless(head, tasks) | harmful))
    return Target(np.concatenate((said, harmful)).astype(int), weights)


def grade(name: str, found: Lines, tasks: Sequence[str]) -> Target:
    """What a grade shall be: of its own lines only."""
    own = found.own(name)
    values = [GRADES[want] if mine else 0.0 for mine, want in zip(own, found.wants, strict=True)]
    nothing = np.zeros(len(tasks))
    return Target(np.concatenate((values, nothing)), np.concatenate((own.astype(float), nothing)))


def build(folder: Path, out: Path, embedder: StaticEmbedder) -> dict[str, Any]:
    """Write `cues/` under `out`; return what its card tells."""
    found = lines(embedder)
    usable = [row for row in data.rows(folder, "prompts_task_type") if row["commercial"] in ("ok", "sa")]
    train, valid = data.of_split(usable, "train"), data.of_split(usable, "valid")
    harmful = [row for row in data.rows(folder, "safety_prompts") if row["source"] in HARMFUL_SOURCES]
    train += [{"text": row["text"], "task": HARMFUL} for row in data.of_split(harmful, "train")]
    tasks = [row["task"] for row in train]
    steady = _mistyped([row["text"] for row in train], embedder)
    looks = found.looks + embedder.looks([row["text"] for row in train]) + steady
    heads, grades = heads_of(found)
    goals = {head: _padded(target(head, found, tasks), len(steady)) for head in heads}
    aims = {name: _padded(grade(name, found, tasks), len(steady)) for name in grades}
    held = np.zeros((len(found.names), len(heads) + len(grades)))
    for fold in range(FOLDS):
        kept = np.concatenate((found.folds != fold, np.ones(len(looks) - len(found.folds), bool)))
        model = CueHeads.fit(looks, _without(goals, kept), steadied(looks, _without(aims, kept), len(steady)))
        for place in np.flatnonzero(found.folds == fold):
            held[place] = model.scores(looks[place])
    model = CueHeads.fit(looks, goals, steadied(looks, aims, len(steady)))
    quiet = [_Quiet.of(rows, model, embedder) for rows in (valid, strangers(folder))]
    told = {
        head: _judged(head, found, held[:, place], [each.heard(head, place) for each in quiet])
        for place, head in enumerate(heads)
    }
    graded = {name: _cut(name, found, held[:, len(heads) + place]) for place, name in enumerate(grades)}
    points = {head: float(facts["point"]) for head, facts in told.items() if facts["ships"]}
    model.tuned(points, {name: (facts["gain"], facts["offset"]) for name, facts in graded.items()}).save(out / "cues")
    return {
        "lines": int(found.written.sum()),
        "prompts": len(train) - tasks.count(HARMFUL),
        "strangers": len(quiet[1].tasks),
        "harmful": tasks.count(HARMFUL),
        "heads": {" ".join(head).strip(): facts for head, facts in told.items()},
        "grades": graded,
    }


def steadied(looks: Sequence[Look], aims: Mapping[str, Target], steady: int) -> dict[str, Target]:
    """Grades that shall also say of mistyped prompts what they say of these as they were typed.

    The last `steady` looks are of prompts, each followed by its mistyped forms. A grade learned from a few hundred
    lines hangs on single words; a typing error in one of them must not move a decision.
    """
    if not aims or not steady:
        return dict(aims)
    teacher = CueHeads.fit(looks, {}, aims)
    typed = np.stack([teacher.scores(look) for look in looks[-steady :: 1 + MISTYPED]]).clip(-0.2, 1.2)
    found = {}
    for place, (name, aim) in enumerate(aims.items()):
        values, weights = aim.values.astype(float), aim.weights.astype(float)
        values[-steady:], weights[-steady:] = np.repeat(typed[:, place], 1 + MISTYPED), STEADY_WEIGHT
        found[name] = Target(values, weights)
    return found


def _mistyped(texts: Sequence[str], embedder: StaticEmbedder) -> list[Look]:
    """Looks at some of the prompts, each followed by its mistyped forms."""
    draw = random.Random(1)  # noqa: S311 - a fixed draw, not a secret
    forms = []
    for text in draw.sample(list(texts), min(STEADY, len(texts))):
        forms += [text, *(noisy(text, draw) for _ in range(MISTYPED))]
    return embedder.looks(forms)


def _padded(found: Target, more: int) -> Target:
    """The target with as many rows more that teach nothing."""
    nothing = np.zeros(more)
    return Target(np.concatenate((found.values, nothing)), np.concatenate((found.weights, nothing)))


def strangers(folder: Path) -> list[data.Row]:
    """Prompts of split `train` whose licence bars them from training: they are only counted, to set the points."""
    rows = [row for row in data.rows(folder, "prompts_task_type") if row["commercial"] not in ("ok", "sa")]
    found = data.of_split(rows, "train")
    return found[:: max(1, len(found) // STRANGERS)]


@dataclass(frozen=True, slots=True)
class _Quiet:
    """Prompts that nothing was learned from, with what the heads score on them, shape (n, heads)."""

    tasks: list[str]
    scores: np.ndarray[Any, Any]

    @classmethod
    def of(cls, rows: Sequence[data.Row], model: CueHeads, embedder: StaticEmbedder) -> _Quiet:
        looks = embedder.looks([row["text"] for row in rows])
        return cls([row["task"] for row in rows], np.stack([model.scores(look) for look in looks]))

    def heard(self, head: Head, place: int) -> np.ndarray[Any, Any]:
        """What a head scores where its cue makes no sense."""
        scores: np.ndarray[Any, Any] = self.scores[senseless(head, self.tasks), place]
        return scores


def _without(targets: Mapping[Any, Target], kept: np.ndarray[Any, Any]) -> dict[Any, Target]:
    return {key: Target(each.values, each.weights * kept) for key, each in targets.items()}


def _judged(
    head: Head, found: Lines, held: np.ndarray[Any, Any], quiet: Sequence[np.ndarray[Any, Any]]
) -> dict[str, Any]:
    """The point from which a head is believed, and how it does there on lines and prompts that it never saw.

    The lowest point at which enough of what it hears among its own file's lines is right, and it hears next to
    nothing in prompts where there is nothing, neither of known collections nor of strange ones.
    """
    own = found.own(head.name) & found.written
    meant_here = np.array([meant(head, want) for want, mine in zip(found.wants, own, strict=True) if mine])
    scores = held[own]
    # A file of many answers holds many lines that are none of this one: no more of them count than half the positives.
    weights = np.where(meant_here, 1.0, min(1.0, meant_here.sum() / (2 * (~meant_here).sum())))
    least = max(np.sort(heard)[::-1][int(ALARMS * len(heard))] for heard in quiet)  # at most so many lie above
    point, precision = np.inf, 0.0
    for each in np.sort(scores[meant_here & (scores > least)]):
        above = scores >= each
        precision = float((weights * meant_here)[above].sum() / weights[above].sum())
        if precision >= PRECISION:
            point = float(each)
            break
    recall = float((scores[meant_here] >= point).mean())
    return {
        "positives": int(meant_here.sum()),
        "near_misses": int((~meant_here).sum()),
        "ships": recall >= USEFUL,
        "point": round(point, 4) if recall else None,
        "precision": round(precision, 3) if recall else None,
        "recall": round(recall, 3),
        "prompts": sum(map(len, quiet)),
        "alarms": int(sum((heard >= point).sum() for heard in quiet)),
    }


def _cut(name: str, found: Lines, held: np.ndarray[Any, Any]) -> dict[str, Any]:
    """The line that lays two cuts of a grade onto `EASY` and `HARD`.

    The upper one is the lowest from which on nine in ten lines are hard: what is called hard costs more to answer. The
    lower one is the best beside it.
    """
    own = found.own(name) & found.written
    truth = np.array([GRADES[want] for want, mine in zip(found.wants, own, strict=True) if mine]) * 2
    scores = held[own]
    cuts = np.quantile(scores, np.linspace(0.05, 0.95, 91))
    high = next((cut for cut in cuts if (truth[scores >= cut] == 2).mean() >= GRADE_PRECISION), cuts[-1])
    right, low = max(
        (float((np.digitize(scores, (low, high)) == truth).mean()), low) for low in cuts if high > low + 0.05
    )
    gain = (HARD - EASY) / (high - low)
    return {
        "lines": len(truth),
        "gain": float(gain),
        "offset": float(EASY - gain * low),
        "accuracy": round(right, 3),
        "hard": round(float((scores[truth == 2] >= high).mean()), 3),
    }
