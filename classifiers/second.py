"""The second look at the task type: a fine-tuned encoder, asked only where the first look is unsure.

It shares the lower layers of `embed.Encoder` and has upper layers of its own. What it says is weighed together with
what the first look said: neither is as good alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.embed import CLS, SEP, Encoder, Vector, clean, open_session
from classifiers.task import softmax

HEAD, TAIL = 64, 32  # tokens: instructions stand at either end, what lies between is the material
CHARS = 700  # characters that hold so many tokens; a text of no more than twice as many is read whole


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
    """Task types by the fine-tuned encoder; a few milliseconds a text, however long it is."""

    def __init__(self, encoder: Encoder, upper: Any, blend: Blend) -> None:
        self._encoder = encoder
        self._upper = upper
        self.blend = blend

    def scores(self, text: str) -> Vector:
        """The logits of one text, shape (labels,), in the order of the task head's labels; never raises."""
        ids = self.ids(text)
        out: Vector = self._upper.run(None, {"states": self._encoder.states(ids)})[0][0]
        return out

    def ids(self, text: str) -> list[int]:
        """Token ids of head and tail, at most 64 and 32, between BERT's special tokens."""
        encode = self._encoder.tokenizer.encode
        if len(text) <= 2 * CHARS:
            ids = encode(clean(text), add_special_tokens=False).ids
            if len(ids) <= HEAD + TAIL:
                return [CLS, *ids, SEP]
            return [CLS, *ids[:HEAD], SEP, *ids[-TAIL:], SEP]
        head, tail = (encode(clean(part), add_special_tokens=False).ids for part in (text[:CHARS], text[-CHARS:]))
        return [CLS, *head[:HEAD], SEP, *tail[-TAIL:], SEP]

    def probabilities(self, first: Vector, text: str) -> Vector:
        """Calibrated probabilities of both looks, shape (labels,): `first` are the first look's raw scores."""
        return softmax(np.float32(self.blend.first) * first + np.float32(self.blend.second) * self.scores(text))

    @classmethod
    def load(cls, folder: Path, encoder: Encoder, blend: Blend | None = None, threads: int = 1) -> SecondTaskHead:
        """Read `task.onnx` and, unless a blend is given, `second.json`. Raises OSError when one is missing."""
        return cls(encoder, open_session(folder / "task.onnx", threads), blend or Blend.load(folder))
