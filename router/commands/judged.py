"""What the looks say of labelled prompts, and how right they are: the figures of `surveyor eval task`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from classifiers.train.measure import calibration_error, macro_f1
from policies.engine import Policy
from policies.signals import TASKS
from router.app import create_observer, load_shipped
from router.bench.results import plain
from router.bench.task import kind_of_target
from router.commands.labelled import Labelled
from router.commands.options import one_line
from router.commands.rates import rate, reliability
from router.fleet import Priced
from router.settings import Settings
from router.standin import as_model, model_file

AT_ONCE = 16  # prompts looked at together, as many as the encoder takes at a time
SHOWN = 300  # characters of a text in the report; `mistakes.jsonl` has all of it
LARGEST = 20  # confusions told in the report


@dataclass(frozen=True, slots=True)
class Judged:
    """A prompt with the task type that was wanted, and what was said: by which look, and how surely."""

    line: int
    text: str
    wanted: str
    said: str
    confidence: float
    look: str
    runner_up: str

    @property
    def right(self) -> bool:
        """Whether what was said is what was wanted."""
        return self.said == self.wanted

    def plain(self) -> dict[str, Any]:
        """The same as JSON values."""
        figures = {"line": self.line, "confidence": round(self.confidence, 4), "said": self.said}
        return {**figures, "wanted": self.wanted, "runner_up": self.runner_up, "look": self.look, "text": self.text}


async def judged(
    settings: Settings, prompts: Sequence[Labelled], at: Callable[[int], None] = lambda _: None
) -> list[Judged]:
    """What a server with these settings would take each prompt for, in their order; `at` is told how far it is.

    Raises:
        ConfigError: an expert of the settings is unknown, or the index is of no use.
    """
    priced = Priced(settings, settings.models or ((as_model("http://127.0.0.1"),) if model_file() else ()))
    observer = create_observer(settings, load_shipped(settings), priced)
    found: list[Judged] = []
    try:
        for begin in range(0, len(prompts), AT_ONCE):
            batch = prompts[begin : begin + AT_ONCE]
            looks = await asyncio.gather(*(observer.look(prompt.request) for prompt in batch))
            for prompt, look in zip(batch, looks, strict=True):
                said = look.task
                found.append(
                    Judged(
                        line=prompt.line,
                        text=prompt.request.text,
                        wanted=prompt.task,
                        said=said.label,
                        confidence=said.confidence,
                        look=said.look,
                        runner_up=said.runner_up,
                    )
                )
            at(len(found))
    finally:
        observer.second_look.close()
    return found


# ── figures ──────────────────────────────────────────────────────────────────────────────────────


def mistakes(found: Iterable[Judged]) -> list[Judged]:
    """What was said wrongly, the surest first, then by line."""
    return sorted((each for each in found if not each.right), key=lambda each: (-each.confidence, each.line))


def report(name: str, found: Sequence[Judged], policy: Policy, worst: int) -> dict[str, Any]:
    """All figures about at least one prompt of the file `name`, as JSON values; `worst` says how many mistakes."""
    wanted, said = [each.wanted for each in found], [each.said for each in found]
    good = [each.right for each in found]
    kinds = {task: kind_of_target(policy, task) for task in {*wanted, *said}}
    same = [kinds[each.wanted] == kinds[each.said] for each in found]
    wrong = mistakes(found)
    document = {
        "file": name,
        "n": len(found),
        "mistakes": len(wrong),
        "accuracy": rate(good),
        "macro_f1": macro_f1(wanted, said),
        "ece": calibration_error([each.confidence for each in found], good),
        "kind_of_target": {**rate(same), "profile": policy.profile, "kinds": dict(sorted(kinds.items()))},
        "looks": _by_look(found),
        "by_label": _by_label(wanted, said),
        "confusion": _confusion(wanted, said),
        "largest_confusions": _largest(wanted, said),
        "reliability": reliability([each.confidence for each in found], good),
        "worst": [{**each.plain(), "text": one_line(each.text, SHOWN)} for each in wrong[:worst]],
    }
    return {key: plain(value) for key, value in document.items()}


def _by_look(found: Sequence[Judged]) -> dict[str, dict[str, float]]:
    counts = Counter(each.look for each in found)
    hits = Counter(each.look for each in found if each.right)
    return {
        look: {"n": n, "share": n / len(found), "accuracy": hits[look] / n}
        for look, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    }


def _by_label(wanted: Sequence[str], said: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Of each label that occurs; None where nothing can be divided."""
    meant, told = Counter(wanted), Counter(said)
    hits = Counter(w for w, s in zip(wanted, said, strict=True) if w == s)
    return {
        label: {
            "n": meant[label],
            "said": told[label],
            "precision": hits[label] / told[label] if told[label] else None,
            "recall": hits[label] / meant[label] if meant[label] else None,
            "f1": 2 * hits[label] / (meant[label] + told[label]),
        }
        for label in sorted({*meant, *told}, key=TASKS.index)
    }


def _confusion(wanted: Sequence[str], said: Sequence[str]) -> dict[str, dict[str, int]]:
    """Wanted label to said label to how often; what never happened is left out."""
    found: dict[str, dict[str, int]] = {}
    counts = Counter(zip(wanted, said, strict=True))
    for (w, s), n in sorted(counts.items(), key=lambda item: tuple(map(TASKS.index, item[0]))):
        found.setdefault(w, {})[s] = n
    return found


def _largest(wanted: Sequence[str], said: Sequence[str]) -> list[dict[str, Any]]:
    counts = Counter((w, s) for w, s in zip(wanted, said, strict=True) if w != s)
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LARGEST]
    return [{"wanted": w, "said": s, "n": n} for (w, s), n in order]
