"""How likely the standard tier answers right, from the prompt to the decision and to what `explain` tells."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from policies.explain import document, tree
from policies.store import PolicyStore
from router.app import create_observer, load_shipped
from router.fleet import Priced
from router.observe import Observer
from router.settings import Settings
from router.wire import parse_chat

MODELS = [
    {"id": f"a-{tier}", "tier": tier, "base_url": "http://127.0.0.1/v1"} for tier in ("standard", "large", "reasoning")
]
SETTINGS = Settings.model_validate({"models": MODELS})
PRICED = Priced(SETTINGS, SETTINGS.models)
POLICY = PolicyStore("2026").current
CHOICE = PRICED.choice(SETTINGS.models, SETTINGS, POLICY)
SUM = "Tom has 3 apples and buys 4 more apples. How many apples does he have now?"
LETTER = "Write a poem about rain."


@pytest.fixture(scope="module")
def observer() -> Iterator[Observer]:
    made = create_observer(SETTINGS, load_shipped(Settings()), PRICED)
    yield made
    made.second_look.close()


def told(observer: Observer, text: str, hint: str) -> dict[str, Any]:
    body = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": text}]})
    observed = asyncio.run(observer.observe(parse_chat(body, {"x-surveyor-task": hint}, "r"), CHOICE))
    return document("r", observed.signals, POLICY.decide(observed.signals))


def test_an_easy_sum_is_told_and_needs_no_model_that_thinks(observer: Observer) -> None:
    found = told(observer, SUM, "arithmetic_reasoning")
    assert found["signals"]["standard_right"] >= 0.85
    assert "scale.concept.easy-enough" in {rule["id"] for rule in found["decision"]["rules"]}
    assert found["decision"]["tier"] == "standard"
    words = [str(leaf.label) for branch in tree(found).children for leaf in branch.children]
    assert any("the standard LLM is thought to get " in each for each in words)


def test_a_doubtful_exam_question_is_asked_of_a_large_model(observer: Observer) -> None:
    text = (
        "Which reagents convert a meta-substituted benzoic acid into 3-formylbenzoic acid, and which spectrum shows it?"
    )
    found = told(observer, text, "knowledge_mcq")
    assert found["signals"]["standard_right"] < 0.35
    assert "scale.concept.doubtful" in {rule["id"] for rule in found["decision"]["rules"]}
    assert found["decision"]["tier"] == "large"


@pytest.mark.parametrize(
    ("text", "hint"), [(LETTER, "open_ended_writing"), (SUM, "summarization"), ("hi", "closed_book_qa")]
)
def test_where_an_answer_has_no_key_nothing_is_told(observer: Observer, text: str, hint: str) -> None:
    found = told(observer, text, hint)
    assert "standard_right" not in found["signals"]
    assert not {rule["id"] for rule in found["decision"]["rules"]} & {
        "scale.concept.doubtful",
        "scale.concept.easy-enough",
    }


def test_a_question_in_another_language_is_not_guessed_at(observer: Observer) -> None:
    text = "Tom hat drei Äpfel und kauft noch vier dazu. Wie viele Äpfel hat er jetzt insgesamt?"
    assert "standard_right" not in told(observer, text, "arithmetic_reasoning")["signals"]
