"""`surveyor bench`: what the parts cost on this machine, in microseconds."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter_ns
from typing import Any

import numpy as np
from rich.table import Table

from classifiers import language
from classifiers.shipped import Shipped
from policies.cases import CaseFile, case_files
from policies.located import load
from policies.store import PolicyStore, profiles
from router.app import create_observer
from router.course import Choice
from router.detectors.seen import see
from router.detectors.translation import translation
from router.facts import DETECTORS, read_facts
from router.fleet import Priced
from router.observe import Observer
from router.reader import read
from router.settings import Model, Settings
from router.types import Message, Request

WARM_UP, ROUNDS = 20, 300  # passes over the texts; the first ones are not counted
SEED = 7
LENGTHS = (16, 64, 256, 1_024)  # tokens

# Four kinds of prompt of about fifty tokens each: a classification, a question, a task, a piece of code.
PROMPTS = (
    "Is this review positive or negative? The room was clean and the staff were friendly, but the breakfast was cold, "
    "the lift was out of order for three days, and nobody at the desk seemed to care when we complained about it.",
    "I have a small vegetable garden with heavy clay soil and a lot of shade in the afternoon. Which vegetables grow "
    "well there, when should I plant them, and what should I do about the slugs that ate all of my lettuce last year?",
    "Write a friendly email to my landlord. The heating in the bedroom has not worked since Monday, I have already "
    "called the hotline twice without any result, and I would like it to be repaired before the end of this week.",
    "My function returns the wrong average when the list is empty. Please fix it and explain the mistake: "
    "def mean(values): total = 0\nfor value in values: total += value\nreturn total / len(values)",
)


def observe() -> list[dict[str, Any]]:
    """The first look and its parts, and the encoder look at 32 tokens on one thread."""
    shipped = Shipped.load()
    language.warm()
    model = Model(id="any", tier="standard", base_url="http://127.0.0.1/v1", local=True)
    settings = Settings(models=(model,))
    priced = Priced(settings, settings.models)
    observer = create_observer(settings, shipped, priced)
    choice = priced.choice(settings.models, settings, PolicyStore().current)
    requests = [as_request(text) for text in PROMPTS]
    texts = [see(r) for r in requests]
    looks = [shipped.embedder.look(text) for text in PROMPTS]
    heard = [shipped.cues.heard(look) for look in looks]
    guesses = [shipped.task.predict(look) for look in looks]
    words = " ".join(PROMPTS[1].split()[:26])  # 32 tokens with the encoder's own two
    measured = [
        _measure("first look, whole", [partial(_first_look, observer, choice, r) for r in requests]),
        _measure(
            "  facts", [partial(read_facts, t, 50, language.detect, h) for t, h in zip(texts, heard, strict=True)]
        ),
        _measure("    texts prepared", [partial(see, r) for r in requests]),
        *(_measure(f"    {name}", [partial(f, t) for t in texts], rounds=100) for name, f in DETECTORS.items()),
        _measure("    translation", [partial(translation, t, "", language.detect) for t in PROMPTS], rounds=100),
        _measure("  embedding", [partial(shipped.embedder.look, t) for t in PROMPTS]),
        _measure("  task type", [partial(shipped.task.predict, k) for k in looks]),
        _measure("  cue heads", [partial(shipped.cues.heard, k) for k in looks]),
        _measure(
            "  novelty",
            [partial(shipped.novelty.score, k, g.confidence) for k, g in zip(looks, guesses, strict=True)],
        ),
        _measure("  reader", [partial(read, r) for r in requests]),
        _measure("encoder look, 32 tokens", [partial(shipped.encoder.encode, [words])]),
        *_by_length(observer, shipped),
    ]
    observer.second_look.close()
    return measured


def _by_length(observer: Observer, shipped: Shipped) -> list[dict[str, Any]]:
    """Both looks at prompts of several lengths; the second as for a task type that the first is unsure of."""
    found = []
    for tokens in LENGTHS:
        texts = [_of_length(text, tokens, shipped.embedder.count) for text in PROMPTS]
        requests = [as_request(text) for text in texts]
        looks = [shipped.embedder.look(text) for text in texts]
        seconds = [partial(shipped.second_guess, look, text) for look, text in zip(looks, texts, strict=True)]
        found.append(
            _measure(
                f"first look, {tokens:,} tokens",
                [partial(observer.first_look, r, observer.experts.roster) for r in requests],
                100,
            )
        )
        found.append(_measure(f"second look, {tokens:,} tokens", seconds, rounds=50))
    return found


def _of_length(text: str, tokens: int, count: Callable[[str], int]) -> str:
    """The text, over and over, up to so many tokens."""
    words = text.split()
    taken = [words[place % len(words)] for place in range(tokens)]
    while count(" ".join(taken)) > tokens:
        taken.pop()
    return " ".join(taken)


def _first_look(observer: Observer, choice: Choice, request: Request) -> None:
    observer.money(request, observer.first_look(request, observer.experts.roster).facts, choice)


def decide() -> list[dict[str, Any]]:
    """A decision with all rules, over the signals of the golden cases; and by how many rules matched."""
    signals = [case.given.signals() for path in case_files() for case in load(path, CaseFile).cases]
    measured = []
    for profile in profiles():
        policy = PolicyStore(profile).current
        name = f"{profile} ({len(policy.rules)} rules, {len(signals)} cases)"
        measured.append(_measure(name, [partial(policy.decide, s) for s in signals], rounds=40))
        matched = [len(policy.decide(s).rules) for s in signals]
        for least, most in ((1, 2), (3, 5), (6, len(policy.rules))):
            calls = [partial(policy.decide, s) for s, n in zip(signals, matched, strict=True) if least <= n <= most]
            said = f"{least} to {most}" if most < len(policy.rules) else f"{least} or more"
            measured.append(_measure(f"  {said} rules matched ({len(calls)} cases)", calls, rounds=40))
    return measured


def as_request(text: str) -> Request:
    """A one-message request."""
    body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
    return Request("bench", "auto", (Message("user", text),), body)


def _measure(name: str, calls: Sequence[Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, Any]:
    """p50 and p99 of single calls, with a bootstrap interval of the p50."""
    taken = []
    for number in range(WARM_UP + rounds):
        for call in calls:
            begun = perf_counter_ns()
            call()
            if number >= WARM_UP:
                taken.append((perf_counter_ns() - begun) / 1000)
    values = np.array(taken)
    draws = np.random.default_rng(SEED).choice(values, (200, min(len(values), 2000)))
    low, high = np.quantile(np.median(draws, axis=1), (0.025, 0.975))
    return {
        "part": name,
        "p50_us": round(float(np.median(values)), 1),
        "p50_low": round(float(low), 1),
        "p50_high": round(float(high), 1),
        "p99_us": round(float(np.quantile(values, 0.99)), 1),
        "n": len(values),
    }


def as_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The rows for a terminal."""
    table = Table(box=None, pad_edge=False, caption=f"{platform.machine()}, Python {platform.python_version()}")
    for name in ("part", "p50 µs", "95 % interval", "p99 µs", "n"):
        table.add_column(name, justify="left" if name == "part" else "right")
    for row in rows:
        interval = f"{row['p50_low']} to {row['p50_high']}"
        table.add_row(row["part"], str(row["p50_us"]), interval, str(row["p99_us"]), f"{row['n']:,}")
    return table


MEASURES: dict[str, Callable[[], list[dict[str, Any]]]] = {"observe": observe, "decide": decide}
