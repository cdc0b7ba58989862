# ruff: noqa: E501  # a table reads best a case a line
"""Tasks that are told by their wording alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.bench.detectors import ears
from router.detectors.seen import see_text
from router.detectors.unseen import unseen_task
from router.facts import read_facts

MCQ = "\nA. Iron\nB. Copper\nC. Oxygen\nD. Zinc"
SAID = [
    ("ranking", "Rank the following passages by their relevance to the query: how do tides work?\n[1] …\n[2] …"),
    ("ranking", "Re-rank these search results so that the most relevant to the query come first."),
    ("ranking", "Sort the candidate answers below by how well they answer the question."),
    ("forecasting", "Given monthly sales 120, 132, 129, 141, 150, predict the next three values."),
    ("forecasting", "Forecast next week's demand from this history: 12, 15, 11, 18, 20."),
    ("forecasting", "Here is a time series of hourly temperatures: 14.1, 14.6, 15.2, 15.9. What comes next?"),
    ("inverse_probe", "Write a quote that ends in the word \"heavy\": Absence makes the heart grow"),
    ("inverse_probe", "Repeat my sentences back to me, exactly as written: I like dogss."),
    ("inverse_probe", "Michael had the choice to play a game with a 91 percent chance of losing 900 dollars. He played and won. "
                      "Did Michael make the right decision?"),
    ("inverse_probe", "To answer who built the tower, which piece of information would help most?\n1. Its height\n2. Its plaque"),
    ("inverse_probe", f"Which of the following is not a metal?{MCQ}"),
    ("inverse_probe", f"Which of these isn't a metal?{MCQ}"),
    ("", f"Which of the following is a metal?{MCQ}"),
    ("", f"Where would you keep a chair if you do not have room for it?{MCQ}"),
    ("", "Sort this list of names alphabetically: Zoe, Adam, Mia"),
    ("", "In order to answer the query, read the documents carefully and write a summary."),
    ("", "Predict whether the review is positive or negative."),
    ("", "What will the future bring for small farms?"),
    ("", "Write a sentence that ends with a question mark."),
    ("", "Can you repeat that in simpler words?"),
    ("", "Did I make a mistake in this code?"),
]  # fmt: skip


LABELS = ("", "ranking", "forecasting", "parsing", "redefinition", "inverse_probe")


def told(text: str) -> str:
    seen = see_text(text)
    heard = ears()(seen)
    return unseen_task(seen, read_facts(seen, 9, lambda _: "en", heard).cues, heard.cues)


@pytest.mark.parametrize(("label", "text"), SAID, ids=[text[:40] for _, text in SAID])
def test_wording_tells(label: str, text: str) -> None:
    assert told(text) == label


@given(st.text(max_size=400))
def test_any_text_can_be_probed(text: str) -> None:
    assert told(text) in LABELS


@pytest.mark.parametrize("text", ["rank " * 400, "predict next " * 150, "\na. x\nb. y" * 170, "repeat " * 280])
def test_repetition_does_no_harm(text: str) -> None:
    assert told(text) in LABELS
