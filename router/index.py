"""The retrieval index: which passages of the operator's own documents speak of a question.

Two rankings, by meaning (the static embedding) and by words (BM25, by bm25s, over the same WordPiece ids), become
one by reciprocal rank. All of it stays in memory; a question costs well under a millisecond at 10,000 passages.
The file holds arrays and JSON only, so loading it runs no code.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save

from classifiers.embed import StaticEmbedder, Vector
from policies.located import ConfigError
from router.passages import Passage
from router.types import Facts, Task

FILE = "index.safetensors"
ARRAYS = frozenset({"vectors", "probe", "passages", "data", "indices", "indptr"})
CARD = "index.json"  # for people: what is in the index; nothing reads it
# Tasks that a document may answer; of these the policy says which it grounds.
QUESTIONS = frozenset({"closed_book_qa", "fact_verification", "open_question", "knowledge_mcq"})
NEAREST = 50  # of each ranking, what takes part in the fusion
FUSION = 60  # the constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)
SHOWN = 3  # passages that a question brings
PROBE = "Which embedder was this index built with?"  # its vector is kept: another one's vectors mean nothing
# Words that every question has, so that they say nothing of its subject; in a small index their rarity misleads.
_STOP = (
    "a an and are as at be by can could did do does for from had has have how i if in into is it its me my no not of "
    "on or our should so that the their them there these they this to was we were what when where which who whom why "
    "will with would you your s t . , ? ! : ; ' \" ( ) - / * # ` [ ] _"
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look into the index brought."""

    likeness: float | None = None  # cosine of the best passage, -1..1; None when nothing was looked up
    passages: tuple[Passage, ...] = ()  # the best first

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """Each passage's place and text."""
        return tuple((passage.named, passage.text) for passage in self.passages)


NOT_LOOKED_UP = Found()


@dataclass(frozen=True, slots=True)
class Index:
    """Passages, ready to be looked up."""

    passages: tuple[Passage, ...]
    embedder: StaticEmbedder
    vectors: Vector  # (passages, 256), each of unit length
    words: Any  # bm25s.BM25 over WordPiece ids
    known: int  # ids that the words' half knows are below this
    stop: frozenset[int]
    fingerprint: bytes = b""  # names the texts that may be found
    private: bool = True  # passages with personal data or secrets may be found

    @classmethod
    def build(cls, passages: Sequence[Passage], embedder: StaticEmbedder) -> Index:
        """Index passages. Raises ValueError when there are none."""
        if not passages:
            raise ValueError("there is nothing to index")
        looks = embedder.looks([f"{passage.heading}\n{passage.text}" for passage in passages])
        ids = [look.ids.tolist() for look in looks]
        known = max((max(row) for row in ids if row), default=0) + 1
        words = _bm25()
        words.index((ids, {str(number): number for number in range(known)}), show_progress=False)
        vectors = np.stack([look.vector for look in looks])
        return cls(tuple(passages), embedder, vectors, words, known, _stop_ids(embedder))

    def look_up(self, question: str, most: int = SHOWN) -> Found:
        """The best passages for a question, and how like the question the best of them is (cosine)."""
        look = self.embedder.look(question)
        likeness = self.vectors @ look.vector
        lists = [_best(likeness, NEAREST)]
        ids = [number for number in look.ids.tolist() if number < self.known and number not in self.stop]
        if ids:
            scores = self.words.get_scores_from_ids(ids)
            lists.append([at for at in _best(scores, NEAREST) if scores[at] > 0])
        fused: dict[int, float] = {}
        for ranking in lists:
            for rank, at in enumerate(ranking, 1):
                fused[at] = fused.get(at, 0.0) + 1 / (FUSION + rank)
        allowed = [at for at in fused if self.private or not self.passages[at].private]
        best = sorted(allowed, key=lambda at: (-fused[at], at))[:most]
        if not best:
            return NOT_LOOKED_UP
        return Found(round(float(likeness[best[0]]), 4), tuple(self.passages[at] for at in best))

    def look_up_for(self, question: str, task: Task, facts: Facts) -> Found:
        """The same, where it pays: a question of knowledge that brings no passage of its own."""
        if task.label not in QUESTIONS or facts.context != "none" or not question:
            return NOT_LOOKED_UP
        return self.look_up(question)

    def save(self, folder: Path) -> None:
        """Write the index; whoever reads meanwhile sees the old one or the new one whole."""
        folder.mkdir(parents=True, exist_ok=True)
        texts = orjson.dumps([[p.source, p.heading, p.text, p.private] for p in self.passages])
        arrays = {
            "vectors": self.vectors,
            "probe": self.embedder.look(PROBE).vector,
            "passages": np.frombuffer(texts, np.uint8),
            **{name: self.words.scores[name] for name in ("data", "indices", "indptr")},
        }
        card = {
            "passages": len(self.passages),
            "files": len({passage.source for passage in self.passages}),
            "private": sum(passage.private for passage in self.passages),
        }
        _replace(folder / FILE, save(arrays))
        _replace(folder / CARD, orjson.dumps(card, option=orjson.OPT_INDENT_2))

    @classmethod
    def load(cls, folder: Path, embedder: StaticEmbedder, private: bool = True) -> Index:
        """Read what `save` wrote. With `private` off, passages with personal data or secrets are never found.

        Raises:
            ConfigError: there is no index, it is damaged, or another embedder made it.
        """
        path = index_file(folder)
        try:
            arrays = load_file(path)
            passages = tuple(Passage(*row) for row in orjson.loads(arrays["passages"].tobytes()))
            words, known = _bm25(), len(arrays["indptr"]) - 1
            words.scores = {name: arrays[name] for name in ("data", "indices", "indptr")}
            words.scores["num_docs"], words.nonoccurrence_array = len(passages), None
            vectors, probe = arrays["vectors"], arrays["probe"]
            sound = vectors.shape == (len(passages), len(probe))
        except (OSError, SafetensorError, TypeError, orjson.JSONDecodeError) as problem:
            raise ConfigError(path, None, f"cannot be read ({problem}); {AGAIN}") from problem
        if not sound or not np.allclose(probe, embedder.look(PROBE).vector, atol=1e-4):
            raise ConfigError(path, None, f"was made by another version of the embedder; {AGAIN}")
        fingerprint = hashlib.sha256(bytes([private]) + arrays["passages"].tobytes()).digest()
        return cls(passages, embedder, vectors, words, known, _stop_ids(embedder), fingerprint, private)


AGAIN = "build it again: surveyor index FOLDER"


def index_file(folder: Path) -> Path:
    """The file of an index, its table of contents checked.

    Raises:
        ConfigError: there is none, or it is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        raise ConfigError(folder, None, "holds no index (index.folder); build it first: surveyor index FOLDER")
    try:
        with safe_open(path, "numpy") as file:
            missing = sorted(ARRAYS - set(file.keys()))
    except (OSError, SafetensorError) as problem:
        raise ConfigError(path, None, f"cannot be read ({problem}); {AGAIN}") from None
    if missing:
        raise ConfigError(path, None, f"cannot be read (it lacks '{missing[0]}'); {AGAIN}")
    return path


def _best(scores: NDArray[np.float32], most: int) -> list[int]:
    """Places of the highest scores, highest first; of equal ones the earlier."""
    some = np.argpartition(scores, -most)[-most:] if len(scores) > most else np.arange(len(scores))
    order: list[int] = some[np.lexsort((some, -scores[some]))].tolist()
    return order


def _stop_ids(embedder: StaticEmbedder) -> frozenset[int]:
    return frozenset(embedder.look(_STOP).ids.tolist())


@cache
def _library() -> Any:
    import bm25s  # noqa: PLC0415  # it brings scipy.sparse along: only where there is an index

    return bm25s


def _bm25() -> Any:
    return _library().BM25()


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    os.replace(beside, path)
