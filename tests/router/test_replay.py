"""What is in the ledger, decided again: each row by what it asked for, under all that the settings declare."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

from policies.cases import Given
from policies.explain import first_step
from policies.signals import NANO
from router.commands.replay import as_text, replay, under
from router.fleet import operator_of
from router.settings import Settings, load_variants, read_settings
from router.stored import open_ledger
from router.tables import as_row, prepare, requests
from router.types import Attempt, Event, Money, Usage

BEST = "policy: {variants: {best: {profile: survey-2023, prefer: [robust]}}}\n"
PRICES: Mapping[str, int | None] = {"small": 10**5, "standard": 10**6, "large": 10**7, "reasoning": 10**8}
REVIEW: Mapping[str, Any] = {"task": "sentiment", "experts": {"sentiment": {}}}
SUM: Mapping[str, Any] = {"task": "competition_math"}


def settings(folder: Path, text: str, name: str = "mine.yaml") -> Settings:
    (folder / name).write_text(text)
    return read_settings(folder / name, {})


def event(number: int, of: Settings, model: str, given: Mapping[str, Any]) -> Event:
    """A request as a server with these settings would have decided it."""
    steered = of.variants().get(model, of)
    budget = steered.budget.request_usd
    money = Money(PRICES, 10**8, None if budget is None else round(budget * NANO))
    signals = replace(Given.model_validate(given).signals(), operator=operator_of(steered), money=money)
    stores = load_variants(of)
    decision = stores.get(model, stores["auto"]).current.decide(signals)
    target = first_step(decision)
    return Event(
        request_id=f"req_{number}", at=time.time(), tenant="default", model=model, stream=False, signals=signals,
        decision=decision, attempts=(Attempt(target, "answered", 0.1),), usage=Usage(9, 9, 0, 5, 10**8), target=target,
        answered_by=target, cache="miss", outcome="whole", seconds={"total": 0.2},
    )  # fmt: skip


@pytest.fixture
def past(tmp_path: Path) -> sa.Engine:
    """Two kinds of request, each asked of auto, of a variant and of a pinned model."""
    of = settings(tmp_path, BEST)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    engine = sa.create_engine(url)
    prepare(engine)
    pinned = {"task": "chitchat", "fleet": {"tiers": ["large"]}, "pinned": "gpt-x"}
    asked = [*((model, given) for model in ("auto", "auto:best") for given in (REVIEW, SUM)), ("gpt-x", pinned)]
    rows = [as_row(event(number, of, model, given)) for number, (model, given) in enumerate(asked)]
    with engine.begin() as connection:
        connection.execute(requests.insert(), rows)
    return open_ledger(url)


def moves(found: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    return {(each["from"], each["to"]): each["requests"] for each in found["moves"]}


def text_of(found: Mapping[str, Any]) -> str:
    console = Console(width=300)
    with console.capture() as captured:
        console.print(as_text(found))
    return captured.get()


def test_the_running_settings_move_nothing(past: sa.Engine, tmp_path: Path) -> None:
    found = replay(past, under(None, settings(tmp_path, BEST)), 3600)
    assert (found["requests"], found["moved"], found["same_target_other_rule"]) == (5, 0, 0)
    assert {name: each["requests"] for name, each in found["variants"].items()} == {"auto:best": 2}
    assert found["variants"]["auto:best"]["profile"] == "survey-2023"
    assert found["variants_unknown"] == {}
    assert "2 of them asked for auto:best: profile survey-2023" in text_of(found)


def test_rows_of_a_variant_that_there_is_not_are_told(past: sa.Engine, tmp_path: Path) -> None:
    for name, of in ((None, settings(tmp_path, "policy: {}\n")), ("2026", settings(tmp_path, BEST))):
        found = replay(past, under(name, of), 3600)
        assert (found["variants"], found["variants_unknown"]) == ({}, {"auto:best": 2})
        assert "2 of them asked for auto:best, a variant that there is not here" in text_of(found)


def test_what_settings_declare_is_replayed(past: sa.Engine, tmp_path: Path) -> None:
    cheap = replay(past, under(None, settings(tmp_path, f"{BEST}budget: {{request_usd: 0.0001}}\n")), 3600)
    assert {to for _, to in moves(cheap)} == {"hosted.small", "expert.sentiment"}  # nobody else is so cheap
    assert cheap["moved"] == 3
    robust = settings(tmp_path, f"{BEST}operator: {{prefer: [robust]}}\n", "other.yaml")
    by_path = replay(past, under(str(tmp_path / "other.yaml"), settings(tmp_path, "policy: {}\n")), 3600)
    assert moves(by_path) == moves(replay(past, under(None, robust), 3600)) == {
        ("expert.sentiment", "hosted.standard"): 1
    }  # fmt: skip
    assert "Budget, preferences" in by_path["remark"]
    assert "of the day" in by_path["remark"]


def test_a_profile_alone_declares_nothing(past: sa.Engine, tmp_path: Path) -> None:
    found = replay(past, under("2026", settings(tmp_path, "budget: {request_usd: 0.0001}\n")), 3600)
    assert "hosted.small" not in {to for _, to in moves(found)}
    assert "all that the operator declared are those of the day" in found["remark"]
    assert found["remark"] in " ".join(text_of(found).split())
