"""Poses and the ways between them: getting down, rolling over, getting up, walking."""

from __future__ import annotations

from collections import deque
from functools import cache

import numpy as np

from sciatrack_ingest.recording import Float
from sciatrack_signal.simulate import rotations
from sciatrack_signal.simulate.draws import band_noise, draw_between
from sciatrack_signal.simulate.parameters import SimulationError, section, steps
from sciatrack_signal.simulate.profiles import SHAPES
from sciatrack_signal.simulate.script import Ambient, Move, Overlay, Script

G = 9.80665
# How far a body turns about the vertical in one change of pose on the floor, and how far poses vary.
SWING_SD_DEG = 20.0
POSE_SD_DEG = 6.0
OTHER_SIDE = {"left": "right", "right": "left"}
# A pose that is named by the working leg has another name when the other leg is the working one.
NAMED_BY_SIDE = {"side_lying": "side_lying_on_working", "side_lying_on_working": "side_lying"}


def pose_up(pose: str, segment: str, side: str) -> Float:
    """(3,) direction of up in the segment in a pose with `side` as the working leg."""
    known = section("pose")
    if pose not in known:
        raise SimulationError(f"pose '{pose}' is not known; it is one of {', '.join(known)}")
    role = "pelvis" if segment == "pelvis" else "working" if segment == f"{side}_thigh" else "other"
    up = rotations.unit(known[pose][role])
    return up if side == "right" else rotations.mirror_direction(up)


def tilted(script: Script, up: Float, sd_deg: float) -> Float:
    """(3,) `up` as it is with this person today: turned by a random small angle."""
    turn = script.mirrored(np.deg2rad(script.rng.normal(0.0, sd_deg, 3)))
    return rotations.turn_one(turn - (turn @ up) * up, up)


@cache
def route(start: str, end: str, on_bed: bool = False) -> tuple[str, ...]:
    """The poses after `start` on the shortest way to `end`; empty when already there.

    on_bed : lies down from sitting; otherwise from hands and knees on the floor, unless one is sitting now.
    """
    floor_only = {"sitting", "supine"} if not on_bed and start != "sitting" and end != "sitting" else set()
    before: dict[str, str] = {start: ""}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for first, second, _ in steps():
            there = {first: second, second: first}.get(here)
            if there is not None and there not in before and {here, there} != floor_only:
                before[there] = here
                queue.append(there)
    way: list[str] = []
    at = end
    while at != start:
        way.append(at)
        at = before[at]
    return tuple(reversed(way))


def rename_pose(script: Script, side: str) -> None:
    """Names the present pose by another working leg."""
    if side != script.pose_side:
        script.pose = NAMED_BY_SIDE.get(script.pose, script.pose)
        script.pose_side = side


def go(script: Script, pose: str, side: str, *, up: Float | None = None, pace: float = 1.0) -> None:
    """Takes the body to a pose by the usual way; `up` (3,) overrides the direction of up at the end."""
    rename_pose(script, side)
    way = route(script.pose, pose, script.on_bed) or ((pose,) if up is not None else ())
    for step in way:
        last = step == way[-1]
        goal = up if last and up is not None else tilted(script, _up(script, step), POSE_SD_DEG)
        step_to(script, step, goal, pace=pace)
        script.wait(draw_between(script.rng, (0.1, 0.9)))


def step_to(script: Script, pose: str, up: Float, *, pace: float = 1.0) -> None:
    """One change of pose in one sweep; what was left of an exercise's rotation is undone on the way."""
    rng = script.rng
    takes_s = _takes_s(script.pose, pose)
    lasts_s = draw_between(rng, takes_s) * pace * script.subject.time
    shape = SHAPES[str(rng.choice(["minimum_jerk", "two_peak", "early_bell", "late_bell"]))]
    swing_rad = float(np.deg2rad(rng.normal(0.0, SWING_SD_DEG)))
    start_s = script.now_s
    script.turn_to(up, lasts_s, swing_rad=swing_rad, shape=shape)
    script.moves.append(Move(start_s, script.now_s, -script.lean_deg))
    script.lean_deg = np.zeros(3)
    heights = section("pose")
    rise_m = (heights[pose]["height_m"] - heights[script.pose]["height_m"]) * script.subject.limb
    aside_m = rng.normal(0.0, 0.15, 2)
    script.travel(np.array([aside_m[0], aside_m[1], rise_m]), start_s, script.now_s)
    script.pose = pose
    idle(script)


def idle(script: Script) -> None:
    """Small motion of a body that does no exercise, from now on."""
    kind = section("small_motion")["idle_pelvis" if script.segment == "pelvis" else "idle_thigh"]
    script.ambients.append(
        Ambient(
            script.now_s,
            np.array([0.0, 1.0, 0.0]),
            kind["breath"],
            kind["sway"] * script.subject.shaky,
            kind["tremor"] * script.subject.shaky,
        )
    )


def walk(script: Script, lasts_s: float) -> None:
    """Walks for some seconds; the body must stand. Slow turns on the way."""
    rng, numbers = script.rng, section("other")["walk"]
    n = int(lasts_s * script.rate_hz)
    at_s = np.arange(n) / script.rate_hz
    cadence_hz = draw_between(rng, numbers["cadence_hz"]) / script.subject.time**0.35
    thigh = script.segment != "pelvis"
    swing_deg = draw_between(rng, numbers["thigh_deg"] if thigh else numbers["pelvis_deg"])
    push = draw_between(rng, numbers["acc_g"]) * G
    wander = 0.03 * np.cumsum(band_noise(rng, n, script.rate_hz, (0.05, 0.4))) / script.rate_hz
    stride = 2.0 * np.pi * (0.5 * cadence_hz * at_s * (1.0 + 0.02 * rng.normal()) + wander) + rng.uniform(0, 6.28)
    envelope = np.clip(np.minimum(at_s, lasts_s - at_s) / 0.8, 0.0, 1.0)
    envelope *= np.maximum(1.0 + 0.08 * band_noise(rng, n, script.rate_hz, (0.05, 0.5)), 0.5)
    rot = np.zeros((n, 3))
    if thigh:
        rot[:, 1] = -swing_deg * (np.sin(stride) + 0.25 * np.sin(2.0 * stride + 0.6))
        rot[:, 0] = 0.15 * swing_deg * np.sin(stride + 1.0)
        rot[:, 2] = 0.2 * swing_deg * np.sin(stride + 2.0)
    else:
        rot[:, 0] = swing_deg * np.sin(stride)
        rot[:, 1] = 0.5 * swing_deg * np.sin(2.0 * stride)
        rot[:, 2] = swing_deg * np.sin(stride + 1.2)
    acc = np.zeros((n, 3))
    acc[:, 2] = push * (np.sin(2.0 * stride) + 0.4 * np.sin(4.0 * stride + 0.8))
    acc[:, :2] = 0.6 * push * np.column_stack([np.sin(2.0 * stride + 1.0), np.sin(stride)])
    heel = numbers["heel"]["thigh" if thigh else "pelvis"]
    acc += heel * push * _heel_strikes(stride, script.rate_hz)[:, None]
    script.overlays.append(Overlay(script.now_s, rot_deg=rot * envelope[:, None], acc=acc * envelope[:, None]))
    _turn_while_walking(script, lasts_s)


def _turn_while_walking(script: Script, lasts_s: float) -> None:
    """One to three turns about the vertical; leaves the time at the end of the walk."""
    end_s = script.now_s + lasts_s
    for _ in range(int(script.rng.integers(1, 4))):
        room_s = end_s - script.now_s - 2.0
        if room_s < 2.0:
            break
        script.wait(script.rng.uniform(0.2, 0.5 * room_s))
        script.turn_to(script.up, script.rng.uniform(1.0, 2.0), swing_rad=float(script.rng.normal(0, 1.2)))
    script.now_s = end_s


def _heel_strikes(stride: Float, rate_hz: float) -> Float:
    """(n,) a knock of 25 ms at every step."""
    strikes = np.zeros(len(stride))
    strikes[1:] = np.diff(np.floor(stride / np.pi)) > 0
    lag_s = np.arange(int(0.08 * rate_hz)) / rate_hz
    return np.convolve(strikes, np.exp(-lag_s / 0.025) * np.cos(2 * np.pi * 18.0 * lag_s))[: len(stride)]


def _up(script: Script, pose: str) -> Float:
    return pose_up(pose, script.segment, script.pose_side)


def _takes_s(start: str, end: str) -> tuple[float, float]:
    for first, second, takes_s in steps():
        if {start, end} == {first, second}:
            return takes_s
    return (0.8, 2.0)
