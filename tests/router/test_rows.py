"""Rows of users: every form that is taken, and every bad row by its line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from policies.located import ConfigError
from router.commands.rows import Rows, read_rows


def read(path: Path, text: str) -> Rows:
    path.write_text(text, encoding="utf-8")
    return read_rows(path, lambda _: "en")


def test_csv_tsv_and_json_lines_say_the_same(tmp_path: Path) -> None:
    texts = {
        "a.csv": 'Text,Label,more\n"one, two",x,1\n\n"two\nlines",y,2\n',
        "a.tsv": 'text\tlabel\none, two\tx\n"two\nlines"\ty\n',
        "a.jsonl": '{"text": "one, two", "label": "x"}\n\n{"text": "two\\nlines", "label": "y"}\n',
    }
    for name, text in texts.items():
        rows = read(tmp_path / name, text)
        assert [(row.text, row.label) for row in rows.rows] == [("one, two", "x"), ("two\nlines", "y")]
        assert not rows.bad
        assert rows.rows[0].line == (1 if name == "a.jsonl" else 2)
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress(texts["a.csv"].encode()))
    assert read_rows(packed, lambda _: "en").counts == {"x": 1, "y": 1}
    assert len(read(tmp_path / "bom.csv", "\ufefftext,label\na,b\n").rows) == 1


def test_messages_give_the_newest_text_of_a_user(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "old"}, {"role": "assistant", "content": "hm"}]
    messages += [{"role": "user", "content": [{"type": "text", "text": "new"}]}]  # type: ignore[dict-item]
    line = json.dumps({"messages": messages, "label": True})
    rows = read(tmp_path / "a.jsonl", line).rows
    assert [(row.text, row.label) for row in rows] == [("new", "true")]
    cell = json.dumps(messages).replace('"', '""')
    assert read(tmp_path / "a.csv", f'messages,label\n"{cell}",x\n').rows[0].text == "new"


def test_every_bad_row_is_told_with_its_line(tmp_path: Path) -> None:
    lines = [
        '{"text": "fine", "label": "x"}',
        '{"text": "no label"}',
        '{"text": " ", "label": "x"}',
        '{"label": "x"}',
        "not json",
        "[1]",
        '{"text": 7, "label": "x"}',
        '{"text": "odd label", "label": 1.5}',
        '{"text": "long label", "label": "' + "l" * 300 + '"}',
        '{"messages": [{"role": "system", "content": "s"}], "label": "x"}',
        '{"a": "one", "b": "two", "label": "x"}',
        '{"text": "another", "label": "x"}',
    ]
    rows = read(tmp_path / "a.jsonl", "\n".join(lines))
    assert [row.line for row in rows.rows] == [1, 12]
    assert [bad.line for bad in rows.bad] == list(range(2, 12))
    listed = rows.listed()
    for said in (
        "line 2: there is no label",
        "line 3: `text` is blank",
        "line 5: not valid JSON",
        "line 11: is a pair",
    ):
        assert said in listed


def test_one_text_with_two_labels_is_bad_and_a_repeated_row_is_counted(tmp_path: Path) -> None:
    rows = read(tmp_path / "a.csv", "text,label\nHello,x\nhello ,y\nbye,x\nBYE,x\n")
    assert [bad.line for bad in rows.bad] == [2, 3]
    assert "'y' in line 3" in rows.bad[0].why
    assert (len(rows.rows), rows.repeated) == (1, 1)


def test_a_cell_too_many_and_a_quote_that_never_ends(tmp_path: Path) -> None:
    rows = read(tmp_path / "a.csv", 'text,label\na,b,c\nd,e\n"f,g\nh,i\n')
    assert [(bad.line, bad.last) for bad in rows.bad] == [(2, False), (4, True)]
    assert [row.text for row in rows.rows] == ["d"]


def test_many_bad_rows_are_cut_in_what_is_printed(tmp_path: Path) -> None:
    rows = read(tmp_path / "a.jsonl", "x\n" * 30)
    assert len(rows.bad) == 30
    assert rows.listed().endswith("… and 10 more")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "", "holds no rows"),
        ("a.csv", "text,lable\na,b\n", "needed are columns `text`"),
        ("a.csv", "text,label,label\na,b,c\n", "column 'label' stands twice"),
        ("a.jsonl", "", "holds no rows"),
    ],
)
def test_a_file_of_no_use_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path / name, text)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rows(tmp_path / "missing.csv", lambda _: "en")
