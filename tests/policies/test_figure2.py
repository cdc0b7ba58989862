"""Figure 2 of the survey, all 1,024 ways to answer its ten questions, against the profile survey-2023.

`figure` is a transcription of the drawing by itself; it shares nothing with the rules. The questions are put to the
policy as signals, as they arise from requests: 1, 2, 4, 7 and 8 are the task type's, the others ask the request, its
expert and its passage.
"""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from policies.engine import Policy
from policies.schema import Place, Taxonomy
from policies.signals import TASKS
from policies.store import PolicyStore
from router.types import TIERS, Facts, Fleet, Reading, Signals, Task

LLM, TUNED, NOBODY = "LLM", "fine-tuned", "?"
OF_THE_TASK = (1, 2, 4, 7, 8)
Answers = tuple[bool, ...]


def figure(yes: Answers) -> str:
    """The drawing, box after box; `yes[n]` answers question n (0 is unused)."""
    mimicking, emergent, several, not_language, few, shifted, creative, knowledge, in_context, unreal = yes[1:]
    if mimicking or emergent or several:
        return LLM
    if not_language:
        return TUNED
    if few or shifted or creative:
        return LLM
    if not knowledge or in_context:
        return TUNED
    return NOBODY if unreal else LLM


ALL: list[Answers] = [(False, *answers) for answers in product((False, True), repeat=10)]
# One task type for each way to answer the five questions that are the task's; none that a rule names by itself.
LABELS = dict(zip(product((False, True), repeat=len(OF_THE_TASK)), (t for t in TASKS if t != "tool_use"), strict=False))


def label_for(yes: Answers) -> str:
    return LABELS[tuple(yes[n] for n in OF_THE_TASK)]


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The shipped rules over a taxonomy in which a task type answers the five questions in every way."""
    shipped = PolicyStore("survey-2023").current
    places = {task: Place(survey="rewrite_edit") for task in TASKS}  # a name that no row speaks of
    for answers, label in LABELS.items():
        asked = [f"Q{n}" for n, yes in zip(OF_THE_TASK, answers, strict=True) if yes]
        places[label] = Place.model_validate({"survey": "rewrite_edit", "figure": asked})
    return Policy(shipped.profile, shipped.rules, shipped.thresholds, Taxonomy(tasks=places))


def signals(yes: Answers, *, expert: bool = True) -> Signals:
    reading = Reading("yes", 0.97, 0.99 if yes[6] else 0.1, open=True, n=20 if yes[5] else 5_000)
    return Signals(
        task=Task(label_for(yes), 0.95),
        facts=Facts(
            tasks=2 if yes[3] else 1,
            context="sufficient" if yes[9] else "none",
            cues=("counterfactual",) if yes[10] else (),
        ),
        experts={"any": reading} if expert else {},
        fleet=Fleet(tiers=TIERS),
    )


def outcome(policy: Policy, given: Signals) -> str:
    decision = policy.decide(given)
    if decision.kind == "local":
        return TUNED
    return NOBODY if decision.decider == "know.counterfactual" else LLM


def test_there_are_1024_ways_and_the_figure_ends_in_all_three_ends() -> None:
    assert len(set(ALL)) == 1024
    assert Counter(figure(yes) for yes in ALL) == {LLM: 953, TUNED: 70, NOBODY: 1}


def test_the_profile_answers_as_the_figure_does_in_every_way(policy: Policy) -> None:
    wrong = [
        (yes, figure(yes), decided.decider)
        for yes in ALL
        if outcome(policy, signals(yes)) != figure(yes) and (decided := policy.decide(signals(yes)))
    ]
    assert wrong == []


def test_where_no_expert_is_bound_tuned_becomes_an_llm_and_nothing_else_changes(policy: Policy) -> None:
    for yes in ALL:
        wanted = LLM if figure(yes) == TUNED else figure(yes)
        given = signals(yes, expert=False)
        decision = policy.decide(given)
        assert decision.kind == "llm"
        if wanted == NOBODY:
            assert "low-confidence" in decision.flags


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        (1, "misc.chat"),
        (2, "scale.concept"),
        (3, "real.multi-task"),
        (4, "misc.far-lm"),
        (5, "data.few"),
        (6, "data.ood"),
        (7, "gen.creative"),
        (8, "know.closed-book"),
    ],
)
def test_each_question_is_settled_by_its_own_row(policy: Policy, question: int, rule: str) -> None:
    yes = tuple(n == question for n in range(11))
    assert policy.decide(signals(yes)).decider == rule


def test_the_last_three_ends_are_their_own_rows(policy: Policy) -> None:
    def decider(*questions: int) -> str:
        return policy.decide(signals(tuple(n in questions for n in range(11)))).decider

    assert decider() == "nlu.default"
    assert decider(8, 9) == "know.ctx-sufficient"
    assert decider(8, 10) == "know.counterfactual"
