"""Tasks that no training data shows: told by their wording alone, where the task head can only guess.

Ranking, forecasting, and the probes on which larger models did worse (survey s4.4.3, arXiv:2211.02011).
Each pattern prefers missing a case to inventing one.
"""

from __future__ import annotations

import re

_RANKING = re.compile(
    r"\b(?:re-?rank|rank|order|sort)\b.{0,60}\b(?:passages?|documents?|results?|candidates?|snippets?|paragraphs?|"
    r"answers|articles)\b.{0,80}\b(?:relevan(?:t|ce)|quer(?:y|ies)|how well)",
    re.DOTALL,
)
_FORECASTING = re.compile(
    r"\b(?:forecast|predict|extrapolate|estimate)\b.{0,60}\b(?:next|future|following|coming|tomorrow'?s)\b.{0,60}\b"
    r"(?:values?|numbers?|points?|sales|prices?|demand|temperatures?|readings?|revenue|traffic)\b|"
    r"\b(?:time[- ]series)\b.{0,80}\b(?:forecast|predict|next)\b|\bforecast\b.{0,80}(?:-?\d+(?:\.\d+)?\s*[,;]\s*){3}",
    re.DOTALL,
)
_RANKING_CUES = ("rank", "order", "sort")
_FORECASTING_CUES = ("predict", "forecast", "extrapolate", "estimate", "series")
# One pattern a probe, each behind a word that it cannot do without: memo trap, verbatim repeat, hindsight,
# information choice. (Negated choice is below.)
_PROBES = (
    (
        "word",
        re.compile(
            r"\b(?:write|complete|finish|give)\b.{0,40}\b(?:quote|proverb|saying)\b.{0,40}"
            r"\bends? (?:in|with) the words?\b",
            re.DOTALL,
        ),
    ),
    (
        "repeat",
        re.compile(
            r"\brepeat\b.{0,40}\b(?:sentences?|text|phrases?|quotes?|words?|following|this)\b.{0,40}"
            r"\b(?:back to me|exactly|verbatim|word for word)\b",
            re.DOTALL,
        ),
    ),
    (
        "right ",
        re.compile(
            r"\b(?:did|has|have) .{2,60} (?:make|made) the right (?:decision|choice|bet)\b|"
            r"\bwas (?:it|this|that|the (?:bet|decision|gamble)).{0,30} (?:the )?right (?:decision|choice|call|bet)\b",
            re.DOTALL,
        ),
    ),
    (
        "information would",
        re.compile(r"\bwh(?:ich|at) (?:piece of )?information would (?:help|be (?:most )?(?:useful|helpful))\b"),
    ),
)
_NEGATED = re.compile(
    r"\b(?:which|what)\b[^,]{0,80}\b(?:(?:is|are|was|were|does|do|did|can|could|would|has|have)(?: \w+){0,4} not\b|"
    r"(?:is|are|was|were|does|do|did|ca|could|would|has|have)n't\b)"
)
_CHOICES = re.compile(r"(?:^|\n)\s*\(?[a-d1-4][).:] .*\n\s*\(?[a-d1-4][).:] ")


def probe(text: str) -> str:
    """One of "ranking", "forecasting", "inverse_probe", or "" for everything else.

    `text` is where instructions stand, in lower case. A negated multiple-choice question counts as a probe
    when the negation stands in the question, not in its options.
    """
    if any(cue in text for cue in _RANKING_CUES) and _RANKING.search(text):
        return "ranking"
    if any(cue in text for cue in _FORECASTING_CUES) and _FORECASTING.search(text):
        return "forecasting"
    if any(cue in text and pattern.search(text) for cue, pattern in _PROBES):
        return "inverse_probe"
    choices = _CHOICES.search(text) if "\n" in text else None
    if choices is not None:
        question = text[: choices.start()].rstrip().rpartition("\n")[2]
        if question.endswith("?") and _NEGATED.search(question.rpartition(". ")[2]):
            return "inverse_probe"
    return ""
