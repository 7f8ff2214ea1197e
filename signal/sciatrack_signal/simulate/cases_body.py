"""Adversarial cases about how a rep is done: fading, bouncing, slow, quick, small, shaking, interrupted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sciatrack_signal.simulate import poses
from sciatrack_signal.simulate.adversarial import AdversarialCase, Builder
from sciatrack_signal.simulate.case_tools import (
    LONG_HOLDS,
    OPTIONS,
    SHORT_HOLDS,
    changed_set,
    each,
    exactly,
    one,
    pick,
    plain_set,
)
from sciatrack_signal.simulate.distractors import cough_at
from sciatrack_signal.simulate.draws import Generator, band_noise
from sciatrack_signal.simulate.expect import Expect
from sciatrack_signal.simulate.reps import Dip, RepPlan
from sciatrack_signal.simulate.script import Overlay, Script


def fading_hold(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS[:2] + LONG_HOLDS[:3])

    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        return one(1, fade_dps=float(rng.uniform(0.5, 1.5)), hold_s=float(rng.uniform(0.5, 2.0)))(plans, rng)

    made = changed_set(seed, exercise, placement, change, reps=3)
    expect = Expect(
        "three reps; the second's hold ends where 15 % of the range is lost, within 1 s, and is called fading",
        count=exactly(made), end_within_s=1.0, reps=(1,), flags=("fading_hold",),
    )  # fmt: skip
    return AdversarialCase("A01", "a hold sinks slowly to rest without a distinct return", made, expect)


def double_bounce(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS)

    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        def dips() -> tuple[Dip, ...]:
            lasts_s, depth = rng.uniform(0.3, 0.8), float(rng.uniform(0.20, 0.35))
            places = (0.35, 0.65) if rng.uniform() < 0.5 else (float(rng.uniform(0.3, 0.7)),)
            return tuple(Dip(at, depth, 0.5 * lasts_s, 0.5 * lasts_s) for at in places)

        return [
            replace(p, dips=dips(), hold_s=max(p.hold_s, 4.0)) if k in (1, 3) else p for k, p in enumerate(plans)
        ]

    made = changed_set(seed, exercise, placement, change, reps=5)
    expect = Expect(
        "each bounced rep is one rep with an interrupted hold, whole and longest part within 0.5 s",
        count=exactly(made), hold_within_s=0.5, longest_too=True, reps=(1, 3), flags=("interrupted_hold",),
    )  # fmt: skip
    return AdversarialCase("A02", "the top of a rep is bounced once or twice", made, expect)


def partial_return(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS)

    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        share = float(rng.uniform(0.60, 0.70))
        return one(2, return_share=share, pause_s=float(rng.uniform(0.5, 1.5)))(plans, rng)

    made = changed_set(seed, exercise, placement, change, reps=5)
    expect = Expect(
        "both reps count and the first is said not to return whole",
        count=exactly(made), reps=(2,), flags=("incomplete_return",),
    )  # fmt: skip
    return AdversarialCase("A03", "between two reps the return is only 60 to 70 %", made, expect)


def no_pause(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS)
    made = changed_set(seed, exercise, placement, each(pause_s=0.0))
    expect = Expect("all reps, holds within 0.5 s", count=exactly(made), hold_within_s=0.5)
    return AdversarialCase("A04", "no rest between the reps", made, expect)


def slow_reps(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, (*SHORT_HOLDS[:2], ("childs_pose", "hip"), ("cobra_stretch", "hip")))
    made = changed_set(seed, exercise, placement, each(out_s=6.0, back_s=6.0, hold_s=5.0), reps=3)
    expect = Expect("all reps, holds within 1 s", count=exactly(made), hold_within_s=1.0)
    return AdversarialCase("A05", "moves of 6 s each way", made, expect)


def quick_reps(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS[:3])

    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        return [
            replace(p, out_s=0.4, back_s=0.4, hold_s=0.0, pause_s=float(rng.uniform(0.6, 1.5)),
                    out_shape=("minimum_jerk", 0.5), back_shape=("minimum_jerk", 0.5))
            for p in plans
        ]  # fmt: skip

    made = changed_set(seed, exercise, placement, change, reps=8)
    expect = Expect("all reps, with holds that are as short as they are", count=exactly(made), hold_within_s=0.5)
    return AdversarialCase("A06", "0.4 s up, 0.4 s down, no hold", made, expect)


def cough_in_hold(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, LONG_HOLDS)
    quiet = replace(OPTIONS, others=0.0)
    plain = plain_set(seed, exercise, placement, reps=3, options=quiet)
    middle_s = 0.5 * (plain.reps[1].hold_start_s + plain.reps[1].hold_end_s)

    def between(script: Script, number: int) -> None:
        if number == 1:
            cough_at(script, middle_s, fits=3)

    made = changed_set(seed, exercise, placement, reps=3, between=between, options=quiet)
    expect = Expect("one hold, not split", count=exactly(made), hold_within_s=0.5, false_most=0)
    return AdversarialCase("A21", "a fit of coughing in a hold", made, expect)


def regripping(seed: int) -> AdversarialCase:
    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        def pulls() -> tuple[Dip, ...]:
            places = np.sort(rng.uniform(0.15, 0.85, int(rng.integers(2, 4))))
            return tuple(Dip(float(at), float(rng.uniform(0.06, 0.15)), 0.4, 0.5) for at in places)

        return [replace(plan, dips=pulls(), hold_s=max(plan.hold_s, 4.5)) for plan in plans]

    made = changed_set(seed, "knee_to_chest", "right_thigh", change)
    expect = Expect("one rep each", count=exactly(made), false_most=0)
    return AdversarialCase("A32", "the knee is gripped anew two or three times in a hold", made, expect)


def never_down(seed: int) -> AdversarialCase:
    made = changed_set(seed, "glute_bridge", ("hip", "right_thigh")[seed % 2], each(return_share=0.6))
    expect = Expect(
        "all reps, with incomplete returns",
        count=exactly(made), flags=("incomplete_return",),
    )  # fmt: skip
    return AdversarialCase("A41", "the hips come down by only 60 %", made, expect)


def shaking_holds(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS)
    quiet = replace(OPTIONS, others=0.0)
    plain = plain_set(seed, exercise, placement, reps=6, options=quiet)

    def between(script: Script, number: int) -> None:
        if number == 0:
            for rep in plain.reps:
                n = int((rep.hold_end_s - rep.hold_start_s) * script.rate_hz)
                ramp = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.3 * script.rate_hz), 0.0, 1.0)
                shake = 3.0 * ramp * band_noise(script.rng, n, script.rate_hz, (4.5, 5.5))
                axis = np.array([0.2, 1.0, 0.2])
                script.overlays.append(Overlay(rep.hold_start_s, rot_deg=shake[:, None] * axis, small=True))

    made = changed_set(seed, exercise, placement, reps=6, between=between, options=quiet)
    expect = Expect(
        "holds are not split and are called shaky",
        count=exactly(made), hold_within_s=0.6, false_most=0, flags=("shaky",),
    )  # fmt: skip
    return AdversarialCase("A42", "a tremor of 3 degrees RMS at 5 Hz in every hold", made, expect)


def shrinking_range(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS)

    def change(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        shares = np.linspace(1.0, 0.4, len(plans))
        first = max(plans[0].range_deg, 18.0)
        return [replace(p, range_deg=float(first * s)) for p, s in zip(plans, shares, strict=True)]

    made = changed_set(seed, exercise, placement, change)
    expect = Expect("all reps count", count=exactly(made), false_most=0)
    return AdversarialCase("A43", "the range shrinks by 60 % from the first rep to the last", made, expect)


def marching(seed: int) -> AdversarialCase:
    placement = ("hip", "right_thigh")[seed % 2]
    quiet = replace(OPTIONS, others=0.0)
    plain = plain_set(seed, "glute_bridge", placement, reps=6, options=quiet)

    def between(script: Script, number: int) -> None:
        if number:
            return
        for rep in plain.reps[1::2]:
            lasts_s = 0.5 * (rep.hold_end_s - rep.hold_start_s)
            n = int(lasts_s * script.rate_hz)
            lift = np.sin(np.pi * np.arange(n) / n) ** 2
            way = np.array([3.0, 0.0, 4.0]) if script.segment == "pelvis" else np.array([1.0, -18.0, 0.0])
            at_s = rep.hold_start_s + 0.5 * lasts_s
            script.overlays.append(Overlay(at_s, rot_deg=lift[:, None] * way))

    made = changed_set(seed, "glute_bridge", placement, reps=6, between=between, options=quiet)
    expect = Expect("one rep each", count=exactly(made), false_most=0)
    return AdversarialCase("A40", "a leg lifts in every other bridge", made, expect)


def sloped_bed(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS + LONG_HOLDS)
    made = changed_set(seed, exercise, placement, options=replace(OPTIONS, rest_tilt_deg=20.0))
    expect = Expect("counts as ever", count=exactly(made), false_most=0)
    return AdversarialCase("A49", "on a bed with a wedge: the rest pose is tilted by 20 degrees", made, expect)


def walks_off(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS)
    walked: list[tuple[float, float]] = []

    def between(script: Script, number: int) -> None:
        if number != 3:
            return
        pose, side, up, state = script.pose, script.pose_side, script.up, script.ambients[-1]
        start_s = script.now_s
        poses.go(script, "standing", side)
        poses.walk(script, 20.0)
        poses.go(script, pose, side, up=up)
        walked.append((start_s, script.now_s))
        script.wait(2.0)
        script.ambients.append(replace(state, start_s=script.now_s))

    made = changed_set(seed, exercise, placement, reps=7, between=between)
    expect = Expect(
        "the reps before and after, none in the walk", count=exactly(made), quiet_s=tuple(walked), false_most=0
    )
    return AdversarialCase("A13", "in the middle of the set the person gets up and walks for 20 s", made, expect)


def one_or_none(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed // 2, SHORT_HOLDS + LONG_HOLDS)
    made = changed_set(seed, exercise, placement, reps=1)
    if seed % 2 == 0:
        return AdversarialCase("A52", "one rep", made, Expect("one rep", count=(1, 1), false_most=0))
    rec = made.recording
    empty = replace(
        made,
        recording=replace(
            rec, time_s=rec.time_s[:0], acc=rec.acc[:0], gyr=None if rec.gyr is None else rec.gyr[:0]
        ),
        blocks=(),
        angle_deg=made.angle_deg[:0],
    )
    return AdversarialCase("A52", "an empty recording", empty, Expect("an answer, not a crash", silent=True))


CASES: dict[str, Builder] = {
    "A01": fading_hold,
    "A02": double_bounce,
    "A03": partial_return,
    "A04": no_pause,
    "A05": slow_reps,
    "A06": quick_reps,
    "A13": walks_off,
    "A21": cough_in_hold,
    "A32": regripping,
    "A40": marching,
    "A41": never_down,
    "A42": shaking_holds,
    "A43": shrinking_range,
    "A49": sloped_bed,
    "A52": one_or_none,
}
