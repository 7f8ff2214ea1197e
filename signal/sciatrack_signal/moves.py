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
from typing import NamedTuple

# Contract: a move lasts while its speed exceeds this share of its peak.
EDGE_SPEED_SHARE = 0.1
# Position of the second crossing: low enough that its slope is steep, high enough to sense a slow finish.
UPPER_CROSSING = 0.9
# Where minimum jerk (10 s^3 - 15 s^4 + 6 s^5) passes 90 %, as a share of the move's time.
MINIMUM_JERK_T90 = 0.75257
# Standard deviation of the minimum-jerk speed profile as a share of its half-way to 90 % time: smoothing by
# sigma lengthens that time to sqrt(time^2 + (sigma / 0.748)^2).
PROFILE_SD_SHARE = 0.748
# That time is no shorter than this, however few the rows (a crossing is known to a part of a row).
LEAST_RISE_ROWS = 0.25
# A slow-down to below this share of the peak splits a move, if this share of the range is left on both sides.
STOP_SPEED_SHARE = 0.3
STOP_PART_MIN = 0.12
# and this many times the sway; where that is more than the third of the range, stops cannot be told from sway.
STOP_NOISE = 4.0
STOP_PART_MAX = 0.34
# Speed is smoothed by this share of the move's rows before stops are sought in it: sway is no stop.
STOP_SIGMA_SHARE, STOP_SIGMA_LEAST = 0.06, 1.5
# In fewer rows than this there is no room for a stop.
STOP_LEAST_ROWS = 5
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
SLOWING_SIGMA_SHARE, SLOWING_SIGMA_LEAST = 0.15, 1.0
SHAPE_MOST = 1.0
# What each counts, and what sway counts that makes crossings early, by least absolute error on 400 simulated sets
# of half-cosine, early, late and drawn shapes: edges are off by 14 % less with them, and within 1.5 % of that with
# the first two 30 % smaller or larger. Sway's own number is the least sure: these sets ask for 2.8, a simulation
# of other sway for none.
PER_LATE, PER_SLOWING, PER_SWAY = 0.9, 0.27, 0.7
SWAY_MOST = 0.1
# However early it seems to end: never before the 90 % crossing.
LEAST_REACH = 1.0


class Edge(NamedTuple):
    """One end of a move: the fractional row at which its speed passes 10 % of its peak, that row's standard error,
    the row at which the move is wholly over (or not begun), and the peak speed in deg per row."""

    at: float
    outer: float
    error: float
    peak_speed: float


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


def _bounded(later: float) -> float:
    return min(max(later, -SHAPE_MOST), SHAPE_MOST)
