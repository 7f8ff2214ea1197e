"""From turning points to timed moves: every stroke gets a departure and an arrival, every turning point a dwell."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.exercises import USUAL_ABOVE_M
from sciatrack_signal.moves import (
    EDGE_SPEED_SHARE,
    STEP_MEMBERS,
    STEP_NOISE,
    STEP_NOISE_USUAL,
    STEP_SPEED_SHARE_USUAL,
    STEP_USUAL_SHARE,
    Edge,
    arrival,
    in_order,
    last_step,
    longer_s2,
    peak_speed,
    reversed_edge,
    shifted,
)
from sciatrack_signal.nested import HOLDS_SHARE, LEAST_POSE_S, inner_angle, inner_moves
from sciatrack_signal.order import about_a_line, median, quantile
from sciatrack_signal.segmentation import Strokes, angle_about
from sciatrack_signal.trace import Trace

Float = npt.NDArray[np.float64]

# Rows within this share of the range around a turning point belong to its plateau (contract: a hold has faded
# when it has lost 15 %).
PLATEAU_SHARE = 0.15
# The plateau's level where the move arrives or departs is taken over this long.
LEVEL_WINDOW_S = 0.6
# Sway is measured on plateaus at least this long.
SWAY_MIN_S = 1.0
# No plateau is known better than this (degrees).
SWAY_FLOOR_DEG = 0.05


@dataclass(frozen=True, eq=False)
class Timed:
    """A run of strokes with its times. Rows are fractional rows of the trace; m strokes, m + 1 turning points.

    departs, arrives (m): edges of each stroke. sway_deg (m + 1): noise about each plateau.
    angle covers [first, first + len(angle)), in deg, edges were read from it.
    """

    run: Strokes
    departs: tuple[Edge, ...]
    arrives: tuple[Edge, ...]
    sway_deg: Float
    levels_deg: Float
    first: int
    angle: Float

    def outward(self, point: int) -> float:
        """The sign of the angle that makes a turning point, not the first, a maximum."""
        return 1.0 if self.levels_deg[point] > self.levels_deg[point - 1] else -1.0

    def dwell(self, point: int) -> tuple[float, float]:
        """Fractional rows between arriving at and departing from a turning point; the run's ends are open."""
        start = self.arrives[point - 1].at if point > 0 else float(self.run.points[0])
        end = self.departs[point].at if point < self.run.count else float(self.run.points[-1])
        return start, max(start, end)


def time_moves(trace: Trace, run: Strokes, above_m: float = USUAL_ABOVE_M) -> Timed:
    """Dates every stroke of a run on the sharp trace.

    above_m : how far the sensor stands above what it turns about, negative below (`View.above_m`).
    """
    rate_hz = trace.rate_hz
    margin = round(2.0 * rate_hz)
    first = max(0, int(run.points[0]) - margin)
    last = min(trace.n, int(run.points[-1]) + margin + 1)
    rows = slice(int(run.points[0]), int(run.points[-1]) + 1)
    angle = angle_about(trace.sharp[first:last], run.axis, trace.up[rows].mean(axis=0))
    points = (run.points - first).tolist()
    halves = _half_crossings(angle, points)
    plateaus = [_plateau(angle, points, halves, k, run.amplitude_deg) for k in range(len(points))]
    sway = _sway(angle, plateaus, rate_hz)
    usual = median(sway)
    calm = [
        min(own, max(calmer_half(angle[a:b]), usual)) if own > usual else own
        for own, (a, b) in zip(sway.tolist(), plateaus, strict=True)
    ]
    window = max(2, round(LEVEL_WINDOW_S * rate_hz))
    widened = _widened(trace, above_m)
    onward, backward = _ways(angle, points, plateaus, calm)
    onto, off = _last_steps(onward, window, run.rest), _last_steps(backward, window, None)
    departs, arrives = [], []
    for k in range(run.count):
        (step, level), (back_step, back_level) = onto[k], off[k]
        into = arrival(onward[k].angle, level, float(sway[k + 1]), widened, step)
        out = arrival(backward[k].angle, back_level, float(sway[k]), widened, back_step)
        begun, over = in_order(reversed_edge(out, first + points[k + 1]), shifted(into, first + points[k]))
        departs.append(begun)
        arrives.append(over)
    _put_inner_moves(trace, run, first, usual, widened, departs, arrives)
    levels = np.array([median(angle[a:b]) for a, b in plateaus])
    return Timed(run, tuple(departs), tuple(arrives), sway, levels, first, angle)


def _widened(trace: Trace, above_m: float) -> float:
    """Variance in rows^2 by which moves look longer than they are, for `arrival`.

    With a gyroscope they do not.
    """
    if trace.sharp_sigma_s == 0.0:
        return 0.0
    return float(longer_s2(trace.sharp_sigma_s**2, above_m) * trace.rate_hz**2)


@dataclass(frozen=True, eq=False)
class _Way:
    """The angle from a pose to the end of the next one's plateau, upwards; the plateau's first row in it; the
    stroke's peak speed, deg per row; and the sway about the plateau."""

    angle: Float
    plateau: int
    peak_speed: float
    sway_deg: float


def _ways(
    angle: Float, points: list[int], plateaus: list[tuple[int, int]], calm: list[float]
) -> tuple[list[_Way], list[_Way]]:
    """Every stroke as it goes, and backwards in time."""
    onward, backward = [], []
    for k, (here, there) in enumerate(itertools.pairwise(points)):
        sign = 1.0 if angle[there] > angle[here] else -1.0
        peak = peak_speed(sign * angle[here : there + 1])
        (down, down_end), (up, up_end) = plateaus[k], plateaus[k + 1]
        onward.append(_Way(sign * angle[here:up_end], max(up - here, 1), peak, calm[k + 1]))
        back = -sign * angle[down : there + 1][::-1]
        backward.append(_Way(back, max(there + 1 - down_end, 1), peak, calm[k]))
    return onward, backward


def _last_steps(ways: list[_Way], window: int, outward: int | None) -> list[tuple[int | None, float]]:
    """Of each way the last step, if it has one, and the level; one hardly larger than sway counts if most have one,
    and the only one of several is none: somebody shifted.

    Ways out and ways back, every other one, are judged apart. outward : the first of those that are known to arrive
    at a hold.
    """

    def steps(kind: int, times: float, share: float = EDGE_SPEED_SHARE) -> list[tuple[int | None, float]]:
        return [
            last_step(
                way.angle, way.plateau, way.peak_speed, way.sway_deg, window, times, share, is_hold=kind == outward
            )
            for way in ways[kind::2]
        ]

    def with_step(told: list[tuple[int | None, float]]) -> int:
        return sum(row is not None for row, _ in told)

    found: list[tuple[int | None, float]] = [(None, 0.0)] * len(ways)
    for kind in (0, 1):
        told = steps(kind, STEP_NOISE_USUAL, STEP_SPEED_SHARE_USUAL)
        if 0 < with_step(told) < max(STEP_USUAL_SHARE * len(told), 2):
            told = steps(kind, STEP_NOISE)
        if len(told) > STEP_MEMBERS and with_step(told) == 1:
            told = steps(kind, math.inf)
        found[kind::2] = told
    return found


def _put_inner_moves(
    trace: Trace,
    run: Strokes,
    first: int,
    noise_deg: float,
    widened: float,
    departs: list[Edge],
    arrives: list[Edge],
) -> None:
    """Where most holds of a set have a move within them, that one's edges in the place of the outer move's."""
    if run.rest is None:
        return
    apexes = [k for k in range(1, run.count) if k % 2 != run.rest]
    found = {}
    for k in apexes:
        start, end = max(round(arrives[k - 1].at), first), round(departs[k].at)
        if end - start < LEAST_POSE_S * trace.rate_hz:
            continue
        up = np.asarray(trace.sharp[start : end + 1], dtype=np.float64)
        angle = inner_angle(up, trace.up[run.points[k]] - trace.up[run.points[k - 1]])
        inner = angle is not None and inner_moves(angle, trace.rate_hz, noise_deg, widened)
        if inner:
            found[k] = [edge and shifted(edge, start) for edge in inner]
    if len(found) < HOLDS_SHARE * len(apexes):
        return
    for k, (out, there, back, home) in found.items():
        departs[k - 1], arrives[k - 1] = out or departs[k - 1], there or arrives[k - 1]
        departs[k], arrives[k] = back or departs[k], home or arrives[k]


def _half_crossings(angle: Float, points: list[int]) -> list[int]:
    """Row at which each stroke is half way."""
    halves = []
    for a, b in itertools.pairwise(points):
        middle = 0.5 * (angle[a] + angle[b])
        passed = (angle[a : b + 1] >= middle) == (angle[b] >= middle)
        halves.append(a + int(passed.argmax()))
    return halves


def _plateau(angle: Float, points: list[int], halves: list[int], k: int, amplitude_deg: float) -> tuple[int, int]:
    """Rows [start, end) around turning point k that lie within the plateau's share of its level."""
    start = halves[k - 1] if k > 0 else max(0, points[0] - 25)
    end = halves[k] if k < len(halves) else min(len(angle) - 1, points[-1] + 25)
    extreme = float(angle[points[k]])
    neighbour = angle[points[k - 1]] if k > 0 else angle[points[k + 1]]
    sign = 1.0 if extreme > neighbour else -1.0
    part = sign * angle[start : end + 1]
    level = quantile(part, 0.75) if len(part) > 25 else sign * extreme
    near = part >= min(level, sign * extreme) - PLATEAU_SHARE * amplitude_deg
    return start + int(near.argmax()), end + 1 - int(near[::-1].argmax())


def calmer_half(plateau: Float) -> float:
    """Sway in the calmer half of a plateau: a step within it is not sway."""
    half = len(plateau) // 2
    if half < 3:
        return float("inf")
    return max(min(about_a_line(plateau[:half]), about_a_line(plateau[-half:])), SWAY_FLOOR_DEG)


def _sway(angle: Float, plateaus: list[tuple[int, int]], rate_hz: float) -> Float:
    """Standard deviation about a straight line on each plateau; the median of all at least."""
    sway = np.full(len(plateaus), np.nan)
    for k, (start, end) in enumerate(plateaus):
        if end - start >= SWAY_MIN_S * rate_hz:
            quarter = (end - start) // 4
            part = angle[start + quarter : end - quarter]  # the middle: moves may still go on at the ends
            sway[k] = about_a_line(part)
    known = np.isfinite(sway)
    usual = median(sway[known]) if known.any() else 4 * SWAY_FLOOR_DEG
    return np.maximum(np.where(known, np.maximum(sway, usual), usual), SWAY_FLOOR_DEG)
