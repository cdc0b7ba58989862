"""The second look: the encoder, off the event loop. Jobs that wait together run together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Waiting:
    job: Callable[[], Any]
    future: asyncio.Future[Any]


class SecondLook:
    """One thread for all that the encoder does; one way there and back serves all jobs that wait, up to `most`."""

    def __init__(self, most: int = 16) -> None:
        self._most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._waiting: list[_Waiting] = []
        self._busy = False

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn."""
        return len(self._waiting)

    async def do(self, job: Callable[[], T]) -> T:
        """What the job returns, or raises, in its turn."""
        waiting = _Waiting(job, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if not self._busy:
            self._next()
        return cast("T", await waiting.future)

    def _next(self) -> None:
        batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        self._busy = bool(batch)
        if batch:
            work = asyncio.get_running_loop().run_in_executor(self._thread, _run, batch)
            work.add_done_callback(lambda done: self._hand_out(done, batch))

    def _hand_out(self, done: asyncio.Future[list[Any]], batch: Sequence[_Waiting]) -> None:
        results: Sequence[tuple[Any, Exception | None]]
        if broken := done.exception():  # a panic in native code is no `Exception`, and must not hold up who comes after
            results = [(None, RuntimeError(f"the encoder gave up: {broken!r}"))] * len(batch)
        else:
            results = done.result()
        for waiting, (found, problem) in zip(batch, results, strict=True):
            if waiting.future.done():  # its client has left
                continue
            if problem is not None:
                waiting.future.set_exception(problem)
            else:
                waiting.future.set_result(found)
        self._next()

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _run(batch: Sequence[_Waiting]) -> list[tuple[Any, Exception | None]]:
    """What each job returned, or what it raised; one that fails does not fail its neighbours."""
    found: list[tuple[Any, Exception | None]] = []
    for waiting in batch:
        try:
            found.append((None if waiting.future.done() else waiting.job(), None))
        except Exception as problem:
            found.append((None, problem))
    return found
