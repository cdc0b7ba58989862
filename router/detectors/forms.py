"""The form of the answer, the label list and the worked examples that a prompt holds."""

from __future__ import annotations

import re

from router.detectors.seen import Seen
from router.detectors.wishes import calculation
from router.reading.forms import response_format
from router.reading.wording import any_of, words_of
from router.types import Request

_JSON = re.compile(
    r"\b(?:return|respond|reply|answer|output|give|produce|format|as|in|to|into|valid|generate|using|als|"
    r"en)\b[^.\n]{0,40}\bjson\b|json (?:object|array|format|only)|\b(?:geojson|json-ld)\b|\{ ?[\"']\w+[\"'] ?: "
    r"?(?:\.\.\.|…|<|\"\.\.\.)"
)
_YES_NO = re.compile(
    r"\b(?:answer|reply|respond|say|output|return|only|just)\b[^.\n]{0,30}\b(?:yes|true)\b[\"']?\s?(?:or|/|,)\s?(?:a )?"
    r"[\"']?(?:no|false)\b|[(\[]\s?(?:yes|true)\s?(?:or|/|,)\s?(?:no|false)\s?(?:[/,]\s?\w+\s?)?[)\]]"
)
_LETTER = re.compile(
    r"\b(?:answer|reply|respond|output|give|choose|select|assign|pick|just|only)\b[^.\n]{0,40}\b(?:letter|one word|"
    r"label|category|option|single word|intent|class)\b|\b(?:say|answer|reply|respond with|write|return) "
    r"[\"']?\w+[\"']? or (?:not[_ ])?[\"']?\w+[\"']?[.:?]|[(\[:][a-z_ -]{2,20}(?:/[a-z_ -]{2,20}){1,6}[)\]\n]|"
    r"\((?:[a-z_]{2,18}, ){1,8}(?:or )?[a-z_]{2,18}\)|\bwith [a-z ]{3,20} / [a-z ]{3,20} /|:\s?[a-z]+_[a-z_]+, "
    r"[a-z]+_[a-z_]+,"
)
_NUMBER = re.compile(
    r"\b(?:only|just|nur|solo|sólo) (?:with )?(?:the |a |one |die |el )?(?:\w+ )?(?:number|integer|digit|value|year|"
    r"figure|zahl|número|decimal|percentage|amount|score)\b|\b(?:number|integer|digits?|figure) only\b|\b(?:answer|"
    r"reply|respond|output)\b[^.\n]{0,24}\b(?:an?|one|the|single) (?:single |whole |final )?(?:number|integer|"
    r"decimal)\b|\b(?:score|rate|rating|probability|scale)\b[^.\n]{0,40}(?:\bfrom )?\b[01](?:\.0)? ?(?:to|-|–|and) "
    r"?(?:1|5|10|100)(?:\.0)?\b|^\W*what percentage\b|\bhow many\b[^?.\n]{3,120}\?|^\W*how many\b(?![^?]*\bways\b)"
)
_CODE_WANTED = re.compile(
    r"\b(?:write|implement|create|code|generate|give me|build|complete|refactor|port|vectori[sz]e|rewrite|convert|"
    r"translate|schreib|escribe|need)\b[^.\n]{0,50}\b(?:function|script|program|class|sql|query|regex|code|method|"
    r"algorithm|html|css|javascript|typescript|python|bash|unit tests?|macro|makro|vba|dockerfile|yaml|haskell|rust|"
    r"golang|go|java|kotlin|c\+\+|numpy|formula|one-liner|quicksort|component|endpoint|migration|stored procedure|awk|"
    r"powershell|cron)\b|^\s*(?:def |class \w+[(:]|#include|select )|^\W*(?:an? |the )?(?:excel|google sheets) "
    r"formula\b|^\W*(?:an? )?regex (?:for|that|to)\b|^in (?:r|python|go|rust|sql|bash|julia|c), ",
    re.MULTILINE,
)
_SPAN = re.compile(
    r"\b(?:extract|pull out|pick out|highlight|locate|quote|copy|underline|find|give me|identify|mark|return|list|"
    r"point to|nenne|extrae|cite|which|what)\b[^.?\n]{0,90}\b(?:exact(?:ly)?(?: (?:words?|span|phrase|string|wording|"
    r"sentence|as))?|verbatim|word[- ]for[- ]word|as (?:it|they) (?:appears?|stands?|is written)|original spelling|"
    r"appearing in|no rewording|literalmente|wörtlich|span|substring)\b|\b(?:copy|copied|"
    r"reproduce)\b[^.\n]{0,40}\b(?:exactly|shortest answer|those words|from the (?:text|context|passage))\b|\b(?:exact "
    r"string|exact words|shortest span|no rewording)\b|\b(?:highlight|underline|extract|pull out|pick out) (?:the|"
    r"every|all)\b"
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
    """The wanted form: json, span, label, number, code or free (rows nlu.default, misc.regression, gen.code-verify).

    `listed` is the size of the label list in the prompt, where it is known: with one, the answer is a label.
    """
    if response_format(seen.request.body).get("type") in ("json_object", "json_schema"):
        return "json"
    low, words = seen.told_low, seen.words
    if ("json" in low or '{"' in low) and _JSON.search(low):
        return "json"
    if not (_SPANS.isdisjoint(words) or _COPIED.isdisjoint(words)) and _SPAN.search(low):
        return "span"
    if (("yes" in low or "true" in low) and _YES_NO.search(low)) or (
        (any_of(_LETTERS, low) or not _SAID.isdisjoint(words)) and _LETTER.search(low)
    ):
        return "label"
    if not (_NUMBERS.isdisjoint(words) and _ONLY.isdisjoint(words)) and _NUMBER.search(low):
        return "number"
    if calculation(seen):
        return "number"
    if not _CODES.isdisjoint(words) and _CODE_WANTED.search(low):
        return "code"
    return "label" if (labels(seen) if listed is None else listed) else "free"


_SPANS = words_of(
    "extract pull pick highlight locate quote copy copied underline find give identify mark return list point nenne "
    "extrae cite reproduce which what"
)
_COPIED = words_of(
    "exact exactly verbatim word appears appear stands spelling appearing rewording literalmente wörtlich span "
    "substring copied copy extract pull pick highlight underline"
)
_LETTERS = ("letter", "one word", "label", "category", "option", "single word", "intent", " class", "/", "_")
_SAID = words_of("say answer reply respond return")
_NUMBERS = words_of(
    "number integer digit digits score rate rating zahl número decimal percentage probability scale many"
)
_ONLY = words_of("only just nur solo sólo")
_CODES = words_of(
    "function functions script program class sql query regex code method algorithm html css javascript typescript "
    "python bash test tests def include select macro makro implement refactor port vectorise vectorize formula "
    "dockerfile one-liner r go rust quicksort"
)
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
    if "yes" in low and _YES_NO.search(low):
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
