"""Several pieces of work in one request."""

from __future__ import annotations

import re
from itertools import pairwise

from router.detectors.seen import Seen
from router.reading.wording import any_of, words_of

_VERBS = {
    "translat": "translate", "summar": "summarise", "tl;dr": "summarise", "classif": "classify",
    "categori": "classify", "rewrit": "rewrite", "rephras": "rewrite", "paraphras": "rewrite", "extract": "extract",
    "explain": "explain", "write": "write", "generat": "write", "compos": "write", "draft": "write",
    "creat": "write", "list": "list", "identif": "extract", "analy": "analyse", "compar": "compare",
    "calculat": "calculate", "comput": "calculate", "solv": "calculate", "convert": "convert",
    "proofread": "correct", "correct": "correct", "fix": "correct", "debug": "correct", "refactor": "refactor",
    "implement": "implement", "review": "review", "suggest": "suggest", "recommend": "suggest", "answer": "answer",
    "describ": "describe", "evaluat": "evaluate", "rate": "evaluate", "score": "evaluate", "plan": "plan",
    "design": "design", "find": "find", "predict": "predict", "test": "test", "document": "document",
    "detect": "classify", "count": "count", "sort": "sort",
    "défin": "define", "recomm": "suggest", "give": "give", "tell": "tell", "make": "make", "draw": "draw",
    "name": "name",
}  # fmt: skip
_VERB = (
    r"(?:translate|summari[sz]e|tl;dr|classify|categori[sz]e|rewrite|rephrase|paraphrase|extract|"
    r"explain|write|generate|compose|draft|create|list|"
    r"identify|analy[sz]e|compare|calculate|compute|solve|convert|proofread|correct|fix|debug|"
    r"refactor|implement|review|suggest|recommend|"
    r"describe|evaluate|rate|score|plan|design|find|predict|test|document|detect|count|sort)"
)
_VERB_WORDS = frozenset(_VERB.replace("[sz]", "s")[3:-1].split("|")) | frozenset(
    _VERB.replace("[sz]", "z")[3:-1].split("|")
)
_NUMBERED = re.compile(
    rf"(?im)^[ \t]{{0,4}}(?:\(?(?:\d|[a-e])[.)]|step \d:?|task \d:?)[ \t]+(?:please )?(?P<verb>{_VERB})\b"
)
_DEED = (
    rf"(?:{_VERB}|give|tell|make|draw|define|name|help|order|pretend|invent|outline|estimate|propose|prepare|produce|"
    rf"check|show|add|"
    r"sketch|say|tag|turn|come up|pick|choose|do|answer|reply|word|schreib|erstelle|erkläre|nenne|rédige|explique|"
    r"donne|dame|escribe|haz)"
)
_JOINING = words_of(
    "next afterwards after then also additionally plus furthermore außerdem ensuite además first second secondly "
    "finally"
)
# Each pattern stands behind words of which it needs one.
_SEPARATE = (
    (
        words_of(
            "unrelated unrelatedly separately besides apart while note things tasks favours favors done finished jobs"
        ),
        re.compile(
            rf"\b(?:two|three|several|2|3) (?:separate |different |unrelated |quick ){{0,2}}(?:things|tasks|favou?rs|"
            rf"jobs)[:.,]|\bunrelated(?:ly)?[:,]|\bunrelated (?:question|request|task|thing)|\bseparately,? (?:please "
            rf")?{_DEED}|\bbesides \w+ing\b|\bapart from that\b|\bwhile you're at it\b|\bon (?:a|an) (?:unrelated|"
            rf"different|other) note|\b(?:once|when) (?:you're |that's )?(?:done|finished),? {_DEED}\b"
        ),
    ),
    (
        _JOINING,
        re.compile(
            rf"\b(?:next|afterwards|after that|then|also|additionally|plus|furthermore|außerdem|ensuite|además),? "
            rf"(?:please |can you |could you |i need you to |i'd like you to |i want you to )?(?:{_DEED} me (?!know)|"
            rf"pretend|draft|compose|invent|recommend|help me|write (?:a|me|an|the|three|two)|create (?:a|an)|give me|"
            rf"make (?:a|me)|draw (?:a|me)|suggest|translate|summari[sz]e)|\balso help me\b|\band,? (?:for \w+ \w+, |"
            rf"also ){_DEED}\b|\b(?:schreib|rédige|escribe)\w* (?:mir |me )?(?:außerdem|ensuite|además)"
        ),
    ),
    (
        words_of("task part q1"),
        re.compile(
            rf"\b(?:task|part|q) ?[a1][.):] .{{3,300}}?\b(?:task|part|q) ?[b2][.):] {_DEED}",
            re.DOTALL,
        ),
    ),
    (
        words_of("2 b"),
        re.compile(rf"[\s:;,(][1a][).] (?:please )?{_DEED} [^\n]{{3,160}}?[\s;,(][2b][).] (?:please )?{_DEED} "),
    ),
)
_BULLETS = re.compile(rf"\n ?[-•*] (?:please )?{_DEED}\b[^\n]{{3,200}}\n ?[-•*] (?:please )?{_DEED}\b")
_MAKING = words_of(
    "generate draft write compose design translate recommend suggest compute calculate create help explain "
    "explique erkläre"
)
_AND_MAKE = re.compile(
    r"\band,? (?:also |then )?(?:generate|draft|write|compose|design|translate|recommend|suggest|compute|calculate|"
    r"create|help) (?:a|an|the|me|three|two|five|test|some|it)\b"
)
_BEFORE = re.compile(rf"\b{_VERB} [^.?!\n]{{3,90}}$")
_ALSO = re.compile(
    rf"(?:\b(?:and|,) (?:then|also)|\bthen|\balso|\bafter that,?|\bafterwards,?|\bfinally,?|"
    rf"\badditionally,?|\bnext,|\bsecond(?:ly)?,?) (?:please )?(?P<verb>{_VERB})\b(?! (?:it )?(?:out|"
    rf"up))",
    re.IGNORECASE,
)
_AND_VERB = re.compile(
    rf"(?:^|[.!?:\n]\s*|\b(?:please|can you|could you|to|first,?) "
    rf")(?P<first>{_VERB})\b[^.!?\n]{{1,120}}?(?:\band|, and|, then) (?P<verb>{_VERB})\b (?:it|them|"
    rf"the|this|that|a|an|each|all|into|to|its|any|your|three|two|five|\d)",
    re.IGNORECASE,
)
_LEAD = re.compile(
    rf"(?:^|[.!?:\n]\s*|\b(?:please|can you|could you|to|i want you to|first,?) )(?P<verb>{_VERB})\b", re.IGNORECASE
)


def tasks(seen: Seen) -> int:
    """Distinct tasks asked for, at least 1 (row real.multi-task).

    Counted by different task verbs in a numbered list of orders, after "then"/"also", or joined by "and".
    Steps of one task ("list and describe") and lists of data do not count.
    """
    low, words = seen.asked, seen.words
    numbered = "\n" in low and any_of(_NUMBERS, low)
    kinds = {_task(m["verb"]) for m in _NUMBERED.finditer(low)} if numbered else set()
    if len(kinds) > 1:
        return len(kinds)
    more = set() if _JOINING.isdisjoint(words) else {_task(m["verb"]) for m in _ALSO.finditer(low)}
    if "and" in words and len(words & _VERB_WORDS) > 1 and _and_verb(low.split()):
        for m in _AND_VERB.finditer(low):
            more |= {_task(m["first"]), _task(m["verb"])}
    if not more:
        return 1 + _separate(seen)
    lead = _LEAD.search(low)
    kinds = more | ({_task(lead["verb"])} if lead is not None else set())
    if kinds in _ONE_TASK:
        return 1
    return len(kinds) if len(kinds) > 1 else 1 + _separate(seen)


_NUMBERS = ("1.", "1)", "2.", "2)", "a.", "a)", "step ", "task ")
# Pairs that are two words for one piece of work.
_ONE_TASK = tuple(
    set(pair.split("+"))
    for pair in words_of(
        "list+describe list+explain describe+explain analyse+describe extract+list find+correct find+list "
        "calculate+explain compare+describe find+explain extract+explain design+implement analyse+explain "
        "analyse+evaluate find+calculate write+explain extract+classify"
    )
)


def _separate(seen: Seen) -> bool:
    """Two pieces of work said to be two, or whose orders stand apart."""
    low, words = seen.asked, seen.words
    if any(not cues.isdisjoint(words) and pattern.search(low) for cues, pattern in _SEPARATE):
        return True
    if "\n" in low and len(low) < 500 and _BULLETS.search(low):
        return True
    if "and" not in words or _MAKING.isdisjoint(words):
        return False
    return any(_BEFORE.search(low[max(0, m.start() - 100) : m.start()]) for m in _AND_MAKE.finditer(low))


def _and_verb(words: list[str]) -> bool:
    """Whether an order follows an "and"; the regex costs more than all else here."""
    return any(word in _VERB_WORDS and before in ("and", "then") for before, word in pairwise(words))


def _task(verb: str) -> str:
    low = verb.lower()
    return next((kind for stem, kind in _VERBS.items() if low.startswith(stem)), low)
