"""Reps: what a person sets out to do, and how it is put into a script."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sciatrack_ingest.recording import Float
from sciatrack_signal.simulate.profiles import SHAPES, Shape, half_cosine
from sciatrack_signal.simulate.rotations import unit
from sciatrack_signal.simulate.script import Effort, Script, ScriptedRep

# The hand takes the knee at this pace of the remaining range; shorter stages would be jerks.
SHORTEST_STAGE_S = 0.25


@dataclass(frozen=True)
class Dip:
    """A fall from the hold that comes back: at `at` (share of the hold) by `depth` (share of the range)."""

    at: float
    depth: float
    fall_s: float
    rise_s: float


@dataclass(frozen=True)
class Stage:
    """A stop on the way out: at `share` of the range for `pause_s`, the rest in `then_s`."""

    share: float
    pause_s: float
    then_s: float


@dataclass(frozen=True, eq=False)
class RepPlan:
    """One rep as intended; axis (3,) is a unit vector in the segment for the leg that works.

    hold_s       : seconds between the end of the move out and the start of the move back.
    off_axis_deg : (3,) rotation at the hold beside the axis.
    creep        : share of the range by which the hold deepens (or sags) until it ends.
    return_share : how far back the return goes, 1 to the rest pose.
    fade_dps     : sinking at this rate from the start of the hold to rest, instead of hold and return.
    """

    side: str
    axis: Float
    range_deg: float
    out_s: float
    hold_s: float
    back_s: float
    pause_s: float
    hip_path_m: Float
    out_shape: tuple[str, float] = ("minimum_jerk", 0.5)
    back_shape: tuple[str, float] = ("minimum_jerk", 0.5)
    off_axis_deg: Float | None = None
    overshoot: float = 0.0
    creep: float = 0.0
    settle_s: float = 0.6
    stage: Stage | None = None
    return_share: float = 1.0
    dips: tuple[Dip, ...] = ()
    fade_dps: float | None = None
    tremor_gain: float = 1.0
    sway_gain: float = 1.0
    breath_held: bool = False
    indirect: bool = False
    flags: tuple[str, ...] = ()


def perform(script: Script, plan: RepPlan, *, home_deg: Float, rest_noise_deg: Float) -> ScriptedRep:
    """Puts one rep and the pause after it into the script.

    home_deg (3,): the rest pose that the range is measured from; rest_noise_deg (3,): how far from it the return
    ends.
    """
    axis = unit(plan.axis)
    beside = plan.off_axis_deg if plan.off_axis_deg is not None else np.zeros(3)
    full = axis * plan.range_deg + beside
    top_deg = home_deg + full
    begun_s = script.now_s
    path = np.linalg.norm(top_deg - script.lean_deg) / max(float(np.linalg.norm(full)), 1e-6)
    _go_out(script, plan, top_deg + full * plan.overshoot)
    out_end_s = script.now_s
    script.travel(plan.hip_path_m * path, begun_s, out_end_s, _shape(plan.out_shape)[0])
    _settle(script, plan, top_deg)
    dips = _hold(script, plan, out_end_s, full)
    down_deg = top_deg - full * plan.return_share + rest_noise_deg
    back_start_s = script.now_s
    fades = plan.fade_dps is not None
    lasts_s = plan.range_deg / plan.fade_dps if plan.fade_dps is not None else plan.back_s
    shape, variant = (SHAPES["trapezoid"], 0.0) if fades else _shape(plan.back_shape)
    script.lean(down_deg - script.lean_deg, lasts_s, shape, variant)
    script.travel(-plan.hip_path_m * plan.return_share, back_start_s, script.now_s, shape)
    script.efforts.append(
        Effort(begun_s, out_end_s, back_start_s, script.now_s, plan.tremor_gain, plan.sway_gain, plan.breath_held)
    )
    rep = ScriptedRep(
        side=plan.side,
        axis=axis,
        home_deg=home_deg,
        out=(begun_s, out_end_s),
        back=(back_start_s, script.now_s),
        dips=dips,
        fades=fades,
        return_share=plan.return_share,
        indirect=plan.indirect,
        flags=plan.flags,
    )
    script.wait(plan.pause_s)
    return rep


def _shape(named: tuple[str, float]) -> tuple[Shape, float]:
    return SHAPES[named[0]], named[1]


def _go_out(script: Script, plan: RepPlan, target_deg: Float) -> None:
    """The move out, in one go or with a stop on the way."""
    way = target_deg - script.lean_deg
    shape, variant = _shape(plan.out_shape)
    if plan.stage is None:
        script.lean(way, plan.out_s, shape, variant)
        return
    script.lean(way * plan.stage.share, plan.out_s, shape, variant)
    script.wait(plan.stage.pause_s)
    script.lean(way * (1.0 - plan.stage.share), max(plan.stage.then_s, SHORTEST_STAGE_S))


def _settle(script: Script, plan: RepPlan, top_deg: Float) -> None:
    """Comes down from the overshoot, inside the hold if that is long enough."""
    if plan.overshoot <= 0:
        return
    reached_s = script.now_s
    script.lean(top_deg - script.lean_deg, min(plan.settle_s, max(plan.hold_s, 0.05)))
    script.now_s = reached_s


def _hold(
    script: Script, plan: RepPlan, from_s: float, full_deg: Float
) -> tuple[tuple[tuple[float, float], tuple[float, float]], ...]:
    """Waits out the hold with its dips; returns the fall and rise of each."""
    if plan.creep and plan.hold_s > 0 and plan.fade_dps is None:
        script.lean(full_deg * plan.creep, plan.hold_s, half_cosine)
        script.now_s = from_s
    dips = []
    for dip in plan.dips:
        script.now_s = from_s + dip.at * plan.hold_s
        fall = script.lean(-full_deg * dip.depth, dip.fall_s)
        rise = script.lean(full_deg * dip.depth, dip.rise_s)
        dips.append((fall, rise))
    script.now_s = max(script.now_s, from_s + plan.hold_s)
    return tuple(dips)
