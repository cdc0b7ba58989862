"""`surveyor bench experts`: every shipped expert on held-out rows, beside its target and beside four other methods.

The experts are those of the package: heads calibrated and gates certified as they are served, over the trunk in int8.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from classifiers.embed import Encoder
from classifiers.expert import Expert, Gated
from classifiers.heads import Head, ScoreHead, TagHead, spans
from classifiers.shipped import Shipped
from classifiers.train import barred
from classifiers.train.experts import RECIPES, Array, Material, of_part, readings
from classifiers.train.lessons import Example, Lesson, Tagged, lessons
from classifiers.train.measure import calibration_error
from router.bench.audits import share
from router.bench.baselines import FROZEN, METHODS, MOST, TFIDF, Said, Shelf, of_examples, of_tagged
from router.bench.ratios import difference, estimate
from router.bench.results import Cell, Interval, Result, Target, interval, told

SEED = 7
ONLY = "benchmark only"
ALPHAS = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)  # of the ridge, chosen on what it learns from
TUNED = Path(__file__).parents[2] / "tests" / "bench" / "results" / "barred.json"
OURS, LESS = "ours", "less best other"
LEARNED, LEARNED_FROZEN = "others learn from", "frozen learns from"
COLUMNS = (
    *("set", "metric", "n", "target", OURS, LESS, *METHODS),
    *("served", "error of served", "ECE", LEARNED, LEARNED_FROZEN),
)
ABOUT = (
    "All shipped experts (calibrated, int8 trunk) on held-out rows with labels of annotators; the trunk learned from "
    "the training rows of all sets. Beside them, on the same rows: the most frequent label; TF-IDF of words, pairs and "
    "pieces of 3 to 5 letters (entities: word identity and spelling); static vectors; the frozen all-MiniLM-L6-v2 "
    "(entities: its two lower layers and spelling); logistic regression on each, on at most {most:,} of the set's own "
    "training rows, the frozen encoder {frozen:,} for time; similarity is the cosine alone, and only "
    "TF-IDF's weights are learned there. `less best other`: ours "
    "less the best of these, in pairs. `served`: the share that the shipped gate is open for, and how often that is "
    "wrong, with the interval of Clopper and Pearson (a score is wrong when off by more than 0.2, entities when one of "
    "a sentence's is), empty where the gate is closed. F1 of MRPC is that of `paraphrase`. Rows "
    "marked `benchmark only` are of non-commercial sets, from which nothing that ships has learned: logistic or ridge "
    "regression on the trunk's rows of their training part, all of it, or the trunk fine-tuned on it. The data has no "
    "answers of LLMs, so there is no row for always asking one. Seed {seed}."
)


class Line(NamedTuple):
    """A line of the table: its name, its metric, what was promised, and the sources it is measured on; none for all."""

    set: str
    metric: str
    target: float | None = None
    sources: tuple[str, ...] = ()


class Asked(NamedTuple):
    """A head of an expert, by its place, and its lines; methods learn from the sources of the first line."""

    expert: str
    place: int
    lines: tuple[Line, ...]


def _one(expert: str, place: int, *line: Any) -> Asked:
    return Asked(expert, place, (Line(*line),))


_TOXIC = ("davidson", "olid", "stormfront")
_SNLI = ("snli_subset", "snli_counterfactual")
ASKED = (
    _one("sentiment", 0, "SST-2", "accuracy", 0.90, ("sst2",)),
    _one("sentiment", 1, "TweetEval sentiment", "macro-recall", 0.68, ("tweet_sentiment",)),
    _one("sentiment", 0, "IMDB", "accuracy", None, ("imdb_small",)),
    Asked(
        "toxicity",
        0,
        (
            Line("toxicity", "macro-F1", 0.80, _TOXIC),
            *(Line(f"toxicity: {source}", "macro-F1", None, (source,)) for source in _TOXIC),
        ),
    ),
    _one("spam", 0, "SMS spam", "macro-F1", 0.97, ("sms_spam",)),
    _one("emotion", 0, "TweetEval emotion", "macro-F1", 0.76),
    _one("emotion", 1, "basic emotions", "macro-F1"),
    _one("emotion", 2, "basic emotions or none", "macro-F1"),
    _one("topic", 0, "TREC-6", "accuracy", 0.96),
    _one("topic", 1, "StackOverflow", "accuracy"),
    _one("intent", 0, "Banking77", "accuracy", 0.93),
    _one("intent", 1, "CLINC150, in scope", "accuracy", 0.96),
    _one("intent", 2, "HWU64", "accuracy"),
    Asked(
        "nli",
        0,
        (
            Line("SNLI and counterfactual", "accuracy", 0.84, _SNLI),
            *(Line(source.replace("_", " ").replace("snli", "SNLI"), "accuracy", None, (source,)) for source in _SNLI),
        ),
    ),
    _one("nli", 1, "RTE, two labels", "accuracy", None, ("rte",)),
    _one("paraphrase", 0, "MRPC", "F1", 0.88),
    _one("similarity", 0, "STS-B", "Pearson", 0.86),
    _one("acceptability", 0, "CoLA", "accuracy"),
    _one("subjectivity", 0, "Subj", "accuracy"),
    _one("entities", 0, "wikigold", "span F1", 0.75),
    _one("entities", 1, "WNUT17", "span F1", 0.45),
)
BARRED = {
    "AG News": Line("AG News", "accuracy", 0.92),
    "SICK": Line("SICK", "accuracy", 0.84),
    "SICK-R": Line("SICK-R", "Pearson"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What is true of test rows, what ours and the others say of them, and whence each is; and what the gate does.

    `sure`, `wrong` and `served` have shape (n,): ours' confidence, whether it is wrong, whether the gate is open; None
    where there is no gate. `learned` counts the training rows at hand.
    """

    truth: Said
    ours: Said
    others: Mapping[str, Said]
    sources: Sequence[str]
    learned: int
    sure: Array | None = None
    wrong: Array | None = None
    served: Array | None = None

    def where(self, sources: Sequence[str]) -> Judged:
        """The part of them that is from these sources; all where none is named."""
        if not sources:
            return self
        keep = np.isin(np.asarray(self.sources), sources)

        def some(said: Said) -> Said:
            return [each for each, kept in zip(said, keep, strict=True) if kept]

        gate = [None if each is None else each[keep] for each in (self.sure, self.wrong, self.served)]
        others = {name: some(said) for name, said in self.others.items()}
        return Judged(some(self.truth), some(self.ours), others, some(list(self.sources)), self.learned, *gate)


@dataclass(frozen=True, slots=True)
class Kept(Material):
    """Material that takes cosines from a shelf, where the baselines find the same sentences."""

    shelf: Shelf

    def cosines(self, examples: Sequence[Example]) -> Any:
        """The likeness of each pair, shape (n,)."""
        return self.shelf.cosines(examples)


def measure(data: Path) -> Result:
    """All of it; some ten minutes of two cores, most of them the encoders'. Tells stderr how far it is.

    Raises:
        FileNotFoundError: a collection is missing.
    """
    shipped = Shipped.load()
    shelf = Shelf(shipped.embedder, shipped.encoder.sentences)
    try:
        every = {each.name: each for each in lessons(data)}
        benchmarks = barred.benchmarks(data)
    except SystemExit as missing:  # as the training commands say it
        raise FileNotFoundError(str(missing)) from None
    rows: list[dict[str, Cell]] = []
    spread: dict[str, Any] = {}

    def add(lines: Sequence[Line], judged: Judged) -> None:
        for line in lines:
            row, spread[line.set] = row_of(line, judged.where(line.sources))
            rows.append(row)
            sys.stderr.write(f"{time.monotonic() - start:4.0f} s  {line.set}: {line.metric} {told(row[OURS])}\n")

    start = time.monotonic()
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # steps are bounded, so that the time is
        for asked in ASKED:
            add(asked.lines, judge(asked, shipped.experts[asked.expert], every, shipped.encoder, shelf))
        for lesson in benchmarks:
            line = BARRED[lesson.name]
            add([line._replace(set=f"{line.set}, {ONLY}")], judge_barred(lesson, shipped.encoder, shelf))
    rows += tuned(TUNED)
    return Result(
        name="experts",
        about=ABOUT.format(most=MOST[TFIDF], frozen=MOST[FROZEN], seed=SEED),
        columns=COLUMNS,
        rows=rows,
        targets=targets(rows),
        details={"others, with intervals": spread},
    )


# ── what is said ─────────────────────────────────────────────────────────────────────────────────


def judge(asked: Asked, expert: Expert, every: Mapping[str, Lesson], encoder: Encoder, shelf: Shelf) -> Judged:
    """What a head of a shipped expert and the other methods say of the head's test rows."""
    plan = next(each for each in RECIPES if each.name == expert.name).plans[asked.place]
    gated, lesson = expert.heads[asked.place], every[plan.lesson]
    examples = [each for each in lesson.examples if _from(each.source, asked) and not each.assumed]
    found = Kept(encoder, {plan.lesson: replace(lesson, examples=tuple(examples))}, {}, {}, shelf)
    (train, learned), (test, tagged) = (of_part(plan, found, part) for part in ("train", "test"))
    read = readings(plan, gated.head, gated.novelty, found, "test")
    ours = said(gated, test, tagged, found)
    gate = (read.sure, read.wrong, read.served(gated))
    if isinstance(gated.head, TagHead):
        others = of_tagged(learned, tagged, encoder)
        sources = [each.source for each in tagged]
        return Judged([spans(each.tags) for each in tagged], ours, others, sources, len(learned), *gate)
    others = of_examples(lesson.kind, train, test, shelf)
    shelf.clear()
    return Judged(_truth(lesson, test), ours, others, [each.source for each in test], len(train), *gate)


def said(gated: Gated, test: Sequence[Example], tagged: Sequence[Tagged], found: Material) -> Said:
    """What a head answers: labels, scores or spans."""
    head = gated.head
    if isinstance(head, TagHead):
        return [spans(head.best(found.encoder.words(each.words))[0]) for each in tagged]
    if isinstance(head, ScoreHead):
        return list(head.scores(found.rows(test), found.cosines(test)).tolist())
    return [head.labels[place] for place in head.probabilities(found.rows(test)).argmax(axis=1)]


def judge_barred(lesson: Lesson, encoder: Encoder, shelf: Shelf) -> Judged:
    """What a regression on the trunk's rows and the other methods say of a set that may not ship."""
    found = Kept(encoder, {}, {}, {}, shelf)
    train, test = ([each for each in lesson.examples if each.part == part] for part in ("train", "test"))
    seen, new = (found.rows(part)[:, : encoder.deep] for part in (train, test))
    others = of_examples(lesson.kind, train, test, shelf)
    if lesson.kind == "score":
        seen, new = (np.c_[rows, shelf.cosines(part)] for rows, part in ((seen, train), (new, test)))
        scaler = StandardScaler().fit(seen)
        model = RidgeCV(alphas=ALPHAS).fit(scaler.transform(seen), _truth(lesson, train))
        ours: Said = model.predict(scaler.transform(new)).tolist()
    else:
        head = Head.fit(seen, [each.label for each in train])
        ours = [head.labels[place] for place in head.probabilities(new).argmax(axis=1)]
    return Judged(_truth(lesson, test), ours, others, [each.source for each in test], len(train))


def _truth(lesson: Lesson, examples: Sequence[Example]) -> Said:
    return [float(each.label) if lesson.kind == "score" else each.label for each in examples]


def _from(source: str, asked: Asked) -> bool:
    wanted = asked.lines[0].sources
    return not wanted or source in wanted


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def row_of(line: Line, judged: Judged) -> tuple[dict[str, Cell], dict[str, Interval]]:
    """A line of the table, and the figures of the others with their intervals."""
    metric, truth = line.metric, judged.truth
    others = {name: estimate(metric, truth, each, SEED) for name, each in judged.others.items()}
    best = max(others, key=lambda name: others[name].value)
    row: dict[str, Cell] = {
        "set": line.set,
        "metric": metric,
        "n": len(truth),
        "target": line.target,
        OURS: estimate(metric, truth, judged.ours, SEED),
        LESS: difference(metric, truth, judged.ours, judged.others[best], SEED),
        **{name: figure.value for name, figure in others.items()},
        LEARNED: min(judged.learned, MOST[TFIDF]),
        LEARNED_FROZEN: min(judged.learned, MOST[FROZEN]) if metric != "Pearson" else 0,
    }
    if judged.sure is not None and judged.wrong is not None and judged.served is not None:
        row["served"] = interval(judged.served, SEED)
        wrong = judged.wrong[judged.served]
        row["error of served"] = share(int(wrong.sum()), len(wrong)) if len(wrong) else None
        row["ECE"] = calibration_error(judged.sure, ~judged.wrong)
    return row, others


def tuned(path: Path) -> list[dict[str, Cell]]:
    """The lines of what was fine-tuned on non-commercial sets (`classifiers.train.barred`), where that was measured."""
    if not path.is_file():
        return []
    found = []
    for each in json.loads(path.read_text(encoding="utf-8")):
        line = BARRED[each["set"]]
        row: dict[str, Cell] = {"set": f"{line.set}, fine-tuned, {ONLY}", "metric": line.metric, "n": each["n"]}
        found.append(row | {"target": line.target, OURS: Interval(each["value"], each["low"], each["high"])})
    return found


def targets(rows: Sequence[Mapping[str, Cell]]) -> list[Target]:
    """What was promised of the lines, and what came out."""
    found = []
    for row in rows:
        ours, least = row[OURS], row.get("target")
        if isinstance(ours, Interval) and isinstance(least, float):
            name = f"{row['set']}: {row['metric']}"
            found.append(Target(name, f">= {least:.2f}", told(ours), ours.value >= least))
    return found
