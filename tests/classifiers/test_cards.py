"""Every artefact is the one of its card: by its hashes, and by what it makes of a small frozen sample."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from classifiers.heads import ScoreHead, TagHead
from classifiers.shipped import FOLDER, MANIFEST, Shipped, hashes
from classifiers.train import frozen
from classifiers.train.experts import RECIPES
from classifiers.train.frozen import NAMED, Figures

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"## Frozen sample\n(.*\n)*?(?=## )")
LEARNED = {".safetensors", ".onnx"}
SAYS = {
    "data": r"\bdata\b",
    "licence": r"licen[cs]e|Apache-2\.0|\bMIT\b|CC BY",
    "what was tuned on what": r"chose|tuned|fitted|No text data was used",
    "how to rebuild": r"## Rebuild\n(.*\n)*.*(classifiers\.train|make models) DATA",
}


def artefacts(folder: Path) -> list[str]:
    """The folders with something learned in them, as they stand below `models`."""
    return sorted({str(path.parent.relative_to(folder)) for path in folder.rglob("*") if path.suffix in LEARNED})


def faults(folder: Path, made: Mapping[str, Figures]) -> list[str]:
    """What of the artefacts differs from manifest and cards; `made` are the figures measured anew."""
    listed: dict[str, str] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["sha256"]
    found = hashes(folder)
    wrong = [f"manifest: {name}" for name in listed.keys() | found.keys() if listed.get(name) != found.get(name)]
    for name in artefacts(folder):
        card = (folder / name / "CARD.md").read_text(encoding="utf-8")
        text = SECTION.sub("", card)  # which speaks of the sample's own licence
        table = dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", card, re.MULTILINE))
        files = {file: digest for file, digest in hashes(folder / name).items() if file != "CARD.md"}
        wrong += [f"card: {name}/{file}" for file in table.keys() | files.keys() if table.get(file) != files.get(file)]
        wrong += [f"{name}: says nothing of {what}" for what, words in SAYS.items() if not re.search(words, text)]
        wrong += [f"{name}: {fault}" for fault in confusion_faults(folder, name, text)]
        wrong += [f"{name}: {figure}" for figure in off(frozen.read(card), made.get(name, {}))]
    return sorted(wrong)


def confusion_faults(folder: Path, name: str, card: str) -> list[str]:
    """What is missing in the confusion tables of a classifier's card, or differs from its own figures."""
    if name in {"task", "second"}:
        labels = json.loads((folder / "task" / "task.json").read_text(encoding="utf-8"))["labels"]
        found = next((rows for rows in tables(card, "task") if all("taken for" in row for row in rows.values())), {})
        if sorted(found) != sorted(labels):
            return ["no confusion table"]
        return [f"taken for, of {label}" for label, row in found.items() if not _adds_up(row)]
    if not name.startswith("experts/"):
        return []
    heads = heads_of(folder, name)
    measured, confusions = tables(card, "test rows"), tables(card, "true label")
    if len(measured) != len(heads):
        return ["no figures of every head"]
    pairs = zip(heads, measured, strict=True)
    told = [(head["labels"], rows["all with true labels"]) for head, rows in pairs if told_apart(head)]
    if len(confusions) != len(told):
        return ["no confusion table"]
    each = zip(told, confusions, strict=True)
    return [f"confusion of {' / '.join(labels)}" for (labels, own), rows in each if not _agree(labels, own, rows)]


def heads_of(folder: Path, name: str) -> list[dict[str, Any]]:
    """What an expert's file says of its heads."""
    found: list[dict[str, Any]] = json.loads((folder / name / "expert.json").read_text(encoding="utf-8"))["heads"]
    return found


def told_apart(head: Mapping[str, Any]) -> bool:
    """Whether a head has a confusion table: it tells labels apart, and not too many for a table."""
    return 0 < len(head.get("labels", ())) <= NAMED


def _adds_up(row: Mapping[str, str]) -> bool:
    """Whether the labels that a task is most often taken for, three at most, account for what its recall leaves."""
    missed = int(row["n"]) - round(int(row["n"]) * float(row["recall"]))
    counts = [int(each.rsplit(" ", 1)[1]) for each in row["taken for"].split(", ") if each]
    return sum(counts) == missed or (len(counts) == 3 and sum(counts) < missed)


def _agree(labels: list[str], own: Mapping[str, str], rows: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a head's confusion table has every label, and counts what the head's figures say."""
    columns = [f"{said} {label}" for said in ("said", "served as") for label in labels]
    if list(rows) != labels or any(list(row) != columns for row in rows.values()):
        return False
    every, served = (
        [[int(row[f"{said} {x}"]) for x in labels] for row in rows.values()] for said in ("said", "served as")
    )
    n, right = sum(map(sum, every)), sum(row[place] for place, row in enumerate(every))
    out, kept = sum(map(sum, served)), sum(row[place] for place, row in enumerate(served))
    figures = {"n": n, "accuracy": round(right / n, 4), "served": out, "wrong_of_served": out - kept}
    return all(float(own[key]) == value for key, value in figures.items())


def tables(card: str, corner: str) -> list[dict[str, dict[str, str]]]:
    """The tables whose first column is headed so: by row, what stands under each other heading."""
    found = []
    for heads, body in re.findall(rf"^\| {corner} \| (.+) \|\n\|[-|]+\|\n((?:\|.*\|\n)+)", card, re.MULTILINE):
        lines = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in body.splitlines()]
        found.append({line[0]: dict(zip(heads.split(" | "), line[1:], strict=True)) for line in lines})
    return found


def off(told: Figures, made: Figures) -> list[str]:
    """The figures that are missing on either side, or differ by more than one text of those counted.

    int8 results differ a little between processors, so that a text at the edge may fall on the other side: a count may
    differ by one, a share by one over the number of its texts. How many texts there are may not differ at all.
    """
    if not told or not made:
        return ["no figures"]
    return [name for name in told.keys() | made.keys() if not _near(name, told, made)]


def _near(name: str, told: Figures, made: Figures) -> bool:
    if name not in told or name not in made:
        return False
    head, mark, figure = name.rpartition(": ")
    count = made[f"{head}{mark}n"]
    if figure in {"n", "odd texts", "with the cue"}:
        return told[name] == made[name]
    if isinstance(made[name], int):
        return abs(told[name] - made[name]) <= 1
    if figure == "error of served":
        count = max(1.0, made[f"{head}{mark}share served"] * count)
    return abs(told[name] - made[name]) <= 1 / count + 1e-4  # rounded to 4 digits


@pytest.fixture(scope="module")
def made(shipped: Shipped) -> dict[str, Figures]:
    """The figures of the shipped artefacts, measured once."""
    return frozen.figures(shipped)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the shipped artefacts, to be spoilt."""
    shutil.copytree(FOLDER, tmp_path / "models")
    return tmp_path / "models"


def test_every_artefact_is_the_one_of_its_card(made: dict[str, Figures]) -> None:
    assert faults(FOLDER, made) == []


def test_every_folder_with_something_learned_is_loaded_and_measured(made: dict[str, Figures]) -> None:
    assert artefacts(FOLDER) == sorted(made)


def test_every_recipe_ships_as_an_expert_with_all_its_heads(made: dict[str, Figures]) -> None:
    assert {name for name in made if name.startswith("experts/")} == {f"experts/{recipe.name}" for recipe in RECIPES}
    for recipe in RECIPES:
        counts = [figure for figure in made[f"experts/{recipe.name}"] if re.fullmatch(r"(.+: )?n", figure)]
        assert len(counts) == len(recipe.plans) == len(heads_of(FOLDER, f"experts/{recipe.name}"))


def test_there_is_one_trunk_and_the_second_look_is_a_head_on_it() -> None:
    files = {name: sorted(set(hashes(FOLDER / name)) - {"CARD.md"}) for name in ("encoder", "second")}
    assert files == {
        "encoder": ["heads.safetensors", "lower.onnx", "tokenizer.json", "trunk.onnx", "upper.onnx"],
        "second": ["second.json", "task.safetensors"],
    }


def test_a_changed_byte_is_noticed(copied: Path, made: dict[str, Figures]) -> None:
    files = [path for path in sorted(copied.rglob("*")) if path.suffix in LEARNED]
    for file in files:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    names = [file.relative_to(copied) for file in files]
    assert faults(copied, made) == sorted(f"{where}: {name}" for where in ("card", "manifest") for name in names)


def test_a_hash_that_is_edited_in_a_card_is_noticed_though_the_manifest_was_made_anew(
    copied: Path, made: dict[str, Figures]
) -> None:
    card = copied / "task" / "CARD.md"
    card.write_text(re.sub(r"`[0-9a-f]{64}`", f"`{'0' * 64}`", card.read_text(encoding="utf-8")), encoding="utf-8")
    frozen.seal(copied)
    assert {"card: task/task.json", "card: task/task.safetensors"} <= set(faults(copied, made))


def test_an_edited_figure_is_noticed_though_the_manifest_was_made_anew(copied: Path, made: dict[str, Figures]) -> None:
    for name, own in made.items():
        card = copied / name / "CARD.md"
        edited = {figure: value + 2 if isinstance(value, int) else value + 1.5 for figure, value in own.items()}
        card.write_text(frozen.told(card.read_text(encoding="utf-8"), edited), encoding="utf-8")
    assert {f"manifest: {name}/CARD.md" for name in made} <= set(faults(copied, made))
    frozen.seal(copied)
    assert faults(copied, made) == sorted(f"{name}: {figure}" for name, own in made.items() for figure in own)


def test_a_card_without_figures_is_noticed(copied: Path, made: dict[str, Figures]) -> None:
    card = copied / "task" / "CARD.md"
    card.write_text(SECTION.sub("", card.read_text(encoding="utf-8")), encoding="utf-8")
    frozen.seal(copied)
    assert faults(copied, made) == ["task: no figures"]


CONFUSED = [
    name
    for name in artefacts(FOLDER)
    if name in {"task", "second"} or (name.startswith("experts/") and any(map(told_apart, heads_of(FOLDER, name))))
]


@pytest.mark.parametrize("name", CONFUSED)
def test_a_classifier_s_card_without_its_confusion_table_is_noticed(
    name: str, copied: Path, made: dict[str, Figures]
) -> None:
    card = copied / name / "CARD.md"
    table = re.compile(r"^\| (true label \||task \|.* taken for \|).*\n(\|.*\n)+", re.MULTILINE)
    card.write_text(table.sub("", card.read_text(encoding="utf-8")), encoding="utf-8")
    frozen.seal(copied)
    assert faults(copied, made) == [f"{name}: no confusion table"]


@pytest.mark.parametrize("name", CONFUSED)
def test_a_count_that_is_edited_in_a_confusion_table_is_noticed(
    name: str, copied: Path, made: dict[str, Figures]
) -> None:
    card = copied / name / "CARD.md"
    count = re.compile(
        r"^(\| true label .*\n.*\n\| \w+ \| |\| \w+ \| \d+ \| [\d.]+ \| [\d.]+ \| \w+ )(\d+)", re.MULTILINE
    )
    edited = count.sub(lambda found: f"{found[1]}{int(found[2]) + 300}", card.read_text(encoding="utf-8"), count=1)
    card.write_text(edited, encoding="utf-8")
    frozen.seal(copied)
    (fault,) = faults(copied, made)
    assert fault.startswith((f"{name}: confusion of ", f"{name}: taken for, of "))


@pytest.mark.parametrize(("told", "right"), [(0.75, True), (0.7564, True), (0.7628, False), (0.7372, False)])
def test_one_text_may_fall_on_the_other_side_but_no_two(told: float, right: bool) -> None:
    made: Figures = {"n": 156, "accuracy, first look": 0.75}
    assert (off({"n": 156, "accuracy, first look": told}, made) == []) is right
    assert off({"n": 155, "accuracy, first look": 0.75}, made) == ["n"]


def test_the_figures_are_told_in_one_place_and_nothing_else_is_touched() -> None:
    card = "# A head\n\nWhat: this.\n\n## Rebuild\n\n    make models\n\n## Files\n"
    once = frozen.told(card, {"n": 4, "accuracy": 0.5})
    twice = frozen.told(once, {"n": 4, "accuracy": 0.75})
    assert frozen.read(once) == {"n": 4, "accuracy": 0.5}
    assert once.replace("0.5 |", "0.75 |") == twice
    assert SECTION.sub("", twice) == card
    assert frozen.read(card) == {}


def test_writing_tells_all_cards_and_the_manifest_and_no_other_file(copied: Path, made: dict[str, Figures]) -> None:
    before = hashes(copied)
    frozen.write(copied)
    assert {name for name, digest in hashes(copied).items() if before[name] != digest} <= {
        f"{name}/CARD.md" for name in made
    }
    assert not [wrong for wrong in faults(copied, made) if wrong.startswith(("manifest", *made))]


def test_the_sample_has_texts_for_every_label(shipped: Shipped) -> None:
    lines = frozen.sample()
    assert len({(line.part, line.text, line.other) for line in lines}) == len(lines)
    assert Counter(line.want for line in frozen.sample("task")) == dict.fromkeys(shipped.task.labels, 4)
    wanted = {head.name + (f"/{head.kind}" if head.kind else "") for head in shipped.cues.heads}
    assert {line.want for line in frozen.sample("cues") if line.holds} == wanted
    for recipe in RECIPES:
        for plan, gated in zip(recipe.plans, shipped.experts[recipe.name].heads, strict=True):
            wants = [line.want for line in frozen.asked(recipe.name, plan)]
            if isinstance(gated.head, TagHead):
                wants = [kind for want in wants for kind, _ in json.loads(want)]
            if isinstance(gated.head, ScoreHead):
                assert sorted({int(float(want) * 5) for want in wants}) == [0, 1, 2, 3, 4, 5]  # all of the scale
            elif recipe.name == "intent":  # too many to have a line of each
                assert set(wants) < set(gated.head.labels)
                assert len(wants) == len(set(wants)) == 60
            else:
                assert set(wants) == set(gated.head.labels)


def test_every_line_is_for_a_head_and_entities_stand_in_their_text_in_order() -> None:
    parts = {"task", "odd", "pair", "difficulty", "cues", *(f"experts/{recipe.name}" for recipe in RECIPES)}
    assert {line.part for line in frozen.sample()} == parts
    for recipe in RECIPES:
        lines, names = frozen.sample(f"experts/{recipe.name}"), {plan.lesson for plan in recipe.plans}
        assert {line.lesson for line in lines} == (names if len(names) > 1 else {""})
        assert {bool(line.other) for line in lines} == {recipe.kind in {"pair", "score"}}
        whole = [plan for plan in recipe.plans if not plan.labels]
        assert sum(len(frozen.asked(recipe.name, plan)) for plan in whole) == len(lines)
    for line in frozen.sample("experts/entities"):
        entities = [re.escape(text) for _, text in json.loads(line.want)]
        assert re.search(".*".join(rf"\b{each}\b" for each in entities), line.text), line.text


def test_nobody_but_the_measurement_knows_of_the_sample() -> None:
    listed = ["git", "ls-files", "-co", "--exclude-standard", "router", "classifiers", "policies"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in names if name.endswith(".py")}
    assert [name for name, text in texts.items() if "frozen.jsonl" in text] == ["classifiers/train/frozen.py"]
    asks = re.compile(r"from \. import .*\bfrozen\b|(from|import) \S*\.frozen\b")
    assert [name for name, text in texts.items() if asks.search(text)] == ["classifiers/train/cards.py"]
    # It stands where no step looks for data: all others read folders of theirs, and none this one.
    folder = re.compile(r"Path\(__file__\)\.parent\.(r?glob|iterdir)")
    assert [n for n, text in texts.items() if n.startswith("classifiers/train/") and folder.search(text)] == []


def learned_from() -> Iterator[str]:
    """All lines and fields of our own that something is trained or tuned on."""
    train = ROOT / "classifiers" / "train"
    for path in (*train.glob("phrasings/*.txt"), train / "messages.txt"):
        for line in path.read_text(encoding="utf-8").replace("\\n", "\n").splitlines():
            yield from (line, *line.split(" || "))
    for path in (*train.glob("wordings/*.jsonl"), *ROOT.glob("tests/data/detectors/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield str(json.loads(line).get("text", ""))


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def test_none_of_its_texts_is_among_those_that_we_learn_from() -> None:
    known = {plain(line) for line in learned_from()}
    everything = "\n".join(known)
    texts = [each for line in frozen.sample() for each in (line.text, line.other) if plain(each)]
    assert [text for text in texts if plain(text) in known] == []
    assert [text for text in texts if len(plain(text)) >= 30 and plain(text) in everything] == []
