"""Known things given another meaning: symbols redefined, facts contradicted."""

from __future__ import annotations

import re

from router.detectors.seen import Seen
from router.reading.wording import any_of, words_of

_NAMED = r"(?:[\"'`“‘][^\"'`”’\n]{1,20}[\"'`”’]|(?<=word )[^\s.,]{1,16}|[a-z]{1,16})"
_OPERATOR = (
    r"(?:[\"'`“]?(?:[-+*/×÷^=<>&|%!@#$~⊕⊗★√∧∨]|plus|minus|times|addition|subtraction|multiplication|division|equals|"
    r"sqrt|pi|π|and|or|not|half|twice|[a-z] / [a-z]|\w [-+*/×÷^%] \w)[\"'`”]?(?: sign| symbol| operator)?|the "
    r"(?:\S{1,12} |\w+ing )?(?:symbol|operator|operation|sign)(?: [\"'`]?\S{1,8})?|(?:every|each|all) [^\w\s])"
)
_MEANING = (
    r"(?:the )?[\"'`“]?(?:addition|add|subtraction|subtract|multiplication|multiply|division|divide|plus|minus|times|"
    r"dividing?|divided|multiplied|equals?|sum|product|difference|average|opposite|square|squaring|cubing|cube|power|"
    r"to the power|less than|greater than|is (?:smaller|greater|less)|exclusive or|xor|or|and|not|doubl\w+|halv\w+|"
    r"half|twice|concatenat\w+|modulo|remainder|maximum|minimum|larger|smaller|true|false|[-+*/×÷=<>^](?!\d)|\w "
    r"(?:divided|multiplied|minus|plus|times)|\w [-+*/×÷^] \w)"
)
_IS_NOW = (
    r"(?:(?:now |actually |will |should |shall |instead |here |always )*(?:means?|denotes?|stands? for|represents?|is "
    r"(?:replaced (?:by|with)|defined (?:as|to mean)|redefined|read as|interpreted as|used (?:for|to mean)|called|"
    r"taken (?:as|to mean)|understood as|treated as)|works (?:as|like)|acts (?:as|like)|behaves like|performs|refers? "
    r"to|doubles|halves|adds|multiplies|subtracts|to denote|to mean))"
)
_SETTING = (
    r"(?:in|for|by the rules of|under|within|throughout) (?:this|the following|my|our|pirate|an? (?:strange|alien|"
    r"weird|odd|new|made-up|fictional|certain|particular) |the rules of this|the rest of this|what follows)\s?\w*(?: "
    r"\w+){0,2}"
)
_REDEFINED = re.compile(
    rf"\blet (?:the (?:symbol|operator|sign|word|digit) )?{_OPERATOR} (?:now )?(?:mean|denote|represent|stand for|be "
    rf"(?!a |an |the number|any|the set))|(?<![\w.]){_OPERATOR} {_IS_NOW} {_MEANING}|\b(?:treat|read|use|interpret|"
    rf"take|consider) {_OPERATOR} (?:as|to mean|to denote|like) (?:if it (?:was|were|meant) )?{_MEANING}|"
    r"\bre-?define[sd]?\b[^.\n]{0,40}\b(?:as|to be|to mean)\b|\bis re-?defined\b|"
    rf"\b{_SETTING},? (?:(?:the )?(?:word|sign|symbol|digit|letter|number|color|colour) )?(?:{_NAMED}|[^\w\s]) "
    rf"{_IS_NOW}|\b{_SETTING},? [^.\n]{{0,40}}\b(?:redefined|swapped|doubles the number|(?:means?|denotes?|stands? "
    rf"for) [\"'`“])|"
    r"\bswap (?:the )?(?:meanings?|roles?|symbols?)\b|\b(?:meanings?|symbols) (?:of|for) [^.\n]{1,40}\b(?:are|is|have "
    r"been) (?:swapped|exchanged|reversed|switched|inverted)|\breplace the (?:usual|normal|standard) meaning\b|"
    rf"\b(?:pretend|suppose|assume|imagine|say|let's say|agree|from (?:now|here) on),? (?:that )?(?:the (?:word|symbol|"
    rf"digit|number|letter|color|colour|term) )?{_NAMED} (?:now )?(?:means|meant|stands for|denotes|is redefined|"
    rf"refers to|is called)\b|\b(?:the words?|the symbol|the digit|the number|the letter|the term) {_NAMED} (?:now |"
    rf"will |shall |actually |here |instead )(?:means?|stands? for|denotes?|refers? to)\b|\b(?:refers to|means|stands "
    rf"for) what (?:we|is|people|others) (?:normally|usually|commonly|otherwise|would)\b|\bwhat (?:we|people) "
    rf"(?:normally|usually) call\b|"
    r"\bhere,? (?:the word )?[\"'`“][^\s.,]{1,16}[\"'`”] (?:means|stands for|denotes|is)\b|\b(?:whenever|when|every "
    r"time|each time|if) i (?:say|write|type|use) [\"'`]?[^\s,]{1,16}[\"'`]?,? (?:i (?:really )?mean|it means|read it "
    r"as|understand|take it)\b|\buse (?:the (?:word|symbol) )?[\"'`“][^\s\"'`]{1,16}[\"'`”] to mean\b|\b\w{2,16} is "
    r"called [\"'`“]?\w{2,16}[\"'`”]? and \w{2,16} is called\b|\blet'?s? (?:us )?call (?:the )?(?:number "
    r")?[\"'`]?\w{1,12}[\"'`]? [\"'`]\w{1,12}[\"'`]|\bread (?:every|each|all|any) \S{1,4} as\b|(?<!convert )(?<!write "
    r")\b(?:in|using) base[- ]?(?:[3-9]|1[1-5]|three|four|five|six|seven|eight|nine|eleven|twelve|thirteen)\b(?!\d)|"
    r"\bbase[- ](?:[3-9]|1[1-5]|five|six|seven|eight|nine|eleven|twelve|thirteen) (?:arithmetic|addition|numbers?|"
    r"multiplication|system|numerals?)\b|\b(?:octal|hexadecimal|duodecimal|ternary) numbers?:|\banswer in (?:octal|"
    r"hex\w*|ternary|binary)\b",
)
_REDEFINING = (
    *("let + ", "let the ", "let's call", " means ", " mean ", "meant", "meaning", "denot", "stands for"),
    *("stand for", "redefin", "re-defin", "swap", " read as", "read every", "read each", "interpreted", "cubing"),
    *(" base", "defined as", "replaced", "replace the", "refers to", "represents", "is called", "used for"),
    *("behaves like", "octal", "treat ", "doubles", "works as", "works like", "acts as", "acts like", 'for "is'),
    *("exchanged", "reversed", "read all", "read *"),
)
_REDEFINERS = words_of(
    "means mean meant meaning meanings denote denotes denoting stands stand redefine redefined redefining swap swapped "
    "read interpreted cubing base defined replaced replace refers represents represent called used behaves octal "
    "hexadecimal ternary treat doubles works acts exchanged reversed call"
)
_CONVERSION = re.compile(r"\b(?:convert|conversion|what does|explain|difference|how do(?:es)? (?:i|you|we|base))\b")
_NUMERALS = re.compile(r"\bbase[- ]?\w")
_ASKS_MEANING = re.compile(
    r"^\s*what (?:does|do|is|are)[^.?]{0,60}\b(?:means?|stands? for|refers? to|denotes?|represents?)\b[^.?]{0,30}\?|"
    r"\bdoes (?:it|that|this) mean\b"
)


def redefined_symbol(seen: Seen) -> bool:
    """A known symbol, operator, word or number system is to be used with another meaning (row inv.redefine).

    "let me know", "let x be a number" and a question about what a word means define nothing anew.
    """
    low = seen.asked
    if _REDEFINERS.isdisjoint(seen.words) or not any_of(_REDEFINING, low):
        return False
    found = _REDEFINED.search(low)
    if found is None or _ASKS_MEANING.search(low):
        return False
    return not (_NUMERALS.search(found.group()) and _CONVERSION.search(low))


_SUPPOSED = words_of(
    "suppose supposing if imagine assume assuming pretend world universe hypothetically planet reality contrary given "
    "sake premise though let's decree what-if counterfactual say wenn gone allowed"
)
# Whatever is known well enough that a sentence about it can contradict a fact.
_KNOWN = (
    r"(?:the )?(?:entire |whole |planet |average |human |speed of |laws? of |year |number )?(?:pi|π|gravity|light|"
    r"sound|sun|moon|sky|earth|mars|jupiter|saturn|water|ice|snow|rain|fire|air|oxygen|iron|gold|lead|wood|glass|salt|"
    r"sugar|helium|hydrogen|nitrogen|carbon|mercury|diamonds?|atoms?|electrons?|protons?|photons?|magnets?|friction|"
    r"energy|mass|entropy|oceans?|seas?|planets?|stars?|clouds|humans?|people|humanity|dogs?|cats?|fish|birds?|cows?|"
    r"horses?|pigs?|spiders?|ants?|bees?|whales?|elephants?|snakes?|penguins?|insects|mammals|dinosaurs?|animals|"
    r"plants?|trees?|grass|bananas?|apples|tomatoes|triangles?|squares?|circles?|days?|weeks?|months?|hours?|minutes?|"
    r"evolution|dna|blood|hearts?|the alphabet|english|operator|symbol|alphabet|chess|pawns?|knights?|bishops?|rooks?|"
    r"rome|roman empire|germany|japan|france|britain|england|spain|russia|china|napoleon|hitler|lincoln|einstein|"
    r"newton|columbus|caesar|gutenberg|world war|wwii|ww2|soviet union|internet|printing press|wheel|titanic|berlin "
    r"wall|allies|axis|nazis|confederacy|americans|british|vikings|mongols|aztecs|africa|europe|antarctica|two plus "
    r"two|2 ?\+ ?2|prime numbers?|odd numbers|zero|one|absolute zero|oil|stone|paris|london|freezing point|boiling "
    r"point)"
)
_AGAINST = (
    r"(?:(?:was|were)\b|had |could |able |did(?:n't| not) |\w+ed |never |rose |froze |spun |fell |sank |flew |won |"
    r"lost |ate |went |grew |ran |spoke |laid |became |stopped)"
)
_CLAIMED = r"(?:(?:is|are|has|have|can|do(?:es)?n't|equals?|only|always|never) |\w+s )"
_IF = (
    r"(?:what (?:would happen )?if|(?:^|(?<=[.,?!\n;:] )|(?<=then )|(?<=would )|(?<=\n))if|what would \w+(?: \w+){0,5} "
    r"if|would \w+(?: \w+){0,8} if|(?:^|(?<=\. ))were)"
)
_LET = (
    r"(?:(?:^|(?<=[.,?!\n;:] )|(?<=\n)|\bplease )(?:suppos(?:e|ing)|imagin(?:e|ing)|assum(?:e|ing)|pretend|"
    r"hypothetically,?|let's say|let us say|say|take it as given|given|for the sake of argument,?|for argument's "
    r"sake,?|answer as (?:though|if)|premise:|contrary to fact,? let|accept)(?: for a moment| for argument's sake)?(?: "
    r"that| if| where| a (?:world|universe|planet) (?:where|in which))?)"
)
_SUBJECT = rf"(?:all |every |most |each |no |only |a |an |our |adult )?(?:\w+ )?{_KNOWN}(?: \w+){{0,3}}?"
_COUNTERFACTUAL = re.compile(rf"(?<!\w)(?:(?:{_IF}|{_LET}) {_SUBJECT} {_AGAINST}|{_LET} {_SUBJECT} {_CLAIMED})")
_CONTRARY = re.compile(
    r"\b(?:in|on|consider|imagine|suppose|given) (?:an?|this|another) (?:\w+ ){0,2}(?:world|universe|planet|reality|"
    r"timeline|country|island|version of chess|alternate history) (?:where|in which|whose|with no|without)\b|\bin "
    r"(?:this|my|our|that) (?:world|universe|alternate \w+|fictional \w+|reality),? \w|\bcontrary to (?:fact|reality|"
    r"what we know)\b|\bcounterfactual(?:ly)?:|\bas (?:though|if) (?:the )?\w+(?: \w+)? (?:had never|never|did not|"
    r"didn't|was never|were never|were not)\b|\binstead of (?:pulling|falling|rising|attracting|east|west|three|four|"
    r"five|two|24|365|twelve|seven)\b|\b(?:according to|by) (?:the|his|her|this) (?:king|queen|decree|law|premise|rule|"
    r"fictional)\b[^.?]{0,20}[,.]|\bone (?:morning|day) (?:you|we|everyone) wakes? up and\b|\bwas wäre,? wenn\b|\bet "
    r"si (?:la|le|les)\b|\b(?:is|are) (?:allowed|legal) and [^.\n]{3,40} is (?:a foul|forbidden|illegal)\b"
)
_LOOSE = re.compile(
    r"\b(?:world|country|planet) where (?:everyone|everybody|people|we|technology|nobody|no one|ai|you|social|many|"
    r"most|so)\b|\bif (?:the )?(?:people|dogs?|cats?|plants?|trees?|grass|water|energy|air|salt|sugar|minutes?|hours?|"
    r"days?|weeks?|months?|blood|hearts?|one|zero|animals|insects|fish|birds?) (?:is|are|has|have|can|do|does|keeps?|"
    r"gets?|looks?|smells?|needs?|starts?|stops?|comes?|turns?|left|remain\w*|pass\w*)\b"
)
_FICTION = re.compile(
    r"\b(?:story|stories|novel|poem|scene|screenplay|script|fiction|lyrics|song|plot|character|fanfic\w*|role-?play|"
    r"dungeon|chapter|haiku|essay|blog|tagline|slogan|prompt|d&d|hypothesis|entail\w*|title|message|article|campaign|"
    r"worldbuild\w*)\b"
)
_TRUE = re.compile(
    r"(?:approximately |about |roughly )?(?:3\.14|9\.8|10\b|(?:an? )?(?:perfect|spher|constant|uniform|incompress|"
    r"ideal|station|neglig|point|round|at rest|given|known))"
)


def counterfactual(seen: Seen) -> bool:
    """The answer must follow from a premise that contradicts what is known (row know.counterfactual).

    "suppose I have 5 apples" contradicts nothing, and fiction may say what it likes.
    """
    low = seen.asked
    if _SUPPOSED.isdisjoint(seen.words) and not low.startswith("were "):
        return False
    found = _COUNTERFACTUAL.search(low)
    if found is not None and (_TRUE.match(low, found.end()) or _TRUE.search(found.group())):
        found = None
    return (found or _CONTRARY.search(low)) is not None and not (_FICTION.search(low) or _LOOSE.search(low))
