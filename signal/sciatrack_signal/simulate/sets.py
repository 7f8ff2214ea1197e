"""`simulate_set`: one set of one exercise, from walking in to walking out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sciatrack_ingest.recording import PLACEMENTS
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.simulate import link, poses, rotations
from sciatrack_signal.simulate.blocks import BlockOptions, Interlude, exercise_block, lie_there, start_position
from sciatrack_signal.simulate.distractors import interludes, scatter
from sciatrack_signal.simulate.draws import Generator, draw_between, stream
from sciatrack_signal.simulate.finish import finish
from sciatrack_signal.simulate.parameters import (
    SimulationError,
    Site,
    exercise_ids,
    section,
    site_parameters,
)
from sciatrack_signal.simulate.plans import SetRequest, draw_plans
from sciatrack_signal.simulate.render import Worn, fine_rate_hz
from sciatrack_signal.simulate.reps import RepPlan
from sciatrack_signal.simulate.script import Script
from sciatrack_signal.simulate.subjects import draw_subject
from sciatrack_signal.simulate.truth import Simulated

RECOMMENDED_SITE = {"hip": "hip_lateral"}
CLEAN_LEAD_S = (4.0, 7.0)


@dataclass(frozen=True)
class Options:
    """Knobs of a simulation; the defaults are the whole of it, `clean_options()` the least.

    site        : where exactly the sensor sits; None is the recommended place (hip_lateral, thigh_lateral).
    walks       : walks in and gets down before, gets up and walks out after; else lies there from the start.
    tail_s      : seconds after the set, (least, most).
    lapses      : short, aborted and incomplete reps by the severity's chances.
    leave_between, prop : the leg comes down between reps (figure-4, hamstring); the cobra rests on the forearms;
                  None draws it.
    alternate   : knee-to-chest with both legs in turn.
    pose, rest_up : another start position, and the direction of up of the segment in it.
    """

    site: str | None = None
    walks: bool = True
    tail_s: tuple[float, float] = (15.0, 30.0)
    lapses: bool = True
    others: float = 1.0
    small_motion: float = 1.0
    soft_tissue: bool = True
    slips: bool = True
    chip_errors: bool = True
    leave_between: bool | None = None
    prop: bool | None = None
    alternate: bool = False
    rest_tilt_deg: float = 0.0
    pose: str | None = None
    rest_up: tuple[float, float, float] | None = None
    acc_range_g: float | None = None
    gyro_range_dps: float | None = None
    gyro_bias_dps: tuple[float, float, float] | None = None
    link: link.LinkOptions = field(default_factory=link.LinkOptions)


def clean_options(site: str | None = None) -> Options:
    """Nothing but the reps, small motion and the noise of a good chip."""
    return Options(
        site=site,
        walks=False,
        tail_s=CLEAN_LEAD_S,
        lapses=False,
        others=0.0,
        soft_tissue=False,
        slips=False,
        leave_between=False,
        prop=False,
        acc_range_g=8.0,
        gyro_range_dps=500.0,
        link=link.CLEAN_LINK,
    )


def simulate_set(
    exercise: str,
    placement: str,
    *,
    seed: int,
    side: str = "right",
    severity: str | None = None,
    reps: int | None = None,
    hold_s: float | None = None,
    shape: str | None = None,
    mount: str = "worn",
    rate_hz: float | None = None,
    gyroscope: bool = True,
    lead_s: tuple[float, float] = (20.0, 35.0),
    clean: bool = False,
    options: Options | None = None,
    plans: Sequence[RepPlan] | None = None,
    between: Interlude | None = None,
) -> Simulated:
    """One set of one exercise seen by one sensor, with its truth.

    placement : hip, left_thigh, right_thigh, or thigh (on the working leg, which the recording does not say).
    side      : the working leg (the painful one where both or alternate).
    reps, hold_s, shape, severity, rate_hz : None draws them; a given hold is kept exactly in every rep.
    mount     : nominal, worn (small errors), flipped, quarter_turned, arbitrary, drawn (all by their shares).
    lead_s    : seconds before the block, (least, most), with walking in and getting down.
    clean     : only rest before and after, no lapses, soft tissue, losses or gross sensor limits.
    plans     : the reps themselves instead of drawn ones; between : what happens after each rep; for special cases.

    Same arguments, same arrays, on one version of numpy. Raises SimulationError for unknown words.
    """
    chosen = options or (clean_options() if clean else Options())
    lead_s = CLEAN_LEAD_S if clean and options is None else lead_s
    request = set_request(exercise, placement, side, seed, reps, hold_s, shape, chosen)
    worn = worn_by(placement, side, seed, mount, rate_hz, gyroscope, chosen)
    script = new_script(placement, side, seed, severity, worn.rate_hz)
    drawn = plans if plans is not None else draw_plans(stream(seed, f"plan {exercise}"), script.subject, request)
    block = BlockOptions(
        leave_between=leaves_between(exercise, seed, chosen),
        rest_tilt_deg=chosen.rest_tilt_deg,
        pose=chosen.pose,
        rest_up=chosen.rest_up,
        settle_s=(2.0, 6.0) if chosen.walks else lead_s,
        slips=chosen.slips,
        between=between or interludes(script, len(drawn), worn.site.tissue == "pocket", chosen.others),
    )
    if chosen.walks:
        walk_in(script, draw_between(script.rng, lead_s))
        start_position(script, request, block)
    else:
        lie_there(script, request, block)
    exercise_block(script, request, drawn, block, site=worn.site)
    poses.idle(script)
    walk_out(script, chosen)
    scatter(script, 0.0, script.now_s, chosen.others)
    return finish(
        script,
        worn,
        seed,
        placement=placement,
        labels={"exercise": exercise, "side": request.side, "name": f"{exercise}-{placement}-{seed}"},
        description=f"{exercise} at the {worn.site.id}, {script.subject.severity.id}, seed {seed}",
    )


def set_request(
    exercise: str,
    placement: str,
    side: str,
    seed: int,
    reps: int | None,
    hold_s: float | None,
    shape: str | None,
    options: Options,
) -> SetRequest:
    """The request of one set; bilateral and alternating exercises get the side `both`."""
    if exercise not in exercise_ids():
        raise SimulationError(f"exercise '{exercise}' is not simulated; known are {', '.join(exercise_ids())}")
    if placement not in PLACEMENTS:
        raise SimulationError(f"placement '{placement}' is not known; it is one of {', '.join(PLACEMENTS)}")
    if side not in ("left", "right"):
        raise SimulationError(f"side '{side}' is not a leg that can work; it is left or right")
    one_leg = catalogue()[exercise].sides in ("each", "painful")
    drawn = stream(seed, "prop").uniform() < section("patterns")["cobra_prop"]
    alternate = options.alternate and exercise == "knee_to_chest"
    prop = exercise == "cobra_stretch" and (bool(drawn) if options.prop is None else options.prop)
    return SetRequest(
        exercise=exercise,
        placement=f"{side}_thigh" if placement == "thigh" else placement,
        side=side if one_leg and not alternate else "both",
        first=side if alternate else None,
        reps=reps,
        hold_s=hold_s,
        shape=shape,
        lapses=options.lapses,
        prop=prop,
    )


def leaves_between(exercise: str, seed: int, options: Options) -> bool:
    """Whether the leg comes down between the reps."""
    chance = {
        "lying_gluteal_stretch": section("patterns")["figure4_uncross"],
        "standing_hamstring_stretch": section("patterns")["hamstring_leg_down"],
    }.get(exercise, 0.0)
    drawn = bool(stream(seed, "leave").uniform() < chance)
    return drawn if options.leave_between is None else options.leave_between


def worn_by(
    placement: str, side: str, seed: int, mount: str, rate_hz: float | None, gyroscope: bool, options: Options
) -> Worn:
    """The sensor as it is worn: on the leg that the placement says; at the hip on the side of the working leg."""
    site = _site(placement, options.site)
    drawn = float(stream(seed, "rate").choice(section("sensor")["rates_hz"]))
    return Worn(
        site=site,
        side=placement.removesuffix("_thigh") if placement in ("left_thigh", "right_thigh") else side,
        mount=mount,
        rate_hz=rate_hz or drawn,
        gyroscope=gyroscope,
        soft_tissue=options.soft_tissue,
        chip_errors=options.chip_errors,
        small_motion=options.small_motion,
        acc_range_g=options.acc_range_g,
        gyro_range_dps=options.gyro_range_dps,
        gyro_bias_dps=options.gyro_bias_dps,
        link=options.link,
    )


def _site(placement: str, site: str | None) -> Site:
    found = site_parameters(site or RECOMMENDED_SITE.get(placement, "thigh_lateral"))
    if (found.segment == "pelvis") != (placement == "hip"):
        raise SimulationError(f"a sensor at the {found.id} is not a sensor on the {placement}")
    return found


def new_script(placement: str, side: str, seed: int, severity: str | None, rate_hz: float) -> Script:
    """A script at time 0 with the person standing."""
    segment = {"hip": "pelvis", "thigh": f"{side}_thigh"}.get(placement, placement)
    rng: Generator = stream(seed, "script")
    up = poses.pose_up("standing", segment, side)
    yaw_rad = float(rng.uniform(-np.pi, np.pi))
    script = Script(
        rng=rng,
        subject=draw_subject(stream(seed, "subject"), severity),
        segment=segment,
        rate_hz=fine_rate_hz(rate_hz),
        pose="standing",
        pose_side=side,
        quat=rotations.standing_on(up, yaw_rad),
        on_bed=bool(stream(seed, "bed").uniform() < section("patterns")["on_bed"]),
    )
    poses.idle(script)
    return script


def walk_in(script: Script, lasts_s: float) -> None:
    """Stands, walks and stands again; getting down comes with the start position."""
    script.wait(draw_between(script.rng, (0.5, 2.0)))
    poses.walk(script, max(lasts_s - 6.0, 4.0))
    script.wait(draw_between(script.rng, (0.5, 3.0)))


def walk_out(script: Script, options: Options) -> None:
    """Rests, gets up and walks off; without walking only rests."""
    left_s = draw_between(script.rng, options.tail_s)
    if not options.walks:
        script.wait(left_s)
        return
    script.wait(draw_between(script.rng, (1.0, 4.0)))
    poses.go(script, "standing", script.pose_side)
    poses.walk(script, max(left_s - 6.0, 4.0))
    script.wait(draw_between(script.rng, (0.5, 2.0)))
