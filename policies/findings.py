"""What `policy check` finds and what it looks at: the nouns of `check.py`, and how they are said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from policies.boxes import Boxes
from policies.store import HERE, Sourced

Severity = Literal["error", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake, or a note: where it is, what is wrong, and what to write."""

    path: Path
    line: int | None
    rule: str  # "" where it is about no single rule
    severity: Severity
    message: str
    suggestion: str

    def __str__(self) -> str:
        of = f"rule '{self.rule}': " if self.rule else ""
        return f"{self.path}:{self.line}: {self.severity}: {of}{self.message}; {self.suggestion}"

    def plain(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return {**asdict(self), "path": str(self.path)}


@dataclass(frozen=True, slots=True)
class Around:
    """What rules rely on, and what the operator has changed of it."""

    experts: Collection[str] | None = None  # the task types that an expert serves; None: not known
    index: bool = True  # a retrieval index is configured
    changed: Collection[str] = ()  # thresholds that the operator has set


@dataclass(slots=True)
class Seen:
    """A rule that is not off, and the requests that it matches; `boxes` is None where that is too much to tell."""

    source: Sourced
    boxes: Boxes | None = None
    acts: Boxes | None = None  # of these, where it can do what it says

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.source.rule.id

    @property
    def active(self) -> bool:
        """Whether it is obeyed."""
        return self.source.rule.status == "active"

    @property
    def then(self) -> Mapping[str, Any]:
        """What it says, without what it leaves out."""
        said: Mapping[str, Any] = self.source.rule.then.model_dump(exclude_unset=True, exclude_none=True)
        return said

    @property
    def local(self) -> bool:
        """Whether an open expert is all that it can use."""
        return self.then.get("kind") == "local" and not (self.then.keys() & {"downgrade", "faster"})

    @property
    def own(self) -> bool:
        """Whether it stands in a file of the operator's."""
        return not self.source.file.path.is_relative_to(HERE)

    @property
    def place(self) -> str:
        """Its name and where it stands."""
        return f"'{self.id}' ({self.source.file.path}:{self.line('id')})"

    def line(self, key: str) -> int | None:
        """The line of one of its keys."""
        return self.source.error(key, "").line


def flow(value: Any) -> str:
    """A condition as one would write it on one line of YAML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    return f'"{value}"' if isinstance(value, str) and value[:1] in "<>" else str(value)


def short(text: str) -> str:
    """The text, cut where it is too long for a message."""
    return text if len(text) <= 80 else text[:79] + "…"


def joined(words: Sequence[str]) -> str:
    """The words as one would list them in a sentence."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
