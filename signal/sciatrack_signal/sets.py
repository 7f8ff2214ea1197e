"""From dwells in two poses to the strokes of a set: which pose is rest, and where the set begins and ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sciatrack_signal.blocks import walk_up
from sciatrack_signal.candidates import Candidate, Labels
from sciatrack_signal.lesser import lesser_points
from sciatrack_signal.order import median, median_row, middle_row
from sciatrack_signal.rest_or_hold import BESIDE_SHARE, BEYOND_SHARE, UNLIKE_FLOOR_DEG, rest_parity
from sciatrack_signal.segmentation import FEW_STROKES, Strokes
from sciatrack_signal.trace import Trace
from sciatrack_signal.two_poses import Dwells, read_poses
from sciatrack_signal.wearing import pose_odds

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

# A first or last rep without a rest outside it is a way to or from the set, unless it was held as long (at least
# this share) and as far (within this share of the range) as the others.
END_HOLD_SHARE = 0.4
END_LEVEL_SHARE = 0.2
# The outermost turning points lie no further from the set than this.
NEAR_THE_SET_S = 2.0
# One or two reps apart from a longer set belong to it if both their poses are within this share of its range of
# its own, and this many degrees: a slipped belt, another place on the mat.
SAME_POSE_SHARE = 0.6
SAME_POSE_FLOOR_DEG = 8.0


def read_sets(found: list[Candidate], labels: Labels) -> list[Candidate]:
    """Each candidate as a set, in order of time; none grows into another, and one without two poses is dropped.

    Of the labels only where the sensor is worn and which poses the exercise has are used, never its dose.
    """
    sets: list[Candidate] = []
    ordered = sorted(found, key=lambda one: one.span_s)
    for k, one in enumerate(ordered):
        mine = np.asarray(one.run.points)
        before = [int(last.run.points[-1]) for last in sets[-1:] if last.trace is one.trace]
        after = [int(late.run.points[0]) for late in ordered[k + 1 : k + 2] if late.trace is one.trace]
        limits = [[0, min(row, int(mine[0]))] for row in before]
        limits += [[max(row, int(mine[-1])), one.trace.n] for row in after]
        barriers = np.concatenate([one.barriers, np.array(limits, dtype=np.int64).reshape(-1, 2)])
        run = read_set(replace(one, barriers=barriers), labels)
        if run is not None:
            sets.append(replace(one, run=run))
    return _of_the_same_poses(sets)


def _of_the_same_poses(sets: list[Candidate]) -> list[Candidate]:
    """Without sets of one or two reps that go elsewhere than the longest: kneeling down turns a thigh as well."""
    longest = max(sets, key=lambda one: one.run.count, default=None)
    if longest is None or longest.run.count < FEW_STROKES:
        return sets
    return [one for one in sets if one.run.count >= FEW_STROKES or _same_poses(one, longest)]


def _same_poses(one: Candidate, longest: Candidate) -> bool:
    limit_deg = SAME_POSE_SHARE * longest.run.amplitude_deg + SAME_POSE_FLOOR_DEG
    return all(
        _angle_deg(_pose(one, held=held), _pose(longest, held=held)) <= limit_deg for held in (False, True)
    )  # fmt: skip


def _pose(one: Candidate, *, held: bool) -> Float:
    """(3,) median direction of up at rest or in the hold."""
    rest = one.run.rest or 0
    points = one.run.points[(1 - rest if held else rest) :: 2]
    return median_row(one.trace.up[points])


def _angle_deg(a: Float, b: Float) -> float:
    cosine = float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def read_set(one: Candidate, labels: Labels) -> Strokes | None:
    """The run as a set with its rest pose known or assumed; None if there is no rep in it."""
    dwells = read_poses(one.trace, one.run, one.barriers)
    if dwells is None or dwells.n < 3:
        return None
    rest, sure = rest_parity(dwells, one.trace.rate_hz, geometry_odds=_geometry_odds(one, dwells, labels))
    keep, kept = _members(dwells, rest, one.trace)
    if len(keep) < 3:
        return None
    return _as_strokes(one.trace, one.run, dwells, keep, kept, rest, sure)


def _geometry_odds(one: Candidate, d: Dwells, labels: Labels) -> float:
    """Log odds that the even dwells are rest, by the poses that the exercise has; 0 where turns are about up."""
    if one.by_heading:
        return 0.0
    middles = (d.starts + d.ends) // 2
    poses = [_unit(middle_row(one.trace.up[middles[parity : d.n : 2]])) for parity in (0, 1)]
    return pose_odds((poses[0], poses[1]), labels.ways, walk_up(one))


def _unit(direction: Float) -> Float:
    return np.asarray(direction / max(float(np.linalg.norm(direction)), 1e-9))


def _members(d: Dwells, rest: int, trace: Trace) -> tuple[list[int], tuple[bool, bool]]:
    """Dwells of the set in order, alternating; and whether its ends were stayed in."""
    sign = 1.0 if d.levels[1 - rest] > d.levels[rest] else -1.0
    keep = list(range(d.n))
    for k in range(1 - rest, d.n, 2):
        if 0 < k < d.n - 1 and _unlike(d, k, sign):
            keep = [j for j in keep if j not in (k, k + 1)] if k - 1 in keep else [j for j in keep if j != k]
    kept = [d.kept[0], d.kept[1]]
    stays = d.ends - d.starts
    holds = [k for k in keep if k % 2 != rest and 0 < k < d.n - 1]
    if not holds:
        return [], (True, True)
    usual = median(stays[holds])
    level = median(d.levels[holds])
    for side in (0, 1):
        while len(keep) >= 3:
            end = keep[0] if side == 0 else keep[-1]
            terminal = end in (0, d.n - 1)
            if end % 2 != rest:  # a hold at the end: part of a rep only where the file cuts it
                if terminal and kept[side] and d.at_edge[side]:
                    break
                keep = keep[1:] if side == 0 else keep[:-1]
                continue
            if not terminal or kept[side]:
                break
            apex = keep[1] if side == 0 else keep[-2]
            off = abs(d.levels[apex] - level)
            if stays[apex] >= END_HOLD_SHARE * usual and off < END_LEVEL_SHARE * d.amplitude_deg:
                break
            keep = keep[2:] if side == 0 else keep[:-2]
    return keep, (kept[0] or keep[0] != 0, kept[1] or keep[-1] != d.n - 1) if keep else (True, True)


def _unlike(d: Dwells, k: int, sign: float) -> bool:
    """Whether a hold goes much further out, or elsewhere, than the holds beside it."""
    near = [j for j in (k - 2, k + 2) if 0 < j < d.n - 1]
    if not near:
        return False
    beside = min(abs(d.beside[k] - d.beside[j]) for j in near)
    beyond = min(sign * (d.levels[k] - d.levels[j]) for j in near)
    return bool(
        beside > BESIDE_SHARE * d.amplitude_deg + UNLIKE_FLOOR_DEG
        or beyond > BEYOND_SHARE * d.amplitude_deg + UNLIKE_FLOOR_DEG
    )


def _as_strokes(
    trace: Trace, run: Strokes, d: Dwells, keep: list[int], kept: tuple[bool, bool], rest: int, sure: bool
) -> Strokes:
    """The dwells that are kept as turning points: where each goes furthest; the outer ones near the set."""
    starts, levels = d.starts[keep], d.levels[keep]
    ends = np.append(d.starts[keep[1:]], d.ends[keep[-1]])  # a dwell that was left out belongs to the one before
    near = round(NEAR_THE_SET_S * trace.rate_hz)
    points = (starts + ends) // 2
    points[0] = max(points[0], ends[0] - near)
    points[-1] = min(points[-1], starts[-1] + near)
    rest = (rest - keep[0]) % 2
    found, found_levels, far = [points[:1]], [levels[:1]], [d.x[points[:1] - d.first]]
    for i in range(1, len(points) - 1):
        part = (1.0 if levels[i] > levels[i - 1] else -1.0) * d.x[starts[i] - d.first : ends[i] - d.first]
        if i % 2 == rest and keep[i + 1] == keep[i] + 1:
            rows = starts[i] + lesser_points(-part, d.amplitude_deg, d.sway_deg, trace.rate_hz)
        else:
            rows = starts[i : i + 1] + np.argmax(part)
        found.append(rows)
        found_levels.append(levels[i : i + 1] if len(rows) == 1 else d.x[rows - d.first])
        far.append(d.x[rows[:1] - d.first])
    far.append(d.x[points[-1:] - d.first])
    points = np.clip(np.concatenate([*found, points[-1:]]), 0, trace.n - 1)
    levels = np.concatenate([*found_levels, levels[-1:]])
    return Strokes(
        points=points, levels=levels, amplitude_deg=float(np.median(np.abs(np.diff(np.concatenate(far))))),
        axis=run.axis, first=d.first, angle=d.x, passed=(not kept[0], not kept[1]),
        cut=(d.at_edge[0] and keep[0] == 0, d.at_edge[1] and keep[-1] == d.n - 1),
        rest=rest, sure=sure,
    )  # fmt: skip
