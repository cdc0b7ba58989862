"""Takes a prompt with a marked label list apart: what is said in the instructions, and what stands between them.

As in `prompt`, everything outside the material must be understood word by word, in the words of one task.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from router.reading.kinds import BARE_HEADER, LISTS, ONLY_LIST, OPENING, ORDER, is_title, kind_of, plain_words
from router.reading.lists import LISTED
from router.reading.prompt import HEAD, TAIL
from router.reading.quotes import MOST_UNITS
from router.reading.sentences import Unit, opens_form, units_of
from router.reading.tasks import Language
from router.reading.wording import SILENCE, WORD


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
            not LISTS.match(each)
            and not ONLY_LIST.fullmatch(each.rstrip(" ."))
            and (len(WORD.findall(each)) > 1 or (LISTED in each and each[-1] in ":?") or language.names(each))
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
    if OPENING.match(text, start) is not None:
        return None
    end, behind = _back(text, start, asked, language)
    mark = len(text[:start].rstrip(".?!:"))
    if mark < start and text[mark - 1 : mark] == "\n":
        start = mark  # ".NET" begins the material
    body = text[start:end].strip()
    if (
        behind
        and behind[0][:1].islower()
        and not text.islower()
        and text[start:end].rstrip(" ") == text[start:end].rstrip()
    ):
        return None  # half a sentence: the other half is in the material
    asked = asked or bool(behind)
    if language.loose and not _plainly_parted(text, (start, end), marked, (said, behind), language):
        return None
    return Outline(said + behind, body, marked) if asked and _is_material(body, marked, language) else None


def _plainly_parted(
    text: str, span: tuple[int, int], marked: bool, told: tuple[list[str], list[str]], language: Language
) -> bool:
    """Whether lines or a header part the material from instructions that are not understood to the last word."""
    start, end = span
    for side, other in (told, told[::-1]):
        unclear = [
            each for each in side if not language.knows(plain_words(WORD.findall(SILENCE.sub(" ", each.lower()))))
        ]
        alone = not any(language.speaks_of(each.replace(LISTED, "")) for each in other)
        if unclear and not language.pair and not alone and not any(LISTED in each for each in side):
            return False  # it may be the first or the last sentence of the material
    before, behind = text[:start].rstrip(" \t")[-1:], text[start:end].rstrip(" \t")[-1:]
    return (marked or before in ("", "\n") or text[start : start + 1] == "\n") and (
        not told[1] or behind in ("", "\n") or text[end : end + 1] == "\n"
    )


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
    asked = asks = False
    for unit in islice(_units(text, 0, min(len(text), HEAD + floor)), MOST_UNITS + floor // 40):
        if OPENING.match(unit.text) is not None or unit.text[0] in '"“«':
            break
        kind = kind_of(unit, language, unit.start < floor)
        if kind == "header" or (kind == "rule" and asks and unit.fresh and BARE_HEADER.match(unit.text)):
            told = [unit.text] if language.task == "sentiment" and "review" in unit.text.lower() else []
            return unit.end, said + told, asked, True
        if kind == "field":
            return unit.start, said, asked, True
        if not kind or kind == "cue":
            break
        if asks and unit.start >= floor and kind in ("ask", "form", "note") and not _carries_on(unit):
            break
        asked = asked or kind == "ask"
        asks = asks or (kind == "ask" and ONLY_LIST.match(unit.text) is None and not is_title(unit.text))
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
        (opens_form(unit.text) and not (unit.text.endswith("?") and LISTED not in unit.text))
        or unit.text.startswith(LISTED)
        or LISTS.match(unit.text) is not None
        or ORDER.match(unit.text) is not None
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
            and not (opens_form(unit.text) or LISTS.match(unit.text))
            and not any(k == "ask" for _, k in run)
        ):
            break
        run.append((unit, kind))
    run.reverse()
    first = _first_of(run, asked)
    if first is None:
        return len(text), []
    return run[first][0].start, [u.text for u, k in run[first:] if k not in ("cue", "rule") or language.names(u.text)]


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
    held: Unit | None = None
    for unit in units_of(text, start, end):
        whole = unit
        if held is not None:
            whole = Unit(f"{held.text} {unit.text}", held.start, unit.end, held.fresh)
            held = None
        if LISTED not in whole.text and whole.text[-1] == ":" and text[unit.end : unit.end + 4].lstrip()[:1] == LISTED:
            held = whole
            continue
        yield from _cut(text, whole)
    if held is not None:
        yield held


def _cut(text: str, unit: Unit) -> Iterator[Unit]:
    at = unit.text.find(LISTED)
    if at < 0 or unit.text[at + 1 :].strip() in ("", ".", ":", "?", ")"):
        yield unit
        return
    offset = text.find(LISTED, unit.start) - at
    before = text[max(0, offset - 3) : offset + at].rstrip(" (")[-1:]
    rest = unit.text[at + 1 :]
    if (at == 0 and before in "?:.") or before == "?":
        cut = offset + at + 1
        yield Unit(unit.text[: at + 1].strip(), unit.start, cut, unit.fresh)
        yield Unit(rest.strip(), cut, unit.end, False)
    else:
        yield unit


def _delimited(text: str, start: int, language: Language) -> tuple[str, list[str]] | None:
    """The inside of tags, fence or triple quotes, and what is said behind; None where there is none, or a rest."""
    m = OPENING.match(text, start)
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
