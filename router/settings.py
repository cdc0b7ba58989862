"""Every knob: typed, documented, from one file; an unknown key is refused with its line.

`surveyor.example.yaml` shows them all. Without a file the defaults serve: the stand-in model, or OpenAI
when `OPENAI_API_KEY` is set.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from policies.located import load
from policies.store import PolicyStore, Tuning
from router.types import TIERS, Tier

STAND_IN = "smollm2-135m-instruct"
OPENAI_URL = "https://api.openai.com/v1"
# What an OPENAI_API_KEY alone configures; prices and windows come from the price map.
OPENAI_MODELS: tuple[tuple[str, Tier], ...] = (
    ("gpt-5.4-nano", "small"),
    ("gpt-5.4-mini", "standard"),
    ("gpt-5.4", "large"),
)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PriceOverride(_Section):
    """US dollars for a million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)


class Model(_Section):
    """A hosted model: `base_url` alone passes OpenAI's wire format through; `litellm` reaches any provider.

    With both, litellm is told to find its provider at `base_url`.
    """

    id: str = Field(min_length=1, pattern=r"^[\x21-\x7e]+$")
    tier: Tier
    base_url: str | None = Field(default=None, pattern=r"^https?://")
    litellm: str | None = None
    upstream_model: str | None = None  # its name over there, when it is not `id`
    api_key_env: str | None = None  # the environment variable that holds the key, never the key
    local: bool = False  # runs on machines of the operator: private text may go there, and it costs nothing
    vision: bool | None = None  # default: what the price map says
    context_window: int | None = Field(default=None, gt=0)
    price: PriceOverride | None = None
    timeout_s: float = Field(default=120.0, gt=0)  # until the first byte, and between two of them
    stand_in: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.base_url is None and self.litellm is None:
            raise ValueError("say `base_url` (an OpenAI-compatible upstream) or `litellm` (a litellm model name)")
        return self

    @field_validator("id")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value in (*TIERS, "auto"):
            raise ValueError(f"'{value}' is a reserved name; give the model another id")
        return value

    @property
    def upstream_name(self) -> str:
        """What the upstream calls it."""
        return self.litellm or self.upstream_model or self.id


class PolicySettings(_Section):
    """Which rules decide. `rules` is a folder of your own rule files, laid over the profile."""

    profile: str = "2026"
    rules: Path | None = None
    thresholds: dict[str, float] = Field(default_factory=dict)


class CacheSettings(_Section):
    """`memory://` keeps answers in this process; `redis://…` or `rediss://…` shares them."""

    enabled: bool = True
    url: str = Field(default="memory://", pattern=r"^(memory|redis|rediss|unix)://")
    ttl_s: int = Field(default=3600, gt=0)
    max_entry_kb: int = Field(default=512, gt=0)
    max_entries: int = Field(default=10_000, gt=0)  # of memory://; a Redis has its own maxmemory
    timeout_ms: int = Field(default=50, gt=0)
    secret_env: str = "SURVEYOR_CACHE_SECRET"  # noqa: S105  # the name of a variable, not a secret

    @property
    def embedded(self) -> bool:
        """Whether answers are kept in this process."""
        return self.url.startswith("memory:")

    @property
    def shown_url(self) -> str:
        """The URL without its password."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"


class LedgerSettings(_Section):
    """Where a row a request goes. Prompt text is never stored."""

    url: str = "sqlite:///surveyor.db"


class BudgetSettings(_Section):
    """The most that one request may cost, in US dollars; dearer tiers are then passed over."""

    request_usd: float | None = Field(default=None, gt=0)


class ServerSettings(_Section):
    """Where to listen. Keep it on loopback until API keys exist."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    max_body_mb: float = Field(default=32, gt=0)


class Settings(_Section):
    """The whole of surveyor.yaml."""

    models: tuple[Model, ...] = ()
    baseline: str = "gpt-5.4"  # a saving is measured against this model's price
    experts: bool | tuple[str, ...] = True  # all that ship, none, or these
    privacy: Literal["pass", "local-only"] = "pass"  # may personal data and secrets leave the machine?
    policy: PolicySettings = PolicySettings()
    cache: CacheSettings = CacheSettings()
    ledger: LedgerSettings = LedgerSettings()
    budget: BudgetSettings = BudgetSettings()
    server: ServerSettings = ServerSettings()

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [model.id for model in self.models]
        if twice := {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"two models have the id '{twice.pop()}'; ids must differ")
        return self


def read_settings(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `path`, else from ./surveyor.yaml if there is one, else the defaults.

    Without configured models, OPENAI_API_KEY alone gives OpenAI's; with neither, `models` stays empty and
    the caller may start the stand-in.

    Raises:
        ConfigError: with file, line and what to write.
        FileNotFoundError: `path` was named and is not there.
    """
    if path is None and Path("surveyor.yaml").exists():
        path = Path("surveyor.yaml")
    settings = Settings() if path is None else load(path, Settings)
    if settings.models or not environ.get("OPENAI_API_KEY"):
        return settings
    url = environ.get("OPENAI_BASE_URL") or OPENAI_URL
    models = tuple(
        Model(id=name, tier=tier, base_url=url, api_key_env="OPENAI_API_KEY") for name, tier in OPENAI_MODELS
    )
    return settings.model_copy(update={"models": models})


def load_policies(settings: Settings) -> PolicyStore:
    """The policy of the settings, checked.

    Raises:
        ConfigError: a rule file is wrong, or a name is unknown.
    """
    policy = settings.policy
    return PolicyStore(policy.profile, policy.rules, Tuning(thresholds=policy.thresholds))
