"""What a rule is: the models that check rule files, and the JSON schema that editors complete them with.

Run `python -m policies.schema` after a change here or in `signals.py`; it rewrites `rule.schema.json`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    create_model,
    model_validator,
)

from policies.conditions import check, condition_schema
from policies.signals import QUESTIONS, SIGNALS, SURVEY, TASKS, Signal
from router.types import Stage, Status, Tier

# A cite names a row of evidence (a heading of survey.md), a place in the survey itself, or a later paper
# that survey.md speaks of.
SECTIONS = (
    *("3.1", "3.2.1", "3.2.2", "3.2.3", "3.3", "4.1.1", "4.1.2", "4.2.1", "4.2.2", "4.3.1", "4.3.2"),
    *("4.4.1", "4.4.2", "4.4.3", "4.5", "4.6", "5.1.1", "5.1.2", "5.1.3", "5.2", "5.3"),
)
PLACE = re.compile(r"survey (s(?P<section>\d(\.\d){0,2})|R[1-8]|Q([1-9]|10))")
PAPER = re.compile(r"arXiv:\d{4}\.\d{5}")
HEADING = re.compile(r"[a-z]+\.[a-z0-9-]+(\.[a-z0-9-]+)?")
CITE = f"^({HEADING.pattern}|survey (s\\d(\\.\\d){{0,2}}|R[1-8]|Q([1-9]|10))|{PAPER.pattern})$"

Sentence = Annotated[str, StringConstraints(min_length=10, strip_whitespace=True)]
RuleId = Annotated[str, Field(pattern=f"^{HEADING.pattern}$", max_length=60, examples=["nlu.sentiment"])]
Cite = Annotated[str, Field(pattern=CITE, examples=["nlu.sentiment", "survey s4.1.1", "arXiv:2602.06370"])]
Mark = Annotated[str, Field(pattern="^[a-z][a-z0-9]*([:-][a-z0-9]+)*$", examples=["few-shot"])]


class Strict(BaseModel):
    """A model that refuses unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# ── when ─────────────────────────────────────────────────────────────────────────────────────────


def _field(signal: Signal) -> Any:
    """The model field for a signal's condition; kept as written, compiled later by `conditions`."""
    checked = PlainValidator(lambda condition: check(signal, condition))
    return (
        Annotated[Any, checked, WithJsonSchema(condition_schema(signal))],
        Field(default=None, alias=signal.name, description=signal.doc),
    )


if TYPE_CHECKING:
    When = BaseModel
else:
    When = create_model(
        "When",
        __base__=Strict,
        __module__=__name__,
        __doc__="Signals and their conditions; all must hold, and an empty mapping always does.",
        **{f"signal_{name.replace('.', '_')}": _field(signal) for name, signal in SIGNALS.items()},
        any_of=(list["When"], Field(default=None, alias="any", min_length=1, description="one of these holds")),
        all_of=(list["When"], Field(default=None, alias="all", min_length=1, description="all of these hold")),
        none_of=("When", Field(default=None, alias="not", description="this does not hold")),
    )
    When.model_rebuild()


# ── then, per stage ──────────────────────────────────────────────────────────────────────────────


class Then(Strict):
    """What a rule does. At least one key must be set."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"says nothing; set one of {', '.join(type(self).model_fields)}")
        return self


class GuardThen(Then):
    """Narrows who may answer at all, or refuses."""

    local_only: Literal[True] | None = Field(None, description="only what stays on the operator's machines")
    needs: Literal["vision"] | None = Field(None, description="only models that see images")
    resident_only: Literal[True] | None = Field(None, description="only what runs in the region where data must stay")
    fits_context: Literal[True] | None = Field(None, description="only models whose window holds the conversation")
    refuse: Sentence | None = Field(None, description="answer nobody; the sentence tells the client what to do")


class RouteThen(Then):
    """Chooses the kind of target. `local` acts only when a bound expert's gate is open."""

    kind: Literal["local", "llm", "retrieve", "guard"]


class TierThen(Then):
    """Sets or bounds the LLM tier. `largest` means large and reasoning, `mid-size` means standard."""

    prefer: Tier | None = None
    at_least: Tier | None = None
    at_most: Tier | None = None
    avoid: list[Literal["largest", "mid-size"]] = Field(default=[], min_length=1)
    favour: Mark | None = Field(None, description="of the chosen tier, a model with this tag answers first")
    stay: Literal[True] | None = Field(None, description="the tier that began this conversation, unless bounded away")


class BudgetThen(Then):
    """Saves money or time: the cheapest tier that fits the budget, one that is fast enough, or an open expert."""

    downgrade: Literal[True] | None = None
    faster: Literal[True] | None = None
    kind: Literal["local"] | None = None


class ShapeThen(Then):
    """Advises on the prompt. Advice is reported; the prompt is changed only where the operator lets this rule."""

    advise: list[Mark] = Field(min_length=1, examples=[["few-shot"]])


class FlagThen(Then):
    """Marks the answer in headers, ledger and dashboard."""

    flag: list[Mark] = Field(min_length=1, examples=[["unverified"]])


# ── rule ─────────────────────────────────────────────────────────────────────────────────────────


class Rule(Strict):
    """One rule. Every key is required, so that no rule goes without its evidence or its limits."""

    id: RuleId
    title: Sentence = Field(description="what the rule does, as a sentence", examples=["A poem goes to an LLM"])
    status: Status = Field(description="active, shadow (evaluated, never obeyed) or off", examples=["active"])
    stage: Stage
    when: When = Field(description="signals and conditions", examples=["{task: sentiment}"])
    then: Then
    why: Sentence = Field(description="the evidence in one or two sentences", examples=["because ... (who, where)"])
    cites: list[Cite] = Field(min_length=1, examples=["[nlu.sentiment]"])
    wrong_when: Sentence = Field(description="when the rule would be wrong", examples=["the labels are new"])
    before: RuleId | None = Field(None, description="overlays only: act right before this rule of the profile")

    @property
    def conditions(self) -> dict[str, Any]:
        """`when` as plain data, exactly as written."""
        return self.when.model_dump(by_alias=True, exclude_unset=True)


class GuardRule(Rule):
    """Narrows the candidates before anything else."""

    stage: Literal["guard"]
    then: GuardThen


class RouteRule(Rule):
    """Chooses the kind of target; the first that matches decides."""

    stage: Literal["route"]
    then: RouteThen


class TierRule(Rule):
    """Sets or bounds the LLM tier; all act, in order."""

    stage: Literal["tier"]
    then: TierThen


class BudgetRule(Rule):
    """Saves money; all act, in order."""

    stage: Literal["budget"]
    then: BudgetThen


class ShapeRule(Rule):
    """Advises on the prompt; all act."""

    stage: Literal["shape"]
    then: ShapeThen


class FlagRule(Rule):
    """Marks the answer; all act."""

    stage: Literal["flag"]
    then: FlagThen


AnyRule = Annotated[GuardRule | RouteRule | TierRule | BudgetRule | ShapeRule | FlagRule, Field(discriminator="stage")]


class RuleFile(Strict):
    """A file of rules: one section of the survey, or an operator's overlay."""

    rules: list[AnyRule] = Field(min_length=1)


class Threshold(Strict):
    """A number that rules name instead of stating it, so that an operator can tune it."""

    default: Annotated[float, Field(allow_inf_nan=False)]
    unit: Annotated[str, StringConstraints(min_length=1)] = Field(examples=["labels"])
    meaning: Sentence
    evidence: Sentence = Field(description="where the default comes from")


class Profile(Strict):
    """A profile's manifest: which rule files act, in which order, with which thresholds."""

    title: Sentence
    base: str | None = Field(None, description="a shipped profile that this one changes: the same id replaces a rule")
    files: list[Annotated[str, Field(pattern=r"^[a-z0-9.-]+\.yaml$")]] = Field(min_length=1)
    without: list[RuleId] = Field(default=[], description="rules of the base that this profile drops")
    flow: list[RuleId] = Field(default=[], description="all route rules in the order in which they are asked")
    thresholds: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], Threshold] = {}


class Place(Strict):
    """Where a task type belongs in the survey."""

    survey: Literal[*SURVEY]  # type: ignore[valid-type]
    figure: list[Literal[*QUESTIONS]] = []  # type: ignore[valid-type]


class Taxonomy(Strict):
    """The one table from task types to the survey's own names and questions."""

    tasks: dict[str, Place]

    @model_validator(mode="after")
    def _covers_every_task(self) -> Self:
        if missing := [task for task in TASKS if task not in self.tasks]:
            raise ValueError(f"no place for {', '.join(missing)}; every task type needs one")
        if unknown := [task for task in self.tasks if task not in TASKS]:
            raise ValueError(f"unknown task type {', '.join(unknown)}; the known ones are in policies/signals.py")
        return self


def json_schema() -> dict[str, Any]:
    """The JSON schema of a rule file, with every signal, condition and target that exists."""
    schema = RuleFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A Surveyor rule file"}


def schema_text() -> str:
    """The text of `rule.schema.json`."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("rule.schema.json").write_text(schema_text(), encoding="utf-8")
