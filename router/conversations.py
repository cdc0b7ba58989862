"""Which LLM tier began a conversation, so that its later turns may stay there (switching loses the prompt cache).

Kept in this process only: several workers do not share it yet, so a turn that reaches another worker is decided as
if nobody knew its beginning. No text is kept, only a keyed digest of how the conversation opens.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from router.record import Record
from router.types import TIERS, Request, Tier

MOST = 10_000  # conversations; about 2 MB
SECONDS = 86_400.0  # without a turn, until a conversation is forgotten


@dataclass(frozen=True, slots=True)
class Conversations:
    """Remembers the tier that answered the first turn that an LLM answered, for a day after the last turn.

    `tiers` maps what may follow `hosted.` in a target (a model's id, or a tier) to the tier.
    """

    tiers: Mapping[str, Tier]
    clock: Callable[[], float] = time.monotonic
    most: int = MOST
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _known: OrderedDict[bytes, tuple[Tier, float]] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def over(cls, models: Mapping[str, Tier]) -> Conversations:
        """For models (id → tier), whose tiers are targets too."""
        return cls({**models, **{tier: tier for tier in TIERS}})

    def began(self, request: Request) -> Tier | None:
        """The tier that began this conversation; None for a first turn, and when nobody knows."""
        if not self._known or not has_history(request):
            return None
        tier, at = self._known.get(self._key(request), (None, 0.0))
        return tier if self.clock() - at < SECONDS else None

    def note(self, record: Record) -> None:
        """Remember who answered, once the last byte of an answer is out."""
        answer, request = record.answer, record.request
        if record.outcome != "whole" or answer is None or record.observed.signals.pinned:
            return
        tier = self.tiers.get(answer.target.removeprefix("hosted."))
        if tier is None:
            return
        key = self._key(request)
        # Two conversations may open with the same words: the newest first turn counts.
        self._known[key] = ((has_history(request) and self.began(request)) or tier, self.clock())
        self._known.move_to_end(key)
        if len(self._known) > self.most:
            self._known.popitem(last=False)

    def _key(self, request: Request) -> bytes:
        opening = next((message.text for message in request.messages if message.role == "user"), "")
        name = hashlib.blake2b(key=self.secret, digest_size=16)
        for part in (request.tenant, request.model, request.system, opening):
            text = part.encode("utf-8", "surrogatepass")
            name.update(len(text).to_bytes(8, "big"))
            name.update(text)
        return name.digest()


def has_history(request: Request) -> bool:
    """Whether there was a turn before this one."""
    turns = 0
    for message in request.messages:
        turns += message.role == "user"
        if turns > 1 or message.role == "assistant":
            return True
    return False
