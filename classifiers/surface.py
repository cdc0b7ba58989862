"""How a text is written: n-grams of its characters, whatever its language or script.

The trunk's vocabulary is English and knows no case, so that of a text in another script it sees little more than its
length. A linear model over hashed n-grams sees what is there, and learns names, codes and misspellings besides. Where
few examples are to teach an expert, both together are better than either.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from classifiers.embed import Vector
from classifiers.heads import Head, softmaxes

CHARS = 2_000  # of a text; what follows is not read
LONGEST = 5  # characters of an n-gram
BITS = 20  # of a bucket's number
MOST = 30_000  # buckets that are kept, those of most texts
STRENGTH = 10.0  # of the fit: the larger, the closer to the examples
FEW = 2_000  # examples
LEAST = 1e-6  # probability; less is all the same
_FACTOR, _MIX = np.uint64(0x100000001B3), np.uint64(0x9E3779B97F4A7C15)  # of FNV-1a and of the golden ratio
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Surface:
    """A multinomial logistic regression over the n-grams of a text, beside a head that reads the trunk's row of it.

    `buckets` has shape (k,), ascending; `idf` (k,), `weights` (k, c) and `bias` (c,) belong to them, c labels in
    alphabetical order. `shares` weigh the log-probabilities of the head and of this; what they give is calibrated.
    """

    buckets: Ids
    idf: Vector
    weights: Vector
    bias: Vector
    shares: tuple[float, float] = (1.0, 1.0)

    def scores(self, text: str) -> Vector:
        """Scores of the labels, shape (c,): the bias alone for a text of unknown n-grams."""
        places, values = _weighed(text, self.buckets, self.idf)
        found: Vector = values @ self.weights[places] + self.bias
        return found

    def probabilities(self, head: Head, rows: Vector, texts: Sequence[str]) -> Vector:
        """What both say together of texts and the trunk's rows of them, shape (n, c)."""
        own = log_softmax(np.stack([self.scores(text) for text in texts]))
        return blended(np.log(np.maximum(head.probabilities(rows), LEAST)), own, self.shares)

    def read(self, head: Head, row: Vector, text: str) -> tuple[str, float]:
        """The likeliest label of one text and its probability."""
        found = self.probabilities(head, row[None, :], [text])[0]
        best = int(found.argmax())
        return head.labels[best], float(found[best])

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str]) -> Surface:
        """Fit on labelled texts. Deterministic. Raises ValueError for fewer than two labels."""
        from scipy.sparse import csr_matrix  # noqa: PLC0415 - only fitting needs it
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only fitting needs it

        buckets, idf = _vocabulary(texts)
        rows = [_weighed(text, buckets, idf) for text in texts]
        ends = np.cumsum([0, *(len(places) for places, _ in rows)])
        places, values = (np.concatenate([row[part] for row in rows]) for part in (0, 1))
        matrix = csr_matrix((values.astype(np.float64), places, ends), shape=(len(rows), len(buckets)))
        model: Any = LogisticRegression(C=STRENGTH, max_iter=300)
        if (
            len(rows) <= FEW
        ):  # the same fit among the rows' own directions, of which there are far fewer: 10 times faster
            directions, inside = _inside(matrix)
            model.fit(inside, list(labels))
            weights = matrix.T @ (directions @ model.coef_.T)
        else:
            weights = model.fit(matrix, list(labels)).coef_.T
        bias = model.intercept_
        if weights.shape[1] == 1:  # scikit-learn keeps one column for two labels
            weights, bias = np.concatenate((-weights, weights), axis=1) / 2, np.array([-bias[0], bias[0]]) / 2
        return cls(buckets, idf, _half(weights), bias.astype(np.float32))

    def save(self, folder: Path, name: str = "surface") -> None:
        """Write `<name>.safetensors`."""
        arrays: dict[str, Any] = {
            "buckets": self.buckets.astype(np.int32),
            "idf": self.idf.astype(np.float16),
            "bias": self.bias,
        }
        arrays |= {"weights": self.weights.astype(np.float16), "shares": np.array(self.shares, np.float64)}
        save_file(arrays, folder / f"{name}.safetensors")

    @classmethod
    def load(cls, folder: Path, name: str = "surface") -> Surface:
        """Read what `save` wrote. Raises OSError when it is missing."""
        arrays = load_file(folder / f"{name}.safetensors")
        idf, weights = (arrays[part].astype(np.float32) for part in ("idf", "weights"))
        first, second = arrays["shares"].tolist()
        return cls(arrays["buckets"].astype(np.int64), idf, weights, arrays["bias"], (first, second))


def blended(ours: Vector, theirs: Vector, shares: tuple[float, float]) -> Vector:
    """Two sets of log-probabilities (n, c), weighed, as probabilities."""
    return softmaxes(np.float32(shares[0]) * ours + np.float32(shares[1]) * theirs)


def best_shares(ours: Vector, theirs: Vector, places: NDArray[np.intp]) -> tuple[float, float]:
    """The shares under which the right labels, at `places` (n,), are likeliest; of rows that neither was fitted on."""

    def loss(shares: tuple[float, float]) -> float:
        found = blended(ours, theirs, shares)[np.arange(len(places)), places]
        return -float(np.log(np.maximum(found, LEAST)).mean())

    scale = [0.0, *np.geomspace(0.1, 4.0, 20).tolist()]
    return min(((first, second) for first in scale for second in scale if first or second), key=loss)


def grams(text: str) -> Ids:
    """The bucket of every n-gram of one to five characters, in no order; case, blanks and widths do not count."""
    plain = f" {' '.join(unicodedata.normalize('NFKC', text[:CHARS]).lower().split())} "
    codes = np.frombuffer(plain.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    found, hashes = [], np.zeros(len(codes) + 1, np.uint64)
    for length in range(1, min(LONGEST, len(codes)) + 1):
        hashes = (hashes[: len(codes) - length + 1] ^ codes[length - 1 :]) * _FACTOR
        found.append((hashes * _MIX) >> np.uint64(64 - BITS))
    return np.concatenate(found).astype(np.int64)


def log_softmax(scores: Vector) -> Vector:
    """Scores (n, c) as log-probabilities, none below that of one in a million."""
    return np.log(np.maximum(softmaxes(scores), LEAST))


def _inside(matrix: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The rows (n, k) in the space that they span, shape (n, r), and what leads from there back to sums of rows."""
    squares, vectors = np.linalg.eigh((matrix @ matrix.T).toarray())
    kept = squares > 1e-9 * squares[-1]
    lengths = np.sqrt(squares[kept])
    return vectors[:, kept] / lengths, vectors[:, kept] * lengths


def _vocabulary(texts: Sequence[str]) -> tuple[Ids, Vector]:
    """The buckets that stand in two texts at least, ascending, with the inverse of how many texts they stand in."""
    buckets, counts = np.unique(np.concatenate([np.unique(grams(text)) for text in texts]), return_counts=True)
    kept = np.sort(np.lexsort((buckets, -counts))[: min(MOST, int((counts > 1).sum()))])
    return buckets[kept], _half(1.0 + np.log((1.0 + len(texts)) / (1.0 + counts[kept])))


def _weighed(text: str, buckets: Ids, idf: Vector) -> tuple[Ids, Vector]:
    """Where the text's known n-grams stand among the buckets, and how much each counts; of unit length."""
    own, counts = np.unique(grams(text), return_counts=True)
    places = np.searchsorted(buckets, own)
    known = buckets[np.minimum(places, len(buckets) - 1)] == own if len(buckets) else np.zeros(len(own), bool)
    places = places[known]
    values = (1.0 + np.log(counts[known])).astype(np.float32) * idf[places]
    return places, values / np.float32(max(float(np.sqrt(values @ values)), 1e-9))


def _half(array: NDArray[Any]) -> Vector:
    """Rounded to float16 as on disk, so that what was fitted and what is loaded say the same."""
    return np.ascontiguousarray(array.astype(np.float16).astype(np.float32))
