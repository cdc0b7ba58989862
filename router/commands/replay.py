"""`surveyor policy replay`: stored rows, streamed into `policies/replay.py`, and its report as tables."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import orjson
import sqlalchemy as sa
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from policies.replay import COLUMNS, Declared, Past, Replay, Ruling
from policies.signals import NANO, best_expert
from router.commands.options import names_settings, policy_named
from router.fleet import operator_of
from router.settings import AUTO, Settings, load_variants, read_settings
from router.stored import columns_of, signals_of
from router.tables import requests
from router.types import Signals

AT_ONCE = 2_000  # rows fetched at a time
SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
WANTED = (
    *("id", "at_ms", "model", "signals", "decision", "kind", "tier", "rule"),
    *("attempts", "target", "cost_nano", "total_us"),
)


def seconds_of(age: str) -> float:
    """Seconds of `90m`, `24h`, `7d` or `2w`.

    Raises:
        ValueError: it is none of these; the message says what to write.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", age.strip())
    if match is None:
        raise ValueError(f"'{age}' is no age; write a number with m, h, d or w, such as 90m, 24h, 7d or 2w.")
    return float(match[1]) * SECONDS[match[2]]


def under(name: str | None, settings: Settings) -> Replay:
    """What decides rows again: a policy by its name (see `policy_named`), else these settings with their variants.

    Raises:
        ConfigError: there is none of that name, or a file of it is wrong.
        FileNotFoundError: the settings file is not there.
    """
    if name is None:
        return _under_settings(settings)
    if names_settings(name):
        return _under_settings(read_settings(Path(name)))
    return Replay(Ruling(policy_named(name).current))


def _under_settings(settings: Settings) -> Replay:
    steered, rulings = settings.variants(), dict[str, Ruling]()
    for name, store in load_variants(settings).items():
        dollars = steered[name].budget.request_usd
        budget = None if dollars is None else round(dollars * NANO)
        rulings[name] = Ruling(store.current, Declared(operator_of(steered[name]), budget))
    return Replay(rulings.pop(AUTO), rulings)


def replay(
    engine: sa.Engine,
    told: Replay,
    age: float,
    limit: int | None = None,
    file: Path | None = None,
    at: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[str, Any]:
    """The report of `told` on the requests that were answered whole in the last `age` seconds, the newest `limit`.

    A line for each request that moves is written to `file`, as CSV; `at` is told how far it is. The report counts
    rows of older versions under `reconstructed` (their first step is inferred) and `unreadable` (left out).

    Raises:
        OSError: the file cannot be written.
        sqlalchemy.exc.SQLAlchemyError: the ledger cannot be read.
    """
    since = int((time.time() - age) * 1000)
    unreadable, reconstructed = 0, 0
    total = _count(engine, since, limit)
    with file.open("w", encoding="utf-8", newline="") if file else nullcontext() as sink:
        writer = csv.DictWriter(sink, COLUMNS, lineterminator="\n") if sink else None
        if writer is not None:
            writer.writeheader()
        for done, row in enumerate(_rows(engine, since, limit)):
            if done % AT_ONCE == 0:
                at(done, total)
            past = _past(row)
            if past is None:
                unreadable += 1
                continue
            reconstructed += row.get("decision") is None
            move = told.add(past)
            if writer is not None and move is not None:
                writer.writerow(move.plain())
    at(total, total)
    return {**told.report(), "unreadable": unreadable, "reconstructed": reconstructed}


def _query(engine: sa.Engine, since: int, limit: int | None) -> sa.Select[Any]:
    columns = [column for column in columns_of(engine) if column.name in WANTED]
    query = sa.select(*columns).where(requests.c.at_ms >= since, requests.c.outcome == "whole")
    return query.order_by(requests.c.at_ms.desc()).limit(limit)


def _count(engine: sa.Engine, since: int, limit: int | None) -> int:
    counted = sa.select(sa.func.count()).select_from(_query(engine, since, limit).subquery())
    with engine.connect() as connection:
        return int(connection.execute(counted).scalar_one())


def _rows(engine: sa.Engine, since: int, limit: int | None) -> Iterator[Mapping[str, Any]]:
    with engine.connect().execution_options(stream_results=True, yield_per=AT_ONCE) as connection:
        for row in connection.execute(_query(engine, since, limit)).mappings():
            yield cast("Mapping[str, Any]", row)


def _past(row: Mapping[str, Any]) -> Past | None:
    """The row as replay knows it; None when it cannot be read."""
    try:
        signals = signals_of(row["signals"])
        stored = row.get("decision")
        step = _first(orjson.loads(stored)["steps"]) if stored else _inferred(row, signals)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Past(
        row["id"],
        row["at_ms"],
        signals,
        step,
        row["tier"],
        row["rule"],
        row["target"],
        row["cost_nano"],
        row["total_us"],
        row["model"],
    )


def _first(steps: list[str]) -> str:
    return next((step for step in steps if not step.startswith("cache.")), "")


def _inferred(row: Mapping[str, Any], signals: Signals) -> str:
    """The first step of a row that was stored before decisions were kept: who was tried first, as far as is known."""
    tried = _first([attempt["target"] for attempt in orjson.loads(row["attempts"])])
    if tried:
        return tried
    if row["kind"] == "local":
        return f"expert.{best_expert(signals.experts)[0]}"
    name = signals.pinned or row["tier"]
    return f"hosted.{name}" if name and row["kind"] != "refuse" else ""


# ── for people ───────────────────────────────────────────────────────────────────────────────────


def as_text(found: Mapping[str, Any]) -> RenderableType:
    """The report for a terminal."""
    if not found["requests"] and not found["unreadable"]:
        return Text("No request of this time was answered whole. Look further back with --since, such as 4w.")
    share = f" ({found['moved'] / found['requests']:.1%})" if found["requests"] else ""
    same = f"{found['same_target_other_rule']:,} more go to the same target by another rule"
    lines = [
        f"{found['requests']:,} requests decided again under profile {found['profile']}, policy {found['policy']}",
        *_variants(found),
        f"{found['moved']:,} move{share}; {same}",
    ]
    for name, said in (
        ("unreadable", "rows could not be read"),
        ("reconstructed", "rows are older than stored decisions; where they went first is inferred"),
    ):
        lines += [f"{found[name]:,} {said}"] if found[name] else []
    parts: list[RenderableType] = [Text(lines[0], style="bold"), *map(Text, lines[1:])]
    if found["moved"]:
        parts += [Text(), *map(Text, (*_money(found["money"]), *_latency(found["latency"])))]
        more = found["kinds_of_move"] - len(found["moves"])
        parts += [Text(), _moves(found["moves"]), *([Text(f"and {more} more kinds of move")] if more else [])]
        parts += [Text(), Text("Moves with the least evidence", style="bold"), _weakest(found["weakest"])]
    return Group(*parts, Text(), Text(found["remark"], style="dim"))


def _variants(found: Mapping[str, Any]) -> Iterator[str]:
    for name, each in found["variants"].items():
        if each["requests"]:
            yield f"{each['requests']:,} of them asked for {name}: profile {each['profile']}, policy {each['policy']}"
    for name, count in found["variants_unknown"].items():
        yield f"{count:,} of them asked for {name}, a variant that there is not here; they are decided like the others"


def _money(money: Mapping[str, Any]) -> Iterator[str]:
    saved = money["estimated_before_usd"] - money["estimated_after_usd"]
    sides = f"${_dollars(money['estimated_before_usd'])} before, ${_dollars(money['estimated_after_usd'])} after"
    verb = "saves" if saved >= 0 else "costs"
    billed = f"billed ${_dollars(money['billed_usd'])}"
    yield f"Money, of {money['counted']:,} moves: {billed}; estimated {sides}: {verb} ${_dollars(abs(saved))}"
    if money["unknown_price"] or money["answered_by_cache"]:
        yield f"Not counted: {money['unknown_price']:,} without a price, {money['answered_by_cache']:,} from the cache"


def _latency(latency: Mapping[str, Any]) -> Iterator[str]:
    if latency["counted"]:
        sides = f"{latency['before_ms']:.0f} ms before, {latency['after_ms']:.0f} ms after"
        yield f"Latency, of {latency['counted']:,} moves: {sides}"
    else:
        yield "Latency: not known; no request of these rows was answered by the new targets"


def _moves(moves: list[Mapping[str, Any]]) -> Table:
    """Two lines a kind of move: where from, with what that cost and took; where to, with the same."""
    table = Table(box=None, pad_edge=False)
    for name in ("requests", "from → to", "estimated $", "median ms"):
        table.add_column(name, no_wrap=True, justify="left" if name == "from → to" else "right")
    table.add_column("by rule")
    for move in moves:
        money = move["money"]
        prices = (money["estimated_before_usd"], money["estimated_after_usd"])
        took = [
            f"{found['median_ms']:,.0f} (n {found['n']:,})" if found else "none yet"
            for found in move["latency"].values()
        ]
        table.add_row(
            f"{move['requests']:,}",
            Text(f"{move['from']}\n→ {move['to']}"),
            "\n".join(_dollars(price) if money["counted"] else "unknown" for price in prices),
            "\n".join(took),
            Text(", ".join(each["rule"] for each in move["rules"]), style="dim"),
        )
    return table


def _weakest(moves: list[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("request, task, rule before and after", overflow="fold")
    for name in ("sure", "novelty", "expert", "evidence"):
        table.add_column(name, justify="right", no_wrap=True)
    for move in moves:
        sure = "" if move["expert_confidence"] is None else f"{move['expert_confidence']:.2f}"
        figures = (f"{move['confidence']:.2f}", f"{move['novelty']:.2f}", sure, f"{move['evidence']:.2f}")
        named = Text(f"{move['id']} {move['task']}\n")
        table.add_row(named.append(f"  {move['old_rule']} → {move['new_rule']}", style="dim"), *figures)
    return table


def _dollars(dollars: float) -> str:
    return f"{dollars:,.2f}" if dollars >= 100 else f"{dollars:.4f}" if dollars >= 1 else f"{dollars:.6f}"
