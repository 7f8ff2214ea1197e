"""When a move begins and when it is over: the 10 %-of-peak-speed rule, read off where it can be read.

The contract dates an arrival by the last moment at which the speed exceeds 10 % of the move's peak. There the
angle is within 1 % of its plateau and the speed within the sway of any living body, so a threshold on the
measured speed finds the sway. The same moment follows from two crossings in the steep part of the move: for
minimum jerk it lies 1.637 times as far beyond the half-way crossing as the 90 % crossing does; for a half
cosine the factor is 1.59, for a trapezoid 1.55, so the shape matters little. Own rule; see benchmarks/accuracy.

A move with a stop in it (a grasp, a staircase) ends with its last part: the crossings are taken in that part,
and its 10 % is still that of the whole move's peak speed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.smoothing import gaussian

Float = npt.NDArray[np.float64]

# Contract: a move lasts while its speed exceeds this share of its peak.
EDGE_SPEED_SHARE = 0.1
# Position of the second crossing: low enough that its slope is steep, high enough to sense a slow finish.
UPPER_CROSSING = 0.9
# Where minimum jerk (10 s^3 - 15 s^4 + 6 s^5) passes 90 %, as a share of the move's time.
MINIMUM_JERK_T90 = 0.75257
# Standard deviation of the minimum-jerk speed profile as a share of its half-way to 90 % time: smoothing by
# sigma lengthens that time to sqrt(time^2 + (sigma / 0.748)^2).
PROFILE_SD_SHARE = 0.748
# A slow-down to below this share of the peak splits a move, if this share of the range is left on both sides.
STOP_SPEED_SHARE = 0.3
STOP_PART_MIN = 0.08
# Speed that shows a move going on after a stop: just above the share that ends a move.
MOVING_SHARE = 1.2 * EDGE_SPEED_SHARE
# Half-way to 90 % in more rows than this: sway crosses the levels more than once, so the angle is smoothed by
# this share of that time, whose effect on the time is then taken out again.
SLOW_RISE_ROWS = 8.0
SLOW_SMOOTHING_SHARE = 0.25


@dataclass(frozen=True)
class Edge:
    """One end of a move: the fractional row at which its speed passes 10 % of its peak, that row's standard error,
    the row at which the move is wholly over (or not begun), and the peak speed in deg per row."""

    at: float
    outer: float
    error: float
    peak_speed: float


def arrival(angle: Float, level: float, noise_deg: float, smoothing: float) -> Edge:
    """The end of a move that goes from angle[0] to `level` (deg), upwards.

    angle (n,) from before the departure to after the arrival; noise_deg: sway about the plateau;
    smoothing: sigma in rows of the smoothing that the angle has been through.
    """
    start = float(angle[0])
    span = level - start
    calm_speed = _run_mean(np.diff(angle))
    peak = float(calm_speed.max(initial=0.0))
    base_at, base = _last_stop(angle, _run_mean(calm_speed), peak, span)
    part = level - base
    if part < 1e-6 or peak < 1e-9:
        return Edge(float(len(angle) - 1), float(len(angle) - 1), 1.0, max(peak, 1e-9))
    half, rise = _half_and_rise(angle, base, part, base_at)
    if rise > SLOW_RISE_ROWS:  # a slow move crosses a level many times: look again, as calmly as it moves
        sigma = SLOW_SMOOTHING_SHARE * rise
        smoothing = float(np.hypot(smoothing, sigma))
        half, rise = _half_and_rise(gaussian(angle[:, None], sigma)[:, 0], base, part, base_at)
        noise_deg = noise_deg / 2.0
    true_rise = np.sqrt(max(rise**2 - (smoothing / PROFILE_SD_SHARE) ** 2, (0.3 * rise) ** 2))
    own_peak = 1.875 * part * (MINIMUM_JERK_T90 - 0.5) / true_rise
    ratio = EDGE_SPEED_SHARE if base_at == 0 else min(0.9, EDGE_SPEED_SHARE * max(peak / own_peak, 1.0))
    reach = 0.5 * np.sqrt(1.0 - np.sqrt(ratio)) / (MINIMUM_JERK_T90 - 0.5)
    slope = 1.04 / 1.875 * own_peak
    error = np.hypot(reach * noise_deg / max(slope, 1e-9) * 0.5, 0.06 * true_rise * reach)
    at, outer = half + reach * true_rise, half + 0.5 / (MINIMUM_JERK_T90 - 0.5) * true_rise
    return Edge(float(at), float(outer), float(error), own_peak if base_at == 0 else peak)


def departure(angle: Float, level: float, noise_deg: float, smoothing: float) -> Edge:
    """The start of a move from `level` down to angle[-1]: an arrival read backwards in time."""
    edge = arrival(angle[::-1], level, noise_deg, smoothing)
    last = len(angle) - 1
    return Edge(last - edge.at, last - edge.outer, edge.error, edge.peak_speed)


def _half_and_rise(angle: Float, base: float, part: float, base_at: int) -> tuple[float, float]:
    """Fractional row of the half-way crossing, and rows from there to the upper crossing."""
    half = _first_crossing(angle, base + 0.5 * part, base_at)
    upper = _first_crossing(angle, base + UPPER_CROSSING * part, int(half))
    return half, max(upper - half, 0.25)


def _run_mean(speed: Float) -> Float:
    """Three-row running mean: single rows of noise are not the peak speed."""
    if len(speed) < 3:
        return speed
    padded = np.concatenate([speed[:1], speed, speed[-1:]])
    return np.asarray((padded[:-2] + padded[1:-1] + padded[2:]) / 3.0)


def _last_stop(angle: Float, calm: Float, peak: float, span: float) -> tuple[int, float]:
    """Row and angle of the last stop inside the move; the start of the move if there is none."""
    there = np.flatnonzero(angle >= angle[0] + (1.0 - STOP_SPEED_SHARE * STOP_PART_MIN) * span)
    calm = calm[: int(there[0]) if len(there) else len(calm)]
    if len(calm) < 5:
        return 0, float(angle[0])
    low = np.flatnonzero((calm[1:-1] <= calm[:-2]) & (calm[1:-1] <= calm[2:])) + 1
    share = (angle[low] - angle[0]) / max(span, 1e-9)
    low = low[(calm[low] < STOP_SPEED_SHARE * peak) & (share > STOP_PART_MIN) & (share < 1.0 - STOP_PART_MIN)]
    for at in low[::-1]:  # a stop counts if the move was fast before it and picks up speed after it
        if min(calm[at:].max(), calm[:at].max()) > MOVING_SHARE * peak:
            return int(at), float(angle[at])
    return 0, float(angle[0])


def _first_crossing(angle: Float, value: float, start: int) -> float:
    """Fractional row at or after `start` at which the angle first reaches `value`; the last row if never."""
    above = np.flatnonzero(angle[start:] >= value)
    if len(above) == 0:
        return float(len(angle) - 1)
    at = start + int(above[0])
    if at == start:
        return float(at)
    low, high = float(angle[at - 1]), float(angle[at])
    return at - 1 + (value - low) / max(high - low, 1e-12)
