"""The six stages of a decision, in the order in which they act; each works on a draft that one call owns.

A stage gets the rules of its own kind that could match the task type. What a stage may do is DESIGN section 4 and the
`then` models of `schema.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from policies.compiled import Compiled
from policies.signals import View
from router.types import TIERS, Fired, Kind, Tier

LARGEST: frozenset[Tier] = frozenset({"large", "reasoning"})
MID_SIZE: frozenset[Tier] = frozenset({"standard"})
PINNED = Fired(
    id="pinned",
    stage="route",
    decided=True,
    title="The client chose the model",
    why="The request names a configured model by its id, so no rule chooses another; guards still apply.",
)
NOBODY = "No model can answer: none is configured, or none is up. Configure one under `models` or try again later."


@dataclass(slots=True)
class Draft:
    """A decision in the making; lives only inside one call of `decide`."""

    view: View
    tiers: list[Tier]  # still allowed to answer; once the tier stage is over, in the order to ask
    expert: str  # still allowed to answer; empty when none is
    kind: Kind = "llm"
    decider: Fired | None = None
    fired: list[Fired] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    apply: list[tuple[str, str]] = field(default_factory=list)  # (rule, advice) that may change the prompt
    refusal: str = ""

    def matching(self, rules: Sequence[Compiled]) -> Iterator[Compiled]:
        """The rules that match and are to be obeyed; those in shadow are noted, and no more."""
        for rule in rules:
            if rule.matches(self.view):
                if rule.active:
                    yield rule
                else:
                    self.fired.append(rule.fired)

    def decided_by(self, fired: Fired) -> None:
        """Let `fired` be the rule that chose the kind of target, in place of any before it."""
        if self.decider is not None:
            self.fired.append(replace(self.decider, decided=False))
        self.decider = replace(fired, decided=True)


def guard(draft: Draft, rules: Sequence[Compiled]) -> None:
    """Every guard that matches narrows who may answer; one that leaves nobody refuses, and says why."""
    facts, fleet = draft.view.signals.facts, draft.view.signals.fleet
    for rule in draft.matching(rules):
        then, reason = rule.then, rule.then.refuse or ""
        somebody = bool(draft.tiers or draft.expert)  # else nobody was left before any guard: see `nobody_left`
        if then.local_only:
            draft.tiers = [tier for tier in draft.tiers if tier in fleet.local_tiers]
            reason = reason or (
                f"The request holds personal data or secrets ({', '.join(facts.pii) or 'of some kind'}) that must not "
                "leave this machine, and no local model can answer it. Remove them, or configure a local model."
            )
        if then.resident_only:
            draft.tiers = [tier for tier in draft.tiers if tier in fleet.resident_tiers]
            reason = reason or (
                f"No model runs in the region '{draft.view.signals.operator.residency}', where data must stay. "
                "Configure one there, or name the region of a model under `models`."
            )
        if then.needs == "vision":
            draft.tiers = [tier for tier in draft.tiers if tier in fleet.vision_tiers]
            reason = reason or "No model that may answer sees images. Send text only, or configure one with vision."
        if then.fits_context:
            draft.tiers = [tier for tier in draft.tiers if fleet.windows.get(tier, facts.tokens) >= facts.tokens]
            reason = reason or (
                f"The conversation has about {facts.tokens} tokens, more than any model that may answer can read. "
                "Shorten it, or configure a model with a larger window."
            )
        if then.refuse or (somebody and not (draft.tiers or draft.expert)):
            draft.decided_by(rule.fired)
            draft.kind, draft.refusal = "refuse", reason
            return
        draft.fired.append(rule.fired)


def route(draft: Draft, rules: Sequence[Compiled]) -> None:
    """The first rule that matches chooses the kind of target; without an open expert none chooses `local`."""
    for rule in rules:
        kind = rule.then.kind
        if (draft.decider and rule.active) or (kind == "local" and not draft.expert) or not rule.matches(draft.view):
            continue
        if not rule.active:
            draft.fired.append(rule.fired)
            continue
        draft.decided_by(rule.fired)
        if kind == "guard" or (kind == "retrieve" and not draft.view.signals.fleet.index):
            # Nothing answers that way here, so an LLM does, and the advice says what would be better.
            draft.advice.append("guard-model" if kind == "guard" else "retrieval")
            kind = "llm"
        draft.kind = kind


def tier(draft: Draft, rules: Sequence[Compiled]) -> None:
    """Every rule moves the wanted tier in turn; then the tiers that there are line up, nearest first."""
    wanted, avoided = TIERS.index("standard"), frozenset[Tier]()
    lowest, highest, stay, asked = 0, len(TIERS) - 1, False, False
    for rule in draft.matching(rules):
        draft.fired.append(rule.fired)
        then = rule.then
        if then.prefer:
            wanted = TIERS.index(then.prefer)
        if then.at_least:
            lowest = max(lowest, TIERS.index(then.at_least))
            wanted = max(wanted, lowest)
        if then.at_most:
            highest = min(highest, TIERS.index(then.at_most))
            wanted = min(wanted, highest)
        draft.view.favour = then.favour or draft.view.favour
        stay = stay or bool(then.stay)
        asked = asked or bool(then.prefer or then.at_least)
        avoided |= (LARGEST if "largest" in then.avoid else set()) | (MID_SIZE if "mid-size" in then.avoid else set())
    began = draft.view.signals.began
    if stay and began in draft.tiers and began not in avoided and lowest <= TIERS.index(began) <= highest:
        wanted = max(TIERS.index(began), wanted if asked else 0)  # a rule that asks for more still gets it
    nearest = (*TIERS[wanted:], *reversed(TIERS[:wanted]))  # the same, then larger, then smaller
    if draft.kind != "local" and TIERS[wanted] not in avoided and TIERS[wanted] not in draft.tiers:
        draft.flags.append(f"wanted-{TIERS[wanted]}")
    draft.tiers = sorted(draft.tiers, key=lambda tier: (tier in avoided, nearest.index(tier)))
    draft.view.tier = draft.tiers[0] if draft.tiers else None


def budget(draft: Draft, rules: Sequence[Compiled]) -> None:
    """Every rule that matches saves money or time: an open expert answers, or a tier that fits."""
    for rule in draft.matching(rules):
        if rule.then.kind == "local" and draft.expert and draft.kind != "local":
            draft.kind = "local"
            draft.decided_by(rule.fired)
            continue
        if not draft.tiers or not (rule.then.downgrade or rule.then.faster):
            continue
        draft.fired.append(rule.fired)
        draft.view.favour = ""  # a favoured model is the first luxury to go
        if rule.then.downgrade and draft.view.over_budget:
            draft.tiers = _cheapest_first(draft)
        elif rule.then.faster:
            draft.tiers = _fast_enough(draft)
        draft.view.tier = draft.tiers[0]


def _cheapest_first(draft: Draft) -> list[Tier]:
    """The tiers that the budget affords, cheapest first; where there is none the cheapest, with a flag."""
    money = draft.view.signals.money
    prices = [(money.estimates.get(tier), tier) for tier in draft.tiers]
    known = sorted(((price, tier) for price, tier in prices if price is not None), key=lambda pair: pair[0])
    fit = [tier for price, tier in known if money.budget is None or price <= money.budget]
    if not fit and draft.kind != "local":
        draft.flags.append("over-budget")
    return fit or [tier for _, tier in known[:1]] or draft.tiers


def _fast_enough(draft: Draft) -> list[Tier]:
    """The tiers that keep the promise, in their order; where there is none the fastest, with a flag."""
    signals = draft.view.signals
    p95, slo = signals.fleet.p95, signals.operator.slo
    fit = [tier for tier in draft.tiers if slo is None or p95.get(tier, 0.0) <= slo]
    if not fit and draft.kind != "local":
        draft.flags.append("over-slo")
    return fit or [min(draft.tiers, key=lambda tier: p95.get(tier, 0.0))]


def nobody_left(draft: Draft) -> None:
    """When no LLM may answer, an open expert does; without one the cache may still know, else we refuse."""
    if draft.tiers or draft.kind == "local":
        return
    if draft.expert:
        draft.kind = "local"
        draft.flags.append("wanted-llm")
    elif draft.view.signals.fleet.cache:
        draft.flags.append("no-model")
    else:
        draft.kind, draft.refusal = "refuse", NOBODY


def advise(draft: Draft, rules: Sequence[Compiled], apply: Collection[str]) -> None:
    """Every rule that matches advises on the prompt; those in `apply` may change it."""
    for rule in draft.matching(rules):
        draft.fired.append(rule.fired)
        draft.advice += rule.then.advise
        if rule.fired.id in apply:
            draft.apply += [(rule.fired.id, advice) for advice in rule.then.advise]


def flag(draft: Draft, rules: Sequence[Compiled]) -> None:
    """Every rule that matches marks the answer."""
    for rule in draft.matching(rules):
        draft.fired.append(rule.fired)
        draft.flags += rule.then.flag
