"""From samples to steps of 40 ms: where up is now, and whether somebody walks. Plain Python floats.

A numpy call costs more than a whole packet does here. Own rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Up = tuple[float, float, float]

# The tracker's own step; below 20 Hz a 0.4 s move has too few rows, above 40 Hz only the cost grows.
STEP_S = 0.04
# Two equal one-pole filters take noise and impacts away; their delay is taken off every time that is told.
POLE_S = 0.06
DELAY_S = 2.0 * POLE_S
# By so much (s^2) they and the means of a step spread a move out in time.
SPREAD_S2 = 2.0 * POLE_S**2 + STEP_S**2 / 12.0
# Steps swing the norm of the acceleration (less what is slower) to and fro at 1 to 3 Hz; tremor is faster, and the
# filters above take it away. Beyond so much (m/s^2) on one side and then on the other is one swing; walking has
# some three in a second, so six within memory; a leg that is lifted fast gives two or three.
SWING = 0.4
SWINGS_MIN = 4.5
SLOW_POLE_S, SWING_POLE_S = 0.25, 2.0
# Longer without data: nobody knows what was done meanwhile.
LOST_S = 1.0


class Steps:
    """Means of STEP_S, smoothed; owns its state, which is plain numbers and can be pickled."""

    def __init__(self) -> None:
        self._restart()

    def _restart(self) -> None:
        self._sum = (0.0, 0.0, 0.0)
        self._count = 0
        self._until_s = -math.inf
        self._first: Up | None = None
        self._smooth: Up = (0.0, 0.0, 0.0)
        self._slow = 9.81
        self._swings = 0.0
        self._side = 1.0

    @property
    def walks(self) -> bool:
        """Somebody has been walking for some seconds now."""
        return self._swings > SWINGS_MIN

    def push(
        self,
        time_s: list[float],
        acc: list[list[float]],
        step: Callable[[float, Up], None],
        lost: Callable[[], None],
    ) -> None:
        """Takes samples in order, acc rows in m/s^2; calls `step` with time and direction of each full step.

        Rows that are not finite are skipped; a stretch without data of LOST_S or more calls `lost` and begins anew.
        """
        a, b, c = self._sum
        count, until_s = self._count, self._until_s
        for t, (x, y, z) in zip(time_s, acc, strict=True):
            if not x * x + y * y + z * z < math.inf:
                continue
            if t >= until_s:
                if t > until_s + LOST_S and until_s > -math.inf:
                    self._restart()
                    lost()
                elif count:
                    step(until_s - 0.5 * STEP_S - DELAY_S, self._up(a / count, b / count, c / count))
                a = b = c = 0.0
                count, until_s = 0, t + STEP_S - 1e-4
            a += x
            b += y
            c += z
            count += 1
        self._sum, self._count, self._until_s = (a, b, c), count, until_s

    def _up(self, x: float, y: float, z: float) -> Up:
        k = STEP_S / (POLE_S + STEP_S)
        if self._first is None:
            self._first = self._smooth = (x, y, z)
            self._slow = math.sqrt(x * x + y * y + z * z)
        a, b, c = self._first
        self._first = a, b, c = a + k * (x - a), b + k * (y - b), c + k * (z - c)
        p, q, r = self._smooth
        self._smooth = p, q, r = p + k * (a - p), q + k * (b - q), r + k * (c - r)
        size = math.sqrt(p * p + q * q + r * r) or 1e-9
        self._slow += (size - self._slow) * (STEP_S / (SLOW_POLE_S + STEP_S))
        self._swings *= 1.0 - STEP_S / SWING_POLE_S
        if (size - self._slow) * self._side < -SWING:
            self._side = -self._side
            self._swings += 1.0
        return (p / size, q / size, r / size)


def angle_deg(a: Up, b: Up) -> float:
    """Angle between unit vectors, exact for small ones."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return math.degrees(2.0 * math.asin(min(1.0, 0.5 * math.sqrt(x * x + y * y + z * z))))


def nearer(a: Up, b: Up, share: float) -> Up:
    """a, moved by this share of the way to b."""
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2]))
