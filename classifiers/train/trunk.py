"""The trunk: the upper four layers of all-MiniLM-L6-v2, fine-tuned on all lessons and the task types at once.

The layers below stay as they are (`encoder.py` exports them); a text goes once through the trunk, whoever reads it.
"""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from transformers import AutoModel

from classifiers.tokens import SEP, WRITTEN, of_pair, of_prompt, of_text, of_words, shapes

from .corpus import OWN, Prompts
from .encoder import SHARED, WIDTH, export, through
from .lessons import AGAIN_OF, HEADS, TASK, Example, Lesson, Tagged
from .network import DROPPED, Target, Upper, label_losses, score_losses
from .noise import noisy
from .weights import minilm

RATE, HEAD_RATE, WARM_UP = 1e-4, 1e-3, 0.06
ROUNDS = 4  # what is learned in fewer passes stands in some of them only
STAGES = 1  # what ships has gone through the first alone; the second is there for whoever has an hour more
AGAIN = 6  # rounds of the second stage, in which each item stands as often as its lesson's `again` says
TASK_AGAIN = 0.35
TASK_PASSES = 2
TOKENS = 1_280  # of a batch
NOISY, CLIPPED, MASKED = 0.25, 0.3, 0.1  # shares of prompts with noise, of long ones cut, and of tokens masked
LIGHTLY = 0.04  # share of tokens masked where it is not a prompt's task that is learned
OWN_WEIGHT, MOST_WEIGHT = 1.5, 6.0
MASK = 103
EVERY = 200  # steps between checkpoints
Ids = list[int]


def build(lessons: Sequence[Lesson], prompts: Prompts, folder: Path, checkpoint: Path) -> dict[str, object]:
    """Fine-tune and write `trunk.onnx` and the heads to `folder`; return what the card tells.

    A run on the same examples that was cut off goes on from `checkpoint`, which stays: fine-tuning starts from it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trunk = Trunk(lessons, sorted(set(prompts.labels)))
    trunk.fit(prompts, checkpoint)
    trunk.save(folder / "trunk.onnx", folder / HEADS)
    learned = {
        each.name: {
            "kind": each.kind,
            "labels": len(each.labels),
            "passes": each.passes,
            "rows": sum(example.part == "train" for example in (*each.examples, *each.tagged)),
        }
        for each in lessons
    }
    task = {
        "kind": "label",
        "labels": len(trunk.labels[0]),
        "passes": TASK_PASSES,
        "rows": len(prompts.texts),
    }
    return {"lessons": {TASK: task, **learned}, "rounds": ROUNDS, "tokens": TOKENS}


@dataclass(frozen=True, slots=True)
class Item:
    """A text, pair or sentence with all that is learned from it."""

    text: str
    targets: tuple[Target, ...]
    passes: int
    again: float
    other: str = ""
    either_way: bool = False
    words: tuple[str, ...] = ()
    tags: tuple[int, ...] = ()

    @property
    def is_prompt(self) -> bool:
        """Whether its task type is learned."""
        return self.targets[0].head == 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Items of about the same length with their token ids."""

    items: list[Item]
    ids: list[Ids]


class Trunk:
    """A run of fine-tuning that can be taken up again from its checkpoint."""

    def __init__(self, lessons: Sequence[Lesson], labels: Sequence[str] = ("none",), rounds: int = ROUNDS) -> None:
        torch.manual_seed(0)
        model = AutoModel.from_pretrained(str(minilm()))
        self.tokenizer = Tokenizer.from_file(str(minilm() / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.embeddings, self.lower = model.embeddings.eval(), model.encoder.layer[:SHARED].eval()
        self.upper = Upper(model).train()
        self.rounds = rounds
        self.names = (TASK, *(each.name for each in lessons))
        self.labels = (tuple(labels), *(each.labels for each in lessons))
        self.kinds = ("label", *(each.kind for each in lessons))
        self.heads = torch.nn.ModuleList(
            torch.nn.Linear(2 * WIDTH + (WRITTEN if kind == "tags" else 0), max(1, len(names)))
            for kind, names in zip(self.kinds, self.labels, strict=True)
        )
        for head in self.heads:
            torch.nn.init.normal_(head.weight, std=0.02)
            torch.nn.init.zeros_(head.bias)
        self.dropout = torch.nn.Dropout(DROPPED)
        self.lessons = tuple(lessons)

    def fit(self, prompts: Prompts | None, checkpoint: Path, stages: int = STAGES) -> None:
        """Fine-tune; every few minutes the state goes to `checkpoint`, where a run that was cut off goes on.

        All lessons stand in the first stage, by their size. The second goes on from there with those that are small or
        hard, and a part of the others, so that they are not forgotten.
        """
        items = [*(self._prompts(prompts) if prompts else ()), *self._items()]
        every = "\n".join((*self.names, *(each.text for each in items))).encode("utf-8", "replace")
        abouts = [zlib.crc32(every + f"{stage or ''}".encode()) for stage in range(stages)]
        kept = torch.load(checkpoint, weights_only=True)["about"] if checkpoint.exists() else None
        if kept not in abouts:  # of a run on other examples, which is of no use here
            checkpoint.unlink(missing_ok=True)
        for stage in range(abouts.index(kept) if kept in abouts else 0, stages):
            self._stage(lambda stage=stage: self._batches(items, stage), abouts[stage], checkpoint)
        self.upper.eval()

    def _stage(self, batches: Callable[[], Iterator[Batch]], about: int, checkpoint: Path) -> None:
        """From one warm-up to the end of one decay."""
        parameters = [*self.upper.parameters(), *self.heads.parameters()]
        groups = [
            {"params": list(self.upper.parameters()), "lr": RATE},
            {"params": list(self.heads.parameters()), "lr": HEAD_RATE},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
        steps = sum(1 for _ in batches())
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
        done, began, mean = self._resumed(checkpoint, about, optimizer, schedule), time.monotonic(), 0.0
        for step, batch in enumerate(batches()):
            if step < done:  # a run that was cut off draws the same batches again
                continue
            loss = self._loss(batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            mean += (float(loss.detach()) - mean) / min(step - done + 1, 50)
            if step % EVERY == EVERY - 1 or step == steps - 1:
                state = {"upper": self.upper.state_dict(), "heads": self.heads.state_dict()}
                state |= {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
                torch.save(state | {"draws": torch.get_rng_state(), "about": about, "done": step + 1}, checkpoint)
                print(f"{time.monotonic() - began:7.0f} s  step {step + 1} of {steps}, loss {mean:.3f}", flush=True)

    def start_from(self, checkpoint: Path) -> None:
        """Take the layers of a finished run, not its heads. Raises OSError when there is none."""
        self.upper.load_state_dict(torch.load(checkpoint, weights_only=True)["upper"])

    def _resumed(self, checkpoint: Path, about: int, optimizer: Any, schedule: Any) -> int:
        """Take up what is kept: of this stage all, of the one before what it has learned; return the steps done."""
        if not checkpoint.exists():
            return 0
        kept = torch.load(checkpoint, weights_only=True)
        self.upper.load_state_dict(kept["upper"])
        self.heads.load_state_dict(kept["heads"])
        if kept["about"] != about:
            return 0
        optimizer.load_state_dict(kept["optimizer"])
        schedule.load_state_dict(kept["schedule"])
        torch.set_rng_state(kept["draws"])
        return int(kept["done"])

    def save(self, path: Path, heads: Path) -> None:
        """Write the network as ONNX, weights in int8, and the heads as safetensors: `<name>.weights` and `.bias`."""
        export(self.upper.eval(), torch.ones(1, 7, WIDTH), "states", ("row", "tokens"), path)
        arrays = {}
        for name, head in zip(self.names, self.heads, strict=True):
            arrays[f"{name}.weights"] = np.ascontiguousarray(head.weight.detach().numpy().T, np.float16)
            arrays[f"{name}.bias"] = head.bias.detach().numpy()
        save_file(arrays, heads)

    def _prompts(self, found: Prompts) -> Iterator[Item]:
        own = np.array([source.startswith(OWN) for source in found.sources])
        weights = np.array(found.weights) * np.where(own, OWN_WEIGHT, 1.0)
        weights = np.minimum(weights / weights.mean(), MOST_WEIGHT)
        every = tuple(range(len(self.labels[0])))
        for text, label, weight in zip(found.texts, found.labels, weights.tolist(), strict=True):
            target = Target(0, (self.labels[0].index(label),), every, weight=weight)
            yield Item(text, (target,), TASK_PASSES, TASK_AGAIN)

    def _items(self) -> Iterator[Item]:
        """All examples; what several lessons learn from one text is one item."""
        texts: dict[str, list[tuple[Target, int, float]]] = {}
        for head, lesson in enumerate(self.lessons, 1):
            for each in lesson.examples:
                if each.part != "train":
                    continue
                target, again = _target(head, lesson, each), AGAIN_OF.get(f"{lesson.name}/{each.source}", lesson.again)
                if lesson.kind == "label":
                    texts.setdefault(each.text, []).append((target, lesson.passes, again))
                else:
                    yield Item(each.text, (target,), lesson.passes, again, each.other, lesson.either_way)
            for sentence in lesson.tagged:
                if sentence.part == "train":
                    yield _tagged(head, lesson, sentence)
        for text, found in texts.items():
            targets, passes, again = zip(*found, strict=True)
            yield Item(text, targets, max(passes), max(again))

    def _batches(self, items: Sequence[Item], stage: int) -> Iterator[Batch]:
        """All rounds of a stage, each with other noise, other cuts and in another order."""
        draw = random.Random(stage)  # noqa: S311 - a fixed draw, not a secret
        starts = [draw.randrange(self.rounds) for _ in items]
        for turn in range(AGAIN if stage else self.rounds):
            # as many of the rounds as it has passes, spread evenly from a place of its own on; later by chance
            due = [
                item
                for item, start in zip(items, starts, strict=True)
                if (draw.random() * AGAIN < item.again if stage else self._stands(item, turn + start))
            ]
            ids = [self._ids(item, draw) for item in due]
            for places in _grouped(ids, draw):
                yield Batch([due[place] for place in places], [ids[place] for place in places])

    def _stands(self, item: Item, turn: int) -> bool:
        return turn * item.passes % self.rounds < item.passes

    def _ids(self, item: Item, draw: random.Random) -> Ids:
        if item.words:
            return of_words(self.tokenizer, item.words)[0]
        if item.other:
            pair = (item.text, item.other)
            return of_pair(self.tokenizer, *(pair[::-1] if item.either_way and draw.random() < 0.5 else pair))
        if not item.is_prompt:
            return of_text(self.tokenizer, item.text)
        ids = of_prompt(self.tokenizer, noisy(item.text, draw) if draw.random() < NOISY else item.text)
        return _clipped(ids, draw) if draw.random() < CLIPPED else ids

    def _loss(self, batch: Batch) -> Any:
        rows, tokens = self._run(batch)
        total, weight = torch.zeros(()), 0.0
        for head, (linear, kind) in enumerate(zip(self.heads, self.kinds, strict=True)):
            found = [(n, each) for n, item in enumerate(batch.items) for each in item.targets if each.head == head]
            if not found:
                continue
            places, targets = [n for n, _ in found], [each for _, each in found]
            if kind == "tags":
                total = total + self._tag_loss(linear, [batch.items[n] for n in places], tokens[places])
            else:
                logits = linear(self.dropout(rows[places, : 2 * WIDTH]))
                losses = score_losses(logits, targets) if kind == "score" else label_losses(logits, targets)
                total = total + (losses * torch.tensor([each.weight for each in targets])).sum()
            weight += len(found)
        return total / weight

    def _tag_loss(self, linear: Any, items: Sequence[Item], tokens: Any) -> Any:
        total = torch.zeros(())
        for item, states in zip(items, tokens, strict=True):
            firsts = of_words(self.tokenizer, item.words)[1]
            seen = torch.from_numpy(shapes(item.words))[: len(firsts)]
            logits = linear(torch.cat((self.dropout(states[firsts]), seen), dim=1))
            total = total + torch.nn.functional.cross_entropy(logits, torch.tensor(item.tags[: len(firsts)]))
        return 2.0 * total

    def _run(self, batch: Batch) -> tuple[Any, Any]:
        width = max(map(len, batch.ids))
        tokens = torch.zeros(len(batch.ids), width, dtype=torch.long)
        mask = torch.zeros(len(batch.ids), width)
        for row, each in enumerate(batch.ids):
            tokens[row, : len(each)] = torch.tensor(each)
            mask[row, : len(each)] = 1.0
        share = torch.tensor([[MASKED if item.is_prompt else LIGHTLY] for item in batch.items])
        drawn = torch.rand(tokens.shape) < share * 2 * torch.rand(len(batch.ids), 1)
        tokens = torch.where(drawn & (tokens > MASK), MASK, tokens)
        with torch.no_grad():
            states = self.embeddings(input_ids=tokens, token_type_ids=torch.zeros_like(tokens))
            states = through(self.lower, states, (1.0 - mask[:, None, None, :]) * torch.finfo(torch.float32).min)[-1]
        found: tuple[Any, Any] = self.upper(states, mask)
        return found


def _target(head: int, lesson: Lesson, example: Example) -> Target:
    if lesson.kind == "score":
        return Target(head, value=float(example.label))
    among = tuple(lesson.labels.index(label) for label in example.among or lesson.labels)
    return Target(head, tuple(lesson.labels.index(label) for label in example.label.split("|")), among)


def _tagged(head: int, lesson: Lesson, found: Tagged) -> Item:
    tags = tuple(lesson.labels.index(tag) for tag in found.tags)
    return Item(" ".join(found.words), (Target(head),), lesson.passes, lesson.again, words=found.words, tags=tags)


def _rate(step: int, steps: int) -> float:
    return min((step + 1) / (WARM_UP * steps), max(0.02, (steps - step) / ((1 - WARM_UP) * steps)))


def _clipped(ids: Ids, draw: random.Random) -> Ids:
    """Long prompts with their middle cut out, where the material is."""
    if len(ids) <= 60:
        return ids
    kept = draw.randint(14, 32)
    return [*ids[: kept + 1], SEP, *ids[-kept - 1 :]]


def _grouped(ids: Sequence[Ids], draw: random.Random) -> Iterator[list[int]]:
    """Places of texts of about the same length, so many that a batch holds at most `TOKENS` tokens."""
    order = sorted(range(len(ids)), key=lambda place: len(ids[place]) + draw.uniform(-4, 4))
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
