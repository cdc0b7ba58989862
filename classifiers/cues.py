"""What a wording gives away, learned: small linear heads, each with its own point from which it is believed.

They stand beside the patterns of `router/detectors/`: patterns are precise about what they know, a head hears what
nobody wrote down. What each head means and how far it can be trusted is in `models/cues/CARD.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from classifiers.embed import Look
from classifiers.grams import BITS
from classifiers.linear import Linear, features


class Head(NamedTuple):
    """A head's name, and of a question with several answers the one that it stands for."""

    name: str
    kind: str = ""


class Target(NamedTuple):
    """What a head shall say of each row, and how much the row counts; 0 where it says nothing about the head."""

    values: NDArray[Any]  # (n,): 1 or 0 of a cue, any number of a grade
    weights: NDArray[Any]  # (n,)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the heads hear: cues; of questions with several answers, the answer; grades."""

    cues: frozenset[str] = frozenset()
    kinds: Mapping[str, str] = field(default_factory=dict)
    grades: Mapping[str, float] = field(default_factory=dict)


NOTHING = Heard()
FEW = 4  # tokens; a shorter text ("Hi", "yes") is too little to hear anything in
EASY, HARD = 0.35, 0.65  # of a grade: below the first it is easy, from the second on hard
SHARE, GRADE_SHARE = 0.5, 1.0  # weight of the look's vector against the n-grams, of cues and of grades
C = 0.5


class CueHeads:
    """One linear layer: a head that scores above zero is heard, and the score of a grade is its value."""

    def __init__(self, heads: Sequence[Head], grades: Sequence[str], linear: Linear) -> None:
        self.heads = tuple(heads)
        self.grades = tuple(grades)  # their columns stand behind those of the heads
        self._linear = linear

    def scores(self, look: Look) -> NDArray[np.float32]:
        """The scores of one look, shape (heads + grades,)."""
        return self._linear.scores(look)

    def heard(self, look: Look) -> Heard:
        """What one look holds; never raises. A look without a token holds nothing, one of few tokens only grades."""
        if not len(look.ids):
            return NOTHING
        scores = self._linear.scores(look).tolist()
        loud = sorted((score, head) for score, head in zip(scores, self.heads, strict=False) if score > 0)
        grades = dict(zip(self.grades, scores[len(self.heads) :], strict=True))
        if not loud or len(look.ids) < FEW:
            return Heard(grades=grades)
        kinds = {head.name: head.kind for _, head in loud if head.kind}  # of several kinds, the loudest
        return Heard(frozenset([head.name for _, head in loud if not head.kind]), kinds, grades)

    @classmethod
    def fit(
        cls, looks: Sequence[Look], heads: Mapping[Head, Target], grades: Mapping[str, Target], c: float = C
    ) -> CueHeads:
        """Fit a linear SVM a head, and a linear regression a grade. Deterministic.

        Raises ValueError where a head's rows are all of one kind.
        """
        from sklearn.svm import LinearSVC, LinearSVR  # noqa: PLC0415 - only fitting needs it

        told, graded_told = features(looks, SHARE), features(looks, GRADE_SHARE)
        rows: list[NDArray[np.float64]] = []
        biases: list[float] = []
        for target in (*heads.values(), *grades.values()):
            used = np.flatnonzero(target.weights)
            graded = len(rows) >= len(heads)
            model = (
                LinearSVR(C=c, loss="squared_epsilon_insensitive", random_state=0)
                if graded
                else LinearSVC(C=c, random_state=0)
            )
            model.fit((graded_told if graded else told)[used], target.values[used], sample_weight=target.weights[used])
            row = model.coef_.reshape(-1)
            row[1 << BITS :] *= GRADE_SHARE / SHARE if graded else 1.0  # `Linear` knows one share
            rows.append(row)
            biases.append(float(model.intercept_[0]))
        return cls(tuple(heads), tuple(grades), Linear.of(np.stack(rows), np.array(biases), SHARE))

    def tuned(self, points: Mapping[Head, float], lines: Mapping[str, tuple[float, float]]) -> CueHeads:
        """Only the heads of `points`, heard from the score given there; grades as gain x score + offset of `lines`."""
        keep = [place for place, head in enumerate(self.heads) if head in points]
        graded = [len(self.heads) + place for place, name in enumerate(self.grades) if name in lines]
        heads, grades = [self.heads[place] for place in keep], [name for name in self.grades if name in lines]
        gain = np.array([1.0] * len(heads) + [lines[name][0] for name in grades], np.float32)
        move = np.array([-points[head] for head in heads] + [lines[name][1] for name in grades], np.float32)
        all_of = self._linear.part([*keep, *graded])
        moved = Linear(all_of.table, all_of.scale * gain, all_of.dense * gain, all_of.bias * gain + move)
        return CueHeads(heads, grades, moved)

    def save(self, folder: Path) -> None:
        """Write `cues.safetensors` and `cues.json`; the folder is made when it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file(self._linear.arrays, folder / "cues.safetensors")
        facts = {"heads": self.heads, "grades": self.grades}
        (folder / "cues.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> CueHeads:
        """Read what `save` wrote. Raises OSError when a file is missing."""
        facts = json.loads((folder / "cues.json").read_text(encoding="utf-8"))
        heads = [Head(*each) for each in facts["heads"]]
        return cls(heads, facts["grades"], Linear.read(load_file(folder / "cues.safetensors")))
