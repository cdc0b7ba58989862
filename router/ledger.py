"""A row a request, in SQLite or PostgreSQL. Never makes a request wait.

Rows are queued and written in batches by one thread; a crash loses at most the last 50 ms, a stop loses
nothing. An open row is written too, so that a request that never ended is seen. Prompt text is not stored.
Rows wait for a database that is away; one that it refuses is dropped, said and counted, and holds up no other.
The columns are in `tables.py`; `stored.py` reads rows back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from policies.engine import Policy
from router.record import Record
from router.tables import as_policy_row, as_row, engine_of, policies, prepare, requests
from router.types import Event, Hook, Outcome

log = logging.getLogger("surveyor.ledger")

BATCH_SECONDS = 0.05
MOST_WAITING = 10_000  # rows kept while the database is away; beyond that the oldest are dropped, and said

Rows = dict[str, dict[str, Any]]  # by primary key
Statement = sqlite.Insert | postgresql.Insert


class Ledger:
    """Writes records and tells the hooks, behind the request's back; also answers the dashboard's questions.

    `on_lost` is called for each row that could not be kept.

    Raises:
        ConfigError: at construction, when the URL names no database that can be a ledger.
        sqlalchemy.exc.SQLAlchemyError: at construction, when the database cannot be opened.
    """

    def __init__(self, url: str, hooks: Sequence[Hook] = (), on_lost: Callable[[], None] = lambda: None) -> None:
        self._hooks = hooks
        self._on_lost = on_lost
        self.engine = engine_of(url)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _write_ahead)
        prepare(self.engine)
        dialect = postgresql if self.engine.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(requests)
        kept = {"id", "at_ms"}
        changes = {column.name: insert.excluded[column.name] for column in requests.columns if column.name not in kept}
        self._upsert = insert.on_conflict_do_update(index_elements=["id"], set_=changes)
        self._learn = dialect.insert(policies).on_conflict_do_nothing(index_elements=["hash"])
        self._arrived: deque[tuple[Record, Outcome | None]] = deque()
        self._known: deque[tuple[Policy, float]] = deque()
        self._waiting: Rows = {}  # of requests, not yet written
        self._policies: Rows = {}  # the same
        self._wanted = threading.Event()  # somebody wants it written now
        self._written = threading.Condition()
        self._rounds = 0
        self._closing = False
        self.lost = 0
        self._thread = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._thread.start()

    @property
    def shown_url(self) -> str:
        """The database's URL without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    def note(self, record: Record) -> None:
        """Queue a record that has opened or closed. Wakes nobody: a thread woken for each request is dear."""
        self._arrived.append((record, record.outcome))

    def know(self, policy: Policy) -> None:
        """Keep what the rules of `policy` say. To be told of each policy before it decides, or soon after."""
        self._known.append((policy, time.time()))

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was queued is written; False when that took too long, or the database is away."""
        with self._written:
            begun = self._rounds
            self._wanted.set()
            # Two rounds: one may have been under way, past the events that we mean.
            return self._written.wait_for(lambda: self._rounds >= begun + 2, timeout) and not (
                self._waiting or self._policies or self._known
            )

    def close(self) -> None:
        """Write what is left and stop."""
        self._closing = True
        self._wanted.set()
        self._thread.join(timeout=10)
        self.engine.dispose()

    def _write(self) -> None:
        last = False
        while not last:
            self._wanted.wait(BATCH_SECONDS)
            self._wanted.clear()
            last = self._closing  # read before the last gathering, so that nothing queued before it is left
            try:
                self._gather()
                self._store()
            except BaseException as problem:  # whatever it is, the rows of tomorrow are still to be written
                log.error("ledger: an internal %s", _named(problem))
            finally:
                with self._written:
                    self._rounds += 1
                    self._written.notify_all()

    def _gather(self) -> None:
        """Make rows of what has come. A record that closed before its opening was written is one row at once."""
        while self._known:
            policy, at = self._known.popleft()
            try:
                self._policies[policy.hash] = as_policy_row(policy, at)
            except Exception as problem:
                self._lose(policy.hash, problem)
        while self._arrived:
            record, outcome = self._arrived.popleft()
            if outcome is None and record.outcome is not None:
                continue  # its closing is queued too
            try:
                event = record.event()
                if outcome is not None:
                    for hook in self._hooks:
                        _tell(hook, event)
                self._waiting[event.request_id] = as_row(event)
            except Exception as problem:
                self._lose(record.request.id, problem)

    def _store(self) -> None:
        if not (self._waiting or self._policies):
            return
        try:
            with self.engine.connect() as connection:
                self._put(connection, self._learn, self._policies)
                self._put(connection, self._upsert, self._waiting)
        except Exception as problem:
            log.warning("ledger: %d rows wait for the database: %s", len(self._waiting), _named(problem))
            for oldest in list(self._waiting)[: max(0, len(self._waiting) - MOST_WAITING)]:
                del self._waiting[oldest]
                self._count_lost()

    def _put(self, connection: sa.Connection, statement: Statement, rows: Rows) -> None:
        """Write `rows` and empty it, but for those that are to wait; raises what they wait for."""
        refused = dict(_refused(connection, statement, rows))
        none_went = len(refused) == len(rows)
        for key in list(rows):
            problem = refused.get(key)
            if problem is not None and none_went and not _of_the_row(problem):
                continue
            del rows[key]
            if problem is not None:
                self._lose(key, problem)
        if rows:
            raise refused[next(iter(rows))]

    def _lose(self, key: str, problem: Exception) -> None:
        log.warning("ledger: the row of %s is dropped, it cannot be stored: %s", key, _named(problem))
        self._count_lost()

    def _count_lost(self) -> None:
        self.lost += 1
        self._on_lost()

    def summary(self, since_ms: int = 0) -> dict[str, Any]:
        """Totals, and the same by target, task and deciding rule, for requests that came in since then."""
        rows = requests.c
        sums = (
            sa.func.count().label("requests"),
            sa.func.coalesce(sa.func.sum(rows.cost_nano), 0).label("cost_nano"),
            sa.func.coalesce(sa.func.sum(rows.baseline_nano - rows.cost_nano), 0).label("saved_nano"),
            sa.func.coalesce(sa.func.avg(rows.total_us), 0).label("mean_us"),
            sa.func.coalesce(sa.func.sum(sa.case((rows.cost_nano.is_(None), 1), else_=0)), 0).label("unpriced"),
        )
        where = rows.at_ms >= since_ms
        with self.engine.connect() as connection:
            found: dict[str, Any] = {"total": dict(connection.execute(sa.select(*sums).where(where)).mappings().one())}
            for name, column in (("target", rows.target), ("task", rows.task), ("rule", rows.rule)):
                grouped = sa.select(column.label("name"), *sums).where(where).group_by(column)
                ordered = grouped.order_by(sa.desc("requests")).limit(20)
                found[name] = [dict(row) for row in connection.execute(ordered).mappings()]
        return found

    def latest(self, most: int = 50) -> Sequence[dict[str, Any]]:
        """The newest rows, newest first."""
        query = sa.select(requests).order_by(requests.c.at_ms.desc()).limit(most)
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def _refused(connection: sa.Connection, statement: Statement, rows: Rows) -> Iterator[tuple[str, Exception]]:
    """Write rows; where the database refuses some, by halves, down to those that it refuses alone.

    Raises:
        sqlalchemy.exc.OperationalError: it is away.
    """
    if not rows:
        return
    try:
        with connection.begin():
            connection.execute(statement, list(rows.values()))
    except sa.exc.OperationalError:
        raise
    except Exception as problem:
        if len(rows) == 1:
            yield next(iter(rows)), problem
            return
        keys = list(rows)
        for half in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
            yield from _refused(connection, statement, {key: rows[key] for key in half})


def _of_the_row(problem: Exception) -> bool:
    """Whether it is the row's fault for certain, and not that of a table that is gone or may not be written."""
    certain = isinstance(problem, sa.exc.DataError | sa.exc.IntegrityError)
    return certain or not isinstance(problem, sa.exc.DBAPIError)


def _named(problem: BaseException) -> str:
    """Its kind alone: its text holds the row."""
    return type(problem).__name__


def _tell(hook: Hook, event: Event) -> None:
    try:
        hook(event)
    except Exception:
        log.exception("hook %r", hook)  # a hook's mistake must cost no row


def _write_ahead(connection: Any, _record: Any) -> None:
    """Readers do not block the writer, and a commit costs no fsync; a power cut may lose the last batches."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
