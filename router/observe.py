"""Request → Signals. The first look costs microseconds, the second milliseconds.

The second is taken where the first is unsure of the task type, and where an expert is a candidate.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import NamedTuple

from classifiers import embed
from classifiers.expert import Expert
from classifiers.language import UNDECIDED
from classifiers.shipped import Shipped
from classifiers.task import Guess
from router.cache import cacheable
from router.conversations import Conversations
from router.course import Choice
from router.detectors.seen import see
from router.detectors.unseen import unseen_task
from router.facts import read_facts
from router.index import NOT_LOOKED_UP, Found, Index
from router.reader import read
from router.roster import Experts, Roster
from router.second_look import SecondLook
from router.types import Bound, Facts, Money, Observed, Reading, Request, Signals, Task

log = logging.getLogger("surveyor.observe")

REMEMBERED = 2_000  # requests just seen; they repeat in bursts, and for cached answers
REMEMBERED_CHARS = 8_000
WINDOW = embed.HEAD + embed.TAIL
EXPECTED_TOKENS_OUT = 256  # of an estimate, where the client sets no limit
CHARS_PER_TOKEN = 4  # of text that is only counted, not looked at; English averages 4 to 5
INSTRUCTION_CHARS = 600  # of a system prompt: where it says what to do, not the whole of its lore
# The reader binds only prompts whose every instruction word it knows: 0 of 9,135 prompts of other tasks were bound
# on the held-out prompts, so that less than 0.1 % are (95 % upper bound 0.03 %).
READER_CONFIDENCE = 0.99
FAILED = "It failed; the log says why."
PLAIN = 0.85  # confidence from which on a task type that is read with the system text is left at that
ODD = 0.95  # novelty from which on a prompt is unlike those that the cue heads learned from
PATIENCE = 8  # jobs that wait for the encoder (some 60 ms of work), from which on no task type waits behind them
DETECTOR_CONFIDENCE = 0.9  # a convention: there is no data to calibrate a detector on


class First(NamedTuple):
    """What the first look finds."""

    facts: Facts
    task: Task
    novelty: float
    bound: Bound | None
    text: str  # what was looked at
    static: embed.Look
    roster: Roster  # the experts that may be asked


class Look(NamedTuple):
    """What there is to see in a request, whoever may answer it and whatever it may cost."""

    facts: Facts
    task: Task
    novelty: float
    bound: Bound | None
    readings: dict[str, Reading]
    found: Found
    right: float | None = None  # P(the standard tier answers right); None where the head has nothing to say
    whole: bool = True  # nothing that should have been looked at failed or was passed over


@dataclass(frozen=True, slots=True)
class Observer:
    """All that looks at a request."""

    shipped: Shipped
    experts: Experts
    language: Callable[[str], str]
    second_look: SecondLook
    baseline: Callable[[int, int], int | None]
    conversations: Conversations
    unsure: float  # confidence in the task type under which the encoder is asked for it, too
    index: Index | None = None
    seen: OrderedDict[tuple[object, ...], Look] = field(default_factory=OrderedDict)

    async def observe(self, request: Request, choice: Choice) -> Observed:
        """Both looks, and what `choice` offers; what was just seen, to the letter, is not looked at again."""
        begun = perf_counter()
        roster = self.experts.roster
        key = (request.digest, request.task_hint, roster.turn)
        look = self.seen.get(key)
        if look is None:
            look = await self.look(request, roster)
            if len(request.text) <= REMEMBERED_CHARS and look.whole:
                self.seen[key] = look
                if len(self.seen) > REMEMBERED:
                    self.seen.popitem(last=False)
        signals = Signals(
            task=look.task,
            novelty=look.novelty,
            facts=look.facts,
            experts=look.readings,
            fleet=choice.fleet if cacheable(request, look.facts) else replace(choice.fleet, cache=False),
            money=self.money(request, look.facts, choice),
            operator=choice.operator,
            began=self.conversations.began(request),
            retrieved=look.found.likeness,
            standard_right=look.right,
            pinned=choice.pinned,
        )
        bound = look.bound if look.readings else None
        return Observed(signals, bound, {"observe": perf_counter() - begun}, look.found.named)

    async def look(self, request: Request, roster: Roster | None = None) -> Look:
        """Both looks, for the first time; by the experts that are in force, unless others are given."""
        first = self.first_look(request, roster or self.experts.roster)
        facts, bound = first.facts, first.bound
        readings = await self.readings(bound, first.roster)
        second = await self.second_task(first)
        task = second or first.task
        found = self.index.look_up_for(request.text, task, facts) if self.index else NOT_LOOKED_UP
        right = self.shipped.difficulty.right(first.static, task.label, facts.language)
        whole = second is not None and all(reading.shut != "failed" for reading in readings.values())
        return Look(facts, task, first.novelty, bound, readings, found, right, whole)

    async def second_task(self, first: First) -> Task | None:
        """The task type, by both looks where the first was unsure; None where the second fails or is too busy."""
        if first.task.look != "first" or first.task.confidence >= self.unsure or not len(first.static.ids):
            return first.task
        if self.second_look.waiting >= PATIENCE:  # under such load a quick answer is worth more than a sure one
            return None
        try:
            guess = await self.second_look.do(partial(self.shipped.second_guess, first.static, first.text))
        except Exception:
            log.exception("the second look failed")
            return None
        return Task(guess.label, guess.confidence, guess.runner_up, guess.look)

    def first_look(self, request: Request, roster: Roster) -> First:
        """Plain facts, task type, novelty, and the classification that the prompt asks for, if it is one."""
        seen, look, guess = self.looked_at(request)
        unseen = sum(len(message.text) for message in request.messages) - min(len(seen), WINDOW)
        texts = see(request)
        heard = self.shipped.cues.heard(look)
        facts = read_facts(texts, len(look.ids) + max(0, unseen) // CHARS_PER_TOKEN, self.language, heard)
        novelty = self.shipped.novelty.score(look, guess.confidence)
        if request.task_hint and (able := roster.hinted(request.task_hint)).experts:
            bound = read(request, able.known) or hinted(request, able)
            task = Task(able.experts[0].task, 1.0, guess.label, "hint")
            return First(facts, task, novelty, bound, seen, look, able)
        if request.task_hint in self.shipped.task.labels:
            return First(facts, Task(request.task_hint, 1.0, guess.label, "hint"), novelty, None, seen, look, roster)
        bound = read(request, roster.known)
        if bound is not None:
            agreed = guess.label == bound.task
            sure = max(READER_CONFIDENCE, guess.confidence) if agreed else READER_CONFIDENCE
            task = Task(bound.task, sure, guess.runner_up if agreed else guess.label, "reader")
            return First(facts, task, novelty, bound, seen, look, roster)
        task = Task(guess.label, guess.confidence, guess.runner_up, guess.look)
        # What only a head hears of such a task counts in prompts like those that it learned from.
        alike = facts.language == "en" and novelty < ODD
        if told := unseen_task(texts, facts.cues, heard.cues if alike else ()):
            task = Task(told, DETECTOR_CONFIDENCE, guess.label, "detector")
        return First(facts, task, novelty, None, seen, look, roster)

    def looked_at(self, request: Request) -> tuple[str, embed.Look, Guess]:
        """The text that tells the task type, its look and the guess: with the system text, or the user's alone.

        A system text that says what to do makes the task plain; one that says who to be hides it.
        """
        text = told_text(request)
        look = self.shipped.embedder.look(text)
        guess = self.shipped.task.predict(look)
        if request.system and request.text and guess.confidence < PLAIN:
            alone = self.shipped.embedder.look(request.text)
            other = self.shipped.task.predict(alone)
            if other.confidence > guess.confidence:
                return request.text, alone, other
        return text, look, guess

    async def readings(self, bound: Bound | None, roster: Roster) -> dict[str, Reading]:
        """What the bound experts would answer: the first of them, and others only while no gate is open."""
        found: dict[str, Reading] = {}
        if bound is None:
            return found
        for expert in roster.able(bound):
            found[expert.name] = reading = await self.reading(expert, bound)
            if reading.open:
                break
        return found

    async def reading(self, expert: Expert, bound: Bound) -> Reading:
        """What an expert would answer; one that fails has its gate closed, and an LLM answers."""
        language = self.language(bound.input)  # of the text alone: whoever asks may write in another
        if language not in (*expert.languages, UNDECIDED):
            return expert.closed("language", f"It reads {', '.join(expert.languages)}, not {language}.")
        look = partial(expert.read, self.shipped.encoder, bound.input, tuple(bound.labels), bound.other)
        try:
            return await self.second_look.do(look)
        except Exception:
            log.exception("expert %s failed", expert.name)
            return expert.closed("failed", FAILED)

    def money(self, request: Request, facts: Facts, choice: Choice) -> Money:
        """Estimates for each tier, before the call."""
        limit = request.body.get("max_completion_tokens") or request.body.get("max_tokens")
        out = min(limit or EXPECTED_TOKENS_OUT, EXPECTED_TOKENS_OUT)
        costs = {tier: price.cost(facts.tokens, out) if price else None for tier, price in choice.prices.items()}
        return Money(costs, self.baseline(facts.tokens, out), choice.budget)


def hinted(request: Request, able: Roster) -> Bound | None:
    """A prompt that is nothing but a text, for the expert that its hint means."""
    expert = able.experts[0]
    single = len(request.messages) == 1 and not request.body.get("tools")
    if not (single and request.text) or expert.kind not in ("label", "entities"):
        return None
    labels = {label: label for label in sorted(expert.label_sets[0])}
    write = str if expert.kind == "entities" else None  # as the expert says it: a list of [type, text]
    return Bound(expert.task, request.text, labels, kind=expert.kind, write=write)


def told_text(request: Request) -> str:
    """What the first look reads: the newest human text, and before it where a system text says what to do."""
    system, text = request.system, request.text
    return f"{system[:INSTRUCTION_CHARS]}\n\n{text}" if system else text
