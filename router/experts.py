"""One answerer per local expert: it renders what the second look has already read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from router.types import Answer, Answerer, Decision, Observed, Request, Usage
from router.wire import local_answer

EXPERT = "expert."


class Answerers(Mapping[str, Sequence[Answerer]]):
    """Who answers for each target, in the order to ask; an expert that came into force a moment ago among them."""

    def __init__(self, known: Mapping[str, Sequence[Answerer]], expert: Callable[[str], Answerer]) -> None:
        self._known = dict(known)
        self._expert = expert

    def __getitem__(self, target: str) -> Sequence[Answerer]:
        if target not in self._known and target.startswith(EXPERT):
            self._known[target] = (self._expert(target.removeprefix(EXPERT)),)
        return self._known[target]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@dataclass(frozen=True, slots=True)
class ExpertAnswerer:
    """Answers in the words and the form that the prompt asked for, or abstains."""

    name: str
    count: Callable[[str], int]
    baseline: Callable[[int, int], int | None]

    @property
    def target(self) -> str:
        """Such as `expert.sentiment`."""
        return f"{EXPERT}{self.name}"

    async def answer(self, request: Request, observed: Observed, decision: Decision) -> Answer | None:
        """What the expert says, as the prompt wants it said; None when nothing is bound or the gate is closed."""
        reading = observed.signals.experts.get(self.name)
        if reading is None or not reading.open or observed.bound is None:
            return None
        text = observed.bound.written(reading.answer)
        if text is None:
            return None
        tokens = observed.signals.facts.tokens, self.count(text)
        usage = Usage(*tokens, cost=0, baseline=self.baseline(*tokens))
        return local_answer(request, self.target, f"surveyor/{self.name}", text, usage)
