"""What differs between two policies: rules, the order in which they are asked, thresholds, what may be applied."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from policies.engine import Policy
from policies.schema import Rule
from policies.words import then_in_words, when_in_words
from router.types import STAGES, Stage

DECIDING = ("stage", "status", "when", "then")  # fields that decisions depend on
WORDING = ("title", "why", "cites", "wrong_when", "before")

ALIKE = "They decide alike: nothing differs."
REWRITTEN = (  # what `differences` leaves: `1` for `1.0`, and how the stages' rules are mixed
    "They decide alike, though their hashes differ: only the way it is written does, such as 1.0 for 1, or where rules "
    "stand among those of other stages."
)


def differences(old: Policy, new: Policy) -> dict[str, Any]:
    """From `old` to `new`, as plain JSON values: all that their hashes depend on. `moved` is about order in a stage."""
    before, after = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    both = [name for name in after if name in before]
    changes = {name: _changes(before[name], after[name], DECIDING) for name in both}
    names = dict.fromkeys((*old.thresholds, *new.thresholds))
    return {
        "from": {"profile": old.profile, "policy": old.hash, "rules": len(before)},
        "to": {"profile": new.profile, "policy": new.hash, "rules": len(after)},
        "added": [_brief(rule) for name, rule in after.items() if name not in before],
        "removed": [_brief(rule) for name, rule in before.items() if name not in after],
        "moved": [moved for stage in STAGES for moved in _moved(old, new, stage)],
        "changed": [
            {"id": name, "title": after[name].title, "fields": found} for name, found in changes.items() if found
        ],
        "reworded": [name for name in both if _changes(before[name], after[name], WORDING)],
        "thresholds": [
            {"name": name, "from": old.thresholds.get(name), "to": new.thresholds.get(name)}
            for name in names
            if old.thresholds.get(name) != new.thresholds.get(name)
        ],
        "taxonomy": _places(old, new),
        "applied": sorted(new.apply - old.apply),
        "no_longer_applied": sorted(old.apply - new.apply),
    }


def _plain(rule: Rule) -> dict[str, Any]:
    return rule.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _brief(rule: Rule) -> dict[str, Any]:
    return {"id": rule.id, "stage": rule.stage, "status": rule.status, "title": rule.title}


def _changes(old: Rule, new: Rule, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    before, after = _plain(old), _plain(new)
    return {
        name: {"from": before.get(name), "to": after.get(name)} for name in names if before.get(name) != after.get(name)
    }


def _places(old: Policy, new: Policy) -> list[dict[str, Any]]:
    """The task types that stand elsewhere in the survey."""
    before, after = (policy.taxonomy.model_dump(mode="json")["tasks"] for policy in (old, new))
    tasks = dict.fromkeys((*before, *after))
    return [
        {"task": task, "from": before.get(task), "to": after.get(task)}
        for task in tasks
        if before.get(task) != after.get(task)
    ]


def _moved(old: Policy, new: Policy, stage: Stage) -> list[dict[str, Any]]:
    """The fewest rules of a stage whose moving explains its new order, each with the rule that it now comes before."""
    orders = [[rule.id for rule in policy.rules if rule.stage == stage] for policy in (old, new)]
    before, after = (
        [name for name in order if name in set(other)] for order, other in zip(orders, orders[::-1], strict=True)
    )
    places = [before.index(name) for name in after]
    stayed = _rising(places)
    return [
        {
            "id": name,
            "stage": stage,
            "from": places[at] + 1,
            "to": at + 1,
            "before": after[at + 1] if at + 1 < len(after) else None,
        }
        for at, name in enumerate(after)
        if at not in stayed
    ]


def _rising(numbers: Sequence[int]) -> frozenset[int]:
    """The places of a longest rising subsequence."""
    ends: list[int] = []  # smallest number that ends a rising sequence of each length
    at_end: list[int] = []
    came_from: list[int | None] = []
    for at, number in enumerate(numbers):
        length = bisect_left(ends, number)
        came_from.append(at_end[length - 1] if length else None)
        ends[length : length + 1] = [number]
        at_end[length : length + 1] = [at]
    found = set()
    place = at_end[-1] if at_end else None
    while place is not None:
        found.add(place)
        place = came_from[place]
    return frozenset(found)


# ── for people ───────────────────────────────────────────────────────────────────────────────────


def diff_text(found: Mapping[str, Any], old: Policy, new: Policy) -> RenderableType:
    """`differences` as text, one block for each kind."""
    lines: list[Text] = [Text(_header(found), style="bold")]
    for name, sign, style in (("added", "+", "green"), ("removed", "-", "red")):
        lines += _block(
            name,
            [Text(f"{sign} {each['id']} ({each['stage']}): {each['title']}", style=style) for each in found[name]],
        )
    lines += _block("changed", list(_changed(found["changed"], old, new)), len(found["changed"]))
    lines += _block("asked at another place of their stage", [Text(_place(each)) for each in found["moved"]])
    lines += _block(
        "reworded", [Text(", ".join(found["reworded"]))] if found["reworded"] else [], len(found["reworded"])
    )
    lines += _block("thresholds", [Text(_threshold(each)) for each in found["thresholds"]])
    lines += _block("task types elsewhere in the survey", [Text(_task(each)) for each in found["taxonomy"]])
    lines += _block("may change the prompt now", [Text(each) for each in found["applied"]])
    lines += _block("may change the prompt no longer", [Text(each) for each in found["no_longer_applied"]])
    if len(lines) == 1:
        lines.append(Text(ALIKE if old.hash == new.hash else REWRITTEN))
    return Group(*lines)


def _header(found: Mapping[str, Any]) -> str:
    sides = (f"{side['profile']} ({side['policy']}, {side['rules']} rules)" for side in (found["from"], found["to"]))
    return " → ".join(sides)


def _block(title: str, lines: Sequence[Text], count: int | None = None) -> list[Text]:
    if not lines:
        return []
    return [Text(), Text(f"{title}: {len(lines) if count is None else count}", style="bold"), *lines]


def _changed(rules: Sequence[Mapping[str, Any]], old: Policy, new: Policy) -> Iterator[Text]:
    for rule in rules:
        yield Text(f"~ {rule['id']}: {rule['title']}", style="yellow")
        for name, sides in rule["fields"].items():
            yield Text(f"    {name}: {_said(name, sides['from'], old)}")
            yield Text(f"    {'→':>{len(name) + 1}} {_said(name, sides['to'], new)}")


def _said(name: str, value: Any, policy: Policy) -> str:
    if name == "when":
        return when_in_words(value, policy.thresholds)
    return then_in_words(value) if name == "then" else str(value)


def _place(moved: Mapping[str, Any]) -> str:
    where = f"before {moved['before']}" if moved["before"] else "last"
    places = f" (place {moved['from']} → {moved['to']})" if moved["from"] != moved["to"] else ""
    return f"  {moved['id']} ({moved['stage']}): now {where}{places}"


def _task(placed: Mapping[str, Any]) -> str:
    sides = ("nowhere" if place is None else _survey(place) for place in (placed["from"], placed["to"]))
    return f"  {placed['task']}: {' → '.join(sides)}"


def _survey(place: Mapping[str, Any]) -> str:
    return f"{place['survey']} ({', '.join(place['figure']) or 'no question'})"


def _threshold(changed: Mapping[str, Any]) -> str:
    sides = ["none" if changed[side] is None else f"{changed[side]:g}" for side in ("from", "to")]
    return f"  {changed['name']}: {sides[0]} → {sides[1]}"
