"""The scale on which a prompt wants two texts scored, and the number as it wants it written."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from router.reading.forms import Form

_N = r"-?\d{1,3}(?:[.,]\d{1,2})?"
_MEANT = r"(?:\s*(?:\((?P<m{0}>[^()]{{1,90}})\)|=\s*(?P<e{0}>[\"“]?[\w' -]{{1,70}}[\"”]?)))?"
_RANGES = (
    re.compile(
        rf"(?:\bfrom|\bbetween|\bscale(?: of)?|\brange(?: of)?|\bbetween|[(\[,;:]|\bscore|"
        rf"\brating)\s*(?P<low>{_N})(?![\d%])"
        rf"{_MEANT.format(1)}\s*,?\s*(?:to|and|-|–|—|through|\.\.\.?)\s*(?P<high>{_N})(?![\d]){_MEANT.format(2)}",
        re.IGNORECASE,
    ),
    re.compile(rf"(?P<open>\[)\s*(?P<low>{_N})\s*,\s*(?P<high>{_N})\s*\]"),
    re.compile(rf"(?<![\d.-])(?P<low>{_N})[ \t]?[-–][ \t]?(?P<high>{_N})(?![\d.]*\d)"),
)
_LIST = re.compile(r"(?:^|\n)\s*[-*•]\s*(?P<n>\d)(?=\s*(?:\n|$))")
_MEANING = re.compile(
    r"(?:\bwhere\s+|[,;(.]\s*|\band\s+|\bwith\s+|\n\s*(?:[-*•]\s*)?)(?P<n>\d{1,3}(?:\.\d)?)\s*"
    r"(?:=|(?:means?|is|indicates?|indicating|meaning|being|represents?|stands for)\b|(?<=[(,;\n]\d):)\s*"
    r"(?P<what>(?:that )?[\"“]?[A-Za-z][\w' -]{1,80}[\"”]?)",
    re.IGNORECASE,
)
_LOW = re.compile(
    r"\b(?:unrelated|different|dissimilar|no|not|nothing|none|low|lowest|least|distinct|zero)\b", re.IGNORECASE
)
_HIGH = re.compile(
    r"\b(?:same|identical|equivalent|similar|equal|highest|high|most|exactly|perfect|perfectly|paraphrases?|"
    r"synonymous|everything|fully|completely?|very|related|closely|strongly|alike|interchangeable|means? the)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\b(?:integers?|whole numbers?|no decimals?|without decimals?)\b", re.IGNORECASE)
_PLACES = re.compile(r"\b(?P<n>one|two|three|1|2|3) decimals?(?: places?| digits?)?\b", re.IGNORECASE)
_DECIMAL = re.compile(r"\b(?:decimals?|float|floating|real)\b", re.IGNORECASE)
_STS = re.compile(r"\bSTS(?:[ -]?B(?:enchmark)?)?\b.{0,20}\bscore\b|\bsts(?:-b)? score\b", re.IGNORECASE)
_NUMBERS = {"zero": 0, "one": 1, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
_SPELT = re.compile(
    r"\b(?P<from>(?:from|between|scale of|of) )(?P<low>zero|one)(?P<to> (?:to|and|through) )"
    r"(?P<high>one|three|four|five|six|seven|ten)\b",
    re.IGNORECASE,
)
_COUNTS = {"one": 1, "two": 2, "three": 3, "1": 1, "2": 2, "3": 3}
_COULD = re.compile(
    r"\b(?:scale|from|between|range|rating|score|relatedness|similarity|zero)\b.{0,80}?(?:\d|zero|one)|[\[(]\s*\d|"
    r"\d ?[-–] ?\d|"
    r"\d(?:\.\d)? (?:to|and) \d|\n[-*] \d|\d ?=|\n\d:|sts",
    re.IGNORECASE | re.DOTALL,
)
_REACH = 1_200  # characters at either end in which a scale is looked for


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` to `high`, the higher the more alike, written with `places` decimals."""

    low: float
    high: float
    places: int

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends."""
        return self.low, self.high

    def written(self, share: float) -> str:
        """A share in [0, 1] of the way from one end to the other."""
        value = self.low + min(1.0, max(0.0, share)) * (self.high - self.low)
        return f"{value:.{self.places}f}" if self.places else str(math.floor(value + 0.5))


def scale_of(text: str) -> tuple[str, Scale | None]:
    """The prompt without its scale, and the scale; None where there is none, or more than one, or an unclear one.

    Only the ends of a long prompt are looked at; numbers in the texts are no scale unless they look like one, and then
    there are two, which is as unclear.
    """
    if _COULD.search(text[:_REACH]) is None and _COULD.search(text[-_REACH:]) is None:
        return text, None
    text = _SPELT.sub(_in_digits, text)
    found: dict[tuple[int, int], tuple[str, str]] = {}
    for pattern in _RANGES:
        for m in pattern.finditer(text):
            if any(start < m.end() and m.start() < end for start, end in found):
                continue
            found[m.start(), m.end()] = (m["low"], m["high"])
    options = [*_LIST.finditer(text)]
    numbers = [int(m["n"]) for m in options]
    ends = {_ends(pair) for pair in found.values()}
    ends = {(low, high) for low, high in ends if 0 <= low <= 1 < high or (low, high) == (0, 1)}
    found = {span: pair for span, pair in found.items() if _ends(pair) in ends}
    if numbers and numbers == [*range(numbers[0], numbers[0] + len(numbers))]:
        ends.add((float(numbers[0]), float(numbers[-1])))
    ends = ends or _meant(text)
    if not ends and _STS.search(text):
        ends = {(0.0, 5.0)}
    if len(ends) != 1:
        return text, None
    (low, high) = ends.pop()
    if high not in (1, 2, 3, 4, 5, 6, 7, 10, 100) or not _upwards(text, low, high, found):
        return text, None
    written = [w for pair in found.values() for w in pair]
    return _without(text, found, options), Scale(low, high, _places(text, high, written, whole=len(numbers) > 1))


def _in_digits(m: re.Match[str]) -> str:
    low, high = _NUMBERS[m["low"].lower()], _NUMBERS[m["high"].lower()]
    return f"{m['from']}{low}{m['to']}{high}".ljust(len(m.group()))


def _meant(text: str) -> set[tuple[float, float]]:
    """The ends of a scale that is given by what its numbers mean: "0 = unrelated, 5 = the same"."""
    numbers = sorted(
        float(m["n"]) for m in _MEANING.finditer(text) if _LOW.search(m["what"]) or _HIGH.search(m["what"])
    )
    return {(numbers[0], numbers[-1])} if len(numbers) > 1 and numbers[0] in (0, 1) and numbers[-1] > 1 else set()


def _ends(pair: tuple[str, str]) -> tuple[float, float]:
    low, high = (float(word.replace(",", ".")) for word in pair)
    return low, high


def _upwards(text: str, low: float, high: float, found: dict[tuple[int, int], tuple[str, str]]) -> bool:
    """Whether the low end means unlike and the high end alike, as far as the prompt says what they mean."""
    meant = [(float(m["n"]), m["what"]) for m in _MEANING.finditer(text) if float(m["n"]) in (low, high)]
    for start, end in found:
        m = _RANGES[0].match(text, start, end)
        if m is not None:
            meant += [(low, m["m1"] or m["e1"] or ""), (high, m["m2"] or m["e2"] or "")]
    for number, what in meant:
        if not what or re.search(r"\d", what):
            continue
        unlike = _LOW.search(what) is not None
        if unlike != (number == low) or not (unlike or _HIGH.search(what)):
            return False
    return True


def _without(text: str, found: dict[tuple[int, int], tuple[str, str]], options: list[re.Match[str]]) -> str:
    """The prompt with its numbers put out of sight, the same length."""
    spans = [*found, *((m.start("n") - 2, m.end()) for m in options)]
    spans += [
        (m.start("n"), m.end()) for m in _MEANING.finditer(text) if _LOW.search(m["what"]) or _HIGH.search(m["what"])
    ]
    for start, end in spans:
        inner = text[start:end]
        first = len(inner) - len(inner.lstrip("(["))
        text = text[: start + first] + re.sub(r"[^\s:?()]", " ", inner[first:]) + text[end:]
    return text


def _places(text: str, high: float, written: list[str], whole: bool) -> int:
    """How many decimals the answer has."""
    if whole or _WHOLE.search(text):
        return 0
    said = _PLACES.search(text)
    if said is not None:
        return _COUNTS[said["n"].lower()]
    own = max((len(re.split(r"[.,]", word)[1]) for word in written if re.search(r"[.,]", word)), default=0)
    if high >= 10 and not own and _DECIMAL.search(text) is None:
        return 0
    return max(own, 2 if high == 1 else 1)


def score_writer(scale: Scale, form: Form) -> Callable[[str], str | None]:
    """The function that writes the expert's score, a decimal in [0, 1], on the prompt's scale and in its form."""

    def write(answer: str) -> str | None:
        try:
            share = float(answer)
        except ValueError:
            return None
        number = scale.written(share) if math.isfinite(share) else None
        if number is None or not form.key:
            return number
        return orjson.dumps({**form.fixed, form.key: float(number) if scale.places else int(number)}).decode()

    return write
