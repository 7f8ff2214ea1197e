"""From dwells in two poses to the strokes of a set: which pose is rest, and where the set begins and ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sciatrack_signal.candidates import Candidate
from sciatrack_signal.segmentation import FEW_STROKES, Strokes
from sciatrack_signal.trace import Trace
from sciatrack_signal.two_poses import Dwells, read_poses

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

# A pose in the set differs from its neighbours of the same kind by less than this share of the range beside the
# plane of movement, and does not go beyond them by more than that; a floor in degrees for small moves.
BESIDE_SHARE = 0.35
BEYOND_SHARE = 0.5
UNLIKE_FLOOR_DEG = 2.0
# A first or last rep without a rest outside it is a way to or from the set, unless it was held as long (at least
# this share) and as far (within this share of the range) as the others.
END_HOLD_SHARE = 0.4
END_LEVEL_SHARE = 0.2
# A pose that was stayed in this long at the beginning or the end of a set is rest without doubt.
CONVINCING_S = 5.0
# One this long says nothing, a shorter one speaks, by so much at most, for a step on the way to the set.
STEP_ON_THE_WAY_S = 2.0
STEP_WORTH = -0.3
# Where an end of the set was passed through, the first pose that was stayed in says this much.
PASSED_SHARE = 0.4
# A dwell this many times longer than usual, and this long, is a pause.
PAUSE_RATIO = 3.0
PAUSE_MIN_S = 8.0
# and this many times the longest hold that the exercise asks for: a hold among holds broken off is none.
PAUSE_OVER_HOLD = 1.3
# A pose that the recording's edge cuts says this much, however short it is.
EDGE_WORTH = 0.6
# In a set of so many dwells the first and the last hold are left out: they may be poses on the way.
MANY_DWELLS = 8
# Dwells four times nearer (in ratio) to the asked hold in one pose than in the other weigh at most this much.
HOLD_VOTE_MAX = 0.9
# Less evidence than this and the polarity is said to be assumed.
SURE = 0.5
# A pose that is this share of the range towards the other one from its fellows is on the way.
POSE_SHARE = 0.35
# The outermost turning points lie no further from the set than this.
NEAR_THE_SET_S = 2.0
# One or two reps apart from a longer set belong to it if both their poses are within this share of its range of
# its own, and this many degrees: a slipped belt, another place on the mat.
SAME_POSE_SHARE = 0.6
SAME_POSE_FLOOR_DEG = 8.0


def read_sets(found: list[Candidate], hold_s: tuple[float, float]) -> list[Candidate]:
    """Each candidate as a set, in order of time; none grows into another, and one without two poses is dropped."""
    sets: list[Candidate] = []
    ordered = sorted(found, key=lambda one: one.span_s)
    for k, one in enumerate(ordered):
        mine = np.asarray(one.run.points)
        before = [int(last.run.points[-1]) for last in sets[-1:] if last.trace is one.trace]
        after = [int(late.run.points[0]) for late in ordered[k + 1 : k + 2] if late.trace is one.trace]
        limits = [[0, min(row, int(mine[0]))] for row in before]
        limits += [[max(row, int(mine[-1])), one.trace.n] for row in after]
        barriers = np.concatenate([one.barriers, np.array(limits, dtype=np.int64).reshape(-1, 2)])
        run = read_set(one.trace, one.run, barriers, hold_s)
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
    return np.asarray(np.median(one.trace.up[points], axis=0))


def _angle_deg(a: Float, b: Float) -> float:
    cosine = float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def read_set(trace: Trace, run: Strokes, barriers: Int, hold_s: tuple[float, float]) -> Strokes | None:
    """The run as a set with its rest pose known or assumed; None if there is no rep in it."""
    dwells = read_poses(trace, run, barriers)
    if dwells is None or dwells.n < 3:
        return None
    rest, sure = rest_parity(dwells, trace, hold_s)
    keep, kept = _members(dwells, rest, trace)
    if len(keep) < 3:
        return None
    return _as_strokes(trace, run, dwells, keep, kept, rest, sure)


def rest_parity(d: Dwells, trace: Trace, hold_s: tuple[float, float]) -> tuple[int, bool]:
    """(0 or 1, sure): the dwells with this parity are rest."""
    score = [0.0, 0.0]
    stays_s = (d.ends - d.starts) / trace.rate_hz
    inside = [k for k in range(d.n) if _in_pose(d, k)]
    for side, k in enumerate((inside[0], inside[-1]) if inside else ()):
        if k not in (0, d.n - 1):
            score[k % 2] += PASSED_SHARE * min(float(stays_s[k]) / CONVINCING_S, 1.0)
        elif d.at_edge[side]:
            score[k % 2] += max(EDGE_WORTH, _worth(float(stays_s[k])))
        else:
            score[k % 2] += _worth(float(stays_s[k]))
    score[0] += _pause_vote(d, stays_s, hold_s[1])
    difference = score[0] - score[1] + _hold_vote(d, stays_s, hold_s)
    return (0 if difference >= 0 else 1), abs(difference) >= SURE


def _worth(stay_s: float) -> float:
    """What a stay in the outermost pose says for its being rest: a short one is a step on the way to the set."""
    return float(np.clip((stay_s - STEP_ON_THE_WAY_S) / (CONVINCING_S - STEP_ON_THE_WAY_S), STEP_WORTH, 1.0))


def _pause_vote(d: Dwells, stays_s: Float, longest_hold_s: float) -> float:
    """Pauses are now and then much longer than usual, holds are not."""
    shortest_s = max(PAUSE_MIN_S, PAUSE_OVER_HOLD * longest_hold_s if np.isfinite(longest_hold_s) else 0.0)
    longest = []
    unusual = []
    for parity in (0, 1):
        inner = np.array([stays_s[k] for k in range(1, d.n - 1) if k % 2 == parity and _in_pose(d, k)])
        longest.append(float(inner.max()) if len(inner) else 0.0)
        unusual.append(len(inner) >= 2 and longest[-1] >= max(PAUSE_RATIO * float(np.median(inner)), shortest_s))
    if unusual[0] and longest[0] > longest[1]:
        return 1.0
    return -1.0 if unusual[1] and longest[1] > longest[0] else 0.0


def _in_pose(d: Dwells, k: int) -> bool:
    """Whether a dwell was stayed in and is where its fellows are."""
    if (k == 0 and not d.kept[0]) or (k == d.n - 1 and not d.kept[1]):
        return False
    near = [j for j in (k - 4, k - 2, k + 2, k + 4) if 0 < j < d.n - 1]
    if not near:
        return True
    other = d.levels[k + 1] if k == 0 else d.levels[k - 1]
    usual = float(np.median(d.levels[near]))
    towards = float(np.sign(other - usual)) * (d.levels[k] - usual)
    return bool(
        -BEYOND_SHARE * d.amplitude_deg - UNLIKE_FLOOR_DEG < towards < POSE_SHARE * d.amplitude_deg
        and abs(d.beside[k] - np.median(d.beside[near])) < BESIDE_SHARE * d.amplitude_deg + UNLIKE_FLOOR_DEG
    )


def _hold_vote(d: Dwells, stays_s: Float, hold_s: tuple[float, float]) -> float:
    """How much more the odd dwells look like the holds of the exercise than the even ones do."""
    shortest_s, longest_s = hold_s
    if not 0.0 < shortest_s <= longest_s < float("inf") or d.n < 4:
        return 0.0
    asked_s = (shortest_s * longest_s) ** 0.5
    distance = []
    for parity in (0, 1):
        skip = 2 if d.n >= MANY_DWELLS else 1
        inner = [k for k in range(skip, d.n - skip) if k % 2 == parity]
        distance.append(abs(float(np.log(max(float(np.median(stays_s[inner])), 0.1) / asked_s))))
    return float(np.clip(distance[0] - distance[1], -HOLD_VOTE_MAX, HOLD_VOTE_MAX))


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
    usual = float(np.median(stays[holds]))
    level = float(np.median(d.levels[holds]))
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
    for i in range(1, len(points) - 1):
        part = d.x[starts[i] - d.first : ends[i] - d.first]
        points[i] = starts[i] + (np.argmax(part) if levels[i] > levels[i - 1] else np.argmin(part))
    points = np.clip(points, 0, trace.n - 1)
    return Strokes(
        points=points, levels=levels, amplitude_deg=float(np.median(np.abs(np.diff(d.x[points - d.first])))),
        axis=run.axis, first=d.first, angle=d.x, passed=(not kept[0], not kept[1]),
        cut=(d.at_edge[0] and keep[0] == 0, d.at_edge[1] and keep[-1] == d.n - 1),
        rest=(rest - keep[0]) % 2, sure=sure,
    )  # fmt: skip
