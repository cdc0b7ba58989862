from __future__ import annotations

import gzip
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from classifiers.rank import Read, Scale
from router.bench import rerank
from router.bench.rerank import Looked, RankingTask, chosen, figures, question_and_passage, relevance
from router.bench.results import Interval

WHERE = ["Oslo", "Rome", "Cairo", "Lima", "Perth", "Kyoto", "Quito", "Delhi", "Accra", "Turin", "Bergen", "Lagos"]


def test_figures_of_a_place_are_what_they_are_called() -> None:
    scores = np.array([[9.0, 1, 1, 1], [3, 4, 1, 1], [1, 1, 1, 1]])
    found = figures(scores, np.zeros(3, np.int64))
    assert found["MRR@10"].tolist() == [1, 1 / 2, 1 / 2.5]
    assert found["nDCG@10"].tolist() == pytest.approx([1, 1 / np.log2(3), 1 / np.log2(3.5)])
    assert found["recall@1"].tolist() == [1, 0, 0]
    late = figures(np.arange(20.0)[None, :], np.array([9]))
    assert [late[name][0] for name in rerank.FIGURES] == [0, 0, 0]


def test_a_task_has_each_document_once_and_knows_the_right_one() -> None:
    task = RankingTask.of("x", [("q1", "p"), ("q2", "other"), ("q3", "p"), ("q1", "p")])
    assert (task.queries, task.documents) == (["q1", "q2", "q3"], ["p", "other"])
    assert task.right.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "prompt",
    [
        'I know that the answer to the question "Who?" is in "A page.\n\nOf two.". Can you tell me what it is?',
        "Extract the answer to the question from the following context.\nQuestion: Who?\nContext: A page.\n\nOf two.",
        'Question: "Who?"\n\nContext: "A page.\n\nOf two."\n\nAnswer:',
        "This article: A page.\n\nOf two. contains an answer for the question: Who?, what is it ?",
        "Given the following context:\n\nA page.\n\nOf two.\n\nanswer the following question:\n\nWho?",
    ],
)
def test_question_and_passage_are_taken_out_of_a_wording(prompt: str) -> None:
    assert question_and_passage(prompt) == ("Who?", "A page.\n\nOf two.")


def test_a_wording_that_is_not_known_is_left_out() -> None:
    assert question_and_passage("Who was it? Please say.") is None


def test_the_scale_is_what_the_development_tasks_ask_for() -> None:
    task = RankingTask.of("x", [(f"q{place}", f"p{place}") for place in range(12)])
    reads = [Read(("w",), {place: 1}, 1, cut=False) for place in range(12)]
    meaning = 0.1 * np.random.default_rng(0).random((12, 12))  # says nothing: the words tell it all
    rows = np.zeros((12, 384), np.float32)
    scale, told = chosen([Looked(task, reads, reads, rows, rows, meaning, np.eye(12) * 0.8)])
    assert scale.words > 0
    assert told["0"]["mean"] < told[f"{scale.words:g}"]["mean"] == 1
    low, high = relevance(np.array([0.05, scale.words]), scale)
    assert low < 0.2
    assert high > 0.8


def write(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    with gzip.open(folder / f"{name}.jsonl.gz", "wt") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def test_every_method_stands_in_the_table_of_every_task(tmp_path: Path) -> None:
    def prompt(source: str, place: str) -> dict[str, object]:
        text = f"Question: What lies in {place}?\nContext: A harbour lies in {place}."
        return {"text": text, "source": f"a/b#{source}", "task": "reading_comprehension", "commercial": "ok"}

    both = [prompt(source, place) for source in ("adversarial_qa", "quoref") for place in WHERE]
    for name in ("prompts_task_type", "prompts_task_type_permissive_extra"):
        write(tmp_path, name, both)
    texts = [f"A harbour lies in {place}.\n\nQuestion: What lies in {place}?" for place in WHERE]
    write(
        tmp_path,
        "llm_tasks",
        [{"input": each, "source": name} for name in ("xquad_en", "drop_contrast") for each in texts],
    )
    pairs = [{"a": f"It rains in {place}.", "b": f"Rain falls in {place}.", "score": 5.0} for place in WHERE]
    write(
        tmp_path, "sts", [pair | {"source": "stsb", "split": split} for split in ("train", "valid") for pair in pairs]
    )
    result = rerank.measure(tmp_path)
    assert [row["task"] for row in result.rows[::6]] == ["XQuAD", "DROP", "STS-B"]
    for row in result.rows:
        for name in rerank.FIGURES:
            cell = row[name]
            assert isinstance(cell, Interval)
            assert row["method"] == "random" or cell.value == 1
    assert result.details["shipped"].keys() == result.details["development"]["would choose"].keys()


def test_what_ships_is_what_the_kept_result_says_was_chosen() -> None:
    kept = json.loads((Path(__file__).parents[1] / "bench/results/rerank.json").read_text())["details"]
    assert kept["development"]["would choose"] == kept["shipped"] == asdict(Scale())


def test_missing_data_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="--data FOLDER"):
        rerank.measure(tmp_path / "nowhere")
