"""What a plain reading of a request tells: sizes, forms, cues. No model, no I/O, well under a tenth of a millisecond.

Each detector takes the newest human text (windowed: the first 4,000 and the last 1,000 characters) and
prefers missing a case to inventing one, for each of them can move a request to a dearer model. The row
ids name the rules in policies/survey.md that a detector serves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from router.cues import CODE, domain, noise, redefinition, tasks
from router.pii import pii
from router.reading.forms import response_format
from router.reading.wording import any_of, words_of
from router.types import Facts, Request

HEAD, TAIL = 4_000, 1_000


def read_facts(request: Request, tokens: int, language: Callable[[str], str]) -> Facts:
    """All facts of a request.

    Args:
        request: the request as it came.
        tokens: of the whole conversation; whoever embeds the text has them already.
        language: ISO 639-1 code of a text, "und" when undecided.
    """
    text = request.text
    seen = window(text)
    low = seen.lower()
    told = edges(f"{request.system}\n{text}" if request.system else text)
    listed = labels(told)
    return Facts(
        tokens=tokens,
        turns=sum(m.role == "user" for m in request.messages),
        language=language(seen) if seen.strip() else "und",
        code_mixed=code_mixed(seen),
        tools=bool(request.body.get("tools") or request.body.get("functions")),
        modalities=tuple(sorted({kind for m in request.messages for kind in m.modalities})),
        output=output(told, request.body, listed),
        labels=listed,
        demonstrations=demonstrations(seen) or demonstration_turns(request),
        context=context(seen),
        redefinition=redefinition(low),
        tasks=tasks(edges(text)),
        noise=noise(seen),
        domain=domain(low),
        pii=pii("\n".join(window(m.text) for m in request.messages) if len(request.messages) > 1 else seen),
    )


def window(text: str) -> str:
    """Head and tail of a long text, joined by a blank line; a short one as it is."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n\n{text[-TAIL:]}"


def edges(text: str) -> str:
    """Where instructions stand: the first 1,200 and the last 500 characters."""
    return text if len(text) <= 1_700 else f"{text[:1_200]}\n{text[-500:]}"


# ── language ─────────────────────────────────────────────────────────────────────────────────────

_FOREIGN = re.compile(
    r"(?P<cyrillic>[\u0400-\u04ff])|(?P<greek>[\u0370-\u03ff])|(?P<arabic>[\u0600-\u06ff])|(?P<hebrew>[\u0590-\u05ff])|"
    r"(?P<indic>[\u0900-\u0dff])|(?P<thai>[\u0e00-\u0e7f])|(?P<hangul>[\uac00-\ud7af])|"
    r"(?P<cjk>[\u3040-\u30ff\u4e00-\u9fff])"
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}")
_ABOUT_LANGUAGE = re.compile(
    r"\b(?:translat\w+|traduc\w+|übersetz\w*|what (?:does|do|is|language)|mean(?:s|ing)?|pronounce|transliterat\w+|"
    r"english|chinese|japanese|korean|russian|arabic|hindi|greek|hebrew|thai|ukrainian|italian|german|"
    r"french|spanish|portuguese|polish|turkish|dutch|languages?)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"\n]{1,600}\"|“[^”\n]{1,600}”|«[^»\n]{1,600}»|「[^」\n]{1,600}」")
# Romanised Hindi beside English is the commonest code-mixing; these words are no English.
_HINGLISH = words_of(
    "hai nahi nahin kya mujhe mera meri tera aap tum hum kaise kyun acha accha yaar bhai karo karna "
    "raha rahi hoon bahut"
)
_SPANGLISH = words_of(
    "pero porque también muy esto está estoy quiero tengo como para nosotros gracias entonces ahora mañana cuando"
)
_ENGLISH = words_of("the is are was and you my to of that this have with for not but can what please how do it")


def code_mixed(text: str) -> bool:
    """Two languages or scripts in one text (row real.code-mixed).

    Quotations, code and links are left out, and a request *about* a foreign text (a translation, "what does
    X mean") is no mixing: its author writes one language. A name or a word in another script is none either.
    """
    if text.isascii():
        return _mixed_words(text)
    if _FOREIGN.search(text) is None:
        return _mixed_words(text)
    plain = _QUOTED.sub(" ", CODE.sub(" ", text))
    # A line of another script below a question is a quotation; mixing happens within a line.
    return any(_mixed_line(line) for line in plain.split("\n") if not line.isascii()) and not _ABOUT_LANGUAGE.search(
        plain
    )


def _mixed_line(plain: str) -> bool:
    scripts: dict[str, int] = {}
    for m in _FOREIGN.finditer(plain):
        name = str(m.lastgroup)
        scripts[name] = scripts.get(name, 0) + 1
    if not scripts:
        return False
    main = max(scripts, key=lambda name: scripts[name])
    # A character of Chinese or Korean is about a word; of the others it takes about five.
    foreign = scripts[main] / (1.7 if main in ("cjk", "hangul") else 5)
    latin = sum(len(word) > 2 and not word[0].isupper() for word in _LATIN.findall(plain))
    return min(foreign, latin) >= 3 and min(foreign, latin) >= 0.15 * (foreign + latin)


def _mixed_words(text: str) -> bool:
    seen = frozenset(text[:800].lower().replace(",", " ").split())
    if len(seen) < 6 or (len(seen & _HINGLISH) < 3 and len(seen & _SPANGLISH) < 3) or len(seen & _ENGLISH) < 2:
        return False
    # "para" and "como" alone are names or Portuguese; three different function words are a language.
    return _ABOUT_LANGUAGE.search(text) is None


# ── form ─────────────────────────────────────────────────────────────────────────────────────────

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


def output(text: str, body: Mapping[str, Any], listed: int = 0) -> str:
    """The wanted form: json, label, number, code or free (rows nlu.default, misc.regression, gen.code-verify).

    `listed` is the size of the label list in the prompt: with one, the answer is a label.
    """
    if response_format(body).get("type") in ("json_object", "json_schema"):
        return "json"
    low = text.lower()
    if "json" in low and _JSON.search(text):
        return "json"
    if (("yes" in low or "true" in low) and _YES_NO.search(text)) or (any_of(_LETTERS, low) and _LETTER.search(text)):
        return "label"
    if any_of(_NUMBERS, low) and _NUMBER.search(text):
        return "number"
    if any_of(_CODES, low) and _CODE_WANTED.search(text):
        return "code"
    return "label" if listed else "free"


_LETTERS = ("letter", "one word", "label", "category", "option", "single word")
_NUMBERS = ("number", "integer", "digit", "value", "score", "rate", "rating")
_CODES = (
    "function", "script", "program", "class", "sql", "query", "regex", "code", "method", "algorithm", "html", "css",
    "typescript", "python", "bash", "unit test", "def ", "#include", "select ",
)  # fmt: skip
_LISTED = ("label", "option", "categor", "classes", "choice", "answers", "outputs", "tags", "choose", "one of")


def labels(text: str) -> int:
    """Size of the label list in the prompt, 0 when there is none (row nlu.misc-class).

    Lists are looked for after a cue only ("labels:", "choose one of", "classify it as"), so an enumeration
    in the data is none.
    """
    low = text.lower()
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


def demonstrations(text: str) -> int:
    """Worked examples in the prompt: filled "Answer:"-like lines under "Text:"-like lines (row trust.icl-bias)."""
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


def demonstration_turns(request: Request) -> int:
    """Worked examples as turns: two or more assistant messages of a few words each, of one pattern."""
    replies = [m.text.strip() for m in request.messages if m.role == "assistant" and m.text]
    if len(replies) < 2 or any(len(reply) > 40 or "\n" in reply or reply.endswith(("?", "!")) for reply in replies):
        return 0
    return len(replies) if len({r.lower() for r in replies}) < len(replies) or all(" " not in r for r in replies) else 0


_MARK = re.compile(
    r"(?:^|\n)[ \t]{0,4}(?:#{1,4} ?|\*\*)?(?:context|passage|article|document|background|paragraph|"
    r"excerpt|story|source|reference|report|transcript)(?:\*\*)?[ \t]?\d?[ \t]?:",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z0-9à-ɏ]{3,}")
_STOP = words_of(
    "the and for are was were what which who whom whose when where why how did does that this these "
    "those with from have has had "
    "you your can could would will should may might not but its his her their they she him our out "
    "about into than then there "
    "text passage context following above below answer question based according given information "
    "article document paragraph "
    "using use please tell give find write explain provide summarize summary describe list any all "
    "some many much more most"
)
_QUESTION = re.compile(r"[^.!?\n]{4,300}\?")


def context(text: str) -> str:
    """Whether a passage is supplied, and whether it holds what the question asks (rows know.ctx-*, nlu.extractive-qa).

    sufficient: at least 60 % of the question's content words occur in the passage; partial: a passage is there.
    """
    marked = ":" in text and _MARK.search(text) is not None
    if not marked and (len(text) < 240 or not _has_paragraph(text)):
        return "none"
    share = _share_known(text)
    if share is None:
        return "partial" if marked else "none"
    if share >= 0.6:
        return "sufficient"
    return "partial" if marked or share >= 0.25 else "none"


def _share_known(text: str) -> float | None:
    """Share of the question's content words (by their first five letters) in the rest; None without either."""
    questions = list(_QUESTION.finditer(text[-TAIL:])) or list(_QUESTION.finditer(text[:400]))
    if not questions:
        return None
    asked = questions[-1].group().lower()
    passage = text.lower().replace(asked, " ")
    words = {w for w in _WORD.findall(asked) if w not in _STOP}
    if len(passage) < 80 or not words:
        return None
    return sum(w[:5] in passage for w in words) / len(words)


def _has_paragraph(text: str) -> bool:
    """A block of prose apart from the question: three sentences and 200 characters in one paragraph."""
    return any(len(block) >= 200 and block.count(". ") >= 2 for block in text.split("\n"))
