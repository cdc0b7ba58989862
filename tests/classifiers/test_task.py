from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.grams import buckets
from classifiers.shipped import Shipped
from classifiers.task import TaskHead

PLAIN = [
    ("Write a haiku about autumn", "open_ended_writing"),
    ("What's 17*23?", "arithmetic_reasoning"),
    ("fix this python: prin('hello'", "code_help"),
    ("Summarize the following article: The mayor opened a new bridge on Sunday after years of work.", "summarization"),
    ("Classify the sentiment of this review as positive or negative: I loved it", "sentiment"),
    ("Translate 'good morning' into Korean", "translation"),
    ("how are you doing today?", "chitchat"),
    ("Who painted the Mona Lisa?", "closed_book_qa"),
    ("Give me ten ideas for a summer party", "brainstorming"),
    ("Write a SQL query to list customers who bought more than 3 items", "text_to_sql"),
    ("Is this message spam or ham? Win a free cruise now", "spam_detection"),
    ("Is the following comment toxic? You are dumb", "toxicity"),
]


@pytest.mark.parametrize(("prompt", "task"), PLAIN)
def test_plain_prompts_are_recognised(shipped: Shipped, prompt: str, task: str) -> None:
    guess = shipped.task.predict(shipped.embedder.look(prompt))
    assert guess.label == task
    assert guess.runner_up != task


def test_probabilities_are_a_distribution_over_39_tasks(shipped: Shipped) -> None:
    look = shipped.embedder.look("Write a haiku about autumn")
    found = shipped.task.probabilities(look)
    assert found.shape == (39,)
    assert found.sum() == pytest.approx(1.0, abs=1e-5)
    assert shipped.task.predict(look).confidence == pytest.approx(float(found.max()))


def test_the_same_look_gives_the_same_guess(shipped: Shipped) -> None:
    look = shipped.embedder.look("Explain photosynthesis")
    assert shipped.task.predict(look) == shipped.task.predict(look)


def test_buckets_of_any_number_of_tokens() -> None:
    for count in (0, 1, 2, 15, 16, 17, 700):
        found = buckets(np.arange(count, dtype=np.int64))
        assert len(found) >= 1
        assert found.min() >= 0
        assert found.max() < 1 << 16
    assert not np.array_equal(buckets(np.array([1, 2])), buckets(np.array([2, 1])))


def test_a_tiny_head_is_fitted_saved_and_read_again(shipped: Shipped, tmp_path: Path) -> None:
    texts = ["add 2 and 3", "what is 4 plus 5", "7 times 8", "write a poem", "a sonnet please", "write a short story"]
    labels = ["sums"] * 3 + ["writing"] * 3
    looks = shipped.embedder.looks(texts)
    head = TaskHead.fit(looks, labels)
    head = head.calibrated(np.stack([head.scores(look) for look in looks]), labels)
    head.save(tmp_path)
    again = TaskHead.load(tmp_path)
    look = shipped.embedder.look("write me a poem about rain")
    assert again.predict(look) == head.predict(look)
    assert again.predict(look).label == "writing"
    assert again.predict(look).runner_up == "sums"


def test_one_label_is_not_enough(shipped: Shipped) -> None:
    with pytest.raises(ValueError, match="class"):
        TaskHead.fit(shipped.embedder.looks(["a", "b"]), ["same", "same"])
