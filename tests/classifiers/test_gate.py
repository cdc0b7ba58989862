from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mapie.risk_control import BinaryClassificationController
from mapie.risk_control.fwer_control import control_fwer
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value

from classifiers.gate import (
    CLOSED,
    UNTESTED,
    Calibration,
    certify,
    fewest,
    ladder,
    naive,
    p_value,
    promoted_delta,
    shares_of,
    upper_bound,
)


def work(draw: np.random.Generator, count: int, skill: float) -> tuple[np.ndarray, np.ndarray]:
    """Confidences and mistakes of a head whose true error at confidence c is (1 - c) * skill."""
    sure = draw.uniform(0.5, 1.0, size=count)
    return sure, draw.uniform(size=count) < (1.0 - sure) * skill


def true_risk(threshold: float, skill: float) -> float:
    """The error of what such a head serves above a threshold, exactly."""
    return skill * (1.0 - max(threshold, 0.5)) / 2


@pytest.mark.parametrize(("epsilon", "delta", "skill"), [(0.05, 0.1, 0.6), (0.1, 0.1, 1.0), (0.02, 0.2, 0.3)])
def test_the_promise_holds_as_often_as_it_says(epsilon: float, delta: float, skill: float) -> None:
    """Over 1,000 calibrations the true risk exceeds epsilon in at most delta of them; naive tuning is far off."""
    draw = np.random.default_rng(7)
    thresholds = ladder(work(draw, 2_000, skill)[0])
    broken, loose = 0, 0
    for _ in range(1_000):
        rows = Calibration.of(*work(draw, 600, skill), thresholds)
        gate, tuned = rows.certify(epsilon, delta), rows.naive(epsilon)
        broken += not gate.closed and true_risk(gate.threshold, skill) > epsilon
        loose += not tuned.closed and true_risk(tuned.threshold, skill) > epsilon
    assert broken <= 1_000 * delta
    assert loose >= 400


@pytest.mark.parametrize(("epsilon", "delta", "n"), [(0.05, 0.1, 400), (0.1, 0.1, 300), (0.02, 0.05, 900)])
def test_at_the_very_edge_the_promise_is_used_up_but_not_broken(epsilon: float, delta: float, n: int) -> None:
    """One threshold, its true risk a hair above epsilon, is where any bound that is a bit too loose is found out."""
    draw = np.random.default_rng(11)
    opened = sum(
        not certify(np.ones(n), draw.uniform(size=n) < epsilon * 1.001, (0.5,), epsilon, delta).closed
        for _ in range(1_000)
    )
    assert delta / 4 <= opened / 1_000 <= delta


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
    assert (gate.wrong, gate.served) == (sum(served), len(served))
    assert gate.closed or upper_bound(sum(served), len(served), delta) <= epsilon + 1e-9


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 5_000), st.floats(0, 1), st.floats(0.001, 0.7), st.floats(0.001, 0.7))
@example(5_000, 0.9, 0.001, 0.1)
def test_test_and_bound_are_two_sides_of_one_coin(served: int, part: float, epsilon: float, delta: float) -> None:
    wrong = round(part * served)
    assert 0.0 <= p_value(wrong, served, epsilon) <= 1.0
    bound = upper_bound(wrong, served, delta)
    if abs(bound - epsilon) > 1e-9:
        assert (p_value(wrong, served, epsilon) <= delta) == (bound < epsilon)
    assert wrong == served or p_value(wrong, served, bound) == pytest.approx(delta)


# ── MAPIE ────────────────────────────────────────────────────────────────────────────────────────


def both_ways(
    sure: np.ndarray, wrong: np.ndarray, thresholds: tuple[float, ...], epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """What LTT needs of each threshold, strict to loose: our p-values and MAPIE's, of Hoeffding and Bentkus."""
    served = np.array([(sure >= each).sum() for each in thresholds])
    mistakes = np.array([wrong[sure >= each].sum() for each in thresholds])
    theirs = compute_hoeffding_bentkus_p_value(mistakes / served, served, epsilon, binary=True)[:, 0]
    return np.array([p_value(int(k), int(n), epsilon) for k, n in zip(mistakes, served, strict=True)]), theirs


@pytest.mark.parametrize("seed", range(40))
def test_mapie_walks_the_same_way_from_strict_to_loose(seed: int) -> None:
    """MAPIE's fixed sequence on our p-values gives our gate; on its own, which are no smaller, never a looser one."""
    draw = np.random.default_rng(seed)
    epsilon, delta = (0.05, 0.1) if seed % 2 else (0.1, 0.2)
    thresholds = tuple(sorted(ladder(work(draw, 1_000, 0.5)[0]), reverse=True))
    sure, wrong = work(draw, 800, 0.5)
    ours, theirs = both_ways(sure, wrong, thresholds, epsilon)
    gate = certify(sure, wrong, thresholds, epsilon, delta)
    valid = control_fwer(ours, delta, "fixed_sequence")
    assert gate.threshold == (thresholds[max(valid)] if len(valid) else CLOSED)
    assert (ours <= theirs + 1e-12).all()
    stricter = control_fwer(theirs, delta, "fixed_sequence")
    assert set(stricter) <= set(valid)


@pytest.mark.filterwarnings("ignore:Fixed sequence testing requires a monotonic risk:UserWarning")
@pytest.mark.filterwarnings("ignore:No predict parameters were found:UserWarning")
@pytest.mark.parametrize("seed", range(10))
def test_mapies_controller_never_certifies_what_our_gate_does_not(seed: int) -> None:
    """The whole of MAPIE: the answer "served" is right where the head is, so precision is 1 - the risk."""
    draw = np.random.default_rng(seed)
    thresholds = np.array(sorted(ladder(work(draw, 1_000, 0.3)[0]), reverse=True))
    sure, wrong = work(draw, 1_000, 0.3)
    controller = BinaryClassificationController(
        lambda rows: np.column_stack((1 - rows[:, 0], rows[:, 0])),
        "precision",
        target_level=0.95,
        confidence_level=0.9,
        best_predict_param_choice="recall",
        list_predict_params=thresholds,
        fwer_method="fixed_sequence",
    ).calibrate(sure[:, None], (~wrong).astype(int))
    ours = certify(sure, wrong, thresholds.tolist(), 0.05, 0.1)
    assert ours.threshold <= min(controller.valid_predict_params.tolist(), default=CLOSED)
    assert not ours.closed


# ── naive tuning, cards, files ───────────────────────────────────────────────────────────────────


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from((0.2, 0.5, 0.6, 0.9)), st.booleans(), st.booleans()), max_size=60))
def test_naive_is_the_loosest_threshold_that_looks_good(rows: list[tuple[float, bool, bool]]) -> None:
    sure, wrong, may = (np.array([row[place] for row in rows]) for place in range(3))
    found = naive(sure, wrong, 0.25, may)
    errors = {
        float(level): float(wrong[may.astype(bool) & (sure >= level)].mean()) for level in set(sure[may.astype(bool)])
    }
    good = [level for level, error in errors.items() if error <= 0.25]
    assert found.threshold == min(good, default=CLOSED)
    assert found.error == (errors[min(good)] if good else 0.0)
    assert (found.delta, found.n) == (UNTESTED, len(rows))


def test_a_card_tells_the_gate_and_what_naive_tuning_would_have_done(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    kept = Calibration.of(*work(draw, 900, 0.25), ladder(work(draw, 900, 0.25)[0]), draw.uniform(size=900) < 0.9)
    kept.save(tmp_path, "calibration0")
    rows = Calibration.load(tmp_path, "calibration0")
    assert rows.certify(0.07, 0.2) == kept.certify(0.07, 0.2)
    assert rows.certify() == certify(kept.confidence, kept.wrong, kept.thresholds, eligible=kept.eligible)
    card = rows.card(0.05, 0.1)
    ours, theirs = card["certified"], card["naive"]
    assert {"epsilon", "delta", "n", "threshold", "coverage", "served", "wrong", "bound"} == set(ours) == set(theirs)
    assert (ours["delta"], theirs["delta"], ours["n"]) == (0.1, UNTESTED, 900)
    assert float(ours["bound"] or 1) <= 0.05 < float(theirs["bound"] or 0)
    assert float(ours["coverage"] or 0) < float(theirs["coverage"] or 0)
    closed = rows.card(0.001, 0.1)["certified"]
    assert (closed["threshold"], closed["bound"], closed["served"]) == (None, None, 0)
    with pytest.raises(OSError, match="calibration1"):
        Calibration.load(tmp_path, "calibration1")


def test_a_stricter_operator_gets_a_stricter_gate() -> None:
    draw = np.random.default_rng(4)
    rows = Calibration.of(*work(draw, 2_000, 0.4), ladder(work(draw, 2_000, 0.4)[0]))
    gates = [rows.certify(epsilon, delta) for epsilon, delta in ((0.1, 0.2), (0.1, 0.05), (0.05, 0.05), (0.03, 0.05))]
    assert [gate.threshold for gate in gates] == sorted(gate.threshold for gate in gates)
    assert gates[0].coverage > gates[-1].coverage


def test_deltas_of_repeated_tests_add_up_to_one() -> None:
    assert promoted_delta(1, 0.1) == pytest.approx(0.0608, abs=1e-4)
    total = sum(promoted_delta(k, 0.1) for k in range(1, 20_000))
    assert 0.0999 < total <= 0.1
    with pytest.raises(ValueError, match="from 1"):
        promoted_delta(0, 0.1)


def test_shares_begin_where_a_certificate_can_be_hoped_for() -> None:
    assert fewest(0.05, 0.1) == 45
    assert p_value(0, 45, 0.05) <= 0.1 < p_value(0, 44, 0.05)
    assert shares_of(900, 0.05, 0.1)[0] == pytest.approx(0.1)
    assert shares_of(900, 0.05, 0.1)[-1] == 1.0
    assert shares_of(50, 0.05, 0.1) == (1.0,)
    assert shares_of(0, 0.05, 0.1) == (1.0,)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        certify([0.5], [True, False], (0.5,))
    with pytest.raises(ValueError, match="between 0 and 1"):
        certify([0.5], [True], (0.5,), epsilon=0.0)
    assert ladder([]) == ()
    assert certify([], [], ()).closed
    with pytest.raises(ValueError, match="between 0 and 1"):
        naive([0.5], [True], epsilon=1.0)
    with pytest.raises(ValueError, match="shape"):
        Calibration(np.zeros(2), np.zeros(3, bool), np.zeros(2, bool), ())
    assert naive([], []).closed
