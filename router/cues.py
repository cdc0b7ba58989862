"""Cues in a prompt that decide who may answer it: things redefined, several tasks at once, noise, high stakes.

Precision before recall: a false cue moves a plain request to a dearer model.
"""

from __future__ import annotations

import re
from itertools import pairwise

from router.reading.wording import any_of, words_of

_OPERATOR = r"(?:[-+*/×÷^=<>&|%!@#$~]|plus|minus|times|addition|subtraction|multiplication|division|pi|π|e)"
_REDEFINED = re.compile(
    rf"\blet (?:the (?:symbol|operator|sign) )?[\"'`]?{_OPERATOR}[\"'`]? (?:now )?(?:mean|denote|"
    rf"represent|stand for|be (?!a |an |the number))|"
    rf"[\"'`]?{_OPERATOR}[\"'`]? (?:now )?(?:means|denotes|stands for|is replaced by|is defined as) "
    rf"(?:the )?(?:addition|subtraction|multiplication|division|plus|minus|times|dividing?|sum|product|"
    rf"difference|[-+*/×÷])|"
    r"\bre-?define[sd]?\b[^.\n]{0,40}\b(?:as|to be|to mean)\b|\bis re-?defined\b|"
    r"\bin (?:this|the following) (?:problem|puzzle|world|universe|question|game|language|system),? "
    r"(?:[\"'`]?\S{1,12}[\"'`]? (?:means|stands for|denotes)|[^.\n]{0,40}\b(?:instead of|opposite|"
    r"redefined|reversed)\b)|"
    r"\b(?:assume|suppose|pretend|imagine|consider a world|say) (?:that |where )?(?:the )?(?:pi|π|"
    r"gravity|speed of light|sun|sky|earth|water|operator|symbol|digits?|meaning|words?|alphabet|"
    r"numbers? \d+)\b[^.\n]{0,40}\b(?:is|are|equals?|were|mean(?:s|t)?|rises?|becomes?)\b(?! "
    r"(?:approximately |about |roughly )?(?:3\.14|9\.8|10\b|(?:an? )?(?:perfect|spher|constant|"
    r"uniform|incompress|ideal|station|neglig|point|round|at )))|"
    r"\b(?:in|using) base[- ]?(?:[3-9]|1[1-5])\b|\bbase[- ](?:[3-9]|1[1-5]|five|six|seven|nine|"
    r"eleven) (?:arithmetic|addition|number|multiplication)|"
    r"\bpretend (?:that )?[\"'`]?\w+[\"'`]? means\b",
)


def redefinition(low: str) -> bool:
    """A known symbol, rule or fact is redefined (rows inv.redefine, know.counterfactual). Takes lower-cased text.

    "let me know", "suppose I have 5 apples", "let x be a number" and "assume the role" define nothing anew.
    """
    return any(cue in low for cue in _REDEFINING) and _REDEFINED.search(low) is not None


_REDEFINING = (
    "let ",
    "mean",
    "denote",
    "stands for",
    "redefin",
    "re-defin",
    "assume",
    "suppose",
    "pretend",
    "imagine",
    "base",
    "instead of",
    "defined as",
    "replaced by",
    "world",
)

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


def tasks(text: str) -> int:
    """Distinct tasks asked for, at least 1 (row real.multi-task).

    Counted by different task verbs in a numbered list of orders, after "then"/"also", or joined by "and".
    Steps of one task ("list and describe") and lists of data do not count.
    """
    low = text.lower()
    if not any_of(_JOINTS, low):
        return 1
    numbered = "\n" in text and any_of(_NUMBERS, low)
    kinds = {_task(m["verb"]) for m in _NUMBERED.finditer(text)} if numbered else set()
    if len(kinds) > 1:
        return len(kinds)
    more = {_task(m["verb"]) for m in _ALSO.finditer(text)} if any_of(_JOINTS[3:], low) else set()
    if "and " in low and _and_verb(low.split()):
        for m in _AND_VERB.finditer(text):
            more |= {_task(m["first"]), _task(m["verb"])}
    if not more:
        return 1
    lead = _LEAD.search(text)
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


CODE = re.compile(r"```.{0,4000}?(?:```|\Z)|`[^`\n]{1,200}`|https?://\S{1,300}", re.DOTALL)
_CHAT = words_of(
    "U u ur r thx pls plz lol lmao omg wtf btw idk imo imho tbh gonna wanna gotta dunno cuz coz bcoz "
    "bc wat wut dat dis dem teh thier recieve "
    "definately seperate alot wich becuase tommorow untill occured wierd freind adn nto waht hte "
    "taht yuo jsut tihs wiht abt msg txt tmrw 2nite "
    "l8r gr8 m8 b4 2day 2moro thru nite luv ya yea nah dunno lemme gimme kinda sorta smth sth ppl "
    "prolly rly srsly ik ily omw rn ngl fr"
)
_ODD = re.compile(r"[a-z]*([a-z])\1\1[a-z]*|[bcdfghjklmnpqrstvwxz]{3,}|[a-z]+[0-9][a-z]+|[a-z]{2,}[0-9]|[0-9][a-z]{2,}")
_UNITS = re.compile(
    r"\d+(?:st|nd|rd|th|am|pm|km|kg|cm|mm|mg|ml|gb|mb|kb|tb|hz|ms|ns|px|fps|bit|mph|kwh|min|hrs?|yrs?|"
    r"sec|x)$|[a-z]{1,4}\d$"
)
_SHORT = words_of(
    "mr mrs ms dr st vs etc pm am tv pc ok hmm psst shh nth ltd inc css html sql http https xml jpg "
    "png pdf cv ph hr hrs www iii xxx viii xiii aaa ft lb lbs km kg cm mm mg ml mph min max std src "
    "tmp cfg btn img str int ptr args kwargs js ts py npm"
)


def noise(text: str) -> float:
    """Share of words that look mistyped or slang, 0..1 (row real.noisy). 0 below five words.

    Capitalised words (names), code, links, hashtags and mentions do not count; all-capitals are read as words.
    """
    seen = text[:600] if len(text) <= 900 else text[:600].rsplit(" ", 1)[0]
    if "`" in seen or "http" in seen:
        seen = CODE.sub(" ", seen)
    words = seen.replace(".", " ").replace(",", " ").replace("!", " ").replace("?", " ").split()
    if len(words) < 5:
        return 0.0
    bad = sum(map(_CHAT.__contains__, words))
    if not any_of(_TRIPLES, seen):
        # Only what holds no vowel, a digit, or a letter three times in a row is worth a regex.
        odd = [word for word in words if not word.isalpha() or _VOWELS.isdisjoint(word)]
    else:
        odd = words
    bad += sum(
        word not in _SHORT and word not in _CHAT and _UNITS.match(word) is None
        for word in odd
        if _ODD.fullmatch(word) is not None
    )
    return round(min(1.0, bad / len(words)), 3)


_VOWELS = frozenset("aeiouyAEIOUY")
_TRIPLES = tuple(letter * 3 for letter in "abcdefghijklmnopqrstuvwxyz")


_HEALTH = re.compile(
    r"\b(?:symptoms?|diagnos\w+|dosage|dose|mg of|medications?|medicine|prescri\w+|side effects?|"
    r"antibiotics?|chest pain|blood pressure|"
    r"insulin|diabet\w+|cancer|tumou?r|pregnan\w+|ibuprofen|paracetamol|acetaminophen|aspirin|"
    r"overdose|vaccin\w+|rash|fever|"
    r"treatment for|my doctor|cardiolog\w+|depression|antidepressants?|contraindicat\w+|infection|"
    r"heart attack|stroke)\b"
)
_FINANCE = re.compile(
    r"\b(?:invest(?:ing|ment|ments)?|stocks?|shares in|etfs?|mortgage|401\(?k\)?|roth ira|ira|pension|"
    r"tax(?:es)?|deductions?|capital gains|"
    r"bonds|portfolio|crypto\w*|bitcoin|interest rates?|refinanc\w+|credit score|bankruptcy|"
    r"dividends?|index funds?|retirement savings|loan|debts?|inherit\w*)\b"
)
_LAW = re.compile(
    r"\b(?:legal(?:ly)?|illegal|lawsuit|sue|sued|suing|lawyer|attorney|landlord|evict\w*|tenant|"
    r"custody|divorce|liab(?:le|ility)|contract law|"
    r"copyright|trademark|visa|immigration|arrested|felony|misdemeanou?r|statute|gdpr|non-?compete|"
    r"severance|wrongful|court|testament|the law)\b"
)
_DOMAINS = (("health", _HEALTH), ("finance", _FINANCE), ("law", _LAW))
_ADVICE = re.compile(
    r"\b(?:should i|can i|could i|am i|do i|may i|is it (?:safe|legal|illegal|ok|okay|normal|worth|"
    r"possible|allowed|dangerous|a good idea)|is my|"
    r"my (?:doctor|landlord|employer|wife|husband|mother|father|son|daughter|child|baby|mom|dad|boss|"
    r"partner|pension|savings|mortgage|visa|taxes)|"
    r"what (?:are the (?:symptoms|side effects|treatments?|penalt\w+|tax|legal|risks|laws?)|is the "
    r"(?:dose|dosage|safe|maximum|recommended|tax|penalty|statute|law|treatment|limit)|"
    r"(?:should|can|happens if) i)|how (?:much|many|long|do|can|should)[^.?\n]{0,40}\b(?:i|my|take|"
    r"dose|mg|safe|tax|invest|sue|treat(?:ed)?)\b|"
    r"i (?:have|am|was|feel|take|took|got|want to (?:invest|sue|buy))|i'm|i've|which (?:stocks?|"
    r"funds?|medication|etfs?)|side effects of|treatment for|"
    r"can (?:a|an|my|the) (?:landlord|employer|tenant|company|doctor|police)|is (?:\w+ ){1,4}(?:safe|"
    r"legal|illegal|tax deductible|contagious)|advice)\b"
)
_NOT_ADVICE = re.compile(
    r"\b(?:write (?:a|an|me) (?:\w+ ){0,3}(?:story|poem|song|novel|scene|joke|function|script|program|"
    r"haiku|tweet|slogan|headline|character)|translate|"
    r"classify|sentiment|positive or negative|spam|summari[sz]e|rewrite|paraphrase|extract|role-?play|"
    r"grammar|sql|python|javascript|proofread|hypothesis|premise|rephrase|"
    r"analytical reasoning|mathematician|solve this|the following (?:dialog|conversation|plot|"
    r"article)|movie|plot|(?m:^[ab]:)|text a|pick from|"
    r"paraphrases?|entail\w*|intent|label|named entit\w+)\b"
)


def domain(low: str) -> str:
    """High-stakes domain of a question for advice or facts: health, finance, law or none (row safety.high-stakes).

    Takes lower-cased text. The words alone do not count: a story about a doctor, a tax function in Python and
    a review to classify are none.
    """
    if len(low) > 1_500:
        return "none"
    stems = {word[:4] for word in low.replace("?", " ").replace(".", " ").replace(",", " ").split()}
    if _STAKES.isdisjoint(stems) or not _ADVICE.search(low) or _NOT_ADVICE.search(low):
        return "none"
    for m in _ADVICE.finditer(low):
        near = low[max(0, m.start() - 120) : m.end() + 160]
        hits = {name: len(set(pattern.findall(near))) for name, pattern in _DOMAINS}
        best = max(hits, key=lambda name: hits[name])
        if hits[best]:
            return best
    return "none"


# First four letters of the words above: one set operation keeps the regexes off most prompts.
_STAKES = words_of(
    "symp diag dosa dose mg medi pres side anti ches bloo insu diab canc tumo preg ibup para acet aspi over vacc rash "
    "feve trea doct card depr cont infe hear stro inve stoc shar etf etfs mort 401k 401( roth ira pens tax taxe dedu "
    "capi bond port cryp bitc inte refi cred bank divi inde reti loan debt inhe lega ille laws sue sued suin lawy atto "
    "land evic tena cust divo liab copy trad visa immi arre felo misd stat gdpr non- nonc seve wron cour test law"
)
