"""Our own short texts: templates in a file beside this one, filled by a seeded draw.

`plain.txt` holds prompts as people type them, a few for each task: the public collections are mostly benchmark
renderings, and without these the task head has hardly seen "fix this python: ..." or "What's 17*23?".
`messages.txt` holds spam and ordinary messages: the data folder's only spam collection is British text messages of
2005. Both are used for training only, never for a reported figure on their own.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

FRAMES = ("{}", "{}", "{}", "please {}", "{} please", "Hi! {}", "Can you help? {}", "{} thanks")


def prompts(per_label: int = 70) -> list[tuple[str, str]]:
    """Pairs of prompt and task label, `per_label` draws each without duplicates, always the same."""
    return _filled("plain.txt", per_label, FRAMES)


def messages(per_label: int = 350) -> list[tuple[str, str]]:
    """Pairs of message and label ("ham" or "spam"), drawn likewise."""
    return _filled("messages.txt", per_label, ("{}",))


def _filled(name: str, per_label: int, frames: tuple[str, ...]) -> list[tuple[str, str]]:
    sections = _sections(Path(__file__).parent / name)
    draw = random.Random(0)  # noqa: S311 - a fixed draw, not a secret
    found: dict[str, str] = {}
    for label in sorted(each for each in sections if not each.startswith("{")):
        templates = sections[label]
        for turn in range(per_label):
            text = re.sub(
                r"\{\w+\}",
                lambda slot: draw.choice(sections.get(slot[0], [slot[0]])),
                templates[turn % len(templates)],
            )
            text = draw.choice(frames).replace("{}", text)
            found.setdefault(_cased(text, draw.random()), label)
    return list(found.items())


def _cased(text: str, chance: float) -> str:
    """The text as it is, or as people in a hurry or in rage type it."""
    return text.lower() if chance < 0.22 else text.upper() if chance > 0.98 else text


def _sections(path: Path) -> dict[str, list[str]]:
    """The lines under each [heading] of a file."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            heading = line[1:-1]
        else:
            found.setdefault(heading, []).append(line.replace("\\n", "\n"))
    return found
