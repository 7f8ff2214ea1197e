"""Sets of alike out-and-back moves, found without knowing the exercise, the axis, the range or the tempo.

Step one, at a ladder of scales: turning points of the excursion that move by at least the scale, and runs of
strokes that are alike at that scale. A posture change is one stroke far outside its neighbours and ends a run;
a dip in a hold is far inside and vanishes at the run's own scale.
Step two, for each run: its own fixed axis, the angle of up about that axis (an absolute angle, so a drifting
rest pose does not add up), and turning points again, now at a share of the run's own median stroke. That share
is the only number that decides what counts as a rep of a set: local and relative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import cross_one, principal_axis, unit_one
from sciatrack_signal.order import deviation, median, quantile
from sciatrack_signal.smoothing import blocks
from sciatrack_signal.trace import Trace
from sciatrack_signal.turning import local_extrema, stretches, turning_points

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Int = npt.NDArray[np.int64]

# Scales of step one in degrees: from below the smallest movement that anything here answers for, in half octaves.
SMALLEST_SCALE_DEG = 1.0
SCALES_DEG = tuple(SMALLEST_SCALE_DEG * 2.0 ** (k / 2.0) for k in range(15))
# Strokes of one run lie between the scale and this many times the scale.
RUN_SPREAD = 3.0
# Step two: a reversal of less than this share of the set's median stroke is a dip, not a rep (contract: 40 %).
DIP_SHARE = 0.4
# A stroke longer than this many medians is a change of posture.
STROKE_MAX = 1.9
# Longest time from one turning point to the next: a hold of 30 s kept twice as long.
STEP_MAX_S = 70.0
# The first or last stroke of a set that is longer than this many medians began (ended) beyond its rest pose.
LONG_STROKE = 1.4
# A stretch without strokes ends a set's common scale if it is this many times the usual step, and this long.
PAUSE_RATIO = 3.0
PAUSE_MIN_S = 8.0
# Two strokes make a rep; fewer are no run.
STROKES_MIN = 2
# Below this share of up in the plane of movement its angle is mostly noise.
IN_PLANE_MIN = 0.4
REFINEMENTS = 3
# Nothing shorter than this is searched.
SHORTEST_S = 0.8
# Runs over the same rows whose ranges differ by less than this factor are one run.
SAME_SCALE = 2.0
# A longer move that stays this long within this share of the range of a level was in that pose.
STAY_SHARE = 0.2
STAY_S = 0.8
# How long somebody rested outside a run is asked up to a second; this much of its angle is kept on both sides.
KEPT_S = 15.0
# Fewer strokes than this have no rhythm to be judged by.
FEW_STROKES = 5
# More strokes than this make a run no more convincing.
MANY_STROKES = 12
# Two runs are about one axis up to 30 degrees apart.
SAME_AXIS = 0.87


@dataclass(frozen=True, eq=False)
class Strokes:
    """A run of alike strokes: turning points (m + 1 rows), levels (m + 1 deg), the axis, the angle around it.

    angle covers the rows [first, first + len(angle)) and is positive in the direction of `axis`.
    passed : whether the first and the last point are no poses but the place where a longer move passed the level
    of the others without staying there (a first squat from upright, getting up out of the last rep).
    cut : whether the recording's edge cuts the first and the last pose. rest : points with this parity are rest,
    None as long as nobody looked (see sets); sure : False if that is an assumption. left_out : indices of points
    between two rests that are no repetitions.
    """

    points: Int
    levels: Float
    amplitude_deg: float
    axis: Float
    first: int
    angle: Float | Single
    passed: tuple[bool, bool] = (False, False)
    cut: tuple[bool, bool] = (False, False)
    rest: int | None = None
    sure: bool = True
    left_out: frozenset[int] = frozenset()

    @cached_property
    def span(self) -> tuple[int, int]:
        """Rows of the first and the last turning point."""
        return int(self.points[0]), int(self.points[-1])

    @cached_property
    def poses_deg(self) -> tuple[float, float]:
        """Median levels of the two poses, the lower one first."""
        even, odd = median(self.levels[0::2]), median(self.levels[1::2])
        return min(even, odd), max(even, odd)

    @property
    def count(self) -> int:
        return len(self.points) - 1

    @property
    def reversals(self) -> int:
        """Strokes between true turning points."""
        return self.count - sum(self.passed)


def find_runs(trace: Trace, barriers: Int) -> list[Strokes]:
    """All runs of alike strokes in the recording, in order of their first row. They may overlap: a set
    of three long holds and the breathing in them are both runs; which is the exercise is for others to decide.

    barriers (k, 2): rows that no run may cross (walking, long gaps).
    """
    found: list[Strokes] = []
    for first, last in _stretches(trace, barriers):  # no run reaches from one into another
        here: list[Strokes] = []
        _search(trace, first, last, here)
        found += here
    return _joined(trace, sorted(found, key=lambda run: run.span[0]))


def _joined(trace: Trace, runs: list[Strokes]) -> list[Strokes]:
    """Neighbouring runs about one axis with like strokes, found apart by a rep that fits neither, become one."""
    joined: list[Strokes] = []
    near: list[int] = []  # of `joined`, those that end late enough for what is to come
    for run in runs:
        earliest = run.span[0] - PAUSE_MIN_S * trace.rate_hz
        near = [k for k in near if joined[k].span[1] >= earliest]
        at = next((k for k in reversed(near) if _belong_together(trace, joined[k], run)), None)
        if at is not None:
            last = joined[at]
            both = np.unique(np.concatenate([last.points, run.points]))
            whole = refined(trace, both, last.span[0], run.span[1] + 1)
            if whole is not None and whole.count >= last.count + run.count:
                joined[at] = with_near_angle(whole, trace.rate_hz)
                continue
        near.append(len(joined))
        joined.append(run)
    return joined


def _belong_together(trace: Trace, a: Strokes, b: Strokes) -> bool:
    apart = b.span[0] - a.span[1]
    if not 0 <= apart <= PAUSE_MIN_S * trace.rate_hz:
        return False
    ratio = a.amplitude_deg / max(b.amplitude_deg, 1e-9)
    return 1 / STROKE_MAX < ratio < STROKE_MAX and abs(float(a.axis @ b.axis)) > SAME_AXIS


def _stretches(trace: Trace, barriers: Int) -> list[tuple[int, int]]:
    """Rows between barriers, cut again where nothing turns for longer than a step may last."""
    edges = [0, *np.asarray(barriers).ravel().tolist(), trace.n]
    stretches = []
    for start, end in zip(edges[0::2], edges[1::2], strict=True):
        if end - start < 4:
            continue
        extrema = local_extrema(trace.x[start:end]) + start
        points = extrema[turning_points(trace.x[extrema].tolist(), SMALLEST_SCALE_DEG)]
        if len(points) < 2:
            continue
        cut = np.flatnonzero(np.diff(points) > STEP_MAX_S * trace.rate_hz)
        firsts = np.concatenate([points[:1], points[cut + 1]])
        lasts = np.concatenate([points[cut], points[-1:]])
        margin = int(STEP_MAX_S * trace.rate_hz / 2)
        for a, b in zip(firsts, lasts, strict=True):
            stretches.append((max(start, int(a) - margin), min(end, int(b) + margin + 1)))
    return stretches


def _search(trace: Trace, first: int, last: int, found: list[Strokes]) -> None:
    """Adds the runs of [first, last) at every scale; then looks again beside and between those it found first."""
    pending = [(first, last)]
    margin = int(STEP_MAX_S * trace.rate_hz)
    refined: dict[tuple[bytes, int, int], list[Strokes]] = {}  # the same seeds come again beside what was found
    while pending:
        start, end = pending.pop()
        if end - start < SHORTEST_S * trace.rate_hz:
            continue
        best: list[Strokes] = []
        for seed, amplitude_deg in _seeds(trace, start, end):
            known = _like(found, int(seed[0]), int(seed[-1]), amplitude_deg)
            if any(run.count >= len(seed) - 1 for run in known):
                continue
            rows = max(start, int(seed[0]) - margin), min(end, int(seed[-1]) + margin + 1)
            parts = refined.get(key := (seed.tobytes(), *rows))
            if parts is None:
                parts = refined[key] = _refine_parts(trace, seed, *rows)
            new = [part for part in parts if _add(found, part)]
            best = best or new
        if best:
            edges = [start, *(row for run in best for row in run.span), end]
            pending.extend(zip(edges[0::2], edges[1::2], strict=True))


def _add(found: list[Strokes], part: Strokes) -> bool:
    """Adds a run in the place of shorter ones of its kind, unless a longer one is there; False if it is not new."""
    known = _like(found, *part.span, part.amplitude_deg)
    if any(run.count >= part.count for run in known):
        return False
    found[:] = [run for run in found if not any(run is shorter for shorter in known)]
    found.append(part)
    return True


def _like(found: list[Strokes], first: int, last: int, amplitude_deg: float) -> list[Strokes]:
    """Runs of about this range that share most of the shorter one's rows with [first, last]."""
    like = []
    for run in found:
        start, end = run.span
        shared = min(last, end) - max(first, start)
        if shared <= 0:
            continue
        ratio = run.amplitude_deg / max(amplitude_deg, 1e-9)
        if shared > 0.5 * min(last - first, end - start) and 1.0 / SAME_SCALE < ratio < SAME_SCALE:
            like.append(run)
    return like


def _seeds(trace: Trace, start: int, end: int) -> list[tuple[Int, float]]:
    """Turning points and median stroke of runs of alike strokes at all scales, the most convincing first."""
    points = local_extrema(trace.x[start:end]) + start
    values = trace.x[points]
    seeds: list[tuple[float, Int, float]] = []
    for scale_deg in SCALES_DEG:
        turns = np.array(turning_points(values.tolist(), scale_deg), dtype=np.int64)
        if len(turns) < STROKES_MIN + 1:
            break
        points, values = points[turns], values[turns]
        strokes = np.abs(values[1:] - values[:-1])
        alike = (strokes <= RUN_SPREAD * scale_deg) & (points[1:] - points[:-1] <= STEP_MAX_S * trace.rate_hz)
        for a, b in stretches(alike):
            if b - a >= STROKES_MIN:
                usual = median(strokes[a:b])
                seeds.append((_conviction(strokes[a:b], usual), points[a : b + 1], usual))
    seeds.sort(key=lambda seed: -seed[0])
    return [(points, amplitude_deg) for _, points, amplitude_deg in seeds]


def conviction(strokes: Float) -> float:
    """How much a run of strokes (deg) looks like a set: many, large against breathing, and equal. Only ranks."""
    return _conviction(strokes, median(strokes))


def _conviction(strokes: Float, usual: float) -> float:
    """As `conviction`; usual : the median of the strokes."""
    size = math.log(1.0 + usual / SMALLEST_SCALE_DEG)
    unequal = deviation(strokes) * len(strokes) / float(strokes.sum())
    return size * min(len(strokes), MANY_STROKES) / (1.0 + unequal)


def _refine_parts(trace: Trace, seed: Int, start: int, end: int) -> list[Strokes]:
    """The seed on its own axis and scale, in [start, end); cut at long pauses, each part again on its own scale."""
    run = refined(trace, seed, start, end)
    if run is None:
        return []
    cuts = _pauses(run, trace.rate_hz)
    if len(cuts) == 0:
        return [with_near_angle(run, trace.rate_hz)]
    middles = [(int(run.points[c]) + int(run.points[c + 1])) // 2 for c in cuts]
    edges = [start, *middles, end]
    firsts = [0, *(int(c) + 1 for c in cuts)]
    lasts = [*(int(c) + 1 for c in cuts), len(run.points)]
    parts = []
    for k, (a, b) in enumerate(zip(firsts, lasts, strict=True)):
        points = run.points[a:b]
        if len(points) < STROKES_MIN + 1:
            continue
        part = refined(trace, points, edges[k], edges[k + 1])
        if part is not None:
            parts.append(with_near_angle(part, trace.rate_hz))
    return parts


def _pauses(run: Strokes, rate_hz: float) -> Int:
    """Indices of steps between turning points that are far longer than the run's others."""
    step_s = np.diff(run.points) / rate_hz
    usual_s = quantile(step_s, 0.75)
    return np.flatnonzero((step_s > PAUSE_RATIO * usual_s) & (step_s > PAUSE_MIN_S))


def refined(trace: Trace, seed: Int, start: int, end: int) -> Strokes | None:
    """Turning points again, about the run's own axis and at a share of its own median stroke."""
    points = seed
    amplitude = 0.0
    run: Strokes | None = None
    ends: tuple[int | None, int | None] = (None, None)
    for _ in range(REFINEMENTS):
        rows = slice(int(points[0]), int(points[-1]) + 1)
        axis = principal_axis(trace.rate[rows])
        middle = np.add.reduce(trace.up[rows], axis=0) / (rows.stop - rows.start)
        angle = angle_about(trace.up[start:end], axis, middle)
        if amplitude == 0.0:
            amplitude = median(np.abs(np.diff(angle[points - start])))
        extrema = local_extrema(angle)
        turns = extrema[turning_points(angle[extrema].tolist(), DIP_SHARE * amplitude)]
        if len(turns) < STROKES_MIN + 1:
            return None
        levels = angle[turns]
        strokes = np.abs(levels[1:] - levels[:-1])
        alike = (strokes <= STROKE_MAX * amplitude) & (turns[1:] - turns[:-1] <= STEP_MAX_S * trace.rate_hz)
        out_of_plane = trace.up[turns + start] @ axis
        seen = 1.0 - out_of_plane * out_of_plane > IN_PLANE_MIN**2
        alike &= seen[:-1] & seen[1:]
        best = _most_shared(alike, turns + start, int(points[0]), int(points[-1]))
        if best is None or best[1] - best[0] < STROKES_MIN:
            return None
        a, b = best
        points = turns[a : b + 1] + start
        usual = median(strokes[a:b])
        run = Strokes(points, levels[a : b + 1], usual, axis, start, angle)
        ends = (int(turns[a - 1]) if a > 0 else None, int(turns[b + 1]) if b + 1 < len(turns) else None)
        if abs(usual - amplitude) <= 0.1 * amplitude:
            break
        amplitude = usual
    if run is None:
        return None
    return _with_passages(run, ends, trace.rate_hz)


def with_near_angle(run: Strokes, rate_hz: float) -> Strokes:
    """With the angle near its points only, in single precision: all runs of a day keep theirs."""
    rows = round(KEPT_S * rate_hz)
    first = max(run.first, int(run.points[0]) - rows)
    angle = run.angle[first - run.first : int(run.points[-1]) + rows + 1 - run.first]
    return replace(run, first=first, angle=angle.astype(np.float32))


def _with_passages(run: Strokes, ends: tuple[int | None, int | None], rate_hz: float) -> Strokes:
    """Adds the place where a longer move before or after the run passes the level of the run's other points.

    ends : turning points (rows of `angle`) before and after the run, None where there is none.
    """
    points, levels = run.points.tolist(), run.levels.tolist()
    passed = [False, False]
    for side, beyond in enumerate(ends):
        at, inner = (0, 1) if side == 0 else (-1, -2)
        if len(levels) > 3 and abs(levels[inner] - levels[at]) > LONG_STROKE * run.amplitude_deg:
            place = _passage(run, points[at] - run.first, points[inner] - run.first, levels[inner], side)
            if place is not None and place[1] >= STAY_S * rate_hz:
                points[at], levels[at] = place[0] + run.first, place[2]
                continue
        if beyond is None or abs(beyond + run.first - points[at]) > STEP_MAX_S * rate_hz or len(levels) < 3:
            continue
        place = _passage(run, beyond, points[at] - run.first, levels[at], side)
        if place is not None:
            points.insert(0 if side == 0 else len(points), place[0] + run.first)
            levels.insert(0 if side == 0 else len(levels), place[2])
            passed[side] = place[1] < STAY_S * rate_hz
    return replace(run, points=np.array(points), levels=np.array(levels), passed=(passed[0], passed[1]))


def _passage(run: Strokes, beyond: int, inner: int, from_deg: float, side: int) -> tuple[int, int, float] | None:
    """Row (of `angle`) next to `inner` at which a move between the two passes the level opposite to from_deg, the
    rows it stays there, and that level; None if it does not get there."""
    low, high = run.poses_deg
    level = low if abs(from_deg - high) < abs(from_deg - low) else high
    first, last = min(beyond, inner), max(beyond, inner)
    part = run.angle[first : last + 1]
    reached = np.flatnonzero((part >= level) if level == high else (part <= level))
    if len(reached) == 0:
        return None
    stayed = int((np.abs(part - level) < STAY_SHARE * run.amplitude_deg).sum())
    return first + int(reached[-1] if side == 0 else reached[0]), stayed, level


def angle_about(up: Float | Single, axis: Float, reference: Float) -> Float:
    """Angle (n,) in deg of up about `axis`, zero at `reference`, unwrapped."""
    zero = unit_one(reference - axis * float(axis @ reference))
    side = cross_one(axis, zero)
    angle = np.empty(len(up))
    for rows, _, _ in blocks(len(up), 0):  # a run may be as long as the recording
        part = up[rows].T
        np.arctan2(side @ part, zero @ part, out=angle[rows])
    if len(angle) and angle.max() - angle.min() > np.pi and _jumps(angle):
        angle = np.unwrap(angle)
    angle *= np.degrees(1.0)
    return angle


def _jumps(angle: Float) -> bool:
    """Whether an angle (n,) in rad changes by more than half a turn from a row to the next."""
    parts = (angle[rows.start : rows.stop + 1] for rows, _, _ in blocks(len(angle), 0))
    return any(bool((np.abs(part[1:] - part[:-1]) > np.pi).any()) for part in parts)


def _most_shared(alike: npt.NDArray[np.bool_], turns: Int, first: int, last: int) -> tuple[int, int] | None:
    """Of the runs of alike strokes the one that shares most rows with [first, last]."""
    best: tuple[int, int] | None = None
    most = 0
    for a, b in stretches(alike):
        shared = min(int(turns[b]), last) - max(int(turns[a]), first)
        if shared > most:
            best, most = (a, b), shared
    return best
