"""The gyroscope is held against gravity: wrong units are refused, wrong signs set it aside, doubt passes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciatrack_ingest import UnitsError
from sciatrack_ingest.gyro_check import check_gyro

RATE_HZ = 50.0
G_M_S2 = 9.80665


def turning(seed: int = 0, n: int = 3000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stamps, gravity and angular rate of a sensor that turns about all its axes, by small exact steps."""
    random = np.random.default_rng(seed)
    t = np.arange(n) / RATE_HZ
    gyr = sum(
        random.normal(0, 0.5, 3)
        * np.sin(2 * np.pi * random.uniform(0.05, 0.3) * t[:, None] + random.uniform(0, 6, 3))
        for _ in range(3)
    )
    acc = np.empty((n, 3))
    acc[0] = [0, 0, G_M_S2]
    for at in range(1, n):
        half = -0.5 * (gyr[at] + gyr[at - 1]) / RATE_HZ
        angle = np.linalg.norm(half)
        axis = half / angle if angle else half
        acc[at] = (
            acc[at - 1] * np.cos(angle)
            + np.cross(axis, acc[at - 1]) * np.sin(angle)
            + axis * (axis @ acc[at - 1]) * (1 - np.cos(angle))
        )
    return t, acc + random.normal(0, 0.05, (n, 3)), gyr + random.normal(0, 0.01, (n, 3))


def test_a_right_gyroscope_is_believed_whatever_the_mounting() -> None:
    t, acc, gyr = turning()
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    for acc_seen, gyr_seen in ((acc, gyr), (acc @ turn.T, gyr @ turn.T), (-acc, gyr), (acc / 9.8, gyr)):
        verdict = check_gyro("a.csv", t, acc_seen, gyr_seen, "rad/s")
        assert verdict.use
        assert verdict.findings == ()


@pytest.mark.parametrize("signs", [s for s in itertools.product((1, -1), repeat=3) if s != (1, 1, 1)])
def test_negated_axes_set_the_gyroscope_aside(signs: tuple[int, int, int]) -> None:
    t, acc, gyr = turning()
    verdict = check_gyro("a.csv", t, acc, gyr * signs, "rad/s")
    assert not verdict.use
    assert [finding.code for finding in verdict.findings] == ["gyro_contradicts_gravity"]
    names = ", ".join(name for name, sign in zip("xyz", signs, strict=True) if sign < 0)
    assert f"gyr_{names} were negated" in verdict.findings[0].message


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_negated_accelerometer_axis_or_swapped_axes_are_seen_too(axis: int) -> None:
    t, acc, gyr = turning()
    signs = np.ones(3)
    signs[axis] = -1
    assert not check_gyro("a.csv", t, acc * signs, gyr, "rad/s").use
    swapped = np.roll([0, 1, 2], 1) if axis == 0 else np.array([[1, 0, 2], [0, 2, 1]][axis - 1])
    verdict = check_gyro("a.csv", t, acc[:, swapped], gyr[:, swapped], "rad/s")
    assert verdict.use == (axis == 0)


@pytest.mark.parametrize(("said", "true"), [("rad/s", "deg/s"), ("deg/s", "rad/s")])
def test_degrees_and_radians_confused_are_refused(said: str, true: str) -> None:
    t, acc, gyr = turning()
    wrong = np.rad2deg(gyr) if said == "rad/s" else np.deg2rad(gyr)
    with pytest.raises(UnitsError, match=f"say --units-gyr {true}"):
        check_gyro("a.csv", t, acc, wrong, said)


def test_speeds_beyond_any_gyroscope_are_refused_without_gravity_s_help() -> None:
    t, _, gyr = turning()
    acc = np.tile([0.0, 0.0, G_M_S2], (len(t), 1))
    with pytest.raises(UnitsError, match="say --units-gyr deg/s"):
        check_gyro("a.csv", t, acc, np.rad2deg(gyr) * 2, "rad/s")


def test_a_gyroscope_of_the_wrong_scale_is_doubted() -> None:
    t, acc, gyr = turning()
    verdict = check_gyro("a.csv", t, acc, 4 * gyr, "rad/s")
    assert verdict.use
    assert [finding.code for finding in verdict.findings] == ["gyro_doubtful"]


def test_what_cannot_be_judged_passes() -> None:
    t, acc, gyr = turning(n=400)
    random = np.random.default_rng(2)
    still = np.tile([0.0, 0.0, G_M_S2], (400, 1)) + random.normal(0, 0.05, (400, 3))
    shaken = acc + random.normal(0, 8, (400, 3))
    for acc_seen, gyr_seen in ((still, -gyr), (shaken, -gyr), (acc * np.nan, gyr), (acc, gyr * np.nan)):
        assert check_gyro("a.csv", t, acc_seen, gyr_seen, "rad/s").use
    assert check_gyro("a.csv", t[:3], acc[:3], -gyr[:3], "rad/s").use
    assert check_gyro("a.csv", t[:0], acc[:0], gyr[:0], "rad/s").use


def test_gaps_and_missing_samples_do_not_mislead() -> None:
    t, acc, gyr = turning()
    keep = np.ones(len(t), dtype=bool)
    keep[500:700] = keep[1200:1210] = False
    acc[2000:2100] = np.nan
    gyr[2300:2310] = np.nan
    verdict = check_gyro("a.csv", t[keep], acc[keep], gyr[keep], "rad/s")
    assert verdict.use
    assert verdict.findings == ()
    assert not check_gyro("a.csv", t[keep], acc[keep], -gyr[keep], "rad/s").use


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-0.087, 0.087), st.floats(-3.0, 3.0))
def test_bias_and_tempo_do_not_mislead(seed: int, bias_rad_s: float, shift_s: float) -> None:
    t, acc, gyr = turning(seed, n=1500)
    verdict = check_gyro("a.csv", t + shift_s, acc, gyr + bias_rad_s, "rad/s")
    assert verdict.use
    assert verdict.findings == ()
