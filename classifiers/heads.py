"""The light heads on top of the trunk: labels, scores, and tags of words.

Each turns what the encoder saw into an answer and a calibrated confidence, the chance that the whole answer is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.embed import Vector

TOLERANCE = 0.2  # a score off by more than this share of its scale is wrong
# As the tagged collections cut words: a possessive or a contraction stands alone.
WORDS = re.compile(r"\w+(?:[-.&]\w+)*|['’](?:s|t|re|ve|ll|d|m)\b|[@#]\w+|[^\w\s]", re.IGNORECASE)
NEVER = -1e9  # the score of a step that no sequence of tags may take
Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Head:
    """A multinomial logistic regression over rows, for one label set.

    `weights` has shape (d, c) and `bias` (c,): the first d numbers of a row are read, c classes told apart. A class is
    a label, unless `joins` gives the classes of each label.
    """

    labels: tuple[str, ...]
    weights: Vector
    bias: Vector
    temperature: float = 1.0
    joins: tuple[tuple[int, ...], ...] = ()

    def probabilities(self, rows: Vector) -> NDArray[np.float32]:
        """Calibrated probabilities of rows (n, d or more), shape (n, labels)."""
        scores = rows[:, : len(self.weights)] @ self.weights + self.bias
        found = softmaxes(scores / np.float32(self.temperature))
        return np.stack([found[:, each].sum(axis=1) for each in self.joins], axis=1) if self.joins else found

    def read(self, row: Vector) -> tuple[str, float]:
        """The likeliest label of one row and its probability."""
        found = self.probabilities(row[None, :])[0]
        best = int(found.argmax())
        return self.labels[best], float(found[best])

    def among(self, labels: Sequence[str], names: Sequence[str] = ()) -> Head:
        """The head for some of its labels alone, under other names where these are given; "a|b" stands for either."""
        parts = [[self.labels.index(each) for each in label.split("|")] for label in labels]
        places = sorted(place for part in parts for place in part)
        joins = tuple(tuple(places.index(place) for place in part) for part in parts)
        weights, bias = np.ascontiguousarray(self.weights[:, places]), self.bias[places]
        return Head(tuple(names or labels), weights, bias, self.temperature, joins)

    @classmethod
    def fit(cls, rows: Vector, labels: Sequence[str], weight: ArrayLike | None = None, c: float = 0.003) -> Head:
        """Fit on rows (n, d). Raises ValueError for fewer than two labels. Deterministic."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only fitting needs it

        names = sorted(set(labels))
        mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        model = LogisticRegression(C=c, max_iter=500).fit((rows - mean) / spread, list(labels), sample_weight=weight)
        coefficients, bias = model.coef_, model.intercept_
        if len(names) == 2:  # scikit-learn keeps one row for two labels
            coefficients, bias = np.concatenate((-coefficients, coefficients)) / 2, np.array([-bias[0], bias[0]]) / 2
        weights = (coefficients / spread).T
        return cls(tuple(names), weights.astype(np.float32), (bias - mean @ weights).astype(np.float32))

    def calibrated(self, rows: Vector, labels: Sequence[str]) -> Head:
        """The same head with the temperature that makes these held-out rows likeliest."""
        truth = np.array([self.labels.index(label) for label in labels])
        plain = replace(self, temperature=1.0)

        def loss(temperature: float) -> float:
            found = replace(plain, temperature=temperature).probabilities(rows)
            return -float(np.log(np.maximum(found[np.arange(len(truth)), truth], 1e-9)).mean())

        return replace(self, temperature=min(np.geomspace(0.2, 8.0, 80).tolist(), key=loss))


@dataclass(frozen=True, slots=True)
class ScoreHead:
    """A score in [0, 1] of a pair, and whether it is off by no more than `TOLERANCE`.

    What the trunk makes of the pair, as a logit, and the cosine of both texts' sentence embeddings are added with the
    weights of `mix`, after its bias: neither is as good alone. `trust` has a bias and the weights of the score and of
    its square: high scores are surer than middling ones.
    """

    weights: Vector  # (d, 1)
    bias: Vector  # (1,)
    mix: tuple[float, ...] = (0.5, 0.1, 0.0)
    trust: tuple[float, ...] = (0.0, 0.0, 0.0)
    labels: tuple[str, ...] = ()  # a score has none

    def scores(self, rows: Vector, cosines: Floats) -> Floats:
        """Scores of pairs with rows (n, d or more) and cosines (n,), shape (n,), in [0, 1]."""
        bias, logit, cosine = self.mix
        found: Floats = np.clip(bias + logit * self._logits(rows) + cosine * cosines, 0.0, 1.0)
        return found

    def confidences(self, scores: Floats) -> Floats:
        """The chance that each of these scores is near enough, shape (n,)."""
        bias, first, second = self.trust
        found: Floats = 1.0 / (1.0 + np.exp(-(bias + first * scores + second * scores**2)))
        return found

    def read(self, row: Vector, cosine: float) -> tuple[str, float]:
        """The score as a decimal and the chance that it is near enough."""
        score = self.scores(row[None, :], np.array([cosine]))
        return f"{float(score[0]):.4f}", float(self.confidences(score)[0])

    def calibrated(self, rows: Vector, cosines: Floats, truth: Floats) -> ScoreHead:
        """The same head with mix and trust fitted on held-out pairs and their true scores."""
        from sklearn.linear_model import LogisticRegression, Ridge  # noqa: PLC0415 - only fitting needs it

        model = Ridge(1e-2).fit(np.stack((self._logits(rows), cosines), axis=1), truth)
        mixed = replace(self, mix=(float(model.intercept_), *map(float, model.coef_)))
        scores = mixed.scores(rows, cosines)
        near = LogisticRegression(C=10.0).fit(
            np.stack((scores, scores**2), axis=1), np.abs(scores - truth) <= TOLERANCE
        )
        return replace(mixed, trust=(float(near.intercept_[0]), *map(float, near.coef_[0])))

    def _logits(self, rows: Vector) -> Floats:
        found: Floats = (rows[:, : len(self.weights)] @ self.weights + self.bias)[:, 0].astype(np.float64)
        return found


@dataclass(frozen=True, slots=True)
class TagHead:
    """BIO tags of words, decoded so that no entity begins in its middle.

    `weights` has shape (d, tags); `trust` has a bias and the weight of the log-odds of the sequence, which together
    give the chance that every entity is right.
    """

    tags: tuple[str, ...]
    weights: Vector
    bias: Vector
    trust: tuple[float, ...] = (0.0, 1.0)

    @property
    def labels(self) -> tuple[str, ...]:
        """The types of entities."""
        return tuple(sorted({tag[2:] for tag in self.tags if tag != "O"}))

    def best(self, states: Vector) -> tuple[list[str], float]:
        """The likeliest sequence of tags for words (m, d), and its log-probability under independent words."""
        if not len(states):
            return [], 0.0
        logs = np.log(np.maximum(softmaxes(states @ self.weights + self.bias), 1e-9))
        steps = self._steps()
        scores = logs[0] + np.array([NEVER if tag.startswith("I-") else 0.0 for tag in self.tags])
        back = []
        for own in logs[1:]:
            through = scores[:, None] + steps
            back.append(through.argmax(axis=0))
            scores = through.max(axis=0) + own
        path = [int(scores.argmax())]
        for places in reversed(back):
            path.append(int(places[path[-1]]))
        path.reverse()
        return [self.tags[place] for place in path], float(logs[np.arange(len(path)), path].sum())

    def confidence(self, log_probability: float) -> float:
        """The chance that every entity is right, of a sequence of this log-probability."""
        bias, slope = self.trust
        likelihood = min(max(exp(log_probability), 1e-6), 1.0 - 1e-6)
        return 1.0 / (1.0 + exp(-(bias + slope * float(np.log(likelihood / (1.0 - likelihood))))))

    def calibrated(self, log_probabilities: Floats, right: ArrayLike) -> TagHead:
        """The same head with its trust fitted on held-out sentences: their log-probabilities and who is right."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only fitting needs it

        likelihood = np.clip(np.exp(log_probabilities), 1e-6, 1.0 - 1e-6)
        model = LogisticRegression(C=10.0).fit(
            np.log(likelihood / (1.0 - likelihood))[:, None], np.asarray(right, bool)
        )
        return replace(self, trust=(float(model.intercept_[0]), float(model.coef_[0][0])))

    def _steps(self) -> Floats:
        """What a step from one tag to the next costs, shape (tags, tags): nothing, or everything."""
        return np.array(
            [
                [0.0 if not into.startswith("I-") or out[2:] == into[2:] else NEVER for into in self.tags]
                for out in self.tags
            ]
        )


def spans(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """The entities of BIO tags: type, first word and the word after the last, in order."""
    found: list[tuple[str, int, int]] = []
    for place, tag in enumerate(tags):
        if tag == "O":
            continue
        side, kind = tag[0], tag[2:]
        if side == "I" and found and found[-1][0] == kind and found[-1][2] == place:
            found[-1] = (kind, found[-1][1], place + 1)
        else:
            found.append((kind, place, place + 1))
    return found


def words_of(text: str) -> list[tuple[str, int, int]]:
    """The words of a text as the taggers read them, with their places in characters."""
    return [(match[0], match.start(), match.end()) for match in WORDS.finditer(text)]


def entities(text: str, places: Sequence[tuple[str, int, int]], tags: Sequence[str]) -> str:
    """Tagged words as the answer of an expert: a JSON list of [type, text], in the order of the text."""
    found = [[kind, text[places[first][1] : places[end - 1][2]]] for kind, first, end in spans(tags)]
    return json.dumps(found, ensure_ascii=False)


def softmaxes(scores: Vector) -> NDArray[np.float32]:
    """Scores (n, labels) as probabilities."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return found
