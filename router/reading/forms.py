"""The forms an answer can take: a bare word, or JSON under a schema or a key named in the prompt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

_TEMPLATE = re.compile(r"\{\s{0,20}\"(?P<key>[^\"{}\n]{1,40})\"\s{0,20}:(?P<value>[^{}]{0,200})\}")
_KEY = re.compile(
    r"\b(?:key|field|property)\s+(?:named\s+|called\s+)?[\"'`“](?P<after>[\w -]{1,40})[\"'`”]|"
    r"[\"'`“](?P<before>[\w-]{1,40})[\"'`”]\s+(?:key|field|property)\b"
)
_JSON = re.compile(r"\bjson\b", re.IGNORECASE)


class UnfitError(ValueError):
    """The wanted form cannot be filled with one label."""


@dataclass(frozen=True, slots=True)
class Form:
    """How to wrap a label word.

    `words` are the only words the schema allows (empty: any). `flag` is True where the answer is a JSON
    boolean under `key`. `fixed` are the schema's constants in its property order, `key` among them.
    """

    key: str = ""
    words: tuple[str, ...] = ()
    flag: bool = False
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def renderer(self) -> Callable[[str], str]:
        """The function that turns the prompt's word into the answer text."""
        if not self.key:
            return _plain
        layout = dict(self.fixed) or {self.key: None}

        def render(word: str) -> str:
            value: Any = word == "true" if self.flag else word
            return orjson.dumps({**layout, self.key: value}).decode()

        return render


def _plain(word: str) -> str:
    return word


def response_format(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `response_format` of a chat completion (or `text.format` of a response); empty when there is none."""
    wanted = body.get("response_format")
    if wanted is None and isinstance(text := body.get("text"), Mapping):
        wanted = text.get("format")
    return wanted if isinstance(wanted, Mapping) else {}


def form_of(body: Mapping[str, Any], key: str) -> Form:
    """The form wanted by the body, where `key` is the JSON key that the prompt names, if any.

    Raises:
        UnfitError: the body wants something that one label cannot fill.
    """
    wanted = response_format(body)
    kind = wanted.get("type", "text")
    if kind == "text":
        return Form(key)
    if kind == "json_object":
        if not key:
            raise UnfitError("a JSON object without a key")
        return Form(key)
    if kind == "json_schema":
        inner = wanted.get("json_schema", wanted)
        schema = inner.get("schema") if isinstance(inner, Mapping) else None
        if isinstance(schema, Mapping):
            return _schema_form(schema)
    raise UnfitError("an unknown response format")


def _schema_form(schema: Mapping[str, Any]) -> Form:
    """Exactly one property to fill: an enum, a plain string or a boolean. Constants are filled as they are."""
    properties = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(properties, Mapping) or not properties:
        raise UnfitError("not an object")
    if schema.keys() & {"anyOf", "oneOf", "allOf", "$ref", "not", "if", "patternProperties", "minProperties"}:
        raise UnfitError("a composed schema")
    required = schema.get("required") or []
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise UnfitError("a malformed schema")
    needed = [n for n in properties if n in required] or list(properties)
    if set(required) - set(needed):
        raise UnfitError("a required property that is not described")
    fixed: dict[str, Any] = {}
    form: Form | None = None
    for name in needed:
        rule = properties[name]
        if not isinstance(rule, Mapping):
            raise UnfitError("a malformed schema")
        if "const" in rule:
            fixed[name] = rule["const"]
            continue
        if form is not None:
            raise UnfitError("more than one property to fill")
        fixed[name] = None
        form = _property_form(str(name), rule)
    if form is None:
        raise UnfitError("nothing to fill")
    return Form(form.key, form.words, form.flag, fixed)


def _property_form(name: str, rule: Mapping[str, Any]) -> Form:
    """The form of one property; UnfitError for numbers, arrays, patterns and enums of anything but strings."""
    kind = rule.get("type", "string" if "enum" in rule else None)
    if kind == "boolean" and "enum" not in rule:
        return Form(name, flag=True)
    if kind != "string" or rule.keys() - {"type", "enum", "description", "title", "examples"}:
        raise UnfitError("a property that is not a plain string")
    words = rule.get("enum", [])
    if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
        raise UnfitError("an enum of other things than strings")
    return Form(name, tuple(words))


def named_key(text: str) -> tuple[str, str, int, int]:
    """The JSON key that a prompt names, the value beside it, and where that stands; all empty when none.

    Only looked for where the prompt says "JSON" shortly before, so a dictionary in the data is no form.

    Raises:
        UnfitError: a template with more than one key.
    """
    if "json" not in text.lower():
        return "", "", 0, 0
    for m in _TEMPLATE.finditer(text):
        if _JSON.search(text, max(0, m.start() - 80), m.start()):
            if '":' in m["value"] or '" :' in m["value"]:
                raise UnfitError("a JSON template with more than one key")
            return m["key"], m["value"], m.start(), m.end()
    keys = list(_KEY.finditer(text))
    if len(keys) > 1:
        raise UnfitError("more than one JSON key")
    if keys:
        return keys[0]["after"] or keys[0]["before"], "", keys[0].start(), keys[0].end()
    return "", "", 0, 0
