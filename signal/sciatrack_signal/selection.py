"""Which runs of strokes are the exercise: deliberate, of one kind, overlapping none better."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sciatrack_signal.believed import believed, chance, known, unlike
from sciatrack_signal.blocks import walk_up
from sciatrack_signal.candidates import Candidate, Labels, alike
from sciatrack_signal.dwells import time_moves
from sciatrack_signal.excursion import unit_one
from sciatrack_signal.exercises import View
from sciatrack_signal.naming import can_name
from sciatrack_signal.order import median_row
from sciatrack_signal.plausible import UNLIKE_MAX
from sciatrack_signal.polarity import still_outside_s
from sciatrack_signal.segmentation import FEW_STROKES, conviction
from sciatrack_signal.wearing import pose_fit

Float = npt.NDArray[np.float64]

# One or two moves have no rhythm to be judged by: each must stand alone, with this many times the smallest range
# and this much rest before and after it.
ALONE_RANGE = 1.5
ALONE_REST_S = 1.0
# Strokes of two repetitions.
TWO_REPS = 4
# A run that lies within one pose of such a set with moves this many times as large is breathing or swaying in it.
WITHIN_RATIO = 2.0
# Log odds of the exercise's poses against any two, below which a short run is
# taken for another movement: simulated sets have 0.6 and more, half of all chance runs less than this. Without
# walking nothing is known of how the sensor is worn, and nothing is refused.
LEAST_FIT = -0.5
# Chance runs are short (see believed), and who does five repetitions knows which.
LONG_REVERSALS = 10
# A clear run with such a chance to be the exercise is it after all: somebody lies a little otherwise.
LIKELY = 0.5
NOTHING_FOUND = "no repeated movement was found"


def select(found: list[Candidate], labels: Labels) -> tuple[list[Candidate], str]:
    """The candidates that are the exercise, and a note if there are none or all stand against what is seen."""
    view = labels.view
    large = [one for one in found if one.run.amplitude_deg >= view.min_tilt_deg]
    fits = _fits(large, labels)
    # What is surely not the exercise may neither stand for it nor hide it.
    beliefs = [_belief(one, fit, labels) for one, fit in zip(large, fits, strict=True)]
    likely = [one for one, (stands, _) in zip(large, beliefs, strict=True) if stands]
    clear: list[tuple[float, Candidate]] = []
    few: list[Candidate] = []
    for one, fit, (stands, _) in zip(large, fits, beliefs, strict=True):
        if not stands or any(_within_a_pose(one, other) for other in likely):
            continue
        if one.run.reversals >= FEW_STROKES or (_a_few_alike(one, view) and fit >= 0.0):
            clear.append((_worth(one) / (1.0 + float(np.exp(-fit))), one))
        else:
            few.append(one)
    clear.sort(key=lambda item: -item[0])
    alone = labels.exercise.min_set_reps == 1
    kept = _of_one_kind(clear, few, view) if alone else apart([one for _, one in clear])
    if kept:
        told = [note for one, (_, note) in zip(large, beliefs, strict=True) if any(one is other for other in kept)]
        return kept, told[0] if all(told) else ""
    if large and not likely:
        other = unlike(labels)
        return [], next((note for _, note in beliefs if note != other), other)
    small = max((one.run.amplitude_deg for one in found if one.run.amplitude_deg < view.min_tilt_deg), default=0.0)
    if small:
        return [], f"movement of about {small:.0f} degrees was seen, too small to count here; not observable"
    return [], NOTHING_FOUND


def _belief(one: Candidate, fit: float, labels: Labels) -> tuple[bool, str]:
    """As `believed`, for poses that fit the exercise's by the log odds `fit`."""
    return (False, unlike(labels)) if _strange(one, fit, labels) else believed(one, labels)


def _worth(one: Candidate) -> float:
    """How much a run looks like a set; only ranks."""
    return conviction(np.abs(np.diff(one.run.levels))) * (1.0 - one.measured.unlike)


def _fits(found: list[Candidate], labels: Labels) -> list[float]:
    """Log odds that the poses of each run are those of the exercise, for a sensor worn in any way."""
    walks: dict[int, Float | None] = {}
    fits = []
    for one in found:
        if id(one.trace) not in walks:
            walks[id(one.trace)] = walk_up(one)
        even, odd = (unit_one(median_row(one.trace.up[one.run.points[parity::2]])) for parity in (0, 1))
        fits.append(pose_fit((even, odd), labels.ways, walks[id(one.trace)]))
    return fits


def _strange(one: Candidate, fit: float, labels: Labels) -> bool:
    """Whether a short run goes to other poses than the exercise has, and does not pass for it in all else."""
    if fit >= LEAST_FIT or one.run.reversals >= LONG_REVERSALS:
        return False
    named = known(labels) and can_name(labels.exercise.id, labels.placement) and _a_few_alike(one, labels.view)
    return not (named and chance(one, labels) >= LIKELY)


def _within_a_pose(one: Candidate, other: Candidate) -> bool:
    """Whether a run lies within one pose of a set of several much larger moves: it is how that pose was kept."""
    a, b = one.run, other.run
    if one.trace is not other.trace or b.count < TWO_REPS or b.amplitude_deg < WITHIN_RATIO * a.amplitude_deg:
        return False
    if other.measured.unlike > UNLIKE_MAX:
        return False
    at = int(np.searchsorted(b.points, (int(a.points[0]) + int(a.points[-1])) / 2.0))
    return 0 < at < len(b.points)


def _a_few_alike(one: Candidate, view: View) -> bool:
    """Whether two or three moves are enough of a set: large, and alike."""
    run = one.run
    large = run.amplitude_deg >= ALONE_RANGE * view.min_tilt_deg
    return large and run.count >= TWO_REPS and one.measured.unlike <= UNLIKE_MAX


def select_turns(found: list[Candidate]) -> list[Candidate]:
    """Of turns about the vertical the largest and longest that overlap none better."""
    return apart(sorted(found, key=lambda one: -one.run.amplitude_deg * one.run.count))


def clearer(kept: list[Candidate], others: list[Candidate]) -> list[Candidate]:
    """The sets, in the place of some those that another sense sees more alike over the same time."""
    better = [
        other
        for other in others
        if all(other.measured.unlike < one.measured.unlike for one in kept if _overlap(other.span_s, one.span_s))
    ]
    return apart([*better, *kept])


def _of_one_kind(clear: list[tuple[float, Candidate]], few: list[Candidate], view: View) -> list[Candidate]:
    """One exercise is one axis and one pair of poses in the sensor's frame: those of the clearest run."""
    if not clear:
        alone = [one for one in few if _stands_alone(one, view)]
        best = max(alone, key=lambda one: one.run.amplitude_deg, default=None)
    else:
        best = clear[0][1]
    if best is None:
        return []
    others = [one for one in (*(one for _, one in clear), *few) if one is not best and alike(best, one)]
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


def _stands_alone(one: Candidate, view: View) -> bool:
    """Whether one or two moves are clear enough to be reps: well above the smallest range, rest around them."""
    trace, run = one.trace, one.run
    if run.amplitude_deg < ALONE_RANGE * view.min_tilt_deg or run.passed != (False, False):
        return False
    timed = time_moves(trace, run)
    rests_s = (still_outside_s(trace, timed, before=True), still_outside_s(trace, timed, before=False))
    return min(rests_s) >= ALONE_REST_S
