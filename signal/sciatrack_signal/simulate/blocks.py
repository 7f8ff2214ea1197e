"""Exercise blocks in a script: taking up the start position, the reps, what happens between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sciatrack_ingest.recording import Float
from sciatrack_signal.simulate import poses, rotations
from sciatrack_signal.simulate.draws import draw_between
from sciatrack_signal.simulate.parameters import Site, exercise_parameters, section
from sciatrack_signal.simulate.plans import SetRequest, view_of
from sciatrack_signal.simulate.reps import RepPlan, perform
from sciatrack_signal.simulate.script import Ambient, Script, ScriptedBlock, ScriptedRep
from sciatrack_signal.simulate.tissue import slip

# From which pose the start position is taken up, where it is more than a way of lying or kneeling.
TAKEN_UP_FROM = {"ankle_crossed": "hook_lying", "heel_on_step": "standing"}

Interlude = Callable[[Script, int], None]


@dataclass(frozen=True)
class BlockOptions:
    """leave_between : takes the leg down and up again between reps; rest_tilt_deg : a wedge or a bed under it all.

    settle_s : how long the body lies still before the first rep, (least, most).
    pose, rest_up : another start position than the exercise's, and the direction of up in it.
    between  : called after each rep but the last with the number of that rep, for whatever happens there.
    """

    leave_between: bool = False
    rest_tilt_deg: float = 0.0
    settle_s: tuple[float, float] = (2.0, 6.0)
    slips: bool = True
    between: Interlude | None = None
    pose: str | None = None
    rest_up: tuple[float, float, float] | None = None


def start_position(script: Script, request: SetRequest, options: BlockOptions) -> None:
    """Goes to the exercise's start position as this person takes it up and lies still for a moment."""
    posture, side = options.pose or exercise_parameters(request.exercise).posture, leg_of(request)
    before = TAKEN_UP_FROM.get(posture)
    if before is not None:
        poses.go(script, before, side)
    poses.go(script, posture, side, up=_rest_up(script, request, options))
    script.wait(draw_between(script.rng, options.settle_s))


def lie_there(script: Script, request: SetRequest, options: BlockOptions) -> None:
    """Has the body in the start position from the beginning of the recording."""
    poses.rename_pose(script, leg_of(request))
    script.pose = options.pose or exercise_parameters(request.exercise).posture
    up = _rest_up(script, request, options)
    script.quat = rotations.standing_on(up, float(script.rng.uniform(-np.pi, np.pi)))
    script.start_quat = script.quat
    script.wait(draw_between(script.rng, options.settle_s))


def leg_of(request: SetRequest) -> str:
    """The leg by which poses are named; the right one where both work."""
    return "left" if request.side == "left" else "right"


def _rest_up(script: Script, request: SetRequest, options: BlockOptions) -> Float:
    """(3,) direction of up at rest: the exercise's, as this person takes it up, on this support."""
    view = view_of(request, leg_of(request))
    rest_up = view.rest_up if options.rest_up is None else rotations.unit(options.rest_up)
    up = poses.tilted(script, rest_up, view.rest_sd_deg)
    if not options.rest_tilt_deg:
        return up
    across = rotations.unit(np.cross(up, [0.3, 0.8, 0.5]))
    return rotations.turn_one(np.deg2rad(options.rest_tilt_deg) * across, up)


def exercise_block(
    script: Script,
    request: SetRequest,
    plans: Sequence[RepPlan],
    options: BlockOptions,
    *,
    site: Site,
) -> None:
    """Does the reps from the start position on and notes the block."""
    start_s = script.now_s
    view = view_of(request, leg_of(request))
    gain = script.subject.shaky
    script.ambients.append(
        Ambient(
            start_s,
            view.axis,
            view.breath_deg * site.breath,
            view.sway_deg * gain,
            view.tremor_deg * gain,
        )
    )
    home_deg = script.lean_deg
    rest_up = script.up
    reps: list[ScriptedRep] = []
    for number, plan in enumerate(plans):
        care = min(plan.range_deg / section("reps")["drift_full_from_deg"], 1.0)
        drift_deg = care * script.mirrored(script.rng.normal(0.0, section("reps")["rest_drift_deg"], 3))
        miss_deg = care * script.mirrored(script.rng.normal(0.0, section("reps")["return_short_deg"], 3))
        reps.append(
            perform(
                script,
                _facing(script, plan),
                home_deg=home_deg,
                rest_noise_deg=drift_deg + miss_deg,
            )
        )
        home_deg = home_deg + drift_deg
        if number < len(plans) - 1:
            if options.leave_between:
                home_deg = _take_down_and_up(script, request, rest_up)
            if options.between is not None:
                leant_deg = script.lean_deg
                options.between(script, number)
                home_deg = home_deg + script.lean_deg - leant_deg
    if options.slips and reps:
        script.slips.extend(slip(script.rng, site, start_s, script.now_s))
    script.blocks.append(
        ScriptedBlock(
            exercise=request.exercise,
            side=request.side,
            placement=request.placement,
            start_s=start_s,
            end_s=script.now_s,
            reps=tuple(reps),
        )
    )


def _facing(script: Script, plan: RepPlan) -> RepPlan:
    """The plan with its path through the room turned to where the body's head end points."""
    ahead = rotations.turn(script.quat, np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]))
    way = ahead[0] if np.hypot(ahead[0, 0], ahead[0, 1]) >= 0.3 else ahead[1]
    yaw = np.arctan2(way[1], way[0])
    return replace(plan, hip_path_m=rotations.turn_one(np.array([0.0, 0.0, yaw]), plan.hip_path_m))


def _take_down_and_up(script: Script, request: SetRequest, rest_up: Float) -> Float:
    """Leaves the start position and takes it up again; returns the new home of v, (3,) degrees."""
    numbers = exercise_parameters(request.exercise)
    before = TAKEN_UP_FROM.get(numbers.posture)
    if before is not None:
        side = leg_of(request)
        state = script.ambients[-1]
        poses.go(script, before, side)
        script.wait(draw_between(script.rng, (0.5, 3.0)))
        poses.go(script, numbers.posture, side, up=poses.tilted(script, rest_up, 1.5))
        script.ambients.append(replace(state, start_s=script.now_s))
    return script.lean_deg
