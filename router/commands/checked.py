"""`surveyor policy check`: what is wrong with the rules under these settings, and under each of their variants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policies.check import check
from policies.engine import Policy
from policies.findings import Around, Finding
from router.roster import served_tasks
from router.settings import AUTO, Settings, load_variants


@dataclass(frozen=True, slots=True)
class Checked:
    """A policy that the settings ask for, and what was found in it."""

    model: str  # "auto", or "auto:fast" for a variant
    policy: Policy
    found: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many findings are mistakes; the others are notes."""
        return sum(each.severity == "error" for each in self.found)

    def __str__(self) -> str:
        notes = len(self.found) - self.errors
        said = f"{self.errors} mistake{'s' * (self.errors > 1)}" if self.errors else "no mistakes"
        said += f", {notes} note{'s' * (notes > 1)}" if notes else ""
        variant = "" if self.model == AUTO else f"{self.model}: "
        rules = f"{len(self.policy.rules)} rules, hash {self.policy.hash}"
        return f"{variant}profile {self.policy.profile}: {rules}, {said}"

    def plain(self) -> dict[str, Any]:
        """The same as JSON values."""
        named = {"model": self.model, "profile": self.policy.profile, "policy": self.policy.hash}
        return {**named, "rules": len(self.policy.rules), "findings": [each.plain() for each in self.found]}


def checked(settings: Settings) -> Iterator[Checked]:
    """Every policy of the settings, checked.

    Raises:
        ConfigError: a file cannot be used at all.
    """
    served = served_tasks(settings)
    steered = settings.variants()
    for model, store in load_variants(settings).items():
        around = Around(served, settings.index.folder is not None, steered[model].policy.thresholds)
        yield Checked(model, store.current, tuple(check(store, around)))
