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
    low = seen.asked
    if not any_of(_JOINTS, low):
        return 1
    numbered = "\n" in low and any_of(_NUMBERS, low)
    kinds = {_task(m["verb"]) for m in _NUMBERED.finditer(low)} if numbered else set()
    if len(kinds) > 1:
        return len(kinds)
    more = {_task(m["verb"]) for m in _ALSO.finditer(low)} if any_of(_JOINTS[3:], low) else set()
    if "and " in low and _and_verb(low.split()):
        for m in _AND_VERB.finditer(low):
            more |= {_task(m["first"]), _task(m["verb"])}
    if not more:
        return 1
    lead = _LEAD.search(low)
    kinds = more | ({_task(lead["verb"])} if lead is not None else set())
    return 1 if kinds in _ONE_TASK else max(1, len(kinds))


_NUMBERS = ("1.", "1)", "2.", "2)", "a.", "a)", "step ", "task ")
_JOINTS = ("and ", "1.", "1)", "then", "also", "after", "final", "addition", "next", "second")
# Pairs that are two words for one piece of work.
_ONE_TASK = tuple(
    set(pair.split("+"))
    for pair in words_of(
        "list+describe list+explain describe+explain analyse+describe extract+list find+correct find+list "
        "calculate+explain compare+describe find+explain extract+explain design+implement analyse+explain "
        "analyse+evaluate find+calculate write+explain extract+classify"
    )
)


def _and_verb(words: list[str]) -> bool:
    """Whether an order follows an "and"; the regex costs more than all else here."""
    return len(_VERB_WORDS.intersection(words)) > 1 and any(
        word in _VERB_WORDS and before in ("and", "then") for before, word in pairwise(words)
    )


def _task(verb: str) -> str:
    low = verb.lower()
    return next((kind for stem, kind in _VERBS.items() if low.startswith(stem)), low)
