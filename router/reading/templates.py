"""A prompt template that an operator declared with an expert: what matches it to the letter needs no reading."""

from __future__ import annotations

import re
from functools import lru_cache

from router.reading.bound import Bound
from router.reading.entities import entities_form
from router.reading.forms import form_of, named_key
from router.reading.known import Known, squeezed
from router.reading.lists import LISTED, finder_of
from router.reading.scores import scale_of, score_writer

_PLACE = re.compile(r"\{(?P<name>text|a|b)\}")
LONGEST = 8_000  # characters of a template


class TemplateError(ValueError):
    """A template that nothing could be bound by; the message says what is missing."""


def check_template(known: Known) -> None:
    """Refuse a template that cannot work.

    Raises:
        TemplateError: it has not just `{text}`, or `{a}` and `{b}`; the answer's words are not in it.
    """
    names = sorted(m["name"] for m in _PLACE.finditer(known.template))
    pair = known.kind in ("pair", "score")
    if names != (["a", "b"] if pair else ["text"]):
        raise TemplateError("a template needs " + ("{a} and {b}, once each" if pair else "{text}, once"))
    if len(known.template) > LONGEST:
        raise TemplateError(f"a template has at most {LONGEST:,} characters")
    if re.search(r"\}\s*\{", known.template):
        raise TemplateError("{a} and {b} need a word between them")
    if _words(known) is None:
        raise TemplateError("the template does not say in which form to answer")


def matched(text: str, known: Known) -> Bound | None:
    """The prompt read by the expert's own template; None where it does not match, but for blanks, to the letter."""
    if not known.template:
        return None
    m = _compiled(known.template).fullmatch(text.strip())
    if m is None:
        return None
    parts = {name: part.strip() for name, part in m.groupdict().items()}
    if not all(parts.values()):
        return None
    bound = _words(known, parts.get("text", ""))
    if bound is None:
        return None
    return Bound(
        known.task,
        parts.get("text") or parts["a"],
        bound.labels,
        bound.render,
        parts.get("b", ""),
        known.kind,
        bound.scale,
        bound.write,
    )


@lru_cache(maxsize=64)
def _compiled(template: str) -> re.Pattern[str]:
    """The template as a pattern: blanks match any blanks, places match anything."""
    pieces, at = [], 0
    for m in _PLACE.finditer(template):
        pieces += [_literal(template[at : m.start()]), rf"(?P<{m['name']}>.+?)"]
        at = m.end()
    return re.compile("".join([*pieces, _literal(template[at:])]).removesuffix(r"\s+"), re.DOTALL)


def _literal(text: str) -> str:
    """Text to be matched to the letter, any blanks for any."""
    if not text.strip():
        return r"\s+" if text else ""
    words = r"\s+".join(re.escape(word) for word in text.split())
    return (
        ("" if text[0] == text.lstrip()[:1] else r"\s*") + words + ("" if text[-1:] == text.rstrip()[-1:] else r"\s*")
    )


def _words(known: Known, text: str = "") -> Bound | None:
    """The answer's form as the template gives it: its label list or the labels' own names, its scale, its JSON key."""
    template = known.template
    plain = {label: label for label in sorted(known.labels)}
    if known.kind == "score":
        _, scale = scale_of(template)
        form = form_of({}, named_key(template)[0])
        return None if scale is None else Bound(known.task, "", {}, scale=scale.ends, write=score_writer(scale, form))
    finder = finder_of(known)
    lists = [*finder.find(template, 0, len(template))] if finder is not None else []
    words = dict(lists[-1].labels) if lists else plain
    if known.kind == "entities":
        marked = f"{template[: lists[-1].start]} {LISTED} {template[lists[-1].end :]}" if lists else template
        entities, _ = entities_form(marked, {})
        writer = None if entities is None else entities.writer(text, words, template)
        return None if writer is None else Bound(known.task, "", {**dict.fromkeys(plain, ""), **words}, write=writer)
    if not lists and any(squeezed(word) in ("yes", "no") for word in re.findall(r"\w+", template.lower())):
        return None
    form = form_of({}, named_key(template)[0])
    return None if form.words or form.flag else Bound(known.task, "", words, form.renderer())
