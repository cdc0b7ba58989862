"""How much training data there is in a language, and what people call it: `languages.csv`, loaded once.

**Where the classes come from.** Column `class` is the 0-5 of Joshi et al. 2020, "The State and Fate of Linguistic
Diversity and Inclusion in the NLP World" (arXiv:2004.09095), file `lang2tax`, read from its copy with codes in
MaLA-LM/LangResourceAtlas (`language-source-classification-by-Joshi.json`). We took the classes by the file's names, for
some of the copy's codes are a model's guesses. `-` marks languages that we did not find there: they are treated as
class 0, which is **our own judgement**, and so are the groups, the names and `TIER_OF`:

    5, 4 → rich    3 → mid    2, 1 → low    0, - → extreme

**Where the source is odd, it is kept.** It counts Norwegian in two halves and puts both in 1 (we give plain Norwegian
the same), Telugu, Malayalam, Armenian and Albanian in 1, Basque in 4. It names no Norwegian, Kurdish or Punjabi as
a whole; they take the class of their larger written form. Egyptian Arabic is 3; other spoken Arabics are not listed.

**Where source and survey differ** (arXiv:2304.13712, s4.2). Romanian: the survey calls it low-resource, the source says
3, so `mid`; row gen.mt-low-to-en holds for either. Kazakh: extremely low in the survey (WMT19), 3 and so `mid` here:
row gen.mt-xlow, which the survey drew from English-Kazakh, does not act on Kazakh.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("languages.csv")
TIER_OF: Mapping[str, str] = {
    "5": "rich",
    "4": "rich",
    "3": "mid",
    "2": "low",
    "1": "low",
    "0": "extreme",
    "-": "extreme",
}
# German, Russian and Polish inflect the names of languages: "eine deutsche …", "на немецкий", "с немецкого".
_GERMAN = re.compile(r"(?<=isch)(?:e[nrsm]?|s)$|(?<=^deutsch)(?:e[rsm]|s)$")
_RUSSIAN = re.compile(r"(?<=ск)(?:ого|ому|ом|им|и|ую|ая|ой|ое)$")
_POLISH = re.compile(r"(?<=[sc]k)(?:iego|iemu|im|a|ą|ie)$")


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its code (ISO 639-1, else 639-3), tier, closest group, and whether that group has a rich member."""

    code: str
    tier: str  # rich | mid | low | extreme
    group: str
    related: bool  # poor itself, but a language of its group is rich (row gen.mt-related)


@dataclass(frozen=True, slots=True)
class Table:
    """All languages, by any of their codes and by any of their names (both in lower case)."""

    codes: Mapping[str, Language]
    names: Mapping[str, Language]


@cache
def table() -> Table:
    """The table, read from `languages.csv` on first use."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rich = {row["group"] for row in rows if TIER_OF[row["class"]] == "rich"} - {""}
    codes: dict[str, Language] = {}
    names: dict[str, Language] = {}
    for row in rows:
        tier = TIER_OF[row["class"]]
        own = row["codes"].split()
        language = Language(own[0], tier, row["group"], tier != "rich" and row["group"] in rich)
        codes.update(dict.fromkeys(own, language))
        names.update(dict.fromkeys(row["names"].split(";"), language))
    return Table(codes, names)


def by_code(code: str) -> Language | None:
    """The language of a code such as `de`, `deu`, `pt-BR` or `zh_Hans`."""
    return table().codes.get(re.split(r"[-_]", code.lower(), maxsplit=1)[0])


def by_name(name: str) -> Language | None:
    """The language of a name in lower case, German, Russian and Polish endings taken off; None for other words."""
    names = table().names
    found = names.get(name)
    if found is not None or len(name) < 6:
        return found
    if name.isascii():
        bare = _GERMAN.sub("", name) if "sch" in name else _POLISH.sub(r"i", name)
    else:
        bare = _RUSSIAN.sub("ий", _GERMAN.sub("", name))
        bare = _POLISH.sub("i", bare)
    return names.get(bare) if bare != name else None


def tier(code: str) -> str:
    """The tier of a code: `none` for "", `und` for an undecided language, `extreme` for one not in the table."""
    if code in {"", "und"}:
        return "none" if code == "" else "und"
    language = by_code(code)
    return "extreme" if language is None else language.tier
