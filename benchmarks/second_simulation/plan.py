"""What is drawn of a recording before anything moves: the person, the set, what is around it, and the sensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from second_simulation.domain import HIP, LEAST_RANGE_DEG, STRETCHES, THIGH, WAY_S, turn_of

Range = tuple[float, float]

# Range and shakiness, as factors, and how many people are so.
SEVERITIES = {"healthy": (1.1, 0.7), "mild": (1.0, 1.0), "moderate": (0.82, 1.5)}
SEVERITY_SHARES = (0.3, 0.4, 0.3)
SHAPES = ("minjerk", "cosine", "trapezoid", "fast_then_slow", "slow_then_fast", "stepping", "overshoot")
BACK_SHAPES = SHAPES[:6]  # nobody overshoots into rest: there the mat is
# A knee is often first drawn up and then, after a grasp, pulled.
TWO_STAGES, TWO_STAGE_SHARE = "two_stage", 0.35
# Half of the people come back about as fast as they went out, half shape both ways alike.
ALIKE_SHARE, ALIKE_FACTOR = 0.5, (0.75, 1.3)
# Seconds held and rested, and how many repetitions: of the stretches, and of the others.
STRETCH_HOLD_S, STRETCH_HOLD_SHARES = ((4.0, 12.0), (12.0, 22.0), (22.0, 40.0)), (0.25, 0.4, 0.35)
STRETCH_REPS, STRETCH_REP_SHARES = (1, 2, 3, 4, 5, 6), (0.06, 0.12, 0.5, 0.12, 0.1, 0.1)
STRETCH_REST_S = (1.0, 10.0)
SHORT_HOLD_S, SHORT_HOLD_SHARES = ((1.0, 2.5), (2.5, 6.0), (6.0, 15.0)), (0.25, 0.55, 0.2)
FEW_SHARE, FEW_REPS, FEW_SHARES = 0.12, (1, 2, 3, 4), (0.2, 0.2, 0.3, 0.3)
MANY_REPS = (5, 16)
SHORT_REST_S = (0.3, 8.0)
# Coefficients of variation from repetition to repetition, by person.
WAY_CV, RANGE_CV, HOLD_CV = (0.03, 0.12), (0.03, 0.1), (0.03, 0.2)
# Some go on into the stretch while they hold it: by this share of the range.
CREEP, CREEP_SHARES = (0.02, 0.08), (0.7, 0.3)
LEADS, LEAD_SHARES = ("none", "still", "sit", "walk"), (0.25, 0.35, 0.2, 0.2)
ENDS, END_SHARES = ("none", "still", "getup"), (0.3, 0.4, 0.3)
FIDGETS, FIDGET_SHARES = (0, 1, 2, 3), (0.6, 0.2, 0.1, 0.1)
# Degrees a repetition that the pose of rest creeps away, where it does.
DRIFT_DEG, DRIFT_SHARES = 0.8, (0.4, 0.6)
RATES_HZ, GYROSCOPE_SHARE = (25, 50, 100, 208), 0.55
MOUNTS, MOUNT_SHARES = ("nominal", "flipped", "arbitrary"), (0.5, 0.2, 0.3)
# Sway of the domain file, and how much of its tremor is seen; a thigh trembles less than a hip.
SHAKINESS, TREMOR, THIGH_TREMOR = (0.5, 1.1), (0.03, 0.3), 0.5
LEFT_SHARE = 0.4
NOBODY = ("lie_still", "sit_fidget", "walk_sit", "changes")
# The plan and the recording draw from streams of their own.
PLAN_STREAM = 7


@dataclass(frozen=True)
class Plan:
    """One recording as it is meant; seconds, degrees and shares as the names say.

    lead, end : what is before and after the set. nobody : what is done instead of the exercise; empty for a set.
    creep, variations : shares. drift_deg : a repetition. shakiness, tremor : factors on the domain file's.
    """

    exercise: str
    segment: str
    range_deg: float
    out_s: float
    back_s: float
    out_shape: str
    back_shape: str
    hold_s: float
    reps: int
    rest_s: float
    way_cv: float
    range_cv: float
    hold_cv: float
    creep: float
    lead: str
    end: str
    fidgets: int
    drift_deg: float
    rate_hz: int
    gyroscope: bool
    mount: str
    shakiness: float
    tremor: float
    left: bool
    nobody: str = ""


def draw(exercise: str, segment: str, seed: int, *, nobody: bool = False) -> Plan:
    """The plan of a recording of a cell; the same for the same seed."""
    rng = np.random.default_rng([seed, PLAN_STREAM])
    turn = turn_of(exercise, segment)
    severity = str(rng.choice(list(SEVERITIES), p=SEVERITY_SHARES))
    range_factor, shakiness = SEVERITIES[severity]
    range_deg = rng.normal(turn.range_mean_deg, turn.range_sd_deg) * range_factor
    range_deg = float(np.clip(range_deg, LEAST_RANGE_DEG[exercise], turn.range_most_deg))
    out_s, back_s = log_uniform(rng, WAY_S[exercise]), log_uniform(rng, WAY_S[exercise])
    if rng.random() < ALIKE_SHARE:
        back_s = float(np.clip(out_s * rng.uniform(*ALIKE_FACTOR), *WAY_S[exercise]))
    out_shape = str(rng.choice(SHAPES))
    back_shape = str(rng.choice(BACK_SHAPES)) if rng.random() < ALIKE_SHARE else out_shape
    if exercise == "knee_to_chest" and rng.random() < TWO_STAGE_SHARE:
        out_shape = TWO_STAGES
    if exercise in STRETCHES:
        hold_s = one_range(rng, STRETCH_HOLD_S, STRETCH_HOLD_SHARES)
        reps = int(rng.choice(STRETCH_REPS, p=STRETCH_REP_SHARES))
        rest_s = log_uniform(rng, STRETCH_REST_S)
    else:
        hold_s = one_range(rng, SHORT_HOLD_S, SHORT_HOLD_SHARES)
        few = rng.random() < FEW_SHARE
        reps = int(rng.choice(FEW_REPS, p=FEW_SHARES) if few else rng.integers(*MANY_REPS))
        rest_s = log_uniform(rng, SHORT_REST_S)
    # Arguments are evaluated in the order written, which is the order of the draws.
    return Plan(
        exercise=exercise,
        segment=segment,
        range_deg=range_deg,
        out_s=out_s,
        back_s=back_s,
        out_shape=out_shape,
        back_shape=back_shape,
        hold_s=hold_s,
        reps=0 if nobody else reps,
        rest_s=rest_s,
        way_cv=rng.uniform(*WAY_CV),
        range_cv=rng.uniform(*RANGE_CV),
        hold_cv=rng.uniform(*HOLD_CV),
        creep=float(rng.choice([0.0, rng.uniform(*CREEP)], p=CREEP_SHARES)),
        lead=str(rng.choice(LEADS, p=LEAD_SHARES)),
        end=str(rng.choice(ENDS, p=END_SHARES)),
        fidgets=int(rng.choice(FIDGETS, p=FIDGET_SHARES)),
        drift_deg=float(rng.choice([0.0, rng.normal(0.0, DRIFT_DEG)], p=DRIFT_SHARES)),
        rate_hz=int(rng.choice(RATES_HZ)),
        gyroscope=bool(rng.random() < GYROSCOPE_SHARE),
        mount=str(rng.choice(MOUNTS, p=MOUNT_SHARES)),
        shakiness=shakiness * rng.uniform(*SHAKINESS),
        tremor=log_uniform(rng, TREMOR) * (1.0 if segment == HIP else THIGH_TREMOR),
        left=bool(segment == THIGH and rng.random() < LEFT_SHARE),
        nobody=str(rng.choice(NOBODY)) if nobody else "",
    )


def log_uniform(rng: np.random.Generator, ends: Range) -> float:
    return float(np.exp(rng.uniform(*np.log(ends))))


def one_range(rng: np.random.Generator, ranges: tuple[Range, ...], shares: tuple[float, ...]) -> float:
    """Uniform within one of the ranges."""
    return float(rng.choice([rng.uniform(*ends) for ends in ranges], p=shares))
