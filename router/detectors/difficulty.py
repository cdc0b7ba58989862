"""How much work a good answer takes, from 0 (anyone, at once) to 1 (an expert, many steps)."""

from __future__ import annotations

import re

from router.detectors.seen import Seen
from router.reading.wording import any_of, words_of

EASY, HARD = 0.35, 0.65  # below the first it is easy, from the second on hard

# Work that takes an expert, by the first six letters of its words.
_EXPERT = words_of(
    "prove proves provin proof proofs derive derivi deriva theore lemma axiom axioms optimi conver stocha asympt invari "
    "linear lineariz compil infere concur lock-f alloca semant formal unific diagno regime differ archit distri consen "
    "migrat schema transac rigoro démont beweis demost polyno eigenv manifo integr topolo homomo quantu lagran hamilt "
    "bayesi regres econom jurisp doctri statut litiga patent antitr valuat hedge deriv actuar pharma contra comorb oncolo "
    "pathop neurot genomi crispr protei kernel mutex crypto byzant raft paxos kubern terraf sharde partit throug latenc "
    "idempo backpr transf gradie ablati hyperp cryptic ablat milp iambic sestin villan palind lipogr acrost"
)
_DESIGN = (
    *("design ", "architect", "prove", "derive", "optimi", "implement ", "from scratch", "write a compiler", "type inference"),
    *("work out", "formal", "rigorous", "show that", "critically", "trade-off", "tradeoff", "full plan", "migrat", "diagnos"),
    *("give the full", "full model", "lock-free", "beweise", "démontr", "demuestra", "schedule ", "determine all", "classify all"),
    *("necessary and sufficient", "lower bound", "upper bound", "closed form", "complexity", "draft the", "crossword", "sonnet"),
    *("analyse the implications", "analyze the implications", "root cause", "end-to-end", "production", "reconcile", "evaluate whether"),
)
_THOUGHT = words_of(
    "how why explain difference different compare describe solve plan suggest write summarise summarize itinerary function "
    "code script calculate probability percent percentage chance average poem essay email letter recipe python sql bash git java "
    "javascript pros cons advantages cause causes meant improve convince recommend argument strategy equation system roughly "
    "should could rewrite regex effect effects affect affects happens work works analyse analyze discuss draft which when design "
    "interest discount speed km/h area volume triangle story outline translate debug error formula join vaccine tax mortgage"
)
_BOUND = re.compile(
    r"\b(?:at (?:most|least)|no (?:more|fewer|less|two|one|line|word|shift)|never|each|every|must|only|exactly|without|neither|both|"
    r"under|within|between|unless|subject to|given that|such that|per|rhym\w+|in a row|symmetric|constraints?|respectively)\b"
)
_STEP = re.compile(r"(?m)^\s*(?:\d{1,2}|[a-h])[.)] |\b(?:then|next|after that|finally|also|and (?:explain|prove|argue|draft|give|list|design|rank|show))\b")
_SIMPLE = re.compile(
    r"\b(?:simply|in one (?:word|line|sentence)|one-line|yes or no|true or false|positive or (?:a )?negative|sentiment|capital of|opposite of|"
    r"how many (?:days|legs|hours|minutes|letters|months|are left|weeks)|what colou?r|alphabetical|typo|spell|name (?:three|two|five|a|one)|"
    r"what (?:day|time|year)|which is (?:heavier|bigger|larger|longer|taller|faster|more)|rhymes? with|greeting|synonym|plural of|past tense|"
    r"who (?:wrote|painted|is|was)|when (?:was|is|did))\b"
)


def difficulty(seen: Seen) -> float:
    """Difficulty by demands, constraints, steps, special vocabulary and length (question 2 of Figure 2).

    A heuristic: each thing that makes an answer more work adds its share. It reads the order, not the text it is about.
    """
    asked = seen.asked
    words = seen.words
    if not words:
        return 0.0
    expert = len({word[:6] for word in words} & _EXPERT)
    long = sum(len(word) > 10 for word in words)
    score = 0.16 + 0.13 * min(expert, 3) + 0.035 * min(long, 6)
    if not _THOUGHT.isdisjoint(words):
        score += 0.22
    if any_of(_DESIGN, asked):
        score += 0.22
    score += 0.06 * min(len(_BOUND.findall(asked)), 5)
    score += 0.05 * min(len(_STEP.findall(asked)), 4)
    score += 0.04 * min(asked.count(","), 5) + 0.0004 * min(len(asked), 400)
    if _SIMPLE.search(asked):
        score -= 0.3
    return round(min(1.0, max(0.0, score)), 3)
