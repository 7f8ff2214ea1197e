"""Units of acceleration and rotation, and the resting norm that gives a wrong one away.

Own rule. A sensor at rest measures 9.81 m/s^2 whatever way it lies, so the norm of the quiet moments
tells the unit without asking anybody. Between 7 and 15 m/s^2 the sensor is taken as miscalibrated
(the contract's bounds; real thigh sensors at 14.2 exist), outside it the unit is wrong or gravity missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sciatrack_ingest.errors import GravityError, RecordingError, UnitsError
from sciatrack_ingest.recording import Finding, Float

STANDARD_GRAVITY_M_S2 = 9.80665
ACC_FACTOR = {"m/s^2": 1.0, "g": STANDARD_GRAVITY_M_S2, "mg": STANDARD_GRAVITY_M_S2 / 1000.0}
GYR_FACTOR = {"rad/s": 1.0, "deg/s": math.pi / 180.0}
_SPELLINGS = {"m/s2": "m/s^2", "m/s²": "m/s^2", "m/s**2": "m/s^2", "dps": "deg/s", "°/s": "deg/s"}

# The contract's bounds for a sensor that is merely miscalibrated.
RESTING_NORM_M_S2 = (7.0, 15.0)
# Good MEMS sensors stay within 1 or 2 %, uncalibrated loggers are off by up to 8 %: below this it is not
# worth a word, and holds and counts do not depend on it.
MISCALIBRATED_RATIO = 0.03
# Half a second is shorter than any hold or pause, so that even busy recordings own still blocks; sensors
# that lie still stay below 0.5 % in the norm, squatting people seldom below 2 %.
BLOCK_S = 0.5
STILL_RATIO = 0.01
STILL_MIN_BLOCKS = 4
# Without a still moment the median norm stands in; exercise moves it by up to 5 %, walking by 20 %.
MISCALIBRATED_MOVING_RATIO = 0.2
# What is left of the norm when a phone takes gravity off: 0.3 to 1.8 m/s^2 in moving phones, less at rest.
NO_GRAVITY_MAX_M_S2 = 2.5


def acc_unit(name: str, value: Any) -> str:
    """The contract's word for a unit of acceleration. Raises RecordingError with the words there are."""
    return _unit(name, value, ACC_FACTOR)


def gyr_unit(name: str, value: Any) -> str:
    """The contract's word for a unit of angular rate. Raises RecordingError with the words there are."""
    return _unit(name, value, GYR_FACTOR)


def _unit(name: str, value: Any, allowed: dict[str, float]) -> str:
    word = _SPELLINGS.get(value, value) if isinstance(value, str) else ""
    if word not in allowed:
        raise RecordingError(f"{name} {value!r} is not a unit known here; it is one of {', '.join(allowed)}")
    return word


@dataclass(frozen=True)
class RestingNorm:
    """The norm of the acceleration at rest, in the unit of the samples; `still`: a real rest was seen."""

    norm: float
    still: bool


def resting_norm(acc: Float, rate_hz: float) -> RestingNorm:
    """Median norm of the still blocks of (n, 3) `acc`, or of everything where nothing is still.

    Rows with NaN are left out; the norm is NaN if nothing is left.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        norm = np.sqrt(np.einsum("ij,ij->i", acc, acc))
        norm = norm[np.isfinite(norm)]
        if not len(norm):
            return RestingNorm(math.nan, False)
        length = min(len(norm), max(1, round(BLOCK_S * rate_hz)))
        blocks = norm[: len(norm) // length * length].reshape(-1, length)
        mean = blocks.mean(axis=1)
        still = blocks.std(axis=1) < STILL_RATIO * mean
    if still.sum() >= STILL_MIN_BLOCKS:
        return RestingNorm(float(np.median(mean[still])), True)
    return RestingNorm(float(np.median(norm)), False)


def check_resting_norm(path: object, acc: Float, rate_hz: float, unit: str) -> tuple[Finding, ...]:
    """Refuse a wrong unit or missing gravity; flag a miscalibrated sensor.

    acc : (n, 3) still in `unit`. Raises UnitsError or GravityError with the likely cause.
    """
    resting = resting_norm(acc, rate_hz)
    if math.isnan(resting.norm):
        return ()
    norm_m_s2 = resting.norm * ACC_FACTOR[unit]
    low, high = RESTING_NORM_M_S2
    if not low <= norm_m_s2 <= high:
        raise _refusal(path, resting, unit)
    off_ratio = norm_m_s2 / STANDARD_GRAVITY_M_S2 - 1.0
    if abs(off_ratio) <= (MISCALIBRATED_RATIO if resting.still else MISCALIBRATED_MOVING_RATIO):
        return ()
    message = f"at rest the acceleration is {norm_m_s2:.2f} m/s^2, not 9.81 ({off_ratio:+.0%}); used as it is"
    return (Finding("miscalibrated", message),)


def _refusal(path: object, resting: RestingNorm, unit: str) -> UnitsError:
    low, high = RESTING_NORM_M_S2
    problem = f"at rest the acceleration is {resting.norm:.4g} {unit}, where gravity would be "
    problem += f"{STANDARD_GRAVITY_M_S2 / ACC_FACTOR[unit]:.4g} {unit}."
    fitting = [word for word, factor in ACC_FACTOR.items() if low <= resting.norm * factor <= high]
    without_gravity = resting.norm * ACC_FACTOR[unit] < NO_GRAVITY_MAX_M_S2
    if fitting and (resting.still or not without_gravity):
        hint = f"The values look like {fitting[0]}: say --units-acc {fitting[0]}."
        return UnitsError(path, problem, hint=hint)
    if without_gravity:
        hint = "Gravity is missing (linear acceleration?): record the raw accelerometer, with gravity."
        if fitting:
            hint += f" If the unit is {fitting[0]} instead, say --units-acc {fitting[0]}."
        return GravityError(path, problem, hint=hint)
    hint = "That fits no unit (m/s^2, g, mg): check the scale of the columns acc_x, acc_y, acc_z."
    return UnitsError(path, problem, hint=hint)
