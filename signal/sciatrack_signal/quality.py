"""How each rep was done, as far as one sensor can see it: tempo, steadiness, and flags that are prompts, never
verdicts.

Looks at finished reps and at where up was, so it does not matter how the reps were found. Every measure is an angle
between directions of up, so the mount does not matter either; the few that need to know which way a body part faces
(`side`, `pitch`) take that from walking near the set and from the pose of the exercise, and say nothing without it.
Which fault a placement can show, and from how many degrees on, is data (`faults` in exercises.toml).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import apart_deg, cross_one, unit_one
from sciatrack_signal.exercises import Vector, View
from sciatrack_signal.order import median, median_row, without_line
from sciatrack_signal.result import Rep
from sciatrack_signal.smoothing import gaussian
from sciatrack_signal.trace import Trace
from sciatrack_signal.turning import turning_points

Float = npt.NDArray[np.float64]

# One's own usual is the median of this many neighbours in the set: a range that shrinks slowly over a set is no
# jump, and with more of them the first reps of such a set would all be called large.
USUAL_REPS = 4
# Fewer neighbours are no habit.
USUAL_LEAST = 2
# "More than 25 % above one's own range" (biomechanics, avoid list); reps of one person scatter by 8 %. Lower
# prompts by chance, higher misses a stretch forced by a third.
LARGE_SHARE = 1.25
# And by so many degrees: at 4 degrees of range a quarter is less than a breath.
LARGE_LEAST_DEG = 3.0
# "Entry rate above twice one's own"; times of one person's moves scatter by 15 %.
FAST_SHARE = 2.0
# Arriving and departing are no sway: so much of a hold is left out at its beginning and end.
SETTLE_S, LEAVE_S = 0.5, 0.3
# What is left must last this long; one breath or two cycles of bouncing.
STEADY_MIN_S = 1.0
# "Bouncing: more than 3 degrees peak to peak at 0.5 to 3 Hz" unless the view says otherwise; the two sigmas are
# those of Gaussians that pass half the power at 3 and at 0.5 Hz.
BOUNCE_DEG = 3.0
BOUNCE_SIGMAS_S = (0.044, 0.265)
# One dip and its return are two swings (a cough, a new grip); bouncing goes on.
BOUNCE_SWINGS = 4
# Trembling faster than about 3 Hz, root mean square. Postural tremor of the views is 0.03 to 0.3 degrees, three
# times that in tired and severely affected people; 3 degrees is plain to see.
SHAKY_DEG = 1.0
SHAKY_SIGMA_S = 0.08
# Taking off what is slow makes nothing so many times larger: a hold this much steadier need not be looked at.
SHAKY_GAIN = 3.0
# Rest and hold both moved by so much while the range stayed: the sensor or the whole pose did. People rest within 1
# degree of where they rested before; a belt steps by 5 to 20.
SLIP_DEG = 8.0
SLIP_RANGE_SHARE = 0.5
# After a pause as long as this people have moved about, and a pose of its own is no slip (contract: a new set).
STAYS_S = 60.0
# The pose before a rep is that of this stretch before its start; the turning point of a rep without a hold lasts so
# long.
REST_WINDOW_S = (0.7, 0.1)
APEX_HALF_S = 0.2
# Walking is looked for within this long of a set, and shows the long axis of pelvis and thigh.
WALK_WITHIN_S = 600.0
STANDING: Vector = (0.0, 0.0, 1.0)
# The angle between standing and the exercise's rest pose as measured and as the catalogue has it may differ by this
# much; more, and the sensor was put on otherwise, or the pose is another one.
FRAME_TOLERANCE_DEG = 25.0


@dataclass(frozen=True)
class Poses:
    """Up (3,) before a rep and in its hold, and the part of the hold's angle to look at.

    sway (n, 2) deg: along the move and across it, about a straight line; None where the hold is too short or
    unknown.
    """

    rest: Float
    hold: Float
    sway: Float | None


def judged(
    trace: Trace, reps: Sequence[Rep], view: View, *, clipped_s: Sequence[tuple[float, float]] = ()
) -> list[Rep]:
    """The reps with steadiness_deg and the flags of how they were done.

    reps : of one run of alike moves, in order of time. clipped_s : moments in which a sensor stood at the end of
    its range.
    Flags that stand stay; without reps there is nothing to judge.
    """
    if not reps:
        return []
    poses = [_poses(trace, rep) for rep in reps]
    frame = _segment_frame(trace, reps, poses, view)
    slips = _slips(reps, poses)
    return [_judge(k, reps, poses[k], trace, view, frame, clipped_s, slipped=slips[k]) for k in range(len(reps))]


def _judge(
    k: int, reps: Sequence[Rep], poses: Poses, trace: Trace, view: View, frame: Float | None,
    clipped_s: Sequence[tuple[float, float]], *, slipped: bool,
) -> Rep:  # fmt: skip
    rep, near = reps[k], _neighbours(reps, k)
    sway = poses.sway
    steadiness_deg = None if sway is None else root_mean_square(sway)
    bounce_deg = next((fault.limit_deg for fault in view.faults if fault.measure == "bounce"), BOUNCE_DEG)
    found = {
        "slipped": slipped,
        "clipped": any(start < rep.end_s and end > rep.start_s for start, end in clipped_s),
        "large_range": _larger(rep, near),
        "fast_entry": _faster(rep, near),
        "bouncing": sway is not None and bounces(sway[:, 0], trace.rate_hz, bounce_deg),
        # Without a gyroscope up is smoothed beyond any tremor, and the tremor's own acceleration is no angle.
        "shaky": sway is not None and trace.gyr is not None and shakes(sway, trace.rate_hz),
    }
    flags = {*rep.flags, *(name for name, is_so in found.items() if is_so), *_faults(rep, poses, view, frame)}
    return replace(rep, steadiness_deg=steadiness_deg, flags=tuple(sorted(flags)))


def _poses(trace: Trace, rep: Rep) -> Poses:
    before, gap = REST_WINDOW_S
    rest = _mean_up(trace, rep.start_s - before, rep.start_s - gap)
    if rep.hold_start_s is None or rep.hold_end_s is None:
        middle_s = 0.5 * (rep.start_s + rep.end_s)
        return Poses(rest, _mean_up(trace, middle_s - APEX_HALF_S, middle_s + APEX_HALF_S), None)
    hold = _mean_up(trace, rep.hold_start_s, rep.hold_end_s)
    start_s, end_s = rep.hold_start_s + SETTLE_S, rep.hold_end_s - LEAVE_S
    first, last = _rows(trace, start_s, end_s)
    if end_s - start_s < STEADY_MIN_S or not trace.valid[first:last].all():
        return Poses(rest, hold, None)
    along = unit_one(hold - (hold @ rest) * rest)
    part = trace.sharp[first:last]
    across = cross_one(rest, along)
    sway = np.degrees(part @ np.stack([cross_one(across, hold), across], axis=1))
    return Poses(rest, hold, without_line(sway))  # a hold that sinks evenly is not unsteady


def _mean_up(trace: Trace, start_s: float, end_s: float) -> Float:
    first, last = _rows(trace, start_s, end_s)
    return unit_one(np.add.reduce(trace.up[first:last], axis=0) / (last - first))


def _rows(trace: Trace, start_s: float, end_s: float) -> tuple[int, int]:
    """At least one row, inside the recording."""
    first = min(max(round((start_s - trace.start_s) * trace.rate_hz), 0), trace.n - 1)
    return first, min(max(round((end_s - trace.start_s) * trace.rate_hz), first + 1), trace.n)


def bounces(angle_deg: Float, rate_hz: float, limit_deg: float) -> bool:
    """Whether an angle (n,) swings to and fro by more than `limit_deg` several times in a row, at 0.5 to 3 Hz."""
    if 2.0 * float(angle_deg.max() - angle_deg.min()) < limit_deg:  # no difference of means is larger
        return False
    quick, slow = (gaussian(angle_deg, sigma_s * rate_hz) for sigma_s in BOUNCE_SIGMAS_S)
    return len(turning_points((quick - slow).tolist(), limit_deg)) > BOUNCE_SWINGS


def shakes(sway: Float, rate_hz: float) -> bool:
    """Whether (n, 2) degrees tremble: the root mean square of what is faster than about 3 Hz."""
    if SHAKY_GAIN * root_mean_square(sway) <= SHAKY_DEG:
        return False
    return root_mean_square(sway - gaussian(sway, SHAKY_SIGMA_S * rate_hz)) > SHAKY_DEG


def root_mean_square(sway: Float) -> float:
    """Of the lengths of the rows of (n, 2), n >= 1."""
    flat = sway.ravel()
    return math.sqrt(float(flat @ flat) / len(sway))


def _neighbours(reps: Sequence[Rep], k: int) -> list[Rep]:
    """The nearest complete reps of the same side, the rep itself left out."""
    found: list[Rep] = []
    for apart in range(1, max(k, len(reps) - 1 - k) + 1):
        near = [reps[j] for j in (k - apart, k + apart) if 0 <= j < len(reps)]
        found += [rep for rep in near if rep.complete and rep.side == reps[k].side]
        if len(found) >= USUAL_REPS:
            break
    return found[:USUAL_REPS]


def _larger(rep: Rep, near: Sequence[Rep]) -> bool:
    """Whether a rep goes well beyond what its neighbours reach."""
    rom_deg = rep.rom_deg
    others = [rep.rom_deg for rep in near if rep.rom_deg is not None]
    if rom_deg is None or len(others) < USUAL_LEAST:
        return False
    usual_deg = median(others)
    return rom_deg > max(LARGE_SHARE * usual_deg, usual_deg + LARGE_LEAST_DEG)


def _faster(rep: Rep, near: Sequence[Rep]) -> bool:
    """Whether a rep is entered more than twice as fast as its neighbours are (mean deg/s of the out-move)."""
    own, others = _entry_dps(rep), [_entry_dps(other) for other in near]
    known = [rate for rate in others if rate is not None]
    return own is not None and len(known) >= USUAL_LEAST and own > FAST_SHARE * median(known)


def _entry_dps(rep: Rep) -> float | None:
    # Where a hold is an estimate, so is the moment at which the move out ends.
    if (
        "low_certainty" in rep.flags
        or rep.hold_start_s is None
        or rep.rom_deg is None
        or rep.hold_start_s <= rep.start_s
    ):
        return None
    return rep.rom_deg / (rep.hold_start_s - rep.start_s)


def _slips(reps: Sequence[Rep], poses: Sequence[Poses]) -> list[bool]:
    """Whether rest and hold have both moved since the last rep from which nothing had moved, by the same turn."""
    slips, last = [], 0
    for k in range(len(reps)):
        if reps[k].start_s - reps[max(k - 1, 0)].end_s > STAYS_S:
            last = k
        moved_deg = min(apart_deg(poses[k].rest, poses[last].rest), apart_deg(poses[k].hold, poses[last].hold))
        ranges_deg = [apart_deg(poses[j].rest, poses[j].hold) for j in (k, last)]
        slips.append(moved_deg > SLIP_DEG and abs(ranges_deg[0] - ranges_deg[1]) < SLIP_RANGE_SHARE * moved_deg)
        last = k if slips[-1] else last
    return slips


def _faults(rep: Rep, poses: Poses, view: View, frame: Float | None) -> set[str]:
    """Flags of the view's own faults: a range beyond a limit, or the body part leaning where it should not."""
    found = set()
    for fault in view.faults:
        value_deg = _measured(fault.measure, rep, poses, frame)
        if value_deg is not None and (
            value_deg < fault.limit_deg if fault.measure == "range_under" else value_deg > fault.limit_deg
        ):
            found.add(fault.flag)
    return found


def _measured(measure: str, rep: Rep, poses: Poses, frame: Float | None) -> float | None:
    """Degrees of one measure of the catalogue; None where it can't be told."""
    if measure in ("range_over", "range_under"):
        # A rep that the file's edge cuts shows part of its range only.
        return None if "cut" in rep.flags else rep.rom_deg
    if frame is None or measure not in ("side", "pitch"):
        return None
    rest, hold = frame @ poses.rest, frame @ poses.hold
    if measure == "side":
        return float(np.degrees(abs(np.arcsin(np.clip(hold[1], -1, 1)) - np.arcsin(np.clip(rest[1], -1, 1)))))
    turned = np.arctan2(-hold[0], hold[2]) - np.arctan2(-rest[0], rest[2])
    return float(np.degrees(abs((turned + np.pi) % (2.0 * np.pi) - np.pi)))


def _segment_frame(trace: Trace, reps: Sequence[Rep], poses: Sequence[Poses], view: View) -> Float | None:
    """(3, 3) that turns the sensor's axes into those of the body part; None where no fault needs it or nothing
    tells.

    Two directions fix it: up while walking is the long axis, up at rest is the catalogue's `rest_up`.
    """
    needed = any(fault.measure in ("side", "pitch") for fault in view.faults)
    if not needed or view.rest_up is None:
        return None
    rest_up = view.mirrored().rest_up if reps[0].side == "left" else view.rest_up
    standing = _standing_up(trace, reps)
    rest = unit_one(median_row(np.array([pose.rest for pose in poses])))
    known = np.asarray(rest_up, dtype=np.float64)
    if standing is None:
        return None
    if abs(apart_deg(standing, rest) - apart_deg(np.asarray(STANDING), known)) > FRAME_TOLERANCE_DEG:
        return None
    return np.asarray(_triad(np.asarray(STANDING), known).T @ _triad(standing, rest))


def _standing_up(trace: Trace, reps: Sequence[Rep]) -> Float | None:
    """(3,) up in the sensor's frame while somebody walks near the set; None if nobody does."""
    first, last = _rows(trace, reps[0].start_s - WALK_WITHIN_S, reps[-1].end_s + WALK_WITHIN_S)
    walks = np.clip(trace.walks, first, last)
    near = [trace.up[a:b] for a, b in walks[walks[:, 1] > walks[:, 0]]]
    if not near:
        return None
    return unit_one(np.concatenate(near).mean(axis=0))


def _triad(main: Float, other: Float) -> Float:
    """(3, 3) rows of an orthonormal frame in which `main` is exact (Black 1964)."""
    across = unit_one(np.cross(main, other))
    return np.stack([main, across, np.cross(main, across)])
