"""What a plain reading of a request tells: sizes, forms, cues. No model, no I/O, well under a tenth of a millisecond.

Each detector takes the newest human text (windowed: the first 4,000 and the last 1,000 characters) and
prefers missing a case to inventing one, for each of them can move a request to a dearer model. The row
ids name the rules in policies/survey.md that a detector serves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from router.forms import response_format
from router.pii import pii
from router.types import Facts, Request

HEAD, TAIL = 4_000, 1_000


def read_facts(request: Request, count: Callable[[str], int], language: Callable[[str], str]) -> Facts:
    """All facts of a request.

    Args:
        request: the request as it came.
        count: number of tokens of a text.
        language: ISO 639-1 code of a text, "und" when undecided.
    """
    text = request.text
    seen = window(text)
    low = seen.lower()
    told = edges(f"{request.system}\n{text}" if request.system else text)
    listed = labels(told)
    return Facts(
        tokens=sum(count(m.text) for m in request.messages if m.text),
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


def edges(text: str) -> str:
    """Where instructions stand: the first 1,200 and the last 500 characters."""
    return text if len(text) <= 1_700 else f"{text[:1_200]}\n{text[-500:]}"


def _any(cues: tuple[str, ...], low: str) -> bool:
    """A dozen substring searches cost less than one regex; they keep the regexes off most prompts."""
    return any(cue in low for cue in cues)


def window(text: str) -> str:
    """Head and tail of a long text, joined by a blank line; a short one as it is."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n\n{text[-TAIL:]}"


# ── language ─────────────────────────────────────────────────────────────────────────────────────

_FOREIGN = re.compile(
    r"(?P<cyrillic>[\u0400-\u04ff])|(?P<greek>[\u0370-\u03ff])|(?P<arabic>[\u0600-\u06ff])|(?P<hebrew>[\u0590-\u05ff])|"
    r"(?P<indic>[\u0900-\u0dff])|(?P<thai>[\u0e00-\u0e7f])|(?P<hangul>[\uac00-\ud7af])|(?P<cjk>[\u3040-\u30ff\u4e00-\u9fff])"
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}")
_ABOUT_LANGUAGE = re.compile(
    r"\b(?:translat\w+|traduc\w+|übersetz\w*|what (?:does|do|is|language)|mean(?:s|ing)?|pronounce|transliterat\w+|"
    r"english|chinese|japanese|korean|russian|arabic|hindi|greek|hebrew|thai|ukrainian|italian|german|french|spanish|portuguese|polish|turkish|dutch|languages?)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"\n]{1,600}\"|“[^”\n]{1,600}”|«[^»\n]{1,600}»|「[^」\n]{1,600}」")
_CODE = re.compile(r"```.{0,4000}?(?:```|\Z)|`[^`\n]{1,200}`|https?://\S{1,300}", re.DOTALL)
# Romanised Hindi beside English is the commonest code-mixing; these words are no English.
_HINGLISH = frozenset("hai nahi nahin kya mujhe mera meri tera aap tum hum kaise kyun acha accha yaar bhai karo karna raha rahi hoon bahut".split())
_SPANGLISH = frozenset("pero porque también muy esto está estoy quiero tengo como para nosotros gracias entonces ahora mañana cuando".split())
_ENGLISH = frozenset("the is are was and you my to of that this have with for not but can what please how do it".split())


def code_mixed(text: str) -> bool:
    """Two languages or scripts in one text (row real.code-mixed).

    Quotations, code and links are left out, and a request *about* a foreign text (a translation, "what does
    X mean") is no mixing: its author writes one language. A name or a word in another script is none either.
    """
    if text.isascii():
        return _mixed_words(text)
    if _FOREIGN.search(text) is None:
        return _mixed_words(text)
    plain = _QUOTED.sub(" ", _CODE.sub(" ", text))
    # A line of another script below a question is a quotation; mixing happens within a line.
    return any(_mixed_line(line) for line in plain.split("\n") if not line.isascii()) and not _ABOUT_LANGUAGE.search(plain)


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
    seen = {word.strip(".,!?¿¡") for word in text[:800].lower().split()}
    if len(seen) < 6 or (len(seen & _HINGLISH) < 3 and len(seen & _SPANGLISH) < 3) or len(seen & _ENGLISH) < 2:
        return False
    # "para" and "como" alone are names or Portuguese; three different function words are a language.
    return _ABOUT_LANGUAGE.search(text) is None


# ── form ─────────────────────────────────────────────────────────────────────────────────────────

_JSON = re.compile(r"\b(?:(?:return|respond|reply|answer|output|give|produce|format|as|in|valid)\b[^.\n]{0,40}\bjson\b|json (?:object|array|format|only))", re.IGNORECASE)
_YES_NO = re.compile(r"\b(?:answer|reply|respond|say|output|return|only|just)\b[^.\n]{0,30}\b(?:yes|true)\b[\"']?\s?(?:or|/|,)\s?(?:a )?[\"']?(?:no|false)\b|[(\[]\s?yes\s?(?:or|/|,)\s?no\s?[)\]]", re.IGNORECASE)
_LETTER = re.compile(r"\b(?:answer|reply|respond|output|give|choose|select)\b[^.\n]{0,40}\b(?:letter|one word|label|category|option|single word)\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"\b(?:only|just)\s+(?:with\s+)?(?:the|a|one)\s+(?:\w+\s+)?(?:number|integer|digit|value)\b|\b(?:number|integer) only\b|"
    r"\b(?:answer|reply|respond|output)\b[^.\n]{0,24}\b(?:a|one|the|single) (?:single |whole |final )?(?:number|integer)\b|"
    r"\b(?:score|rate|rating)\b[^.\n]{0,40}\b(?:from )?[01] ?(?:to|-|and) ?(?:5|10|100)\b",
    re.IGNORECASE,
)
_CODE_WANTED = re.compile(
    r"\b(?:write|implement|create|code|generate|give me|build|complete)\b[^.\n]{0,50}\b(?:function|script|program|class|sql|query|"
    r"regex|code|method|algorithm|html|css|javascript|typescript|python|bash|unit tests?)\b|^\s*(?:def |class \w+[(:]|#include|SELECT )",
    re.IGNORECASE | re.MULTILINE,
)
_ITEM = re.compile(r"(?m)^[ \t]{0,4}(?:[-*•]|\(?[A-Za-z\d]{1,2}[.):])[ \t]+(?P<item>[^\n]{1,80})$")
_LABEL_CUE = re.compile(r"\b(?:labels?|options?|categories|classes|choices|possible (?:outputs|answers)|tags|choose (?:one of|from|between)|one of)\b[^\n:]{0,30}:?", re.IGNORECASE)
_AS_LIST = re.compile(
    r"\b(?:classify|categori[sz]e|label|tag|mark|flag|rate|determine|decide|is)\b[^\n?.]{0,90}?(?:\bas\b|\bis\b|:|\bit\b|\bfeels?\b|review|text|tweet|message|comment)\s+"
    r"(?P<list>[\"']?[A-Za-z][\w-]{0,20}[\"']?(?:\s?[,/]\s?[\"']?[A-Za-z][\w-]{0,20}[\"']?){0,12},? or [\"']?[A-Za-z][\w-]{0,20}(?: [a-z]{2,12})?)",
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
    if (("yes" in low or "true" in low) and _YES_NO.search(text)) or (_any(_LETTERS, low) and _LETTER.search(text)):
        return "label"
    if _any(_NUMBERS, low) and _NUMBER.search(text):
        return "number"
    if _any(_CODES, low) and _CODE_WANTED.search(text):
        return "code"
    return "label" if listed else "free"


_LETTERS = ("letter", "one word", "label", "category", "option", "single word")
_NUMBERS = ("number", "integer", "digit", "value", "score", "rate", "rating")
_CODES = ("function", "script", "program", "class", "sql", "query", "regex", "code", "method", "algorithm", "html", "css")
_CODES += ("typescript", "python", "bash", "unit test", "def ", "#include", "select ")
_LISTED = ("label", "option", "categor", "classes", "choice", "answers", "outputs", "tags", "choose", "one of")


def labels(text: str) -> int:
    """Size of the label list in the prompt, 0 when there is none (row nlu.misc-class).

    Lists are looked for after a cue only ("labels:", "choose one of", "classify it as"), so an enumeration
    in the data is none.
    """
    low = text.lower()
    cue = _LABEL_CUE.search(text) if _any(_LISTED, low) else None
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

_CUE = re.compile(r"(?m)^[ \t]{0,4}(?:#{1,4} ?|\*\*)?(?P<cue>A|Answer|Label|Output|Sentiment|Category|Class|Intent|Target|Response|Translation|Summary|Result)(?:\*\*)?\d{0,2}[ \t]?:(?:\*\*)?[ \t]*(?P<value>[^\n]{0,200})$", re.IGNORECASE)
_ASK_LINE = re.compile(r"(?m)^[ \t]{0,4}(?:#{1,4} ?|\*\*)?(?:Q|Question|Text|Input|Review|Tweet|Sentence|Message|Comment|Example|Source|Post|English|Passage)(?:\*\*)?[ \t]?\d{0,2}[ \t]?:", re.IGNORECASE)
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


_MARK = re.compile(r"(?:^|\n)[ \t]{0,4}(?:#{1,4} ?|\*\*)?(?:context|passage|article|document|background|paragraph|excerpt|story|source|reference|report|transcript)(?:\*\*)?[ \t]?\d?[ \t]?:", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9à-ɏ]{3,}")
_STOP = frozenset(
    "the and for are was were what which who whom whose when where why how did does that this these those with from have has had "
    "you your can could would will should may might not but its his her their they she him our out about into than then there "
    "text passage context following above below answer question based according given information article document paragraph "
    "using use please tell give find write explain provide summarize summary describe list any all some many much more most".split()
)
_QUESTION = re.compile(r"[^.!?\n]{4,300}\?")


def context(text: str) -> str:
    """Whether a passage is supplied, and whether it holds what the question asks (rows know.ctx-*, nlu.extractive-qa).

    sufficient: at least 60 % of the question's content words occur in the passage; partial: a passage is there.
    """
    marked = _MARK.search(text) if ":" in text else None
    if marked is None and len(text) < 240:
        return "none"
    questions = list(_QUESTION.finditer(text[-TAIL:])) or list(_QUESTION.finditer(text[:400]))
    if marked is None and not _has_paragraph(text):
        return "none"
    if not questions:
        return "partial" if marked is not None else "none"
    asked = questions[-1].group().lower()
    words = {w for w in _WORD.findall(asked) if w not in _STOP}
    passage = text.lower().replace(asked, " ")
    if len(passage) < 80:
        return "partial" if marked is not None else "none"
    if not words:
        return "partial"
    share = sum(w[:5] in passage for w in words) / len(words)
    if share >= 0.6:
        return "sufficient"
    return "partial" if marked is not None or share >= 0.25 else "none"


def _has_paragraph(text: str) -> bool:
    """A block of prose apart from the question: three sentences and 200 characters in one paragraph."""
    return any(len(block) >= 200 and block.count(". ") >= 2 for block in text.split("\n"))


# ── cues ─────────────────────────────────────────────────────────────────────────────────────────

_OPERATOR = r"(?:[-+*/×÷^=<>&|%!@#$~]|plus|minus|times|addition|subtraction|multiplication|division|pi|π|e)"
_REDEFINED = re.compile(
    rf"\blet (?:the (?:symbol|operator|sign) )?[\"'`]?{_OPERATOR}[\"'`]? (?:now )?(?:mean|denote|represent|stand for|be (?!a |an |the number))|"
    rf"[\"'`]?{_OPERATOR}[\"'`]? (?:now )?(?:means|denotes|stands for|is replaced by|is defined as) (?:the )?(?:addition|subtraction|multiplication|division|plus|minus|times|dividing?|sum|product|difference|[-+*/×÷])|"
    r"\bre-?define[sd]?\b[^.\n]{0,40}\b(?:as|to be|to mean)\b|\bis re-?defined\b|"
    r"\bin (?:this|the following) (?:problem|puzzle|world|universe|question|game|language|system),? (?:[\"'`]?\S{1,12}[\"'`]? (?:means|stands for|denotes)|[^.\n]{0,40}\b(?:instead of|opposite|redefined|reversed)\b)|"
    r"\b(?:assume|suppose|pretend|imagine|consider a world|say) (?:that |where )?(?:the )?(?:pi|π|gravity|speed of light|sun|sky|earth|water|operator|symbol|digits?|meaning|words?|alphabet|numbers? \d+)\b[^.\n]{0,40}\b(?:is|are|equals?|were|mean(?:s|t)?|rises?|becomes?)\b|"
    r"\b(?:in|using) base[- ]?(?:[3-9]|1[1-5])\b|\bbase[- ](?:[3-9]|1[1-5]|five|six|seven|nine|eleven) (?:arithmetic|addition|number|multiplication)|"
    r"\bpretend (?:that )?[\"'`]?\w+[\"'`]? means\b",
)


def redefinition(low: str) -> bool:
    """A known symbol, rule or fact is redefined (rows inv.redefine, know.counterfactual). Takes lower-cased text.

    "let me know", "suppose I have 5 apples", "let x be a number" and "assume the role" define nothing anew.
    """
    return any(cue in low for cue in _REDEFINING) and _REDEFINED.search(low) is not None


_REDEFINING = ("let ", "mean", "denote", "stands for", "redefin", "re-defin", "assume", "suppose", "pretend", "imagine", "base", "instead of", "defined as", "replaced by", "world")

_VERBS = {
    "translat": "translate", "summar": "summarise", "tl;dr": "summarise", "classif": "classify", "categori": "classify", "rewrit": "rewrite",
    "rephras": "rewrite", "paraphras": "rewrite", "extract": "extract", "explain": "explain", "write": "write", "generat": "write",
    "compos": "write", "draft": "write", "creat": "write", "list": "list", "identif": "extract", "analy": "analyse", "compar": "compare", "calculat": "calculate",
    "comput": "calculate", "solv": "calculate", "convert": "convert", "proofread": "correct", "correct": "correct", "fix": "correct",
    "debug": "correct", "refactor": "refactor", "implement": "implement", "review": "review", "suggest": "suggest", "recommend": "suggest", "answer": "answer",
    "describ": "describe", "evaluat": "evaluate", "rate": "evaluate", "score": "evaluate", "plan": "plan", "design": "design", "find": "find", "predict": "predict",
    "test": "test", "document": "document", "detect": "classify", "count": "count", "sort": "sort",
}  # fmt: skip
_VERB = (
    r"(?:translate|summari[sz]e|tl;dr|classify|categori[sz]e|rewrite|rephrase|paraphrase|extract|explain|write|generate|compose|draft|create|list|"
    r"identify|analy[sz]e|compare|calculate|compute|solve|convert|proofread|correct|fix|debug|refactor|implement|review|suggest|recommend|"
    r"describe|evaluate|rate|score|plan|design|find|predict|test|document|detect|count|sort)"
)
_VERB_WORDS = frozenset(_VERB.replace("[sz]", "s")[3:-1].split("|")) | frozenset(_VERB.replace("[sz]", "z")[3:-1].split("|"))
_NUMBERED = re.compile(rf"(?im)^[ \t]{{0,4}}(?:\(?(?:\d|[a-e])[.)]|step \d:?|task \d:?)[ \t]+(?:please )?(?P<verb>{_VERB})\b")
_ALSO = re.compile(
    rf"(?:\b(?:and|,) (?:then|also)|\bthen|\balso|\bafter that,?|\bafterwards,?|\bfinally,?|\badditionally,?|\bnext,|\bsecond(?:ly)?,?) (?:please )?(?P<verb>{_VERB})\b(?! (?:it )?(?:out|up))",
    re.IGNORECASE,
)
_AND_VERB = re.compile(rf"(?:^|[.!?:\n]\s*|\b(?:please|can you|could you|to|first,?) )(?P<first>{_VERB})\b[^.!?\n]{{1,120}}?(?:\band|, and|, then) (?P<verb>{_VERB})\b (?:it|them|the|this|that|a|an|each|all|into|to|its|any|your|three|two|five|\d)", re.IGNORECASE)
_LEAD = re.compile(rf"(?:^|[.!?:\n]\s*|\b(?:please|can you|could you|to|i want you to|first,?) )(?P<verb>{_VERB})\b", re.IGNORECASE)


def tasks(text: str) -> int:
    """Distinct tasks asked for, at least 1 (row real.multi-task).

    Counted by different task verbs in a numbered list of orders, after "then"/"also", or joined by "and".
    Steps of one task ("list and describe") and lists of data do not count.
    """
    low = text.lower()
    if not _any(_JOINTS, low):
        return 1
    kinds = {_task(m["verb"]) for m in _NUMBERED.finditer(text)} if "\n" in text else set()
    if len(kinds) > 1:
        return len(kinds)
    more = {_task(m["verb"]) for m in _ALSO.finditer(text)} if _any(_JOINTS[3:], low) else set()
    if "and " in low and len(_VERB_WORDS.intersection(low.split())) > 1:
        for m in _AND_VERB.finditer(text):
            more |= {_task(m["first"]), _task(m["verb"])}
    if not more:
        return 1
    lead = _LEAD.search(text)
    kinds = more | ({_task(lead["verb"])} if lead is not None else set())
    return 1 if kinds in _ONE_TASK else max(1, len(kinds))


_JOINTS = ("and ", "1.", "1)", "then", "also", "after", "final", "addition", "next", "second")
# Pairs that are two words for one piece of work.
_ONE_TASK = tuple(
    map(set, (("list", "describe"), ("list", "explain"), ("describe", "explain"), ("analyse", "describe"), ("extract", "list"), ("find", "correct"), ("find", "list"), ("calculate", "explain"),
              ("compare", "describe"), ("find", "explain"), ("extract", "explain"), ("design", "implement"), ("analyse", "explain"), ("analyse", "evaluate"), ("find", "calculate"), ("write", "explain"), ("extract", "classify")))
)  # fmt: skip


def _task(verb: str) -> str:
    low = verb.lower()
    return next((kind for stem, kind in _VERBS.items() if low.startswith(stem)), low)


_CHAT = frozenset(
    "u ur r thx pls plz lol lmao omg wtf btw idk imo imho tbh gonna wanna gotta dunno cuz coz bcoz bc wat wut dat dis dem teh thier recieve "
    "definately seperate alot wich becuase tommorow untill occured wierd freind adn nto waht hte taht yuo jsut tihs wiht abt msg txt tmrw 2nite "
    "l8r gr8 m8 b4 2day 2moro thru nite luv ya yea nah dunno lemme gimme kinda sorta smth sth ppl prolly rly srsly ik ily omw rn ngl fr".split()
)
_ODD = re.compile(
    r"(?<![\w@#/.&+\\{$^-])(?:[a-z]*([a-z])\1\1[a-z]*|[bcdfghjklmnpqrstvwxz]{3,}|[a-z]+[0-9][a-z]+|[a-z]{2,}[0-9]|[0-9][a-z]{2,})"
    r"(?![\w@/=(&+-]|\.\w)"
)
_UNITS = re.compile(r"\d+(?:st|nd|rd|th|am|pm|km|kg|cm|mm|mg|ml|gb|mb|kb|tb|hz|ms|ns|px|fps|bit|mph|kwh|min|hrs?|yrs?|sec|x)$|[a-z]{1,4}\d$")
_SHORT = frozenset("mr mrs ms dr st vs etc pm am tv pc ok hmm psst shh nth ltd inc css html sql http https xml jpg png pdf cv ph hr hrs www iii xxx viii xiii aaa ft lb lbs km kg cm mm mg ml mph min max std src tmp cfg btn img str int ptr args kwargs js ts py npm".split())


def noise(text: str) -> float:
    """Share of words that look mistyped or slang, 0..1 (row real.noisy). 0 below five words.

    Capitalised words (names), code, links, hashtags and mentions do not count; all-capitals are read as words.
    """
    seen = text[:600] if len(text) <= 900 else text[:600].rsplit(" ", 1)[0]
    if "`" in seen or "http" in seen:
        seen = _CODE.sub(" ", seen)
    words = seen.split()
    if len(words) < 5:
        return 0.0
    bad = sum(word in _CHAT or word == "U" or word.rstrip(".,!?") in _CHAT for word in words)
    for m in _ODD.finditer(seen):
        word = m.group()
        bad += word not in _SHORT and word not in _CHAT and _UNITS.match(word) is None
    return round(min(1.0, bad / len(words)), 3)


_HEALTH = re.compile(
    r"\b(?:symptoms?|diagnos\w+|dosage|dose|mg of|medications?|medicine|prescri\w+|side effects?|antibiotics?|chest pain|blood pressure|"
    r"insulin|diabet\w+|cancer|tumou?r|pregnan\w+|ibuprofen|paracetamol|acetaminophen|aspirin|overdose|vaccin\w+|rash|fever|"
    r"treatment for|my doctor|cardiolog\w+|depression|antidepressants?|contraindicat\w+|infection|heart attack|stroke)\b"
)
_FINANCE = re.compile(
    r"\b(?:invest(?:ing|ment|ments)?|stocks?|shares in|etfs?|mortgage|401\(?k\)?|roth ira|ira|pension|tax(?:es)?|deductions?|capital gains|"
    r"bonds|portfolio|crypto\w*|bitcoin|interest rates?|refinanc\w+|credit score|bankruptcy|dividends?|index funds?|retirement savings|loan|debts?|inherit\w*)\b"
)
_LAW = re.compile(
    r"\b(?:legal(?:ly)?|illegal|lawsuit|sue|sued|suing|lawyer|attorney|landlord|evict\w*|tenant|custody|divorce|liab(?:le|ility)|contract law|"
    r"copyright|trademark|visa|immigration|arrested|felony|misdemeanou?r|statute|gdpr|non-?compete|severance|wrongful|court|testament|the law)\b"
)
_DOMAINS = (("health", _HEALTH), ("finance", _FINANCE), ("law", _LAW))
_ADVICE = re.compile(
    r"\b(?:should i|can i|could i|am i|do i|may i|is it (?:safe|legal|illegal|ok|okay|normal|worth|possible|allowed|dangerous|a good idea)|is my|"
    r"my (?:doctor|landlord|employer|wife|husband|mother|father|son|daughter|child|baby|mom|dad|boss|partner|pension|savings|mortgage|visa|taxes)|"
    r"what (?:are the (?:symptoms|side effects|treatments?|penalt\w+|tax|legal|risks|laws?)|is the (?:dose|dosage|safe|maximum|recommended|tax|penalty|statute|law|treatment|limit)|"
    r"(?:should|can|happens if) i)|how (?:much|many|long|do|can|should)[^.?\n]{0,40}\b(?:i|my|take|dose|mg|safe|tax|invest|sue|treat(?:ed)?)\b|"
    r"i (?:have|am|was|feel|take|took|got|want to (?:invest|sue|buy))|i'm|i've|which (?:stocks?|funds?|medication|etfs?)|side effects of|treatment for|"
    r"can (?:a|an|my|the) (?:landlord|employer|tenant|company|doctor|police)|is (?:\w+ ){1,4}(?:safe|legal|illegal|tax deductible|contagious)|advice)\b"
)
_NOT_ADVICE = re.compile(
    r"\b(?:write (?:a|an|me) (?:\w+ ){0,3}(?:story|poem|song|novel|scene|joke|function|script|program|haiku|tweet|slogan|headline|character)|translate|"
    r"classify|sentiment|positive or negative|spam|summari[sz]e|rewrite|paraphrase|extract|role-?play|grammar|sql|python|javascript|proofread|hypothesis|premise|rephrase|"
    r"analytical reasoning|mathematician|solve this|the following (?:dialog|conversation|plot|article)|movie|plot|(?m:^[ab]:)|text a|pick from|"
    r"paraphrases?|entail\w*|intent|label|named entit\w+)\b"
)


def domain(low: str) -> str:
    """High-stakes domain of a question for advice or facts: health, finance, law or none (row safety.high-stakes).

    Takes lower-cased text. The words alone do not count: a story about a doctor, a tax function in Python and
    a review to classify are none.
    """
    if len(low) > 1_500 or not _any(_STAKES, low) or _NOT_ADVICE.search(low):
        return "none"
    for m in _ADVICE.finditer(low):
        near = low[max(0, m.start() - 120) : m.end() + 160]
        hits = {name: len(set(pattern.findall(near))) for name, pattern in _DOMAINS}
        best = max(hits, key=lambda name: hits[name])
        if hits[best]:
            return best
    return "none"


_STAKES = ("symptom", "diagnos", "dos", "mg ", "medic", "prescri", "side effect", "antibio", "chest pain", "blood", "insulin", "diabet", "cancer")
_STAKES += ("tumo", "pregnan", "ibuprofen", "paracetamol", "acetamino", "aspirin", "vaccin", "rash", "fever", "treatment", "doctor", "cardio")
_STAKES += ("depress", "contraind", "infection", "heart att", "stroke", "invest", "stock", "shares", "etf", "mortgage", "401", " ira", "pension")
_STAKES += ("tax", "deduct", "capital", "bonds", "portfolio", "crypto", "bitcoin", "interest", "refinanc", "credit", "bankrupt", "dividend")
_STAKES += ("index fund", "retire", "loan", "debt", "inherit", "legal", "lawsuit", "sue", "suing", "lawyer", "attorney", "landlord", "evict")
_STAKES += ("tenant", "custody", "divorce", "liab", "contract", "copyright", "trademark", "visa", "immigra", "arrest", "felony", "misdem")
_STAKES += ("statute", "gdpr", "compete", "severance", "wrongful", "court", "testament", "the law")
