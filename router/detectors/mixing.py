"""Two languages within one text."""

from __future__ import annotations

import re

from router.detectors.noise import CODE
from router.detectors.seen import Seen
from router.reading.wording import words_of

_FOREIGN = re.compile(
    r"(?P<cyrillic>[\u0400-\u04ff])|(?P<greek>[\u0370-\u03ff])|(?P<arabic>[\u0600-\u06ff])|(?P<hebrew>[\u0590-\u05ff])|"
    r"(?P<indic>[\u0900-\u0dff])|(?P<thai>[\u0e00-\u0e7f])|(?P<hangul>[\uac00-\ud7af])|"
    r"(?P<cjk>[\u3040-\u30ff\u4e00-\u9fff])"
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}")
_ABOUT_LANGUAGE = re.compile(
    r"\b(?:translat\w+|traduc\w+|übersetz\w*|what (?:does|do|is|language)|mean(?:s|ing)?|pronounce|transliterat\w+|"
    r"english|chinese|japanese|korean|russian|arabic|hindi|greek|hebrew|thai|ukrainian|italian|german|"
    r"french|spanish|portuguese|polish|turkish|dutch|languages?)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"\n]{1,600}\"|“[^”\n]{1,600}”|«[^»\n]{1,600}»|「[^」\n]{1,600}」")
# Romanised Hindi beside English is the commonest code-mixing; these words are no English.
_HINGLISH = words_of(
    "hai nahi nahin kya mujhe mera meri tera aap tum hum kaise kyun acha accha yaar bhai karo karna "
    "raha rahi hoon bahut"
)
_SPANGLISH = words_of(
    "pero porque también muy esto está estoy quiero tengo como para nosotros gracias entonces ahora mañana cuando"
)
_ENGLISH = words_of("the is are was and you my to of that this have with for not but can what please how do it")


def code_mixed(seen: Seen) -> bool:
    """Two languages or scripts in one text (row real.code-mixed).

    Quotations, code and links are left out, and a request *about* a foreign text (a translation, "what does
    X mean") is no mixing: its author writes one language. A name or a word in another script is none either.
    """
    text = seen.text
    if text.isascii():
        return _mixed_words(text)
    if _FOREIGN.search(text) is None:
        return _mixed_words(text)
    plain = _QUOTED.sub(" ", CODE.sub(" ", text))
    # A line of another script below a question is a quotation; mixing happens within a line.
    return any(_mixed_line(line) for line in plain.split("\n") if not line.isascii()) and not _ABOUT_LANGUAGE.search(
        plain
    )


def _mixed_line(plain: str) -> bool:
    scripts: dict[str, int] = {}
    for m in _FOREIGN.finditer(plain):
        name = str(m.lastgroup)
        scripts[name] = scripts.get(name, 0) + 1
    if not scripts:
        return False
    main = max(scripts, key=lambda name: scripts[name])
    # A character of Chinese or Korean is about a word; of the others it takes about five.
    foreign = scripts[main] / (1.7 if main in ("cjk", "hangul") else 5)
    latin = sum(len(word) > 2 and not word[0].isupper() for word in _LATIN.findall(plain))
    return min(foreign, latin) >= 3 and min(foreign, latin) >= 0.15 * (foreign + latin)


def _mixed_words(text: str) -> bool:
    seen = frozenset(text[:800].lower().replace(",", " ").split())
    if len(seen) < 6 or (len(seen & _HINGLISH) < 3 and len(seen & _SPANGLISH) < 3) or len(seen & _ENGLISH) < 2:
        return False
    # "para" and "como" alone are names or Portuguese; three different function words are a language.
    return _ABOUT_LANGUAGE.search(text) is None
