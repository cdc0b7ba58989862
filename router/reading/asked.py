"""A request as the general reader sees it, and cheap looks at which experts it may be for; most prompts end here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from router.reading.forms import Form, form_of
from router.reading.known import Known
from router.reading.lists import Finder, Listed, finder_of
from router.reading.prompt import HEAD, TAIL
from router.reading.tasks import TASKS
from router.reading.wording import any_of

_BLANKS = str.maketrans(dict.fromkeys(".,;:!?()[]{}<>\"'`“”’‘/|\\_-–—*•#=+~^&%$@", " "))
LONGEST_SCORED = 3_000  # characters of two texts to be compared
_ENDS = frozenset(("0", "1", "0.0", "1.0", "zero", "sts", "0-5", "1-5"))
_PAIRED = frozenset(
    (
        "sentences",
        "texts",
        "pair",
        "captions",
        "questions",
        "statements",
        "phrases",
        "inputs",
        "sentence1",
        "s1",
        "b",
        "sentence",
        "sts",
        "text",
        "question",
        "statement",
        "a",
        "2",
        "two",
        "passages",
        "headlines",
    )
)
# What a yes/no question without a list names the task by.
UNLISTED = {
    "nli": ("entail", "hypothes", "premise", "infer", "conclu", "follow from", "follows from", "implie", "imply"),
    "paraphrase_detection": ("paraphras", "duplicate", "same thing", "same meaning", "mean the same", "equivalent"),
    "acceptability": ("gramma", "acceptab", "well-formed", "well formed"),
    "data_annotation": ("subjectiv", "objectiv"),
}
_UNLISTED = tuple(hint for hints in UNLISTED.values() for hint in hints)
_PLANS: dict[int, tuple[Sequence[Known], list[tuple[Known, frozenset[str] | None]]]] = {}
MOST_PLANS = 16


@dataclass(frozen=True)
class Asked:
    """A request as text: the system text in front, `floor` characters of it, and the form that its body wants."""

    text: str
    floor: int
    key: str
    body: Mapping[str, object]
    found: dict[Known, list[Listed]] = field(default_factory=dict, compare=False)
    named: dict[tuple[str, frozenset[str]], bool] = field(default_factory=dict, compare=False)

    @cached_property
    def low(self) -> str:
        """The part in which instructions stand, in lower case."""
        text = self.text
        return text.lower() if len(text) <= HEAD + TAIL else (text[: HEAD + self.floor] + text[-TAIL:]).lower()

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of that part."""
        return frozenset(self.order)

    @cached_property
    def order(self) -> list[str]:
        """The words of that part as they stand."""
        return self.low.translate(_BLANKS).split()

    def names(self, finder: Finder) -> bool:
        """Whether the labels of a set may be listed; looked up once."""
        found = self.named.get((finder.known.task, finder.known.labels))
        if found is None:
            found = self.named[finder.known.task, finder.known.labels] = finder.possible(self.words, self.order)
        return found

    def form(self) -> Form:
        """The form of the answer. Raises UnfitError for one that cannot be filled."""
        return form_of(self.body, self.key)


def likely(known: Sequence[Known], asked: Asked) -> tuple[Known, ...]:
    """Those of the known that the prompt may be for."""
    return tuple(each for each in _possible(known, asked) if _able(each, asked))


def _possible(known: Sequence[Known], asked: Asked) -> Sequence[Known]:
    """The quickest look of all, by a word that each label list needs."""
    kept = _PLANS.get(id(known))
    if kept is None or kept[0] is not known:
        if len(_PLANS) > MOST_PLANS:
            _PLANS.clear()
        plan = [(each, finder.sign if (finder := finder_of(each)) is not None else None) for each in known]
        kept = _PLANS[id(known)] = (known, plan)
    words, unlisted = asked.words, any_of(_UNLISTED, asked.low)
    return [
        each
        for each, needles in kept[1]
        if (unlisted and each.task in UNLISTED) or each.kind == "score" or (needles and not needles.isdisjoint(words))
    ]


def _able(known: Known, asked: Asked) -> bool:
    """A cheap look: a word of the task, where we know the task; and the labels, or a question that needs none."""
    if known.kind == "score":
        likely = len(asked.text) <= LONGEST_SCORED and not _ENDS.isdisjoint(asked.words)
        return likely and not _PAIRED.isdisjoint(asked.words) and _hinted(known, asked.low)
    finder = finder_of(known)
    if finder is None:
        return False
    if asked.names(finder):
        return _hinted(known, asked.low)
    return known.kind != "entities" and asks_unlisted(known, asked)


def _hinted(known: Known, low: str) -> bool:
    words = TASKS.get(known.task)
    return words is None or not words.hints or any_of(words.hints, low)


def asks_unlisted(known: Known, asked: Asked) -> bool:
    """Whether a yes/no question that lists no words may be about the task."""
    hints = UNLISTED.get(known.task, ())
    return len(known.labels) == 2 and bool(hints) and any_of(hints, asked.low)
