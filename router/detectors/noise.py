"""Words that are not as one would type them: by mistake, or on purpose."""

from __future__ import annotations

import re
from itertools import pairwise

from router.detectors.seen import Seen
from router.reading.wording import any_of, words_of

CODE = re.compile(r"```.{0,4000}?(?:```|\Z)|`[^`\n]{1,200}`|https?://\S{1,300}", re.DOTALL)
_CHAT = words_of(
    "U u ur r thx pls plz lol lmao omg wtf btw idk imo imho tbh gonna wanna gotta dunno cuz coz bcoz bc wat wut dat "
    "dis dem teh thier recieve definately seperate alot wich becuase tommorow untill occured wierd freind adn nto waht "
    "hte taht yuo jsut tihs wiht abt msg txt tmrw 2nite l8r gr8 m8 b4 2day 2moro thru nite luv ya yea nah dunno lemme "
    "gimme kinda sorta smth sth ppl prolly rly srsly ik ily omw rn ngl fr da wich iz hw shud cud wud bcs nd fone skool "
    "tho gud frnd dnt nto tehse whcih wnat ahve hvae hav rite wnot doo hou wun wurld hoo abuot runn fud cta wehn wher "
    "wut mane qeul hoa tde eet hiss iff inn maek reely ned wrk mite sory wether nite wanna fo"
)
_EASY = words_of(
    "lol omg btw idk imo imho tbh gonna wanna kinda yeah nah thx pls plz"
)  # read by anybody: half a mistake
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


def noise(seen: Seen) -> float:
    """Share of words that look mistyped or slang, 0..1 (row real.noisy). 0 below five words.

    Capitalised words (names), code, links, hashtags and mentions do not count; all-capitals are read as words.
    """
    text = seen.text
    head = text[:600] if len(text) <= 900 else text[:600].rsplit(" ", 1)[0]
    if "`" in head or "http" in head:
        head = CODE.sub(" ", head)
    words = head.replace(".", " ").replace(",", " ").replace("!", " ").replace("?", " ").split()
    if len(words) < 5:
        return 0.0
    bad: float = sum(map(_CHAT.__contains__, words))
    bad -= 0.5 * sum(map(_EASY.__contains__, words)) if bad else 0
    if not any_of(_TRIPLES, head):
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


_HIDDEN = re.compile(
    "[A-Za-z][\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e][A-Za-z]|[\u202d\u202e]|[\U000e0020-\U000e007f]"
)
_MIXED = re.compile(
    "(?<![^\\W\\d_])(?:[A-Za-z]+[\u0370-\u03ff\u0400-\u052f]+|"
    "[\u0400-\u052f\u0370-\u03ff]+[A-Za-z]+)[A-Za-z\u0370-\u052f]*"
)
_STYLED = re.compile(
    "[\U0001d400-\U0001d7ff\uff21-\uff5a\u24b6-\u24e9\U0001f130-\U0001f189]{3}|[a-z][\uff21-\uff5a]|"
    "[\uff21-\uff5a][a-z]{2}"
)
_SPACED = re.compile(r"(?<![\w.\-*_/])(?:[a-z]([ .\-*_/]{1,2}))(?:[a-z]\1){3,}[a-z](?!\w)")
_DOTTED = re.compile(r"(?<![\w.\-*_/])[a-z](?:([.\-*_/])[a-z])(?:\1[a-z]){1,}(?![\w(])")
_LEET = re.compile(
    r"(?<![\w.@#/])(?:[a-z]+[013457@$!]{1,2})+[a-z]+[013457]?(?![\w.@/])|(?<!\w)[013457@$][a-z]+(?:[013457@$]"
    r"[a-z]*)+(?!\w)"
)
_NOT_LEET = re.compile(r"[a-z]*(?:[0-9]x|mp[34]|h[0-9]o|co2|[a-z]2[a-z]|v\d)|[a-z]\d[a-z]|[a-f0-9]{6,}")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_ABBREVIATED = words_of(
    "u.s.a i.o.u d.i.y a.k.a p.s.t n.y.c u.a.e w.h.o f.b.i c.i.a u.s.s.r and/or a.m.p r.s.v.p r.e.m s.h.i.t b.b.c "
    "d.o.b e.t.a"
)
_UNLEET = str.maketrans("013457@$!", "oleastasi")


def perturbed(seen: Seen) -> bool:
    """Letters in disguise, to slip past a filter: look-alikes, invisible ones, letters apart (row data.adversarial).

    Plain typos, emoji, code and whole words of another script are none.
    """
    text = seen.text
    if not text.isascii() and _disguised(text):
        return True
    low = seen.low
    letters = sum(map(len, seen.words & _LETTERS))
    spaced = _SPACED.search(low) if letters > 2 else None
    if spaced is not None and not _in_order(spaced.group()):
        return True
    if (
        letters > 2
        and sum(not _in_order(m.group()) and m.group() not in _ABBREVIATED for m in _DOTTED.finditer(low)) > 1
    ):
        return True
    if any_of(_DIGITS, low) and "$" not in low and not all(word.isalpha() or word.isdecimal() for word in seen.words):
        found = {m.group() for m in _LEET.finditer(CODE.sub(" ", low)) if not _NOT_LEET.fullmatch(m.group())}
        return len(found) > 1 and sum(not _VOWELS.isdisjoint(word.translate(_UNLEET)) for word in found) > 1
    return False


_DIGITS = tuple("01345@$")


def _disguised(text: str) -> bool:
    """Invisible characters inside words, styled letters, or words of two alphabets."""
    if _HIDDEN.search(text) or _STYLED.search(text):
        return True
    return any(len(m.group()) > 2 for m in _MIXED.finditer(CODE.sub(" ", text)))


def _in_order(spaced: str) -> bool:
    """A list such as "a b c d" or "x-y-z", or a board of few letters: not a word taken apart."""
    letters = [c for c in spaced if c.isalpha()]
    rising = sum(b > a for a, b in pairwise(letters))
    return rising == len(letters) - 1 or len(set(letters)) < 3 or _VOWELS.isdisjoint(letters)
