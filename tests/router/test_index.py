"""The retrieval index: what is read and cut, what is found, and what a file may not do."""

from __future__ import annotations

import base64
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
import pytest
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

from classifiers.embed import StaticEmbedder
from classifiers.shipped import FOLDER
from policies.located import ConfigError
from router.app import create_app
from router.cli import app
from router.commands import index as indexing
from router.index import FILE, NOT_LOOKED_UP, Index
from router.passages import MOST, Passage, read_folder, size, split
from router.settings import IndexSettings, Settings
from router.types import Facts, Task

PASSAGES = (
    Passage("pump.md", "Pump › Cleaning", "Rinse the filter of the pump with warm water once a month."),
    Passage("lamp.md", "Lamp", "The lamp blinks twice when its battery has to be charged."),
    Passage("door.txt", "", "The door code of the Glinzer house is given out by the caretaker.", private=True),
)


@pytest.fixture(scope="module")
def embedder() -> StaticEmbedder:
    return StaticEmbedder.load(FOLDER / "static")


@pytest.fixture(scope="module")
def index(embedder: StaticEmbedder) -> Index:
    return Index.build(PASSAGES, embedder)


# ── passages ─────────────────────────────────────────────────────────────────────────────────────

SENTENCE = "The pump has a filter that wants to be rinsed with warm water once in every month of use. "


def test_a_page_is_cut_at_headings_and_each_passage_knows_its_own() -> None:
    page = (
        f"---\ntitle: x\n---\n# Pump\n\n![picture](a.png)\n\n## Cleaning\n\n{SENTENCE * 4}\n\n## Oil\n\n{SENTENCE * 5}"
    )
    first, second = split(page, "pump.md")
    assert (first.heading, second.heading) == ("Pump › Cleaning", "Pump › Oil")
    assert first.text.startswith("# Pump\n\n## Cleaning\n\nThe pump")
    assert "title" not in first.text
    assert "picture" not in first.text


def test_small_sections_stay_together_and_large_ones_are_cut_with_a_sentence_said_again() -> None:
    small = "".join(f"## Part {number}\n\nA short word on part {number}.\n\n" for number in range(5))
    assert len(split(small, "a.md")) == 1
    numbered = " ".join(f"Sentence number {number} says a little more of it all." for number in range(60))
    pieces = split(f"# All\n\n{numbered}", "a.md")
    assert len(pieces) > 2
    assert all(40 <= size(piece.text) <= MOST for piece in pieces)
    for before, after in pairwise(pieces):
        assert after.text.startswith(before.text.split(". ")[-1].split(".")[0])
        assert after.heading == "All"


def test_code_and_lists_are_no_headings_and_nothing_is_lost() -> None:
    page = "Title\n=====\n\n1. First do this.\n2. Then that.\n\n```sh\n# a remark, no heading\nmake\n\nmake test\n```\n"
    (passage,) = split(page, "a.md")
    assert passage.heading == "Title"
    assert "1. First do this.\n2. Then that." in passage.text
    assert "```sh\n# a remark, no heading\nmake\n\nmake test\n```" in passage.text
    (plain,) = split("# not a heading\n\nText.", "a.txt")
    assert plain.heading == ""
    assert all(size(piece.text) <= MOST for piece in split("x" * 9_000, "a.md"))


def test_a_folder_is_read_and_what_was_not_is_said(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/x.md").write_text("hidden")
    (tmp_path / "deep/a.md").write_text("# A\n\nSomething.\r\nMore.")
    (tmp_path / "deep/twin.md").write_text("# A\n\nSomething.\nMore.")
    (tmp_path / "b.txt").write_text("\ufeffPlain.")
    (tmp_path / "c.txt").write_bytes("café".encode("latin-1"))
    (tmp_path / "d.md").write_text(" \n")
    (tmp_path / "e.pdf").write_bytes(b"%PDF")
    reading = read_folder(tmp_path)
    assert [(passage.source, passage.text) for passage in reading.passages] == [
        ("b.txt", "Plain."),
        ("deep/a.md", "# A\n\nSomething.\nMore."),
    ]
    assert reading.files == 3
    assert reading.skipped == (
        "c.txt: not UTF-8, or not readable",
        "d.md: empty",
        "e.pdf: neither Markdown nor plain text",
    )


# ── looking up ───────────────────────────────────────────────────────────────────────────────────


def test_a_question_finds_its_passage_by_meaning_and_by_words(index: Index) -> None:
    found = index.look_up("How often must the pump be cleaned?")
    assert found.passages[0] is PASSAGES[0]
    assert found.named[0] == ("pump.md › Pump › Cleaning", PASSAGES[0].text)
    assert PASSAGES[2].named == "door.txt"
    assert found.likeness is not None
    assert 0.3 < found.likeness <= 1
    assert index.look_up("Who knows the code at Glinzer?").passages[0] is PASSAGES[2]  # a name that no vector knows
    assert len(index.look_up("pump", most=2).passages) == 2


def test_a_word_deep_in_a_page_is_found_though_the_page_is_on_something_else(embedder: StaticEmbedder) -> None:
    garden = "The garden lies behind the house and is watered every evening. Roses grow along the wall. " * 4
    others = ("Perfume smells of lemon", "A number is a count", "Five hundred and two", "The year was long ago")
    pages = [Passage("a.md", "", f"{garden}Its gate answers to 4711. {garden}")]
    index = Index.build([*pages, *(Passage("b.md", "", text) for text in others)], embedder)
    assert (index.vectors @ embedder.look("4711?").vector)[0] < 0.2  # by meaning alone it is lost
    assert index.look_up("4711?").passages[0] is pages[0]


def test_private_passages_are_not_found_where_they_must_stay(index: Index) -> None:
    found = replace(index, private=False).look_up("Who knows the code at Glinzer?")
    assert PASSAGES[2] not in found.passages
    assert len(found.passages) == 2


def test_only_questions_of_knowledge_without_a_passage_are_looked_up(index: Index) -> None:
    question, knowledge = "How often must the pump be cleaned?", Task("closed_book_qa", 0.9)
    assert index.look_up_for(question, knowledge, Facts()).passages
    assert index.look_up_for(question, knowledge, Facts(context="sufficient")) is NOT_LOOKED_UP
    assert index.look_up_for(question, Task("translation", 0.9), Facts()) is NOT_LOOKED_UP
    assert index.look_up_for("", knowledge, Facts()) is NOT_LOOKED_UP


@pytest.mark.parametrize("odd", ["?", "…", "ܫܠܡܐ", "the of and", "\ud800", "zzzzqqqq" * 400])
def test_any_question_may_be_asked(index: Index, odd: str) -> None:
    found = index.look_up(odd)
    assert found.likeness is None or -1.001 <= found.likeness <= 1.001


def built(folder: Path, embedder: StaticEmbedder, private: bool = True) -> Index:
    indexing.build(folder, folder / "index")
    return Index.load(folder / "index", embedder, private)


def test_a_file_s_name_and_headings_are_private_where_the_text_is_not(tmp_path: Path, embedder: StaticEmbedder) -> None:
    (tmp_path / "ann.weber@glinzer.de.md").write_text("# Pump\n\nThe filter of her pump was rinsed.")
    (tmp_path / "case.md").write_text(f"# Case of SSN 536-22-1234\n\n{SENTENCE * 12}\n\n## Result\n\n{SENTENCE * 11}")
    (tmp_path / "lamp.md").write_text("# Lamp\n\nThe lamp blinks twice.")
    found = built(tmp_path, embedder)
    named = {passage.named: passage.private for passage in found.passages}
    assert named == {
        "ann.weber@glinzer.de.md › Pump": True,
        "case.md › Case of SSN 536-22-1234": True,
        "case.md › Case of SSN 536-22-1234 › Result": True,
        "lamp.md › Lamp": False,
    }
    assert not any("536" in passage.text for passage in found.passages if passage.heading.endswith("Result"))
    shown = Index.load(tmp_path / "index", embedder, private=False).look_up("How is the pump?").passages
    assert [passage.source for passage in shown] == ["lamp.md"]


@pytest.mark.parametrize("last", ["-----END RSA PRIVATE KEY-----", ""], ids=["whole", "cut short"])
@pytest.mark.parametrize("end", ["\n", " "], ids=["lines", "one line"])
def test_a_key_that_was_cut_up_is_private_to_its_last_piece(
    tmp_path: Path, embedder: StaticEmbedder, end: str, last: str
) -> None:
    noise = base64.b64encode(np.random.default_rng(1).bytes(3000)).decode()
    key = end.join(["-----BEGIN RSA PRIVATE KEY-----", *(noise[at : at + 64] for at in range(0, 4000, 64)), last])
    page = f"# Deploy\n\n{SENTENCE * 10}\n\n## Key\n\n```\n{key}\n```\n\n## After\n\n{SENTENCE * 10}"
    (tmp_path / "ops.md").write_text(page)
    (tmp_path / "token.txt").write_text(f"It is sk-{noise.replace('+', '_').replace('/', '_')} and no other.")
    found = built(tmp_path, embedder).passages
    secret = [passage for passage in found if any(noise[at : at + 20] in passage.text for at in range(0, 3900, 20))]
    assert len(secret) >= 3
    assert all(passage.private for passage in found if passage.source == "token.txt")
    assert all(passage.private for passage in secret)
    open_ = [passage.heading for passage in found if not passage.private]
    assert open_[0] == "Deploy"
    assert open_[-1] == "Deploy › After"


def test_places_overlap_and_what_is_private_in_one_file_is_private_in_its_twin(tmp_path: Path) -> None:
    places = [(40, 50), (0, 10), (5, 90)]
    assert [passage.private for passage in split("x " * 300, "a.txt", lambda _text: places)] == [True, False]
    assert [passage.private for passage in split("x " * 300, "a.txt", lambda _text: [(598, 599)])] == [False, True]
    for name, text in (("a.txt", "The same."), ("b.txt", "The same.\n"), ("c.txt", "The same.")):
        (tmp_path / name).write_text(text)
    (passage,) = read_folder(tmp_path, lambda text: [(0, 3)] if text.endswith("\n") else []).passages
    assert (passage.source, passage.private) == ("a.txt", True)


def test_an_answer_made_with_private_passages_is_not_found_where_they_must_stay(
    index: Index, embedder: StaticEmbedder, tmp_path: Path
) -> None:
    index.save(tmp_path)
    names = [Index.load(tmp_path, embedder, private).fingerprint for private in (True, False, True)]
    assert names[0] == names[2] != names[1]


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


def test_what_was_saved_finds_the_same(index: Index, embedder: StaticEmbedder, tmp_path: Path) -> None:
    index.save(tmp_path / "new/index")
    loaded = Index.load(tmp_path / "new/index", embedder)
    for question in ("How often must the pump be cleaned?", "Who knows the code at Glinzer?", "?"):
        assert loaded.look_up(question) == index.look_up(question)
    index.save(tmp_path / "new/index")  # over the old one
    assert sorted(path.name for path in (tmp_path / "new/index").iterdir()) == ["index.json", FILE]
    other = replace(index, passages=PASSAGES[::-1])
    other.save(tmp_path / "other")
    assert Index.load(tmp_path / "other", embedder).fingerprint != loaded.fingerprint


def test_a_file_that_cannot_be_used_says_what_to_do(index: Index, embedder: StaticEmbedder, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no index \(index.folder\); build it first: surveyor index FOLDER"):
        Index.load(tmp_path, embedder)
    index.save(tmp_path)
    arrays = load_file(tmp_path / FILE)
    save_file({**arrays, "probe": -arrays["probe"]}, tmp_path / FILE)
    with pytest.raises(ConfigError, match="another version of the embedder; build it again"):
        Index.load(tmp_path, embedder)
    save_file({name: array for name, array in arrays.items() if name != "indptr"}, tmp_path / FILE)
    with pytest.raises(ConfigError, match=r"cannot be read .*; build it again"):
        Index.load(tmp_path, embedder)
    (tmp_path / FILE).write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        Index.load(tmp_path, embedder)
    with pytest.raises(ConfigError, match="cannot be read"):  # said before anything starts
        create_app(Settings(index=IndexSettings(folder=tmp_path)))


def test_the_command_builds_and_says_what_it_left_out(tmp_path: Path) -> None:
    docs, out = tmp_path / "docs", tmp_path / "index"
    docs.mkdir()
    (docs / "a.md").write_text("# Staff\n\nCall Ann at +49 170 1234567 or write to ann@glinzer.de.")
    (docs / "b.txt").write_text("The lamp blinks twice.")
    (docs / "c.csv").write_text("1,2")
    result = CliRunner().invoke(app, ["index", str(docs), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "left out c.csv: neither Markdown nor plain text",
        "1 passages hold personal data or secrets; with `privacy: local-only` they are never found",
        f"2 passages of 2 files in {out}",
    ]
    assert (out / FILE).is_file()
    told = orjson.loads(CliRunner().invoke(app, ["index", str(docs), "--out", str(out), "--json"]).output)
    assert told | {"skipped": []} == {"out": str(out), "files": 2, "passages": 2, "private": 1, "skipped": []}
    for folder, why in ((tmp_path / "none", "is no folder"), (out, "holds no .md or .txt file")):
        with pytest.raises(ConfigError, match=why):
            indexing.build(folder, out)
    assert (out / FILE).is_file()
