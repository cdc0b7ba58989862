"""`surveyor train` and the roster: refusals that say what to do, whole folders, and experts that come and go."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import router.commands.train as training
from classifiers.shipped import Shipped
from policies.located import ConfigError
from router.cli import app
from router.commands import own_folder
from router.commands.own_card import card
from router.commands.own_figures import as_text, closed
from router.commands.train import Order, Trained, TrainRefused, how_to_ask, train
from router.roster import ExpertError, Experts, Roster, check_name, opened, served_tasks, wanted_experts
from router.settings import Settings
from tests.own_rows import LABELS, as_csv, generated


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return Shipped.load()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """An expert of 300 rows; tests that change its folder take a copy."""
    folder = tmp_path_factory.mktemp("trained")
    return train(Order("desk", as_csv(folder / "rows.csv", generated(300)), folder / "experts"))


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.folder.parent, tmp_path / "experts"))


def settings(folder: Path, **more: Any) -> Settings:
    return Settings.model_validate({"experts": {"folder": folder, **more}})


def test_the_report_adds_up(trained: Trained) -> None:
    report = trained.report
    assert {label: sum(parts.values()) for label, parts in report["labels"].items()} == trained.rows.counts
    assert report["test"]["n"] + sum(each["train"] for each in report["labels"].values()) < report["rows"] == 300
    assert sum(each["n"] for each in report["held_out"]["reliability"]) == report["held_out"]["n"]
    calibrate = sum(each["calibrate"] for each in report["labels"].values())
    assert report["gates"]["certified"]["n"] == report["gates"]["naive"]["n"] == calibrate
    assert set(trained.files) >= {"CARD.md", "expert.json", "made.json", "rows.json", "reliability.png"}
    assert as_text(report)
    assert "x-surveyor-task: desk" in how_to_ask(report)


def test_no_text_of_the_rows_is_kept(trained: Trained) -> None:
    texts = [row.text.encode() for row in trained.rows.rows]
    for path in trained.folder.iterdir():
        assert not any(text in path.read_bytes() for text in texts[:50])
        assert path.stat().st_mode & 0o777 == 0o644


def test_what_could_not_be_certified_is_said(trained: Trained) -> None:
    shut = {**trained.report, "closed": True, "epsilon": 0.05}
    assert "About 900 rows in all would be needed, to judge by these 300." in closed({**shut, "needed": 900})
    assert "just miss it" in closed({**shut, "needed": 300})
    assert "--epsilon 0.1" in closed({**shut, "needed": None})
    assert "stays shut" in card({**shut, "needed": 900})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Desk!"}, "no name for an expert"),
        ({"name": "spam"}, "ships with Surveyor"),
        ({"task": "topic_clasification"}, "did you mean 'topic_classification'"),
        ({"task": "ner"}, "asks for entities"),
        ({"task": "nli"}, "pairs of texts"),
        ({"template": "no place"}, "a template needs {text}, once"),
        ({"epsilon": 0.0}, "between 0 and 1"),
    ],
)
def test_an_order_that_cannot_be_is_refused(trained: Trained, change: dict[str, Any], said: str) -> None:
    order = Order("desk", trained.folder.parent.parent / "rows.csv", trained.folder.parent)
    with pytest.raises(TrainRefused, match=said):
        train(replace(order, **change))


def refused(tmp_path: Path, text: str, **more: Any) -> str:
    (tmp_path / "rows.csv").write_text(text)
    with pytest.raises(TrainRefused) as problem:
        train(Order("desk", tmp_path / "rows.csv", tmp_path / "experts", **more))
    assert not (tmp_path / "experts").exists()
    return str(problem.value)


def test_rows_that_are_too_few_or_bad_are_refused_with_their_lines(tmp_path: Path) -> None:
    enough = "".join(f"text {n},a\n" for n in range(25))
    few = refused(tmp_path, "text,label\n" + enough + "one,b\ntwo,b\n")
    assert "at least 20 different texts" in few
    assert "  b: 2, 18 more needed" in few
    assert "only the label 'a'" in refused(tmp_path, "text,label\n" + enough)
    bad = refused(tmp_path, "text,label\n" + enough + "lost,\n")
    assert "--skip-bad" in bad
    assert "line 27: there is no label" in bad
    assert "only the label" in refused(tmp_path, "text,label\n" + enough + "lost,\n", skip_bad=True)
    twice = "".join(f"other {n},A\n" for n in range(25))
    assert "name them apart" in refused(tmp_path, "text,label\n" + enough + twice)


def test_a_folder_of_something_else_is_left_alone(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "experts" / "desk").mkdir(parents=True)
    (tmp_path / "experts" / "desk" / "thesis.txt").write_text("years of work")
    with pytest.raises(TrainRefused, match="no expert that was trained here"):
        train(Order("desk", trained.folder.parent.parent / "rows.csv", tmp_path / "experts"))
    assert (tmp_path / "experts" / "desk" / "thesis.txt").exists()


def test_a_write_that_fails_leaves_what_was_there(
    trained: Trained, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(own_folder, "draw", full)
    before = own_folder.made_with(folder / "desk")
    with pytest.raises(TrainRefused, match="No space left"):
        train(Order("desk", trained.folder.parent.parent / "rows.csv", folder))
    assert [path.name for path in folder.iterdir()] == ["desk"]
    assert own_folder.made_with(folder / "desk") == before


def test_finetune_without_the_extra_says_what_to_install(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "find_spec", lambda name: None)
    with pytest.raises(TrainRefused, match=r"pip install 'surveyor-router\[train\]'"):
        train(Order("desk", trained.folder.parent.parent / "rows.csv", tmp_path, finetune=True))


def test_the_command_prints_and_lists_what_it_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = as_csv(tmp_path / "rows.csv", generated(200))
    with path.open("a") as file:
        file.write("lost,\n")
    result = CliRunner().invoke(app, ["train", "--name", "desk", "--data", "rows.csv"])
    assert result.exit_code == 2
    assert "line 202: there is no label" in result.stderr
    result = CliRunner().invoke(app, ["train", "--name", "desk", "--data", "rows.csv", "--skip-bad", "--json"])
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["bad"] == [{"line": 202, "why": "there is no label"}]
    assert report["folder"] == "experts/desk"
    assert "line 202" in result.stderr
    told = CliRunner().invoke(app, ["eval", "expert", "desk"])
    assert told.exit_code == 0, told.stderr
    assert "certified: this one serves" in told.stdout
    again = CliRunner().invoke(app, ["eval", "expert", "desk", "rows.csv"])
    assert "taught or certified it" in again.stdout
    assert "line 202" in again.stderr
    assert CliRunner().invoke(app, ["eval", "expert", "nobody"]).exit_code == 2


# ── the roster ───────────────────────────────────────────────────────────────────────────────────


def test_experts_come_change_and_go(shipped: Shipped, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "surveyor")
    away = folder.with_name("away")
    (folder / "desk").rename(away)
    experts = Experts(shipped, settings(folder))
    assert [each.name for each in experts.roster.experts] == list(shipped.experts)
    away.rename(folder / "desk")
    experts.read()
    first = experts.roster
    assert first.experts[0].name == "desk"
    experts.read()
    assert experts.roster is first
    (folder / "desk" / "expert.json").touch()
    os.utime(folder / "desk" / "expert.json", (1, 1))
    experts.read()
    assert experts.roster.turn == first.turn + 1
    (folder / "desk").rename(away)
    experts.read()
    assert [each.name for each in experts.roster.experts] == list(shipped.experts)
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "expert desk is in force",
        "expert desk is in force",
        "expert desk is gone with its folder",
    ]


def test_a_broken_one_leaves_the_last_good_one(
    shipped: Shipped, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    experts = Experts(shipped, settings(folder))
    (folder / "desk" / "expert.json").write_text("{")
    experts.read()
    assert experts.roster.experts[0].name == "desk"
    assert "the last good one stays" in caplog.text


def test_rates_that_cannot_be_certified_hold_up_no_other_expert(
    shipped: Shipped, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    experts = Experts(shipped, settings(folder.with_name("none"), gates={"desk": {"epsilon": 0.2}}))
    folder.rename(folder.with_name("none"))
    place = folder.with_name("none") / "desk"
    shutil.copytree(place, place.with_name("till"))
    edit("expert.json", name="till")(place.with_name("till"))
    (place / "calibration0.safetensors").unlink()
    experts.read()
    assert experts.roster.experts[0].name == "till"
    assert "desk not loaded, it is left out" in caplog.text
    assert "calibration rows were not kept" in caplog.text


def edit(file: str, /, **change: Any) -> Callable[[Path], object]:
    def edited(place: Path) -> None:
        found = json.loads((place / file).read_text())
        (place / file).write_text(json.dumps({**found, **change}))

    return edited


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (edit("made.json", encoder="another"), "another encoder"),
        (edit("expert.json", task="nothing"), "no task type is named 'nothing'"),
        (edit("expert.json", name="other"), "those of an expert 'other'"),
        (edit("expert.json", template="{a}"), "its template cannot be used"),
        (lambda place: (place / "made.json").unlink(), "made.json is missing"),
        (lambda place: (place / "heads.safetensors").write_bytes(b"x"), "damaged"),
    ],
)
def test_what_cannot_be_used_says_why(
    shipped: Shipped, folder: Path, change: Callable[[Path], object], said: str
) -> None:
    opened(folder / "desk", shipped.folder / "encoder")
    change(folder / "desk")
    with pytest.raises(ExpertError, match=said):
        opened(folder / "desk", shipped.folder / "encoder")


def test_the_settings_choose_gate_and_check(shipped: Shipped, folder: Path) -> None:
    assert wanted_experts(settings(folder, use=["spam", "desk"])) == {"spam"}
    with pytest.raises(ConfigError, match="no expert is named 'dsk'; did you mean 'desk'"):
        wanted_experts(settings(folder, gates={"dsk": {"epsilon": 0.1}}))
    assert "topic_classification" in served_tasks(settings(folder, use=False))
    loose = Experts(shipped, settings(folder, gates={"desk": {"epsilon": 0.2}})).roster.experts[0]
    assert loose.heads[0].gate.epsilon == 0.2
    with pytest.raises(ExpertError):
        check_name("sentiment")


def test_a_hint_means_a_name_or_a_task(shipped: Shipped, folder: Path) -> None:
    roster: Roster = Experts(shipped, settings(folder)).roster
    assert [each.name for each in roster.hinted("desk").experts] == ["desk"]
    assert [each.name for each in roster.hinted("expert.desk").experts] == ["desk"]
    assert [each.name for each in roster.hinted("topic_classification").experts] == ["desk", "topic"]
    assert roster.hinted("nothing").experts == ()
    assert frozenset(LABELS) in {known.labels for known in roster.known}
