"""A single move out and back between stays, where the ways to and from it hide it from the search for strokes.

Who lies down, lifts the hips once and gets up again may make two long strokes with a stop in each: it is the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import apart_deg, unit_one
from sciatrack_signal.order import median_row
from sciatrack_signal.segmentation import (
    SAME_SCALE,
    SCALES_DEG,
    STAY_SHARE,
    STEP_MAX_S,
    Strokes,
    refined,
    with_near_angle,
)
from sciatrack_signal.trace import Trace
from sciatrack_signal.turning import marked, stretches

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

# Somebody stays where up goes nowhere in a second: less than STAY_SHARE of the range that is looked for.
STAY_S = 1.0
# A move out, or back, takes no longer (6 s are slow ones).
WAY_MAX_S = 8.0
# Both rests are one pose within this share of the range: more, and it is a way to somewhere.
SAME_REST_SHARE = 0.4
# A run of so many strokes, larger than this share of the lone move, is a set that has it or hides it with reason.
SET_STROKES = 3
OF_A_SET_SHARE = 0.5

# First and last row, and pose (3,).
Stay = tuple[int, int, Float]


def lone_moves(trace: Trace, barriers: Int, known: Sequence[Strokes], least_deg: float) -> list[Strokes]:
    """Moves of at least `least_deg` from a stay to another and back to the first, each as a run of two strokes.

    barriers (k, 2) : rows that none may cross. known : runs found already; what lies in a set of them is no news.
    """
    found: list[Strokes] = []
    free, speed = ~marked(barriers, trace.n), _a_second(trace)
    for scale_deg in SCALES_DEG:
        if scale_deg * SAME_SCALE < least_deg:
            continue
        near_deg = STAY_SHARE * scale_deg
        stays = _stays(trace, free & (speed < near_deg), near_deg)
        for out, back in itertools.pairwise(itertools.pairwise(stays)):
            run = _run(trace, out[0], out[1], back[1], max(scale_deg, least_deg), scale_deg * SAME_SCALE)
            if run is None or any(_overlap(run, other) for other in found):
                continue
            if not any(_in_a_set(run, other) for other in known):
                found.append(run)
    return found


def _a_second(trace: Trace) -> Float:
    """(n,) degrees that up goes in the second around each row; none at the ends, where it is not known."""
    half = round(0.5 * STAY_S * trace.rate_hz)
    gone = np.full(trace.n, np.inf)
    if trace.n > 2 * half:
        steps = trace.up[2 * half :] - trace.up[: trace.n - 2 * half]
        gone[half : trace.n - half] = np.degrees(np.sqrt(np.einsum("ij,ij->i", steps, steps)))
    return gone


def _stays(trace: Trace, still: npt.NDArray[np.bool_], near_deg: float) -> list[Stay]:
    """First and last row of each stay and its pose (3,); stays in one pose with nothing else between are one."""
    half = round(0.5 * STAY_S * trace.rate_hz)
    stays: list[Stay] = []
    for start, end in stretches(still):
        pose = unit_one(median_row(trace.up[start:end]))
        start, end = max(start - half, 0), min(end + half, trace.n)
        if stays and apart_deg(stays[-1][2], pose) < 2.0 * near_deg:
            first = stays.pop()[0]
            start, pose = first, unit_one(median_row(trace.up[first:end]))
        stays.append((start, end, pose))
    return stays


def _run(trace: Trace, rest: Stay, hold: Stay, again: Stay, least_deg: float, most_deg: float) -> Strokes | None:
    """Out and back as a run, if the range is as asked and both rests are one."""
    (start, left, before), (there, gone, held), (back, end, after) = rest, hold, again
    range_deg = 0.5 * (apart_deg(before, held) + apart_deg(held, after))
    if not least_deg <= range_deg <= most_deg or apart_deg(before, after) > SAME_REST_SHARE * range_deg:
        return None
    reach = round(STEP_MAX_S * trace.rate_hz)
    if max(there - left, back - gone) > WAY_MAX_S * trace.rate_hz or gone - there > reach:
        return None
    start, end = max(start, left - reach), min(end, back + reach)
    seed = np.array([(start + left) // 2, (there + gone) // 2, (back + end) // 2])
    run = refined(trace, seed, start, end)
    return None if run is None or run.count != 2 else with_near_angle(run, trace.rate_hz)


def _in_a_set(run: Strokes, other: Strokes) -> bool:
    """Whether another run is a set of as large moves that a lone move lies in or overlaps."""
    like = other.amplitude_deg > OF_A_SET_SHARE * run.amplitude_deg
    return like and other.reversals >= SET_STROKES and _overlap(run, other)


def _overlap(run: Strokes, other: Strokes) -> bool:
    (first, last), (start, end) = run.span, other.span
    return first < end and start < last
