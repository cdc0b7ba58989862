"""What is measured of an own expert on rows that it did not learn from, as JSON values and for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from classifiers.own import Made, Part, Row, Said, rows_needed
from classifiers.train.measure import calibration_error, macro_f1
from router.bench.results import plain
from router.commands.options import one_line
from router.commands.rates import rate, reliability

PARTS: tuple[Part, ...] = ("train", "calibrate", "test")
SHOWN = 16  # labels or languages that a terminal shows; the card and the JSON have all
NAMED = 40  # characters of a label in a table
GATES = {
    "certified": "certified: this one serves",
    "naive": "naive: tuned on the same rows",
}


def figures(found: Said) -> dict[str, Any]:
    """How right the expert is on at least one row, and what its gate lets through, as JSON values."""
    wanted = [row.label for row in found.rows]
    good, sure = found.right.tolist(), found.confidence.tolist()
    right = Counter(label for label, hit in zip(wanted, good, strict=True) if hit)
    told: dict[str, Any] = {
        "n": len(found.rows),
        "accuracy": rate(good),
        "macro_f1": macro_f1(wanted, found.labels),
        "ece": calibration_error(sure, good),
        "gate": gate(found),
        "by_label": {label: {"n": n, "right": right[label]} for label, n in sorted(Counter(wanted).items())},
        "by_language": _by_language(found),
        "reliability": reliability(sure, good),
    }
    return {key: plain(value) for key, value in told.items()}


def gate(found: Said) -> dict[str, int]:
    """How many rows there are, how many are served, and how many of these wrongly."""
    served = found.served
    return {"n": len(found.rows), "served": int(served.sum()), "wrong": int((served & ~found.right).sum())}


def _by_language(found: Said) -> dict[str, Any]:
    """Where there are several: the rows of each, how many are said rightly, and what is served."""
    languages = [row.language for row in found.rows]
    counts = Counter(languages)
    if len(counts) < 2:
        return {}
    told = {}
    for language, n in counts.most_common():
        some = found.where(_mask(languages, language))
        told[language] = {"right": int(some.right.sum()), **gate(some), "n": n}
    return told


def _mask(values: Sequence[str], wanted: str) -> Any:
    return np.array([each == wanted for each in values], bool)


def joined(first: Said, second: Said) -> Said:
    """The rows of both."""
    arrays = (
        np.concatenate((getattr(first, name), getattr(second, name))) for name in ("confidence", "novelty", "served")
    )
    return Said((*first.rows, *second.rows), (*first.labels, *second.labels), *arrays)


def counted(rows: Sequence[Row], parts: Sequence[Part]) -> dict[str, dict[str, int]]:
    """Rows by label and part, labels in alphabetical order."""
    found: dict[str, dict[str, int]] = {row.label: dict.fromkeys(PARTS, 0) for row in sorted(rows, key=_label)}
    for row, part in zip(rows, parts, strict=True):
        found[row.label][part] += 1
    return found


def _label(row: Row) -> str:
    return row.label


def report(made: Made, rows: Sequence[Row], about: Mapping[str, Any]) -> dict[str, Any]:
    """All that is known of a new expert; `about` says what it was made from.

    `gates` are the certified and the naive one on the calibration rows. `test` is what neither learned nor certified
    anything; `held_out` are both parts, of which neither taught a head, so that its accuracy has the better interval.
    `needed` is about how many rows would certify the gate; only where it is closed.
    """
    expert, calibration = made.expert, made.gated.calibration
    certified = made.gated.gate
    rates = (certified.epsilon, certified.delta)
    told: dict[str, Any] = {
        "name": expert.name,
        "task": expert.task,
        "kind": expert.kind,
        "languages": expert.languages,
        "template": bool(expert.template),
        **about,
        "labels": counted(rows, made.parts),
        "rows": len(rows),
        "epsilon": rates[0],
        "delta": rates[1],
        "gates": calibration.card(*rates) if calibration is not None else {},
        "thresholds": made.thresholds,
        "closed": certified.closed,
        "test": figures(made.test),
        "held_out": figures(joined(made.calibrate, made.test)),
    }
    if certified.closed and calibration is not None:
        told["needed"] = rows_needed(calibration, *rates)
    return {key: plain(value) for key, value in told.items()}


def as_text(found: Mapping[str, Any]) -> Group:
    """The report of `surveyor train`, and of `surveyor eval expert` without a file."""
    title = f"Expert {found['name']}: {found['task']}, {found['rows']:,} rows, {len(found['labels'])} labels"
    parts: list[RenderableType] = [Text(title, style="bold"), _rows(found["labels"]), Text()]
    parts += [Text("On rows that it did not learn from; `wrong` are those served wrongly", style="bold")]
    parts += [_measures({"test": found["test"], "test + calibrate": found["held_out"]}), Text()]
    promise = f"at most {found['epsilon']:.1%} wrong of what is served, with probability {1 - found['delta']:.0%}"
    parts += [Text(f"Its gate: {promise}", style="bold"), _gates(found)]
    if found["closed"]:
        parts += [Text(closed(found), style="yellow")]
    if found["held_out"]["by_language"]:
        parts += [Text(), Text("By language, test + calibrate", style="bold"), _languages(found["held_out"])]
    return Group(*parts)


def measured_text(name: str, file: str, found: Mapping[str, Any]) -> Group:
    """The report of `surveyor eval expert` on a file of rows."""
    parts: list[RenderableType] = [Text(f"Expert {name} on {found['n']:,} rows of {file}", style="bold")]
    parts += [_measures({"these rows": found}), Text()]
    table = _table("label", "rows", "right", left=("label",))
    for label, each in list(found["by_label"].items())[:SHOWN]:
        table.add_row(one_line(label, NAMED), f"{each['n']:,}", f"{each['right']:,}")
    parts += [table, *_more(found["by_label"])]
    if found["by_language"]:
        parts += [Text(), Text("By language", style="bold"), _languages(found)]
    return Group(*parts)


def closed(found: Mapping[str, Any]) -> str:
    """What to say of an expert whose gate serves nothing."""
    said = "Nothing could be certified, so that its gate stays shut and an LLM answers."
    needed = found.get("needed")
    if needed is None:
        return (
            f"{said} Where it is surest it is wrong too often, so that more rows help only by what they "
            f"teach. Give it more, or clearer labels, or promise less, such as "
            f"--epsilon {min(0.5, 2 * found['epsilon']):g}."
        )
    if needed <= found["rows"]:
        return f"{said} These rows just miss it; a few more may do, or a larger --epsilon."
    return f"{said} About {needed:,} rows in all would be needed, to judge by these {found['rows']:,}."


def _rows(labels: Mapping[str, Mapping[str, int]]) -> Group:
    table = _table("label", *PARTS, "rows", left=("label",))
    for label, each in list(labels.items())[:SHOWN]:
        numbers = [each[part] for part in PARTS]
        table.add_row(one_line(label, NAMED), *(f"{n:,}" for n in (*numbers, sum(numbers))))
    numbers = [sum(each[part] for each in labels.values()) for part in PARTS]
    table.add_row("all", *(f"{n:,}" for n in (*numbers, sum(numbers))), style="bold")
    return Group(table, *_more(labels))


def _more(rows: Mapping[str, Any]) -> list[Text]:
    more = len(rows) - SHOWN
    return [Text(f"… and {more:,} more", style="dim")] if more > 0 else []


def _measures(parts: Mapping[str, Mapping[str, Any]]) -> Table:
    table = _table("", "rows", "accuracy", "macro-F1", "ECE", "served", "wrong", left=("",))
    for name, each in parts.items():
        share, passed = each["accuracy"], each["gate"]
        accuracy = f"{share['share']:.3f} ({share['low']:.3f}–{share['high']:.3f})"
        served = f"{passed['served'] / each['n']:.1%}"
        measures = (f"{each['macro_f1']:.3f}", f"{each['ece']:.3f}", served, f"{passed['wrong']:,}")
        table.add_row(name, f"{each['n']:,}", accuracy, *measures)
    return table


def _gates(found: Mapping[str, Any]) -> Table:
    table = _table("calibration rows", "rows", "threshold", "served", "wrong", "bound", left=("calibration rows",))
    for name, each in found["gates"].items():
        threshold, bound = (("–" if each[key] is None else f"{each[key]:.3f}") for key in ("threshold", "bound"))
        table.add_row(GATES[name], f"{each['n']:,}", threshold, f"{each['coverage']:.1%}", f"{each['wrong']:,}", bound)
    return table


def _languages(found: Mapping[str, Any]) -> Group:
    table = _table("language", "rows", "right", "served", "wrong", left=("language",))
    for language, each in list(found["by_language"].items())[:SHOWN]:
        row = (f"{each['right'] / each['n']:.1%}", f"{each['served'] / each['n']:.1%}", f"{each['wrong']:,}")
        table.add_row(language, f"{each['n']:,}", *row)
    return Group(table, *_more(found["by_language"]))


def _table(*names: str, left: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True, justify="left" if name in left else "right")
    return table
