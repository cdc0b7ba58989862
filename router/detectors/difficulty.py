"""How much work a good answer takes, from 0 (anyone, at once) to 1 (an expert, many steps)."""

from __future__ import annotations

from router.detectors.seen import Seen
from router.reading.wording import any_of, words_of

EASY, HARD = 0.35, 0.65  # below the first it is easy, from the second on hard

# Work that takes an expert, by the first five letters of its words.
_EXPERT = words_of(
    "prove provi proof deriv theor lemma axiom optim conve stoch asymp invar linea compi infer concu lock forma "
    "unifi regim archi distr conse migra schem rigor démon bewei demos polyn eigen manif integ topol homom lagra hamil "
    "bayes regre econo juris doctr litig paten antit valua hedge actua comor oncol patho genom crisp mutex crypt byzan "
    "raft paxos kuber shard laten idemp backp trans gradi ablat hyper milp iambi sesti villa palin acros"
)
_DESIGN = words_of(
    "desig archi prove deriv optim imple forma rigor criti trade migra diagn bewei démon demue sched compl cross sonne "
    "produ recon"
)
_DEEP = (
    *(
        "from scratch",
        "work out",
        "show that",
        "full plan",
        "full model",
        "give the full",
        "lock-free",
        "determine all",
    ),
    *(
        "classify all",
        "lower bound",
        "upper bound",
        "closed form",
        "draft the",
        "the implications",
        "root cause",
        "end-to-end",
    ),
)
_THOUGHT = words_of(
    "how why explain difference different compare describe solve plan suggest write summarise summarize itinerary "
    "function code script calculate probability percent percentage chance average poem essay email letter recipe "
    "python sql bash git java javascript pros cons advantages cause causes meant improve convince recommend argument "
    "strategy equation system roughly should could rewrite regex effect effects affect affects happens work works "
    "analyse analyze discuss draft which when design interest discount speed km/h area volume triangle story outline "
    "translate debug error formula join vaccine tax mortgage"
)
_BOUND = words_of(
    "never each every must only exactly without neither both under within between unless such per most least fewer no "
    "rhymes rhyme symmetric constraint constraints respectively subject respecting avoiding"
)
_STEP = words_of("then next after finally also prove argue rank afterwards first second third")
_SIMPLE = words_of(
    "simply sentiment opposite alphabetical typo spell greeting synonym one-line capital plural rhymes colour color"
)
_QUICK_WORDS = words_of("who when what which name one yes true left past negative many")
_QUICK = (
    *(
        "in one word",
        "in one line",
        "in one sentence",
        "one-line",
        "yes or no",
        "true or false",
        "or negative",
        "or a negative",
    ),
    *(
        "how many days",
        "how many legs",
        "how many hours",
        "how many minutes",
        "how many letters",
        "how many months",
        "which is ",
    ),
    *(
        "how many weeks",
        "are left",
        "name three",
        "name two",
        "name five",
        "name a ",
        "name one",
        "what day",
        "what time",
    ),
    *("what year", "past tense", "who wrote", "who painted", "who is", "who was", "when was", "when is", "when did"),
)


def difficulty(seen: Seen) -> float:
    """Difficulty by demands, constraints, steps, special vocabulary and length (question 2 of Figure 2).

    A heuristic: each thing that makes an answer more work adds its share. It reads the order, not the text it is about.
    """
    asked, words = seen.asked, seen.words
    if not words:
        return 0.0
    long = [word for word in words if len(word) > 10]
    score = 0.16 + 0.13 * min(len(seen.stems & _EXPERT), 3) + 0.035 * min(len(long), 6)
    score += 0.22 * (not _THOUGHT.isdisjoint(words)) + 0.22 * (
        not _DESIGN.isdisjoint(seen.stems) or any_of(_DEEP, asked)
    )
    score += 0.07 * min(len(words & _BOUND), 5) + 0.06 * min(len(words & _STEP) + asked.count("\n2"), 4)
    score += 0.04 * min(asked.count(","), 5) + 0.0004 * min(len(asked), 400)
    if not _SIMPLE.isdisjoint(words) or (not _QUICK_WORDS.isdisjoint(words) and any_of(_QUICK, asked)):
        score -= 0.3
    return round(min(1.0, max(0.0, score)), 3)
