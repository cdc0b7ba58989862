"""The noise of the robustness benchmark, on literal examples: what it changes, and what it must not."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.bench.noise import (
    NEIGHBOURS,
    NOISE,
    break_lines,
    change_marks,
    double_marks,
    double_spaces,
    drop_marks,
    lower,
    pad,
    random_case,
    slip,
    together,
    typos,
    upper_opening,
)

MIXED = "Please fix the Bug in `Total(X)`, it prints 3.14 at 10:30!\n```\nDef Total(X):  return X.Y, Z\n```\nThank You."
KEPT = ("`Total(X)`", "3.14", "10:30", "```\nDef Total(X):  return X.Y, Z\n```")


def draw(seed: int = 1) -> Random:
    return Random(seed)


def test_case() -> None:
    assert lower("Is This GOOD?\n`Keep(Me)` So") == "is this good?\n`Keep(Me)` so"
    assert upper_opening("one two three four five six seven eight") == "ONE TWO THREE FOUR FIVE SIX seven eight"
    assert upper_opening("one `Keep` two three four five six seven") == "ONE `Keep` TWO THREE FOUR FIVE SIX seven"
    mixed = random_case("the quick brown fox jumps over", draw())
    assert mixed.lower() == "the quick brown fox jumps over"
    assert mixed not in {mixed.lower(), mixed.upper()}


def test_punctuation() -> None:
    assert drop_marks("Hi, is it 3.14? Yes: at 10:30.", draw(), 1.0) == "Hi is it 3.14 Yes at 10:30"
    assert double_marks("Hi, is it 3.14? Yes!", draw(), 1.0) == "Hi,, is it 3.14?? Yes!!"
    assert change_marks("Hi, is it 3.14? Yes: `a.b`!", draw(), 1.0) == "Hi; is it 3.14. Yes; `a.b`."
    assert drop_marks("Hi, you.", draw(), 0.0) == "Hi, you."


def test_white_space() -> None:
    assert double_spaces("a b `c d` e", draw(), 1.0) == "a  b `c d`  e".replace("`  e", "` e")
    assert break_lines("a b\n\nc d", draw(), 1.0) == "a\nb\n\nc\nd"
    padded = pad("a b", draw())
    assert padded.strip() == "a b"
    assert padded[0].isspace()
    assert padded[-1].isspace()


@pytest.mark.parametrize(("kind", "said"), [("swap", "reveiw it"), ("drop", "revew it"), ("double", "reviiew it")])
def test_slips(kind: str, said: str) -> None:
    place = {"swap": 3, "drop": 3, "double": 3}[kind]
    assert slip("review it", place, kind, draw()) == said


def test_a_key_beside_the_right_one() -> None:
    assert NEIGHBOURS["a"] == "s"
    assert NEIGHBOURS["g"] == "fh"
    assert slip("Gone", 0, "neighbour", draw()) in {"Fone", "Hone"}


def test_about_two_letters_of_a_hundred_slip_and_at_least_one() -> None:
    text = "review " * 100
    changed = [a != b for a, b in zip(text.split(), typos(text, draw()).split(), strict=True)]
    assert 8 <= sum(changed) <= 12
    assert typos("Tell me", draw()) != "Tell me"
    assert typos("r2d2 12 of `review` it", draw()) == "r2d2 12 of `review` it"
    assert typos("    indented = like(code)\nresult = total;", draw()) == "    indented = like(code)\nresult = total;"


@pytest.mark.parametrize("kind", NOISE)
def test_code_and_numbers_stay(kind: str) -> None:
    found = {NOISE[kind](MIXED, draw(seed)) for seed in range(20)}
    assert all(part in text for text in found for part in KEPT)
    assert len(found - {MIXED}) > 1


def test_a_prompts_noise_is_always_the_same() -> None:
    assert together(MIXED, draw(5)) == together(MIXED, draw(5))
    assert len({together(MIXED, draw(seed)) for seed in range(9)}) == 9


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.integers(0, 9))
def test_any_text_can_be_made_noisy(text: str, seed: int) -> None:
    for change in NOISE.values():
        assert isinstance(change(text, draw(seed)), str)
