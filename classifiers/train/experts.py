"""The experts: which heads of the trunk each has, how they are calibrated, gated and measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from classifiers.embed import Encoder
from classifiers.expert import SEEN, Expert, Gated, Kind, unit
from classifiers.gate import Calibration, ladder
from classifiers.heads import TOLERANCE, Head, ScoreHead, TagHead, spans
from classifiers.novelty import Novelty

from . import data
from .lessons import HEADS, Example, Lesson, Tagged, lessons
from .measure import calibration_error, scored

FLOOR = 0.8  # nothing less sure is served, however good the head is on its own kind of text
LIMIT = 0.975  # served up to this quantile of in-domain novelty
PROTOTYPES, MOST_PROTOTYPES = 16, 400  # per label, and of all labels
LEARNED = 4_000  # train rows whose clusters novelty is measured from
# Of doubt, distance and angle: distance alone, since the confidence threshold already weighs doubt.
WEIGHTS = (0.0, 1.0, 0.0)
WORKERS = 2  # threads that encode
Array = np.ndarray[Any, Any]
Rows = Callable[[Sequence[Example]], Array]


@dataclass(frozen=True, slots=True)
class Plan:
    """One head to gate: which lesson's, its labels where not all ("a|b" for either), under which names."""

    lesson: str
    labels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    epsilon: float = 0.05
    delta: float = 0.1
    first_share: float = 0.2


@dataclass(frozen=True, slots=True)
class Recipe:
    """One expert to build."""

    name: str
    task: str
    plans: tuple[Plan, ...]
    kind: Kind = "label"


EKMAN = ("anger", "disgust", "fear", "joy", "sadness", "surprise")
# Three-way polarity and basic emotions are labelled noisily: annotators themselves agree on two in three.
RECIPES = (
    Recipe("sentiment", "sentiment", (Plan("sentiment", ("negative", "positive")), Plan("sentiment", epsilon=0.1))),
    Recipe("spam", "spam_detection", (Plan("spam"),)),
    Recipe("toxicity", "toxicity", (Plan("toxicity"),)),
    Recipe("emotion", "emotion", (Plan("emotion"), Plan("feeling", EKMAN, epsilon=0.1), Plan("feeling", epsilon=0.1))),
    Recipe("topic", "topic_classification", (Plan("question"), Plan("stackoverflow"))),
    Recipe("intent", "intent_classification", (Plan("banking77"), Plan("clinc150"), Plan("hwu64"))),
    Recipe("acceptability", "acceptability", (Plan("acceptability"),)),
    Recipe("subjectivity", "data_annotation", (Plan("subjectivity"),)),
    Recipe(
        "nli",
        "nli",
        (Plan("nli"), Plan("nli", ("entailment", "contradiction|neutral"), ("entailment", "not_entailment"))),
        "pair",
    ),
    Recipe("paraphrase", "paraphrase_detection", (Plan("paraphrase"),), "pair"),
    Recipe("similarity", "semantic_similarity", (Plan("similarity"),), "score"),
    Recipe("entities", "ner", (Plan("wikigold", epsilon=0.1), Plan("wnut17", epsilon=0.1)), "entities"),
)


@dataclass(frozen=True, slots=True)
class Read:
    """What a gated head said of rows: confidence, whether that is wrong, novelty, shape (n,) each."""

    sure: Array
    wrong: Array
    odd: Array

    def served(self, gated: Gated) -> Array:
        """Which of the rows the gate is open for, shape (n,)."""
        return np.asarray((self.sure >= gated.gate.threshold) & (self.odd <= gated.limit))


@dataclass(frozen=True, slots=True)
class Material:
    """What heads are built from: the encoder and all lessons by name, with the heads that the trunk learned."""

    encoder: Encoder
    lessons: Mapping[str, Lesson]
    arrays: Mapping[str, Array]
    kept: dict[tuple[str, str], Array]

    def rows(self, examples: Sequence[Example]) -> Array:
        """Rows (n, d) of texts or pairs; what was encoded once is remembered."""
        missing = sorted({(each.text, each.other) for each in examples} - self.kept.keys())
        with ThreadPoolExecutor(WORKERS) as pool:
            self.kept.update(zip(missing, pool.map(self._row, missing), strict=True))
        return np.stack([self.kept[each.text, each.other] for each in examples])

    def cosines(self, examples: Sequence[Example]) -> Array:
        """The likeness of each pair, shape (n,)."""
        return np.array([self.encoder.likeness(each.text, each.other) for each in examples])

    def _row(self, texts: tuple[str, str]) -> Array:
        text, other = texts
        return (self.encoder.pairs([texts]) if other else self.encoder.encode([text]))[0]

    def head(self, plan: Plan) -> Head | ScoreHead | TagHead:
        """The head of a plan, not yet calibrated."""
        weights = np.asarray(self.arrays[f"{plan.lesson}.weights"], np.float16).astype(np.float32)
        bias, lesson = self.arrays[f"{plan.lesson}.bias"], self.lessons[plan.lesson]
        if lesson.kind == "score":
            return ScoreHead(weights, bias)
        if lesson.kind == "tags":
            return TagHead(lesson.labels, weights, bias)
        head = Head(lesson.labels, weights, bias)
        return head.among(plan.labels, plan.names) if plan.labels else head


def material(folder: Path, out: Path) -> Material:
    """Read the trunk under `out` and the collections in `folder`."""
    arrays = load_file(out / "encoder" / HEADS)
    return Material(Encoder.load(out / "encoder"), {each.name: each for each in lessons(folder)}, arrays, {})


def build(folder: Path, out: Path) -> dict[str, Any]:
    """Write every expert under `out / "experts"`; return what the cards tell, by expert."""
    found = material(folder, out)
    return {recipe.name: _build(recipe, found, out / "experts" / recipe.name) for recipe in RECIPES}


def _build(recipe: Recipe, found: Material, out: Path) -> dict[str, Any]:
    heads = [_gated(plan, found) for plan in recipe.plans]
    names = list(dict.fromkeys(plan.lesson for plan in recipe.plans))
    every = [each for name in names for each in (*found.lessons[name].examples, *found.lessons[name].tagged)]
    n = sum(each.part == "train" for each in every)
    Expert(recipe.name, recipe.task, ("en",), tuple(heads), n, kind=recipe.kind).save(out)
    loaded = Expert.load(out)
    rows = data.counted([{"s": each.source, "p": each.part} for each in every], "s", "p")
    told = [_figures(plan, gated, found) for plan, gated in zip(recipe.plans, loaded.heads, strict=True)]
    return {"task": recipe.task, "n": n, "rows": rows, "heads": told}


def _gated(plan: Plan, found: Material) -> Gated:
    """Calibrate a head on `tune`, certify its gate on `calibrate`."""
    head = found.head(plan)
    novelty_rows, labels = _learned(plan, found)
    tune, tagged = of_part(plan, found, "tune")
    true = [each for each in tune if not each.assumed]
    if isinstance(head, TagHead):
        head, held, sure = _trusted(head, tagged, found)
    elif isinstance(head, ScoreHead):
        head = head.calibrated(found.rows(tune), found.cosines(tune), np.array([float(each.label) for each in tune]))
        held, sure = found.rows(tune), head.confidences(head.scores(found.rows(tune), found.cosines(tune)))
    else:
        head = head.calibrated(found.rows(true), [each.label for each in true])
        held, sure = found.rows(tune), head.probabilities(found.rows(tune)).max(axis=1)
    per_label = max(1, min(PROTOTYPES, MOST_PROTOTYPES // len(set(labels))))
    novelty = Novelty.fit(unit(novelty_rows[:, SEEN]), labels, unit(held[:, SEEN]), sure.tolist(), per_label, WEIGHTS)
    certain = sure[[not each.assumed for each in tune]] if tune else sure
    shares = [round(plan.first_share + 0.05 * step, 2) for step in range(17) if plan.first_share + 0.05 * step < 1.001]
    thresholds = sorted({max(each, FLOOR) for each in ladder(certain, shares)})
    judged = readings(plan, head, novelty, found, "calibrate")
    calibration = Calibration.of(judged.sure, judged.wrong, thresholds, judged.odd <= LIMIT)
    return Gated(head, novelty, calibration.certify(plan.epsilon, plan.delta), LIMIT, calibration)


def of_part(plan: Plan, found: Material, part: str) -> tuple[list[Example], list[Tagged]]:
    """The examples of a plan's label set that play this part, or its tagged sentences."""
    lesson = found.lessons[plan.lesson]
    names = dict(zip(plan.labels or lesson.labels, plan.names or plan.labels or lesson.labels, strict=True))
    single = {label: name for labels, name in names.items() for label in (*labels.split("|"), labels)}
    chosen = [each for each in lesson.examples if each.part == part]
    if lesson.kind != "score":
        chosen = [_renamed(each, single[each.label]) for each in chosen if each.label in single]
    return chosen, [each for each in lesson.tagged if each.part == part]


def _renamed(example: Example, label: str) -> Example:
    return Example(example.text, label, example.source, example.part, example.assumed, example.other)


def _learned(plan: Plan, found: Material) -> tuple[Array, list[str]]:
    """Rows and labels of some `train` examples."""
    examples, tagged = of_part(plan, found, "train")
    if tagged:
        examples = [Example(" ".join(each.words), "text", each.source, each.part) for each in tagged]
    step = max(1, -(-len(examples) // LEARNED))
    some = examples[::step]
    kind = found.lessons[plan.lesson].kind
    return found.rows(some), ["text" if kind in ("score", "tags") else each.label for each in some]


def _trusted(head: TagHead, tagged: Sequence[Tagged], found: Material) -> tuple[TagHead, Array, Array]:
    """A tagger with its trust fitted, the rows of these sentences and its confidence in each."""
    said = [head.best(found.encoder.words(each.words)) for each in tagged]
    right = [spans(tags) == spans(each.tags) for (tags, _), each in zip(said, tagged, strict=True)]
    head = head.calibrated(np.array([likelihood for _, likelihood in said]), right)
    texts = [Example(" ".join(each.words), "text", each.source, each.part) for each in tagged]
    return head, found.rows(texts), np.array([head.confidence(likelihood) for _, likelihood in said])


def readings(plan: Plan, head: Head | ScoreHead | TagHead, novelty: Novelty, found: Material, part: str) -> Read:
    """What a head says of all examples of a part whose labels are true."""
    examples, tagged = of_part(plan, found, part)
    examples = [each for each in examples if not each.assumed]
    if isinstance(head, TagHead):
        said = [head.best(found.encoder.words(each.words)) for each in tagged]
        sure = np.array([head.confidence(likelihood) for _, likelihood in said])
        wrong = np.array([spans(tags) != spans(each.tags) for (tags, _), each in zip(said, tagged, strict=True)])
        rows = found.rows([Example(" ".join(each.words), "text", each.source, each.part) for each in tagged])
    elif isinstance(head, ScoreHead):
        rows = found.rows(examples)
        scores = head.scores(rows, found.cosines(examples))
        sure = head.confidences(scores)
        wrong = np.abs(scores - np.array([float(each.label) for each in examples])) > TOLERANCE
    else:
        rows = found.rows(examples)
        probabilities = head.probabilities(rows)
        sure = probabilities.max(axis=1)
        wrong = np.array(head.labels)[probabilities.argmax(axis=1)] != np.array([each.label for each in examples])
    seen = unit(rows[:, SEEN])
    odd = [novelty.score(row, float(each)) for row, each in zip(seen, sure, strict=True)]
    return Read(sure, wrong, np.array(odd))


def _figures(plan: Plan, gated: Gated, found: Material) -> dict[str, Any]:
    """What one head does on `test`: in all, and source by source."""
    examples, tagged = of_part(plan, found, "test")
    sources = np.array([each.source for each in examples if not each.assumed] or [each.source for each in tagged])
    read = readings(plan, gated.head, gated.novelty, found, "test")
    calibration = gated.calibration
    facts: dict[str, Any] = {
        "labels": gated.head.labels or ["a score from 0 to 1"],
        "lesson": plan.lesson,
        "gate": {name: getattr(gated.gate, name) for name in type(gated.gate).__slots__},
        "gates": calibration.card(gated.gate.epsilon, gated.gate.delta) if calibration else {},
        "test": _measured(gated, read),
    }
    parts = {source: sources == source for source in sorted(set(sources.tolist()))}
    facts["test_by_source"] = {
        source: _measured(gated, Read(read.sure[own], read.wrong[own], read.odd[own])) for source, own in parts.items()
    }
    facts["scores"] = {
        source: scored(*_gold(gated, [e for e in examples if e.source == source], tagged, found)) for source in parts
    }
    if isinstance(gated.head, Head) and len(gated.head.labels) <= 8:
        facts["confusion"] = _confusion(gated, [each for each in examples if not each.assumed], read, found)
    return facts


def _gold(
    gated: Gated, examples: Sequence[Example], tagged: Sequence[Tagged], found: Material
) -> tuple[list[Any], list[Any]]:
    """What is true of each test example and what the head says of it, as `measure.scored` takes them."""
    if isinstance(gated.head, TagHead):
        head = gated.head
        return [spans(each.tags) for each in tagged], [
            spans(head.best(found.encoder.words(e.words))[0]) for e in tagged
        ]
    true = [each for each in examples if not each.assumed]
    rows = found.rows(true)
    if isinstance(gated.head, ScoreHead):
        return [float(each.label) for each in true], gated.head.scores(rows, found.cosines(true)).tolist()
    best = gated.head.probabilities(rows).argmax(axis=1)
    return [each.label for each in true], [gated.head.labels[place] for place in best]


def _measured(gated: Gated, read: Read) -> dict[str, Any]:
    served = read.served(gated)
    return {
        "n": len(read.sure),
        "accuracy": round(1 - float(read.wrong.mean()), 4),
        "ece_15_bins": round(calibration_error(read.sure, ~read.wrong), 4),
        "served": int(served.sum()),
        "coverage": round(float(served.mean()), 4),
        "wrong_of_served": int((read.wrong & served).sum()),
        "error_of_served": round(float(read.wrong[served].mean()), 4) if served.any() else None,
    }


def _confusion(gated: Gated, examples: Sequence[Example], read: Read, found: Material) -> dict[str, dict[str, int]]:
    """By true label, how many rows are said to be each label, and of those that the gate serves."""
    truth, said = (np.array(each) for each in _gold(gated, examples, (), found))
    served = read.served(gated)
    return {
        true: {
            f"{head} {label}": int((rows & (truth == true) & (said == label)).sum())
            for head, rows in (("said", np.ones(len(said), bool)), ("served as", served))
            for label in gated.head.labels
        }
        for true in gated.head.labels
    }
