"""`simulate_visit`: a whole sitting, from walking in over several exercises to walking out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sciatrack_signal.exercises import catalogue
from sciatrack_signal.simulate import poses
from sciatrack_signal.simulate.blocks import BlockOptions, exercise_block, start_position
from sciatrack_signal.simulate.distractors import interludes, loiter, scatter
from sciatrack_signal.simulate.draws import Generator, draw_between, stream
from sciatrack_signal.simulate.finish import finish
from sciatrack_signal.simulate.parameters import exercise_ids, section
from sciatrack_signal.simulate.plans import OTHER, draw_plans
from sciatrack_signal.simulate.script import Script
from sciatrack_signal.simulate.sets import (
    Options,
    leaves_between,
    new_script,
    set_request,
    walk_in,
    walk_out,
    worn_by,
)
from sciatrack_signal.simulate.truth import Simulated

# Rests between exercises and between the sides of one, and how often people stir in them (R).
REST_S = (8.0, 40.0)
SIDE_REST_S = (4.0, 15.0)
STIRS_PER_MIN = 5.0
# Without a list a visit has this many exercises, in the order of the article.
EXERCISES = (3, 5)


def simulate_visit(
    exercises: Sequence[str] | None,
    placement: str,
    *,
    seed: int,
    side: str = "right",
    severity: str | None = None,
    shape: str | None = None,
    mount: str = "drawn",
    rate_hz: float | None = None,
    gyroscope: bool = True,
    reps: int | None = None,
    hold_s: float | None = None,
    lead_s: tuple[float, float] = (20.0, 40.0),
    rest_s: tuple[float, float] = REST_S,
    options: Options | None = None,
) -> Simulated:
    """A sitting with several exercises seen by one sensor; the recording itself names no exercise.

    exercises : in order; None draws three to five of the nine. Exercises for each side are done with both legs, the
                working leg first, or in turn (one in four knee-to-chests).
    side      : the painful leg, on whose side a hip sensor is worn.
    rest_s    : how long the rests between exercises last, (least, most).
    Other arguments as for `simulate_set`. Pauses hold fidgets, shifts of pose and reaches. The whole takes 5 to 20
    minutes and about a tenth of a second of CPU time a minute.
    """
    chosen = options or Options()
    worn = worn_by(placement, side, seed, mount, rate_hz, gyroscope, chosen)
    script = new_script(placement, side, seed, severity, worn.rate_hz)
    seat = f"{side}_thigh" if placement == "thigh" else placement
    order = tuple(exercises) if exercises is not None else _drawn_order(stream(seed, "order"))
    if chosen.walks:
        walk_in(script, draw_between(script.rng, lead_s))
    for number, exercise in enumerate(order):
        in_turn = _takes_turns(exercise, seed, chosen)
        legs = (side, OTHER[side]) if catalogue()[exercise].sides == "each" and not in_turn else (side,)
        for turn, leg in enumerate(legs):
            leg_options = replace(chosen, alternate=in_turn)
            request = set_request(exercise, seat, leg, seed, reps, hold_s, shape, leg_options)
            _rest(script, SIDE_REST_S if turn else rest_s, chosen.others)
            plans = draw_plans(stream(seed, f"plan {exercise} {number} {turn}"), script.subject, request)
            block = BlockOptions(
                leave_between=leaves_between(exercise, seed, chosen),
                rest_tilt_deg=chosen.rest_tilt_deg,
                slips=chosen.slips,
                between=interludes(script, len(plans), worn.site.tissue == "pocket", chosen.others),
            )
            start_position(script, request, block)
            exercise_block(script, request, plans, block, site=worn.site)
            poses.idle(script)
    if script.rng.uniform() < chosen.others * section("other")["roll_over"]["per_set"]:
        roll_over(script)
    walk_out(script, chosen)
    scatter(script, 0.0, script.now_s, chosen.others)
    return finish(
        script,
        worn,
        seed,
        placement=placement,
        labels={"name": f"visit-{placement}-{seed}"},
        description=f"visit at the {worn.site.id}, {script.subject.severity.id}, seed {seed}: {' '.join(order)}",
    )


def roll_over(script: Script) -> None:
    """From lying, turns onto a side, stays there for a while and turns back."""
    if script.pose not in ("supine", "hook_lying", "prone", "ankle_crossed"):
        return
    back = "supine" if script.pose == "ankle_crossed" else script.pose
    poses.go(script, str(script.rng.choice(["side_lying", "side_lying_on_working"])), script.pose_side)
    script.wait(draw_between(script.rng, section("other")["roll_over"]["stays_s"]))
    poses.go(script, back, script.pose_side)


def _takes_turns(exercise: str, seed: int, options: Options) -> bool:
    """Whether the legs take turns, rep by rep, in an exercise for each side."""
    drawn = stream(seed, f"turns {exercise}").uniform() < section("patterns")["knee_alternating"]
    return exercise == "knee_to_chest" and (options.alternate or bool(drawn))


def _drawn_order(rng: Generator) -> tuple[str, ...]:
    known = exercise_ids()
    count = int(rng.integers(EXERCISES[0], EXERCISES[1] + 1))
    return tuple(known[k] for k in sorted(rng.choice(len(known), count, replace=False)))


def _rest(script: Script, lasts_s: tuple[float, float], others: float) -> None:
    """A pause as people make it."""
    loiter(script, draw_between(script.rng, lasts_s), per_min=STIRS_PER_MIN * others)
