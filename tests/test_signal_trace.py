"""The trace: gravity and a gyroscope that can be trusted, or gravity alone."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sciatrack_signal import smoothing
from sciatrack_signal.gyro_trust import gyro_agrees, gyro_verdict
from sciatrack_signal.walking import walking
from signal_cases import LAW, Array, Case, changed, still, trace_of

SWINGS = Case(rate_hz=25.0).record()
# What was met in real recordings and data sheets misread: a wrong sign, another unit, axes in another order, dead.
WRONG = {
    "one axis inverted": np.diag([1.0, -1.0, 1.0]),
    "all axes inverted": -np.eye(3),
    "three times too large": 3.0 * np.eye(3),
    "a sixth": 0.17 * np.eye(3),
    "degrees": np.degrees(1.0) * np.eye(3),
    "axes in another order": np.eye(3)[[1, 2, 0]],
    "dead": np.zeros((3, 3)),
}


def arrays() -> tuple[Array, Array]:
    assert SWINGS.gyr is not None
    return SWINGS.acc.copy(), SWINGS.gyr.copy()


def test_an_honest_gyroscope_agrees() -> None:
    acc, gyr = arrays()
    assert gyro_agrees(acc, gyr, 25.0)
    assert gyro_agrees(acc, 1.05 * gyr + np.radians([3.0, -20.0, 5.0]), 25.0)  # calibration and bias


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_gyroscope_does_not(fault: str) -> None:
    acc, gyr = arrays()
    assert not gyro_agrees(acc, gyr @ WRONG[fault], 25.0)


@LAW
@given(seed=st.integers(0, 2**31))
def test_trust_does_not_depend_on_the_mount(seed: int) -> None:
    acc, gyr = arrays()
    mount = Rotation.random(rng=seed)
    assert gyro_agrees(mount.apply(acc), mount.apply(gyr), 25.0)
    assert not gyro_agrees(mount.apply(acc), -mount.apply(gyr), 25.0)


@pytest.mark.parametrize("off_deg", [0.0, 20.0, 35.0, 50.0])
def test_an_honest_gyroscope_is_used_however_the_axis_of_the_movement_lies(off_deg: float) -> None:
    """The part of the turning about up itself is not seen by gravity and says nothing of a scale."""
    for seed in range(12):
        axis, up, _ = Rotation.random(rng=seed).as_matrix().T
        case = Case(rate_hz=25.0, axis=tuple(axis), rest_up=tuple(up + axis * np.tan(np.radians(off_deg))))
        assert trace_of(case.record()).gyro_note == "", seed


@pytest.mark.parametrize("arm_m", [0.2, -0.2])
def test_what_a_swing_does_to_the_accelerometer_is_no_fault_of_the_gyroscope(arm_m: float) -> None:
    """Turns about the vertical, +-50 degrees in 3 s: up moves only by the acceleration at the end of the arm."""
    time_s = np.arange(0.0, 120.0, 0.04)
    omega, size = 2 * np.pi / 3.0, np.radians(50.0)
    speed, gain = size * omega * np.cos(omega * time_s), -size * omega**2 * np.sin(omega * time_s)
    acc = np.stack([-arm_m * speed**2, arm_m * gain, np.full(len(time_s), 9.81)], axis=1)
    gyr = np.stack([0.0 * speed, 0.0 * speed, speed], axis=1)
    assert gyro_verdict(acc, gyr, 25.0, walking(acc, 25.0)) == "untested"
    # a gyroscope with its axes interchanged tells of tilts that gravity does not have
    assert gyro_verdict(acc, gyr[:, [2, 1, 0]], 25.0, walking(acc, 25.0)) == "contradicts"


def test_a_gyroscope_that_is_dropped_is_told_of_and_leaves_the_trace_of_gravity_alone() -> None:
    honest, bare = trace_of(SWINGS), trace_of(changed(SWINGS, gyr=None))
    _, gyr = arrays()
    dropped = trace_of(changed(SWINGS, gyr=-gyr))
    assert (honest.gyro_note, bare.gyro_note) == ("", "")
    assert honest.gyr is not None
    assert dropped.gyr is None
    assert "gyroscope" in dropped.gyro_note
    np.testing.assert_array_equal(dropped.x, bare.x)
    np.testing.assert_array_equal(dropped.sharp, bare.sharp)


@pytest.mark.parametrize("gyroscope", [True, False])
@pytest.mark.parametrize("rate_hz", [20.0, 50.0, 250.0])
def test_a_trace_has_a_row_for_each_row_of_the_grid(rate_hz: float, gyroscope: bool) -> None:
    case = Case(rate_hz=rate_hz, gyroscope=gyroscope)
    trace = trace_of(case.record())
    for rows in (trace.up, trace.sharp, trace.rate, trace.acc):
        assert rows.shape == (trace.n, 3)
    assert trace.x.shape == trace.valid.shape == (trace.n,)
    np.testing.assert_allclose(np.linalg.norm(trace.up, axis=1), 1.0)
    np.testing.assert_allclose(np.linalg.norm(trace.sharp, axis=1), 1.0)
    assert trace.seconds(trace.n - 1) == pytest.approx(case.duration_s, abs=0.1)
    # the excursion travels the range of the reps but for what up is off the plane of movement
    up = np.array(case.rest_up) / np.linalg.norm(case.rest_up)
    axis = np.array(case.axis) / np.linalg.norm(case.axis)
    in_plane = np.sqrt(1.0 - (up @ axis) ** 2)
    assert np.ptp(trace.x) == pytest.approx(40.0 * in_plane, rel=0.05)


def test_the_trace_of_stillness_does_not_move() -> None:
    trace = trace_of(still(60.0))
    assert np.ptp(trace.x) < 3.0
    assert np.abs(trace.rate).max() < 3.0


def test_the_recording_stays_as_it_was() -> None:
    acc, gyr = arrays()
    recording = replace(SWINGS, acc=acc, gyr=gyr)
    trace_of(recording)
    np.testing.assert_array_equal(acc, SWINGS.acc)
    np.testing.assert_array_equal(gyr, SWINGS.gyr)


@pytest.mark.parametrize("gyroscope", [True, False])
def test_a_recording_looked_at_in_small_blocks_gives_the_same_trace(gyroscope: bool) -> None:
    recording = SWINGS if gyroscope else replace(SWINGS, gyr=None)
    whole = trace_of(recording)
    with mock.patch.multiple(smoothing, BLOCK_ROWS=100, PIECE_ROWS=150, LONG=50):
        parts = trace_of(recording)
    assert (parts.gyr is None) == (whole.gyr is None) == (not gyroscope)
    for name in ("sharp", "up", "rate", "x"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-7)
    np.testing.assert_array_equal(parts.walks, whole.walks)
