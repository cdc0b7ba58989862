"""Takes a prompt with a marked label list apart: what is said in the instructions, and what stands between them.

As in `prompt`, everything outside the material must be understood word by word, in the words of one task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from router.reading.lists import LISTED
from router.reading.prompt import HEAD, HELPS, TAIL
from router.reading.quotes import MOST_UNITS
from router.reading.scenes import scene
from router.reading.sentences import CUES, GREETING, HEADER_WORDS, PREFACE, SYSTEM_WORDS, Unit, opens_form, units_of
from router.reading.tasks import Language
from router.reading.wording import OPENERS, SILENCE, TEXTS, WORD, words_of

QUOTED = ("\ue001", "\ue002")  # stand for the two texts of a pair that were quoted in the instruction
_LONGEST = 90  # words in a sentence that is still an instruction
HEADERS = HEADER_WORDS | words_of("query request question item title utterance customer's user's data description")
_OPENERS = OPENERS | words_of(
    "provide provides read decide recognise recognize tag mark extract annotate compare score estimate may under if "
    "assuming apply sort natural duplicate linguistic perform how consider find list highlight locate compute "
    "calculate "
    "measure produce quantify write suppose imagine on from between with semantic textual named entity emotion topic "
    "intent grammatical acceptability code act spot put file given whichever rate assign determine label"
)
_ASKED = words_of("question query request title item")
_FIELDS = re.compile(
    r"(?:here is (?:a|the) )?(?:the )?(?:(?:premise|hypothesis|context|claim|statement|text|sentence|question|"
    r"passage|paragraph|document|"
    r"conclusion|evidence|assertion|phrase|snippet|first|second|input|q|s)(?: (?:sentence|text|question|phrase))?"
    r"(?: ?#?(?:[12]|[AaBb]|one|two))?|[AaBb]):$",
    re.IGNORECASE,
)
_OPEN = re.compile(r"\s*(?:<(?P<tag>[A-Za-z_]{1,24})>|(?P<fence>```|~~~)(?:[a-z]{0,12}\n)?|(?P<triple>\"\"\"|'''))")
_SHELL = re.compile(r"(?im)^[ \t]*(?:#{1,4}[ \t]*|\*\*)?(?:instructions?|task|prompt|system|user)[ \t]*:(?:\*\*)?")
_CUE_WORDS = CUES | words_of(
    "intent topic emotion category relation relationship score similarity entities entity types "
    "duplicate paraphrase rating grammatical acceptable judgement acceptability labels tags type named list output"
)
_LISTS = re.compile(r"(?:the )?(?:possible |allowed |valid |permitted |available |candidate )?(?:answers?|"
r"options|labels?|categor(?:y|ies)|choices|classes|"
    r"values|tags|types|intents?|topics|emotions|outputs?|entity types)(?: are)?:$", re.IGNORECASE)  # fmt: skip


@dataclass(slots=True)
class Outline:
    """What is said around the material, and the material itself. `marked`: a header or a delimiter announces it."""

    said: list[str] = field(default_factory=list)
    body: str = ""
    marked: bool = False
    delimited: bool = False  # by tags, a fence or triple quotes

    def asks(self, language: Language) -> bool:
        """Whether a sentence asks, beside the list, its header and what is said about the answer's form."""
        return any(
            not _LISTS.match(each)
            and len(WORD.findall(each)) > 1
            and (LISTED in each or each[-1] in ":?" or language.speaks_of(each) or not opens_form(each))
            for each in self.said
        )

    @property
    def told(self) -> str:
        """All instructions, a sentence a line."""
        return "\n".join(self.said)


def outline(text: str, floor: int, language: Language) -> Outline | None:
    """The outline of a prompt whose first `floor` characters are a system text; None where a rest is unclear."""
    start, said, asked, marked = _front(text, floor, language)
    if start < floor:
        return None
    inner = _delimited(text, start, language)
    if inner is not None:
        body, behind = inner
        said = said + behind
        return Outline(said, body, True, True) if any(LISTED in s or language.speaks_of(s) for s in said) else None
    if _OPEN.match(text, start) is not None:
        return None
    end, behind = _back(text, start, asked, language)
    body = text[start:end].strip()
    if (
        behind
        and behind[0][:1].islower()
        and not text.islower()
        and text[start:end].rstrip(" ") == text[start:end].rstrip()
    ):
        return None  # half a sentence: the other half is in the material
    asked = asked or bool(behind)
    return Outline(said + behind, body, marked) if asked and _is_material(body, marked, language) else None


def _is_material(body: str, marked: bool, language: Language) -> bool:
    """Whether no end of the material reads like a further instruction; one sentence alone is material."""
    units = [*_units(body, max(0, len(body) - TAIL), len(body))]
    if len(units) < 2:
        return True
    first = next(_units(body, 0, min(len(body), HEAD)))
    orders = ("ask", "form", "note")
    return not (units[-1].fresh and kind_of(units[-1], language) in orders) and (
        marked or kind_of(first, language) not in orders
    )


def _front(text: str, floor: int, language: Language) -> tuple[int, list[str], bool, bool]:
    """Where the material begins, what is said before it, whether that asks, and whether the material is announced."""
    start = sure = 0
    said: list[str] = []
    asked = False
    for unit in islice(_units(text, 0, min(len(text), HEAD + floor)), MOST_UNITS + floor // 40):
        if _OPEN.match(unit.text) is not None or unit.text[0] in '"“«':
            break
        kind = kind_of(unit, language, unit.start < floor)
        if kind == "header":
            return unit.end, said, asked, True
        if kind == "field":
            return unit.start, said, asked, True
        if not kind or kind == "cue":
            break
        if asked and unit.start >= floor and kind in ("ask", "form", "note") and not _carries_on(unit):
            break
        asked = asked or kind == "ask"
        start = unit.end
        if kind == "rule":
            sure = start if not said else sure
        else:
            said.append(unit.text)
            scenery = kind == "scene" or (sure == unit.start and unit.text.lower().startswith("you are "))
            sure = start if scenery and not asked else sure
    if not asked:
        return sure, [], False, False
    return start, said, True, False


def _carries_on(unit: Unit) -> bool:
    """Whether a sentence behind the question still belongs to it: a wish about the answer, or the list."""
    return (
        opens_form(unit.text)
        or unit.text.startswith(LISTED)
        or _LISTS.match(unit.text) is not None
        or (LISTED in unit.text)
    )


def _back(text: str, start: int, asked: bool, language: Language) -> tuple[int, list[str]]:
    """Where the material ends, and what is said behind it."""
    low = max(start, len(text) - TAIL)
    run: list[tuple[Unit, str]] = []
    for unit in reversed([*_units(text, low, len(text))]):
        kind = kind_of(unit, language)
        if kind in ("", "header", "field", "scene", "note") or (unit.start <= low and low > start):
            break
        if (
            kind == "form"
            and not (opens_form(unit.text) or _LISTS.match(unit.text))
            and not any(k == "ask" for _, k in run)
        ):
            break
        run.append((unit, kind))
    run.reverse()
    first = _first_of(run, asked)
    if first is None:
        return len(text), []
    return run[first][0].start, [unit.text for unit, kind in run[first:] if kind not in ("cue", "rule")]


def _first_of(run: list[tuple[Unit, str]], asked: bool) -> int | None:
    """The place in the run from which on it is instruction: a line of its own, or the question."""
    if asked:
        return next((at for at, (unit, kind) in enumerate(run) if unit.fresh or kind == "cue"), None)
    first = next((at for at, (_, kind) in enumerate(run) if kind == "ask"), None)
    if first is None:
        return next((at for at, (_, kind) in enumerate(run) if kind == "cue"), None)
    while first and not run[first][0].fresh and run[first - 1][1] in ("form", "rule"):
        first -= 1
    return first


def _units(text: str, start: int, end: int) -> Iterator[Unit]:
    """Sentences and lines; a list that ends a question or follows a colon ends the sentence."""
    for unit in units_of(text, start, end):
        yield from _cut(text, unit)


def _cut(text: str, unit: Unit) -> Iterator[Unit]:
    at = unit.text.find(LISTED)
    if at < 0 or unit.text[at + 1 :].strip() in ("", ".", ":", "?", ")"):
        yield unit
        return
    offset = text.find(unit.text, unit.start)
    before = text[max(0, offset - 3) : offset + at].rstrip(" (")[-1:]
    rest = unit.text[at + 1 :]
    if (at == 0 and before in "?:.") or before == "?":
        cut = offset + at + 1
        yield Unit(unit.text[: at + 1].strip(), unit.start, cut, unit.fresh)
        yield Unit(rest.strip(), cut, unit.end, False)
    else:
        yield unit


def kind_of(unit: Unit, language: Language, system: bool = False) -> str:
    """What a unit is: rule, header, field, cue, ask, form, scene or note; "" for what is no instruction.

    As in `sentences.kind_of`; a field is the name of one text of a pair, a note a sentence that asks for nothing.
    """
    text = unit.text.strip("*").strip()
    if not text or (len(text) < 60 and PREFACE.match(text)):
        return "rule"
    if _SHELL.fullmatch(text):
        return "rule"
    if system and HELPS.match(text):
        return ""
    if LISTED not in text and QUOTED[0] not in text and WORD.search(text) is None:
        return "rule" if len(text) < 80 and text[0] not in "\"“`'<" and text.isascii() else ""
    if text[0] in "hHoOsSyY":
        text = GREETING.sub("", text, count=1)
    if language.pair and _FIELDS.fullmatch(text):
        return "field"
    said = SILENCE.sub(" ", text.lower())
    words = WORD.findall(said)
    known = language.words | SYSTEM_WORDS if system else language.words
    if len(words) > _LONGEST or "@" in said or "http" in said or "</" in said or not known.issuperset(_plain(words)):
        return "scene" if text.lower().startswith("you") and scene(text) is not None else ""
    return _kind(text, words, language)


def _plain(words: list[str]) -> list[str]:
    return [word[:-2] if word.endswith(("'s", "’s")) else word for word in words if word not in ("what's", "that's")]


def _kind(text: str, words: list[str], language: Language) -> str:
    """The kind of a sentence of known words."""
    if not words:
        return "ask" if LISTED in text else "form"
    if _LISTS.match(text):
        return "form"
    if text.endswith(":") or text.startswith("#"):
        if _CUE_WORDS.issuperset(words) and (words != ["a"] or text == "A:"):
            return "cue"
        if HEADERS.issuperset(words) and not (TEXTS | _ASKED).isdisjoint(words):
            return "header"
    if LISTED in text or QUOTED[1] in text:
        return "ask"
    opens = text.endswith(("?", ":")) or words[0] in _OPENERS
    if language.speaks_of(text) and (opens or len(words) <= 6):
        return "ask"
    return "form" if opens else "note"


def _delimited(text: str, start: int, language: Language) -> tuple[str, list[str]] | None:
    """The inside of tags, fence or triple quotes, and what is said behind; None where there is none, or a rest."""
    m = _OPEN.match(text, start)
    if m is None:
        return None
    close = f"</{m['tag']}>" if m["tag"] else m["fence"] or m["triple"]
    at = text.rfind(close, m.end())
    if at < 0:
        return None
    after = [*islice(_units(text, at + len(close), len(text)), MOST_UNITS)]
    kinds = [kind_of(unit, language) for unit in after]
    if {"", "header", "field", "scene", "note"} & {*kinds} or len(after) >= MOST_UNITS:
        return None
    inside = text[m.end() : at].strip()
    if not inside or close in inside:
        return None
    return inside, [u.text for u, kind in zip(after, kinds, strict=True) if kind not in ("cue", "rule")]
