"""The simple counting methods count what they should on a clean set, and say nothing of what they cannot see."""

from __future__ import annotations

import numpy as np
import pytest

import baselines
from sciatrack_ingest import Recording

RATE_HZ = 50.0
REPS, PERIOD_S, OUT_S, HOLD_S = 8, 8.0, 1.0, 3.0
G = 9.80665


def lifts(*, gyroscope: bool = True, lead_s: float = 4.0) -> Recording:
    """Eight lifts of 40 degrees, held for 3 s, one every 8 s."""
    t = np.arange(int((lead_s + REPS * PERIOD_S + 4.0) * RATE_HZ)) / RATE_HZ
    phase = np.clip((t - lead_s) % PERIOD_S, 0, None)
    level = np.interp(phase, [0, OUT_S, OUT_S + HOLD_S, 2 * OUT_S + HOLD_S, PERIOD_S], [0, 1, 1, 0, 0])
    level[(t < lead_s) | (t >= lead_s + REPS * PERIOD_S)] = 0.0
    angle = np.deg2rad(40.0) * (1 - np.cos(np.pi * level)) / 2
    noise = np.random.default_rng(3).normal(0, 0.02, (len(t), 3))
    acc = G * np.column_stack([np.sin(angle), 0 * angle, np.cos(angle)]) + noise
    gyr = np.column_stack([0 * angle, -np.gradient(angle, 1 / RATE_HZ), 0 * angle]) + 0.1 * noise
    return Recording(t, acc, gyr if gyroscope else None)


@pytest.mark.parametrize("name", baselines.BASELINES)
def test_a_clean_set_is_counted(name):
    moments_s = baselines.BASELINES[name](lifts())
    # A period knows no first and last rep, so its count may begin or end within a window.
    assert len(moments_s) == pytest.approx(REPS, abs=1 if name == "autocorrelation" else 0)
    np.testing.assert_allclose(np.diff(moments_s), PERIOD_S, atol=HOLD_S)


def test_the_script_counts_in_the_hold_whichever_way_the_sensor_is_worn():
    recording = lifts()
    turned = Recording(recording.time_s, -recording.acc[:, [2, 0, 1]])
    for moments_s in (baselines.script(recording), baselines.script(turned)):
        into_rep_s = (moments_s - 4.0) % PERIOD_S
        assert ((into_rep_s > OUT_S / 2) & (into_rep_s < 2 * OUT_S + HOLD_S)).all()


def test_nothing_is_said_without_a_gyroscope():
    assert baselines.gyro_peaks(lifts(gyroscope=False)) is None


@pytest.mark.parametrize("name", baselines.BASELINES)
@pytest.mark.parametrize("n", [0, 1, 5])
def test_hardly_any_data_gives_no_reps(name, n):
    recording = Recording(np.arange(n) / RATE_HZ, np.full((n, 3), 5.0), np.zeros((n, 3)))
    assert len(baselines.BASELINES[name](recording)) == 0


def test_rows_without_data_do_not_spread():
    recording = lifts()
    acc = recording.acc.copy()
    acc[600:640] = np.nan
    assert len(baselines.script(Recording(recording.time_s, acc))) == REPS


def test_noise_has_no_period():
    noise = np.random.default_rng(0).normal(size=(6000, 3))
    assert len(baselines.autocorrelation(Recording(np.arange(6000) / RATE_HZ, noise))) < 10


@pytest.mark.skipif(not baselines.has_dtw(), reason="dtaidistance is not installed (extra: bench)")
def test_the_template_method_finds_what_it_was_shown():
    recording = lifts()
    moments_s = baselines.template_dtw(recording, [(3.0, 10.0)])
    assert len(moments_s) == REPS
    assert len(baselines.template_dtw(recording, [])) == 0
