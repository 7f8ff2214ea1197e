"""What a sensor makes of it: mounting, sampling, errors of scale and offset, noise and steps; a `Recording`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve, firwin
from scipy.spatial.transform import Rotation

from sciatrack_ingest import Recording
from second_simulation.body import GRAVITY_MPS2, Felt, feel
from second_simulation.domain import BOTH_SIDES, HIP, Float, turn_of
from second_simulation.motion import TrueRep
from second_simulation.plan import Plan, draw

# The body moves at a rate that is a multiple of the sensor's.
BODY_HZ, BODY_HZ_OF = 400.0, {208: 416.0}
# Taps of the low-pass a sensor's sample, and its cut-off as a share of the sensor's Nyquist frequency.
TAPS, CUT_OFF = 20, 0.8
MOUNT_SD_DEG, QUARTERS_DEG = (8.0, 8.0, 12.0), (90, 180, 270)
SEEDS = 1 << 31
ACC_SCALE_SD, ACC_OFFSET_SD, ACC_OFFSET_MOST = 0.005, 0.02 * GRAVITY_MPS2, 0.05 * GRAVITY_MPS2
ACC_NOISE, ACC_STEP = (0.06e-3, 0.3e-3), 8 * GRAVITY_MPS2 / 32768  # g/sqrt(Hz); 16 bits of 8 g
GYR_SCALE_SD, GYR_OFFSET_SD_DPS, GYR_OFFSET_MOST_DPS = 0.01, 0.7, 2.0
GYR_NOISE_DPS, GYR_STEP_DPS = 0.01, 1000 / 32768  # deg/s/sqrt(Hz); 16 bits of 1000 deg/s


@dataclass(frozen=True)
class Simulated:
    """A recording, what was meant by it, and the truth of its repetitions."""

    recording: Recording
    plan: Plan
    seed: int
    truth: tuple[TrueRep, ...]


def simulate(exercise: str, segment: str, seed: int, *, nobody: bool = False) -> Simulated:
    """The recording of a cell and a seed; the same each time."""
    plan = draw(exercise, segment, seed, nobody=nobody)
    rng = np.random.default_rng(seed)
    felt = feel(plan, turn_of(exercise, segment), BODY_HZ_OF.get(plan.rate_hz, BODY_HZ), rng)
    return Simulated(_measure(plan, felt, seed, rng), plan, seed, felt.truth)


def _measure(plan: Plan, felt: Felt, seed: int, rng: np.random.Generator) -> Recording:
    mount = _mount(plan, rng).inv()
    every = round(BODY_HZ_OF.get(plan.rate_hz, BODY_HZ) / plan.rate_hz)
    acc, gyr = (_sampled(mount.apply(values), every) for values in (felt.force, felt.rate))
    nyquist_hz = plan.rate_hz / 2
    acc = acc * (1 + rng.normal(0.0, ACC_SCALE_SD, 3))
    acc = acc + np.clip(rng.normal(0.0, ACC_OFFSET_SD, 3), -ACC_OFFSET_MOST, ACC_OFFSET_MOST)
    acc_noise = rng.uniform(*ACC_NOISE) * GRAVITY_MPS2 * np.sqrt(nyquist_hz)
    acc = acc + rng.normal(0.0, acc_noise, acc.shape)
    gyr_dps = np.degrees(gyr) * (1 + rng.normal(0.0, GYR_SCALE_SD, 3))
    gyr_dps = gyr_dps + np.clip(rng.normal(0.0, GYR_OFFSET_SD_DPS, 3), -GYR_OFFSET_MOST_DPS, GYR_OFFSET_MOST_DPS)
    gyr_dps = gyr_dps + rng.normal(0.0, GYR_NOISE_DPS * np.sqrt(nyquist_hz), gyr_dps.shape)
    leg = "left" if plan.left else "right"
    return Recording(
        time_s=felt.time_s[::every],
        acc=np.round(acc / ACC_STEP) * ACC_STEP,
        gyr=np.radians(np.round(gyr_dps / GYR_STEP_DPS) * GYR_STEP_DPS) if plan.gyroscope else None,
        name=f"{plan.nobody or plan.exercise}-{plan.segment}-{seed}",
        exercise=plan.exercise,
        placement=HIP if plan.segment == HIP else f"{leg}_thigh",
        side="both" if plan.exercise in BOTH_SIDES else leg,
        nominal_rate_hz=float(plan.rate_hz),
    )


def _mount(plan: Plan, rng: np.random.Generator) -> Rotation:
    """The sensor's axes in the segment."""
    if plan.mount == "arbitrary":
        return Rotation.random(random_state=rng.integers(SEEDS))
    mount = Rotation.from_euler("xyz", rng.normal(0.0, MOUNT_SD_DEG), degrees=True)
    if plan.mount == "flipped":
        axis = str(rng.choice(list("xyz")))
        mount = mount * Rotation.from_euler(axis, float(rng.choice(QUARTERS_DEG)), degrees=True)
    return mount


def _sampled(values: Float, every: int) -> Float:
    """(m, 3) each `every`th row of (n, 3) behind a low-pass without delay."""
    weights = firwin(TAPS * every + 1, CUT_OFF / every)
    half = TAPS * every // 2
    columns = [fftconvolve(np.pad(column, half, mode="edge"), weights, "valid") for column in values.T]
    return np.stack(columns, axis=1)[::every]
