"""The card of an own expert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.commands.own_figures import PARTS, closed

CARD = """# Expert: {name}

What: answers `{task}` prompts. {trunk}, calibrated, gated by a certified confidence and by novelty (at most the 0.975
quantile of held-out rows). Learned from {learned:,} of {rows:,} rows of `{data}`; {repeated:,} repeated rows and
{left_out:,} unusable ones were left out. Reads: {languages}. Made with Surveyor on {made} in {seconds:.0f} s.

## Gate

P(wrong | served) <= {epsilon} with confidence 1 - {delta}, by fixed-sequence Learn-then-Test with the Clopper-Pearson
bound over {thresholds} thresholds that were fixed without the calibration rows. Beside it what naive tuning on the same
rows would have served, which promises nothing.

| gate | calibration rows | threshold | served | wrong | bound |
|---|---|---|---|---|---|
{gates}
{closed}
## Measured

| rows | n | accuracy (95 %) | macro-F1 | ECE | served | wrong of these |
|---|---|---|---|---|---|---|
{measured}

`test` rows played no part in anything; `calibrate` rows set the gate, yet taught no head.
Reliability: `reliability.png`, where matplotlib was installed.

## Rows

| label | train | calibrate | test | right of test + calibrate |
|---|---|---|---|---|
{labels}
{by_language}
## Limits

The promise holds for work like these rows, mixed as they are. Labels are as right as the file has them. Texts of
another language than those above, and texts unlike these rows, go to an LLM. Of texts longer than 126 tokens the first
63 and the last 62 are read, and of how they are written the first 2,000 characters. `rows.json` has a hash of each row
that was used, and no text; yet weights, means and hashed n-grams can tell something of the rows: treat this folder as
you treat them.
"""


def card(found: Mapping[str, Any]) -> str:
    """The card, from a report."""
    own = (
        "Upper layers of its own, fine-tuned on these rows, under" if found["finetuned"] else "The shipped trunk under"
    )
    train = sum(each["train"] for each in found["labels"].values())
    rows = {"test": found["test"], "test + calibrate": found["held_out"]}
    return CARD.format(
        **{key: found[key] for key in ("name", "task", "rows", "data", "repeated", "left_out", "made", "seconds")},
        **{key: found[key] for key in ("epsilon", "delta", "thresholds")},
        trunk=f"{own} a head that also reads how a text is written",
        learned=train,
        languages=", ".join(found["languages"]) or "any language that cannot be told",
        gates="\n".join(_gate(name, each) for name, each in found["gates"].items()),
        closed=f"\n{closed(found)}\n" if found["closed"] else "",
        measured="\n".join(_measured(name, each) for name, each in rows.items()),
        labels="\n".join(_label(found, label) for label in found["labels"]),
        by_language=_languages(found["held_out"]["by_language"]),
    )


def _gate(name: str, each: Mapping[str, Any]) -> str:
    threshold, bound = (("–" if each[key] is None else f"{each[key]:.4f}") for key in ("threshold", "bound"))
    return f"| {name} | {each['n']} | {threshold} | {each['served']} | {each['wrong']} | {bound} |"


def _measured(name: str, each: Mapping[str, Any]) -> str:
    share, gate = each["accuracy"], each["gate"]
    accuracy = f"{share['share']:.3f} ({share['low']:.3f}–{share['high']:.3f})"
    measures = f"{each['macro_f1']:.3f} | {each['ece']:.3f} | {gate['served']} | {gate['wrong']}"
    return f"| {name} | {each['n']} | {accuracy} | {measures} |"


def _label(found: Mapping[str, Any], label: str) -> str:
    parts, said = found["labels"][label], found["held_out"]["by_label"].get(label, {"n": 0, "right": 0})
    numbers = " | ".join(str(parts[part]) for part in PARTS)
    return f"| {label.replace('|', chr(92) + '|')} | {numbers} | {said['right']} of {said['n']} |"


def _languages(found: Mapping[str, Any]) -> str:
    if not found:
        return ""
    lines = [f"| {name} | {e['n']} | {e['right']} | {e['served']} | {e['wrong']} |" for name, e in found.items()]
    head = "\n| language, test + calibrate | n | right | served | wrong of these |\n|---|---|---|---|---|"
    return "\n".join((head, *lines, ""))
