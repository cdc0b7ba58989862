from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.gate import CLOSED, certify, ladder, upper_bound


def work(draw: np.random.Generator, count: int, skill: float) -> tuple[np.ndarray, np.ndarray]:
    """Confidences and mistakes of a head whose true error at confidence c is (1 - c) * skill."""
    sure = draw.uniform(0.5, 1.0, size=count)
    return sure, draw.uniform(size=count) < (1.0 - sure) * skill


def true_risk(threshold: float, skill: float) -> float:
    """The error of what such a head serves above a threshold, exactly."""
    return skill * (1.0 - max(threshold, 0.5)) / 2


@pytest.mark.parametrize(("epsilon", "delta", "skill"), [(0.05, 0.1, 0.6), (0.1, 0.1, 1.0), (0.02, 0.2, 0.3)])
def test_the_promise_holds_as_often_as_it_says(epsilon: float, delta: float, skill: float) -> None:
    draw = np.random.default_rng(7)
    thresholds = ladder(work(draw, 2_000, skill)[0])
    broken, runs = 0, 400
    for _ in range(runs):
        gate = certify(*work(draw, 600, skill), thresholds, epsilon, delta)
        broken += not gate.closed and true_risk(gate.threshold, skill) > epsilon
    assert broken / runs <= delta + 3 * (delta * (1 - delta) / runs) ** 0.5


def test_a_good_head_is_opened_wide_and_a_bad_one_not_at_all() -> None:
    draw = np.random.default_rng(1)
    sure, wrong = work(draw, 1_000, 0.05)
    gate = certify(sure, wrong, ladder(sure))
    assert gate.coverage == pytest.approx(1.0)
    assert not gate.closed
    hopeless = certify(sure, draw.uniform(size=1_000) < 0.4, ladder(sure))
    assert hopeless.closed
    assert hopeless.threshold == CLOSED > 1.0
    assert hopeless.coverage == 0.0


def test_only_eligible_rows_are_served_and_judged() -> None:
    sure, wrong = np.linspace(0.5, 1.0, 800), np.zeros(800, bool)
    wrong[::2] = True
    gate = certify(sure, wrong, ladder(sure), eligible=~wrong)
    assert not gate.closed
    assert gate.wrong == 0
    assert gate.coverage == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("served", "epsilon"), [(45, 0.05), (230, 0.01)])
def test_the_bound_is_the_exact_one(served: int, epsilon: float) -> None:
    """With no mistakes the bound is 1 - delta^(1/n): 45 rows for 5 % and 230 for 1 %, at delta 0.1."""
    assert upper_bound(0, served, 0.1) == pytest.approx(1 - 0.1 ** (1 / served))
    assert upper_bound(0, served, 0.1) <= epsilon < upper_bound(0, served - 1, 0.1)
    assert upper_bound(0, 0, 0.1) == 1.0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=200), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_what_is_certified_is_certified(rows: list[tuple[float, bool]], epsilon: float, delta: float) -> None:
    sure, wrong = [each for each, _ in rows], [each for _, each in rows]
    gate = certify(sure, wrong, (0.9, 0.5, 0.0), epsilon, delta)
    served = [bad for each, bad in rows if each >= gate.threshold]
    assert gate.closed == (not served)
    assert gate.wrong == sum(served)
    assert gate.closed or upper_bound(sum(served), len(served), delta) <= epsilon


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        certify([0.5], [True, False], (0.5,))
    with pytest.raises(ValueError, match="between 0 and 1"):
        certify([0.5], [True], (0.5,), epsilon=0.0)
    assert ladder([]) == ()
    assert certify([], [], ()).closed
