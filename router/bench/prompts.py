"""The prompts that benchmarks of the task type measure on, what a method says of them, and trivial methods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from classifiers.embed import StaticEmbedder
from router.bench.results import rows_of

FILE = "prompts_task_type"
SEED = 7
LENGTH_BINS = 20  # of the baseline that knows the length alone


@dataclass(frozen=True, slots=True)
class Said:
    """What a method says of each prompt: labels, confidences in [0, 1], and whether it took the second look."""

    labels: Sequence[str]
    confidence: Sequence[float]
    second: Sequence[bool] = ()

    def where(self, keep: Sequence[bool]) -> Said:
        """What it says of the prompts that `keep` marks."""
        second = list(compress(self.second, keep))
        return Said(list(compress(self.labels, keep)), list(compress(self.confidence, keep)), second)

    @classmethod
    def likeliest(cls, names: Sequence[str], probabilities: NDArray[np.float64]) -> Said:
        """The likeliest of `names` by row, of probabilities (n, names)."""
        best = probabilities.argmax(axis=1)
        return cls([names[place] for place in best], probabilities.max(axis=1).tolist())


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts of one split: ids, texts, their task labels and their sources."""

    ids: Sequence[str]
    texts: Sequence[str]
    tasks: Sequence[str]
    sources: Sequence[str] = ()

    @classmethod
    def of(cls, data: Path, split: str) -> Prompts:
        """The prompts of a split.

        Raises:
            FileNotFoundError: there are none.
        """
        rows = rows_of(data, FILE, split)
        return cls(*([row[name] for row in rows] for name in ("id", "text", "task", "source")))

    def where(self, keep: Sequence[bool]) -> Prompts:
        """The part of them that `keep` marks."""
        columns = (self.ids, self.texts, self.tasks, self.sources)
        return Prompts(*(list(compress(column, keep)) for column in columns))


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
