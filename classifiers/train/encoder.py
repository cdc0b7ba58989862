"""The encoder: all-MiniLM-L6-v2 as one ONNX graph, weights in int8, pooling inside."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel

from .weights import minilm

LAYERS = (6, 4, 2)  # of 6; 6 is the sentence embedding


class Pooled(torch.nn.Module):
    """The network with its pooling: ids of one text, shape (1, n), to its row, shape (1, 1152)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Any) -> Any:
        """Run one text."""
        # One text a run has no padding, so its mask is all ones and pooling is a plain mean.
        mask = torch.ones_like(input_ids)
        states = self.model(
            input_ids=input_ids,
            attention_mask=mask,
            token_type_ids=torch.zeros_like(input_ids),
            output_hidden_states=True,
        ).hidden_states
        pooled = [torch.nn.functional.normalize(states[layer].mean(dim=1), dim=1) for layer in LAYERS]
        return torch.cat(pooled, dim=1)


def build(out: Path) -> dict[str, object]:
    """Write `encoder.onnx` and `tokenizer.json` to `out`; return what the card tells."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        full, small = Path(scratch) / "full.onnx", Path(scratch) / "small.onnx"
        onnx.save(_graph(), str(full))
        quantize_dynamic(full, small, weight_type=QuantType.QInt8, per_channel=True)
        model = onnx.load(str(small))
    _strip(model)
    (out / "encoder.onnx").write_bytes(model.SerializeToString(deterministic=True))
    shutil.copyfile(minilm() / "tokenizer.json", out / "tokenizer.json")
    (out / "tokenizer.json").chmod(0o644)
    return {"layers": LAYERS, "opset": 18, "max_tokens": 128}


def _graph() -> Any:
    """The float32 graph."""
    model = AutoModel.from_pretrained(str(minilm()), attn_implementation="eager").eval()
    length = torch.export.Dim("length", min=2, max=512)
    program = torch.onnx.export(
        Pooled(model),
        (torch.ones(1, 7, dtype=torch.long),),
        dynamo=True,
        input_names=["input_ids"],
        output_names=["row"],
        dynamic_shapes={"input_ids": {1: length}},
        opset_version=18,
        verbose=False,
    )
    return program.model_proto


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
