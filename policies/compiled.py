"""Rules made ready to act: closures instead of conditions, sorted by task type and stage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.conditions import Test, compiled, possible_tasks
from policies.schema import Rule, Taxonomy
from router.types import STAGES, Fired, Stage


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule ready to act: its `when` as a closure, and what it reports when it fires."""

    matches: Test
    then: Any  # the stage's own model, such as schema.TierThen
    fired: Fired
    active: bool


def index(
    rules: Sequence[Rule], thresholds: Mapping[str, float], taxonomy: Taxonomy
) -> Mapping[str, Mapping[Stage, tuple[Compiled, ...]]]:
    """For each task type ("" for unknown ones) and stage, the compiled rules that could match."""
    survey = {task: place.survey for task, place in taxonomy.tasks.items()} | {"": "other"}
    found: dict[str, dict[Stage, tuple[Compiled, ...]]] = {task: dict.fromkeys(STAGES, ()) for task in survey}
    for rule in rules:
        if rule.status == "off":
            continue
        fired = Fired(rule.id, rule.stage, False, rule.title, rule.why, tuple(rule.cites), rule.status)
        entry = Compiled(compiled(rule.conditions, thresholds), rule.then, fired, rule.status == "active")
        for task in possible_tasks(rule.conditions, survey):
            found[task][rule.stage] += (entry,)
    return found


def content_hash(
    rules: Sequence[Rule], thresholds: Mapping[str, float], taxonomy: Taxonomy, apply: Collection[str]
) -> str:
    """Twelve hex digits that name everything a decision depends on, but for the signals."""
    content = [
        [rule.model_dump(mode="json", by_alias=True, exclude_unset=True) for rule in rules],
        dict(thresholds),
        taxonomy.model_dump(mode="json"),
        sorted(apply),
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
