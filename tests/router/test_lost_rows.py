"""A row that cannot be stored costs itself alone: the ledger goes on, says so and counts it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from policies.store import PolicyStore
from router.hooks import Metrics
from router.ledger import Ledger
from router.record import Record
from router.tables import as_row, requests
from router.types import Answer, Attempt, Event, Usage
from tests.router.test_ledger import EVENT, answer, opened


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def ledger(tmp_path: Path, metrics: Metrics) -> Iterator[Ledger]:
    made = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", (), metrics.ledger_lost.inc)
    yield made
    made.close()


def ids(ledger: Ledger) -> set[str]:
    return {row["id"] for row in ledger.latest()}


def too_large(record: Record) -> Answer:
    return replace(answer(), usage=Usage(tokens_in=10**20))  # OverflowError, of the driver


def half_a_character(record: Record) -> Answer:
    record.attempts.append(Attempt("hosted.x", "failed", 0.1, "secret \ud800 words"))  # TypeError, of orjson
    return answer()


def no_text(record: Record) -> Answer:
    return replace(answer(), target={})  # type: ignore[arg-type]  # an error of SQLAlchemy's own


@pytest.mark.parametrize("spoil", [too_large, half_a_character, no_text])
def test_a_bad_row_holds_up_no_other(
    ledger: Ledger, metrics: Metrics, caplog: pytest.LogCaptureFixture, spoil: Callable[[Record], Answer]
) -> None:
    with caplog.at_level(logging.WARNING):
        for name in ("a", "bad", "b"):  # one batch
            record = opened(ledger, name)
            record.close(spoil(record) if name == "bad" else answer(), "whole")
        assert ledger.flush()
        opened(ledger, "later").close(answer(), "whole")
        assert ledger.flush()
    assert ids(ledger) - {"bad"} == {"a", "b", "later"}
    assert all(row["outcome"] is None for row in ledger.latest() if row["id"] == "bad")  # its opening at most
    assert ledger.lost == 1
    assert "surveyor_ledger_lost_total 1.0" in metrics.text().decode()
    assert "the row of bad is dropped" in caplog.text
    assert "secret" not in caplog.text


def forbid(ledger: Ledger, when: str, how: str = "ABORT, 'no'") -> None:
    rule = f"CREATE TRIGGER no_such BEFORE INSERT ON requests WHEN {when} BEGIN SELECT RAISE({how}); END"
    with ledger.engine.begin() as connection:
        connection.execute(sa.text(rule))


def test_rows_that_the_database_refuses_are_found_among_many(ledger: Ledger) -> None:
    forbid(ledger, "NEW.id IN ('r7', 'r8', 'r63')")
    for number in range(64):
        opened(ledger, f"r{number}").close(answer(), "whole")
    assert ledger.flush()
    assert len(ids(ledger) & {f"r{number}" for number in range(64)} - {"r7", "r8", "r63"}) == len(ids(ledger)) == 50
    with ledger.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(requests)).scalar() == 61
    assert ledger.lost == 3


def test_a_fault_that_is_of_no_row_loses_none(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What PostgreSQL says of a table that is gone, or may not be written, is no OperationalError."""
    away = True

    def fault(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if away and statement.startswith("INSERT"):
            raise sa.exc.ProgrammingError(statement, {}, Exception("permission denied"))

    sa.event.listen(ledger.engine, "before_cursor_execute", fault)
    for name in ("a", "b"):
        opened(ledger, name).close(answer(), "whole")
    assert not ledger.flush()
    away = False
    assert ledger.flush()
    assert (ids(ledger), ledger.lost) == ({"a", "b"}, 0)


def test_the_thread_lives_through_anything(ledger: Ledger, metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_record: Record) -> Event:
        raise RuntimeError("secret words")

    def leaving(_event: Event) -> None:
        raise SystemExit

    whole = Record.event
    monkeypatch.setattr(Record, "event", broken)
    opened(ledger, "bad").close(answer(), "whole")
    assert ledger.flush()
    monkeypatch.setattr(Record, "event", whole)
    ledger._hooks = (leaving,)
    opened(ledger, "left").close(answer(), "whole")
    ledger.flush()
    ledger._hooks = ()
    opened(ledger, "good").close(answer(), "whole")
    assert ledger.flush()
    assert "good" in ids(ledger)
    assert ledger._thread.is_alive()
    assert ledger.lost == 1


def test_a_policy_that_cannot_be_stored_holds_up_no_request(ledger: Ledger) -> None:
    policy = PolicyStore("2026").current
    ledger.know(replace(policy, profile=10**20))  # type: ignore[arg-type]
    opened(ledger).close(answer(), "whole")
    assert ledger.flush()
    assert (ids(ledger), ledger.lost) == ({"req_1"}, 1)
    ledger.know(policy)
    assert ledger.flush()
    with ledger.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT hash FROM policies")).scalars().all() == [policy.hash]


def test_a_row_fits_its_columns() -> None:
    told = as_row(replace(EVENT, answered_by="mö\0del \ud800" + "x" * 500))["answered_by"]
    assert (len(told), told[:7]) == (199, "mödel ?")
    told.encode()
    spans = {each.name: each.type for each in requests.columns if each.name.endswith("_us")}
    assert len(spans) == 4
    assert {type(kind) for kind in spans.values()} == {sa.BigInteger}  # 36 minutes are more than an integer
