"""An expert from a user's own rows: split, fitted, calibrated and gated, in seconds.

Three parts, drawn by each text's hash within its label: `train` is learned from, `calibrate` certifies the gate, `test`
is only measured. What else has to be set on rows that a fit never saw (how head and surface are weighed, the thresholds
to try, the scale of novelty) is set by fitting on four fifths of `train` and looking at the fifth, in turn. The promise
of the gate needs nothing of that: only that the expert, the thresholds and their order were fixed without `calibrate`.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classifiers.embed import Encoder, Vector
from classifiers.expert import SEEN, Expert, Gated, Kind, unit
from classifiers.gate import SHARES, Calibration, fewest, ladder, p_value, shares_of
from classifiers.heads import Head
from classifiers.novelty import Novelty
from classifiers.surface import LEAST, Surface, best_shares, blended, log_softmax

Part = Literal["train", "calibrate", "test"]
AtRow = Callable[[int], None]
FEWEST = 20  # rows of a label
CALIBRATE, TEST = 0.3, 0.1  # shares of the rows; a gate of 5 % needs 45 rows served without a mistake
FOLDS = 5
LIMIT = 0.975  # served up to this quantile of novelty
PROTOTYPES = 16  # of a label
DISTANCE = (0.0, 1.0, 0.0)  # of doubt, distance and angle: the confidence threshold already weighs doubt
UNDECIDED = "und"  # of a text whose language nobody can tell
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text, or pair of texts, with its language and its line in the user's file."""

    text: str
    label: str
    other: str = ""
    language: str = UNDECIDED
    line: int = 0

    @property
    def key(self) -> str:
        """The same for texts that differ in case, blanks or widths only: such must not part in a split."""
        return "\0".join(
            " ".join(unicodedata.normalize("NFKC", each).casefold().split()) for each in (self.text, self.other)
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """The expert to make."""

    name: str
    task: str
    kind: Kind = "label"
    template: str = ""
    epsilon: float = 0.05
    delta: float = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What an expert says of labelled rows: label, confidence, novelty, and whether its gate serves it; (n,) each."""

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    confidence: Array
    novelty: Array
    served: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which rows are said to be what they are."""
        return np.array([row.label == label for row, label in zip(self.rows, self.labels, strict=True)], bool)

    def where(self, keep: NDArray[np.bool_]) -> Said:
        """The rows that the mask marks."""
        places = np.flatnonzero(keep).tolist()
        rows, labels = tuple(self.rows[n] for n in places), tuple(self.labels[n] for n in places)
        return Said(rows, labels, self.confidence[keep], self.novelty[keep], self.served[keep])


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A new expert, the part that each row played, and what it says of the rows that it did not learn from."""

    expert: Expert
    parts: tuple[Part, ...]
    calibrate: Said
    test: Said
    thresholds: int  # how many were tried

    @property
    def gated(self) -> Gated:
        """Its only head."""
        return self.expert.heads[0]


def parted(rows: Sequence[Row]) -> tuple[Part, ...]:
    """The part of each row: of every label three tenths `calibrate`, a tenth `test`, the rest `train`.

    Drawn by the hash of the text, so that it does not change with the order of the file.
    """
    found: list[Part] = ["train"] * len(rows)
    for places in _by_label(rows).values():
        test, calibrate = max(2, round(TEST * len(places))), round(CALIBRATE * len(places))
        for rank, place in enumerate(places[: test + calibrate]):
            found[place] = "test" if rank < test else "calibrate"
    return tuple(found)


def languages_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The languages that at least `FEWEST` rows are in, the most frequent first; of fewer rows, that of most."""
    counts = Counter(row.language for row in rows if row.language != UNDECIDED)
    return tuple(language for language, n in counts.most_common() if n >= FEWEST) or tuple(
        language for language, _ in counts.most_common(1)
    )


def encoded(encoder: Encoder, rows: Sequence[Row], kind: Kind = "label", at: AtRow = lambda _: None) -> Vector:
    """The trunk's rows, shape (n, d); `at` is told how far it is."""
    found = np.zeros((len(rows), encoder.width), np.float32)
    for place, row in enumerate(rows):
        found[place] = (encoder.pairs([(row.text, row.other)]) if kind == "pair" else encoder.encode([row.text]))[0]
        at(place + 1)
    return found


def taught(rows: Sequence[Row], parts: Sequence[Part]) -> tuple[bool, ...]:
    """What a fine-tuned trunk learns from: four fifths of `train`. What it never saw sets what `made` has to set."""
    train = [place for place, part in enumerate(parts) if part == "train"]
    held = _folds([rows[place] for place in train]) == 0
    found = dict(zip(train, (~held).tolist(), strict=True))
    return tuple(found.get(place, False) for place in range(len(rows)))


def made(rows: Sequence[Row], vectors: Vector, parts: Sequence[Part], wanted: Wanted, finetuned: bool = False) -> Made:
    """The expert from rows and what the trunk makes of them, shape (n, d). Deterministic; some seconds for 1,000 rows.

    `finetuned` says that the trunk has learned what `taught` marks. Raises ValueError for fewer than two labels in
    `train`.
    """
    part = np.array(parts)
    train = np.flatnonzero(part == "train").tolist()
    learned = [rows[place] for place in train]
    languages = languages_of(rows)
    head, surface, sure = _fitted(learned, vectors[train], wanted.kind, finetuned)
    novelty = _novelty(learned, vectors[train], sure)
    sure = sure[_fresh(learned, finetuned)]
    judged = np.flatnonzero(part == "calibrate").tolist()
    thresholds = ladder(sure, shares_of(len(judged), wanted.epsilon, wanted.delta))
    nothing = Calibration.of((), (), thresholds)
    gated = Gated(head, novelty, nothing.certify(wanted.epsilon, wanted.delta), LIMIT, None, surface)
    labelled = (wanted.name, wanted.task, languages)
    expert = Expert(*labelled, (gated,), len(learned), kind=wanted.kind, template=wanted.template)
    found = said(expert, [rows[place] for place in judged], vectors[judged])
    may = (found.novelty <= LIMIT) & _read(found.rows, languages)
    calibration = Calibration.of(found.confidence, ~found.right, thresholds, may)
    gated = replace(gated, gate=calibration.certify(wanted.epsilon, wanted.delta), calibration=calibration)
    expert = replace(expert, heads=(gated,))
    test = np.flatnonzero(part == "test").tolist()
    last = said(expert, [rows[place] for place in test], vectors[test])
    served = may & (found.confidence >= gated.gate.threshold)
    return Made(expert, tuple(parts), replace(found, served=served), last, len(thresholds))


def said(expert: Expert, rows: Sequence[Row], vectors: Vector) -> Said:
    """What the expert's head for the labels of most rows says of them, as it would be served."""
    gated = expert.heads[0]
    answers = [gated.read(vector, row.text) for vector, row in zip(vectors, rows, strict=True)]
    sure = np.array([each for _, each in answers], np.float64)
    seen = unit(vectors[:, SEEN])
    odd = np.array([gated.novelty.score(row, each) for row, each in zip(seen, sure.tolist(), strict=True)], np.float64)
    may = (odd <= gated.limit) & _read(rows, expert.languages)
    return Said(tuple(rows), tuple(label for label, _ in answers), sure, odd, may & (sure >= gated.gate.threshold))


def rows_needed(calibration: Calibration, epsilon: float, delta: float) -> int | None:
    """About how many rows in all would certify the gate; None where no number would, wrong too often as the surest are.

    An estimate from the calibration rows, served from the surest down: as many mistakes more as there are rows more,
    and the first threshold that is tried lets through as many rows as `shares_of` says.
    """
    order = np.argsort(-calibration.confidence, kind="stable")
    order = order[calibration.eligible[order]]
    n, wrong = len(calibration.confidence), calibration.wrong[order]
    found = []
    for share in SHARES:
        rate = float(wrong[: max(1, round(share * n))].mean()) if len(wrong) else 1.0
        if rate < epsilon:
            first = fewest(epsilon, delta) * (2 if share < 1.0 else 1)
            served = (each for each in range(first, 10**6, 5) if p_value(ceil(rate * each), each, epsilon) <= delta)
            found.append(ceil(next(served) / share / CALIBRATE / 10) * 10)
    return min(found) if found else None


# ── fitting ──────────────────────────────────────────────────────────────────────────────────────


def _fitted(rows: Sequence[Row], vectors: Vector, kind: Kind, finetuned: bool) -> tuple[Head, Surface | None, Array]:
    """Head and surface, and how sure both are of rows that they were not fitted on (n,)."""
    labels = [row.label for row in rows]
    folds = _folds(rows)
    ours, theirs = (np.zeros((len(rows), len(set(labels))), np.float32) for _ in range(2))
    for fold in range(FOLDS):
        head, surface = _both(rows, vectors, folds != fold, kind)
        held = np.flatnonzero(folds == fold).tolist()
        ours[held] = np.log(np.maximum(head.probabilities(vectors[held]), LEAST))
        if surface is not None:
            theirs[held] = log_softmax(np.stack([surface.scores(rows[place].text) for place in held]))
    places = np.unique(labels, return_inverse=True)[1]
    fresh = _fresh(rows, finetuned)
    shares = best_shares(ours[fresh], theirs[fresh], places[fresh])
    head, surface = _both(rows, vectors, np.ones(len(rows), bool), kind)
    if surface is None:
        shares = (max(shares[0], 0.1), 0.0)
    sure = _sure(ours, theirs, shares)
    if shares[1] == 0.0:  # the surface adds nothing: its weight is the head's temperature
        return replace(head, temperature=1.0 / shares[0]), None, sure
    return head, replace(surface, shares=shares) if surface else None, sure


def _both(rows: Sequence[Row], vectors: Vector, keep: NDArray[np.bool_], kind: Kind) -> tuple[Head, Surface | None]:
    """Head and surface fitted on the rows that the mask marks. How a pair is written says little of how it relates."""
    some = np.flatnonzero(keep).tolist()
    labels = [rows[place].label for place in some]
    head = Head.fit(vectors[some], labels)
    head = replace(head, weights=head.weights.astype(np.float16).astype(np.float32))  # as it is on disk
    return head, None if kind == "pair" else Surface.fit([rows[place].text for place in some], labels)


def _sure(ours: Vector, theirs: Vector, shares: tuple[float, float]) -> Array:
    found: Array = blended(ours, theirs, shares).max(axis=1).astype(np.float64)
    return found


def _novelty(rows: Sequence[Row], vectors: Vector, sure: Array) -> Novelty:
    """Distance from four fifths of the rows, scaled by the fifth."""
    held = _folds(rows) == 0
    seen, labels = unit(vectors[:, SEEN]), [row.label for row, out in zip(rows, held.tolist(), strict=True) if not out]
    return Novelty.fit(seen[~held], labels, seen[held], sure[held], PROTOTYPES, DISTANCE)


def _fresh(rows: Sequence[Row], finetuned: bool) -> NDArray[np.bool_]:
    """Which rows of `train` the trunk has not learned from, shape (n,); see `taught`."""
    return _folds(rows) == 0 if finetuned else np.ones(len(rows), bool)


def _folds(rows: Sequence[Row]) -> NDArray[np.int64]:
    """Five folds, each with its share of every label, shape (n,)."""
    found = np.zeros(len(rows), np.int64)
    for places in _by_label(rows).values():
        found[places] = np.arange(len(places)) % FOLDS
    return found


def _by_label(rows: Sequence[Row]) -> dict[str, list[int]]:
    """Places of the rows of each label, in the order of their hashes."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        found[row.label].append(place)
    ranks = [hashlib.sha256(row.key.encode("utf-8", "replace")).digest() for row in rows]
    return {label: sorted(places, key=ranks.__getitem__) for label, places in sorted(found.items())}


def _read(rows: Sequence[Row], languages: Sequence[str]) -> NDArray[np.bool_]:
    """Which rows are in a language that the expert reads, shape (n,)."""
    return np.array([row.language in (*languages, UNDECIDED) for row in rows], bool)
