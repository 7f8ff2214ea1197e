"""When a move is over: the contract's 10 % of its peak speed, against the same moment worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from sciatrack_signal.moves import Edge, in_order, reversed_edge
from sciatrack_signal.one_move import arrival
from signal_cases import LAW, SHAPES, Array

RATE_HZ = 25.0
RANGE_DEG = 30.0
# Peak speed of a move over its mean speed, by hand.
PEAK = {"minimum_jerk": 1.875, "half_cosine": np.pi / 2, "trapezoid": 1.5}


def move(shape: str, move_s: float, start_s: float = 1.0, noise_deg: float = 0.0, seed: int = 0) -> Array:
    """Rest, a move upwards from start_s on, and a plateau, 25 rows a second."""
    time_s = np.arange(int((start_s + move_s + 3.0) * RATE_HZ)) / RATE_HZ
    angle = RANGE_DEG * SHAPES[shape][0](np.clip((time_s - start_s) / move_s, 0, 1))
    return np.asarray(angle + noise_deg * np.random.default_rng(seed).standard_normal(len(angle)))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shapes_slow_down_to_10_percent_when_they_say(shape: str) -> None:
    way, late = SHAPES[shape]
    u = np.linspace(0, 1, 100_001)
    speed = np.gradient(way(u), u)
    assert speed.max() == pytest.approx(PEAK[shape], rel=1e-3)
    assert u[speed > 0.1 * speed.max()][-1] == pytest.approx(late, abs=1e-3)


@LAW
@given(shape=st.sampled_from(sorted(SHAPES)), move_s=st.floats(0.4, 6.0), start_s=st.floats(1.0, 2.0))
def test_an_arrival_is_where_the_speed_has_fallen_to_10_percent(shape: str, move_s: float, start_s: float) -> None:
    edge = arrival(move(shape, move_s, start_s), RANGE_DEG, 0.05, 0.0)
    assert edge.at / RATE_HZ == pytest.approx(start_s + SHAPES[shape][1] * move_s, abs=0.02 + 0.02 * move_s)
    assert edge.outer / RATE_HZ == pytest.approx(start_s + move_s, abs=0.02 + 0.1 * move_s)
    assert edge.at < edge.outer
    assert edge.peak_speed * RATE_HZ == pytest.approx(PEAK[shape] * RANGE_DEG / move_s, rel=0.1)


@LAW
@given(move_s=st.floats(0.5, 6.0), sigma=st.floats(0.2, 4.0))
def test_smoothing_that_is_told_of_moves_no_arrival(move_s: float, sigma: float) -> None:
    angle = move("minimum_jerk", move_s)
    sharp = arrival(angle, RANGE_DEG, 0.05, 0.0)
    dull = arrival(gaussian_filter1d(angle, sigma), RANGE_DEG, 0.05, sigma**2)
    assert dull.at / RATE_HZ == pytest.approx(sharp.at / RATE_HZ, abs=0.06)


@LAW
@given(move_s=st.floats(0.8, 4.0), above_m=st.floats(-0.1, 0.12))
def test_a_moves_own_acceleration_that_is_told_of_moves_no_arrival(move_s: float, above_m: float) -> None:
    """Up to a lever of 2 h/g, an accelerometer shows the angle less h/g of its acceleration."""
    angle = move("minimum_jerk", move_s)
    lever_rows = above_m / 9.81 * RATE_HZ**2
    shown = angle - lever_rows * np.gradient(np.gradient(angle))
    sharp = arrival(angle, RANGE_DEG, 0.05, 0.0)
    told, silent = arrival(shown, RANGE_DEG, 0.05, -2 * lever_rows), arrival(shown, RANGE_DEG, 0.05, 0.0)
    assert told.at / RATE_HZ == pytest.approx(sharp.at / RATE_HZ, abs=0.08)
    assert abs(told.at - sharp.at) <= abs(silent.at - sharp.at) + 0.03 * RATE_HZ


@LAW
@given(shape=st.sampled_from(sorted(SHAPES)), move_s=st.floats(0.5, 4.0), seed=st.integers(0, 10_000))
def test_sway_moves_an_arrival_by_no_more_than_it_says(shape: str, move_s: float, seed: int) -> None:
    edge = arrival(move(shape, move_s, noise_deg=0.3, seed=seed), RANGE_DEG, 0.3, 0.0)
    off_rows = edge.at - RATE_HZ * (1.0 + SHAPES[shape][1] * move_s)
    assert abs(off_rows) < 4.0 * edge.error + 0.5


def test_more_sway_is_less_sure() -> None:
    angle = move("minimum_jerk", 1.0)
    errors = [arrival(angle, RANGE_DEG, noise_deg, 0.0).error for noise_deg in (0.1, 0.5, 2.0)]
    assert errors == sorted(errors)
    assert errors[0] < errors[-1]


@LAW
@given(range_deg=st.floats(2.0, 150.0), rest_deg=st.floats(-200.0, 200.0), move_s=st.floats(0.4, 4.0))
def test_neither_range_nor_zero_changes_when(range_deg: float, rest_deg: float, move_s: float) -> None:
    one = move("minimum_jerk", move_s)
    scale = range_deg / RANGE_DEG
    usual = arrival(one, RANGE_DEG, 0.05, 0.0)
    other = arrival(rest_deg + scale * one, rest_deg + range_deg, 0.05 * scale, 0.0)
    assert other.at == pytest.approx(usual.at, abs=1e-6)
    assert other.outer == pytest.approx(usual.outer, abs=1e-6)
    assert other.peak_speed == pytest.approx(scale * usual.peak_speed)


@pytest.mark.parametrize("stop_s", [0.5, 1.5])
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_move_with_a_stop_in_it_is_over_with_its_last_part(share: float, stop_s: float) -> None:
    """A grasp: most of the way, a stop, the rest of the way in 0.8 s."""
    time_s = np.arange(int(9 * RATE_HZ)) / RATE_HZ
    way = SHAPES["minimum_jerk"][0]
    first, second = way(np.clip((time_s - 1.0) / 1.0, 0, 1)), way(np.clip((time_s - 2.0 - stop_s) / 0.8, 0, 1))
    angle = RANGE_DEG * (share * first + (1 - share) * second)
    found_s = arrival(angle, RANGE_DEG, 0.05, 0.0).at / RATE_HZ
    fine_s = np.linspace(0, 9, 90_001)
    fine = RANGE_DEG * (
        share * way(np.clip(fine_s - 1.0, 0, 1)) + (1 - share) * way(np.clip((fine_s - 2.0 - stop_s) / 0.8, 0, 1))
    )
    speed = np.gradient(fine, fine_s)
    assert found_s == pytest.approx(fine_s[speed > 0.1 * speed.max()][-1], abs=0.1)


@pytest.mark.parametrize("angle", [np.zeros(50), np.linspace(0, -5, 50), np.zeros(2)])
def test_no_move_ends_with_its_rows(angle: Array) -> None:
    edge = arrival(angle, 0.0, 0.05, 0.0)
    assert 0.0 <= edge.at <= len(angle) - 1
    assert edge.peak_speed > 0.0
    assert np.isfinite(edge.error)


@LAW
@given(at=st.floats(0, 100), outer=st.floats(0, 100), last=st.integers(0, 200))
def test_an_edge_read_backwards_twice_is_itself(at: float, outer: float, last: int) -> None:
    edge = Edge(at, outer, 0.5, 2.0)
    once = reversed_edge(edge, last)
    assert once.at == pytest.approx(last - at)
    again = reversed_edge(once, last)
    assert (again.at, again.outer) == pytest.approx((at, outer))
    assert (again.error, again.peak_speed) == (0.5, 2.0)


@LAW
@given(shape=st.sampled_from(sorted(SHAPES)), move_s=st.floats(0.4, 6.0))
def test_a_departure_is_an_arrival_in_a_mirror_of_time(shape: str, move_s: float) -> None:
    """A return from the plateau that is over 1 s before the last row."""
    back = move(shape, move_s)[::-1]
    rows = len(back) - 1
    edge = reversed_edge(arrival(back[::-1], RANGE_DEG, 0.05, 0.0), rows)
    departs_s = rows / RATE_HZ - 1.0 - SHAPES[shape][1] * move_s
    assert edge.at / RATE_HZ == pytest.approx(departs_s, abs=0.02 + 0.02 * move_s)
    assert edge.outer < edge.at


def test_the_angle_is_not_written_to() -> None:
    angle = move("trapezoid", 5.0, noise_deg=0.5)
    angle.flags.writeable = False
    arrival(angle, RANGE_DEG, 0.5, 2.0)


def test_ends_of_a_move_that_passed_each_other_meet_at_the_surer_one_and_are_less_sure() -> None:
    begun, over = in_order(Edge(12.0, 9.0, 1.0, 2.0), Edge(10.0, 14.0, 0.5, 3.0))
    assert begun.at == over.at == 10.0
    assert in_order(Edge(12.0, 9.0, 0.4, 2.0), Edge(10.0, 14.0, 0.5, 3.0))[1].at == 12.0
    assert (begun.outer, over.outer) == (9.0, 14.0)
    assert (begun.error, over.error) == (3.0, 2.5)
    assert (begun.peak_speed, over.peak_speed) == (2.0, 3.0)
    apart = Edge(10.0, 9.0, 1.0, 2.0), Edge(12.0, 14.0, 0.5, 3.0)
    assert in_order(*apart) == apart
