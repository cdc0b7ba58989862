"""Upper layers of its own for a user's expert: all-MiniLM-L6-v2's, fine-tuned on its `train` rows. Minutes on a CPU."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import transformers

from classifiers.own import Part, Row, taught
from classifiers.tokens import TEXT

from .lessons import Example, Lesson
from .trunk import TOKENS, Trunk

NAME = "own"
ROUNDS, STEPS, MOST = 3, 150, 30  # few rows are read more often, until there were so many steps


def finetune(
    rows: Sequence[Row], parts: Sequence[Part], kind: str, to: Path, at: Callable[[str, int, int], None]
) -> None:
    """Fine-tune on what `own.taught` marks of the rows, and write the layers to `to`; `at` is told that it goes on.

    Deterministic. Raises SystemExit where the extra `train` is installed in part.
    """
    labels = sorted({row.label for row in rows})
    # By number: a label of a lesson that holds "|" would be several.
    names = {label: str(place) for place, label in enumerate(labels)}
    marks = taught(rows, parts)
    examples = tuple(
        Example(row.text, names[row.label], NAME, "train" if mark else "tune", other=row.other)
        for row, mark in zip(rows, marks, strict=True)
    )
    rounds = rounds_for([len(each.text + each.other) for each in examples if each.part == "train"])
    lesson = Lesson(NAME, "pair" if kind == "pair" else "label", tuple(names.values()), rounds, examples)
    at("fine-tuning", 0, 0)
    with TemporaryDirectory() as scratch, _quiet():
        trunk = Trunk([lesson], rounds=rounds)
        trunk.fit(None, Path(scratch) / "checkpoint.pt")
        trunk.save(to, Path(scratch) / "heads.safetensors")


@contextmanager
def _quiet() -> Iterator[None]:
    """Libraries keep their warnings, and nothing goes to standard output, which may have to be JSON."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(sys.stderr), warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(logging.NOTSET)


def rounds_for(lengths: Sequence[int]) -> int:
    """How often texts of so many characters are read: `ROUNDS` times, of few as often as gives `STEPS` batches."""
    tokens = sum(min(TEXT, length // 4 + 3) for length in lengths)
    return min(MOST, max(ROUNDS, ceil(STEPS * TOKENS / max(1, tokens))))
