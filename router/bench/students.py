"""Students of a teacher's labels, for `ocats`: what they may learn from, and how sure they are of a query."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from router.bench.results import rows_of

SEED_FILE = "routing/ocats_banking77_seed"
SENTENCE = 384  # the first numbers of a row are the sentence embedding
C, STEPS = 20.0, 40  # of the plain student's logistic regression; more steps cost time and change little
SOFTENED = 20.0  # softmax's factor on the process' regression scores
NOISE = {"seed": 0.1, "name": 0.05, "teacher": 0.4}  # variance of a label by who gave it: GPT-4 errs in every fifth
WIDTH = 2.0  # of the kernel: exp(-WIDTH * (1 - cosine))

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Values = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Scene:
    """Texts known from the start, then the queries, (n,) each; labels are places in a list of intents.

    `learned` is what a student may learn of each text: people's label of the first, the teacher's of the queries.
    """

    rows: NDArray[np.float32]  # (n, 384), of unit length
    pieces: csr_matrix  # TF-IDF of their words and of their pieces of words, side by side, each of unit length
    learned: Places
    source: NDArray[np.str_]  # "seed", "name" or "teacher"
    gold: Places  # people's labels of the queries, (queries,)
    intents: int

    @cached_property
    def meant(self) -> NDArray[np.float32]:
        """Cosine of every two texts by their rows, (n, n)."""
        return self.rows @ self.rows.T

    @cached_property
    def spelt(self) -> NDArray[np.float32]:
        """Cosine of every two texts by their words and pieces of words, (n, n)."""
        return np.asarray((self.pieces @ self.pieces.T).toarray() / 2, np.float32)

    @property
    def start(self) -> Places:
        """Where what is known from the start stands."""
        return np.flatnonzero(self.source != "teacher")

    @property
    def queries(self) -> Places:
        """Where the queries stand."""
        return np.flatnonzero(self.source == "teacher")

    def without_names(self) -> Scene:
        """The same for students that do not read the intents' names."""
        kept = np.flatnonzero(self.source != "name")
        return replace(
            self, rows=self.rows[kept], pieces=self.pieces[kept], learned=self.learned[kept], source=self.source[kept]
        )

    @classmethod
    def of(cls, data: Path, queries: str, encode: Encode) -> Scene:
        """The seed, the names of its intents and a file of queries. Raises FileNotFoundError where one is missing."""
        seed, asked = rows_of(data, SEED_FILE), rows_of(data, queries)
        names = {row["label"]: row["label_name"].replace("_", " ") for row in seed}
        place = {label: place for place, label in enumerate(sorted(names))}
        texts = [*(row["text"] for row in seed), *names.values(), *(row["text"] for row in asked)]
        labels = [*(row["label"] for row in seed), *names, *(row["gpt-label"] for row in asked)]
        whole, pieces = (
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True),
        )
        return cls(
            encode(texts)[:, :SENTENCE],
            hstack([whole.fit_transform(texts), pieces.fit_transform(texts)]).tocsr(),
            np.array([place[label] for label in labels]),
            np.repeat(("seed", "name", "teacher"), (len(seed), len(names), len(asked))),
            np.array([place[row["label"]] for row in asked]),
            len(place),
        )


class Said(NamedTuple):
    """A student's intents for queries, (m,), and why it might be wrong, (m, doubts): the larger, the less sure."""

    intents: Places
    doubts: Values


Taught = Callable[[Places], Said]  # asked with places of queries
Learn = Callable[[Scene, Places], Taught]  # learns from texts at these places


def of_probabilities(told: Values) -> Said:
    """The likeliest intent; the doubt is one less its probability (Hendrycks and Gimpel, arXiv:1610.02136)."""
    return Said(told.argmax(axis=1), 1.0 - told.max(axis=1)[:, None])


def plain(scene: Scene, known: Places) -> Taught:
    """Logistic regression on sentence embeddings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=C, max_iter=STEPS).fit(scene.rows[known], scene.learned[known])
    return lambda asked: of_probabilities(model.predict_proba(scene.rows[asked]))


def neighbours(scene: Scene, known: Places, few: int) -> Taught:
    """OCaTS' own: nearest stored texts, weighed by inverse distance; doubts: entropy, distance to their centroid."""

    def said(asked: Places) -> Said:
        near = scene.meant[np.ix_(asked, known)]
        places = np.argpartition(-near, few - 1, axis=1)[:, :few]
        angle = np.take_along_axis(near, places, axis=1).astype(np.float64)
        weight = 1.0 / np.sqrt(np.maximum(2.0 - 2.0 * angle, 1e-6))
        weight /= weight.sum(axis=1, keepdims=True)
        shares = np.zeros((len(asked), scene.intents))
        np.add.at(shares, (np.arange(len(asked))[:, None], scene.learned[known[places]]), weight)
        entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=1)
        among = scene.meant[known[places][:, :, None], known[places][:, None, :]]
        squared = 1.0 - 2.0 * (weight * angle).sum(axis=1) + np.einsum("mk,mkj,mj->m", weight, among, weight)
        return Said(shares.argmax(axis=1), np.stack((entropy, np.sqrt(np.maximum(squared, 0.0))), axis=1))

    return said


def process(scene: Scene, known: Places) -> Taught:
    """Ours: a Gaussian process on sentence embeddings."""
    return _regressed(scene, known, lambda asked: np.exp(-WIDTH * (1.0 - scene.meant[np.ix_(asked, known)])))


def words(scene: Scene, known: Places) -> Taught:
    """The same on TF-IDF of words, pairs and pieces of words, without an encoder."""
    return _regressed(scene, known, lambda asked: scene.spelt[np.ix_(asked, known)])


def _regressed(scene: Scene, known: Places, alike: Callable[[Places], NDArray[np.float32]]) -> Taught:
    """Regression to each intent, with kernel `alike` to what is known; a label is trusted by who gave it (`NOISE`)."""
    noise = np.array([NOISE[str(name)] for name in scene.source[known]])
    labels = np.eye(scene.intents)[scene.learned[known]] - 1.0 / scene.intents
    weights = np.linalg.solve(alike(known) + np.diag(noise), labels)
    return lambda asked: of_probabilities(softmax(SOFTENED * (alike(asked) @ weights), axis=1))
