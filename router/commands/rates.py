"""Figures that every `surveyor eval` prints: shares with their intervals, and how confidence meets truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from router.bench.detectors import wilson

BINS = 10  # of confidence, in the drawings; the calibration error has 15, as on the cards


def rate(good: Sequence[bool]) -> dict[str, float]:
    """The share of what is good among at least one, with its 95 % Wilson interval."""
    low, high = wilson(sum(good), len(good))
    return {"share": sum(good) / len(good), "low": low, "high": high}


def reliability(confidence: Sequence[float], right: Sequence[bool]) -> list[dict[str, float | None]]:
    """By confidence, in bins of equal width: how many texts, how many right, how sure, and the share right."""
    sure, good = np.array(confidence), np.array(right)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    bins: list[Mapping[str, Any]] = []
    for each in range(BINS):
        here = place == each
        n, hits = int(here.sum()), int(good[here].sum())
        low, high = wilson(hits, n)
        ends = {"from": each / BINS, "to": (each + 1) / BINS, "n": n, "right": hits}
        shares = {"confidence": float(sure[here].mean()), "share": hits / n} if n else {}
        bins.append({**ends, "confidence": None, "share": None, **shares, "low": low, "high": high})
    return [dict(each) for each in bins]
