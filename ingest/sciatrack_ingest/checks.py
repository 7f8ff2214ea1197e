"""What the samples themselves tell: missing, zeroed, stuck and clipped stretches. Own rules throughout.

Nothing here changes a value except two: what is not a finite number becomes NaN, and so do rows in which
all three axes of the accelerometer are exactly zero, which no sensor on Earth can measure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.recording import Finding, Float, Int, finite_rows
from sciatrack_ingest.units import STANDARD_GRAVITY_M_S2

Mask = npt.NDArray[np.bool_]

# An axis that gives one value for 2 s while the others move by more than 2 m/s^2 (12 degrees of tilt) is
# dead: in real recordings (10 bit at 8 g, the coarsest seen) no axis does.
STUCK_MIN_S = 2.0
STUCK_OTHERS_MOVE_M_S2 = 2.0
# Gravity cannot take one axis past 1.5 g (miscalibrated sensors included), nor does slow exercise; below
# 100 deg/s no gyroscope range ends (the smallest is 125). At rest a coarse axis repeats its extreme, past
# these values only a range's end does: 3 times in all and 2 in a row.
CLIP_MIN_ACC_M_S2 = 1.5 * STANDARD_GRAVITY_M_S2
CLIP_MIN_GYR_RAD_S = np.deg2rad(100.0)
CLIP_MIN_SAMPLES = 3
CLIP_TOLERANCE_RATIO = 1e-6


@dataclass(frozen=True)
class Clipping:
    """Start and end seconds of clipped moments, and what to say about them."""

    clipped_s: tuple[tuple[float, float], ...] = ()
    findings: tuple[Finding, ...] = ()


def mask_missing(acc: Float, gyr: Float | None) -> tuple[Finding, ...]:
    """Turn infinities, and acceleration rows of only zeros, into NaN in place; count what is missing."""
    findings = []
    for name, array in (("acc", acc), ("gyr", gyr)):
        finite = finite_rows(array) if array is not None else None
        if array is None or finite is None or finite.all():
            continue
        array[np.isinf(array)] = np.nan
        n = len(finite) - int(finite.sum())
        code = "missing_samples" if name == "acc" else "gyr_missing_samples"
        findings.append(Finding(code, f"{n} of {len(array)} samples of {name} are missing", n))
    zero = (acc[:, 0] == 0) & (acc[:, 1] == 0) & (acc[:, 2] == 0)
    n_zero = int(zero.sum())
    if n_zero:
        acc[zero] = np.nan
        message = f"{n_zero} samples with acceleration 0, 0, 0 taken as missing"
        findings.append(Finding("zero_rows", message, n_zero))
    return tuple(findings)


def find_stuck(acc: Float, rate_hz: float) -> tuple[Finding, ...]:
    """Axes of (n, 3) `acc` in m/s^2 that stand still while the others move. Only told, never changed."""
    findings = []
    min_samples = max(3, round(STUCK_MIN_S * rate_hz))
    for axis, word in enumerate("xyz"):
        start, end = _runs(acc[1:, axis] == acc[:-1, axis], min_samples - 1)
        others = np.delete(acc, axis, axis=1) if len(start) else acc
        stuck = [int(e - s + 1) for s, e in zip(start, end, strict=True) if _moves(others[s : e + 1])]
        if stuck:
            seconds = sum(stuck) / rate_hz
            message = f"acc_{word} is stuck for {seconds:.1f} s while the other axes move"
            findings.append(Finding("stuck_axis", message, sum(stuck)))
    return tuple(findings)


def _moves(acc: Float) -> bool:
    known = acc[np.isfinite(acc).all(axis=1)]
    if not len(known):
        return False
    low, high = np.percentile(known, [5, 95], axis=0)
    return bool((high - low).max() > STUCK_OTHERS_MOVE_M_S2)


def _runs(mask: Mask, min_length: int) -> tuple[Int, Int]:
    """Starts and ends (half open) of the runs of True that are at least `min_length` long."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    start, end = edges[::2], edges[1::2]
    long = end - start >= min_length
    return start[long], end[long]


def find_clipping(time_s: Float, acc: Float, gyr: Float | None) -> Clipping:
    """Moments in which an axis stands at the end of its range (SI units, NaN allowed)."""
    findings = []
    clipped = np.zeros(len(time_s), dtype=bool)
    for code, word, array, least in (
        ("clipped", "acceleration", acc, CLIP_MIN_ACC_M_S2),
        ("gyr_clipped", "rotation", gyr, CLIP_MIN_GYR_RAD_S),
    ):
        mask = _at_the_end(array, least) if array is not None and len(array) else None
        if mask is not None and mask.any():
            n = int(mask.sum())
            findings.append(Finding(code, f"{n} samples of {word} stand at the end of the sensor's range", n))
            clipped |= mask
    start, end = _runs(clipped, 1)
    pairs = zip(time_s[start].tolist(), time_s[end - 1].tolist(), strict=True)
    return Clipping(tuple(pairs), tuple(findings))


def _at_the_end(array: Float, least: float) -> Mask:
    clipped = np.zeros(len(array), dtype=bool)
    for column in array.T:
        for extreme in (np.fmax.reduce(column), np.fmin.reduce(column)):
            if not abs(extreme) > least:
                continue
            there = np.abs(column - extreme) <= CLIP_TOLERANCE_RATIO * abs(extreme)
            in_a_row = bool((there[1:] & there[:-1]).any())
            if in_a_row and int(there.sum()) >= CLIP_MIN_SAMPLES:
                clipped |= there
    return clipped
