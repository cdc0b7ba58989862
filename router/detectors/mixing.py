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
# Everyday words of languages that people mix with English, less those that are English words too.
_EVERYDAY = {
    "hi": words_of(
        "hai nahi nahin kya mujhe mera meri tera aap tum hum kaise kyun acha accha achha yaar bhai karo karna raha "
        "rahi hoon bahut ek zyada nhi kuch aur mein ko sirf abhi"
    ),
    "es": words_of(
        "pero porque también muy esto está estoy quiero tengo para nosotros gracias entonces ahora mañana cuando "
        "necesito puedo podrías una fiesta hola sin saber qué cómo mis por favor que hacer del los las ir"
    ),
    "de": words_of(
        "ich nicht mehr und habe das ist ein eine mit ihr wie kann mein meine meinem ohne auch aber weil dass wir noch "
        "ins zum oder bitte einen mir mich der den dem wenn schon sehr"
    ),
    "fr": words_of(
        "je dois faire une le la ma mon est pas pour avec dans les des et que trouver bonne vous nous suis ans du très "
        "mais parce apprendre c'est j'ai quoi"
    ),
    "pt": words_of(
        "eu tô você não estou preciso quero uma meu minha sozinho fazer muito também isso obrigado tentando como com "
        "mas porque"
    ),
    "it": words_of(
        "sono voglio una il che per non della mio mia perché questo anche molto devo fare grazie ciao ma con di"
    ),
    "nl": words_of("ik niet een het van mijn maar wil kan graag heb voor dat ook zijn hoe wat moet naar"),
    "tr": words_of("merhaba bir tane olsun lütfen ve ama için bu çok nasıl kısa ben istiyorum var yok"),
    "nordic": words_of(
        "jeg du kan med og ikke fordi hvordan mig min aldrig jag inte och att det hur mycket vill er en et på ankom "
        "skrive"
    ),
    "cs": words_of(
        "ako má ja nie som nerozumiem rozumiem prosím jak se že ale mám tento ten chcem chci potřebuju jsem"
    ),
    "pl": words_of("nie jest mam jak się ale moja mój proszę chcę żeby bardzo dla czy to"),
    "id": words_of("saya aku yang tidak gak nggak bisa untuk dengan ini itu tolong dong banget kamu sudah mau"),
    "tl": words_of("ako ko po ang mga hindi pwede ba naman kasi paano yung lang sa ng mo"),
    "ta": words_of("enakku naapaka irukku innum puriyala kudunga enna epdi illa da romba konjam seri vanakkam"),
}
_EVERYDAY_ALL = frozenset(word for known in _EVERYDAY.values() for word in known)
_ENGLISH = words_of(
    "the is are was and you my to of that this have with for not but can what please how do it i me she he they we "
    "because from when your should about does up one don't a told more"
)
_PROPER_ENGLISH = words_of(
    "the is are was and you my of this have with because from your should about does i how what she don't told i'm "
    "how's to"
)


def code_mixed(seen: Seen) -> bool:
    """Two languages or scripts in one text (row real.code-mixed).

    Quotations, code and links are left out, and a request *about* a foreign text (a translation, "what does
    X mean") is no mixing: its author writes one language. A name or a word in another script is none either.
    """
    text = seen.text
    if text.isascii():
        return _mixed_words(seen)
    if _FOREIGN.search(text) is None:
        return _mixed_words(seen)
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


def _mixed_words(seen: Seen) -> bool:
    """Everyday words of another language among English ones, within one sentence."""
    if len(seen.words & _EVERYDAY_ALL) < 2 or _ABOUT_LANGUAGE.search(seen.text):
        return False
    plain = _QUOTED.sub(" ", CODE.sub(" ", seen.low[:800]))
    for sentence in _SENTENCE.split(plain):
        words = frozenset(sentence.replace(",", " ").split())
        english = words & _ENGLISH
        if len(english) < 2 or english.isdisjoint(_PROPER_ENGLISH):
            continue
        if any(len((words & known) - _PROPER_ENGLISH) > 1 + (len(words) > 14) for known in _EVERYDAY.values()):
            return True
    return False


_SENTENCE = re.compile(r"[.!?:;\n]+")
