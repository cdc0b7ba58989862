from __future__ import annotations

import importlib.util
import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from gzip import compress
from pathlib import Path

import pytest

from classifiers.shipped import FOLDER
from classifiers.train import data, lessons, phrasings, weights
from classifiers.train.lessons import Lesson, sentiment, spam, toxicity
from classifiers.train.measure import auroc, calibration_error, macro_f1, macro_recall, scored
from classifiers.train.noise import noisy

DRAWN = "review tweet message spam comment utterance title nasty foreign ner_text paraphrase sentence"
POOLS = {name: [f"some {name} || another {name}"] for name in DRAWN.split()}


def test_our_own_prompts_cover_every_task_and_never_change() -> None:
    found = phrasings.prompts(POOLS)
    labels = json.loads((FOLDER / "task" / "task.json").read_text(encoding="utf-8"))["labels"]
    counts = Counter(each.label for each in found)
    assert set(counts) == set(labels)
    assert min(counts.values()) >= 100
    assert found == phrasings.prompts(POOLS)
    assert len({each.text for each in found}) == len(found)
    assert {label for _, label in phrasings.messages()} == {"ham", "spam"}


def test_no_slot_stays_open() -> None:
    sections = [phrasings._sections(path) for path in phrasings.FOLDER.glob("*.txt")]
    pools = {name[1:-1] for each in sections for name in each if name.startswith("{")} | set(POOLS)
    slot = re.compile("|".join(rf"\{{{pool}\**(?::\d)?\}}" for pool in sorted(pools)))
    assert not [each.text for each in phrasings.prompts(POOLS) if slot.search(each.text)]


def test_a_template_that_is_held_back_is_held_back_whole() -> None:
    found = phrasings.prompts(POOLS)
    held = {each.text for each in found if each.held}
    assert 0.1 < len(held) / len(found) < 0.25
    for label in {each.label for each in found}:
        assert {each.held for each in found if each.label == label} == {True, False}


def test_slots_draw_fields_of_one_entry_and_other_entries() -> None:
    pools = {"pair": ["a || 1", "b || 2"]}
    draw = random.Random(0)
    for _ in range(20):
        text = phrasings._filled("{pair}{pair:2} {pair*}{pair*:2} {none} {pair:3}", pools, draw)
        assert re.fullmatch(r"(a1|b2) (a1|b2) \{none\} [12]", text)


def test_noise_changes_a_prompt_but_not_beyond_knowing() -> None:
    text = "Please translate the following sentence into French: 'The weather is nice today.'"
    draw = random.Random(0)
    found = {noisy(text, draw) for _ in range(50)}
    assert len(found) > 40
    assert all(0.7 * len(text) < len(each) < 1.6 * len(text) for each in found)
    assert noisy("x", random.Random(1)).strip().lower() == "x"
    assert noisy(text, random.Random(2)) == noisy(text, random.Random(2))


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


def test_a_row_plays_one_part_for_whoever_learns_from_it() -> None:
    """What calibrates one expert must not teach the trunk through another lesson."""
    rows = [{"id": f"x{n}", "split": split} for n in range(300) for split in ("train", "valid", "test")]
    own_test = [lessons.part(row, "mrpc") for row in rows]
    assert {part for row, part in zip(rows, own_test, strict=True) if row["split"] == "valid"} == {"calibrate"}
    assert {part for row, part in zip(rows, own_test, strict=True) if row["split"] == "train"} == {"train", "tune"}
    without = [lessons.part(row, "sst2") for row in rows]
    assert {part for row, part in zip(rows, without, strict=True) if row["split"] == "valid"} == {"test"}
    assert set(without) == {"train", "tune", "calibrate", "test"}
    premise = [lessons.part({"id": f"n{n}", "premise": "same", "split": "train"}, "nli") for n in range(20)]
    assert len(set(premise)) == 1


def test_nothing_that_ships_learns_from_what_may_not(tmp_path: Path) -> None:
    names = ("snli_subset", "sick", "rte")
    pairs = [
        {"id": f"{n}{s}", "premise": f"p{n}", "hypothesis": "h", "label": "entailment", "source": s, "split": "train"}
        for n in range(20)
        for s in names
    ]
    written(tmp_path, "nli", pairs)
    scores = [
        {"id": f"{n}{s}", "a": f"a{n}", "b": "b", "score": 5.0, "source": s, "split": "train"}
        for n in range(20)
        for s in ("stsb", "sick_r")
    ]
    written(tmp_path, "sts", scores)
    assert {each.source for each in lessons.entailment(tmp_path)} == {"snli_subset", "rte"}
    assert {each.source for each in lessons.similarity(tmp_path)} == {"stsb"}
    assert {each.label for each in lessons.similarity(tmp_path)} == {"1.0000"}
    assert "ag_news" not in Path(lessons.__file__).read_text(encoding="utf-8").replace("AG News", "")
    assert Lesson("x", "label", ("a",), 1).examples == ()


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
    assert macro_recall(["a", "a", "b"], ["a", "b", "b"]) == 0.75


def test_each_kind_of_head_is_scored_by_its_own_measure() -> None:
    told = scored(["no", "no", "yes", "yes"], ["no", "yes", "yes", "no"])
    assert (told["accuracy"], told["f1_of_last"]) == (0.5, 0.5)
    assert scored([0.0, 0.5, 1.0], [0.1, 0.4, 0.9])["spearman"] == 1.0
    whole, half = [("PER", 0, 2)], [("PER", 0, 1)]
    assert scored([whole, whole], [whole, half]) == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
