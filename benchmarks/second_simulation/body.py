"""The whole of what the segment does: poses before and after, drift, breath, sway, tremor, steps and fidgets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation, Slerp

from second_simulation.domain import CARRIED_M, HIP, THIGH, Float, Turn, unit
from second_simulation.motion import TrueRep, fractions, minimum_jerk, turn_of_set
from second_simulation.plan import Plan

GRAVITY_MPS2 = 9.80665
# What points up in the segment, standing and sitting.
UPRIGHT = {
    HIP: {"stand": (0.0, 0.0, 1.0), "sit": (0.17, 0.0, 0.98)},
    THIGH: {"stand": (0.0, 0.0, 1.0), "sit": (1.0, 0.0, 0.0)},
}
HOOK_LYING_THIGH, LYING_ON_A_SIDE = (0.64, 0.0, -0.77), (0.0, 0.9, 0.2)
# Radians that a pose may look away from the mat's direction.
LOOK_AWAY = 0.7
# Seconds of rest before and after a set: nothing much, lying still, and after a change of pose.
NOTHING_BEFORE_S, STILL_BEFORE_S, OTHER_BEFORE_S = (0.3, 1.5), (10.0, 40.0), (3.0, 10.0)
NOTHING_AFTER_S, STILL_AFTER_S, OTHER_AFTER_S = (0.5, 1.5), (4.0, 20.0), (2.0, 6.0)
NOBODY_S = (60.0, 180.0)
# Seconds of a pose and of the way to the next.
POSE_S, WAY_S = (6.0, 20.0), (2.5, 6.0)
HOOK_S, CROSSING_S = (2.0, 5.0), (1.0, 2.0)  # on the back, before a leg is laid over the other
UP_S, SEATED_S = (2.5, 5.0), (3.0, 12.0)
# Nobody: standing, sitting down in 2 s, sitting; and lying down and turning over.
NOBODY_POSE_S, SIT_DOWN_S, SITTING_ON_S, NOBODY_REST_S = (10.0, 30.0), 2.0, (20.0, 60.0), 0.5
LIE_DOWN_S, LIE_S, TURN_S, ON_A_SIDE_S = 4.0, 15.0, 2.5, 20.0
# Walking starts and ends so many seconds within its pose.
WALK_FROM_S, WALK_LEFT_S = 1.0, 2.0
WALK_EDGE, CADENCE_HZ = 0.3, (0.8, 1.05)
THIGH_SWING_DEG, HIP_SWING_DEG = (15.0, 25.0), (2.0, 4.0)
STEP_UP_MPS2, STEP_AHEAD_MPS2 = (1.0, 3.0), (0.5, 1.5)
# Rest is tilted less about x and z, which the mat holds.
REST_SHARE, REST_HELD = 0.8, np.array([0.5, 1.0, 0.5])
DRIFT_MOST_DEG, DRIFT_LEAST_S = 8.0, 8.0
BREATH_HZ, BREATH_WANDER, BREATH_SHARE = (0.2, 0.32), 0.15, (0.3, 1.0)
SECOND_HARMONIC, SECOND_PHASE, BREATH_YAW, MOST_PHASE = 0.25, 0.6, 0.25, 6.0
WANDER_HZ, SWAY_HZ, TREMOR_HZ, SWAY_AXIS_SHARE = (0.02, 0.1), (0.08, 1.2), (6.0, 10.0), 0.55
# Slow noise is made at a twentieth of the rate, where its filter is stable; so much is thrown away at each edge.
SLOWER, SLOW_MARGIN, FILTER_ORDER, SETTLE_S = 20, 400, 2, 10.0
# A fidget keeps so far from repetitions; most turn the sensor, others shake it.
FIDGET_S, FIDGET_AWAY_S, FIDGET_TRIES, FIDGET_TURNS, RESTLESS = (0.5, 1.1), 1.5, 20, 0.6, 3
FIDGET_DEG, FIDGET_HZ, FIDGET_MPS2, FIDGET_FROM_S, FIDGET_LEFT_S = (2.0, 9.0), (3.0, 6.0), (0.5, 2.0), 1.0, 2.0
# Metres from what the segment turns about to the sensor: to the side, and up or down the segment.
HIP_LEVER_M, THIGH_SIDE_M, THIGH_DOWN_M = (0.12, 0.08), 0.08, (0.2, 0.3)
CARRIED_MOST = 1.3

Stretch = tuple[float, Rotation, Rotation]


@dataclass(frozen=True)
class Felt:
    """What an ideal sensor along the segment's axes feels: (n,) s, (n, 3) m/s^2 and rad/s, and the truth."""

    time_s: Float
    force: Float
    rate: Float
    truth: tuple[TrueRep, ...]


def feel(plan: Plan, turn: Turn, rate_hz: float, rng: np.random.Generator) -> Felt:
    """One recording at a high rate; rng draws in the order in which things are written here."""
    before_s, after_s = _around(plan, rng)
    turned_deg, truth = turn_of_set(plan, before_s, after_s, rate_hz, rng)
    mirror = np.array([-1, 1, -1]) if plan.left else np.ones(3)  # of axes; what points up is mirrored the other way
    yaw = rng.uniform(-np.pi, np.pi)
    tilt_deg = rng.normal(0.0, turn.rest_sd_deg * REST_SHARE, 3) * REST_HELD
    rest = upright(-turn.rest_up * mirror if plan.left else turn.rest_up, yaw) * turned(tilt_deg)
    before, walk_s = _before(plan, rest, yaw, rate_hz, rng)
    if plan.nobody in ("sit_fidget", "walk_sit"):
        turned_deg, rest = np.zeros(int(NOBODY_REST_S * rate_hz)), before[-1][2]
    first = sum(int(seconds * rate_hz) for seconds, _, _ in before)
    pose = (
        _joined(before, rate_hz),
        np.tile(rest.as_quat(), (len(turned_deg), 1)),
        _after(plan, rest, yaw, rate_hz, rng),
    )
    poses = Rotation.from_quat(np.concatenate(pose))
    n = len(poses)
    time_s = np.arange(n) / rate_hz
    angle_deg = np.zeros(n)
    angle_deg[first : first + len(turned_deg)] = turned_deg
    truth = [rep.later(first / rate_hz) for rep in truth]
    set_s = len(turned_deg) / rate_hz
    drift_deg = _drift(plan, time_s - first / rate_hz, set_s, rng)
    small_deg, shaken = _small_motion(plan, turn, n, rate_hz, rng), np.zeros((n, 3))
    if walk_s[1] > walk_s[0]:
        _walk(plan, time_s, walk_s, small_deg, shaken, rng)
    _fidget(plan, time_s, truth, walk_s[1], small_deg, shaken, rng)
    turning = turned(np.outer(angle_deg, turn.axis * mirror))
    orientation = poses * turned(drift_deg) * turning * turned(small_deg)
    carried = _carried(plan, turn, yaw, orientation, angle_deg, rng)
    acceleration = np.gradient(np.gradient(carried, 1 / rate_hz, axis=0), 1 / rate_hz, axis=0)
    acceleration[:3] = acceleration[-3:] = 0.0  # one-sided differences there
    force = orientation.inv().apply(acceleration + np.array([0.0, 0.0, GRAVITY_MPS2])) + shaken
    rate = (orientation[:-1].inv() * orientation[1:]).as_rotvec() * rate_hz
    return Felt(time_s, force, np.vstack([rate, rate[-1:]]), tuple(truth))


def upright(up: Float | tuple[float, float, float], yaw: float) -> Rotation:
    """The pose of a segment in which `up` points up, turned by yaw radians about the vertical."""
    rotation, _ = Rotation.align_vectors([[0.0, 0.0, 1.0]], [unit(tuple(up))])
    return Rotation.from_euler("z", yaw) * rotation


def turned(vector_deg: Float) -> Rotation:
    """(3,) or (n, 3) rotation vectors in degrees."""
    return Rotation.from_rotvec(np.radians(vector_deg))


def noise(rng: np.random.Generator, n: int, rate_hz: float, band_hz: tuple[float, float]) -> Float:
    """(n,) noise of a band with standard deviation 1."""
    sections = butter(FILTER_ORDER, band_hz, "band", fs=rate_hz, output="sos")
    settle = int(SETTLE_S * rate_hz)
    kept = sosfiltfilt(sections, rng.standard_normal(n + int(2 * SETTLE_S * rate_hz)))[settle : settle + n]
    return np.asarray(kept / kept.std())


def slow_noise(rng: np.random.Generator, n: int, rate_hz: float, band_hz: tuple[float, float]) -> Float:
    """(n,) likewise, of a band far below the rate."""
    few = n // SLOWER + SLOW_MARGIN
    return np.interp(np.arange(n) / SLOWER, np.arange(few), noise(rng, few, rate_hz / SLOWER, band_hz))


def _around(plan: Plan, rng: np.random.Generator) -> tuple[float, float]:
    """Seconds of rest before and after the set."""
    before = {"none": rng.uniform(*NOTHING_BEFORE_S), "still": rng.uniform(*STILL_BEFORE_S)}
    before_s = before.get(plan.lead, rng.uniform(*OTHER_BEFORE_S))
    after = {"none": rng.uniform(*NOTHING_AFTER_S), "still": rng.uniform(*STILL_AFTER_S)}
    after_s = after.get(plan.end, rng.uniform(*OTHER_AFTER_S))
    return (rng.uniform(*NOBODY_S) if plan.nobody else before_s), after_s


def _before(
    plan: Plan, rest: Rotation, yaw: float, rate_hz: float, rng: np.random.Generator
) -> tuple[list[Stretch], tuple[float, float]]:
    """Stretches of seconds from one pose to another, ending in the pose of rest; and when somebody walks."""

    def pose(name: str) -> Rotation:
        return upright(UPRIGHT[plan.segment][name], yaw + rng.uniform(-LOOK_AWAY, LOOK_AWAY))

    if plan.nobody in ("walk_sit", "changes", "sit_fidget"):
        pose_s, standing, sitting = rng.uniform(*NOBODY_POSE_S), pose("stand"), pose("sit")
        seated_s = rng.uniform(*NOBODY_POSE_S)
        stretches = [
            (pose_s, standing, standing),
            (SIT_DOWN_S, standing, sitting),
            (seated_s, sitting, sitting),
        ]
        walk_s = (0.0, 0.0) if plan.nobody == "sit_fidget" else (WALK_FROM_S, pose_s - WALK_LEFT_S)
        if plan.nobody != "changes":
            return [*stretches, (rng.uniform(*SITTING_ON_S), sitting, sitting)], walk_s
        side = upright(LYING_ON_A_SIDE, yaw)
        lying = [(LIE_DOWN_S, sitting, rest), (LIE_S, rest, rest), (TURN_S, rest, side)]
        return [*stretches, *lying, (ON_A_SIDE_S, side, side), (TURN_S, side, rest)], walk_s
    if plan.nobody or plan.lead not in ("sit", "walk"):
        return [], (0.0, 0.0)
    pose_s, way_s = rng.uniform(*POSE_S), rng.uniform(*WAY_S)
    start = pose("sit" if plan.lead == "sit" else "stand")
    walk_s = (WALK_FROM_S, pose_s - WALK_LEFT_S) if plan.lead == "walk" else (0.0, 0.0)
    if plan.exercise != "lying_gluteal_stretch":
        return [(pose_s, start, start), (way_s, start, rest)], walk_s
    hook = upright(HOOK_LYING_THIGH, yaw)
    crossing = [(rng.uniform(*HOOK_S), hook, hook), (rng.uniform(*CROSSING_S), hook, rest)]
    return [(pose_s, start, start), (way_s, start, hook), *crossing], walk_s


def _after(plan: Plan, rest: Rotation, yaw: float, rate_hz: float, rng: np.random.Generator) -> Float:
    """(m, 4) quaternions of somebody who sits up after the set; none for others."""
    if plan.end != "getup" or plan.nobody:
        return np.empty((0, 4))
    sitting = upright(UPRIGHT[plan.segment]["sit"], yaw + rng.uniform(-LOOK_AWAY, LOOK_AWAY))
    stretches = [(rng.uniform(*UP_S), rest, sitting), (rng.uniform(*SEATED_S), sitting, sitting)]
    return _joined(stretches, rate_hz)


def _joined(stretches: list[Stretch], rate_hz: float) -> Float:
    """(m, 4) quaternions of one stretch after the other."""
    parts = [np.empty((0, 4))]
    for seconds, start, stop in stretches:
        way = Slerp([0, 1], Rotation.concatenate([start, stop]))
        parts.append(way(minimum_jerk(fractions(int(seconds * rate_hz)))).as_quat())
    return np.concatenate(parts)


def _drift(plan: Plan, since_s: Float, set_s: float, rng: np.random.Generator) -> Float:
    """(n, 3) degrees by which the pose of rest creeps away, from the set's first second to its last."""
    direction = unit(tuple(rng.normal(size=3)))
    period_s = max(set_s / max(1, plan.reps), DRIFT_LEAST_S)
    drift_deg = np.clip(since_s, 0.0, set_s) / period_s * plan.drift_deg
    return np.clip(drift_deg, -DRIFT_MOST_DEG, DRIFT_MOST_DEG)[:, None] * direction


def _small_motion(plan: Plan, turn: Turn, n: int, rate_hz: float, rng: np.random.Generator) -> Float:
    """(n, 3) degrees of breath, sway and tremor."""
    small_deg = np.zeros((n, 3))
    wander = slow_noise(rng, n, rate_hz, WANDER_HZ)
    cycles = np.cumsum(rng.uniform(*BREATH_HZ) * (1 + BREATH_WANDER * wander)) / rate_hz
    phase = 2 * np.pi * cycles + rng.uniform(0.0, MOST_PHASE)
    breath_deg = turn.breath_deg * rng.uniform(*BREATH_SHARE)
    wave = breath_deg * (np.sin(phase) + SECOND_HARMONIC * np.sin(2 * phase + SECOND_PHASE))
    wave = wave * (1 + BREATH_WANDER * slow_noise(rng, n, rate_hz, WANDER_HZ))
    small_deg[:, 1] += wave
    small_deg[:, 2] += BREATH_YAW * wave
    sway_deg = turn.sway_deg * plan.shakiness * SWAY_AXIS_SHARE
    tremor_deg = turn.tremor_deg * plan.shakiness * plan.tremor
    for axis in range(3):
        small_deg[:, axis] += sway_deg * slow_noise(rng, n, rate_hz, SWAY_HZ)
        small_deg[:, axis] += tremor_deg * noise(rng, n, rate_hz, TREMOR_HZ)
    return small_deg


def _walk(
    plan: Plan,
    time_s: Float,
    walk_s: tuple[float, float],
    small_deg: Float,
    shaken: Float,
    rng: np.random.Generator,
) -> None:
    """Adds steps between two seconds to both (n, 3): degrees, and m/s^2."""
    cadence_hz = rng.uniform(*CADENCE_HZ)
    inside = (time_s > walk_s[0]) & (time_s < walk_s[1])
    window = np.zeros(len(time_s))
    window[inside] = np.sin(np.pi * (time_s[inside] - walk_s[0]) / (walk_s[1] - walk_s[0])) ** WALK_EDGE
    hip = plan.segment == HIP
    swing_deg = rng.uniform(*(HIP_SWING_DEG if hip else THIGH_SWING_DEG))
    step = 2 * np.pi * cadence_hz * time_s
    small_deg[:, 1] += window * swing_deg * np.sin(step * (2 if hip else 1))
    shaken[:, 2] += window * rng.uniform(*STEP_UP_MPS2) * np.sin(2 * step)
    shaken[:, 0] += window * rng.uniform(*STEP_AHEAD_MPS2) * np.sin(2 * step + 1)


def _fidget(
    plan: Plan,
    time_s: Float,
    truth: list[TrueRep],
    walked_s: float,
    small_deg: Float,
    shaken: Float,
    rng: np.random.Generator,
) -> None:
    """Adds fidgets to both (n, 3), after the walk and away from repetitions; one that finds no room is left out."""
    for _ in range(plan.fidgets + (RESTLESS if plan.nobody == "sit_fidget" else 0)):
        for _ in range(FIDGET_TRIES):
            lasts_s = rng.uniform(*FIDGET_S)
            start_s = rng.uniform(FIDGET_FROM_S, max(1.1 * FIDGET_FROM_S, time_s[-1] - FIDGET_LEFT_S))
            stop_s = start_s + lasts_s
            free = all(stop_s < rep.start_s - FIDGET_AWAY_S or start_s > rep.end_s + FIDGET_AWAY_S for rep in truth)
            if free and start_s >= walked_s:
                break
        else:
            continue
        inside = (time_s >= start_s) & (time_s <= start_s + lasts_s)
        since_s = time_s[inside] - start_s
        direction = unit(tuple(rng.normal(size=3)))
        if rng.random() < FIDGET_TURNS:
            bump = 0.5 - 0.5 * np.cos(2 * np.pi * since_s / lasts_s)
            small_deg[inside] += np.outer(bump, direction) * rng.uniform(*FIDGET_DEG)
        else:
            bump = np.sin(2 * np.pi * rng.uniform(*FIDGET_HZ) * since_s) * np.sin(np.pi * since_s / lasts_s)
            shaken[inside] += np.outer(bump, direction) * rng.uniform(*FIDGET_MPS2)


def _carried(
    plan: Plan, turn: Turn, yaw: float, orientation: Rotation, angle_deg: Float, rng: np.random.Generator
) -> Float:
    """(n, 3) metres of the sensor in the room: what carries the segment, and the lever that it sits on."""
    outward = 1.0 if plan.left else -1.0
    full = min(CARRIED_MOST, plan.range_deg / turn.range_mean_deg)
    way_m = np.array(CARRIED_M.get((plan.exercise, plan.segment), (0.0, 0.0, 0.0))) * full
    if plan.segment == HIP:
        lever_m = np.array([0.0, HIP_LEVER_M[0] * outward, HIP_LEVER_M[1]])
    else:
        lever_m = np.array([0.0, THIGH_SIDE_M * outward, -rng.uniform(*THIGH_DOWN_M)])
    room_m = Rotation.from_euler("z", yaw).apply(way_m)
    return np.asarray(np.outer(angle_deg / max(plan.range_deg, 1.0), room_m) + orientation.apply(lever_m))
