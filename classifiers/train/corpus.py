"""The prompts that the task heads learn from: the public collections and our own phrasings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import data, phrasings

# Non-commercial texts that come in once more under the licence of a collection that quotes them.
BARRED = ("sick", "ag_news")
OWN = "own#phrasings"


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
    """`train` and `valid` share their data sets but no wording; `test` is of other data sets and never learned from."""

    train: Prompts
    valid: Prompts
    test: Prompts
    usable: list[data.Row]  # the rows of the collections behind `train` and `valid`


def read(folder: Path) -> Corpus:
    """Read the collections, without what is non-commercial, and fill our phrasings."""
    found = data.rows(folder, "prompts_task_type")
    extra = data.rows(folder, "prompts_task_type_permissive_extra")
    usable = [row for row in found + extra if row["commercial"] != "nc" and not row["source"].endswith(BARRED)]
    own = phrasings.prompts(phrasings.materials(folder))
    parts = {split: _prompts(data.of_split(usable, split)) for split in ("train", "valid")}
    for split, held in (("train", False), ("valid", True)):
        ours = [each for each in own if each.held == held]
        sources = [f"{OWN}-{each.origin}" for each in ours]
        parts[split] = parts[split].plus(Prompts([p.text for p in ours], [p.label for p in ours], sources))
    return Corpus(parts["train"], parts["valid"], _prompts(data.of_split(found, "test")), usable)


def _prompts(found: Sequence[data.Row]) -> Prompts:
    return Prompts([row["text"] for row in found], [row["task"] for row in found], [row["source"] for row in found])
