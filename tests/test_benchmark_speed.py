"""The speed benchmark checks its answer before it times anything; no time is asserted here."""

from __future__ import annotations

import numpy as np
import pytest

import long_recordings
import speed
from sciatrack_signal.pipeline import analyze

MIXED = long_recordings.KINDS["mixed"]()


@pytest.fixture(scope="module")
def hour():
    return long_recordings.make(1, MIXED)


def test_an_hour_is_an_hour_with_the_reps_said(hour):
    assert hour.n_samples == 360_000
    assert hour.sampling_rate_hz == pytest.approx(100.0)
    # The lying half of a move passes 20 degrees once on the way out.
    tilt_deg = np.degrees(np.arctan2(hour.acc[:, 0], hour.acc[:, 2]))
    lying = np.flatnonzero(np.abs(tilt_deg) < 45.0)
    outward = np.diff((tilt_deg[lying] > 20.0).astype(int)) > 0
    assert outward.sum() == pytest.approx(MIXED.reps, abs=4)


def test_a_wrong_answer_has_no_speed(hour):
    answer = analyze(hour, exercise="auto")
    assert speed.check(answer, MIXED.reps) == pytest.approx(MIXED.reps, rel=speed.COUNT_WITHIN)
    with pytest.raises(SystemExit, match="wrong answer"):
        speed.check(answer, 2 * MIXED.reps)


@pytest.mark.parametrize("kind", ["daily", "exercise"])
def test_what_was_put_into_the_other_hours_is_found(kind):
    hour = long_recordings.KINDS[kind]()
    assert len(hour.acc) == len(hour.gyr) == 360_000
    answer = analyze(long_recordings.make(1, hour), exercise="auto")
    assert speed.check(answer, hour.reps) == pytest.approx(hour.reps, rel=speed.COUNT_WITHIN)


def test_gyroscope_and_gravity_agree(hour):
    u = hour.acc / np.linalg.norm(hour.acc, axis=1, keepdims=True)
    moving = slice(1050 * 100, 1150 * 100)  # in the sets, where nothing bounces
    change = np.gradient(u, 1 / long_recordings.RATE_HZ, axis=0)[moving]
    predicted = -np.cross(hour.gyr, u)[moving]
    smooth = np.ones(25) / 25
    a, b = (np.convolve(v[:, 0], smooth, mode="same") for v in (change, predicted))
    assert np.corrcoef(a, b)[0, 1] > 0.9


def test_growth_is_a_slope():
    costs = [speed.Cost(h, h, 2.0 * h**1.5, 1.0, 1.0, 1.0, 1.0) for h in (1, 2, 8)]
    assert speed.exponent(costs) == pytest.approx(1.5)


def test_figures_stand_beside_what_is_asked(capsys):
    speed.line("passes", "at 1 h", 0.4, 0.5)
    speed.line("script", "at 1 h", 3.0, 4.0, least=True)
    out = capsys.readouterr().out.splitlines()
    assert out[0].strip().startswith("met")
    assert out[1].strip().startswith("MISSED")
