"""Money is whole nano-dollars, and an unknown price is not zero."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from router.prices import FREE, Price, PriceMap
from router.record import dollars

TOKENS = st.integers(0, 10**7)


def test_the_packaged_map_prices_models_without_importing_litellm() -> None:
    prices = PriceMap()
    known = prices.price("gpt-4.1")
    assert known is not None
    assert known == Price.per_million(2, 8, 0.5)
    assert prices.price("openai/gpt-4.1") == known
    assert prices.price("nobody/knows-me") is None
    assert prices.entry("gpt-4.1")["supports_vision"] is True


def test_prices_below_a_nano_dollar_are_rounded_once() -> None:
    tiny = Price.per_million(0.0001, 0)  # a tenth of a nano-dollar a token
    assert tiny.cost(1, 0) == 0
    assert tiny.cost(5, 0) == 1
    assert tiny.cost(1_000_000, 0) == 100_000


def test_cached_tokens_have_their_own_price() -> None:
    price = Price.per_million(1, 10, 0.5)
    assert price.cost(10, 5, 4) == 58_000
    assert price.cost(10, 5) == 60_000
    assert FREE.cost(10, 5) == 0


@given(a=TOKENS, b=TOKENS, out=TOKENS)
def test_a_bill_never_falls_when_tokens_are_added(a: int, b: int, out: int) -> None:
    price = Price.per_million(0.15, 0.6, 0.075)
    assert price.cost(a + b, out) >= price.cost(a, out)
    assert price.cost(a, out, min(a, b)) <= price.cost(a, out)


@given(st.integers(-(10**15), 10**15))
def test_dollars_are_exact(nano: int) -> None:
    shown = dollars(nano)
    whole, _, part = shown.removeprefix("-").partition(".")
    assert int(whole) * 10**9 + int(part) == abs(nano)
    assert shown.startswith("-") == (nano < 0)


def test_unknown_is_said() -> None:
    assert dollars(None) == "unknown"
