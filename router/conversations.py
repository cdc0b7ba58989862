"""Which LLM tier began a conversation, so that its later turns may stay there (switching loses the prompt cache).

A turn continues a conversation if what was sent before the newest reply is what was once sent here and answered: a
template that opens with the same system text and the same examples continues nothing. Kept in this process only: a
turn that reaches another worker is decided as if nobody knew its beginning. No text is kept, only keyed digests.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from router.record import Record
from router.types import TIERS, Message, Request, Tier

MOST = 10_000  # turns that were answered; about 2 MB
SECONDS = 86_400.0  # until a turn that was not continued is forgotten
REPLIES = frozenset({"assistant", "tool", "function"})


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
        until = _asked_before(request.messages)
        return self._recall(self._digest(request, until).digest()) if self._known and until else None

    def note(self, record: Record) -> None:
        """Remember which tier began, once the last byte of an answer is out."""
        answer, request = record.answer, record.request
        if record.outcome is None or record.observed.signals.pinned:
            return
        until, asked = _asked_before(request.messages), _asked(request.messages)
        digest = self._digest(request, until)
        # An answer from the cache, or one that the client cut short, begins nothing, but ends nothing either.
        tier = self._recall(digest.digest()) if until else None
        if tier is None and record.outcome == "whole" and answer is not None:
            tier = self.tiers.get(answer.target.removeprefix("hosted."))
        if tier is None:
            return
        key = _more(digest, request.messages[until:asked]).digest()
        self._known[key] = (tier, self.clock())  # where two conversations open with the same words, the newest counts
        self._known.move_to_end(key)
        if len(self._known) > self.most:
            self._known.popitem(last=False)

    def _recall(self, key: bytes) -> Tier | None:
        tier, at = self._known.get(key, (None, 0.0))
        return tier if self.clock() - at < SECONDS else None

    def _digest(self, request: Request, until: int) -> hashlib.blake2b:
        """Of whose conversation it is, and its first messages."""
        whose = (Message("tenant", request.tenant), Message("model", request.model))
        return _more(hashlib.blake2b(key=self.secret, digest_size=16), (*whose, *request.messages[:until]))


def _asked(messages: Sequence[Message]) -> int:
    """How many messages there are up to the last one of the user."""
    return max((at for at, message in enumerate(messages, 1) if message.role == "user"), default=0)


def _asked_before(messages: Sequence[Message]) -> int:
    """The same of the request that the newest reply answered; 0 when nothing was answered yet."""
    replied = max((at for at, message in enumerate(messages) if message.role in REPLIES), default=0)
    return _asked(messages[:replied])


def _more(digest: hashlib.blake2b, messages: Iterable[Message]) -> hashlib.blake2b:
    for message in messages:
        for part in (message.role, message.text):
            text = part.encode("utf-8", "surrogatepass")
            digest.update(len(text).to_bytes(8, "big"))
            digest.update(text)
    return digest
