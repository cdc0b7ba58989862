"""Have we seen its like? A quantile: 0.95 means that only 5 % of held-out in-domain texts look this odd.

Two scores are added, each standardised on held-out in-domain texts: the cosine distance to the nearest k-means
prototype of any label (best on far-away texts) and minus the log of the head's largest probability (best on near
ones). No out-of-domain text is needed to fit.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors.numpy import load_file, save_file

from classifiers.embed import Vector

STEPS = 1_000  # resolution of the quantile


class Novelty:
    """How far a text lies from what was seen in training, as a quantile in [0, 1]."""

    def __init__(self, prototypes: Vector, quantiles: Sequence[float], scaling: Sequence[float], mix: float) -> None:
        self._prototypes = np.ascontiguousarray(prototypes, np.float32)  # (k, d), unit length
        self._quantiles = [float(value) for value in quantiles]  # ascending
        self._scaling = tuple(float(value) for value in scaling)  # mean and spread of either score
        self._mix = float(mix)  # share of the distance; the rest is doubt

    @classmethod
    def fit(
        cls,
        vectors: Vector,
        labels: Sequence[str],
        held: Vector,
        held_probability: ArrayLike,
        per_label: int = 8,
        mix: float = 0.5,
    ) -> Novelty:
        """Fit prototypes on training vectors (n, d) and the quantile on held-out in-domain ones (m, d).

        `held_probability` has shape (m,): the head's largest probability for each held-out text. `mix` in
        [0, 1] weighs distance against doubt. Raises ValueError when either set is empty.
        """
        if not len(vectors) or not len(held):
            raise ValueError("novelty needs training and held-out vectors")
        prototypes = _prototypes(vectors, np.asarray(labels), per_label)
        distance = 1.0 - (held @ prototypes.T).max(axis=1)
        doubt = -np.log(np.maximum(np.asarray(held_probability, np.float64), 1e-6))
        scaling = (distance.mean(), distance.std() + 1e-9, doubt.mean(), doubt.std() + 1e-9)
        made = cls(prototypes, (), scaling, mix)
        scores = [made._score(float(d), float(u)) for d, u in zip(distance, doubt, strict=True)]
        return cls(prototypes, np.quantile(scores, np.linspace(0, 1, STEPS + 1)).round(6).tolist(), scaling, mix)

    def score(self, vector: Vector, max_probability: float) -> float:
        """The quantile of one unit vector (d,) under the head's largest probability; 1.0 for a zero vector."""
        if not vector.any():
            return 1.0
        distance = 1.0 - float((self._prototypes @ vector).max())
        doubt = -float(np.log(max(max_probability, 1e-6)))
        return bisect_right(self._quantiles, self._score(distance, doubt)) / len(self._quantiles)

    def _score(self, distance: float, doubt: float) -> float:
        mean, spread, doubt_mean, doubt_spread = self._scaling
        return self._mix * (distance - mean) / spread + (1.0 - self._mix) * (doubt - doubt_mean) / doubt_spread

    def save(self, folder: Path, stem: str = "novelty") -> None:
        """Write `<stem>.safetensors` and `<stem>.json`; the folder is made when it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"prototypes": self._prototypes.astype(np.float16)}, folder / f"{stem}.safetensors")
        facts = {"mix": self._mix, "quantiles": self._quantiles, "scaling": self._scaling}
        (folder / f"{stem}.json").write_text(json.dumps(facts, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, stem: str = "novelty") -> Novelty:
        """Read what `save` wrote. Raises OSError when a file is missing."""
        facts = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
        prototypes = load_file(folder / f"{stem}.safetensors")["prototypes"].astype(np.float32)
        return cls(prototypes, facts["quantiles"], facts["scaling"], facts["mix"])


def _prototypes(vectors: Vector, labels: NDArray[np.str_], per_label: int) -> Vector:
    """k-means centres of each label's vectors, of unit length, labels in alphabetical order."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 - only fitting needs it

    found = []
    for label in sorted(set(labels.tolist())):
        own = vectors[labels == label]
        count = min(per_label, len(own))
        centres = KMeans(count, n_init=2, max_iter=50, random_state=0).fit(own).cluster_centers_
        found.append(centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9))
    # float16 as on disk, so that a fitted and a loaded novelty say the same.
    return np.concatenate(found).astype(np.float16).astype(np.float32)
