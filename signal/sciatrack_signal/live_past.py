"""The last seconds of a tracked direction: how the angle from a pose went, and when it crossed a level."""

from __future__ import annotations

import math
from collections import deque
from itertools import islice

from sciatrack_signal.live_steps import STEP_S, Up, angle_deg
from sciatrack_signal.moves import EDGE_SPEED_SHARE, MINIMUM_JERK_T90

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
REACH = 0.5 * math.sqrt(1.0 - math.sqrt(EDGE_SPEED_SHARE)) / RISE_SHARE
# The filters of a step make that rise longer by so much (s), and never by more than leaves this share.
SMEAR_S = 0.11
SHORTEST_RISE = 0.3


class Past:
    """Steps of the last seconds and their angle (deg) from the pose `of`; plain data."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, Up]] = deque(maxlen=KEPT_STEPS)
        self._angles: deque[float] = deque(maxlen=2 * LONG_STEPS)
        self.of: Up | None = None

    def add(self, time_s: float, up: Up) -> float:
        """The new step's angle; 0.0 while there is no pose to measure from."""
        self._steps.append((time_s, up))
        if self.of is None:
            return 0.0
        away = angle_deg(up, self.of)
        self._angles.append(away)
        return away

    def measure_from(self, pose: Up) -> float:
        """Measures all angles from another pose from now on, the past ones too; the newest angle."""
        self.of = pose
        recent = islice(self._steps, max(0, len(self._steps) - 2 * LONG_STEPS), None)
        self._angles = deque((angle_deg(up, pose) for _, up in recent), maxlen=2 * LONG_STEPS)
        return self._angles[-1]

    def mean_up(self) -> Up | None:
        """Where up was in the last fifth of a second; None before the first step."""
        ups = [up for _, up in islice(self._steps, max(0, len(self._steps) - SHORT_STEPS), None)]
        total = [sum(parts) for parts in zip(*ups, strict=True)]
        size = math.hypot(*total)
        return (total[0] / size, total[1] / size, total[2] / size) if size else None

    def turned_deg(self) -> float:
        """How far the direction turned in the last 0.4 s; inf before there are so many steps."""
        back = 2 * SHORT_STEPS
        return angle_deg(self._steps[-1][1], self._steps[-back][1]) if len(self._steps) >= back else math.inf

    def growth_deg(self, lasted_s: float = 0.0) -> float:
        """Change of the mean angle from one stretch to the next, each a quarter as long as the move has lasted."""
        width = min(max(round(PACE * lasted_s / STEP_S), SHORT_STEPS), LONG_STEPS)
        angles, n = self._angles, len(self._angles)
        if n < 2 * width:
            return math.inf
        now, before = islice(angles, n - width, None), islice(angles, n - 2 * width, n - width)
        return (sum(now) - sum(before)) / width

    def speed_dps(self) -> float:
        """How fast the angle grows, over two fifths of a second; -inf before there are so many."""
        growth = self.growth_deg()
        return growth / (SHORT_STEPS * STEP_S) if growth < math.inf else -math.inf

    def mean_deg(self, steps: int = SHORT_STEPS) -> float:
        """Mean of the last angles."""
        n = min(steps, len(self._angles))
        return sum(islice(self._angles, len(self._angles) - n, None)) / n

    def last_below(self, level_deg: float) -> float:
        """The last time at which the angle was not above the level."""
        return self._crossings((level_deg,), above=False)[0]

    def arrival(self, level_deg: float, base_deg: float = 0.0, peak_dps: float = 0.0) -> float:
        """When a move up to this level was over by the 10 % rule.

        base_deg : where the last part of a move began that stopped on its way; peak_dps: the whole move's, whose
        tenth counts. inf where that part is slower throughout: the move was over before it.
        """
        rise = level_deg - base_deg
        high, half = self._crossings((base_deg + 0.9 * rise, base_deg + 0.5 * rise), above=False)
        rise_s = max(_true_rise(high - half), 1e-3)
        own_peak_dps = PEAK_OF_MEAN * rise * RISE_SHARE / rise_s
        share = (
            EDGE_SPEED_SHARE * max(peak_dps / own_peak_dps, 1.0)
            if base_deg and own_peak_dps > 0
            else EDGE_SPEED_SHARE
        )
        return half + 0.5 * math.sqrt(1.0 - math.sqrt(share)) / RISE_SHARE * rise_s if share < 1.0 else math.inf

    def departure(self, level_deg: float) -> float:
        """When the move that left this level began, seen once the angle is below its half."""
        half, high = self._crossings((0.5 * level_deg, 0.9 * level_deg), above=True)
        return half - REACH * _true_rise(half - high)

    def back_at_rest(self, level_deg: float) -> float:
        """When the return from this level is over, seen once the angle is below its tenth; may lie ahead."""
        low, half = self._crossings((0.1 * level_deg, 0.5 * level_deg), above=True)
        return half + REACH * _true_rise(low - half)

    def _crossings(self, levels: tuple[float, ...], *, above: bool) -> list[float]:
        """Last times at which the angle was above (not above) each level, levels in the order met backwards."""
        found: list[float] = []
        later_s, later = 0.0, math.nan
        assert self.of is not None
        for time_s, up in reversed(self._steps):
            angle = angle_deg(up, self.of)
            while len(found) < len(levels) and (angle >= levels[len(found)]) == above:
                share = (levels[len(found)] - angle) / (later - angle) if later != angle else 0.0
                found.append(time_s if math.isnan(share) else time_s + (later_s - time_s) * share)
            if len(found) == len(levels):
                return found
            later_s, later = time_s, angle
        return found + [self._steps[0][0]] * (len(levels) - len(found))


def _true_rise(rise_s: float) -> float:
    return math.sqrt(max(rise_s * rise_s - SMEAR_S * SMEAR_S, (SHORTEST_RISE * rise_s) ** 2))
