"""A decision, explained: as the JSON of `/v1/explain`, and as a tree for people that reads well aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text
from rich.tree import Tree

from policies.signals import NANO
from router.types import STAGES, Decision, Fired, Signals

_HEARD: Mapping[str, str] = {  # the facts worth saying, and how; a fact at its default is not said
    "code_mixed": "two languages or scripts are mixed",
    "tools": "functions may be called",
}


_FORMS: Mapping[str, str] = {
    "label": "a label",
    "number": "a number",
    "span": "words copied from the text",
    "json": "JSON",
    "code": "code",
}
HARD = 0.65  # difficulty from which it is worth saying; what acts is the policy's threshold `hard`
_LOOKS: Mapping[str, str] = {
    "first": "the first look",
    "second": "the second look",
    "reader": "the reader",
    "hint": "the client's hint",
    "detector": "a detector",
}


def document(request_id: str, signals: Signals, decision: Decision, changes: Sequence[str] = ()) -> dict[str, Any]:
    """The answer of `/v1/explain`, as plain JSON values. Holds no text of the prompt.

    A closed gate carries its `why`, a rule in shadow `"status": "shadow"` (it was not obeyed), a refusal its sentence
    under `decision.refusal`, what the operator lets change the prompt stands under `decision.apply`, and what was
    changed, of a request that is over, under `changes`; the tier that began a conversation stands under
    `signals.began`, how near the index comes under `signals.retrieved`, how likely the standard tier
    answers right under `signals.standard_right`. These keys are absent otherwise.
    """
    return {
        "id": request_id,
        "profile": decision.profile,
        "policy": decision.policy,
        "signals": _signals(signals),
        "decision": {
            "kind": decision.kind,
            "tier": decision.tier,
            "steps": list(decision.steps),
            "rules": [_rule(fired) for fired in decision.rules],
            "advice": list(decision.advice),
            "flags": list(decision.flags),
            **(
                {"apply": [{"rule": rule, "advice": advice} for rule, advice in decision.apply]}
                if decision.apply
                else {}
            ),
            **({"refusal": decision.refusal} if decision.kind == "refuse" else {}),
        },
        "estimate": {
            "cost_usd": _dollars(estimated(signals, first_step(decision), decision.tier)),
            "baseline_usd": _dollars(signals.money.baseline),
        },
        **({"changes": list(changes)} if changes else {}),
    }


def _signals(signals: Signals) -> dict[str, Any]:
    return {
        "task": asdict(signals.task),
        "novelty": signals.novelty,
        "language": signals.facts.language,
        "experts": {
            name: {
                "answer": reading.answer,
                "confidence": reading.confidence,
                "novelty": reading.novelty,
                "open": reading.open,
                **({} if reading.open else {"why": reading.why}),
            }
            for name, reading in signals.experts.items()
        },
        "facts": {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(signals.facts).items()
        },
        **({"began": signals.began} if signals.began else {}),
        **({"retrieved": signals.retrieved} if signals.retrieved is not None else {}),
        **({"standard_right": signals.standard_right} if signals.standard_right is not None else {}),
    }


def _rule(fired: Fired) -> dict[str, Any]:
    said = {name: getattr(fired, name) for name in ("id", "stage", "decided", "title", "why")}
    return {**said, "cites": list(fired.cites), **({"status": "shadow"} if fired.status == "shadow" else {})}


def first_step(decision: Decision) -> str:
    """The first who is asked once the cache does not know; empty when nobody is."""
    return next((step for step in decision.steps if not step.startswith("cache.")), "")


def estimated(signals: Signals, step: str, tier: str | None) -> int | None:
    """What a step is thought to cost, in nano-dollars; 0 when nobody hosted is asked, None when unknown.

    A step may name a model instead of its tier; then `tier` tells the price.
    """
    if not step.startswith("hosted."):
        return 0
    estimates = signals.money.estimates
    return estimates.get(step.removeprefix("hosted."), estimates.get(tier) if tier else None)


def _dollars(nano: int | None) -> float | None:
    return None if nano is None else nano / NANO


# ── for people ───────────────────────────────────────────────────────────────────────────────────


def tree(explained: Mapping[str, Any]) -> Tree:
    """A `document` as a tree: what was observed, which rules matched, who is asked, what it may cost."""
    decision = explained["decision"]
    root = Tree(Text(_headline(decision), style="bold"))
    _observed(root.add(Text("Observed", style="bold")), explained["signals"])
    rules = root.add(Text(f"Decided by profile {explained['profile']}, policy {explained['policy']}", style="bold"))
    for stage in STAGES:
        fired = [rule for rule in decision["rules"] if rule["stage"] == stage]
        if fired:
            branch = rules.add(stage)
            for rule in fired:
                _fired(branch, rule)
    asked = root.add(Text("Will ask", style="bold"))
    for number, step in enumerate(decision["steps"], 1):
        asked.add(Text(f"{number}. {_step(step)}"))
    if not decision["steps"]:
        asked.add(Text(f"nobody: {decision.get('refusal', '')}"))
    for name, title in (("advice", "Advises"), ("flags", "Flags")):
        if decision[name]:
            root.add(Text(f"{title}: {', '.join(decision[name])}"))
    changes = explained.get("changes")
    if changes:
        root.add(Text(f"Shaping the prompt: {'; '.join(changes)}"))
    elif applied := decision.get("apply"):
        said = ", ".join(f"{each['advice']} ({each['rule']})" for each in applied)
        root.add(Text(f"May change the prompt: {said}"))
    root.add(Text(_money(explained["estimate"])))
    return root


def _headline(decision: Mapping[str, Any]) -> str:
    steps = [step for step in decision["steps"] if not step.startswith("cache.")]
    by = next((rule for rule in decision["rules"] if rule["decided"]), None)
    because = f", because of {by['id']}" if by else ""
    if decision["kind"] == "refuse":
        return f"Refused{because}"
    if not steps:
        return f"Only the cache can answer{because}"
    return f"Goes to {_step(steps[0])}{because}"


def _step(step: str) -> str:
    family, _, name = step.partition(".")
    if family == "cache":
        return "the cache, for the same question asked before"
    return f"the {name} expert on this machine" if family == "expert" else f"the {name} LLM"


def _sure(confidence: float) -> str:
    """A confidence in words; nothing that is learned is ever quite sure."""
    return "over 99% sure" if confidence >= 0.995 else f"{confidence:.0%} sure"


def _share(quantile: float) -> str:
    """A quantile in words; it is of held-out prompts, so it ends before all of them."""
    return "over 99%" if quantile > 0.99 else f"{quantile:.0%}"


def _observed(branch: Tree, signals: Mapping[str, Any]) -> None:
    task = signals["task"]
    runner_up = f"; next would be {task['runner_up']}" if task["runner_up"] else ""
    look = _LOOKS.get(task["look"], task["look"])
    branch.add(Text(f"task: {task['label']}, {_sure(task['confidence'])} (said by {look}{runner_up})"))
    branch.add(Text(f"novelty: {signals['novelty']:.2f}, odder than {_share(signals['novelty'])} of known prompts"))
    for name, reading in signals["experts"].items():
        gate = "its gate is open" if reading["open"] else f"its gate is closed. {reading.get('why', '')}".rstrip()
        said = f"says {reading['answer']!r}, {_sure(reading['confidence'])}, novelty {reading['novelty']:.2f}"
        branch.add(Text(f"the {name} expert {said}; {gate}"))
    if "began" in signals:
        branch.add(Text(f"the conversation began with the {signals['began']} LLM"))
    if "retrieved" in signals:
        branch.add(Text(f"the best passage in the index has likeness {signals['retrieved']:.2f}"))
    if "standard_right" in signals:
        branch.add(
            Text(f"questions like it: the standard LLM is thought to get {signals['standard_right']:.0%} of them right")
        )
    branch.add(Text("; ".join(_heard(signals))))


def _heard(signals: Mapping[str, Any]) -> list[str]:
    """The facts worth saying, the size and the language first."""
    facts = signals["facts"]
    heard = [f"{facts['tokens']} tokens in language {signals['language']}"]
    heard += [f"{facts['turns']} user turns"] if facts["turns"] > 1 else []
    heard += [said for name, said in _HEARD.items() if facts[name]]
    heard += [f"its wording gives away: {', '.join(facts['cues'])}"] if facts["cues"] else []
    heard += [f"{facts['tasks']} tasks at once"] if facts["tasks"] > 1 else []
    heard += [f"{facts['noise']:.0%} of the words look mistyped"] if facts["noise"] else []
    heard += [_translation(facts)] if facts["source_language"] or facts["target_language"] else []
    heard += [f"wants {_FORMS[facts['output']]}"] if facts["output"] in _FORMS else []
    heard += [f"offers {facts['labels']} labels"] if facts["labels"] else []
    heard += [f"shows {facts['demonstrations']} examples"] if facts["demonstrations"] else []
    heard += [f"lists {facts['candidates']} candidates"] if facts["candidates"] else []
    heard += [f"brings a passage ({facts['context']})"] if facts["context"] != "none" else []
    heard += ["looks hard"] if facts["difficulty"] >= HARD else []
    heard += [f"domain {facts['domain']}"] if facts["domain"] != "none" else []
    heard += [f"after harm ({facts['harm']})"] if facts["harm"] != "none" else []
    heard += [f"holds {', '.join(facts['pii'])}"] if facts["pii"] else []
    heard += [f"comes with {', '.join(facts['modalities'])}"] if facts["modalities"] else []
    return heard


def _translation(facts: Mapping[str, Any]) -> str:
    sides = [(facts[f"{side}_language"], facts[f"{side}_tier"]) for side in ("source", "target")]
    said = (f"{code} ({tier} in data)" if code not in ("", "und") else "an unnamed language" for code, tier in sides)
    return "translates from " + " into ".join(said)


def _fired(branch: Tree, rule: Mapping[str, Any]) -> None:
    mark = "decided: " if rule["decided"] else "in shadow, not obeyed: " if rule.get("status") == "shadow" else ""
    node = branch.add(Text(f"{mark}{rule['title']} ({rule['id']})", style="bold green" if rule["decided"] else ""))
    node.add(Text(f"Why: {rule['why']}"))
    if rule["cites"]:
        node.add(Text(f"Evidence: {', '.join(rule['cites'])}"))


def _money(estimate: Mapping[str, float | None]) -> str:
    return f"Estimated cost: {_price(estimate['cost_usd'])}; the baseline: {_price(estimate['baseline_usd'])}"


def _price(dollars: float | None) -> str:
    return "unknown" if dollars is None else f"${dollars:.6f}" if dollars else "nothing"
