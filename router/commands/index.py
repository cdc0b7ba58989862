"""`surveyor index`: a folder of documents becomes a retrieval index."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from classifiers.embed import StaticEmbedder
from classifiers.shipped import FOLDER
from policies.located import ConfigError
from router.detectors.pii import plain_hits, spoken_hits
from router.index import Index
from router.passages import Passage, read_folder


@dataclass(frozen=True, slots=True)
class Built:
    """What went into an index, and what did not."""

    out: str
    files: int
    passages: int
    private: int
    skipped: tuple[str, ...]


def build(folder: Path, out: Path) -> Built:
    """Index a folder anew and write the index to `out`, whole or not at all.

    Raises:
        ConfigError: there is no such folder, or nothing in it can be read; an index at `out` stays as it is.
    """
    try:
        reading = read_folder(folder, hidden)
    except NotADirectoryError:
        raise ConfigError(folder, None, "is no folder; name one that holds .md or .txt files") from None
    if not reading.passages:
        raise ConfigError(folder, None, "holds no .md or .txt file with text in UTF-8; there is nothing to index")
    passages = [replace(passage, private=passage.private or reads_private(passage)) for passage in reading.passages]
    Index.build(passages, StaticEmbedder.load(FOLDER / "static")).save(out)
    private = sum(passage.private for passage in passages)
    return Built(str(out), reading.files, len(passages), private, reading.skipped)


def hidden(text: str) -> list[tuple[int, int]]:
    """Where a file holds personal data or secrets; a cut through one hides it from whoever sees the passages only."""
    return [(hit.start, hit.end) for hit in plain_hits(text)]


def reads_private(passage: Passage) -> bool:
    """Whether what a model would read of a passage, its file's name and headings too, holds any."""
    text = f"{passage.named}\n{passage.text}"
    return any(chain(plain_hits(text), spoken_hits(text)))


def told(built: Built) -> str:
    """What was built, for people: what was left out stands first, the sum last."""
    lines = [f"left out {each}" for each in built.skipped]
    if built.private:
        lines.append(
            f"{built.private} passages hold personal data or secrets; with `privacy: local-only` they are never found"
        )
    return "\n".join([*lines, f"{built.passages} passages of {built.files} files in {built.out}"])
