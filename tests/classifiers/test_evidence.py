from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.evidence import ARL, RISES, STAKES, ECusum, EProcess, PairedEProcess, log_mean, rises, stakes

rates = st.floats(0.005, 0.6)
streams = st.lists(st.booleans(), max_size=60)


@given(rates)
def test_each_bet_is_fair_at_the_bound_and_loses_on_the_side_of_the_null(bound: float) -> None:
    """E-values: a mean of 1 at the bound, of at most 1 under the rest of the null, and never below 0."""
    for rate in (bound, min(1.0, 1.5 * bound), 1.0):
        wealth = (1 - rate) * (1 + stakes(bound) * bound) + rate * (1 + stakes(bound) * (bound - 1))
        assert (wealth <= 1 + 1e-9).all()
    for rate in (bound, bound / 2, 0.0):
        wealth = (1 - rate) * (1 - rises(bound) * bound) + rate * (1 + rises(bound) * (1 - bound))
        assert (wealth <= 1 + 1e-9).all()
    assert (1 + stakes(bound) * (bound - 1) > 0).all()
    assert (1 - rises(bound) * bound > 0).all()
    assert len(stakes(bound)) == len(STAKES)
    assert len(rises(bound)) == len(RISES)


@settings(deadline=None)
@given(rates, streams)
def test_wealth_is_the_mean_of_likelihood_ratios(bound: float, stream: list[bool]) -> None:
    """Of 0 and 1 a bet is a likelihood ratio, so that the wealth depends on the counts alone."""
    process = EProcess(bound)
    for wrong in stream:
        process.observe(wrong)
    bad, n = sum(stream), len(stream)
    smaller = bound * (1 - np.array(STAKES))
    ratios = (smaller / bound) ** bad * ((1 - smaller) / (1 - bound)) ** (n - bad)
    assert process.value == pytest.approx(ratios.mean())
    assert (process.n, process.total) == (n, bad)


@settings(deadline=None)
@given(rates, streams, streams)
def test_a_restored_state_goes_on_as_if_nothing_had_happened(bound: float, first: list[bool], then: list[bool]) -> None:
    for fresh in (EProcess(bound), PairedEProcess(bound), ECusum(bound)):
        for wrong in first:
            fresh.observe(wrong)
        copied = type(fresh).restored(json.loads(json.dumps(fresh.state())))
        for wrong in then:
            fresh.observe(wrong)
            copied.observe(wrong)
        assert copied.state() == fresh.state()
        assert copied.value == fresh.value


def test_the_state_of_something_else_is_refused() -> None:
    state = EProcess(0.05).state()
    with pytest.raises(ValueError, match="no state"):
        PairedEProcess.restored(state)
    with pytest.raises(ValueError, match="no state"):
        EProcess.restored(state | {"logs": [0.0]})
    with pytest.raises(ValueError, match="no state"):
        ECusum.restored(ECusum(0.05).state() | {"logs": [float("nan")] * len(RISES)})
    with pytest.raises(KeyError):
        EProcess.restored({"bound": 0.05})


def test_a_certificate_stays_and_asks_for_83_clean_audits() -> None:
    """At epsilon 0.05 and delta 0.05; one test at the end would ask for 59, but forbid looking before."""
    process = EProcess(0.05)
    for audit in range(1, 84):
        assert not process.certified(0.05)
        process.observe(False)
        assert process.n == audit
    assert process.certified(0.05)
    assert not process.certified(0.01)
    for _ in range(50):
        process.observe(True)
    assert process.value < 1.0
    assert process.certified(0.05)


def test_a_rate_at_the_bound_is_certified_in_at_most_delta_of_all_streams() -> None:
    draw, runs = np.random.default_rng(3), 600
    logs, certified = np.zeros((runs, len(STAKES))), np.zeros(runs, bool)
    for _ in range(1_500):
        wrong = draw.uniform(size=(runs, 1)) < 0.1
        logs += np.log1p(stakes(0.1) * (0.1 - wrong))
        certified |= log_mean(logs) >= np.log(1 / 0.1)
    assert 0.02 <= certified.mean() <= 0.1


def test_local_answers_that_are_as_good_are_not_inferior_and_worse_ones_are_never_called_so() -> None:
    draw = np.random.default_rng(5)
    good, worse = PairedEProcess(0.05), PairedEProcess(0.05)
    for _ in range(1_500):
        local, hosted = draw.uniform(size=2) < 0.1
        good.compare(local, hosted)
        worse.compare(local or draw.uniform() < 0.1, hosted)
    assert good.certified(0.05)
    assert not worse.certified(0.05)
    assert good.kind != EProcess.kind
    better = PairedEProcess(0.0)  # a margin of nothing asks for better
    for _ in range(50):
        better.compare(0.0, 0.3)
    assert better.certified(0.05)


def test_an_alarm_is_raised_soon_after_a_rise_and_stays() -> None:
    draw = np.random.default_rng(9)
    waits: list[int] = []
    for _ in range(20):
        alarm = ECusum(0.05)
        for _ in range(200):
            alarm.observe(draw.uniform() < 0.01)
        assert not alarm.alarm
        before = alarm.n
        while not alarm.alarm:
            alarm.observe(draw.uniform() < 0.3)
        waits.append(alarm.n - before)
        assert alarm.value >= ARL
    assert np.median(waits) < 40
    for _ in range(100):
        alarm.observe(False)
    assert alarm.alarm
    assert alarm.value < 1.0


@settings(max_examples=30, deadline=None)
@given(rates, streams)
def test_the_alarm_never_has_more_than_all_e_processes_started_so_far(epsilon: float, stream: list[bool]) -> None:
    """Shiryaev and Roberts' sum, whose mean is the number of audits, bounds it: hence the run length."""
    alarm, total = ECusum(epsilon), np.zeros(len(RISES))
    for wrong in stream:
        alarm.observe(wrong)
        total = (total + 1.0) * (1 + rises(epsilon) * (wrong - epsilon))
        assert alarm.value <= total.mean() * (1 + 1e-9)


def test_what_is_no_rate_and_no_loss_is_refused() -> None:
    for bound in (0.0, 1.0, -0.1, float("nan")):
        with pytest.raises(ValueError, match="between"):
            EProcess(bound)
        with pytest.raises(ValueError, match="between"):
            ECusum(bound)
    with pytest.raises(ValueError, match="at least 1"):
        ECusum(0.05, arl=0.5)
    with pytest.raises(ValueError, match="between"):
        PairedEProcess(-1.0)
    for loss in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="lie"):
            EProcess(0.05).observe(loss)
        with pytest.raises(ValueError, match="lie"):
            ECusum(0.05).observe(loss)
        with pytest.raises(ValueError, match="lie"):
            PairedEProcess(0.05).compare(loss, 0.0)
