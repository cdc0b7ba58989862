"""`surveyor bench headlines`: is a small model that learned enough? Where gold's price went, of headlines (HEADLINES).

FrugalGPT's data (Chen et al., arXiv:2305.05176): 5,000 labelled headlines to learn from, 5,000 to measure on, and what
its authors measured of LLMs and of their cascades. Everything that is chosen is chosen by cross-validation inside the
labels that a method learns from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from classifiers.embed import SentenceEncoder
from classifiers.shipped import FOLDER
from router.bench.results import Cell, Result, Row, Target, interval, paired_interval, rows_of

TRAIN, TEST = "routing/frugal_headlines_train", "routing/frugal_headlines_test"
BUDGETS, SEEDS = (100, 300, 1_000), 5  # labels; draws of them. All labels are the last budget
PROMISED = 0.885
FOLDS = 5
POOLED = 3  # a row of the encoder is so many unit vectors
C = 10.0  # of both logistic regressions; on words and their pairs better than 30, in cross-validation on `train`
SOFT, SHARES = (0.03, 0.1, 0.3), (0.0, 0.5, 1.0, 2.0)  # ours: C of the SVM, and what the encoder's scores weigh
RIDGE = 1.0
WORD = r"\w+|[^\w\s]"  # signs too: a percent sign tells of a move
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Places = NDArray[np.int64]
Values = NDArray[np.float64]
COLUMNS = ("method", "labels", "n", "runs", "accuracy, %", "dollars for 1,000", "accuracy, over headlines")
FEW_SHOT, CASCADE = "8-shot", "8-shot, and 5,000 for its scorer"
# gh:stanford-futuredata/FrugalGPT, its summary files of 2024: accuracy in % on the 5,000, dollars for 1,000 headlines.
PUBLISHED = (
    ("gpt-4o", FEW_SHOT, 83.32, 1.10),
    ("claude-3.5-sonnet", FEW_SHOT, 84.22, 0.807),
    ("gemini-1.5-flash-8b", FEW_SHOT, 84.22, 0.0087),
    ("gpt-4o-mini", FEW_SHOT, 84.78, 0.0331),
    ("gemini-1.5-flash", FEW_SHOT, 84.80, 0.0173),
    ("gpt-4-turbo", FEW_SHOT, 85.58, 3.33),
    ("FrugalGPT, cheapest", CASCADE, 85.22, 0.0098),
    ("FrugalGPT", CASCADE, 86.98, 0.192),
    ("FrugalGPT", CASCADE, 87.40, 0.384),
    ("FrugalGPT, best of ten LLMs of 2024", CASCADE, 87.46, 1.36),
    ("FrugalGPT, best with older and tuned APIs", CASCADE, 87.80, 0.365),
)
FRESH = "ours, where training has no such headline but for digits and signs"
FREQUENT, NGRAMS, FROZEN, OURS = "most frequent label", "TF-IDF n-grams", "frozen encoder", "ours"
ABOUT = (
    "Where gold's price went, told of headlines (FrugalGPT's HEADLINES: up, down, neutral, none). Learned from "
    "{train:,} labelled headlines or draws of them, measured on {test:,}; of {seeds} draws the mean, the least and the "
    "greatest. Nothing was chosen on the test: ours by cross-validation inside each budget's labels, the baselines on "
    "all training rows. Published rows are the authors' own figures. Caveats: their LLMs are prompted with 8 examples, "
    "while ours learns from labels, those that FrugalGPT fits its scorer on; no answers of an LLM to single headlines "
    "are public, so that only these end points can be compared."
)
NOTES = (
    "TF-IDF: words, pairs and triples, pieces of 2 to 5 letters; digits are alike. Frozen encoder: all-MiniLM-L6-v2.",
    "Ours: a linear SVM on the n-grams, and ridge regression on the encoder's rows; their scores are added.",
    "The cost of ours is that of a CPU's few milliseconds, and is not told in dollars.",
)


class Headlines(NamedTuple):
    """Headlines of a split: counts of n-grams of words and of letters side by side, encoder rows, labels; (n, …)."""

    counts: tuple[csr_matrix, csr_matrix]
    rows: NDArray[np.float32]
    labels: NDArray[np.str_]
    bare: NDArray[np.str_]  # the headlines without signs, digits alike


def measure(data: Path, encode: Encode | None = None) -> Result:
    """All methods on all budgets; some minutes, most of it the encoder's.

    Args:
        data: folder with `routing/frugal_headlines_{train,test}.jsonl.gz`.
        encode: texts to rows; the frozen encoder of the package where left out.

    Raises:
        FileNotFoundError: a file is missing.
    """
    train, test = read(data, encode or SentenceEncoder.load(FOLDER / "encoder").encode)
    with threadpool_limits(1):
        found, choices = swept(train, test)
    rows = [*published(), *(row(name, labels, right) for (name, labels), right in found.items())]
    whole = len(train.labels)
    right = found[OURS, whole]
    fresh = ~np.isin(test.bare, train.bare)
    rows += [row(FRESH, whole, right[:, fresh])] if fresh.any() else []
    accuracy = float(np.mean(right))
    return Result(
        name="headlines",
        about=ABOUT.format(train=whole, test=len(test.labels), seeds=SEEDS),
        columns=COLUMNS,
        rows=rows,
        targets=[
            Target(f"{OURS}, {whole:,} labels: accuracy", f">= {PROMISED:.1%}", f"{accuracy:.2%}", accuracy >= PROMISED)
        ],
        details={
            "ours less another, all labels": {
                name: paired_interval(right[0], found[name, whole][0], 0) for name in (NGRAMS, FROZEN)
            },
            "chosen by cross-validation, by labels": choices,
            "published": {"source": "arXiv:2305.05176; gh:stanford-futuredata/FrugalGPT, summary files"},
            "notes": NOTES,
        },
    )


# ── what is learned from ─────────────────────────────────────────────────────────────────────────


def read(data: Path, encode: Encode) -> tuple[Headlines, Headlines]:
    """Both splits. N-grams are counted over all training headlines; what a budget does not hold is left out later."""
    found = [rows_of(data, name) for name in (TRAIN, TEST)]
    texts = [[row["text"].removeprefix("Q: ").removesuffix("\nA:") for row in rows] for rows in found]
    words = CountVectorizer(ngram_range=(1, 3), preprocessor=_alike, token_pattern=WORD)
    letters = CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), preprocessor=_alike)
    for each in (words, letters):
        each.fit(texts[0])
    train, test = (
        Headlines(
            (words.transform(part), letters.transform(part)),
            encode(part),
            np.array([row["label"] for row in rows]),
            np.array([" ".join(re.findall(r"\w+", _alike(text))) for text in part]),
        )
        for part, rows in zip(texts, found, strict=True)
    )
    return train, test


def _alike(text: str) -> str:
    """Lower case, every number the same: which way the price went matters, not how far."""
    return re.sub(r"\d+", "0", text.lower())


def weighed(train: Headlines, known: Places, *asked: tuple[Headlines, Places]) -> list[csr_matrix]:
    """TF-IDF of the known headlines, then of those asked; terms and their weights from the known ones alone."""
    parts = []
    for kind in range(len(train.counts)):
        seen = train.counts[kind][known]
        terms = np.flatnonzero(np.asarray(seen.sum(axis=0)).ravel())
        weigh = TfidfTransformer(sublinear_tf=True).fit(seen[:, terms])
        others = [part.counts[kind][places] for part, places in asked]
        parts.append([weigh.transform(each[:, terms]) for each in (seen, *others)])
    return [hstack(kinds).tocsr() for kinds in zip(*parts, strict=True)]


# ── methods: learn at places of `train`, say labels of `test` ────────────────────────────────────


def most_frequent(train: Headlines, known: Places, test: Headlines) -> NDArray[np.str_]:
    """The label most frequent among the known, for all."""
    names, counts = np.unique(train.labels[known], return_counts=True)
    return np.full(len(test.labels), names[counts.argmax()])


def ngrams(train: Headlines, known: Places, test: Headlines) -> NDArray[np.str_]:
    """Logistic regression on TF-IDF of n-grams."""
    here, there = weighed(train, known, (test, np.arange(len(test.labels))))
    return np.asarray(LogisticRegression(C=C, max_iter=200).fit(here, train.labels[known]).predict(there))


def frozen(train: Headlines, known: Places, test: Headlines) -> NDArray[np.str_]:
    """Logistic regression on the encoder's rows."""
    rows, asked = (each / np.float32(POOLED**0.5) for each in (train.rows[known], test.rows))
    return np.asarray(LogisticRegression(C=C, max_iter=200).fit(rows, train.labels[known]).predict(asked))


class Choice(NamedTuple):
    """What cross-validation chose, and its accuracy there."""

    soft: float
    share: float
    accuracy: float


def chosen(train: Headlines, known: Places) -> Choice:
    """The SVM's C and the encoder's share that are best by cross-validation inside the known headlines."""
    folds = np.random.default_rng(0).permutation(len(known)) % FOLDS
    right: dict[tuple[float, float], float] = dict.fromkeys(product(SOFT, SHARES), 0.0)
    for fold in range(FOLDS):
        here, there = known[folds != fold], known[folds == fold]
        names = np.unique(train.labels[here])
        for soft, (lexical, meant) in _scores(train, here, train, there, SOFT).items():
            for share in SHARES:
                said = names[(lexical + share * meant).argmax(axis=1)]
                right[soft, share] += float((said == train.labels[there]).sum())
    best = max(right, key=lambda each: right[each])
    return Choice(*best, right[best] / len(known))


def both(train: Headlines, known: Places, test: Headlines, choice: Choice) -> NDArray[np.str_]:
    """Ours: the n-grams' scores and the encoder's, added."""
    lexical, meant = _scores(train, known, test, np.arange(len(test.labels)), [choice.soft])[choice.soft]
    return np.asarray(np.unique(train.labels[known])[(lexical + choice.share * meant).argmax(axis=1)])


def _scores(
    train: Headlines, known: Places, test: Headlines, asked: Places, softs: Sequence[float]
) -> Mapping[float, tuple[Values, Values]]:
    """For each C the SVM's margins and the ridge's scores, each (asked, labels known), labels in their order."""
    here, there = weighed(train, known, (test, asked))
    names, places = np.unique(train.labels[known], return_inverse=True)
    wanted = 2.0 * np.eye(len(names))[places] - 1.0
    meant = Ridge(alpha=RIDGE).fit(train.rows[known], wanted).predict(test.rows[asked])
    # One label at a time, so that two known labels have two columns like more.
    models = {soft: [LinearSVC(C=soft).fit(here, each) for each in wanted.T] for soft in softs}
    return {
        soft: (np.stack([each.decision_function(there) for each in many], axis=1), meant)
        for soft, many in models.items()
    }


# ── figures ──────────────────────────────────────────────────────────────────────────────────────

METHODS: Mapping[str, Callable[[Headlines, Places, Headlines], NDArray[np.str_]]] = {
    FREQUENT: most_frequent,
    NGRAMS: ngrams,
    FROZEN: frozen,
}


def swept(train: Headlines, test: Headlines) -> tuple[dict[tuple[str, int], Values], dict[int, list[Any]]]:
    """Whether each headline was told right, (runs, n), by method and number of labels; and what ours chose."""
    whole = len(train.labels)
    found: dict[tuple[str, int], Values] = {}
    choices: dict[int, list[Any]] = {}
    for budget in (*(each for each in BUDGETS if each < whole), whole):
        seeds = range(SEEDS if budget < whole else 1)
        drawn = [np.random.default_rng(seed).permutation(whole)[:budget] for seed in seeds]
        picked = [chosen(train, known) for known in drawn]
        choices[budget] = [each._asdict() for each in picked]
        said = {name: [method(train, known, test) for known in drawn] for name, method in METHODS.items()}
        said[OURS] = [both(train, known, test, choice) for known, choice in zip(drawn, picked, strict=True)]
        found |= {(name, budget): np.array(many) == test.labels for name, many in said.items()}
    return found, choices


def published() -> list[Row]:
    """What the authors measured."""
    return [
        {"method": name, "labels": labels, "accuracy, %": f"{accuracy:.2f}", "dollars for 1,000": f"{cost:g}"}
        for name, labels, accuracy, cost in PUBLISHED
    ]


def row(name: str, labels: int, right: Values) -> dict[str, Cell]:
    """A line: the mean of the runs, the least and the greatest; and the interval over another draw of headlines."""
    each = 100 * right.mean(axis=1)
    told = f"{each.mean():.2f}" if len(each) == 1 else f"{each.mean():.2f}, {each.min():.2f} to {each.max():.2f}"
    line: dict[str, Cell] = {"method": name, "labels": labels, "n": right.shape[1], "runs": len(each)}
    return line | {"accuracy, %": told, "accuracy, over headlines": interval(right.mean(axis=0), 0)}
