"""Runs of strokes that can be the exercise, each with the trace it was found on: all that one stretch of a
recording says before it is compared with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sciatrack_signal.alone import lone_moves
from sciatrack_signal.excursion import unit_one
from sciatrack_signal.exercises import Exercise, View, flip_y, view_name
from sciatrack_signal.heading import NOTE as HEADING_NOTE
from sciatrack_signal.heading import heading_trace
from sciatrack_signal.height import NOTE as HEIGHT_NOTE
from sciatrack_signal.height import PERIOD_MAX_S, height_trace
from sciatrack_signal.naming import other_ways
from sciatrack_signal.order import median
from sciatrack_signal.plausible import Likeness, deliberate, likeness, possible, unmistakable
from sciatrack_signal.segmentation import FEW_STROKES, Strokes, find_runs
from sciatrack_signal.slow import slow_runs
from sciatrack_signal.trace import Trace
from sciatrack_signal.wearing import Way

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

# Sets of one exercise have their axes and mean poses within 40 degrees: a belt slides, a bed is not a floor.
KIND_COSINE = 0.77
# And ranges within this factor: a set may shrink by 60 % from first to last.
KIND_RANGE = 2.5
# And take, per rep, between a third and three times as long.
KIND_PACE = 3.0
# Where nobody named the exercise, so many reps may be what a pause or a shift cut off from a set, or all of one.
# With three, 2 of 148 simulated sets more are lost; with one, every sitting down and getting up would be weighed.
FEW_REPS = 2


@dataclass(frozen=True)
class Labels:
    """What is said of a recording, by its own labels or by the caller."""

    exercise: Exercise
    placement: str
    side: str
    auto: bool = False  # nobody said which exercise; `exercise` is then the generic one

    @property
    def view(self) -> View:
        return self.exercise.view(self.placement, self.side)

    @cached_property
    def ways(self) -> list[Way]:
        """Up at rest and in the hold of each way to do the exercise, for each leg that may wear the sensor."""
        leg = {"left_thigh": "left", "right_thigh": "right"}.get(self.placement, self.side)
        view = self.view
        ways = [] if view.rest_up is None or view.hold_up is None else [(view.rest_up, view.hold_up)]
        ways += other_ways(self.exercise.id, view_name(self.placement, self.side))
        mirrored = [(flip_y(rest_up), flip_y(hold_up)) for rest_up, hold_up in ways]
        return (mirrored if leg != "right" else []) + (ways if leg != "left" else [])


def other_leg(labels: Labels) -> bool:
    """Whether one leg works and the sensor is on the other thigh: all it sees is an echo."""
    one_leg = labels.side in ("left", "right") and labels.exercise.sides != "both"
    return one_leg and view_name(labels.placement, labels.side) == "thigh_other"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A run that passes for deliberate, and where it comes from.

    trace : of the stretch it lies in; rows of the run are rows of this. barriers (k, 2) : rows that no set crosses.
    sense : empty if the trace is of gravity, else the note that says what else it was seen by (heading, height).
    slow : whether only a trace smoothed over a breath shows it.
    """

    trace: Trace
    run: Strokes
    measured: Likeness
    barriers: Int
    sense: str = ""
    slow: bool = False

    @property
    def pose(self) -> Float:
        """(3,) mean of up over the turning points, in the sensor's frame; not of unit length."""
        return np.asarray(self.trace.up[self.run.points].mean(axis=0))

    @cached_property
    def span_s(self) -> tuple[float, float]:
        """First and last turning point in seconds on the recording's clock."""
        first, last = self.run.points[0], self.run.points[-1]
        return float(self.trace.seconds(first)), float(self.trace.seconds(last))


def find_candidates(trace: Trace, barriers: Int, labels: Labels) -> list[Candidate]:
    """Of all runs those that pass for deliberate where any repeated move is asked for, else for possible."""
    needed = FEW_REPS if labels.auto else labels.exercise.min_set_reps
    found = []
    quick = find_runs(trace, barriers)
    # Of a set that somebody named too little is left to gain: two more found, six repetitions more of them false.
    slow = slow_runs(trace, barriers, quick) if labels.auto else []
    for run, poses in (*((run, None) for run in quick), *slow):
        if run.reversals < 2 * needed - 1:
            continue
        measured = likeness(trace, run, poses)
        if needed > 1 and not labels.auto:
            ok = deliberate(measured, run.amplitude_deg, on_thigh=labels.placement != "hip")
        else:
            ok = possible(measured)
        if ok:
            found.append(Candidate(trace, run, measured, barriers, slow=poses is not None))
    return found


def find_lone(trace: Trace, barriers: Int, labels: Labels, found: Sequence[Candidate]) -> list[Candidate]:
    """Single moves between stays of an exercise of which one repetition is a set, none where nobody named it.

    found : candidates of any trace; what lies in a set of them is none.
    """
    if labels.auto or labels.exercise.min_set_reps > 1:
        return []
    known = [one.run for one in found if one.trace is trace]
    lone = lone_moves(trace, barriers, known, labels.view.min_tilt_deg)
    return [Candidate(trace, run, likeness(trace, run), barriers) for run in lone]


def find_turns(trace: Trace, barriers: Int) -> list[Candidate]:
    """Sets of turns about the vertical that are beyond doubt; none without a gyroscope that may be believed."""
    turned = heading_trace(trace)
    return [] if turned is None else _beyond_doubt(turned, barriers, HEADING_NOTE)


def find_rises(trace: Trace, barriers: Int, labels: Labels) -> list[Candidate]:
    """Sets of moves up and down that are beyond doubt, at the trunk and of an exercise of which no poses are known:
    a thigh that moves up and down turns, and shows that better. None where nobody says that anything is done."""
    if labels.auto or labels.placement != "hip" or labels.ways:
        return []
    found = _beyond_doubt(height_trace(trace), barriers, HEIGHT_NOTE)
    return [one for one in found if one.measured.period_s <= PERIOD_MAX_S]


def _beyond_doubt(seen: Trace, barriers: Int, sense: str) -> list[Candidate]:
    found = []
    for run in find_runs(seen, barriers):
        if run.reversals < FEW_STROKES:
            continue
        measured = likeness(seen, run)
        if unmistakable(measured, run.amplitude_deg):
            found.append(Candidate(seen, run, measured, barriers, sense))
    return found


def alike(best: Candidate, other: Candidate) -> bool:
    """Whether two runs are about one axis, in one pair of poses, of like ranges and like fast."""
    about = abs(float(best.run.axis @ other.run.axis))
    near = float(unit_one(best.pose) @ unit_one(other.pose))
    ratio = best.run.amplitude_deg / max(other.run.amplitude_deg, 1e-9)
    pace = _rows_a_rep(best.run) / max(_rows_a_rep(other.run), 1e-9)
    alike = 1 / KIND_RANGE < ratio < KIND_RANGE and 1 / KIND_PACE < pace < KIND_PACE
    return alike and about > KIND_COSINE and near > KIND_COSINE


def _rows_a_rep(run: Strokes) -> float:
    """Rows a rep, from one stroke to the next but one, in the middle of the run."""
    return 2.0 * median(np.diff(run.points))
