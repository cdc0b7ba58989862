"""The rules of a policy, for people: all rows of the survey on a page, or one rule with all that is known of it.

A row is a heading of survey.md, such as `scale.arithmetic`. It is a rule of the same name and, where it acts at more
than one stage, companions named after it, such as `scale.arithmetic.tier`, which are folded under it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from policies.conditions import thresholds_in
from policies.located import ConfigError, nearest, text_of
from policies.schema import Rule, Threshold
from policies.store import HERE, PolicyStore, thresholds_of
from policies.words import then_in_words, when_in_words
from router.types import STAGES

OURS = "Our own rows"  # the part of survey.md with the rows that the survey does not have
# survey: a row of the survey; ours: a row that we added to it; yours: a rule of the operator's own
ORIGINS = ("survey", "ours", "yours")


def overview(store: PolicyStore) -> dict[str, Any]:
    """All rows, those of the survey first, as plain JSON values.

    Each is `{id, title, stage, then, status, origin, companions}`; a companion is `{id, stage, status}`.
    """
    rules = {rule.id: rule for rule in store.current.rules}
    sections = _sections()
    heads = [name for name in sections if name in {_row_of(rule) for rule in rules}]
    heads += [name for name in dict.fromkeys(map(_row_of, rules)) if name not in sections]
    rows = [_row(head, [rule for rule in rules.values() if _row_of(rule.id) == head], sections) for head in heads]
    rows.sort(key=lambda row: ORIGINS.index(row["origin"]))
    return {
        "profile": store.current.profile,
        "policy": store.current.hash,
        "rules": len(rules),
        "rows": rows,
    }


def _row(head: str, rules: Sequence[Rule], sections: Mapping[str, str]) -> dict[str, Any]:
    first = next((rule for rule in rules if rule.id == head), rules[0])
    section = sections.get(head)
    return {
        "id": head,
        "title": first.title,
        "stage": first.stage,
        "then": then_in_words(_plain(first)["then"]),
        "status": first.status,
        "origin": "yours" if section is None else "ours" if section.startswith(OURS) else "survey",
        "companions": [
            {"id": rule.id, "stage": rule.stage, "status": rule.status}
            for rule in sorted(rules, key=_stage)
            if rule is not first
        ],
    }


def one(store: PolicyStore, profile: str | Path, name: str) -> dict[str, Any]:
    """All that is known of a rule, as plain JSON values.

    Raises:
        ConfigError: no rule has this id.
    """
    rules = {rule.id: rule for rule in store.current.rules}
    if name not in rules:
        raise ConfigError(
            f"profile {store.current.profile}", None, f"no rule is named '{name}'{nearest(name, list(rules))}"
        )
    rule, source = rules[name], next(each for each in store.sources if each.rule.id == name)
    known = store.current.thresholds
    used = {word for _, word in thresholds_in(rule.conditions)}
    evidence = _evidence(store)
    return {
        **_plain(rule),
        "when_in_words": when_in_words(rule.conditions, known),
        "then_in_words": then_in_words(_plain(rule)["then"]),
        "file": str(source.file.path),
        "line": source.error("id", "").line,
        "companions": [
            each.id
            for each in sorted(rules.values(), key=_stage)
            if each.id != name and _row_of(each.id) == _row_of(name)
        ],
        "thresholds": [each for each in thresholds(store, profile) if each["name"] in used],
        "evidence": {cite: evidence[cite] for cite in rule.cites if evidence.get(cite)},
    }


def thresholds(store: PolicyStore, profile: str | Path) -> list[dict[str, Any]]:
    """The numbers that rules name, with the value in force, as plain JSON values."""
    described: Mapping[str, Threshold] = thresholds_of(profile)
    users: dict[str, list[str]] = {name: [] for name in described}
    for rule in store.current.rules:
        for word in dict.fromkeys(word for _, word in thresholds_in(rule.conditions)):
            users[word].append(rule.id)
    return [
        {"name": name, "value": store.current.thresholds[name], **each.model_dump(), "used_by": users[name]}
        for name, each in described.items()
    ]


# ── survey.md ────────────────────────────────────────────────────────────────────────────────────


def _row_of(rule: str) -> str:
    return ".".join(rule.split(".")[:2])


def _stage(rule: Rule) -> int:
    return STAGES.index(rule.stage)


def _plain(rule: Rule) -> dict[str, Any]:
    return rule.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _sections() -> dict[str, str]:
    """The rows of the shipped survey.md in their order, each with the part that it stands in."""
    found, part = {}, ""
    for line in text_of(HERE / "survey.md").splitlines():
        if line.startswith("# "):
            part = line.removeprefix("# ").strip()
        elif line.startswith("## "):
            found[line.removeprefix("## ").strip()] = part
    return found


def _evidence(store: PolicyStore) -> dict[str, str]:
    """The text under each heading, of every survey.md that may be cited."""
    found: dict[str, list[str]] = {}
    for folder in dict.fromkeys((HERE, *store.folders)):
        under: list[str] = []
        file = folder / "survey.md"
        for line in text_of(file).splitlines() if file.is_file() else ():
            if line.startswith("#"):
                under = found.setdefault(line.lstrip("#").strip(), [])
            else:
                under.append(line)
    return {heading: " ".join(" ".join(lines).split()) for heading, lines in found.items()}


# ── for people ───────────────────────────────────────────────────────────────────────────────────


def overview_table(shown: Mapping[str, Any]) -> RenderableType:
    """`overview` as a table: a line a row."""
    table = Table(box=None, pad_edge=False)
    for name in ("row", "what it does", "stage", "then", "status"):
        table.add_column(name, no_wrap=name in ("row", "stage", "status"))
    before = None
    for row in shown["rows"]:
        group = (row["origin"], row["id"].partition(".")[0])
        if before not in (None, group):
            table.add_row()
        before = group
        parts = " ".join(f"+{each['id'].removeprefix(row['id']).lstrip('.')}" for each in row["companions"])
        head = Text(row["id"], style="bold")
        if parts:
            head.append(f"\n  {parts}", style="dim")
        table.add_row(head, Text(row["title"]), row["stage"], Text(row["then"]), _status(row["status"]))
    return Group(Text(_header(shown), style="bold"), Text(), table)


def _header(shown: Mapping[str, Any]) -> str:
    count = {origin: sum(row["origin"] == origin for row in shown["rows"]) for origin in ORIGINS}
    said = f"{count['survey']} rows of the survey, {count['ours']} of our own"
    said += f", {count['yours']} of yours" if count["yours"] else ""
    return f"Profile {shown['profile']}: {said}, as {shown['rules']} rules; policy {shown['policy']}"


def _status(status: str) -> Text:
    return Text(status, style={"active": "", "shadow": "yellow"}.get(status, "dim"))


def one_text(rule: Mapping[str, Any]) -> RenderableType:
    """`one` as a page."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    lines = [
        ("stage", f"{rule['stage']}, {rule['status']}"),
        ("when", rule["when_in_words"]),
        ("then", rule["then_in_words"]),
        ("why", rule["why"]),
        ("wrong when", rule["wrong_when"]),
        ("cites", ", ".join(rule["cites"])),
        *(("with it", each) for each in [", ".join(rule["companions"])] if each),
        *(("threshold", f"{each['name']} = {_tuned(each)}: {each['meaning']}") for each in rule["thresholds"]),
        ("written in", f"{rule['file']}:{rule['line']}"),
    ]
    for name, value in lines:
        table.add_row(name, Text(value))
    parts: list[RenderableType] = [Text(f"{rule['id']}: {rule['title']}", style="bold"), table]
    for cite, text in rule["evidence"].items():
        parts += [Text(), Text(f"The evidence, {cite}", style="bold"), Text(text)]
    return Group(*parts)


def thresholds_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """`thresholds` as a table."""
    table = Table(box=None, pad_edge=False)
    for name in ("threshold", "value", "meaning", "evidence of the default", "used by"):
        table.add_column(name, no_wrap=name == "threshold")
    for row in rows:
        users = ", ".join(row["used_by"]) or "no rule"
        table.add_row(
            Text(row["name"], style="bold"), Text(_tuned(row)), Text(row["meaning"]), Text(row["evidence"]), users
        )
    return table


def _tuned(row: Mapping[str, Any]) -> str:
    tuned = "" if row["value"] == row["default"] else f" (default {row['default']:g})"
    return f"{row['value']:g} {row['unit']}{tuned}"
