"""The card of an expert."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

NAMED = 24  # labels that a heading names; of more it gives the number
Grid = Callable[[str, Mapping[str, Mapping[str, Any]]], str]
Table = Callable[[Mapping[str, Any], str, str], str]


def text(name: str, facts: Mapping[str, Any], grid: Grid, table: Table) -> str:
    """What the build measured of an expert, said in full."""
    heads = "\n".join(_head(own, grid) for own in facts["heads"])
    rows = table(facts["rows"], "source · part", "rows")
    return EXPERT.format(name=name, heads=heads, rows=rows, about=ABOUT[name], **{k: facts[k] for k in ("task", "n")})


def _head(own: Mapping[str, Any], grid: Grid) -> str:
    lines = grid("test rows", {"all with true labels": own["test"], **own["test_by_source"]})
    scores = "".join(
        grid(f"measure, {source}", {"test rows as said": each}) + "\n" for source, each in own["scores"].items()
    )
    labels = own["labels"]
    confusion = ""
    if "confusion" in own:
        told = "Test rows by true label, what the head says of each and what the gate lets it serve:"
        confusion = f"{told}\n\n{grid('true label', own['confusion'])}"
    return GATE.format(
        labels=", ".join(labels) if len(labels) <= NAMED else f"{len(labels)} labels of {own['lesson']}",
        lines=lines,
        confusion=confusion,
        scores=scores,
        gates=grid("gate", own["gates"]),
        **own["gate"],
    )


EXPERT = """# Expert: {name}

What: answers `{task}` prompts in English. Light heads on the trunk (`encoder/`), calibrated, gated by a certified
confidence and by novelty (at most the 0.975 quantile of held-out rows). Learned from {n} rows.

{about}

## Heads

{heads}
## Data

Part `train` taught the trunk and its heads; calibration, novelty and the thresholds to try are fitted on `tune`;
`calibrate` certifies the gate, `test` is only measured. A collection with a held-out and a test split of its own gives
`calibrate` and `test` by them; of the others all that is held out is `test`, and a tenth of the training rows
`calibrate`. A source with assumed labels is never calibrated on.

{rows}
## Limits

The promise holds for work like the `calibrate` rows, mixed as they are; on a single source the error of what is
served can be higher, see the table. Nothing below a confidence of 0.8 is ever served. Of texts longer than 126 tokens
the first 63 and the last 62 are read. English only. Gibberish is not always seen as novel. `gates: {{{name}:
{{epsilon: 0.02}}}}` under `experts` in surveyor.yaml has the gate certified for other rates, from the confidences in
the calibration rows, which are kept here.
"""

GATE = """### {{{labels}}}

Gate: P(wrong | served) <= {epsilon} with confidence 1 - {delta}, by fixed-sequence Learn-then-Test with the
Clopper-Pearson bound on n = {n} rows the head never saw: threshold {threshold:.4f}, coverage {coverage:.4f}, of which
{wrong} were wrong. Beside it what naive tuning on the same rows would have served, and what can be said of that:

{gates}
{lines}
{scores}{confusion}
"""

ABOUT = {
    "sentiment": """Licences: `sst2` (sentences of film reviews; repository MIT, no explicit licence of the text:
unclear), `imdb_small` (repository Apache-2.0, review text: unclear), `tweet_sentiment` (TweetEval, platform terms:
unclear), `goemotions` (Apache-2.0 / CC BY 4.0: ok; comments whose feelings share one polarity). One head with three
labels serves both sets; reviews taught it nothing about neutral. The labels of three-way polarity are noisy, hence
its larger epsilon. No irony detection.""",
    "spam": """Licences: `sms_spam` (UCI SMS Spam Collection, CC BY 4.0: ok), `own` messages (Apache-2.0: ok),
`goemotions` (Apache-2.0 / CC BY 4.0: ok) and `sst2` (unclear), both taken as ordinary messages (assumed labels).
Certified on text messages; e-mail is covered by our own examples only, and not measured.""",
    "toxicity": """\
Licences: `davidson` (MIT: ok), `olid` (TweetEval, platform terms: unclear), `stormfront` (CC BY-SA 3.0: sa); with
assumed label not_toxic: friendly `goemotions` comments (ok), `sst2` and `imdb_small` reviews (unclear), `sms_spam`
messages that are not spam (ok). HatEval is not used: it calls insults that are not aimed at women or migrants "not
hate", against the other three. In `davidson` dialect and swearing among friends are often labelled toxic, and the
head has learned that.""",
    "emotion": """Licences: `emotion_tweet` (TweetEval, SemEval-2018, platform terms: unclear) for anger, joy, optimism
and sadness; `goemotions` (Apache-2.0 / CC BY 4.0: ok), comments with one of Ekman's emotions or none, for the other
two sets. Annotators of the latter often disagree, hence the larger epsilon.""",
    "topic": """Licences: `trec` (types of questions, free for research, no licence file: unclear) and
`stackoverflow_topics` (titles of questions by tag, CC BY-SA: sa). No head for news: AG News is for non-commercial use
and nothing else here has such labels; an operator's own rows make one (`surveyor train`).""",
    "intent": """Licences: `banking77` (CC BY 4.0: ok), `ood_clinc150` (CC BY 3.0: ok), `hwu64` (CC BY 4.0: ok). Each
head knows its own intents and is bound only where a prompt lists all of them.""",
    "acceptability": """Licence: `cola` (fair-use research release, no licence file: unclear). Sentences of linguists;
what is wrong in learners' English is another matter.""",
    "subjectivity": """Licence: `subj` (sentences of film reviews against plots; no licence file, research use
customary: unclear). Other subjects than films are not measured.""",
    "nli": """Licences: `snli_subset` and `snli_counterfactual` (CC BY-SA 4.0: sa), `rte` (no licence file: unclear),
which does not tell contradiction from neutral and serves the two-label set. SICK is for non-commercial use and not in
it. Captions of pictures for the most part; a premise's hypotheses stay in one part.""",
    "paraphrase": """Licence: `mrpc` (Microsoft research licence: unclear). Sentences of news about the same event.""",
    "similarity": """Licence: `stsb` (CC BY-SA 4.0, texts mixed: sa). The answer is a score from 0 to 1, said in the
prompt's own scale; it counts as wrong where it is off by more than a fifth of the scale (one point of five). What the
trunk makes of the pair is mixed with the cosine of both sentence embeddings, of the network as it came; the weights are
fitted on `tune`.""",
    "entities": """Licences: `wikigold` and `wnut17` (CC BY 4.0: ok). BIO tags of words, decoded so that no entity
begins in its middle. The tokenizer knows no case, so that how a word is written stands beside its state. An answer is
right only if every entity of the text is, so that the gate is about whole texts. WNUT17's held-out sentences are of
other sites than its training ones; half of them certify the gate, half are `test`.""",
}
