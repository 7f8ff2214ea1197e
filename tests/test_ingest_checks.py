"""Missing, zeroed, stuck and clipped stretches are found, and only what cannot be a measurement is masked."""

from __future__ import annotations

import numpy as np

from sciatrack_ingest.checks import find_clipping, find_stuck, mask_missing

RATE_HZ = 100.0
G_M_S2 = 9.80665


def swinging(n: int = 1000, amplitude_rad: float = 0.8) -> np.ndarray:
    """(n, 3) gravity in a sensor that swings, with a little noise."""
    angle = amplitude_rad * np.sin(np.arange(n) / 80)
    acc = G_M_S2 * np.column_stack([np.sin(angle), 0.3 * np.cos(angle), 0.954 * np.cos(angle)])
    return acc + np.random.default_rng(5).normal(0.0, 0.02, (n, 3))


def test_a_sound_recording_has_no_findings() -> None:
    acc = swinging()
    before = acc.copy()
    assert mask_missing(acc, None) == ()
    assert find_stuck(acc, RATE_HZ) == ()
    assert find_clipping(np.arange(1000) / RATE_HZ, acc, None).findings == ()
    np.testing.assert_array_equal(acc, before)


def test_infinities_and_zero_rows_become_missing() -> None:
    acc, gyr = swinging(), swinging() / 10
    acc[10, 1] = np.inf
    acc[20:25] = 0.0
    acc[30] = np.nan
    acc[40, 0] = 0.0
    gyr[50] = -np.inf
    gyr[60] = 0.0
    findings = {finding.code: finding.count for finding in mask_missing(acc, gyr)}
    assert findings == {"missing_samples": 2, "gyr_missing_samples": 1, "zero_rows": 5}
    assert np.isnan(acc[20:25]).all()
    assert np.isnan(acc[10, 1])
    assert np.isfinite(acc[40]).all()
    assert np.isnan(gyr[50]).all()
    assert (gyr[60] == 0).all()


def test_an_axis_that_stands_still_while_others_move_is_told() -> None:
    acc = swinging()
    acc[200:700, 1] = acc[200, 1]
    findings = find_stuck(acc, RATE_HZ)
    assert [(finding.code, finding.count) for finding in findings] == [("stuck_axis", 500)]
    assert "acc_y is stuck for 5.0 s" in findings[0].message


def test_a_still_coarse_sensor_is_not_stuck() -> None:
    acc = np.round(np.tile([0.1, 5.0, 8.4], (1000, 1)) / 0.15) * 0.15
    acc[::7, 0] += 0.15
    assert find_stuck(acc, RATE_HZ) == ()


def test_a_stuck_axis_beside_missing_samples() -> None:
    acc = swinging()
    acc[:, 0] = 1.0
    acc[100:900, 1:] = np.nan
    assert find_stuck(acc, RATE_HZ)[0].count == 1000
    acc[:, 1:] = np.nan
    assert find_stuck(acc, RATE_HZ) == ()


def test_clipped_moments_are_told_with_their_times() -> None:
    acc = swinging()
    acc[300:310, 0] += np.hanning(10) * 60
    acc[600:610, 0] += np.hanning(10) * 60
    acc = np.clip(acc, -2 * G_M_S2, 2 * G_M_S2)
    clipping = find_clipping(np.arange(1000) / RATE_HZ, acc, None)
    assert [finding.code for finding in clipping.findings] == ["clipped"]
    assert len(clipping.clipped_s) == 2
    (start_s, end_s), _ = clipping.clipped_s
    assert 3.0 < start_s < end_s < 3.1


def test_a_gyroscope_at_its_range_is_told() -> None:
    gyr = np.clip(4.0 * np.sin(np.arange(1000) / 50)[:, None] * [1.0, 0.1, 0.0], -np.deg2rad(125), np.deg2rad(125))
    clipping = find_clipping(np.arange(1000) / RATE_HZ, swinging(), gyr)
    assert [finding.code for finding in clipping.findings] == ["gyr_clipped"]
    assert clipping.findings[0].count == (np.abs(gyr[:, 0]) == np.deg2rad(125)).sum()


def test_resting_at_an_extreme_is_not_clipping() -> None:
    acc = np.tile([0.0, 0.0, G_M_S2], (500, 1))
    assert find_clipping(np.arange(500) / RATE_HZ, acc, None).clipped_s == ()
    peaks = acc.copy()
    peaks[[50, 150, 250, 350], 2] = 30.0
    assert find_clipping(np.arange(500) / RATE_HZ, peaks, None).clipped_s == ()
    peaks[351, 2] = 30.0
    assert len(find_clipping(np.arange(500) / RATE_HZ, peaks, None).clipped_s) == 4


def test_nothing_to_check() -> None:
    empty = np.empty((0, 3))
    assert mask_missing(empty, empty) == ()
    assert find_stuck(empty, RATE_HZ) == ()
    assert find_clipping(np.empty(0), empty, empty).clipped_s == ()
    assert find_clipping(np.arange(3.0), np.full((3, 3), np.nan), None).clipped_s == ()
