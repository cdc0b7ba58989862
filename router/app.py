"""The one place that builds things: Settings → Gateway → ASGI app."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import logging
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from fastapi import FastAPI
from watchfiles import awatch

from classifiers import language
from classifiers.shipped import Shipped, expert_names
from policies.located import ConfigError
from policies.store import PolicyStore
from router.api import SurveyorAPI, add_routes
from router.cache import Cache, Kept, open_store
from router.dashboard import create_dashboard
from router.experts import ExpertAnswerer
from router.gateway import Gateway
from router.hooks import Metrics
from router.hosted import Billing, LiteLLM, OpenAICompatible, close_litellm, load_litellm
from router.index import Index, index_file
from router.ledger import Ledger
from router.observe import Choice, Observer
from router.prices import FREE, NANO, Price, PriceMap
from router.second_look import SecondLook
from router.settings import Model, Settings, load_policies
from router.shaping import Shaper
from router.standin import StandIn, model_file
from router.types import EXACT, TIERS, Answerer, Fleet

log = logging.getLogger("surveyor")

CONFIG = Path("surveyor.yaml")


@dataclass(frozen=True, slots=True)
class Runtime:
    """All that a running server consists of."""

    settings: Settings
    gateway: Gateway
    policies: PolicyStore
    shipped: Shipped
    ledger: Ledger
    metrics: Metrics
    models: tuple[Model, ...]
    model_ids: tuple[str, ...]
    started: int

    @property
    def max_body(self) -> int:
        """The most bytes a body may have."""
        return int(self.settings.server.max_body_mb * 1024**2)


class Priced:
    """The configured models with their prices, windows and abilities; the rest of the price map is let go."""

    def __init__(self, settings: Settings, models: tuple[Model, ...]) -> None:
        price_map = PriceMap()
        self._entries = {model.id: price_map.entry(model.upstream_name) for model in models}
        self.prices = {model.id: _price(model, price_map) for model in models}
        named = next((model for model in models if model.id == settings.baseline), None)
        self._baseline = self.prices[named.id] if named else price_map.price(settings.baseline)

    def baseline(self, tokens_in: int, tokens_out: int) -> int | None:
        """What the baseline model would have cost, in nano-dollars; None when its price is unknown."""
        return self._baseline.cost(tokens_in, tokens_out) if self._baseline else None

    def choice(self, models: tuple[Model, ...], settings: Settings, pinned: str = "") -> Choice:
        """What a set of models offers to a decision. The first model of a tier stands for it."""
        first = {tier: model for tier in TIERS for model in reversed(models) if model.tier == tier}
        fleet = Fleet(
            tiers=tuple(first),
            local_tiers=tuple(tier for tier, model in first.items() if model.local),
            vision_tiers=tuple(tier for tier, model in first.items() if self._sees(model)),
            windows={tier: window for tier, model in first.items() if (window := self._window(model))},
            cache=settings.cache.enabled,
            index=settings.index.folder is not None,
            keep_private=settings.privacy == "local-only",
        )
        return Choice(fleet, {tier: self.prices[model.id] for tier, model in first.items()}, pinned)

    def _sees(self, model: Model) -> bool:
        return bool(self._entries[model.id].get("supports_vision")) if model.vision is None else model.vision

    def _window(self, model: Model) -> int | None:
        return model.context_window or self._entries[model.id].get("max_input_tokens")


def _price(model: Model, price_map: PriceMap) -> Price | None:
    if model.price is not None:
        return Price.per_million(model.price.input, model.price.output, model.price.cached_input)
    return FREE if model.local else price_map.price(model.upstream_name)


def load_shipped(settings: Settings) -> Shipped:
    """The shipped models, with the experts that the settings want."""
    shipped = Shipped.load()
    language.warm()
    wanted = wanted_experts(settings)
    return replace(shipped, experts={name: expert for name, expert in shipped.experts.items() if name in wanted})


def wanted_experts(settings: Settings) -> frozenset[str]:
    """The names of the experts that the settings ask for.

    Raises:
        ConfigError: one of them does not ship.
    """
    known = frozenset(expert_names())
    if isinstance(settings.experts, bool):
        return known if settings.experts else frozenset()
    if unknown := sorted(set(settings.experts) - known):
        valid = ", ".join(sorted(known))
        raise ConfigError(CONFIG, None, f"no expert is named '{unknown[0]}' (experts). Valid names: {valid}")
    return frozenset(settings.experts)


def create_observer(settings: Settings, shipped: Shipped, priced: Priced, models: tuple[Model, ...]) -> Observer:
    """Both looks, over a fleet."""
    choices = {"auto": priced.choice(models, settings)}
    choices |= {model.id: priced.choice((model,), settings, model.id) for model in models}
    budget = settings.budget.request_usd
    return Observer(
        shipped=shipped,
        language=language.detect,
        second_look=SecondLook(shipped.encoder.encode),
        choices=choices,
        baseline=priced.baseline,
        budget=None if budget is None else round(budget * NANO),
        index=load_index(settings, shipped),
    )


def load_index(settings: Settings, shipped: Shipped) -> Index | None:
    """The index of the settings, if they name one; where private text must stay here, its private passages do too.

    Raises:
        ConfigError: there is none, or it must be built again.
    """
    folder = settings.index.folder
    return Index.load(folder, shipped.embedder, settings.privacy == "pass") if folder else None


def key_of(model: Model, environ: Mapping[str, str] = os.environ) -> str | None:
    """A model's API key from the environment.

    Raises:
        ConfigError: its variable is not set.
    """
    if model.api_key_env is None:
        return None
    key = environ.get(model.api_key_env)
    if not key:
        raise ConfigError(CONFIG, None, f"model '{model.id}': the environment variable {model.api_key_env} is not set")
    return key


async def open_hosted(
    models: tuple[Model, ...], keys: Mapping[str, str | None], priced: Priced, stack: AsyncExitStack
) -> Callable[[Model, str], Answerer]:
    """What makes answerers for hosted models: one shared HTTP session, and litellm only if a model needs it."""
    connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=300)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
    sdk: Any = None
    if any(model.litellm for model in models):
        sdk = await asyncio.to_thread(load_litellm)
        stack.push_async_callback(close_litellm, sdk)

    def answerer(model: Model, target: str) -> Answerer:
        billing = Billing(priced.prices[model.id], priced.baseline)
        if model.litellm is None:
            return OpenAICompatible(target, model, session, billing, keys[model.id])
        return LiteLLM(target, model, sdk, billing, keys[model.id])

    return answerer


async def build(
    settings: Settings, policies: PolicyStore, keys: Mapping[str, str | None], stack: AsyncExitStack
) -> Runtime:
    """A runtime whose parts the stack ends in the right order."""
    models = settings.models
    loading = asyncio.create_task(asyncio.to_thread(load_shipped, settings))
    stand_in = None if models else await start_stand_in(stack)
    if stand_in is not None:
        models, keys = (stand_in.model,), {stand_in.model.id: stand_in.key}
    shipped = await loading
    priced = Priced(settings, models)
    metrics = Metrics()
    ledger = Ledger(settings.ledger.url, (metrics,))
    ledger.know(policies.current)
    stack.push_async_callback(asyncio.to_thread, ledger.close)
    observer = create_observer(settings, shipped, priced, models)
    stack.callback(observer.second_look.close)
    shaper = Shaper(settings.examples)
    documents = observer.index.fingerprint if observer.index else b""
    cache = create_cache(settings, priced, metrics, shaper.fingerprint + documents)
    stack.push_async_callback(cache.close)
    hosted = await open_hosted(models, keys, priced, stack)
    answerers: dict[str, list[Answerer]] = {EXACT: [cache]}
    for name in shipped.experts:
        answerers[f"expert.{name}"] = [ExpertAnswerer(name, shipped.embedder.count, priced.baseline)]
    for model in models:
        for name in (model.tier, model.id):
            inner = hosted(model, f"hosted.{name}")
            answerers.setdefault(f"hosted.{name}", []).append(Kept(inner, cache))
    gateway = Gateway(
        observe=observer.observe,
        policy=lambda: policies.current,
        answerers=answerers,
        note=ledger.note,
        shaper=shaper,
    )
    ids = ("auto", *(model.id for model in models))
    return Runtime(settings, gateway, policies, shipped, ledger, metrics, models, ids, int(time.time()))


async def start_stand_in(stack: AsyncExitStack) -> StandIn | None:
    """The stand-in, if it is installed and comes up; without it only experts can answer."""
    file = model_file()
    if file is None:
        return None
    try:
        stand_in = await StandIn.start(file)
    except RuntimeError as problem:
        log.warning("%s", problem)
        return None
    stack.push_async_callback(stand_in.stop)
    return stand_in


def create_cache(settings: Settings, priced: Priced, metrics: Metrics, shaping: bytes = b"") -> Cache:
    """The exact cache. Without a secret of the operator's, keys are this process' own.

    `shaping` names what may be put into prompts: an answer made with other examples or documents is not found again.
    """
    secret = os.environ.get(settings.cache.secret_env, "")
    if not secret and settings.cache.enabled and not settings.cache.embedded:
        log.warning("cache: set %s, or no other process can use what is kept", settings.cache.secret_env)
    return Cache(
        store=open_store(settings.cache),
        secret=hashlib.sha256(secret.encode() + shaping).digest() if secret else secrets.token_bytes(32),
        settings=settings.cache,
        baseline=priced.baseline,
        on_fault=metrics.cache_faults.inc,
    )


async def keep_policy_fresh(policies: PolicyStore, ledger: Ledger) -> None:
    """Reload when a rule file changes; a bad edit keeps the last good policy and says where it is wrong."""
    async for _changes in awatch(*policies.folders):
        reload_policy(policies, ledger)


def reload_policy(policies: PolicyStore, ledger: Ledger) -> None:
    """Swap the policy whole, or keep the one that is good."""
    try:
        if policies.reload():
            ledger.know(policies.current)
            log.warning("policy reloaded: %s", policies.current.hash[:12])
    except ConfigError as problem:
        log.error("policy not reloaded, the last good one stays: %s", problem)


def create_app(settings: Settings, announce: Callable[[Runtime], None] = lambda _: None) -> FastAPI:
    """The ASGI app. `announce` is called once, when it is ready.

    Raises:
        ConfigError: a rule file is wrong, a model's key is missing, or an expert is unknown; before anything starts.
    """
    wanted_experts(settings)
    if settings.index.folder:
        index_file(settings.index.folder)
    policies = load_policies(settings)
    keys = {model.id: key_of(model) for model in settings.models}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            runtime = await build(settings, policies, keys, stack)
            watch = asyncio.create_task(keep_policy_fresh(policies, runtime.ledger))
            stack.callback(watch.cancel)
            _on_hangup(lambda: reload_policy(policies, runtime.ledger))
            app.state.runtime = runtime
            gc.collect()
            gc.freeze()  # what was loaded stays; the collector need not look at it again and again
            announce(runtime)
            yield
            app.state.runtime = None

    app = SurveyorAPI(title="Surveyor", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app)
    app.mount("/dashboard", create_dashboard(lambda: app.state.runtime))
    return app


def _on_hangup(reload: Callable[[], Any]) -> None:
    try:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    except (NotImplementedError, RuntimeError, AttributeError, ValueError):
        log.info("no SIGHUP here; rule files are watched all the same")
