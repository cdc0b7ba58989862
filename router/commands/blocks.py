"""The report of `surveyor eval task` for a terminal of 80 columns: tables, and drawings in block characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from router.commands.options import one_line

WIDTH = 78
BAR = 40  # characters of a bar
SMALL = 10  # labels whose whole confusion table fits beside their names
LISTED = 12  # confusions listed where there are more labels
EIGHTHS = " ▏▎▍▌▋▊▉"
LOOKS = {"first": "first look", "second": "second look"}


def as_text(found: Mapping[str, Any]) -> Group:
    """The whole report."""
    parts: list[RenderableType] = [
        _title(f"{found['n']:,} prompts of {found['file']}, {found['mistakes']:,} of them wrong")
    ]
    parts += [Text(), _figures(found), Text(), _looks(found["looks"]), Text(), *_confusion(found)]
    parts += [Text(), _title("Per label"), _labels(found["by_label"]), Text(), *_reliability(found["reliability"])]
    parts += [Text(), *_histogram(found["reliability"])]
    if found["worst"]:
        parts += [Text(), *_worst(found)]
    return Group(*parts)


def _title(text: str) -> Text:
    return Text(text, style="bold")


def _table(*names: str, left: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True, justify="left" if name in left else "right")
    return table


def _figures(found: Mapping[str, Any]) -> Table:
    target = found["kind_of_target"]
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", style="dim")
    table.add_row("accuracy", _rate(found["accuracy"]), "with its 95 % Wilson interval")
    table.add_row("macro-F1", f"{found['macro_f1']:.3f}", "over the labels of the file")
    table.add_row("ECE", f"{found['ece']:.3f}", "gap between confidence and truth, 15 bins")
    table.add_row("kind of target", _rate(target), f"local or LLM, by profile {target['profile']}")
    return table


def _rate(rate: Mapping[str, float]) -> str:
    return f"{rate['share']:.3f} ({rate['low']:.3f}–{rate['high']:.3f})"


def _looks(looks: Mapping[str, Any]) -> Table:
    table = _table("told by", "prompts", "share", "accuracy", left=("told by",))
    for look, each in looks.items():
        table.add_row(LOOKS.get(look, look), f"{each['n']:,}", f"{each['share']:.1%}", f"{each['accuracy']:.3f}")
    return table


def _confusion(found: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The whole table where it fits, else the largest confusions."""
    labels = list(found["by_label"])
    if len(labels) <= SMALL:
        yield _title("Confusion: a row for what was wanted, a column for what was said")
        yield _matrix(labels, found["confusion"])
        return
    largest, kinds = found["largest_confusions"][:LISTED], found["kind_of_target"]["kinds"]
    if not largest:
        yield _title("Confusion: none, every label is right")
        return
    yield _title("Confusion: the largest")
    table = _table("prompts", "wanted", "said", "", left=("wanted", "said", ""))
    for each in largest:
        same = kinds[each["wanted"]] == kinds[each["said"]]
        other = "" if same else f"{kinds[each['wanted']]} → {kinds[each['said']]}"
        table.add_row(f"{each['n']:,}", each["wanted"], each["said"], Text(other, style="dim"))
    yield table


def _matrix(labels: Sequence[str], confusion: Mapping[str, Mapping[str, int]]) -> Table:
    keys = [str(place) for place in range(1, len(labels) + 1)]
    table = _table("", "wanted", *keys, left=("wanted",))
    for key, wanted in zip(keys, labels, strict=True):
        counts = [confusion.get(wanted, {}).get(said, 0) for said in labels]
        table.add_row(key, wanted, *(Text(f"{n}", style="bold" if n else "") if n else "·" for n in counts))
    return table


def _labels(labels: Mapping[str, Any]) -> Table:
    table = _table("label", "wanted", "said", "precision", "recall", "F1", left=("label",))
    for label, each in labels.items():
        shares = ("–" if each[name] is None else f"{each[name]:.2f}" for name in ("precision", "recall", "f1"))
        table.add_row(label, f"{each['n']:,}", f"{each['said']:,}", *shares)
    return table


# ── drawings ─────────────────────────────────────────────────────────────────────────────────────


def _reliability(bins: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    yield _title("Reliability: of the prompts said with this confidence, the share that was right")
    scale = "0 %" + "50 %".center(BAR - 6) + "100 %"
    yield Text(f"{'confidence':<11}{'prompts':>8}{'right':>7}  {scale}")
    for each in _drawn(bins):
        head = f"{_ends(each):<11}{each['n']:>8,}"
        if each["n"]:
            yield Text(f"{head}{each['share']:>7.2f}  {_marked(each['share'], each['confidence'])}")
        else:
            yield Text(f"{head}{'–':>7}")
    yield Text("│ is the mean confidence: a bar that ends before it is overconfident", style="dim")


def _histogram(bins: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    yield _title("Confidence: how many prompts were said how surely, █ right, ░ wrong")
    yield Text(f"{'confidence':<11}{'prompts':>8}{'wrong':>7}")
    most = max(each["n"] for each in bins)
    for each in _drawn(bins):
        wrong = each["n"] - each["right"]
        bars = "█" * _cells(each["right"], most) + "░" * _cells(wrong, most)
        yield Text(f"{_ends(each):<11}{each['n']:>8,}{wrong:>7,}  {bars}".rstrip())


def _drawn(bins: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The bins from the first that holds a prompt."""
    first = next(place for place, each in enumerate(bins) if each["n"])
    return bins[first:]


def _ends(each: Mapping[str, float]) -> str:
    return f"{each['from']:.1f}–{each['to']:.1f}"


def _cells(n: int, most: int) -> int:
    """Characters of a bar; one at least where there is anything."""
    return max(1, round((BAR - 1) * n / most)) if n else 0


def _marked(share: float, mark: float) -> str:
    """A bar to `share` of the width, with `│` at `mark`."""
    whole, rest = divmod(round(share * BAR * 8), 8)
    bar = list(("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(BAR))
    bar[min(BAR - 1, int(mark * BAR))] = "│"
    return "".join(bar).rstrip()


def _worst(found: Mapping[str, Any]) -> Iterator[RenderableType]:
    shown, all_ = len(found["worst"]), found["mistakes"]
    yield _title("The worst mistakes, the surest first" if shown == all_ else f"The worst {shown} of {all_} mistakes")
    for each in found["worst"]:
        yield Text(f"{each['confidence']:.2f}  said {each['said']}, wanted {each['wanted']}")
        where = f"line {each['line']}, {LOOKS.get(each['look'], each['look'])}"
        text = Text(f"      {where}: {one_line(each['text'], WIDTH)}", style="dim")
        text.truncate(WIDTH, overflow="ellipsis")
        yield text
