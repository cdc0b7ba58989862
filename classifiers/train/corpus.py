"""The prompts that the task heads learn from: the public collections and our own phrasings."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from . import data, phrasings

# Non-commercial texts that come in once more under the licence of a collection that quotes them.
BARRED = ("sick", "ag_news")
OWN = "own#phrasings"
ENOUGH_SOURCES, LEAST_STRANGE = 5, 25  # sources of a task of so many prompts each, before one of them is held out


@dataclass(frozen=True, slots=True)
class Prompts:
    """Texts with their task labels and their sources."""

    texts: list[str]
    labels: list[str]
    sources: list[str]

    def where(self, keep: Sequence[bool]) -> Prompts:
        """The part of them that `keep` marks."""
        places = [place for place, kept in enumerate(keep) if kept]
        return Prompts(*([column[place] for place in places] for column in (self.texts, self.labels, self.sources)))

    def plus(self, other: Prompts) -> Prompts:
        """Both, one after the other."""
        return Prompts(self.texts + other.texts, self.labels + other.labels, self.sources + other.sources)

    @property
    def weights(self) -> list[float]:
        """One over the root of how many prompts of this task come from this source, mean 1.

        So a task is not what its largest data set looks like.
        """
        counts = Counter(zip(self.labels, self.sources, strict=True))
        raw = [counts[key] ** -0.5 for key in zip(self.labels, self.sources, strict=True)]
        return [each * len(raw) / sum(raw) for each in raw]


@dataclass(frozen=True, slots=True)
class Corpus:
    """`train` and `valid` share their data sets but no wording; `test` is of other data sets and never learned from.

    `strangers` are prompts of a task from sources that show this task in neither `train` nor `valid`, and phrasings of
    ours that are held back: what must hold for prompts written by someone else (weights, thresholds) is chosen on them.
    """

    train: Prompts
    valid: Prompts
    strangers: Prompts
    test: Prompts
    usable: list[data.Row]  # the rows of the collections behind `train` and `valid`


@cache
def read(folder: Path) -> Corpus:
    """Read the collections, without what is non-commercial, and fill our phrasings; once for all parts of a build."""
    found = data.rows(folder, "prompts_task_type")
    extra = data.rows(folder, "prompts_task_type_permissive_extra")
    usable = [row for row in found + extra if row["commercial"] != "nc" and not row["source"].endswith(BARRED)]
    own = phrasings.prompts(phrasings.materials(folder))
    parts = {split: _prompts(data.of_split(usable, split)) for split in ("train", "valid")}
    strange = _strange(parts["train"])
    strangers = Prompts([], [], [])
    for split, found_there in parts.items():
        apart = [pair in strange for pair in zip(found_there.labels, found_there.sources, strict=True)]
        strangers = strangers.plus(found_there.where(apart))
        parts[split] = found_there.where([not each for each in apart])
    parts["train"] = parts["train"].plus(_own([each for each in own if not each.held]))
    strangers = strangers.plus(_own([each for each in own if each.held]))
    return Corpus(parts["train"], parts["valid"], strangers, _prompts(data.of_split(found, "test")), usable)


def _prompts(found: Sequence[data.Row]) -> Prompts:
    return Prompts([row["text"] for row in found], [row["task"] for row in found], [row["source"] for row in found])


def _own(found: Sequence[phrasings.Phrased]) -> Prompts:
    sources = [f"{OWN}-{each.origin}" for each in found]
    return Prompts([each.text for each in found], [each.label for each in found], sources)


def _strange(found: Prompts) -> set[tuple[str, str]]:
    """A source for each label that has enough of them without it, drawn among those of middling size."""
    sizes = Counter(zip(found.labels, found.sources, strict=True))
    draw = random.Random(5)  # noqa: S311 - a fixed draw, not a secret
    chosen = set()
    for label in sorted(set(found.labels)):
        pairs = [pair for pair, n in sorted(sizes.items()) if pair[0] == label and n >= LEAST_STRANGE]
        if len(pairs) >= ENOUGH_SOURCES:
            chosen.add(draw.choice(pairs))
    return chosen
