"""Which of "yes" and "no" stands for which label: that depends on what was asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from router.reading.known import squeezed
from router.reading.wording import words_of


class Sides(NamedTuple):
    """What names either side of a yes/no question of a task."""

    yes: str  # the label that "yes" stands for, where the question names the first side
    no: str
    first: re.Pattern[str]
    second: re.Pattern[str]


def _sides(yes: str, no: str, first: str, second: str) -> Sides:
    return Sides(yes, no, *(re.compile(rf"(?<![\w-])(?:{words})", re.IGNORECASE) for words in (first, second)))


SIDES: Mapping[str, Sides] = {
    "nli": _sides(
        "entailment",
        "contradiction",
        r"entail|infer(?!ence)|premise|conclu(?!sion)|follows? from|follow\b|logical|support|true\b|holds?\b|"
        r"said about|impl(?:y|ies|ied)|deduc|"
        r"textual|inference|consistent|justified",
        r"contradict|conflict|inconsistent|false\b|disagree|refut|untrue",
    ),
    "paraphrase_detection": _sides(
        "paraphrase",
        "not_paraphrase",
        r"paraphras|same\b|duplicat|equivalen|identical|similar|restat|reword|interchangeabl|"
        r"preserv|retain|without (?:a )?chang",
        r"differ|distinct|unlike|dissimilar|unrelated|another meaning",
    ),
    "acceptability": _sides(
        "acceptable",
        "unacceptable",
        r"acceptab|grammar\b(?! (?:error|mistake))|grammatical\b(?! (?:error|mistake))|grammatically|"
        r"grammaticality|well[- ]formed|natural|proper|sounds? right|correct\b|valid\b|fluent",
        r"error|mistake|ungrammatical|incorrect|wrong|unacceptable|problem|unnatural|ill[- ]formed",
    ),
    "toxicity": _sides(
        "toxic",
        "not_toxic",
        r"toxic|hat(?:e|eful)|offens|abus|insult|harm|violat",
        r"acceptable|civil|safe|clean|benign|inoffensive",
    ),
    "spam_detection": _sides("spam", "ham", r"spam|junk|unsolicited", r"ham\b|legit|normal|genuine"),
    "data_annotation": _sides("subjective", "objective", r"subjectiv|opinion", r"objectiv|fact"),
}
_REWORDED = re.compile(r"\bin (?:different|other) words\b|\bdifferently worded\b", re.IGNORECASE)
_GRAMMAR = re.compile(r"\b(?:grammar|grammatical|grammatically)\b", re.IGNORECASE)
_BARE = words_of("yes no true false 1 0")
_ASKS = re.compile(
    r"(?:^|[\n.?!:,]\s*)(?:is|are|do|does|can|could|would|did)\b[^.!?\n]{0,200}(?:\?|\n|$)|"
    r"\b(?:tell me|say|decide|determine|check|judge)\b[^.?!\n]{0,40}\b(?:if|whether)\b",
    re.IGNORECASE,
)


def oriented(task: str, labels: dict[str, str], said: str) -> dict[str, str] | None:
    """The labels with "yes" and "no" on the right sides; None where the question leaves that open.

    Words that name their side themselves need no question.
    """
    bare = {label for label, word in labels.items() if squeezed(word) in _BARE}
    if not bare:
        return labels
    sides = SIDES.get(task)
    if sides is None:
        return None
    side = _side_of(sides, said)
    if side == 0 or (task == "nli" and len(labels) > 2 and sides.second.search(said) is None):
        return labels  # with a "maybe" beside them, "yes" and "true" are said of the hypothesis
    flip = {sides.yes: labels.get(sides.no), sides.no: labels.get(sides.yes)}
    words = {squeezed(word) for word in labels.values()}
    if side != 1 or words != {"yes", "no"} or set(flip.values()) != set(labels.values()):
        return None
    return {label: word for label, word in flip.items() if word is not None}


def _side_of(sides: Sides, said: str) -> int | None:
    """Which side a question names: 0, 1, or None for neither or both."""
    said = _REWORDED.sub(" same ", said)
    first, second = sides.first.search(said), sides.second.search(said)
    if first is not None and second is not None and sides.yes == "acceptable" and " or " not in said:
        first = sides.first.search(_GRAMMAR.sub(" ", said))  # "grammatically wrong", "an error in the grammar"
    if (first is None) == (second is None):
        return None
    return 0 if second is None else 1


def yes_no(task: str, said: str) -> dict[str, str] | None:
    """The answers to a yes/no question that lists none: "Yes" and "No". None where it is no such question."""
    sides = SIDES.get(task)
    if sides is None or task in ("toxicity", "spam_detection") or _ASKS.search(said) is None or " or " in said:
        return None
    side = _side_of(sides, said)
    if side is None:
        return None
    no = "not_entailment" if task == "nli" else sides.no
    yes, no = (sides.yes, no) if side == 0 else (no, sides.yes)
    return {yes: "Yes", no: "No"} if task != "nli" or side == 0 else None
