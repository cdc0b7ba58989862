"""`surveyor index`: a folder of documents becomes a retrieval index."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from classifiers.embed import StaticEmbedder
from classifiers.shipped import FOLDER
from policies.located import ConfigError
from router.detectors.pii import pii
from router.detectors.seen import see_text
from router.index import Index
from router.passages import read_folder


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
        reading = read_folder(folder)
    except NotADirectoryError:
        raise ConfigError(folder, None, "is no folder; name one that holds .md or .txt files") from None
    if not reading.passages:
        raise ConfigError(folder, None, "holds no .md or .txt file with text in UTF-8; there is nothing to index")
    passages = [replace(passage, private=bool(pii(see_text(passage.text)))) for passage in reading.passages]
    Index.build(passages, StaticEmbedder.load(FOLDER / "static")).save(out)
    private = sum(passage.private for passage in passages)
    return Built(str(out), reading.files, len(passages), private, reading.skipped)


def told(built: Built) -> str:
    """What was built, for people: what was left out stands first, the sum last."""
    lines = [f"left out {each}" for each in built.skipped]
    if built.private:
        lines.append(
            f"{built.private} passages hold personal data or secrets; with `privacy: local-only` they are never found"
        )
    return "\n".join([*lines, f"{built.passages} passages of {built.files} files in {built.out}"])
