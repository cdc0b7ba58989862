"""Would the standard tier get it right? The head learns from what nine models answered to questions with a key.

The data is `routing/llmrouter_dcrouter_train` (ulab-uiuc/LLMRouter, MIT; the questions of RouterDC, arXiv:2409.19886).
Questions that occur in what we measure on are left out, see `leaked`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.difficulty import DifficultyHead, platt
from classifiers.embed import Look, StaticEmbedder
from classifiers.task import TaskHead

from . import data
from .measure import calibration_error

TRAIN, TEST = "routing/llmrouter_dcrouter_train", "routing/llmrouter_dcrouter_test"
BENCHMARKS = ("routing/routellm_mmlu", "routing/routellm_gsm8k")
# Two models of about 50B parameters stand for the standard tier, four of 7 to 9B for the small one. The three others
# are not used: two answer from a passage only, one writes code only.
STANDARD = ("llama-3.1-nemotron-51b-instruct", "llama-3.3-nemotron-super-49b-v1")
SMALL = ("mistral-7b-instruct-v0.3", "llama-3.1-8b-instruct", "qwen2.5-7b-instruct", "gemma-2-9b-it")
# The file has a data set after the other and names none: a set begins with the first question of these words.
STARTS: Mapping[str, str] = {
    "logic grids": "Q: There are 3 houses in a row",
    "GSM8K, test": "Jan has three times the number of pets as Marcia.",
    "CommonGen": "report, wheelbarrow, country",
    "Natural Questions": "who sings i've got to be me",
    "TriviaQA": "Which Bavarian town stages a wagner festival",
    "MMLU, auxiliary": "Course A: Understanding computers 1.",
    "GPQA": "A large gene has dozens of exons",
    "MBPP": "Write a function to",
    "HumanEval": "from typing import List\n\n\ndef has_close_elements",
    "GSM8K": "Blake gave some of his money to his friend, Connie.",
    "CommonsenseQA": "If a bum wanted to ride for free",
    "MATH": "What is the sum of all the three-digit positive integers?",
    "OpenBookQA": "a desert environment has low",
    "ARC": "The average distance between Earth and the Sun is 149,600,000",
}
UNCHECKED = "CommonGen"  # sentences with given words, scored by likeness: no right and wrong
ENOUGH = 6  # words of a normalised text from which on it is looked for inside other texts; shorter ones must be equal
FOLDS, SEED = 5, 7
SHRINKAGE = 10.0  # questions' worth of the mean in the prior of a task type, or of a length
BINS = 20  # of the length
# The task types that the data covers. What stands before a passage was seen without its options: not among them.
TASKS = (
    *("arithmetic_reasoning", "competition_math", "logical_reasoning", "closed_book_qa", "knowledge_mcq"),
    *("commonsense_reasoning", "code_generation"),
)
SETS: Mapping[str, str] = {"GSM8K, test": "GSM8K", "HumanEval": "code", "MBPP": "code"}  # left out together
_OPTIONS = re.compile(r"\n\s*\(?A[.)]")
Values = NDArray[np.float64]


# ── the questions ────────────────────────────────────────────────────────────────────────────────


def normal(text: str) -> str:
    """Letters and digits alone, in lower case, words apart by one blank."""
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))


def stem(text: str) -> str:
    """What stands before the options of a multiple choice, normalised; without options the whole."""
    return normal(_OPTIONS.split(text, maxsplit=1)[0])


def leaked(questions: Sequence[str], measured_on: Iterable[str]) -> list[bool]:
    """Whether a question, or what stands before its options, occurs in one of these texts, or one of them in it.

    Texts under `ENOUGH` words count only where they are equal: "square root of 81" is part of many questions.
    """
    ours = [{each for each in (normal(question), stem(question)) if each} for question in questions]
    theirs = {each for text in measured_on for each in (normal(text), stem(text)) if each}
    mine: set[str] = set().union(*ours)
    tainted = mine & theirs
    tainted |= {part for part, _ in contained(mine, theirs)} | {text for _, text in contained(theirs, mine)}
    return [not each.isdisjoint(tainted) for each in ours]


def contained(parts: Iterable[str], texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of a normalised part, of at least `ENOUGH` words, and a text in which it stands whole."""
    opening: dict[str, list[str]] = {}
    for part in parts:
        words = part.split(" ")
        if len(words) >= ENOUGH:
            opening.setdefault(" ".join(words[:ENOUGH]), []).append(part)
    for text in texts:
        words, framed = text.split(" "), f" {text} "
        for place in range(len(words) - ENOUGH + 1):
            for part in opening.get(" ".join(words[place : place + ENOUGH]), ()):
                if f" {part} " in framed:
                    yield part, text


def sets_of(questions: Sequence[str]) -> list[str]:
    """The data set of each question, by the order of the file; see `STARTS`.

    Raises:
        ValueError: a data set does not begin where it should; the file is another one.
    """
    waiting, found, name = list(STARTS.items()), list[str](), ""
    for question in questions:
        if waiting and question.startswith(waiting[0][1]):
            name = waiting.pop(0)[0]
        found.append(name)
    if waiting or not all(found):
        missing = waiting[0][0] if waiting else next(iter(STARTS))
        raise ValueError(f"the questions of {missing} do not begin where they should: is this another file?")
    return found


def right(row: data.Row, models: Sequence[str] = STANDARD) -> float:
    """The mean score of these models, in [0, 1]: 1 is right; of code the share of tests that pass."""
    return float(np.mean([min(1.0, max(0.0, row["scores"][model])) for model in models]))


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions with what became of them; all of shape (n,)."""

    texts: list[str]
    sets: list[str]
    standard: Values  # mean score of the standard tier
    small: Values


def asked(folder: Path) -> tuple[Asked, dict[str, int]]:
    """The questions that may be learned from, and how many were left out because of what."""
    found = data.rows(folder, TRAIN)
    texts = [row["question"] for row in found]
    sets = sets_of(texts)
    benchmarks = [row["prompt"] for name in BENCHMARKS for row in data.rows(folder, name)]
    prompts = [row["text"] for row in data.of_split(data.rows(folder, "prompts_task_type"), "test")]
    reasons = {
        "in RouteLLM's MMLU or GSM8K": leaked(texts, benchmarks),
        "in prompts_task_type, split test": leaked(texts, prompts),
        "in llmrouter_dcrouter_test": leaked(texts, [row["question"] for row in data.rows(folder, TEST)]),
        f"of {UNCHECKED}, which has no key": [name == UNCHECKED for name in sets],
    }
    out, counts = [False] * len(texts), {}
    for reason, marks in reasons.items():
        counts[reason] = sum(marks)
        out = [one or other for one, other in zip(out, marks, strict=True)]
    counts["left out, in all"] = sum(out)
    kept = [place for place, mark in enumerate(out) if not mark]
    tiers = (np.array([right(found[place], models) for place in kept]) for models in (STANDARD, SMALL))
    return Asked([texts[place] for place in kept], [sets[place] for place in kept], *tiers), counts


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def figures(said: Values, truth: Values) -> dict[str, float]:
    """AUROC, Brier score and calibration error of probabilities against shares of right answers, all (n,)."""
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415

    labels = np.repeat([1, 0], len(truth))
    area = roc_auc_score(labels, np.tile(said, 2), sample_weight=np.concatenate((truth, 1 - truth)))
    return {
        "AUROC": round(float(area), 3),
        "Brier": round(float(np.mean((said - truth) ** 2)), 4),
        "ECE": round(calibration_error(said, truth), 3),
    }


@dataclass(frozen=True, slots=True)
class Baselines:
    """Trivial predictors, fitted on some questions: the mean, their length, the task type that the first look tells."""

    mean: float
    edges: Values  # of the bins of length
    by_length: Values
    by_task: Mapping[str, float]

    @classmethod
    def of(cls, lengths: Values, tasks: Sequence[str], truth: Values) -> Baselines:
        """Fit on questions of these lengths in characters, tasks and shares of right answers."""
        mean = float(truth.mean())
        edges = np.unique(np.quantile(lengths, np.linspace(0, 1, BINS + 1)[1:-1]))
        bins = np.searchsorted(edges, lengths)
        sums, counts = (np.bincount(bins, weights, len(edges) + 1) for weights in (truth, None))
        shares = (sums + SHRINKAGE * mean) / (counts + SHRINKAGE)
        total, count = Counter[str](), Counter(tasks)
        for task, value in zip(tasks, truth.tolist(), strict=True):
            total[task] += value
        priors = {task: (total[task] + SHRINKAGE * mean) / (count[task] + SHRINKAGE) for task in count}
        return cls(mean, edges, shares, priors)

    def said(self, lengths: Values, tasks: Sequence[str]) -> dict[str, Values]:
        """Their probabilities."""
        return {
            "constant": np.full(len(lengths), self.mean),
            "prompt length": self.by_length[np.searchsorted(self.edges, lengths)],
            "task type": np.array([self.by_task.get(task, self.mean) for task in tasks]),
        }


def scores(head: DifficultyHead, looks: Sequence[Look]) -> Values:
    """The log odds of many looks, shape (n,)."""
    return np.array([head.score(look) for look in looks])


def held_out(looks: Sequence[Look], truth: Values, groups: NDArray[np.int64]) -> Values:
    """The log odds of each question by a head that saw none of its group."""
    found = np.zeros(len(truth))
    for group in np.unique(groups):
        out, kept = _parts(groups, group)
        head = DifficultyHead.fit([looks[place] for place in kept], truth[kept], TASKS)
        found[out] = scores(head, [looks[place] for place in out])
    return found


def _parts(groups: NDArray[np.int64], group: np.int64) -> tuple[list[int], list[int]]:
    """The places of a group, and all others."""
    return np.flatnonzero(groups == group).tolist(), np.flatnonzero(groups != group).tolist()


def likely(odds: Values) -> Values:
    """Log odds as probabilities."""
    return 1.0 / (1.0 + np.exp(-odds))


def compared(said: Values, known: Asked, tasks: Sequence[str], groups: NDArray[np.int64]) -> dict[str, Any]:
    """The head's figures beside those of the baselines, which saw no more of a question than the head."""
    lengths = np.array([float(len(text)) for text in known.texts])
    rows: dict[str, Values] = {name: np.zeros(len(said)) for name in ("constant", "prompt length", "task type")}
    for group in np.unique(groups):
        out, kept = _parts(groups, group)
        fitted = Baselines.of(lengths[kept], [tasks[place] for place in kept], known.standard[kept])
        for name, found in fitted.said(lengths[out], [tasks[place] for place in out]).items():
            rows[name][out] = found
    return {name: figures(found, known.standard) for name, found in {**rows, "this head": said}.items()}


def steps(said: Values, known: Asked) -> dict[str, Any]:
    """What a threshold on the probability parts: of the questions under it and from it on, who was right how often."""
    found = {}
    for edge in np.arange(0.3, 0.91, 0.05):
        under = said < edge
        found[f"{edge:.2f}"] = {
            "share under": round(float(under.mean()), 3),
            "standard right, under": _mean(known.standard[under]),
            "standard right, from it on": _mean(known.standard[~under]),
            "small right, from it on": _mean(known.small[~under]),
            "caught - raised": round(float(_caught(under, known.standard)), 3),
        }
    return found


def _caught(under: NDArray[np.bool_], truth: Values) -> float:
    """Of the wrong answers the share under a threshold, less that of the right ones (Youden's J)."""
    return float(under @ (1 - truth) / (1 - truth).sum() - under @ truth / truth.sum())


def _mean(values: Values) -> float | None:
    return round(float(values.mean()), 3) if len(values) else None


# ── the build ────────────────────────────────────────────────────────────────────────────────────


def build(folder: Path, out: Path, embedder: StaticEmbedder) -> dict[str, Any]:
    """Learn the head and write it under `out`; return what its card tells. The task head must be there already."""
    known, left_out = asked(folder)
    looks, task = embedder.looks(known.texts), TaskHead.load(out / "task")
    tasks = [task.predict(look).label for look in looks]
    folds: NDArray[np.int64] = np.random.default_rng(SEED).permutation(len(looks)) % FOLDS
    odds = held_out(looks, known.standard, folds)
    gain, offset = platt(odds.astype(np.float32), known.standard)
    head = DifficultyHead.fit(looks, known.standard, TASKS).tempered(gain, offset)
    head.save(out / "difficulty")
    names = [SETS.get(name, name) for name in known.sets]
    by_set = np.unique(names, return_inverse=True)[1].astype(np.int64)
    strange = likely(gain * held_out(looks, known.standard, by_set) + offset)
    said = likely(gain * odds + offset)
    return {
        "left_out": left_out,
        "n": len(looks),
        "gain": round(gain, 3),
        "offset": round(offset, 3),
        "sets": _by_set(names, known, said, strange),
        "random": compared(said, known, tasks, folds),
        "strange": compared(strange, known, tasks, by_set),
        "steps": steps(said, known),
        "steps_strange": steps(strange, known),
        "test": tested(folder, head, known, tasks, embedder, task),
        "tasks": list(TASKS),
    }


def _by_set(names: Sequence[str], known: Asked, said: Values, strange: Values) -> dict[str, Any]:
    found = {}
    for name in dict.fromkeys(names):
        here = np.array([each == name for each in names])
        found[name] = {
            "questions": int(here.sum()),
            "standard right": _mean(known.standard[here]),
            "small right": _mean(known.small[here]),
            "said": _mean(said[here]),
            "said, never seen": _mean(strange[here]),
            "AUROC within": figures(said[here], known.standard[here])["AUROC"],
        }
    return found


def tested(
    folder: Path, head: DifficultyHead, known: Asked, tasks: Sequence[str], embedder: StaticEmbedder, task: TaskHead
) -> dict[str, Any]:
    """The figures on the test file, but for questions without a key, beside baselines fitted on all of `known`."""
    found = [row for row in data.rows(folder, TEST) if row["question"].count(",") < 10 or "?" in row["question"]]
    looks = embedder.looks([row["question"] for row in found])
    truth = np.array([right(row) for row in found])
    lengths = np.array([float(len(row["question"])) for row in found])
    fitted = Baselines.of(np.array([float(len(text)) for text in known.texts]), tasks, known.standard)
    rows = fitted.said(lengths, [task.predict(look).label for look in looks])
    rows["this head"] = likely(scores(head, looks))
    return {name: {"n": len(found), **figures(said, truth)} for name, said in rows.items()}
