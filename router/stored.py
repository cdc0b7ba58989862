"""What the ledger stored, read back as the nouns of types.py: JSON → Signals and Decision.

Rows are older than code. So a missing field takes its default, and one that nobody knows any more is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, get_type_hints

import orjson
import sqlalchemy as sa

from policies.explain import document
from policies.located import ConfigError
from router.errors import RequestNotFound
from router.tables import WHERE, engine_of, policies, requests
from router.types import Decision, Facts, Fired, Fleet, Money, Operator, Reading, Signals, Task

# What a field without a default is when a row lacks it. An expert that left nothing is one that says nothing.
BLANK: Mapping[str, Any] = {"label": "other", "answer": "", "confidence": 0.0, "novelty": 1.0, "open": False}
UNKNOWN = Fired("", "route", decided=False, title="A rule whose text was not stored", why="It was not stored.")


# ── signals ──────────────────────────────────────────────────────────────────────────────────────


def _reader(of: type) -> Callable[[Mapping[str, Any]], Any]:
    """What makes a dataclass of ours out of a JSON object."""
    hints = get_type_hints(of)
    defaults: dict[str, Any] = {}
    for each in fields(of):
        factory = each.default_factory
        plain = BLANK.get(each.name) if each.default is MISSING else each.default
        defaults[each.name] = plain if factory is MISSING else factory()
    tuples = frozenset(name for name, hint in hints.items() if getattr(hint, "__origin__", None) is tuple)

    def make(stored: Mapping[str, Any]) -> Any:
        return of(
            **{
                name: tuple(value) if name in tuples else value
                for name, default in defaults.items()
                for value in (stored.get(name, default),)
            }
        )

    return make


def _often_the_same(make: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
    """The same, but what repeats from row to row, as the fleet does, is made once."""
    made = lru_cache(maxsize=1000)(lambda text: make(orjson.loads(text)))
    return lambda stored: made(orjson.dumps(stored))


_task, _facts, _reading = _reader(Task), _reader(Facts), _reader(Reading)
_fleet, _money, _operator = _often_the_same(_reader(Fleet)), _reader(Money), _often_the_same(_reader(Operator))


@lru_cache(maxsize=4096)  # requests repeat in bursts
def signals_of(text: str) -> Signals:
    """The signals of a row's `signals`.

    Raises:
        ValueError: the text is no JSON object.
    """
    stored = _object(text)
    return Signals(
        task=_task(stored.get("task") or {}),
        novelty=stored.get("novelty", 0.0),
        facts=_facts(stored.get("facts") or {}),
        experts={name: _reading(each) for name, each in (stored.get("experts") or {}).items()},
        fleet=_fleet(stored.get("fleet") or {}),
        money=_money(stored.get("money") or {}),
        operator=_operator(stored.get("operator") or {}),
        began=stored.get("began"),
        retrieved=stored.get("retrieved"),
        standard_right=stored.get("standard_right"),
        pinned=stored.get("pinned", ""),
    )


# ── decision ─────────────────────────────────────────────────────────────────────────────────────


def decision_of(text: str, rules: Mapping[str, Fired], profile: str, policy: str) -> Decision:
    """The decision of a row's `decision`; `rules` are those of its policy, see `rules_of`.

    Raises:
        ValueError: the text is no JSON object.
    """
    stored = _object(text)
    fired = []
    for name, decided, status in stored.get("rules") or ():
        rule = rules.get(name, UNKNOWN)
        fired.append(Fired(name, rule.stage, decided, rule.title, rule.why, rule.cites, status))
    return Decision(
        kind=stored.get("kind", "llm"),
        tier=stored.get("tier"),
        steps=tuple(stored.get("steps") or ()),
        rules=tuple(fired),
        profile=profile,
        policy=policy,
        advice=tuple(stored.get("advice") or ()),
        flags=tuple(stored.get("flags") or ()),
        apply=tuple((rule, advice) for rule, advice in stored.get("apply") or ()),
        refusal=stored.get("refusal", ""),
    )


@lru_cache(maxsize=100)
def rules_of(text: str) -> Mapping[str, Fired]:
    """The rules of a row of `policies`, by id; none of them has decided anything."""
    return {
        each["id"]: Fired(each["id"], each["stage"], False, each["title"], each["why"], tuple(each["cites"]))
        for each in orjson.loads(text)
    }


def _object(text: str) -> dict[str, Any]:
    try:
        stored = orjson.loads(text)
    except orjson.JSONDecodeError:
        stored = None
    if not isinstance(stored, dict):
        raise ValueError("no JSON object")
    return stored


# ── from the database ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Explained:
    """A stored request: its explanation (the answer of /v1/explain), and what became of it."""

    document: dict[str, Any]
    row: dict[str, Any]


def open_ledger(url: str) -> sa.Engine:
    """A ledger to read from; nothing is created, added or written.

    Raises:
        ConfigError: there is none, or it cannot be opened.
    """
    engine = engine_of(url)
    file = engine.url.database
    # SQLite would make an empty file of a name that it does not know.
    there = engine.dialect.name != "sqlite" or Path(file or "").is_file()
    with reading(engine):
        if there and sa.inspect(engine).has_table(requests.name):
            return engine
    shown = engine.url.render_as_string(hide_password=True)
    raise ConfigError(
        WHERE, None, f"there is no ledger at {shown}; start `surveyor serve`, or name its settings with --config"
    )


@contextmanager
def reading(engine: sa.Engine) -> Iterator[None]:
    """Whatever reads a ledger for a command goes in here: one that is locked, broken or away is said in a sentence.

    Raises:
        ConfigError: the database has failed; in its own words.
    """
    try:
        yield
    except sa.exc.SQLAlchemyError as problem:
        said = problem.orig if isinstance(problem, sa.exc.DBAPIError) else problem.__class__.__name__
        shown = engine.url.render_as_string(hide_password=True)
        raise ConfigError(WHERE, None, f"{shown} cannot be read: {said}") from None


def columns_of(engine: sa.Engine, table: sa.Table = requests) -> list[sa.Column[Any]]:
    """The columns of a table that the database has: one that an older version made lacks some."""
    inspector = sa.inspect(engine)
    if not inspector.has_table(table.name):
        return []
    present = {column["name"] for column in inspector.get_columns(table.name)}
    return [column for column in table.columns if column.name in present]


def explained(engine: sa.Engine, request_id: str) -> Explained:
    """What was decided about a past request, in the words of the rules of that day.

    Raises:
        RequestNotFound: it is not in the ledger, or was stored before decisions were kept.
    """
    with engine.connect() as connection:
        query = sa.select(*columns_of(engine)).where(requests.c.id == request_id)
        row = connection.execute(query).mappings().first()
        if row is None:
            raise RequestNotFound(
                f"No request '{request_id}' is in the ledger. The id of a request is the x-surveyor-id of its answer."
            )
        if row.get("decision") is None:
            raise RequestNotFound(
                f"Request '{request_id}' was stored by a version that did not keep decisions. What the rules of today "
                "would decide is told by `surveyor policy replay`.",
                code="decision_not_stored",
            )
        known = [policies.c.rules] if columns_of(engine, policies) else []
        said = known and connection.execute(sa.select(*known).where(policies.c.hash == row["policy"])).scalar()
    rules = rules_of(said) if said else {}
    decision = decision_of(row["decision"], rules, row["profile"], row["policy"])
    changes = tuple(orjson.loads(row.get("changes") or "[]"))
    return Explained(document(request_id, signals_of(row["signals"]), decision, changes), dict(row))
