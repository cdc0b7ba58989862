"""Golden decisions: signals in, decision out, as data. `surveyor policy test` and the test suite run them here.

    cases:
      - case: an open expert answers a plain sentiment prompt
        given: {task: sentiment, experts: {sentiment: {confidence: 0.97}}}
        hits: [nlu.sentiment]
        misses: [data.zero]
        kind: local
        rule: nlu.sentiment
        steps: [cache.exact, expert.sentiment, hosted.standard]
        profiles: [survey-2023]     # only there; a case without it holds in every profile

What `given` leaves out has its everyday value: a sure classifier, four healthy LLM tiers, a cache, no budget.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from pydantic import BeforeValidator, Field, create_model, field_validator

from policies.engine import Policy
from policies.located import Located, nearest, read
from policies.schema import RuleId, Strict
from policies.signals import TASKS
from policies.store import profiles
from router.types import TIERS, Decision, Facts, Fleet, Kind, Money, Operator, Reading, Signals, Task, Tier

HERE = Path(__file__).parent


def _mirror(of: type, **everyday: Any) -> Any:
    """A strict model with the fields of a dataclass, so that a case refuses a misspelt signal."""
    hints = get_type_hints(of)
    defaults: dict[str, Any] = {}
    for each in fields(of):
        factory = each.default_factory
        default = everyday.get(each.name, factory() if factory is not MISSING else each.default)
        defaults[each.name] = (hints[each.name], Field(default=... if default is MISSING else default))
    return create_model(of.__name__, __base__=Strict, **defaults)


if TYPE_CHECKING:
    TaskGiven = Strict
    ReadingGiven = Strict
    FactsGiven = Strict
    FleetGiven = Strict
    MoneyGiven = Strict
    OperatorGiven = Strict
else:
    TaskGiven = _mirror(Task, confidence=0.95)
    ReadingGiven = _mirror(Reading, answer="yes", confidence=0.97, novelty=0.1, open=True, n=5000)
    FactsGiven = _mirror(Facts)
    FleetGiven = _mirror(Fleet, tiers=TIERS)
    MoneyGiven = _mirror(Money)
    OperatorGiven = _mirror(Operator)


class Given(Strict):
    """Signals, sparsely. `task` may be just the label."""

    task: TaskGiven
    novelty: float = 0.1
    facts: FactsGiven = Field(default_factory=FactsGiven)
    experts: dict[str, ReadingGiven] = Field(default_factory=dict)
    fleet: FleetGiven = Field(default_factory=FleetGiven)
    money: MoneyGiven = Field(default_factory=MoneyGiven)
    operator: OperatorGiven = Field(default_factory=OperatorGiven)
    began: Tier | None = None
    retrieved: float | None = None
    standard_right: float | None = None
    pinned: str = ""

    @field_validator("task", mode="before")
    @classmethod
    def _label_alone(cls, task: object) -> object:
        if not isinstance(task, str):
            return task
        if task not in (*TASKS, "other"):
            raise ValueError(f"no task type is named '{task}'{nearest(task, TASKS)}")
        return {"label": task}

    def signals(self) -> Signals:
        """The whole signals."""
        return Signals(
            task=Task(**self.task.model_dump()),
            novelty=self.novelty,
            facts=Facts(**self.facts.model_dump()),
            experts={name: Reading(**reading.model_dump()) for name, reading in self.experts.items()},
            fleet=Fleet(**self.fleet.model_dump()),
            money=Money(**self.money.model_dump()),
            operator=Operator(**self.operator.model_dump()),
            began=self.began,
            retrieved=self.retrieved,
            standard_right=self.standard_right,
            pinned=self.pinned,
        )


def _as_text(name: object) -> object:
    return str(name) if isinstance(name, int) else name  # `2026` without quotes is a number to YAML


class Case(Strict):
    """One golden decision. Only what it states is compared; every case states something."""

    case: str = Field(description="what happens, as a sentence")
    given: Given
    profiles: list[Annotated[str, BeforeValidator(_as_text)]] = Field(
        default=[], description="profiles in which it holds; all when left out", examples=[["2026"]]
    )
    apply: list[RuleId] = Field(default=[], description="shape rules that the operator lets change the prompt")
    hits: list[RuleId] = Field(default=[], description="rules that must fire")
    misses: list[RuleId] = Field(default=[], description="rules that must not fire")
    rule: str | None = Field(default=None, description="the rule that decides")
    kind: Kind | None = None
    tier: Tier | None = None
    steps: list[str] | None = None
    advice: list[str] | None = None
    flags: list[str] | None = None
    refusal: str | None = Field(default=None, description="a part of the sentence")

    def holds_in(self, profile: str) -> bool:
        """Whether this case says anything of a profile."""
        return not self.profiles or profile in self.profiles

    def differences(self, decision: Decision) -> list[str]:
        """Where the decision is not the one that this case wants; empty when it is."""
        fired = [each.id for each in decision.rules]
        found = [f"{rule} should have fired" for rule in self.hits if rule not in fired]
        found += [f"{rule} should not have fired" for rule in self.misses if rule in fired]
        got: dict[str, object] = {
            "rule": next((each.id for each in decision.rules if each.decided), None),
            "kind": decision.kind,
            "tier": decision.tier,
            "steps": list(decision.steps),
            "advice": list(decision.advice),
            "flags": list(decision.flags),
        }
        for name, value in got.items():
            wanted = getattr(self, name)
            if wanted is not None and wanted != value:
                found.append(f"{name} should be {wanted}, but is {value}")
        if self.refusal is not None and self.refusal not in decision.refusal:
            found.append(f"refusal should say '{self.refusal}', but says '{decision.refusal}'")
        return found


class CaseFile(Strict):
    """A file of cases."""

    cases: list[Case] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Result:
    """A case that was run: where it stands, what it says, and what was different."""

    path: Path
    line: int | None
    case: Case
    differences: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the decision was the wanted one."""
        return not self.differences

    def __str__(self) -> str:
        said = "; ".join(self.differences) or "ok"
        return f"{self.path}:{self.line}: {self.case.case}: {said}"


def case_files(folder: Path = HERE / "cases") -> list[Path]:
    """The case files of a folder (the shipped ones by default), in order."""
    return sorted(folder.glob("*.yaml"))


def _decided(policy: Policy, case: Case) -> Decision:
    under = replace(policy, apply=frozenset(case.apply)) if case.apply else policy
    return under.decide(case.given.signals())


def run(policy: Policy, paths: Sequence[Path]) -> Iterator[Result]:
    """Decide every case of the files that holds in the policy's profile.

    Raises:
        ConfigError: a file is no case file, or a case names a profile that is neither shipped nor the policy's own.
    """
    known = {*profiles(), policy.profile}
    for path in paths:
        file: Located[CaseFile] = read(path, CaseFile)
        for index, case in enumerate(file.value.cases):
            for at, name in enumerate(case.profiles):
                if name not in known:
                    hint = nearest(name, sorted(known))
                    raise file.error(("cases", index, "profiles", at), f"no profile is named '{name}'{hint}")
            if not case.holds_in(policy.profile):
                continue
            found = case.differences(_decided(policy, case))
            line = file.error(("cases", index), "").line
            yield Result(path, line, case, tuple(found))


def untested(policy: Policy, results: Sequence[Result], among: Collection[str] | None = None) -> list[str]:
    """What the cases leave out: rules (of `among`, where given) without a case that they hit, or that they miss.

    Rules that are off need neither.
    """
    hits = {rule for result in results for rule in result.case.hits}
    misses = {rule for result in results for rule in result.case.misses}
    ids = [rule.id for rule in policy.rules if rule.status != "off" and (among is None or rule.id in among)]
    return [f"{rule} has no hit" for rule in ids if rule not in hits] + [
        f"{rule} has no miss" for rule in ids if rule not in misses
    ]


def strangers(policies: Sequence[Policy], results: Sequence[Result]) -> list[str]:
    """Cases that speak of a rule which none of the policies has: a miss of it would hold for ever."""
    known = sorted({rule.id for policy in policies for rule in policy.rules})
    return [
        f"{result.path}:{result.line}: {result.case.case}: no rule is named '{rule}'{nearest(rule, known)}"
        for result in results
        for rule in (*result.case.hits, *result.case.misses)
        if rule not in known
    ]
