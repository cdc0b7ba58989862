"""The tuned layers as a network, and what it loses by a wrong answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .encoder import SHARED, through

DROPPED, SMOOTHING = 0.1, 0.05
OUT = 1e9  # what the logits of labels that cannot be lose


@dataclass(frozen=True, slots=True)
class Target:
    """What one head should say of one text: one of `right` among `among`, or the score `value`."""

    head: int
    right: tuple[int, ...] = ()
    among: tuple[int, ...] = ()
    value: float = 0.0
    weight: float = 1.0


class Upper(torch.nn.Module):
    """The tuned layers: states of texts, shape (b, n, 384), to rows (b, 1536) and token states (b, n, 768).

    A row is the mean and the first state of the last layer, the mean of the fourth and that of the second; a token's
    state is that of the last and of the fourth layer.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.layers = model.encoder.layer[SHARED:]
        for layer in self.layers:
            layer.attention.self.dropout.p = 0.0
            layer.attention.output.dropout, layer.output.dropout = Locked(DROPPED), Locked(DROPPED)

    def forward(self, states: Any, mask: Any = None) -> tuple[Any, Any]:
        """Run texts; `mask`, shape (b, n), is 1 where there is text. Without it, all of it is."""
        hidden = None if mask is None else (1.0 - mask[:, None, None, :]) * torch.finfo(states.dtype).min
        found = [states, *through(self.layers, states, hidden)]
        last, middle, first = found[-1], found[4 - SHARED], found[0]
        rows = torch.cat((_mean(last, mask), last[:, 0], _mean(middle, mask), _mean(first, mask)), dim=1)
        return rows, torch.cat((last, middle), dim=2)


class Locked(torch.nn.Module):
    """Dropout with one draw for all tokens of a text (Gal and Ghahramani, arXiv 1512.05287).

    A draw for each token's each number took longer on a CPU than all that is learned from it.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, states: Any) -> Any:
        """Of shape (b, n, d) or (b, d); outside training what comes in."""
        if not self.training:
            return states
        drawn = torch.rand(states.shape[0], *[1] * (states.dim() - 2), states.shape[-1]) >= self.share
        return states * (drawn.to(states.dtype) / (1.0 - self.share))


def _mean(states: Any, mask: Any) -> Any:
    if mask is None:
        return states.mean(dim=1)
    return (states * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


def label_losses(logits: Any, targets: Sequence[Target]) -> Any:
    """Cross-entropy of the right labels among those that can be, smoothed."""
    right, among = torch.full_like(logits, -OUT), torch.full_like(logits, -OUT)
    for row, each in enumerate(targets):
        right[row, list(each.right)] = 0.0
        among[row, list(each.among)] = 0.0
    whole = torch.logsumexp(logits + among, dim=1)
    sharp = whole - torch.logsumexp(logits + right, dim=1)
    can = (among == 0.0).to(logits.dtype)
    smooth = whole - (logits * can).sum(dim=1) / can.sum(dim=1)
    return (1.0 - SMOOTHING) * sharp + SMOOTHING * smooth


def score_losses(logits: Any, targets: Sequence[Target]) -> Any:
    """Cross-entropy of scores taken as probabilities."""
    values = torch.tensor([each.value for each in targets])
    return 2.0 * torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 0], values, reduction="none")
