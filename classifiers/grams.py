"""Hashed token n-grams: what a linear head sees of a text beside its vector.

Single tokens and pairs anywhere, and again those among the first and the last sixteen tokens, where instructions
stand; and how long the text is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EDGE = 16  # tokens at head and tail that may hold the instruction
BITS = 16  # 65,536 buckets

# Odd 64-bit constants (golden ratio, and two of xxHash64's primes) for a multiplicative hash.
_FIRST, _SECOND, _KIND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_FOLD, _SHIFT = np.uint64(32), np.uint64(64 - BITS)
_KINDS = np.arange(1, 8, dtype=np.uint64) * _KIND


def buckets(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct hash buckets, in [0, 65536), of the n-grams of one text's token ids."""
    tokens = ids.astype(np.uint64)
    first, second = tokens * _FIRST, tokens * _SECOND
    pairs = first[:-1] ^ second[1:]
    size = np.array([(len(ids) + 1).bit_length()], np.uint64) * _FIRST + _KINDS[6]
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
    found = ((grams * _SECOND) >> _SHIFT).astype(np.int64)
    found.sort()
    # What np.unique does, in a quarter of its time at this size.
    fresh = np.empty(len(found), bool)
    fresh[0] = True
    np.not_equal(found[1:], found[:-1], out=fresh[1:])
    return found[fresh]
