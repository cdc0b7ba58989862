"""Every knob: typed, documented, from one file; an unknown key is refused with its line.

`surveyor.example.yaml` shows them all. Without a file the defaults serve: the stand-in model, or OpenAI
when `OPENAI_API_KEY` is set.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, field_validator, model_validator

from policies.located import ConfigError, Loc, Located, nearest, read
from policies.signals import PREFERENCES, TASKS
from policies.store import PolicyStore, Tuning, profile_folder
from router.sections import ExpertSettings, Section
from router.types import TIERS, Status, Tier

CONFIG = Path("surveyor.yaml")
AUTO = "auto"  # the model that lets the policy choose; a variant of the policy is the model `auto:<its name>`

STAND_IN = "smollm2-135m-instruct"
OPENAI_URL = "https://api.openai.com/v1"
# What an OPENAI_API_KEY alone configures; prices and windows come from the price map.
OPENAI_MODELS: tuple[tuple[str, Tier], ...] = (
    ("gpt-5.4-nano", "small"),
    ("gpt-5.4-mini", "standard"),
    ("gpt-5.4", "large"),
)


MERGED = frozenset({"thresholds", "status"})  # what a variant says of these is laid over what it inherits
# Languages that today's large LLMs handle about as well as any: those with most text, and in their makers' own tests.
LLM_LANGUAGES: tuple[str, ...] = (
    *("en", "zh", "es", "fr", "de", "ja", "pt", "it", "ru", "ko", "ar", "nl", "pl", "tr", "vi", "id"),
    *("hi", "fa", "sv", "da", "no", "nb", "fi", "cs", "hu", "ro", "el", "uk", "he", "th", "ca", "hr", "sr", "bg", "sk"),
)


def _one_of(valid: Sequence[str], what: str) -> AfterValidator:
    def known(word: str) -> str:
        if word not in valid:
            raise ValueError(f"no {what} is named '{word}'{nearest(word, valid)} Valid names: {', '.join(valid)}")
        return word

    check: Callable[[str], str] = known
    return AfterValidator(check)


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]  # what rules compare with
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", examples=["en"])]
Preference = Annotated[str, _one_of(PREFERENCES, "preference")]
TaskType = Annotated[str, _one_of(TASKS, "task type")]
VariantName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
Shape = Literal["advise", "apply"] | tuple[str, ...]  # advise only, let all shape rules change prompts, or these


class PriceOverride(Section):
    """US dollars for a million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)


class Model(Section):
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
    tags: tuple[Word, ...] = ()  # what it is good at: a rule may favour a tag within a tier
    region: Word | None = None  # where it runs, such as eu or eu-west-1
    p95_ms: float | None = Field(default=None, gt=0)  # to its first byte, as declared; set against `operator.slo_ms`
    stand_in: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.base_url is None and self.litellm is None:
            raise ValueError("say `base_url` (an OpenAI-compatible upstream) or `litellm` (a litellm model name)")
        return self

    @field_validator("id")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value in (*TIERS, AUTO) or value.startswith(f"{AUTO}:"):
            raise ValueError(f"'{value}' is a reserved name; give the model another id")
        return value

    @property
    def upstream_name(self) -> str:
        """What the upstream calls it."""
        return self.litellm or self.upstream_model or self.id


class Variant(Section):
    """What one variant of the policy changes; what it leaves out it inherits, thresholds and status key by key."""

    profile: str = ""
    rules: Path | None = None
    thresholds: dict[str, float] = Field(default_factory=dict)
    disable: tuple[str, ...] = ()
    status: dict[str, Status] = Field(default_factory=dict)
    shape: Shape = "advise"
    prefer: tuple[Preference, ...] = ()
    slo_ms: float | None = Field(default=None, gt=0)
    request_usd: float | None = Field(default=None, gt=0)

    def over(self, base: Section) -> dict[str, Any]:
        """The values that this variant gives to keys of `base`."""
        given = {key: getattr(self, key) for key in self.model_fields_set if key in type(base).model_fields}
        for key in MERGED & given.keys():
            given[key] = {**getattr(base, key), **given[key]}
        return given


class KeyVariant(Section):
    """A client whose bearer token is the value of this environment variable gets a variant for "auto"."""

    key_env: str = Field(min_length=1)
    variant: str


class PolicySettings(Section):
    """Which rules decide. `rules` is a folder of your own rule files, laid over the profile."""

    profile: str = "2026"
    rules: Path | None = None
    thresholds: dict[str, float] = Field(default_factory=dict)
    disable: tuple[str, ...] = ()  # rule ids
    status: dict[str, Status] = Field(default_factory=dict)  # rule id → active, shadow or off
    shape: Shape = "advise"
    variants: dict[VariantName, Variant] = Field(default_factory=dict)
    keys: tuple[KeyVariant, ...] = ()  # no authentication: it only says what "auto" means to whom


class OperatorSettings(Section):
    """What is known of the traffic and the fleet as a whole; rules may ask about it."""

    prefer: tuple[Preference, ...] = ()
    metrics: dict[TaskType, Word] = Field(default_factory=dict)  # task type → how its answers are measured
    llm_languages: tuple[Language, ...] = LLM_LANGUAGES
    slo_ms: float | None = Field(default=None, gt=0)  # to the first byte, as promised to clients
    residency: Word | None = None  # region where data must stay


class CacheSettings(Section):
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


class Example(Section):
    """A demonstration of a task: what is asked, or the text that is given, and the right answer."""

    input: str = Field(min_length=1)
    output: str = Field(min_length=1)


class IndexSettings(Section):
    """Documents of your own, in which questions of knowledge are looked up; `surveyor index` builds the folder."""

    folder: Path | None = None


class LedgerSettings(Section):
    """Where a row a request goes: SQLite, or PostgreSQL with a driver that you install. Prompt text is never stored."""

    url: str = "sqlite:///surveyor.db"

    @field_validator("url")
    @classmethod
    def _written_to(cls, value: str) -> str:
        if not re.match(r"(sqlite|postgresql)(\+\w+)?://", value):
            raise ValueError("write sqlite:///surveyor.db or postgresql+psycopg://…; no other database is written to")
        return value


class BudgetSettings(Section):
    """The most that one request may cost, in US dollars; dearer tiers are then passed over."""

    request_usd: float | None = Field(default=None, gt=0)


class ServerSettings(Section):
    """Where to listen. Keep it on loopback until API keys exist."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    max_body_mb: float = Field(default=32, gt=0)


class Settings(Section):
    """The whole of surveyor.yaml."""

    models: tuple[Model, ...] = ()
    baseline: str = "gpt-5.4"  # a saving is measured against this model's price
    experts: ExpertSettings = ExpertSettings()  # true, false or a list of names is short for `use`
    second_look: float | None = Field(default=None, ge=0, le=1, strict=True, allow_inf_nan=False)  # 0: never
    privacy: Literal["pass", "local-only"] = "pass"  # may personal data and secrets leave the machine?
    policy: PolicySettings = PolicySettings()
    operator: OperatorSettings = OperatorSettings()
    examples: dict[TaskType, tuple[Example, ...]] = Field(default_factory=dict)  # shown where advice is applied
    index: IndexSettings = IndexSettings()
    cache: CacheSettings = CacheSettings()
    ledger: LedgerSettings = LedgerSettings()
    budget: BudgetSettings = BudgetSettings()
    server: ServerSettings = ServerSettings()
    _located: Located[Settings] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [model.id for model in self.models]
        if twice := {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"two models have the id '{twice.pop()}'; ids must differ")
        return self

    @property
    def path(self) -> Path | None:
        """The file that these settings were read from; None for the defaults."""
        return self._located.path if self._located else None

    def error(self, loc: Loc, message: str) -> ConfigError:
        """The error to raise about the value at `loc`, with its line where there is a file."""
        if self._located is None:
            return ConfigError(CONFIG, None, f"'{'.'.join(map(str, loc))}': {message}")
        return self._located.error(loc, message)

    def variants(self) -> dict[str, Settings]:
        """These settings as `auto`, and as each variant of the policy changes them, by the name of the model."""
        return {AUTO: self, **{f"{AUTO}:{name}": self._under(each) for name, each in self.policy.variants.items()}}

    def _under(self, variant: Variant) -> Settings:
        policy = variant.over(self.policy)
        if "disable" not in policy:  # what a variant says of a rule counts for more than what it inherits
            policy["disable"] = tuple(rule for rule in self.policy.disable if rule not in variant.status)
        parts = {"policy": policy, "operator": variant.over(self.operator), "budget": variant.over(self.budget)}
        return self.model_copy(
            update={part: getattr(self, part).model_copy(update=given) for part, given in parts.items()}
        )


def read_settings(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `path`, else from ./surveyor.yaml if there is one, else the defaults.

    Without configured models, OPENAI_API_KEY alone gives OpenAI's; with neither, `models` stays empty and
    the caller may start the stand-in.

    Raises:
        ConfigError: with file, line and what to write.
        FileNotFoundError: `path` was named and is not there.
    """
    if path is None and CONFIG.exists():
        path = CONFIG
    settings = Settings()
    if path is not None:
        located = read(path, Settings)
        settings = located.value
        settings._located = located
    if settings.models or not environ.get("OPENAI_API_KEY"):
        return settings
    url = environ.get("OPENAI_BASE_URL") or OPENAI_URL
    models = tuple(
        Model(id=name, tier=tier, base_url=url, api_key_env="OPENAI_API_KEY") for name, tier in OPENAI_MODELS
    )
    return settings.model_copy(update={"models": models})


def load_policies(settings: Settings) -> PolicyStore:
    """The policy of the settings, once it and all of its variants are checked.

    Raises:
        ConfigError: a rule file is wrong, or a name is unknown.
    """
    return load_variants(settings)[AUTO]


def load_variants(settings: Settings) -> dict[str, PolicyStore]:
    """`auto` and each variant as `auto:<name>`, with their policies.

    Raises:
        ConfigError: a rule file is wrong, or a name is unknown; it points to where the operator wrote it.
    """
    known = list(settings.policy.variants)
    for place, key in enumerate(settings.policy.keys):
        if key.variant not in known:
            hint = f"{nearest(key.variant, known)} Valid variants: {', '.join(known) or 'none yet'}"
            raise settings.error(("policy", "keys", place, "variant"), f"no variant is named '{key.variant}'{hint}")
    return {name: _store(settings, steered, name.partition(":")[2]) for name, steered in settings.variants().items()}


def _store(settings: Settings, steered: Settings, variant: str) -> PolicyStore:
    def place(key: str, name: str = "") -> Loc:
        """Where the operator wrote it: in the variant, or in what that inherits."""
        section: Variant | PolicySettings = settings.policy
        at: tuple[str | int, ...] = ("policy",)
        own = settings.policy.variants.get(variant)
        if own is not None and (name in getattr(own, key) if key in MERGED else key in own.model_fields_set):
            section, at = own, ("policy", "variants", variant)
        held = getattr(section, key)
        return (*at, key, held.index(name) if isinstance(held, tuple) else name)

    def blame(loc: tuple[str, str], message: str) -> ConfigError:
        return settings.error(place("shape" if loc[0] == "apply" else loc[0], loc[1]), message)

    policy = steered.policy
    if policy.rules is not None and not policy.rules.is_dir():
        raise settings.error(place("rules"), f"'{policy.rules}' is no folder; create it and put your rule files in it")
    try:
        profile_folder(policy.profile)
    except ConfigError as problem:
        raise settings.error(place("profile"), problem.message) from None
    apply = policy.shape == "apply" or (() if policy.shape == "advise" else policy.shape)
    return PolicyStore(
        policy.profile, policy.rules, Tuning(policy.thresholds, policy.status, policy.disable, apply, blame)
    )
