from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from gzip import compress
from pathlib import Path

import pytest

from classifiers.shipped import FOLDER
from classifiers.train import data, weights
from classifiers.train.examples import sentiment, spam, toxicity
from classifiers.train.measure import auroc, calibration_error, macro_f1
from classifiers.train.phrasings import messages, prompts


def test_our_own_prompts_cover_every_task_and_never_change() -> None:
    found = prompts()
    labels = json.loads((FOLDER / "task" / "task.json").read_text(encoding="utf-8"))["labels"]
    assert set(Counter(task for _, task in found)) == set(labels)
    assert found == prompts()
    assert not [text for text, _ in found if "{say}" in text or "{topic}" in text]
    assert {label for _, label in messages()} == {"ham", "spam"}


def written(folder: Path, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{name}.jsonl.gz").write_bytes(compress(lines.encode()))


def test_examples_keep_parts_and_assumed_labels_apart(tmp_path: Path) -> None:
    for name, labels in (("sst2", "positive"), ("imdb_small", "negative"), ("tweet_sentiment", "neutral")):
        rows = [(f"{name}{n}", split) for n in range(40) for split in ("train", "valid")]
        written(tmp_path, name, [{"id": i + s, "text": i, "label": labels, "split": s} for i, s in rows])
    kinds = [["joy"], ["anger"], ["neutral"], ["joy", "anger"], ["confusion"]]
    comments = [{"id": f"go{n}", "text": f"c{n}", "labels": kinds[n % 5], "split": "train"} for n in range(200)]
    written(tmp_path, "goemotions", comments)
    written(
        tmp_path, "sms_spam", [{"id": f"s{n}", "text": f"m{n}", "label": "ham", "split": "test"} for n in range(50)]
    )
    sources = ("davidson", "hateval")
    posts = [
        {"id": f"t{n}", "text": "p", "toxic": n % 2, "source": sources[n % 2], "split": "valid"} for n in range(50)
    ]
    written(tmp_path, "toxicity", posts)
    for found in (sentiment(tmp_path), spam(tmp_path), toxicity(tmp_path)):
        assert {each.part for each in found} <= {"train", "tune", "calibrate", "test"}
        assert len({each.part for each in found}) >= 3
    assert {each.label for each in sentiment(tmp_path) if each.source == "goemotions"} == {
        "positive",
        "negative",
        "neutral",
    }
    assert not any(each.source == "hateval" for each in toxicity(tmp_path))
    assert all(each.assumed == (each.source != "davidson") for each in toxicity(tmp_path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"sst2\.jsonl\.gz"):
        data.rows(tmp_path, "sst2")


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="the train extra is installed")
def test_without_the_extra_it_says_what_to_install() -> None:
    with pytest.raises(SystemExit, match=r"surveyor-router\[train\]"):
        weights.require()


def test_figures_are_what_they_are_called() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx(2 / 3)
    assert calibration_error([0.8] * 10, [True] * 8 + [False] * 2) == pytest.approx(0.0)
    assert calibration_error([1.0, 1.0], [True, False]) == pytest.approx(0.5)
    assert auroc([2, 3], [0, 1]) == 1.0
    assert auroc([0, 1], [0, 1]) == 0.5
