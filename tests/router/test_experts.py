"""A local expert answers in the prompt's own words, or abstains."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from router.experts import ExpertAnswerer
from router.types import Bound, Decision, Facts, Message, Observed, Reading, Request, Signals, Task

OPEN = Reading("ham", 0.97, 0.1, open=True, n=100)
BOUND = Bound("spam_detection", "hello", {"spam": "Yes", "ham": "No"}, lambda word: f'{{"spam":"{word}"}}')
DECISION = Decision("local", None, ("expert.spam",), (), "test", "p")
REQUEST = Request("req_1", "auto", (Message("user", "hello"),), {})
EXPERT = ExpertAnswerer("spam", count=len, baseline=lambda a, b: 1000 * a + b)


def observed(reading: Reading | None, bound: Bound | None = BOUND) -> Observed:
    signals = Signals(
        Task("spam_detection", 0.99), facts=Facts(tokens=12), experts={"spam": reading} if reading else {}
    )
    return Observed(signals, bound)


async def test_the_answer_is_rendered_and_billed_at_nothing() -> None:
    answer = await EXPERT.answer(REQUEST, observed(OPEN), DECISION)
    assert answer is not None
    body = orjson.loads(b"".join([chunk async for chunk in answer.chunks]))
    assert body["choices"][0]["message"]["content"] == '{"spam":"No"}'
    assert (answer.target, answer.model) == ("expert.spam", "surveyor/spam")
    assert (answer.usage.tokens_in, answer.usage.tokens_out, answer.usage.cost) == (12, 13, 0)
    assert answer.usage.saved == 12_013


@pytest.mark.parametrize(
    "seen",
    [observed(replace(OPEN, open=False)), observed(None), observed(OPEN, bound=None)],
    ids=["closed gate", "no reading", "nothing bound"],
)
async def test_it_abstains(seen: Observed) -> None:
    assert await EXPERT.answer(REQUEST, seen, DECISION) is None
