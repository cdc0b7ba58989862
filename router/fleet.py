"""Models with their prices and abilities, and what a set of them offers to a decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policies.engine import Policy
from router.course import Choice
from router.prices import FREE, NANO, Price, PriceMap
from router.settings import Model, Settings
from router.types import TIERS, Fleet, Operator, Tier


class Priced:
    """The configured models with their prices, windows and abilities; the rest of the price map is let go."""

    def __init__(self, settings: Settings, models: tuple[Model, ...]) -> None:
        price_map = PriceMap()
        self._entries = {model.id: price_map.entry(model.upstream_name) for model in models}
        self.prices = {model.id: _price(model, price_map) for model in models}
        named = next((model for model in models if model.id == settings.baseline), None)
        self._baseline = self.prices[named.id] if named else price_map.price(settings.baseline)

    def baseline(self, tokens_in: int, tokens_out: int) -> int | None:
        """What the baseline model would have cost, in nano-dollars; None when its price is unknown."""
        return self._baseline.cost(tokens_in, tokens_out) if self._baseline else None

    def choice(self, models: Sequence[Model], settings: Settings, policy: Policy, pinned: str = "") -> Choice:
        """What a set of models offers to a policy. The first model of a tier stands for it."""
        budget = settings.budget.request_usd
        fleet = self.fleet(models, settings)
        return Choice(
            policy=policy,
            fleet=fleet,
            prices={
                **{tier: self.prices[members[0].id] for tier, members in by_tier(models).items()},
                **{name: self.prices[name] for tags in fleet.tagged.values() for name in tags.values()},
            },
            operator=operator_of(settings),
            budget=None if budget is None else round(budget * NANO),
            pinned=pinned,
        )

    def fleet(self, models: Sequence[Model], settings: Settings) -> Fleet:
        """What may answer, and what it can.

        A tier is no more than the least of its models: when the first one fails, or another has a favoured tag, that
        one is asked.
        """
        tiers = by_tier(models)
        region = settings.operator.residency
        return Fleet(
            tiers=tuple(tiers),
            local_tiers=tuple(tier for tier, members in tiers.items() if all(model.local for model in members)),
            vision_tiers=tuple(tier for tier, members in tiers.items() if all(map(self._sees, members))),
            resident_tiers=tuple(
                tier for tier, members in tiers.items() if all(is_resident(model, region) for model in members)
            ),
            windows={
                tier: min(windows)
                for tier, members in tiers.items()
                if (windows := [window for model in members if (window := self._window(model))])
            },
            p95={
                tier: max(slowest) / 1000
                for tier, members in tiers.items()
                if (slowest := [model.p95_ms for model in members if model.p95_ms is not None])
            },
            tagged={tier: tagged for tier, members in tiers.items() if (tagged := first_with_tag(members))},
            cache=settings.cache.enabled,
            index=settings.index.folder is not None,
            keep_private=settings.privacy == "local-only",
        )

    def _sees(self, model: Model) -> bool:
        return bool(self._entries[model.id].get("supports_vision")) if model.vision is None else model.vision

    def _window(self, model: Model) -> int | None:
        return model.context_window or self._entries[model.id].get("max_input_tokens")


def operator_of(settings: Settings) -> Operator:
    """What the operator declared about the traffic, as signals."""
    said = settings.operator
    return Operator(
        prefer=said.prefer,
        metrics=said.metrics,
        llm_languages=said.llm_languages,
        slo=None if said.slo_ms is None else said.slo_ms / 1000,
        residency=said.residency or "",
    )


def by_tier(models: Sequence[Model]) -> dict[Tier, list[Model]]:
    """The tiers that have a model, smallest first, each with its models in their order."""
    found: dict[Tier, list[Model]] = {tier: [model for model in models if model.tier == tier] for tier in TIERS}
    return {tier: members for tier, members in found.items() if members}


def is_resident(model: Model, region: str | None) -> bool:
    """Whether a model runs where data must stay: anywhere without a region, and `eu` holds `eu-west-1`.

    A model on the operator's own machines is there, unless it names another region.
    """
    if not region or (model.local and model.region is None):
        return True
    return model.region == region or (model.region or "").startswith(f"{region}-")


def first_with_tag(models: Iterable[Model]) -> dict[str, str]:
    """Each tag, with the id of the first model that has it."""
    found: dict[str, str] = {}
    for model in models:
        for tag in model.tags:
            found.setdefault(tag, model.id)
    return found


def _price(model: Model, price_map: PriceMap) -> Price | None:
    if model.price is not None:
        return Price.per_million(model.price.input, model.price.output, model.price.cached_input)
    return FREE if model.local else price_map.price(model.upstream_name)
