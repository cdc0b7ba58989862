"""What the parts cost (`speed`), and how well they do: `detectors`, and the quality benchmarks of one frame, `results`.

A quality benchmark is a module with `measure(data: Path) -> Result` and a line in `QUALITY`; where that line says so,
`data` may be None. It is imported only when it is asked for, so that scikit-learn is no part of a start.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Benchmark(NamedTuple):
    """A quality benchmark: the module that measures, what it tells in a sentence, and whether it needs data sets."""

    module: str
    about: str
    needs_data: bool = True


QUALITY: Mapping[str, Benchmark] = {
    "task": Benchmark("router.bench.task", "How often the task type of prompts written by others is told."),
    "reader": Benchmark("router.bench.reader", "How often a prompt is read right, and how right local answers are."),
    "ood": Benchmark("router.bench.ood", "How well novelty tells strange prompts from known ones."),
    "robustness": Benchmark("router.bench.robustness", "How many decisions flip when a prompt is typed carelessly."),
    "routellm": Benchmark("router.bench.routellm", "Cost and quality of routing, on what two models answered."),
    "ocats": Benchmark("router.bench.ocats", "How soon a student does without its teacher, and what that costs."),
    "headlines": Benchmark("router.bench.headlines", "Whether a small model that learned does as well as LLMs."),
    "gate": Benchmark("router.bench.gate", "How often a gate keeps its promise, and what it costs.", needs_data=False),
    "experts": Benchmark("router.bench.experts", "How good every shipped expert is, beside simpler methods."),
    "rerank": Benchmark("router.bench.rerank", "How high the document that is meant stands in a ranking."),
}
