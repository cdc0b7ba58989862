"""Linear heads over what the static look sees: one gather of table rows and one small product for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.embed import Look, Vector
from classifiers.grams import BITS

VECTOR_SHARE = np.float32(0.5)  # weight of the look's vector against the n-grams, chosen on `valid`
_ONES = np.ones(4_096, np.float32)  # more than a look has buckets


@dataclass(frozen=True, slots=True)
class Linear:
    """A column a head: n-grams in int8 with a scale each, the vector and the bias in float32."""

    table: NDArray[np.int8]  # (65,536, heads)
    scale: Vector  # (heads,)
    dense: Vector  # (256, heads)
    bias: Vector  # (heads,)

    def scores(self, look: Look) -> Vector:
        """The raw scores of one look, shape (heads,)."""
        rows = look.grams
        # Sums of int8 are exact in float32, and a product with ones is the fastest way to them.
        grams: Vector = _ONES[: len(rows)] @ self.table.take(rows, axis=0).astype(np.float32)
        found: Vector = grams * (self.scale / np.float32(np.sqrt(len(rows)))) + look.vector @ self.dense + self.bias
        return found

    @classmethod
    def of(cls, weights: NDArray[Any], bias: NDArray[Any], share: float = float(VECTOR_SHARE)) -> Linear:
        """Quantise weights (heads, 65,536 + 256) that were fitted on `features` with the same `share`."""
        table = weights[:, : 1 << BITS].T
        scale = np.maximum(np.abs(table).max(axis=0), 1e-9) / 127
        dense = (weights[:, 1 << BITS :].T * np.float32(share)).astype(np.float32)
        quantised = np.rint(table / scale).astype(np.int8)
        return cls.read({"table": quantised, "scale": scale, "dense": dense, "bias": bias})

    def part(self, heads: Sequence[int]) -> Linear:
        """Some of the heads."""
        chosen = list(heads)
        return Linear.read({name: array[..., chosen] for name, array in self.arrays.items()})

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a file keeps, by name."""
        return {"table": self.table, "scale": self.scale, "dense": self.dense, "bias": self.bias}

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]]) -> Linear:
        """From what `arrays` gave; rows lie together, so that a head scores alike before and after it was saved."""
        table = np.ascontiguousarray(arrays["table"], np.int8)
        rest = (np.ascontiguousarray(arrays[name], np.float32) for name in ("scale", "dense", "bias"))
        return cls(table, *rest)


def features(looks: Sequence[Look], share: float = float(VECTOR_SHARE)) -> Any:
    """The features of many looks as a sparse matrix, shape (n, 65,536 + 256)."""
    from scipy import sparse  # noqa: PLC0415 - only fitting needs it

    found = [look.grams for look in looks]
    starts = np.cumsum([0, *map(len, found)])
    values = np.concatenate([np.full(len(rows), len(rows) ** -0.5) for rows in found])
    grams = sparse.csr_matrix((values, np.concatenate(found), starts), shape=(len(looks), 1 << BITS))
    vectors = sparse.csr_matrix(np.stack([look.vector for look in looks]) * np.float32(share))
    return sparse.hstack((grams, vectors), format="csr")
