"""The encoder: all-MiniLM-L6-v2 as two ONNX graphs, weights in int8, pooling inside.

The second look at the task type shares the lower graph and brings upper layers of its own (`second.py`).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel

from .weights import minilm

LAYERS = (6, 4, 2)  # of 6; 6 is the sentence embedding
SHARED = 2  # layers that every head above shares; nothing tunes them
WIDTH = 384


class Lower(torch.nn.Module):
    """Embeddings and the shared layers: ids of one text, shape (1, n), to its states, shape (1, n, 384)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.embeddings, self.layers = model.embeddings, model.encoder.layer[:SHARED]

    def forward(self, input_ids: Any) -> Any:
        """Run one text."""
        return through(self.layers, self.embeddings(input_ids=input_ids, token_type_ids=torch.zeros_like(input_ids)))[
            -1
        ]


class Upper(torch.nn.Module):
    """The layers above with their pooling: the states of one text to its row, shape (1, 1152)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.layers = model.encoder.layer[SHARED:]

    def forward(self, states: Any) -> Any:
        """Run one text."""
        # One text a run has no padding, so pooling is a plain mean.
        found = [states, *through(self.layers, states)]
        pooled = [torch.nn.functional.normalize(found[layer - SHARED].mean(dim=1), dim=1) for layer in LAYERS]
        return torch.cat(pooled, dim=1)


def through(layers: Any, states: Any, mask: Any = None) -> list[Any]:
    """The states after each of the layers; `mask` is 0 where there is text and very negative at padding."""
    found = []
    for layer in layers:
        made = layer(states, attention_mask=mask)
        states = made[0] if isinstance(made, tuple) else made
        found.append(states)
    return found


def build(out: Path) -> dict[str, object]:
    """Write `lower.onnx`, `upper.onnx` and `tokenizer.json` to `out`; return what the card tells."""
    out.mkdir(parents=True, exist_ok=True)
    model = AutoModel.from_pretrained(str(minilm()), attn_implementation="eager").eval()
    export(Lower(model), torch.ones(1, 7, dtype=torch.long), "input_ids", ("states",), out / "lower.onnx")
    export(Upper(model), torch.ones(1, 7, WIDTH), "states", ("row",), out / "upper.onnx")
    shutil.copyfile(minilm() / "tokenizer.json", out / "tokenizer.json")
    (out / "tokenizer.json").chmod(0o644)
    return {"layers": LAYERS, "shared": SHARED, "opset": 18, "max_tokens": 128}


def export(module: torch.nn.Module, example: Any, name: str, outputs: Sequence[str], path: Path) -> None:
    """Write a module of one input, whose second dimension is the length of a text, as ONNX with weights in int8."""
    length = torch.export.Dim("length", min=2, max=512)
    program = torch.onnx.export(
        module.eval(),
        (example,),
        dynamo=True,
        input_names=[name],
        output_names=list(outputs),
        dynamic_shapes=({1: length},),
        opset_version=18,
        verbose=False,
    )
    with tempfile.TemporaryDirectory() as scratch:
        full, small = Path(scratch) / "full.onnx", Path(scratch) / "small.onnx"
        onnx.save(program.model_proto, str(full))
        quantize_dynamic(full, small, weight_type=QuantType.QInt8, per_channel=True)
        model = onnx.load(str(small))
    _strip(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _strip(model: Any) -> None:
    """Drop what the exporter noted about this machine: stack traces, paths and names of its own."""
    model.doc_string, model.producer_version = "", ""
    model.ClearField("metadata_props")
    for part in (model.graph, *model.functions):
        part.ClearField("metadata_props")
        part.doc_string = ""
        for node in part.node:
            node.ClearField("metadata_props")
            node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        value.ClearField("metadata_props")
        value.doc_string = ""
