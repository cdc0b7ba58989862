"""Advice that acts: what each word does to a prompt, when it does not, and what it says of it."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import orjson
import pytest

from router.app import create_cache
from router.fleet import Priced
from router.hooks import Metrics
from router.settings import Example, Settings
from router.shaping import APPLIED, CONFLICT, GROUNDED, STEPS, Change, Shaper
from router.types import Bound, Decision, Facts, Fleet, Observed, Request, Signals, Task
from router.wire import parse_chat

QUESTION = "What is 17 times 23?"
SIGNALS = Signals(Task("arithmetic_reasoning", 0.9), fleet=Fleet(tiers=("standard",)))
OBSERVED = Observed(SIGNALS)
EXAMPLES = tuple(Example(input=f"2 + {n}", output=str(2 + n)) for n in range(9))
PASSAGES = (("manual/start.md › Start › Keys", "Hold both keys."), ("notes.txt", "It blinks twice."))
CALCULATOR = {"type": "function", "function": {"name": "evalMath", "description": "Evaluate an arithmetic expression."}}
PYTHON = {"type": "function", "function": {"name": "run_python", "parameters": {}}}
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "By zip code."}}


def request(messages: Any = None, **more: Any) -> Request:
    body = {"model": "auto", "messages": messages or [{"role": "user", "content": QUESTION}], **more}
    return parse_chat(orjson.dumps(body), {}, "req_1")


def decided(*advice: str, **more: Any) -> Decision:
    base = Decision("llm", "standard", ("cache.exact", "hosted.standard"), (), "test", "hash")
    return replace(base, apply=tuple((f"rule.{number}", each) for number, each in enumerate(advice)), **more)


def seen(**facts: Any) -> Observed:
    return replace(OBSERVED, signals=replace(SIGNALS, facts=Facts(**facts)))


def shaped(
    asked: Request,
    *advice: str,
    observed: Observed = OBSERVED,
    examples: Any = None,
    step: str = "hosted.standard",
    **decision: Any,
) -> tuple[list[Any], list[str]]:
    """The messages that the model gets, and what came of each advice; the client's own body is seen to be untouched."""
    before = copy.deepcopy(dict(asked.body))
    new, changes = Shaper(examples or {}).shape(asked, observed, decided(*advice, **decision), step)
    assert asked.body == before
    assert new.digest == asked.digest
    assert {**new.body, "messages": 0} == {**before, "messages": 0}  # all else is the client's
    assert (new is asked) == all(change.why_not for change in changes)
    return list(new.body["messages"]), [change.why_not for change in changes]


# ── what is not to be changed ────────────────────────────────────────────────────────────────────


def test_advice_that_may_not_act_changes_nothing() -> None:
    asked = request()
    assert Shaper().shape(asked, OBSERVED, decided(advice=("cot",)), "hosted.standard") == (asked, ())


def test_what_is_no_change_to_a_prompt_is_reported_only() -> None:
    for word in ("swap-order", "other-family", "cap-thinking", "balance-examples", "ask-back", "no such word"):
        messages, why_not = shaped(request(), word)
        assert messages == [{"role": "user", "content": QUESTION}]
        assert why_not == ["it is reported only"]


def test_an_advice_acts_once_and_says_for_whom() -> None:
    messages, why_not = shaped(request(), "cot", "cot")
    assert len(messages) == 2
    assert why_not == ["", "done already by rule.0"]
    assert str(Change("a.b", "cot")) == "a.b:cot"
    assert str(Change("a.b", "cot", "so")) == "a.b:cot (not applied: so)"


def test_a_body_that_nobody_foresaw_is_asked_as_it_is() -> None:
    odd = replace(request(), body={"model": "auto", "messages": ["not an object"]})
    messages, why_not = shaped(odd, "cot", "retrieval", observed=replace(OBSERVED, passages=PASSAGES))
    assert messages == ["not an object"]
    assert why_not == ["it failed; the log says why"] * 2
    no_chat = replace(request(), body={"model": "auto", "input": "hello"})
    assert Shaper().shape(no_chat, OBSERVED, decided("cot"), "hosted.standard") == (no_chat, ())


# ── cot, flag-conflict: sentences ────────────────────────────────────────────────────────────────


def test_a_sentence_becomes_the_system_message_or_its_last_paragraph() -> None:
    assert shaped(request(), "cot")[0] == [
        {"role": "system", "content": STEPS},
        {"role": "user", "content": QUESTION},
    ]
    own = [{"role": "developer", "content": "Be kind.", "name": "boss"}, {"role": "user", "content": QUESTION}]
    assert shaped(request(own), "flag-conflict", "cot")[0][0] == {
        "role": "developer", "content": f"Be kind.\n\n{CONFLICT}\n\n{STEPS}", "name": "boss",
    }  # fmt: skip
    parts = [{"role": "system", "content": [{"type": "text", "text": "Be kind."}]}, own[1]]
    assert shaped(request(parts), "cot")[0][0]["content"] == [
        {"type": "text", "text": "Be kind."},
        {"type": "text", "text": STEPS},
    ]


NO_ROOM = "the answer's form leaves no room"


@pytest.mark.parametrize(
    ("more", "observed", "step", "why"),
    [
        ({"response_format": {"type": "json_object"}}, OBSERVED, "hosted.standard", NO_ROOM),
        ({"response_format": {"type": "text"}}, OBSERVED, "hosted.standard", ""),
        ({}, seen(output="label"), "hosted.standard", NO_ROOM),
        ({}, seen(output="json"), "hosted.standard", NO_ROOM),
        ({}, seen(output="number"), "hosted.standard", ""),
        ({"tools": [PYTHON], "tool_choice": "required"}, OBSERVED, "hosted.standard", NO_ROOM),
        ({"tools": [PYTHON], "tool_choice": "auto"}, OBSERVED, "hosted.standard", ""),
        ({"max_tokens": 20}, OBSERVED, "hosted.standard", "the answer may not be long enough"),
        ({"max_completion_tokens": 900}, OBSERVED, "hosted.standard", ""),
        ({}, OBSERVED, "hosted.reasoning", "the model thinks anyway"),
    ],
)
def test_steps_are_asked_for_where_there_is_room(more: dict[str, Any], observed: Observed, step: str, why: str) -> None:
    assert shaped(request(**more), "cot", observed=observed, step=step)[1] == [why]


@pytest.mark.parametrize("bare", ["Only the number.", "Answer with a number.", "One integer, no words."])
def test_a_number_alone_leaves_no_room_for_steps(bare: str) -> None:
    asked = request([{"role": "user", "content": f"How many days has a leap year? {bare}"}])
    assert shaped(asked, "cot", observed=seen(output="number"))[1] == [NO_ROOM]
    told = request([{"role": "system", "content": bare}, {"role": "user", "content": "How many days has a leap year?"}])
    assert shaped(told, "cot", observed=seen(output="number"))[1] == [NO_ROOM]


def test_a_pinned_model_is_taken_for_its_tier_and_a_begun_answer_is_left() -> None:
    assert shaped(request(), "cot", step="hosted.my-model", tier="reasoning")[1] == ["the model thinks anyway"]
    begun = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "It is"}]
    assert shaped(request(begun), "cot")[1] == ["the client has begun the answer"]


# ── few-shot ─────────────────────────────────────────────────────────────────────────────────────


def test_examples_stand_before_the_question() -> None:
    examples = {"arithmetic_reasoning": EXAMPLES}
    own = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    messages, _ = shaped(request(own), "few-shot", examples=examples)
    assert [each["role"] for each in messages] == ["system", *["user", "assistant"] * 5, "user"]
    assert messages[1:3] == [{"role": "user", "content": "2 + 0"}, {"role": "assistant", "content": "2"}]
    assert messages[-1] == own[-1]
    assert len(shaped(request(), "one-shot", examples=examples)[0]) == 3
    assert shaped(request(), "one-shot", "few-shot", examples=examples)[1] == ["", "examples are shown already"]


def test_examples_are_shown_only_where_they_fit() -> None:
    examples = {"arithmetic_reasoning": EXAMPLES, "spam_detection": (Example(input="WIN!", output="spam"),)}
    assert shaped(request(), "few-shot")[1] == ["there are no examples for arithmetic_reasoning"]
    assert shaped(request(), "few-shot", examples=examples, observed=seen(demonstrations=2))[1] == [
        "the prompt has demonstrations"
    ]
    talk = [*[{"role": r, "content": "Hm."} for r in ("user", "assistant")], {"role": "user", "content": QUESTION}]
    assert shaped(request(talk), "few-shot", examples=examples)[1] == ["a conversation is under way"]
    json = {"response_format": {"type": "json_object"}}
    assert shaped(request(**json), "few-shot", examples=examples)[1] == [
        "no example answers in the form that is asked for"
    ]
    tight = replace(OBSERVED, signals=replace(SIGNALS, fleet=Fleet(windows={"standard": 9})))
    assert shaped(request(), "few-shot", examples=examples, observed=tight)[1] == ["the model's window has no room"]


def test_examples_speak_the_words_of_the_prompt() -> None:
    text = "Is this ham or junk? Reply in JSON. Text: Lunch at noon?"
    bound = Bound(
        "spam_detection", "Lunch at noon?", {"spam": "junk", "ham": "ham"}, lambda word: f'{{"is": "{word}"}}'
    )
    observed = Observed(replace(SIGNALS, task=Task("spam_detection", 0.9)), bound)
    examples = {"spam_detection": (Example(input="WIN!", output="spam"), Example(input="Hm", output="unknown"))}
    messages, _ = shaped(request([{"role": "user", "content": text}]), "few-shot", observed=observed, examples=examples)
    assert messages[:-1] == [
        {"role": "user", "content": "Is this ham or junk? Reply in JSON. Text: WIN!"},
        {"role": "assistant", "content": '{"is": "junk"}'},
    ]
    labels = Observed(replace(SIGNALS, task=Task("spam_detection", 0.9), facts=Facts(labels=2)))
    messages, _ = shaped(
        request([{"role": "user", "content": "spam or ham: Hi"}]), "few-shot", observed=labels, examples=examples
    )
    assert len(messages) == 3  # "unknown" is no label of this prompt


# ── tools ────────────────────────────────────────────────────────────────────────────────────────


def test_a_tool_is_named_only_if_the_client_offers_one_that_fits() -> None:
    offered = request(tools=[WEATHER, CALCULATOR, PYTHON])
    assert "`evalMath`" in shaped(offered, "tool:calculator")[0][0]["content"]
    assert "`run_python`" in shaped(offered, "tool:code")[0][0]["content"]
    assert shaped(request(tools=[WEATHER]), "tool:calculator", "tool:code")[1] == ["no such tool is offered"] * 2
    assert shaped(request(), "tool:code")[1] == ["no such tool is offered"]
    assert shaped(request(tools=[PYTHON], tool_choice="none"), "tool:code")[1] == ["the client wants no tool used"]


@pytest.mark.parametrize(
    ("name", "description", "fits"),
    [
        ("calculator", "", "tool:calculator"),
        ("calculate", "", "tool:calculator"),
        ("wolfram_alpha", "", "tool:calculator"),
        ("solve", "Evaluates a mathematical expression.", "tool:calculator"),
        ("calculate_shipping", "Calculates the price of a parcel.", ""),
        ("python", "", "tool:code"),
        ("codeInterpreter", "", "tool:code"),
        ("exec_js", "Executes a piece of JavaScript.", "tool:code"),
        ("search_python_docs", "Search the Python documentation.", ""),
        ("lookup_zip_code", "Find the code of a town.", ""),
    ],
)
def test_what_a_tool_does_is_read_from_its_name_or_its_description(name: str, description: str, fits: str) -> None:
    offered = request(tools=[{"type": "function", "function": {"name": name, "description": description}}])
    why_not = shaped(offered, "tool:calculator", "tool:code")[1]
    assert [not why for why in why_not] == [fits == "tool:calculator", fits == "tool:code"]


# ── retrieval ────────────────────────────────────────────────────────────────────────────────────


def test_passages_stand_before_the_question_with_their_sources() -> None:
    found = replace(OBSERVED, passages=PASSAGES)
    messages, why_not = shaped(request(), "retrieval", observed=found, kind="retrieve")
    assert why_not == [""]
    assert messages == [{
        "role": "user",
        "content": "Sources:\n\n[1] manual/start.md › Start › Keys\nHold both keys.\n\n"
        f"[2] notes.txt\nIt blinks twice.\n\n{GROUNDED}\n\nQuestion:\n\n{QUESTION}",
    }]  # fmt: skip


def test_passages_go_to_the_newest_human_words_also_among_pictures_and_tools() -> None:
    found = replace(OBSERVED, passages=PASSAGES)
    picture = {"type": "image_url", "image_url": {"url": "data:,"}}
    own: list[Any] = [
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": [picture, {"type": "text", "text": QUESTION}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "tool", "tool_call_id": "1", "content": "391"},
    ]
    messages, _ = shaped(request(own), "retrieval", observed=found, kind="retrieve")
    assert [messages[at] for at in (0, 1, 3, 4)] == [own[at] for at in (0, 1, 3, 4)]
    added, *rest = messages[2]["content"]
    assert added["type"] == "text"
    assert added["text"].startswith("Sources:")
    assert rest == own[2]["content"]


def test_passages_stay_out_where_no_rule_looked_them_up_or_there_is_no_room() -> None:
    found = replace(OBSERVED, passages=PASSAGES)
    assert shaped(request(), "retrieval", kind="retrieve")[1] == ["nothing was looked up"]
    assert shaped(request(), "retrieval", observed=found)[1] == ["no rule chose to look it up"]
    tight = replace(found, signals=replace(SIGNALS, fleet=Fleet(windows={"standard": 40})))
    assert shaped(request(), "retrieval", observed=tight, kind="retrieve")[1] == ["the model's window has no room"]


def test_the_examples_have_a_name_that_changes_with_them() -> None:
    names = {
        Shaper().fingerprint,
        Shaper({"spam_detection": EXAMPLES[:1]}).fingerprint,
        Shaper({"spam_detection": EXAMPLES[:2]}).fingerprint,
    }
    assert len(names) == 3
    assert Shaper().fingerprint == b""


def test_answers_made_with_other_examples_or_documents_are_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURVEYOR_CACHE_SECRET", "shared")
    priced = Priced(Settings(), ())
    keys = {
        create_cache(Settings(), priced, Metrics(), shaping).key(request(), "hash")
        for shaping in (b"", b"", b"other examples", b"other documents")
    }
    assert len(keys) == 3


def test_every_advice_that_acts_is_one_that_rules_may_give() -> None:
    assert set(APPLIED) == {"cot", "one-shot", "few-shot", "flag-conflict", "tool:calculator", "tool:code", "retrieval"}
