"""A user's labelled rows, for `surveyor train` and `surveyor eval expert`: JSON lines, CSV or TSV, gzipped or not.

The whole file is read, and every row that cannot be used is told with its line: none is dropped silently.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from classifiers.own import Row
from policies.located import ConfigError
from router.commands.labelled import LONGEST, text_of

TEXTS, PAIRS, LABELS = ("text", "prompt", "messages"), ("a", "b"), ("label",)
LIKE = 'columns `text` (or `messages`, or `a` and `b` for pairs) and `label`, such as {"text": "…", "label": "refund"}'
MOST_CHARS = 200  # of a label
LISTED = 20  # bad rows that are printed
_QUOTES = 'put the whole text into double quotes, and double those within it: "He said ""no""."'


class RowError(ValueError):
    """Why a row cannot be used."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be used, by its first line in the file, and why. `last` where nothing after it can be read."""

    line: int
    why: str
    last: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """The usable rows, each text once; the bad ones; and how many only repeated a row with the same label."""

    rows: tuple[Row, ...]
    bad: tuple[Bad, ...]
    repeated: int

    @property
    def pairs(self) -> bool:
        """Whether the rows are pairs of texts."""
        return bool(self.rows) and bool(self.rows[0].other)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by label, in alphabetical order."""
        return dict(sorted(Counter(row.label for row in self.rows).items()))

    def listed(self) -> str:
        """The bad rows, a line each."""
        lines = [f"  line {bad.line}: {bad.why}" for bad in self.bad[:LISTED]]
        more = len(self.bad) - LISTED
        return "\n".join([*lines, *([f"  … and {more:,} more"] if more > 0 else [])])


def read_rows(path: Path, language: Callable[[str], str]) -> Rows:
    """All rows of a file; `language` tells that of a text.

    Raises:
        ConfigError: it cannot be read at all, or it has not the columns that are needed.
    """
    text, separator = text_of(path)
    found: list[Row] = []
    bad: list[Bad] = []
    for line, cells in _cells(path, text, separator) if separator else _objects(text):
        if isinstance(cells, Bad):
            bad.append(cells)
            continue
        try:
            found.append(_row(line, cells, language))
        except RowError as problem:
            bad.append(Bad(line, str(problem)))
    if not found and not bad:
        raise ConfigError(path, None, f"holds no rows; needed are {LIKE}")
    if len({bool(row.other) for row in found}) > 1:
        few = bool(sum(bool(row.other) for row in found) * 2 < len(found))
        bad += [Bad(row.line, "is a pair, others are single texts") for row in found if few and row.other]
        bad += [Bad(row.line, "is a single text, others are pairs") for row in found if not few and not row.other]
        found = [row for row in found if bool(row.other) != few]
    rows, clashes = _once(found)
    bad = sorted([*bad, *clashes], key=lambda each: each.line)
    return Rows(tuple(rows), tuple(bad), len(found) - len(rows) - len(clashes))


def _once(found: Sequence[Row]) -> tuple[list[Row], list[Bad]]:
    """Each text once; those that stand there with two labels are bad, all of them."""
    groups: dict[str, list[Row]] = {}
    for row in found:
        groups.setdefault(row.key, []).append(row)
    rows, bad = [], []
    for same in groups.values():
        labels = sorted({row.label for row in same})
        if len(labels) == 1:
            rows.append(same[0])
            continue
        for row in same:
            others = ", ".join(f"'{each.label}' in line {each.line}" for each in same if each.label != row.label)
            bad.append(Bad(row.line, f"the same text has the label '{row.label}' here and {others}; keep one of them"))
    return rows, bad


def _objects(text: str) -> Iterator[tuple[int, Mapping[str, Any] | Bad]]:
    for line, raw in enumerate(text.split("\n"), 1):  # not splitlines: a JSON string may hold U+2028 as it is
        if not raw.strip():
            continue
        try:
            row = orjson.loads(raw)
        except orjson.JSONDecodeError as broken:
            yield line, Bad(line, f"not valid JSON ({broken})")
            continue
        yield line, row if isinstance(row, dict) else Bad(line, f"must be a JSON object with {LIKE}")


def _cells(path: Path, text: str, separator: str) -> Iterator[tuple[int, Mapping[str, Any] | Bad]]:
    csv.field_size_limit(LONGEST)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    names: list[str] = []
    begun = 1
    try:
        for cells in lines:
            line, begun = begun, lines.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = _names(path, line, cells)
            elif len(cells) != len(names):
                why = f"has {len(cells)} columns, and the first line {len(names)}; {_QUOTES}"
                yield line, Bad(line, why)
            else:
                yield line, dict(zip(names, cells, strict=True))
    except csv.Error as broken:
        why = f"cannot be read from here on ({broken}); {_QUOTES}"
        yield begun, Bad(begun, why, last=True)


def _names(path: Path, line: int, cells: Sequence[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    twice = next((name for name in names if name and names.count(name) > 1), "")
    if twice:
        raise ConfigError(path, line, f"column '{twice}' stands twice; rename one of them")
    if not set(names) & set(LABELS) or not (set(names) & set(TEXTS) or set(PAIRS) <= set(names)):
        raise ConfigError(path, line, f"the columns are {', '.join(map(repr, names))}; needed are {LIKE}")
    return names


def _row(line: int, cells: Mapping[str, Any], language: Callable[[str], str]) -> Row:
    """Raises RowError where it cannot be used."""
    if all(cells.get(name) not in (None, "") for name in PAIRS):
        text, other = (_text(name, cells[name]) for name in PAIRS)
    else:
        name = next((name for name in TEXTS if cells.get(name) not in (None, "", [])), "")
        if not name:
            raise RowError("there is no text: `text`, `messages`, or both `a` and `b`")
        text, other = _newest(cells[name]) if name == "messages" else _text(name, cells[name]), ""
    label = _label(cells.get("label"))
    return Row(text, label, other, language(text), line)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise RowError(f"`{name}` must be a text, not {type(value).__name__}")
    if not value.strip():
        raise RowError(f"`{name}` is blank")
    return value.strip()


def _label(value: object) -> str:
    if isinstance(value, bool | int):
        return str(value).lower()
    if value is None or (isinstance(value, str) and not value.strip()):
        raise RowError("there is no label")
    if not isinstance(value, str):
        raise RowError(f"`label` must be a text, not {type(value).__name__}")
    label = " ".join(value.split())
    if len(label) > MOST_CHARS:
        raise RowError(f"`label` has {len(label):,} characters; at most {MOST_CHARS} may be: is it the text?")
    return label


def _newest(value: object) -> str:
    """The newest text of a user among OpenAI's messages, which in a cell of a table are JSON."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as broken:
            raise RowError(f"`messages` is not valid JSON ({broken})") from None
    if not isinstance(value, list):
        raise RowError("`messages` must be a list of messages, as OpenAI's clients send it")
    for message in reversed(value):
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            parts = content if isinstance(content, list) else [{"text": content}]
            texts = [part.get("text") for part in parts if isinstance(part, dict)]
            text = "\n".join(each for each in texts if isinstance(each, str)).strip()
            if text:
                return text
    raise RowError("none of the `messages` is of role `user` and has a text")
