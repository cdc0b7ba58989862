"""The second look at the task type: what it reads of a text, how both looks are weighed, and when it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from classifiers.second import Blend, SecondTaskHead
from classifiers.shipped import FOLDER, Shipped
from classifiers.task import softmax
from classifiers.train.blend import weighed
from classifiers.train.corpus import OWN, Prompts

ASK = "Summarise the following text in two sentences."
MATERIAL = "The harbour was quiet, and the boats lay in the mist. " * 200


def test_the_instruction_decides_wherever_it_stands(shipped: Shipped) -> None:
    for text in (f"{ASK}\n\n{MATERIAL}", f"{MATERIAL}\n\n{ASK}"):
        assert shipped.task_of(text).label == "summarization"


def test_scores_do_not_depend_on_what_was_asked_before_nor_on_odd_text(shipped: Shipped) -> None:
    once = shipped.second.scores(ASK)
    for odd in ("\ud800", "\x00", "安全", " " * 5_000, "a" * 20_000):
        assert np.isfinite(shipped.second.scores(odd)).all()
    assert np.array_equal(once, shipped.second.scores(ASK))
    assert once.shape == (len(shipped.task.labels),)


def test_both_looks_are_weighed(shipped: Shipped) -> None:
    first = shipped.task.scores(shipped.embedder.look(ASK))
    blend = shipped.second.blend
    wanted = softmax(np.float32(blend.first) * first + np.float32(blend.second) * shipped.second.scores(ASK))
    assert np.allclose(shipped.second.probabilities(first, ASK), wanted)
    assert wanted.sum() == pytest.approx(1.0, abs=1e-5)
    assert min(blend.first, blend.second) > 0


def test_the_second_look_is_asked_only_where_the_first_is_unsure(shipped: Shipped) -> None:
    looks = {}
    for text in (ASK, "Translate into German: good morning", "cancel my order", "cheapest flight nyc to la"):
        alone = shipped.task.predict(shipped.embedder.look(text))
        found = shipped.task_of(text)
        assert found.look == ("second" if alone.confidence < shipped.second.blend.below else "first")
        looks[found.look] = text
    assert set(looks) == {"first", "second"}


def test_a_saved_blend_is_read_again(shipped: Shipped, tmp_path: Path) -> None:
    copytree(FOLDER / "second", tmp_path / "second")
    blend = Blend(1.25, 0.5, 0.75)
    blend.save(tmp_path / "second")
    assert json.loads((tmp_path / "second" / "second.json").read_text())["below"] == 0.75
    assert SecondTaskHead.load(tmp_path / "second", shipped.encoder).blend == blend
    (tmp_path / "second" / "task.safetensors").unlink()
    with pytest.raises(OSError, match=r"task\.safetensors"):
        SecondTaskHead.load(tmp_path / "second", shipped.encoder)


def test_weights_and_threshold_come_from_prompts_of_strangers(shipped: Shipped) -> None:
    labels = shipped.task.labels[:2]
    head = type(shipped.task)(labels, shipped.task._linear, 1.0)
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 2, 400)
    signs = np.where(truth == 1, 1.0, -1.0)
    # The first look is right where it is sure, and guesses where it is not; the second is nearly always right.
    sure = draw.random(400) < 0.5
    margin = np.where(sure, 6.0 * signs, draw.normal(0, 0.3, 400))
    first = np.stack((-margin, margin), axis=1).astype(np.float32)
    margin = 3.0 * signs + draw.normal(0, 1.5, 400)
    second = np.stack((-margin, margin), axis=1).astype(np.float32)
    prompts = Prompts([""] * 400, [labels[place] for place in truth], ["a" if n % 2 else OWN for n in range(400)])
    blend, tried = weighed(head, first, second, prompts)
    assert min(blend.first, blend.second) > 0
    assert tried[-1]["asked"] == 1.0
    chosen = next(each for each in tried if each["below"] == blend.below)
    assert chosen["accuracy"] > 0.95
    assert chosen["asked"] < 0.6
