"""From which language into which? The names in an instruction, each with the part that the words around it give it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from router.detectors.resources import Language, by_code, by_name, table


@dataclass(frozen=True, slots=True)
class Direction:
    """The languages that an instruction names. `inline`: what stands between the verb and the target."""

    source: Language | None = None
    target: Language | None = None
    inline: str = ""
    pointed: bool = False  # it points at a text: this, the following, it, …
    plain: bool = False  # "plain English", "simple English": a style, no language
    whole: bool = False  # nothing but a direction
    loose: bool = False  # names a language that is neither source nor target


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TO = _words("to into in auf ins nach zu als al au em para naar na till til på на по -> → => > ⇒ într-o în")
_TO_ROMANCE = _words("a en à al ao")
_FROM = _words("from aus vom dem del du desde dal dalla dall' van uit z ze с со из från fra din iz з")
_FROM_ROMANCE = _words("de da do dal du des")
_LINKS = _words("- to into -> → => > ⇒ / – — a auf nach ins in en na al naar zu på till til на au в")
_SKIPPED = _words(
    "the a an natural fluent modern standard formal correct good proper idiomatic conversational polite informal "
    "casual "
    "native das dem der die den het el la le lo language professional written spoken perfect colloquial "
    "contemporary normal "
    "academic business literary clear grammatical natural-sounding accurate sounding everyday current target "
    "following given "
    "next same beautiful elegant authentic rough literal direct respectful friendly gutes flüssiges un una um une "
    "einfaches"
)
_STYLES = _words(
    "plain simple simpler layman's layman’s laymans layman laymen's laymen basic easy pirate shakespearean caveman"
)
_TEXTS = _words(
    "text texts sentence sentences phrase phrases word words paragraph passage article speech input document email "
    "mail poem "
    "song lyrics message quote expression proverb saying transcript dialogue conversation review tweet post letter "
    "menu recipe "
    "story statement line lines title caption content string query utterance paragraphs satz texto frase texte "
    "phrase tekst "
    "language source original excerpt snippet headline subtitle subtitles idiom verse inscription sign label error "
    "contract"
)
_RESULTS = _words(
    "version versions translation translations translator translators equivalent rendering interpreter übersetzung "
    "übersetzer "
    "traductor traducción traducteur traduction"
)
_POINTS = _words(
    "this that these those it them following below above text sentence paragraph passage given next attached phrase "
    "words "
    "dies diesen dieses diese folgenden folgendes esto este esta siguiente ceci ce cette suivant suivante questo "
    "questa "
    "seguente isto esta dit deze volgende это этот эту следующий bunu tekst following:"
)
_STOP_CODES = _words("it me my be do so no us an is as am or to he in on at if of up we by go ok the you her him its")
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|->|→|⇒|=>|¤|[-/–>]")
_OBJECT = re.compile(
    r"\b(?:translate|say|said|traduc\w+|übersetze?\w*|traduis\w*|dice|heißt)\s+(?P<what>.{1,80}?)\s+"
    r"(?:in ?to|to|in|auf|ins|al|en|from)\b"
)
_FILLER = re.compile(r"^(?:this|that|it|these|those|them|me|the|following|my|from|given|a|an|to|into|something|¤|i|\W)")
_NO_BREAKS = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")


def direction(clause: str) -> Direction:
    """The direction that a clause in lower case gives, quotations blanked as ¤."""
    if not clause.isascii() and _NO_BREAKS.search(clause):
        unbroken = _unbroken(clause)
        if unbroken is not None:
            return unbroken
    words = _TOKEN.findall(clause)[:90]
    romance = "tradu" in clause or "se di" in clause or "dit" in clause or "si dice" in clause
    source: Language | None = None
    target: Language | None = None
    plain = False
    loose: Language | None = None
    covered = 0
    i = 0
    while i < len(words):
        found, size = _name(words, i)
        if found is None:
            i += 1
            continue
        back = i - 1
        while back >= 0 and words[back] in _SKIPPED and not (romance and words[back] in _TO_ROMANCE):
            back -= 1
        role = _role(words, back, i, i + size, romance=romance)
        if back >= 0 and words[back] in _STYLES:
            plain = plain or found.code == "en"
        elif role == "source":
            source = source or found
        elif role == "target":
            target = target or found
        elif role == "pair":
            source = source or found
        else:
            loose = loose or (found if words[i] != "polish" or i else None)
        covered += size
        i += size
    rest = sum(word not in _SMALL for word in words)
    if target is None and source is None and loose and len(words) > 1:
        last = _name(words, len(words) - 1)[0] or (_name(words, 0)[0] if "çevir" in clause else None)
        last = last or (loose if rest <= covered else None)
        source, target = (last, None) if words[-2] in {"the", "this", "that", "these"} else (None, last)
    return Direction(
        source,
        target,
        _inline(clause),
        pointed=not _POINTS.isdisjoint(words),
        plain=plain,
        whole=rest <= covered,
        loose=loose is not None,
    )


_POLITE = _words("please pls plz bitte por favor now and ok the so per")
_SMALL = _TO | _FROM | _LINKS | _POLITE


def _inline(clause: str) -> str:
    """What stands between the verb and the target: "translate good night into Swahili"."""
    m = _OBJECT.search(clause)
    return "" if m is None or _FILLER.match(m["what"]) else m["what"]


def first_name(phrase: str) -> Language | None:
    """The language that a whole phrase names ("french", "brazilian portuguese"), or None."""
    words = [word for word in _TOKEN.findall(phrase) if word not in _SKIPPED]
    if not words:
        return None
    found, size = _name(words, 0)
    return found if size == len(words) else None


def _name(words: list[str], at: int) -> tuple[Language | None, int]:
    """The language named at a word, and in how many words: the longest name wins. Codes only in a direction."""
    for size in (3, 2):
        if at + size <= len(words) and (found := table().names.get(" ".join(words[at : at + size]))):
            return found, size
    word = words[at]
    if found := by_name(word):
        return found, 1
    if "'" in word or "’" in word:  # l'anglais, dall'inglese, İngilizce'ye
        head, _, rest = word.replace("’", "'").partition("'")
        if found := by_name(rest) or by_name(head):
            return found, 1
    if len(word) in {2, 3} and word.isascii():
        before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
        arrow = before in _ARROWS or after in _ARROWS
        if arrow or (before in {"to", "into"} and after in {"", "-"} and word not in _STOP_CODES):
            found = by_code(word)
            size = 3 if found and after == "-" and at + 2 < len(words) and len(words[at + 2]) == 2 else 1
            return found, size if found else 0
    if (not word.isascii() and len(word) > 7 and "çe" in word) or word.endswith(("cadan", "caya", "ceye", "ceden")):
        cut = max(word.find("çe") + 2, word.find("ca") + 2, word.find("ce") + 2)
        return by_name(word[:cut]), 1
    return None, 0


_ARROWS = frozenset(("->", "→", "=>", "⇒", ">"))


def _role(words: list[str], back: int, start: int, end: int, *, romance: bool) -> str:
    """What a name is in its clause: source, target, pair (the source of "X to Y"), or "" for neither."""
    before = words[back] if back >= 0 else ""
    after = words[end] if end < len(words) else ""
    if after in _LINKS and before not in _TO and _names_next(words, end + 1):
        return "pair"
    if before in _FROM or (romance and before in _FROM_ROMANCE):
        return "source"
    if before == "in" and back > 0 and (words[back - 1] in _TEXTS or words[back - 1] in _GIVEN):
        return "source" if "given" in words[:back] or words[back - 1] in _GIVEN or _later(words, end) else "target"
    linked = before in _LINKS and start > 1 and _name(words, back - 1)[0] is not None
    if linked or before in _TO or (romance and before in _TO_ROMANCE):
        return "target"
    if (
        after in _RESULTS
        or (romance and before in _RESULTS)
        or after == "for"
        or (after in _TEXTS and words[end + 1 : end + 2] == ["for"])
    ):
        return "target"
    return "source" if after in _TEXTS or after == "¤" else ""


_GIVEN = _words("written is are was were given restaurants posted spoken said")


def _later(words: list[str], at: int) -> bool:
    """Another name with a word of direction follows."""
    return any(words[j] in _TO and _names_next(words, j + 1) for j in range(at, len(words) - 1))


def _names_next(words: list[str], at: int) -> bool:
    while at < len(words) and words[at] in _SKIPPED:
        at += 1
    return at < len(words) and _name(words, at)[0] is not None


# ── scripts without spaces ───────────────────────────────────────────────────────────────────────


@cache
def _unspaced() -> tuple[re.Pattern[str], re.Pattern[str]]:
    names = sorted((name for name in table().names if _NO_BREAKS.search(name)), key=len, reverse=True)
    name = f"(?:{'|'.join(map(re.escape, names))})"
    source = re.compile(f"[从從由自]({name})|({name})(?:から|에서|를|을|를)")
    target = re.compile(
        f"[成为為到用譯译] ?({name})|({name})(?:に|へ|로|으로|で)|({name})(?:怎么说|怎麼說|翻译|翻譯|번역)|"
        f"翻[译譯]({name})"
    )
    return source, target


def _unbroken(clause: str) -> Direction | None:
    """The direction in Chinese, Japanese or Korean wording."""
    sources, targets = _unspaced()
    source, target = sources.search(clause), targets.search(clause)
    if source is None and target is None:
        return None
    return Direction(
        by_name(next(filter(None, source.groups()))) if source else None,
        by_name(next(filter(None, target.groups()))) if target else None,
    )
