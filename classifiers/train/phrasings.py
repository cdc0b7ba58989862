r"""Prompts and messages of our own: templates in `phrasings/` and `messages.txt`, filled by a seeded draw.

The public collections are mostly renderings of few benchmarks by few templates; a head that learns from them alone
learns their wording. The files in `phrasings/` ask for the same tasks in many other ways, a section a task:

    [label]      templates of a task label, one a line
    [{pool}]     what a slot is filled from; ` || ` parts an entry into fields

`{pool}` is the first field of a drawn entry, `{pool:2}` the second of the same one, `{pool*}` and `{pool**}` are other
draws; `\n` is a line break. Every file's pools serve all files; `materials` adds pools drawn from data sets. All of it
is used for training only.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import data

FOLDER = Path(__file__).parent / "phrasings"
FRAMES = ("{}", "{}", "{}", "please {}", "{} please", "Hi! {}", "Can you help? {}", "{} thanks")
PER_LABEL = 320  # prompts that a label's templates are filled to, as far as they have slots
MOST = 6  # fillings of one template
POOL = 1_500  # entries that a data set gives to a pool
HELD = 6  # every so many-th template of a label is held back, to calibrate on
_SLOT = re.compile(r"\{(\w+)(\**)(?::(\d))?\}")
Pools = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Phrased:
    """A prompt of ours: text, task label, the file that it comes from, and whether its template is held back."""

    text: str
    label: str
    origin: str
    held: bool


def prompts(materials: Pools) -> list[Phrased]:
    """All templates filled, without duplicates, always the same for the same materials.

    Raises ValueError that names file and slot where a template asks for a pool that nobody fills.
    """
    paths = sorted(FOLDER.glob("*.txt"), key=lambda path: (path.stem != "plain", path.stem))  # others' pools win
    files = {path.stem: _sections(path) for path in paths}
    pools = {name[1:-1]: lines for file in files.values() for name, lines in file.items() if name.startswith("{")}
    pools |= materials
    found: dict[str, Phrased] = {}
    for origin, file in files.items():
        draw = random.Random(origin)  # noqa: S311 - a fixed draw, not a secret
        for label in sorted(name for name in file if not name.startswith("{")):
            templates = file[label]
            times = min(MOST, max(1, PER_LABEL // len(templates)))
            for place, template in enumerate(templates):
                for _ in range(times if _SLOT.search(template) else 1):
                    text = _filled(template, pools, draw)
                    if origin == "plain":
                        text = _cased(draw.choice(FRAMES).replace("{}", text), draw.random())
                    held = place % HELD == HELD - 1
                    found.setdefault(text, Phrased(text, label, origin, held))
    return list(found.values())


def messages(per_label: int = 350) -> list[tuple[str, str]]:
    """Pairs of message and label ("ham" or "spam"), `per_label` draws each without duplicates, always the same.

    The data folder's only spam collection is British text messages of 2005.
    """
    sections = _sections(Path(__file__).parent / "messages.txt")
    pools = {name[1:-1]: lines for name, lines in sections.items() if name.startswith("{")}
    draw = random.Random(0)  # noqa: S311 - a fixed draw, not a secret
    found: dict[str, str] = {}
    for label in sorted(name for name in sections if not name.startswith("{")):
        templates = sections[label]
        for turn in range(per_label):
            text = _filled(templates[turn % len(templates)], pools, draw)
            found.setdefault(_cased(text, draw.random()), label)
    return list(found.items())


def materials(folder: Path) -> dict[str, list[str]]:
    """Pools from the data sets: split `train` only, no non-commercial text, of sources that no test prompt shows."""
    rows = {
        "review": data.texts(folder, "sst2") + [text[:500] for text in data.texts(folder, "imdb_small")],
        "tweet": data.texts(folder, "tweet_sentiment"),
        "message": data.texts(folder, "sms_spam", label="ham"),
        "spam": data.texts(folder, "sms_spam", label="spam"),
        "comment": data.texts(folder, "goemotions"),
        "utterance": data.texts(folder, "ood_clinc150") + data.texts(folder, "snips"),
        "title": data.texts(folder, "stackoverflow_topics"),
        "nasty": data.texts(folder, "toxicity", toxic=1, source="davidson"),
        "foreign": [
            row["text"]
            for row in data.of_split(data.rows(folder, "language_id"), "train")
            if row["label"] != "en" and not re.search("xquad|chatterbot", row["source"])
        ],
        "ner_text": [
            " ".join(row["tokens"])
            for row in data.of_split(data.rows(folder, "ner"), "train")
            if len(row["tokens"]) > 7
        ],
        "paraphrase": [f"{row['a']} || {row['b']}" for row in data.of_split(data.rows(folder, "mrpc"), "train")],
    }
    rows["sentence"] = (
        rows["ner_text"] + rows["comment"][:4_000] + [pair.split(" || ")[0] for pair in rows["paraphrase"]]
    )
    draw = random.Random(0)  # noqa: S311 - a fixed draw, not a secret
    return {name: draw.sample(lines, min(POOL, len(lines))) for name, lines in rows.items()}


def _filled(template: str, pools: Pools, draw: random.Random) -> str:
    drawn: dict[tuple[str, str], list[str]] = {}

    def fill(slot: re.Match[str]) -> str:
        pool, other, field = slot[1], slot[2], int(slot[3] or 1)
        if pool not in pools:
            return slot[0]  # a literal brace, of JSON for instance
        if (pool, other) not in drawn:
            drawn[pool, other] = _filled(draw.choice(pools[pool]), pools, draw).split(" || ")
        fields = drawn[pool, other]
        return fields[min(field, len(fields)) - 1]

    return _SLOT.sub(fill, template)


def _cased(text: str, chance: float) -> str:
    """The text as it is, or as people in a hurry or in rage type it."""
    return text.lower() if chance < 0.22 else text.upper() if chance > 0.98 else text


def _sections(path: Path) -> dict[str, list[str]]:
    """The lines under each [heading] of a file."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# ") or line == "#" or not line:
            continue
        if re.fullmatch(r"\[\{?\w+\}?\]", line):
            heading = line[1:-1]
        else:
            found.setdefault(heading, []).append(line.replace("\\n", "\n"))
    return found
