"""The edges of one move by itself, by the rule of moves.py: what `edges` says of many at once.

For one move this costs a sixth of what `edges` does, and while somebody moves there is only one; for the moves of a
recording it costs about three times as much.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sciatrack_signal.moves import (
    EARLY_MAX_WINDOWS,
    EARLY_SHARE,
    EDGE_SPEED_SHARE,
    LATE_CROSSING,
    LEAST_REACH,
    LEAST_RISE_ROWS,
    MINIMUM_JERK_T90,
    MOVING_SHARE,
    PER_SLOWING,
    PER_SWAY,
    PROFILE_SD_SHARE,
    SHAPE_ERROR,
    SHAPE_MOST,
    SLOW_WINDOW,
    SLOW_WINDOW_SHARE,
    SLOWING_MINIMUM_JERK,
    SLOWING_SIGMA_LEAST,
    SLOWING_SIGMA_SHARE,
    SLOWING_SPEED_SHARE,
    STEP_MAX_SHARE,
    STEP_MIN_SHARE,
    STEP_NOISE,
    STEP_SIGMA_ROWS,
    STOP_LEAST_ROWS,
    STOP_NOISE,
    STOP_PART_MAX,
    STOP_PART_MIN,
    STOP_SIGMA_LEAST,
    STOP_SIGMA_SHARE,
    STOP_SPEED_SHARE,
    SWAY_ERROR,
    SWAY_MOST,
    UPPER_CROSSING,
    Edge,
    later_by_crossing,
    minimum_jerk_reach,
)
from sciatrack_signal.order import median, quantile
from sciatrack_signal.smoothing import gaussian
from sciatrack_signal.turning import stretches

Float = npt.NDArray[np.float64]


def arrival(angle: Float, level: float, noise_deg: float, widened: float, stop_row: int | None = None) -> Edge:
    """The end of a move that goes from angle[0] to `level` (deg), upwards.

    angle (n,) from before the departure to after the arrival; noise_deg: sway about the plateau;
    widened: variance in rows^2 by which moves look longer than they are (smoothing of sigma: its square), negative
    where shorter; stop_row: where the last part of the move starts, if that is known (see `last_step`).
    """
    start = float(angle[0])
    span = level - start
    peak = peak_speed(angle)
    if stop_row is None:
        base_at, base = _last_stop(angle, start, span, noise_deg)
    else:
        base_at, base = stop_row, float(angle[stop_row])
    part = level - base
    if part < 1e-6 or peak < 1e-9:
        return Edge(float(len(angle) - 1), float(len(angle) - 1), 1.0, max(peak, 1e-9))
    half, rise = _half_and_rise(angle, base, part, base_at)
    true_rise = math.sqrt(max(rise**2 - widened / PROFILE_SD_SHARE**2, (0.3 * rise) ** 2))
    own_peak = 1.875 * part * (MINIMUM_JERK_T90 - 0.5) / true_rise
    ratio = EDGE_SPEED_SHARE if base_at == 0 else min(0.9, EDGE_SPEED_SHARE * max(peak / own_peak, 1.0))
    reach = minimum_jerk_reach(ratio)
    reach = max(reach + _unlike_minimum_jerk(angle, base, part, base_at, half, rise, noise_deg), LEAST_REACH)
    slope = 1.04 / 1.875 * own_peak
    error = math.hypot(SWAY_ERROR * reach * noise_deg / max(slope, 1e-9), SHAPE_ERROR * true_rise * reach)
    at, outer = half + reach * true_rise, half + 0.5 / (MINIMUM_JERK_T90 - 0.5) * true_rise
    return Edge(at, outer, error, own_peak if base_at == 0 else peak)


def last_step(
    angle: Float,
    plateau: int,
    peak_speed: float,
    noise_deg: float,
    window: int,
    times: float = STEP_NOISE,
    speed_share: float = EDGE_SPEED_SHARE,
    *,
    is_hold: bool = True,
) -> tuple[int | None, float]:
    """Where the last part of a move starts, if it goes on within the plateau, and the level it arrives at.

    angle (n,) from before the departure to the end of the plateau, upwards; plateau: first row within the plateau's
    share of the top; peak_speed in deg per row; window: rows over which a level is taken; times: so many times the
    sway is a step, speed_share: faster than this share of the peak; is_hold: the plateau is known to be a hold that
    is arrived at, not left. A knee that is grasped and then drawn in stops
    short of the top and moves on by a few percent of the range.
    """
    part = gaussian(angle[plateau:], STEP_SIGMA_ROWS)
    reach = max(window, round(min(EARLY_SHARE * len(part), EARLY_MAX_WINDOWS * window)))
    fast = part[1 : reach + 1] - part[: min(reach, len(part) - 1)] > speed_share * peak_speed
    span = float(part.max()) - float(angle[0])
    sure = max(STEP_MIN_SHARE * span, STEP_NOISE * noise_deg)
    least = max(STEP_MIN_SHARE * span, times * noise_deg)
    told = least <= STEP_MAX_SHARE * span and fast.any()  # else too shaky to tell a step from sway, or no step
    for start, end in reversed(stretches(fast)) if told else ():
        before = part[:start]  # all of it: what only comes back to where it was is a dip
        if start < STEP_SIGMA_ROWS or part[end] - part[start] < least or len(before) < STEP_SIGMA_ROWS:
            continue
        after = median(part[end : end + window])
        if after - quantile(before, 0.95) > 0.5 * least:
            return plateau + start, after
    if len(part) <= window:
        return None, float(angle[plateau:].max())
    top = quantile(part[: 2 * window], 0.9)
    there = int((part >= top - max(sure, noise_deg)).argmax())
    level = median(part[there : there + window])
    if not is_hold:
        return None, level
    _, rise = _half_and_rise(angle, float(angle[0]), level - float(angle[0]), 0)
    slow = round(min(SLOW_WINDOW * rise, SLOW_WINDOW_SHARE * (len(part) - there)))
    return None, level if slow <= window else median(part[there : there + slow])


def _half_and_rise(angle: Float, base: float, part: float, base_at: int) -> tuple[float, float]:
    """Fractional row of the half-way crossing, and rows from there to the upper crossing."""
    half = _first_crossing(angle, base + 0.5 * part, base_at)
    upper = _first_crossing(angle, base + UPPER_CROSSING * part, int(half))
    return half, max(upper - half, LEAST_RISE_ROWS)


def _unlike_minimum_jerk(
    angle: Float, base: float, part: float, base_at: int, half: float, rise: float, noise_deg: float
) -> float:  # fmt: skip
    """How much later the move ends than one of minimum jerk, in times from half-way to 90 % (`rise`, rows)."""
    first = int(half)
    late = (_first_crossing(angle, base + LATE_CROSSING * part, first) - half) / rise
    smooth = gaussian(angle[base_at:], max(SLOWING_SIGMA_LEAST, SLOWING_SIGMA_SHARE * rise))
    speed = smooth[1:] - smooth[:-1]
    beyond = speed[first - base_at :]
    slow = beyond < SLOWING_SPEED_SHARE * float(speed.max(initial=1e-9))
    rows = int(slow.argmax()) if slow.any() else len(beyond)
    return (
        later_by_crossing(late)
        + PER_SLOWING * min(max(rows / rise - SLOWING_MINIMUM_JERK, -SHAPE_MOST), SHAPE_MOST)
        + PER_SWAY * min(noise_deg / part, SWAY_MOST)
    )


def peak_speed(angle: Float) -> float:
    """Highest speed upwards (deg per row, 0 if none) of a mean over three rows: one row of noise is no peak."""
    speed = angle[1:] - angle[:-1]
    if len(speed) < 3:
        return float(speed.max(initial=0.0))
    three = speed[:-2] + speed[1:-1]
    three += speed[2:]
    first, last = speed[0] + speed[0] + speed[1], speed[-2] + speed[-1] + speed[-1]
    return max(float(three.max()), float(first), float(last), 0.0) / 3.0


def _last_stop(angle: Float, start: float, span: float, noise_deg: float) -> tuple[int, float]:
    """Row and angle of the last stop inside the move; the start of the move if there is none."""
    part_min = max(STOP_PART_MIN, STOP_NOISE * noise_deg / max(span, 1e-9))
    if part_min > STOP_PART_MAX:
        return 0, start
    moving = (angle > start + 0.1 * span) & (angle < start + 0.9 * span)
    inside = moving.nonzero()[0]
    rows = int(inside[-1] - inside[0]) if len(inside) else 0
    smooth = gaussian(angle, max(STOP_SIGMA_LEAST, STOP_SIGMA_SHARE * rows))
    calm = smooth[1:] - smooth[:-1]
    peak = float(calm.max(initial=0.0))
    arrived = smooth >= start + (1.0 - STOP_SPEED_SHARE * STOP_PART_MIN) * span
    there = int(arrived.argmax())
    calm = calm[: there if arrived[there] else len(calm)]
    if len(calm) < STOP_LEAST_ROWS:
        return 0, start
    share = (smooth[1 : len(calm) - 1] - start) / max(span, 1e-9)
    slow = (calm[1:-1] < STOP_SPEED_SHARE * peak) & (share > part_min) & (share < 1.0 - part_min)
    low = slow.nonzero()[0] + 1
    if len(low) == 0:
        return 0, start
    low = low[(calm[low] <= calm[low - 1]) & (calm[low] <= calm[low + 1])]
    for at in low[::-1]:  # a stop counts if the move was fast before it and picks up speed after it
        if min(calm[at:].max(), calm[:at].max()) > MOVING_SHARE * peak:
            return int(at), float(smooth[at])
    return 0, start


def _first_crossing(angle: Float, value: float, start: int) -> float:
    """Fractional row at or after `start` at which the angle first reaches `value`; the last row if never."""
    above = angle[start:] >= value
    at = start + int(above.argmax())
    if not above[at - start]:
        return float(len(angle) - 1)
    if at == start:
        return float(at)
    low, high = float(angle[at - 1]), float(angle[at])
    return at - 1 + (value - low) / max(high - low, 1e-12)
