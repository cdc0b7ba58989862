"""The pictures of `surveyor eval task`, by matplotlib, which is no part of a plain installation.

Colours are of Okabe and Ito's set, which people with any colour vision tell apart; no picture needs colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#555555"
DPI = 120
INCHES = 0.27  # of a cell of the confusion table
NAMES = ("confusion.png", "reliability.png", "confidence.png")


def pictures(found: Mapping[str, Any]) -> dict[str, bytes]:
    """PNG files by name, drawn from a report.

    Raises:
        ImportError: matplotlib is missing or broken.
    """
    return dict(zip(NAMES, (draw(found) for draw in (confusion, reliability, confidence)), strict=True))


def confusion(found: Mapping[str, Any]) -> bytes:
    """Wanted label by said label: counts, on the share of the wanted label as a shade of blue."""
    labels, sizes = list(found["by_label"]), [each["n"] for each in found["by_label"].values()]
    counts = np.array([[found["confusion"].get(w, {}).get(s, 0) for s in labels] for w in labels])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(3.2, INCHES * len(labels))
    figure, axes = _figure(side + 2.4, side + 2.2)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        ink = "white" if shares[row, column] > 0.6 else "black"
        axes.text(column, row, f"{counts[row, column]}", ha="center", va="center", fontsize=7, color=ink)
    places = range(len(labels))
    axes.set_xticks(places, labels, rotation=90, fontsize=8)
    axes.set_yticks(places, [f"{label} ({n})" for label, n in zip(labels, sizes, strict=True)], fontsize=8)
    edges = np.arange(len(labels) + 1) - 0.5
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    axes.set(xlabel="said", ylabel="wanted (prompts)", title=_title("Task types: wanted and said", found))
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=30)
    bar.set_label("share of the wanted label", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    return _png(figure)


def reliability(found: Mapping[str, Any]) -> bytes:
    """Confidence by share right: a bar a bin with its 95 % Wilson interval, beside the diagonal."""
    figure, axes = _figure(6.4, 5.2)
    bins = [each for each in found["reliability"] if each["n"]]
    middle = [(each["from"] + each["to"]) / 2 for each in bins]
    share = np.array([each["share"] for each in bins])
    ends = np.array([(each["low"], each["high"]) for each in bins]).T
    axes.bar(middle, share, width=0.094, color=BLUE, alpha=0.35, edgecolor=BLUE, label="share right")
    spread = np.abs(ends - share)
    sure = [each["confidence"] for each in bins]
    style: Mapping[str, Any] = {"fmt": "o", "color": BLUE, "capsize": 3, "markersize": 5}
    axes.errorbar(sure, share, yerr=spread, label="with its 95 % Wilson interval", **style)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfectly calibrated")
    for each, x in zip(bins, middle, strict=True):
        axes.text(x, -0.035, f"{each['n']:,}", ha="center", va="center", fontsize=8, color=GREY)
    axes.text(-0.01, -0.035, "prompts", ha="right", va="center", fontsize=8, color=GREY)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.set(xlim=(0, 1), ylim=(-0.07, 1.03), xticks=np.linspace(0, 1, 11), yticks=np.linspace(0, 1, 6))
    title = _title("Reliability of the confidence", found) + f", ECE {found['ece']:.3f}"
    axes.set(xlabel="confidence", ylabel="share right", title=title)
    _legend(figure, axes)
    return _png(figure)


def confidence(found: Mapping[str, Any]) -> bytes:
    """How many prompts were said how surely, right and wrong ones one upon the other."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - an extra, and slow to import

    figure, axes = _figure(6.4, 4.4)
    bins: Sequence[Mapping[str, Any]] = found["reliability"]
    middle = [(each["from"] + each["to"]) / 2 for each in bins]
    right = np.array([each["right"] for each in bins])
    wrong = np.array([each["n"] for each in bins]) - right
    axes.bar(middle, right, width=0.09, color=BLUE, label=f"right ({right.sum():,})")
    look: Mapping[str, Any] = {"color": ORANGE, "hatch": "///", "edgecolor": "white", "linewidth": 0}
    axes.bar(middle, wrong, width=0.09, bottom=right, label=f"wrong ({wrong.sum():,})", **look)
    axes.set(xlim=(0, 1), xticks=np.linspace(0, 1, 11), xlabel="confidence", ylabel="prompts")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(_title("Confidence of the task type", found))
    _legend(figure, axes)
    return _png(figure)


def _title(what: str, found: Mapping[str, Any]) -> str:
    rate = found["accuracy"]
    figures = f"n = {found['n']:,}, accuracy {rate['share']:.3f} ({rate['low']:.3f}–{rate['high']:.3f})"
    return f"{what}\n{figures}"


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure that no window ever shows, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra, and slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.title.set_fontsize(11)
    return figure, axes


def _legend(figure: Figure, axes: Axes) -> None:
    """Below the axes, where it covers nothing."""
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _png(figure: Figure) -> bytes:
    sink = BytesIO()
    figure.savefig(sink, format="png", metadata={"Software": None})
    return sink.getvalue()
