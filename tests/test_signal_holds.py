"""Dwells and holds: from arrival to departure, what disturbs them, how they end, how sure they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciatrack_ingest import Recording
from sciatrack_signal.dwells import time_moves
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.holds import Hold, measure_hold
from signal_cases import (
    FEW,
    SHAPES,
    Array,
    Case,
    Plan,
    block_of,
    run_of,
    timed_of,
    times_of,
    trace_of,
    truths_of,
    turned,
)

DIPPED = 2  # the rep of a set of five that is disturbed


def holds_of(recording: Recording) -> list[Hold]:
    trace = trace_of(recording)
    timed = timed_of(trace)
    return [measure_hold(timed, apex, trace.rate_hz) for apex in range(1, timed.run.count, 2)]


@FEW
@given(
    shape=st.sampled_from(sorted(SHAPES)), out_s=st.floats(0.5, 4.0), back_s=st.floats(0.5, 4.0),
    plateau_s=st.floats(0.3, 20.0), range_deg=st.floats(10.0, 90.0), gyroscope=st.booleans(),
)  # fmt: skip
def test_every_move_of_a_set_is_dated_by_the_contracts_rule(
    shape: str, out_s: float, back_s: float, plateau_s: float, range_deg: float, gyroscope: bool
) -> None:
    plan = Plan(out_s, plateau_s, back_s, pause_s=3.0, range_deg=range_deg, shape=shape)
    case = Case(plans=(plan,) * 4, breath_deg=0.01 * range_deg, gyroscope=gyroscope, rate_hz=100.0)
    trace = trace_of(case.record())
    timed = timed_of(trace)
    assert timed.run.count == 8
    assert len(timed.departs) == len(timed.arrives) == 8
    assert timed.sway_deg.shape == timed.levels_deg.shape == (9,)
    assert (timed.sway_deg > 0).all()
    holds_s = np.array([timed.dwell(apex) for apex in range(1, 8, 2)]) / trace.rate_hz
    late = 0.12 + 0.03 * max(out_s, back_s)
    np.testing.assert_allclose(holds_s[:, 0], truths_of(case)[:, 1], atol=late)
    np.testing.assert_allclose(holds_s[:, 1], truths_of(case)[:, 2], atol=late)
    for depart, arrive in zip(timed.departs, timed.arrives, strict=True):
        assert depart.outer <= depart.at < arrive.at <= arrive.outer
    for point in range(9):
        start, end = timed.dwell(point)
        assert start <= end
    for (_, end), (start, _) in itertools.pairwise(map(timed.dwell, range(9))):
        assert end < start


def test_the_levels_of_a_set_are_its_poses() -> None:
    timed = timed_of(trace_of(Case().record()))
    np.testing.assert_allclose(np.abs(np.diff(timed.levels_deg)), 40.0, atol=1.5)


@pytest.mark.parametrize("plateau_s", [0.0, 3.0, 5.0, 30.0])
def test_holds_of_a_clean_set(plateau_s: float) -> None:
    case = Case(plans=(Plan(plateau_s=plateau_s, pause_s=3.0),) * 4)
    holds = holds_of(case.record())
    assert len(holds) == 4
    for hold, true in zip(holds, case.truth, strict=True):
        assert hold.hold_s == pytest.approx(true.hold_s, abs=0.12)
        assert hold.longest_s == pytest.approx(hold.hold_s)
        assert hold.low_s <= hold.hold_s <= hold.high_s
        assert not hold.interrupted
        assert not hold.fading


def disturbed(case: Case, how: Callable[[Array, Array], Array], **labels: str) -> Recording:
    """The case with its third hold changed by how(share of the hold's time, angle)."""
    rep = case.truth[DIPPED]

    def angle(time_s: Array) -> Array:
        share = (time_s - rep.hold_start_s) / rep.hold_s
        return how(share, case.angle_deg(time_s))

    return turned(case.even_s(), angle, case.axis, case.rest_up, **labels)


def dip(depth_deg: float, at: float, width: float) -> Callable[[Array, Array], Array]:
    """A dip of a sine's square about the share `at` of the hold, `width` of it wide."""

    def how(share: Array, angle: Array) -> Array:
        u = np.clip((share - at) / width + 0.5, 0, 1)
        return np.asarray(angle - depth_deg * np.sin(np.pi * u) ** 2)

    return how


LONG = Case(plans=(Plan(plateau_s=8.0, pause_s=3.0),) * 5)


MIDDLE = pytest.param(
    0.5,
    marks=pytest.mark.xfail(strict=True, reason="the dip counts as the sway it is judged by"),
)


@pytest.mark.parametrize("at", [0.3, MIDDLE, 0.75])
@pytest.mark.parametrize("depth_deg", [10.0, 14.0])
def test_a_dip_that_comes_back_leaves_one_interrupted_hold(depth_deg: float, at: float) -> None:
    holds = holds_of(disturbed(LONG, dip(depth_deg, at, 0.12)))
    assert len(holds) == 5
    rep = LONG.truth[DIPPED]
    assert [hold.interrupted for hold in holds] == [k == DIPPED for k in range(5)]
    assert holds[DIPPED].hold_s == pytest.approx(rep.hold_s, abs=0.25)
    longest_s = (max(at, 1 - at) - 0.06) * rep.hold_s
    assert longest_s - 0.2 < holds[DIPPED].longest_s < longest_s + 0.06 * rep.hold_s + 0.2


@pytest.mark.parametrize("depth_deg", [0.5, 2.0])
def test_sway_in_a_hold_is_no_interruption(depth_deg: float) -> None:
    holds = holds_of(disturbed(LONG, dip(depth_deg, 0.5, 0.12)))
    assert not any(hold.interrupted for hold in holds)
    assert holds[DIPPED].longest_s == pytest.approx(holds[DIPPED].hold_s)


def test_a_hold_that_fades_ends_where_15_percent_are_lost() -> None:
    """The last of five arrives, sinks without a clear departure for 14 s and ends at rest."""
    usual = Plan(plateau_s=8.0, pause_s=3.0)
    plans = (*(usual,) * 4, replace(usual, plateau_s=1.0, back_s=14.0, shape="trapezoid"))
    case = Case(plans=plans, tail_s=12.0)
    holds = holds_of(case.record())
    assert [hold.fading for hold in holds] == [False] * 4 + [True]
    last = case.plans[-1]
    way = SHAPES["trapezoid"][0]
    u = np.linspace(0, 1, 10_001)
    lost_s = case.starts_s[-1] + last.out_s + last.plateau_s + last.back_s * u[np.argmax(way(u) > 0.15)]
    assert holds[-1].end / 25.0 == pytest.approx(lost_s, abs=0.6)


def test_the_block_says_what_the_hold_says() -> None:
    recording = disturbed(LONG, dip(14.0, 0.3, 0.12), exercise="generic", placement="hip")
    reps = block_of(recording).reps
    flagged = ["interrupted_hold" in rep.flags for rep in reps]
    assert flagged == [k == DIPPED for k in range(5)]
    assert reps[DIPPED].hold_longest_s is not None
    assert reps[DIPPED].hold_s is not None
    assert reps[DIPPED].hold_longest_s < reps[DIPPED].hold_s


@FEW
@given(plateau_s=st.floats(2.0, 10.0), seed=st.integers(0, 1000), noise=st.floats(0.0, 0.3))
def test_the_interval_mostly_holds_the_truth(plateau_s: float, seed: int, noise: float) -> None:
    case = Case(plans=(Plan(plateau_s=plateau_s, pause_s=3.0),) * 6, seed=seed, acc_noise=noise, gyroscope=False)
    holds = holds_of(case.record())
    assert len(holds) == 6
    inside = [h.low_s <= t.hold_s <= h.high_s for h, t in zip(holds, case.truth, strict=True)]
    assert sum(inside) >= 4


@pytest.mark.parametrize("gyroscope", [True, False])
@pytest.mark.parametrize("rate_hz", [50.0, 100.0])
def test_times_neither_lead_nor_lag(gyroscope: bool, rate_hz: float) -> None:
    """Ways out and back are alike: whatever is taken for their edges, the middles of reps and holds are known."""
    case = Case(plans=(Plan(),) * 6, gyroscope=gyroscope, rate_hz=rate_hz, breath_deg=0.0)
    found, true = times_of(block_of(case.record())), truths_of(case)
    assert np.median(found[:, [0, 3]].mean(axis=1) - true[:, [0, 3]].mean(axis=1)) == pytest.approx(0.0, abs=0.012)
    assert np.median(found[:, 1:3].mean(axis=1) - true[:, 1:3].mean(axis=1)) == pytest.approx(0.0, abs=0.012)


@pytest.mark.parametrize("gyroscope", [True, False])
@pytest.mark.parametrize("shape", ["minimum_jerk", "half_cosine"])
def test_who_never_pauses_goes_as_far_as_he_goes(gyroscope: bool, shape: str) -> None:
    """Nobody's next move begins within a pose that is not held."""
    plans = (Plan(0.6, plateau_s=0.0, back_s=0.6, pause_s=0.0, range_deg=15.0, shape=shape),) * 8
    case = Case(plans, gyroscope=gyroscope, above_m=0.2, breath_deg=0.1)
    reps = block_of(case.record(), exercise="generic").reps
    assert len(reps) == 8
    assert all(rep.complete for rep in reps)
    assert [rep.rom_deg for rep in reps] == pytest.approx([15.0] * 8, abs=5.0)


@pytest.mark.parametrize("above_m", [-0.1, 0.0, 0.07, 0.12])
@pytest.mark.parametrize("out_s", [0.8, 1.6, 3.0])
def test_without_a_gyroscope_the_height_of_the_sensor_over_its_pivot_is_allowed_for(
    above_m: float, out_s: float
) -> None:
    case = Case(plans=(Plan(out_s, back_s=out_s),) * 4, gyroscope=False, above_m=above_m, breath_deg=0.1)
    trace = trace_of(case.record())
    timed = time_moves(trace, run_of(trace), above_m)
    holds_s = np.array([timed.dwell(apex) for apex in range(1, 8, 2)]) / trace.rate_hz
    np.testing.assert_allclose(holds_s, truths_of(case)[:, 1:3], atol=0.1)


@pytest.mark.parametrize("exercise", ["bird_dog", "pelvic_tilt", "glute_bridge"])
def test_the_catalogue_says_how_high_a_sensor_stands(exercise: str) -> None:
    """A thigh that hangs from the hip looks slower than it is, one that is carried looks faster."""
    placement = "hip" if exercise == "pelvic_tilt" else "right_thigh"
    above_m = catalogue()[exercise].view(placement, "right").above_m
    plans = (Plan(0.9, back_s=0.9, range_deg=40.0 if placement == "right_thigh" else 8.0),) * 6
    case = Case(plans, gyroscope=False, above_m=above_m, exercise=exercise, placement=placement, breath_deg=0.1)
    block = block_of(case.record(), side="right")
    np.testing.assert_allclose(times_of(block)[:, 1:3], truths_of(case)[:, 1:3], atol=0.1)


def test_a_pull_after_a_grasp_counts_though_smoothing_takes_of_its_speed() -> None:
    """Out in 0.8 s, then 5 degrees further in 0.7 s: 11 % of the peak speed, and less than 10 % as measured."""
    way = SHAPES["minimum_jerk"][0]

    def angle_deg(time_s: Array) -> Array:
        angle = np.zeros(len(time_s))
        for k in range(5):
            since = time_s - 5.0 - 14.0 * k
            back = way(np.clip((since - 9) / 2, 0, 1))
            angle += 50.0 * (way(np.clip(since / 0.8, 0, 1)) - back)
            angle += 5.0 * (way(np.clip((since - 2) / 0.7, 0, 1)) - back)
        return angle

    recording = turned(
        np.arange(0.0, 80.0, 0.02), angle_deg, (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), placement="right_thigh"
    )
    reps = block_of(recording, exercise="generic").reps
    starts_s = [rep.hold_start_s - 5.0 - 14.0 * k for k, rep in enumerate(reps)]
    assert starts_s == pytest.approx([2.4] * 5, abs=0.25)


@pytest.mark.parametrize(("members", "arrived_s"), [({2}, 1.83), (set(range(5)), 3.55)])
def test_who_grasps_does_so_each_time_and_who_shifts_once_holds_from_the_arrival_on(
    members: set[int], arrived_s: float
) -> None:
    """Out in 2 s, a second later 4 degrees further in 0.6 s in the reps that are named, back after 9 s."""
    way = SHAPES["minimum_jerk"][0]

    def angle_deg(time_s: Array) -> Array:
        angle = np.zeros(len(time_s))
        for k in range(5):
            since = time_s - 5.0 - 14.0 * k
            back = way(np.clip((since - 9) / 2, 0, 1))
            angle += 50.0 * (way(np.clip(since / 2, 0, 1)) - back)
            angle += 4.0 * (way(np.clip((since - 3) / 0.6, 0, 1)) - back) * (k in members)
        return angle

    recording = turned(
        np.arange(0.0, 80.0, 0.02), angle_deg, (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), placement="right_thigh"
    )
    reps = block_of(recording, exercise="generic").reps
    assert len(reps) == 5
    starts_s = [rep.hold_start_s - 5.0 - 14.0 * k for k, rep in enumerate(reps)]
    assert starts_s == pytest.approx([arrived_s] * 5, abs=0.2)
