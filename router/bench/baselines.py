"""What the experts are measured beside: a frozen encoder, static vectors, TF-IDF, and the most frequent label.

Each method learns from labelled examples and tells of others: labels, scores, or the spans of entities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from classifiers import tokens
from classifiers.embed import STATE, Encoder, SentenceEncoder, StaticEmbedder
from classifiers.heads import Head, TagHead, spans
from classifiers.train.lessons import Example, Tagged

MAJORITY, TFIDF, STATIC, FROZEN = "majority", "TF-IDF", "static", "frozen MiniLM"
METHODS = (MAJORITY, TFIDF, STATIC, FROZEN)
MOST = {TFIDF: 8_000, STATIC: 8_000, FROZEN: 3_000}  # examples of a task that a method learns from
SEED = 7
WORKERS = 2  # threads that encode
C, STEPS, NEAR = 10.0, 100, 1e-3  # of logistic regression on TF-IDF and on static vectors; STEPS bounds its time
WORD = r"\w+|[^\w\s]"
Rows = NDArray[np.float32]
Said = list[Any]


class Shelf:
    """Sentence embeddings and static vectors of texts; what was encoded is remembered until `clear`."""

    def __init__(self, embedder: StaticEmbedder, sentences: SentenceEncoder) -> None:
        self._embedder = embedder
        self._sentences = sentences
        self._kept: dict[str, Rows] = {}

    def rows(self, texts: Sequence[str]) -> Rows:
        """Rows of the frozen encoder, shape (n, 1152)."""
        missing = sorted({*texts} - self._kept.keys())
        if missing:
            self._sentences.encode(["warm"])  # opens its session, before threads ask for it
        with ThreadPoolExecutor(WORKERS) as pool:
            found = pool.map(lambda text: self._sentences.encode([text])[0], missing)
            self._kept.update(zip(missing, found, strict=True))
        return np.stack([self._kept[text] for text in texts])

    def vectors(self, texts: Sequence[str]) -> Rows:
        """Static vectors, shape (n, 256)."""
        return np.stack([look.vector for look in self._embedder.looks(texts)])

    def cosines(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """The cosine of both sentence embeddings of each pair, shape (n,)."""
        return _cosines(*(self.rows(column)[:, :STATE] for column in _columns(examples)))

    def clear(self) -> None:
        """Forget all rows, which would otherwise fill half a gigabyte."""
        self._kept.clear()


def drawn(examples: Sequence[Any], most: int) -> list[Any]:
    """All examples, or of more than `most` a fixed draw of so many."""
    if len(examples) <= most:
        return list(examples)
    places = np.random.default_rng(SEED).permutation(len(examples))[:most]
    return [examples[place] for place in sorted(places.tolist())]


# ── labels of texts and of pairs ─────────────────────────────────────────────────────────────────


def majority(train: Sequence[Example], test: Sequence[Example]) -> Said:
    """The label most frequent in `train`; of several the first by name."""
    label, _ = min(Counter(each.label for each in train).items(), key=lambda item: (-item[1], item[0]))
    return [label] * len(test)


def tfidf(train: Sequence[Example], test: Sequence[Example]) -> Said:
    """Logistic regression on TF-IDF of words, their pairs, and pieces of 3 to 5 letters; of pairs both and overlap."""
    seen, new = _weighed(train, test)
    return _logistic(seen, train, new)


def static(train: Sequence[Example], test: Sequence[Example], shelf: Shelf) -> Said:
    """Logistic regression on static vectors; of pairs both, their difference and their product."""
    seen, new = (_joined([shelf.vectors(column) for column in _columns(part)]) for part in (train, test))
    return _logistic(seen, train, new)


def frozen(train: Sequence[Example], test: Sequence[Example], shelf: Shelf) -> Said:
    """Logistic regression on rows of the frozen encoder; of pairs on both sentence embeddings, as `static` does."""
    seen, new = (_frozen_rows(part, shelf) for part in (train, test))
    head = Head.fit(seen, [each.label for each in train])
    return [head.labels[place] for place in head.probabilities(new).argmax(axis=1)]


def _frozen_rows(examples: Sequence[Example], shelf: Shelf) -> Rows:
    found = [shelf.rows(column) for column in _columns(examples)]
    return found[0] if len(found) == 1 else _joined([each[:, :STATE] for each in found])


def _logistic(seen: Any, train: Sequence[Example], new: Any) -> Said:
    model = LogisticRegression(C=C, max_iter=STEPS, tol=NEAR).fit(seen, [each.label for each in train])
    return [str(label) for label in model.predict(new)]


def _columns(examples: Sequence[Example]) -> list[list[str]]:
    """The texts, and of pairs the other texts."""
    texts = [each.text for each in examples]
    return [texts, [each.other for each in examples]] if examples[0].other else [texts]


def _joined(found: Sequence[Rows]) -> Rows:
    if len(found) == 1:
        return found[0]
    one, other = found
    return np.concatenate((one, other, np.abs(one - other), one * other), axis=1)


def _weighed(train: Sequence[Example], test: Sequence[Example]) -> tuple[csr_matrix, csr_matrix]:
    """TF-IDF of both parts, its terms and weights from `train` alone; of pairs with what both texts share."""
    least = 2 if len(train) > 100 else 1
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=least, sublinear_tf=True, token_pattern=WORD)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=least, sublinear_tf=True)
    known = [text for column in _columns(train) for text in column]
    for each in (words, letters):
        each.fit(known)

    def rows(examples: Sequence[Example]) -> csr_matrix:
        sides = [hstack([each.transform(column) for each in (words, letters)]).tocsr() for column in _columns(examples)]
        return hstack([*sides, sides[0].minimum(sides[1])]).tocsr() if len(sides) == 2 else sides[0]

    return rows(train), rows(test)


# ── scores of pairs ──────────────────────────────────────────────────────────────────────────────


def alike(train: Sequence[Example], test: Sequence[Example], shelf: Shelf) -> dict[str, Said]:
    """The cosine alone, in each method's space; TF-IDF weighs terms as `train` has them, else nothing is learned."""
    _, sparse = _weighed(train, test)
    width = sparse.shape[1] // 3
    left, right = sparse[:, :width], sparse[:, width : 2 * width]
    shared = np.asarray(normalize(left).multiply(normalize(right)).sum(axis=1)).ravel()
    return {
        TFIDF: shared.tolist(),
        STATIC: _cosines(*(shelf.vectors(column) for column in _columns(test))).tolist(),
        FROZEN: shelf.cosines(test).tolist(),
    }


def _cosines(left: Rows, right: Rows) -> NDArray[np.float64]:
    return np.asarray((left * right).sum(axis=1), np.float64)


# ── entities ─────────────────────────────────────────────────────────────────────────────────────


def nothing(test: Sequence[Tagged]) -> Said:
    """No entity anywhere: the most frequent tag of a word."""
    return [[] for _ in test]


def known_words(train: Sequence[Tagged], test: Sequence[Tagged]) -> Said:
    """Logistic regression on which word it is and on how it and its neighbours are written."""
    count = CountVectorizer(analyzer=lambda word: [word.lower()])
    count.fit([word for each in train for word in each.words])

    def rows(each: Tagged) -> csr_matrix:
        return hstack([count.transform(each.words), csr_matrix(tokens.shapes(each.words))]).tocsr()

    seen = vstack([rows(each) for each in train]).tocsr()
    model = LogisticRegression(C=C, max_iter=STEPS, tol=NEAR).fit(seen, [tag for each in train for tag in each.tags])
    tags = tuple(str(tag) for tag in model.classes_)
    head = TagHead(tags, np.eye(len(tags), dtype=np.float32), np.zeros(len(tags), np.float32))
    return [spans(head.best(np.asarray(model.predict_log_proba(rows(each)), np.float32))[0]) for each in test]


def lower_states(train: Sequence[Tagged], test: Sequence[Tagged], encoder: Encoder) -> Said:
    """Logistic regression on the frozen lower layers' state of a word's first token, and on how it is written."""
    with ThreadPoolExecutor(WORKERS) as pool:
        seen, new = (list(pool.map(lambda each: _states(encoder, each.words), part)) for part in (train, test))
    tags = [tag for each, states in zip(train, seen, strict=True) for tag in each.tags[: len(states)]]
    head = Head.fit(np.concatenate(seen), tags)
    tagger = TagHead(head.labels, head.weights, head.bias)
    return [spans(tagger.best(states)[0]) for states in new]


def _states(encoder: Encoder, words: Sequence[str]) -> Rows:
    ids, firsts = tokens.of_words(encoder.tokenizer, words)
    return np.concatenate((encoder.lower.states(ids)[0][firsts], tokens.shapes(words)[: len(firsts)]), axis=1)


# ── all of them ──────────────────────────────────────────────────────────────────────────────────


def of_examples(kind: str, train: Sequence[Example], test: Sequence[Example], shelf: Shelf) -> dict[str, Said]:
    """What each method tells of `test` after at most `MOST` of `train`; a score has no majority."""
    if kind == "score":
        return alike(drawn(train, MOST[TFIDF]), test, shelf)
    return {
        MAJORITY: majority(train, test),
        TFIDF: tfidf(drawn(train, MOST[TFIDF]), test),
        STATIC: static(drawn(train, MOST[STATIC]), test, shelf),
        FROZEN: frozen(drawn(train, MOST[FROZEN]), test, shelf),
    }


def of_tagged(train: Sequence[Tagged], test: Sequence[Tagged], encoder: Encoder) -> dict[str, Said]:
    """What each method tells of the entities of `test`; no static one."""
    return {
        MAJORITY: nothing(test),
        TFIDF: known_words(drawn(train, MOST[TFIDF]), test),
        FROZEN: lower_states(drawn(train, MOST[FROZEN]), test, encoder),
    }
