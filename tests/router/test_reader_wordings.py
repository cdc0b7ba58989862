"""The reader on wordings of its development set: how many it reads, none of them wrong, and what it leaves alone."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from router.bench.speed import as_request
from router.reader import read

FILE = Path(__file__).parents[1] / "data" / "reader" / "wordings.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
PAIR = "\n\nPremise: A man sleeps.\nHypothesis: A man is awake."


def test_what_is_bound_is_bound_right_and_most_is_bound() -> None:
    wanted, found = Counter[str](), Counter[str]()
    for row in ROWS:
        bound = read(as_request(row["text"]))
        if row["bind"] == "no":
            continue
        wanted[row["task"]] += row["bind"] == "must"
        if bound is None:
            continue
        found[row["task"]] += row["bind"] == "must"
        assert (bound.task, bound.input, bound.other) == (row["task"], row["input"], row.get("other", "")), row["text"]
        if "scale" in row:
            assert bound.scale == tuple(row["scale"]), row["text"]
        else:
            assert {label: word for label, word in bound.labels.items() if word} == row["labels"], row["text"]
    assert sum(found.values()) > 0.85 * sum(wanted.values())
    assert all(found[task] > 0.7 * wanted[task] for task in wanted), found


@pytest.mark.parametrize("text", [row["text"] for row in ROWS if row["bind"] == "no"])
def test_what_asks_for_something_else_is_left_alone(text: str) -> None:
    assert read(as_request(text)) is None


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Is there anything grammatically wrong with it? yes or no\n\nSentence: He go.", ("no", "yes")),
        ("Is the sentence grammatically fine? yes or no\n\nSentence: He go.", ("yes", "no")),
        ("Is there an error in the grammar? yes or no\n\nSentence: He go.", ("no", "yes")),
    ],
)
def test_yes_and_no_stand_on_the_side_that_is_asked_for(text: str, labels: tuple[str, str]) -> None:
    bound = read(as_request(text))
    assert bound is not None
    assert (bound.labels["acceptable"], bound.labels["unacceptable"]) == labels


@pytest.mark.parametrize(
    "text",
    [
        'If A man naps., can we conclude that "A man is asleep."?\nOPTIONS:\n- yes\n- it is not possible to tell\n- no',
        'A man naps.\n\nCan we conclude that "A man is asleep."?\n\nOPTIONS:\n- yes\n- no',
        "A man naps.\nCan we infer the following?\nA man is asleep.\n\nOPTIONS:\n- yes\n- no",
        "Read the text and determine if the hypothesis is true:\n\nA man naps.\n\nHypothesis: A man is asleep.\n\n"
        "OPTIONS:\n- yes\n- no",
    ],
)
def test_a_pair_in_a_frame_keeps_its_order(text: str) -> None:
    bound = read(as_request(text))
    assert bound is not None
    assert (bound.input, bound.other, bound.labels["entailment"]) == ("A man naps.", "A man is asleep.", "yes")


def test_a_frame_that_turns_the_question_round_is_left_alone() -> None:
    for ask in ("Can we conclude from this that it is false:", "Does it not follow:", "Is this contradicted:"):
        assert read(as_request(f'A man naps.\n\n{ask} "A man is asleep."?\n\nOPTIONS:\n- yes\n- no')) is None
