"""What a set of models offers to a decision."""

from __future__ import annotations

from typing import Any

import pytest

from policies.store import PolicyStore
from router.fleet import Priced
from router.settings import Settings
from router.types import Fleet

POLICY = PolicyStore().current


def model(name: str, tier: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "tier": tier, "base_url": "http://127.0.0.1/v1", **more}


def fleet(*models: dict[str, Any], **more: Any) -> Fleet:
    settings = Settings.model_validate({"models": models, **more})
    return Priced(settings, settings.models).fleet(settings.models, settings)


def test_tags_and_declared_latencies() -> None:
    found = fleet(
        model("a", "standard", p95_ms=1500, tags=["finance"]),
        model("b", "standard", p95_ms=90, tags=["code", "finance"]),
        model("c", "large", tags=["code"]),
        model("d", "small"),
    )
    assert found.p95 == {"standard": 1.5}  # of the slowest, which may be asked
    assert found.tagged == {"standard": {"finance": "a", "code": "b"}, "large": {"code": "c"}}


@pytest.mark.parametrize(
    ("more", "resident"),
    [
        ({"region": "eu"}, True),
        ({"region": "eu-west-1"}, True),
        ({"region": "europe"}, False),
        ({"region": "us"}, False),
        ({}, False),  # nobody said where it runs
        ({"local": True}, True),
        ({"local": True, "region": "us"}, False),
    ],
)
def test_residency(more: dict[str, Any], resident: bool) -> None:
    assert fleet(model("a", "small", **more)).resident_tiers == ("small",)
    found = fleet(model("a", "small", **more), operator={"residency": "eu"})
    assert found.resident_tiers == (("small",) if resident else ())


def test_a_tier_is_no_more_than_the_least_of_its_models() -> None:
    sees = model("a", "standard", vision=True, context_window=8000)
    blind = model("b", "standard", vision=False, context_window=512)
    found = fleet(sees, blind)
    assert (found.vision_tiers, found.windows) == ((), {"standard": 512})
    assert fleet(sees).vision_tiers == ("standard",)


def test_a_tagged_model_has_its_own_price() -> None:
    cheap = model("a", "standard", price={"input": 1, "output": 1})
    coder = model("b", "standard", tags=["code"], price={"input": 50, "output": 50})
    settings = Settings.model_validate({"models": [cheap, coder]})
    prices = Priced(settings, settings.models).choice(settings.models, settings, POLICY).prices
    cost = {name: price.cost(1000, 0) for name, price in prices.items() if price}
    assert cost == {"standard": 1_000_000, "b": 50_000_000}


def test_a_tier_is_local_or_resident_only_with_all_of_its_models() -> None:
    here, there = model("a", "small", local=True), model("b", "small", region="us")
    found = fleet(here, there, operator={"residency": "eu"})
    assert found.tiers == ("small",)
    assert found.local_tiers == found.resident_tiers == ()  # when `a` fails, `b` is asked
    assert fleet(here, operator={"residency": "eu"}).local_tiers == ("small",)


def test_an_operator_who_declared_nothing_has_no_preferences_but_languages() -> None:
    settings = Settings.model_validate({"models": [model("a", "small")]})
    operator = Priced(settings, settings.models).choice(settings.models, settings, POLICY).operator
    assert (operator.prefer, operator.metrics, operator.slo, operator.residency) == ((), {}, None, "")
    assert {"en", "zh", "de"} <= set(operator.llm_languages)
