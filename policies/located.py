"""YAML that knows its lines: every mistake in a file is reported where it stands.

    surveyor.yaml:12: unknown key 'tiers' under 'models.0'; did you mean 'tier'? Valid keys: id, name, tier

Scalars follow YAML 1.2: `off`, `no`, `12:30` and `2026-01-31` are text, so that `status: off` and
`language: no` mean what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # PyYAML built without libyaml: ten times slower, but the same
    from yaml import SafeLoader  # type: ignore[assignment, unused-ignore]

M = TypeVar("M", bound=BaseModel)
Loc = Sequence[str | int]

MOST_NODES = 50_000  # aliases written out; a billion-laughs file passes it within milliseconds
DEEPEST = 50

_TAG = "tag:yaml.org,2002:"
_TAGS = {"str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value"}
_WORDS: Mapping[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INT = re.compile(r"[-+]?[0-9][0-9_]*|0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan")


class ConfigError(Exception):
    """A file that cannot be used as it is. `str()` is one line: `path:line: what is wrong and what to write`.

    `line` counts from 1; it is None where no line is to blame (a file that is not there).
    """

    def __init__(self, path: Path | str, line: int | None, message: str) -> None:
        super().__init__(path, line, message)
        self.path = Path(path)
        self.line = line
        # A key may hold anything, line breaks and terminal codes included; a log line must not.
        self.message = "".join(char if char.isprintable() else repr(char)[1:-1] for char in message)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Located(Generic[M]):
    """A checked file that still knows where each of its values stands."""

    value: M
    path: Path
    root: yaml.MappingNode

    def error(self, loc: Loc, message: str) -> ConfigError:
        """The error to raise about the value at `loc`, such as `("rules", 0, "when")`."""
        return ConfigError(self.path, line_of(self.root, loc), message)


def load(path: Path, model: type[M]) -> M:
    """The file at `path` as a `model` (which should forbid extra keys). Raises `ConfigError`."""
    return read(path, model).value


def read(path: Path, model: type[M]) -> Located[M]:
    """Like `load`, but the value comes with its lines, for checks that need more than one file."""
    root = _compose(path, text_of(path))
    try:
        value = model.model_validate(_Builder(path).build(root))
    except ValidationError as broken:
        raise _first(path, root, model, broken) from None
    return Located(value, path, root)


def nearest(word: object, valid: Sequence[str]) -> str:
    """`; did you mean 'tier'?` when one of `valid` is close to `word`, else nothing."""
    close = get_close_matches(str(word), valid, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else "."


def line_of(root: yaml.Node, loc: Loc) -> int:
    """The line (from 1) of the value at `loc`; of the innermost thing that exists when it is missing."""
    return _find(root, loc)[0]


def _find(root: yaml.Node, loc: Loc) -> tuple[int, Loc]:
    """The line at `loc`, and `loc` without the names of union members, which pydantic puts among its parts."""
    node, line, kept = root, root.start_mark.line, list[str | int]()
    for at, part in enumerate(loc):
        if isinstance(node, yaml.MappingNode):
            entry = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if entry is not None:
                line, node = entry[0].start_mark.line, entry[1]
            elif at < len(loc) - 1:
                continue
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
        elif at < len(loc) - 1 or isinstance(part, str):
            continue
        kept.append(part)
    return int(line) + 1, kept


# ── from bytes to nodes to plain values ──────────────────────────────────────────────────────────


def text_of(path: Path) -> str:
    """The text of a UTF-8 file. Raises `ConfigError` when it cannot be read or is no text."""
    try:
        data = path.read_bytes()
    except OSError as broken:
        raise ConfigError(path, None, f"cannot be read: {broken.strerror or broken}") from None
    return decoded(path, data)


def decoded(path: Path, data: bytes) -> str:
    """The text of the bytes of a UTF-8 file. Raises `ConfigError` when they are no text."""
    if (at := data.find(b"\0")) >= 0:
        raise ConfigError(path, data.count(b"\n", 0, at) + 1, "holds a NUL byte: this is not a text file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = data.count(b"\n", 0, broken.start) + 1
        raise ConfigError(path, line, f"is not UTF-8 (byte 0x{data[broken.start]:02x}); save it as UTF-8") from None


def _compose(path: Path, text: str) -> yaml.MappingNode:
    try:
        root = yaml.compose(text, Loader=SafeLoader)
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        line = mark.line + 1 if mark else None
        raise ConfigError(path, line, f"not valid YAML: {broken.problem or broken.context}") from None
    except yaml.YAMLError as broken:
        raise ConfigError(path, None, f"not valid YAML: {' '.join(str(broken).split())}") from None
    except RecursionError:
        raise ConfigError(path, None, f"is nested more than {DEEPEST} levels deep") from None
    if isinstance(root, yaml.MappingNode):
        return root
    given = "nothing" if root is None else "a list" if isinstance(root, yaml.SequenceNode) else "a single value"
    line = 1 if root is None else root.start_mark.line + 1
    raise ConfigError(path, line, f"the top level must be a mapping of keys (`key: value`), but the file holds {given}")


class _Builder:
    """Turns nodes into plain values, refusing what a reader could misread: duplicates, merges, tags."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.nodes = 0

    def build(self, node: yaml.Node, depth: int = 0) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self.error(node, f"holds more than {MOST_NODES:,} values once its aliases are written out")
        if depth > DEEPEST:
            raise self.error(node, f"is nested more than {DEEPEST} levels deep, or an alias contains itself")
        if node.tag.removeprefix(_TAG) not in _TAGS:
            raise self.error(node, f"the tag '{node.tag.replace(_TAG, '!!')}' is not allowed; write a plain value")
        if isinstance(node, yaml.MappingNode):
            return {key: self.build(value, depth + 1) for key, value in self.entries(node)}
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, depth + 1) for item in node.value]
        assert isinstance(node, yaml.ScalarNode)  # noqa: S101 (YAML has three kinds of node)
        return _scalar(node)

    def entries(self, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.error(key, "a key must be a single word or a text in quotes")
            if key.tag == _TAG + "merge":
                raise self.error(key, "merge keys (`<<`) are not supported; write the keys out")
            if key.value in lines:
                first = lines[key.value]
                raise self.error(key, f"key '{key.value}' stands twice (first on line {first}); remove one of them")
            lines[key.value] = key.start_mark.line + 1
            yield key.value, value

    def error(self, node: yaml.Node, message: str) -> ConfigError:
        return ConfigError(self.path, node.start_mark.line + 1, message)


def _scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.style or node.tag in (_TAG + "str", _TAG + "value", _TAG + "merge"):
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        if _INT.fullmatch(text):
            return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
        if _FLOAT.fullmatch(text):
            return float(text.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:  # thousands of digits, or `1__0`: no number that anybody meant
        return text
    return text


# ── from pydantic's errors to sentences ──────────────────────────────────────────────────────────


def _first(path: Path, root: yaml.MappingNode, model: type[BaseModel], broken: ValidationError) -> ConfigError:
    """The topmost error; an unknown key before what is missing because it was misspelt."""
    errors = broken.errors(include_url=False)
    first = min(errors, key=lambda error: (line_of(root, error["loc"]), error["type"] != "extra_forbidden"))
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):  # the key that says which model is meant
        first["loc"] = (*first["loc"], first["ctx"]["discriminator"].strip("'"))
        first["input"] = first["ctx"].get("tag")
    line, loc = _find(root, first["loc"])
    return ConfigError(path, line, _message(model.model_json_schema(), first, loc))


def _message(schema: dict[str, Any], error: ErrorDetails, loc: Loc) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        valid = sorted({key for part in _walk(schema, error["loc"][:-1]) for key in part.get("properties", {})})
        hint = nearest(loc[-1], valid)
        return f"unknown key '{loc[-1]}'{_under(loc[:-1])}{hint} Valid keys: {', '.join(valid)}"
    wanted = _walk(schema, error["loc"])
    name = str(loc[-1]) if loc else "the file"
    example = next((found for part in wanted if (found := _example(part))), "")
    if kind in ("missing", "union_tag_not_found"):
        hint = f"; write for example `{name}: {example}`" if example else ""
        return f"missing key '{name}'{_under(loc[:-1])}{hint}"
    if kind in ("value_error", "assertion_error"):
        said = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return f"'{_dotted(loc)}': {said}" if loc else said
    secret = any(part.get("format") == "password" for part in wanted)
    shown = "a secret (not shown)" if secret else _short(error["input"])
    hint = f"; for example `{name}: {example}`" if example and not isinstance(loc[-1], int) else ""
    return f"'{_dotted(loc)}' {_expected(error)}, but is {shown}{hint}"


def _expected(error: ErrorDetails) -> str:
    """What pydantic wanted, in the words of somebody who writes YAML."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "union_tag_invalid":
        return f"should be one of {context['expected_tags']}"
    if kind == "too_short":
        return (
            f"should have at least {context['min_length']} items"
            if context["min_length"] > 1
            else "should not be empty"
        )
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return "should be a mapping of keys"
    said = error["msg"].removeprefix("Input ").removeprefix("String ")
    return said.replace("should be a valid ", "should be a ").replace("a integer", "an integer")


def _walk(schema: dict[str, Any], loc: Loc) -> list[dict[str, Any]]:
    """The parts of a JSON schema that describe `loc`; several where the value is a union."""
    here = _spread(schema, schema)
    for part in loc:
        below: list[dict[str, Any]] = []
        for each in here:
            if isinstance(part, int):
                item = each.get("items")
                below += [item] if isinstance(item, dict) else each.get("prefixItems", [])[part : part + 1]
            elif part in each.get("properties", {}):
                below.append(each["properties"][part])
            elif isinstance(each.get("additionalProperties"), dict):
                below.append(each["additionalProperties"])
            elif part in each.get("discriminator", {}).get("mapping", {}):
                below.append({"$ref": each["discriminator"]["mapping"][part]})
        # A part that leads nowhere is the name of a union member: stay where we are, as `line_of` does.
        here = [leaf for each in below for leaf in _spread(schema, each)] or here
    return here


def _spread(root: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in schema:
        target = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        return _spread(root, {**target, **{k: v for k, v in schema.items() if k != "$ref"}})
    members = schema.get("anyOf") or schema.get("oneOf") or []
    return [schema, *(leaf for each in members if each.get("type") != "null" for leaf in _spread(root, each))]


def _example(schema: Mapping[str, Any]) -> str:
    for candidate in (*schema.get("examples", ()), schema.get("default"), *schema.get("enum", ()), schema.get("const")):
        if candidate is not None:
            return _short(candidate).strip("'")
    fallback = {"integer": "1", "number": "0.5", "boolean": "true", "string": "some text", "array": "[...]"}
    return fallback.get(str(schema.get("type", "")), "")


def _dotted(loc: Loc) -> str:
    return ".".join(str(part) for part in loc)


def _under(loc: Loc) -> str:
    return f" under '{_dotted(loc)}'" if loc else ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
