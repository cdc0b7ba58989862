from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.embed import Look, Vector
from classifiers.linear import Linear
from classifiers.novelty import Fused, Novelty, PromptNovelty
from classifiers.shipped import FOLDER, Shipped

ORDINARY = [
    "Write a SQL query to list customers who bought more than 3 items",
    "Is the sentiment of this review positive or negative? The food was cold.",
    "Translate this sentence to German: I like tea.",
    "What is the capital of France?",
]
ODD = [
    "asdkj qwlek zzz qpwoe mnbv",
    "q9 zx!! 7f7f lkj## wq",
    "Jan 12 03:44:21 db03 kernel[1042]: eth0: link down\nJan 12 03:44:25 db03 kernel[1042]: eth0: link up",
    "turn the bedroom lights down to forty percent",
    "wie spät ist es eigentlich gerade bei euch",
]


@pytest.fixture(scope="module")
def prompts() -> PromptNovelty:
    return PromptNovelty.load(FOLDER / "novelty")


def score(prompts: PromptNovelty, shipped: Shipped, text: str) -> float:
    look = shipped.embedder.look(text)
    return prompts.score(look, shipped.task.predict(look).confidence)


@pytest.mark.parametrize("odd", ODD)
def test_the_odd_is_more_novel_than_ordinary_prompts(prompts: PromptNovelty, shipped: Shipped, odd: str) -> None:
    assert score(prompts, shipped, odd) > max(score(prompts, shipped, text) for text in ORDINARY)


def test_nothing_at_all_is_as_novel_as_can_be(prompts: PromptNovelty, shipped: Shipped) -> None:
    assert score(prompts, shipped, "") == 1.0
    assert prompts.novelty.score(np.zeros(256, np.float32), 0.9) == 1.0


def unit(draw: np.random.Generator, count: int, centre: float, place: int = 0) -> Vector:
    """A cloud of unit vectors, shape (count, 16), around one axis."""
    raw = draw.normal(size=(count, 16)) * 0.3
    raw[:, place] += centre
    found: Vector = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    return found


def fitted(weights: tuple[float, float, float] = (1.0, 1.0, 1.0), per_label: int | None = 8) -> Novelty:
    """A novelty of ten classes, each around an axis of its own."""
    draw = np.random.default_rng(0)
    train = np.concatenate([unit(draw, 40, 1.0, place) for place in range(10)])
    held = np.concatenate([unit(draw, 200, 1.0, place) for place in range(10)])
    labels = [f"class {place}" for place in range(10) for _ in range(40)]
    return Novelty.fit(train, labels, held, draw.uniform(0.5, 1.0, size=2_000), per_label, weights)


def test_the_score_is_a_quantile_of_held_out_texts() -> None:
    novelty, draw = fitted(), np.random.default_rng(1)
    rows = np.concatenate([unit(draw, 200, 1.0, place) for place in range(10)])
    own = [novelty.score(row, float(each)) for row, each in zip(rows, draw.uniform(0.5, 1.0, 2_000), strict=True)]
    assert np.mean(np.array(own) > 0.95) == pytest.approx(0.05, abs=0.02)
    assert np.mean([novelty.score(row, 0.3) for row in unit(draw, 50, -1.0)]) > 0.97


@pytest.mark.parametrize("only", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)])
def test_each_of_the_three_scores_tells_something_alone(only: tuple[float, float, float]) -> None:
    novelty, draw = fitted(only), np.random.default_rng(2)
    known, odd = unit(draw, 100, 1.0, 3), unit(draw, 100, -1.0, 3)
    usual = np.mean([novelty.score(row, 0.9) for row in known])
    strange = np.mean([novelty.score(row, 0.2) for row in odd])
    assert strange > usual + 0.3


@pytest.mark.parametrize("per_label", [4, None])
def test_one_by_one_it_says_what_it_says_of_many(per_label: int | None) -> None:
    novelty = fitted(per_label=per_label)
    rows = unit(np.random.default_rng(3), 30, 1.0, 2)
    sums = novelty.sums(rows, np.full(30, 0.7))
    assert sums == pytest.approx([novelty.sum(row, 0.7) for row in rows], abs=1e-4)


def test_few_labels_are_cut_into_clusters_for_the_discriminant_space() -> None:
    draw = np.random.default_rng(4)
    rows = np.concatenate([unit(draw, 60, 1.0, 0), unit(draw, 60, 1.0, 1)])
    fused = Fused.fit(rows, ["a"] * 60 + ["b"] * 60, per_label=4)
    assert fused.projection.shape == (16, 7)  # one direction alone would make every angle 0 or 180 degrees
    assert fused.prototypes.shape == (8, 16)


def test_a_number_that_never_varies_does_no_harm() -> None:
    draw = np.random.default_rng(5)
    rows = np.concatenate([unit(draw, 40, 1.0, place) for place in range(9)])
    rows[:, 15] = 0.0
    fused = Fused.fit(rows, [f"{place}" for place in range(9) for _ in range(40)])
    assert np.isfinite(fused.projection).all()
    assert fused.part(rows[0], 0.5)[2] < 0.5


def test_saved_and_read_again_it_says_the_same(tmp_path: Path) -> None:
    novelty, rows = fitted(), unit(np.random.default_rng(6), 20, 1.0, 1)
    novelty.save(tmp_path)
    again = Novelty.load(tmp_path)
    for row in rows:
        assert again.sum(row, 0.65) == novelty.sum(row, 0.65)


def looks(count: int, first: int) -> list[Look]:
    draw = np.random.default_rng(first)
    return [
        Look(row, np.arange(4), np.sort(draw.choice(100, 6, replace=False)) + first) for row in unit(draw, count, 1.0)
    ]


def outlier() -> Linear:
    """A head that finds buckets from 1,000 on odd."""
    weights = np.zeros((1, 65_536 + 16))
    weights[0, 1_000:] = 1.0
    return Linear.of(weights, np.zeros(1))


@pytest.mark.parametrize(("share", "told"), [(0.0, False), (0.7, True)])
def test_the_outlier_head_counts_by_its_share(tmp_path: Path, share: float, told: bool) -> None:
    held = looks(500, 0)
    held += [Look(look.vector, look.ids, np.array([5, 1_200 + place])) for place, look in enumerate(looks(5, 1))]
    prompts = PromptNovelty.fit(fitted(), outlier(), held, np.full(505, 0.8), share)
    prompts.save(tmp_path)
    again = PromptNovelty.load(tmp_path)
    usual, odd = looks(50, 2), looks(50, 2_000)
    assert [again.score(look, 0.8) for look in odd] == [prompts.score(look, 0.8) for look in odd]
    assert bool(np.mean([again.score(look, 0.8) for look in odd]) > 0.98) is told
    assert np.mean([again.score(look, 0.8) for look in usual]) < 0.8


def test_it_needs_something_to_learn_from() -> None:
    nothing = np.zeros((0, 4), np.float32)
    with pytest.raises(ValueError, match="novelty needs"):
        Novelty.fit(nothing, [], nothing, [])
    with pytest.raises(ValueError, match="held-out looks"):
        PromptNovelty.fit(fitted(), outlier(), [], [], 0.5)
