"""The metric on figures worked out by hand, and both tracks on a folder of made-up prompts."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.difficulty import DifficultyHead
from classifiers.embed import StaticEmbedder
from classifiers.shipped import FOLDER
from classifiers.task import TaskHead
from router.bench import routellm
from router.bench.apgr import curve, figures
from router.bench.results import Interval

TEN = np.arange(10.0)  # scores 0..9: the deciles part one prompt at a time
HALF = np.array([1.0] * 5 + [0.0] * 5)


def test_the_curve_is_that_worked_out_by_hand() -> None:
    # The weak model gets the five lowest scores right, the strong one all: each of the first five calls gains a tenth.
    found = curve(TEN, HALF, np.ones(10))
    assert found[:, 0].round(6).tolist() == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert found[:, 1].round(6).tolist() == [50, 60, 70, 80, 90, 100, 100, 100, 100, 100, 100]


def test_the_figures_are_those_worked_out_by_hand() -> None:
    # Area over the weak model's 50: half of 50 x 0.5 below the slope, 50 x 0.5 beside it: 12.5 + 25 of 50.
    best = figures(TEN, HALF, np.ones(10))
    assert (best.cpt50, best.cpt80, best.apgr) == pytest.approx((25.0, 40.0, 0.75), abs=1e-4)
    # The wrong way round the first five calls gain nothing.
    worst = figures(-TEN, HALF, np.ones(10))
    assert (worst.cpt50, worst.cpt80, worst.apgr) == pytest.approx((75.0, 90.0, 0.25), abs=1e-4)


def test_ties_are_broken_by_the_seed_alone() -> None:
    tied = np.zeros(1_000)
    strong, weak = np.ones(1_000), np.tile([1.0, 0.0], 500)
    assert curve(tied, weak, strong, seed=3).tolist() == curve(tied, weak, strong, seed=3).tolist()
    assert curve(tied, weak, strong, seed=3).tolist() != curve(tied, weak, strong, seed=4).tolist()
    assert figures(tied, weak, strong).apgr == pytest.approx(0.5, abs=0.05)


def test_jitter_never_turns_an_order_around() -> None:
    assert figures(TEN * 1e-3, HALF, np.ones(10)) == pytest.approx(figures(TEN * 1e3, HALF, np.ones(10)), abs=1e-4)


def test_a_strong_model_that_is_no_better_is_an_error() -> None:
    with pytest.raises(ValueError, match="must be better"):
        figures(TEN, np.ones(10), HALF)


@pytest.fixture(scope="module")
def models() -> routellm.Shipped:
    """What ships, but for the encoder, whose rows here are made of the static vector: it reads slowly."""
    embedder = StaticEmbedder.load(FOLDER / "static")

    def encode(texts: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        vectors = np.stack([look.vector for look in embedder.looks(texts)])
        return np.tile(vectors, (1, 2))[:, :400].astype(np.float32)

    task, difficulty = TaskHead.load(FOLDER / "task"), DifficultyHead.load(FOLDER / "difficulty")
    return routellm.Shipped(embedder, task, difficulty, encode)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two subjects: the weak model knows the one and not the other, the strong model knows both."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "routing").mkdir()
    random = np.random.default_rng(0)
    words = {"cells": ["enzyme", "membrane", "protein", "gene"], "courts": ["court", "judge", "statute", "verdict"]}
    rows = []
    for number in range(400):
        name = ("cells", "courts")[number % 2]
        drawn = random.choice(words[name], 3)
        weak = bool(random.random() < (0.9 if name == "cells" else 0.2))
        prompt = f"Which {drawn[0]} of {number} has a {drawn[1]} and a {drawn[2]}?\nA. 1\nB. 2\nAnswer:"
        rows.append({"prompt": prompt, "subject": name, "weak": weak, "strong": bool(random.random() < 0.95)})
    for file, kept in (("routellm_mmlu", rows), ("routellm_gsm8k", rows[:100])):
        with gzip.open(folder / "routing" / f"{file}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in kept)
    return folder


def test_the_table_has_both_tracks_apart_with_their_baselines(data: Path, models: routellm.Shipped) -> None:
    found = routellm.measure(data, models, budget=60)
    rows = {(row.get("track"), row["data"], row["method"]): row for row in found.rows}
    for track, name in (("A1", "MMLU"), ("A1", "GSM8K"), ("A2", "MMLU")):
        assert {"random", "longer prompts first"} <= {method for at, on, method in rows if (at, on) == (track, name)}
    sizes = {method: row["n"] for (track, _, method), row in rows.items() if track == "A2"}
    fresh = sizes.pop(routellm.FRESH)
    assert set(sizes.values()) == {340}
    assert isinstance(fresh, int)
    assert 0 < fresh < 340
    assert rows[None, "MMLU", "always weak"]["right, %"] == pytest.approx(55, abs=8)
    told = found.details["A2, by method"]
    ours, chance = (told[name]["apgr"] for name in (routellm.OURS, "random"))
    oracle = told["true subject (an oracle's knowledge)"]["apgr"]
    assert rows["A2", "MMLU", routellm.OURS]["APGR"] == f"{ours.value:.3f}, {ours.low:.3f} to {ours.high:.3f}"
    head = rows["A1", "GSM8K", "ours: the difficulty head"]["APGR"]
    assert isinstance(head, Interval)
    assert head.low < head.value < head.high
    assert ours.value > 0.65 > chance.high  # two subjects of other words are told apart
    assert ours.value == pytest.approx(oracle.value, abs=0.05)
    assert found.targets[0].met


def test_labels_of_the_measured_prompts_are_never_learned_from(data: Path, models: routellm.Shipped) -> None:
    seen = models.see(data, routellm.MMLU, encoded=True)
    known, asked = np.arange(100), np.arange(100, 400)
    said, choice = routellm.chosen(seen, known, asked)
    other = replace(seen, weak=np.r_[seen.weak[:100], 1 - seen.weak[100:]])
    assert routellm.chosen(other, known, asked)[0].tolist() == said.tolist()
    taught = replace(seen, weak=np.r_[1 - seen.weak[:100], seen.weak[100:]])
    assert routellm.chosen(taught, known, asked)[0].tolist() != said.tolist()
    assert (choice["width"], choice["noise"]) in routellm.GRID


def test_nothing_is_scaled_by_texts_that_are_measured_on(data: Path, models: routellm.Shipped) -> None:
    seen = models.see(data, routellm.MMLU, encoded=True)
    known = np.arange(100)
    longer = replace(seen, texts=[*seen.texts[:399], "x" * 10_000])
    assert routellm.spread_out(longer, known)[:399].tolist() == routellm.spread_out(seen, known)[:399].tolist()


def test_width_and_noise_are_chosen_by_what_was_not_learned(data: Path, models: routellm.Shipped) -> None:
    seen = models.see(data, routellm.MMLU, encoded=True)
    # Labels by lot: who learned by heart would take the least noise, who is asked about others the most.
    lots = replace(seen, weak=np.random.default_rng(1).integers(0, 2, 400).astype(float), strong=np.ones(400))
    assert routellm.chosen(lots, np.arange(300), np.arange(300, 400))[1]["noise"] == 12.0


def test_what_is_less_likely_right_is_sooner_sent_to_the_strong_model(data: Path, models: routellm.Shipped) -> None:
    seen = models.see(data, routellm.GSM8K, encoded=False)
    need = routellm.own_head(seen, np.arange(0), np.arange(100))
    chance = [models.difficulty.probability(look) or 0.5 for look in seen.looks]
    assert np.argsort(need).tolist() == np.argsort(-np.array(chance)).tolist()


def test_a_missing_file_is_named(tmp_path: Path, models: routellm.Shipped) -> None:
    with pytest.raises(FileNotFoundError, match="routellm_mmlu"):
        routellm.measure(tmp_path, models)
