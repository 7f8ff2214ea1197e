"""What a person on the mat is doing just now: rest, moving or holding, sample by sample in plain Python floats.

Answers from here are provisional: `online` puts those of the whole analysis in their place when there is rest. A
numpy call costs more than a whole packet does here. Own rule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# The tracker's own step; below 20 Hz a 0.4 s move has too few rows, above 40 Hz only the cost grows.
STEP_S = 0.04
# Two equal one-pole filters take noise and impacts away; their delay is taken off every time that is told.
POLE_S = 0.06
DELAY_S = 2.0 * POLE_S
# Speed is taken over this many steps: one step is noise, five blur the end of a 0.4 s move.
SPEED_STEPS = 3
# Below this (deg/s) or below this share of the move's peak nothing moves (contract: 10 % of the peak).
STILL_DPS = 4.0
STILL_SHARE = 0.10
# Stillness that is believed; shorter, the slow top of a move without pause is a hold; longer, the timer is late.
STILL_S = 0.32
# A departure turns at least this share of the smallest range, and at least so many degrees.
DEPART_SHARE = 0.35
DEPART_MIN_DEG = 1.5
# A return has left the hold by this share of the range, and is over below this share.
LEAVE_SHARE = 0.30
BACK_SHARE = 0.45
# A pose kept longer than this is no hold but a new rest pose (a hold of 30 s kept three times as long).
HOLD_MAX_S = 90.0
# Shaking of steps (m/s^2, mean absolute change of the norm from step to step).
SHAKING = 1.2
SHAKING_POLE_S = 0.7


@dataclass(frozen=True)
class Seen:
    """Something the tracker noticed at time_s; times of a move that began or ended earlier are back-dated."""

    kind: str  # rep_started hold_started hold_ended rep_done rep_withdrawn
    time_s: float


@dataclass
class Move:
    """The rep in progress; seconds on the recording's clock, degrees from the rest pose."""

    start_s: float
    hold_start_s: float | None = None
    hold_end_s: float | None = None
    end_s: float | None = None
    top_deg: float = 0.0
    top_s: float = 0.0
    peak_dps: float = 0.0


class LiveTracker:
    """A state machine over means of STEP_S; owns its state, which is plain numbers and can be pickled."""

    def __init__(self, min_range_deg: float) -> None:
        self.min_range_deg = min_range_deg
        self.phase = "rest"
        self.move: Move | None = None
        self.last: Move | None = None
        self.time_s = -math.inf
        self._depart_deg = max(DEPART_MIN_DEG, DEPART_SHARE * min_range_deg)
        self._restart()

    def _restart(self) -> None:
        """Forgets all poses: at the beginning and after a gap."""
        self.phase, self.move = "rest", None
        self._sum = [0.0, 0.0, 0.0]
        self._count = 0
        self._until_s = -math.inf
        self._first: tuple[float, float, float] | None = None
        self._up: tuple[float, float, float] = (0.0, 0.0, 1.0)
        self._past: list[tuple[float, float, float]] = []
        self._rest: tuple[float, float, float] | None = None
        self._smooth: tuple[float, float, float] = (0.0, 0.0, 0.0)
        self._still_from_s = math.inf
        self._rest_left_s = self._hold_left_s = 0.0
        self._low_deg = self._low_s = 0.0
        self._norm = 9.81
        self._shaking = 0.0

    def push(self, time_s: list[float], acc: list[list[float]]) -> list[Seen]:
        """Takes samples in order; acc rows in m/s^2. Rows that are not finite are skipped."""
        seen: list[Seen] = []
        total = self._sum
        for t, (x, y, z) in zip(time_s, acc, strict=True):
            if t > self._until_s + 1.0 and self._until_s > -math.inf:
                self._gap(seen, t)
                total = self._sum
            if not x * x + y * y + z * z < math.inf:
                continue
            if t >= self._until_s:
                if self._count:
                    n = self._count
                    self._step(self._until_s - 0.5 * STEP_S, total[0] / n, total[1] / n, total[2] / n, seen)
                total[0] = total[1] = total[2] = 0.0
                self._count = 0
                self._until_s = t + STEP_S - 1e-4
            total[0] += x
            total[1] += y
            total[2] += z
            self._count += 1
            self.time_s = t
        return seen

    def _gap(self, seen: list[Seen], time_s: float) -> None:
        if self.move is not None:
            seen.append(Seen("rep_withdrawn", time_s))
        self._restart()

    def _step(self, t: float, x: float, y: float, z: float, seen: list[Seen]) -> None:
        """One row: smooths, then asks the state machine."""
        k = STEP_S / (POLE_S + STEP_S)
        if self._first is None:
            self._first = self._smooth = (x, y, z)
        a, b, c = self._first
        a, b, c = a + k * (x - a), b + k * (y - b), c + k * (z - c)
        self._first = (a, b, c)
        p, q, r = self._smooth
        p, q, r = p + k * (a - p), q + k * (b - q), r + k * (c - r)
        self._smooth = (p, q, r)
        size = math.sqrt(p * p + q * q + r * r) or 1e-9
        up = (p / size, q / size, r / size)
        norm = math.sqrt(x * x + y * y + z * z)
        self._shaking += (abs(norm - self._norm) - self._shaking) * (STEP_S / SHAKING_POLE_S)
        self._norm = norm
        past = self._past
        past.append(up)
        if len(past) <= SPEED_STEPS:
            self._up = up
            return
        speed_dps = _angle_deg(up, past.pop(0)) / (SPEED_STEPS * STEP_S)
        self._up = up
        if self._shaking > SHAKING:
            if self.move is not None:
                seen.append(Seen("rep_withdrawn", t))
            self.phase, self.move, self._rest, self._still_from_s = "rest", None, None, math.inf
            return
        self._decide(t - DELAY_S, up, speed_dps, seen)

    def _decide(self, t: float, up: tuple[float, float, float], speed_dps: float, seen: list[Seen]) -> None:
        move = self.move
        peak = 0.0 if move is None else move.peak_dps
        if speed_dps > max(STILL_DPS, STILL_SHARE * peak):
            self._still_from_s = math.inf
        elif self._still_from_s == math.inf:
            self._still_from_s = t - 0.5 * SPEED_STEPS * STEP_S
        still = t - self._still_from_s >= STILL_S
        if self._rest is None:
            if still:
                self._rest = up
            return
        away = _angle_deg(up, self._rest)
        if move is None:
            self._at_rest(t, up, away, still, speed_dps, seen)
        elif self.phase == "holding":
            self._in_hold(t, away, move, seen)
        elif move.hold_end_s is None:
            self._outward(t, away, still, speed_dps, move, seen)
        else:
            self._back(t, up, away, still, move, seen)

    def _at_rest(
        self, t: float, up: tuple[float, float, float], away: float, still: bool, speed_dps: float, seen: list[Seen]
    ) -> None:
        if away > self._depart_deg:
            start_s = self._rest_left_s if self._still_from_s == math.inf else t
            self.move = Move(start_s, top_deg=away, top_s=t, peak_dps=speed_dps)
            self.phase = "moving"
            seen.append(Seen("rep_started", start_s))
            return
        if self._still_from_s < math.inf:
            self._rest_left_s = t
        if still and self._rest is not None:
            k = STEP_S
            rest = tuple(a + k * (b - a) for a, b in zip(self._rest, up, strict=True))
            self._rest = (rest[0], rest[1], rest[2])

    def _outward(self, t: float, away: float, still: bool, speed: float, move: Move, seen: list[Seen]) -> None:
        move.peak_dps = max(move.peak_dps, speed)
        if away > move.top_deg:
            move.top_deg, move.top_s = away, t
        if away < (1.0 - LEAVE_SHARE) * move.top_deg:
            move.hold_start_s = move.hold_end_s = move.top_s
            self._low_deg, self._low_s = away, t
        elif still and away >= self._depart_deg:
            move.hold_start_s = self._still_from_s
            self.phase = "holding"
            seen.append(Seen("hold_started", move.hold_start_s))
        elif still:
            self._withdraw(t, seen)

    def _in_hold(self, t: float, away: float, move: Move, seen: list[Seen]) -> None:
        if away > move.top_deg:
            move.top_deg, move.top_s = away, t
        if self._still_from_s < math.inf:
            self._hold_left_s = t
        if away < (1.0 - LEAVE_SHARE) * move.top_deg:
            move.hold_end_s = max(self._hold_left_s, move.hold_start_s or 0.0)
            move.peak_dps = 0.0
            self.phase = "moving"
            self._low_deg, self._low_s = away, t
            seen.append(Seen("hold_ended", move.hold_end_s))
        elif t - (move.hold_start_s or t) > HOLD_MAX_S:
            self._withdraw(t, seen)

    def _back(
        self, t: float, up: tuple[float, float, float], away: float, still: bool, move: Move, seen: list[Seen]
    ) -> None:
        if away < self._low_deg:
            self._low_deg, self._low_s = away, t
        if self._low_deg > BACK_SHARE * move.top_deg:
            if still:  # a dip: the hold goes on
                move.hold_end_s = None
                self.phase = "holding"
                seen.append(Seen("hold_started", move.hold_start_s or t))
            return
        if still:
            self._done(move, self._still_from_s, seen)
            self._rest = up
        elif away > self._low_deg + LEAVE_SHARE * move.top_deg:
            self._done(move, self._low_s, seen)
            self.move = Move(self._low_s, top_deg=away, top_s=t, peak_dps=STILL_DPS)
            self.phase = "moving"
            seen.append(Seen("rep_started", self._low_s))

    def _done(self, move: Move, end_s: float, seen: list[Seen]) -> None:
        move.end_s = end_s
        self.last, self.move, self.phase = move, None, "rest"
        seen.append(Seen("rep_done" if move.top_deg >= self.min_range_deg else "rep_withdrawn", end_s))

    def _withdraw(self, t: float, seen: list[Seen]) -> None:
        """What was seen was no rep; the present pose is rest."""
        self.move, self.phase, self._rest = None, "rest", self._up
        seen.append(Seen("rep_withdrawn", t))


def _angle_deg(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    """Angle between unit vectors, exact for small ones."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return math.degrees(2.0 * math.asin(min(1.0, 0.5 * math.sqrt(x * x + y * y + z * z))))
