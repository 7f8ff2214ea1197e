"""The resting norm gives a wrong unit or missing gravity away; a miscalibrated sensor is used and flagged."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciatrack_ingest import GravityError, UnitsError
from sciatrack_ingest.units import ACC_FACTOR, check_resting_norm, resting_norm

G_M_S2 = 9.80665
RATE_HZ = 100.0


def lying(norm: float, noise_ratio: float = 0.003, n: int = 1000) -> np.ndarray:
    direction = np.array([0.3, -0.5, math.sqrt(1 - 0.34)])
    return norm * (direction + np.random.default_rng(3).normal(0.0, noise_ratio, (n, 3)))


def moving(norm: float, n: int = 1000) -> np.ndarray:
    """Never still: what a phone gives without gravity, or a body that squats without a pause."""
    return np.random.default_rng(4).normal(0.0, norm / math.sqrt(3), (n, 3))


@pytest.mark.parametrize("true", ACC_FACTOR)
@pytest.mark.parametrize("said", ACC_FACTOR)
def test_every_wrong_unit_is_refused_with_the_right_one(true: str, said: str) -> None:
    acc = lying(G_M_S2 / ACC_FACTOR[true])
    if true == said:
        assert check_resting_norm("a.csv", acc, RATE_HZ, said) == ()
        return
    with pytest.raises(UnitsError, match=re.escape(f"look like {true}: say --units-acc {true}")):
        check_resting_norm("a.csv", acc, RATE_HZ, said)


def test_missing_gravity_is_refused_as_such() -> None:
    for acc in (moving(0.4), moving(1.8), np.zeros((100, 3))):
        with pytest.raises(GravityError, match="Gravity is missing"):
            check_resting_norm("a.csv", acc, RATE_HZ, "m/s^2")


def test_unsteady_values_near_1_name_both_causes() -> None:
    with pytest.raises(GravityError, match=r"Gravity is missing.*--units-acc g"):
        check_resting_norm("a.csv", moving(1.0), RATE_HZ, "m/s^2")


@pytest.mark.parametrize("norm", [7.1, 8.9, 10.2, 12.8, 14.2, 14.9])
def test_a_miscalibrated_sensor_is_used_and_flagged(norm: float) -> None:
    findings = check_resting_norm("a.csv", lying(norm), RATE_HZ, "m/s^2")
    assert [finding.code for finding in findings] == ["miscalibrated"]
    assert f"{norm:.2f} m/s^2" in findings[0].message


@pytest.mark.parametrize("norm", [9.6, 9.81, 10.0])
def test_a_good_sensor_is_not_flagged(norm: float) -> None:
    assert check_resting_norm("a.csv", lying(norm), RATE_HZ, "m/s^2") == ()


@pytest.mark.parametrize("norm", [4.0, 6.5, 16.0, 40.0])
def test_what_fits_no_unit_is_refused(norm: float) -> None:
    with pytest.raises(UnitsError, match="fits no unit"):
        check_resting_norm("a.csv", lying(norm), RATE_HZ, "m/s^2")


def test_the_norm_is_taken_where_the_sensor_lies_still() -> None:
    acc = np.concatenate([lying(9.8), lying(9.8) * np.linspace(0.2, 2.2, 1000)[:, None]])
    assert resting_norm(acc, RATE_HZ).still
    assert abs(resting_norm(acc, RATE_HZ).norm - 9.8) < 0.02


def test_nothing_to_judge_passes() -> None:
    for acc in (np.empty((0, 3)), np.full((5, 3), np.nan)):
        assert check_resting_norm("a.csv", acc, RATE_HZ, "g") == ()


@settings(deadline=None)
@given(st.floats(0.01, 2000), st.integers(1, 400), st.floats(1, 500), st.sampled_from(sorted(ACC_FACTOR)))
def test_a_verdict_depends_on_the_norm_alone(norm: float, n: int, rate_hz: float, unit: str) -> None:
    acc = np.tile([0.0, norm, 0.0], (n, 1))
    before = acc.copy()
    try:
        check_resting_norm("a.csv", acc, rate_hz, unit)
        accepted = True
    except UnitsError:
        accepted = False
    assert accepted == (7.0 <= norm * ACC_FACTOR[unit] <= 15.0)
    np.testing.assert_array_equal(acc, before)
