# ruff: noqa: E501  # a table reads best a case a line
"""`surveyor eval task`: its figures against hand-computed ones, its files, and what it says of bad input."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
import sys
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from policies.signals import TASKS
from policies.store import PolicyStore
from router.cli import main
from router.commands import charts
from router.commands.blocks import as_text
from router.commands.judged import Judged, mistakes, report
from router.commands.labelled import own_labels, read_labelled
from router.commands.options import one_line
from tests.test_cli import SENTIMENT, surveyor

S, T, X = "sentiment", "toxicity", "translation"
EIGHT = [  # line, wanted, said, confidence, look
    (1, S, S, 0.95, "first"),
    (2, S, S, 0.85, "first"),
    (3, S, T, 0.90, "reader"),
    (4, T, T, 0.65, "first"),
    (5, T, S, 0.35, "first"),
    (6, X, X, 0.99, "reader"),
    (7, X, X, 0.99, "second"),
    (8, X, S, 0.75, "first"),
]


def judged(rows: Sequence[tuple[int, str, str, float, str]]) -> list[Judged]:
    return [Judged(line, f"prompt\n{line}", wanted, said, sure, look, "nli") for line, wanted, said, sure, look in rows]


@pytest.fixture(scope="module")
def eight() -> dict[str, Any]:
    return report("eight.jsonl", judged(EIGHT), PolicyStore("2026").current, 2)


@pytest.fixture(scope="module")
def all_labels() -> dict[str, Any]:
    """A prompt of each task type, each taken for the next one half of the time."""
    rows = [(2 * place, task, task, 0.8, "first") for place, task in enumerate(TASKS)]
    rows += [(2 * place + 1, task, TASKS[place - 1], 0.6, "first") for place, task in enumerate(TASKS)]
    return report("all.jsonl", judged(rows), PolicyStore("2026").current, 10)


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def test_figures_are_those_computed_by_hand(eight: dict[str, Any]) -> None:
    assert (eight["n"], eight["mistakes"]) == (8, 3)
    assert eight["accuracy"] == {"share": 0.625, "low": 0.306, "high": 0.863}  # 5 of 8, Wilson
    assert eight["macro_f1"] == pytest.approx((4 / 7 + 2 / 4 + 4 / 5) / 3, abs=1e-4)
    assert eight["ece"] == pytest.approx((0.07 + 0.15 + 0.90 + 0.35 + 0.35 + 0.75) / 8, abs=1e-4)
    assert eight["kind_of_target"]["share"] == 0.875  # a translation to an expert; the others stay local
    assert eight["kind_of_target"]["kinds"] == {S: "local", T: "local", X: "llm"}
    assert eight["looks"] == {
        "first": {"n": 5, "share": 0.625, "accuracy": 0.6},
        "reader": {"n": 2, "share": 0.25, "accuracy": 0.5},
        "second": {"n": 1, "share": 0.125, "accuracy": 1.0},
    }
    assert eight["by_label"][S] == {"n": 3, "said": 4, "precision": 0.5, "recall": 0.6667, "f1": 0.5714}
    assert eight["confusion"] == {S: {S: 2, T: 1}, T: {S: 1, T: 1}, X: {S: 1, X: 2}}
    assert eight["largest_confusions"][0] == {"wanted": S, "said": T, "n": 1}


def test_reliability_is_binned_by_confidence(eight: dict[str, Any]) -> None:
    bins = eight["reliability"]
    assert [each["n"] for each in bins] == [0, 0, 0, 1, 0, 0, 1, 1, 1, 4]
    assert [each["right"] for each in bins] == [0, 0, 0, 0, 0, 0, 1, 0, 1, 3]
    assert (bins[9]["confidence"], bins[9]["share"]) == (0.9575, 0.75)
    assert bins[0]["confidence"] is bins[0]["share"] is None


def test_the_worst_mistakes_are_the_surest(eight: dict[str, Any]) -> None:
    assert [each.line for each in mistakes(judged(EIGHT))] == [3, 8, 5]
    assert [each["line"] for each in eight["worst"]] == [3, 8]
    assert eight["worst"][0] == {
        "line": 3,
        "confidence": 0.9,
        "said": T,
        "wanted": S,
        "runner_up": "nli",
        "look": "reader",
        "text": "prompt 3",
    }


def test_a_label_that_is_only_said_has_no_recall() -> None:
    found = report("x", judged([(1, S, T, 1.0, "first")]), PolicyStore("2026").current, 1)
    assert found["by_label"][T] == {"n": 0, "said": 1, "precision": 0.0, "recall": None, "f1": 0.0}
    assert found["reliability"][9]["n"] == 1  # a confidence of 1 is in the last bin


# ── for people ───────────────────────────────────────────────────────────────────────────────────


def printed(found: dict[str, Any], width: int = 80) -> list[str]:
    sink = io.StringIO()
    Console(file=sink, width=width, highlight=False, emoji=False, color_system=None).print(as_text(found))
    return [line.rstrip() for line in sink.getvalue().splitlines()]


def test_the_terminal_shows_it_all(eight: dict[str, Any]) -> None:
    lines = printed(eight)
    text = "\n".join(lines)
    assert lines[0] == "8 prompts of eight.jsonl, 3 of them wrong"
    assert "0.625 (0.306–0.863)" in text
    matrix = [line.split() for line in lines if line.split()[1:2] in (["sentiment"], ["toxicity"], ["translation"])]
    assert [row[2:] for row in matrix[:3]] == [["2", "1", "·"], ["1", "1", "·"], ["1", "·", "2"]]
    reliable = next(line for line in lines if line.startswith("0.9–1.0") and "0.75" in line)
    assert reliable.endswith("█" * 30 + " " * 8 + "│")  # three quarters of 40, and the mark at 0.9575
    assert any(line.startswith("0.9–1.0") and line.endswith("█" * 29 + "░" * 10) for line in lines)
    assert "0.90  said toxicity, wanted sentiment" in text
    assert "line 3, reader: prompt 3" in text


def test_no_line_is_wider_than_a_terminal(all_labels: dict[str, Any]) -> None:
    long = {**all_labels, "worst": [{**all_labels["worst"][0], "text": "漢字" * 200, "line": 123_456}]}
    lines = printed(long, width=200)
    assert max(len(line) for line in lines) <= 80
    assert all(f"\n{task} " in "\n".join(lines) for task in TASKS)
    assert "Confusion: the largest" in lines
    assert printed(long) == lines  # nothing is wrapped or cut at 80 columns


def test_a_text_cannot_steer_the_terminal() -> None:
    assert one_line("a\n\tb\x1b[31m\u202ec", 20) == "a b\ufffd[31m\ufffdc"
    assert one_line("x" * 30, 10) == "x" * 9 + "…"


def pixels(png: bytes) -> tuple[int, int, int]:
    """Width, height and the number of different bytes of a PNG, its checksums proven."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    place, data = 8, b""
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        body = png[place + 8 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length])[0] == zlib.crc32(kind + body)
        data += body if kind == b"IDAT" else b""
        place += 12 + length
    width, height = struct.unpack(">II", png[16:24])
    return width, height, len(set(zlib.decompress(data)))


def test_pictures_are_pngs_that_grow_with_the_labels(eight: dict[str, Any], all_labels: dict[str, Any]) -> None:
    small, large = charts.pictures(eight), charts.pictures(all_labels)
    assert tuple(small) == charts.NAMES == ("confusion.png", "reliability.png", "confidence.png")
    for png in (*small.values(), *large.values()):
        width, height, shades = pixels(png)
        assert width >= 600
        assert height >= 400
        assert shades > 50
    assert pixels(large["confusion.png"])[0] >= 44 * 25  # at least 25 pixels a label, or its name is not legible
    other = report("x", judged([(1, S, S, 0.5, "first")]), PolicyStore("2026").current, 0)
    assert all(charts.pictures(other)[name] != small[name] for name in charts.NAMES)


def test_no_label_is_cut_off_or_covers_another(all_labels: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(charts, "_png", seen.append)
    charts.confusion(all_labels)
    figure = seen[0]
    figure.canvas.draw()
    axes = figure.axes[0]
    for names in (axes.get_xticklabels(), axes.get_yticklabels()):
        boxes = [name.get_window_extent() for name in names]
        assert len(boxes) == len(TASKS)
        assert all(box.x0 >= 0 and box.y0 >= 0 for box in boxes)
        assert not any(a.overlaps(b) for a, b in pairwise(boxes))


# ── the file ─────────────────────────────────────────────────────────────────────────────────────

ROWS = [("Say it in German: yes", X), ('He said "no",\nand left. Positive or negative?', S)]


def table(separator: str) -> bytes:
    sink = io.StringIO()
    csv.writer(sink, delimiter=separator).writerows([("id", "text", "task"), *(("7", *row) for row in ROWS)])
    return sink.getvalue().encode()


@pytest.mark.parametrize(
    ("name", "data", "lines"),
    [
        ("a.jsonl", "\n\n".join(json.dumps({"text": t, "task": k}) for t, k in ROWS).encode(), [1, 3]),
        ("a.jsonl", "\n".join(json.dumps({"prompt": t, "label": k, "text": None}) for t, k in ROWS).encode(), [1, 2]),
        ("a.json", "\n".join(json.dumps({"messages": [{"role": "user", "content": t}], "task": f" {k} "}) for t, k in ROWS).encode(), [1, 2]),
        ("a.jsonl.gz", gzip.compress("\r\n".join(json.dumps({"text": t, "task": k}) for t, k in ROWS).encode()), [1, 2]),
        ("a.csv", b"\xef\xbb\xbf" + table(","), [2, 3]),
        ("a.v2.CSV.gz", gzip.compress(table(",")), [2, 3]),
        ("a.tsv", table("\t"), [2, 3]),
    ],
)  # fmt: skip
def test_a_file_in_any_form(tmp_path: Path, name: str, data: bytes, lines: list[int]) -> None:
    (tmp_path / name).write_bytes(data)
    found = read_labelled(tmp_path / name, {})
    assert [(each.request.text.replace("\r\n", "\n"), each.task) for each in found] == ROWS
    assert [each.line for each in found] == lines


def test_a_whole_request_is_taken_as_it_is(tmp_path: Path) -> None:
    messages = [{"role": "system", "content": "Translate."}, {"role": "user", "content": "yes"}]
    tools = [{"type": "function", "function": {"name": "weather"}}]
    (tmp_path / "a.jsonl").write_text(json.dumps({"messages": messages, "tools": tools, "task": X}))
    request = read_labelled(tmp_path / "a.jsonl", {})[0].request
    assert (request.system, request.text, request.body["tools"]) == ("Translate.", "yes", tools)


def test_own_labels_are_mapped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\nhello,billing\nhello,a=b\nhello,sentiment\n")
    own = own_labels(["billing=intent_classification", "a=b=chitchat"])
    assert [each.task for each in read_labelled(tmp_path / "a.csv", own)] == ["intent_classification", "chitchat", S]


WRONG: list[tuple[str, str, bytes, int | None, str]] = [
    ("empty", "a.jsonl", b"", None, 'a line looks like {"text": "Is this review'),
    ("empty CSV", "a.csv", b"\n", None, "the first line is `text,task`"),
    ("only a heading", "a.tsv", b"text\ttask\n", None, "text<tab>task"),
    ("misspelt label", "a.jsonl", b'{"text": "x", "task": "sentiment"}\n\n{"text": "x", "task": "sentimant"}', 3, "did you mean 'sentiment'? Valid names: sentiment, topic_classification"),
    ("own label", "a.csv", b'text,label\n"two\nlines",nli\nx,billing', 4, "--map 'billing=NAME'"),
    ("no label", "a.jsonl", b'{"text": "x"}', 1, "has no 'task' or 'label'"),
    ("empty label", "a.csv", b"text,task\nx,", 2, "there is no label. Valid names"),
    ("label a number", "a.jsonl", b'{"text": "x", "task": 3}', 1, "'task' must be the name of a task type, but is 3"),
    ("no text", "a.jsonl", b'{"task": "nli"}', 1, "has no 'text' or 'prompt' or 'messages'"),
    ("empty text", "a.jsonl", b'{"text": "", "task": "nli"}', 1, "there is no text in 'text'"),
    ("blank text", "a.csv", b"text,task\n  ,nli", 2, "there is no text in 'text'"),
    ("text a number", "a.jsonl", b'{"text": 7, "task": "nli"}', 1, "'text' must be a text, but is 7"),
    ("messages a text", "a.jsonl", b'{"messages": "hi", "task": "nli"}', 1, "'messages' is not valid JSON"),
    ("odd messages", "a.jsonl", b'{"messages": [{"role": "boss", "content": "x"}], "task": "nli"}', 1, "'messages[0].role' must be one of"),
    ("nobody's message", "a.jsonl", b'{"messages": [{"role": "system", "content": "x"}], "task": "nli"}', 1, "none of the messages is of role 'user'"),
    ("deep", "a.jsonl", b'{"messages": [{"role": "user", "content": "x", "y": ' + b"[" * 500 + b"]" * 500 + b'}], "task": "nli"}', 1, "'messages' cannot be sent"),
    ("not JSON", "a.txt", b"Is this good or bad? Bad.\n", 1, "not valid JSON"),
    ("a list", "a.json", b'[{"text": "x", "task": "nli"}]', 1, "must be a JSON object, one a line"),
    ("cut off", "a.jsonl", b'{"text": "x", "task": "nli"}\n{"text": "x", "ta', 2, "not valid JSON"),
    ("not UTF-8", "a.csv", b"text,task\n\xe9t\xe9,nli", 2, "is not UTF-8 (byte 0xe9)"),
    ("binary", "a.jsonl", b"PK\x03\x04\x00", 1, "NUL byte"),
    ("gzip cut off", "a.jsonl.gz", gzip.compress(b'{"text": "x", "task": "nli"}' * 99)[:-20], None, "is no whole gzip file"),
    ("no heading", "a.csv", b"hello,nli\n", 1, "the columns are 'hello', 'nli', but 'text'"),
    ("semicolons", "a.csv", b"text;task\nx;nli\n", 1, "the columns are 'text;task', but 'text'"),
    ("columns twice", "a.csv", b"text,task,task\nx,nli,nli\n", 1, "column 'task' stands twice"),
    ("a comma too many", "a.csv", b"text,task\nx,nli\n\nwell, yes,nli\n", 4, "has 3 columns, and the first line 2"),
    ("open quote", "a.csv", b'text,task\nx,nli\n"well,nli\n', 3, "not valid CSV"),
    ("a quote within", "a.tsv", b'text\ttask\n"Well" he said\tnli\n', 2, "not valid TSV"),
]  # fmt: skip


def ran(*arguments: str, monkeypatch: pytest.MonkeyPatch, cwd: Path) -> object:
    """The exit code of a command."""
    monkeypatch.chdir(cwd)
    monkeypatch.setattr(sys, "argv", ["surveyor", "eval", "task", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.parametrize(
    ("name", "data", "line", "said"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_wrong_input_is_one_line_that_says_where_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    name: str, data: bytes, line: int | None, said: str,
) -> None:  # fmt: skip
    (tmp_path / name).write_bytes(data)
    assert ran(name, monkeypatch=monkeypatch, cwd=tmp_path) == 2
    told = capfd.readouterr()
    assert told.err.startswith(f"{name}:{line}: " if line else f"{name}: ")
    assert said in told.err
    assert (told.err.count("\n"), told.out) == (1, "")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.jsonl"], "nothing.jsonl: cannot be read: No such file"),
        (["."], ".: cannot be read: Is a directory"),
        (["good.jsonl", "--map", "billing"], "--map billing: write OWN=TASK"),
        (["good.jsonl", "--map", "billing=intents"], "did you mean 'intent_classification'?"),
        (["good.jsonl", "--map", "a=nli", "--map", "a=ner"], "'a' is mapped to nli already"),
        (["good.jsonl", "--out", "good.jsonl"], "name another one: --out FOLDER"),
        (["good.jsonl", "--worst", "-1"], "--worst"),
        (["good.jsonl", "--config", "no.yaml"], "no.yaml"),
    ],
)
def test_wrong_options_are_refused_before_any_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    (tmp_path / "good.jsonl").write_text('{"text": "x", "task": "nli"}\n')
    assert ran(*arguments, monkeypatch=monkeypatch, cwd=tmp_path) == 2
    assert said in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["good.jsonl"]


# ── the command ──────────────────────────────────────────────────────────────────────────────────

FOUR = [
    (SENTIMENT, "feeling"),
    ("Translate this sentence into German: The train to the airport leaves at nine.", X),
    ("Write a Python function that reverses a list.", "code_generation"),
    (f"{SENTIMENT} Again.", T),  # labelled wrongly, so that there is a mistake
]


@pytest.fixture
def four(tmp_path: Path) -> Path:
    (tmp_path / "four.jsonl").write_text("".join(json.dumps({"text": t, "task": k}) + "\n" for t, k in FOUR))
    return tmp_path


def test_json_is_the_report_and_all_files_are_there(four: Path) -> None:
    done = surveyor("eval", "task", "four.jsonl", "--map", "feeling=sentiment", "--json", "--out", "a/b", cwd=four)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found == json.loads((four / "a/b/report.json").read_text())
    assert (found["file"], found["n"], found["mistakes"]) == ("four.jsonl", 4, 1)
    assert found["accuracy"]["share"] == 0.75
    assert found["confusion"][T] == {S: 1}
    assert found["looks"]["reader"]["n"] == 2
    wrong = [json.loads(line) for line in (four / "a/b/mistakes.jsonl").read_text().splitlines()]
    assert [(each["line"], each["said"], each["wanted"], each["text"]) for each in wrong] == [(4, S, T, FOUR[3][0])]
    pictures = {path.name for path in (four / "a/b").iterdir()} - {"report.json", "mistakes.jsonl"}
    assert pictures == set(charts.NAMES)
    assert all(pixels((four / "a/b" / name).read_bytes())[2] > 50 for name in pictures)


def test_without_matplotlib_all_is_told_but_the_pictures(four: Path) -> None:
    (four / "matplotlib.py").write_text("raise ModuleNotFoundError('none here', name='matplotlib')\n")
    (four / "eval-task").mkdir()
    (four / "eval-task/confusion.png").write_bytes(b"of an earlier run")
    done = surveyor("eval", "task", "four.jsonl", "--map", "feeling=sentiment", "--worst", "0", cwd=four)
    assert done.returncode == 0
    assert "pip install 'surveyor-router[eval]'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout.startswith("4 prompts of four.jsonl, 1 of them wrong\n")
    assert "worst" not in done.stdout
    assert "In eval-task: report.json, mistakes.jsonl" in done.stdout
    assert {path.name for path in (four / "eval-task").iterdir()} == {"report.json", "mistakes.jsonl"}
