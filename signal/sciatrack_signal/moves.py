"""When a move begins and when it is over: the 10 %-of-peak-speed rule, read off where it can be read.

The contract dates an arrival by the last moment at which the speed exceeds 10 % of the move's peak. There the
angle is within 1 % of its plateau and the speed within the sway of any living body, so a threshold on the
measured speed finds the sway. The same moment follows from two crossings in the steep part of the move: for
minimum jerk it lies 1.637 times as far beyond the half-way crossing as the 90 % crossing does; for a half
cosine the factor is 1.59, for a trapezoid 1.55. A move that starts in a rush and creeps to its end reaches further:
what is seen of its shape corrects the factor. Own rule; see benchmarks/accuracy.

A move with a stop in it (a grasp, a staircase) ends with its last part: the crossings are taken in that part,
and its 10 % is still that of the whole move's peak speed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.order import median, quantile
from sciatrack_signal.smoothing import gaussian
from sciatrack_signal.turning import stretches

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
STOP_PART_MIN = 0.12
# and this many times the sway; where that is more than the third of the range, stops cannot be told from sway.
STOP_NOISE = 4.0
STOP_PART_MAX = 0.34
# Speed is smoothed by this share of the move's rows before stops are sought in it: sway is no stop.
STOP_SIGMA_SHARE = 0.06
# Speed that shows a move going on after a stop: just above the share that ends a move.
MOVING_SHARE = 1.2 * EDGE_SPEED_SHARE
GRAVITY = 9.81  # m/s^2
# Standard error of an edge: this share of how far the move is extrapolated, since shapes differ, and this many
# times what the sway makes of one crossing. Calibrated on simulated sets of all severities, see
# benchmarks/accuracy.
SHAPE_ERROR = 0.06
SWAY_ERROR = 1.25
# A move that has reached its plateau may go on within this share of it, by at least this share of the range and
# this many times the sway; smaller or later changes are changes of the hold. Speeds are taken after this smoothing.
EARLY_SHARE = 0.45
EARLY_MAX_WINDOWS = 7  # of the level's 0.6 s: a grasp takes at most 2.5 s
STEP_MIN_SHARE = 0.05
STEP_NOISE = 6.0
# Half as many where most moves of a set have such a step: who grasps the knee does so each time, sway does not.
STEP_NOISE_USUAL = 3.0
STEP_USUAL_SHARE = 0.5
# How fast a step is, as a share of the move's peak speed. By the contract 10 %, but a short pull loses more of its
# speed by smoothing than the move before it does, and the accelerometer overstates a fast move: where most moves
# have a step, so much of the measured peak is enough. Of 280 simulated knees that were drawn in, 3 were so slow
# that the contract does not count it.
STEP_SPEED_SHARE_USUAL = 0.06
# Of more moves than this one step alone is somebody who shifts; with fewer nothing tells.
STEP_MEMBERS = 2
STEP_MAX_SHARE = 0.2
STEP_SIGMA_ROWS = 3
# A slow move is still arriving for longer than the level's window, and may overshoot: then the level is taken over
# so many times its time from half-way to 90 %, and over this share of the plateau at most. 333 long simulated holds
# were off by 0.39 s in the mean, and are by 0.36 s; with 1.0 to 2.5 times and 0.1 to 0.5 of the plateau little
# changes. Departures and returns get worse with it.
SLOW_WINDOW, SLOW_WINDOW_SHARE = 1.25, 0.2

# Moves are not minimum jerk. Two things seen of each say how much later it ends than one that is, both in its
# own times from half-way to 90 %: when it passes 95 %, and when its speed (smoothed by this share of that time) is
# down to a fifth. Neither says more than one such time: past that it is sway.
LATE_CROSSING, LATE_MINIMUM_JERK = 0.95, 1.230
SLOWING_SPEED_SHARE, SLOWING_MINIMUM_JERK = 0.2, 1.472
SLOWING_SIGMA_SHARE = 0.15
SHAPE_MOST = 1.0
# What each counts, and what sway counts that makes crossings early, by least absolute error on 400 simulated sets
# of half-cosine, early, late and drawn shapes: edges are off by 14 % less with them, and within 1.5 % of that with
# the first two 30 % smaller or larger. Sway's own number is the least sure: these sets ask for 2.8, a simulation
# of other sway for none.
PER_LATE, PER_SLOWING, PER_SWAY = 0.9, 0.27, 0.7
SWAY_MOST = 0.1
# However early it seems to end: never before the 90 % crossing.
LEAST_REACH = 1.0


@dataclass(frozen=True)
class Edge:
    """One end of a move: the fractional row at which its speed passes 10 % of its peak, that row's standard error,
    the row at which the move is wholly over (or not begun), and the peak speed in deg per row."""

    at: float
    outer: float
    error: float
    peak_speed: float


def arrival(angle: Float, level: float, noise_deg: float, widened: float, stop_row: int | None = None) -> Edge:
    """The end of a move that goes from angle[0] to `level` (deg), upwards.

    angle (n,) from before the departure to after the arrival; noise_deg: sway about the plateau;
    widened: variance in rows^2 by which moves look longer than they are (smoothing of sigma: its square), negative
    where shorter; stop_row: where the last part of the move starts, if that is known (see `last_step`).
    """
    start = float(angle[0])
    span = level - start
    peak = peak_speed(angle)
    if stop_row is None:
        base_at, base = _last_stop(angle, start, span, noise_deg)
    else:
        base_at, base = stop_row, float(angle[stop_row])
    part = level - base
    if part < 1e-6 or peak < 1e-9:
        return Edge(float(len(angle) - 1), float(len(angle) - 1), 1.0, max(peak, 1e-9))
    half, rise = _half_and_rise(angle, base, part, base_at)
    true_rise = math.sqrt(max(rise**2 - widened / PROFILE_SD_SHARE**2, (0.3 * rise) ** 2))
    own_peak = 1.875 * part * (MINIMUM_JERK_T90 - 0.5) / true_rise
    ratio = EDGE_SPEED_SHARE if base_at == 0 else min(0.9, EDGE_SPEED_SHARE * max(peak / own_peak, 1.0))
    reach = minimum_jerk_reach(ratio)
    reach = max(reach + _unlike_minimum_jerk(angle, base, part, base_at, half, rise, noise_deg), LEAST_REACH)
    slope = 1.04 / 1.875 * own_peak
    error = math.hypot(SWAY_ERROR * reach * noise_deg / max(slope, 1e-9), SHAPE_ERROR * true_rise * reach)
    at, outer = half + reach * true_rise, half + 0.5 / (MINIMUM_JERK_T90 - 0.5) * true_rise
    return Edge(at, outer, error, own_peak if base_at == 0 else peak)


def longer_s2(smoothed_s2: float, above_m: float) -> float:
    """Variance in s^2 by which moves look longer than they are where up is where the acceleration points.

    smoothed_s2 : that of the smoothing. above_m : how far the sensor stands above what it turns about. There the
    acceleration of the move is in what is seen: an angle a looks like a - h/g a'', whose speed is less spread out
    in time by a variance of 2 h/g (moments of its profile). Moves look shorter there, and longer below.
    """
    return smoothed_s2 - 2.0 * above_m / GRAVITY


def minimum_jerk_reach(speed_share: float) -> float:
    """How far beyond half way the speed is down to this share of its peak, in times from half-way to 90 %."""
    return 0.5 * math.sqrt(1.0 - math.sqrt(speed_share)) / (MINIMUM_JERK_T90 - 0.5)


def later_by_crossing(crossing: float) -> float:
    """How much later a move ends than one of minimum jerk, as far as its late crossing says; in the same times."""
    return PER_LATE * _bounded(crossing - LATE_MINIMUM_JERK)


def reversed_edge(edge: Edge, last_row: int) -> Edge:
    """An edge that was read backwards in time, in rows of the angle as it was; a departure is such an arrival."""
    return Edge(last_row - edge.at, last_row - edge.outer, edge.error, edge.peak_speed)


def shifted(edge: Edge, rows: int) -> Edge:
    """The same edge in rows that are counted from so many rows earlier."""
    return Edge(edge.at + rows, edge.outer + rows, edge.error, edge.peak_speed)


def in_order(departs: Edge, arrives: Edge) -> tuple[Edge, Edge]:
    """Both ends of one stroke; read past each other they meet at the surer one, less sure by the difference."""
    if departs.at <= arrives.at:
        return departs, arrives
    at = departs.at if departs.error < arrives.error else arrives.at
    apart = departs.at - arrives.at
    return (
        Edge(at, min(departs.outer, at), departs.error + apart, departs.peak_speed),
        Edge(at, max(arrives.outer, at), arrives.error + apart, arrives.peak_speed),
    )


def last_step(
    angle: Float,
    plateau: int,
    peak_speed: float,
    noise_deg: float,
    window: int,
    times: float = STEP_NOISE,
    speed_share: float = EDGE_SPEED_SHARE,
    *,
    is_hold: bool = True,
) -> tuple[int | None, float]:
    """Where the last part of a move starts, if it goes on within the plateau, and the level it arrives at.

    angle (n,) from before the departure to the end of the plateau, upwards; plateau: first row within the plateau's
    share of the top; peak_speed in deg per row; window: rows over which a level is taken; times: so many times the
    sway is a step, speed_share: faster than this share of the peak; is_hold: the plateau is known to be a hold that
    is arrived at, not left. A knee that is grasped and then drawn in stops
    short of the top and moves on by a few percent of the range.
    """
    part = gaussian(angle[plateau:], STEP_SIGMA_ROWS)
    reach = max(window, round(min(EARLY_SHARE * len(part), EARLY_MAX_WINDOWS * window)))
    fast = part[1 : reach + 1] - part[: min(reach, len(part) - 1)] > speed_share * peak_speed
    span = float(part.max()) - float(angle[0])
    sure = max(STEP_MIN_SHARE * span, STEP_NOISE * noise_deg)
    least = max(STEP_MIN_SHARE * span, times * noise_deg)
    told = least <= STEP_MAX_SHARE * span and fast.any()  # else too shaky to tell a step from sway, or no step
    for start, end in reversed(stretches(fast)) if told else ():
        before = part[:start]  # all of it: what only comes back to where it was is a dip
        if start < STEP_SIGMA_ROWS or part[end] - part[start] < least or len(before) < STEP_SIGMA_ROWS:
            continue
        after = median(part[end : end + window])
        if after - quantile(before, 0.95) > 0.5 * least:
            return plateau + start, after
    if len(part) <= window:
        return None, float(angle[plateau:].max())
    top = quantile(part[: 2 * window], 0.9)
    there = int((part >= top - max(sure, noise_deg)).argmax())
    level = median(part[there : there + window])
    if not is_hold:
        return None, level
    _, rise = _half_and_rise(angle, float(angle[0]), level - float(angle[0]), 0)
    slow = round(min(SLOW_WINDOW * rise, SLOW_WINDOW_SHARE * (len(part) - there)))
    return None, level if slow <= window else median(part[there : there + slow])


def _half_and_rise(angle: Float, base: float, part: float, base_at: int) -> tuple[float, float]:
    """Fractional row of the half-way crossing, and rows from there to the upper crossing."""
    half = _first_crossing(angle, base + 0.5 * part, base_at)
    upper = _first_crossing(angle, base + UPPER_CROSSING * part, int(half))
    return half, max(upper - half, 0.25)


def _unlike_minimum_jerk(
    angle: Float, base: float, part: float, base_at: int, half: float, rise: float, noise_deg: float
) -> float:  # fmt: skip
    """How much later the move ends than one of minimum jerk, in times from half-way to 90 % (`rise`, rows)."""
    first = int(half)
    late = (_first_crossing(angle, base + LATE_CROSSING * part, first) - half) / rise
    smooth = gaussian(angle[base_at:], max(1.0, SLOWING_SIGMA_SHARE * rise))
    speed = smooth[1:] - smooth[:-1]
    beyond = speed[first - base_at :]
    slow = beyond < SLOWING_SPEED_SHARE * float(speed.max(initial=1e-9))
    rows = int(slow.argmax()) if slow.any() else len(beyond)
    return (
        later_by_crossing(late)
        + PER_SLOWING * _bounded(rows / rise - SLOWING_MINIMUM_JERK)
        + PER_SWAY * min(noise_deg / part, SWAY_MOST)
    )


def _bounded(later: float) -> float:
    return min(max(later, -SHAPE_MOST), SHAPE_MOST)


def peak_speed(angle: Float) -> float:
    """Highest speed upwards (deg per row, 0 if none) of a mean over three rows: one row of noise is no peak."""
    speed = angle[1:] - angle[:-1]
    if len(speed) < 3:
        return float(speed.max(initial=0.0))
    three = speed[:-2] + speed[1:-1]
    three += speed[2:]
    first, last = speed[0] + speed[0] + speed[1], speed[-2] + speed[-1] + speed[-1]
    return max(float(three.max()), float(first), float(last), 0.0) / 3.0


def _last_stop(angle: Float, start: float, span: float, noise_deg: float) -> tuple[int, float]:
    """Row and angle of the last stop inside the move; the start of the move if there is none."""
    part_min = max(STOP_PART_MIN, STOP_NOISE * noise_deg / max(span, 1e-9))
    if part_min > STOP_PART_MAX:
        return 0, start
    moving = (angle > start + 0.1 * span) & (angle < start + 0.9 * span)
    inside = moving.nonzero()[0]
    rows = int(inside[-1] - inside[0]) if len(inside) else 0
    smooth = gaussian(angle, max(1.5, STOP_SIGMA_SHARE * rows))
    calm = smooth[1:] - smooth[:-1]
    peak = float(calm.max(initial=0.0))
    arrived = smooth >= start + (1.0 - STOP_SPEED_SHARE * STOP_PART_MIN) * span
    there = int(arrived.argmax())
    calm = calm[: there if arrived[there] else len(calm)]
    if len(calm) < 5:
        return 0, start
    share = (smooth[1 : len(calm) - 1] - start) / max(span, 1e-9)
    slow = (calm[1:-1] < STOP_SPEED_SHARE * peak) & (share > part_min) & (share < 1.0 - part_min)
    low = slow.nonzero()[0] + 1
    if len(low) == 0:
        return 0, start
    low = low[(calm[low] <= calm[low - 1]) & (calm[low] <= calm[low + 1])]
    for at in low[::-1]:  # a stop counts if the move was fast before it and picks up speed after it
        if min(calm[at:].max(), calm[:at].max()) > MOVING_SHARE * peak:
            return int(at), float(smooth[at])
    return 0, start


def _first_crossing(angle: Float, value: float, start: int) -> float:
    """Fractional row at or after `start` at which the angle first reaches `value`; the last row if never."""
    above = angle[start:] >= value
    at = start + int(above.argmax())
    if not above[at - start]:
        return float(len(angle) - 1)
    if at == start:
        return float(at)
    low, high = float(angle[at - 1]), float(angle[at])
    return at - 1 + (value - low) / max(high - low, 1e-12)
