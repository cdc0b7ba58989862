"""Small local experts: linear heads on the encoder's row, each behind a gate that comes with a promise.

An expert answers only for a label set that one of its heads was fitted on, only when it is sure enough (the
threshold is certified, see `gate`), and only for texts like those it learned from (see `novelty`). Otherwise its
reading says `open=False` and why.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors.numpy import load_file, save_file

from classifiers.embed import Vector
from classifiers.gate import Gate
from classifiers.novelty import Novelty
from router.types import Reading

SENTENCE = 384  # the leading part of a row: the sentence embedding, which novelty is measured on


@dataclass(frozen=True, slots=True)
class Head:
    """A multinomial logistic regression over standardised rows, for one label set.

    `weights` has shape (d, labels) and `bias` (labels,); standardisation is folded into both.
    """

    labels: tuple[str, ...]
    weights: Vector
    bias: Vector
    temperature: float = 1.0

    def probabilities(self, rows: Vector) -> NDArray[np.float32]:
        """Calibrated probabilities of rows (n, d), shape (n, labels)."""
        scores = (rows @ self.weights + self.bias) / np.float32(self.temperature)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        found: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
        return found

    @classmethod
    def fit(cls, rows: Vector, labels: Sequence[str], weight: ArrayLike | None = None, c: float = 0.003) -> Head:
        """Fit on rows (n, d). Raises ValueError for fewer than two labels. Deterministic."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only fitting needs it

        names = sorted(set(labels))
        mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        model = LogisticRegression(C=c, max_iter=500).fit((rows - mean) / spread, list(labels), sample_weight=weight)
        coefficients, bias = model.coef_, model.intercept_
        if len(names) == 2:  # scikit-learn keeps one row for two labels
            coefficients, bias = np.concatenate((-coefficients, coefficients)) / 2, np.array([-bias[0], bias[0]]) / 2
        weights = (coefficients / spread).T
        return cls(tuple(names), weights.astype(np.float32), (bias - mean @ weights).astype(np.float32))

    def calibrated(self, rows: Vector, labels: Sequence[str]) -> Head:
        """The same head with the temperature that makes these held-out rows likeliest."""
        truth = np.array([self.labels.index(label) for label in labels])
        plain = Head(self.labels, self.weights, self.bias)

        def loss(temperature: float) -> float:
            found = Head(plain.labels, plain.weights, plain.bias, temperature).probabilities(rows)
            return -float(np.log(np.maximum(found[np.arange(len(truth)), truth], 1e-9)).mean())

        best = min(np.geomspace(0.2, 8.0, 80).tolist(), key=loss)
        return Head(self.labels, self.weights, self.bias, best)


@dataclass(frozen=True, slots=True)
class Gated:
    """A head with its own novelty and its gate. `limit` is the largest novelty that is still served."""

    head: Head
    novelty: Novelty
    gate: Gate
    limit: float

    def read(self, row: Vector) -> tuple[str, float, float]:
        """Answer, confidence and novelty for one row (d,)."""
        found = self.head.probabilities(row[None, :])[0]
        best = int(found.argmax())
        sure = float(found[best])
        return self.head.labels[best], sure, self.novelty.score(row[:SENTENCE], sure)


class Expert:
    """What one expert knows: a task, its languages, and a gated head for each label set."""

    def __init__(
        self, name: str, task: str, languages: Sequence[str], heads: Sequence[Gated], n: int, traits: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.task = task
        self.languages = tuple(languages)
        self.heads = tuple(heads)
        self.n = n  # labelled examples behind the expert
        self.traits = tuple(traits)  # what its card declares; see `Reading.traits`

    @property
    def label_sets(self) -> tuple[frozenset[str], ...]:
        """The label sets that it answers for."""
        return tuple(frozenset(gated.head.labels) for gated in self.heads)

    def read(self, vector: Vector, labels: Collection[str]) -> Reading:
        """What it would answer for an encoder row, shape (`Encoder.width`,), out of these canonical labels.

        Never raises for labels that do not fit, nor for a closed gate: the reading is then not open and says why.
        """
        wanted = frozenset(labels)
        gated = next((each for each in self.heads if frozenset(each.head.labels) == wanted), None)
        if gated is None:
            return self.closed("labels", self._unfit(wanted))
        answer, sure, novelty = gated.read(vector)
        shut, why = _shut(gated, sure, novelty)
        return Reading(answer, sure, novelty, not shut, why, shut, self.n, self.traits)

    def closed(self, shut: str, why: str) -> Reading:
        """The reading of a text that it does not even look at: no answer, and the gate closed."""
        return Reading("", 0.0, 1.0, False, why, shut, self.n, self.traits)

    def _unfit(self, wanted: frozenset[str]) -> str:
        known = " or ".join("{" + ", ".join(sorted(each)) + "}" for each in self.label_sets)
        return f"The {self.name} expert knows the labels {known}, not {{{', '.join(sorted(wanted))}}}."

    def save(self, folder: Path) -> None:
        """Write `expert.json`, `heads.safetensors` and a novelty for each head."""
        arrays, facts = {}, []
        for place, each in enumerate(self.heads):
            arrays[f"weights{place}"] = np.ascontiguousarray(each.head.weights)
            arrays[f"bias{place}"] = each.head.bias
            each.novelty.save(folder, f"novelty{place}")
            temperature = each.head.temperature
            own = {"labels": each.head.labels, "temperature": temperature, "limit": each.limit}
            facts.append(own | {"gate": asdict(each.gate)})
        save_file(arrays, folder / "heads.safetensors")
        about = {"name": self.name, "task": self.task, "languages": self.languages, "n": self.n, "heads": facts}
        about |= {"traits": self.traits} if self.traits else {}
        (folder / "expert.json").write_text(json.dumps(about, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Expert:
        """Read what `save` wrote. Raises OSError when a file is missing."""
        about = json.loads((folder / "expert.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "heads.safetensors")
        heads = []
        for place, own in enumerate(about["heads"]):
            weights, bias = arrays[f"weights{place}"], arrays[f"bias{place}"]
            head = Head(tuple(own["labels"]), weights, bias, own["temperature"])
            heads.append(Gated(head, Novelty.load(folder, f"novelty{place}"), Gate(**own["gate"]), own["limit"]))
        return cls(about["name"], about["task"], about["languages"], heads, about["n"], about.get("traits", ()))


def _shut(gated: Gated, sure: float, novelty: float) -> tuple[str, str]:
    """Why the gate is shut for such a reading, in a word and in a sentence; both empty when it is open."""
    if gated.gate.closed:
        return "uncertified", "No confidence threshold could be certified for this label set."
    if sure < gated.gate.threshold:
        return "unsure", f"Its confidence {sure:.3f} is below the certified {gated.gate.threshold:.3f}."
    if novelty > gated.limit:
        return "novel", f"The text is unlike its training data: novelty {novelty:.3f} is above {gated.limit:.3f}."
    return "", ""
