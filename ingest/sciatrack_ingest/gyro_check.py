"""Does the gyroscope turn as gravity does? Finds wrong units and axes of the wrong sign before anybody counts.

Own rule. While a sensor turns slowly, its accelerometer sees gravity, and gravity's direction obeys
da/dt = -w x a (Poisson's equation in the sensor's frame). Both sides are averaged in the same way over pairs
of neighbouring blocks, so the test costs no differentiation: the change of the mean of a from one block to
the next equals the change of the mean of the integral of -w x a. One number a axis could stand before w:
1 if all is right, -1 for a negated axis, 57.3 or 1/57.3 for degrees taken for radians.

The whole accelerometer negated (an iPhone) leaves the equation as it is; one negated axis of it looks like
two negated axes of the gyroscope, a left-handed frame like three. Turns about the vertical and axes that did
not turn cannot be judged; neither can walking or shaking. What cannot be judged passes. On the 240
recordings with a gyroscope in seven public sets of real people it refuses nothing, sets no gyroscope aside, and
doubts 8: one unit of the UCI set whose calibration fault its SOURCE.md names. Of the 94 that can be
judged it sets aside a quarter to a half with one axis negated, two thirds with a left-handed frame (and doubts the
rest), and refuses nine in ten with the wrong unit.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sciatrack_ingest.errors import UnitsError
from sciatrack_ingest.recording import Finding, Float, Int, effective_rate_hz

# The code of the finding that a gyroscope was there and is not handed on.
GYROSCOPE_SET_ASIDE = "gyro_contradicts_gravity"
# Long enough that a slow rep (10 deg/s) moves gravity by more than noise, short enough for a fast one.
BLOCK_S = 0.5
MIN_BLOCK_SAMPLES = 4
# 3.4 degrees from one block to the next: more than breathing, noise and a usual gyroscope bias.
MIN_MOVE_RATIO = 0.06
# The norm may leave its median by this much within a pair: beyond it, it is more than gravity that acts.
MAX_NORM_DEVIATION_RATIO = 0.15
# Fewer pairs say nothing; more than 1,000 say nothing new.
MIN_PAIRS = 10
MAX_PAIRS = 1000
# The measured change is explained (share of its energy left over) / contradicted / far better by other signs.
# Real gyroscopes that are right leave 0.02 to 0.6, in sets with soft mounting up to 1.1.
EXPLAINED_SHARE = 0.3
CONTRADICTED_SHARE = 0.6
BETTER_RATIO = 3.0
# Twice the energy of what is measured cannot come from movement, only from the gyroscope itself.
DOUBTFUL_SHARE = 2.0
# A wrong unit turns as gravity does but for its size: 57.3 within a factor of 2.3.
UNIT_MIN_CORRELATION = 0.7
UNIT_SCALE = (25.0, 130.0)
# Gyroscopes end at 2000 deg/s or 35 rad/s; no limb turns faster for a twentieth of the time.
FASTEST_RAD_S = 35.0
FASTEST_QUANTILE = 0.95
FASTEST_SAMPLES = 100_000


@dataclass(frozen=True)
class Verdict:
    """What a check found. `use`: whether the gyroscope may be believed."""

    use: bool = True
    findings: tuple[Finding, ...] = ()


def check_gyro(
    path: object, time_s: Float, acc: Float, gyr: Float, unit: Literal["rad/s", "deg/s"] | str
) -> Verdict:
    """Judge (n, 3) `gyr` in rad/s, which the file had in `unit`, by (n, 3) `acc` in any unit; NaN allowed.

    Raises UnitsError if the angular rate is in the other unit.
    """
    _check_fastest(path, gyr, unit)
    measured, per_axis = _changes(time_s, acc, gyr)
    if len(measured) < MIN_PAIRS:
        return Verdict()
    y = measured.ravel()
    x = per_axis.transpose(0, 2, 1).reshape(-1, 3)
    predicted = x.sum(axis=1)
    _check_unit(path, y, predicted, unit)
    left = _left_over(y, predicted)
    signs = min(_SIGNS, key=lambda s: _left_over(y, x @ s))
    best = _left_over(y, x @ signs)
    if left > CONTRADICTED_SHARE and best < min(EXPLAINED_SHARE, left / BETTER_RATIO):
        axes = ", ".join(name for name, sign in zip("xyz", signs, strict=True) if sign < 0)
        message = f"gyr turns against gravity as if gyr_{axes} were negated or the frame left-handed; gyr not used"
        return Verdict(False, (Finding(GYROSCOPE_SET_ASIDE, message),))
    if left > DOUBTFUL_SHARE:
        message = "gyr turns much further than gravity does; its scale is doubtful"
        return Verdict(True, (Finding("gyro_doubtful", message),))
    return Verdict()


_SIGNS = tuple(np.array(signs) for signs in itertools.product((1.0, -1.0), repeat=3))


def _left_over(measured: Float, predicted: Float) -> float:
    """The share of the measured energy that the prediction leaves."""
    return float(((measured - predicted) ** 2).sum() / (measured**2).sum())


def _check_fastest(path: object, gyr: Float, unit: str) -> None:
    speed = np.sqrt(np.einsum("ij,ij->i", *[gyr[:: max(1, len(gyr) // FASTEST_SAMPLES)]] * 2))
    speed = speed[np.isfinite(speed)]
    if not len(speed):
        return
    fast = float(np.quantile(speed, FASTEST_QUANTILE))
    if fast > FASTEST_RAD_S:
        raise _other_unit(path, f"5 % of the time it turns faster than {np.rad2deg(fast):.0f} deg/s.", unit)


def _check_unit(path: object, measured: Float, predicted: Float, unit: str) -> None:
    energy = float(predicted @ predicted)
    if not energy:
        return
    scale = float(measured @ predicted) / energy
    correlation = scale * np.sqrt(energy / float(measured @ measured))
    low, high = UNIT_SCALE
    if correlation > UNIT_MIN_CORRELATION and (low < scale < high or low < 1.0 / scale < high):
        times = f"{scale:.0f} times as far" if scale > 1 else f"a {1 / scale:.0f}th as far"
        raise _other_unit(path, f"gravity turns {times} as the gyroscope says.", unit)


def _other_unit(path: object, problem: str, unit: str) -> UnitsError:
    other = {"rad/s": "deg/s", "deg/s": "rad/s"}.get(unit, "rad/s")
    hint = f"It was read as {unit}; the values look like {other}: say --units-gyr {other}."
    return UnitsError(path, problem, where="columns gyr_x, gyr_y, gyr_z", hint=hint)


def _changes(time_s: Float, acc: Float, gyr: Float) -> tuple[Float, Float]:
    """(m, 3) measured changes of mean acceleration between blocks, and (m, 3, 3) those each axis predicts."""
    rate_hz = effective_rate_hz(time_s)
    length = round(BLOCK_S * rate_hz) if np.isfinite(rate_hz) else 0
    if length < MIN_BLOCK_SAMPLES or len(time_s) < 2 * length:
        return np.empty((0, 3)), np.empty((0, 3, 3))
    n = len(time_s) // length * length
    with np.errstate(over="ignore", invalid="ignore"):
        mean = acc[:n].reshape(-1, length, 3).mean(axis=1)
        norm = np.sqrt((mean**2).sum(axis=1))
        resting = float(np.median(norm[np.isfinite(norm)])) if np.isfinite(norm).any() else np.nan
        change = np.sqrt((np.diff(mean, axis=0) ** 2).sum(axis=1))
        moving = np.flatnonzero(change > MIN_MOVE_RATIO * resting)
    rows = _thinned(moving)[:, None] * length + np.arange(2 * length)
    rows = rows[_usable(time_s, acc, gyr, rows, resting)]
    return _block_change(acc[rows]), _integral_change(time_s[rows], acc[rows], gyr[rows])


def _thinned(pairs: Int) -> Int:
    return pairs[:: max(1, -(-len(pairs) // MAX_PAIRS))]


def _usable(time_s: Float, acc: Float, gyr: Float, rows: Int, resting: float) -> Float:
    """(m,) True where a pair has no gap, no missing value, and nothing but gravity acting."""
    with np.errstate(over="ignore", invalid="ignore"):
        norm = np.sqrt((acc[rows] ** 2).sum(axis=2))
        slow = (np.abs(norm - resting) <= MAX_NORM_DEVIATION_RATIO * resting).all(axis=1)
    whole = np.isfinite(gyr[rows]).all(axis=(1, 2))
    unbroken = time_s[rows[:, -1]] - time_s[rows[:, 0]] < 1.5 * 2 * BLOCK_S
    return np.asarray(slow & whole & unbroken)


def _block_change(pairs: Float) -> Float:
    """Mean of the second half less mean of the first, along axis 1."""
    half = pairs.shape[1] // 2
    return np.asarray(pairs[:, half:].mean(axis=1) - pairs[:, :half].mean(axis=1))


def _integral_change(time_s: Float, acc: Float, gyr: Float) -> Float:
    """(m, 3, 3): for each axis k of the gyroscope the change of the integral of -w_k e_k x a."""
    step_s = np.diff(time_s, axis=1, prepend=time_s[:, :1])
    zero = np.zeros_like(acc[..., 0])
    x, y, z = np.moveaxis(acc, -1, 0)
    crossed = np.stack(
        [np.stack(c, axis=-1) for c in ((zero, z, -y), (-z, zero, x), (y, -x, zero))], axis=2
    )  # -e_k x a, (m, 2L, k, 3)
    rate = crossed * gyr[..., None]
    middle = rate.copy()
    middle[:, 1:] = 0.5 * (rate[:, 1:] + rate[:, :-1])
    return _block_change(np.cumsum(middle * step_s[..., None, None], axis=1))
