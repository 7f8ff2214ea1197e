"""What one run of strokes shows of itself: a few numbers that do not need the recording any more.

Small enough to be kept for every run of a day, so that runs far apart in time can be compared and named together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.dwells import Timed
from sciatrack_signal.excursion import cross_one, unit_one
from sciatrack_signal.order import centred_rows, median, median_row
from sciatrack_signal.trace import Trace

Float = npt.NDArray[np.float64]

# A dwell shorter than one row of the grid cannot be told from none.
DWELL_LEAST_S = 0.04
# A move is weighed for its rise if it lasts between these: shorter is a knock, longer lets the error grow too far.
RISE_MOVE_S = (0.4, 5.0)
# Up to this far before and after the move the body is taken to stand still.
RISE_MARGIN_S = 0.2


@dataclass(frozen=True, eq=False)
class Arcs:
    """Every stroke and turning point of a run. m strokes, m + 1 points.

    poses (m + 1, 3) : up at the turning points. times_s (m + 1). ranges_deg (m) : size of each stroke.
    dwells_s (m + 1) : NaN at the two ends. moves_s, rises_m, twists_deg (m) : NaN where a move does not say.
    axis (3,) : of the run.
    """

    poses: Float
    times_s: Float
    ranges_deg: Float
    dwells_s: Float
    moves_s: Float
    rises_m: Float
    twists_deg: Float
    axis: Float

    @property
    def count(self) -> int:
        return len(self.ranges_deg)

    def part(self, first: int, last: int) -> Arcs:
        """The points first to last, both included; its ends dwell nowhere, as those of any run."""
        points, strokes = slice(first, last + 1), slice(first, last)
        dwells_s = self.dwells_s[points].copy()
        dwells_s[[0, -1]] = np.nan
        return Arcs(
            self.poses[points], self.times_s[points], self.ranges_deg[strokes], dwells_s,
            self.moves_s[strokes], self.rises_m[strokes], self.twists_deg[strokes], self.axis,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Evidence:
    """Medians over one run. Poses are numbered 0 and 1: those of the even and of the odd turning points.

    poses (2, 3)  : direction of up in the sensor's frame in each.
    axis (3,)     : unit, about which up turns from pose 0 to pose 1 in the sensor's frame.
    range_deg     : between the poses.
    dwells_s (2,) : time spent in each pose; NaN where every such point is an end of the run.
    move_s        : from departure to arrival.
    reps          : pairs of strokes.
    rise_m        : how far the sensor rises from pose 0 to pose 1, by its acceleration; NaN where no move says so
                    and without a gyroscope.
    twist_deg     : turning about the vertical in a move, by the gyroscope; NaN without one.
    """

    poses: Float
    axis: Float
    range_deg: float
    dwells_s: Float
    move_s: float
    reps: float
    rise_m: float
    twist_deg: float


def arcs_of(trace: Trace, timed: Timed) -> Arcs:
    """All strokes of a timed run between its true turning points."""
    run = timed.run
    first, last = int(run.passed[0]), run.count - int(run.passed[1])
    strokes = range(first, last)
    dwells = [_dwell_s(timed, k, trace.rate_hz) for k in range(first, last + 1)]
    dwells[0] = dwells[-1] = float("nan")
    moves_s = [(timed.arrives[k].at - timed.departs[k].at) / trace.rate_hz for k in strokes]
    rows = [_rows(trace, timed, k) for k in strokes]
    rises_m = [_rise_m(trace, mine) for mine in rows]
    twists_deg = [_twist_deg(trace, mine) for mine in rows]
    points, levels = run.points[first : last + 1], run.levels[first : last + 1]
    times_s = np.asarray(trace.seconds(points.astype(np.float64)))
    return Arcs(
        trace.up[points], times_s, np.abs(np.diff(levels)), np.array(dwells),
        np.maximum(moves_s, DWELL_LEAST_S), np.array(rises_m), np.array(twists_deg), run.axis,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Middles:
    """The poses, range, dwells and move of an Evidence."""

    poses: Float
    range_deg: float
    dwells_s: tuple[float, float]
    move_s: float


def middles(arcs: Arcs) -> Middles:
    """Medians over all strokes of at least one out-and-back move."""
    dwells_s = _median(arcs.dwells_s[0::2]), _median(arcs.dwells_s[1::2])
    poses = np.array([_middle(arcs.poses[0::2]), _middle(arcs.poses[1::2])])
    return Middles(poses, median(arcs.ranges_deg), dwells_s, median(arcs.moves_s))


def summary(arcs: Arcs) -> Evidence:
    """Medians over all strokes of at least one out-and-back move."""
    usual = middles(arcs)
    poses = usual.poses
    turn = cross_one(poses[0], poses[1])
    size = math.sqrt(float(turn @ turn))
    signs = np.where(np.arange(arcs.count) % 2 == 0, 1.0, -1.0)
    return Evidence(
        poses, turn / size if size > 1e-9 else arcs.axis, usual.range_deg,
        np.array(usual.dwells_s), usual.move_s, arcs.count / 2,
        _median(signs * arcs.rises_m), abs(_median(signs * arcs.twists_deg)),
    )  # fmt: skip


def _dwell_s(timed: Timed, point: int, rate_hz: float) -> float:
    start, end = timed.dwell(point)
    return max((end - start) / rate_hz, DWELL_LEAST_S)


def _middle(poses: Float) -> Float:
    """(3,) unit median direction."""
    return unit_one(median_row(poses))


def _median(values: Float) -> float:
    known = [value for value in values.tolist() if math.isfinite(value)]
    return median(known) if known else float("nan")


def _rise_m(trace: Trace, rows: slice | None) -> float:
    """Height gained in one stroke, from rest to rest: twice integrated, with the mean taken off each time.

    Up is known within a degree or two, which changes the vertical part of gravity by a thousandth only; what is
    left of the sensor's own error is a constant, and a body that stands still before and after removes it. NaN
    without a gyroscope: up then follows the acceleration of the move itself.
    """
    if rows is None or trace.gyr is None:
        return float("nan")
    vertical = np.einsum("ij,ij->i", trace.acc[rows], trace.sharp[rows])
    # The sum of the running sums of what is left of its mean, written as one sum.
    return -float(centred_rows(len(vertical))[0] @ vertical) / trace.rate_hz**2


def _twist_deg(trace: Trace, rows: slice | None) -> float:
    if rows is None or trace.gyr is None:
        return float("nan")
    return float(np.degrees(np.einsum("ij,ij->i", trace.gyr[rows], trace.up[rows]).sum() / trace.rate_hz))


def _rows(trace: Trace, timed: Timed, stroke: int) -> slice | None:
    """Rows of one stroke with a little stillness on both sides; None where it is too short or too long."""
    start, end = timed.departs[stroke].at, timed.arrives[stroke].at
    if not RISE_MOVE_S[0] * trace.rate_hz <= end - start <= RISE_MOVE_S[1] * trace.rate_hz:
        return None
    margin = RISE_MARGIN_S * trace.rate_hz
    return slice(max(0, round(start - margin)), min(trace.n, round(end + margin) + 1))
