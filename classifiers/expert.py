"""Small local experts: light heads on the trunk, each behind a gate that comes with a promise.

An expert answers only for a label set that one of its heads was fitted on, only when it is sure enough (the
threshold is certified, see `gate`), and only for texts like those it learned from (see `novelty`). Otherwise its
reading says `open=False` and why.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors.numpy import load_file, save_file

from classifiers.embed import STATE, Encoder, Vector, open_session
from classifiers.gate import Calibration, Gate
from classifiers.heads import Head, ScoreHead, TagHead, entities, words_of
from classifiers.novelty import Novelty
from classifiers.surface import Surface
from router.types import Reading

Kind = Literal["label", "pair", "score", "entities"]
AnyHead = Head | ScoreHead | TagHead
UPPER = "trunk.onnx"  # in an expert's folder: its own upper layers; whoever fine-tunes one writes it there
SEEN = slice(2 * STATE, 3 * STATE)  # the part of a row that novelty is measured on: the fourth layer's mean


@dataclass(frozen=True, slots=True)
class Gated:
    """A head with its own novelty and its gate. `limit` is the largest novelty that is still served.

    `calibration` is what certifies the gate anew for other rates; without it the gate is what it is.
    """

    head: AnyHead
    novelty: Novelty
    gate: Gate
    limit: float
    calibration: Calibration | None = None
    surface: Surface | None = None  # of a label head: what it weighs together with how the text is written

    def read(self, row: Vector, text: str) -> tuple[str, float]:
        """The answer for one text with this row, and the chance that it is right."""
        if self.surface is not None and isinstance(self.head, Head):
            return self.surface.read(self.head, row, text)
        if not isinstance(self.head, Head):
            raise TypeError("only a label is read from a row alone")
        return self.head.read(row)

    def gated(self, epsilon: float, delta: float) -> Gated:
        """The same head behind the gate of these rates. Raises ValueError where nothing can certify it."""
        if (epsilon, delta) == (self.gate.epsilon, self.gate.delta):
            return self
        if self.calibration is None:
            raise ValueError("its calibration rows were not kept, so that no other rates can be certified")
        return replace(self, gate=self.calibration.certify(epsilon, delta))


@dataclass(frozen=True, slots=True)
class Expert:
    """What one expert knows: a task, its languages, and a gated head for each label set.

    `kind` says what it is asked: a label of a text, a label of a pair, a score of a pair, or a text's entities.
    """

    name: str
    task: str
    languages: tuple[str, ...]
    heads: tuple[Gated, ...]
    n: int  # labelled examples behind the expert
    traits: tuple[str, ...] = ()  # what its card declares; see `Reading.traits`
    kind: Kind = "label"
    template: str = ""  # a prompt with {text}, or {a} and {b}, that needs no reading
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # further words for a label
    upper: Any = None  # upper layers of its own, where it was fine-tuned

    @property
    def label_sets(self) -> tuple[frozenset[str], ...]:
        """The label sets that it answers for; of a score one that is empty."""
        return tuple(frozenset(gated.head.labels) for gated in self.heads)

    def read(self, encoder: Encoder, text: str, labels: Collection[str], other: str = "") -> Reading:
        """What it would answer for a text, or a pair, out of these labels of its own.

        Raises nothing for labels that do not fit, nor for a closed gate: the reading is then not open and says why.
        """
        wanted = frozenset(labels)
        gated = next((each for each in self.heads if frozenset(each.head.labels) == wanted), None)
        if gated is None:
            return self.closed("labels", self._unfit(wanted))
        encoder = encoder.under(self.upper) if self.upper is not None else encoder
        if isinstance(gated.head, TagHead):
            answer, sure, row = tagged(gated.head, encoder, text)
        elif isinstance(gated.head, ScoreHead):
            row = encoder.pairs([(text, other)])[0]
            answer, sure = gated.head.read(row, encoder.likeness(text, other))
        else:
            row = (encoder.encode([text]) if self.kind == "label" else encoder.pairs([(text, other)]))[0]
            answer, sure = gated.read(row, text)
        novelty = gated.novelty.score(unit(row[None, SEEN])[0], sure)
        shut, why = _shut(gated, sure, novelty)
        return Reading(answer, sure, novelty, not shut, why, shut, self.n, self.traits)

    def closed(self, shut: str, why: str) -> Reading:
        """The reading of a text that it does not even look at: no answer, and the gate closed."""
        return Reading("", 0.0, 1.0, False, why, shut, self.n, self.traits)

    def gated(self, epsilon: float | None, delta: float | None) -> Expert:
        """The same expert with its gates certified for other rates; None leaves a rate as it is.

        Raises ValueError where its calibration rows were not kept.
        """
        heads = [
            each.gated(each.gate.epsilon if epsilon is None else epsilon, each.gate.delta if delta is None else delta)
            for each in self.heads
        ]
        return replace(self, heads=tuple(heads))

    def _unfit(self, wanted: frozenset[str]) -> str:
        known = " or ".join("{" + ", ".join(sorted(each)) + "}" for each in self.label_sets)
        return f"The {self.name} expert knows the labels {known}, not {{{', '.join(sorted(wanted))}}}."

    def save(self, folder: Path) -> None:
        """Write `expert.json`, `heads.safetensors`, and a novelty and a calibration for each head.

        The folder is made when it is missing.
        """
        folder.mkdir(parents=True, exist_ok=True)
        arrays, facts = {}, []
        for place, each in enumerate(self.heads):
            arrays[f"weights{place}"] = np.ascontiguousarray(each.head.weights, np.float16)
            arrays[f"bias{place}"] = np.ascontiguousarray(each.head.bias, np.float32)
            each.novelty.save(folder, f"novelty{place}")
            if each.calibration is not None:
                each.calibration.save(folder, f"calibration{place}")
            if each.surface is not None:
                each.surface.save(folder, f"surface{place}")
            gate = {name: getattr(each.gate, name) for name in Gate.__slots__}
            facts.append(_told(each.head) | {"limit": each.limit, "gate": gate})
        save_file(arrays, folder / "heads.safetensors")
        about: dict[str, Any] = {"name": self.name, "task": self.task, "languages": self.languages, "n": self.n}
        about |= {"kind": self.kind, "heads": facts}
        more = {"traits": self.traits, "template": self.template, "synonyms": dict(self.synonyms)}
        about |= {name: value for name, value in more.items() if value}
        (folder / "expert.json").write_text(json.dumps(about, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Expert:
        """Read what `save` wrote. Raises OSError when a file is missing."""
        about = json.loads((folder / "expert.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "heads.safetensors")
        heads = []
        for place, own in enumerate(about["heads"]):
            head = _head(own, arrays[f"weights{place}"].astype(np.float32), arrays[f"bias{place}"])
            kept = (folder / f"calibration{place}.safetensors").is_file()
            calibration = Calibration.load(folder, f"calibration{place}") if kept else None
            novelty = Novelty.load(folder, f"novelty{place}")
            kept = (folder / f"surface{place}.safetensors").is_file()
            surface = Surface.load(folder, f"surface{place}") if kept else None
            heads.append(Gated(head, novelty, Gate(**own["gate"]), own["limit"], calibration, surface))
        return cls(
            about["name"],
            about["task"],
            tuple(about["languages"]),
            tuple(heads),
            about["n"],
            tuple(about.get("traits", ())),
            about["kind"],
            about.get("template", ""),
            {label: tuple(words) for label, words in about.get("synonyms", {}).items()},
            open_session(folder / UPPER) if (folder / UPPER).is_file() else None,
        )


def tagged(head: TagHead, encoder: Encoder, text: str) -> tuple[str, float, Vector]:
    """Entities of a text, the chance that all are right, and its row.

    A text of more words than the encoder reads has no chance: its end was not seen.
    """
    places = words_of(text)
    states = encoder.words([word for word, _, _ in places])
    tags, log_probability = head.best(states)
    sure = head.confidence(log_probability) if len(states) == len(places) and places else 0.0
    return entities(text, places, tags), sure, encoder.encode([text])[0]


def unit(rows: Vector) -> Vector:
    """Rows (n, d) of unit length; what is zero stays so."""
    found: Vector = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return found


def _told(head: AnyHead) -> dict[str, Any]:
    """What `expert.json` says of a head, beside its arrays."""
    if isinstance(head, ScoreHead):
        return {"mix": head.mix, "trust": head.trust}
    if isinstance(head, TagHead):
        return {"tags": head.tags, "trust": head.trust}
    told: dict[str, Any] = {"labels": head.labels, "temperature": head.temperature}
    return told | ({"joins": head.joins} if head.joins else {})


def _head(own: Mapping[str, Any], weights: Vector, bias: Vector) -> AnyHead:
    if "tags" in own:
        return TagHead(tuple(own["tags"]), weights, bias, tuple(own["trust"]))
    if "mix" in own:
        return ScoreHead(weights, bias, tuple(own["mix"]), tuple(own["trust"]))
    joins = tuple(tuple(each) for each in own.get("joins", ()))
    return Head(tuple(own["labels"]), weights, bias, own["temperature"], joins)


def _shut(gated: Gated, sure: float, novelty: float) -> tuple[str, str]:
    """Why the gate is shut for such a reading, in a word and in a sentence; both empty when it is open."""
    if gated.gate.closed:
        return "uncertified", "No confidence threshold could be certified for this label set."
    if sure < gated.gate.threshold:
        return "unsure", f"Its confidence {sure:.3f} is below the certified {gated.gate.threshold:.3f}."
    if novelty > gated.limit:
        return "novel", f"The text is unlike its training data: novelty {novelty:.3f} is above {gated.limit:.3f}."
    return "", ""
