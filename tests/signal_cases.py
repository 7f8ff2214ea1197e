"""Recordings made of a few lines of physics, with the truth known in closed form, for the tests of `signal`.

One rigid body part turns about one axis of its own; the sensor on it sees gravity and the turning, a little
breathing and the noise of a good chip. Everything is a function of time, so any stamps can be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import Phase, settings
from scipy.spatial.transform import Rotation

from sciatrack_ingest import Recording
from sciatrack_signal.dwells import Timed, time_moves
from sciatrack_signal.exercises import USUAL_ABOVE_M
from sciatrack_signal.grid import to_grid
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Block, Rep
from sciatrack_signal.segmentation import Strokes, find_runs
from sciatrack_signal.trace import Trace, build_trace

G_M_S2 = 9.80665
# Laws are tried on the same examples every time, so that a failure belongs to the change that brought it.
LAW = settings(max_examples=25, deadline=None, derandomize=True, database=None)
FEW = settings(LAW, max_examples=6, phases=[Phase.generate])  # whole recordings: not worth shrinking

Array = np.ndarray
NO_BARRIERS = np.empty((0, 2), dtype=np.int64)


# Shapes of a move: share of the way (0 to 1) at a share of the time (0 to 1).
def minimum_jerk(u: Array) -> Array:
    return 10 * u**3 - 15 * u**4 + 6 * u**5


def half_cosine(u: Array) -> Array:
    return 0.5 - 0.5 * np.cos(np.pi * u)


def trapezoid(u: Array) -> Array:
    """Constant acceleration, speed and deceleration, a third of the time each."""
    slow = np.clip(u, 0, 1 / 3) ** 2 * 9 / 4
    even = (np.clip(u, 1 / 3, 2 / 3) - 1 / 3) * 3 / 2
    left = 1.0 - np.clip(u, 2 / 3, 1.0)
    return slow + even + (1 / 9 - left**2) * 9 / 4


# The share of the time after which the speed stays below 10 % of its peak, from the derivatives by hand.
SHAPES: dict[str, tuple[Callable[[Array], Array], float]] = {
    "minimum_jerk": (minimum_jerk, 0.5 + 0.5 * np.sqrt(1.0 - np.sqrt(0.1))),
    "half_cosine": (half_cosine, 1.0 - np.arcsin(0.1) / np.pi),
    "trapezoid": (trapezoid, 1.0 - 0.1 / 3.0),
}


@dataclass(frozen=True)
class Plan:
    """One rep: seconds of the way out, on the plateau, of the way back and of rest after it, and the range."""

    out_s: float = 1.4
    plateau_s: float = 4.0
    back_s: float = 1.4
    pause_s: float = 2.0
    range_deg: float = 40.0
    shape: str = "minimum_jerk"

    @property
    def length_s(self) -> float:
        return self.out_s + self.plateau_s + self.back_s


@dataclass(frozen=True)
class Truth:
    """One rep: the move begins, arrives and departs by the contract's 10 % of its peak speed, the move is over."""

    start_s: float
    hold_start_s: float
    hold_end_s: float
    end_s: float

    @property
    def hold_s(self) -> float:
        return self.hold_end_s - self.hold_start_s


@dataclass(frozen=True)
class Case:
    """What is done (`plans`, after `lead_s` of rest and before `tail_s`) and how it is measured."""

    plans: tuple[Plan, ...] = (Plan(),) * 5
    lead_s: float = 8.0
    tail_s: float = 8.0
    rate_hz: float = 50.0
    gyroscope: bool = True
    axis: tuple[float, float, float] = (0.1, 0.97, -0.2)
    rest_up: tuple[float, float, float] = (0.9, 0.1, 0.4)
    breath_deg: float = 0.3
    acc_noise: float = 0.03
    gyr_noise: float = 0.002
    seed: int = 1
    exercise: str = "glute_bridge"
    placement: str = "right_thigh"
    above_m: float = USUAL_ABOVE_M

    @property
    def duration_s(self) -> float:
        return self.lead_s + sum(plan.length_s + plan.pause_s for plan in self.plans) + self.tail_s

    @property
    def starts_s(self) -> list[float]:
        """When each rep's way out begins."""
        lengths = [plan.length_s + plan.pause_s for plan in self.plans]
        return [self.lead_s + sum(lengths[:k]) for k in range(len(lengths))]

    @property
    def truth(self) -> list[Truth]:
        reps = []
        for start_s, plan in zip(self.starts_s, self.plans, strict=True):
            late = SHAPES[plan.shape][1]
            end_s = start_s + plan.length_s
            reps.append(Truth(start_s, start_s + late * plan.out_s, end_s - late * plan.back_s, end_s))
        return reps

    def angle_deg(self, time_s: Array) -> Array:
        """Angle of the body part from rest at any times."""
        angle = self.breath_deg * np.sin(2 * np.pi * 0.25 * time_s)
        for start_s, plan in zip(self.starts_s, self.plans, strict=True):
            way = SHAPES[plan.shape][0]
            out = way(np.clip((time_s - start_s) / plan.out_s, 0, 1))
            back_s = start_s + plan.out_s + plan.plateau_s
            back = way(np.clip((time_s - back_s) / plan.back_s, 0, 1))
            angle = angle + plan.range_deg * (out - back)
        return angle

    def even_s(self) -> Array:
        return np.arange(int(self.duration_s * self.rate_hz) + 1) / self.rate_hz

    def record(self, time_s: Array | None = None, **labels: Any) -> Recording:
        """What the sensor gives at `time_s` (default: evenly at rate_hz)."""
        time_s = self.even_s() if time_s is None else time_s
        return turned(
            time_s, self.angle_deg, self.axis, self.rest_up, gyroscope=self.gyroscope, acc_noise=self.acc_noise,
            gyr_noise=self.gyr_noise, seed=self.seed, above_m=self.above_m,
            **({"exercise": self.exercise, "placement": self.placement} | labels),
        )  # fmt: skip


def turned(
    time_s: Array,
    angle_deg: Callable[[Array], Array],
    axis: Sequence[float],
    rest_up: Sequence[float],
    *,
    gyroscope: bool = True,
    acc_noise: float = 0.03,
    gyr_noise: float = 0.002,
    seed: int = 1,
    above_m: float = USUAL_ABOVE_M,
    **labels: Any,
) -> Recording:
    """A body part that turns about its own fixed axis by angle_deg(t), at rest with the sensor above_m above it."""
    rng = np.random.default_rng(seed)
    unit = np.array(axis) / np.linalg.norm(axis)
    up = np.array(rest_up) / np.linalg.norm(rest_up)
    angle = np.radians(angle_deg(time_s))
    half_s = 1e-3
    speed = np.radians(angle_deg(time_s + half_s) - angle_deg(time_s - half_s)) / (2 * half_s)
    acc = G_M_S2 * Rotation.from_rotvec(-angle[:, None] * unit).apply(up)
    acc += own_acceleration(angle_deg, time_s, unit, above_m * up)
    acc += acc_noise * rng.standard_normal(acc.shape)
    gyr = speed[:, None] * unit + gyr_noise * rng.standard_normal(acc.shape)
    return Recording(time_s, acc, gyr if gyroscope else None, **labels)


def own_acceleration(angle_deg: Callable[[Array], Array], time_s: Array, axis: Array, lever_m: Array) -> Array:
    """(n, 3) what a sensor at the end of a lever is accelerated by, in its own frame."""
    half_s = 1e-3
    before, now, after = (np.radians(angle_deg(time_s + shift_s)) for shift_s in (-half_s, 0.0, half_s))
    speed, change = (after - before) / (2 * half_s), (after - 2 * now + before) / half_s**2
    along = np.cross(axis, lever_m)
    return np.asarray(change[:, None] * along + speed[:, None] ** 2 * np.cross(axis, along))


def still(duration_s: float, rate_hz: float = 50.0, **labels: Any) -> Recording:
    """Nothing moves but the breath."""
    case = Case(plans=(), lead_s=duration_s, tail_s=0.0, rate_hz=rate_hz, exercise="generic")
    return case.record(**labels)


def changed(recording: Recording, **arrays: Any) -> Recording:
    return replace(recording, **arrays)


def walk(duration_s: float, rate_hz: float = 50.0, step_hz: float = 1.8, seed: int = 1) -> Array:
    """(n, 3) acceleration of somebody who walks: a beat of steps, each with an impact, and a swinging thigh."""
    time_s = np.arange(int(duration_s * rate_hz)) / rate_hz
    beat = (time_s * step_hz) % 1.0
    norm = G_M_S2 + 2.5 * np.cos(2 * np.pi * beat) + 8.0 * np.exp(-0.5 * ((beat - 0.3) / 0.06) ** 2)
    swing = np.radians(20.0) * np.sin(np.pi * time_s * step_hz)
    noise = 0.3 * np.random.default_rng(seed).standard_normal((len(time_s), 3))
    return np.column_stack([np.sin(swing), np.zeros_like(swing), np.cos(swing)]) * norm[:, None] + noise


def trace_of(recording: Recording) -> Trace:
    grid = to_grid(recording)
    assert grid is not None
    return build_trace(grid)


def run_of(trace: Trace) -> Strokes:
    """The run of the largest moves."""
    return max(find_runs(trace, NO_BARRIERS), key=lambda run: run.amplitude_deg)


def timed_of(trace: Trace) -> Timed:
    return time_moves(trace, run_of(trace))


def block_of(recording: Recording, **options: Any) -> Block:
    """The one block of an analysis."""
    (block,) = analyze(recording, **options).blocks
    return block


def complete(block: Block) -> list[Rep]:
    return [rep for rep in block.reps if rep.complete]


def times_of(block: Block) -> Array:
    """(k, 4) start, hold start, hold end and end of each rep; NaN where unknown."""
    rows = [(rep.start_s, rep.hold_start_s, rep.hold_end_s, rep.end_s) for rep in block.reps]
    return np.array(rows, dtype=float).reshape(-1, 4)


def truths_of(case: Case) -> Array:
    rows = [(rep.start_s, rep.hold_start_s, rep.hold_end_s, rep.end_s) for rep in case.truth]
    return np.array(rows, dtype=float).reshape(-1, 4)
