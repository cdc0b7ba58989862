"""The card of the difficulty head, from what its build measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .difficulty import SMALL, STANDARD

Table = Callable[..., str]


def text(facts: Mapping[str, Any], grid: Table, table: Table) -> str:
    """The card without its list of files; `grid` and `table` are those of `cards`."""
    return CARD.format(
        standard=", ".join(STANDARD),
        small=", ".join(SMALL),
        tasks=", ".join(f"`{task}`" for task in facts["tasks"]),
        left_out=table(facts["left_out"], "left out because the question occurs, or is", "questions"),
        sets=grid("data set", facts["sets"]),
        random=grid("method", facts["random"]),
        strange=grid("method", facts["strange"]),
        test=grid("method", facts["test"]),
        steps=grid("P", facts["steps"]),
        steps_strange=grid("P", facts["steps_strange"]),
        **{name: facts[name] for name in ("n", "gain", "offset")},
    )


CARD = """# Difficulty: would the standard tier get it right?

What: P(a model of the standard tier answers right), by logistic regression over the hashed token n-grams and the
static vector of the first look, int8 table; log odds made calibrated by a gain of {gain} and an offset of {offset}
(Platt) on questions scored by heads that had not seen them.

It speaks only of tasks whose answers have a key and that its data covers:
{tasks};
in English. Of anything else, and of texts under three tokens, it says nothing.

## What it cannot know

- **It knows kinds of questions, not questions.** On a data set that it never saw it orders questions no better than
  chance (table *unseen data sets*), and within most sets it barely does. Read it as: how did the standard tier do on
  questions that look like this one?
- Right and wrong were told by comparing short answers with a key. A right answer in other words counted as wrong,
  which is why TriviaQA looks so hard here. Nothing is known of open questions, writing, summaries, advice.
- The models are of 2024. A better standard tier is right more often than it says; the order should hold better.
- The data holds questions without their options, though the models were shown them.
- There is no large tier in the data: that a larger model gets right what this one gets wrong is not measured here.

## Data

`llmrouter_dcrouter_train` (ulab-uiuc/LLMRouter, MIT): questions of public test sets with the scores of nine models. The
standard tier is the mean of
{standard},
two models of about 50B parameters; the small tier, used for the tables only, that of
{small}.
The other three (two answer from passages, one writes code only) are not used. The file's cluster numbers come from the
models' scores, so they say nothing of subjects and are not used either; data sets are told by the order of the file.

{left_out}
One is *in* the other where the normalised text (letters and digits, lower case), or what stands before the options,
is equal, or, from six words on, stands whole inside. {n} questions are left.

{sets}
`said` is the mean probability by heads that had not seen the question, `said, never seen` by heads that had seen no
question of the set.

## Figures

Random fifths held out (what is known of questions like known ones):

{random}
Unseen data sets, each held out whole (what is to be expected of strangers):

{strange}
`llmrouter_dcrouter_test` without CommonGen, measured for this card and used for nothing:

{test}
The baselines are fitted on the same questions as the head: the mean, the mean of prompts of about this length (20
bins), the mean of the task type that the first look tells.

## Thresholds

On random fifths:

{steps}
The same on unseen data sets:

{steps_strange}
The policy's thresholds are read off the first table. `doubtful` is the highest step under which the standard tier was
wrong three times in four: a larger model is tried only where there is much to win. `easy` is the lowest from
which on it was right seven times in eight. The small tier was right far less often even there, so no rule goes below
the standard tier on this signal.

## How

C (0.1, 0.3, 1, 3) and the weight of the vector (0.5, 1, 2) were chosen by AUROC on random fifths of the training file,
before any figure on the test file.
"""
