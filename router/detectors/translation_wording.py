"""The wordings that ask for a translation, sentence by sentence; `translation.py` finds the sentences.

A sentence comes in lower case, its quotations blanked as ¤. A wording with a verb of translating is believed when it is
an order, an offer of work or a role, and names a language or shows a text. Without such a verb ("how do I say", "the
French for", "in German, please") a language must be named. Whatever is about translations, or turns a text into
something that is no language, is none.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from router.detectors.directions import Direction, direction, first_name
from router.detectors.resources import table

_NAMES = frozenset(word for name in table().names for word in name.split())
_LETTERS = re.compile(r"[^\W\d_]+")


class Wording(NamedTuple):
    """How a sentence asks: the direction, and where its instruction ends when a text follows (0: at its end).

    `sure`: it names the deed, so the text's language need not agree. `spoken`: the language of the wording itself.
    """

    way: Direction
    cut: int
    sure: bool
    spoken: str = ""


VERBS = ("transl", "tradu", "bersetz", "verta")
VERBS_BEYOND = (
    *(
        "перев",
        "перекл",
        "翻",
        "译",
        "譯",
        "訳",
        "번역",
        "ترجم",
        "अनुवाद",
        "çevir",
        "översätt",
        "oversæt",
        "umacz",
        "přelo",
    ),
    *("dịch ", "fordít", "käännä", "μετ", "תרג", "แปล"),
)
_LEAD = (
    r"^[\W_]*+(?:(?:please|pls|plz|kindly|hi|hey|hello|ok|okay|so|now|and|then|also|just|quick question|can|could|"
    r"would|will|someone|somebody|anyone|anybody|you|u|get|we|i|me|tell|help|do|know|want|need|'d|like|to|ask|asking|"
    r"your|task|job|goal|is|instructions?|system|definition|question|bonus|assistant)\b[\W_]*+){0,8}"
)
_IMPERATIVE = re.compile(
    r"(?:[.,;:—–-]\s*|\b(?:please|pls|plz|kindly|can you|could you|would you|will you|task is to|job is to|asked to|"
    r"need you to|want you to|like you to|ask you to|have to|need to|must|should|help me(?: to)?|you to|and|then|"
    r"goal is to|role is to|is to)\s+)(?:re)?translate\b"
)
_NOMINAL = re.compile(
    r"\b(?:give|provide|need|want|write|what is|what's|what’s|whats|output|return|make|get|generate|produce|send|show|"
    r"offer|supply|do|have|looking for)\b.{0,70}\btranslations?\b|"
    r"^[\W_]*+translations? (?:needed|required|wanted|request)\b|"
    r"^[\W_]*+(?:an? |the |quick |please )*(?:\w+ ){0,3}translation(?:\s+(?:please|of|in|into|to|for)\b|\s*[:,]|\W*$)"
)
_TRANSLATOR = re.compile(
    r"\b(?:you are|you're|you’re|you will be|act(?:ing)? as|be my|serve as|work as|behave like|your role is|role of|"
    r"as)\b"
    r".{0,60}\b(?:translator|translation (?:engine|assistant|bot|machine|tool|service|model|system)|interpreter)\b"
)
_ABOUT = re.compile(
    r"\b(?:google|deepl|lost in|bing|machine) transl|\btransl\w+ (?:button|key|method|matrix|vector|studies|theory|"
    r"api|layer|service|property|function|memory|agency|quality|industry|error|invarian\w+|symmetry|initiation)\b|"
    r"\b(?:history|art|process|mechanism|stage|quality|accuracy|difficult\w*|theory|challenges?|cost|"
    r"price) of (?:\w+ )?"
    r"transl|\btransl\w* (?:well|directly|poorly|badly|literally to)\b|\btranslated? (?:by|from the)\b"
)
_JUDGED = re.compile(
    r"\b(?:quality|accura(?:te|cy)|correct(?:ly|ness)?|evaluate|rate|score|compare|better|best|worse|errors?|mistakes?|"
    r"review|check|judge|good|right|wrong|grade|history|essay|article about|who|why|which|whether|faithful|fluen\w+)\b"
)
_WORK = re.compile(
    r"\b(?:script|program|function|app|api|plugin|library|classifier|regex|algorithm|pipeline|website|package|"
    r"chrome extension|browser extension|tool that|bot that|class that|code that|essay|blog post)\b"
)
_INTO = re.compile(r"\btranslate\b.* into [^\W\d]")
_NO_LANGUAGE = re.compile(
    r"\btranslate\b.{0,140}?\b(?:in ?to|to|as)\s+(?:a |an |the |some |valid |idiomatic |natural |equivalent )*"
    r"(?:\w+ )?(?:code|sql|python|java(?:script)?|typescript|c\+\+|c#|rust|go|golang|ruby|php|swift|kotlin|bash|shell|"
    r"powershell|r|matlab|julia|haskell|scala|perl|lua|html|css|json|yaml|xml|latex|markdown|regex|pseudo-?code|cypher|"
    r"quer(?:y|ies)|formulas?|equations?|expressions?|logic|notation|mermaid|emojis?|morse|binary|hex|ascii|braille|"
    r"action\w*|practice|terms|words|steps|requirements|points?|numbers?|money|speech|layman\w*|voice|tense|verse|"
    r"prose|"
    r"lay|everyday|laymen\w*|human[- ]readable|legalese|jargon|slang|reality|results|success|savings)\b"
)
_QUESTION = re.compile(r"^[\W_]*+(?:why|when|where|who|which|is|are|was|does|did|has|should|what|how|if)\b")
_SAY = re.compile(
    r"^[\W_]*+(?:(?:so|ok|okay|hey|hi|hello|and|please|can|could|would|you|tell|me|do|know|i|want|to|learn|show|"
    r"help|need|"
    r"system|follow|question|wanna|teach|remind)\b[\W_]*+){0,7}how (?:do|would|can|could|should|might|to|does|is|"
    r"are|you)\b"
    r".{0,24}?\b(?:say|said)\b|^[\W_]*+(?:(?:please|can|could|you|now)\b[\W_]*+){0,3}say\b|"
    r"^[\W_]*+(?:wie sagt man|wie sage ich|wie heißt|c[oó]mo se di[czg]|comment dit-on|comment on dit|comment dire|"
    r"come si dice|como (?:eu )?(?:digo|se diz)|hoe zeg|как сказать|как будет|как переводится|jak (?:się )?(?:mówi|"
    r"powie))"
)
_SAYING = re.compile(
    r"\bhow (?:do|would|can|to|should|does|could) (?:\w+ ){0,2}(?:say (?:this|that|it|the following|¤)|write ¤)|"
    r"\b(?:what|how)(?:['’]s|'d| would| is| does)? *(?:this|that|it|the following|¤)"
    r"\s*(?:be|look like|become|go|sound|say|said)?\s*in\b|"
    r"^\W*¤\s*(?:in|auf|en|em|på|na|по|in het)\s+(?:[^\W\d]+ ?){1,3}\W*$|"
    r"^\W*how (?:do|can|should|could|would) i (?:tell|ask|thank|greet)\b"
)
_TAGGED = re.compile(r"^\W*[^\W\d]{2,14}(?:-\w{2})? ?(?:->|→|=>|>|to) ?[^\W\d]{2,14}(?:-\w{2})?[\])]")
_PLEASE = re.compile(r"\b(?:please|pls|plz|bitte|por favor|per favore)\b|->|→|=>")
_OPENER = re.compile(r"\W*(wie|c[oó]mo|comment|come|hoe|как|jak)\b")
_SPOKEN = {
    "wie": "de",
    "cómo": "es",
    "como": "es",
    "comment": "fr",
    "come": "it",
    "hoe": "nl",
    "как": "ru",
    "jak": "pl",
}
_OBJECT = r"(?:this|that|it|these|those|them|the|my|(?:the )?same|following|given|¤|me (?:this|that|¤))"
_RENDER = re.compile(
    _LEAD + r"(?:(?:render|convert|put|turn|rewrite|rephrase|express|write|reword|change|switch|transform|restate|"
    r"type|give me|have|need|get|make|subtitle|locali[sz]e|interpret|tell me|send me|show me)\s+"
    + _OBJECT
    + r"|(?:need|want|like|have)?\s*(?:this|that|it|the following \w+) in(?:to)?\b)"
)
_RENDERED = re.compile(
    r"\b(?:is to|please|you to|you|[.,;] ?|and) (?:render|convert|put|turn|give me)\s+"
    + _OBJECT
    + r"|\bi(?:'d| would)? (?:need|want|like) (?:this|that|it|the following \w+) in(?:to)?\b"
)
_VERSION = re.compile(
    r"\b(?:give|provide|write|produce|need|want|have|output|show|create|make|send|get)\b.{0,40}\bversion\b"
    r"(?: of)? ?(?:this|these|it|that|my|the (?:following|text|given|preceding|above|next|sentence|paragraph|email|"
    r"message|"
    r"passage|phrase|below|same|previous|attached|last)|¤)|"
    r"^[\W_]*+(?:\w+ ){0,3}version\W*$|^[\W_]*+(?:\w+ ){0,3}version (?:of (?:this|that|the (?:following|above|text|"
    r"given))|please)"
)
_WHAT = re.compile(
    r"^[\W_]*+(?:(?:so|hey|hi|and|ok|please|can|you|tell|me|do|know)\b[\W_]*+){0,4}(?:what'?s|what’s|what is|"
    r"what are|whats|"
    r"what would be|what was|the|give me the)\s+(?:the )?(?P<way>(?:\w+ ){1,3}?)"
    r"(?:(?:word|words|term|phrase|expression|name|equivalent|translation)s? )?(?:for|of)\b"
)
_WHAT_IN = re.compile(
    r"^[\W_]*+(?:what'?s|what’s|what is|what are|whats)\s+(?:¤|(?:the )?(?:word|phrase|expression|"
    r"term) (?:for )?\S.{0,40}?|"
    r"(?!the\b|a\b|an\b|your\b|my\b|this\b|it\b)\S+(?: \S+)?) *in (?P<way>(?:\w+ ?){1,3})\W*$"
)
_BARE_WAY = re.compile(
    r"^[\W_]*+(?:(?:please|now|ok|and|from|so|bitte)\b[\W_]*+){0,3}(?:(?:in|into|to|em|auf|ins|nach|en|al|in het|po|на|"
    r"по)\s+)?"
    r"[^\W\d]+(?:[ -][^\W\d]+){0,6}(?: ?(?:->|→|=>|>|–) ?[^\W\d]+(?:[ -][^\W\d]+){0,2})?"
    r"(?:,?\s*(?:please|pls|plz|bitte|por favor|per favore))?\W*$"
)


def asks(clause: str) -> Wording | None:
    """How a sentence asks for a translation: direction, where its instruction ends (0: at its end), sure, spoken."""
    for verb in (*VERBS, *(VERBS_BEYOND if not clause.isascii() else ())):
        at = clause.find(verb)
        if at >= 0:
            break
    else:
        # Without a language's name there is no softer wording: this spares most prompts the patterns.
        named = ">" in clause or not clause.isascii() or not _NAMES.isdisjoint(_LETTERS.findall(clause))
        return _softly(clause) if named else None
    clause, cut = _instruction(clause, at)
    way = direction(clause)
    if verb != "transl":
        told = way.target is not None or cut > 0 or "¤" in clause
        asked = told and not _QUESTION.match(clause) and not _ABOUT.search(clause)
        return Wording(way, cut, sure=True) if asked else None
    if not _english(clause, way, cut):
        return None
    return Wording(way, cut, True, "en" if way.inline or "¤" in clause else "")


def _instruction(clause: str, at: int) -> tuple[str, int]:
    """The part of a clause that instructs, and where it ends when a text follows its colon."""
    colon = clause.find(":", at)
    if colon < 0:
        return clause, 0
    if colon + 1 < len(clause.rstrip()):
        return clause[:colon], colon + 1
    return clause[:colon], len(clause)


def _english(clause: str, way: Direction, cut: int) -> bool:
    """A clause with "transl…" asks for a translation, and is not about one."""
    if _DEED.search(clause) is None or _ABOUT.search(clause) or (way.plain and way.source is None):
        return False
    named = way.target is not None or way.source is not None
    shown = cut > 0 or "¤" in clause or way.pointed
    if _TRANSLATOR.search(clause):
        return named
    first = _LEADS_WITH_VERB.match(clause) is not None
    if first or _IMPERATIVE.search(clause):
        elsewhere = way.target is None and (_INTO.search(clause) or _NO_LANGUAGE.search(clause))
        return (named or shown) and not elsewhere and (first or not _WORK.search(clause))
    if _HOW_TRANSLATE.search(clause):
        return way.target is not None and ("¤" in clause or way.pointed)
    if way.target is None and (way.loose or not shown or not _OF_TEXT.search(clause)):
        return False
    return _NOMINAL.search(clause) is not None and not _JUDGED.search(clause)


_DEED = re.compile(r"\btranslat(?:e\b(?!\()|ions?\b|ors?\b)|retranslate|übersetz")
_OF_TEXT = re.compile(r"\btranslations? (?:of|for) (?:this|these|that|the|it|my|¤)|\btranslation\W*$")
_LEADS_WITH_VERB = re.compile(_LEAD + r"translate\b")
_HOW_TRANSLATE = re.compile(r"\bhow (?:do|would|can|could|should|to)\b.{0,20}\btranslate\b")


def _softly(clause: str) -> Wording | None:
    """Wordings without a verb of translating: they count only with a language, and a text in another one."""
    if (m := _WHAT.match(clause) or _WHAT_IN.match(clause)) and (language := first_name(m["way"])):
        rest = clause[m.end() :].strip(" ?.¤\"'")
        way = Direction(target=language, inline=rest or "¤")
        return None if _ABOUT_WORD.search(clause) else Wording(way, 0, True, "en")
    if (m := _FOR.match(clause)) and (language := first_name(m["way"])):
        return Wording(Direction(target=language), 0, True, "en")
    if m := _TAGGED.match(clause):
        way = direction(m.group())
        return Wording(way, m.end(), sure=True) if way.source and way.target else None
    colon = clause.find(":")
    if 0 <= colon < 24 and _LABEL.match(clause):
        below = _softly(clause[colon + 1 :])
        return below._replace(cut=below.cut + colon + 1 if below.cut else 0) if below else None
    part, cut = (clause, 0) if colon < 0 else (clause[:colon], colon + 1)
    if _SAY.match(part) or _SAYING.search(part):
        opener = _OPENER.match(part)
        way, sure, spoken = direction(part), True, _SPOKEN[opener[1]] if opener else "en"
    elif _RENDER.match(part) or _RENDERED.search(part) or ("version" in part and _VERSION.search(part)):
        way, sure, spoken = direction(part), False, ""
    elif len(part) < 70 and _BARE_WAY.match(part):
        way, sure, spoken = direction(part), False, ""
        if not way.whole or not (cut or way.source or _PLEASE.search(part)):
            return None
    else:
        after = clause.rpartition("¤")[2].strip()  # "A proverb: ¤ Give me that in English."
        found = _softly(after) if after and "¤" in clause else None
        return found._replace(cut=0) if found else None
    return Wording(way, cut, sure, spoken) if way.target is not None and not way.plain else None


_FOR = re.compile(r"^\W*(?P<way>(?:[^\W\d]+ ){1,2})for\s+¤")
_LABEL = re.compile(r"\W*(?:definition|instructions?|task|system|question|user|prompt|q|bonus)\W*:")
_ABOUT_WORD = re.compile(
    r"\b(?:beginners?|course|class|plural|gender|past|tense|conjugat\w+|origin|etymology|meaning|difference|"
    r"pronunciation|grammar|opposite|synonyms?|root|history|capital|rules?|mean)\b"
)
