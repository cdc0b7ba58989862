"""`surveyor bench detectors`: how often each detector is right, on samples labelled by people who had not seen it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Any

import orjson
from rich.table import Table

from classifiers import language
from classifiers.cues import EASY, HARD, CueHeads, Heard
from classifiers.embed import StaticEmbedder
from classifiers.shipped import FOLDER
from policies.store import thresholds_of
from router.detectors.seen import Seen, see, see_text
from router.facts import DETECTORS, read_facts
from router.observe import told_text
from router.types import CUES
from router.wire import parse_chat

# What stands for "nothing there", by detector; false, none, 0, "free" and the empty list elsewhere.
_NOTHING: Mapping[str, Any] = {"tasks": 1, "translation": ("", "")}
_ELSEWHERE = frozenset({"translation", "difficulty", "domain"})  # told by no detector alone
_TASKS = frozenset({"ranking", "forecasting", "parsing"})  # told as the task itself, not as a fact
_LEVELS = ("easy", "medium", "hard")
_GRADED = frozenset({"difficulty", "context"})  # every answer is one of a few classes, none of which is "nothing"


def measured(folder: Path, split: str) -> list[dict[str, Any]]:
    """A row for each file of samples: counts, precision and recall of "something there", share of exact answers.

    Of patterns and cue heads together, as a request is observed.

    Raises:
        FileNotFoundError: there are no such samples.
    """
    rows = []
    hear = ears()
    for path in sorted(folder.glob("*.jsonl")):
        samples = [line for line in map(orjson.loads, path.read_bytes().splitlines()) if line["split"] == split]
        if path.stem in {*DETECTORS, *CUES, *_ELSEWHERE}:
            seen = [seen_of(line) for line in samples]
            said = [found(path.stem, each, hear(each)) for each in seen]
            pairs = list(zip([wanted(path.stem, line["want"]) for line in samples], said, strict=True))
            if pairs:
                rows.append(figures(path.stem, pairs))
    if not rows:
        raise FileNotFoundError(f"{folder}: no samples of the split '{split}' for any detector")
    return rows


@cache
def ears() -> Callable[[Seen], Heard]:
    """What the shipped cue heads hear in a request."""
    embedder, cues = StaticEmbedder.load(FOLDER / "static"), CueHeads.load(FOLDER / "cues")
    return lambda seen: cues.heard(embedder.look(told_text(seen.request)))


def seen_of(line: Mapping[str, Any]) -> Seen:
    """The sample as a request: one message, or a conversation."""
    if "messages" in line:
        return see(parse_chat(orjson.dumps({"model": "auto", "messages": line["messages"]}), {}, "sample"))
    return see_text(line["text"])


def wanted(name: str, label: Any) -> Any:
    """A label in the form in which `found` says it."""
    if name == "translation":
        return label["source"], label["target"]
    return tuple(sorted(label)) if isinstance(label, list) else label


def found(name: str, seen: Seen, heard: Heard) -> Any:
    """What is told of a request, in the words of the labels."""
    facts = read_facts(seen, 0, language.detect, heard)
    if name == "translation":
        return facts.source_language, facts.target_language
    if name in CUES:
        return name in facts.cues
    if name in _TASKS:
        return name in heard.cues or DETECTORS[name](seen)
    value = getattr(facts, name.replace("-", "_"))
    if name == "difficulty":
        return _LEVELS[(value >= EASY) + (value >= HARD)]
    if name == "noise":
        return value >= noisy()
    return min(2, value) if name == "tasks" else value


@cache
def noisy() -> float:
    """The share of mistyped words from which on the rules call a text noisy."""
    return thresholds_of("2026")["noisy"].default


def figures(name: str, pairs: Sequence[tuple[Any, Any]]) -> dict[str, Any]:
    """Precision, recall and exact answers with 95 % Wilson intervals; macro-F1 where answers are grades."""
    exact = sum(want == got for want, got in pairs)
    row: dict[str, Any] = {"detector": name, "n": len(pairs), "exact": _rate(exact, len(pairs))}
    if name in _GRADED:
        return row | {"macro_f1": macro_f1(pairs)}
    there = [(_there(name, want), _there(name, got)) for want, got in pairs]
    both, said, meant = (sum(map(count, there)) for count in (all, _second, _first))
    return row | {"positive": meant, "precision": _rate(both, said), "recall": _rate(both, meant)}


def macro_f1(pairs: Sequence[tuple[Any, Any]]) -> float:
    """The mean of the F1 of each class that is wanted somewhere."""
    kinds = sorted({want for want, _ in pairs})
    scores = []
    for kind in kinds:
        hits = sum(want == got == kind for want, got in pairs)
        told = sum((want == kind) + (got == kind) for want, got in pairs)
        scores.append(2 * hits / told)
    return round(sum(scores) / len(scores), 3) if scores else 0.0


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % Wilson interval of a share; (0, 1) without data."""
    if n == 0:
        return 0.0, 1.0
    share, spread = hits / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return round(max(0.0, centre - half), 3), round(min(1.0, centre + half), 3)


def as_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The rows for a terminal."""
    table = Table(box=None, pad_edge=False, caption="in brackets: 95 % Wilson interval")
    for name in ("detector", "n", "positive", "precision", "recall", "exact", "macro-F1"):
        table.add_column(name, justify="left" if name == "detector" else "right")
    for row in rows:
        rates = [_told(row[name]) if name in row else "" for name in ("precision", "recall", "exact")]
        table.add_row(
            row["detector"], str(row["n"]), str(row.get("positive", "")), *rates, str(row.get("macro_f1", ""))
        )
    return table


def _there(name: str, value: Any) -> bool:
    nothing = _NOTHING.get(name, False)
    return value not in {False, None, "none", "free", (), nothing}


def _first(pair: tuple[bool, bool]) -> bool:
    return pair[0]


def _second(pair: tuple[bool, bool]) -> bool:
    return pair[1]


def _rate(hits: int, n: int) -> dict[str, float | None]:
    low, high = wilson(hits, n)
    return {"share": round(hits / n, 3) if n else None, "low": low, "high": high}


def _told(rate: Mapping[str, float | None]) -> str:
    share = "–" if rate["share"] is None else f"{rate['share']:.2f}"
    return f"{share} ({rate['low']:.2f}–{rate['high']:.2f})"
