"""The forms in which prompts want entities: JSON of several shapes, lines, tags per token, or marks in the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from router.reading.forms import response_format
from router.reading.lists import LISTED
from router.reading.wording import words_of

Found = Sequence[tuple[str, str]]  # (the prompt's word for the type, the entity), in the order of the text
Writer = Callable[[str], str | None]

_OBJECT = re.compile(
    r"\[?\s*\{\s*[\"'](?P<one>[\w ]{1,20})[\"']\s*:\s*(?P<first>[^{},:]{1,40}),\s*"
    r"[\"'](?P<two>[\w ]{1,20})[\"']\s*:\s*(?P<second>[^{},:]{1,40})\}"
    r"\s*(?:,\s*\.{3}\s*)?\]?"
)
_BY_TYPE = re.compile(rf"\{{\s*[\"']?{LISTED}[^{{}}]{{0,80}}\}}")
_TEXTS = words_of("text span entity name value mention word phrase surface")
_TYPES = words_of("label type category tag class entity_type")
_PAIRS = re.compile(r"\((?:span|entity|text|name|mention|phrase), ?(?:type|label|category|tag|class)\)", re.IGNORECASE)
_PAIRS_TURNED = re.compile(
    r"\((?:type|label|category|tag|class), ?(?:span|entity|text|name|mention|phrase)\)", re.IGNORECASE
)
_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
_BIO = re.compile(r"\b(?:BIO|IOB2?)\b")
_BRACKETS = re.compile(r"\bsquare brackets?\b", re.IGNORECASE)
_ONE_A_LINE = re.compile(
    r"\bone (?:entity )?(?:per|on each|a) line\b|\bper line\b|\beach on (?:its own|a new) line\b", re.IGNORECASE
)
_COMMAS = re.compile(r"\bcomma[ -]separated\b|\bseparated by commas?\b", re.IGNORECASE)
_BLANK = " "


@dataclass(frozen=True, slots=True)
class EntitiesForm:
    """How to write entities down. `keys` are those of the text and of the type, in the prompt's order."""

    shape: str  # objects | pairs | turned | json | tags | brackets | each | lines
    keys: tuple[str, str] = ("", "")

    def writer(self, text: str, labels: Mapping[str, str], said: str) -> Writer | None:
        """The function that writes the expert's entities of `text`; None where this form cannot be for these types."""
        if self.shape == "tags" and any(" " in word for word in labels.values()):
            return None
        if self.shape in ("each", "lines") and _COMMAS.search(said) and len(labels) > 1 and self.shape == "each":
            return None

        def write(answer: str) -> str | None:
            found = _read(answer, labels)
            return None if found is None else _WRITERS[self.shape](found, text, [*labels.values()], self.keys)

        return write


def entities_form(  # noqa: PLR0911 - a return for each form
    text: str, body: Mapping[str, object]
) -> tuple[EntitiesForm | None, str]:
    """The form that a prompt with its list marked asks for, and the prompt without what describes it.

    None where the form is none of ours: a schema, an object of other keys.
    """
    if response_format(body).get("type", "text") not in ("text", "json_object"):
        return None, text
    m = _OBJECT.search(text)
    if m is not None:
        one, two = m["one"].lower(), m["two"].lower()
        if not ({one, two} & _TEXTS and {one, two} & _TYPES and (one in _TEXTS) != (two in _TEXTS)):
            return None, text
        return EntitiesForm("objects", (m["one"], m["two"])), text[: m.start()] + _BLANK * (m.end() - m.start()) + text[
            m.end() :
        ]
    if "{" in text and _JSON.search(text):
        return None, text
    for pattern, shape in ((_PAIRS, "pairs"), (_PAIRS_TURNED, "turned")):
        if pattern.search(text):
            return EntitiesForm(shape), pattern.sub(_same_length, text)
    if _BIO.search(text):
        return EntitiesForm("tags"), text
    if _JSON.search(text) or response_format(body).get("type") == "json_object":
        return EntitiesForm("json"), text
    if _BRACKETS.search(text):
        return EntitiesForm("brackets"), text
    return EntitiesForm("each" if _ONE_A_LINE.search(text) else "lines"), text


def _same_length(m: re.Match[str]) -> str:
    return _BLANK * len(m.group())


def _read(answer: str, labels: Mapping[str, str]) -> Found | None:
    """The expert's answer, [[type, text], ...], in the prompt's words; types that are not asked for are left out."""
    try:
        rows = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) == 2 and all(isinstance(part, str) for part in row) for row in rows
    ):
        return None
    return [(labels[kind], text) for kind, text in rows if labels.get(kind)]


def _objects(found: Found, _text: str, _types: Sequence[str], keys: tuple[str, str]) -> str:
    first = keys[0].lower() in _TEXTS
    return orjson.dumps(
        [{keys[0]: text if first else kind, keys[1]: kind if first else text} for kind, text in found]
    ).decode()


def _json(found: Found, _text: str, types: Sequence[str], _keys: tuple[str, str]) -> str:
    return orjson.dumps({kind: [text for each, text in found if each == kind] for kind in types}).decode()


def _pairs(found: Found, _text: str, _types: Sequence[str], _keys: tuple[str, str]) -> str:
    return _tuples((text, kind) for kind, text in found)


def _turned(found: Found, _text: str, _types: Sequence[str], _keys: tuple[str, str]) -> str:
    return _tuples(found)


def _tuples(rows: Iterable[tuple[str, str]]) -> str:
    return "[" + ", ".join(f"({_quoted(one)}, {_quoted(two)})" for one, two in rows) + "]"


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _each(found: Found, _text: str, _types: Sequence[str], _keys: tuple[str, str]) -> str:
    return "\n".join(f"{text}: {kind}" for kind, text in found) or "None"


def _lines(found: Found, _text: str, types: Sequence[str], _keys: tuple[str, str]) -> str:
    rows = [(kind, [text for each, text in found if each == kind]) for kind in types]
    return "\n".join(f"{kind}: {', '.join(texts)}" for kind, texts in rows if texts) or "None"


def _brackets(found: Found, text: str, _types: Sequence[str], _keys: tuple[str, str]) -> str | None:
    """The text itself with each entity in brackets; None where one cannot be found in it."""
    out, at = [], 0
    for _, entity in found:
        place = text.find(entity, at)
        if place < 0:
            return None
        out += [text[at:place], f"[{entity}]"]
        at = place + len(entity)
    return "".join([*out, text[at:]])


def _tags(found: Found, text: str, _types: Sequence[str], _keys: tuple[str, str]) -> str | None:
    """A line for each token (split at blanks) with its tag: B- and I- of a type, or O."""
    spans, at = [], 0
    for kind, entity in found:
        place = text.find(entity, at)
        if place < 0:
            return None
        at = place + len(entity)
        spans.append((place, at, kind))
    lines = []
    for m in re.finditer(r"\S+", text):
        span = next((s for s in spans if s[0] < m.end() and m.start() < s[1]), None)
        begins = span is not None and m.start() <= span[0] < m.end()
        lines.append(f"{m.group()} " + ("O" if span is None else f"{'B' if begins else 'I'}-{span[2]}"))
    return "\n".join(lines)


_WRITERS: Mapping[str, Callable[[Found, str, Sequence[str], tuple[str, str]], str | None]] = {
    "objects": _objects,
    "pairs": _pairs,
    "turned": _turned,
    "json": _json,
    "tags": _tags,
    "brackets": _brackets,
    "each": _each,
    "lines": _lines,
}
