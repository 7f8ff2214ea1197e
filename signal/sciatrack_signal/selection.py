"""Which runs of strokes are the exercise: deliberate, of one kind, overlapping none better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sciatrack_signal.dwells import time_moves
from sciatrack_signal.exercises import Exercise, View
from sciatrack_signal.plausible import deliberate, likeness, possible
from sciatrack_signal.polarity import still_outside_s
from sciatrack_signal.segmentation import FEW_STROKES, Strokes, conviction
from sciatrack_signal.trace import Trace

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


@dataclass(frozen=True)
class Labels:
    """What is said of a recording, by its own labels or by the caller."""

    exercise: Exercise
    placement: str
    side: str

    @property
    def view(self) -> View:
        return self.exercise.view(self.placement, self.side)


def select(trace: Trace, runs: list[Strokes], labels: Labels) -> tuple[list[Strokes], str]:
    """The runs that are the exercise, and a note if there are none."""
    view, needed = labels.view, labels.exercise.min_set_reps
    clear: list[tuple[float, Strokes]] = []
    few: list[Strokes] = []
    small = 0.0
    for run in runs:
        amplitude = run.amplitude_deg
        if run.reversals < 2 * needed - 1:
            continue
        measured = likeness(trace, run)
        if needed > 1:
            ok = deliberate(measured, amplitude, on_thigh=labels.placement != "hip")
        else:
            ok = possible(measured)
        if not ok:
            continue
        if amplitude < view.min_range_deg:
            small = max(small, amplitude)
        elif run.reversals < FEW_STROKES:
            few.append(run)
        else:
            clear.append((conviction(np.abs(np.diff(run.levels))) * (1.0 - measured.unlike), run))
    clear.sort(key=lambda item: -item[0])
    kept = _of_one_kind(trace, clear, few, view) if needed == 1 else apart([run for _, run in clear])
    if kept:
        return kept, ""
    if small:
        return [], f"movement of about {small:.0f} degrees was seen, too small to count here; not observable"
    return [], "no repeated movement was found"


def _of_one_kind(trace: Trace, clear: list[tuple[float, Strokes]], few: list[Strokes], view: View) -> list[Strokes]:
    """One exercise is one axis and one pair of poses in the sensor's frame: those of the clearest run."""
    if not clear:
        alone = [run for run in few if _stands_alone(trace, run, view)]
        best = max(alone, key=lambda run: run.amplitude_deg, default=None)
    else:
        best = clear[0][1]
    if best is None:
        return []
    others = [run for run in (*(run for _, run in clear), *few) if run is not best and _alike(trace, best, run)]
    return apart([best, *others])


def apart(runs: list[Strokes]) -> list[Strokes]:
    """The runs that overlap none before them."""
    kept: list[Strokes] = []
    for run in runs:
        if not any(_overlap(run, other) for other in kept):
            kept.append(run)
    return kept


def _overlap(a: Strokes, b: Strokes) -> bool:
    return bool(a.points[0] < b.points[-1] and b.points[0] < a.points[-1])


def _alike(trace: Trace, best: Strokes, other: Strokes) -> bool:
    about = abs(float(best.axis @ other.axis))
    pose, other_pose = (trace.up[run.points].mean(axis=0) for run in (best, other))
    near = float(pose @ other_pose) / max(float(np.linalg.norm(pose) * np.linalg.norm(other_pose)), 1e-9)
    ratio = best.amplitude_deg / max(other.amplitude_deg, 1e-9)
    pace = _rows_a_rep(best) / max(_rows_a_rep(other), 1e-9)
    alike = 1 / KIND_RANGE < ratio < KIND_RANGE and 1 / KIND_PACE < pace < KIND_PACE
    return alike and about > KIND_COSINE and near > KIND_COSINE


def _rows_a_rep(run: Strokes) -> float:
    """Rows a rep, from one stroke to the next but one, in the middle of the run."""
    return float(2.0 * np.median(np.diff(run.points)))


def _stands_alone(trace: Trace, run: Strokes, view: View) -> bool:
    """Whether one or two moves are clear enough to be reps: well above the smallest range, rest around them."""
    if run.amplitude_deg < ALONE_RANGE * view.min_range_deg or run.passed != (False, False):
        return False
    timed = time_moves(trace, run)
    rests_s = (still_outside_s(trace, timed, before=True), still_outside_s(trace, timed, before=False))
    return min(rests_s) >= ALONE_REST_S
