"""Rows are read back as what they were: exactly those of today, and as well as may be those of any other day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from policies.cases import Given
from policies.explain import document
from policies.located import ConfigError
from policies.store import PolicyStore, Tuning
from router.errors import RequestNotFound
from router.ledger import Ledger
from router.record import Record
from router.shaping import Change
from router.stored import decision_of, explained, open_ledger, rules_of, signals_of
from router.tables import as_policy_row, decision_text
from router.types import Facts, Fleet, Money, Observed, Reading, Signals, Task
from tests.router.test_ledger import REQUEST, answer

POLICY = PolicyStore("2026", tuning=Tuning(apply=True, status={"scale.arithmetic.tier": "shadow"})).current
RICH = Given.model_validate(
    {
        "task": {"label": "arithmetic_reasoning", "confidence": 0.81, "runner_up": "competition_math", "look": "first"},
        "novelty": 0.3141592653589793,
        "facts": {"cues": ["calculation", "implicit"], "pii": ["email"], "overlap": 0.1, "modalities": ["image"]},
        "experts": {
            "sentiment": {"open": False, "why": "It reads en, not de.", "shut": "language", "traits": ["adapter"]}
        },
        "fleet": {"vision_tiers": ["large"], "windows": {"small": 8192}, "tagged": {"small": {"code": "coder"}}},
        "money": {"estimates": {"small": 12, "large": None}, "baseline": 99, "budget": 5},
        "operator": {"prefer": ["robust"], "metrics": {"summarization": "rouge"}, "slo": 1.5},
        "began": "large",
        "retrieved": 0.7,
        "standard_right": 0.45,
    }
).signals()  # fmt: skip


def test_signals_come_back_equal() -> None:
    back = signals_of(orjson.dumps(RICH).decode())
    assert back == RICH
    assert isinstance(back.facts.cues, tuple)
    assert POLICY.decide(back) == POLICY.decide(RICH)


def test_a_decision_comes_back_equal_with_the_words_of_its_rules() -> None:
    rules = rules_of(as_policy_row(POLICY, 0.0)["rules"])
    pinned = replace(RICH, pinned="model-x")
    assert POLICY.decide(RICH).apply
    assert "shadow" in {rule.status for rule in POLICY.decide(RICH).rules}
    for signals in (RICH, pinned):
        decision = POLICY.decide(signals)
        assert decision_of(decision_text(decision), rules, "2026", POLICY.hash) == decision
    back = decision_of(decision_text(POLICY.decide(RICH)), {}, "2026", POLICY.hash)
    assert back.rules[0].id == POLICY.decide(RICH).rules[0].id
    assert "not stored" in back.rules[0].title


def test_a_row_older_or_newer_than_the_code_is_read_all_the_same() -> None:
    bare = signals_of('{"task": {"label": "ner"}, "facts": {"redefinition": true, "tokens": 7}, "weather": "fine"}')
    assert bare == Signals(Task("ner", 0.0), 0.0, Facts(tokens=7), {}, Fleet(), Money())
    assert signals_of("{}").task.label == "other"
    assert signals_of('{"experts": {"ner": {}}}').experts == {"ner": Reading("", 0.0, 1.0, open=False)}
    assert POLICY.decide(signals_of("{}")).steps
    for text in ("", "[]", "null", "{"):
        with pytest.raises(ValueError, match="no JSON object"):
            signals_of(text)


def test_a_past_request_is_explained_by_the_rules_of_its_day(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = Ledger(url)
    decision = POLICY.decide(RICH)
    ledger.know(POLICY)
    ledger.know(PolicyStore("2026").current)  # the rules have changed since
    record = Record(REQUEST, Observed(RICH), decision, ledger.note).open()
    record.changes = (Change("scale.arithmetic.cot", "cot"),)
    record.close(answer(), "whole")
    assert ledger.flush()
    found = explained(ledger.engine, "req_1")
    assert found.document == document("req_1", RICH, decision, ("scale.arithmetic.cot:cot",))
    assert found.document["changes"] == ["scale.arithmetic.cot:cot"]
    assert found.row["outcome"] == "whole"
    with pytest.raises(RequestNotFound, match="No request 'req_2' is in the ledger"):
        explained(ledger.engine, "req_2")
    with ledger.engine.begin() as connection:
        connection.execute(sa.text("delete from policies"))
    assert "not stored" in explained(ledger.engine, "req_1").document["decision"]["rules"][0]["title"]
    ledger.close()


def test_no_ledger_is_made_by_looking_for_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no ledger at .*none\.db; start `surveyor serve`"):
        open_ledger(f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text.db").write_text("no database at all, but long enough to be taken for one" * 20)
    with pytest.raises(ConfigError, match=r"text\.db cannot be read: file is not a database"):
        open_ledger(f"sqlite:///{tmp_path / 'text.db'}")
