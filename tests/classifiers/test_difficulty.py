"""The head that says how likely the standard tier answers right: what it learns, and of what it keeps quiet."""

import math
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from classifiers.difficulty import DifficultyHead, platt
from classifiers.embed import StaticEmbedder
from classifiers.shipped import FOLDER
from classifiers.train import difficulty as training

EASY = "Tom has 3 apples and buys 4 more. How many apples does he have?"
HARD = (
    "Consider the Hamiltonian of a spin-1/2 particle in a rotating magnetic field. What is the transition probability "
    "to second order in perturbation theory?"
)
TASKS = ("arithmetic_reasoning", "knowledge_mcq")


@pytest.fixture(scope="module")
def embedder() -> StaticEmbedder:
    return StaticEmbedder.load(FOLDER / "static")


@pytest.fixture(scope="module")
def head() -> DifficultyHead:
    return DifficultyHead.load(FOLDER / "difficulty")


def test_a_school_sum_is_likelier_right_than_quantum_mechanics(head: DifficultyHead, embedder: StaticEmbedder) -> None:
    easy, hard = (head.right(embedder.look(text), "arithmetic_reasoning", "en") for text in (EASY, HARD))
    assert easy is not None
    assert hard is not None
    assert easy > 0.75
    assert hard < 0.45


@pytest.mark.parametrize(
    ("task", "language"),
    [("open_ended_writing", "en"), ("chitchat", "en"), ("reading_comprehension", "en"), ("arithmetic_reasoning", "de")],
)
def test_of_what_it_never_learned_it_says_nothing(
    head: DifficultyHead, embedder: StaticEmbedder, task: str, language: str
) -> None:
    assert head.right(embedder.look(EASY), "arithmetic_reasoning", "und") is not None
    assert head.right(embedder.look(EASY), task, language) is None


@pytest.mark.parametrize("text", ["", "  \n", "hi", "\ud800"])
def test_next_to_no_text_tells_nothing(head: DifficultyHead, embedder: StaticEmbedder, text: str) -> None:
    assert head.right(embedder.look(text), "knowledge_mcq", "en") is None


def test_it_learns_shares_and_is_calibrated_by_platt(embedder: StaticEmbedder, tmp_path: Path) -> None:
    looks = embedder.looks(
        [f"add {n} and {n + 1} please" for n in range(40)] + [f"prove lemma {n} now" for n in range(40)]
    )
    right = np.array([1.0, 1.0, 1.0, 0.5] * 10 + [0.0, 0.0, 0.0, 0.5] * 10)
    learned = DifficultyHead.fit(looks, right, TASKS)
    sum_, proof = (embedder.look(text) for text in ("add 77 and 5 please", "prove lemma 99 now"))
    assert learned.score(sum_) > 1 > -1 > learned.score(proof)
    moved = learned.tempered(0.5, -2.0)
    assert moved.score(sum_) == pytest.approx(0.5 * learned.score(sum_) - 2.0, abs=1e-4)
    moved.save(tmp_path / "made")
    again = DifficultyHead.load(tmp_path / "made")
    assert again.tasks == set(TASKS)
    assert again.score(sum_) == moved.score(sum_)
    assert again.probability(sum_) == pytest.approx(1 / (1 + math.exp(-moved.score(sum_))))


def test_platt_finds_the_line_back() -> None:
    random = np.random.default_rng(0)
    odds = random.normal(size=20_000)
    right = (random.random(20_000) < 1 / (1 + np.exp(-(2 * odds - 1)))).astype(float)
    assert platt(odds.astype(np.float32), right) == pytest.approx((2.0, -1.0), abs=0.1)


def test_one_kind_alone_teaches_nothing(embedder: StaticEmbedder) -> None:
    with pytest.raises(ValueError, match="class"):
        DifficultyHead.fit(embedder.looks([EASY, HARD]), [1.0, 1.0], TASKS)


def test_it_costs_microseconds(head: DifficultyHead, embedder: StaticEmbedder) -> None:
    look = embedder.look(HARD)
    taken = []
    for _ in range(300):
        begun = perf_counter()
        head.right(look, "knowledge_mcq", "en")
        taken.append(perf_counter() - begun)
    assert min(taken) < 100e-6  # 10 on a quiet machine; a tenfold margin, so that a busy one does not fail


# ── what may be learned from ─────────────────────────────────────────────────────────────────────


def test_what_is_measured_on_is_left_out() -> None:
    benchmarks = [
        "Which planet of the solar system is the largest one?\nA. Mars\nB. Jupiter\nAnswer:",
        "Janet has 3 ducks that lay 16 eggs per day. How many eggs in a week?",
        "What is 81?",
    ]
    questions = {
        "Which planet of the Solar System is the largest one": True,  # its stem
        "WHICH planet of the solar system, is the largest one?\n(A) Venus (B) Jupiter": True,  # other options
        "Janet has 3 ducks that lay 16 eggs per day. How many eggs in a week?\nAfter careful thought, answer.": True,
        "that lay 16 eggs per day how many": True,  # a part of six words and more
        "eggs per day": False,  # shorter parts are anybody's
        "What is 81?": True,  # equal, however short
        "What is 81? And what is its root?": False,
        "Which planet is the hottest?": False,
        "": False,
    }
    assert training.leaked(list(questions), benchmarks) == list(questions.values())


def test_a_part_must_be_whole_words() -> None:
    assert training.leaked(["one two three four five six"], ["stone two three four five six"]) == [False]
    assert training.leaked(["one two three four five six"], ["zero one two three four five sixteen"]) == [False]


def test_data_sets_are_told_by_the_order_of_the_file() -> None:
    questions = [line for start in training.STARTS.values() for line in (start, "another one")]
    assert training.sets_of(questions) == [name for name in training.STARTS for _ in range(2)]
    with pytest.raises(ValueError, match="ARC"):
        training.sets_of(questions[:-2])
    with pytest.raises(ValueError, match="logic grids"):
        training.sets_of(["a stranger", *questions])


def test_the_standard_tier_is_the_mean_of_two_models() -> None:
    scores = dict.fromkeys((*training.STANDARD, *training.SMALL, "another"), 0.0)
    assert training.right({"scores": scores | {training.STANDARD[0]: 1.0, "another": 1.0}}) == 0.5
    assert training.right({"scores": scores | dict.fromkeys(training.STANDARD, 1.3)}) == 1.0


def test_the_card_says_what_was_left_out_and_what_it_cannot_know() -> None:
    card = (FOLDER / "difficulty" / "CARD.md").read_text(encoding="utf-8")
    for said in ("| in RouteLLM's MMLU or GSM8K | 224 |", "no better than", "Unseen data sets", "MIT"):
        assert said in card
