"""The exact cache: the same question, asked again, costs nothing. Redis, or in this process; the same code.

A dead Redis costs milliseconds and a metric, never a request.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from burner_redis import BurnerRedis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from router.settings import CacheSettings
from router.types import EXACT, Answer, Answerer, Decision, Facts, Observed, Request, Usage
from router.wire import DONE, replay

log = logging.getLogger("surveyor.cache")

PAUSE_SECONDS = 1.0  # how long a store that failed is left alone


class Store(Protocol):
    """What we use of Redis."""

    async def get(self, name: str) -> Any:
        """The value, or None."""

    async def set(self, name: str, value: bytes, *, px: int) -> Any:
        """Keep a value for `px` milliseconds."""

    async def delete(self, name: str) -> Any:
        """Forget a value."""


def open_store(settings: CacheSettings) -> Store:
    """burner-redis in this process for `memory://`, else Redis by URL."""
    if settings.embedded:
        embedded: Store = BurnerRedis()
        return embedded
    seconds = settings.timeout_ms / 1000
    client: Any = Redis.from_url(
        settings.url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
    )
    shared: Store = client
    return shared


def cacheable(request: Request, facts: Facts) -> bool:
    """Whether this request may be answered from, or kept in, the cache.

    Not when the client says `no-store`, not when it asks for sampling (a temperature above 0), and not when
    the text holds personal data or secrets.
    """
    sampled = (request.body.get("temperature") or 0) > 0
    return not sampled and "no-store" not in request.cache_control and not facts.pii


@dataclass(slots=True)
class Cache:
    """An `Answerer` that knows what was answered before, by a keyed hash of all that shapes the answer."""

    store: Store
    secret: bytes
    settings: CacheSettings
    baseline: Callable[[int, int], int | None]
    target: str = EXACT
    on_fault: Callable[[], None] = field(default=lambda: None)
    _paused_until: float = 0.0
    _writes: set[asyncio.Task[None]] = field(default_factory=set)
    _names: deque[str] = field(default_factory=deque)  # of the embedded store, which has no bound of its own

    async def answer(self, request: Request, observed: Observed, decision: Decision) -> Answer | None:
        """The kept answer, or None: not kept, too old, or the store is away."""
        if "no-cache" in request.cache_control:
            return None
        raw = await self._guarded(self.store.get, self.key(request, decision.policy))
        if raw is None:
            return None
        kept = orjson.loads(raw)
        if request.max_age is not None and time.time() - kept["at"] > request.max_age:
            return None
        tokens_in, tokens_out = kept["tokens"]
        usage = Usage(tokens_in, tokens_out, tokens_in, 0, self.baseline(tokens_in, tokens_out))
        chunks = [chunk.encode() for chunk in kept["chunks"]]
        return Answer(EXACT, kept["model"], replay(chunks), usage, cache="hit")

    def key(self, request: Request, policy: str) -> str:
        """A name that says nothing of its content without the secret (keyed BLAKE2b, RFC 7693)."""
        named = f"{request.tenant}\n{policy}\n".encode() + request.digest
        return "surveyor:exact:" + hashlib.blake2b(named, key=self.secret, digest_size=32).hexdigest()

    def keep(self, request: Request, policy: str, answer: Answer, chunks: list[bytes]) -> None:
        """Store a whole answer, behind the request's back."""
        if not _sound(request, chunks):
            return
        entry = {
            "at": time.time(),
            "model": answer.model,
            "tokens": [answer.usage.tokens_in, answer.usage.tokens_out],
            "chunks": [chunk.decode(errors="replace") for chunk in chunks],
        }
        write = asyncio.create_task(self._put(self.key(request, policy), orjson.dumps(entry)))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)

    async def _put(self, key: str, entry: bytes) -> None:
        async def put(name: str) -> None:
            await self.store.set(name, entry, px=self.settings.ttl_s * 1000)
            if self.settings.embedded:
                self._names.append(name)
                if len(self._names) > self.settings.max_entries:
                    await self.store.delete(self._names.popleft())

        await self._guarded(put, key)

    async def _guarded(self, call: Callable[[str], Any], key: str) -> Any:
        """One call to the store within its time; a failure is counted and the store left alone for a while."""
        if self.settings.embedded:  # in this process: it cannot be away
            return await call(key)
        if time.monotonic() < self._paused_until:
            return None
        try:
            async with asyncio.timeout(self.settings.timeout_ms / 1000):
                return await call(key)
        except Exception as problem:  # whatever the store does, the request goes on
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            self.on_fault()
            log.warning("cache: %s does not answer (%s); going on without it", self.settings.shown_url, problem)
            return None

    async def close(self) -> None:
        """Let pending writes end, then close the store."""
        if self._writes:
            await asyncio.wait(self._writes, timeout=1)
        if isinstance(self.store, Redis):
            await self.store.aclose()


@dataclass(frozen=True, slots=True)
class Kept:
    """An answerer whose whole answers are kept in the cache."""

    answerer: Answerer
    cache: Cache

    @property
    def target(self) -> str:
        """Whose answer it is."""
        return self.answerer.target

    async def answer(self, request: Request, observed: Observed, decision: Decision) -> Answer | None:
        """The inner answer; kept when its last byte has come and the decision lets the cache speak."""
        answer = await self.answerer.answer(request, observed, decision)
        if answer is not None and EXACT in decision.steps:
            answer.chunks = self._copying(request, decision.policy, answer, answer.chunks)
        return answer

    async def _copying(
        self, request: Request, policy: str, answer: Answer, chunks: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        most = self.cache.settings.max_entry_kb * 1024
        seen: list[bytes] | None = []
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            if size > most:
                seen = None  # too much to keep; let it go now rather than at the end
            if seen is not None:
                seen.append(chunk)
            yield chunk
        if seen is not None:
            self.cache.keep(request, policy, answer, seen)


def _sound(request: Request, chunks: list[bytes]) -> bool:
    """No error, refusal or cut-off stream is kept."""
    if not chunks or (request.stream and chunks[-1].strip() != DONE.strip()):
        return False
    text = b"".join(chunks)
    return b'"content_filter"' not in text and b'"refusal":"' not in text and b'"error":{' not in text
