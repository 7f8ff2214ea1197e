"""The hold of one rep: from arrival to departure, its undisturbed parts, how it ends, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.dwells import PLATEAU_SHARE, Timed
from sciatrack_signal.intervals import HoldEvidence, half_width_s
from sciatrack_signal.order import quantile
from sciatrack_signal.smoothing import gaussian

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

# A dip in a hold loses this share of the range and this many times the sway; less is sway.
DIP_SWAY = 4.0
# A return whose peak speed is below this share of the out-move's, and that takes this long, is no departure but a
# fading hold.
FADING_SPEED_SHARE = 0.25
FADING_MIN_S = 6.0


@dataclass(frozen=True)
class Hold:
    """Rows are fractional rows of the trace, seconds are seconds."""

    start: float
    end: float
    hold_s: float
    longest_s: float
    low_s: float
    high_s: float
    interrupted: bool
    fading: bool


def measure_hold(
    timed: Timed, apex: int, rate_hz: float, *, gyroscope: bool = True, valid: Bool | None = None
) -> Hold:
    """The hold at turning point `apex`, which has a stroke on both sides.

    valid (n,) : rows of the trace that have data; None if all have. An edge that a gap may hide lies anywhere
    in it.
    """
    into, out = timed.arrives[apex - 1], timed.departs[apex]
    start, end = timed.dwell(apex)
    sign = timed.outward(apex)
    fading = False
    slow = timed.arrives[apex].at - out.at > FADING_MIN_S * rate_hz
    if slow and out.peak_speed < FADING_SPEED_SHARE * into.peak_speed:
        faded = _fade_row(timed, sign, apex, start)
        if faded is not None:
            end, fading = faded, True
    hold_s = (end - start) / rate_hz
    parts = _undisturbed(timed, sign, apex, start, end)
    longest_s = min(max(b - a for a, b in parts) / rate_hz, hold_s) if parts else hold_s
    half_s = half_width_s(
        hold_evidence(timed, apex, rate_hz, disturbed=len(parts) > 1 or fading, gyroscope=gyroscope)
    )
    less_s, more_s = (0.0, 0.0) if valid is None else hidden_s(timed, apex, start, end, valid, rate_hz)
    low_s, high_s = max(0.0, hold_s - half_s - less_s), hold_s + half_s + more_s
    return Hold(start, end, hold_s, longest_s, low_s, high_s, len(parts) > 1, fading)


def hidden_s(timed: Timed, apex: int, start: float, end: float, valid: Bool, rate_hz: float) -> tuple[float, float]:
    """How much shorter and longer than from `start` to `end` (rows) the hold may be for what gaps hide, s."""
    into = 0.5 * (timed.departs[apex - 1].at + start)
    out = 0.5 * (timed.arrives[apex].at + end)
    if valid[max(int(into), 0) : int(max(start, out)) + 2].all():
        return 0.0, 0.0
    early, late = _gap_around(valid, into, start)
    early_end, late_end = _gap_around(valid, end, out)
    less = max(late - start, 0.0) + max(end - early_end, 0.0)
    more = max(start - early, 0.0) + max(late_end - end, 0.0)
    return less / rate_hz, more / rate_hz


def _gap_around(valid: Bool, first: float, last: float) -> tuple[float, float]:
    """From the beginning to the end of the gaps that touch rows first to last; (inf, -inf) if none does."""
    low, high = max(int(first), 0), min(int(last) + 1, len(valid) - 1)
    missing = np.flatnonzero(~valid[low : high + 1])
    if len(missing) == 0:
        return float("inf"), float("-inf")
    begin, stop = low + int(missing[0]), low + int(missing[-1])
    before, after = valid[:begin][::-1], valid[stop:]
    rows_before = int(before.argmax()) if before.any() else begin
    rows_after = int(after.argmax()) if after.any() else len(after)
    return float(begin - rows_before), float(stop + rows_after)


def hold_evidence(timed: Timed, apex: int, rate_hz: float, *, disturbed: bool, gyroscope: bool) -> HoldEvidence:
    """What is known of how sure the hold at turning point `apex` is."""
    error = math.hypot(timed.arrives[apex - 1].error, timed.departs[apex].error)
    moves = sum(timed.arrives[k].outer - timed.departs[k].outer for k in (apex - 1, apex))
    before, at, after = timed.levels_deg[apex - 1 : apex + 2].tolist()
    range_deg = max(abs(at - before), abs(after - at), 1e-9)
    return HoldEvidence(
        edge_error_s=error / rate_hz, moves_s=0.5 * moves / rate_hz,
        level_share=abs(after - before) / range_deg, disturbed=disturbed, gyroscope=gyroscope,
    )  # fmt: skip


def _fade_row(timed: Timed, sign: float, apex: int, start: float) -> float | None:
    """Row at which the angle has fallen by the plateau's share of the range for good; None if it never does."""
    first = round(start) - timed.first
    last = int(timed.run.points[apex + 1]) - timed.first + 1
    part = gaussian(sign * timed.angle[first:last], 3.0)
    if len(part) < 3:
        return None
    limit = float(np.max(part[: max(len(part) // 4, 3)])) - PLATEAU_SHARE * timed.run.amplitude_deg
    above = np.flatnonzero(part >= limit)
    return float(timed.first + first + above[-1] + 1) if len(above) and above[-1] + 1 < len(part) else None


def _undisturbed(timed: Timed, sign: float, apex: int, start: float, end: float) -> list[tuple[float, float]]:
    """Parts of the hold between dips; the whole hold if there is none."""
    first, last = round(start) - timed.first, round(end) - timed.first
    part = sign * timed.angle[first : last + 1]
    if len(part) < 3:
        return [(start, end)]
    depth = max(PLATEAU_SHARE * timed.run.amplitude_deg, DIP_SWAY * float(timed.sway_deg[apex]))
    level = quantile(part, 0.75)
    low = part < level - depth
    low[0] = low[-1] = False
    edges = (low[1:] != low[:-1]).nonzero()[0].tolist()
    marks = [start, *(float(timed.first + first + e) for e in edges), end]
    return list(zip(marks[0::2], marks[1::2], strict=True))
