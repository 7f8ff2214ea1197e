"""How far each repetition of a set goes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sciatrack_signal.dwells import LEVEL_WINDOW_S, Timed
from sciatrack_signal.excursion import apart_deg, unit_one
from sciatrack_signal.nested import HOLDS_SHARE, INNER_MIN_DEG, rise_deg
from sciatrack_signal.order import median, median_row
from sciatrack_signal.trace import Trace

Float = npt.NDArray[np.float64]

# A return that leaves this share of the rep's own range is incomplete.
INCOMPLETE_RETURN_SHARE = 0.25
# A stroke of less than this share of the rep's other one ends in a rest that was shifted on the way.
SHIFT_SHARE = 0.5
# Rests on each side that say where a rest usually is.
FAR_NEIGHBOURS = 2
# A move that begins or ends so near to the hold, as a share of the way from rest to hold, is one within a pose:
# presses are a tenth of the way of crossing a leg; moves in steps begin at rest.
INNER_SHARE = 0.5


def ranges_deg(trace: Trace, timed: Timed, parity: int) -> Float:
    """(m + 1) range of the rep at each turning point: the mean of its two strokes, without one that goes to a rest
    further off than the others, where somebody shifted or reached; NaN at rest points.

    The larger of the two would be the one on which sway lies: in 400 simulated sets 18 reps of less than half
    the usual range then pass for complete, by the mean 12.

    Where most holds are a move within a pose (see nested), that move's.
    """
    levels = timed.levels_deg
    strokes = np.abs(np.diff(levels))
    ranges = np.full(len(levels), np.nan)
    far = far_rests(levels, parity, timed.run.amplitude_deg)
    for apex in range(1 - parity, len(levels), 2):
        sides = [k for k in (apex - 1, apex) if 0 <= k < len(strokes)]
        usual = [k for k in sides if not far[k if k < apex else apex + 1]]
        ranges[apex] = of_strokes(strokes[usual or sides])
    return _of_inner_moves(trace, timed, ranges)


def of_strokes(strokes: Float) -> float:
    """The range of a rep whose way out and way back, (1 or 2,) deg, are known."""
    shifted = float(strokes.min()) < SHIFT_SHARE * float(strokes.max())
    return float(strokes.max() if shifted else strokes.mean())


def _of_inner_moves(trace: Trace, timed: Timed, ranges: Float) -> Float:
    """The ranges, of inner moves instead if most reps have one; a rep without one has what its pose rises by."""
    whole = [k for k in np.flatnonzero(np.isfinite(ranges)).tolist() if 0 < k < len(ranges) - 1]
    inner = {apex: _inner_deg(trace, timed, apex, INNER_SHARE * float(ranges[apex])) for apex in whole}
    known = [deg for deg in inner.values() if deg is not None]
    if not whole or len(known) < HOLDS_SHARE * len(whole):
        return ranges
    usual = median(known)
    for apex, deg in inner.items():
        ranges[apex] = deg if deg is not None else min(_rise_deg(trace, timed, apex), usual)
    return ranges


def _inner_deg(trace: Trace, timed: Timed, apex: int, most_deg: float) -> float | None:
    """From where the move out departs, or the return arrives, to the hold, if that is less than most_deg and
    more than breathing; the larger of the two. It may go any way: a leg is crossed by one joint's turning and
    pressed by another's."""
    rows = max(round(LEVEL_WINDOW_S * trace.rate_hz), 1)
    start, end = (round(row) for row in timed.dwell(apex))
    before, after = round(timed.departs[apex - 1].outer), round(timed.arrives[apex].outer)
    hold = unit_one(median_row(trace.up[max(start, 0) : max(end, start + 1)]))
    # Only as far as the move before or after: who does not pause has no pose there from which another move begins.
    earliest = max(before - rows, round(timed.arrives[apex - 2].at) if apex > 1 else 0, 0)
    latest = min(after + rows, round(timed.departs[apex + 1].at) if apex + 1 < timed.run.count else trace.n)
    rests = [trace.up[earliest : max(before, 1)]] if before < start else []
    rests += [trace.up[after:latest]] if after > end else []
    found = [apart_deg(hold, unit_one(median_row(rest))) for rest in rests if len(rest)]
    return max((deg for deg in found if INNER_MIN_DEG <= deg < most_deg), default=None)


def _rise_deg(trace: Trace, timed: Timed, apex: int) -> float:
    start, end = (round(row) for row in timed.dwell(apex))
    return rise_deg(trace.up[max(start, 0) : end + 1], trace.rate_hz)


def far_rests(levels: Float, parity: int, amplitude_deg: float) -> npt.NDArray[np.bool_]:
    """(m + 1) whether a rest lies further from the holds than most rests near it, by more than returns differ."""
    rests, holds = levels[parity::2], levels[1 - parity :: 2]
    sign = 1.0 if median(rests) > median(holds) else -1.0
    far = np.zeros(len(levels), dtype=bool)
    for k in range(len(rests)):
        near = [j for j in range(max(k - FAR_NEIGHBOURS, 0), min(k + FAR_NEIGHBOURS + 1, len(rests))) if j != k]
        beyond_deg = sign * (rests[k] - median(rests[near])) if near else 0.0
        far[parity + 2 * k] = beyond_deg > INCOMPLETE_RETURN_SHARE * amplitude_deg
    return far
