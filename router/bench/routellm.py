"""`surveyor bench routellm`: which of two models to ask, on what both answered (MMLU and GSM8K, RouteLLM).

Strong is gpt-4-1106-preview, weak Mixtral-8x7B (Ong et al., arXiv:2406.18665). A method gives each prompt a score, the
need of the strong model. Two tracks that are never merged: *A1, transfer*, the difficulty head as it ships, which saw
no prompt of either set; *A2, small budget*, 1,500 labelled MMLU prompts to learn from, the other 12,537 to measure on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.kernel_ridge import KernelRidge
from threadpoolctl import threadpool_limits

from classifiers.difficulty import DifficultyHead
from classifiers.embed import Look, SentenceEncoder, StaticEmbedder
from classifiers.shipped import FOLDER
from classifiers.task import TaskHead
from router.bench.apgr import Figures, figures
from router.bench.results import DRAWS, Cell, Interval, Result, Target, rows_of

MMLU, GSM8K = "routing/routellm_mmlu", "routing/routellm_gsm8k"
BUDGET, SEEDS, RANDOM_RUNS = 1_500, 5, 20
PROMISED = 0.65  # APGR on A2
DESIGNED_ON = range(100, 106)  # seeds of the draws on which `WEIGHTS` and `GRID` were chosen
NEIGHBOURS = 50
SENTENCE = 384  # the first numbers of an encoder's row are the sentence embedding
# Of the squared distances: static vector, sentence embedding, the encoder's two lower layers, task scores, length.
WEIGHTS = (0.5, 0.3, 1.0, 0.5, 0.2)
GRID = ((0.5, 3.0), (0.5, 6.0), (1.0, 3.0), (1.0, 6.0), (1.0, 12.0), (2.0, 6.0))  # width, noise
FOLDS = 5
SHRINKAGE = 10.0  # prompts' worth of the mean in the prior of a subject
COLUMNS = ("method", "track", "data", "n", "runs", "right, %", "CPT50", "CPT80", "APGR")
ABOUT = (
    "Routing between two models on what both answered (RouteLLM). CPT50 and CPT80: per cent of prompts that go to the"
    " strong one for 50 % and 80 % of its gain, lower is better; APGR: mean share of the gain, higher is better. A2: "
    "{budget:,} labelled MMLU prompts, measured on the other {rest:,}, {seeds} seeds; A1: no question of either set "
    "was learned from, though others of GSM8K and MMLU were. Of several runs the mean stands, with the least and the "
    "greatest. Jitter of 1e-6 against ties."
)
Values = NDArray[np.float64]


# ── what the routers see ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Prompts:
    """The prompts of a set, and which model was right; `rows` are the encoder's, (n, 1152), or of no width."""

    texts: Sequence[str]
    subjects: Sequence[str]
    weak: Values
    strong: Values
    looks: Sequence[Look]
    tasks: Values  # raw scores of the task types, (n, labels)
    odds: Values  # of the difficulty head, (n,)
    rows: NDArray[np.float32]

    @property
    def gap(self) -> Values:
        """What asking the strong model gains: 1, 0 or -1."""
        return self.strong - self.weak

    @cached_property
    def lengths(self) -> Values:
        """Characters."""
        return np.array([float(len(text)) for text in self.texts])

    @cached_property
    def static(self) -> Values:
        """Static vectors, (n, 256)."""
        return np.stack([look.vector for look in self.looks]).astype(np.float64)

    @property
    def blocks(self) -> Sequence[tuple[float, Values]]:
        """All that the shipped looks tell: weight of a block in the kernel, and its numbers; the last two are plain."""
        sentence, lower = self.rows[:, :SENTENCE], self.rows[:, SENTENCE:]
        parts = (
            self.static,
            sentence,
            lower,
            self.tasks / np.sqrt(self.tasks.shape[1]),
            np.log1p(self.lengths)[:, None],
        )
        return [(weight, np.asarray(part, np.float64)) for weight, part in zip(WEIGHTS, parts, strict=True)]


class Shipped(NamedTuple):
    """The shipped models that this benchmark uses."""

    embedder: StaticEmbedder
    task: TaskHead
    difficulty: DifficultyHead
    encode: Callable[[Sequence[str]], NDArray[np.float32]]

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Shipped:
        """Load them. Raises OSError when a file is missing."""
        return cls(
            StaticEmbedder.load(folder / "static"),
            TaskHead.load(folder / "task"),
            DifficultyHead.load(folder / "difficulty"),
            SentenceEncoder.load(folder / "encoder").encode,
        )

    def see(self, data: Path, name: str, *, encoded: bool) -> Prompts:
        """Look at all prompts of a file. Raises FileNotFoundError where it is missing."""
        found = rows_of(data, name)
        texts = [row["prompt"] for row in found]
        looks = self.embedder.looks(texts)
        return Prompts(
            texts,
            [row["subject"] for row in found],
            np.array([row["weak"] for row in found], float),
            np.array([row["strong"] for row in found], float),
            looks,
            np.stack([self.task.scores(look) for look in looks]).astype(np.float64),
            np.array([self.difficulty.score(look) for look in looks]),
            self.encode(texts) if encoded else np.zeros((len(texts), 0), np.float32),
        )


# ── A2: routers that learn from a few labels ─────────────────────────────────────────────────────

Places = NDArray[np.int64]
Router = Callable[[Prompts, Places, Places], Values]  # learns at the first places, says the need at the second ones


def nearest(width: str) -> Router:
    """The mean gap of the 50 most similar labelled prompts, by the cosine of an attribute of `Prompts`."""

    def said(seen: Prompts, known: Places, asked: Places) -> Values:
        vectors = np.asarray(getattr(seen, width), np.float64)[:, :SENTENCE]
        near = vectors[asked] @ vectors[known].T
        few = min(NEIGHBOURS, len(known))
        return np.asarray(seen.gap[known][np.argpartition(-near, few - 1, axis=1)[:, :few]].mean(axis=1))

    return said


def spread_out(seen: Prompts, known: Places) -> Values:
    """The blocks side by side, so that squared distances add up by their weights; scaled by labelled prompts alone."""
    found = []
    for place, (weight, part) in enumerate(seen.blocks):
        plain = place >= len(WEIGHTS) - 2
        scale = np.maximum(part[known].std(axis=0) * (np.sqrt(part.shape[1]) if plain else 1), 1e-9) if plain else 1.0
        found.append(part / scale * np.sqrt(weight))
    return np.column_stack(found)


def length(seen: Prompts, _known: Places, asked: Places) -> Values:
    """Longer prompts first."""
    return seen.lengths[asked]


def own_head(seen: Prompts, _known: Places, asked: Places) -> Values:
    """The difficulty head as it ships: the less likely the standard tier is right, the sooner."""
    return -seen.odds[asked]


def subject(seen: Prompts, known: Places, asked: Places) -> Values:
    """The shrunken mean gap of the prompt's true subject, which no prompt tells: an oracle's knowledge."""
    names, places = np.unique(seen.subjects, return_inverse=True)
    return _priors(seen.gap[known], places[known], len(names))[places[asked]]


def _priors(gap: Values, group: NDArray[Any], groups: int) -> Values:
    count = np.bincount(group, minlength=groups)
    total = np.bincount(group, weights=gap, minlength=groups)
    return np.asarray((total + SHRINKAGE * gap.mean()) / (count + SHRINKAGE))


def process(seen: Prompts, known: Places, asked: Places) -> Values:
    """A Gaussian process on all that the shipped looks tell, its widths chosen inside the labelled prompts."""
    return chosen(seen, known, asked)[0]


def chosen(seen: Prompts, known: Places, asked: Places) -> tuple[Values, dict[str, float]]:
    """What the process says, and its width and noise: of `GRID` those of the least error in cross-validation."""
    points, gap = spread_out(seen, known), seen.gap
    folds = np.random.default_rng(0).permutation(len(known)) % FOLDS
    error = dict.fromkeys(GRID, 0.0)
    for fold in range(FOLDS):
        here, there = known[folds != fold], known[folds == fold]
        for each in GRID:
            error[each] += float(((_regress(points, gap, here, there, *each) - gap[there]) ** 2).sum())
    best = min(GRID, key=lambda each: error[each])
    return _regress(points, gap, known, asked, *best), {"width": best[0], "noise": best[1]}


def _regress(points: Values, gap: Values, known: Places, asked: Places, width: float, noise: float) -> Values:
    mean = float(gap[known].mean())
    model = KernelRidge(kernel="rbf", gamma=width, alpha=noise).fit(points[known], gap[known] - mean)
    return np.asarray(model.predict(points[asked])) + mean


# ── the benchmark ────────────────────────────────────────────────────────────────────────────────

FRESH = "ours, on fresh prompts alone"
OURS = "ours: a Gaussian process on the shipped looks"
NOTES = (
    "Features, their weights and the grid were chosen by cross-validation inside six other draws of 1,500 prompts "
    "(seeds 100 to 105), whose prompts are among those measured on; 'fresh' leaves them all out, learned and measured.",
    "The published best learned from labels of MMLU's validation split, ours from as many of the test pool.",
    "'true subject' reads the name of the prompt's file, which no prompt tells: an oracle's knowledge.",
)


def measure(data: Path, shipped: Shipped | None = None, budget: int = BUDGET) -> Result:
    """Both tracks. The encoder reads all of MMLU once, which takes minutes; its rows are kept in memory only.

    Args:
        data: folder with `routing/routellm_mmlu.jsonl.gz` and `routing/routellm_gsm8k.jsonl.gz`.
        shipped: the models; those of the package where left out.
        budget: labelled prompts of A2.

    Raises:
        FileNotFoundError: a file is missing.
    """
    models = shipped or Shipped.load()
    with threadpool_limits(1):
        mmlu, gsm8k = models.see(data, MMLU, encoded=True), models.see(data, GSM8K, encoded=False)
        alone = [*ends(mmlu, "MMLU"), *ends(gsm8k, "GSM8K")]
        untrained = [*transfer(mmlu, "MMLU"), *transfer(gsm8k, "GSM8K")]
        few, found = small_budget(mmlu, budget)
    rows = [
        *alone,
        *untrained,
        *(row("A2", "MMLU", told.n, name, told) for name, told in few.items()),
    ]
    return Result(
        name="routellm",
        about=ABOUT.format(budget=budget, rest=len(mmlu.texts) - budget, seeds=SEEDS),
        columns=COLUMNS,
        rows=rows,
        targets=[kept(name, few[name].apgr.value) for name in (OURS, FRESH) if name in few],
        details={
            "A2, by method": {name: told._asdict() for name, told in few.items()},
            "width and noise, by seed": found,
            "published best": {"source": "arXiv:2406.18665", "CPT50": 35.40, "CPT80": 70.31, "APGR": 0.603},
            "notes": NOTES,
        },
    )


class Told(NamedTuple):
    """Figures of several runs: their mean, the least and the greatest."""

    cpt50: Interval
    cpt80: Interval
    apgr: Interval
    runs: int
    n: int  # prompts that each run was measured on

    @classmethod
    def of(cls, runs: Sequence[Figures], n: int) -> Told:
        """From the figures of each run."""
        cpt50, cpt80, apgr = (Interval(float(np.mean(c)), min(c), max(c)) for c in zip(*runs, strict=True))
        return cls(cpt50, cpt80, apgr, len(runs), n)


def kept(name: str, apgr: float) -> Target:
    """Whether the promise is kept; on fresh prompts it is the stricter one, as no choice was made on them."""
    return Target(f"A2: APGR, {name}, mean of the seeds", f">= {PROMISED}", f"{apgr:.3f}", apgr >= PROMISED)


def row(track: str, name: str, n: int, method: str, told: Told) -> dict[str, Cell]:
    """A row of the table: of several runs the mean, the least and the greatest, as text."""
    found: dict[str, Cell] = {"method": method, "track": track, "data": name, "n": n, "runs": told.runs}
    for column, each, digits in zip(("CPT50", "CPT80", "APGR"), told[:3], (1, 1, 3), strict=True):
        spread = f"{each.value:.{digits}f}, {each.low:.{digits}f} to {each.high:.{digits}f}"
        found[column] = spread if told.runs > 1 else each.value
    return found


def drawn_anew(need: Values, seen: Prompts) -> Interval:
    """APGR with its 95 % interval: prompts drawn anew with replacement, 1,000 times."""
    draw = partial(np.random.default_rng(0).integers, 0, len(need), len(need))
    places = (draw() for _ in range(DRAWS))
    found = [figures(need[each], seen.weak[each], seen.strong[each]).apgr for each in places]
    low, high = np.quantile(found, (0.025, 0.975))
    return Interval(figures(need, seen.weak, seen.strong).apgr, float(low), float(high))


def ends(seen: Prompts, name: str) -> list[dict[str, Cell]]:
    """What needs no router: either model alone, and whoever is right, known beforehand."""
    said = {"always weak": seen.weak, "always strong": seen.strong, "oracle": np.maximum(seen.weak, seen.strong)}
    found = []
    for method, right in said.items():
        line: dict[str, Cell] = {"method": method, "data": name, "n": len(seen.texts)}
        found.append(line | {"right, %": 100 * float(right.mean())})
    best = figures(seen.gap, seen.weak, seen.strong)
    found[-1] |= dict(zip(("CPT50", "CPT80", "APGR"), best, strict=True))
    return found


def transfer(seen: Prompts, name: str) -> list[dict[str, Cell]]:
    """Track A1: what has learned nothing of the set."""
    everywhere = np.arange(len(seen.texts))
    rows = [row("A1", name, len(seen.texts), "random", by_chance(seen, everywhere))]
    parts: Mapping[str, Router] = {"longer prompts first": length, "ours: the difficulty head": own_head}
    for method, part in parts.items():
        need = part(seen, everywhere[:0], everywhere)
        told = Told.of([figures(need, seen.weak, seen.strong)], len(seen.texts))
        rows.append(row("A1", name, len(seen.texts), method, told) | {"APGR": drawn_anew(need, seen)})
    return rows


def by_chance(seen: Prompts, asked: Places) -> Told:
    """Random scores, 20 runs."""
    weak, strong = seen.weak[asked], seen.strong[asked]
    draws = (np.random.default_rng(seed).random(len(asked)) for seed in range(RANDOM_RUNS))
    return Told.of([figures(draw, weak, strong) for draw in draws], len(asked))


def small_budget(seen: Prompts, budget: int) -> tuple[dict[str, Told], list[dict[str, float]]]:
    """Track A2: figures of each method, and what ours chose, by seed."""
    trivial: Mapping[str, Router] = {
        "longer prompts first": length,
        "true subject (an oracle's knowledge)": subject,
        "static vector, 50 nearest": nearest("static"),
    }
    runs: dict[str, list[Figures]] = {name: [] for name in (*trivial, OURS, FRESH)}
    choices, pool = [], len(seen.texts)
    designed = np.unique([np.random.default_rng(seed).permutation(pool)[:budget] for seed in DESIGNED_ON])
    fresh = np.setdiff1d(np.arange(pool), designed)
    for seed in range(SEEDS):
        drawn = np.random.default_rng(seed).permutation(pool)
        known, asked = drawn[:budget], drawn[budget:]
        need, choice = chosen(seen, known, asked)
        choices.append(choice)
        said = {name: router(seen, known, asked) for name, router in trivial.items()} | {OURS: need}
        for name, each in said.items():
            runs[name].append(figures(each, seen.weak[asked], seen.strong[asked], seed))
        if len(fresh) <= budget:
            continue
        drawn = np.random.default_rng(seed).permutation(fresh)
        known, rest = drawn[:budget], drawn[budget:]
        runs[FRESH].append(figures(process(seen, known, rest), seen.weak[rest], seen.strong[rest], seed))
    found = {"random": by_chance(seen, asked)}
    return found | {
        name: Told.of(each, len(rest if name == FRESH else asked)) for name, each in runs.items() if each
    }, choices
