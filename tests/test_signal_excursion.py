"""The angle travelled about the movement's own axis, whatever that axis is."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sciatrack_signal import excursion as excursion_module
from sciatrack_signal import smoothing
from sciatrack_signal.excursion import (
    PAIRS,
    RATE_KNEE_DPS,
    _second_sums,
    axes_at,
    cross,
    cross_one,
    excursion,
    local_axes,
    main_axes,
    principal_axis,
    tilt_rate,
)
from signal_cases import LAW, Array

RATE_HZ = 25.0
SEEDS = st.integers(0, 2**31)


def up_turning(angle_deg: Array, axis: Array, up: Array) -> Array:
    """Up as seen by a sensor that turns by angle_deg about its own axis."""
    return np.asarray(Rotation.from_rotvec(-np.radians(angle_deg)[:, None] * axis).apply(up))


def axis_and_up(seed: int) -> tuple[Array, Array]:
    """Any axis, and an up at right angles to it (the axis is horizontal)."""
    axis, up, _ = Rotation.random(rng=seed).as_matrix().T
    return axis, up


@LAW
@given(n=st.integers(0, 20), seed=SEEDS)
def test_cross_products(n: int, seed: int) -> None:
    a, b = np.random.default_rng(seed).standard_normal((2, n, 3))
    np.testing.assert_allclose(cross(a, b), np.cross(a, b), atol=1e-12)
    for one, other in zip(a, b, strict=True):
        np.testing.assert_allclose(cross_one(one, other), np.cross(one, other), atol=1e-12)


@LAW
@given(seed=SEEDS, speed_dps=st.floats(-60.0, 60.0))
def test_a_steady_turn_about_a_horizontal_axis_is_its_tilt_rate(seed: int, speed_dps: float) -> None:
    axis, up = axis_and_up(seed)
    angle = speed_dps * np.arange(50) / RATE_HZ
    rate = tilt_rate(up_turning(angle, axis, up), RATE_HZ)
    # in the sign of u x du, which is against the sensor's own turn
    np.testing.assert_allclose(rate[1:-1], np.tile(-speed_dps * axis, (48, 1)), atol=0.02 * abs(speed_dps) + 1e-9)


def test_gravity_cannot_see_a_turn_about_itself() -> None:
    up = up_turning(np.linspace(0, 300, 100), np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(tilt_rate(up, RATE_HZ), 0.0, atol=1e-9)


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_rows_have_a_rate_and_an_excursion(n: int) -> None:
    rate = tilt_rate(np.tile([0.0, 0.0, 1.0], (n, 1)), RATE_HZ)
    np.testing.assert_array_equal(rate, np.zeros((n, 3)))
    np.testing.assert_array_equal(excursion(rate, local_axes(rate, RATE_HZ), RATE_HZ), np.zeros(n))


@LAW
@given(seed=SEEDS, range_deg=st.floats(5.0, 170.0), period_s=st.floats(1.5, 12.0))
def test_excursion_travels_as_far_as_the_body_part(seed: int, range_deg: float, period_s: float) -> None:
    axis, up = axis_and_up(seed)
    time_s = np.arange(int(40 * RATE_HZ)) / RATE_HZ
    angle = 0.5 * range_deg * (1.0 - np.cos(2 * np.pi * time_s / period_s))
    rate = tilt_rate(up_turning(angle, axis, up), RATE_HZ)
    axes = local_axes(rate, RATE_HZ)
    np.testing.assert_allclose(np.abs(axes @ axis), 1.0, atol=1e-6)
    assert (np.einsum("ij,ij->i", axes[1:], axes[:-1]) > 0).all()
    x = excursion(rate, axes, RATE_HZ)
    assert np.ptp(x) == pytest.approx(range_deg, rel=0.06)
    assert abs(np.corrcoef(x, angle)[0, 1]) > 0.995


@LAW
@given(seed=SEEDS)
def test_the_axis_of_a_set_is_the_axis_that_it_turns_about(seed: int) -> None:
    axis, up = axis_and_up(seed)
    rng = np.random.default_rng(seed)
    rate = tilt_rate(up_turning(30 * np.sin(np.arange(500) / 20), axis, up), RATE_HZ)
    found = principal_axis(rate + rng.normal(0, 1.0, rate.shape))
    assert np.linalg.norm(found) == pytest.approx(1.0)
    assert abs(found @ axis) > np.cos(np.radians(2.0))


@pytest.mark.parametrize("turns", [-1.0, -0.5, 0.5, 1.0])
@pytest.mark.parametrize("hold_s", [20, 32])
def test_the_way_back_is_the_way_out_however_the_sway_of_a_long_hold_turns(turns: float, hold_s: int) -> None:
    """A hold's sway goes round, and its axis with it: half a turn of that is no change of the move's direction."""
    out = 18.0 * np.clip(np.arange(4 * RATE_HZ) / RATE_HZ - 1.0, 0.0, 2.0) / 2.0
    hold_n = round(hold_s * RATE_HZ)
    one = np.concatenate([out, np.full(hold_n, 18.0), out[::-1]])
    nod_deg = np.tile(one, 3)
    seconds = np.arange(len(nod_deg)) / RATE_HZ
    held = np.tile(np.concatenate([np.zeros(len(out)), np.ones(hold_n), np.zeros(len(out))]), 3)
    through = np.tile(np.concatenate([np.zeros(len(out)), np.linspace(0, 1, hold_n), np.ones(len(out))]), 3)
    way = 2.0 * np.pi * turns * through
    sway_deg = 0.8 * np.sin(2.0 * np.pi * 0.35 * seconds) * held
    tilts = np.stack([nod_deg + sway_deg * np.cos(way), sway_deg * np.sin(way), np.zeros(len(way))], axis=1)
    up = Rotation.from_euler("XYZ", tilts, degrees=True).inv().apply([0.0, 0.0, 1.0])
    rate = tilt_rate(up, RATE_HZ)
    x = excursion(rate, local_axes(rate, RATE_HZ), RATE_HZ)
    rests = [round(len(one) * k + 0.5 * RATE_HZ) for k in range(3)] + [len(x) - 5]
    assert np.ptp(x[rests]) < 6.0


def test_the_axis_follows_when_another_movement_begins() -> None:
    n = int(40 * RATE_HZ)
    swing = 30 * np.sin(np.arange(n) / 15)[:, None]
    rate = np.concatenate([swing * [1.0, 0.0, 0.0], swing * [0.0, 1.0, 0.0]])
    axes = np.abs(local_axes(rate, RATE_HZ))
    assert axes[20, 0] > 0.99
    assert axes[60, 1] > 0.99


@LAW
@given(n=st.integers(1, 40), step=st.integers(1, 12), seed=SEEDS)
def test_between_the_middles_of_seconds_the_axis_goes_along_a_line(n: int, step: int, seed: int) -> None:
    axis = np.random.default_rng(seed).standard_normal((-(-n // step), 3))
    at = (np.arange(n) + 0.5) / step - 0.5
    slow = np.column_stack([np.interp(at, np.arange(len(axis)), axis[:, k]) for k in range(3)])
    np.testing.assert_allclose(axes_at(axis, step, slice(0, n)), slow, atol=1e-12)
    np.testing.assert_allclose(axes_at(axis, step, slice(n // 2, n)), slow[n // 2 :], atol=1e-12)


@LAW
@given(n=st.integers(1, 40), step=st.integers(1, 12), seed=SEEDS)
def test_products_are_summed_over_seconds(n: int, step: int, seed: int) -> None:
    rate = 10.0 * np.random.default_rng(seed).standard_normal((n, 3))
    weighed = [np.outer(row, row) / np.sqrt(row @ row + RATE_KNEE_DPS**2) for row in rate]
    slow = [sum(weighed[k : k + step]) for k in range(0, n, step)]
    expected = [[total[i, j] for i, j in PAIRS] for total in slow]
    np.testing.assert_allclose(_second_sums(rate, step), expected, atol=1e-9)


@LAW
@given(n=st.integers(1, 400), rows=st.integers(1, 90), seed=SEEDS)
def test_blocks_of_any_size_travel_as_far(n: int, rows: int, seed: int) -> None:
    rate = 10.0 * np.random.default_rng(seed).standard_normal((n, 3))
    axes = local_axes(rate, RATE_HZ)
    whole = excursion(rate, axes, RATE_HZ)
    with mock.patch.object(smoothing, "BLOCK_ROWS", rows):
        np.testing.assert_allclose(excursion(rate, axes, RATE_HZ), whole, atol=1e-9)
    with mock.patch.object(excursion_module, "BLOCK_ROWS", max(rows, round(RATE_HZ))):
        np.testing.assert_allclose(local_axes(rate, RATE_HZ), axes, atol=1e-9)


@pytest.mark.parametrize(
    "sizes", [(3.0, 2.0, 1.0), (3.0, 2.0, 2.0), (3.0, 3.0 - 1e-7, 0.0), (1e-12, 0.0, 0.0), (2e8, 1.0, 0.0)]
)
def test_the_main_axes_are_the_eigenvectors_to_the_largest_eigenvalues(sizes: tuple[float, float, float]) -> None:
    turned = Rotation.random(50, rng=7).as_matrix()
    matrices = turned @ np.diag(sizes) @ turned.transpose(0, 2, 1)
    matrices = 0.5 * (matrices + matrices.transpose(0, 2, 1))
    np.testing.assert_allclose(np.abs(np.einsum("kj,kj->k", main_axes(matrices), turned[:, :, 0])), 1.0, atol=1e-9)


def test_where_no_axis_is_the_main_one_there_is_still_one() -> None:
    matrices = np.stack([np.zeros((3, 3)), np.eye(3), np.diag([2.0, 2.0, 1.0]), np.diag([1e-200, 0.0, 0.0])])
    axes = main_axes(matrices)
    np.testing.assert_allclose(np.linalg.norm(axes, axis=1), 1.0)
    assert axes[2, 2] == pytest.approx(0.0, abs=1e-9)
