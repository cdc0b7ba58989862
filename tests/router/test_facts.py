"""The detectors, each with what it must find and what it must leave alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.detectors.context import context
from router.detectors.forms import demonstrations, labels, output
from router.detectors.mixing import code_mixed
from router.detectors.noise import noise
from router.detectors.pii import iban, luhn, pii
from router.detectors.redefinition import counterfactual, redefined_symbol
from router.detectors.seen import edges, see, see_text, window
from router.detectors.several import tasks
from router.facts import read_facts
from router.types import Facts, Message, Request

RIVER = (
    "The Tarn rises on Mont Lozère and flows west for 381 kilometres. It passes through deep gorges below Florac. "
    "Millau lies on its banks, and a viaduct has crossed the valley there since 2004. It joins the "
    "Garonne near Moissac."
)


def request(*turns: tuple[str, str], **body: Any) -> Request:
    return Request("r", "auto", tuple(Message(role, text) for role, text in turns), body)


def facts(*turns: tuple[str, str], **body: Any) -> Facts:
    return read_facts(see(request(*turns, **body)), tokens=17, language=lambda _: "en")


def test_the_newest_human_text_is_read_and_tokens_are_as_told() -> None:
    read = facts(
        ("system", "You are kind."),
        ("user", "Hello there"),
        ("assistant", "Hi!"),
        ("user", "My card is 4111 1111 1111 1111, is it safe here?"),
        tools=[{"type": "function"}],
    )
    assert (read.tokens, read.turns, read.tools, read.language) == (17, 2, True, "en")
    assert read.pii == ("credit_card",)


def test_a_secret_of_an_earlier_turn_still_counts() -> None:
    assert facts(("user", "mail jo@harbour-cafe.co.uk"), ("assistant", "Done."), ("user", "thanks")).pii == ("email",)


def test_modalities_are_named_once() -> None:
    message = Message("user", "What is this?", ("image", "image", "audio"))
    read = read_facts(see(Request("r", "auto", (message,), {})), 1, lambda _: "en")
    assert read.modalities == ("audio", "image")


def test_an_empty_request_has_plain_facts() -> None:
    read = facts(("user", ""))
    assert read == Facts(tokens=17, turns=1, language="und")


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("Bhai mujhe ye code samajh nahi aa raha hai, can you explain what the loop is doing?", True),
        ("I need help con mi proyecto porque no entiendo, pero tengo el archivo and the deadline is today", True),
        ("Можешь please проверить мой код and tell me почему this function не работает with lists", True),
        ("请帮我看一下这个 function why does it return an empty list 而不是我想要的结果", True),
        ("Translate into English: Добрый вечер, как ваши дела сегодня?", False),
        ("What does 'Schadenfreude' mean, and how do I use it?", False),
        ("Give me the Spanish version of this.\n\nボールを手に水の中に飛び込んでいる少年。", False),
        ("Summarise this.\n\nСобака и кошка лежат вместе на тёплом полу и спят.", False),
        ("Who painted the ceiling for 北斎 in Obuse, and when was the temple built?", False),
        ("Great job!!! 😀😀😀🎉🎉🎉 see you at the party tomorrow evening then", False),
        ("Как дела?", False),
        ("Where did para-athlete José Como train for the race in the city?", False),
    ],
)
def test_two_languages_in_one_text(text: str, mixed: bool) -> None:
    assert code_mixed(see_text(text)) is mixed


@pytest.mark.parametrize(
    ("text", "body", "form"),
    [
        ("Tell me about otters.", {"response_format": {"type": "json_object"}}, "json"),
        ("List the planets and return the result as JSON.", {}, "json"),
        ("Is a whale a fish? Answer yes or no.", {}, "label"),
        ("Classify the ticket. Labels: billing, login, shipping", {}, "label"),
        ("How many legs do 14 spiders have? Give only the number.", {}, "number"),
        ("Write a Python function that merges two sorted lists.", {}, "code"),
        ("Why is the sky blue?", {}, "free"),
        ("I read a JSON tutorial yesterday and liked it.", {}, "free"),
        ("Tell me a story about a yes man.", {}, "free"),
    ],
)
def test_the_wanted_form(text: str, body: dict[str, Any], form: str) -> None:
    assert output(see(request(("user", text), **body))) == form


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("Classify the ticket. Labels: billing, login, shipping, other", 4),
        ("Choose one of:\n- red\n- green\n- blue\n\nText: the sky", 3),
        ("Classify this review as positive, negative or neutral.", 3),
        ("Is the claim true? Answer yes or no.", 2),
        ("Plan a trip to Rome, Naples and Palermo for me.", 0),
        ("What are my options?", 0),
    ],
)
def test_the_label_list(text: str, size: int) -> None:
    assert labels(see_text(text)) == size


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Text: great\nLabel: good\n\nText: poor\nLabel: bad\n\nText: fine\nLabel:", 2),
        ("Q: 2+2?\nA: 4\n\nQ: 3+3?\nA: 6\n\nQ: 4+4?\nA:", 2),
        ("sea => mer\nsun => soleil\nmoon =>", 2),
        ("Question: Who wrote Emma?\nAnswer:", 0),
        ("Note: bring a coat. Also: boots.", 0),
    ],
)
def test_worked_examples(text: str, shown: int) -> None:
    assert demonstrations(see_text(text)) == shown


def test_worked_examples_as_turns() -> None:
    turns = [("user", "a"), ("assistant", "spam"), ("user", "b"), ("assistant", "ham"), ("user", "c")]
    assert demonstrations(see(request(*turns))) == 2
    chat = [
        ("user", "a"),
        ("assistant", "Sure, here you go!"),
        ("user", "b"),
        ("assistant", "You are welcome."),
        ("user", "c"),
    ]
    assert demonstrations(see(request(*chat))) == 0


@pytest.mark.parametrize(
    ("text", "supplied"),
    [
        (f"Passage: {RIVER}\n\nQuestion: Which river does the Tarn join near Moissac?", "sufficient"),
        (f"{RIVER}\n\nHow long does the Tarn flow west in kilometres?", "sufficient"),
        (f"Context: {RIVER}\n\nWho won the chess olympiad of 1972?", "partial"),
        (f"Passage: {RIVER}", "partial"),
        ("Which river joins the Garonne near Moissac?", "none"),
        (f"{RIVER}", "none"),
    ],
)
def test_a_supplied_passage(text: str, supplied: str) -> None:
    assert context(see_text(text)) == supplied


@pytest.mark.parametrize(
    ("text", "redefined"),
    [
        ("Let + mean subtraction. What is 9 + 4?", True),
        ("In this problem, + means multiplication. 3 + 5 = ?", True),
        ("Redefine pi as 462. What is the first digit of pi?", True),
        ("Pretend that the word 'cat' is redefined to mean a bird. Do cats fly?", True),
        ("Suppose gravity is repulsive. What happens to rain?", True),
        ("What is 47 + 58 in base-9?", True),
        ("Assume that the sun rises in the west. Where is it at noon?", True),
        ("Let me know what you mean.", False),
        ("Suppose I have 5 apples and eat 2. How many are left?", False),
        ("Assume the role of a travel guide.", False),
        ("Assume gravity is 9.8 and the earth is a perfect sphere.", False),
        ("Assume that the earth is a sphere. How long is the equator?", False),
        ("Let x be a real number with x + 1 = 3.", False),
        ("The database means a lot to us; in the base case it is empty.", False),
        ("What is the world like for bees?", False),
    ],
)
def test_a_redefinition(text: str, redefined: bool) -> None:
    assert (redefined_symbol(see_text(text)) or counterfactual(see_text(text))) is redefined


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Summarise the article below and translate it into German.", 2),
        ("1. Translate the text to French.\n2. Summarize it.\n3. Extract the dates.\n\nText: ...", 3),
        ("First rewrite the mail politely, then list the open questions.", 2),
        ("Classify the review. Also translate it to Spanish.", 2),
        ("Summarise the article.", 1),
        ("Write a poem about rain and wind.", 1),
        ("Sort these:\n1. pears\n2. apples\n3. plums", 1),
        ("List and describe the three branches of government.", 1),
        ("My plan: eat, then sleep. Is that healthy?", 1),
    ],
)
def test_distinct_tasks(text: str, count: int) -> None:
    assert tasks(see_text(text)) == count


@pytest.mark.parametrize(
    ("text", "noisy"),
    [
        ("omg pls tell me hw to do dis thx u r the best", True),
        ("soooo whaaat is teh capitol of frnce plz tell me", True),
        ("Please explain how the heart pumps blood through the body.", False),
        ("Did Krzysztof Brzęk meet Hrvoje Grgić and Ng Wei in Brno?", False),
        ("Use `strncpy(dst, src, n)` with std_ptr and tmp2 for the html5 page at 10am", False),
        ("lol", False),
    ],
)
def test_noise(text: str, noisy: bool) -> None:
    assert (noise(see_text(text)) >= 0.15) is noisy


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("write to m.okafor@harbour-clinic.org please", ("email",)),
        ("call me on +44 20 7946 0958 tonight", ("phone",)),
        ("my number is (415) 555-2671", ("phone",)),
        ("SSN 536-22-8726", ("ssn",)),
        ("charge 4111 1111 1111 1111", ("credit_card",)),
        ("my visa is 4111111111111111", ("credit_card",)),
        ("send it to DE89 3704 0044 0532 0130 00", ("iban",)),
        ("the login came from IP 93.184.216.34", ("ip",)),
        ("export KEY=AKIAIOSFODNN7EXAMPLX", ("api_key",)),
        ("token ghp_abcdefghijklmnopqrstuvwxyz0123456789", ("api_key",)),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", ("api_key",)),
        ("my password is Hunter2!x", ("password",)),
        ("mail user@example.com or admin@test", ()),
        ("order 4111111111111112 shipped", ()),
        ("serial 4111111111111111 is on the box", ()),
        ("ISBN 978-3-16-148410-0 from 2004-05-17", ()),
        ("GB00 WEST 1234 5698 7654 32", ()),
        ("between 1914-1918 and 1939-1945, 70,000,000 people", ()),
        ("472547338 + 960397912423686 = ?", ()),
        ("bind the server address to 192.168.0.1 or 127.0.0.1", ()),
        ("version 1.2.3.4 of the library", ()),
        ("the password is required and must be reset", ()),
        ("password = os.environ['DB']", ()),
        ("@dataclass\nclass A: ...", ()),
    ],
)
def test_personal_data_and_secrets(text: str, kinds: tuple[str, ...]) -> None:
    assert pii(see_text(text)) == kinds


def test_checksums() -> None:
    assert luhn("5500 0000 0000 0004")
    assert not luhn("0000 0000 0000 0000")
    assert iban("GB82 WEST 1234 5698 7654 32")
    assert not iban("GB82 WEST 1234 5698 7654 33")


def test_only_the_ends_of_a_long_text_are_looked_at() -> None:
    long = "a" * 10_000 + "tail"
    assert len(window(long)) < 5_100
    assert window(long).endswith("tail")
    assert len(edges(long)) < 1_750


HARD = [
    piece * (1_000_000 // len(piece))
    for piece in (
        "\0",
        "9 ",
        "a@",
        "- ",
        "let + ",
        "Q: A: ",
        "да no ",
        "aaa1",
        "1.2.",
        "A, ",
        "\"'([",
        "password: ",
        "+1 ",
    )
]


@pytest.mark.parametrize("text", HARD, ids=lambda text: repr(text[:6]))
def test_hostile_texts_are_survived(text: str) -> None:
    assert facts(("user", text)).turns == 1


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant", "tool"]), st.text(max_size=200)), max_size=5))
def test_any_conversation_has_facts(turns: list[tuple[str, str]]) -> None:
    read = facts(*turns)
    assert 0.0 <= read.noise <= 1.0
    assert read.tasks >= 1
    assert read.labels >= 0
    assert read.output in ("free", "label", "number", "json", "code")
    assert read.context in ("none", "partial", "sufficient")
