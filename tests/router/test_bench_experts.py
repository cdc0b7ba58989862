"""The experts beside simpler methods, on made-up texts; and figures with their intervals."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from classifiers.embed import StaticEmbedder
from classifiers.shipped import FOLDER, Shipped
from classifiers.train.lessons import Example, Lesson, Tagged
from classifiers.train.measure import scored
from router.bench import baselines, experts
from router.bench.baselines import FROZEN, MAJORITY, STATIC, TFIDF, Shelf, drawn
from router.bench.experts import LESS, OURS, Asked, Judged, Line
from router.bench.ratios import difference, estimate
from router.bench.results import Interval

NAMES = {"accuracy": "accuracy", "macro-F1": "macro_f1", "macro-recall": "macro_recall", "F1": "f1_of_last"}
GOOD, BAD = ("lovely", "superb", "charming", "delightful"), ("awful", "dreadful", "boring", "terrible")


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return Shipped.load()


@pytest.fixture
def shelf(shipped: Shipped) -> Shelf:
    return Shelf(StaticEmbedder.load(FOLDER / "static"), shipped.encoder.sentences)


def films(part: str, n: int) -> list[Example]:
    texts = [(f"A {(GOOD, BAD)[place % 2][place // 2 % 4]} film, number {place}.", place % 2) for place in range(n)]
    return [Example(text, ("positive", "negative")[bad], "sst2", part) for text, bad in texts]


def pairs(part: str, n: int) -> list[Example]:
    return [
        Example(
            f"A dog runs {place}.", f"{place % 2}.0", "stsb", part, other=("Taxes rise.", f"A dog {place}.")[place % 2]
        )
        for place in range(n)
    ]


@pytest.mark.parametrize("metric", NAMES)
def test_figures_are_those_of_the_cards_and_lie_in_their_intervals(metric: str) -> None:
    random = np.random.default_rng(0)
    truth = random.choice(["a", "b", "c"], 200, p=[0.6, 0.3, 0.1]).tolist()
    said = [label if lucky else "a" for label, lucky in zip(truth, random.random(200) < 0.7, strict=True)]
    found = estimate(metric, truth, said, 0)
    assert found.value == pytest.approx(scored(truth, said)[NAMES[metric]], abs=1e-4)
    assert found.low < found.value < found.high
    assert found == estimate(metric, truth, said, 0)


def test_scores_and_spans_have_figures_too() -> None:
    truth, said = [0.1, 0.5, 0.9, 0.3], [0.2, 0.4, 0.8, 0.3]
    assert estimate("Pearson", truth, said, 0).value == pytest.approx(scored(truth, said)["pearson"], abs=1e-4)
    spans = [[("PER", 0, 1)], [], [("LOC", 2, 3), ("PER", 4, 5)]]
    told: list[list[tuple[str, int, int]]] = [[("PER", 0, 1)], [("LOC", 0, 1)], [("LOC", 2, 3)]]
    assert estimate("span F1", spans, told, 0).value == pytest.approx(4 / 6)
    assert estimate("span F1", [[], []], [[], []], 0) == (0.0, 0.0, 0.0)


def test_a_label_that_a_draw_lacks_counts_in_none() -> None:
    found = estimate("macro-F1", ["a"] * 9 + ["b"], ["a"] * 9 + ["b"], 0)
    assert found == (1.0, 1.0, 1.0)


def test_differences_are_drawn_in_pairs() -> None:
    truth, ours = ["a", "b"] * 50, ["a", "b"] * 45 + ["b", "a"] * 5
    assert difference("accuracy", truth, ours, ours, 0) == (0.0, 0.0, 0.0)
    found = difference("accuracy", truth, truth, ours, 0)
    assert found.value == pytest.approx(0.1)
    assert found.low > 0


@pytest.mark.parametrize(("metric", "truth"), [("accuracy", []), ("no such", ["a"])])
def test_nothing_and_unknown_metrics_are_refused(metric: str, truth: Sequence[str]) -> None:
    with pytest.raises(ValueError, match=r"figure needs samples|no such metric"):
        estimate(metric, truth, truth, 0)


def test_a_draw_is_fixed_and_no_larger_than_asked() -> None:
    assert drawn([1, 2], 3) == [1, 2]
    found = drawn(list(range(100)), 10)
    assert found == drawn(list(range(100)), 10) == sorted(set(found))
    assert len(found) == 10


def test_every_method_learns_labels_of_texts(shelf: Shelf) -> None:
    test = films("test", 12)
    said = baselines.of_examples("label", films("train", 64), test, shelf)
    assert list(said) == list(baselines.METHODS)
    truth = [each.label for each in test]
    assert set(said[MAJORITY]) == {"negative"}  # as many of both: the first by name
    assert said[TFIDF] == said[STATIC] == said[FROZEN] == truth


def test_pairs_and_scores_are_told_from_both_texts(shelf: Shelf) -> None:
    test = pairs("test", 12)
    truth = [float(each.label) for each in test]
    alike = baselines.of_examples("score", pairs("train", 40), test, shelf)
    assert set(alike) == {TFIDF, STATIC, FROZEN}
    assert all(estimate("Pearson", truth, said, 0).value > 0.9 for said in alike.values())
    labels = baselines.of_examples("pair", pairs("train", 40), test, shelf)
    assert labels[TFIDF] == labels[STATIC] == labels[FROZEN] == [each.label for each in test]


def test_entities_are_told_from_words_and_from_the_frozen_lower_layers(shipped: Shipped) -> None:
    names = ("Anna", "Berta", "Clara", "Dora")
    tagged = [
        Tagged(("then", names[place % 4], "slept", "well"), ("O", "B-PER", "O", "O"), "wikigold", "train")
        for place in range(32)
    ]
    said = baselines.of_tagged(tagged, tagged[:4], shipped.encoder)
    assert said == {MAJORITY: [[]] * 4, TFIDF: [[("PER", 1, 2)]] * 4, FROZEN: [[("PER", 1, 2)]] * 4}


def test_a_shipped_head_is_judged_beside_the_others(shipped: Shipped, shelf: Shelf) -> None:
    lesson = Lesson(
        "sentiment", "label", ("negative", "neutral", "positive"), 1, (*films("train", 64), *films("test", 12))
    )
    line = Line("films", "accuracy", 0.9, ("sst2",))
    asked = Asked("sentiment", 0, (line,))
    judged = experts.judge(asked, shipped.experts["sentiment"], {"sentiment": lesson}, shipped.encoder, shelf)
    row, others = experts.row_of(line, judged)
    assert row["n"] == 12
    ours = row[OURS]
    assert isinstance(ours, Interval)
    assert ours.value == 1.0
    assert row[TFIDF] == others[TFIDF].value
    assert isinstance(row[LESS], Interval)
    assert {"served", "ECE"} <= row.keys()


def test_a_set_that_may_not_ship_has_a_head_of_its_own(shipped: Shipped, shelf: Shelf) -> None:
    lesson = Lesson("SICK-R", "score", ("score",), 1, (*pairs("train", 40), *pairs("test", 12)))
    row, _ = experts.row_of(experts.BARRED["SICK-R"], experts.judge_barred(lesson, shipped.encoder, shelf))
    ours = row[OURS]
    assert isinstance(ours, Interval)
    assert ours.value > 0.9
    assert "served" not in row


def test_a_line_takes_its_own_sources_and_a_closed_gate_has_no_error() -> None:
    gate = (np.array([0.9, 0.6, 0.7]), np.array([False, True, False]), np.array([False, False, False]))
    judged = Judged(["a", "b", "a"], ["a", "a", "a"], {MAJORITY: ["a"] * 3}, ["x", "y", "x"], 10, *gate)
    assert judged.where(()) is judged
    row, _ = experts.row_of(Line("x alone", "accuracy"), judged.where(("x",)))
    assert (row["n"], row[MAJORITY]) == (2, 1.0)
    assert row["error of served"] is None


def test_targets_and_fine_tuned_sets(tmp_path: Path) -> None:
    assert experts.tuned(tmp_path / "none.json") == []
    found = [{"set": "SICK", "metric": "accuracy", "value": 0.85, "n": 488, "low": 0.82, "high": 0.88, "how": "so"}]
    (tmp_path / "barred.json").write_text(json.dumps(found))
    rows = experts.tuned(tmp_path / "barred.json")
    assert rows[0][OURS] == Interval(0.85, 0.82, 0.88)
    assert [(each.what, each.met) for each in experts.targets(rows)] == [
        ("SICK, fine-tuned, benchmark only: accuracy", True)
    ]


def test_every_line_is_of_a_head_that_ships(shipped: Shipped) -> None:
    for asked in experts.ASKED:
        assert asked.place < len(shipped.experts[asked.expert].heads)
        assert all(set(line.sources) <= set(asked.lines[0].sources) for line in asked.lines)
    assert {asked.expert for asked in experts.ASKED} == shipped.experts.keys()


def test_missing_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="sst2"):
        experts.measure(tmp_path)
