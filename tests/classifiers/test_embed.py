from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.embed import STATE, Encoder, SentenceEncoder, StaticEmbedder, window
from classifiers.shipped import Shipped
from classifiers.tokens import WRITTEN

EMBEDDER = Shipped.load().embedder
ODD = [
    "",
    " \n\t",
    "\0\0\0",
    "a\0b",
    "\ud800 lone",
    "🏳️‍🌈🦄",
    "ﷺ",
    "Z̸̢̛a̵l̶g̷o̴",
    "\u202eright to left",
    "你好，世界",
    "x" * 300_000,
]
LONG = "First the instruction. " + "Some material in between. " * 4_000 + "Now answer."


@pytest.mark.parametrize("text", ODD)
def test_any_text_has_a_look_and_a_row(shipped: Shipped, text: str) -> None:
    look = shipped.embedder.look(text)
    assert look.vector.shape == (256,)
    assert look.vector.dtype == np.float32
    assert look.ids.ndim == 1
    assert np.linalg.norm(look.vector) == pytest.approx(1.0, abs=1e-5) or not look.vector.any()
    row = shipped.encoder.encode([text])
    assert row.shape == (1, Encoder.width)
    assert row.dtype == np.float32
    assert np.isfinite(row).all()
    assert shipped.embedder.count(text) >= 0
    assert 0.0 <= shipped.task.predict(look).confidence <= 1.0


@settings(max_examples=400, deadline=None)
@given(
    st.text(alphabet=st.characters(max_codepoint=0x17F), max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "Summarize",
                "it's",
                "e.g.",
                "x_1",
                "[UNK]",
                "[CLS]",
                "don't!",
                "naïve",
                "a\tb",
                "\x7f",
                "--",
                "C++",
                "ran",
            ]
        )
    ).map(" ".join)
)
def test_remembered_words_have_the_library_s_ids(text: str) -> None:
    embedder = EMBEDDER
    assert list(embedder._ids(text)) == embedder._encoded(text)


def test_the_sentence_encoder_s_leading_block_is_a_unit_sentence_embedding(shipped: Shipped) -> None:
    near, same, far = shipped.encoder.sentences.encode(
        ["A man plays the guitar.", "Someone is playing guitar.", "The stock market fell sharply."]
    )[:, :384]
    assert np.linalg.norm(near) == pytest.approx(1.0, abs=1e-5)
    assert near @ same > 0.7
    assert near @ far < 0.3


def test_pairs_and_words_have_rows_too(shipped: Shipped) -> None:
    encoder = shipped.encoder
    there, back = encoder.pairs([("It rains.", "It is wet."), ("It is wet.", "It rains.")])
    assert not np.array_equal(there, back)  # a pair has an order
    assert not encoder.pairs([("It rains.", "")]).any()
    states = encoder.words(["Ada", "Lovelace", "wrote", "programs"])
    assert states.shape == (4, 2 * STATE + WRITTEN)
    assert encoder.words([]).shape == (0, 2 * STATE + WRITTEN)
    assert encoder.words(["word"] * 300).shape[0] == 126
    assert np.array_equal(encoder.words(["ada"])[:, : 2 * STATE], encoder.words(["ADA"])[:, : 2 * STATE])
    assert not np.array_equal(encoder.words(["ada"])[:, 2 * STATE :], encoder.words(["ADA"])[:, 2 * STATE :])


def test_a_row_does_not_depend_on_its_neighbours(shipped: Shipped) -> None:
    alone = shipped.encoder.encode(["How are you?"])[0]
    among = shipped.encoder.encode([LONG, "How are you?", ""])[1]
    assert np.array_equal(alone, among)


def test_many_looks_are_the_same_as_one_at_a_time(shipped: Shipped) -> None:
    texts = ["Write a haiku", LONG, *ODD]
    for text, look in zip(texts, shipped.embedder.looks(texts), strict=True):
        alone = shipped.embedder.look(text)
        assert np.array_equal(alone.ids, look.ids)
        assert np.array_equal(alone.vector, look.vector)


def test_long_texts_are_looked_at_from_both_ends(shipped: Shipped) -> None:
    seen = window(LONG)
    assert seen.startswith("First the instruction.")
    assert seen.endswith("Now answer.")
    assert len(shipped.embedder.look(LONG).ids) < 800


def test_counting_is_exact_for_short_texts_and_near_for_long_ones(shipped: Shipped) -> None:
    embedder = shipped.embedder
    assert embedder.count("") == 0
    assert embedder.count("one two three.") == 4
    piece = "The quick brown fox jumps over the lazy dog. "
    assert embedder.count(piece * 2_000) == pytest.approx(2_000 * embedder.count(piece), rel=0.02)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"static\.safetensors"):
        StaticEmbedder.load(tmp_path)
    with pytest.raises(OSError, match=r"lower\.onnx"):
        Encoder.load(tmp_path)
    with pytest.raises(OSError, match=r"lower\.onnx"):
        SentenceEncoder.load(tmp_path)
