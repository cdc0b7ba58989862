"""The form of the answer, the label list and the worked examples that a prompt holds."""

from __future__ import annotations

import re

from router.detectors.seen import Seen
from router.reading.forms import response_format
from router.reading.wording import any_of
from router.types import Request

_JSON = re.compile(
    r"\b(?:(?:return|respond|reply|answer|output|give|produce|format|as|in|"
    r"valid)\b[^.\n]{0,40}\bjson\b|json (?:object|array|format|only))",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"\b(?:answer|reply|respond|say|output|return|only|just)\b[^.\n]{0,30}\b(?:yes|"
    r"true)\b[\"']?\s?(?:or|/|,)\s?(?:a )?[\"']?(?:no|false)\b|[(\[]\s?yes\s?(?:or|/|,)\s?no\s?[)\]]",
    re.IGNORECASE,
)
_LETTER = re.compile(
    r"\b(?:answer|reply|respond|output|give|choose|select)\b[^.\n]{0,40}\b(?:letter|one word|label|"
    r"category|option|single word)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\b(?:only|just)\s+(?:with\s+)?(?:the|a|one)\s+(?:\w+\s+)?(?:number|integer|digit|value)\b|"
    r"\b(?:number|integer) only\b|"
    r"\b(?:answer|reply|respond|output)\b[^.\n]{0,24}\b(?:a|one|the|single) (?:single |whole |final "
    r")?(?:number|integer)\b|"
    r"\b(?:score|rate|rating)\b[^.\n]{0,40}\b(?:from )?[01] ?(?:to|-|and) ?(?:5|10|100)\b",
    re.IGNORECASE,
)
_CODE_WANTED = re.compile(
    r"\b(?:write|implement|create|code|generate|give me|build|complete)\b[^.\n]{0,50}\b(?:function|"
    r"script|program|class|sql|query|"
    r"regex|code|method|algorithm|html|css|javascript|typescript|python|bash|unit tests?)\b|"
    r"^\s*(?:def |class \w+[(:]|#include|SELECT )",
    re.IGNORECASE | re.MULTILINE,
)
_ITEM = re.compile(r"(?m)^[ \t]{0,4}(?:[-*•]|\(?[A-Za-z\d]{1,2}[.):])[ \t]+(?P<item>[^\n]{1,80})$")
_LABEL_CUE = re.compile(
    r"\b(?:labels?|options?|categories|classes|choices|possible (?:outputs|answers)|tags|choose "
    r"(?:one of|from|between)|one of)\b[^\n:]{0,30}:?",
    re.IGNORECASE,
)
_AS_LIST = re.compile(
    r"\b(?:classify|categori[sz]e|label|tag|mark|flag|rate|determine|decide|"
    r"is)\b[^\n?.]{0,90}?(?:\bas\b|\bis\b|:|\bit\b|\bfeels?\b|review|text|tweet|message|comment)\s+"
    r"(?P<list>[\"']?[A-Za-z][\w-]{0,20}[\"']?(?:\s?[,/]\s?[\"']?[A-Za-z][\w-]{0,20}[\"']?){0,12},? "
    r"or [\"']?[A-Za-z][\w-]{0,20}(?: [a-z]{2,12})?)",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:,\s*(?:or|and)\b|[,/|;]|\bor\b|\band\b)\s*")


def output(seen: Seen, listed: int | None = None) -> str:
    """The wanted form: json, label, number, code or free (rows nlu.default, misc.regression, gen.code-verify).

    `listed` is the size of the label list in the prompt, where it is known: with one, the answer is a label.
    """
    if response_format(seen.request.body).get("type") in ("json_object", "json_schema"):
        return "json"
    text, low = seen.told, seen.told_low
    if "json" in low and _JSON.search(text):
        return "json"
    if (("yes" in low or "true" in low) and _YES_NO.search(text)) or (any_of(_LETTERS, low) and _LETTER.search(text)):
        return "label"
    if any_of(_NUMBERS, low) and _NUMBER.search(text):
        return "number"
    if any_of(_CODES, low) and _CODE_WANTED.search(text):
        return "code"
    return "label" if (labels(seen) if listed is None else listed) else "free"


_LETTERS = ("letter", "one word", "label", "category", "option", "single word")
_NUMBERS = ("number", "integer", "digit", "value", "score", "rate", "rating")
_CODES = (
    "function", "script", "program", "class", "sql", "query", "regex", "code", "method", "algorithm", "html", "css",
    "typescript", "python", "bash", "unit test", "def ", "#include", "select ",
)  # fmt: skip
_LISTED = ("label", "option", "categor", "classes", "choice", "answers", "outputs", "tags", "choose", "one of")


def labels(seen: Seen) -> int:
    """Size of the label list in the prompt, 0 when there is none (row nlu.misc-class).

    Lists are looked for after a cue only ("labels:", "choose one of", "classify it as"), so an enumeration
    in the data is none.
    """
    text, low = seen.told, seen.told_low
    cue = _LABEL_CUE.search(text) if any_of(_LISTED, low) else None
    if cue is not None:
        rest = text[cue.end() : cue.end() + 2_000]
        items = _leading_items(rest)
        if items:
            return items
        line = rest.lstrip(" \t(:").split("\n", 1)[0][:1_500].split(". ", 1)[0]
        found = _names(line)
        if found > 1:
            return found
    as_list = _AS_LIST.search(text) if " or " in low else None
    if as_list is not None:
        return _names(as_list["list"])
    if "yes" in low and _YES_NO.search(text):
        return 2
    return 0


def _leading_items(rest: str) -> int:
    """Lines of a list that begins right after its cue."""
    items = 0
    for line in rest.split("\n")[:80]:
        if _ITEM.match(line):
            items += 1
        elif line.strip(" \t:(") and (items or len(line) > 2):
            break
    return items if items > 1 else 0


def _names(line: str) -> int:
    """Short names between separators; a clause among them means that this is prose."""
    parts = [part.strip(" \"'()[].:*`") for part in _SPLIT.split(line)]
    parts = [part for part in parts if part]
    if len(parts) < 2 or any(len(part.split()) > 4 for part in parts[:-1]):
        return 0
    return len(parts) if len(parts[-1].split()) <= 6 else 0


_CUE = re.compile(
    r"\b(?:labels?|options?|categories|classes|choices|possible (?:outputs|answers)|tags|choose "
    r"(?:one of|from|between)|one of)\b[^\n:]{0,30}:?",
    re.IGNORECASE,
)
_AS_LIST = re.compile(
    r"\b(?:classify|categori[sz]e|label|tag|mark|flag|rate|determine|decide|"
    r"is)\b[^\n?.]{0,90}?(?:\bas\b|\bis\b|:|\bit\b|\bfeels?\b|review|text|tweet|message|comment)\s+"
    r"(?P<list>[\"']?[A-Za-z][\w-]{0,20}[\"']?(?:\s?[,/]\s?[\"']?[A-Za-z][\w-]{0,20}[\"']?){0,12},? "
    r"or [\"']?[A-Za-z][\w-]{0,20}(?: [a-z]{2,12})?)",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:,\s*(?:or|and)\b|[,/|;]|\bor\b|\band\b)\s*")


def output(seen: Seen, listed: int | None = None) -> str:
    """The wanted form: json, label, number, code or free (rows nlu.default, misc.regression, gen.code-verify).

    `listed` is the size of the label list in the prompt, where it is known: with one, the answer is a label.
    """
    if response_format(seen.request.body).get("type") in ("json_object", "json_schema"):
        return "json"
    text, low = seen.told, seen.told_low
    if "json" in low and _JSON.search(text):
        return "json"
    if (("yes" in low or "true" in low) and _YES_NO.search(text)) or (any_of(_LETTERS, low) and _LETTER.search(text)):
        return "label"
    if any_of(_NUMBERS, low) and _NUMBER.search(text):
        return "number"
    if any_of(_CODES, low) and _CODE_WANTED.search(text):
        return "code"
    return "label" if (labels(seen) if listed is None else listed) else "free"


_LETTERS = ("letter", "one word", "label", "category", "option", "single word")
_NUMBERS = ("number", "integer", "digit", "value", "score", "rate", "rating")
_CODES = (
    "function", "script", "program", "class", "sql", "query", "regex", "code", "method", "algorithm", "html", "css",
    "typescript", "python", "bash", "unit test", "def ", "#include", "select ",
)  # fmt: skip
_LISTED = ("label", "option", "categor", "classes", "choice", "answers", "outputs", "tags", "choose", "one of")


def labels(seen: Seen) -> int:
    """Size of the label list in the prompt, 0 when there is none (row nlu.misc-class).

    Lists are looked for after a cue only ("labels:", "choose one of", "classify it as"), so an enumeration
    in the data is none.
    """
    text, low = seen.told, seen.told_low
    cue = _LABEL_CUE.search(text) if any_of(_LISTED, low) else None
    if cue is not None:
        rest = text[cue.end() : cue.end() + 2_000]
        items = _leading_items(rest)
        if items:
            return items
        line = rest.lstrip(" \t(:").split("\n", 1)[0][:1_500].split(". ", 1)[0]
        found = _names(line)
        if found > 1:
            return found
    as_list = _AS_LIST.search(text) if " or " in low else None
    if as_list is not None:
        return _names(as_list["list"])
    if "yes" in low and _YES_NO.search(text):
        return 2
    return 0


def _leading_items(rest: str) -> int:
    """Lines of a list that begins right after its cue."""
    items = 0
    for line in rest.split("\n")[:80]:
        if _ITEM.match(line):
            items += 1
        elif line.strip(" \t:(") and (items or len(line) > 2):
            break
    return items if items > 1 else 0


def _names(line: str) -> int:
    """Short names between separators; a clause among them means that this is prose."""
    parts = [part.strip(" \"'()[].:*`") for part in _SPLIT.split(line)]
    parts = [part for part in parts if part]
    if len(parts) < 2 or any(len(part.split()) > 4 for part in parts[:-1]):
        return 0
    return len(parts) if len(parts[-1].split()) <= 6 else 0


# ── examples and context ─────────────────────────────────────────────────────────────────────────

_CUE = re.compile(
    r"(?m)^[ \t]{0,4}(?:#{1,4} ?|\*\*)?(?P<cue>A|Answer|Label|Output|Sentiment|Category|Class|Intent|"
    r"Target|Response|Translation|Summary|Result)(?:\*\*)?\d{0,2}[ \t]?:(?:\*\*)?[ \t]*(?P<value>[^\n]{0,200})$",
    re.IGNORECASE,
)
_ASK_LINE = re.compile(
    r"(?m)^[ \t]{0,4}(?:#{1,4} ?|\*\*)?(?:Q|Question|Text|Input|Review|Tweet|Sentence|Message|Comment|"
    r"Example|Source|Post|English|Passage)(?:\*\*)?[ \t]?\d{0,2}[ \t]?:",
    re.IGNORECASE,
)
_ARROW = re.compile(r"(?m)^[^\n]{1,300}?(?:=>|->|→)[ \t]*(?P<value>[^\n]{0,80})$")


def demonstrations(seen: Seen) -> int:
    """Worked examples in the prompt, or as turns before it (row trust.icl-bias)."""
    return _shown(seen.text) or _turns(seen.request)


def _shown(text: str) -> int:
    """Filled "Answer:"-like lines under "Text:"-like lines."""
    if ":" in text:
        asks = len(_ASK_LINE.findall(text))
        if asks:
            filled: dict[str, int] = {}
            for m in _CUE.finditer(text):
                filled[m["cue"].lower()] = filled.get(m["cue"].lower(), 0) + bool(m["value"].strip())
            best = max(filled.values(), default=0)
            # One filled pair and no open question is a question with its answer, not an example.
            if best and (asks > best or best > 1):
                return min(best, asks)
    if "=>" in text or "->" in text or "→" in text:
        values = [m["value"].strip() for m in _ARROW.finditer(text)]
        shown = sum(bool(value) for value in values)
        if shown > 1 and values[-1] == "":
            return shown
    return 0


def _turns(request: Request) -> int:
    """Two or more assistant messages of a few words each, of one pattern."""
    replies = [m.text.strip() for m in request.messages if m.role == "assistant" and m.text]
    if len(replies) < 2 or any(len(reply) > 40 or "\n" in reply or reply.endswith(("?", "!")) for reply in replies):
        return 0
    return len(replies) if len({r.lower() for r in replies}) < len(replies) or all(" " not in r for r in replies) else 0
