"""The last seconds of a tracked direction: how the angle from a pose went, and when it crossed a level."""

from __future__ import annotations

import math
from bisect import bisect_left

from sciatrack_signal.exercises import USUAL_ABOVE_M
from sciatrack_signal.live_steps import SPREAD_S2, STEP_S, Up, angle_deg
from sciatrack_signal.moves import (
    EDGE_SPEED_SHARE,
    LATE_CROSSING,
    LEAST_REACH,
    MINIMUM_JERK_T90,
    PROFILE_SD_SHARE,
    later_by_crossing,
    longer_s2,
    minimum_jerk_reach,
)

# Ten seconds: the longest move, and what is looked at after it.
KEPT_STEPS = round(10.0 / STEP_S)
# Whether a move goes on is asked of two stretches, each this share of how long it has lasted, in steps within
# these bounds: a move at an even pace then always grows by a quarter, however slow it is.
PACE = 0.25
SHORT_STEPS, LONG_STEPS = 5, 25
# As in `moves`, of minimum jerk: the time from its half to its nine tenths as a share of its whole time, its peak
# speed over its mean speed; with them the two crossings say when its speed falls to a tenth of the peak.
RISE_SHARE = MINIMUM_JERK_T90 - 0.5
PEAK_OF_MEAN = 1.875
REACH = minimum_jerk_reach(EDGE_SPEED_SHARE)
# A hold's level is the median of so many steps (0.6 s, as in `dwells`) from where it is within this share of the
# top; its plateau begins where the contract's hold has not faded.
LEVEL_STEPS = round(0.6 / STEP_S)
THERE_SHARE, NEAR_SHARE = 0.05, 0.85
# A departure is dated to within so much (s); what is looked at as one move begins by so much earlier.
BEFORE_S = 0.2
# What is taken off a rise for looking longer leaves this share.
SHORTEST_RISE = 0.3


class Past:
    """Steps of the last seconds and their angle (deg) from the pose `of`; plain data.

    above_m : how far the sensor stands above what it turns about (`View.above_m`); longer_s2 : as in `moves`.
    """

    def __init__(self, above_m: float = USUAL_ABOVE_M) -> None:
        self.longer_s2 = longer_s2(SPREAD_S2, above_m)
        self._times: list[float] = []
        self._ups: list[Up] = []
        self._angles: list[float] = []  # 0.0 from before there was a pose to measure from
        self.of: Up | None = None

    def add(self, time_s: float, up: Up) -> float:
        """The new step's angle; 0.0 while there is no pose to measure from."""
        if len(self._times) >= 2 * KEPT_STEPS:
            self._drop()
        away = 0.0 if self.of is None else angle_deg(up, self.of)
        self._times.append(time_s)
        self._ups.append(up)
        self._angles.append(away)
        return away

    def _drop(self) -> None:
        for kept in (self._times, self._ups, self._angles):
            del kept[:-KEPT_STEPS]

    def measure_from(self, pose: Up) -> float:
        """Measures all angles from another pose from now on, the past ones too; the newest angle."""
        self.of = pose
        self._drop()
        self._angles = [angle_deg(up, pose) for up in self._ups]
        return self._angles[-1]

    def mean_up(self) -> Up | None:
        """Where up was in the last fifth of a second; None before the first step."""
        total = [sum(parts) for parts in zip(*self._ups[-SHORT_STEPS:], strict=True)]
        size = math.hypot(*total)
        return (total[0] / size, total[1] / size, total[2] / size) if size else None

    def turned_deg(self) -> float:
        """How far the direction turned in the last 0.4 s; inf before there are so many steps."""
        back = 2 * SHORT_STEPS
        return angle_deg(self._ups[-1], self._ups[-back]) if len(self._ups) >= back else math.inf

    def growth_deg(self, lasted_s: float = 0.0) -> float:
        """Change of the mean angle from one stretch to the next, each a quarter as long as the move has lasted."""
        width = min(max(round(PACE * lasted_s / STEP_S), SHORT_STEPS), LONG_STEPS)
        angles = self._angles
        if len(angles) < 2 * width:
            return math.inf
        return (sum(angles[-width:]) - sum(angles[-2 * width : -width])) / width

    def speed_dps(self) -> float:
        """How fast the angle grows, over two fifths of a second; -inf before there are so many."""
        growth = self.growth_deg()
        return growth / (SHORT_STEPS * STEP_S) if growth < math.inf else -math.inf

    def mean_deg(self, steps: int = SHORT_STEPS) -> float:
        """Mean of the last angles."""
        last = self._angles[-steps:]
        return sum(last) / len(last)

    def went_on(self, since_s: float, least_deg: float) -> bool:
        """Whether the last 0.6 s lie further out by this than nearly all since then before: what only comes back to
        where it was swayed."""
        first, last = bisect_left(self._times, since_s), len(self._angles) - LEVEL_STEPS
        if last - first < LEVEL_STEPS:
            return False
        before, now = sorted(self._angles[first:last]), sorted(self._angles[last:])
        return now[len(now) // 2] > before[round(0.95 * (len(before) - 1))] + least_deg

    def since(self, start_s: float) -> tuple[list[float], list[float]]:
        """Times and angles from just before start_s on, copied."""
        first = bisect_left(self._times, start_s - BEFORE_S)
        return self._times[first:], self._angles[first:]

    def last_below(self, level_deg: float) -> float:
        """The last time at which the angle was not above the level."""
        return self._crossings((level_deg,), above=False)[0]

    def level_since(self, seen_s: float, base_deg: float) -> float:
        """The angle at which the move that was seen to be over at seen_s arrived, by what came after it, too.

        base_deg : where its last part began. The first LEVEL_STEPS of what is near the top count: later the hold
        may drift.
        """
        seen = bisect_left(self._times, seen_s)
        top = max(self._angles[seen : seen + LEVEL_STEPS], default=self._angles[-1])
        _, first = self._back_to(base_deg + NEAR_SHARE * (top - base_deg), seen)
        near = self._angles[first : max(first, seen) + 2 * LEVEL_STEPS]
        top = sorted(near)[round(0.9 * (len(near) - 1))]
        least = top - THERE_SHARE * (top - base_deg)
        there = next(k for k, angle in enumerate(near) if angle >= least)
        level = sorted(near[there : there + LEVEL_STEPS])
        return level[len(level) // 2]

    def arrival(self, level_deg: float, seen_s: float, base_deg: float = 0.0, peak_dps: float = 0.0) -> float:
        """When a move up to this level was over by the 10 % rule; it was seen to be over at seen_s.

        base_deg : where the last part of a move began that stopped on its way; peak_dps: the whole move's, whose
        tenth counts. inf where that part is slower throughout: the move was over before it.
        """
        rise = level_deg - base_deg
        half, at = self._back_to(base_deg + 0.5 * rise, bisect_left(self._times, seen_s))
        high = self._on_to(base_deg + 0.9 * rise, at)
        rise_s = max(self._true_rise(high - half), 1e-3)
        own_peak_dps = PEAK_OF_MEAN * rise * RISE_SHARE / rise_s
        share = EDGE_SPEED_SHARE
        if base_deg and own_peak_dps > 0:
            share *= max(peak_dps / own_peak_dps, 1.0)
        if share >= 1.0:
            return math.inf
        late_s = self._on_to(base_deg + LATE_CROSSING * rise, at) - half
        later = later_by_crossing(late_s / max(high - half, 1e-3))
        return half + max(minimum_jerk_reach(share) + later, LEAST_REACH) * rise_s

    def _back_to(self, level_deg: float, seen: int) -> tuple[float, int]:
        """When the angle rose above the level for the last time up to the step `seen`, else for the first time
        after it; and the step there."""
        at, last = min(seen, len(self._angles) - 1), len(self._angles) - 1
        if self._angles[at] < level_deg:
            while at < last and self._angles[at] < level_deg:
                at += 1
        else:
            while at > 0 and self._angles[at - 1] >= level_deg:
                at -= 1
        return self._between(level_deg, at), at

    def _on_to(self, level_deg: float, at: int) -> float:
        """The first time from this step on at which the angle is not below the level; the last step if never."""
        angles = self._angles
        while at < len(angles) and angles[at] < level_deg:
            at += 1
        return self._between(level_deg, at)

    def _between(self, level_deg: float, at: int) -> float:
        """When the angle passed the level between the step before `at` and that one."""
        times, angles = self._times, self._angles
        if at == 0 or at >= len(times):
            return times[min(at, len(times) - 1)]
        low, high = angles[at - 1], angles[at]
        share = (level_deg - low) / (high - low) if high > low else 1.0
        return times[at - 1] + min(max(share, 0.0), 1.0) * (times[at] - times[at - 1])

    def departure(self, level_deg: float) -> float:
        """When the move that left this level began, seen once the angle is below its half."""
        half, high = self._crossings((0.5 * level_deg, 0.9 * level_deg), above=True)
        return half - REACH * self._true_rise(half - high)

    def back_at_rest(self, level_deg: float) -> float:
        """When the return from this level is over, seen once the angle is below its tenth; may lie ahead."""
        low, half = self._crossings((0.1 * level_deg, 0.5 * level_deg), above=True)
        return half + REACH * self._true_rise(low - half)

    def _crossings(self, levels: tuple[float, ...], *, above: bool) -> list[float]:
        """Last times at which the angle was above (not above) each level, levels in the order met backwards."""
        found: list[float] = []
        later_s, later = 0.0, math.nan
        for time_s, angle in zip(reversed(self._times), reversed(self._angles), strict=True):
            while len(found) < len(levels) and (angle >= levels[len(found)]) == above:
                share = (levels[len(found)] - angle) / (later - angle) if later != angle else 0.0
                found.append(time_s if math.isnan(share) else time_s + (later_s - time_s) * share)
            if len(found) == len(levels):
                return found
            later_s, later = time_s, angle
        return found + [self._times[0]] * (len(levels) - len(found))

    def _true_rise(self, rise_s: float) -> float:
        """A time from half-way to 90 % without what makes it look longer, or shorter."""
        longer = self.longer_s2 / PROFILE_SD_SHARE**2
        return math.sqrt(max(rise_s * rise_s - longer, (SHORTEST_RISE * rise_s) ** 2))
