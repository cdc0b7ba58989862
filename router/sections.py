"""Sections of the settings that have a page of their own: a common base, and what is said of the local experts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """A part of surveyor.yaml: nothing unknown in it, and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rates(Section):
    """What an expert's gate promises: wrong in at most `epsilon` of what it serves, with probability 1 - `delta`."""

    epsilon: float | None = Field(default=None, gt=0, lt=1)
    delta: float | None = Field(default=None, gt=0, lt=1)


class ExpertSettings(Section):
    """The local experts: which of those that ship, and a folder of your own, which `surveyor train` fills.

    `true`, `false` or a list of names is short for `use`; `false` leaves the folder out as well.
    """

    use: bool | tuple[str, ...] = True  # all that ship, none, or these
    folder: Path | None = Path("experts")  # all that are in it serve, from the moment that they are there
    gates: dict[str, Rates] = Field(default_factory=dict)  # expert → other rates than it was certified for

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if value is False:
            return {"use": False, "folder": None}
        return {"use": value} if isinstance(value, bool | list | tuple) else value
