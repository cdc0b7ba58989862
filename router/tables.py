"""The ledger's database and its two tables, and how an event and a policy become rows of them.

Columns are only ever added, and may be NULL where older rows lack them: `prepare` adds to an existing database what is
missing, so that a newer version starts on the file of an older one.
"""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa

from policies.engine import Policy
from policies.located import ConfigError
from policies.schema import Rule
from policies.stages import PINNED
from router.types import Decision, Event, Fired

metadata = sa.MetaData()
# The column groups are the four steps of the story.
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("at_ms", sa.BigInteger, index=True, nullable=False),
    sa.Column("tenant", sa.String(100), nullable=False),
    sa.Column("model", sa.String(200), nullable=False),
    sa.Column("stream", sa.Boolean, nullable=False),
    # observe
    sa.Column("task", sa.String(40), nullable=False),
    sa.Column("novelty", sa.Float, nullable=False),
    sa.Column("signals", sa.Text, nullable=False),  # JSON of types.Signals: what replay decides again
    sa.Column("observe_us", sa.BigInteger, nullable=False),
    # decide
    sa.Column("profile", sa.String(100), nullable=False),
    sa.Column("policy", sa.String(64), nullable=False),  # a hash of the table `policies`
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("tier", sa.String(10)),
    sa.Column("rule", sa.String(60), nullable=False),  # the one that decided
    sa.Column("rules", sa.Text, nullable=False),  # all that matched, comma-separated
    sa.Column("flags", sa.Text, nullable=False),
    sa.Column("decision", sa.Text),  # JSON, see `decision_text`; NULL: stored before decisions were kept
    sa.Column("decide_us", sa.BigInteger, nullable=False),
    # answer
    sa.Column("target", sa.String(200), nullable=False),
    sa.Column("answered_by", sa.String(200), nullable=False),
    sa.Column("cache", sa.String(10), nullable=False),
    sa.Column("attempts", sa.Text, nullable=False),  # JSON list of types.Attempt
    sa.Column("changes", sa.Text),  # JSON list: what was changed of the prompt
    sa.Column("first_chunk_us", sa.BigInteger, nullable=False),
    # record
    sa.Column("outcome", sa.String(10)),  # NULL while open
    sa.Column("tokens_in", sa.Integer, nullable=False),
    sa.Column("tokens_out", sa.Integer, nullable=False),
    sa.Column("tokens_cached", sa.Integer, nullable=False),
    sa.Column("cost_nano", sa.BigInteger),  # NULL: price unknown
    sa.Column("baseline_nano", sa.BigInteger),
    sa.Column("total_us", sa.BigInteger, nullable=False),
)
# What the rules said when they decided; rules change, and a past request is explained by those of its day.
policies = sa.Table(
    "policies",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("profile", sa.String(100), nullable=False),
    sa.Column("rules", sa.Text, nullable=False),  # JSON list of {id, stage, title, why, cites}
    sa.Column("first_seen_ms", sa.BigInteger, nullable=False),
)
# The most characters that a column takes; PostgreSQL refuses a row with more.
LONGEST = {each.name: each.type.length for each in requests.columns if isinstance(each.type, sa.String)}
WHERE = "ledger.url"  # the setting to look at when a ledger cannot be used


def engine_of(url: str) -> sa.Engine:
    """The database of a URL; nothing is opened yet.

    Raises:
        ConfigError: it cannot be a ledger; the message says what to write.
    """
    try:
        engine = sa.create_engine(url)
    except sa.exc.ArgumentError:
        raise ConfigError(WHERE, None, "this is no URL of a database; write sqlite:///surveyor.db") from None
    except ImportError as problem:
        missing = f"this database needs the package '{problem.name}', which is not installed"
        raise ConfigError(WHERE, None, f"{missing}; install it, or write sqlite:///surveyor.db") from None
    if engine.dialect.is_async:
        driver = f"the driver {engine.dialect.driver} is asynchronous"
        raise ConfigError(WHERE, None, f"{driver}; write postgresql+psycopg:// or sqlite://")
    if engine.dialect.name == "sqlite" and engine.url.database in (None, "", ":memory:"):
        raise ConfigError(WHERE, None, "an SQLite ledger is a file; write sqlite:///surveyor.db")
    return engine


def prepare(engine: sa.Engine) -> None:
    """Make the tables where they are missing, and add the columns that an older version did not know.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be opened, or may not be changed.
    """
    metadata.create_all(engine)
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.name in _present(engine, table):
                continue
            kind = column.type.compile(engine.dialect)
            try:
                with engine.begin() as connection:
                    connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))
            except sa.exc.DBAPIError:  # another worker that starts at the same time was quicker
                if column.name not in _present(engine, table):
                    raise


def _present(engine: sa.Engine, table: sa.Table) -> set[str]:
    return {column["name"] for column in sa.inspect(engine).get_columns(table.name)}


def as_row(event: Event) -> dict[str, Any]:
    """An event as the columns of its row; an upstream's own name for its model may be anything, and is made to fit."""
    decision, usage, seconds = event.decision, event.usage, event.seconds
    return {
        "id": event.request_id,
        "at_ms": int(event.at * 1000),
        "tenant": event.tenant,
        "model": event.model,
        "stream": event.stream,
        "task": event.signals.task.label,
        "novelty": event.signals.novelty,
        "signals": orjson.dumps(event.signals).decode(),
        "observe_us": _us(seconds.get("observe", 0)),
        "profile": decision.profile,
        "policy": decision.policy,
        "kind": decision.kind,
        "tier": decision.tier,
        "rule": decision.decider,
        "rules": ",".join(rule.id for rule in decision.rules),
        "flags": ",".join(decision.flags),
        "decision": decision_text(decision),
        "decide_us": _us(seconds.get("decide", 0)),
        "target": event.target,
        "answered_by": _fitting(event.answered_by, LONGEST["answered_by"]),
        "cache": event.cache,
        "attempts": orjson.dumps(event.attempts).decode(),
        "changes": orjson.dumps(event.changes).decode(),
        "first_chunk_us": _us(seconds.get("first_chunk", 0)),
        "outcome": event.outcome,
        "tokens_in": usage.tokens_in,
        "tokens_out": usage.tokens_out,
        "tokens_cached": usage.tokens_cached,
        "cost_nano": usage.cost,
        "baseline_nano": usage.baseline,
        "total_us": _us(seconds.get("total", 0)),
    }


def decision_text(decision: Decision) -> str:
    """A decision as JSON. Of a rule it holds [id, decided, status]; what the rule says is in `policies`."""
    stored = {
        "kind": decision.kind,
        "tier": decision.tier,
        "steps": decision.steps,
        "rules": [[rule.id, rule.decided, rule.status] for rule in decision.rules],
        "advice": decision.advice,
        "flags": decision.flags,
        "apply": decision.apply,
        "refusal": decision.refusal,
    }
    return orjson.dumps(stored).decode()


def as_policy_row(policy: Policy, at: float) -> dict[str, Any]:
    """A policy, first seen `at` seconds since 1970, as its row; with the rule that stands for a pinned model."""
    told: list[Rule | Fired] = [*policy.rules, PINNED]
    rules = [
        {"id": each.id, "stage": each.stage, "title": each.title, "why": each.why, "cites": list(each.cites)}
        for each in told
    ]
    return {
        "hash": policy.hash,
        "profile": policy.profile,
        "rules": orjson.dumps(rules).decode(),
        "first_seen_ms": int(at * 1000),
    }


def _fitting(text: str, most: int | None) -> str:
    """Text that every database takes: not too long, without NUL and without half characters."""
    return text[:most].replace("\0", "").encode(errors="replace").decode()


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)
