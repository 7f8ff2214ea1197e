"""What a person will do in one set: ranges, times, holds, lapses and fatigue, drawn by exercise and severity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sciatrack_ingest.recording import Float
from sciatrack_signal.exercises import Exercise, catalogue, view_name
from sciatrack_signal.simulate.draws import Generator, Spread, draw, draw_between, draw_direction, draw_word
from sciatrack_signal.simulate.parameters import (
    ExerciseParameters,
    SimulationError,
    View,
    exercise_parameters,
    section,
)
from sciatrack_signal.simulate.profiles import SHAPES
from sciatrack_signal.simulate.reps import RepPlan, Stage
from sciatrack_signal.simulate.rotations import mirror_axis, mirror_direction, unit
from sciatrack_signal.simulate.subjects import Subject

OTHER = {"left": "right", "right": "left"}
FIRST_LIFT = "left"  # bird-dog: the article begins with the right arm and the left leg
# A move may not become quicker than this, whatever the draws say, and one with stops takes longer: nobody stops
# four times in a second.
SHORTEST_MOVE_S = 0.35
STOPS_TAKE = {"staircase": 1.6, "ratchet": 1.5, "hesitant": 1.4, "two_peak": 1.2}
SHORTEST_WITH_STOPS_S = {"staircase": 2.0, "ratchet": 1.8, "hesitant": 1.2, "two_peak": 1.0}


@dataclass(frozen=True)
class SetRequest:
    """One set: None leaves a number to the draws. hold_s, when given, is held exactly in every rep.

    prop : the cobra rests on the forearms. first : the legs take turns, beginning with this one.
    """

    exercise: str
    placement: str
    side: str
    reps: int | None = None
    hold_s: float | None = None
    shape: str | None = None
    lapses: bool = True
    prop: bool = False
    first: str | None = None


@dataclass(frozen=True)
class Habits:
    """One person's way of doing one set, from which the reps differ a little; Floats are (3,) in degrees."""

    range_deg: dict[str, float]
    axis: dict[str, Float]
    off_axis: Float
    out_s: float
    back_s: float
    hold_s: float
    overshoot: float
    stage: Stage | None


def view_of(request: SetRequest, side: str) -> View:
    """What the sensor's segment does when the leg `side` works."""
    view = exercise_parameters(request.exercise).views[view_name(request.placement, side)]
    return view.mirrored() if side == "left" else view


def sides_of(request: SetRequest, rng: Generator) -> list[str]:
    """The side of every rep, in order."""
    known = catalogue()[request.exercise]
    reps = request.reps or int(rng.integers(known.reps[0], known.reps[1] + 1))
    if request.first is not None:
        return [request.first, OTHER[request.first]] * reps
    if known.sides == "both":
        return ["both"] * reps
    if known.sides == "alternating":
        return [FIRST_LIFT, OTHER[FIRST_LIFT]] * reps
    return [request.side] * reps


def draw_plans(rng: Generator, subject: Subject, request: SetRequest) -> list[RepPlan]:
    """The reps of one set in order."""
    sides = sides_of(request, rng)
    habits = _habits(rng, subject, request)
    return [_rep(rng, subject, request, habits, number, side) for number, side in enumerate(sides)]


def _habits(rng: Generator, subject: Subject, request: SetRequest) -> Habits:
    numbers, known = exercise_parameters(request.exercise), catalogue()[request.exercise]
    ranges, axes = _ranges(rng, subject, request)
    return Habits(
        range_deg=ranges,
        axis=axes,
        off_axis=draw(rng, section("reps")["off_axis"]) * draw_direction(rng),
        out_s=draw(rng, numbers.out_s) * subject.time,
        back_s=draw(rng, numbers.back_s) * subject.time,
        hold_s=_asked_hold_s(rng, known),
        overshoot=draw(rng, section("reps")["overshoot"]),
        stage=_stage(rng, request),
    )


def _ranges(rng: Generator, subject: Subject, request: SetRequest) -> tuple[dict[str, float], dict[str, Float]]:
    """Range and axis by working side, of this person in this set."""
    pattern = section("patterns")
    ranges: dict[str, float] = {}
    axes: dict[str, Float] = {}
    roll_up = rng.uniform() < pattern["bird_dog_working_side_up"]
    chance = rng.normal(0.0, 1.0)
    # The working leg first, so that one seed gives mirror images for left and right.
    for side in ("left", "right") if request.side == "left" else ("right", "left"):
        view = view_of(request, side)
        spread = view.range_deg
        if request.prop and request.placement == "hip":
            spread = Spread(*pattern["cobra_prop_range_deg"])
        # Both legs of one person share most of their luck.
        value = spread.mean + spread.sd * (0.8 * chance + 0.6 * rng.normal(0.0, 1.0))
        ranges[side] = float(np.clip(value, spread.low, spread.high)) * subject.range
        axes[side] = view.axis
        if request.exercise == "bird_dog" and request.placement == "hip":
            ranges[side], axes[side] = _bird_dog_pelvis(rng, subject, side, roll_up)
    ranges["both"], axes["both"] = ranges["right"], axes["right"]
    return ranges, axes


def _bird_dog_pelvis(rng: Generator, subject: Subject, side: str, roll_up: bool) -> tuple[float, Float]:
    """Roll about the long axis and forward pitch, each by itself; which way it rolls is a habit."""
    pattern = section("patterns")
    roll = draw(rng, pattern["bird_dog_roll_deg"]) * (1.0 if roll_up else -1.0)
    if rng.uniform() < pattern["bird_dog_sign_flips"]:
        roll = -roll
    rotation = np.array([0.0, draw(rng, pattern["bird_dog_pitch_deg"]), roll]) * subject.range
    axis = unit(rotation)
    return float(np.linalg.norm(rotation)), axis if side == "right" else mirror_axis(axis)


def _asked_hold_s(rng: Generator, known: Exercise) -> float:
    reps = section("reps")
    if known.hold_s[0] >= reps["hold_is_long_from_s"]:
        return float(round(draw_between(rng, reps["hold_asked_long_s"])))
    return float(known.hold_target_s)


def _stage(rng: Generator, request: SetRequest) -> Stage | None:
    if request.exercise != "knee_to_chest":
        return None
    pattern = section("patterns")
    first = pattern["knee_first_stage_pelvis" if request.placement == "hip" else "knee_first_stage"]
    return Stage(draw(rng, first), draw(rng, pattern["knee_grasp_s"]), draw(rng, pattern["knee_pull_s"]))


def _rep(rng: Generator, subject: Subject, request: SetRequest, habits: Habits, number: int, side: str) -> RepPlan:
    """One rep of a set: the person's habit, bent by chance, fatigue and lapses."""
    reps = section("reps")
    numbers = exercise_parameters(request.exercise)
    range_share = (1.0 + reps["range_per_rep"] * number) * (1.0 + reps["range_cv"] * rng.normal())
    slower = 1.0 + reps["time_per_rep"] * number
    out_shape, back_shape = _shape(rng, request.shape), _shape(rng, request.shape)
    out_s = _move_s(habits.out_s * slower * (1.0 + reps["time_cv"] * rng.normal()), out_shape[0])
    back_s = _move_s(habits.back_s * slower * (1.0 + reps["time_cv"] * rng.normal()), back_shape[0])
    hold_s, cut_range = _lapse(rng, subject, request, habits)
    range_deg = max(habits.range_deg[side] * range_share * cut_range, 0.0)
    held_breath = rng.uniform() < section("small_motion")["breath_held"]
    return RepPlan(
        side=side,
        axis=habits.axis[side],
        range_deg=range_deg,
        out_s=out_s * (0.8 if habits.stage else 1.0),
        hold_s=hold_s,
        creep=draw(rng, reps["hold_creep_per_10_s"]) * min(0.1 * hold_s, 1.5),
        back_s=back_s,
        pause_s=draw(rng, numbers.pause_s),
        hip_path_m=_hip_path(numbers, view_of(request, "right" if side == "both" else side), range_deg, side),
        out_shape=out_shape,
        back_shape=back_shape,
        off_axis_deg=_beside(habits.axis[side], habits.off_axis, side) * range_deg,
        overshoot=habits.overshoot,
        settle_s=draw_between(rng, reps["settle_s"]),
        stage=habits.stage,
        tremor_gain=1.0 + reps["tremor_per_rep"] * number,
        breath_held=bool(held_breath),
        indirect=side != "both" and view_name(request.placement, side) == "thigh_other",
    )


def _beside(axis: Float, off_axis: Float, side: str) -> Float:
    """(3,) the part of a drawn direction that is across the axis."""
    drawn = mirror_axis(off_axis) if side == "left" else off_axis
    return np.asarray(drawn - (drawn @ axis) * axis)


def _move_s(drawn_s: float, shape: str) -> float:
    """The time of a move of this shape."""
    least_s = SHORTEST_WITH_STOPS_S.get(shape, SHORTEST_MOVE_S)
    return max(drawn_s * STOPS_TAKE.get(shape, 1.0), least_s)


def _lapse(rng: Generator, subject: Subject, request: SetRequest, habits: Habits) -> tuple[float, float]:
    """Seconds held and the share of the range reached, with this person's chance of falling short."""
    reps = section("reps")
    mu, sigma = reps["hold_ratio_log"]
    hold_s = habits.hold_s * float(np.exp(rng.normal(mu, sigma)))
    dice = rng.uniform(size=3)
    short, aborted = draw_between(rng, reps["short_hold_share"]), draw_between(rng, reps["aborted_share"])
    little = draw_between(rng, reps["incomplete_share"])
    cut_range = 1.0
    if request.lapses:
        if dice[0] < subject.severity.short_hold:
            hold_s *= short
        if dice[1] < reps["aborted"]:
            hold_s *= aborted
        if dice[2] < subject.severity.incomplete:
            cut_range = little
    return (hold_s if request.hold_s is None else request.hold_s), cut_range


def _hip_path(numbers: ExerciseParameters, view: View, range_deg: float, side: str) -> Float:
    """(3,) how far the hip joint travels: in proportion to the range of this rep."""
    share = min(range_deg / max(view.range_deg.mean, 1e-6), 2.0)
    path = numbers.hip_path_m * share
    return mirror_direction(path) if side == "left" else path


def _shape(rng: Generator, name: str | None) -> tuple[str, float]:
    drawn, variant = draw_word(rng, section("reps")["shapes"]), float(rng.uniform())
    if name is not None and name not in SHAPES:
        raise SimulationError(f"shape '{name}' is not known; it is one of {', '.join(SHAPES)}")
    return (name or drawn), variant
