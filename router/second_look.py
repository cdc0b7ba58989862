"""The second look: the encoder, off the event loop. Texts that wait together are encoded together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray


class SecondLook:
    """The encoder, off the event loop, one thread; texts that wait together are encoded together."""

    def __init__(self, encode: Callable[[Sequence[str]], NDArray[np.float32]], most: int = 16) -> None:
        self._encode = encode
        self._most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._waiting: list[tuple[str, asyncio.Future[NDArray[np.float32]]]] = []
        self._busy = False

    async def vector(self, text: str) -> NDArray[np.float32]:
        """The text's embedding, unit length."""
        future: asyncio.Future[NDArray[np.float32]] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, future))
        if not self._busy:
            self._next()
        return await future

    def _next(self) -> None:
        batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        self._busy = bool(batch)
        if batch:
            work = asyncio.get_running_loop().run_in_executor(self._thread, self._encode, [text for text, _ in batch])
            work.add_done_callback(lambda done: self._hand_out(done, [future for _, future in batch]))

    def _hand_out(
        self, done: asyncio.Future[NDArray[np.float32]], futures: list[asyncio.Future[NDArray[np.float32]]]
    ) -> None:
        problem = done.exception()
        for place, future in enumerate(futures):
            if future.done():  # its client has left
                continue
            if problem is not None:
                future.set_exception(problem)
            else:
                future.set_result(done.result()[place])
        self._next()

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
