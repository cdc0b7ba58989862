"""`python -m classifiers.train.barred DATA [--save FOLDER]`: what the trunk makes of collections that may not ship.

AG News and SICK are for non-commercial use: the trunk never learns from them, nor does anything that ships. Here its
upper layers are fine-tuned on their training rows, as `surveyor train --finetune` does with an operator's, and
measured on their held-out rows, to compare with what others publish. Nothing is kept but the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from scipy.special import expit

from classifiers.embed import Encoder
from classifiers.heads import Head
from classifiers.shipped import FOLDER

from . import lessons
from .lessons import HEADS, Lesson
from .measure import scored

SEED, DRAWS, LEVEL = 7, 2_000, 0.95
PASSES = 3
MEASURED = {"AG News": ("accuracy",), "SICK": ("accuracy",), "SICK-R": ("pearson",)}


def benchmarks(folder: Path) -> list[Lesson]:
    """The lessons of what is barred; all rows that are not held out are learned from."""
    news = lessons.plain(folder, "ag_news")
    sick, alike = lessons.entailment(folder, ("sick",)), lessons.similarity(folder, "sick_r")
    labels = tuple(sorted({each.label for each in news}))
    found = [
        Lesson("AG News", "label", labels, PASSES, tuple(news)),
        Lesson("SICK", "pair", ("contradiction", "entailment", "neutral"), PASSES, tuple(sick)),
        Lesson("SICK-R", "score", ("score",), PASSES, tuple(alike), either_way=True),
    ]
    return [
        replace(
            each,
            examples=tuple(row if row.part == "test" else replace(row, part="train") for row in each.examples),
        )
        for each in found
    ]


def measure(folder: Path, checkpoint: Path, models: Path = FOLDER) -> list[dict[str, Any]]:
    """Fine-tune on each family from the trunk's checkpoint and measure, in int8 as it would be served."""
    news, *sick = benchmarks(folder)
    return [*_tuned([news], checkpoint, models), *_tuned(sick, checkpoint, models)]


def _tuned(found: Sequence[Lesson], checkpoint: Path, models: Path) -> list[dict[str, Any]]:
    from .trunk import Trunk  # noqa: PLC0415 - torch, after its threads are set

    trunk = Trunk(found, rounds=PASSES)
    trunk.start_from(checkpoint)
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        trunk.fit(None, out / "checkpoint.pt")
        trunk.save(out / "trunk.onnx", out / HEADS)
        for name in ("lower.onnx", "tokenizer.json"):
            shutil.copyfile(models / "encoder" / name, out / name)
        encoder, arrays = Encoder.load(out), load_file(out / HEADS)
        return [row for lesson in found for row in _measured(lesson, encoder, arrays)]


def _measured(lesson: Lesson, encoder: Encoder, arrays: dict[str, Any]) -> list[dict[str, Any]]:
    test = [each for each in lesson.examples if each.part == "test"]
    weights = arrays[f"{lesson.name}.weights"].astype(np.float32)
    bias = arrays[f"{lesson.name}.bias"]
    if lesson.kind == "label":
        rows = encoder.encode([each.text for each in test])
    else:
        rows = encoder.pairs([(each.text, each.other) for each in test])
    truth: list[Any] = [float(each.label) if lesson.kind == "score" else each.label for each in test]
    if lesson.kind == "score":
        said: list[Any] = expit(rows[:, : len(weights)] @ weights + bias)[:, 0].tolist()
    else:
        said = [lesson.labels[place] for place in Head(lesson.labels, weights, bias).probabilities(rows).argmax(axis=1)]
    learned = sum(each.part == "train" for each in lesson.examples)
    how = f"upper layers fine-tuned from the trunk, {PASSES} passes over {learned:,} rows, int8"
    return [_row(lesson.name, metric, truth, said, how) for metric in MEASURED[lesson.name]]


def _row(name: str, metric: str, truth: Sequence[Any], said: Sequence[Any], how: str) -> dict[str, Any]:
    draw = np.random.default_rng(SEED)
    values = []
    for _ in range(DRAWS):
        places = draw.integers(0, len(truth), len(truth))
        values.append(scored([truth[place] for place in places], [said[place] for place in places])[metric])
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    value = scored(truth, said)[metric]
    figures = {"value": value, "n": len(truth), "low": round(low, 4), "high": round(high, 4)}
    return {"set": name, "metric": metric, **figures, "how": how}


def main() -> None:
    """Parse the command line, measure, print and save."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.train.barred", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the .jsonl.gz files")
    parser.add_argument("--save", type=Path, help="write barred.json to this folder")
    parser.add_argument("--checkpoint", type=Path, default=Path(".trunk.pt"), help="default: .trunk.pt")
    chosen = parser.parse_args()
    import torch  # noqa: PLC0415 - only fine-tuning needs it

    torch.set_num_threads(os.cpu_count() or 1)
    rows = measure(chosen.data, chosen.checkpoint)
    for row in rows:
        print(f"{row['set']}: {row['metric']} {row['value']:.4f} ({row['low']:.4f} to {row['high']:.4f}), n={row['n']}")
    if chosen.save:
        (chosen.save / "barred.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
