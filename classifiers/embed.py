"""Text to vectors: a static look at every request, an encoder's look where it pays.

Both come from all-MiniLM-L6-v2 (Apache-2.0): `StaticEmbedder` is its distillation by model2vec, one
vector a token; `Encoder` is the network itself, fine-tuned, and `SentenceEncoder` the network as it came, both in int8
on onnxruntime over the same lower layers. None ever sees torch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from classifiers import tokens
from classifiers.grams import buckets
from classifiers.tokens import CLS, SEP, clean

Vector = NDArray[np.float32]
Ids = NDArray[np.int64]

# An instruction stands at the head or at the tail of a prompt; what lies between is the material.
HEAD = 1_200  # characters
TAIL = 800
COUNTED = 2_000  # characters whose tokens are counted one by one; longer texts are sampled
SAMPLE = 700  # characters a sample, three samples
REMEMBERED = 30_000  # words whose ids are kept
ENCODED = 128  # tokens that the sentence encoder reads
STATE = 384  # numbers of one state
# How BERT's normaliser and pre-tokeniser cut plain ASCII; anything beyond it, and special tokens, is the library's.
_PIECES = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")
_BEYOND = re.compile(r"[^\t\n\r -~]|\[(?:PAD|UNK)\]")


@dataclass(frozen=True, slots=True)
class Look:
    """What a static look sees of one text.

    `vector` has shape (256,), float32, unit length; all zeros when the text holds no known token.
    `ids` are the static tokenizer's WordPiece ids of the head and tail windows, at most about 700.
    `grams` are the distinct hash buckets of their n-grams, which every linear head reads.
    """

    vector: Vector
    ids: Ids
    grams: Ids


def window(text: str) -> str:
    """The part of a text that is looked at: its first 1,200 and its last 800 characters."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}"


class StaticEmbedder:
    """One vector a token, averaged; tens of microseconds beyond the tokenizer's own time.

    The arrays are read here rather than through `model2vec.StaticModel`, which gives the same vectors: its
    `encode` needs 235 µs for 60 tokens where this needs 150, and its loading takes 0.6 s instead of 0.1 s.
    """

    def __init__(self, tokenizer: Tokenizer, rows: NDArray[np.int8], scale: Vector) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}
        self._rows = rows  # (vocabulary, 256)
        self._scale = scale  # (vocabulary,): a row times its scale is the token's weighted vector

    @classmethod
    def load(cls, folder: Path) -> StaticEmbedder:
        """Read `static.safetensors` and `tokenizer.json`. Raises OSError when one is missing."""
        arrays = load_file(folder / "static.safetensors")
        return cls(open_tokenizer(folder), arrays["rows"], arrays["scale"].astype(np.float32))

    def look(self, text: str) -> Look:
        """Look at one text; never raises."""
        return self.of(self._ids(window(text)))

    def looks(self, texts: Sequence[str]) -> list[Look]:
        """Look at many texts, each exactly as `look` would."""
        windows = [window(clean(text)) for text in texts]
        found = self._tokenizer.encode_batch_fast(windows, add_special_tokens=False)
        return [self.of(np.asarray(encoding.ids, np.int64)) for encoding in found]

    def count(self, text: str) -> int:
        """WordPiece tokens of a text: exact to 2,000 characters, beyond that scaled up from three samples."""
        if len(text) <= COUNTED:
            return len(self._ids(text))
        middle = (len(text) - SAMPLE) // 2
        sampled = "\n".join((text[:SAMPLE], text[middle : middle + SAMPLE], text[-SAMPLE:]))
        return round(len(self._ids(sampled)) * len(text) / (3 * SAMPLE))

    def _ids(self, text: str) -> Ids:
        """The library's ids; of plain ASCII word by word, remembered, which takes a third of the time."""
        plain = text.isascii() and text.isprintable() and "[" not in text  # which most texts are, and is soon told
        if not plain and _BEYOND.search(text) is not None:
            return np.asarray(self._encoded(text), np.int64)
        known, ids = self._known, []
        for word in _PIECES.findall(text.lower()):
            pieces = known.get(word)
            if pieces is None:
                if len(known) >= REMEMBERED:
                    known.clear()
                pieces = known[word] = self._encoded(word)
            ids += pieces
        return np.array(ids, np.int64)

    def _encoded(self, text: str) -> list[int]:
        try:
            found = self._tokenizer.encode(text, add_special_tokens=False)
        except (UnicodeEncodeError, TypeError):
            found = self._tokenizer.encode(clean(text), add_special_tokens=False)
        ids: list[int] = found.ids
        return ids

    def of(self, ids: Ids) -> Look:
        """The look of a text with these token ids."""
        # einsum-free on purpose: scale @ rows is one BLAS call, and int8 rows stay small in memory.
        total: Vector = self._scale.take(ids) @ self._rows.take(ids, axis=0).astype(np.float32)
        norm = float(np.sqrt(total @ total))
        return Look(total / np.float32(norm) if norm > 1e-9 else total, ids, buckets(ids))


class Lower:
    """The embeddings and the two lower layers, which the trunk and the sentence encoder share."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def states(self, ids: Sequence[int]) -> Vector:
        """What they make of token ids, [CLS] and [SEP] among them: shape (1, len(ids), 384)."""
        out: Vector = self._session.run(None, {"input_ids": np.asarray([ids], np.int64)})[0]
        return out


class Encoder:
    """The trunk: all-MiniLM-L6-v2, its upper four layers fine-tuned on all that ships, in int8; milliseconds a text.

    A row has `width` numbers: the mean and the first state of the last layer, the mean of the fourth, and that of the
    second, 384 each. One run serves every head; no row depends on what else was asked.
    """

    width = 4 * STATE
    deep = 2 * STATE  # the part of a row that the trunk's own heads read

    def __init__(self, tokenizer: Tokenizer, lower: Lower, upper: Any, sentences: SentenceEncoder) -> None:
        self.tokenizer = tokenizer
        self.lower = lower
        self._upper = upper
        self.sentences = sentences  # the network that no task has bent, over the same lower layers

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> Encoder:
        """Read `lower.onnx`, `trunk.onnx`, `upper.onnx` and `tokenizer.json`. Raises OSError when one is missing."""
        lower, upper = (open_session(folder / f"{name}.onnx", threads) for name in ("lower", "trunk"))
        tokenizer, shared = open_tokenizer(folder), Lower(lower)
        return cls(tokenizer, shared, upper, SentenceEncoder(tokenizer, shared, folder / "upper.onnx"))

    def under(self, upper: Any) -> Encoder:
        """The same lower layers under other upper ones: those of an expert that was fine-tuned."""
        return Encoder(self.tokenizer, self.lower, upper, self.sentences)

    def likeness(self, one: str, other: str) -> float:
        """The cosine of two sentence embeddings, -1 to 1; 0 where either text has no token."""
        left, right = self.sentences.encode([one, other])[:, :STATE]
        return float(left @ right)

    def encode(self, texts: Sequence[str]) -> Vector:
        """Rows of texts, shape (n, `width`), float32; zeros for a text without a token. Never raises for a text."""
        return self._rows([tokens.of_text(self.tokenizer, text) for text in texts])

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> Vector:
        """Rows of pairs of texts, read together, shape (n, `width`); zeros where either has no token."""
        return self._rows([tokens.of_pair(self.tokenizer, *pair) for pair in pairs])

    def prompt(self, text: str) -> Vector:
        """The row of a whole prompt, of which head and tail are read, shape (`width`,)."""
        return self._row(tokens.of_prompt(self.tokenizer, text))

    def words(self, words: Sequence[str]) -> Vector:
        """The states of a sentence's words, shape (m, 795): last and fourth layer, and how the words are written.

        m is less than the number of words where these have more than 126 tokens.
        """
        ids, firsts = tokens.of_words(self.tokenizer, words)
        if not firsts:
            return np.zeros((0, 2 * STATE + tokens.WRITTEN), np.float32)
        states: Vector = self._upper.run(["tokens"], {"states": self.lower.states(ids)})[0][0]
        return np.concatenate((states[firsts], tokens.shapes(words)[: len(firsts)]), axis=1)

    def _rows(self, ids: Sequence[list[int]]) -> Vector:
        """One run a text: int8 activations are scaled by batch, so neighbours would change what an expert answers."""
        rows = np.zeros((len(ids), self.width), np.float32)
        for row, own in zip(rows, ids, strict=True):
            if own:  # [CLS] and [SEP] alone mean nothing, yet would look like something
                row[:] = self._row(own)
        return rows

    def _row(self, ids: list[int]) -> Vector:
        out: Vector = self._upper.run(["row"], {"states": self.lower.states(ids)})[0][0]
        return out


class SentenceEncoder:
    """all-MiniLM-L6-v2 as its authors trained it, in int8: what no task of ours has bent.

    A row has `width` numbers: mean-pooled states of the last, the fourth and the second layer, 384 each and each of
    unit length. The first 384 are the model's own sentence embedding. Texts end at 128 tokens.
    """

    width = 3 * STATE

    def __init__(self, tokenizer: Tokenizer, lower: Lower, upper: Path) -> None:
        self.tokenizer = tokenizer
        self._lower = lower
        if not upper.is_file():
            raise FileNotFoundError(upper)
        self._path = upper

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> SentenceEncoder:
        """Read `lower.onnx`, `upper.onnx` and `tokenizer.json`. Raises OSError when one is missing."""
        lower = Lower(open_session(folder / "lower.onnx", threads))
        return cls(open_tokenizer(folder), lower, folder / "upper.onnx")

    @cached_property
    def _upper(self) -> Any:
        return open_session(self._path)  # 20 ms and 15 MB, for the first who asks

    def encode(self, texts: Sequence[str]) -> Vector:
        """Encode texts into shape (n, `width`), float32; zeros for a text without a token. Never raises for a text."""
        rows = np.zeros((len(texts), self.width), np.float32)
        for row, text in zip(rows, texts, strict=True):
            # 128 tokens never need more than 4,000 characters; a longer word is one [UNK] anyway.
            ids = self.tokenizer.encode(clean(text[:4_000]), add_special_tokens=False).ids[: ENCODED - 2]
            if ids:
                row[:] = self._upper.run(None, {"states": self._lower.states([CLS, *ids, SEP])})[0][0]
        return rows


def open_session(path: Path, threads: int = 1) -> Any:
    """Open an ONNX graph on the CPU. Raises FileNotFoundError when it is missing."""
    if not path.is_file():
        raise FileNotFoundError(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def open_tokenizer(folder: Path) -> Tokenizer:
    """Open `tokenizer.json`. Raises OSError when it is missing."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise FileNotFoundError(path)
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
