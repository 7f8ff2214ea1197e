"""Hours of one thigh at 100 Hz, six axes of float64, to measure the cost of `analyze` on. Each hour is one of:

daily    : simulated daily living (sitting, walking, lying, fidgets) with three sets of about ten reps.
mixed    : a quarter of walking, a quarter of rest, four sets of twelve lying leg raises, in a few lines of physics.
exercise : nothing but such sets with 20 s between them, 330 reps an hour. Nobody does that; it is the worst case,
           for most of the work is done for each rep.

Longer recordings are the hour again and again, so that nothing but the length changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from sciatrack_ingest import Recording
from sciatrack_signal.simulate import simulate_nobody, simulate_set

Float = npt.NDArray[np.float64]
RATE_HZ = 100.0
HOUR_S = 3600.0
G = 9.80665
PLACEMENT = "right_thigh"
NOISE_ACC, NOISE_GYR = 0.02, 0.005  # m/s^2 and rad/s, of an ordinary chip
REPS_A_SET, SETS_A_HALF_HOUR = 12, 2
# One seed, and so one person with one sensor worn in one way, through all of the hour.
DAILY_SEED = 1
DAILY_STRETCH_S = 900.0
DAILY_SETS = ("glute_bridge", "clamshell", "bird_dog")


@dataclass(frozen=True)
class Hour:
    """acc (n, 3) m/s^2 and gyr (n, 3) rad/s of one hour, and the reps in it that a sensor there can count."""

    acc: Float
    gyr: Float
    reps: int


def mixed() -> Hour:
    """Twice: walks, lies down, rests, two sets, gets up."""
    rng = np.random.default_rng(0)
    acc, gyr = _half_hour(rng)
    return Hour(np.tile(acc, (2, 1)), np.tile(gyr, (2, 1)), 2 * SETS_A_HALF_HOUR * REPS_A_SET)


def exercise() -> Hour:
    """Sets of lying leg raises with 20 s between them."""
    one = np.concatenate([_set(), _still(20.0, 0.0)])
    sets = int(HOUR_S * RATE_HZ) // len(one)
    angle = np.concatenate([np.tile(one, sets), _still(HOUR_S - sets * len(one) / RATE_HZ, 0.0)])
    acc, gyr = _sensed(np.deg2rad(angle), np.random.default_rng(0))
    return Hour(acc, gyr, sets * REPS_A_SET)


def daily() -> Hour:
    """A quarter of an hour of daily living before each set, and more of it up to the hour."""
    recordings, reps = [], 0
    for name in DAILY_SETS:
        recordings.append(_living(DAILY_STRETCH_S))
        done = simulate_set(name, PLACEMENT, seed=DAILY_SEED, reps=10, rate_hz=RATE_HZ)
        recordings.append(done.recording)
        reps += sum(rep.complete and rep.side in ("right", "both") for block in done.blocks for rep in block.reps)
    recordings.append(_living(HOUR_S - sum(r.n_samples for r in recordings) / RATE_HZ))
    acc, gyr = (np.concatenate([getattr(r, name) for r in recordings]) for name in ("acc", "gyr"))
    return Hour(acc, gyr, reps)


KINDS: dict[str, Callable[[], Hour]] = {"daily": cache(daily), "mixed": cache(mixed), "exercise": cache(exercise)}


def make(hours: int, hour: Hour) -> Recording:
    """A fresh Recording, so that nothing of it is remembered from an earlier round."""
    acc, gyr = (np.tile(values, (hours, 1)) for values in (hour.acc, hour.gyr))
    return Recording(np.arange(len(acc)) / RATE_HZ, acc, gyr, placement=PLACEMENT, name=f"{hours} h")


def again(recording: Recording) -> Recording:
    """The same arrays in a new Recording, which has computed nothing yet."""
    return Recording(recording.time_s, recording.acc, recording.gyr, placement=recording.placement)


def _living(lasts_s: float) -> Recording:
    """What is done last may go on for longer than was asked for, and is cut."""
    lived = simulate_nobody(
        "daily", seed=DAILY_SEED, duration_s=lasts_s, placement=PLACEMENT, mount="worn", rate_hz=RATE_HZ
    ).recording
    rows = slice(0, round(lasts_s * RATE_HZ))
    assert lived.gyr is not None
    return Recording(lived.time_s[rows], lived.acc[rows], lived.gyr[rows])


def _half_hour(rng: np.random.Generator) -> tuple[Float, Float]:
    pitch = [_still(60.0, 90.0), _walk(900.0), _move(90.0, 0.0, 3.0), _still(60.0, 0.0)]
    for _ in range(SETS_A_HALF_HOUR):
        pitch += [_set(), _still(120.0, 0.0)]
    pitch.append(_move(0.0, 90.0, 3.0))
    angle = np.concatenate(pitch)
    rest = np.full(int(0.5 * HOUR_S * RATE_HZ) - len(angle), 90.0)
    acc, gyr = _sensed(np.deg2rad(np.concatenate([angle, rest])), rng)
    bounce = slice(int(60 * RATE_HZ), int(960 * RATE_HZ))
    acc[bounce, 0] += 2.0 * np.sin(2 * np.pi * 1.9 * np.arange(bounce.stop - bounce.start) / RATE_HZ)
    return acc, gyr


def _sensed(angle: Float, rng: np.random.Generator) -> tuple[Float, Float]:
    """Specific force and angular rate (n, 3) of a sensor that is pitched by an angle (n,) in rad."""
    acc = G * np.column_stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)])
    gyr = np.column_stack([np.zeros_like(angle), -np.gradient(angle, 1 / RATE_HZ), np.zeros_like(angle)])
    return acc + rng.normal(0, NOISE_ACC, acc.shape), gyr + rng.normal(0, NOISE_GYR, gyr.shape)


def _set() -> Float:
    rep = [_move(0.0, 40.0, 1.0), _still(5.0, 40.0), _move(40.0, 0.0, 1.0), _still(2.0, 0.0)]
    return np.concatenate(rep * REPS_A_SET)


def _still(lasts_s: float, at_deg: float) -> Float:
    return np.full(round(lasts_s * RATE_HZ), at_deg)


def _move(start_deg: float, end_deg: float, lasts_s: float) -> Float:
    """A minimum-jerk move."""
    t = np.arange(int(lasts_s * RATE_HZ)) / (lasts_s * RATE_HZ)
    return start_deg + (end_deg - start_deg) * (10 * t**3 - 15 * t**4 + 6 * t**5)


def _walk(lasts_s: float) -> Float:
    return 90.0 + 20.0 * np.sin(2 * np.pi * 0.95 * np.arange(int(lasts_s * RATE_HZ)) / RATE_HZ)
