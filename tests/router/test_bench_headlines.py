"""Learning where the price went from few and many labels, on made-up headlines."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from router.bench import headlines
from router.bench.headlines import Headlines, Places

MOVES = {"up": ["rises", "climbs", "gains"], "down": ["falls", "drops", "slips"], "none": ["shines", "glitters"]}


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Rows that tell a fall from the rest and nothing else."""
    return np.array([[1.0, float(any(word in text for word in MOVES["down"]))] for text in texts], np.float32)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """180 headlines to learn from, 60 to measure on."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "routing").mkdir()
    random = np.random.default_rng(0)
    for name, count in (("train", 180), ("test", 60)):
        rows = []
        for number in range(count):
            label = ("up", "up", "down", "none")[number % 4]
            text = f"Q: gold {random.choice(MOVES[label])} {number}% in {random.choice(['London', 'Mumbai'])}\nA:"
            rows.append({"text": text, "label": label})
        with gzip.open(folder / "routing" / f"frugal_headlines_{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


@pytest.fixture(scope="module")
def both(data: Path) -> tuple[Headlines, Headlines]:
    return headlines.read(data, encode)


def test_what_is_not_the_headline_is_taken_off_and_numbers_are_alike(both: tuple[Headlines, Headlines]) -> None:
    train, test = both
    assert [part.counts[0].shape[0] for part in both] == [180, 60]
    # "gold <move> 0 % in <city>": six words, five pairs and four triples, whatever the number.
    assert set(np.asarray(test.counts[0].sum(axis=1)).ravel().tolist()) == {15}
    assert len(train.labels) == len(train.rows) == len(train.bare) == 180
    assert set(test.bare) <= set(train.bare)
    assert test.bare[2].split()[2:4] == ["0", "in"]


def test_terms_and_weights_are_those_of_the_known_headlines(both: tuple[Headlines, Headlines]) -> None:
    train, test = both
    fall = np.flatnonzero(train.labels == "down")
    here, there = headlines.weighed(train, fall, (test, np.arange(60)))
    assert here.shape[1] == there.shape[1] < sum(part.shape[1] for part in train.counts)
    assert np.asarray(here.sum(axis=0)).ravel().min() > 0
    again, _ = headlines.weighed(train, fall, (test, np.arange(5)))
    assert again.toarray().tolist() == here.toarray().tolist()


@pytest.mark.parametrize(
    ("name", "least"), [(headlines.FREQUENT, 0.5), (headlines.NGRAMS, 1.0), (headlines.FROZEN, 0.75)]
)
def test_baselines_learn_what_they_can_see(both: tuple[Headlines, Headlines], name: str, least: float) -> None:
    train, test = both
    said = headlines.METHODS[name](train, np.arange(180), test)
    assert (said == test.labels).mean() == least


def test_ours_learns_with_two_labels_alone(both: tuple[Headlines, Headlines]) -> None:
    train, test = both
    known = np.flatnonzero(train.labels != "none")
    choice = headlines.chosen(train, known)
    assert choice.accuracy == 1.0
    said = headlines.both(train, known, test, choice)
    assert (said == test.labels)[test.labels != "none"].all()


def test_the_choice_does_not_hang_on_the_test(
    both: tuple[Headlines, Headlines], monkeypatch: pytest.MonkeyPatch
) -> None:
    train, _ = both
    seen: list[Places] = []
    inner = headlines._scores

    def watched(train: Headlines, known: Places, test: Headlines, asked: Places, softs: Sequence[float]) -> object:
        assert test is train
        seen.append(np.concatenate((known, asked)))
        return inner(train, known, test, asked, softs)

    monkeypatch.setattr(headlines, "_scores", watched)
    known = np.arange(0, 180, 2)
    headlines.chosen(train, known)
    assert len(seen) == headlines.FOLDS
    assert all(sorted(each) == known.tolist() for each in seen)  # a part learns, the other is asked, nothing else


def test_the_table_has_published_rows_baselines_and_every_budget(data: Path) -> None:
    found = headlines.measure(data, encode)
    rows = {(row["method"], row["labels"]): row for row in found.rows}
    for budget, runs in ((100, 5), (180, 1)):
        for name in (headlines.FREQUENT, headlines.NGRAMS, headlines.FROZEN, headlines.OURS):
            assert rows[name, budget]["runs"] == runs
    assert rows["gpt-4-turbo", headlines.FEW_SHOT]["accuracy, %"] == "85.58"
    assert rows[headlines.OURS, 180]["accuracy, %"] == "100.00"
    assert (headlines.FRESH, 180) not in rows  # every one is in training but for its number
    assert found.targets[0].met
    assert "8 examples" in found.about


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="frugal_headlines_train"):
        headlines.measure(tmp_path, encode)
