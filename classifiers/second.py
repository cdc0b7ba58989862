"""The second look at the task type: a fine-tuned encoder, asked only where the first look is unsure.

It is one head of many on the trunk (`embed.Encoder`). What it says is weighed together with what the first look said:
neither is as good alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from classifiers.embed import Encoder, Vector
from classifiers.task import softmax


@dataclass(frozen=True, slots=True)
class Blend:
    """How both looks are weighed, fitted on prompts of sources that neither look had seen.

    Log-probabilities are `first` x the scores of the first look + `second` x those of the second. The second look is
    asked where the first one's confidence is under `below`.
    """

    first: float
    second: float
    below: float

    def save(self, folder: Path) -> None:
        """Write `second.json`."""
        text = json.dumps(asdict(self), indent=1, sort_keys=True)
        (folder / "second.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Blend:
        """Read what `save` wrote. Raises OSError when it is missing."""
        return cls(**json.loads((folder / "second.json").read_text(encoding="utf-8")))


class SecondTaskHead:
    """Task types by the trunk; a few milliseconds a text, however long it is."""

    def __init__(self, encoder: Encoder, weights: Vector, bias: Vector, blend: Blend) -> None:
        self._encoder = encoder
        self._weights = weights  # (768, labels)
        self._bias = bias
        self.blend = blend

    def scores(self, text: str) -> Vector:
        """The logits of one text, shape (labels,), in the order of the task head's labels; never raises."""
        found: Vector = self._encoder.prompt(text)[: len(self._weights)] @ self._weights + self._bias
        return found

    def probabilities(self, first: Vector, text: str) -> Vector:
        """Calibrated probabilities of both looks, shape (labels,): `first` are the first look's raw scores."""
        return softmax(np.float32(self.blend.first) * first + np.float32(self.blend.second) * self.scores(text))

    @classmethod
    def load(cls, folder: Path, encoder: Encoder, blend: Blend | None = None) -> SecondTaskHead:
        """Read `task.safetensors` and, unless a blend is given, `second.json`. Raises OSError when one is missing."""
        arrays = load_file(folder / "task.safetensors")
        weights = arrays["weights"].astype(np.float32)
        return cls(encoder, weights, arrays["bias"], blend or Blend.load(folder))
