"""Adversarial cases about what is done and what for: wrong labels, other legs, other poses, nobody at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sciatrack_signal.simulate.adversarial import AdversarialCase, Builder
from sciatrack_signal.simulate.case_tools import (
    OPTIONS,
    SEVERITY,
    changed_set,
    each,
    exactly,
    pick,
    plain_set,
)
from sciatrack_signal.simulate.draws import Generator
from sciatrack_signal.simulate.expect import Expect
from sciatrack_signal.simulate.nobody import simulate_nobody
from sciatrack_signal.simulate.profiles import minimum_jerk
from sciatrack_signal.simulate.reps import RepPlan
from sciatrack_signal.simulate.script import Overlay, Script
from sciatrack_signal.simulate.truth import Simulated
from sciatrack_signal.simulate.visits import simulate_visit

# A label and what is done instead, seen from a place at which the poses of the two differ.
MISTAKES = (
    ("glute_bridge", "knee_to_chest", "right_thigh"),
    ("glute_bridge", "standing_hamstring_stretch", "hip"),
    ("clamshell", "glute_bridge", "right_thigh"),
    ("childs_pose", "glute_bridge", "hip"),
    ("cobra_stretch", "pelvic_tilt", "hip"),
    ("knee_to_chest", "bird_dog", "right_thigh"),
    ("standing_hamstring_stretch", "childs_pose", "hip"),
    ("pelvic_tilt", "standing_hamstring_stretch", "hip"),
)
UNSURE = ("low_certainty", "assumed_polarity")


def relabelled(made: Simulated, exercise: str | None) -> Simulated:
    """The same with another exercise on the label."""
    return replace(made, recording=replace(made.recording, exercise=exercise))


def phone_in_hold(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, (("childs_pose", "hip"), ("cobra_stretch", "hip")))
    talks_s = 20.0 + 40.0 * (seed % 7) / 6.0

    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        return [replace(p, hold_s=12.0 + talks_s if k == 1 else p.hold_s) for k, p in enumerate(plans)]

    quiet = replace(OPTIONS, others=0.0)
    plain = plain_set(seed, exercise, placement, change, reps=3, options=quiet)
    start_s = plain.reps[1].hold_start_s + 6.0

    def between(script: Script, number: int) -> None:
        if number == 1:
            ramp = minimum_jerk(np.arange(int(1.5 * script.rate_hz)) / (1.5 * script.rate_hz))
            there = np.concatenate([ramp, np.ones(int((talks_s - 3.0) * script.rate_hz)), ramp[::-1]])
            roll = (10.0 + 10.0 * (seed % 3) / 2.0) * there
            script.overlays.append(Overlay(start_s, rot_deg=roll[:, None] * np.array([0.0, 0.15, 1.0])))

    made = changed_set(seed, exercise, placement, change, reps=3, between=between, options=quiet)
    count = exactly(made)[0]
    expect = Expect(
        "the rep is one, or split in two, and flagged",
        count=(count, count + 1),
        note_or_flag=("long_hold", "interrupted_hold", *UNSURE),
    )
    return AdversarialCase("A14", "a phone is answered in the middle of a hold", made, expect)


def wrong_label(seed: int) -> AdversarialCase:
    label, done, placement = MISTAKES[seed % len(MISTAKES)]
    made = changed_set(seed, done, placement, mount="nominal")
    made = relabelled(made, label)
    expect = Expect("a warning that this is not the exercise named", note=True)
    return AdversarialCase("A15", f"labelled {label}, but {done} is done", made, expect)


def other_leg(seed: int) -> AdversarialCase:
    exercise = ("knee_to_chest", "clamshell", "lying_gluteal_stretch")[seed % 3]
    made = changed_set(seed, exercise, "right_thigh", side="left")
    if seed % 2:
        made = replace(made, recording=replace(made.recording, side=None))
    expect = Expect("not observable, no reps", silent=True, note=True)
    return AdversarialCase("A16", "the leg without the sensor does the exercise", made, expect)


def blocked_bird_dog(seed: int) -> AdversarialCase:
    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        return sorted(plans, key=lambda plan: plan.side)

    made = changed_set(seed, "bird_dog", "right_thigh", change, reps=6)
    expect = Expect("the reps of the leg with the sensor", count=exactly(made))
    return AdversarialCase("A17", "bird-dog with all left lifts first, then all right ones", made, expect)


def same_side_twice(seed: int) -> AdversarialCase:
    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        return [*plans[:6], plans[5], *plans[6:]]

    made = changed_set(seed, "bird_dog", "right_thigh", change, reps=6)
    others = sum(rep.indirect for rep in made.reps)
    expect = Expect(
        "the leg with the sensor is right, the other is not guessed by doubling",
        count=exactly(made), inferred_most=others,
    )  # fmt: skip
    return AdversarialCase("A18", "bird-dog with two lifts of one leg in a row", made, expect)


def tilt_under_breathing(seed: int) -> AdversarialCase:
    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        return [replace(plan, range_deg=float(rng.uniform(2.0, 3.0))) for plan in plans]

    options = replace(OPTIONS, site="hip_front", small_motion=0.75, others=0.0)
    made = changed_set(seed, "pelvic_tilt", "hip", change, options=options)
    expect = Expect(
        "too small to count, and no breath is counted",
        count=(0, len(made.reps)), false_most=1, note_or_flag=("small_range", *UNSURE),
    )  # fmt: skip
    return AdversarialCase("A19", "tilts of 2 to 3 degrees under breathing of 1.5", made, expect)


def lying_still(seed: int) -> AdversarialCase:
    placement = ("hip", "right_thigh")[seed % 2]
    made = simulate_nobody("lying", seed=seed, duration_s=600.0, placement=placement)
    label = (None, "pelvic_tilt" if placement == "hip" else "glute_bridge")[(seed // 2) % 2]
    made = relabelled(made, label)
    return AdversarialCase("A20", "ten minutes of lying still", made, Expect("no reps", silent=True))


def turns_over(seed: int) -> AdversarialCase:
    made = simulate_visit(
        ["clamshell"],
        "right_thigh",
        seed=seed,
        severity=SEVERITY,
        mount="worn",
        options=replace(OPTIONS, others=0.0),
    )
    made = relabelled(made, "clamshell")
    between = (made.blocks[0].end_s, made.blocks[1].start_s)
    expect = Expect(
        "turning over is no rep, and the leg below is not counted",
        count=exactly(made), quiet_s=(between,), false_most=0,
    )  # fmt: skip
    return AdversarialCase("A22", "both sides of the clamshell with a turn between", made, expect)


def pelvis_clamshell(seed: int) -> AdversarialCase:
    placement = ("hip", "right_thigh")[seed % 2]
    made = changed_set(seed, "clamshell", placement, each(range_deg=25.0))
    flag = ("pelvis_roll",)
    expect = (
        Expect("the hip sensor says that the pelvis rolls", flags=flag, false_most=0)
        if placement == "hip"
        else Expect("seen; from the thigh no fault is claimed", never=flag, false_most=0)
    )
    return AdversarialCase("A23", "a clamshell that rolls the pelvis by 25 degrees", made, expect)


def lies_on_it(seed: int) -> AdversarialCase:
    made = changed_set(seed, "clamshell", "right_thigh", side="left")
    return AdversarialCase(
        "A24", "clamshell, lying on the leg with the sensor", made, Expect("not observable", silent=True, note=True)
    )


def uncrossing(seed: int) -> AdversarialCase:
    options = replace(OPTIONS, leave_between=True)
    made = changed_set(seed, "lying_gluteal_stretch", "right_thigh", options=options)
    expect = Expect("the presses count, crossing does not", count=exactly(made), false_most=0)
    return AdversarialCase("A33", "figure-4 with the leg uncrossed between reps", made, expect)


def pulled_figure4(seed: int) -> AdversarialCase:
    placement = ("right_thigh", "left_thigh")[seed % 2]
    pulled = each(axis=np.array([0.0, -1.0, 0.0]), range_deg=35.0)
    made = changed_set(seed, "lying_gluteal_stretch", placement, pulled)
    expect = Expect("three reps or another pattern, never six", count=(0, 3))
    return AdversarialCase("A34", "figure-4 by pulling the other thigh to the chest", made, expect)


def heel_stays_up(seed: int) -> AdversarialCase:
    made = changed_set(seed, "standing_hamstring_stretch", "right_thigh")
    expect = Expect("not observable, no reps", silent=True, note=True)
    return AdversarialCase("A35", "hamstring stretch seen from the raised thigh", made, expect)


def knee_bends(seed: int) -> AdversarialCase:
    exercise, placement = "standing_hamstring_stretch", "right_thigh"
    quiet = replace(OPTIONS, others=0.0)
    plain = plain_set(seed, exercise, placement, options=quiet)
    bend_deg = 10.0 + 4.0 * (seed % 3) / 2.0

    def between(script: Script, number: int) -> None:
        if number:
            return
        for rep in plain.reps:
            n = int((rep.hold_end_s - rep.hold_start_s) * script.rate_hz)
            bend = np.sin(0.5 * np.pi * minimum_jerk(np.arange(n) / n)) * np.clip(np.arange(n)[::-1] / 400.0, 0, 1)
            way = bend_deg * bend[:, None] * np.array([0.0, -1.0, 0.0])
            script.overlays.append(Overlay(rep.hold_start_s, rot_deg=way))

    made = changed_set(seed, exercise, placement, between=between, options=quiet)
    expect = Expect("still not observable from there; no hold is made of the bending", count=(0, 0), note=True)
    return AdversarialCase("A36", "the knee of the raised leg bends slowly in the hold", made, expect)


def small_cobra(seed: int) -> AdversarialCase:
    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        return [replace(plan, range_deg=float(rng.uniform(4.0, 5.0))) for plan in plans]

    options = replace(OPTIONS, prop=True, small_motion=1.5, others=0.0)
    made = changed_set(seed, "cobra_stretch", "hip", change, options=options)
    expect = Expect("three reps or too small, and no breath is counted", count=(0, 3), false_most=0)
    return AdversarialCase("A38", "a cobra of 4 to 5 degrees under breathing of 1.5", made, expect)


def flow(seed: int) -> AdversarialCase:
    made = simulate_visit(
        ["cobra_stretch", "childs_pose"] * 3,
        "hip",
        seed=seed,
        severity=SEVERITY,
        mount="worn",
        reps=1,
        rest_s=(0.3, 1.0),
        options=replace(OPTIONS, others=0.0),
    )
    expect = Expect("six reps, transitions do not count", count=(4, 6), false_most=1)
    return AdversarialCase("A39", "cobra straight into child's pose and back", made, expect)


def side_lying_knee(seed: int) -> AdversarialCase:
    options = replace(OPTIONS, pose="side_lying", rest_up=(0.0, -1.0, 0.05))
    made = changed_set(seed, "knee_to_chest", "right_thigh", options=options, mount="nominal")
    expect = Expect("seen by the gyroscope, with a warning about the pose", count=exactly(made), note=True)
    return AdversarialCase("A50", "knee-to-chest lying on the side: gravity sees nothing of it", made, expect)


CASES: dict[str, Builder] = {
    "A14": phone_in_hold,
    "A15": wrong_label,
    "A16": other_leg,
    "A17": blocked_bird_dog,
    "A18": same_side_twice,
    "A19": tilt_under_breathing,
    "A20": lying_still,
    "A22": turns_over,
    "A23": pelvis_clamshell,
    "A24": lies_on_it,
    "A33": uncrossing,
    "A34": pulled_figure4,
    "A35": heel_stays_up,
    "A36": knee_bends,
    "A38": small_cobra,
    "A39": flow,
    "A50": side_lying_knee,
}
