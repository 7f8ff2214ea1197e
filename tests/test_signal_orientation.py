"""Where up is: the scan of rotations is their product, and up is right however the sensor moves and is mounted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sciatrack_signal.orientation import (
    conjugate,
    cumulative_rotation,
    rotate,
    unit,
    up_direction,
)
from signal_cases import G_M_S2, LAW, Array, Case

SEEDS = st.integers(0, 2**31)
RATE_HZ = 25.0


def as_rotation(q: Array) -> Rotation:
    return Rotation.from_quat(q.T, scalar_first=True)


def quaternions(n: int, seed: int) -> Array:
    return np.asarray(Rotation.random(n, rng=seed).as_quat(scalar_first=True).T)


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 255, 256, 257, 300, 4097])
@pytest.mark.parametrize("size", [0.0, 1e-9, 0.05, 2.0])
def test_the_scan_is_the_product_of_all_rotations(n: int, size: float) -> None:
    vectors = size * np.random.default_rng(n).standard_normal((n, 3))
    found = cumulative_rotation(vectors)
    total = Rotation.identity()
    for k in range(n):
        total = total * Rotation.from_rotvec(vectors[k])
        if k % 16 in (0, 1, 15) or k == n - 1:
            assert (as_rotation(found[:, k : k + 1]) * total.inv()).magnitude() == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(np.linalg.norm(found, axis=0), 1.0, atol=1e-9)


def test_no_rotation_has_no_product() -> None:
    assert cumulative_rotation(np.empty((0, 3))).shape == (4, 0)


@LAW
@given(n=st.integers(1, 20), seed=SEEDS)
def test_quaternions_do_what_rotations_do(n: int, seed: int) -> None:
    q = quaternions(n, seed)
    x = np.random.default_rng(seed).standard_normal((n, 3))
    np.testing.assert_allclose(rotate(q, x), as_rotation(q).apply(x), atol=1e-12)
    np.testing.assert_allclose(rotate(conjugate(q), rotate(q, x)), x, atol=1e-12)


@LAW
@given(n=st.integers(0, 20), seed=SEEDS)
def test_unit_rows_have_length_one_and_zero_stays_zero(n: int, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((n, 3))
    x[::3] = 0.0
    found = unit(x)
    length = np.linalg.norm(x, axis=1)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.where(length > 0, 1.0, 0.0))
    np.testing.assert_allclose(found * length[:, None], x, atol=1e-12)


def turning(n: int = 1000) -> tuple[Array, Array, Array]:
    """True up, acceleration without noise and rate (rad/s) of a sensor that swings about two axes."""
    time_s = np.arange(n) / RATE_HZ
    turn = Rotation.from_euler("XY", np.column_stack([0.6 * np.sin(time_s), 0.8 * np.sin(0.7 * time_s)]))
    up = turn.inv().apply([0.0, 0.0, 1.0])
    steps = (turn[:-1].inv() * turn[1:]).as_rotvec() * RATE_HZ
    return up, G_M_S2 * up, np.concatenate([steps[:1], steps])


def off_deg(found: Array, up: Array) -> Array:
    return np.degrees(np.arccos(np.clip(np.einsum("ij,ij->i", found, up), -1, 1)))


def test_a_gyroscope_keeps_up_while_the_sensor_is_shaken() -> None:
    up, acc, gyr = turning()
    push = np.zeros_like(acc)
    push[:, 0] = 2.0 * np.sin(2 * np.pi * 0.8 * np.arange(len(acc)) / RATE_HZ)
    with_gyr = off_deg(up_direction(acc + push, gyr, RATE_HZ), up)[50:-50]
    without = off_deg(up_direction(acc + push, None, RATE_HZ), up)[50:-50]
    assert with_gyr.max() < 2.0
    assert np.sqrt(np.mean(with_gyr**2)) < 0.3 * np.sqrt(np.mean(without**2))


def test_a_biased_gyroscope_bends_up_by_little() -> None:
    up, acc, gyr = turning()
    for axis in range(3):
        biased = gyr + np.radians(5.0) * np.eye(3)[axis]
        assert off_deg(up_direction(acc, biased, RATE_HZ), up)[50:-50].max() < 2.0


def test_an_accelerometer_alone_is_right_where_nothing_pushes() -> None:
    up, acc, _ = turning()
    assert off_deg(up_direction(acc, None, RATE_HZ), up)[10:-10].max() < 1.0


@LAW
@given(seed=SEEDS, gyroscope=st.booleans())
def test_another_mount_turns_up_along(seed: int, gyroscope: bool) -> None:
    recording = Case(rate_hz=25.0).record()
    mount = Rotation.random(rng=seed)
    assert recording.gyr is not None
    acc, gyr = recording.acc.copy(), recording.gyr.copy()
    here = up_direction(acc, gyr if gyroscope else None, RATE_HZ)
    there = up_direction(mount.apply(acc), mount.apply(gyr) if gyroscope else None, RATE_HZ)
    np.testing.assert_allclose(there, mount.apply(here), atol=1e-9)


@LAW
@given(scale=st.floats(0.7, 1.5), gyroscope=st.booleans())
def test_the_length_of_gravity_does_not_matter(scale: float, gyroscope: bool) -> None:
    _, acc, gyr = turning(200)
    there = up_direction(scale * acc, gyr if gyroscope else None, RATE_HZ)
    np.testing.assert_allclose(there, up_direction(acc, gyr if gyroscope else None, RATE_HZ), atol=1e-9)
