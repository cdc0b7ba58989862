"""The policy: one pure, total function from signals to a decision. Start at `Policy.decide`.

Rules are compiled once; deciding is then a walk through six short lists, which are `stages.py`. The same signals give
the same decision, always: no clock, no I/O, no prompt text. So explain, replay and golden cases are this one call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from policies.compiled import Compiled, content_hash, index
from policies.schema import Place, Rule, Taxonomy
from policies.signals import View, best_expert
from policies.stages import PINNED, Draft, advise, budget, flag, guard, nobody_left, route, tier
from router.types import EXACT, TIERS, Decision, Signals, Stage

ELSEWHERE = Place(survey="other")  # a task type that nobody told us about


@dataclass(frozen=True)
class Policy:
    """A compiled profile. `hash` names its content: rules, thresholds, taxonomy, and what may change a prompt."""

    profile: str
    rules: tuple[Rule, ...]
    thresholds: Mapping[str, float]
    taxonomy: Taxonomy
    apply: frozenset[str] = frozenset()  # shape rules that the operator lets change the prompt
    hash: str = field(init=False)
    _rules_for: Mapping[str, Mapping[Stage, tuple[Compiled, ...]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", content_hash(self.rules, self.thresholds, self.taxonomy, self.apply))
        object.__setattr__(self, "_rules_for", index(self.rules, self.thresholds, self.taxonomy))

    def decide(self, signals: Signals) -> Decision:
        """Whom to ask, in which order, and because of what. Never raises."""
        label = signals.task.label
        rules = self._rules_for.get(label) or self._rules_for[""]
        draft = self._draft(signals)
        guard(draft, rules["guard"])
        if not draft.refusal:
            if signals.pinned:
                draft.decided_by(PINNED)
                draft.view.tier = draft.tiers[0] if draft.tiers else None
            else:
                route(draft, rules["route"])
                draft.view.from_index = draft.kind == "retrieve" and self._grounds(draft.view, rules["shape"])
                tier(draft, rules["tier"])
                budget(draft, rules["budget"])
            nobody_left(draft)
            advise(draft, rules["shape"], self.apply)
            flag(draft, rules["flag"])
        return self._decision(draft)

    def _grounds(self, view: View, rules: Sequence[Compiled]) -> bool:
        """Whether the operator lets a rule that matches put what was retrieved before the question."""
        acting = (rule for rule in rules if rule.active and rule.fired.id in self.apply)
        return any("retrieval" in rule.then.advise and rule.matches(view) for rule in acting)

    def _draft(self, signals: Signals) -> Draft:
        place = self.taxonomy.tasks.get(signals.task.label, ELSEWHERE)
        name, reading, gate = best_expert(signals.experts)
        view = View(signals, place.survey, tuple(place.figure), name, reading, gate)
        # A client that pinned a model wants that model, not an expert in its place; and experts read text.
        reads = not signals.facts.modalities or (reading is not None and "multimodal" in reading.traits)
        expert = name if gate == "open" and reads and not signals.pinned else ""
        return Draft(view, [tier for tier in TIERS if tier in signals.fleet.tiers], expert)

    def _decision(self, draft: Draft) -> Decision:
        fired = [draft.decider, *draft.fired] if draft.decider else draft.fired
        return Decision(
            kind=draft.kind,
            tier=None if draft.kind in ("local", "refuse") else draft.view.tier,
            steps=() if draft.refusal else tuple(_steps(draft)),
            rules=tuple(fired),
            profile=self.profile,
            policy=self.hash,
            advice=tuple(dict.fromkeys(draft.advice)),
            flags=tuple(dict.fromkeys(draft.flags)),
            apply=() if draft.kind in ("local", "refuse") else tuple(draft.apply),
            refusal=draft.refusal,
        )


def _steps(draft: Draft) -> Iterator[str]:
    signals = draft.view.signals
    if signals.fleet.cache:
        yield EXACT
    if draft.kind == "local":
        yield f"expert.{draft.expert}"
    if signals.pinned and draft.tiers:
        yield f"hosted.{signals.pinned}"
    elif not signals.pinned:
        for tier in draft.tiers:
            favoured = signals.fleet.tagged.get(tier, {}).get(draft.view.favour)
            if favoured is not None:
                yield f"hosted.{favoured}"
            yield f"hosted.{tier}"
