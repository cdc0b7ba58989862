"""The second look at the task type: the encoder's upper layers, fine-tuned on the prompts."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModel

from classifiers.embed import Encoder
from classifiers.second import Blend, SecondTaskHead

from .corpus import OWN, Prompts
from .encoder import SHARED, WIDTH, export, through
from .noise import noisy
from .weights import minilm

EPOCHS, RATE, HEAD_RATE, WARM_UP, SMOOTHING = 2, 1e-4, 1e-3, 0.06, 0.05
TOKENS = 2_048  # of a batch
NOISY, CLIPPED, MASKED = 0.25, 0.3, 0.1  # shares of prompts with noise, of long ones cut, and of tokens masked
OWN_WEIGHT, MOST_WEIGHT = 1.5, 6.0
MASK, SEP = 103, 102
EVERY = 300  # steps between checkpoints
Ids = list[int]


def build(found: Prompts, labels: Sequence[str], encoder: Encoder, folder: Path, checkpoint: Path) -> None:
    """Fine-tune and write `task.onnx`.

    A run on the same prompts that was cut off goes on from `checkpoint`, which is deleted at the end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tuning = Tuning(encoder, labels)
    tuning.fit(found, checkpoint)
    tuning.save(folder / "task.onnx")
    checkpoint.unlink(missing_ok=True)


class Upper(torch.nn.Module):
    """The tuned layers with their head: the states of texts, shape (b, n, 384), to logits, shape (b, labels)."""

    def __init__(self, model: Any, labels: int) -> None:
        super().__init__()
        self.layers = model.encoder.layer[SHARED:]
        self.dropout = torch.nn.Dropout(0.1)
        self.head = torch.nn.Linear(2 * WIDTH, labels)
        torch.nn.init.normal_(self.head.weight, std=0.02)
        torch.nn.init.zeros_(self.head.bias)

    def forward(self, states: Any, mask: Any = None) -> Any:
        """Run texts; `mask`, shape (b, n), is 1 where there is text. Without it, all of it is."""
        if mask is None:
            last = through(self.layers, states)[-1]
            mean = last.mean(dim=1)
        else:
            last = through(self.layers, states, (1.0 - mask[:, None, None, :]) * torch.finfo(states.dtype).min)[-1]
            mean = (last * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return self.head(self.dropout(torch.cat((mean, last[:, 0]), dim=1)))


class Tuning:
    """A run of fine-tuning that can be taken up again from its checkpoint."""

    def __init__(self, encoder: Encoder, labels: Sequence[str]) -> None:
        torch.manual_seed(0)
        model = AutoModel.from_pretrained(str(minilm()))
        self.embeddings, self.lower = model.embeddings.eval(), model.encoder.layer[:SHARED].eval()
        self.upper = Upper(model, len(labels)).train()
        self.labels = tuple(labels)
        self._ids = SecondTaskHead(encoder, None, Blend(1.0, 1.0, 1.0)).ids

    def fit(self, found: Prompts, checkpoint: Path) -> None:
        """Fine-tune; every few minutes the state goes to `checkpoint`, where a run that was cut off goes on."""
        weights = self._weights(found)
        truth = torch.tensor([self.labels.index(label) for label in found.labels])
        groups = [
            {"params": self.upper.layers.parameters(), "lr": RATE},
            {"params": self.upper.head.parameters(), "lr": HEAD_RATE},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
        draw = random.Random(0)  # noqa: S311 - a fixed draw, not a secret
        steps = EPOCHS * len(list(_batches([self._ids(text) for text in found.texts], draw)))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
        done, began = 0, time.monotonic()
        about = zlib.crc32("\n".join((*self.labels, *found.texts)).encode("utf-8", "replace"))
        kept = torch.load(checkpoint, weights_only=True) if checkpoint.exists() else {"about": None}
        if kept["about"] == about:
            self.upper.load_state_dict(kept["upper"])
            optimizer.load_state_dict(kept["optimizer"])
            schedule.load_state_dict(kept["schedule"])
            torch.set_rng_state(kept["draws"])
            done = kept["done"]
        for step, (places, ids) in enumerate(self._draws(found.texts)):
            if step >= steps:
                break
            if step < done:  # a run that was cut off draws the same batches again
                continue
            logits = self._logits(ids)
            losses = torch.nn.functional.cross_entropy(
                logits, truth[places], reduction="none", label_smoothing=SMOOTHING
            )
            loss = (losses * weights[places]).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.upper.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            if step % EVERY == EVERY - 1:
                state = {"upper": self.upper.state_dict(), "optimizer": optimizer.state_dict()}
                state |= {"schedule": schedule.state_dict(), "draws": torch.get_rng_state(), "about": about}
                torch.save(state | {"done": step + 1}, checkpoint)
                print(f"{time.monotonic() - began:7.0f} s  step {step + 1} of {steps}, loss {loss:.3f}", flush=True)
        self.upper.eval()

    def save(self, path: Path) -> None:
        """Write the network as ONNX, weights in int8."""
        export(self.upper.eval(), torch.ones(1, 7, WIDTH), "states", "logits", path)

    def _weights(self, found: Prompts) -> Any:
        own = np.array([source.startswith(OWN) for source in found.sources])
        weights = np.array(found.weights) * np.where(own, OWN_WEIGHT, 1.0)
        return torch.tensor(np.minimum(weights / weights.mean(), MOST_WEIGHT), dtype=torch.float32)

    def _draws(self, texts: Sequence[str]) -> Iterator[tuple[list[int], list[Ids]]]:
        """Batches without end, each pass over the texts with other noise, other cuts and in another order."""
        draw = random.Random(0)  # noqa: S311 - a fixed draw, not a secret
        while True:
            ids = [self._ids(noisy(text, draw) if draw.random() < NOISY else text) for text in texts]
            ids = [_clipped(each, draw) if draw.random() < CLIPPED else each for each in ids]
            for places in _batches(ids, draw):
                yield places, [ids[place] for place in places]

    def _logits(self, ids: Sequence[Ids]) -> Any:
        width = max(map(len, ids))
        tokens = torch.zeros(len(ids), width, dtype=torch.long)
        mask = torch.zeros(len(ids), width)
        for row, each in enumerate(ids):
            tokens[row, : len(each)] = torch.tensor(each)
            mask[row, : len(each)] = 1.0
        drawn = torch.rand(tokens.shape) < MASKED * 2 * torch.rand(len(ids), 1)
        tokens = torch.where(drawn & (tokens > MASK), MASK, tokens)
        with torch.no_grad():
            states = self.embeddings(input_ids=tokens, token_type_ids=torch.zeros_like(tokens))
            states = through(self.lower, states, (1.0 - mask[:, None, None, :]) * torch.finfo(torch.float32).min)[-1]
        return self.upper(states, mask)


def _rate(step: int, steps: int) -> float:
    return min((step + 1) / (WARM_UP * steps), max(0.02, (steps - step) / ((1 - WARM_UP) * steps)))


def _clipped(ids: Ids, draw: random.Random) -> Ids:
    """Long prompts with their middle cut out, where the material is."""
    if len(ids) <= 60:
        return ids
    kept = draw.randint(14, 32)
    return [*ids[: kept + 1], SEP, *ids[-kept - 1 :]]


def _batches(ids: Sequence[Ids], draw: random.Random) -> Iterator[list[int]]:
    """Places of texts of about the same length, so many that a batch holds at most `TOKENS` tokens."""
    order = sorted(range(len(ids)), key=lambda place: len(ids[place]) + draw.uniform(-6, 6))
    batches: list[list[int]] = [[]]
    longest = 0
    for place in order:
        longest = max(longest, len(ids[place]))
        if batches[-1] and longest * (len(batches[-1]) + 1) > TOKENS:
            batches.append([])
            longest = len(ids[place])
        batches[-1].append(place)
    draw.shuffle(batches)
    yield from batches
