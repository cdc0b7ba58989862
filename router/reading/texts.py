"""The material of a prompt: one text, or the two of a pair, without headers, quotes and worked examples."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from router.reading.kinds import HEADERS
from router.reading.known import squeezed
from router.reading.lists import LISTED
from router.reading.prompt import ALSO, HEAD, LATE_ORDER, ORDERS, TAIL, TALK, single
from router.reading.sentences import units_of
from router.reading.shots import demonstrations, unwrapped
from router.reading.wording import WORD, words_of

_HEADER = re.compile(r"(?P<name>[A-Za-z][A-Za-z' -]{1,24}):\s")
_INPUT = re.compile(r"\s*(?:input|pair|sentence pair|example|now):\s*(?=\w+)", re.IGNORECASE)
_NAME = (
    r"(?:(?:the )?(?:premise|hypothesis|context|claim|statement|text|sentence|question|passage|paragraph|document|"
    r"conclusion|evidence|assertion|phrase|snippet|caption|request|tweet|headline|message|comment|utterance|title|post|"
    r"query|article|description|item|input|sent|q|s|t)(?:[ _]?#?(?:[12]|[AaBb]|one|two))?|"
    r"(?:first|second)(?: (?:sentence|text|question|phrase|passage|statement))?|[AaBb])"
)
_FIELD = re.compile(rf"(?:^|(?<=[\s'\"]))(?:here is an? )?(?P<name>{_NAME}) ?:(?=\s|[\"“'])\s*", re.IGNORECASE)
_THIRD = re.compile(r"(?m)^[ \t]*[A-Za-z]+[ _]?#?(?:[3-9]|[C-E]) ?:")
_PREMISE = words_of("premise context text passage paragraph document evidence")
_HYPOTHESIS = words_of("hypothesis claim statement conclusion assertion sentence")
_SIDES = {"1": 0, "a": 0, "one": 0, "first": 0, "2": 1, "b": 1, "two": 1, "second": 1}
_GOES_ON = re.compile(r"(?:and|also|plus|or)\b[^.!\n]{0,80}\?", re.IGNORECASE)
_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’"}
_REF = re.compile(
    r"\b(?:the )?(?P<side>(?:first|second)(?: (?:sentence|text|statement|question|passage))?|(?:sentence|text|"
    r"statement|"
    r"passage|question|phrase)[ _]?#?(?:[12]|[ab]\b|one|two)|[AB](?=\b(?! [a-z]+ of)))|\b(?P<word>premise|"
    r"hypothesis|claim|"
    r"conclusion|assertion|context|evidence)\b",
    re.IGNORECASE,
)
_IS_SECOND = re.compile(
    r"\s*(?:is |be |are |logically |necessarily |can be |could be |must be )*(?:follow|entailed|inferred|"
    r"concluded|deduced|"
    r"implied|supported|derived|derivable|justified|\ue000|true\b|contradicted)",
    re.IGNORECASE,
)
_IS_FIRST = re.compile(
    r"\s*(?:logically |necessarily )*(?:entails?|impl(?:y|ies)|supports?|contradicts?|makes?|tells?)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Field:
    """One named text of a pair."""

    name: str
    text: str

    @property
    def side(self) -> int | None:
        """0 for the first, 1 for the second; None for a name that does not say."""
        last = re.split(r"[\s_#]+", self.name.lower())[-1]
        found = _SIDES.get(
            last, _SIDES.get(last[-1]) if last[:-1] in ("sentence", "text", "question", "s", "q") else None
        )
        return found if found is not None else _SIDES.get(self.name.lower().split()[0])


def one_text(body: str, marked: bool, delimited: bool, words: Collection[str]) -> str | None:
    """The one text, or None. `words` are those that worked examples may be labelled with."""
    shown, rest = _examples(body, words)
    if rest is None:
        return None
    header = _HEADER.match(rest)
    if header is not None and HEADERS.issuperset(WORD.findall(header["name"].lower())):
        rest, marked = rest[header.end() :].strip(), True
    text = unwrapped(rest, marked or shown)
    if not text or LISTED in text or squeezed(text) in words or not single(text):
        return None
    if not delimited and text[0] in '"“' and not marked:
        return None  # a quotation, and something beside it
    if not any(len(word) > 1 and word.isalpha() for word in WORD.findall(text[:400])):
        return None
    return text if delimited or _no_orders(text, marked) else None


def two_texts(body: str, said: str, words: Collection[str], symmetric: bool) -> tuple[str, str] | None:
    """The pair, in the order that the task needs: premise and hypothesis, or as it stands where that is all one."""
    rest: str | None = body
    announced = _INPUT.match(body)
    if announced is not None and _FIELD.match(body, announced.end()):
        rest = body = body[announced.end() :]
    fields = _fields(body)
    if fields is None:
        _, rest = _examples(body, words)
        fields = None if rest is None else _fields(rest)
    if rest is None or LISTED in rest:
        return None
    if fields is None:
        lines = [line.strip() for line in rest.splitlines() if line.strip()]
        if not symmetric or len(lines) != 2 or any(":" in line[:24] for line in lines):
            return None
        fields = (Field("1", lines[0]), Field("2", lines[1]))
    first, second = fields
    if not symmetric:
        order = _order(first, second, said)
        if order is None:
            return None
        first, second = (first, second) if order == 0 else (second, first)
    return (first.text, second.text) if first.text and second.text and _no_orders(fields[1].text, True) else None


def _examples(body: str, words: Collection[str]) -> tuple[bool, str | None]:
    """The material without worked examples; None where their labels are none of ours."""
    demos, rest, cued = demonstrations(body)
    if any(squeezed(word) not in words for _, word in demos):
        return False, None
    return bool(demos) or cued, rest.strip()


def _no_orders(text: str, marked: bool) -> bool:
    """Whether neither the first nor the last sentence looks like an instruction that was not understood."""
    units = [*units_of(text, max(0, len(text) - TAIL), len(text))]
    for unit in units[1:]:
        if unit.fresh and (ORDERS.match(unit.text) or ALSO.match(unit.text)):
            return False
    if len(units) > 1 and (LATE_ORDER.match(units[-1].text) or (not marked and _GOES_ON.match(text))):
        return False
    ends = (units[-1].text,) if marked else (units[-1].text, text[:HEAD].splitlines()[0])
    return not any(TALK.search(end) for end in ends)


def _fields(body: str) -> tuple[Field, Field] | None:
    """Two named texts, and nothing before, between or behind them."""
    found = [*_FIELD.finditer(body)]
    if len(found) > 2:  # names of the pair's own kind on lines of their own; others belong to the texts
        found = [m for m in found if m.start() == 0 or body[m.start() - 1] == "\n"]
    if len(found) != 2 or body[: found[0].start()].strip(" '\"") or _THIRD.search(body) is not None:
        return None
    one, two = found
    if one["name"].lower() == two["name"].lower():
        return None
    first = Field(one["name"], _bare(body[one.end() : two.start()]))
    second = Field(two["name"], _bare(body[two.end() :]))
    return first, second


def _bare(text: str) -> str:
    """A text without the quotation marks or the separators around it."""
    text = re.sub(r"\s*(?:<sep>|[-=*]{3,}|,)\s*$", "", text.strip())
    close = _QUOTES.get(text[:1])
    if close is not None and len(text) > 2 and text.rstrip(".,").endswith(close):
        inner = text.rstrip(".,")[1:-1] if not text.endswith(close) else text[1:-1]
        return inner.strip() if close not in inner else text
    return text


def _order(first: Field, second: Field, said: str) -> int | None:
    """0 where the first field is the premise, 1 where the second is; None where names and instruction disagree."""
    names = _by_names(first.name.lower(), second.name.lower())
    told = _by_reference(first, second, said)
    if told == -1:
        return None
    if names is None:
        numbered = (first.side, second.side) == (0, 1)
        return (0 if told is None else told) if numbered else None
    return names if told is None or told == names else None


def _by_names(one: str, two: str) -> int | None:
    one, two = one.removeprefix("the "), two.removeprefix("the ")
    if one in _PREMISE and two in _HYPOTHESIS:
        return 0
    return 1 if two in _PREMISE and one in _HYPOTHESIS else None


def _by_reference(first: Field, second: Field, said: str) -> int | None:
    """Which field the instruction treats as the premise: 0 or 1; None where it does not say, -1 where it is at odds."""
    votes = set()
    for m in _REF.finditer(said):
        name = m.group().lower().removeprefix("the ")
        place = next(
            (at for at, field in enumerate((first, second)) if field.name.lower().removeprefix("the ") == name), None
        )
        if place is None:
            side = Field(name, "").side
            place = next(
                (at for at, field in enumerate((first, second)) if side is not None and field.side == side), None
            )
        if place is None:
            continue
        if _IS_SECOND.match(said, m.end()):
            if not re.search(r"\b(?:if|assuming|given)(?: that)?\s+(?:the\s+)?$", said[: m.start()], re.IGNORECASE):
                votes.add(1 - place)
        elif _IS_FIRST.match(said, m.end()):
            votes.add(place)
        elif re.search(
            r"\b(?:conclude|infer|deduce|derive|about|judge)\s+(?:that\s+|whether\s+)?$",
            said[: m.start()],
            re.IGNORECASE,
        ):
            votes.add(1 - place)
    return votes.pop() if len(votes) == 1 else (-1 if votes else None)
