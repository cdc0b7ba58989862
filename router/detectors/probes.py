"""The probes on which larger models did worse (survey s4.4.3, arXiv:2211.02011), each told by its wording."""

from __future__ import annotations

import re

from router.detectors.seen import Seen
from router.reading.wording import any_of, words_of

_SAYING = (
    r"(?:quote|quotation|proverb|saying|idiom|adage|maxim|motto|slogan|rhyme|lyrics?|line|phrase|clich[eé]|catchphrase|"
    r"aphorism|verse|tagline|refrain|opening|pledge)s?"
)
_TWIST = (
    r"(?:ends? (?:in|with|on|it (?:in|with|on))(?: the words?| a word)?|ending (?:in|with|on)|(?:the )?(?:last|final|"
    r"closing|required|required final|missing) (?:words?|tokens?|term)(?: \w+){0,2} (?:is|be|being|as|must|should|has|"
    r"with|to|swapped|changed|replaced)|(?:different|another|new|unusual|unexpected|wrong|opposite|altered|alternative|"
    r"original|surprising|silly|fresh|other|non-standard|modern|funny|least expected) (?:\w+ )?(?:ending|last word|"
    r"final word|end|conclusion|word|finish)|other than|(?:but )?not (?:with )?(?:the (?:usual|known|original|expected|"
    r"traditional|famous)|[\"'“])|instead of|rather than|without (?:using|the word|saying)|(?:do not|don't|must not|"
    r"can't|never|avoid) (?:use|using|the words?|end|finish|say|be)|wrongly|with (?:the word )?[\"'“]|has to (?:be|end|"
    r"rhyme)|must (?:be|end|finish)|rhyme with|close it (?:on|with)|finish (?:it )?with|under this constraint)"
)
_MEMO_TRAP = re.compile(
    rf"\b(?:write|complete|finish|give|end|fill|continue|recite|say|state|change|rewrite|quote|produce|close|i'd like|"
    rf"put|how would)\b.{{0,80}}\b{_SAYING}\b.{{0,140}}\b{_TWIST}|\b{_SAYING}\b.{{0,120}}\b{_TWIST}.{{0,80}}\b(?:write|"
    rf"complete|finish|produce|continue|give|end)\b|\b(?:complete|finish|continue|end|fill in|close|give me|write(?: "
    rf"out)?|ending for|half of|how would)\b[^\n]{{0,20}}[\"'“‘][^\"”\n]{{8,120}}[\"'”’.][^\n]{{0,30}}\b{_TWIST}|"
    r"[\"'“‘][^\"”\n]{8,100}(?:_{2,}|\.{3}|…)[^\"”\n]{0,20}[\"'”’][^\n]{0,80}\b(?:least expected|not the usual|"
    r"unexpected|can't be|last word|final word|must be|other than|rhyme with|wrong word|different word|instead of)\b|"
    r"\b(?:complete|finish|end|continue)\b.{0,60}\b(?:with|using) (?:a|the) (?:new|different|wrong|unexpected|other) "
    r"(?:final |last )?(?:word|ending)\b|\bfinal word of (?:the|this|that)\b.{0,80}\bto\b",
    re.DOTALL,
)
_KNOWN_TEXT = words_of(
    "quote quotation proverb saying idiom adage maxim motto slogan rhyme lyric lyrics line phrase cliche cliché "
    "catchphrase aphorism verse tagline complete finish continue word ending token half"
)
_OWN_TEXT = re.compile(
    r"\b(?:(?:four|two|three|five)-line|poem|haiku|limerick|essay|function|email|story|paragraph|my (?:own )?(?:line|"
    r"phrase|sentence|slogan)|a (?:catchy )?(?:slogan|tagline|motto) for|subject line|command line|line of code|api|"
    r"regex|each (?:line|verse)|mean(?:s|ing)?|who said|translate|origin|explain)\b"
)


def memo_trap(seen: Seen) -> bool:
    """A known saying is wanted with another ending than the known one (row inv.memo-trap)."""
    if _KNOWN_TEXT.isdisjoint(seen.words):
        return False
    return _MEMO_TRAP.search(seen.asked) is not None and not _OWN_TEXT.search(seen.asked)


_NEGATIONS = words_of(
    "not except never least isn't aren't wasn't weren't doesn't don't didn't cannot can't couldn't wouldn't without "
    "hasn't haven't excluding unlikely exception shouldn't won't avoid pas nicht kein no"
)
_NOT = (
    r"(?:\b(?:is|are|was|were|does|do|did|can|could|would|will|should|has|have|may|must)(?: \w+){0,4} (?:not|never|"
    r"least)\b|\b(?:is|are|was|were|does|do|did|ca|could|would|wo|should|has|have)n't\b|\bcannot\b|(?<!at )\b(?:least|"
    r"never) \w|\bexcept\b|\bexcluding\b|\bunlikely\b|\bn'est pas\b|\bno es\b|\bavoid\b|\bexception\b|\bnot (?:\w+ly "
    r")?(?:true|correct|an? |the |one |be |part|belong|among|have|considered|includ|involv|found|made|used|typical|"
    r"usual|associated|required|likely|suitable|available|\w+ed\b|\w+ing\b|needed|in |of )|\bnot\??[:.]?$)"
)
_WHICH = re.compile(
    r"\b(?:which|what|who|whose|where|when|all|each|every|following|choose|select|pick|find|identify|name|any|cuál|"
    r"quel|quelle|welche[rs]?)\b"
)
_NEGATED = re.compile(_NOT)
_CHOICES = re.compile(
    r"(?:^|\n)\s*(?:[\[(]?a[\]).: ] ?.*\n\s*[\[(]?b[\]).: ]|[\[(]?(?:1|i)[\]).:] ?.*\n\s*[\[(]?(?:2|ii)[\]).:]|[-*•] "
    r"?.*\n\s*[-*•])|[(\s\[][a1][\]).:] ?[^\n]{1,120}?[(\s,;/\[][b2][\]).:] ?|\b(?:options|choices|answers)(?: are)?:"
)
_LISTS = ("b)", "b.", "b:", "b]", "2)", "2.", "2]", "options", "choices", "answers")
_CONDITION = re.compile(r"\b(?:if|because|since|when|who)(?: \w+){1,4}(?:n't| not| never)\b")


def negation(seen: Seen) -> bool:
    """A multiple-choice question whose question, not whose options, is negated (row ushape.negation)."""
    if _NEGATIONS.isdisjoint(seen.words) or ("\n" not in seen.asked and not any_of(_LISTS, seen.asked)):
        return False
    choices = _CHOICES.search(seen.asked)
    if choices is None:
        return False
    lines = [line for line in seen.asked[: choices.start() + 1].split("\n") if len(line.strip()) > 8]
    if not lines:
        return False
    question = lines[-1].rstrip(" (:[")
    before, _, last = question.rpartition(". ")
    if len(last) > 30 or not before:
        question = last
    found = _NEGATED.search(question)
    return found is not None and _WHICH.search(question) is not None and not _CONDITION.search(question, 0, found.end())


_REPEATING = (
    *(
        "repeat",
        "copy",
        "verbatim",
        "word for word",
        "echo",
        "exactly",
        "unchanged",
        "reproduce",
        "say back",
        "retype",
        "precisely",
    ),
    *(
        "byte for byte",
        "give it back",
        "as it is",
        "as it stands",
        "no changes",
        "without alter",
        "as they are",
        "nothing altered",
    ),
    *(
        "not a corrected",
        "send the",
        "type the",
        "letter by letter",
        "no more and no less",
        "same form",
        "as i wrote",
        "parrot",
    ),
)
_REPEATERS = words_of(
    "repeat copy verbatim echo exact exactly unchanged reproduce retype precisely byte back changes alter altering "
    "altered alteration stands corrected send type letter less form wrote parrot word"
)
_FAITHFULLY = (
    r"(?:back to me|exactly|verbatim|word[- ](?:for|by)[- ]word|letter[- ](?:for|by)[- ]letter|character[- ](?:for|"
    r"by)[- ]character|byte[- ]for[- ]byte|unchanged|unaltered|unedited|untouched|as[- ]is|as it (?:is|stands|was)|as "
    r"they (?:are|stand)|as (?:i )?(?:written|wrote|typed|given)|without (?:\w+ )?(?:chang\w+|alter\w+|correct\w+|"
    r"fix\w+|modif\w+|edit\w+|normali[sz]\w+|touching)|(?:don't|do not|never) (?:change|fix|correct|alter|touch|edit|"
    r"improve)|(?:with )?no (?:changes|corrections|edits|alterations)|nothing (?:altered|changed|else)|not a corrected|"
    r"preserv\w+ (?:all|every|the)|no more and no less|in (?:just |exactly )?the same form|precisely|once more|again|"
    r"typos (?:and all|included)|including (?:the |all |any )?(?:typos|errors|mistakes|misspelling))"
)
_VERBATIM = re.compile(
    rf"\b(?:repeat|echo|retype|parrot)\b.{{0,120}}?\b{_FAITHFULLY}|\b(?:repeat|echo) after me\b|\brepeat my (?:\w+ "
    rf")?(?:sentences?|words|message|text)\b|\b(?:copy|reproduce|say|write|output|print|type|return|give|send|show me|"
    rf"reply with|respond with)\b (?:back |out |me |it |precisely )*(?:the |this |these |my |following |exact |"
    rf"original |same |sentence |text |what |input |user's |it |letter |block |json |below |line |message |string |i "
    rf")[^\n]{{0,70}}?\b{_FAITHFULLY}|\b(?:repeat|copy|echo|reproduce)(?: (?:back|out))? (?:exactly|verbatim|"
    rf"precisely)\b|\b(?:print|output|write|say|type) (?:precisely|exactly) (?:this|the following)\b|\b(?:repeat|"
    rf"echo)\b.{{0,20}}\b(?:this|the following)(?: \w+)?(?: exactly| back)?:|\bverbatim(?: copy)?[:,]|\bgive it "
    rf"back\b.{{0,30}}\b(?:nothing|no|same|exactly|unchanged)\b|\breturn this exact\b",
    re.DOTALL,
)
_NOT_VERBATIM = re.compile(
    r"\b(?:don't|do not|never|not|avoid|without) (?:just |simply )?(?:repeat|copy|copying|verbatim|echo|reproduce|use "
    r"verbatim)|\bnot be copied|\bcopy (?:editor|writ)|\b(?:extract|summari[sz]e|translate|keyphrase|answer|question|"
    r"label|classify|ping|function|script|python|code|format|exactly (?:one|two|three|four|five|\d+)|exactly as "
    r"(?:many|much)|how (?:do|can|to))\b|\brepeat(?:ed|ing|s)\b"
)


def verbatim_repeat(seen: Seen) -> bool:
    """A text is to be repeated exactly as it is (row ushape.quote-repeat)."""
    low = seen.asked
    if _REPEATERS.isdisjoint(seen.words):
        return False
    return any_of(_REPEATING, low) and _VERBATIM.search(low) is not None and not _NOT_VERBATIM.search(low)
