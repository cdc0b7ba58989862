from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from classifiers.shipped import FOLDER, MANIFEST, Shipped, hashes


def altered(folder: Path) -> list[str]:
    """Files that differ from MANIFEST.json, that it lacks or that are missing; empty when all is well."""
    listed: dict[str, str] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["sha256"]
    found = hashes(folder)
    return sorted(name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name))


def test_the_files_are_those_of_the_manifest() -> None:
    assert altered(FOLDER) == []


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    for name in ("task/task.json", "MANIFEST.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(FOLDER / name, tmp_path / name)
    assert "task/task.json" not in altered(tmp_path)
    (tmp_path / "task/task.json").write_text("{}", encoding="utf-8")
    (tmp_path / "stray.txt").write_text("", encoding="utf-8")
    assert {"task/task.json", "stray.txt", "encoder/lower.onnx"} <= set(altered(tmp_path))


def test_every_artefact_has_a_card_that_lists_its_files() -> None:
    for files in ("static", "encoder", "task", "novelty", "experts/sentiment", "experts/spam", "experts/toxicity"):
        card = (FOLDER / files / "CARD.md").read_text(encoding="utf-8")
        for name, digest in hashes(FOLDER / files).items():
            assert name == "CARD.md" or digest in card, (files, name)
        assert "## Rebuild" in card


def test_nothing_shipped_is_pickled_or_large() -> None:
    found = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert {path.suffix for path in found} <= {".safetensors", ".json", ".onnx", ".md"}
    assert sum(path.stat().st_size for path in FOLDER.joinpath("static").iterdir()) <= 16_000_000


def test_loading_twice_gives_the_same_answers(shipped: Shipped) -> None:
    again = Shipped.load(FOLDER)
    text = "I waited an hour and nobody came. Never again."
    assert np.array_equal(again.encoder.encode([text]), shipped.encoder.encode([text]))
    look = shipped.embedder.look(text)
    assert again.task.predict(again.embedder.look(text)) == shipped.task.predict(look)
    assert again.novelty.score(look, 0.5) == shipped.novelty.score(look, 0.5)


def test_a_missing_artefact_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"lower\.onnx"):
        Shipped.load(tmp_path)


def test_serving_imports_neither_torch_nor_scikit_learn() -> None:
    script = (
        "import sys; from classifiers.shipped import Shipped; from classifiers import language, gate;"
        "s = Shipped.load(); s.task.predict(s.embedder.look('hello')); language.detect('guten Tag, wie geht es dir');"
        "print(sorted({'torch', 'sklearn', 'scipy', 'model2vec', 'fastapi', 'litellm', 'redis'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
