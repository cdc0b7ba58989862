"""Takes a prompt apart: the instructions, the text to classify, and worked examples of both.

Instructions are taken off the front and the back, sentence by sentence, each understood word by word; the
text is what is left between them. Wherever a rest stays that is neither, there is no result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from router.reading.forms import UnfitError, named_key
from router.reading.labels import LABELS, found, task_of
from router.reading.quotes import MOST_UNITS, Quoted, framed, leading, within
from router.reading.scenes import scene
from router.reading.sentences import Unit, glued, kind_of, opens_form, understood, units_of
from router.reading.shots import CUE_LINE, HEADER_LINE, demonstrations, unwrapped
from router.reading.wording import LABEL_WORDS, TEXTS, WORD, any_of, words_of

HEAD, TAIL = 2_000, 1_000  # characters in which an instruction is looked for

_WRITINGS = TEXTS - words_of("text input content body entry item sample string statement phrase line document")
_PLURAL_DATA = re.compile(
    r"(?im)^[ \t]{0,8}(?:text|review|tweet|comment|message|sentence|sms|email|post)?[ \t]?[#(]?(?:2|b)[.):][ \t]"
)
_OPEN = re.compile(r"\s*(?:<(?P<tag>[A-Za-z_]{1,24})>|(?P<fence>```|~~~)(?:[a-z]{0,12}\n)?|(?P<triple>\"\"\"|'''))")
_OPEN_LINE = re.compile(r"(?m)^[ \t]{0,8}(?:```|~~~|\"\"\"|\'\'\'|<[A-Za-z_]{1,24}>)")
_BULLET = re.compile(r"\s*(?:[-*•]|\(?[A-Da-d0-9][.)])\s")
_FIELD_LINE = re.compile(
    r"(?im)^[ \t]{0,8}(?:#{1,4} ?|\*\*)?(?:aspect|target|topic|entity|context|question|premise|"
    r"hypothesis|options?|choices|"
    r"(?:sentence|text|review|tweet|comment|message) ?#?[0-9ab]|criteria|note|rules?|guidelines?|"
    r"instructions?|task|labels?|"
    r"examples?|human|assistant|system|story|query|claim|evidence)(?:\*\*)?[ \t]?:"
)
ORDERS = re.compile(
    r"(?:(?:please|then|also|and|finally|next|now|additionally|afterwards|first|second)[,:]?\s+){0,3}"
    r"(?:explain|translate|summari[sz]e|justify|extract|rewrite|paraphrase|return|output|respond|"
    r"reply|answer|list|provide|"
    r"give|write|rate|score|classify|label|identify|determine|detect|predict|categori[sz]e|decide|"
    r"evaluate|analy[sz]e|assess|tell|"
    r"think|use|include|state|format|choose|select|pick|generate|suggest|highlight|mention|specify|"
    r"indicate|describe|assign|"
    r"compare|count|let's|if the|for each|you (?:must|should)|your (?:task|answer|response))\b",
    re.IGNORECASE,
)
# Several texts in one message want several labels; and who only helps with spam is asked to classify nothing.
SEVERAL = re.compile(
    r"\b(?:list|batch|set|series|array|number|pair) of (?:\w+ )?(?:texts|messages|reviews|comments|tweets|posts|"
    r"emails|"
    r"mails|sentences)\b|\bper (?:line|sentence|review|text|message|comment|tweet)\b|\beach (?:line|row)\b",
    re.IGNORECASE,
)
_YOU_ARE = re.compile(r"you(?:'re| are)\b", re.IGNORECASE)
HELPS = re.compile(r"(?:please )?(?:help|act safe|be)\b", re.IGNORECASE)
_WHY = re.compile(
    r"(?:and )?(?:why|how|what)(?: \w+){0,3}\?|(?:and|also|plus),? (?:why|how|what|who|when|where|"
    r"which)\b[^.!\n]{0,80}\?",
    re.IGNORECASE,
)
# A second text, or an order tied to the answer: more than one label is wanted.
_MORE = re.compile(
    r"\b(?:what|how) about (?:this|that|these|the)\b|\"[ \t]*,?\s*(?:and )?\"|"
    r"(?:^|[.!?\n]\s*)if (?:so|not|yes|no|it is|it isn't|it's)\b",
    re.IGNORECASE,
)
_MORE_CUES = ("about ", '"', "if ")
LATE_ORDER = re.compile(
    r"(?:please )?(?:respond|answer|reply|explain|translate|output|return|justify|rewrite|summari[sz]e|paraphrase)\b",
    re.IGNORECASE,
)
ALSO = re.compile(r"(?:also|additionally|moreover|and why|why)\b", re.IGNORECASE)
TALK = re.compile(
    r"\b(?:sentiments?|classif\w+|label(?:s|led)?|polarity|explain|step by step|toxicity|json|confidence|"
    r"categor\w+)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A prompt taken apart: the instructions, the text to classify, and examples of both."""

    said: str
    input: str
    demos: tuple[tuple[str, str], ...] = ()
    key: str = ""
    quoted: bool = False  # the text stood in quotation marks, so it is a text


@dataclass(slots=True)
class _Span:
    """What is still unread of a prompt while instructions are taken off both ends."""

    text: str
    start: int = 0
    end: int = 0
    said: list[str] = field(default_factory=list)
    asked: bool = False
    named: bool = False  # its header says that it is a review, a tweet, ...
    marked: bool = False  # the text to classify has a clear beginning: a header, a colon or a delimiter


def instruction(system: str) -> Parsed | None:
    """A system text that is instruction and scenery throughout, or None."""
    key, shown, system = template(system)
    if len(system) > HEAD or SEVERAL.search(system) is not None:
        return None
    said: list[str] = []
    for unit in units_of(system, 0, len(system)):
        told = unit.text if understood(unit.text, system=True) else scene(unit.text)
        if told is None or HELPS.match(told) is not None:
            return None
        said.append(told)
    return Parsed("\n".join([*said, *shown]), "", key=key)


def template(text: str) -> tuple[str, list[str], str]:
    """The JSON key that a text names, the label list in its template, and the text with the template blanked."""
    key, value, start, end = named_key(text[:HEAD])
    if not key and len(text) > HEAD:
        key, value, start, end = named_key(text[-TAIL:])
        start, end = start + len(text) - TAIL, end + len(text) - TAIL
    if not key:
        return "", [], text
    shown = [value.replace("|", " / ").replace("<", "").replace(">", "")] if "|" in value or " or " in value else []
    if not all(understood(part) for part in shown):
        raise UnfitError("a template with labels that we do not know")
    return key, shown, text[:start] + " " * (end - start) + text[end:]


def take_apart(text: str, standing: bool) -> Parsed | None:
    """Splits a user message. `standing`: the system text has given the instruction, so none is needed here."""
    key, shown, text = template(text)
    span = _Span(text, 0, len(text), asked=any(task_of(part) is not None for part in shown))
    _peel_head(span)
    if standing and not span.said and not span.marked:
        span.start = 0  # a greeting to whom the system text has not introduced is part of the text
    block = _block(span)
    if block is not None:
        if not (span.asked or standing):
            return None
        return Parsed("\n".join([*span.said, *shown]), block, key=key)
    if _OPEN.match(text, span.start) is not None:
        return None
    cited = leading(text, span.start, span.end)
    if cited is not None and not cited.clear and span.named and cited.prose:
        cited = None
    if cited is not None and (span.asked or cited.asks or (standing and cited.said)):
        return _cited(span, cited, shown, key)
    return _left_between(span, standing, shown, key)


def _left_between(span: _Span, standing: bool, shown: list[str], key: str) -> Parsed | None:
    """The text that is left when instructions are taken off the back, too."""
    asked = span.asked
    cited = within(span.text) if not (asked or standing or span.marked) and len(span.text) <= HEAD else None
    if cited is not None:
        return _cited(_Span(span.text), cited, shown, key)
    _peel_tail(span)
    if not span.asked and not standing:
        return _shown_only(span, key)
    body = _without_rule(span.text[span.start : span.end].rstrip())
    cited = framed(body) if span.asked and not asked and not span.marked else None
    if cited is not None:
        return _cited(span, cited, shown, key)
    demos, body, cued = demonstrations(body)
    bare = standing and not span.asked
    body = unwrapped(body, span.marked or cued or bool(demos))
    if not body or not single(body) or not (bare or _ends_plainly(body)):
        return None
    if not (demos or bare or span.marked or cued or _plain(body)):
        return None
    return Parsed("\n".join([*span.said, *shown]), body, demos, key, span.named)


def _without_rule(body: str) -> str:
    """The text without a line of dashes below it."""
    above, _, last = body.rpartition("\n")
    return above.rstrip() if len(last.strip()) > 2 and not last.strip("-=*# ") else body


def _cited(span: _Span, cited: Quoted, shown: list[str], key: str) -> Parsed | None:
    """The quoted text, with the instructions before and behind it."""
    if not cited.clear:
        return None
    return Parsed("\n".join([*span.said, *cited.said, *shown]), cited.inner, key=key, quoted=True)


def _peel_head(span: _Span) -> None:
    """Takes instructions off the front, up to the header, the delimiter or the first sentence that is none."""
    after_colon = item = False
    for unit in islice(units_of(span.text, 0, min(len(span.text), HEAD)), MOST_UNITS):
        if _OPEN.match(unit.text) is not None:
            return
        kind, told = kind_of(unit), unit.text
        if kind == "" and not span.asked and _YOU_ARE.match(told) is not None:
            told = scene(told) or ""
            kind = "form" if told else ""
        if kind == "header":
            span.start, span.marked = unit.end, True
            span.named = not _WRITINGS.isdisjoint(WORD.findall(unit.text.lower()))
            return
        if kind == "cue" and not (span.said and span.said[-1]):
            return
        if kind == "":
            if item and _BULLET.match(unit.text):
                raise UnfitError("a list of labels that holds one we do not know")
            span.marked = span.asked and after_colon
            return
        item = kind == "item"
        if kind in ("form", "item") and span.asked and not (unit.fresh or kind == "item" or opens_form(unit.text)):
            return
        if kind == "ask" and span.asked and not (unit.fresh or opens_form(unit.text) or unit.text.endswith(("?", ":"))):
            return
        span.start = unit.end
        if kind not in ("cue", "rule"):
            span.said.append(told)
        span.asked = span.asked or kind == "ask" or (kind == "list" and task_of("\n".join(span.said)) is not None)
        after_colon = unit.text.endswith(":") and kind in ("ask", "form", "list")


def _peel_tail(span: _Span) -> None:
    """Takes cues, answer forms, option lists and, where the front had none, the question off the back."""
    run = _last_instructions(span)
    if span.asked:
        run = run[next((i for i, (unit, _) in enumerate(run) if unit.fresh), len(run)) :]
    else:
        run = _from_question(run)
    if run:
        span.end = run[0][0].start
        span.said.extend(unit.text for unit, kind in run if kind not in ("cue", "rule"))
        span.asked = span.asked or any(kind in ("ask", "list") for _, kind in run)


def _last_instructions(span: _Span) -> list[tuple[Unit, str]]:
    """The unbroken run of instructions at the end, in order, each with its kind."""
    low = max(span.start, span.end - TAIL)
    run: list[tuple[Unit, str]] = []
    for last in reversed([*units_of(span.text, low, span.end)]):
        unit, kind = last, kind_of(last)
        if kind == "" and not span.asked and not any(k == "ask" for _, k in run):
            unit, kind = glued(last)
        parting = kind == "rule" and unit.fresh and not run and span.text.endswith("\n\n", 0, unit.start)
        if kind == "" or (kind in ("header", "rule") and span.asked and not (unit.text.startswith("#") or parting)):
            break
        if unit.start <= low and low > span.start:
            break
        run.append((unit, kind))
    return run[::-1]


def _from_question(run: list[tuple[Unit, str]]) -> list[tuple[Unit, str]]:
    """The run from its first question on, with the forms on lines of their own right before it."""
    first = next((i for i, (unit, kind) in enumerate(run) if kind == "ask" or (kind == "list" and unit.fresh)), None)
    if first is None:
        return [r for r in run if r[1] == "cue"][-1:] if run and run[-1][1] == "cue" else []
    while first and run[first - 1][0].fresh and run[first - 1][1] in ("form", "rule") and not run[first][0].fresh:
        first -= 1
    return run[first:]


def _block(span: _Span) -> str | None:
    """The inside of the tags, fence or triple quotes at the front; the rest must be instruction throughout."""
    m = _OPEN.match(span.text, span.start)
    if m is None:
        return None
    close = f"</{m['tag']}>" if m["tag"] else m["fence"] or m["triple"]
    at = span.text.rfind(close, m.end())
    if at < 0:
        return None
    after = [*islice(units_of(span.text, at + len(close), len(span.text)), MOST_UNITS)]
    kinds = [kind_of(unit) for unit in after]
    if "" in kinds or len(after) >= MOST_UNITS:
        return None
    span.said.extend(u.text for u, kind in zip(after, kinds, strict=True) if kind != "cue")
    span.asked = span.asked or bool({"ask", "list"} & {*kinds})
    inside = span.text[m.end() : at].strip()
    return inside if inside and close not in inside else None


def _shown_only(span: _Span, key: str) -> Parsed | None:
    """Examples without any instruction: the task is in the cue's name or in the labels."""
    body = span.text
    if span.said:
        return None
    demos, rest, _ = demonstrations(body)
    cue = next((m["cue"].lower() for m in CUE_LINE.finditer(body)), "")
    rest = unwrapped(rest, marked=True)
    if len(demos) < 2 or not rest or not single(rest):
        return None
    return Parsed(
        {"sentiment": "sentiment:", "polarity": "sentiment:", "spam": "spam:", "toxic": "toxic:"}.get(cue, ""),
        rest,
        demos,
        key,
    )


def _plain(body: str) -> bool:
    """An unmarked text must not begin or end with what may be an instruction that was not understood."""
    if (":" in body and in_lines(HEADER_LINE, body[:HEAD])) or in_lines(_OPEN_LINE, body[:HEAD]):
        return False
    first = next((unit.text for unit in units_of(body, 0, min(len(body), HEAD))), "")
    if _WHY.match(first):
        return False
    return not (ORDERS.match(first) or TALK.search(first) or _names_sides(first))


def _names_sides(text: str) -> bool:
    """Whether labels of two sides are named, as in an instruction that was not understood."""
    if len(LABEL_WORDS.intersection(WORD.findall(text.lower()))) < 2:
        return False
    sides = {label for task in LABELS for label, _, _, _ in found(task, text)}
    return len(sides - {"yes", "no", "neutral", "not_toxic"}) > 1


def single(body: str) -> bool:
    """One text only, with no field of another task in it."""
    body = body[:HEAD]
    if in_lines(_PLURAL_DATA, body) or (":" in body and (in_lines(_FIELD_LINE, body) or in_lines(HEADER_LINE, body))):
        return False
    return not (any_of(_MORE_CUES, body.lower()) and _MORE.search(body))


def in_lines(pattern: re.Pattern[str], body: str) -> bool:
    """Whether a line begins like `pattern`; a text of one line needs no search."""
    return (pattern.search(body) if "\n" in body else pattern.match(body)) is not None


def _ends_plainly(body: str) -> bool:
    """Whether the last sentence of several is part of the text, not an order that was not understood."""
    *others, last = units_of(body, max(0, len(body) - TAIL), len(body))
    if not others:
        return True
    if any(unit.fresh and kind_of(unit) == "ask" for unit in others[:MOST_UNITS]):
        return False
    order = LATE_ORDER.match(last.text) or (last.fresh and ORDERS.match(last.text))
    return not (order or TALK.search(last.text) or ALSO.match(last.text))
