"""What really happened in a simulated recording, and the contract's hold rule on the noiseless angle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sciatrack_ingest.recording import Float, Recording

# The contract's numbers: arrival and departure at this share of the move's peak speed; a hold that fades ends
# where this share of the range is lost.
SPEED_SHARE = 0.10
FADE_SHARE = 0.15

Interval = tuple[float, float]


@dataclass(frozen=True)
class TrueRep:
    """One rep as it was. Boundaries are on the recording's clock, durations are true seconds.

    start_s, end_s : the out-move begins, the return is over; NaN-free even where the recording has no data.
    above90_s      : time above 90 % of the range, another measure than the hold.
    indirect       : the other leg moved; the sensor sees at most its echo (the contract's `inferred`).
    """

    set: int
    start_s: float
    hold_start_s: float
    hold_end_s: float
    end_s: float
    hold_s: float
    hold_longest_s: float
    side: str
    rom_deg: float
    complete: bool
    flags: tuple[str, ...] = ()
    above90_s: float = 0.0
    indirect: bool = False


@dataclass(frozen=True)
class TrueBlock:
    """One exercise with one working side (`both` and alternating exercises: one block in all)."""

    exercise: str
    side: str
    start_s: float
    end_s: float
    observability: str
    reps: tuple[TrueRep, ...]

    @property
    def count(self) -> int:
        """Complete reps that the sensor's own view shows, as the contract counts them."""
        return sum(rep.complete and not rep.indirect for rep in self.reps)


@dataclass(frozen=True, eq=False)
class Simulated:
    """A recording and its truth.

    angle_deg (n,) : the noiseless angle at the samples from each rep's own rest pose; NaN between blocks.
    """

    recording: Recording
    blocks: tuple[TrueBlock, ...]
    angle_deg: Float
    seed: int
    severity: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def reps(self) -> tuple[TrueRep, ...]:
        """All reps of all blocks in order of time."""
        return tuple(rep for block in self.blocks for rep in block.reps)


@dataclass(frozen=True)
class Hold:
    """Bounds of a hold by the contract's rule; `longest_s` is the longest part that no dip disturbs."""

    start_s: float
    end_s: float
    longest_s: float


def hold_of(
    time_s: Float,
    angle_deg: Float,
    out: Interval,
    back: Interval,
    *,
    dips: Sequence[tuple[Interval, Interval]] = (),
    fades: bool = False,
) -> Hold:
    """The hold between the move `out` and the move `back`, both (start, end) in seconds.

    angle_deg is noiseless and grows outwards. dips : for each, the interval of its fall and of its rise.
    fades : there is no clear departure, so the hold ends where 15 % of the range is lost.
    """
    start_s = _last_fast(time_s, angle_deg, out)
    departs_s = _first_fast(time_s, -angle_deg, back)
    end_s = max(start_s, _fallen(time_s, angle_deg, start_s, out[0]) if fades else departs_s)
    edges = [start_s]
    for fall, rise in dips:
        edges += [_first_fast(time_s, -angle_deg, fall), _last_fast(time_s, angle_deg, rise)]
    edges.append(end_s)
    clipped = np.clip(edges, start_s, end_s)
    return Hold(start_s, end_s, float(np.max(clipped[1::2] - clipped[0::2])))


def time_above(time_s: Float, angle_deg: Float, within: Interval, level_deg: float) -> float:
    """Seconds for which the angle is above a level inside an interval."""
    inside = _window(time_s, within)
    step_s = float(time_s[1] - time_s[0])
    return float(np.count_nonzero(angle_deg[inside] > level_deg) * step_s)


def _window(time_s: Float, interval: Interval) -> slice:
    """Samples from just before to just after an interval."""
    first = max(int(np.searchsorted(time_s, interval[0], side="right")) - 1, 0)
    last = int(np.searchsorted(time_s, interval[1], side="left")) + 1
    return slice(first, max(min(last, len(time_s)), first + 2))


def _speed(time_s: Float, angle_deg: Float, interval: Interval) -> tuple[Float, Float]:
    """Mid-points of the steps in an interval and the speed over each, deg/s."""
    inside = _window(time_s, interval)
    at_s, angle = time_s[inside], angle_deg[inside]
    return 0.5 * (at_s[1:] + at_s[:-1]), np.diff(angle) / np.diff(at_s)


def _first_fast(time_s: Float, angle_deg: Float, interval: Interval) -> float:
    """First moment at which the speed exceeds 10 % of its peak in the interval, between samples."""
    at_s, speed = _speed(time_s, angle_deg, interval)
    level = SPEED_SHARE * speed.max()
    first = int(np.argmax(speed > level))
    if first == 0:
        return float(at_s[0])
    share = (level - speed[first - 1]) / (speed[first] - speed[first - 1])
    return float(at_s[first - 1] + share * (at_s[first] - at_s[first - 1]))


def _last_fast(time_s: Float, angle_deg: Float, interval: Interval) -> float:
    """Last moment at which the speed exceeds 10 % of its peak in the interval, between samples."""
    at_s, speed = _speed(time_s, angle_deg, interval)
    level = SPEED_SHARE * speed.max()
    last = len(speed) - 1 - int(np.argmax(speed[::-1] > level))
    if last == len(speed) - 1:
        return float(at_s[-1])
    share = (speed[last] - level) / (speed[last] - speed[last + 1])
    return float(at_s[last] + share * (at_s[last + 1] - at_s[last]))


def _fallen(time_s: Float, angle_deg: Float, from_s: float, rest_s: float) -> float:
    """First moment after `from_s` at which 15 % of the range since `rest_s` is lost."""
    first, rest = int(np.searchsorted(time_s, from_s)), int(np.searchsorted(time_s, rest_s))
    level = angle_deg[first] - FADE_SHARE * (angle_deg[first] - angle_deg[rest])
    below = angle_deg[first:] < level
    return float(time_s[first + int(np.argmax(below))]) if below.any() else float(time_s[-1])
