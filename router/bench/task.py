"""`surveyor bench task`: how often the task type is told on collections that no head has seen, beside trivial methods.

A wrong task type matters where it changes who is asked, so the kind of target is counted too (`kind_of_target`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from classifiers.embed import StaticEmbedder
from classifiers.shipped import Shipped
from classifiers.train.measure import calibration_error, macro_f1
from policies.cases import Given
from policies.engine import Policy
from policies.store import PolicyStore
from router.bench.results import Cell, Interval, Result, Row, Target, interval, paired_interval, rows_of, told

FILE = "prompts_task_type"
SEED = 7
PROFILE = "2026"
COLUMNS = ("method", "accuracy", "macro-F1", "ECE", "kind of target", "second look")
BINS = 15  # of the calibration error
LENGTH_BINS = 20  # of the baseline that knows the length alone
WORST, SHOWN = 10, 2  # confusions told, and examples of each

PROMISED = (
    ("pipeline", "accuracy", 0.80),
    ("pipeline", "macro-F1", 0.80),
    ("pipeline", "kind of target", 0.95),
    ("pipeline", "ECE", 0.05),
    ("first look", "accuracy", 0.70),
)

Probabilities = Mapping[str, float]


# ── the join: what is measured of the shipped models ─────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks that ship: text to probability by label; `pipeline` to label, confidence and the look that said it."""

    first: Callable[[str], Probabilities]
    second: Callable[[str], Probabilities]
    pipeline: Callable[[str], tuple[str, float, str]]


def looks_of(shipped: Shipped) -> Looks:
    """The looks of the shipped models."""

    def first(text: str) -> Probabilities:
        found = shipped.task.probabilities(shipped.embedder.look(text))
        return dict(zip(shipped.task.labels, found.tolist(), strict=True))

    def second(text: str) -> Probabilities:
        found = softmax(shipped.second.scores(text))  # alone, so its logits are not weighed with the first look's
        return dict(zip(shipped.task.labels, found.tolist(), strict=True))

    def pipeline(text: str) -> tuple[str, float, str]:
        guess = shipped.task_of(text)
        return guess.label, guess.confidence, guess.look

    return Looks(first, second, pipeline)


# ── what a method says ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Said:
    """What a method says of each prompt: labels, confidences in [0, 1], and whether it took the second look."""

    labels: Sequence[str]
    confidence: Sequence[float]
    second: Sequence[bool] = ()

    @classmethod
    def likeliest(cls, names: Sequence[str], probabilities: NDArray[np.float64]) -> Said:
        """The likeliest of `names` by row, of probabilities (n, names)."""
        best = probabilities.argmax(axis=1)
        return cls([names[place] for place in best], probabilities.max(axis=1).tolist())


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts of one split: ids, texts and their task labels."""

    ids: Sequence[str]
    texts: Sequence[str]
    tasks: Sequence[str]

    @classmethod
    def of(cls, data: Path, split: str) -> Prompts:
        """The prompts of a split. Raises FileNotFoundError where there are none."""
        rows = rows_of(data, FILE, split)
        return cls([row["id"] for row in rows], [row["text"] for row in rows], [row["task"] for row in rows])


def random(train: Prompts, test: Prompts) -> Said:
    """Any label that was seen in training, as likely as any other."""
    names = sorted(set(train.tasks))
    drawn = np.random.default_rng(SEED).integers(0, len(names), len(test.texts))
    return Said([names[place] for place in drawn], [1 / len(names)] * len(drawn))


def most_frequent(train: Prompts, test: Prompts) -> Said:
    """The label most frequent in training; of several the first by name."""
    label, n = min(Counter(train.tasks).items(), key=lambda item: (-item[1], item[0]))
    return Said([label] * len(test.texts), [n / len(train.tasks)] * len(test.texts))


def by_length(train: Prompts, test: Prompts) -> Said:
    """The label most frequent in training among prompts of about this length, in characters."""
    lengths = [len(text) for text in train.texts]
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, LENGTH_BINS + 1)[1:-1]))
    names = sorted(set(train.tasks))
    counts = np.zeros((len(edges) + 1, len(names)))
    np.add.at(counts, (np.searchsorted(edges, lengths), np.searchsorted(names, train.tasks)), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return Said.likeliest(names, shares[np.searchsorted(edges, [len(text) for text in test.texts])])


def svm(train: Prompts, valid: Prompts) -> Callable[[Sequence[str]], Said]:
    """TF-IDF of words and pairs of words, linear SVM; softmax of its margins with the temperature likeliest on `valid`.

    Temperature scaling is Guo et al. 2017 (arXiv:1706.04599).
    """
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = LinearSVC(C=0.5, random_state=SEED).fit(words.fit_transform(train.texts), train.tasks)
    names = [str(name) for name in model.classes_]

    def margins(texts: Sequence[str]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = model.decision_function(words.transform(texts))
        return np.stack((-found, found), axis=1) if found.ndim == 1 else found  # two labels have one margin

    known = np.isin(valid.tasks, names)
    held, truth = margins(valid.texts)[known], np.searchsorted(names, np.array(valid.tasks)[known])

    def loss(heat: float) -> float:
        return -float(log_softmax(held / heat, axis=1)[np.arange(len(truth)), truth].mean())

    best = min(np.geomspace(0.02, 5.0, 60).tolist(), key=loss) if len(truth) else 1.0
    return lambda texts: Said.likeliest(names, softmax(margins(texts) / best, axis=1))


def logistic(train: Prompts, test: Prompts, embedder: StaticEmbedder) -> Said:
    """The shipped static embedding, logistic regression on top."""
    seen, new = (np.stack([look.vector for look in embedder.looks(each.texts)]) for each in (train, test))
    model = LogisticRegression(C=10.0, max_iter=300).fit(seen, train.tasks)
    return Said.likeliest([str(name) for name in model.classes_], model.predict_proba(new))


def of_look(look: Callable[[str], Probabilities], test: Prompts) -> Said:
    """The likeliest label of a look."""
    best = [max(look(text).items(), key=lambda item: item[1]) for text in test.texts]
    return Said([label for label, _ in best], [sure for _, sure in best])


def of_pipeline(pipeline: Callable[[str], tuple[str, float, str]], test: Prompts) -> Said:
    """What both looks say together."""
    found = [pipeline(text) for text in test.texts]
    return Said(
        labels=[label for label, _, _ in found],
        confidence=[sure for _, sure, _ in found],
        second=[look == "second" for _, _, look in found],
    )


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def kind_of_target(policy: Policy, task: str) -> str:
    """Where the policy sends this task at its best: local, or to an LLM (or retrieve, where a rule says so).

    At its best means: the task type is sure, an open expert with labels enough is bound to it, a passage in the prompt
    holds the answer, nothing else is remarkable, all four tiers are up. So an expert that the policy would obey counts
    as local whether or not it ships today, and the mapping is the policy's own, not a list kept here.
    """
    given = Given.model_validate({"task": task, "facts": {"context": "sufficient"}, "experts": {task: {}}})
    return policy.decide(given.signals()).kind


def measure(data: Path) -> Result:
    """Accuracy of the task type on prompts of split `test`: other sources and other wordings than those learned.

    Raises:
        FileNotFoundError: the prompts are missing.
    """
    train, valid, test = (Prompts.of(data, split) for split in ("train", "valid", "test"))
    shipped = Shipped.load()
    looks = looks_of(shipped)
    said = {
        "random": random(train, test),
        "most frequent label": most_frequent(train, test),
        "length alone": by_length(train, test),
        "TF-IDF + linear SVM": svm(train, valid)(test.texts),
        "static embedding + logistic regression": logistic(train, test, shipped.embedder),
        "first look": of_look(looks.first, test),
        "second look": of_look(looks.second, test),
        "pipeline": of_pipeline(looks.pipeline, test),
    }
    policy = PolicyStore(PROFILE).current
    kinds = {task: kind_of_target(policy, task) for task in sorted({*train.tasks, *test.tasks})}
    rows = [row_of(name, each, test, kinds) for name, each in said.items()]
    ours, svm_right = list(said)[-1], right(said["TF-IDF + linear SVM"], test)
    return Result(
        name="task",
        about=(
            f"Task type of the {len(test.ids):,} prompts of {FILE}, split test, whose sources and wordings are not "
            f"those of train; baselines learn from the {len(train.ids):,} prompts of train; {len(kinds)} labels, "
            f"seed {SEED}."
        ),
        columns=COLUMNS,
        rows=rows,
        targets=targets(rows),
        details={
            "kind_of_target": {"profile": PROFILE, "local": [task for task, kind in kinds.items() if kind == "local"]},
            "ahead_of_svm": paired_interval(right(said[ours], test), svm_right, SEED),
            "of": ours,
            "by_label": by_label(said[ours], test),
            "confusion": confusion(said[ours], test),
            "worst_confusions": worst(said[ours], test),
            "reliability": reliability(said[ours], test),
        },
    )


def targets(rows: Sequence[Row]) -> list[Target]:
    """What was promised of the first look and of the pipeline, and what came out."""
    by_name = {str(row["method"]): row for row in rows}
    found = []
    for look, column, least in PROMISED:
        cell = by_name[look][column]
        value = cell.value if isinstance(cell, Interval) else float(str(cell))
        met = value <= least if column == "ECE" else value >= least
        found.append(Target(f"{look}, {column}", f"{'<=' if column == 'ECE' else '>='} {least}", told(cell), met))
    return found


def right(said: Said, test: Prompts) -> NDArray[np.float64]:
    """Whether each label is right, shape (n,), 0 or 1."""
    return np.array([label == task for label, task in zip(said.labels, test.tasks, strict=True)], np.float64)


def row_of(name: str, said: Said, test: Prompts, kinds: Mapping[str, str]) -> dict[str, Cell]:
    """A method's row of the table."""
    good = right(said, test)
    same = [kinds[label] == kinds[task] for label, task in zip(said.labels, test.tasks, strict=True)]
    row: dict[str, Cell] = {
        "method": name,
        "accuracy": interval(good, SEED),
        "macro-F1": macro_f1(test.tasks, said.labels),
        "ECE": calibration_error(said.confidence, good, BINS),
        "kind of target": interval(same, SEED),
    }
    return row | {"second look": float(np.mean(said.second))} if said.second else row


def by_label(said: Said, test: Prompts) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of each label, and how many prompts truly have it; 0 where nothing can be divided."""
    hits = Counter(task for task, label in zip(test.tasks, said.labels, strict=True) if task == label)
    meant, told = Counter(test.tasks), Counter(said.labels)
    return {
        label: {
            "n": meant[label],
            "precision": hits[label] / max(1, told[label]),
            "recall": hits[label] / max(1, meant[label]),
            "f1": 2 * hits[label] / (told[label] + meant[label]),
        }
        for label in sorted({*meant, *told})
    }


def confusion(said: Said, test: Prompts) -> dict[str, dict[str, int]]:
    """How often each true label was called which; what never happened is left out."""
    found: dict[str, dict[str, int]] = {}
    for (task, label), n in sorted(Counter(zip(test.tasks, said.labels, strict=True)).items()):
        found.setdefault(task, {})[label] = n
    return found


def worst(said: Said, test: Prompts) -> list[dict[str, Any]]:
    """The most frequent confusions, each with the ids of the first prompts that it befell."""
    places: dict[tuple[str, str], list[str]] = {}
    for name, task, label in zip(test.ids, test.tasks, said.labels, strict=True):
        if task != label:
            places.setdefault((task, label), []).append(name)
    order = sorted(places.items(), key=lambda item: (-len(item[1]), item[0]))[:WORST]
    return [{"task": task, "said": label, "n": len(names), "examples": names[:SHOWN]} for (task, label), names in order]


def reliability(said: Said, test: Prompts) -> list[dict[str, float]]:
    """By confidence, in bins of equal width: how many prompts, how sure, how often right; empty bins are left out."""
    sure, good = np.asarray(said.confidence), right(said, test)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    return [
        {
            "from": each / BINS,
            "n": int((place == each).sum()),
            "confidence": float(sure[place == each].mean()),
            "accuracy": float(good[place == each].mean()),
        }
        for each in range(BINS)
        if (place == each).any()
    ]
