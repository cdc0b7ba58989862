"""What kind of work is this? The task head: one linear layer over a static look.

Features are the look's vector and hashed token n-grams of its ids: single tokens and pairs anywhere, and again
those among the first and the last sixteen tokens, where instructions stand. Predicting is a gather of table
rows and one small product.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.embed import Ids, Look, Vector

EDGE = 16  # tokens at head and tail that may hold the instruction
BITS = 16  # 65,536 buckets
VECTOR_SHARE = np.float32(0.5)  # weight of the look's vector against the n-grams, chosen on `valid`

# Odd 64-bit constants (golden ratio, and two of xxHash64's primes) for a multiplicative hash.
_FIRST, _SECOND, _KIND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_FOLD, _SHIFT = np.uint64(32), np.uint64(64 - BITS)
_KINDS = np.arange(1, 8, dtype=np.uint64) * _KIND


@dataclass(frozen=True, slots=True)
class Guess:
    """The task type guessed: its label, its calibrated probability in [0, 1] and the label next in line."""

    label: str
    confidence: float
    runner_up: str


def buckets(ids: Ids) -> NDArray[np.int64]:
    """The distinct hash buckets, in [0, 65536), of the n-grams of one text's token ids."""
    tokens = ids.astype(np.uint64)
    first, second = tokens * _FIRST, tokens * _SECOND
    pairs = first[:-1] ^ second[1:]
    size = np.array([_KINDS[6] ^ (np.uint64(len(ids) + 1).item().bit_length() * _SECOND)], np.uint64)
    grams = np.concatenate(
        (
            first + _KINDS[0],
            pairs + _KINDS[1],
            first[:EDGE] + _KINDS[2],
            first[-EDGE:] + _KINDS[3],
            pairs[: EDGE - 1] + _KINDS[4],
            pairs[1 - EDGE :] + _KINDS[5],
            size,
        )
    )
    grams ^= grams >> _FOLD
    return np.unique((grams * _SECOND) >> _SHIFT).astype(np.int64)
