"""A rule's `when` and `then` in words, for tables and trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.conditions import COMPARISON
from policies.signals import SIGNALS

_THEN: Mapping[str, str] = {  # what a key of `then` says; {} is its value
    "local_only": "only models on the operator's machines",
    "needs": "only models with {}",
    "resident_only": "only models in the region where data must stay",
    "fits_context": "only models whose window holds the conversation",
    "refuse": "refused: {}",
    "prefer": "prefers the {} tier",
    "at_least": "at least the {} tier",
    "at_most": "at most the {} tier",
    "avoid": "avoids the {} models",
    "favour": "of a tier, the model tagged {} first",
    "stay": "stays with the tier that began",
    "downgrade": "the cheapest tier that fits",
    "faster": "a tier that is fast enough",
    "advise": "advises {}",
    "flag": "flags {}",
}
_KINDS: Mapping[str, str] = {
    "local": "to the expert, if its gate is open",
    "llm": "to an LLM",
    "retrieve": "to retrieval",
    "guard": "to a guard model; until there is one, to an LLM, with that advice",
}
_COMPARED: Mapping[str, str] = {"<": "under", "<=": "at most", ">": "over", ">=": "at least"}


def then_in_words(then: Mapping[str, Any]) -> str:
    """What a rule does: `prefers the reasoning tier; avoids the largest models`."""
    said = []
    for key, value in then.items():
        if key == "kind":
            said.append(_KINDS.get(value, str(value)))
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            said.append(_THEN.get(key, f"{key}: {{}}").format(shown))
    return "; ".join(said)


def when_in_words(when: Mapping[str, Any], thresholds: Mapping[str, float]) -> str:
    """When a rule acts: `survey is sentiment, and expert is open`; a threshold is named with its value."""
    parts = [_part(name, condition, thresholds) for name, condition in when.items()]
    return ", and ".join(parts) if parts else "always"


def _part(name: str, condition: Any, thresholds: Mapping[str, float]) -> str:
    if name in ("any", "all"):
        inner = [when_in_words(each, thresholds) for each in condition]
        inner = [f"({each})" if ", and " in each and len(inner) > 1 else each for each in inner]
        either = "either " if name == "any" and len(inner) > 1 else ""
        return either + (", or " if name == "any" else ", and ").join(inner)
    if name == "not":
        return f"not ({when_in_words(condition, thresholds)})"
    kind = SIGNALS[name].kind
    if isinstance(condition, bool):
        said = f"{name} {'holds' if condition else 'does not hold'}"
        return (f"{name} is not empty" if condition else f"{name} is empty") if kind == "bag" else said
    verb = "holds" if kind == "bag" else "is"
    return f"{name} {verb} {_alternatives(condition, thresholds)}"


def _alternatives(condition: Any, thresholds: Mapping[str, float]) -> str:
    values = [_value(each, thresholds) for each in (condition if isinstance(condition, list) else [condition])]
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"


def _value(value: object, thresholds: Mapping[str, float]) -> str:
    match = COMPARISON.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return str(value)
    operand = f"{match[3]} ({thresholds[match[3]]:g})" if match[3] else match[2]
    return f"{_COMPARED[match[1]]} {operand}"
