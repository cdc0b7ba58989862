"""The novelty of prompts: fused3 on the first look, and an outlier head beside it.

In the domain is a prompt for one of the 39 tasks. Odd is what `prompts_ood` and `odd` hold. Of `prompts_ood`, split
`dev` teaches the outlier head and chose everything here; split `test` is only measured. Prompts that stand for traffic
are `strangers`, of sources that nothing was learned from: scaling, quantile and share come from them.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.embed import Look, StaticEmbedder
from classifiers.linear import Linear, features
from classifiers.novelty import Novelty, PromptNovelty
from classifiers.task import TaskHead

from . import data, odd
from .corpus import OWN, Corpus
from .measure import auroc

PER_LABEL = 4  # prototypes, as few as before: each costs time at every request
SHARE = 0.7  # of the outlier head; more was hardly better on kinds it was shown, and worse on kinds it was not
C, ODD_WEIGHT = 0.5, 0.5  # regularisation; weight of all odd texts together against all prompts
FOLDS = 3  # of `dev`, for figures of odd texts that their head has not seen
SPARSE = 3  # for those figures every third prompt is learned from
BY_DETAIL = frozenset({"device_command", "unseen_task", "non_english_chat"})  # whose details a fold keeps together
OVER = 0.95


@dataclass(frozen=True, slots=True)
class Odd:
    """Odd texts: looks, kinds, and the fold of each; texts beyond `dev` have fold -1 and are always learned from."""

    looks: list[Look]
    kinds: np.ndarray[Any, Any]
    folds: np.ndarray[Any, Any]

    def where(self, keep: np.ndarray[Any, Any]) -> Odd:
        """The part of them that the mask marks."""
        places = np.flatnonzero(keep)
        return Odd([self.looks[place] for place in places], self.kinds[places], self.folds[places])

    @property
    def weights(self) -> np.ndarray[Any, Any]:
        """One over the root of how many texts share the kind, collected and our own apart; mean 1."""
        keys = list(zip(self.kinds.tolist(), (self.folds < 0).tolist(), strict=True))
        counts = Counter(keys)
        raw = np.array([counts[key] ** -0.5 for key in keys])
        return np.asarray(raw / raw.mean())


def build(corpus: Corpus, folder: Path, out: Path, embedder: StaticEmbedder, head: TaskHead) -> dict[str, Any]:
    """Write `novelty/` under `out`; return what the card tells. `head` is the task head that is asked beside it."""
    rows = data.rows(folder, "prompts_ood")
    dev = _known_odd(embedder, corpus, folder, rows)
    train, strangers = embedder.looks(corpus.train.texts), embedder.looks(corpus.strangers.texts)
    novelty = Novelty.fit(_vectors(train), corpus.train.labels, _vectors(strangers), _sure(head, strangers), PER_LABEL)
    outlier = fit_outlier(train, corpus.train.weights, dev)
    PromptNovelty.fit(novelty, outlier, strangers, _sure(head, strangers), SHARE).save(out / "novelty")
    loaded = PromptNovelty.load(out / "novelty")
    return {
        "prototypes_per_label": PER_LABEL,
        "share": SHARE,
        "held": {"strangers": len(strangers), "own": sum(each.startswith(OWN) for each in corpus.strangers.sources)},
        "odd": dict(sorted(Counter(dev.kinds.tolist()).items())),
        "unseen": unseen_figures(head, loaded.novelty, corpus, embedder, dev),
        "figures": {"test": figures(head, loaded, corpus, embedder, data.of_split(rows, "test"))},
    }


def fit_outlier(looks: Sequence[Look], weights: Sequence[float], found: Odd) -> Linear:
    """A linear SVM of one head over the looks of prompts, weighted (n,), and odd texts: the larger, the odder."""
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - slow to import

    odd_weights = found.weights * (ODD_WEIGHT * len(looks) / len(found.looks))
    truth = np.concatenate((np.zeros(len(looks)), np.ones(len(found.looks))))
    model = LinearSVC(C=C, random_state=0)
    model.fit(features([*looks, *found.looks]), truth, sample_weight=np.concatenate((weights, odd_weights)))
    return Linear.of(model.coef_, model.intercept_)


def unseen_figures(
    head: TaskHead, novelty: Novelty, corpus: Corpus, embedder: StaticEmbedder, found: Odd
) -> dict[str, Any]:
    """AUROC of `dev` against strangers, by kind: seen kinds (other texts of it were learned), and unseen ones.

    For an unseen kind neither `dev` nor our own texts of that kind are learned from. Heads learn from every third
    prompt, so that this takes seconds.
    """
    part = corpus.train.where([place % SPARSE == 0 for place in range(len(corpus.train.texts))])
    looks, strangers = embedder.looks(part.texts), embedder.looks(corpus.strangers.texts)
    sure = _sure(head, strangers)

    def learned_from(learned: np.ndarray[Any, Any]) -> tuple[PromptNovelty, np.ndarray[Any, Any]]:
        outlier = fit_outlier(looks, part.weights, found.where(learned))
        made = PromptNovelty.fit(novelty, outlier, strangers, sure, SHARE)
        return made, made.sums(strangers, sure)

    def told(made: PromptNovelty, usual: np.ndarray[Any, Any], asked: np.ndarray[Any, Any]) -> float:
        strange = found.where(asked).looks
        return round(auroc(made.sums(strange, _sure(head, strange)), usual), 4)

    seen, unseen = {}, {}
    dev = found.folds >= 0
    all_kinds = learned_from(found.folds != 0)
    for kind in sorted(set(found.kinds[dev].tolist())):
        here = found.kinds == kind
        unseen[kind] = told(*learned_from(~here), here & dev)
        seen[kind] = told(*all_kinds, here & (found.folds == 0))
    n = Counter(found.kinds[dev].tolist())
    means = {name: _mean(each, n) for name, each in (("seen", seen), ("unseen", unseen))}
    return {"n": dict(sorted(n.items())), "seen": seen, "unseen": unseen, "mean": means}


def figures(
    head: TaskHead, novelty: PromptNovelty, corpus: Corpus, embedder: StaticEmbedder, found: Sequence[data.Row]
) -> dict[str, Any]:
    """How well odd texts are told from the prompts of `test`, in all and by kind."""
    looks, known = embedder.looks([row["text"] for row in found]), embedder.looks(corpus.test.texts)
    scores = np.array([novelty.score(look, float(head.probabilities(look).max())) for look in looks])
    usual = np.array([novelty.score(look, float(head.probabilities(look).max())) for look in known])
    kinds = np.array([row["kind"] for row in found])
    return {
        "n": len(looks),
        "against": f"prompts test, n={len(known)}",
        "auroc": round(auroc(scores, usual), 4),
        "odd_over_0.95": round(float((scores > OVER).mean()), 4),
        "known_over_0.95": round(float((usual > OVER).mean()), 4),
        "auroc_by_kind": {kind: round(auroc(scores[kinds == kind], usual), 4) for kind in sorted(set(kinds.tolist()))},
    }


def card(facts: Mapping[str, Any]) -> str:
    """The text of the card, without its files."""
    test, unseen = facts["figures"]["test"], facts["unseen"]
    kinds = "".join(
        f"| {kind} | {facts['odd'][kind]} | {unseen['seen'][kind]} | {unseen['unseen'][kind]} | {figure} |\n"
        for kind, figure in test["auroc_by_kind"].items()
    )
    total = f"| all | {sum(facts['odd'].values())} | {unseen['mean']['seen']} | {unseen['mean']['unseen']} |"
    named = {key: facts[key] for key in ("share", "prototypes_per_label")} | {
        key: test[key] for key in ("n", "against")
    }
    over = {"odd": test["odd_over_0.95"], "known": test["known_over_0.95"]}
    lines = f"{kinds}{total} {test['auroc']} |"
    return CARD.format(kinds=lines, **facts["held"], **named, **over)


def _known_odd(embedder: StaticEmbedder, corpus: Corpus, folder: Path, rows: Sequence[data.Row]) -> Odd:
    """The odd texts that may be learned from: `dev`, and what `odd` makes and collects."""
    dev = data.of_split(rows, "dev")
    more = odd.texts(folder, dev, _words(corpus), {row["text"] for row in rows})
    looks = embedder.looks([row["text"] for row in dev] + [text for text, _ in more])
    kinds = [row["kind"] for row in dev] + [kind for _, kind in more]
    folds = [_fold(row) for row in dev] + [-1] * len(more)
    return Odd(looks, np.array(kinds), np.array(folds))


def _words(corpus: Corpus) -> list[str]:
    """Plain words that prompts use, sorted: what gibberish is scrambled from."""
    found = Counter(word for text in corpus.train.texts for word in set(text.lower().split()))
    return sorted(word for word, n in found.items() if n > 2 and len(word) > 2 and word.isascii() and word.isalpha())


def _fold(row: data.Row) -> int:
    key = f"{row['kind']} {row['detail']}" if row["kind"] in BY_DETAIL else row["id"]
    return zlib.crc32(key.encode()) % FOLDS


def _sure(head: TaskHead, looks: Sequence[Look]) -> np.ndarray[Any, Any]:
    return np.array([float(head.probabilities(look).max()) for look in looks])


def _vectors(looks: Sequence[Look]) -> np.ndarray[Any, Any]:
    return np.stack([look.vector for look in looks])


def _mean(found: Mapping[str, float], n: Mapping[str, int]) -> float:
    return round(float(np.average([found[kind] for kind in found], weights=[n[kind] for kind in found])), 4)


CARD = """# Novelty of prompts

What: a quantile in [0, 1]: 0.95 means that 5 % of held-out prompts of the 39 tasks look this odd. It adds two scores,
each standardised on those prompts. fused3 (weight 1 - {share}) is the sum of three: minus the log of the task head's
largest probability, cosine distance to the nearest of {prototypes_per_label} k-means prototypes a task, and cosine
distance to the nearest task's centre after a linear discriminant analysis, both on the static vector. The outlier head
(weight {share}) is a linear SVM over the first look's n-grams and vector, shown odd texts (outlier exposure,
arXiv 1812.04606).

Data: the task head's training prompts; odd texts of `prompts_ood` split `dev`, of our own making (gibberish and logs,
`classifiers/train/odd.py`), of `language_id` split `train` (other languages standing alone; without its rows from
chatterbot; Multi30K terms: unclear, STS-B and XQuAD: CC BY-SA 4.0), and commands of CLINC150 and HWU64 split `train`
(CC BY), of those intents only that `dev` has. Scaling and quantile: {strangers} prompts held out of training,
{own} of them phrasings of ours, the others of collections that their task is not learned from. The weight of the
outlier head was chosen on `dev` against them; more of it was hardly better on kinds it was shown, worse on others.

## Figures

AUROC by kind of odd text. `seen`: `dev` against those held-out prompts, by a head that learned other texts of the kind.
`unseen`: the same by a head that learned nothing of that kind, as for an oddness that nobody thought of. `test`:
`prompts_ood` test, n = {n}, against {against}, measured only for this card. Means of `dev` are weighed by rows.

| kind | odd texts learned | seen | unseen | test |
|---|---|---|---|---|
{kinds}

Over 0.95 on `test`: {odd:.1%} of the odd texts, {known:.1%} of the prompts.

## Limits

What kind of oddness was not shown is told far worse, see `unseen`: it is one signal, not a promise. A task beyond the
39, worded like one of them, looks ordinary; so does a known instruction around odd material. Short chit-chat and
commands to a device differ by habit only. English.
"""
