"""What a person on the mat is doing just now: rest, moving or holding, step by step in plain Python floats.

All that is looked at is the angle between up now and up in the rest pose. It leaves rest (a rep may have begun),
stalls (a hold, dated back to the arrival), falls below half (the hold is over) and comes back (the rep is done).
Which pose is rest is learned: the one before the move; and a pose that was taken for a hold but is left for a third
one was rest. Answers from here are provisional: `online` puts those of the whole analysis in their place. Own rule.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from sciatrack_signal.exercises import USUAL_ABOVE_M
from sciatrack_signal.live_arrival import arrived
from sciatrack_signal.live_past import Past
from sciatrack_signal.live_steps import STEP_S, Steps, Up, angle_deg, nearer
from sciatrack_signal.moves import STEP_MIN_SHARE, STEP_NOISE

# A move has stalled when it grows by less than this share of its size, and so many degrees, from one quarter of its
# time to the next. Less waits for a stillness that shaky people never reach, more takes a hesitation for a hold.
STALL_SHARE, STALL_DEG = 0.10, 0.35
# A departure turns by this share of the smallest range, of the usual one, by so many times the sway of rest, and by
# so many degrees. Less is breathing; more is late, and misses the small reps of a set.
DEPART_SHARE, DEPART_USUAL, DEPART_NOISE, DEPART_MIN_DEG = 0.35, 0.25, 5.0, 1.5
# The sway of rest hides less of a departure (deg).
START_DEG = 0.5
# Below this share of its angle a hold is left: sway of shaky people takes a quarter of it. Above the second share
# it is taken up again; below the third a stop is the rest of a return.
LEFT_SHARE, AGAIN_SHARE, BACK_SHARE = 0.5, 0.8, 0.45
# A rise beyond the hold by this share was no hold but a stop on the way.
ONWARD_SHARE = 0.3
# Within so many seconds of an arrival a smaller rise goes on with the move, too, as in `moves.last_step`: a knee
# is grasped and drawn in. The sway of a hold is here what it turns within a fifth of a second.
GRASP_S = 4.0
# A hold is dated again once it has lasted so long, when its angle is known better.
REFINE_S = (0.6, 1.2, 2.0, 3.0, 4.5, 7.0)
# A pose is known after so many quiet seconds; one that is left by so many times its sway, for so long, was rest.
KNOWN_S, OTHER_SWAYS, OTHER_S = 2.0, 5.0, 1.0
OTHER_USUAL = 0.6
# A small move that stops for so long is a new rest pose.
SHIFT_S = 1.5
# Beside the usual range of a set: smaller is no whole rep, larger is another posture.
SMALL_SHARE, LARGE_SHARE = 0.5, 2.5
# No rep is shorter (contract: 1.2 s; what is dated here is off by a little).
SHORTEST_S = 1.0
# A pose kept longer than this is no hold but a new rest pose (a hold of 30 s kept three times as long).
HOLD_MAX_S = 90.0
# How fast rest, its sway and a hold's angle are learned (s).
REST_POLE_S, NOISE_POLE_S, HOLD_POLE_S, JITTER_POLE_S = 1.5, 6.0, 2.0, 1.0
# Sway of a rest that nobody has seen yet (deg).
NOISE_DEG = 0.25
# So many reps say what is usual, and fewer than two nothing.
USUAL_REPS = 5


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


@dataclass
class _Pose:
    """The pose of a hold: where and how far from rest it is, its sway, since when, and how long it was quiet."""

    up: Up
    level_deg: float
    sway_deg: float
    jitter_deg: float
    from_s: float
    seen_s: float = 0.0
    quiet_s: float = 0.0

    @property
    def known(self) -> bool:
        return self.quiet_s > KNOWN_S


class LiveTracker:
    """A state machine; owns its state, which is plain numbers and can be pickled."""

    def __init__(self, min_range_deg: float, above_m: float = USUAL_ABOVE_M) -> None:
        self.min_range_deg, self._above_m = min_range_deg, above_m
        self.phase = "rest"
        self.move: Move | None = None
        self.last: Move | None = None
        self.time_s = -math.inf
        self._steps = Steps()
        self._sizes: deque[float] = deque(maxlen=USUAL_REPS)
        self._misfits = 0
        self._seen: list[Seen] = []
        self._forget()

    def _forget(self) -> None:
        """No pose is known: at the beginning, after a gap, and while somebody walks."""
        self.phase, self.move = "rest", None
        self._past = Past(self._above_m)
        self._noise_deg = NOISE_DEG
        self._pose: _Pose | None = None  # the present hold's
        self._level_deg = 0.0  # of the hold that is left
        self._settles = False  # back from a rep, and not still yet
        self._low_deg, self._low_s, self._low_up = 0.0, 0.0, (0.0, 0.0, 1.0)
        self._base_deg = self._depart_deg = 0.0
        self._refine_s = self._stopped_s = math.inf

    @property
    def knows_set(self) -> bool:
        """Whether there were reps that say what is usual."""
        return len(self._sizes) >= 2

    def push(self, time_s: list[float], acc: list[list[float]]) -> list[Seen]:
        """Takes samples in order; acc rows in m/s^2. Rows that are not finite are skipped."""
        self._seen = []
        self._steps.push(time_s, acc, self._step, lambda: self._end_all(self.time_s))
        self.time_s = time_s[-1] if time_s else self.time_s
        return self._seen

    def at_rest(self) -> None:
        """Somebody knows that the person is in the start position now: whatever goes on is no rep."""
        pose = self._past.mean_up()
        if pose is not None:
            self._rest_is(pose)

    def learn(self, rest: Up, ranges_deg: Sequence[float]) -> list[Seen]:
        """The whole analysis knows better: the pose of rest, and the last reps' ranges (at least one).

        A state that fits is kept; one that took another pose for rest is given up and found anew.
        """
        self._seen = []
        self._sizes = deque(ranges_deg, maxlen=USUAL_REPS)
        usual, known = sorted(ranges_deg)[len(ranges_deg) // 2], self._past.of
        if known is not None and angle_deg(rest, known) > LEFT_SHARE * usual:
            if self.move is not None:
                self._tell("rep_withdrawn", self.time_s)
            self._rest_is(rest)
        return self._seen

    def _rest_is(self, pose: Up) -> None:
        self.phase, self.move, self._pose, self._settles = "rest", None, None, False
        self._past.measure_from(pose)

    # what each step means

    def _end_all(self, t: float) -> None:
        if self.move is not None:
            self._tell("rep_withdrawn", t)
        self._forget()

    def _step(self, t: float, up: Up) -> None:
        if self._steps.walks:
            self._end_all(t)
            return
        away = self._past.add(t, up)
        if self._past.of is None:
            if self._past.turned_deg() < 2.0 * STALL_DEG:
                self._past.measure_from(up)
        elif self.move is None:
            self._at_rest(t, up, away)
        elif self.phase == "holding" and self._pose is not None:
            self._in_hold(t, up, away, self.move, self._pose)
        elif self.move.hold_end_s is None:
            self._outward(t, up, away, self.move)
        else:
            self._back(t, up, away, self.move)

    def _tell(self, kind: str, t: float) -> None:
        self._seen.append(Seen(kind, t))

    def _usual_deg(self) -> float:
        """The range that most reps of this set reach; 0.0 before there are two. Legs in turn may differ twofold."""
        sizes = self._sizes
        return sorted(sizes)[len(sizes) // 4] if len(sizes) >= 2 else 0.0

    def _departed_deg(self) -> float:
        usual, least = DEPART_USUAL * self._usual_deg(), DEPART_SHARE * self.min_range_deg
        return max(DEPART_MIN_DEG, least, usual, DEPART_NOISE * self._noise_deg)

    def _at_rest(self, t: float, up: Up, away: float) -> None:
        depart = self._departed_deg()
        if self._settles:
            self._settle(t, up, away, depart)
            return
        if away > depart:
            self._begin(self._left_s(depart), t, away)
            return
        rest = self._past.of
        assert rest is not None
        # a slow departure must not be followed
        pole_s = REST_POLE_S if away < 0.5 * depart else 4.0 * REST_POLE_S
        self._past.of = nearer(rest, up, STEP_S / pole_s)
        self._noise_deg += (min(away, 2.0 * self._noise_deg) - self._noise_deg) * (STEP_S / NOISE_POLE_S)

    def _settle(self, t: float, up: Up, away: float, depart: float) -> None:
        """Back from a rep: where it comes to rest is rest, or it turns round and the next rep has begun."""
        if away < self._low_deg:
            self._low_deg, self._low_s, self._low_up = away, t, up
        if abs(self._past.growth_deg()) < self._stall_deg(self._level_deg):
            self._settles = False
            self._past.measure_from(up)
        elif away > self._low_deg + max(depart, ONWARD_SHARE * self._level_deg):
            self._settles = False
            self._begin(self._low_s, t, self._past.measure_from(self._low_up))

    def _left_s(self, depart: float) -> float:
        """When a move that turned so far began, as far as the sway of rest lets one see."""
        return self._past.last_below(min(max(START_DEG, 2.0 * self._noise_deg), 0.5 * depart))

    def _stall_deg(self, size_deg: float) -> float:
        return max(STALL_DEG, STALL_SHARE * size_deg)

    def _begin(self, start_s: float, t: float, away: float) -> None:
        self.move = Move(start_s, top_deg=away, top_s=t)
        self.phase, self._pose = "moving", None
        self._base_deg, self._depart_deg = 0.0, self._departed_deg()
        self._stopped_s = math.inf
        self._tell("rep_started", start_s)

    def _outward(self, t: float, up: Up, away: float, move: Move) -> None:
        if away > move.top_deg:
            move.top_deg, move.top_s = away, t
        usual, past = self._usual_deg(), self._past
        if away < LEFT_SHARE * move.top_deg:
            if move.top_deg < max(2.0 * self._depart_deg, SMALL_SHARE * usual):
                self._withdraw(t)
                return
            move.hold_start_s = move.hold_end_s = move.top_s
            self._turn(t, up, away, move.top_deg)
            return
        move.peak_dps = max(move.peak_dps, past.speed_dps())
        if past.growth_deg(t - move.start_s) >= self._stall_deg(move.top_deg):
            self._stopped_s = math.inf
            return
        level = past.mean_deg()
        if level < max(self._depart_deg, SMALL_SHARE * usual):
            self._stopped_s = min(self._stopped_s, t)
            if t - self._stopped_s > SHIFT_S:
                self._withdraw(t, up)
            return
        if usual and level > LARGE_SHARE * usual:
            self._sizes.clear()
        arrived_s = past.arrival(level, t)
        if arrived_s <= t:
            self._hold(t, up, level, max(arrived_s, move.start_s), move)

    def _hold(self, t: float, up: Up, level: float, arrived_s: float, move: Move) -> None:
        move.hold_start_s, move.hold_end_s = arrived_s, None
        self.phase = "holding"
        sway = max(STALL_SHARE * 0.5 * level, self._noise_deg) if self._usual_deg() else self._noise_deg
        self._pose = _Pose(up, level, sway, self._noise_deg, arrived_s, t)
        self._stopped_s, self._refine_s = math.inf, t + REFINE_S[0]
        self._tell("hold_started", arrived_s)

    def _in_hold(self, t: float, up: Up, away: float, move: Move, pose: _Pose) -> None:
        if away > move.top_deg:
            move.top_deg, move.top_s = away, t
        past = self._past
        if t >= self._refine_s and abs(past.growth_deg(t - move.start_s)) < self._stall_deg(move.top_deg):
            self._refine(t, move, pose)
        level, held_from_s = pose.level_deg, move.hold_start_s or move.start_s
        if away < LEFT_SHARE * level:
            move.hold_end_s = max(past.departure(level), held_from_s)
            self._tell("hold_ended", move.hold_end_s)
            self._turn(t, up, away, level)
            return
        step_deg = self._step_deg(t - pose.from_s, pose)
        if past.mean_deg() > level + step_deg and past.went_on(held_from_s, 0.5 * step_deg):
            self._base_deg, pose.level_deg, pose.quiet_s = level, past.mean_deg(), 0.0
            self._refine_s = pose.seen_s = t
        if self._is_elsewhere(t, up, pose):
            return
        self._follow(up, away, pose)
        if t - held_from_s > HOLD_MAX_S:
            self._withdraw(t, up)

    def _step_deg(self, held_s: float, pose: _Pose) -> float:
        """A rise beyond the hold by more than this goes on with the move; after a grasp by little, else by much."""
        if held_s < GRASP_S:
            return max(STEP_MIN_SHARE * pose.level_deg, STEP_NOISE * pose.jitter_deg, 2.0 * STALL_DEG)
        return math.inf if pose.known else ONWARD_SHARE * pose.level_deg

    def _refine(self, t: float, move: Move, pose: _Pose) -> None:
        """The hold has lasted a while: its angle is known better, and so is the arrival."""
        self._refine_s = next((pose.seen_s + s for s in REFINE_S if pose.seen_s + s > t), math.inf)
        past = self._past
        told = arrived(*past.since(move.start_s), self._noise_deg, past.longer_s2)
        if self._base_deg:  # of a move that went on after a grasp, its last part alone
            level = past.level_since(pose.seen_s, self._base_deg)
            told = past.arrival(level, pose.seen_s, self._base_deg, move.peak_dps), level
        if told is None:
            return
        arrived_s, level = told
        if t - pose.seen_s < 1.0:
            pose.level_deg = level
        arrived_s = max(min(arrived_s, t), move.start_s) if arrived_s < math.inf else move.hold_start_s or t
        if abs(arrived_s - (move.hold_start_s or 0.0)) > 0.1:
            move.hold_start_s = arrived_s
            self._tell("hold_started", arrived_s)

    def _is_elsewhere(self, t: float, up: Up, pose: _Pose) -> bool:
        """Whether a known pose was left for one that is not the rest; if that lasts, the pose was rest itself."""
        usual, apart = self._usual_deg(), angle_deg(up, pose.up)
        alike = usual if pose.level_deg < LARGE_SHARE * usual else 0.0
        if not pose.known or apart <= max(self._depart_deg, OTHER_SWAYS * pose.sway_deg, OTHER_USUAL * alike):
            self._stopped_s = math.inf
            return False
        still = abs(self._past.growth_deg()) < self._stall_deg(apart)
        if not still or self._past.turned_deg() > 2.0 * self._stall_deg(apart):
            self._stopped_s = math.inf
            return True
        self._stopped_s = min(self._stopped_s, t)
        if t - self._stopped_s > OTHER_S:
            self._tell("rep_withdrawn", t)
            away = self._past.measure_from(pose.up)
            self._begin(self._left_s(self._depart_deg), t, away)
            if self.move is not None:
                self._outward(t, up, away, self.move)
        return True

    def _follow(self, up: Up, away: float, pose: _Pose) -> None:
        """A hold's pose and angle are followed slowly, as long as nothing speaks for leaving."""
        usual, apart = self._usual_deg(), angle_deg(up, pose.up)
        quiet = abs(self._past.growth_deg(4.0)) < self._stall_deg(usual or 0.5 * pose.level_deg)
        share = STEP_S / (HOLD_POLE_S if pose.known else 0.25 * HOLD_POLE_S)
        jitter = abs(self._past.growth_deg())
        pose.jitter_deg += STEP_S / JITTER_POLE_S * (min(jitter, 2.0 * pose.jitter_deg) - pose.jitter_deg)
        if away > AGAIN_SHARE * pose.level_deg:
            pose.level_deg += STEP_S / HOLD_POLE_S * (away - pose.level_deg)
            pose.up = nearer(pose.up, up, share)
        if quiet:
            pose.quiet_s += STEP_S
            pose.sway_deg += share * (apart - pose.sway_deg)

    def _turn(self, t: float, up: Up, away: float, level: float) -> None:
        self.phase, self._level_deg, self._stopped_s = "moving", level, math.inf
        self._low_deg, self._low_s, self._low_up = away, t, up

    def _back(self, t: float, up: Up, away: float, move: Move) -> None:
        level, past = self._level_deg, self._past
        if away < self._low_deg:
            self._low_deg, self._low_s, self._low_up = away, t, up
        if self._pose is not None and past.mean_deg() > AGAIN_SHARE * level:
            move.hold_end_s, self.phase = None, "holding"
            self._tell("hold_started", move.hold_start_s or t)
            return
        still = abs(past.growth_deg(t - (move.hold_end_s or t))) < self._stall_deg(level)
        if still and past.mean_deg() < BACK_SHARE * level:
            self._done(min(t, self._back_s(t)), move)
        elif self._low_deg < ONWARD_SHARE * level < away - self._low_deg:
            self._done(self._low_s, move)
        elif away < 0.1 * level and (end_s := self._back_s(t)) <= t:
            self._done(end_s, move)
        elif still:
            self._stopped_s = min(self._stopped_s, t)
            if t - self._stopped_s > SHIFT_S:
                self._done(self._stopped_s, move)

    def _back_s(self, t: float) -> float:
        """When the return is over; now, where it stopped short of rest."""
        return t if self._low_deg > 0.1 * self._level_deg else self._past.back_at_rest(self._level_deg)

    def _done(self, end_s: float, move: Move) -> None:
        if self._pose is not None:
            move.hold_end_s = max(self._past.departure(self._level_deg), move.hold_start_s or move.start_s)
        move.end_s = max(end_s, move.hold_end_s or move.start_s)
        usual, size = self._usual_deg(), max(self._level_deg, 0.75 * move.top_deg)
        fits = not usual or SMALL_SHARE * usual <= size <= LARGE_SHARE * usual
        if is_rep := fits and size >= self.min_range_deg and move.end_s - move.start_s >= SHORTEST_S:
            self._sizes.append(size)
        self._misfits = 0 if is_rep else self._misfits + 1
        if self._misfits > 1:
            self._sizes.clear()
        self.last, self.move, self.phase, self._settles = move, None, "rest", True
        self._tell("rep_done" if is_rep else "rep_withdrawn", move.end_s)

    def _withdraw(self, t: float, rest: Up | None = None) -> None:
        """What was seen was no rep; rest: the pose that is rest now."""
        self.move, self.phase = None, "rest"
        if rest is not None:
            self._past.measure_from(rest)
        self._tell("rep_withdrawn", t)
