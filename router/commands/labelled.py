"""Labelled prompts from a user's file, for `surveyor eval`: JSON lines, CSV or TSV, each of them gzipped or not.

The whole file is read before anything is done with it. A row that cannot be used is told with its line.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from policies.located import ConfigError, decoded, nearest
from policies.signals import TASKS
from router.errors import BadRequest
from router.settings import AUTO
from router.types import Request
from router.wire import parse_chat

PROMPT, LABEL = ("text", "prompt", "messages"), ("task", "label")  # the first that a row has counts
ALSO = ("tools", "response_format")  # of a request, what tells of its task
NEEDED = "'text' (or 'prompt', or 'messages') and 'task' (or 'label')"
EXAMPLE = '"Is this review positive or negative? Never again."'
LIKE = {  # by what separates the cells
    "": f'a line looks like {{"text": {EXAMPLE}, "task": "sentiment"}}',
    ",": f"the first line is `text,task`, and the others look like {EXAMPLE},sentiment",
    "\t": f"the first line is `text<tab>task`, and the others look like {EXAMPLE}<tab>sentiment",
}
SEPARATORS = {".csv": ",", ".tsv": "\t"}  # other files hold JSON lines
GZIP = b"\x1f\x8b"
LONGEST = 2**27  # characters of a cell


@dataclass(frozen=True, slots=True)
class Labelled:
    """A prompt as a client would send it, the task type that it should be taken for, and its line in the file."""

    line: int
    request: Request
    task: str


def own_labels(pairs: Sequence[str]) -> dict[str, str]:
    """Own label to task type, of `billing=intent_classification` and the like.

    Raises:
        ValueError: one is no such pair, names no task type, or contradicts another.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        own, equals, task = (part.strip() for part in pair.rpartition("="))
        if not (own and equals):
            raise ValueError(f"--map {pair}: write OWN=TASK, such as billing=intent_classification.")
        if task not in TASKS:
            raise ValueError(f"--map {pair}: {_unknown(task)}")
        if found.setdefault(own, task) != task:
            raise ValueError(f"--map {pair}: '{own}' is mapped to {found[own]} already.")
    return found


def read_labelled(path: Path, own: Mapping[str, str]) -> list[Labelled]:
    """The prompts of a file, `own` labels put into our words.

    Raises:
        ConfigError: the file cannot be read or holds no prompt, or a row has no text or no known label; with its line.
    """
    text, separator = text_of(path)
    rows = _cells(path, text, separator) if separator else _objects(path, text)
    found = [Labelled(line, _request(path, line, row), _task(path, line, row, own)) for line, row in rows]
    if not found:
        raise ConfigError(path, None, f"holds no prompts; {LIKE[separator]}")
    return found


def text_of(path: Path) -> tuple[str, str]:
    """The text of the file, and what separates its cells: nothing where it holds JSON lines."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data.startswith(GZIP) else data
    except (EOFError, zlib.error, gzip.BadGzipFile) as broken:
        raise ConfigError(path, None, f"is no whole gzip file: {broken}") from None
    except OSError as broken:
        raise ConfigError(path, None, f"cannot be read: {broken.strerror or broken}") from None
    return decoded(path, data), SEPARATORS.get(suffix, "")


def _objects(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, raw in enumerate(text.split("\n"), 1):  # not splitlines: a JSON string may hold U+2028 as it is
        if not raw.strip():
            continue
        try:
            row = orjson.loads(raw)
        except orjson.JSONDecodeError as broken:
            raise ConfigError(path, line, f"not valid JSON ({broken}); {LIKE['']}") from None
        if not isinstance(row, dict):
            raise ConfigError(path, line, f"must be a JSON object, one a line; {LIKE['']}")
        yield line, row


def _cells(path: Path, text: str, separator: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(LONGEST)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    names: list[str] | None = None
    begun = 1
    try:
        for cells in lines:
            line, begun = begun, lines.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = _names(path, line, cells, separator)
            elif len(cells) != len(names):
                hint = "a text that holds a separator, a quote or a line break stands in double quotes"
                raise ConfigError(path, line, f"has {len(cells)} columns, and the first line {len(names)}; {hint}")
            else:
                yield line, dict(zip(names, cells, strict=True))
    except csv.Error as broken:
        hint = 'put the whole text into double quotes, and double those within it: "He said ""no""."'
        raise ConfigError(path, begun, f"not valid {'CSV' if separator == ',' else 'TSV'} ({broken}); {hint}") from None


def _names(path: Path, line: int, cells: Sequence[str], separator: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    twice = next((name for name in names if name and names.count(name) > 1), "")
    if twice:
        raise ConfigError(path, line, f"column '{twice}' stands twice; rename one of them")
    if not (set(names) & set(PROMPT) and set(names) & set(LABEL)):
        named = ", ".join(repr(name) for name in names)
        raise ConfigError(path, line, f"the columns are {named}, but {NEEDED} are needed; {LIKE[separator]}")
    return names


def _request(path: Path, line: int, row: Mapping[str, Any]) -> Request:
    name, value = _first(path, line, row, PROMPT)
    if name == "messages" and isinstance(value, str):  # in a cell of a table
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as broken:
            raise ConfigError(path, line, f"'messages' is not valid JSON: {broken}") from None
    elif name != "messages" and not isinstance(value, str):
        raise ConfigError(path, line, f"'{name}' must be a text, but is {_short(value)}")
    messages = value if name == "messages" else [{"role": "user", "content": value}]
    body = {"model": AUTO, "messages": messages, **_also(row)}
    try:
        request = parse_chat(orjson.dumps(body), {}, f"line-{line}")
    except BadRequest as problem:
        raise ConfigError(path, line, problem.message) from None
    except TypeError as problem:  # of orjson: deeper than it writes
        raise ConfigError(path, line, f"'{name}' cannot be sent: {problem}") from None
    if not request.text.strip():
        raise ConfigError(path, line, f"there is no text in '{name}'{_OF_USER if name == 'messages' else ''}")
    return request


def _also(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ALSO if row.get(name) and not isinstance(row[name], str)}


_OF_USER = ": none of the messages is of role 'user' and has a text"


def _task(path: Path, line: int, row: Mapping[str, Any], own: Mapping[str, str]) -> str:
    name, value = _first(path, line, row, LABEL)
    if not isinstance(value, str):
        raise ConfigError(path, line, f"'{name}' must be the name of a task type, but is {_short(value)}")
    label = value.strip()
    task = own.get(label, label)
    if task not in TASKS:
        hint = f" A label of your own: --map '{_short(label).strip(_QUOTES)}=NAME'." if label else ""
        raise ConfigError(path, line, f"{_unknown(label)}{hint}")
    return task


def _first(path: Path, line: int, row: Mapping[str, Any], names: Sequence[str]) -> tuple[str, Any]:
    """The first of the names that the row has, with its value; an empty one counts only if there is no other."""
    there = [name for name in names if row.get(name) is not None]
    name = next((name for name in there if row[name] not in ("", [])), next(iter(there), None))
    if name is None:
        missing = " or ".join(repr(name) for name in names)
        raise ConfigError(path, line, f"has no {missing}; needed are {NEEDED}")
    return name, row[name]


def _unknown(label: str) -> str:
    if not label:
        return f"there is no label. Valid names: {', '.join(TASKS)}."
    low = label.lower().rstrip("s")  # such as `spam` or `intents`, which are too short to be near any name
    part = next((task for task in TASKS if len(low) > 1 and (low in task or low.startswith(task.split("_")[0]))), "")
    hint = nearest(label.lower(), TASKS)
    hint = f"; did you mean '{part}'?" if part and "?" not in hint else hint
    return f"no task type is named {_short(label)}{hint} Valid names: {', '.join(TASKS)}."


_QUOTES = "'\""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
