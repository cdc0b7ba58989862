"""The ranking expert: which of some documents speak of a query, by meaning and by words.

By meaning: the cosine of all-MiniLM-L6-v2's sentence embeddings; of a long document, of that window of 120 tokens
which is nearest. By words: BM25 over the documents given, as a share of what a document could reach that repeats every
word of the query. Nothing is trained here but the three numbers of `Scale`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.embed import STATE, SentenceEncoder, Vector
from classifiers.tokens import clean

Floats = NDArray[np.float64]

QUERY = 120  # tokens of a query that are read
WINDOW, OVERLAP = 120, 40  # tokens: of a window, and those that the next one begins with again
CHARS = 12  # characters a token, at most; what lies beyond is not even cut into tokens
K1, B = 1.2, 0.75  # of BM25, as Robertson and Zaragoza 2009 have them


@dataclass(frozen=True, slots=True)
class Scale:
    """How cosine and words become a relevance: 1 / (1 + exp(-(slope · (cosine + words · share) + shift))).

    Chosen by `surveyor bench rerank` on its development tasks alone, and told there. The relevance is a probability
    where one document of ten is the right one; in longer lists it is too high, its order stays right.
    """

    words: float = 1.5
    slope: float = 9.6
    shift: float = -6.27


@dataclass(frozen=True, slots=True)
class Read:
    """A text, cut into windows: the ids of its tokens counted, how many they are, and whether its end was cut off."""

    windows: tuple[str, ...]
    counts: Mapping[int, int]
    tokens: int
    cut: bool


class Ranker:
    """Ranks documents; one step at a time, so that whoever shares the encoder's thread can go between."""

    def __init__(self, encoder: SentenceEncoder, scale: Scale | None = None) -> None:
        self._encoder = encoder
        self.scale = scale or Scale()

    def read(self, text: str, most: int) -> Read:
        """Cut a text into windows; of more than `most` tokens the first are read. Never raises for a text."""
        whole = clean(text[: most * CHARS])
        found = self._encoder.tokenizer.encode(whole, add_special_tokens=False)
        ids = found.ids[:most]
        windows = tuple(
            whole[found.offsets[start][0] : found.offsets[end - 1][1]]
            for start, end in _cuts(found.word_ids[: len(ids)])
        )
        return Read(windows, Counter(ids), len(ids), len(found.ids) > most or len(text) > most * CHARS)

    def encode(self, windows: Sequence[str]) -> Vector:
        """The sentence embedding of each window, shape (n, 384), each of unit length."""
        return self._encoder.encode(windows)[:, :STATE]

    def relevance(self, query: Read, asked: Vector, documents: Sequence[Read], rows: Vector) -> Floats:
        """How relevant each document is, shape (n,), 0..1, exactly 0 for one without a token.

        `asked` is the embedding of the query, shape (384,); `rows` those of all windows in their order.
        """
        scores = nearest(rows @ asked, documents) + self.scale.words * shares(query, documents)
        scores = scores.round(6)  # equal documents are equal, whatever BLAS makes of their last digits
        relevance: Floats = 1 / (1 + np.exp(-(self.scale.slope * scores + self.scale.shift)))
        return np.where([document.tokens > 0 for document in documents], relevance, 0.0)

    def rank(self, query: str, documents: Sequence[str], most: int) -> Floats:
        """The relevance of each document to the query, in one go."""
        asked, read = self.read(query, QUERY), [self.read(text, most) for text in documents]
        rows = self.encode([*asked.windows, *(window for each in read for window in each.windows)])
        return self.relevance(asked, rows[0], read, rows[1:]) if asked.windows else np.zeros(len(read))


def nearest(likeness: NDArray[np.float32], documents: Sequence[Read]) -> Floats:
    """Of each document its likest window, shape (n,); -1 where it has none. `likeness` has one number a window."""
    best = np.full(len(documents), -1.0)
    owners = np.repeat(np.arange(len(documents)), [len(document.windows) for document in documents])
    np.maximum.at(best, owners, likeness)
    return best


def shares(query: Read, documents: Sequence[Read]) -> Floats:
    """BM25 of each document, shape (n,), as a share of the most that any document could reach: 0..1."""
    sizes = np.array([document.tokens for document in documents], np.float64)
    length = K1 * (1 - B + B * sizes / max(1.0, sizes.mean()))
    total, most = np.zeros(len(documents)), 0.0
    for token in query.counts:
        times = np.array([document.counts.get(token, 0) for document in documents], np.float64)
        having = np.count_nonzero(times)
        rarity = math.log(1 + (len(documents) - having + 0.5) / (having + 0.5))
        total += rarity * times * (K1 + 1) / (times + length)
        most += rarity * (K1 + 1)
    return total / most if most else total


def _cuts(words: Sequence[int | None]) -> list[tuple[int, int]]:
    """From where to where the windows reach, in tokens; `words` says of which word each token is. None is cut."""
    found: list[tuple[int, int]] = []
    start = end = 0
    while end < len(words):
        end = min(start + WINDOW, len(words))
        while end < len(words) and words[end] == words[end - 1] and end > start + 1:
            end -= 1
        found.append((start, end))
        start = max(end - OVERLAP, start + 1)
        while start < end and words[start] == words[start - 1]:
            start += 1
    return found
