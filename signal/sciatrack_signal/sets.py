"""From dwells in two poses to the strokes of a set: which pose is rest, and where the set begins and ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sciatrack_signal.blocks import walk_up
from sciatrack_signal.candidates import Candidate, Labels
from sciatrack_signal.excursion import apart_deg, unit_one
from sciatrack_signal.lesser import lesser_points
from sciatrack_signal.members import Members, members
from sciatrack_signal.order import median, median_row, middle_row
from sciatrack_signal.rest_or_hold import rest_parity
from sciatrack_signal.segmentation import FEW_STROKES, PAUSE_MIN_S, Strokes, with_near_angle
from sciatrack_signal.trace import Trace
from sciatrack_signal.two_poses import Dwells, read_poses
from sciatrack_signal.wearing import pose_odds

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

# The outermost turning points lie no further from the set than this.
NEAR_THE_SET_S = 2.0
# One or two reps apart from a longer set belong to it if both their poses are within this share of its range of
# its own, and this many degrees: a slipped belt, another place on the mat.
SAME_POSE_SHARE = 0.6
SAME_POSE_FLOOR_DEG = 8.0


def read_sets(found: list[Candidate], labels: Labels) -> list[Candidate]:
    """Each candidate as a set, in order of time; none grows into another, and one without two poses is dropped.

    Longer ones first: a candidate that another one, read again, holds whole is the same set, parted by a pause or
    a fidget.
    Of the labels only where the sensor is worn and which poses the exercise has are used, never its dose.
    """
    sets: list[Candidate] = []
    pending = sorted(found, key=lambda one: (-one.run.count, one.span_s))
    while pending:
        one, *pending = pending
        known = [last for last in sets if last.trace is one.trace]
        run, swallowed = _grown(_apart_from(one, known), pending, labels)
        if run is not None:
            pending = [other for other in pending if other not in swallowed]
            sets.append(replace(one, run=run))
    return _of_the_same_poses(sorted(sets, key=lambda one: one.span_s))


def _grown(one: Candidate, others: list[Candidate], labels: Labels) -> tuple[Strokes | None, list[Candidate]]:
    """The candidate read as a set, and those of the others that are parts of it; into none that is not it grows."""
    others = [other for other in others if other.trace is one.trace]
    run = read_set(one, labels) if others else None
    parts = _parts(run, one, others) if run is not None else []
    strangers = [other for other in others if other not in parts]
    if not strangers and run is not None:
        return run, parts
    return read_set(_apart_from(one, strangers), labels), parts


def _apart_from(one: Candidate, others: list[Candidate]) -> Candidate:
    """The candidate with barriers where the others of its trace lie, outside of its own points."""
    first, last = one.run.span
    spans = [other.run.span for other in others]
    rows = [[0, min(end, first)] if start < first else [max(start, last), one.trace.n] for start, end in spans]
    barriers = np.concatenate([one.barriers, np.array(rows, dtype=np.int64).reshape(-1, 2)])
    return replace(one, barriers=barriers)


def _parts(run: Strokes, one: Candidate, others: list[Candidate]) -> list[Candidate]:
    """Of the others those next to `one`, and next to those, that the set which grew out of it holds whole."""
    parts = []
    middle = sum(one.run.span)
    for late in (True, False):
        beside = [other for other in others if (sum(other.run.span) > middle) == late]
        span = one.run.span
        for other in sorted(beside, key=lambda other: abs(sum(other.run.span) - middle)):
            if not _same_set(run, span, other.run, PAUSE_MIN_S * one.trace.rate_hz):
                break
            parts.append(other)
            span = other.run.span
    return parts


def _same_set(run: Strokes, span: tuple[int, int], other: Strokes, longest_rest: float) -> bool:
    """Whether a set has at least as many strokes within another run as that one has between true turning points,
    and no long rest (rows) lies between that run and the rows `span` of the set."""
    first, last = other.span
    inside = (run.points[1:] > first) & (run.points[:-1] < last)
    between = sorted((*span, first, last))[1:3]
    at = int(np.argmin(np.abs(run.points - 0.5 * (between[0] + between[1]))))
    rested = at % 2 == run.rest and between[1] - between[0] > longest_rest
    return int(inside.sum()) >= other.reversals and not rested


def _of_the_same_poses(sets: list[Candidate]) -> list[Candidate]:
    """Without sets of one or two reps that go elsewhere than the longest: kneeling down turns a thigh as well."""
    longest = max(sets, key=lambda one: one.run.count, default=None)
    if longest is None or longest.run.count < FEW_STROKES:
        return sets
    return [one for one in sets if one.run.count >= FEW_STROKES or _same_poses(one, longest)]


def _same_poses(one: Candidate, longest: Candidate) -> bool:
    limit_deg = SAME_POSE_SHARE * longest.run.amplitude_deg + SAME_POSE_FLOOR_DEG
    return all(
        apart_deg(_pose(one, held=held), _pose(longest, held=held)) <= limit_deg for held in (False, True)
    )  # fmt: skip


def _pose(one: Candidate, *, held: bool) -> Float:
    """(3,) unit median direction of up at rest or in the hold."""
    rest = one.run.rest or 0
    points = one.run.points[(1 - rest if held else rest) :: 2]
    return unit_one(median_row(one.trace.up[points]))


def read_set(one: Candidate, labels: Labels) -> Strokes | None:
    """The run as a set with its rest pose known or assumed; None if there is no rep in it."""
    dwells = read_poses(one.trace, one.run, one.barriers)
    if dwells is None or dwells.n < 3:
        return None
    rest, sure = rest_parity(dwells, one.trace.rate_hz, geometry_odds=_geometry_odds(one, dwells, labels))
    mine = members(dwells, rest)
    if mine.n < 3:
        return None
    return _as_strokes(one.trace, one.run, dwells, mine, rest, sure)


def _geometry_odds(one: Candidate, d: Dwells, labels: Labels) -> float:
    """Log odds that the even dwells are rest, by the poses that the exercise has; 0 where turns are about up."""
    up = walk_up(one)
    if one.sense or up is None or not labels.ways:
        return 0.0
    middles = (d.starts + d.ends) // 2
    poses = [unit_one(middle_row(one.trace.up[middles[parity : d.n : 2]])) for parity in (0, 1)]
    return pose_odds((poses[0], poses[1]), labels.ways, up)


def _as_strokes(trace: Trace, run: Strokes, d: Dwells, mine: Members, rest: int, sure: bool) -> Strokes:
    """The dwells of a set as turning points: where each goes furthest; the outer ones near the set."""
    keep = slice(mine.first, mine.last + 1)
    starts, ends, levels = d.starts[keep], d.ends[keep], d.levels[keep]
    near = round(NEAR_THE_SET_S * trace.rate_hz)
    points = (starts + ends) // 2
    points[0] = max(points[0], ends[0] - near)
    points[-1] = min(points[-1], starts[-1] + near)
    rest = (rest - mine.first) % 2
    found, found_levels, far, left_out = [points[:1]], [levels[:1]], [d.x[points[:1] - d.first]], []
    for i in range(1, len(points) - 1):
        part = (1.0 if levels[i] > levels[i - 1] else -1.0) * d.x[starts[i] - d.first : ends[i] - d.first]
        if i % 2 == rest:
            rows = starts[i] + lesser_points(-part, d.amplitude_deg, d.sway_deg, trace.rate_hz)
        else:
            rows = starts[i : i + 1] + np.argmax(part)
        if mine.first + i in mine.left_out:
            left_out.append(sum(len(points) for points in found))
        else:
            far.append(d.x[rows[:1] - d.first])
        found.append(rows)
        found_levels.append(levels[i : i + 1] if len(rows) == 1 else d.x[rows - d.first])
    far.append(d.x[points[-1:] - d.first])
    strokes = np.abs(np.diff(np.concatenate(far)))
    whole = Strokes(
        points=np.clip(np.concatenate([*found, points[-1:]]), 0, trace.n - 1),
        levels=np.concatenate([*found_levels, levels[-1:]]), amplitude_deg=median(strokes),
        axis=run.axis, first=d.first, angle=d.x, passed=(not mine.kept[0], not mine.kept[1]),
        cut=(d.at_edge[0] and mine.first == 0, d.at_edge[1] and mine.last == d.n - 1),
        rest=rest, sure=sure, left_out=frozenset(left_out),
    )  # fmt: skip
    return with_near_angle(whole, trace.rate_hz)
