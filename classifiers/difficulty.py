"""Would a model of the standard tier get it right? A linear head over the first look, made a probability.

It is learned from questions with a key: trivia, exams, mathematics, everyday inference, logic grids, code. Of any other
task it says nothing. What it cannot know is in `models/difficulty/CARD.md`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors.numpy import load_file, save_file

from classifiers.embed import Look, Vector
from classifiers.linear import Linear, features

LANGUAGES = frozenset({"en", "und"})  # it was learned on English questions alone
SHARE = 0.5  # weight of the look's vector against the n-grams
C = 1.0
FEW = 3  # tokens; a shorter text is no question


class DifficultyHead:
    """P(the standard tier answers right) = 1 / (1 + exp(-score)), of `tasks`, in English."""

    def __init__(self, tasks: Collection[str], linear: Linear) -> None:
        self.tasks = frozenset(tasks)
        self._linear = linear

    def score(self, look: Look) -> float:
        """The log odds of one look."""
        return float(self._linear.scores(look)[0])

    def probability(self, look: Look) -> float | None:
        """The probability in (0, 1), whatever the task; None where there is next to no text. Never raises."""
        if len(look.ids) < FEW:
            return None
        return 1.0 / (1.0 + math.exp(-min(30.0, max(-30.0, self.score(look)))))

    def right(self, look: Look, task: str, language: str) -> float | None:
        """The probability, to three digits; None of a task or a language (ISO 639-1) that it has not learned of."""
        if task not in self.tasks or language not in LANGUAGES:
            return None
        found = self.probability(look)
        return None if found is None else round(found, 3)

    @classmethod
    def fit(
        cls, looks: Sequence[Look], right: ArrayLike, tasks: Collection[str], c: float = C, share: float = SHARE
    ) -> DifficultyHead:
        """Fit a logistic regression on `right`, shape (n,), the share of models that were right, in [0, 1].

        A share is learned as one row that is right and one that is wrong, weighted by it. Deterministic. Raises
        ValueError where all are right, or none.
        """
        from scipy import sparse  # noqa: PLC0415 - only fitting needs it
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

        told, share_right = features(looks, share), np.asarray(right, float)
        weights = np.concatenate((share_right, 1 - share_right))
        used = np.flatnonzero(weights)
        model = LogisticRegression(C=c, max_iter=2_000)
        both: Any = sparse.vstack((told, told), format="csr")[used]
        model.fit(both, np.repeat([1, 0], len(share_right))[used], sample_weight=weights[used])
        return cls(tasks, Linear.of(model.coef_, model.intercept_, share))

    def tempered(self, gain: float, offset: float) -> DifficultyHead:
        """The head whose log odds are gain x score + offset, as `platt` finds them."""
        old = self._linear
        factor = np.float32(gain)
        moved = Linear(old.table, old.scale * factor, old.dense * factor, old.bias * factor + np.float32(offset))
        return DifficultyHead(self.tasks, moved)

    def save(self, folder: Path) -> None:
        """Write `difficulty.safetensors` and `difficulty.json`; the folder is made when it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file(self._linear.arrays, folder / "difficulty.safetensors")
        text = json.dumps({"tasks": sorted(self.tasks)}, indent=1, sort_keys=True)
        (folder / "difficulty.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> DifficultyHead:
        """Read what `save` wrote. Raises OSError when a file is missing."""
        facts = json.loads((folder / "difficulty.json").read_text(encoding="utf-8"))
        return cls(facts["tasks"], Linear.read(load_file(folder / "difficulty.safetensors")))


def platt(scores: Vector, right: NDArray[np.float64]) -> tuple[float, float]:
    """Gain and offset that make scores (n,) the likeliest log odds of `right` (n,), in [0, 1] (Platt 1999).

    The scores must be of rows that the head was not fitted on.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - only fitting needs it

    def loss(line: NDArray[np.float64]) -> float:
        odds = line[0] * scores + line[1]
        return float(np.mean(np.logaddexp(0.0, odds) - right * odds))

    gain, offset = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B").x
    return float(gain), float(offset)
