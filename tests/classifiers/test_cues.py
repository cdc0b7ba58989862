from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.cues import NOTHING, CueHeads, Head, Target
from classifiers.embed import Look
from classifiers.shipped import FOLDER, Shipped
from classifiers.train import cues as training

TEXTS = [
    *("add 2 and 3", "what is 4 plus 5", "how much is 7 times 8", "sum of 3 and 9"),
    *("write a poem about rain", "a sonnet please, with rhymes", "write a short story", "compose a ballad"),
    *("which pill is safe", "my doctor says the dose is high", "does this vaccine hurt", "a rash on my arm"),
    *("can my landlord do that", "may I sue my employer", "is this contract legal", "the court said no"),
]
SUMS, HEALTH, LAW = Head("sums"), Head("domain", "health"), Head("domain", "law")


def fitted(looks: list[Look]) -> CueHeads:
    place, ones = np.arange(len(TEXTS)) // 4, np.ones(len(TEXTS))
    heads = {head: Target((place == n).astype(int), ones) for head, n in ((SUMS, 0), (HEALTH, 2), (LAW, 3))}
    return CueHeads.fit(looks, heads, {"length": Target(place / 3, ones)})


@pytest.fixture(scope="module")
def toy(shipped: Shipped) -> CueHeads:
    return fitted(shipped.embedder.looks(TEXTS))


def test_heads_hear_what_they_learned(shipped: Shipped, toy: CueHeads) -> None:
    told = [toy.heard(look) for look in shipped.embedder.looks(TEXTS)]
    assert [each.cues for each in told] == [{"sums"}] * 4 + [frozenset()] * 12
    assert [each.kinds for each in told] == [{}] * 8 + [{"domain": "health"}] * 4 + [{"domain": "law"}] * 4
    assert np.corrcoef([each.grades["length"] for each in told], np.arange(16) // 4)[0, 1] > 0.9


def test_what_is_saved_is_what_is_read(shipped: Shipped, toy: CueHeads, tmp_path: Path) -> None:
    toy.save(tmp_path)
    again = CueHeads.load(tmp_path)
    assert (again.heads, again.grades) == (toy.heads, toy.grades)
    for look in shipped.embedder.looks([*TEXTS, "something else"]):
        assert np.array_equal(again.scores(look), toy.scores(look))
        assert again.heard(look) == toy.heard(look)


def test_the_same_rows_give_the_same_bytes(shipped: Shipped, toy: CueHeads, tmp_path: Path) -> None:
    toy.save(tmp_path / "one")
    fitted(shipped.embedder.looks(TEXTS)).save(tmp_path / "two")
    for name in ("cues.json", "cues.safetensors"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_tuning_keeps_some_heads_and_moves_them(shipped: Shipped, toy: CueHeads) -> None:
    look = shipped.embedder.look("add 2 and 3")
    sums, _, law, length = toy.scores(look)
    tuned = toy.tuned({SUMS: 0.25, LAW: -3.0}, {"length": (2.0, 0.5)})
    assert tuned.heads == (SUMS, LAW)
    assert tuned.scores(look) == pytest.approx([sums - 0.25, law + 3, 2 * length + 0.5], abs=1e-5)
    assert tuned.heard(look).kinds == {"domain": "law"}
    assert toy.tuned({}, {}).heard(look) == NOTHING


def test_rows_that_weigh_nothing_teach_nothing(shipped: Shipped) -> None:
    looks = shipped.embedder.looks(TEXTS)
    kept = np.arange(len(TEXTS)) < 8
    target = Target((np.arange(len(TEXTS)) < 4).astype(int), kept.astype(float))
    some = Target(target.values[:8], target.weights[:8])
    left = CueHeads.fit(looks, {SUMS: target}, {}).scores(looks[9])
    assert np.allclose(left, CueHeads.fit(looks[:8], {SUMS: some}, {}).scores(looks[9]), atol=1e-4)


def test_one_answer_is_not_enough(shipped: Shipped) -> None:
    looks = shipped.embedder.looks(TEXTS)
    with pytest.raises(ValueError, match="class"):
        CueHeads.fit(looks, {SUMS: Target(np.zeros(16, int), np.ones(16))}, {})


@pytest.mark.parametrize("text", ["", "   ", "\n", "\ud800", "\u200b", "Hi", "yes", "?"])
def test_no_text_holds_nothing(shipped: Shipped, text: str) -> None:
    heard = shipped.cues.heard(shipped.embedder.look(text))
    assert not heard.cues
    assert not heard.kinds


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_heard(shipped: Shipped, text: str) -> None:
    look = shipped.embedder.look(text)
    assert shipped.cues.heard(look) == shipped.cues.heard(look)


def test_every_shipped_head_has_its_wordings(shipped: Shipped) -> None:
    files = {path.stem for path in training.FOLDER.glob("*.jsonl")}
    assert {head.name for head in shipped.cues.heads} | set(shipped.cues.grades) <= files
    assert sum(path.stat().st_size for path in (FOLDER / "cues").iterdir()) <= 3_000_000


def test_lines_are_varied_and_keep_their_fold(shipped: Shipped, tmp_path: Path) -> None:
    lines = '{"text": "Why? Why, then!", "want": true}\n{"text": "no", "want": false}\n'
    (tmp_path / "asking.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "size.jsonl").write_text('{"text": "big", "want": "hard"}\n', encoding="utf-8")
    found = training.lines(shipped.embedder, tmp_path, tmp_path / "none")
    assert found.names == ["asking"] * 10 + ["size"] * 5
    assert found.written.tolist() == [True, False, False, False, False] * 3
    assert len(set(found.folds[:10])) == 1
    assert training.heads_of(found) == ([Head("asking")], ["size"])
    assert next(training.varied("Why? Why, then!")) == "Why Why then"
    assert training.target(Head("asking"), found, ["chitchat"]).values.tolist() == [1] * 5 + [0] * 11


@pytest.mark.parametrize(
    ("head", "want", "is_meant"),
    [
        (Head("harm"), True, True),
        (Head("harm"), False, False),
        (Head("tasks"), 2, True),
        (Head("tasks"), 1, False),
        (LAW, "law", True),
        (LAW, "none", False),
        (Head("harm"), "drugs", True),
        (Head("harm"), "none", False),
    ],
)
def test_what_a_line_means(head: Head, want: object, is_meant: bool) -> None:
    assert training.meant(head, want) is is_meant
