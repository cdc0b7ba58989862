"""What a prompt was read as, and how an expert's answer is said in the prompt's own form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

BoundKind = Literal["label", "pair", "score", "entities"]


@dataclass(frozen=True, slots=True)
class Bound:
    """A prompt read as work for an expert: which task, on what text or pair, into which words, in which form.

    `kind` says what the expert is asked: a label of one text, a label of a pair, a score of a pair, or the entities of
    a text. `labels` maps the expert's own label to the word the prompt asked for, in the prompt's order; "" stands for
    a type of entity that the prompt does not ask for, and a score has no labels. `scale` has the ends of the prompt's
    own scale. `render` turns the prompt's word into the answer text; `write`, where there is one, the expert's whole
    answer: for a score a decimal in [0, 1], for entities a JSON list of [type, text] in the order of the text.
    `input` and `other` are prompt text: never stored.
    """

    task: str
    input: str
    labels: Mapping[str, str]
    render: Callable[[str], str] = field(default=lambda word: word)
    other: str = ""  # the second text of a pair: the hypothesis, where the first is the premise
    kind: BoundKind = "label"
    scale: tuple[float, float] | None = None
    write: Callable[[str], str | None] | None = None

    def written(self, answer: str) -> str | None:
        """The expert's answer in the prompt's own form; None where it cannot be said so, which means to abstain."""
        if self.write is not None:
            return self.write(answer)
        word = self.labels.get(answer)
        return None if word is None else self.render(word)
