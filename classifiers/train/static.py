"""The static embedder: all-MiniLM-L6-v2 distilled by model2vec, one int8 row a token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from model2vec.distill import distill
from safetensors.numpy import save_file

from .weights import minilm

DIMENSIONS = 256


def build(out: Path) -> dict[str, object]:
    """Write `static.safetensors` and `tokenizer.json` to `out`; return what the card tells."""
    torch.manual_seed(0)
    model = distill(str(minilm()), pca_dims=DIMENSIONS, device="cpu", quantize_to="float32")
    vectors = model.embedding.astype(np.float32)
    vectors[:2] = 0.0  # [PAD] and [UNK] say nothing
    # int8 with a scale a row: half of float16's size, and rare and frequent tokens keep the same precision.
    scale = np.abs(vectors).max(axis=1) / 127
    rows = np.rint(vectors / np.maximum(scale, 1e-12)[:, None]).astype(np.int8)
    out.mkdir(parents=True, exist_ok=True)
    save_file({"rows": rows, "scale": scale.astype(np.float32)}, out / "static.safetensors")
    tokenizer = model.tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    restored = rows * scale[:, None]
    sizes = np.linalg.norm(vectors[2:], axis=1) * np.linalg.norm(restored[2:], axis=1)
    cosine = float(np.mean((vectors[2:] * restored[2:]).sum(axis=1) / np.maximum(sizes, 1e-12)))
    return {"tokens": len(rows), "dimensions": DIMENSIONS, "mean_cosine_int8_float32": round(cosine, 5)}
