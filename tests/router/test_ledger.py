"""Rows are written behind the request's back, and none is lost."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from policies.store import PolicyStore
from router.errors import RequestNotFound
from router.ledger import Ledger
from router.record import Record
from router.stored import explained, open_ledger
from router.tables import as_row, policies, requests
from router.types import (
    Answer,
    Attempt,
    Decision,
    Event,
    Facts,
    Fired,
    Message,
    Observed,
    Request,
    Signals,
    Task,
    Usage,
)
from router.wire import replay

RULES = (Fired("nlu.sentiment", "route", True, "t", "w"), Fired("eff.cost", "budget", False, "t", "w"))
EVENT = Event(
    request_id="req_1",
    at=1_800_000_000.5,
    tenant="default",
    model="auto",
    stream=False,
    signals=Signals(Task("sentiment", 0.97), 0.2, Facts(tokens=12, pii=("email",))),
    decision=Decision("local", None, ("expert.sentiment",), RULES, "2026", "abc", flags=("audit",)),
    attempts=(Attempt("expert.sentiment", "answered", 0.004),),
    usage=Usage(12, 1, 0, 0, 5000),
    target="expert.sentiment",
    answered_by="surveyor/sentiment",
    cache="miss",
    outcome="whole",
    seconds={"observe": 0.008, "decide": 0.0001, "first_chunk": 0.009, "total": 0.01},
)


REQUEST = Request("req_1", "auto", (Message("user", "secret words"),), {"model": "auto"})


def opened(ledger: Ledger, request_id: str = "req_1", at: float = EVENT.at) -> Record:
    request = replace(REQUEST, id=request_id)
    observed = Observed(EVENT.signals, seconds={"observe": 0.008})
    return Record(request, observed, EVENT.decision, ledger.note, 0.0001, at=at).open()


def answer(target: str = "expert.sentiment", usage: Usage = EVENT.usage) -> Answer:
    return Answer(target, "surveyor/sentiment", replay([]), usage)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


def test_an_event_is_a_row_in_the_order_of_the_story() -> None:
    row = as_row(EVENT)
    assert row["at_ms"] == 1_800_000_000_500
    assert (row["rule"], row["rules"], row["flags"]) == ("nlu.sentiment", "nlu.sentiment,eff.cost", "audit")
    assert (row["observe_us"], row["decide_us"], row["total_us"]) == (8000, 100, 10_000)
    assert orjson.loads(row["signals"])["facts"]["pii"] == ["email"]
    assert orjson.loads(row["attempts"])[0]["target"] == "expert.sentiment"


def test_an_open_row_is_closed_in_place(url: str) -> None:
    ledger = Ledger(url)
    record = opened(ledger)
    assert ledger.flush()
    assert [row["outcome"] for row in ledger.latest()] == [None]
    record.tried("expert.sentiment", record.request.started, "answered")
    record.close(answer(), "whole")
    assert ledger.flush()
    (row,) = ledger.latest()
    assert (row["outcome"], row["target"], row["baseline_nano"]) == ("whole", "expert.sentiment", 5000)
    assert 0 < row["first_chunk_us"] <= row["total_us"]
    assert "secret words" not in str(row)
    ledger.close()


def test_hooks_hear_of_each_request_once_and_their_mistakes_cost_no_row(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Event] = []

    def broken(_event: Event) -> None:
        raise ValueError("a hook's own mistake")

    ledger = Ledger(url, (broken, heard.append))
    slow, quick = opened(ledger, "slow"), opened(ledger, "quick")
    quick.close(answer(), "whole")
    assert ledger.flush()
    assert [event.request_id for event in heard] == ["quick"]
    slow.close(answer(), "left")
    slow.close(answer(), "whole")
    assert ledger.flush()
    assert [(event.request_id, event.outcome) for event in heard] == [("quick", "whole"), ("slow", "left")]
    assert len(ledger.latest()) == 2
    assert "a hook's own mistake" in caplog.text
    ledger.close()


def test_closing_writes_all_that_is_queued(url: str) -> None:
    ledger = Ledger(url)
    for number in range(500):
        opened(ledger, f"req_{number}").close(answer(), "whole")
    ledger.close()
    again = Ledger(url)
    assert again.summary()["total"]["requests"] == 500
    again.close()


def test_the_summary_adds_up_and_says_what_has_no_price(url: str) -> None:
    ledger = Ledger(url)
    opened(ledger).close(answer(), "whole")
    opened(ledger, "2").close(answer("hosted.large", Usage(10, 10, 0, 2000, 5000)), "whole")
    opened(ledger, "3").close(answer("hosted.large", Usage(10, 10, 0, None, 5000)), "whole")
    opened(ledger, "4", at=1.0).close(answer(), "whole")
    assert ledger.flush()
    found = ledger.summary(since_ms=1_000_000)
    assert found["total"] | {"mean_us": 0} == {
        "requests": 3, "cost_nano": 2000, "saved_nano": 8000, "mean_us": 0, "unpriced": 1,
    }  # fmt: skip
    assert [(row["name"], row["requests"]) for row in found["target"]] == [("hosted.large", 2), ("expert.sentiment", 1)]
    assert found["rule"][0]["name"] == "nlu.sentiment"
    ledger.close()


def test_rows_wait_for_a_database_that_is_away(url: str, caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger(url)
    with ledger.engine.begin() as connection:
        connection.execute(sa.text("alter table requests rename to elsewhere"))
    with caplog.at_level(logging.WARNING):
        opened(ledger).close(answer(), "whole")
        assert not ledger.flush()
    assert "1 rows wait for the database" in caplog.text
    with ledger.engine.begin() as connection:
        connection.execute(sa.text("alter table elsewhere rename to requests"))
    assert ledger.flush()
    assert len(ledger.latest()) == 1
    assert ledger.lost == 0
    ledger.close()


def test_a_file_of_an_older_version_gets_the_columns_that_it_lacks(tmp_path: Path, url: str) -> None:
    old = sa.create_engine(url)
    lacking = {"decision", "changes"}
    columns = [sa.Column(c.name, c.type, primary_key=c.primary_key) for c in requests.columns if c.name not in lacking]
    table = sa.Table("requests", sa.MetaData(), *columns)
    table.create(old)
    row = {name: value for name, value in as_row(EVENT).items() if name not in lacking}
    with old.begin() as connection:
        connection.execute(table.insert(), [row | {"id": "req_old"}])

    with pytest.raises(RequestNotFound, match="a version that did not keep decisions"):
        explained(open_ledger(url), "req_old")  # reading alone changes nothing
    assert {column["name"] for column in sa.inspect(old).get_columns("requests")} == set(row)

    ledger, twin = Ledger(url), Ledger(url)
    opened(ledger).close(answer(), "whole")
    assert ledger.flush()
    assert {r["id"]: r["decision"] is None for r in ledger.latest()} == {"req_old": True, "req_1": False}
    with pytest.raises(RequestNotFound, match="a version that did not keep decisions"):
        explained(ledger.engine, "req_old")
    assert explained(ledger.engine, "req_1").document["decision"]["kind"] == "local"
    ledger.close()
    twin.close()


def test_what_the_rules_said_is_kept_once_for_each_policy(url: str) -> None:
    policy = PolicyStore("2026").current
    ledger = Ledger(url)
    for _ in range(3):
        ledger.know(policy)
        assert ledger.flush()
    with ledger.engine.connect() as connection:
        (row,) = connection.execute(sa.select(policies)).mappings()
    assert (row["hash"], row["profile"]) == (policy.hash, "2026")
    told = {rule["id"]: rule for rule in orjson.loads(row["rules"])}
    assert set(told) == {rule.id for rule in policy.rules} | {"pinned"}
    assert told["nlu.sentiment"]["why"] == next(rule.why for rule in policy.rules if rule.id == "nlu.sentiment")
    ledger.close()


def test_a_url_is_shown_without_its_password(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'x.db'}")
    ledger.engine.url = sa.make_url("postgresql://me:secret@host/db")
    assert ledger.shown_url == "postgresql://me:***@host/db"
    ledger.close()
