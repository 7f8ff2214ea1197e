"""Adversarial cases about the sensor, its mount, its link and its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sciatrack_signal.simulate.adversarial import AdversarialCase, Builder
from sciatrack_signal.simulate.case_tools import (
    LONG_HOLDS,
    OPTIONS,
    SHORT_HOLDS,
    changed_set,
    each,
    exactly,
    pick,
)
from sciatrack_signal.simulate.distractors import bump_at
from sciatrack_signal.simulate.draws import draw_direction
from sciatrack_signal.simulate.expect import Expect
from sciatrack_signal.simulate.link import LinkOptions
from sciatrack_signal.simulate.script import Move, Script
from sciatrack_signal.simulate.sets import Options
from sciatrack_signal.simulate.truth import Simulated

ANY = SHORT_HOLDS + LONG_HOLDS


def _mounted(case: str, what: str, mount: str) -> Builder:
    def build(seed: int) -> AdversarialCase:
        exercise, placement = pick(seed, ANY)
        made = changed_set(seed, exercise, placement, mount=mount)
        expect = Expect("counts and holds as ever", count=exactly(made), hold_within_s=0.5, false_most=0)
        return AdversarialCase(case, what, made, expect)

    return build


def _linked(case: str, what: str, link: LinkOptions, expect: Callable[[Simulated], Expect]) -> Builder:
    def build(seed: int) -> AdversarialCase:
        exercise, placement = pick(seed, ANY)
        made = changed_set(seed, exercise, placement, options=replace(OPTIONS, link=link))
        return AdversarialCase(case, what, made, expect(made))

    return build


def slow_sampling(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, ANY)
    made = changed_set(seed, exercise, placement, rate_hz=25.0)
    expect = Expect("counts as ever, holds within 0.5 s", count=exactly(made), hold_within_s=0.5, false_most=0)
    return AdversarialCase("A09", "25 samples a second", made, expect)


def gap_in_hold(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, LONG_HOLDS)
    plain = changed_set(seed, exercise, placement, reps=3, options=_without_gaps())
    rep = plain.reps[1]
    lasts_s = 1.0 + 2.0 * (seed % 5) / 4.0
    start_s = 0.5 * (rep.hold_start_s + rep.hold_end_s) - 0.5 * lasts_s
    made = changed_set(seed, exercise, placement, reps=3, options=_without_gaps(((start_s, lasts_s),)))
    expect = Expect(
        "three reps; the hold is bridged and said to be less certain",
        count=exactly(made), hold_within_s=0.5, reps=(1,), flags=("gap", "low_certainty"),
    )  # fmt: skip
    return AdversarialCase("A11", "1 to 3 s of data are missing in a long hold", made, expect)


def gap_over_rep(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS[:3])
    quick = each(pause_s=0.3, out_s=1.2, back_s=1.3)
    plain = changed_set(seed, exercise, placement, quick, options=_without_gaps())
    start_s = plain.reps[3].hold_end_s - 0.4
    made = changed_set(seed, exercise, placement, quick, options=_without_gaps(((start_s, 4.0),)))
    expect = Expect("the count is a range that holds the truth", range_spans=True, note_or_flag=("gap", "cut"))
    return AdversarialCase("A12", "4 s of data are missing over a return and the next move out", made, expect)


def belt_slips(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, ANY)
    sudden = seed % 2 == 0

    def between(script: Script, number: int) -> None:
        axis = draw_direction(script.rng)
        if sudden and number == 1:
            script.slips.append(Move(script.now_s, script.now_s + 0.4, 15.0 * axis))
        if not sudden and number == 0:
            script.slips.append(Move(script.now_s, script.now_s + 60.0, 12.0 * axis))

    made = changed_set(seed, exercise, placement, between=between)
    expect = Expect("counts as ever", count=exactly(made), false_most=0)
    return AdversarialCase("A25", "the belt slips by 15 degrees at once or 12 slowly", made, expect)


def gyro_bias(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, ANY)
    bias = tuple(float(x) for x in np.roll([5.0, -2.0, 1.0], seed))
    options = replace(OPTIONS, gyro_bias_dps=(bias[0], bias[1], bias[2]))
    made = changed_set(seed, exercise, placement, options=options)
    expect = Expect("counts as ever, no reps from drift", count=exactly(made), false_most=0)
    return AdversarialCase("A26", "a gyroscope bias of 5 deg/s and no still start", made, expect)


def gyro_clips(seed: int) -> AdversarialCase:
    options = replace(OPTIONS, gyro_range_dps=125.0)
    quick = each(out_s=1.0, back_s=1.0, range_deg=115.0)
    made = changed_set(seed, "knee_to_chest", "right_thigh", quick, options=options)
    expect = Expect("counts as ever", count=exactly(made), false_most=0)
    return AdversarialCase("A27", "the gyroscope ends at 125 deg/s in a quick knee-to-chest", made, expect)


def thump(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, ANY)

    def between(script: Script, number: int) -> None:
        if number == 1:
            bump_at(script, script.now_s + 0.2, peak_g=3.5)
            script.wait(2.5)

    options = replace(OPTIONS, acc_range_g=2.0, others=0.0)
    made = changed_set(seed, exercise, placement, between=between, options=options)
    expect = Expect("no false rep", count=exactly(made), false_most=0)
    return AdversarialCase("A28", "a thump beyond the 2 g of the accelerometer", made, expect)


def stalling_host(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, ANY)
    plain = changed_set(seed, exercise, placement, options=_without_gaps())
    rep = plain.reps[len(plain.reps) // 2]
    middle_s = 0.5 * (rep.hold_start_s + rep.hold_end_s)
    link = LinkOptions(
        stamps="host",
        loss=0.0,
        drawn_gaps=False,
        batch=5,
        jitter_gain=3.0,
        stall_s=(middle_s - 1.0, min(2.0, 0.5 * rep.hold_s)),
    )
    made = changed_set(seed, exercise, placement, options=replace(OPTIONS, link=link), rate_hz=50.0)
    expect = Expect("counts as ever, holds within 0.3 s", count=exactly(made), hold_within_s=0.3)
    return AdversarialCase("A30", "arrival times only: bursts of 100 ms, jitter, a stall of 2 s", made, expect)


def starts_or_ends_in_hold(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed // 2, SHORT_HOLDS + LONG_HOLDS[:2])
    made = changed_set(seed, exercise, placement, reps=4)
    first = seed % 2 == 0
    rep = made.reps[0 if first else -1]
    middle_s = 0.5 * (rep.hold_start_s + rep.hold_end_s)
    made = cut(made, middle_s, np.inf) if first else cut(made, 0.0, middle_s)
    number = 0 if first else len(made.reps) - 1
    whole = exactly(made)[0]
    expect = Expect(
        "the cut rep is said to be cut and not counted",
        count=(whole, whole + 1), reps=(number,), flags=("cut", "low_certainty"),
    )  # fmt: skip
    return AdversarialCase("A48", "the recording starts or ends in a hold", made, expect)


def wrong_units(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, ANY)
    made = changed_set(seed, exercise, placement)
    claims = ({"acc": "g", "gyr": "rad/s"}, {"acc": "m/s^2", "gyr": "deg/s"})[seed % 2]
    expect = Expect("refused, or noted, with the likely cause", refused=True)
    return AdversarialCase("A46", "the sidecar names the wrong unit", made, expect, units=claims)


def left_handed(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS)
    made = changed_set(seed, exercise, placement, mount="nominal")
    rec = made.recording
    flip = np.ones(3)
    flip[seed % 3] = -1.0
    made = replace(made, recording=replace(rec, acc=rec.acc * flip))
    expect = Expect("refused, or noted: gyroscope and gravity disagree", refused=True)
    return AdversarialCase("A47", "one axis of the accelerometer is negated", made, expect)


def spoilt_stretch(seed: int) -> AdversarialCase:
    exercise, placement = pick(seed, SHORT_HOLDS)
    made = changed_set(seed, exercise, placement, reps=8, options=_without_gaps())
    rec, rep = made.recording, made.reps[4]
    acc = np.array(rec.acc)
    inside = (rec.time_s > rep.start_s) & (rec.time_s < rep.end_s)
    if seed % 3 == 0:
        acc[inside] = np.nan
    elif seed % 3 == 1:
        acc[inside] = 0.0
    else:
        acc[inside] = acc[np.flatnonzero(inside)[0]]
    made = replace(made, recording=replace(rec, acc=acc))
    count = exactly(made)[0]
    expect = Expect("the other reps count", count=(count - 2, count), false_most=1)
    return AdversarialCase("A51", "one rep's data are missing, zero or stuck", made, expect)


def cut(made: Simulated, start_s: float, end_s: float) -> Simulated:
    """The part of a simulation between two moments; reps across its edges end there, `cut` and not complete."""
    rec = made.recording
    keep = (rec.time_s >= start_s) & (rec.time_s < end_s)
    part = replace(rec, time_s=rec.time_s[keep], acc=rec.acc[keep], gyr=None if rec.gyr is None else rec.gyr[keep])
    low_s, high_s = float(part.time_s[0]), float(part.time_s[-1])
    blocks = []
    for block in made.blocks:
        reps = []
        for rep in block.reps:
            if rep.end_s <= low_s or rep.start_s >= high_s:
                continue
            whole = rep.start_s >= low_s and rep.end_s <= high_s
            inside = replace(rep, start_s=max(rep.start_s, low_s), end_s=min(rep.end_s, high_s))
            reps.append(rep if whole else replace(inside, complete=False, flags=("cut", *rep.flags)))
        blocks.append(replace(block, reps=tuple(reps)))
    return replace(made, recording=part, blocks=tuple(blocks), angle_deg=made.angle_deg[keep])


def _without_gaps(gaps_s: tuple[tuple[float, float], ...] = ()) -> Options:
    return replace(OPTIONS, link=LinkOptions(loss=0.0, drawn_gaps=False, gaps_s=gaps_s))


CASES: dict[str, Builder] = {
    "A07": _mounted("A07", "the sensor is upside down", "flipped"),
    "A08": _mounted("A08", "the sensor is turned by any angle", "arbitrary"),
    "A09": slow_sampling,
    "A10": _linked(
        "A10",
        "12 % of the samples are lost one by one",
        LinkOptions(loss=0.12, batch=1, drawn_gaps=False),
        lambda made: Expect("counts as ever, holds within 0.5 s", count=exactly(made), hold_within_s=0.5),
    ),
    "A11": gap_in_hold,
    "A12": gap_over_rep,
    "A25": belt_slips,
    "A26": gyro_bias,
    "A27": gyro_clips,
    "A28": thump,
    "A29": _linked(
        "A29",
        "time is the sample number over the nominal rate, and the true rate is 3 % off",
        LinkOptions(stamps="index", odr_error=0.03, loss=0.0, drawn_gaps=False),
        lambda made: Expect(
            "counts as ever, holds within 3 % more than usual",
            count=exactly(made),
            hold_within_s=0.5,
            hold_within_share=0.05,
        ),
    ),
    "A30": stalling_host,
    "A46": wrong_units,
    "A47": left_handed,
    "A48": starts_or_ends_in_hold,
    "A51": spoilt_stretch,
}
