"""Where one run of strokes holds two exercises that follow each other, and is cut.

A bridge and a drawn-up knee turn the pelvis by about as much in about the same pose, so a search for alike strokes
takes them for one set. What differs is how long is held, how fast the moves are, and a pause in between.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sciatrack_signal.evidence import Arcs, middles
from sciatrack_signal.excursion import apart_deg

Float = npt.NDArray[np.float64]

# At least this many strokes on both sides: two repetitions.
LEAST_STROKES = 4
# People change exercises in no less than this (seconds in one pose).
PAUSE_LEAST_S = 3.0
# Two repetitions of one person differ by less than this: in ln of range, move and the two dwells; in degrees.
RANGE_LOG, MOVE_LOG, DWELL_LOG = 0.30, 0.30, 0.55
POSE_DEG = 9.0
# One difference counts for no more than this, and all together must exceed CUT.
MOST = 9.0
CUT = 13.0


def cuts(arcs: Arcs) -> list[int]:
    """Points (inner, increasing) at which a run of strokes is cut in two or more; the point belongs to both."""
    places = [
        k
        for k in range(LEAST_STROKES, arcs.count - LEAST_STROKES + 1)
        if np.isfinite(arcs.dwells_s[k]) and arcs.dwells_s[k] >= PAUSE_LEAST_S
    ]
    if not places:
        return []
    unlike = [_unlike(arcs.part(0, k), arcs.part(k, arcs.count), k % 2 == 1) for k in places]
    best = int(np.argmax(unlike))
    if unlike[best] < CUT:
        return []
    at = places[best]
    after = [at + k for k in cuts(arcs.part(at, arcs.count))]
    return [*cuts(arcs.part(0, at)), at, *after]


def _unlike(before: Arcs, after: Arcs, swapped: bool) -> float:
    """How much the strokes on both sides differ; swapped: pose 0 of the second part is pose 1 of the first."""
    a, b = middles(before), middles(after)
    order = [1, 0] if swapped else [0, 1]
    ratios = [
        (a.range_deg / b.range_deg, RANGE_LOG), (a.move_s / b.move_s, MOVE_LOG),
        *((a.dwells_s[k] / b.dwells_s[order[k]], DWELL_LOG) for k in (0, 1)),
    ]  # fmt: skip
    total = sum(min((math.log(ratio) / usual) ** 2, MOST) for ratio, usual in ratios if 0.0 < ratio < math.inf)
    for k in (0, 1):
        total += min((apart_deg(a.poses[k], b.poses[order[k]]) / POSE_DEG) ** 2, MOST)
    return total
