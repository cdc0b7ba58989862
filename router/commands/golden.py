"""`surveyor policy test`: golden cases against profiles, and which rules they leave out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.cases import Result, case_files, run, strangers, untested
from policies.located import ConfigError
from policies.store import HERE, PolicyStore


@dataclass(frozen=True, slots=True)
class Tested:
    """One profile after its cases were run."""

    store: PolicyStore
    results: tuple[Result, ...]
    untested: tuple[str, ...]

    @property
    def different(self) -> list[Result]:
        """The cases that were decided otherwise."""
        return [result for result in self.results if not result.ok]

    @property
    def ok(self) -> bool:
        """Whether all is as it was written down, and every rule has its cases."""
        return not (self.different or self.untested)

    def __str__(self) -> str:
        cases, different = len(self.results), len(self.different)
        ran = f"{cases} case{'s' * (cases != 1)}"
        same = "all as written" if not different else f"{different} decided otherwise"
        rules = "every rule hit and missed" if not self.untested else f"{len(self.untested)} hits or misses wanting"
        return f"profile {self.store.current.profile}: {ran}, {same}; {rules}"


def golden(stores: Sequence[PolicyStore], files: Sequence[Path]) -> tuple[list[Tested], list[str]]:
    """Run the cases of `files` (those that ship, and those in a `cases` folder beside the rules, where it is empty).

    With files of their own, cases need to cover only the rules that do not ship. Returns a result for each store, and
    cases that speak of rules that none of the stores has.

    Raises:
        ConfigError: a file cannot be read, or is no case file.
    """
    for file in files:
        if not file.is_file():
            raise ConfigError(file, None, "there is no such file of cases")
    tested = [_tested(store, files) for store in stores]
    everything = [result for each in tested for result in each.results]
    return tested, list(dict.fromkeys(strangers([store.current for store in stores], everything)))


def _tested(store: PolicyStore, files: Sequence[Path]) -> Tested:
    beside = [file for folder in store.folders for file in case_files(folder / "cases")]
    results = tuple(run(store.current, files or [*case_files(), *beside]))
    theirs = {each.rule.id for each in store.sources if not each.file.path.is_relative_to(HERE)}
    return Tested(store, results, tuple(untested(store.current, results, theirs if files else None)))


def as_json(tested: Sequence[Tested], strange: Sequence[str]) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "ok": all(each.ok for each in tested) and not strange,
        "unknown_rules": list(strange),
        "profiles": [
            {
                "profile": each.store.current.profile,
                "policy": each.store.current.hash,
                "cases": len(each.results),
                "differences": [
                    {"file": str(r.path), "line": r.line, "case": r.case.case, "differences": list(r.differences)}
                    for r in each.different
                ],
                "untested": list(each.untested),
            }
            for each in tested
        ],
    }
