"""Fixtures: real servers on loopback, each started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Surveyor, redis_server, surveyor
from tests.upstream import ScriptedUpstream


def fleet(url: str) -> list[dict[str, Any]]:
    """A small, a standard and a large model behind one upstream, with round prices."""
    price = {"input": 1.0, "output": 10.0, "cached_input": 0.5}
    return [
        {"id": f"model-{tier}", "tier": tier, "base_url": url, "api_key_env": "UPSTREAM_KEY", "price": price}
        for tier in ("small", "standard", "large")
    ]


@pytest.fixture(scope="session")
def upstream() -> Iterator[ScriptedUpstream]:
    server = ScriptedUpstream().start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, upstream: ScriptedUpstream) -> Iterator[Surveyor]:
    """Surveyor in front of the scripted upstream."""
    settings = {"models": fleet(upstream.url), "baseline": "model-large"}
    with surveyor(tmp_path_factory.mktemp("server"), settings, UPSTREAM_KEY="sk-upstream") as running:
        yield running


@pytest.fixture(scope="session")
def keyless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surveyor]:
    """Surveyor as a newcomer starts it: no settings, no key, the real stand-in LLM."""
    with surveyor(tmp_path_factory.mktemp("keyless")) as running:
        yield running


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """A real redis-server of the test's own: (process, url)."""
    with redis_server(tmp_path) as running:
        yield running
