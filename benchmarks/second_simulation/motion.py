"""The turn of one set without noise, and its truth: ways of several shapes, holds, rests.

The truth is the contract's: a way is where its speed is above 10 % of its own peak, the hold is what lies between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from second_simulation.domain import Float
from second_simulation.plan import TWO_STAGES, Plan

# Share of a way's peak speed that is its edge.
EDGE_SPEED = 0.1
# The way's share that a trapezoid takes to reach its speed; Beta exponents of a lopsided way.
RAMP, FEW, MANY = (0.15, 0.35), (2.0, 2.8), (3.2, 4.5)
# A stepping way slows down this often, by this share of its speed.
STEPS, STEP_DEPTH = (2, 4), (0.4, 0.75)
SHAPE_POINTS = 2001
# Beyond the hold's level by this share, and back within this share of the way, but not sooner than in 0.5 s.
OVERSHOOT, OVERSHOOT_BACK, OVERSHOOT_BACK_S = (0.03, 0.07), 0.5, 0.5
# The knee is drawn up to this share of the range in 0.7 of the time, grasped, and pulled in.
FIRST_STAGE, GRASP_S, FIRST_TIME, SECOND_TIME, SECOND_LEAST_S = (0.75, 0.88), (0.15, 1.0), 0.7, 0.35, 0.7
# Creep sets in over the first quarter of a hold that lasts longer than this.
CREEP_FROM_S, CREEP_QUARTERS = 3.0, 4.0
# A repetition differs from the person's usual one by these factors at most; rests differ more than moves.
FACTORS, REST_CV, LEAST_HOLD_S = (0.6, 1.5), 0.35, 0.7


@dataclass(frozen=True)
class TrueRep:
    """One repetition by the 10 % rule: seconds on the recording's clock."""

    start_s: float
    hold_start_s: float
    hold_end_s: float
    end_s: float

    @property
    def hold_s(self) -> float:
        return self.hold_end_s - self.hold_start_s

    def later(self, by_s: float) -> TrueRep:
        return TrueRep(self.start_s + by_s, self.hold_start_s + by_s, self.hold_end_s + by_s, self.end_s + by_s)


def shape(kind: str, rng: np.random.Generator) -> Callable[[Float], Float]:
    """How a way goes from 0 to 1 while its time does."""
    part = np.linspace(0.0, 1.0, SHAPE_POINTS)
    if kind == "cosine":
        return lambda time: 0.5 - 0.5 * np.cos(np.pi * time)
    if kind == "trapezoid":
        speed = np.clip(np.minimum(part, 1 - part) / rng.uniform(*RAMP), 0.0, 1.0)
        speed = speed * speed * (3 - 2 * speed)
    elif kind == "stepping":
        steps, depth = rng.integers(*STEPS), rng.uniform(*STEP_DEPTH)
        speed = (part * (1 - part)) ** 2 * (1 - depth * np.cos(2 * np.pi * steps * part))
    elif kind in ("fast_then_slow", "slow_then_fast"):
        few, many = rng.uniform(*FEW), rng.uniform(*MANY)
        rise, fall = (few, many) if kind == "fast_then_slow" else (many, few)
        return lambda time: np.asarray(betainc(rise, fall, time))
    else:
        return minimum_jerk
    gone = np.concatenate([[0.0], np.cumsum((speed[1:] + speed[:-1]) / 2)])
    return lambda time: np.interp(time, part, gone / gone[-1])


def minimum_jerk(time: Float) -> Float:
    return np.asarray(10 * time**3 - 15 * time**4 + 6 * time**5)


def fractions(n: int) -> Float:
    """(n,) from 0 on, 1 left out: the next stretch begins with it."""
    return np.arange(n) / n


def samples(seconds: float, rate_hz: float) -> int:
    return max(2, round(seconds * rate_hz))


def turn_of_set(
    plan: Plan, before_s: float, after_s: float, rate_hz: float, rng: np.random.Generator
) -> tuple[Float, list[TrueRep]]:
    """(n,) degrees outward from rest, with rest before and after, and the truth from its first sample on."""
    parts = [np.zeros(samples(before_s, rate_hz))]
    first, truth = len(parts[0]), []
    for index in range(plan.reps):
        out, hold, back = _repetition(plan, rate_hz, rng)
        truth.append(truth_of(out, len(hold), back, rate_hz).later(first / rate_hz))
        last = index == plan.reps - 1
        rest_s = after_s if last else plan.rest_s * _factor(REST_CV, rng)
        parts += [out, hold, back, np.zeros(samples(rest_s, rate_hz))]
        first += sum(len(part) for part in parts[-4:])
    return np.concatenate(parts), truth


def truth_of(out: Float, hold_samples: int, back: Float, rate_hz: float) -> TrueRep:
    """The 10 % rule on the degrees of a way out and a way back with so many samples between, from the first on."""
    out_speed, back_speed = np.gradient(out), -np.gradient(back)
    moving_out = np.flatnonzero(out_speed > EDGE_SPEED * out_speed.max())
    moving_back = np.flatnonzero(back_speed > EDGE_SPEED * back_speed.max()) + len(out) + hold_samples
    return TrueRep(
        float(moving_out[0] / rate_hz),
        float((moving_out[-1] + 1) / rate_hz),
        float(moving_back[0] / rate_hz),
        float(moving_back[-1] / rate_hz),
    )


def _factor(variation: float, rng: np.random.Generator) -> float:
    return float(np.clip(rng.normal(1.0, variation), *FACTORS))


def _repetition(plan: Plan, rate_hz: float, rng: np.random.Generator) -> tuple[Float, Float, Float]:
    """Degrees of the way out, the hold and the way back, one array each."""
    range_deg = plan.range_deg * _factor(plan.range_cv, rng)
    out_s, back_s = plan.out_s * _factor(plan.way_cv, rng), plan.back_s * _factor(plan.way_cv, rng)
    hold = np.full(samples(max(LEAST_HOLD_S, plan.hold_s * _factor(plan.hold_cv, rng)), rate_hz), range_deg)
    if plan.out_shape == TWO_STAGES:
        out = _two_stages(out_s, rate_hz, rng) * range_deg
    else:
        out = shape(plan.out_shape, rng)(fractions(samples(out_s, rate_hz))) * range_deg
    if plan.out_shape == "overshoot":
        beyond = rng.uniform(*OVERSHOOT)
        out = out * (1 + beyond)
        sinking = min(len(hold) // 2, samples(max(OVERSHOOT_BACK_S, out_s * OVERSHOOT_BACK), rate_hz))
        hold[:sinking] = range_deg * (1 + beyond * (1 - minimum_jerk(fractions(sinking))))
    held_deg = range_deg
    if plan.creep and plan.hold_s > CREEP_FROM_S:
        part = fractions(len(hold))
        hold = hold + plan.creep * range_deg * part * minimum_jerk(np.clip(part * CREEP_QUARTERS, 0.0, 1.0))
        held_deg = float(hold[-1])
    back_samples = samples(back_s, rate_hz)
    way_back = shape(plan.back_shape, rng)(np.arange(1, back_samples + 1) / back_samples)
    return out, hold, held_deg * (1 - way_back)


def _two_stages(out_s: float, rate_hz: float, rng: np.random.Generator) -> Float:
    """(n,) from 0 to 1: up, a grasp, and the pull."""
    level, grasp_s = rng.uniform(*FIRST_STAGE), rng.uniform(*GRASP_S)
    up = minimum_jerk(fractions(samples(out_s * FIRST_TIME, rate_hz)))
    pull = minimum_jerk(fractions(samples(max(SECOND_LEAST_S, out_s * SECOND_TIME), rate_hz)))
    return np.concatenate([up * level, np.full(samples(grasp_s, rate_hz), level), level + (1 - level) * pull])
