"""The policy: one pure, total function from signals to a decision. Start at `Policy.decide`.

Rules are compiled once; deciding is then a walk through six short lists. The same signals give the same
decision, always: no clock, no I/O, no prompt text. So explain, replay and golden cases are this one call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from policies.compiled import Compiled, content_hash, index
from policies.schema import Place, Rule, Taxonomy
from policies.signals import View, best_expert
from router.types import EXACT, TIERS, Decision, Fired, Kind, Signals, Stage, Tier

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


@dataclass(frozen=True)
class Policy:
    """A compiled profile. `hash` names its content: rules, thresholds and taxonomy."""

    profile: str
    rules: tuple[Rule, ...]
    thresholds: Mapping[str, float]
    taxonomy: Taxonomy
    hash: str = field(init=False)
    _rules_for: Mapping[str, Mapping[Stage, tuple[Compiled, ...]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", content_hash(self.rules, self.thresholds, self.taxonomy))
        object.__setattr__(self, "_rules_for", index(self.rules, self.thresholds, self.taxonomy))

    def decide(self, signals: Signals) -> Decision:
        """Whom to ask, in which order, and because of what. Never raises."""
        label = signals.task.label
        rules = self._rules_for.get(label) or self._rules_for[""]
        draft = self._draft(signals)
        _guard(draft, rules["guard"])
        if not draft.refusal:
            if signals.pinned:
                draft.decided_by(PINNED)
                draft.view.tier = draft.tiers[0] if draft.tiers else None
            else:
                _route(draft, rules["route"])
                _tier(draft, rules["tier"])
                _budget(draft, rules["budget"])
            _nobody_left(draft)
            _collect(draft.advice, draft, rules["shape"])
            _collect(draft.flags, draft, rules["flag"])
        return self._decision(draft)

    def _draft(self, signals: Signals) -> Draft:
        place = self.taxonomy.tasks.get(signals.task.label, _ELSEWHERE)
        name, reading, gate = best_expert(signals.experts)
        view = View(signals, place.survey, place.figure, name, reading, gate)
        # A client that pinned a model wants that model, not an expert in its place.
        expert = name if gate == "open" and not signals.pinned else ""
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
            refusal=draft.refusal,
        )


_ELSEWHERE = Place(survey="other", figure="Q6")  # a task type that nobody told us about


# ── the stages ───────────────────────────────────────────────────────────────────────────────────


def _guard(draft: Draft, rules: Sequence[Compiled]) -> None:
    """Every guard that matches narrows who may answer; one that leaves nobody refuses, and says why."""
    facts, fleet = draft.view.signals.facts, draft.view.signals.fleet
    for rule in draft.matching(rules):
        then, reason = rule.then, rule.then.refuse or ""
        somebody = bool(draft.tiers or draft.expert)  # else nobody was left before any guard: see `_nobody_left`
        if then.local_only:
            draft.tiers = [tier for tier in draft.tiers if tier in fleet.local_tiers]
            reason = reason or (
                f"The request holds personal data or secrets ({', '.join(facts.pii) or 'of some kind'}) that must not "
                "leave this machine, and no local model can answer it. Remove them, or configure a local model."
            )
        if then.needs == "vision":
            draft.tiers = [tier for tier in draft.tiers if tier in fleet.vision_tiers]
            draft.expert = ""  # experts read text only
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


def _route(draft: Draft, rules: Sequence[Compiled]) -> None:
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


def _tier(draft: Draft, rules: Sequence[Compiled]) -> None:
    """Every rule moves the wanted tier in turn; then the tiers that there are line up, nearest first."""
    wanted, avoided = TIERS.index("standard"), frozenset[Tier]()
    for rule in draft.matching(rules):
        draft.fired.append(rule.fired)
        then = rule.then
        if then.prefer:
            wanted = TIERS.index(then.prefer)
        if then.at_least:
            wanted = max(wanted, TIERS.index(then.at_least))
        if then.at_most:
            wanted = min(wanted, TIERS.index(then.at_most))
        avoided |= (LARGEST if "largest" in then.avoid else set()) | (MID_SIZE if "mid-size" in then.avoid else set())
    nearest = (*TIERS[wanted:], *reversed(TIERS[:wanted]))  # the same, then larger, then smaller
    if draft.kind != "local" and TIERS[wanted] not in avoided and TIERS[wanted] not in draft.tiers:
        draft.flags.append(f"wanted-{TIERS[wanted]}")
    draft.tiers = sorted(draft.tiers, key=lambda tier: (tier in avoided, nearest.index(tier)))
    draft.view.tier = draft.tiers[0] if draft.tiers else None


def _budget(draft: Draft, rules: Sequence[Compiled]) -> None:
    """Every rule that matches saves money: an open expert answers, or the cheapest tier that fits."""
    money = draft.view.signals.money
    for rule in draft.matching(rules):
        if rule.then.kind == "local" and draft.expert and draft.kind != "local":
            draft.kind = "local"
            draft.decided_by(rule.fired)
        elif rule.then.downgrade and draft.tiers:
            prices = [(money.estimates.get(tier), tier) for tier in draft.tiers]
            known = sorted(((price, tier) for price, tier in prices if price is not None), key=lambda pair: pair[0])
            fit = [tier for price, tier in known if money.budget is None or price <= money.budget]
            if not fit and draft.kind != "local":
                draft.flags.append("over-budget")
            draft.tiers = fit or [tier for _, tier in known[:1]] or draft.tiers
            draft.view.tier = draft.tiers[0]
            draft.fired.append(rule.fired)


def _nobody_left(draft: Draft) -> None:
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


def _collect(words: list[str], draft: Draft, rules: Sequence[Compiled]) -> None:
    for rule in draft.matching(rules):
        draft.fired.append(rule.fired)
        words += rule.then.advise if rule.fired.stage == "shape" else rule.then.flag


def _steps(draft: Draft) -> Iterator[str]:
    signals = draft.view.signals
    if signals.fleet.cache:
        yield EXACT
    if draft.kind == "local":
        yield f"expert.{draft.expert}"
    if signals.pinned and draft.tiers:
        yield f"hosted.{signals.pinned}"
    elif not signals.pinned:
        yield from (f"hosted.{tier}" for tier in draft.tiers)
