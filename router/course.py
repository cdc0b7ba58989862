"""What steers a request: policy, fleet and operator facts, in one value that is swapped whole and never changed."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policies.engine import Policy
from router.errors import ModelNotFound
from router.prices import Price
from router.settings import AUTO
from router.types import Fleet, Operator, Request

BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Choice:
    """What a `model` value stands for: the whole fleet for `auto` and its variants, one model where it is pinned."""

    policy: Policy
    fleet: Fleet
    prices: Mapping[str, Price | None]  # tier, or id of a tagged model → price
    operator: Operator = field(default_factory=Operator)
    budget: int | None = None  # most that a request may cost, nano-dollars
    pinned: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """All choices of one moment. A request takes its own once, so that a reload never splits it."""

    choices: Mapping[str, Choice]  # "auto", "auto:<variant>", and each configured model's id
    keys: Sequence[tuple[bytes, str]] = ()  # SHA-256 of a client's bearer token → the variant it gets for "auto"
    loaded_at: float = field(default_factory=time.time)

    @property
    def policies(self) -> dict[str, Policy]:
        """`auto` and its variants, each with its policy."""
        return {name: choice.policy for name, choice in self.choices.items() if not choice.pinned}

    def choose(self, request: Request) -> Choice:
        """What the model that the request names stands for.

        Raises:
            ModelNotFound: it is neither `auto`, nor one of its variants, nor configured.
        """
        choice = self.choices.get(request.model)
        if choice is None:
            known = ", ".join(self.choices)
            raise ModelNotFound(f"The model '{request.model}' is not configured. Use one of: {known}.", param="model")
        return choice

    def auto_for(self, authorization: str) -> str:
        """What `auto` means for a client with this `Authorization` header: a variant, or `auto` itself.

        This is no authentication: a token that nobody configured gets plain `auto`.
        """
        token = authorization[len(BEARER) :].strip() if authorization[: len(BEARER)].lower() == BEARER else ""
        digest = token_digest(token.encode("latin-1", "replace"))
        found = AUTO
        for known, name in self.keys:  # all of them, so that the time taken does not tell which one it was
            if hmac.compare_digest(known, digest):
                found = name
        return found


def token_digest(token: bytes) -> bytes:
    """SHA-256 of a bearer token; the token itself is not kept."""
    return hashlib.sha256(token).digest()
