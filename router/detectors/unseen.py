"""Tasks that no training data shows, so that the task head could only guess: ranking, forecasting, parsing."""

from __future__ import annotations

import re
from collections.abc import Collection

from router.detectors.seen import Seen
from router.detectors.wishes import calculation
from router.reading.wording import any_of, words_of

_ORDERERS = (
    *("rank", "reorder", "re-order", "order th", "order of", "order by", "order from", "order f", "order</"),
    *("preference order", "sort", "arrange", "prioriti", "best to worst", "worst to best", "second best"),
    *("top to bottom", "2nd", "top-to-bottom", "most to least", "gold, silver", "most relevant first", "best first"),
    *("relevance", "listwise", "meilleur", "ordena", "ordne", "sortiere", "classe "),
)
_RANKERS = words_of(
    "rank ranks ranked ranking rerank reranker re order ordered reorder sort sorted arrange prioritize prioritise best "
    "worst silver bottom preference relevance relevant listwise meilleur ordena ordne sortiere classe 2nd second least"
)
_TEXTS = (
    r"(?:passages?|documents?|docs?|results?|candidates?|snippets?|paragraphs?|answers?|articles?|responses?|replies|"
    r"texts?|reviews?|abstracts?|papers?|pages?|chunks?|hits|summar(?:y|ies)|sentences?|titles?|headlines?|tickets?|"
    r"emails?|options?|items?|products?|links?|posts?|comments?|translations?|listings?|statements?|descriptions?|"
    r"explanations?|entries|slogans?|essays?|jokes?|poems?|openings?|faqs?|query|queries|versions?|drafts?|lines?|"
    r"tweets?|letters?|urls?|ids?|pitches)"
)
_MERIT = (
    r"(?:relevan(?:t|ce|cy)|how (?:well|relevant|useful|helpful|closely|good|clear|convincing|much they)|quality|"
    r"qualit\w+|useful(?:ness)?|helpful(?:ness)?|help most|best|worst|most to least|closest|match(?:es)?|similarity|"
    r"importance|strongest|clearest|accura\w+|persuasive\w*|clarity|top[- ]to[- ]bottom|fluency|convincing|1st|"
    r"preference|better|silver|funn\w+|informative)"
)
_RANKING = re.compile(
    rf"\b(?:re-?rank\w*|rank(?:s|ed|ing)?|re-?order|order|sort(?:ed)?|prioriti[sz]e|arrange|listwise|list|"
    rf"put)\b.{{0,120}}\b{_MERIT}\b|\b{_MERIT}\b.{{0,80}}\b(?:rank(?:s|ed|ing)?|order|sort(?:ed)?)\b|\brerank\w*\b|"
    rf"\b(?:produce|give|make|return|output) (?:me )?(?:a|the|your) ranking\b|\bbest,? second[- ]best\b|\bgold, "
    rf"silver\b|\b(?:best to worst|worst to best|top[- ]to[- ]bottom|most to least \w+|preference order)\b|\bdel? "
    rf"(?:mejor|meilleur)\b|\bdu meilleur\b|\bde más a menos\b|\bnach (?:relevanz|qualität)\b|\brank (?:the |these |"
    rf"those |my |this |all )?(?:\w+ ){{0,3}}{_TEXTS}\b",
    re.DOTALL,
)
_NOT_RANKING = re.compile(
    r"^\W*(?:how (?:do|does|can|is)|what(?:'s| is| are)) |\b(?:alphabetical\w*|by (?:date|price|size|age|length|"
    r"population|height|weight|year|name|number|fat|calories|cost|area|speed)|ascending|descending|chronological\w*|"
    r"sort (?:the |an? |this )?(?:array|list of (?:numbers|integers)|dictionary|dict)|sql|python|function|bubble sort|"
    r"order by|in order to|in order|google ranking|page ?rank|seo|rank higher|military rank|which rank|an order|my "
    r"order|the order of the|order number|court order|sort out|sort of|hire|applicants?|cities|countries|planets|"
    r"rivers|players|teams|cheeses|films|movies)\b"
)


def ranking(seen: Seen) -> bool:
    """Listed texts are to be ordered by relevance or quality (row nlu.ir-rank)."""
    low = seen.asked
    if _RANKERS.isdisjoint(seen.words) or not any_of(_ORDERERS, low) or not _RANKING.search(low):
        return False
    return not _NOT_RANKING.search(low) and (_LISTED.search(low) is not None or _TEXT.search(low) is not None)


_LISTED = re.compile(
    r"[\[(]?\b(?:a|1|s1|t1|d1|p|i)\b[\]).:>\"]|\n\s*[-*•\[<]|[\"“][^\"”]{3,200}[\"”].{0,30}[\"“]|…", re.DOTALL
)
_TEXT = re.compile(rf"\b{_TEXTS}\b")

_NEXT = re.compile(
    r"\b(?:predict\w*|forecast\w*|extrapolat\w*|project(?:ed|ion)?|next|expect\w*|what comes|comes (?:next|after)|"
    r"follows|number follows|trend|horizon|one-step|ahead|continue|fill in the blank|missing (?:last|final)|sequence|"
    r"(?:fifth|sixth|seventh|eighth|ninth|tenth|\d{1,2}th) (?:term|number|value|element|entry)|suivante?s?|weiter|"
    r"siguientes?|sigue|seguí|nächste\w*|prossimo|estimate (?:the )?(?:\w+ ){0,3}(?:for|in|on)|will (?:\w+ ){0,5}be\b|"
    r"will be (?:in|for|at)|how many (?:\w+ ){1,4}will)\b"
)
_SERIES = re.compile(
    r"(?:-?\d[\d.,'%]{0,9}(?: (?:in|for|on|at) \d{4})?[^\w\n]{0,3}(?:\s?(?:and|then|und|et|y|°c|kwh|k|m|eur|usd|€|"
    r"\$)\s?)?[,;:|/\s→>-]+){3,}\s?-?\d|"
    r"(?:\n?[^\n\d]{0,20}(?:\d{1,4}[-/. ]?\d{0,2}[-/. ]?\d{0,2})?[:=,\s|-]{1,3}\$?-?\d[\d.,]*%?[^\n\d]{0,12}(?:\n|,|;|"
    r"/)){3}"
)
_OPEN = re.compile(r"\d[\s,;]*(?:\.\.\.|…|\?|_{2,})\s*$")
_SAID = re.compile(
    r"\b(?:forecast|predict|extrapolate)\b.{0,60}\b(?:next|future|following|coming|tomorrow'?s|upcoming)\b|"
    r"\btime[- ]series\b.{0,80}\b(?:forecast|predict|next)\b",
    re.DOTALL,
)
_NOT_SERIES = re.compile(
    r"\b(?:average|mean|median|sum of|standard deviation|sort|python|function|code|explain how|what is (?:a )?(?:time "
    r"series|arima)|weather forecast|phone|label|premise|classify|choose|article|quote|odd one out|train leaves|bus "
    r"leaves|describe the trend|how many terms|list of (?:numbers|integers|lists)|lists?, of|every element|remove|"
    r"multiply every|options:|\(a\)|a\. |return|how many hours|scale from|dose|cistern|wolfram|largest|smallest|how "
    r"many of|story|translate)\b"
)


def forecasting(seen: Seen) -> bool:
    """The next values of a numeric series are wanted (row misc.far-lm); a bare calculation has none."""
    low = seen.asked
    if sum(map(low.count, "0123456789")) < 4 or calculation(seen):
        return False
    if _OPEN.search(low) is None and _NEXT.search(low) is None:
        return False
    return _SERIES.search(low) is not None and not _NOT_SERIES.search(low)


_PARSERS = words_of(
    "speech pos dependency dependencies constituency constituent constituents parse parsing parses morphology "
    "morphological morpheme morphemes morphologically treebank conll upos xpos noun nouns verb verbs adj adjective "
    "syntactic syntax grammatical lemma lemmas word token tokens prefix suffix suffixes nsubj wortart wortarten nn nnp "
    "stem clitic dep tags"
)
_GRAMMAR = (
    r"(?:parts?[- ]of[- ]speech|pos[- ]tag\w*|upos|xpos|pos|dependency (?:parse|tree|relations?|structure|labels?|"
    r"heads?|arcs?|graph)|dependencies|constituency (?:parse|tree)|constituents?|parse tree|syntax tree|syntactic "
    r"(?:parse|tree|structure|heads?|roles?)|(?:full )?morphological (?:analysis|features?|tags?|breakdown|"
    r"segmentation)|morphemes?|word class(?:es)?|word types?|conll-?u?|treebank (?:format|tags?|style)|penn tags|"
    r"grammatical (?:role|function|case|categor)\w*|nouns?,? (?:and )?verbs?|the morphology|prefix,? (?:and )?(?:root|"
    r"stem|suffix)\w*|nsubj|\"pos\"|the head of (?:each|every|all)|parse trees?|noun phrases and)"
)
_PARSING = re.compile(
    rf"\b(?:tag|label|annotate|mark|parse|identify|give|provide|assign|show|draw|produce|output|return|analy[sz]e|do|"
    rf"perform|list|write|build|run|print|generate|need|want|break|determine|find|name|state|tell "
    rf"me)\b.{{0,120}}?\b{_GRAMMAR}\b|^\s*{_GRAMMAR}\b[^?\n]{{0,60}}:|\bwhat (?:is|are) the "
    rf"{_GRAMMAR}\b.{{0,40}}\b(?:of|in|for) (?:each|every|the "
    r"(?:word|sentence|following)|this|these|all|[\"'])|\bword class of|/nnp? .{0,80}/vb|词性|"
    r"\b(?:adjective|adverb|noun|verb),? (?:a |an )?(?:adjective|adverb|noun|verb)\b.{0,20}\bor (?:a |"
    r"an )?(?:adjective|adverb|noun|verb|"
    r"adverb)\b.{0,60}\bin [\"']|\bdependency[- ]parse\b|\bpos[- ]tag (?:this|the|these|each)\b",
    re.DOTALL,
)
_ABOUT_PARSING = re.compile(
    r"\b(?:python|spacy|nltk|stanza|code|function|script|library|regex|explain (?:what|how|the difference)|difference "
    r"between|how does|how do (?:i|you)|what is (?:a |an )?(?:dependency|constituency|part|pos|morpholog)|npm|package|"
    r"maven|import|django|requirements|lecture|syllabus|history of|essay|homework policy|accuracy)\b"
)


def parsing(seen: Seen) -> bool:
    """Tags or trees of grammar are wanted (row nlu.parsing); a question about parsers is none."""
    low = seen.asked
    if _PARSERS.isdisjoint(seen.words) and low.isascii():
        return False
    return _PARSING.search(low) is not None and not _ABOUT_PARSING.search(low)


_REDEFINING = frozenset({"redefined-symbol", "counterfactual"})
_PROBING = frozenset({"memo-trap", "hindsight", "negation", "verbatim-repeat", "information-choice"})


def unseen_task(seen: Seen, cues: Collection[str], heard: Collection[str] = ()) -> str:
    """The task label that only a detector, or a cue head, can tell; "" for everything else."""
    if not _REDEFINING.isdisjoint(cues):
        return "redefinition"
    if "ranking" in heard or ranking(seen):
        return "ranking"
    if ("forecasting" in heard and "calculation" not in cues) or forecasting(seen):
        return "forecasting"
    if "parsing" in heard or parsing(seen):
        return "parsing"
    return "" if _PROBING.isdisjoint(cues) else "inverse_probe"
