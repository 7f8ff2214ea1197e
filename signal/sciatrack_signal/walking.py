"""Stretches of walking, so that no set is sought in them or across them.

Steps shake the sensor at 1.2 to 2.6 Hz and their multiples, and go on; a squat or a sit-to-stand moves it more
slowly, and its bumps have no beat. Own rule: on the walking of HuGaDB (thigh) and Mobilise-D (lower back) against
the sets of four other data sets, see benchmarks/accuracy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import unit_one
from sciatrack_signal.orientation import length
from sciatrack_signal.smoothing import blocks, gaussian, support
from sciatrack_signal.turning import stretches

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

# Splits the norm of the acceleration at about 1 Hz.
SPLIT_SIGMA_S = 0.17
# What is slower than about 0.1 Hz is the sensor's own error.
DRIFT_SIGMA_S = 1.5
# A step or two are in every window of this width.
WINDOW_SIGMA_S = 0.7
# Shaking (m/s^2 rms above 1 Hz): walking people stand above 1.0 on the lower back and 3.4 on a thigh, people who
# exercise on a floor below 0.75.
SHAKING_MIN = 0.8
# And above 1 Hz there is this many times as much as below.
SHAKING_RATIO = 2.0
# Fewer steps than fill this are no walk (getting up, a stumble).
WALK_MIN_S = 3.0
# Half a stride more on both sides belongs to it.
MARGIN_S = 0.5
# The beat of steps, and the share of the shaking that lies at it, its half and its double: walking 0.32 to 0.78,
# fast sit-to-stands 0.18.
STEP_HZ = (1.2, 2.7)
BEAT_SHARE = 0.25
BEAT_WIDTH_HZ = 0.25
TRANSFORM_ROWS = 1024
# A change of pose may pass for a few steps. Steps find the sensor as the recording's other walking does: cosines of
# up 0.81 to 1.00 (251 simulated stretches, 21 real ones); the changes of pose among them -0.7 to 0.4. A longer walk
# is believed whatever it says: the sensor may have been taken off and put on.
SURE_WALK_S = 8.0
SAME_WALK_COSINE = 0.6
# Who walks never stops: of windows of this length that shake by less than this share of the whole (rms) walking has
# at most 0.12 (slow people, lower back), quick reps with a moment's rest between them 0.31 and more.
STILL_S, STILL_LEVEL = 0.4, 0.25
RESTED_SHARE = 0.2
# Of the shaking above 1 Hz walking has at most 0.8 above 3 Hz (power), a tremor at 5 Hz 0.99.
TREMOR_SIGMA_S = 0.08
TREMOR_SHARE = 0.9


def walking(acc: Float | Single, rate_hz: float) -> Int:
    """(k, 2) half-open row intervals of walking; acc (n, 3) m/s^2 on an even grid."""
    fast, shaken = np.empty(len(acc)), np.empty(len(acc), dtype=bool)
    for rows, around, inner in blocks(
        len(acc), support(SPLIT_SIGMA_S * rate_hz) + support(WINDOW_SIGMA_S * rate_hz)
    ):
        norm = length(acc[around])
        norm -= gaussian(norm, SPLIT_SIGMA_S * rate_hz)
        fast[rows], shaken[rows] = norm[inner], (_power(norm, rate_hz) > SHAKING_MIN**2)[inner]
    steps = [
        [start + a, start + b]
        for start, end in stretches(shaken)
        if end - start >= WALK_MIN_S * rate_hz
        for a, b in stretches(_mostly_fast(acc, fast, start, end, rate_hz))
        if b - a >= WALK_MIN_S * rate_hz and _has_beat(fast[start + a : start + b], rate_hz)
    ]
    return _upright(_merged(steps, round(MARGIN_S * rate_hz), len(acc)), acc, rate_hz)


def _upright(walks: Int, acc: Float | Single, rate_hz: float) -> Int:
    """Without short stretches in which the sensor lies quite otherwise than in long ones; all if none is long."""
    lengths = walks[:, 1] - walks[:, 0]
    long = lengths >= SURE_WALK_S * rate_hz
    if long.all() or not long.any():
        return walks
    ups = np.array([unit_one(acc[start:end].mean(axis=0, dtype=np.float64)) for start, end in walks])
    usual = unit_one(lengths[long] @ ups[long])
    return walks[long | (ups @ usual > SAME_WALK_COSINE)]


def _power(part: Float, rate_hz: float) -> Float:
    """(n,) mean square around each row, over a step or two."""
    return gaussian(part * part, WINDOW_SIGMA_S * rate_hz)


def _mostly_fast(acc: Float | Single, fast: Float, start: int, end: int, rate_hz: float) -> Bool:
    """Whether the norm's part above about 1 Hz, `fast`, outweighs that below at the rows from start to end."""
    margin = support(DRIFT_SIGMA_S * rate_hz) + support(WINDOW_SIGMA_S * rate_hz)
    around = slice(max(0, start - margin), min(len(acc), end + margin))
    norm = length(acc[around])
    slow = gaussian(norm, SPLIT_SIGMA_S * rate_hz)
    slow -= gaussian(norm, DRIFT_SIGMA_S * rate_hz)
    outweighs = _power(fast[around], rate_hz) > SHAKING_RATIO**2 * _power(slow, rate_hz)
    return np.asarray(outweighs[start - around.start : end - around.start])


def not_steps(fast: Float, rate_hz: float) -> bool:
    """Whether a shaking (n,) above 1 Hz, in m/s^2, is surely none of steps."""
    margin = round(MARGIN_S * rate_hz)
    at_rest = resting(fast[margin : len(fast) - margin], rate_hz)
    return is_tremor(fast, rate_hz) or (len(at_rest) > 0 and at_rest.mean() > RESTED_SHARE)


def resting(fast: Float, rate_hz: float) -> Bool:
    """(m,) for each window of STILL_S in a shaking (n,) above 1 Hz whether it is a moment of rest; empty where n is
    shorter."""
    width = max(3, round(STILL_S * rate_hz))
    if len(fast) < width:
        return np.zeros(0, dtype=bool)
    power = np.cumsum(np.concatenate([[0.0], fast * fast]))
    return np.asarray(power[width:] - power[:-width] < STILL_LEVEL**2 * power[-1] / len(fast) * width)


def is_tremor(fast: Float, rate_hz: float) -> bool:
    """Whether a shaking (n,) above 1 Hz is nearly all faster than steps."""
    faster = fast - gaussian(fast, TREMOR_SIGMA_S * rate_hz)
    return float(faster @ faster) > TREMOR_SHARE * float(fast @ fast)


def _has_beat(shaking: Float, rate_hz: float) -> bool:
    """Whether most of a shaking lies at the frequency of steps; judged on its first 40 s."""
    part = shaking[:TRANSFORM_ROWS]
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)), 2 * TRANSFORM_ROWS)) ** 2
    hz = np.fft.rfftfreq(2 * TRANSFORM_ROWS, 1.0 / rate_hz)
    inside = (hz >= STEP_HZ[0]) & (hz <= STEP_HZ[1])
    beat_hz = float(hz[inside][np.argmax(power[inside])])
    near = np.zeros(len(hz), dtype=bool)
    for multiple in (0.5, 1.0, 2.0):
        near |= np.abs(hz - multiple * beat_hz) < BEAT_WIDTH_HZ
    return bool(power[near].sum() > BEAT_SHARE * power.sum()) and not not_steps(shaking, rate_hz)


def _merged(intervals: list[list[int]], margin: int, n: int) -> Int:
    """Widened by the margin, inside the recording, joined where they then touch."""
    merged: list[list[int]] = []
    for start, end in intervals:
        start, end = max(0, start - margin), min(n, end + margin)
        if merged and start <= merged[-1][1]:
            merged[-1][1] = end
        else:
            merged.append([start, end])
    return np.array(merged, dtype=np.int64).reshape(-1, 2)
