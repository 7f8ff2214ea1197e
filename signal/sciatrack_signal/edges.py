"""The edges of many moves at once, by the rule of moves.py; of one by itself: one_move.py.

Each of a set's moves is looked at forwards and backwards in time, in a dozen steps. A step is taken for all moves
together; what is left for each is a few numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sciatrack_signal.moves import (
    EARLY_MAX_WINDOWS,
    EARLY_SHARE,
    EDGE_SPEED_SHARE,
    LATE_CROSSING,
    LATE_MINIMUM_JERK,
    LEAST_REACH,
    LEAST_RISE_ROWS,
    MINIMUM_JERK_T90,
    MOVING_SHARE,
    PER_LATE,
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
)
from sciatrack_signal.order import median, quantile
from sciatrack_signal.ragged import Ragged, medians, quantiles, ragged
from sciatrack_signal.turning import stretches

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

# Marks a move that has no such row; no row is below 0.
NO_ROW = -1


@dataclass(frozen=True, eq=False)
class Ways:
    """k moves, each from a pose to the end of the next one's plateau, upwards.

    rows : the angle (deg) from before the departure on. plateau (k) : the first row within the plateau's share of
    the top. peak_speed (k) deg per row, of the stroke. sway_deg (k) about the plateau. window : rows over which a
    level is taken.
    """

    rows: Ragged
    plateau: Int
    peak_speed: Float
    sway_deg: Float
    window: int

    @cached_property
    def plateaus(self) -> Ragged:
        """The angle on each plateau, smoothed for its speed."""
        parts = self.rows.tails(self.plateau)
        return parts.smoothed(np.full(len(self.plateau), float(STEP_SIGMA_ROWS)))

    @cached_property
    def range_deg(self) -> Float:
        """(k,) from the pose to the highest of the plateau."""
        return self.plateaus.largest() - self.rows.value(0)


def last_steps(ways: Ways, times: float, speed_share: float) -> tuple[Int, Float]:
    """Where the last part of each move starts, if it goes on within the plateau, and the level it arrives at: (k,)
    rows, NO_ROW where it does not, and (k,) deg.

    times : so many times the sway is a step, speed_share : faster than this share of the peak. A knee that is
    grasped and then drawn in stops short of the top and moves on by a few percent of the range.
    """
    parts, span, window = ways.plateaus, ways.range_deg, ways.window
    step, level = np.full(len(span), NO_ROW), np.zeros(len(span))
    least = np.maximum(STEP_MIN_SHARE * span, times * ways.sway_deg)
    told = least <= STEP_MAX_SHARE * span  # else too shaky to tell a step from sway
    if not told.any():
        return step, level
    reach = np.rint(np.minimum(EARLY_SHARE * parts.lengths, EARLY_MAX_WINDOWS * window)).astype(np.int64)
    reach = np.minimum(np.maximum(reach, window), parts.lengths - 1)
    reach[~told] = 0
    speed = _speed(parts.values)
    fast = (speed > parts.each(speed_share * ways.peak_speed)) & (parts.at < parts.each(reach))
    marks = np.array(stretches(fast), dtype=np.int64).reshape(-1, 2)
    of = np.searchsorted(parts.starts, marks[:, 0], side="right") - 1
    start = marks[:, 0] - parts.starts[of]
    large = parts.values[marks[:, 1]] - parts.values[marks[:, 0]] >= least[of]
    for k in ((start >= STEP_SIGMA_ROWS) & large).nonzero()[0][::-1].tolist():
        way, first = int(of[k]), int(parts.starts[of[k]])
        if step[way] != NO_ROW:
            continue
        end, over = int(marks[k, 1]), first + int(parts.lengths[way])
        after = median(parts.values[end : min(end + window, over)])
        before = parts.values[first : int(marks[k, 0])]  # all of it: what only comes back to where it was is a dip
        if after - quantile(before, 0.95) > 0.5 * least[way]:
            step[way], level[way] = ways.plateau[way] + start[k], after
    return step, level


def levels(ways: Ways, is_hold: Bool) -> Float:
    """(k,) level (deg) that each move arrives at if it has no step.

    is_hold (k,) : the plateau is known to be a hold that is arrived at, not left.
    """
    parts, window = ways.plateaus, ways.window
    out = ways.rows.tails(ways.plateau).largest()
    long = parts.lengths > window
    if not long.any():
        return out
    starts, lengths = parts.starts[long], parts.lengths[long]
    top = np.full(len(out), -np.inf)
    top[long] = quantiles(parts.values, starts, np.minimum(lengths, 2 * window), 0.9)
    sure = np.maximum(STEP_MIN_SHARE * ways.range_deg, STEP_NOISE * ways.sway_deg)
    there = parts.first(parts.values >= parts.each(top - np.maximum(sure, ways.sway_deg)))
    left = parts.lengths - there
    out[long] = medians(parts.values, starts + there[long], np.minimum(left[long], window))
    if not (long & is_hold).any():
        return out
    base = ways.rows.value(0)
    _, rise = _half_and_rise(ways.rows, base, out - base, np.zeros(len(out), dtype=np.int64))
    slow = np.rint(np.minimum(SLOW_WINDOW * rise, SLOW_WINDOW_SHARE * left)).astype(np.int64)
    longer = long & is_hold & (slow > window)
    if longer.any():
        out[longer] = medians(parts.values, (parts.starts + there)[longer], np.minimum(slow, left)[longer])
    return out


def arrivals(rows: Ragged, level: Float, noise_deg: Float, widened: Float, stop_row: Int) -> list[Edge]:
    """The end of each move that goes from the first of its rows (deg) to its `level` (k,), upwards.

    rows : from before the departure to after the arrival; noise_deg (k,) : sway about the plateau; widened (k,) :
    variance in rows^2 by which moves look longer than they are (smoothing of sigma: its square), negative where
    shorter; stop_row (k,) : where the last part of the move starts, NO_ROW if that is not known (see `last_steps`).
    """
    peak = peak_speeds(rows)
    base_at, base = _last_stops(rows, level, noise_deg, stop_row)
    part = level - base
    half, rise = _half_and_rise(rows, base, part, base_at)
    none = (part < 1e-6) | (peak < 1e-9)
    part, whole = np.where(none, 1.0, part), base_at == 0
    later = _unlike_minimum_jerk(rows, base, part, base_at, half, rise, noise_deg)
    true_rise = np.sqrt(np.maximum(rise**2 - widened / PROFILE_SD_SHARE**2, (0.3 * rise) ** 2))
    own_peak = 1.875 * part * (MINIMUM_JERK_T90 - 0.5) / true_rise
    share = EDGE_SPEED_SHARE * np.where(whole, 1.0, np.maximum(peak / own_peak, 1.0))
    minimum_jerk = 0.5 * np.sqrt(1.0 - np.sqrt(np.minimum(share, 0.9))) / (MINIMUM_JERK_T90 - 0.5)
    reach = np.maximum(minimum_jerk + later, LEAST_REACH)
    slope = 1.04 / 1.875 * own_peak
    error = np.hypot(SWAY_ERROR * reach * noise_deg / np.maximum(slope, 1e-9), SHAPE_ERROR * true_rise * reach)
    outer = half + 0.5 / (MINIMUM_JERK_T90 - 0.5) * true_rise
    last = rows.lengths - 1.0
    columns = (
        np.where(none, last, half + reach * true_rise), np.where(none, last, outer), np.where(none, 1.0, error),
        np.where(none, np.maximum(peak, 1e-9), np.where(whole, own_peak, peak)),
    )  # fmt: skip
    return [Edge(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]


def _unlike_minimum_jerk(
    rows: Ragged, base: Float, part: Float, base_at: Int, half: Float, rise: Float, noise_deg: Float
) -> Float:  # fmt: skip
    """(k,) how much later each move ends than one of minimum jerk, in times from half-way to 90 % (`rise`)."""
    first = half.astype(np.int64)
    late = (_first_crossings(rows, base + LATE_CROSSING * part, first) - half) / rise
    slowing = _slowing_rows(rows.tails(base_at), first - base_at, rise) / rise
    return (
        PER_LATE * np.clip(late - LATE_MINIMUM_JERK, -SHAPE_MOST, SHAPE_MOST)
        + PER_SLOWING * np.clip(slowing - SLOWING_MINIMUM_JERK, -SHAPE_MOST, SHAPE_MOST)
        + PER_SWAY * np.minimum(noise_deg / part, SWAY_MOST)
    )


def peak_speeds(rows: Ragged) -> Float:
    """(k,) highest speed upwards of each row (deg per row, 0 if none) of a mean over three: one row of noise is no
    peak."""
    speed = _speed(rows.values)
    count = rows.lengths - 1
    three = np.full(len(speed), -np.inf)
    three[:-2] = speed[:-2] + speed[1:-1]
    three[:-2] += speed[2:]
    three[rows.at >= rows.each(count - 2)] = -np.inf
    last = rows.starts + np.maximum(count - 1, 0)
    before = rows.starts + np.maximum(count - 2, 0)
    ends = np.maximum(
        speed[rows.starts] + speed[rows.starts] + speed[np.minimum(rows.starts + 1, len(speed) - 1)],
        speed[before] + speed[last] + speed[last],
    )
    peak = np.maximum(np.maximum(rows.largest(three), ends), 0.0) / 3.0
    for k in (count < 3).nonzero()[0].tolist():
        peak[k] = speed[rows.starts[k] : rows.starts[k] + count[k]].max(initial=0.0)
    return peak


def _speed(values: Float) -> Float:
    """(n,) change from each row to the next; what the last one of each row of `Ragged` says is about no row."""
    speed = np.zeros(len(values))
    np.subtract(values[1:], values[:-1], out=speed[:-1])
    return speed


def _last_stops(rows: Ragged, level: Float, noise_deg: Float, stop_row: Int) -> tuple[Int, Float]:
    """Row and angle of the last stop inside each move; the start of the move if there is none."""
    start = rows.value(0)
    known = stop_row != NO_ROW
    at = np.where(known, stop_row, 0)
    base = rows.value(at)
    span = level - start
    part_min = np.maximum(STOP_PART_MIN, STOP_NOISE * noise_deg / np.maximum(span, 1e-9))
    asked = ~known & (part_min <= STOP_PART_MAX)
    if not asked.any():
        return at, base
    if not asked.all():
        some = ragged(rows.values, rows.starts[asked], rows.lengths[asked])
        at[asked], base[asked] = _stops(some, start[asked], span[asked], part_min[asked])
        return at, base
    return _stops(rows, start, span, part_min)


def _stops(rows: Ragged, start: Float, span: Float, part_min: Float) -> tuple[Int, Float]:
    """As `_last_stops` for moves of which stops can be told from sway."""
    at, base = np.zeros(len(start), dtype=np.int64), start.copy()
    moving = (rows.values > rows.each(start + 0.1 * span)) & (rows.values < rows.each(start + 0.9 * span))
    lasts = np.maximum(rows.last(moving) - rows.first(moving), 0)
    smooth = rows.smoothed(np.maximum(STOP_SIGMA_LEAST, STOP_SIGMA_SHARE * lasts)).values
    calm = _speed(smooth)
    calm[rows.starts + rows.lengths - 1] = 0.0
    peak = rows.largest(calm)
    arrived = smooth >= rows.each(start + (1.0 - STOP_SPEED_SHARE * STOP_PART_MIN) * span)
    count = np.minimum(rows.first(arrived), rows.lengths - 1)
    count[count < STOP_LEAST_ROWS] = 0
    share = (smooth - rows.each(start)) / rows.each(np.maximum(span, 1e-9))
    slow = calm < rows.each(STOP_SPEED_SHARE * peak)
    slow &= (share > rows.each(part_min)) & (share < rows.each(1.0 - part_min))
    slow &= (rows.at >= 1) & (rows.at < rows.each(count - 1))
    low = slow.nonzero()[0]
    low = low[(calm[low] <= calm[low - 1]) & (calm[low] <= calm[low + 1])]
    for k in low[::-1].tolist():  # a stop counts if the move was fast before it and picks up speed after it
        way = int(np.searchsorted(rows.starts, k, side="right")) - 1
        first = int(rows.starts[way])
        if at[way] == 0 and min(calm[k : first + count[way]].max(), calm[first:k].max()) > MOVING_SHARE * peak[way]:
            at[way], base[way] = k - first, smooth[k]
    return at, base


def _half_and_rise(rows: Ragged, base: Float, part: Float, base_at: Int) -> tuple[Float, Float]:
    """Fractional row of the half-way crossing, and rows from there to the upper crossing, of each move."""
    half = _first_crossings(rows, base + 0.5 * part, base_at)
    upper = _first_crossings(rows, base + UPPER_CROSSING * part, half.astype(np.int64))
    return half, np.maximum(upper - half, LEAST_RISE_ROWS)


def _first_crossings(rows: Ragged, value: Float, start: Int) -> Float:
    """(k,) fractional row from `start` (k,) on at which the angle first reaches `value` (k,); the last if never."""
    at = rows.first((rows.values >= rows.each(value)) & (rows.at >= rows.each(start)))
    never = at == rows.lengths
    at[never] -= 1
    low, high = rows.value(np.maximum(at - 1, 0)), rows.value(at)
    within = at - 1 + (value - low) / np.maximum(high - low, 1e-12)
    return np.where(never | (at == start), at.astype(np.float64), within)


def _slowing_rows(rows: Ragged, half: Int, rise: Float) -> Int:
    """(k,) rows from half way on until the speed is down to a fifth of its peak; to the end if it never is."""
    smooth = rows.smoothed(np.maximum(SLOWING_SIGMA_LEAST, SLOWING_SIGMA_SHARE * rise))
    speed = _speed(smooth.values)
    last = rows.starts + rows.lengths - 1
    speed[last] = -np.inf  # ends what is sought, and is no peak
    peak = np.maximum(rows.largest(speed), 1e-9)
    slow = (speed < rows.each(SLOWING_SPEED_SHARE * peak)) & (rows.at >= rows.each(half))
    return rows.first(slow) - half
