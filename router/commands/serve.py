"""`surveyor serve`: start, say what was found, and give one line to copy."""

from __future__ import annotations

import logging

import uvicorn
from rich.console import Console

from router.app import Runtime, create_app
from router.settings import AUTO, Settings
from router.types import TIERS

LOOPBACK = ("127.0.0.1", "localhost", "::1")
STOP_SECONDS = 10  # for answers that are on their way when the server is told to stop


def run(settings: Settings, host: str | None, port: int | None, out: Console) -> None:
    """Serve until told to stop."""
    host = host or settings.server.host
    port = settings.server.port if port is None else port
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    app = create_app(settings, lambda runtime: out.print(banner(runtime, host, port), markup=False, soft_wrap=True))
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # nothing here looks at the client's address
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def banner(runtime: Runtime, host: str, port: int) -> str:
    """What the start found, one curl line, and where the dashboard is."""
    settings, policies = runtime.settings, runtime.course.policies
    policy = policies.pop(AUTO)
    url = f"http://{host}:{port}"
    experts = [f"{e.name} ({e.n:,} labelled examples)" for e in runtime.experts.roster.experts]
    lines = [
        "Surveyor is ready.",
        *(f"  {'models' if not place else '':9}{line}" for place, line in enumerate(_models(runtime))),
        f"  experts  {', '.join(experts) or 'none'}",
        f"  profile  {policy.profile}, {len(policy.rules)} rules",
        *([f"  variants {', '.join(policies)}"] if policies else []),
        f"  cache    {settings.cache.shown_url if settings.cache.enabled else 'off'}",
        f"  ledger   {runtime.ledger.shown_url}; savings are measured against {settings.baseline}",
        "",
    ]
    if any(model.stand_in for model in runtime.models):
        lines += [
            "  The only LLM is a stand-in: real, but very small. Set OPENAI_API_KEY, or name any litellm",
            "  provider or OpenAI-compatible base URL under `models` (see surveyor.example.yaml).",
            "",
        ]
    if host not in LOOPBACK:
        lines += [f"  Careful: {host} is not loopback and there are no API keys: whoever reaches it can use it.", ""]
    prompt = "Is this review positive or negative? I loved it."
    body = f'{{"model": "auto", "messages": [{{"role": "user", "content": "{prompt}"}}]}}'
    lines += [
        "Try it:",
        f"  curl -i {url}/v1/chat/completions -H 'content-type: application/json' -d '{body}'",
        f"Dashboard: {url}/dashboard",
    ]
    return "\n".join(lines)


def _models(runtime: Runtime) -> list[str]:
    if not runtime.models:
        return ["none: only local experts can answer; name models in surveyor.yaml or set OPENAI_API_KEY"]
    ordered = sorted(runtime.models, key=lambda model: TIERS.index(model.tier))
    return [f"{model.tier}: {model.id} ({_where(model.base_url, model.litellm)})" for model in ordered]


def _where(base_url: str | None, litellm: str | None) -> str:
    return f"litellm {litellm}" if litellm else str(base_url)
