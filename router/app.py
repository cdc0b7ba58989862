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
from dataclasses import dataclass
from typing import Any

import aiohttp
from fastapi import FastAPI

from classifiers import language
from classifiers.rank import Ranker
from classifiers.shipped import Shipped
from policies.located import ConfigError
from policies.store import PolicyStore
from router.api import SurveyorAPI, add_routes
from router.cache import Cache, Kept, open_store
from router.conversations import Conversations
from router.course import Course
from router.dashboard import create_dashboard
from router.experts import Answerers, ExpertAnswerer
from router.fleet import Priced
from router.gateway import Gateway
from router.hooks import Metrics
from router.hosted import Billing, LiteLLM, OpenAICompatible, close_litellm, load_litellm
from router.index import Index, index_file
from router.ledger import Ledger
from router.observe import Observer
from router.record import Record
from router.rerank import Reranker
from router.roster import Experts, chosen, wanted_experts
from router.second_look import SecondLook
from router.settings import CONFIG, Model, Settings, load_variants
from router.shaping import Shaper
from router.standin import StandIn, model_file
from router.steering import Steering, client_keys
from router.tables import engine_of
from router.types import EXACT, Answerer

log = logging.getLogger("surveyor")


@dataclass(frozen=True, slots=True)
class Runtime:
    """All that a running server consists of."""

    settings: Settings
    gateway: Gateway
    steering: Steering
    shipped: Shipped
    experts: Experts
    ledger: Ledger
    metrics: Metrics
    reranker: Reranker
    models: tuple[Model, ...]
    started: int

    @property
    def course(self) -> Course:
        """What steers requests right now. Take it once per request."""
        return self.steering.course

    @property
    def max_body(self) -> int:
        """The most bytes a body may have."""
        return int(self.settings.server.max_body_mb * 1024**2)


def load_shipped(settings: Settings) -> Shipped:
    """The shipped models, with the experts that the settings want."""
    shipped = chosen(Shipped.load(), settings)
    language.warm()
    return shipped


def create_observer(
    settings: Settings, shipped: Shipped, priced: Priced, conversations: Conversations | None = None
) -> Observer:
    """Both looks.

    Raises:
        ConfigError: the index is of no use, or an expert cannot be gated for the rates of the settings.
    """
    return Observer(
        shipped=shipped,
        experts=Experts(shipped, settings),
        language=language.detect,
        second_look=SecondLook(),
        baseline=priced.baseline,
        conversations=conversations or Conversations.over({}),
        unsure=shipped.second.blend.below if settings.second_look is None else settings.second_look,
        index=load_index(settings, shipped),
    )


def load_index(settings: Settings, shipped: Shipped) -> Index | None:
    """The index of the settings, if they name one; where private text must stay here, its private passages do too.

    Raises:
        ConfigError: there is none, or it must be built again.
    """
    folder = settings.index.folder
    return Index.load(folder, shipped.embedder, settings.privacy == "pass") if folder else None


def check_ledger(settings: Settings) -> None:
    """Look at the ledger's URL before anything starts; nothing is opened.

    Raises:
        ConfigError: it cannot be a ledger.
    """
    try:
        engine_of(settings.ledger.url).dispose()
    except ConfigError as problem:
        raise settings.error(("ledger", "url"), problem.message) from None


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
    settings: Settings, stores: Mapping[str, PolicyStore], keys: Mapping[str, str | None], stack: AsyncExitStack
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
    ledger = Ledger(settings.ledger.url, (metrics,), metrics.ledger_lost.inc)
    stack.push_async_callback(asyncio.to_thread, ledger.close)
    conversations = Conversations.over({model.id: model.tier for model in models})
    observer = create_observer(settings, shipped, priced, conversations)
    stack.callback(observer.second_look.close)
    shaper = Shaper(settings.examples)
    documents = observer.index.fingerprint if observer.index else b""
    cache = create_cache(settings, priced, metrics, shaper.fingerprint + documents)
    stack.push_async_callback(cache.close)
    hosted = await open_hosted(models, keys, priced, stack)

    def in_force(course: Course) -> None:
        for policy in course.policies.values():
            ledger.know(policy)
        metrics.in_force(course)

    def note(record: Record) -> None:
        conversations.note(record)
        ledger.note(record)

    steering = Steering(settings, priced, models, stores, in_force, metrics.reloaded)
    answerers = create_answerers(cache, shipped, priced, models, hosted)
    gateway = Gateway(steering.choose, observer.observe, answerers, note, shaper)
    reranker = Reranker(Ranker(shipped.encoder.sentences), observer.second_look)
    return Runtime(
        settings, gateway, steering, shipped, observer.experts, ledger, metrics, reranker, models, int(time.time())
    )


def create_answerers(
    cache: Cache,
    shipped: Shipped,
    priced: Priced,
    models: tuple[Model, ...],
    hosted: Callable[[Model, str], Answerer],
) -> Answerers:
    """Who answers for each target, in the order to ask."""
    found: dict[str, list[Answerer]] = {EXACT: [cache]}
    for model in models:
        for name in (model.tier, model.id):
            found.setdefault(f"hosted.{name}", []).append(Kept(hosted(model, f"hosted.{name}"), cache))
    return Answerers(found, lambda name: ExpertAnswerer(name, shipped.embedder.count, priced.baseline))


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


def create_app(settings: Settings, announce: Callable[[Runtime], None] = lambda _: None) -> FastAPI:
    """The ASGI app. `announce` is called once, when it is ready.

    Raises:
        ConfigError: a rule file is wrong, a model's key is missing, an expert is unknown, or the ledger's URL is of no
            use; before anything starts.
    """
    wanted_experts(settings)
    check_ledger(settings)
    if settings.index.folder:
        index_file(settings.index.folder)
    stores = load_variants(settings)
    client_keys(settings)
    keys = {model.id: key_of(model) for model in settings.models}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            runtime = await build(settings, stores, keys, stack)
            for watch in (runtime.steering.watch(), runtime.experts.watch()):
                stack.callback(asyncio.create_task(watch).cancel)
            _on_hangup(runtime.steering, runtime.experts)
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


def _on_hangup(*steering: Steering | Experts) -> None:
    under_way: set[asyncio.Task[None]] = set()  # the loop alone would not keep a task alive

    def reload() -> None:
        for each in steering:
            task = asyncio.create_task(each.reload())
            under_way.add(task)
            task.add_done_callback(under_way.discard)

    try:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    except (NotImplementedError, RuntimeError, AttributeError, ValueError):
        log.info("no SIGHUP here; settings and rule files are watched all the same")
