"""The experts' examples: text, label, and the part each may play.

Parts: `train` fits the head, `tune` sets temperature, novelty and the thresholds to try, `calibrate` certifies the
gate, `test` is only measured. Rows of a collection's `train` split are `train` or `tune`; its `valid` rows are
`calibrate`, and `test` too where it has no test split of its own.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from . import data
from .phrasings import messages

_POSITIVE_TEXT = "admiration approval caring excitement gratitude joy love optimism pride relief"
POSITIVE = frozenset(_POSITIVE_TEXT.split())
_NEGATIVE_TEXT = "anger annoyance disappointment disapproval disgust embarrassment fear grief remorse sadness"
NEGATIVE = frozenset(_NEGATIVE_TEXT.split())
# Feelings under which hardly anybody insults; taken as not toxic.
KIND = POSITIVE | {"curiosity", "surprise", "realization", "amusement", "desire"}


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text. `assumed` marks a label that follows from the source, not from an annotator."""

    text: str
    label: str
    source: str
    part: str
    assumed: bool = False


def sentiment(folder: Path) -> list[Example]:
    """Reviews, posts and comments with their polarity."""
    found = []
    for name, own_test in (("sst2", False), ("imdb_small", False), ("tweet_sentiment", True)):
        found += [Example(r["text"], r["label"], name, _part(r, own_test)) for r in data.rows(folder, name)]
    for row in _some(data.rows(folder, "goemotions"), 4):
        if label := _polarity(frozenset(row["labels"])):
            found.append(Example(row["text"], label, "goemotions", _part(row, own_test=True)))
    return found


def spam(folder: Path) -> list[Example]:
    """Text messages, our own messages, and comments and reviews taken as ordinary messages."""
    found = [Example(r["text"], r["label"], "sms_spam", _part(r, own_test=True)) for r in data.rows(folder, "sms_spam")]
    found += [Example(text, label, "own", "train") for text, label in messages()]
    comments, reviews = _some(data.rows(folder, "goemotions"), 1)[::2], _some(data.rows(folder, "sst2"), 1)
    found += [_assumed(row, "ham", "goemotions", own_test=True) for row in comments]
    return found + [_assumed(row, "ham", "sst2", own_test=False) for row in reviews]


def toxicity(folder: Path) -> list[Example]:
    """Posts with their toxicity, and friendly comments, reviews and messages taken as not toxic.

    HatEval is left out: it calls an insult that is not aimed at women or migrants "not hate", so its labels
    contradict the other three.
    """
    found = []
    shares = {"davidson": 3, "olid": 5, "stormfront": 10}
    for row in data.rows(folder, "toxicity"):
        share = shares.get(row["source"], 0)
        if not share or (row["split"] == "train" and _draw(row["id"] + "?") >= share):
            continue
        label = "toxic" if row["toxic"] else "not_toxic"
        part = _part(row | {"split": "valid" if row["split"] == "test" else row["split"]}, own_test=False)
        found.append(Example(row["text"], label, row["source"], part))
    comments = [row for row in _some(data.rows(folder, "goemotions"), 2) if frozenset(row["labels"]) <= KIND]
    found += [_assumed(row, "not_toxic", "goemotions", own_test=True) for row in comments]
    for name in ("sst2", "imdb_small"):
        found += [_assumed(row, "not_toxic", name, own_test=False) for row in _some(data.rows(folder, name), 1)]
    ham = [row for row in _some(data.rows(folder, "sms_spam"), 2) if row["label"] == "ham"]
    return found + [_assumed(row, "not_toxic", "sms_spam", own_test=True) for row in ham]


def _assumed(row: data.Row, label: str, source: str, own_test: bool) -> Example:
    return Example(row["text"], label, source, _part(row, own_test), assumed=True)


def _polarity(feelings: frozenset[str]) -> str:
    """The polarity that all feelings of a comment share; empty when they do not."""
    if feelings == {"neutral"}:
        return "neutral"
    return "positive" if feelings <= POSITIVE else "negative" if feelings <= NEGATIVE else ""


def _part(row: data.Row, own_test: bool) -> str:
    if row["split"] == "train":
        return "tune" if _draw(row["id"]) == 0 else "train"
    if own_test:
        return "calibrate" if row["split"] == "valid" else "test"
    return "calibrate" if _draw(row["id"]) < 5 else "test"


def _some(found: list[data.Row], tenths: int) -> list[data.Row]:
    """A fixed draw of so many tenths of the rows."""
    return [row for row in found if _draw(row["id"] + "!") < tenths]


def _draw(identity: str) -> int:
    """A fixed draw from 0 to 9 for a row's id."""
    return zlib.crc32(identity.encode()) % 10
