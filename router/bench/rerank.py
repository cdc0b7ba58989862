"""How well the ranking expert finds the passage that answers a question, and the sentence that says the same.

The weight of words and the calibration are chosen on development tasks from other data than those of the test, and from
data whose licence lets what is learned ship; `details.development` tells what they would be.
The test's figures were seen while the width of the windows was tried, too; nothing was chosen by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from classifiers.embed import SentenceEncoder, StaticEmbedder, Vector
from classifiers.rank import QUERY, Ranker, Read, Scale, nearest, shares
from classifiers.shipped import FOLDER
from classifiers.train.measure import calibration_error
from router.bench.results import Cell, Interval, Result, grouped_interval, rows_of
from router.rerank import TOKENS

Floats = NDArray[np.float64]

SEED = 7
DEEP = 10  # places that count
WEIGHTS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)  # of the words, that were tried on the development tasks
LIST = 10  # documents of a list on which the relevance is calibrated, one of them the right one
SAME = 4.0  # of 5: sentences so alike say the same
MOST_PAIRS = 300  # of sentences, of a split
FIGURES = ("MRR@10", "nDCG@10", "recall@1")
COLUMNS = ("task", "method", *FIGURES, "queries", "documents")
OURS = "ours: windows and words"
# How T0's wordings say question (q) and passage (p).
_WORDINGS = tuple(
    re.compile(wording, re.DOTALL)
    for wording in (
        r'the answer to the question "(?P<q>.+?)" is in "(?P<p>.+)"\. Can you tell',
        r"Question: (?P<q>[^\n]+)\nContext: (?P<p>.+)$",
        r'Question: "(?P<q>[^\n]+)"\n\nContext: "(?P<p>.+)"\n\nAnswer:',
        r'Given the following passage\n\n"(?P<p>.+)".*?answer the following question\. .*?Question: (?P<q>[^\n]+)$',
        r"answer this question: (?P<q>.+?), using the article: (?P<p>.+), what would be the answer",
        r"answer for the question: (?P<q>.+?) \?\n\n(?P<p>.+)$",
        r"answer for the question: (?P<q>.+?) , can you please find it\? \n\n(?P<p>.+)$",
        r"^This article: (?P<p>.+) contains an answer for the question: (?P<q>.+?), what is it",
        r"use it to answer the question: (?P<q>.+?)\n\n(?P<p>.+)$",
        r"^The answer to the question: (?P<q>.+?) is inside the article: (?P<p>.+), can you guess",
        r"^(?P<q>[^\n]+)\n\nAnswer the above question.+?:\n\n(?P<p>.+)$",
        r"extract the answer for the question: (?P<q>.+?)\n\n(?P<p>.+)$",
        r"^Given the following context:\n\n(?P<p>.+)\n\nanswer the following question:\n\n(?P<q>.+)$",
    )
)


@dataclass(frozen=True, slots=True)
class RankingTask:
    """Queries, documents, and the place of the one right document of each query."""

    name: str
    queries: Sequence[str]
    documents: Sequence[str]
    right: NDArray[np.int64]

    @classmethod
    def of(cls, name: str, pairs: Iterable[tuple[str, str]]) -> RankingTask:
        """The task to find the second text of each pair, by the first, among all second ones; a query counts once."""
        asked = dict(pairs)
        places = {text: place for place, text in enumerate(dict.fromkeys(asked.values()))}
        return cls(name, list(asked), list(places), np.array([places[text] for text in asked.values()], np.int64))


def development(data: Path) -> list[RankingTask]:
    """Tasks to choose weights on: passages of share-alike and permissive collections, sentences of STS-B's train.

    Raises:
        FileNotFoundError: the data are missing.
    """
    found = []
    for source in ("adversarial_qa", "quoref"):
        rows = [
            row
            for file in ("prompts_task_type", "prompts_task_type_permissive_extra")
            for row in rows_of(data, file)
            if row["source"].endswith(f"#{source}") and row["task"] == "reading_comprehension"
        ]
        pairs = [question_and_passage(row["text"]) for row in rows if row["commercial"] in ("ok", "sa")]
        found.append(RankingTask.of(source, [pair for pair in pairs if pair is not None]))
    return [*found, RankingTask.of("STS-B train", _same(data, "train"))]


def test(data: Path) -> list[RankingTask]:
    """Tasks to measure on: XQuAD's and DROP's passages, sentences of STS-B's valid.

    Raises:
        FileNotFoundError: the data are missing.
    """
    rows = rows_of(data, "llm_tasks")
    found = []
    for name, source in (("XQuAD", "xquad_en"), ("DROP", "drop_contrast")):
        texts = [row["input"].rpartition("\n\nQuestion: ") for row in rows if row["source"] == source]
        found.append(RankingTask.of(name, [(question, passage) for passage, _, question in texts]))
    return [*found, RankingTask.of("STS-B", _same(data, "valid"))]


def question_and_passage(prompt: str) -> tuple[str, str] | None:
    """The question and the passage of a rendered prompt; None where it is worded in no way we know."""
    for wording in _WORDINGS:
        if (found := wording.search(prompt)) is not None:
            return found["q"].strip(), found["p"].strip()
    return None


def _same(data: Path, split: str) -> list[tuple[str, str]]:
    rows = [row for row in rows_of(data, "sts", split) if row["source"] == "stsb" and row["score"] >= SAME]
    return [(row["a"], row["b"]) for row in rows if row["a"].lower() != row["b"].lower()][:MOST_PAIRS]


# ── what methods say ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Looked:
    """What our ranker sees of a task: the two halves of its score, queries by documents.

    `asked` and `heads` are the embeddings of the queries and of the documents' first windows.
    """

    task: RankingTask
    queries: Sequence[Read]
    documents: Sequence[Read]
    asked: Vector
    heads: Vector
    likeness: Floats
    words: Floats

    @classmethod
    def at(cls, task: RankingTask, ranker: Ranker) -> Looked:
        """Read all of a task, as `/v1/rerank` would."""
        queries = [ranker.read(text, QUERY) for text in task.queries]
        documents = [ranker.read(text, TOKENS) for text in task.documents]
        asked = ranker.encode([query.windows[0] for query in queries])
        rows = ranker.encode([window for document in documents for window in document.windows])
        sizes = [len(document.windows) for document in documents]
        return cls(
            task,
            queries,
            documents,
            asked,
            rows[np.cumsum(sizes) - sizes],
            np.stack([nearest(rows @ each, documents) for each in asked]),
            np.stack([shares(query, documents) for query in queries]),
        )

    def lists(self, weight: float) -> tuple[Floats, Floats]:
        """Scores of lists of `LIST` documents, one of them right, drawn by seed, (n, LIST); and which is right."""
        draw = np.random.default_rng(SEED)
        scores, truth = [], []
        for place, right in enumerate(self.task.right.tolist()):
            others = np.delete(np.arange(len(self.documents)), right)
            chosen = [right, *draw.choice(others, LIST - 1, replace=False).tolist()]
            shared = shares(self.queries[place], [self.documents[each] for each in chosen])
            scores.append(self.likeness[place, chosen] + weight * shared)
            truth.append(np.arange(LIST) == 0)
        return np.array(scores), np.array(truth, np.float64)


def methods(looked: Looked, embedder: StaticEmbedder, scale: Scale) -> dict[str, Floats]:
    """What each method gives each document of each query, shape (queries, documents); the best last."""
    task = looked.task
    static, documents = (
        np.stack([look.vector for look in embedder.looks(texts)]) for texts in (task.queries, task.documents)
    )
    return {
        "random": np.random.default_rng(SEED).random(looked.words.shape),
        "BM25": looked.words,
        "static embedding": np.asarray(static @ documents.T, np.float64),
        "sentence encoder, first 120 tokens": np.asarray(looked.asked @ looked.heads.T, np.float64),
        "sentence encoder, nearest window": looked.likeness,
        OURS: looked.likeness + scale.words * looked.words,
    }


def figures(scores: Floats, right: NDArray[np.int64]) -> dict[str, Floats]:
    """Of each query MRR@10, nDCG@10 and recall@1, (n,); a tie with others counts as the middle of their places."""
    own = scores[np.arange(len(right)), right][:, None]
    place = (scores > own).sum(axis=1) + ((scores == own).sum(axis=1) + 1) / 2
    seen = place <= DEEP
    return {"MRR@10": seen / place, "nDCG@10": seen / np.log2(1 + place), "recall@1": (place <= 1).astype(np.float64)}


# ── what is chosen on the development tasks ──────────────────────────────────────────────────────


def chosen(looked: Sequence[Looked]) -> tuple[Scale, dict[str, dict[str, float]]]:
    """The scale that the development tasks ask for, and MRR@10 by weight and task; tasks count alike."""
    told: dict[str, dict[str, float]] = {}
    for weight in WEIGHTS:
        found = {
            each.task.name: float(figures(each.likeness + weight * each.words, each.task.right)["MRR@10"].mean())
            for each in looked
        }
        told[f"{weight:g}"] = {**found, "mean": float(np.mean(list(found.values())))}
    best = max(WEIGHTS, key=lambda weight: told[f"{weight:g}"]["mean"])
    lists = [each.lists(best) for each in looked]
    share = np.concatenate([np.full(scores.size, 1 / scores.size) for scores, _ in lists])
    scores = np.concatenate([each.ravel() for each, _ in lists])[:, None]
    truth = np.concatenate([each.ravel() for _, each in lists])
    model = LogisticRegression(C=1e6).fit(scores, truth, sample_weight=share * len(truth))
    return Scale(best, round(float(model.coef_[0, 0]), 2), round(float(model.intercept_[0]), 2)), told


def relevance(scores: Floats, scale: Scale) -> Floats:
    """Scores on the scale of a relevance."""
    found: Floats = 1 / (1 + np.exp(-(scale.slope * scores + scale.shift)))
    return found


# ── the benchmark ────────────────────────────────────────────────────────────────────────────────


def measure(data: Path) -> Result:
    """How high the right one of all documents of a task stands, for ours and for simpler rankings.

    Raises:
        FileNotFoundError: the data are missing.
    """
    ranker, embedder = Ranker(SentenceEncoder.load(FOLDER / "encoder")), StaticEmbedder.load(FOLDER / "static")
    scale = ranker.scale
    tried, told = chosen([Looked.at(task, ranker) for task in development(data)])
    looked = [Looked.at(task, ranker) for task in test(data)]
    rows: list[dict[str, Cell]] = []
    details: dict[str, Any] = {}
    for each in looked:
        said = {name: figures(scores, each.task.right) for name, scores in methods(each, embedder, scale).items()}
        rows += [row_of(each.task, name, found) for name, found in said.items()]
        details[each.task.name] = {**ahead(each.task, said), **calibration(each, scale)}
    return Result(
        name="rerank",
        about=(
            f"Ranking: the passage that a question was asked of, among all of its source (XQuAD, DROP's contrast set; "
            f"llm_tasks), and the sentence that says the same (pairs of STS-B valid with at least {SAME:g} of 5), "
            f"among all. One document is right; ties count as the middle of their places. Weights are of the "
            f"development tasks (adversarial QA and Quoref of prompts_task_type, STS-B train), never of these. "
            f"Intervals are over documents, since questions of one passage are alike; seed {SEED}."
        ),
        columns=COLUMNS,
        rows=rows,
        details={
            "development": {"MRR@10 by weight of words": told, "would choose": _as_map(tried)},
            "shipped": _as_map(scale),
            "tasks": details,
        },
    )


def row_of(task: RankingTask, name: str, found: Mapping[str, Floats]) -> dict[str, Cell]:
    """A method's row of the table."""
    return {
        "task": task.name,
        "method": name,
        **{figure: _over_documents(task, found[figure]) for figure in FIGURES},
        "queries": len(task.queries),
        "documents": len(task.documents),
    }


def ahead(task: RankingTask, said: Mapping[str, Mapping[str, Floats]]) -> dict[str, Interval]:
    """How far ours is ahead of the others in MRR@10, query by query."""
    ours = said[OURS]["MRR@10"]
    return {
        f"ahead of {name}, MRR@10": _over_documents(task, ours - found["MRR@10"])
        for name, found in said.items()
        if name != OURS
    }


def calibration(looked: Looked, scale: Scale) -> dict[str, Any]:
    """Of lists of ten: the calibration error of the relevance, and its mean on the right and on the other ones."""
    scores, truth = looked.lists(scale.words)
    found = relevance(scores, scale)
    return {
        "ECE, lists of ten": calibration_error(found.ravel(), truth.ravel(), 10),
        "relevance of the right one": float(found[:, 0].mean()),
        "relevance of others": float(found[:, 1:].mean()),
    }


def _over_documents(task: RankingTask, values: Floats) -> Interval:
    return grouped_interval(values, [str(place) for place in task.right.tolist()], SEED)


def _as_map(scale: Scale) -> dict[str, float]:
    return {"words": scale.words, "slope": scale.slope, "shift": scale.shift}
