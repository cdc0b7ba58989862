"""`surveyor bench robustness`: how many decisions flip when a prompt is typed carelessly.

The measure is RouterArena's (arXiv:2510.00202): the share of prompts for which the chosen model is another one under
noise. What flips, and because of which signal, stands in the details.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import orjson

from classifiers import language
from classifiers.shipped import Shipped
from policies.cases import Given
from policies.engine import Policy
from policies.store import PolicyStore
from router.app import create_observer
from router.bench.noise import NOISE
from router.bench.prompts import FILE, Prompts, svm
from router.bench.results import Cell, Interval, Result, Target, interval
from router.bench.task import PROFILE
from router.fleet import Priced
from router.settings import Model, PriceOverride, Settings
from router.types import EXACT, TIERS, Decision, Facts, Signals
from router.wire import parse_chat

SEED = 7
PROMPTS = 1_000
MOST_FLIPS = 0.05  # the promise, for each kind of noise
SHOWN = 8  # of the most frequent transitions, and ids of examples
OURS = "surveyor"
PRICES = {"small": (0.1, 0.4), "standard": (0.5, 2.0), "large": (2.5, 10.0), "reasoning": (10.0, 40.0)}  # per million


class Route(NamedTuple):
    """What may flip: kind and model of the decision, task label, deciding rule; an expert's answer where it is local.

    Empty where a method does not say it.
    """

    kind: str
    model: str
    task: str
    rule: str
    answer: str = ""


MEASURES: Mapping[str, Callable[[Route], str]] = {
    "kind of target": lambda route: route.kind,
    "model": lambda route: route.model,
    "task": lambda route: route.task,
    "rule": lambda route: route.rule,
    "expert's answer": lambda route: route.answer,
}
COLUMNS = ("method", "noise", *MEASURES)


@dataclass(frozen=True, slots=True)
class Routed:
    """A prompt on its way: what was seen of it, and where it went."""

    signals: Signals
    route: Route


def measure(data: Path) -> Result:
    """Flips of decisions in the profile `PROFILE`, with four tiers and the shipped experts, as a server decides.

    Raises:
        FileNotFoundError: the prompts are missing.
    """
    test = sample(Prompts.of(data, "test"))
    texts = {"": list(test.texts), **{kind: noisy(test, kind) for kind in NOISE}}
    told = svm(Prompts.of(data, "train"), Prompts.of(data, "valid"))
    policy = PolicyStore(PROFILE).current
    methods: dict[str, dict[str, list[Route]]] = {
        "random model": {kind: at_random(len(test.ids), place) for place, kind in enumerate(texts)},
        "TF-IDF + linear SVM": {kind: by_label(told(each).labels, policy) for kind, each in texts.items()},
    }
    routed = asyncio.run(route_all(texts, policy))
    methods[OURS] = {kind: [each.route for each in found] for kind, found in routed.items()}
    rows = [
        {"method": name, "noise": kind, **flips(found[""], found[kind])}
        for name, found in methods.items()
        for kind in NOISE
    ]
    return Result(
        name="robustness",
        about=(
            f"Share of decisions that flip under noise: {len(test.ids):,} prompts drawn from {FILE}, split test, one "
            f"noisy variant of each kind, profile {PROFILE}, four tiers; seed {SEED}. The measure of RouterArena is "
            "that of the column model."
        ),
        columns=COLUMNS,
        rows=rows,
        targets=[kept(row) for row in rows if row["method"] == OURS],
        details={
            kind: {
                "texts_changed": float(np.mean([a != b for a, b in zip(texts[""], texts[kind], strict=True)])),
                **causes(routed[""], routed[kind], test.ids, policy),
            }
            for kind in NOISE
        }
        | {"targets_without_noise": dict(sorted(Counter(each.route.model for each in routed[""]).items()))},
    )


def kept(row: Mapping[str, Cell]) -> Target:
    """Whether few enough models flip in a row."""
    found = row["model"]
    share = found.value if isinstance(found, Interval) else 1.0
    what = f"flips of the model under noise: {row['noise']}"
    return Target(what, f"<= {MOST_FLIPS:.0%}", f"{share:.1%}", met=share <= MOST_FLIPS)


# ── prompts and their routes ─────────────────────────────────────────────────────────────────────


def sample(prompts: Prompts, n: int = PROMPTS) -> Prompts:
    """`n` of the prompts, or all where there are fewer, in their order."""
    size = len(prompts.ids)
    places = sorted(np.random.default_rng(SEED).choice(size, min(n, size), replace=False).tolist())
    columns = ([column[place] for place in places] for column in (prompts.ids, prompts.texts, prompts.tasks))
    return Prompts(*columns)


def noisy(prompts: Prompts, kind: str) -> list[str]:
    """One noisy variant of each prompt; what it is depends on the prompt's id alone."""
    return [
        NOISE[kind](text, Random(f"{SEED}:{kind}:{name}"))  # noqa: S311  # noise, not a secret
        for name, text in zip(prompts.ids, prompts.texts, strict=True)
    ]


def at_random(n: int, place: int) -> list[Route]:
    """Any tier, as likely as any other."""
    drawn = np.random.default_rng((SEED, place)).integers(0, len(TIERS), n)
    return [Route("", TIERS[each], "", "") for each in drawn]


def by_label(labels: Sequence[str], policy: Policy) -> list[Route]:
    """Where the policy sends a request of which nothing but the task type is known, and that for sure."""
    known = {label: policy.decide(Given.model_validate({"task": label}).signals()) for label in sorted(set(labels))}
    return [Route("", model_of(known[label]), label, known[label].decider) for label in labels]


async def route_all(texts: Mapping[str, Sequence[str]], policy: Policy) -> dict[str, list[Routed]]:
    """Observe and decide as a server does, with the shipped experts and a model in each tier."""
    language.warm()
    models = tuple(
        Model(
            id=f"model-{tier}",
            tier=tier,
            base_url="http://127.0.0.1/v1",
            price=PriceOverride(input=PRICES[tier][0], output=PRICES[tier][1]),
        )
        for tier in TIERS
    )
    settings = Settings(models=models)
    priced = Priced(settings, models)
    choice = priced.choice(models, settings, policy)
    observer = create_observer(settings, Shipped.load(), priced)
    found: dict[str, list[Routed]] = {}
    try:
        for kind, each in texts.items():
            found[kind] = []
            for text in each:
                body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
                signals = (await observer.observe(parse_chat(orjson.dumps(body), {}, "bench"), choice)).signals
                found[kind].append(Routed(signals, route_of(signals, policy.decide(signals))))
    finally:
        observer.second_look.close()
    return found


def route_of(signals: Signals, decision: Decision) -> Route:
    """The parts of a decision that may flip."""
    model = model_of(decision)
    expert = model.removeprefix("expert.")
    answer = signals.experts[expert].answer if decision.kind == "local" else ""
    return Route(decision.kind, model, signals.task.label, decision.decider, answer)


def model_of(decision: Decision) -> str:
    """Who is asked first after the cache: an expert, or kind and tier; the kind alone where nobody is."""
    if decision.kind == "local":
        return next(step for step in decision.steps if step != EXACT)
    return f"{decision.kind}.{decision.tier}" if decision.tier else decision.kind


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def flips(clean: Sequence[Route], noisy: Sequence[Route]) -> dict[str, Cell]:
    """Share of flips by measure, over the prompts for which both routes say something; None where none does."""
    row: dict[str, Cell] = {}
    for name, part in MEASURES.items():
        pairs = [(part(a), part(b)) for a, b in zip(clean, noisy, strict=True)]
        said = [a != b for a, b in pairs if a and b]
        row[name] = interval(said, SEED) if said else None
    return row


def causes(clean: Sequence[Routed], noisy: Sequence[Routed], ids: Sequence[str], policy: Policy) -> dict[str, Any]:
    """What stands behind the flips of the model.

    `changed` counts the signals that were others in a flip; `alone` those that flip the model when they alone are
    changed, and `together` the flips which no single signal explains.
    """
    pairs = list(zip(clean, noisy, ids, strict=True))
    flipped = [(a, b, name) for a, b, name in pairs if a.route.model != b.route.model]
    changed: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    together = 0
    for a, b, _ in flipped:
        others = dict(swaps(a.signals, b.signals))
        guilty = [name for name, signals in others.items() if model_of(policy.decide(signals)) != a.route.model]
        changed.update(list(others))
        alone.update(guilty)
        together += not guilty
    return {
        "flips": len(flipped),
        "unsure": policy.thresholds["unsure"],
        "unsure_among_flips": share_unsure([(a, b) for a, b, _ in flipped], policy),
        "unsure_among_all": share_unsure([(a, b) for a, b, _ in pairs], policy),
        "changed": ranked(changed),
        "alone": ranked(alone),
        "together": together,
        "models": ranked(Counter(f"{a.route.model} → {b.route.model}" for a, b, _ in flipped)),
        "rules": ranked(Counter(f"{a.route.rule} → {b.route.rule}" for a, b, _ in flipped)),
        "tasks": ranked(
            Counter(f"{a.route.task} → {b.route.task}" for a, b, _ in flipped if a.route.task != b.route.task)
        ),
        "examples": [name for _, _, name in flipped[:SHOWN]],
    }


def share_unsure(pairs: Sequence[tuple[Routed, Routed]], policy: Policy) -> float | None:
    """Share of pairs in which the task type is below the policy's threshold `unsure` at least once."""
    least = policy.thresholds["unsure"]
    low = [min(a.signals.task.confidence, b.signals.task.confidence) < least for a, b in pairs]
    return float(np.mean(low)) if low else None


def swaps(clean: Signals, noisy: Signals) -> Iterator[tuple[str, Signals]]:
    """Each signal that the noise changed, with the clean signals in which it alone is changed."""
    for name in ("label", "confidence"):
        told = getattr(noisy.task, name)
        if told != getattr(clean.task, name):
            yield f"task.{name}", replace(clean, task=replace(clean.task, **{name: told}))
    for each in fields(Facts):
        told = getattr(noisy.facts, each.name)
        if told != getattr(clean.facts, each.name):
            yield each.name, replace(clean, facts=replace(clean.facts, **{each.name: told}))
    for name in ("novelty", "experts", "money", "retrieved", "standard_right"):
        told = getattr(noisy, name)
        if told != getattr(clean, name):
            yield name, replace(clean, **{name: told})


def ranked(counts: Counter[str]) -> dict[str, int]:
    """The most frequent, by falling number, then by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:SHOWN])
