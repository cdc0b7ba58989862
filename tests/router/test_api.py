"""What is sent when an answer of ours goes wrong after its first byte is out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from router.api import Leaver, relay
from router.types import Answer, Message, Outcome, Request


@dataclass
class Row:
    """A record that remembers how it ended."""

    outcomes: list[Outcome] = field(default_factory=list)

    def close(self, _answer: Answer | None, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def headers(self, _answer: Answer | None) -> dict[str, str]:
        return {}


async def _blunders() -> AsyncIterator[bytes]:
    yield b"data: 1\n\n"
    raise KeyError("text of the prompt")


async def never() -> MutableMapping[str, Any]:
    await asyncio.sleep(60)
    return {}


async def relayed(sent: list[MutableMapping[str, Any]], row: Row, *, stream: bool) -> None:
    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    request = Request("req_1", "auto", (Message("user", "x"),), {}, stream=stream)
    leaver = Leaver(never)
    try:
        await relay(request, Answer("hosted.small", "m", _blunders()).then(row), send, leaver)
    finally:
        leaver.stop()


async def test_a_blunder_midway_is_told_and_recorded(caplog: pytest.LogCaptureFixture) -> None:
    sent: list[MutableMapping[str, Any]] = []
    row = Row()
    await relayed(sent, row, stream=True)
    assert [message["type"] for message in sent].count("http.response.start") == 1
    assert b"upstream_broke_off" in sent[-2]["body"]
    assert b"an internal KeyError" in sent[-2]["body"]
    assert b"text of the prompt" not in sent[-2]["body"]
    assert not sent[-1]["more_body"]
    assert row.outcomes == ["broken"]
    assert "request req_1" in caplog.text


async def test_before_the_first_byte_it_is_an_error_like_any_other() -> None:
    sent: list[MutableMapping[str, Any]] = []
    row = Row()
    with pytest.raises(KeyError):
        await relayed(sent, row, stream=False)
    assert sent == []  # the caller answers with a 500 of OpenAI's shape
    assert row.outcomes == ["broken"]
