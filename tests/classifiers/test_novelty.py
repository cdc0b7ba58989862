from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.embed import Vector
from classifiers.novelty import Novelty
from classifiers.shipped import Shipped


def score(shipped: Shipped, text: str) -> float:
    look = shipped.embedder.look(text)
    return shipped.novelty.score(look.vector, shipped.task.predict(look).confidence)


@pytest.mark.parametrize("odd", ["asdkj qwlek zzz qpwoe mnbv", "q9 zx!! 7f7f lkj## wq", "xxqj vvkw zzpl trrg"])
def test_gibberish_is_more_novel_than_ordinary_prompts(shipped: Shipped, odd: str) -> None:
    ordinary = [
        "Write a SQL query to list customers who bought more than 3 items",
        "Is the sentiment of this review positive or negative? The food was cold.",
        "Translate this sentence to German: I like tea.",
    ]
    assert score(shipped, odd) > max(score(shipped, text) for text in ordinary)


def test_nothing_at_all_is_as_novel_as_can_be(shipped: Shipped) -> None:
    assert score(shipped, "") == 1.0


def test_the_score_is_a_quantile_of_held_out_texts() -> None:
    draw = np.random.default_rng(0)

    def unit(count: int, centre: float) -> Vector:
        raw = draw.normal(size=(count, 16)) * 0.3
        raw[:, 0] += centre
        found: Vector = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
        return found

    train, held = unit(400, 1.0), unit(2_000, 1.0)
    sure = draw.uniform(0.5, 1.0, size=2_000)
    novelty = Novelty.fit(train, ["one"] * 200 + ["two"] * 200, held, sure)
    own = [novelty.score(row, float(each)) for row, each in zip(unit(2_000, 1.0), sure, strict=True)]
    assert np.mean(np.array(own) > 0.95) == pytest.approx(0.05, abs=0.02)
    assert np.mean([novelty.score(row, 0.3) for row in unit(50, -1.0)]) > 0.99


def test_saved_and_read_again_it_says_the_same(tmp_path: Path) -> None:
    vectors = np.eye(4, dtype=np.float32)
    novelty = Novelty.fit(vectors, ["a", "a", "b", "b"], vectors, [0.9, 0.8, 0.7, 0.6], per_label=2)
    novelty.save(tmp_path)
    again = Novelty.load(tmp_path)
    for probability in (0.2, 0.65, 0.95):
        assert again.score(vectors[0], probability) == novelty.score(vectors[0], probability)


def test_it_needs_something_to_learn_from() -> None:
    nothing = np.zeros((0, 4), np.float32)
    with pytest.raises(ValueError, match="novelty needs"):
        Novelty.fit(nothing, [], nothing, [])
