"""Which runs of strokes are the exercise: deliberate, of one kind, overlapping none better."""

from __future__ import annotations

import numpy as np

from sciatrack_signal.candidates import Candidate, Labels
from sciatrack_signal.dwells import time_moves
from sciatrack_signal.exercises import View
from sciatrack_signal.order import median
from sciatrack_signal.polarity import still_outside_s
from sciatrack_signal.segmentation import FEW_STROKES, Strokes, conviction

# Sets of one exercise have their axes and mean poses within 40 degrees: a belt slides, a bed is not a floor.
KIND_COSINE = 0.77
# And ranges within this factor: a set may shrink by 60 % from first to last.
KIND_RANGE = 2.5
# And take, per rep, between a third and three times as long.
KIND_PACE = 3.0
# One or two moves have no rhythm to be judged by: each must stand alone, with this many times the smallest range
# and this much rest before and after it.
ALONE_RANGE = 1.5
ALONE_REST_S = 1.0
NOTHING_FOUND = "no repeated movement was found"


def select(found: list[Candidate], labels: Labels) -> tuple[list[Candidate], str]:
    """The candidates that are the exercise, and a note if there are none."""
    view = labels.view
    clear: list[tuple[float, Candidate]] = []
    few: list[Candidate] = []
    small = 0.0
    for one in found:
        run = one.run
        if run.amplitude_deg < view.min_range_deg:
            small = max(small, run.amplitude_deg)
        elif run.reversals < FEW_STROKES:
            few.append(one)
        else:
            clear.append((conviction(np.abs(np.diff(run.levels))) * (1.0 - one.measured.unlike), one))
    clear.sort(key=lambda item: -item[0])
    alone = labels.exercise.min_set_reps == 1
    kept = _of_one_kind(clear, few, view) if alone else apart([one for _, one in clear])
    if kept:
        return kept, ""
    if small:
        return [], f"movement of about {small:.0f} degrees was seen, too small to count here; not observable"
    return [], NOTHING_FOUND


def select_turns(found: list[Candidate]) -> list[Candidate]:
    """Of turns about the vertical the largest and longest that overlap none better."""
    return apart(sorted(found, key=lambda one: -one.run.amplitude_deg * one.run.count))


def _of_one_kind(clear: list[tuple[float, Candidate]], few: list[Candidate], view: View) -> list[Candidate]:
    """One exercise is one axis and one pair of poses in the sensor's frame: those of the clearest run."""
    if not clear:
        alone = [one for one in few if _stands_alone(one, view)]
        best = max(alone, key=lambda one: one.run.amplitude_deg, default=None)
    else:
        best = clear[0][1]
    if best is None:
        return []
    others = [one for one in (*(one for _, one in clear), *few) if one is not best and _alike(best, one)]
    return apart([best, *others])


def apart(found: list[Candidate]) -> list[Candidate]:
    """Those that overlap none before them."""
    kept: list[Candidate] = []
    for one in found:
        if not any(_overlap(one.span_s, other.span_s) for other in kept):
            kept.append(one)
    return kept


def _overlap(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _alike(best: Candidate, other: Candidate) -> bool:
    about = abs(float(best.run.axis @ other.run.axis))
    pose, other_pose = best.pose, other.pose
    near = float(pose @ other_pose) / max(float(np.linalg.norm(pose) * np.linalg.norm(other_pose)), 1e-9)
    ratio = best.run.amplitude_deg / max(other.run.amplitude_deg, 1e-9)
    pace = _rows_a_rep(best.run) / max(_rows_a_rep(other.run), 1e-9)
    alike = 1 / KIND_RANGE < ratio < KIND_RANGE and 1 / KIND_PACE < pace < KIND_PACE
    return alike and about > KIND_COSINE and near > KIND_COSINE


def _rows_a_rep(run: Strokes) -> float:
    """Rows a rep, from one stroke to the next but one, in the middle of the run."""
    return 2.0 * median(np.diff(run.points))


def _stands_alone(one: Candidate, view: View) -> bool:
    """Whether one or two moves are clear enough to be reps: well above the smallest range, rest around them."""
    trace, run = one.trace, one.run
    if run.amplitude_deg < ALONE_RANGE * view.min_range_deg or run.passed != (False, False):
        return False
    timed = time_moves(trace, run)
    rests_s = (still_outside_s(trace, timed, before=True), still_outside_s(trace, timed, before=False))
    return min(rests_s) >= ALONE_REST_S
