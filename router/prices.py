"""Tokens to money, in integer nano-dollars, and the baseline that a saving is measured against.

Prices come from the price map that litellm ships inside its package, read as a file: importing litellm
takes seconds, and its own loader asks the network. An unknown price is None, never zero.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

NANO = 1_000_000_000
_PICO = 1_000_000_000_000  # per-token prices go below a nano-dollar; sums are rounded once, at the end


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for one token, in integer pico-dollars."""

    input: int
    output: int
    cached: int

    @classmethod
    def per_million(cls, input: float, output: float, cached: float | None = None) -> Price:  # noqa: A002
        """From dollars for a million tokens, as providers print them."""
        return cls(*(round(dollars * 1_000_000) for dollars in (input, output, input if cached is None else cached)))

    @classmethod
    def from_map(cls, entry: Mapping[str, Any]) -> Price | None:
        """From an entry of litellm's map; None when it has no price for tokens."""
        asked, said = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
        if asked is None or said is None:
            return None
        cached = entry.get("cache_read_input_token_cost", asked)
        return cls(*(round(float(dollars) * _PICO) for dollars in (asked, said, cached)))

    def cost(self, tokens_in: int, tokens_out: int, tokens_cached: int = 0) -> int:
        """Nano-dollars; `tokens_cached` are those of `tokens_in` that the provider had in its cache."""
        fresh = max(0, tokens_in - tokens_cached)
        pico = fresh * self.input + tokens_cached * self.cached + tokens_out * self.output
        return (pico + 500) // 1000


FREE = Price(0, 0, 0)


class PriceMap:
    """litellm's packaged map: model name → price, context window, abilities."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or _packaged()
        self._entries: dict[str, dict[str, Any]] | None = None

    def entry(self, model: str) -> Mapping[str, Any]:
        """All that the map says of a model; empty when it is unknown. `provider/model` falls back to `model`."""
        if self._entries is None:
            self._entries = orjson.loads(self._path.read_bytes())
        found = self._entries.get(model) or self._entries.get(model.rpartition("/")[2])
        return found or {}

    def price(self, model: str) -> Price | None:
        """What a token costs there, or None."""
        return Price.from_map(self.entry(model))


def _packaged() -> Path:
    spec = importlib.util.find_spec("litellm")  # finds the package without running it
    if spec is None or spec.origin is None:
        raise FileNotFoundError("litellm is not installed: run `pip install surveyor-router`")
    return Path(spec.origin).with_name("model_prices_and_context_window_backup.json")
