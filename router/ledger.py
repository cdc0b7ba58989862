"""A row a request, in SQLite or any database that SQLAlchemy reaches. Never makes a request wait.

Rows are queued and written in batches by one thread; a crash loses at most the last 50 ms, a stop loses
nothing. An open row is written too, so that a request that never ended is seen. Prompt text is not stored.
The columns are in `tables.py`; `stored.py` reads rows back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from policies.engine import Policy
from router.record import Record
from router.tables import as_policy_row, as_row, policies, prepare, requests
from router.types import Event, Hook, Outcome

log = logging.getLogger("surveyor.ledger")

BATCH_SECONDS = 0.05
MOST_WAITING = 10_000  # rows kept while the database is away; beyond that the oldest are dropped, and said


class Ledger:
    """Writes records and tells the hooks, behind the request's back; also answers the dashboard's questions.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: at construction, when the database cannot be opened.
    """

    def __init__(self, url: str, hooks: Sequence[Hook] = ()) -> None:
        self._hooks = hooks
        self.engine = sa.create_engine(url)
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
        self._waiting: dict[str, Event] = {}
        self._policies: deque[tuple[Policy, float]] = deque()  # not yet written
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
        self._policies.append((policy, time.time()))

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was queued is written; False when that took too long, or the database is away."""
        with self._written:
            begun = self._rounds
            self._wanted.set()
            # Two rounds: one may have been under way, past the events that we mean.
            return self._written.wait_for(lambda: self._rounds >= begun + 2, timeout) and not (
                self._waiting or self._policies
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
            self._gather()
            self._store()
            with self._written:
                self._rounds += 1
                self._written.notify_all()

    def _gather(self) -> None:
        """Take what has come. A record that closed before its opening was written is one row at once."""
        while self._arrived:
            record, outcome = self._arrived.popleft()
            if outcome is None and record.outcome is not None:
                continue  # its closing is queued too
            event = self._waiting[record.request.id] = record.event()
            if outcome is not None:
                for hook in self._hooks:
                    _tell(hook, event)

    def _store(self) -> None:
        learnt = list(self._policies)
        if not (self._waiting or learnt):
            return
        try:
            with self.engine.begin() as connection:
                if learnt:
                    connection.execute(self._learn, [as_policy_row(policy, at) for policy, at in learnt])
                if self._waiting:
                    connection.execute(self._upsert, [as_row(event) for event in self._waiting.values()])
            self._waiting.clear()
            for _ in learnt:
                self._policies.popleft()
        except sa.exc.SQLAlchemyError as problem:
            log.warning("ledger: %d rows wait for the database: %s", len(self._waiting), problem.__class__.__name__)
            for oldest in list(self._waiting)[: max(0, len(self._waiting) - MOST_WAITING)]:
                del self._waiting[oldest]
                self.lost += 1

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
