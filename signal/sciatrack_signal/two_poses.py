"""A run of strokes seen as what it is: a body that is in one of two poses at any time, and changes between them.

Turning points alone take every wave of a shaky hold for a stroke, lose a set at a long pause, and miss what lies
beside a rep that was not gone through with. Here each run is read again over the whole stretch around it: row by
row the angle speaks for one pose or for the other, by how far it lies from the middle between them and against how
much it sways; a change of pose is believed once the evidence for it outweighs the odds against it. For two
poses that most probable sequence needs no search: its changes are the turning points of the summed evidence.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import cross_one, unit_one
from sciatrack_signal.order import median, median_row
from sciatrack_signal.ragged import medians, ragged
from sciatrack_signal.segmentation import Strokes
from sciatrack_signal.trace import Trace
from sciatrack_signal.turning import local_extrema, stretches, turning_points

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
# Level and sway of dwells by their rows.
Known = dict[tuple[int, int], tuple[float, float]]

# Log odds against a change of pose at any moment; the evidence of a dip must outweigh them for it to be a rest.
CHANGE_ODDS = 8.0
# Sway half a second apart is nearly independent: so long a stretch is one piece of evidence.
SWAY_MEMORY_S = 0.5
# Poses vary from rep to rep by this share of the range, whatever the sway: the least noise of a pose.
POSE_NOISE_SHARE = 0.12
# A set goes on as long as the pose stays near the arc between its two poses: within this share of the range
# beyond or beside it, and ELSEWHERE_MIN_DEG at least. Further off is another posture.
BEYOND_SHARE = 0.75
BESIDE_SHARE = 0.6
ELSEWHERE_MIN_DEG = 8.0
# A reach, a cough, a hand on the belt: shorter absences do not end a set.
ABSENCE_S = 3.0
# Longest time from one change of pose to the next (see segmentation).
STEP_MAX_S = 70.0
# Looking further than this from a run for more of it costs time and finds other exercises.
REACH_S = 240.0
ROUNDS = 4
# Turning points are believed against the evidence of time where they give reps this much more alike.
ALIKE_GAIN = 0.9
# Whatever the sway, this share of what usually speaks for a pose is enough for it: quick reps have no plateau, and
# what looks like sway is their shape.
CHANGE_SHARE = 0.35
# A pose at the end of a set was stayed in if the angle stood this long within this share of its level.
STAY_S = 0.8
NEAR_SHARE = 0.25
OUTWARD_SHARE = 0.75
# and kept within this share of the range, or this many times the sway, for that long: getting down passes all.
STILL_SHARE = 0.25
STILL_SWAY = 4.0
# A pose further out than the others of its kind is one of the set only if it was stayed in this long.
LONG_STAY_S = 3.0
# A change of pose that the recording's edge cuts is one from this share of the range on (see DIP_SHARE).
BEGUN_SHARE = 0.4
# A change of pose this close to the recording's edge had its pose before (after) it.
EDGE_S = 3.0
# and was reached within this time of the last change of pose.
SETTLE_S = 6.0
# So long after a pose is reached, and before it is left, it is looked at by itself.
SHIFTED_S = 1.5


@dataclass(frozen=True, eq=False)
class Dwells:
    """m changes of pose and the m + 1 dwells before, between and after them.

    starts, ends (m + 1) rows, half-open; the first and last cover only what was stayed in that pose.
    levels (m + 1) deg; beside (m + 1) deg out of the plane of movement; kept: whether the first and the last pose
    were stayed in; at_edge: whether the recording's edge cuts them. x covers rows [first, first + len(x)).
    """

    starts: Int
    ends: Int
    levels: Float
    beside: Float
    kept: tuple[bool, bool]
    at_edge: tuple[bool, bool]
    amplitude_deg: float
    sway_deg: float
    first: int
    x: Float

    @property
    def n(self) -> int:
        return len(self.starts)


def read_poses(trace: Trace, run: Strokes, barriers: Int) -> Dwells | None:
    """The run read again as changes between two poses, longer or shorter than it was; None if none is left."""
    start, end = _bounds(trace, run, barriers)
    x, off = _angles(trace.up[start:end], trace.up[run.points], run.axis)
    first, last = int(run.points[0]) - start, int(run.points[-1]) - start
    rows = np.arange(len(x))
    points = run.points - start
    levels, weights, at = x[points], np.ones(len(points)), points
    centre = np.interp(rows, points, _calm(off[points]))
    beside = np.abs(off - centre) > max(BESIDE_SHARE * run.amplitude_deg, ELSEWHERE_MIN_DEG)
    amplitude, noise = run.amplitude_deg, 0.1 * run.amplitude_deg
    lasting, known = float("inf"), Known()
    before: tuple[float, list[int]] | None = None
    for _ in range(ROUNDS):
        mid = _middle(rows, at, levels, weights)
        away = beside | (np.abs(x - mid) > (0.5 + BEYOND_SHARE) * amplitude)
        low, high = _reach(away, first, last, round(ABSENCE_S * trace.rate_hz))
        y = np.clip(2.0 * (x[low:high] - mid[low:high]) / amplitude, -1.0, 1.0)
        changes, lasting = _changes(y / trace.rate_hz, noise / amplitude, lasting)
        changes = low + changes
        if len(changes) < 2:
            return None
        edges = np.concatenate([[low], changes, [high]])
        if before == (now := (lasting, edges.tolist())):  # what follows from the same is the same
            break
        before = now
        levels, noise = _levels(x, edges, known)
        amplitude = median(np.abs(np.diff(levels)))
        if amplitude <= 0:
            return None
        here = np.diff(np.concatenate([[0], np.cumsum(~away)])[edges])
        weights = np.minimum(here, 5.0 * trace.rate_hz)
        at = ((edges[:-1] + edges[1:]) // 2).astype(np.int64)
    turned = _by_turning_points(x, points, edges, known)
    if turned is not None:
        edges = turned
        levels, noise = _levels(x, edges, known)
        amplitude = median(np.abs(np.diff(levels)))
    whole = (start + int(edges[0]) == 0, start + int(edges[-1]) == trace.n)
    edges = _begun_at_edges(x, edges, levels, amplitude, whole)
    return _dwells(trace, run, start, x, off, edges, noise, known)


def _begun_at_edges(x: Float, edges: Int, levels: Float, amplitude: float, whole: tuple[bool, bool]) -> Int:
    """Edges with one more where the recording begins late, or ends early, in a change of pose: its other pose."""
    inner = []
    for side in (0, 1):
        other = np.sign(levels[1] - levels[0] if side == 0 else levels[-2] - levels[-1])
        level = levels[0] if side == 0 else levels[-1]
        part = x[edges[0] : edges[1]] if side == 0 else x[edges[-2] : edges[-1]][::-1]
        gone = other * (part - level) > BEGUN_SHARE * amplitude
        if whole[side] and gone[0] and not gone.all():
            rows = max(int(np.argmin(gone)), 2)
            inner.append(edges[0] + rows if side == 0 else edges[-1] - rows)
    return np.unique(np.concatenate([edges, np.array(inner, dtype=np.int64)]))


def _bounds(trace: Trace, run: Strokes, barriers: Int) -> tuple[int, int]:
    first, last = int(run.points[0]), int(run.points[-1])
    ends = barriers[:, 1][barriers[:, 1] <= first]
    starts = barriers[:, 0][barriers[:, 0] >= last]
    reach = round(REACH_S * trace.rate_hz)
    start = max(int(ends.max(initial=0)), first - reach)
    end = min(int(starts.min(initial=trace.n)), last + reach)
    return start, max(end, last + 1)  # a barrier may begin in the very row of the last point


def _angles(up: Float, poses: Float, axis: Float) -> tuple[Float, Float]:
    """Angle about the axis from the middle between the poses, -180 to 180, and angle out of that plane (deg)."""
    middle = median_row(poses[0::2]) + median_row(poses[1::2])
    zero = unit_one(middle - axis * float(axis @ middle))
    side = cross_one(axis, zero)
    return np.degrees(np.arctan2(up @ side, up @ zero)), np.degrees(np.arcsin(np.clip(up @ axis, -1.0, 1.0)))


def _middle(rows: Int, at: Int, levels: Float, weights: Float) -> Float:
    """(n,) the middle between the two poses: each followed by itself, for a slip or a drift moves both."""
    total = np.zeros(len(rows))
    for parity in (0, 1):
        mine, weight = levels[parity::2], weights[parity::2]
        total += np.interp(rows, at[parity::2], _running_median(mine, weight))
    return 0.5 * total


def _running_median(values: Float, weights: Float) -> Float:
    """Weighted median of each value and its neighbour on each side: a short stray dwell says little."""
    n = len(values)
    near, weigh = np.full((n + 2, 3), np.inf), np.zeros((n + 2, 3))  # beyond the ends there is nothing
    for k in range(3):
        near[k : n + k, 2 - k], weigh[k : n + k, 2 - k] = values, weights
    near, weigh = near[1 : n + 1], weigh[1 : n + 1]
    order = np.argsort(near, axis=1)
    share = np.cumsum(np.take_along_axis(weigh, order, axis=1), axis=1)
    middle = (share >= 0.5 * share[:, 2:]).argmax(axis=1)
    rows = np.arange(n)
    return np.asarray(near[rows, order[rows, middle]])


def _calm(values: Float) -> Float:
    return _running_median(values, np.ones(len(values)))


def _reach(away: Bool, first: int, last: int, absence: int) -> tuple[int, int]:
    """Rows around [first, last] before somebody is away for longer than an absence."""
    long = [(start, end) for start, end in stretches(away) if end - start > absence]
    before = [end for _, end in long if end <= first]
    after = [start for start, _ in long if start >= last]
    return max(before, default=0), min(after, default=len(away))


def _changes(y: Float, noise_share: float, lasting: float) -> tuple[Int, float]:
    """Rows at which the pose changes: turning points of the summed evidence; and what usually speaks for a pose.

    y (n,) : +1 in one pose, -1 in the other, a row; noise_share: sway over the range; lasting: the second answer of
    the round before.
    """
    least = CHANGE_ODDS * 2.0 * SWAY_MEMORY_S * POSE_NOISE_SHARE**2
    against = CHANGE_ODDS * 2.0 * SWAY_MEMORY_S * (noise_share**2 + POSE_NOISE_SHARE**2)
    total = np.concatenate([[0.0], np.cumsum(y)])
    extrema = local_extrema(total)
    against = min(against, max(CHANGE_SHARE * lasting, least))
    turns = extrema[turning_points(total[extrema].tolist(), against)]
    turns = turns[(turns > 0) & (turns < len(total) - 1)]
    evidence = np.abs(np.diff(total[turns]))
    if len(evidence) < 4:
        return turns, float("inf")
    return turns, min(median(evidence[0::2]), median(evidence[1::2]))


def _by_turning_points(x: Float, points: Int, edges: Int, known: Known) -> Int | None:
    """The edges with the run's own strokes in their place as far as it goes, if those are clearly more alike."""
    halves = _half_ways(x, points)
    inside = (edges >= points[0]) & (edges <= points[-1])
    inside[[0, -1]] = False
    mine = edges[inside]
    if len(mine) == len(halves) or len(mine) < 2:
        return None
    up = x[points[1]] > x[points[0]]
    last_up = up == (len(halves) % 2 == 1)
    levels, _ = _levels(x, edges, known)
    first, last = (
        int(rises != (levels[at] > levels[at - 1]))
        for rises, at in ((up, int(inside.argmax())), (last_up, len(edges) - 1 - int(inside[::-1].argmax())))
    )
    halves = halves[first : len(halves) - last]
    if len(mine) == len(halves):
        return None
    if _uneven(x, halves, known) > ALIKE_GAIN * _uneven(x, mine, known):
        return None
    return np.concatenate([edges[edges < mine[0]], halves, edges[edges > mine[-1]]])


def _uneven(x: Float, edges: Int, known: Known) -> float:
    """How far the reps that these edges give are from being alike in time and range: spreads of logarithms."""
    if len(edges) < 4:
        return float("inf")
    levels, _ = _levels(x, edges, known)
    strokes = np.abs(np.diff(levels))
    ranges = np.log(np.maximum(strokes, 1e-3)) if len(strokes) else np.zeros(1)
    return float(np.log(edges[2:] - edges[:-2]).std() + ranges.std())


def _half_ways(x: Float, points: Int) -> Int:
    """Row at which each stroke between turning points passes its middle."""
    here, there = points[:-1], points[1:]
    strokes = ragged(x, here, there + 1 - here)
    middle = 0.5 * (x[here] + x[there])
    return here + strokes.first((strokes.values >= strokes.each(middle)) == strokes.each(x[there] >= middle))


def _levels(x: Float, edges: Int, known: Known) -> tuple[Float, float]:
    """Median angle in the middle of each dwell, and the usual sway about those.

    known : those of dwells of this x that were looked at before; is added to.
    """
    dwells = list(itertools.pairwise(edges.tolist()))
    for a, b in dwells:
        if (a, b) not in known:
            part = x[a + (b - a) // 5 : max(b - (b - a) // 5, a + (b - a) // 5 + 1)]
            level = median(part)
            known[a, b] = level, 1.4826 * median(np.abs(part - level))
    return np.array([known[dwell][0] for dwell in dwells]), median([known[dwell][1] for dwell in dwells])


def _dwells(
    trace: Trace, run: Strokes, start: int, x: Float, off: Float, edges: Int, noise: float, known: Known
) -> Dwells | None:
    """Cut where nothing changes for too long; the first and last dwell as far as they were stayed in."""
    rate = trace.rate_hz
    middle = (int(run.points[0]) + int(run.points[-1])) // 2 - start
    long = np.flatnonzero(np.diff(edges) > STEP_MAX_S * rate)
    first = max((int(k) for k in long if edges[k + 1] <= middle), default=0)
    last = min((int(k) for k in long if edges[k] >= middle), default=len(edges) - 2)
    if last - first < 2:
        return None
    levels, _ = _levels(x, edges, known)
    amplitude = median(np.abs(np.diff(levels)))
    levels = levels[first : last + 1].copy()
    starts, ends = edges[first : last + 1].copy(), edges[first + 1 : last + 2].copy()
    kept, at_edge = [], []
    for k, order in ((0, -1), (len(levels) - 1, 1)):
        part = x[starts[k] : ends[k]][::order]  # from the set outwards
        whole = starts[k] + start <= 0 if k == 0 else ends[k] + start >= trace.n
        near = levels[1] if k == 0 else levels[-2]
        inner = levels[2::2][:2] if k == 0 else levels[:-1][k % 2 :: 2][-2:]
        usual = median(inner) if len(inner) else float(levels[k])
        stay = _stay(np.sign(usual - near) * (part - usual), amplitude, noise, rate)
        if not stay.kept:  # where the last hold lies otherwise, so may the rest beside it
            shifted = near + np.sign(usual - near) * amplitude
            other = _stay(np.sign(usual - near) * (part - shifted), amplitude, noise, rate)
            stay, usual = (other, shifted) if other.kept else (stay, usual)
        stayed = stay.last > stay.first
        whole_part = len(part) <= EDGE_S * rate or (stayed and stay.last == len(part))
        kept.append(stay.kept or bool(whole and whole_part))
        at_edge.append(bool(whole and len(part) - stay.last <= EDGE_S * rate))
        levels[k] = median(part[stay.first : stay.last]) if stayed else usual
        if stayed and k == 0:
            starts[k] = ends[k] - stay.last
        elif stayed:
            ends[k] = starts[k] + stay.last
    beside = _beside(off, starts, ends, round(SHIFTED_S * rate))
    return Dwells(
        starts + start, ends + start, levels, beside, (kept[0], kept[1]), (at_edge[0], at_edge[1]),
        amplitude, noise, start, x,
    )  # fmt: skip


def _beside(off: Float, starts: Int, ends: Int, rows: int) -> Float:
    """(m + 1) deg out of the plane of movement of each dwell: where most of it lies, or if only that lies elsewhere
    than the other dwells of its kind, where it begins or ends. Who turns to the phone in a hold still holds."""
    found, stayed = np.full(len(starts), np.nan), ends > starts
    found[stayed] = medians(off, starts[stayed], (ends - starts)[stayed])
    usual = np.zeros(len(found))
    for kind in (0, 1):
        known = found[kind::2][stayed[kind::2]]
        usual[kind::2] = median(known) if len(known) else 0.0
    long = ends - starts > 3 * rows
    if long.any():
        lengths = np.full(int(long.sum()), rows)
        seen = np.array([
            found[long], medians(off, starts[long] + rows, lengths), medians(off, ends[long] - 2 * rows, lengths),
        ])  # fmt: skip
        found[long] = seen[np.abs(seen - usual[long]).argmin(axis=0), np.arange(len(lengths))]
    return found


@dataclass(frozen=True)
class Stay:
    """Rows, counted from the set outwards, in which the outermost pose was near; and whether it was stayed in."""

    first: int
    last: int
    kept: bool


def _stay(outward: Float, amplitude: float, noise: float, rate: float) -> Stay:
    """outward (n,) deg from the usual pose away from the other one; the stay must begin soon."""
    near = (outward > -NEAR_SHARE * amplitude) & (outward < OUTWARD_SHARE * amplitude)
    if not near[: round(SETTLE_S * rate)].any():
        return Stay(0, 0, False)
    first = int(np.argmax(near))
    rest = near[first:]
    last = first + (len(rest) if rest.all() else int(np.argmin(rest)))
    part = outward[first:last]
    further = median(part) > NEAR_SHARE * amplitude
    long = len(part) >= (LONG_STAY_S if further else STAY_S) * rate
    still = _stood_still(part, round(STAY_S * rate), max(STILL_SHARE * amplitude, STILL_SWAY * noise))
    return Stay(first, last, long and still)


def _stood_still(part: Float, rows: int, within_deg: float) -> bool:
    """Whether the angle kept within this range for so many rows at once; what goes on at an even pace does not."""
    if len(part) < rows:
        return False
    high, low, span = part, part, 1
    while span < rows:  # extremes of windows of 1, 2, 4, ... rows; the last two overlap
        step = min(span, rows - span)
        high, low = np.maximum(high[:-step], high[step:]), np.minimum(low[:-step], low[step:])
        span += step
    return bool((high - low <= within_deg).any())
