"""Sentences that set the scene, such as "You are an analyst at Acme." or "Globex is a company that sells lamps.".

They carry no instruction, so names, trades and places in them need not be known words. Such words may stand only where
no order, no second task and no manner of speaking can hide: after "for", "at" or "called", or as a company's goods.
"""

from __future__ import annotations

import re

from router.reading.sentences import SYSTEM_WORDS, understood
from router.reading.wording import LABEL_WORDS, WORD, words_of

_ROLES = words_of(
    "friendly respectful honest polite experienced senior junior skilled highly trained expert experts api endpoint "
    "service chatbot agent agents support experience marketing data security quality brand retail media science "
    "scientist annotator rater linguist linguistics nlp ml machine learning natural processing large virtual digital "
    "automated automatic advanced powerful smart intelligent efficient fast reliable precise strict rigorous "
    "consistent meticulous team member employed working works commerce world class knowledgeable trustworthy "
    "part research market success operations insights internal thorough attentive dedicated"
)
_BARRED = LABEL_WORDS | words_of(
    "who that which whose what and or but if when while where unless because since so as like than then to in with "
    "without about always never must should shall will would can could may might do does did is are was were be been "
    "not no only every each any all both either you your yours it they them he she i we us me please "
    "answer reply respond say tell speak talk write return output give print provide explain translate summarize "
    "summarise classify label tag mark rate score decide determine detect identify judge treat consider use include "
    "add avoid act behave pretend greet ask list describe rewrite extract generate help assist ensure keep make "
    "follow "
    "ignore start end begin finish sound stay format style tone voice json xml markdown emoji emojis rhyme rhymes "
    "sentence sentences word words uppercase lowercase language languages english spanish french german italian "
    "portuguese dutch polish russian chinese japanese korean arabic hindi turkish latin pirate shakespeare poem "
    "haiku "
    "confidence reason reasons reasoning explanation sarcasm irony aspect aspects topic topics emotion emotions "
    "first second next finally also instead except otherwise otherwise"
)
_W = r"[A-Za-z][\w&'’.-]*(?<![.'’])"
_NP = (
    rf"(?:(?:the|a|an|our|its|their) )?{_W}(?: {_W}){{0,4}}?(?: (?:of|at|from|for) (?:(?:the|a|an|our) "
    rf")?{_W}(?: {_W}){{0,3}}?)?"
)
_STOP = r"(?=[,;.!)]|\s*$|\s+(?:that|which|who|and)\b)"
_PLACE = re.compile(
    rf"(?: (?:working|employed|deployed|built|made|developed|trained|created))? (?:for|at|by|of|from|inside|"
    rf"called|named) "
    rf"(?P<np>{_NP}){_STOP}"
)
_CALLED = re.compile(r"^(?P<you>[Yy]ou are|[Yy]ou're) (?P<np>[A-Z][\w-]*(?: [A-Z][\w-]*){0,2})(?=[,.!]| -| –| —|$)")
_BOT = re.compile(r"(?i:\w*(?:bot|gpt|guard|filter|classifier|assistant)|claude|gemini|llama|mistral)$")
_VENUE = (
    r"(?:\w*(?:site|shops?|stores?|market|forum|blog|board|game|app|platform)|company|firm|start-?up|business|"
    r"community|"
    r"newspaper|magazine|channel|server|retailer|bank|airline|hotel|chain|restaurant|brand|agency|provider|"
    r"organi[sz]ation|manufacturer|maker|publisher|marketplace|service|products?|customers?|users?|page)"
)
_OWN = re.compile(
    rf"(?P<text>\b(?:comments|reviews|posts|messages|tweets|emails|feedback|texts|mails))(?: left| posted| "
    rf"written| sent| "
    rf"received)? (?:for|on|from|of|about|in|to|by) (?P<np>(?:an?|our|its|the) (?:{_W} ){{0,3}}{_VENUE}|(?:our|"
    rf"its|their) {_W}(?: {_W})?)(?=[,.;:]| as\b| "
    rf"into\b|\s*$)"
)
_COMPANY = re.compile(
    rf"(?:[Ww]e are|[Oo]ur company is|[Tt]he company is|(?P<name>[A-Z][\w&.-]*(?: [A-Z][\w&.-]*){{0,3}}) is) "
    rf"(?:an?|the) "
    rf"(?P<np>(?:{_W} ){{0,4}}{_VENUE})(?: (?:based|located|headquartered) in (?P<city>{_W}(?: {_W})?))?"
    rf"(?:,? (?:that|which) (?:sells?|makes?|offers?|produces?|builds?|runs?|operates?|develops?|provides?|"
    rf"delivers?) "
    rf"(?P<goods>{_W}(?: {_W}){{0,4}}?(?:(?:, {_W})*,? and {_W})?))?[.!]?$"
)
_GOODS = re.compile(
    rf"(?:[Ww]e|[Oo]ur company|[Tt]he company) (?:sell|make|produce|run|operate|build)s? "
    rf"(?P<goods>{_W}(?: {_W}){{0,4}}?(?:(?:, {_W})*,? and {_W})?)[.!]?$"
)
_AND_SONS = re.compile(r" and [A-Z]")
_ADDRESSES = re.compile(r"(?:you\b|your\b|act as\b|as an?\b)", re.IGNORECASE)
_BULLET = re.compile(r"^(?:[-*•]|\d{1,2}[.)])\s+")


def scene(sentence: str) -> str | None:
    """What of a system sentence is instruction, its names and places left out; "" where nothing is.

    None where a part is not understood.
    """
    sentence = _BULLET.sub("", sentence.strip().strip("*"))
    if len(sentence) > 200:
        return None
    whole = _COMPANY.match(sentence) or _GOODS.match(sentence)
    if whole is not None:
        return "" if all(_open(part, goods=True) for part in whole.groups() if part) else None
    rest = _OWN.sub(lambda m: m["text"] if _open(m["np"]) else m.group(), sentence)
    if _ADDRESSES.match(rest):
        rest = _CALLED.sub(_nameless, rest)
        if re.match(r"you(?:'re| are| work)\b", rest, re.IGNORECASE):
            rest = _PLACE.sub(lambda m: "" if _open(m["np"]) else m.group(), rest)
    plain = " ".join(word for word in WORD.findall(rest.lower()) if word not in _ROLES and word not in SYSTEM_WORDS)
    return rest if len(WORD.findall(rest)) > 1 and understood(plain) and understood(_kept(rest), system=True) else None


def _nameless(m: re.Match[str]) -> str:
    """The role without the assistant's name; a name alone may be a persona, unless it is that of a program."""
    alone = m.end() == len(m.string.rstrip(".! "))
    name = m["np"]
    if not _open(name) or (alone and not _BOT.match(name)):
        return m.group()
    return f"{m['you']} a bot" if alone else m["you"]


def _kept(rest: str) -> str:
    return WORD.sub(lambda m: "" if m.group().lower() in _ROLES else m.group(), rest)


def _open(part: str, goods: bool = False) -> bool:
    """Whether free words hold nothing that could be an order, a clause or a label."""
    if goods or _AND_SONS.search(part) is not None:
        part = part.replace(" and ", " ")
    return _BARRED.isdisjoint(WORD.findall(part.lower()))
