"""Worked examples in a prompt, and the text that follows them."""

from __future__ import annotations

import re

from router.reading.wording import LABEL_WORDS

CUE_LINE = re.compile(
    r"(?im)^[ \t]{0,8}(?:#{1,4} ?|\*\*)?(?P<cue>answer|sentiment|label|output|response|result|"
    r"classification|category|class|prediction|polarity|verdict|decision|spam|toxic|toxicity|tag|a)"
    r"(?:\*\*)?[ \t]?:(?:\*\*)?[ \t]*(?P<word>[^\n]{0,40})$"
)
_ARROW = re.compile(r"(?m)^(?P<text>[^\n]{1,400}?)[ \t]*(?:=>|->|→|//)[ \t]*(?P<word>[^\n]{0,24})$")
_COLON = re.compile(r"(?m)^(?P<text>[^\n]{1,400}?)[ \t]*:[ \t]*(?P<word>[^\n:]{0,24})$")
_SEPARATOR = re.compile(
    r"\A(?:\s*(?:#{2,4}|-{3,8}|\*{3,8}|={3,8}|(?:#{1,4} ?|\*\*)?example(?: \d{1,2})?[:.)]?(?:\*\*)?:?|"
    r"now [^\n]{0,40}:)[ \t]*\n)+",
    re.IGNORECASE,
)
_WRAPS = frozenset("\"`“('*")
_END_CUE = re.compile(r"[ \t](?:Answer|Sentiment|Label|Output|Result|Classification|Category):\s*$")
HEADER_LINE = re.compile(
    r"(?im)^[ \t]{0,8}(?:#{1,4} ?|\*\*)?(?:(?:customer|movie|product|user|input|original) )?"
    r"(?:text|review|tweet|comment|post|message|sentence|sms|email|mail|passage|input|feedback|"
    r"statement|e-mail)(?: text)?(?:\*\*)?[ \t]?:"
)


def demonstrations(body: str) -> tuple[tuple[tuple[str, str], ...], str, bool]:
    """Worked examples in front of the text: ((text, word), ...), the text, and whether a cue line ends it."""
    cut = _END_CUE.search(body, max(0, len(body) - 40)) if body.endswith((":", ": ", "\n")) else None
    lines = (list(CUE_LINE.finditer(body)) if ":" in body else []) or _shown_in_lines(body)
    if not lines or (len(lines) == 1 and not lines[0]["word"].strip()):
        end = lines[0].start() if lines else (cut.start() if cut else len(body))
        return (), body[:end].strip(), bool(lines or cut)
    demos: list[tuple[str, str]] = []
    at = 0
    for m in lines:
        inside = m.re is not CUE_LINE
        text = m["text"] if inside else body[at : m.start()]
        if not m["word"].strip():
            return tuple(demos), _SEPARATOR.sub("", text).strip(), True
        demos.append((unwrapped(_SEPARATOR.sub("", text), marked=True), m["word"].strip().strip("\"'`.*")))
        at = m.end()
    return tuple(demos), _SEPARATOR.sub("", body[at:]).strip(), False


def _shown_in_lines(body: str) -> list[re.Match[str]]:
    """Examples on one line each: "text => word", "text // word", or "text: word" with none but label words."""
    if any(arrow in body for arrow in ("=>", "->", "→", " // ")):
        return list(_ARROW.finditer(body))
    if not body.endswith(":") or "\n" not in body:
        return []
    lines = list(_COLON.finditer(body))
    words = [m["word"].strip().lower() for m in lines]
    return lines if len(words) > 2 and not words[-1] and LABEL_WORDS.issuperset(words[:-1]) else []


def unwrapped(body: str, marked: bool) -> str:
    """The text without its header ("Review:") and the quotes around it."""
    body = body.strip()
    m = HEADER_LINE.match(body) if ":" in body else None
    if m is not None and (marked or m.end() < len(body)):
        body = body[m.end() :].strip()
    if body[:1] not in _WRAPS:
        return body
    for left, right in (
        ('"""', '"""'),
        ("```", "```"),
        ('"', '"'),
        ("“", "”"),
        ("`", "`"),
        ("(", ")"),
        ("'", "'"),
        ("**", "**"),
    ):
        if len(body) > len(left) + len(right) and body.startswith(left) and body.endswith(right):
            inner = body[len(left) : -len(right)]
            if left not in inner and right not in inner:
                return inner.strip()
    return body
