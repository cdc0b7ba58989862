"""What the artefacts make of the frozen sample, `frozen.jsonl`: a thousand texts of our own that nothing is trained on.

`python -m classifiers.train.frozen` measures the shipped artefacts and tells their cards, as every build does at its
end. The data folder may not be committed, so this is what a checkout can measure anew; a test does. The sample is small
and was written for the labels: it shows that an artefact is the one of its card, not how good it is elsewhere.

Each line has a `part`, a `text` and what is wanted of it, `want`: a label, a score from 0 to 1, or entities as their
expert writes them. Pairs have a second text, `other`, and those that mean something else have words in common; cue
lines say whether the text `holds` the cue or nearly does; where the heads of an expert learned several `lesson`s, its
lines say whose labels they bear.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.cues import Heard
from classifiers.embed import STATE, Vector
from classifiers.expert import AnyHead, Expert
from classifiers.heads import TOLERANCE, ScoreHead, TagHead
from classifiers.shipped import EXPERTS, FOLDER, MANIFEST, Shipped, hashes

from .experts import RECIPES, Plan
from .measure import auroc, scored

SAMPLE = Path(__file__).with_name("frozen.jsonl")
HEADING = "## Frozen sample"
NAMED = 8  # labels of a head that its figures are named by; where it has more, they bear the name of its lesson
Figure = float | int
Figures = dict[str, Figure]
_INTRO = """\
Texts of our own that nothing was trained or tuned on (`classifiers/train/frozen.jsonl`, Apache-2.0), measured anew by
a test. `n` is the number of texts."""
_SECTION = re.compile(rf"^{HEADING}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^\| ([^|]+) \| (-?[\d.]+) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Line:
    """A text of the sample and what is wanted of it."""

    part: str
    text: str
    want: str
    other: str = ""  # of a pair, the second text
    holds: bool = True  # of a cue line, whether the text holds the cue
    lesson: str = ""  # of an expert's line, the only one of its lessons that has the label


def sample(part: str = "") -> list[Line]:
    """The lines of one part of the sample, or all of them, in the file's order."""
    with SAMPLE.open(encoding="utf-8") as lines:
        found = [Line(**json.loads(line)) for line in lines]
    return [line for line in found if part in {"", line.part}]


def figures(shipped: Shipped) -> dict[str, Figures]:
    """Headline figures by artefact (the folder's name below `models`), rounded to 4 digits; always the same."""
    found = {
        "static": _pairs(lambda texts: np.stack([look.vector for look in shipped.embedder.looks(texts)])),
        "encoder": _pairs(lambda texts: shipped.encoder.sentences.encode(texts)[:, :STATE]),
        "task": _task(shipped),
        "second": _second(shipped),
        "novelty": _novelty(shipped),
        "cues": _cues(shipped),
        "difficulty": _difficulty(shipped),
    }
    return found | {f"{EXPERTS}/{name}": _expert(shipped, expert) for name, expert in shipped.experts.items()}


def write(out: Path = FOLDER) -> None:
    """Tell every card below `out` what its artefact makes of the sample, then write `MANIFEST.json`.

    All cards, since one artefact changes the figures of those that stand on it; nothing else in them is touched.
    Raises OSError where an artefact or its card is missing.
    """
    made = figures(Shipped.load(out))
    cards = {name: (out / name / "CARD.md").read_text(encoding="utf-8") for name in made}  # all or none
    for name, card in cards.items():
        (out / name / "CARD.md").write_text(told(card, made[name]), encoding="utf-8")
    seal(out)


def seal(out: Path) -> None:
    """Write `MANIFEST.json`: the hashes of all files below `out`."""
    text = json.dumps({"sha256": hashes(out)}, indent=1, sort_keys=True)
    (out / MANIFEST).write_text(text + "\n", encoding="utf-8")


def told(card: str, own: Mapping[str, Figure]) -> str:
    """The card with these figures as its frozen section, in the old one's place or ahead of how to rebuild."""
    table = "".join(f"| {name} | {value} |\n" for name, value in own.items())
    section = f"{HEADING}\n\n{_INTRO}\n\n| figure | value |\n|---|---|\n{table}\n"
    if _SECTION.search(card):
        return _SECTION.sub(lambda _: section, card, count=1)
    before, heading, after = card.partition("## Rebuild")
    return f"{before.rstrip()}\n\n{section}{heading}{after}"


def read(card: str) -> Figures:
    """The figures of a card's frozen section; empty where it has none."""
    section = _SECTION.search(card)
    if section is None:
        return {}
    return {name: float(value) if "." in value else int(value) for name, value in _LINE.findall(section[0])}


def _task(shipped: Shipped) -> Figures:
    lines = sample("task")
    said = [shipped.task.predict(shipped.embedder.look(line.text)).label for line in lines]
    return {"n": len(lines), "accuracy, first look": _share(_right(said, lines))}


def _second(shipped: Shipped) -> Figures:
    lines = sample("task")
    both = [shipped.second_guess(shipped.embedder.look(line.text), line.text).label for line in lines]
    served = [shipped.task_of(line.text) for line in lines]
    return {
        "n": len(lines),
        "accuracy, both looks always": _share(_right(both, lines)),
        "accuracy, as served": _share(_right([guess.label for guess in served], lines)),
        "asked, as served": _share([guess.look == "second" for guess in served]),
    }


def _novelty(shipped: Shipped) -> Figures:
    known, odd = (np.array([_oddity(shipped, line.text) for line in sample(part)]) for part in ("task", "odd"))
    return {
        "n": len(known) + len(odd),
        "odd texts": len(odd),
        "AUROC, odd texts against task prompts": _rounded(auroc(odd, known)),
        "odd texts over 0.95": _share(odd > 0.95),
        "task prompts over 0.95": _share(known > 0.95),
    }


def _oddity(shipped: Shipped, text: str) -> float:
    look = shipped.embedder.look(text)
    sure = shipped.task.predict(look).confidence
    return shipped.novelty.score(look, sure)


def _cues(shipped: Shipped) -> Figures:
    lines = sample("cues")
    heard = np.array([_hears(shipped.cues.heard(shipped.embedder.look(line.text)), line.want) for line in lines])
    holds = np.array([line.holds for line in lines])
    return {
        "n": len(lines),
        "with the cue": int(holds.sum()),
        "recall": _share(heard[holds]),
        "false alarms among near misses": _share(heard[~holds]),
    }


def _hears(heard: Heard, want: str) -> bool:
    name, _, kind = want.partition("/")
    return heard.kinds.get(name) == kind if kind else name in heard.cues


def _difficulty(shipped: Shipped) -> Figures:
    lines = sample("difficulty")
    scores = np.array([shipped.difficulty.score(shipped.embedder.look(line.text)) for line in lines])
    easy = np.array([line.want == "easy" for line in lines])
    return {"n": len(lines), "AUROC, easy against hard": _rounded(auroc(scores[easy], scores[~easy]))}


def asked(expert: str, plan: Plan) -> list[Line]:
    """The lines that an expert's head of this plan is asked about, with their labels under the head's names."""
    lines = [line for line in sample(f"{EXPERTS}/{expert}") if line.lesson in {"", plan.lesson}]
    if not plan.labels:
        return lines
    pairs = zip(plan.labels, plan.names or plan.labels, strict=True)
    names = {label: name for labels, name in pairs for label in labels.split("|")}
    return [replace(line, want=names[line.want]) for line in lines if line.want in names]


def _expert(shipped: Shipped, expert: Expert) -> Figures:
    """Of every head of the expert, over the lines whose label is one of its own."""
    plans = {recipe.name: recipe.plans for recipe in RECIPES}[expert.name]
    found: Figures = {}
    for plan, gated in zip(plans, expert.heads, strict=True):
        labels, lines = gated.head.labels, asked(expert.name, plan)
        name = " / ".join(sorted(labels)) if len(labels) <= NAMED else plan.lesson
        about = f"{name}: " if len(plans) > 1 else ""
        read = [expert.read(shipped.encoder, line.text, labels, other=line.other) for line in lines]
        right, own = _marks(gated.head, lines, [reading.answer for reading in read])
        served = np.array([reading.open for reading in read])
        own |= {
            "share served": _share(served),
            "wrong of served": int((served & ~right).sum()),
            "error of served": _share(~right[served]),
        }
        found |= {f"{about}{figure}": value for figure, value in ({"n": len(lines)} | own).items()}
    return found


def _marks(head: AnyHead, lines: Sequence[Line], said: Sequence[str]) -> tuple[NDArray[np.bool_], Figures]:
    """Which answers are right, and the figures of that: a score need be near, of entities all have to be there."""
    if isinstance(head, ScoreHead):
        scores, wanted = [float(each) for each in said], [float(line.want) for line in lines]
        near = np.abs(np.array(scores) - np.array(wanted)) <= TOLERANCE
        return near, {f"accuracy, within {TOLERANCE}": _share(near), "Pearson": scored(wanted, scores)["pearson"]}
    if isinstance(head, TagHead):
        there, told = [_entities(line.want) for line in lines], [_entities(each) for each in said]
        whole = np.array([a == b for a, b in zip(there, told, strict=True)])
        return whole, {"accuracy, whole answers": _share(whole), "F1 of entities": scored(there, told)["f1"]}
    right = np.array(_right(said, lines))
    return right, {"accuracy": _share(right)}


def _entities(answer: str) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in json.loads(answer)]


def _pairs(encode: Callable[[Sequence[str]], Vector]) -> Figures:
    """Cosines of the pairs: how surely the same meaning lies nearer than words in common do."""
    lines = sample("pair")
    left, right = (encode(texts) for texts in ([line.text for line in lines], [line.other for line in lines]))
    cosines: NDArray[np.float32] = (left * right).sum(axis=1)
    same = np.array([line.want == "same" for line in lines])
    nearest = (left[same] @ right.T).argmax(axis=1)
    return {
        "n": len(lines),
        "AUROC, same meaning against unrelated": _rounded(auroc(cosines[same], cosines[~same])),
        "other half nearest of all": _share(nearest == np.flatnonzero(same)),
    }


def _right(said: Sequence[str], lines: Sequence[Line]) -> list[bool]:
    return [label == line.want for label, line in zip(said, lines, strict=True)]


def _share(found: Sequence[bool] | NDArray[np.bool_]) -> float:
    return _rounded(sum(map(bool, found)) / max(len(found), 1))


def _rounded(value: float) -> float:
    return round(float(value), 4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m classifiers.train.frozen", description=write.__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="default: classifiers/models")
    write(parser.parse_args().out)
