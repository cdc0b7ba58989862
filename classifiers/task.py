"""What kind of work is this? The task head: one linear layer over a static look.

Features are the look's vector and hashed token n-grams of its ids: single tokens and pairs anywhere, and again
those among the first and the last sixteen tokens, where instructions stand. Predicting is a gather of table
rows and one small product.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors.numpy import load_file, save_file

from classifiers.embed import Ids, Look, Vector

EDGE = 16  # tokens at head and tail that may hold the instruction
BITS = 16  # 65,536 buckets
VECTOR_SHARE = np.float32(0.5)  # weight of the look's vector against the n-grams, chosen on `valid`

# Odd 64-bit constants (golden ratio, and two of xxHash64's primes) for a multiplicative hash.
_FIRST, _SECOND, _KIND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_FOLD, _SHIFT = np.uint64(32), np.uint64(64 - BITS)
_KINDS = np.arange(1, 8, dtype=np.uint64) * _KIND


@dataclass(frozen=True, slots=True)
class Guess:
    """The task type guessed: its label, its calibrated probability in [0, 1] and the label next in line."""

    label: str
    confidence: float
    runner_up: str


def buckets(ids: Ids) -> NDArray[np.int64]:
    """The distinct hash buckets, in [0, 65536), of the n-grams of one text's token ids."""
    tokens = ids.astype(np.uint64)
    first, second = tokens * _FIRST, tokens * _SECOND
    pairs = first[:-1] ^ second[1:]
    size = np.array([(len(ids) + 1).bit_length()], np.uint64) * _FIRST + _KINDS[6]
    grams = np.concatenate(
        (
            first + _KINDS[0],
            pairs + _KINDS[1],
            first[:EDGE] + _KINDS[2],
            first[-EDGE:] + _KINDS[3],
            pairs[: EDGE - 1] + _KINDS[4],
            pairs[1 - EDGE :] + _KINDS[5],
            size,
        )
    )
    grams ^= grams >> _FOLD
    found = ((grams * _SECOND) >> _SHIFT).astype(np.int64)
    found.sort()
    # What np.unique does, in a quarter of its time at this size.
    fresh = np.empty(len(found), bool)
    fresh[0] = True
    np.not_equal(found[1:], found[:-1], out=fresh[1:])
    return found[fresh]


class TaskHead:
    """Linear scores over buckets and vector, made probabilities by one temperature."""

    def __init__(
        self,
        labels: Sequence[str],
        table: NDArray[np.int8],
        scale: Vector,
        dense: Vector,
        bias: Vector,
        temperature: float,
    ) -> None:
        self.labels = tuple(labels)
        self._table = table  # (65,536, labels)
        self._scale = scale  # (labels,)
        self._dense = dense  # (256, labels)
        self._bias = bias  # (labels,)
        self.temperature = temperature

    def scores(self, look: Look) -> Vector:
        """The raw linear scores of one look, shape (labels,)."""
        rows = buckets(look.ids)
        grams: Vector = np.add.reduce(self._table.take(rows, axis=0), axis=0, dtype=np.float32)
        found: Vector = grams * (self._scale / np.float32(np.sqrt(len(rows)))) + look.vector @ self._dense + self._bias
        return found

    def probabilities(self, look: Look) -> Vector:
        """Calibrated probabilities of one look, shape (labels,), summing to 1."""
        scaled = self.scores(look) / np.float32(self.temperature)
        powers: Vector = np.exp(scaled - scaled.max())
        found: Vector = powers / powers.sum()
        return found

    def predict(self, look: Look) -> Guess:
        """The likeliest task type of one look; never raises."""
        found = self.probabilities(look)
        best = int(found.argmax())
        confidence = float(found[best])
        found[best] = -1.0  # the array is ours: the next largest is the runner-up
        return Guess(self.labels[best], confidence, self.labels[int(found.argmax())])

    @classmethod
    def fit(
        cls, looks: Sequence[Look], labels: Sequence[str], weight: ArrayLike | None = None, c: float = 0.5
    ) -> TaskHead:
        """Fit one-against-the-rest linear SVMs, rows weighted by `weight` (n,); the temperature stays 1.

        Logistic regression was tried first: slower, and seven points worse on unseen data sets. Raises
        ValueError for fewer than two labels. Deterministic.
        """
        from sklearn.svm import LinearSVC  # noqa: PLC0415 - only fitting needs it

        names = sorted(set(labels))
        model = LinearSVC(C=c, random_state=0)
        model.fit(_matrix(looks), np.searchsorted(names, labels), sample_weight=weight)
        weights, bias = model.coef_, model.intercept_
        if len(names) == 2:  # scikit-learn keeps one row for two labels
            weights, bias = np.concatenate((-weights, weights)), np.concatenate((-bias, bias))
        table = weights[:, : 1 << BITS].T
        scale = np.maximum(np.abs(table).max(axis=0), 1e-9) / 127
        dense = (weights[:, 1 << BITS :].T * VECTOR_SHARE).astype(np.float32)
        quantised = np.rint(table / scale).astype(np.int8)
        return cls(names, quantised, scale.astype(np.float32), dense, bias.astype(np.float32), 1.0)

    def calibrated(self, scores: Vector, labels: Sequence[str]) -> TaskHead:
        """The same head with the temperature that makes these raw scores (n, labels) likeliest."""
        truth = np.array([self.labels.index(label) for label in labels])
        best = min(np.geomspace(0.02, 5.0, 120).tolist(), key=lambda t: _loss(scores, truth, t))
        return TaskHead(self.labels, self._table, self._scale, self._dense, self._bias, best)

    def save(self, folder: Path) -> None:
        """Write `task.safetensors` and `task.json`; the folder is made when it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {"table": self._table, "scale": self._scale, "dense": self._dense, "bias": self._bias}
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / "task.safetensors")
        facts = {"labels": self.labels, "temperature": self.temperature}
        (folder / "task.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TaskHead:
        """Read what `save` wrote. Raises OSError when a file is missing."""
        facts = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "task.safetensors")
        return cls(
            facts["labels"], arrays["table"], arrays["scale"], arrays["dense"], arrays["bias"], facts["temperature"]
        )


def _matrix(looks: Sequence[Look]) -> Any:
    """The features of many looks as a sparse matrix, shape (n, 65,536 + 256)."""
    from scipy import sparse  # noqa: PLC0415 - only fitting needs it

    found = [buckets(look.ids) for look in looks]
    starts = np.cumsum([0, *map(len, found)])
    values = np.concatenate([np.full(len(rows), len(rows) ** -0.5) for rows in found])
    grams = sparse.csr_matrix((values, np.concatenate(found), starts), shape=(len(looks), 1 << BITS))
    vectors = sparse.csr_matrix(np.stack([look.vector for look in looks]) * VECTOR_SHARE)
    return sparse.hstack((grams, vectors), format="csr")


def _loss(scores: Vector, truth: NDArray[np.int64], temperature: float) -> float:
    """Mean negative log likelihood of the true labels under softmax(scores / temperature)."""
    scaled = scores / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(truth)), truth]).mean())
