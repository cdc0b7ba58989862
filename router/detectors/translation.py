"""Is a translation asked for, between which languages, and how much data is there in them?

Serves the rows gen.mt-rich, gen.mt-low-to-en, gen.mt-xlow and gen.mt-related of the survey (arXiv:2304.13712, s4.2).
Three promises: a prompt that asks for no translation costs microseconds (substrings, first and last line); a doubtful
wording is none; the text itself is given to the identifier only when the prompt doesn't name its language.

A question about a word ("what does 'Schadenfreude' mean"), a text about translating, a translation to be judged, and
"translate" into something that is no language (code, SQL, plain English) are none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from router.detectors import resources
from router.detectors.directions import Direction
from router.detectors.translation_wording import VERBS, VERBS_BEYOND, asks

HEAD, TAIL = 700, 300  # characters that are looked at: instructions stand at the edges
RIM = 480  # characters in which a softer word counts
LONGEST = 420  # characters of a sentence that is still read
SHORT = 40  # characters of a text that identifiers err on


@dataclass(frozen=True, slots=True)
class Translation:
    """What is translated from where to where; all of it empty for a request that is no translation."""

    source_language: str = ""  # ISO 639-1, else 639-3; "" when this is no translation, "und" when undecided
    target_language: str = ""
    source_tier: str = "none"  # none | rich | mid | low | extreme | und
    target_tier: str = "none"
    source_related: bool = False  # the source is poor, but a language of its group is rich

    def __bool__(self) -> bool:
        return self.target_language != ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A wording that asks for a translation. `sure`: it names the deed, so the text's language need not agree."""

    way: Direction
    text: str  # what is to be translated, as far as the prompt shows it
    sure: bool
    spoken: str = ""  # the language of the wording itself, taken for the text's when that is a bare word


_NONE = Translation()
_NAMES = resources.table().names
_SOFT = (" version", "render ", "convert ", " say ", " into ")  # words that stand within a wrapped instruction
_OPENERS = (
    *(
        "in ",
        "into ",
        "to ",
        "from ",
        "em ",
        "need th",
        "same ",
        "how can i tell",
        "how do i tell",
        "how do i ask",
        "bitte ",
        "ins ",
        "auf ",
        "en ",
        "al ",
        "i need th",
        "i need it",
        "i'd like th",
    ),
    *("put th", "turn th", "rewrite th", "rephrase th", "write th", "say ", "give me th", "express th", "oversett"),
    *(
        "please put",
        "please write th",
        "can you put",
        "can you write th",
        "could you put",
        "could you give me th",
        "can i get th",
        "subtitle ",
        "make th",
        "locali",
        "interpret ",
        "wie sag",
        "wie hei",
    ),
    *("cómo se d", "como se d", "¿cómo se d", "¿como se d", "comment di", "comment on di", "come si di", "hoe zeg"),
    *("как сказать", "как будет", "jak się", "jak powie", "the ", "and the "),
)
_ASKING = frozenset(("how's", "what", "what's", "what’s", "whats", "so"))


def translation(text: str, system: str, detect: Callable[[str], str]) -> Translation:
    """What the newest human text asks to translate; the system text may give the deed ("You are a translator …").

    Args:
        text: the whole user message.
        system: the system text, "" when there is none.
        detect: the language of a text, "und" when undecided; called once, or not at all.
    """
    seen = text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"
    asked = _read(seen)
    found = _finish(asked, detect) if asked else _NONE
    if not found and system:
        head = system[:HEAD]
        low = head.lower()
        asked = _read(head) if any(verb in low for verb in VERBS) else None
        if asked is not None and asked.sure:
            return _finish(_Asked(asked.way, _bare(seen), sure=True), detect)
    return found


def _quiet(low: str) -> bool:
    """No word of translating, and no first or last line that opens like a request: all that most prompts cost."""
    if "transl" in low or "tradu" in low or "bersetz" in low or "verta" in low:
        return False
    rim = low if len(low) <= RIM else f"{low[: RIM // 2]}\n{low[-RIM // 2 :]}"
    if " version" in rim or "render " in rim or "convert " in rim or " say " in rim or " into " in rim:
        return False
    first, last = low[:60], low[-120:].rstrip()
    if not (first.isascii() and last.isascii()) and any(word in low for word in VERBS_BEYOND):
        return False
    return not (
        _opens(first.lstrip(_MARKS))
        or last.rpartition(" ")[2].strip(".?!)") in _NAMES
        or (last[-1:] in {":", ">"} and _by_label(last.rpartition("\n")[2].strip(" :=->*#")) is not None)
        or _opens(last.rpartition("\n")[2].rpartition(". ")[2].lstrip(_MARKS))
    )


def _places(low: str) -> Iterator[int]:
    """Where a request may stand: at a verb of translating, at a softer word, in the first and the last line."""
    for word in VERBS:
        at, tries = low.find(word), 0
        while at >= 0 and tries < 3:
            yield at
            at, tries = low.find(word, at + 24), tries + 1
    for word in _SOFT:
        at = low.find(word, 0, RIM // 2)
        at = at if at >= 0 else low.rfind(word, max(0, len(low) - RIM // 2))
        if at >= 0:
            yield at + 1
    if not (low[:60].isascii() and low[-60:].isascii()):
        yield from (at for at in map(low.find, VERBS_BEYOND) if at >= 0)
    first = low[:60].lstrip(_MARKS)
    if _opens(first):
        yield low.find(first[:1])
    last = low.rstrip()
    line = last[-120:].rpartition("\n")[2].rpartition(". ")[2].lstrip(_MARKS)
    if (len(line) < len(first) or line != first[: len(line)]) and _opens(line):
        yield len(last) - len(line)
    if last.rpartition(" ")[2].strip(".?!)") in _NAMES:
        yield len(last) - 2


def _opens(line: str) -> bool:
    """A line opens like a request for a translation, or with a language's name ("German to French, please")."""
    if line[:3] in _OPENING and line.startswith(_OPENERS):
        return True
    word = line.partition(" ")[0]
    if word in _ASKING:
        return " for " in line or " in " in line
    return ">" in line[:14] or "→" in word or word.rstrip(":,") in _NAMES


_MARKS = " \n\t\"'([*#>-"
_OPENING = frozenset(opener[:3] for opener in _OPENERS)
_QUOTES = re.compile(
    r'"""[^"]{1,900}?"""|"[^"\n]{1,600}"|“[^”\n]{1,600}”|„[^“”\n]{1,600}[“”]|«[^»\n]{1,600}»|「[^」\n]{1,600}」|'
    r"(?<!\w)'[^'\n]{1,300}(?:'(?=\w)[^'\n]{1,200}){0,4}'(?!\w)|‘[^’\n]{1,300}’(?!\w)|`[^`\n]{1,300}`"
)
_SENTENCES = re.compile(r"[^\n.!?。！？؟]+(?:\.(?=\w)[^\n.!?。！？؟]+)*[.!?。！？؟]*")
_LETTER = re.compile(r"[^\W\d_]")


def _read(seen: str) -> _Asked | None:
    """The first sentence that asks for a translation. Quotations are blanked, keeping every offset."""
    low = seen.lower()
    if len(low) != len(seen):  # İ grows when lowered; the offsets must hold
        seen = low
    if _quiet(low):
        return None
    if low.endswith((":", ">", ": ", ":\n")) and (labelled := _labelled(low.rstrip(), seen)) is not None:
        return labelled
    done: set[int] = set()
    for at in _places(low):
        start, clause = _sentence(low, at)
        if start in done or not clause:
            continue
        done.add(start)
        found = asks(clause)
        if found is None:
            continue
        if _JUDGING.search(low):
            return None
        way, cut, sure, spoken = found
        quoted = _QUOTES.search(seen, start, start + len(clause)) if "¤" in clause else None
        if quoted:
            return _Asked(way, quoted.group().strip("\"'“”„«»「」‘’`"), sure, spoken)
        text = _around(seen, start, start + (cut or len(clause)))
        if _LETTER.search(text):
            spoken = ""
        else:
            text = way.inline
        if sure or text:
            return _Asked(way, text, sure, spoken)
    return None


def _sentence(low: str, at: int) -> tuple[int, str]:
    """The sentence around an offset: where it starts, and its words with quotations blanked; none for a long one."""
    begin = low.rfind("\n", max(0, at - 600), at) + 1 or max(0, at - 600)
    end = low.find("\n", at, at + 700)
    line = low[begin : end if end >= 0 else at + 700]
    if _QUOTE.search(line):
        line = _QUOTES.sub(lambda m: "¤".ljust(len(m.group())), line)
    for m in _SENTENCES.finditer(line):
        if m.end() > at - begin:
            clause = m.group().replace("：", ":") if m.end() - m.start() <= LONGEST else ""
            return begin + m.start(), clause
    return begin, ""


_QUOTE = re.compile("[\"“„«「'‘`]")
# A prompt that shows a translation to be judged, or lists intents, asks for none itself.
_JUDGING = re.compile(
    r"\b(?:response a|assistant a\b|assistant's answer|impartial judge|which assistant|two (?:answers|responses)|"
    r"(?:grade|rate|assess|evaluate) the (?:\w+ )?(?:response|answer|translation|output)|quality of (?:this|"
    r"the) (?:response|"
    r"translation)|the response below|user instruction|given the intents|under which heading)"
)


# ── the text to be translated ────────────────────────────────────────────────────────────────────

_LABELS = re.compile(
    r"^\s*(?:(?:#+ ?)?(?:input|text|sentence|source|source text|original|phrase|paragraph|question|problem|message|"
    r"now complete this instance|the text|here is the text|here it is)\s*[:：]\s*|<\w+>\s*|\"\"\"\s*|```\w*\s*|"
    r"[-*>—]+\s*)+",
    re.IGNORECASE,
)
_TAILS = re.compile(
    r"(?:^|\n)\s*(?:#+ ?)?(?:output|response|answer|translation|label|target|result|only return the answer|"
    r"do not explain|"
    r"keep it short|thanks?(?: you)?|please|think step by step[^\n]*)\s*[:.!]?\s*(?=\n|$)",
    re.IGNORECASE,
)
_LABEL_LINE = re.compile(
    r"(?:^|\n)\W{0,3}(?P<name>[^\W\d]{2,14}(?: [^\W\d]{2,10})?)(?:\s*\([^)\n]{1,12}\))?\s*(?::|=>|->)"
)


def _labelled(end: str, seen: str) -> _Asked | None:
    """The frame "English: … German:": it ends with an empty label of one language, after a text with another's."""
    marks = list(_LABEL_LINE.finditer(end))
    if len(marks) < 2 or marks[-1].end() != len(end):
        return None
    last, before = _by_label(marks[-1]["name"]), _by_label(marks[-2]["name"])
    if last is None or before is None or last.code == before.code:
        return None
    return _Asked(Direction(source=before, target=last), seen[marks[-2].end() : marks[-1].start()], sure=True)


def _by_label(name: str) -> resources.Language | None:
    return resources.by_name(name) or (resources.by_code(name) if len(name) in {2, 3} else None)


def _around(seen: str, start: int, end: int) -> str:
    """The text below (or beside) an instruction, else the one above it, without labels and format words."""
    after = _bare(seen[end:])
    return after if _LETTER.search(after) else _bare(seen[:start])


def _bare(text: str) -> str:
    return _TAILS.sub("\n", _LABELS.sub("", text)).strip()


def _finish(asked: _Asked, detect: Callable[[str], str]) -> Translation:
    """Fill in what the prompt left unsaid; a soft wording whose text is already in the target language is none."""
    way = asked.way
    target = way.target.code if way.target else ""
    source = way.source.code if way.source else ""
    if not source:
        text = asked.text
        found = detect(text) if _LETTER.search(text) else "und"
        known = resources.by_code(found)
        source = known.code if known else "und"
        if source == target or (source == "und" and asked.spoken):
            if source == target and not asked.sure:
                return _NONE
            source = asked.spoken if asked.spoken and asked.spoken != target and len(text) < SHORT else "und"
    if source == target:
        return _NONE
    if not target:
        target = "und" if source in {"en", "und"} else "en"
    poor = resources.by_code(source)
    return Translation(
        source, target, resources.tier(source), resources.tier(target), poor.related if poor is not None else False
    )
