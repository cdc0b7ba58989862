"""Every row of the survey has its evidence and its rule in both shipped profiles, and nothing is left over."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from policies.schema import PAPER
from policies.store import PolicyStore, headings, profiles

SURVEY = Path("policies/survey.md").read_text()
# The rows as they were counted in the survey, section by section; a list of its own, not read from any rule.
ROWS = (
    *("data.ood", "data.adversarial", "data.zero", "data.few", "data.abundant", "data.pretrain-fit"),
    *("nlu.default", "nlu.sentiment", "nlu.topic-intent", "nlu.toxicity", "nlu.nli", "nlu.nli-adversarial"),
    *("nlu.extractive-qa", "nlu.conv-qa", "nlu.ir-rank", "nlu.ner", "nlu.parsing", "nlu.misc-class"),
    *("nlu.expert-arch", "gen.creative", "gen.longform", "gen.summarise", "gen.mt-low-to-en", "gen.mt-rich"),
    *("gen.mt-xlow", "gen.mt-related", "gen.code", "gen.code-repair", "gen.code-verify"),
    *("know.closed-book", "know.exam", "know.domain-recall", "know.ctx-sufficient", "know.retrieval"),
    *("know.counterfactual", "know.world-useless"),
    *("scale.arithmetic", "scale.calc-tool", "scale.commonsense", "scale.word-manip", "scale.logic", "scale.concept"),
    *("inv.redefine", "inv.info-choice", "inv.memo-trap", "inv.mitigate"),
    *("ushape.hindsight", "ushape.negation", "ushape.quote-repeat"),
    *("misc.regression", "misc.far-lm", "misc.multimodal", "misc.chat", "misc.annotate", "misc.synth"),
    *("misc.judge", "misc.explain"),
    *("real.noisy", "real.code-mixed", "real.multi-task", "real.unformalised", "real.implicit", "real.eval"),
    *("eff.cost", "eff.latency", "eff.peft"),
    *("trust.robust", "trust.calibration", "trust.fairness", "trust.shortcut", "trust.icl-bias"),
    *("safety.high-stakes", "safety.harm", "safety.privacy"),
)
OURS = ("default.llm", "real.tools", "real.long-context", "safety.residency")  # not in the survey


def entries(text: str) -> dict[str, str]:
    """What stands under each `## heading`, up to the next heading of any level."""
    parts = re.split(r"^(#+ .*)$", text, flags=re.MULTILINE)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {heading.removeprefix("## "): body for heading, body in pairs if heading.startswith("## ")}


def ids(profile: str) -> Sequence[str]:
    return [rule.id for rule in PolicyStore(profile).current.rules]


def cited(profile: str) -> set[str]:
    return {cite for rule in PolicyStore(profile).current.rules for cite in rule.cites}


def test_the_rows_are_74() -> None:
    assert len(ROWS) == len(set(ROWS)) == 74


def test_every_row_has_one_heading_and_there_is_no_other() -> None:
    written = [line.removeprefix("## ") for line in SURVEY.splitlines() if line.startswith("## ")]
    assert sorted(written) == sorted((*ROWS, *OURS))
    assert headings(SURVEY) == set(written)


@pytest.mark.parametrize("row", [*ROWS, *OURS])
def test_the_evidence_says_what_was_found_and_what_each_profile_makes_of_it(row: str) -> None:
    said = entries(SURVEY)[row]
    assert len(said.split()) >= 20
    assert re.search(r"^survey-2023(:| and 2026:)", said, flags=re.MULTILINE)
    assert "2026:" in said


@pytest.mark.parametrize("profile", ["survey-2023", "2026"])
def test_every_row_is_a_rule_of_both_profiles(profile: str) -> None:
    assert set(ROWS) - set(ids(profile)) == set()


@pytest.mark.parametrize("profile", ["survey-2023", "2026"])
def test_every_rule_belongs_to_a_row(profile: str) -> None:
    strangers = [name for name in ids(profile) if ".".join(name.split(".")[:2]) not in {*ROWS, *OURS}]
    assert strangers == []


def test_no_evidence_is_left_uncited() -> None:
    assert headings(SURVEY) - set().union(*map(cited, profiles())) == set()


def test_every_paper_that_a_policy_names_is_spoken_of() -> None:
    named = {paper for path in Path("policies").rglob("*.yaml") for paper in PAPER.findall(path.read_text())}
    assert {paper for paper in named if paper not in SURVEY} == set()
