"""Students and their gates on made-up queries: what is asked, learned and counted."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from router.bench import ocats
from router.bench.students import Learn, Places, Said, Scene, Taught, neighbours, plain, process, words

INTENTS = {"0": "lost_card", "1": "exchange_rate", "2": "top_up"}
WORDS = {
    "0": ["lost", "stolen", "missing", "gone"],
    "1": ["rate", "currency", "euros", "exchange"],
    "2": ["top", "balance", "add", "money"],
}


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of words: texts that share words are near."""

    def vector(word: str) -> NDArray[np.float64]:
        return np.random.default_rng(sum(map(ord, word))).normal(size=400)

    rows = np.array([sum((vector(word) for word in text.split()), np.zeros(400)) for text in texts])
    return np.asarray(rows / np.linalg.norm(rows[:, :384], axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine texts to begin with, 60 and 240 queries; the teacher errs in every fifth."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "routing").mkdir()
    random = np.random.default_rng(0)
    for name, count in (("seed", 9), ("dev", 60), ("test", 240)):
        rows = []
        for number in range(count):
            label = str(number % 3)
            text = f"my {' '.join(random.choice(WORDS[label], 2))} {number}"
            said = str(random.integers(3)) if random.random() < 0.3 else label
            more = {"label_name": INTENTS[label]} if name == "seed" else {"gpt-label": said}
            rows.append({"text": text, "label": label} | more)
        with gzip.open(folder / "routing" / f"ocats_banking77_{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


@pytest.fixture(scope="module")
def test(data: Path) -> Scene:
    return Scene.of(data, ocats.TEST, encode)


def doubting(doubts: Sequence[float], seen: list[list[int]]) -> Learn:
    """Says intent 0 with these doubts, by query; notes what it was given to learn."""

    def learn(scene: Scene, known: Places) -> Taught:
        seen.append(known.tolist())
        first = int(scene.queries[0])
        return lambda asked: Said(np.zeros(len(asked), np.int64), np.array(doubts)[asked - first][:, None])

    return learn


def test_a_scene_is_the_seed_the_names_and_the_queries(test: Scene) -> None:
    assert [int((test.source == name).sum()) for name in ("seed", "name", "teacher")] == [9, 3, 240]
    assert (test.intents, len(test.gold), test.rows.shape) == (3, 240, (252, 384))
    assert test.learned[9:12].tolist() == [0, 1, 2]
    bare = test.without_names()
    assert bare.rows.tolist() == np.delete(test.rows, range(9, 12), axis=0).tolist()
    assert (bare.pieces.shape[0], len(bare.learned), len(bare.queries)) == (249, 249, 240)


def test_the_gate_asks_stores_and_learns_anew_every_so_many_calls(test: Scene) -> None:
    doubts = [0.9 if place % 2 else 0.1 for place in range(240)]
    seen: list[list[int]] = []
    student = ocats.Student(doubting(doubts, seen), ((0.5,),), every=40)
    run = ocats.stream(test, student, (0.5,), np.arange(240))
    assert run.called.tolist() == [place % 2 == 1 for place in range(240)]
    assert [len(known) for known in seen] == [12, 52, 92]
    first = int(test.queries[0])
    assert seen[1][12:] == [first + place for place in range(1, 80, 2)]  # the calls of the first 80, in their order
    said = np.where(run.called, test.learned[test.queries], 0)
    assert run.right.tolist() == (said == test.gold).tolist()
    assert run.calls == 0.5


def test_learning_after_each_call_reads_a_few_ahead_and_says_the_same(test: Scene) -> None:
    doubts = [0.9 if place % 3 == 0 else 0.1 for place in range(240)]
    seen: list[list[int]] = []
    often = ocats.Student(doubting(doubts, seen), ((0.5,),), every=1, ahead=8)
    run = ocats.stream(test, often, (0.5,), np.arange(240)[::-1])
    assert run.called.tolist() == [place % 3 == 0 for place in range(240)]
    assert max(np.diff([len(known) for known in seen])) == 1


def test_no_more_than_the_cap_is_asked(test: Scene) -> None:
    student = ocats.Student(doubting([0.9] * 240, []), ((0.5,),), every=10)
    run = ocats.stream(test, student, (0.5,), np.arange(240), cap=0.23)
    assert run.called.tolist() == [True] * 55 + [False] * 185
    assert not ocats.stream(test, student, ocats.NEVER, np.arange(240)).called.any()


@pytest.mark.parametrize("learn", [plain, words, process, lambda scene, known: neighbours(scene, known, 3)])
def test_every_student_learns_and_is_less_sure_of_what_it_never_saw(test: Scene, learn: Learn) -> None:
    known = np.concatenate((test.start, test.queries[:60]))
    said = learn(test, known)(test.queries[60:])
    assert (said.intents == test.gold[60:]).mean() > 0.8
    assert said.doubts.shape[0] == 180
    strange = replace(test, rows=test.rows.copy(), pieces=test.pieces.copy())
    strange.rows[-1] = encode(["weather"])[0, :384]
    strange.pieces.data[strange.pieces.indptr[-2] :] = 0.0
    other = learn(strange, known)(test.queries[60:])
    assert other.doubts[-1].max() > np.median(said.doubts.max(axis=1))


def test_gold_labels_of_queries_are_never_learned_from(test: Scene) -> None:
    student = ocats.Student(process, (ocats.GRID,), every=20)
    run = ocats.stream(test, student, (0.5,), np.arange(240))
    other = ocats.stream(replace(test, gold=(test.gold + 1) % 3), student, (0.5,), np.arange(240))
    assert other.called.tolist() == run.called.tolist()
    assert not (other.right & run.right).any()


def test_a_label_of_the_teacher_counts_less_than_one_of_people(test: Scene) -> None:
    asked, same = test.queries[100:101], test.queries[:2]
    twin = replace(test, rows=test.rows.copy(), learned=test.learned.copy(), source=test.source.copy())
    twin.rows[same] = test.rows[asked]
    twin.learned[same] = (1, 2)
    twin.source[same[1]] = "seed"
    assert process(twin, same)(asked).intents.tolist() == [2]


def test_the_table_has_every_method_in_every_track(data: Path) -> None:
    found = ocats.measure(data, encode)
    rows = {(row["track"], row["method"]): row for row in found.rows}
    methods = (ocats.THEIRS, ocats.WORDS, ocats.PLAIN, ocats.NAMELESS, ocats.OURS)
    assert set(rows) == {(track, name) for track in ocats.tracks() for name in methods} | {
        (f"lambda {each}", ocats.TEACHER) for each in ocats.LAMBDAS
    }
    teacher, ours = rows["lambda 0.1", ocats.TEACHER], rows[ocats.CAPPED, ocats.OURS]
    assert (teacher["calls, %"], teacher["runs"], ours["runs"]) == ("100.00", 1, 5)
    assert float(str(teacher["phi"])) == pytest.approx(float(str(teacher["accuracy, %"])) / 100 - 0.1, abs=1e-4)
    assert rows[ocats.UNASKED, ocats.OURS]["calls, %"] == "0.00"
    assert [target.met for target in found.targets] == [True, True]
    assert (
        max(calls for _, calls in found.details["each run, accuracy and share of calls"][ocats.OURS][ocats.CAPPED])
        <= 0.23
    )


def test_thresholds_do_not_hang_on_the_queries_that_are_measured(data: Path) -> None:
    dev = Scene.of(data, ocats.DEV, encode)
    student = ocats.students(dev)[ocats.OURS]
    found = ocats.chosen(dev, student)
    assert list(found) == list(ocats.tracks())
    # The dearer a call, the more doubt is borne.
    assert [found[f"lambda {each}"] for each in ocats.LAMBDAS] == sorted(found[f"lambda {x}"] for x in ocats.LAMBDAS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="ocats_banking77_seed"):
        ocats.measure(tmp_path, encode)
