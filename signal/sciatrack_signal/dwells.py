"""From turning points to timed moves: every stroke gets a departure and an arrival, every turning point a dwell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.edges import NO_ROW, Ways, arrivals, last_steps, levels, peak_speeds
from sciatrack_signal.exercises import USUAL_ABOVE_M
from sciatrack_signal.moves import (
    EDGE_SPEED_SHARE,
    STEP_MEMBERS,
    STEP_NOISE,
    STEP_NOISE_USUAL,
    STEP_SPEED_SHARE_USUAL,
    STEP_USUAL_SHARE,
    Edge,
    in_order,
    longer_s2,
    reversed_edge,
    shifted,
)
from sciatrack_signal.nested import HOLDS_SHARE, LEAST_POSE_S, inner_angle, inner_moves
from sciatrack_signal.order import about_a_line, median
from sciatrack_signal.ragged import about_lines, medians, quantiles, ragged
from sciatrack_signal.segmentation import Strokes, angle_about
from sciatrack_signal.trace import Trace

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

# Rows within this share of the range around a turning point belong to its plateau (contract: a hold has faded
# when it has lost 15 %).
PLATEAU_SHARE = 0.15
# Beyond the outermost turning points the angle is looked at for so long.
BESIDE_S = 2.0
# So many rows of that belong to their poses; a pose of no more rows has no level but its extreme.
BESIDE_ROWS = 25
# Ways looked at together, and rows of runs from which on no more runs are: a call costs as much for a few numbers
# as for thousands, but what is computed on the way shall stay in the cache.
TOGETHER, ROWS_TOGETHER = 256, 8_192
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
    return next(time_each([(trace, run, above_m)]))


def time_each(runs: Iterable[tuple[Trace, Strokes, float]]) -> Iterator[Timed]:
    """`time_moves` of each run, several at a time, for a call costs as much for one."""
    together: list[_Angle] = []
    for trace, run, above_m in runs:
        together.append(_angle(trace, run, above_m))
        if sum(len(one.angle) for one in together) >= ROWS_TOGETHER:
            yield from _timed(together)
            together = []
    if together:
        yield from _timed(together)


@dataclass(frozen=True, eq=False)
class _Angle:
    """A run with its sharp angle (deg), which begins at row `first` of the trace; widened : as for `arrivals`."""

    trace: Trace
    run: Strokes
    widened: float
    first: int
    angle: Float


def _angle(trace: Trace, run: Strokes, above_m: float) -> _Angle:
    margin = round(BESIDE_S * trace.rate_hz)
    first = max(0, int(run.points[0]) - margin)
    last = min(trace.n, int(run.points[-1]) + margin + 1)
    rows = slice(int(run.points[0]), int(run.points[-1]) + 1)
    angle = angle_about(trace.sharp[first:last], run.axis, trace.up[rows].mean(axis=0))
    # With a gyroscope moves do not look longer than they are.
    sharp = trace.sharp_sigma_s == 0.0
    widened = 0.0 if sharp else longer_s2(trace.sharp_sigma_s**2, above_m) * trace.rate_hz**2
    return _Angle(trace, run, float(widened), first, angle)


def _timed(together: list[_Angle]) -> Iterator[Timed]:
    strokes = _behind(together)
    begins, ends = _plateaus(strokes)
    parts = [slice(a, b + 1) for a, b in zip(strokes.firsts.tolist(), strokes.lasts.tolist(), strict=True)]
    rate_hz = np.repeat([one.trace.rate_hz for one in together], strokes.lasts + 1 - strokes.firsts)
    sway = _sway(strokes.angle, begins, ends, rate_hz, parts)
    usual = [median(sway[part]) for part in parts]
    calm = _calm(strokes.angle, begins, ends, sway, np.repeat(usual, strokes.lasts + 1 - strokes.firsts))
    ways = _ways(strokes, begins, ends, calm, max(2, round(LEVEL_WINDOW_S * together[0].trace.rate_hz)))
    step, level = _steps_and_levels(ways, strokes, [one.run.rest for one in together])
    noise = np.concatenate([sway[strokes.there], sway[strokes.here]])
    widened = np.tile(np.array([one.widened for one in together])[strokes.of], 2)
    edges = [
        edge
        for some, mine in _together(len(noise), ways)
        for edge in arrivals(mine.rows, level[some], noise[some], widened[some], step[some])
    ]
    levels_deg = medians(strokes.angle, begins, ends - begins)
    onto, off = edges[: len(strokes.here)], edges[len(strokes.here) :]
    done = 0
    for one, part, own in zip(together, parts, usual, strict=True):
        points = one.run.points.tolist()
        departs, arrives = [], []
        for k in range(one.run.count):
            into, out = onto[done + k], off[done + k]
            begun, over = in_order(reversed_edge(out, points[k + 1]), shifted(into, points[k]))
            departs.append(begun)
            arrives.append(over)
        done += one.run.count
        _put_inner_moves(one.trace, one.run, one.first, own, one.widened, departs, arrives)
        yield Timed(
            one.run, tuple(departs), tuple(arrives), sway[part], levels_deg[part], one.first, one.angle
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Strokes:
    """The strokes of several runs behind one another.

    angle (n,) of all runs; points (p,) rows of it; firsts, lasts : the first and the last point of each run;
    limits : the first and the last row of each run's angle. here, there (m,) : the points between which each stroke
    goes; of (m,) : the run that it is of. range_deg (p,) : of a point's run.
    """

    angle: Float
    points: Int
    firsts: Int
    lasts: Int
    limits: tuple[Int, Int]
    here: Int
    there: Int
    of: Int
    range_deg: Float


def _behind(together: list[_Angle]) -> _Strokes:
    rows = np.array([len(one.angle) for one in together])
    counts = np.array([len(one.run.points) for one in together])
    begins, ends = np.cumsum(rows) - rows, np.cumsum(counts)
    points = np.concatenate([one.run.points - one.first for one in together]) + np.repeat(begins, counts)
    inner = np.ones(len(points), dtype=bool)
    inner[ends - 1] = False
    here = inner.nonzero()[0]
    return _Strokes(
        np.concatenate([one.angle for one in together]), points, ends - counts, ends - 1,
        (begins, begins + rows - 1), here, here + 1, np.repeat(np.arange(len(together)), counts - 1),
        np.repeat([one.run.amplitude_deg for one in together], counts),
    )  # fmt: skip


def _together(count: int, ways: list[Ways]) -> Iterator[tuple[slice, Ways]]:
    """The ways some at a time, and which of all they are."""
    for k, mine in enumerate(ways):
        yield slice(k * TOGETHER, min((k + 1) * TOGETHER, count)), mine


def _ways(strokes: _Strokes, begins: Int, ends: Int, calm: Float, window: int) -> list[Ways]:
    """Every stroke as it goes, then every stroke backwards in time; TOGETHER of them each."""
    angle, here, there = strokes.angle, strokes.points[strokes.here], strokes.points[strokes.there]
    sign = np.where(angle[there] > angle[here], 1.0, -1.0)
    moves = ragged(angle, here, there + 1 - here)
    np.multiply(moves.values, moves.each(sign), out=moves.values)
    peak = np.tile(peak_speeds(moves), 2)
    firsts, signs = np.concatenate([here, there]), np.concatenate([sign, -sign])
    steps = np.repeat([1, -1], len(here))
    lengths = np.concatenate([ends[strokes.there] - here, there + 1 - begins[strokes.here]])
    flat = np.maximum(np.concatenate([begins[strokes.there] - here, there + 1 - ends[strokes.here]]), 1)
    sway_deg = np.concatenate([calm[strokes.there], calm[strokes.here]])
    ways = []
    for k in range(0, len(firsts), TOGETHER):
        some = slice(k, k + TOGETHER)
        rows = ragged(angle, firsts[some], lengths[some], steps[some])
        np.multiply(rows.values, rows.each(signs[some]), out=rows.values)
        ways.append(Ways(rows, flat[some], peak[some], sway_deg[some], window))
    return ways


def _steps_and_levels(ways: list[Ways], strokes: _Strokes, rests: list[int | None]) -> tuple[Int, Float]:
    """Row of the last step of each way, NO_ROW if it has none, and the level it arrives at. A step hardly larger
    than sway counts if most have one, and the only one of several is none: somebody shifted.

    Ways out and ways back, every other one, are judged apart, run by run. rests : of the runs; a stroke from a rest
    is known to arrive at a hold.
    """
    odd = (strokes.here - strokes.firsts[strokes.of]) % 2
    kind = 4 * strokes.of + odd
    kind = np.concatenate([kind, kind + 2])  # backwards
    from_rest = odd == np.array([-1 if rest is None else rest for rest in rests])[strokes.of]
    is_hold = np.concatenate([from_rest, np.zeros(len(odd), dtype=bool)])
    many = np.bincount(kind)
    step, level = _last_steps(ways, STEP_NOISE_USUAL, STEP_SPEED_SHARE_USUAL)
    with_step = np.bincount(kind, step != NO_ROW)
    rare = ((with_step > 0) & (with_step < np.maximum(STEP_USUAL_SHARE * many, 2)))[kind]
    if rare.any():
        sure_step, sure_level = _last_steps(ways, STEP_NOISE, EDGE_SPEED_SHARE)
        step[rare], level[rare] = sure_step[rare], sure_level[rare]
    alone = (many > STEP_MEMBERS) & (np.bincount(kind, step != NO_ROW) == 1)
    step[alone[kind]] = NO_ROW
    without = np.concatenate([levels(mine, is_hold[some]) for some, mine in _together(len(step), ways)])
    return step, np.where(step == NO_ROW, without, level)


def _last_steps(ways: list[Ways], times: float, speed_share: float) -> tuple[Int, Float]:
    """`edges.last_steps` of all ways."""
    told = [last_steps(mine, times, speed_share) for mine in ways]
    return np.concatenate([step for step, _ in told]), np.concatenate([level for _, level in told])


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


def _plateaus(strokes: _Strokes) -> tuple[Int, Int]:
    """(p,) rows from which on, and before which, the angle around each turning point lies within the plateau's
    share of its level; from where the stroke before is half way to where the next one is."""
    angle, points = strokes.angle, strokes.points
    here, there = points[strokes.here], points[strokes.there]
    moves = ragged(angle, here, there + 1 - here)
    middle = 0.5 * (angle[here] + angle[there])
    passed = (moves.values >= moves.each(middle)) == moves.each(angle[there] >= middle)
    starts, lasts = np.empty_like(points), np.empty_like(points)
    starts[strokes.there] = lasts[strokes.here] = here + moves.first(passed)
    starts[strokes.firsts] = np.maximum(points[strokes.firsts] - BESIDE_ROWS, strokes.limits[0])
    lasts[strokes.lasts] = np.minimum(points[strokes.lasts] + BESIDE_ROWS, strokes.limits[1])
    top, before = angle[points], np.empty(len(points))
    before[strokes.there], before[strokes.firsts] = top[strokes.here], top[strokes.firsts + 1]
    sign = np.where(top > before, 1.0, -1.0)
    parts = ragged(angle, starts, lasts + 1 - starts)
    np.multiply(parts.values, parts.each(sign), out=parts.values)
    top = sign * top
    long = parts.lengths > BESIDE_ROWS
    level = top.copy()
    level[long] = quantiles(parts.values, parts.starts[long], parts.lengths[long], 0.75)
    near = parts.values >= parts.each(np.minimum(level, top) - PLATEAU_SHARE * strokes.range_deg)
    return starts + parts.first(near), starts + parts.last(near) + 1


def calmer_half(plateau: Float) -> float:
    """Sway in the calmer half of a plateau: a step within it is not sway."""
    half = len(plateau) // 2
    if half < 3:
        return float("inf")
    return max(min(about_a_line(plateau[:half]), about_a_line(plateau[-half:])), SWAY_FLOOR_DEG)


def _calm(angle: Float, begins: Int, ends: Int, sway: Float, usual: Float) -> Float:
    """(p,) sway about each plateau, of its calmer half where it sways more than usual."""
    calm = sway.copy()
    for k in (sway > usual).nonzero()[0].tolist():
        calm[k] = min(sway[k], max(calmer_half(angle[begins[k] : ends[k]]), usual[k]))
    return calm


def _sway(angle: Float, begins: Int, ends: Int, rate_hz: Float, runs: list[slice]) -> Float:
    """(p,) standard deviation about a straight line on each plateau; the median of all of its run at least."""
    sway = np.full(len(begins), np.nan)
    long = ends - begins >= SWAY_MIN_S * rate_hz
    if long.any():
        quarter = ((ends - begins) // 4)[long]  # the middle: moves may still go on at the ends
        sway[long] = about_lines(angle, begins[long] + quarter, (ends - begins)[long] - 2 * quarter)
    for run in runs:
        own = sway[run]
        known = np.isfinite(own)
        usual = median(own[known]) if known.any() else 4 * SWAY_FLOOR_DEG
        sway[run] = np.maximum(np.where(known, np.maximum(own, usual), usual), SWAY_FLOOR_DEG)
    return sway
