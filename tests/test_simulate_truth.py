"""Truth is the contract's hold rule on the noiseless angle: by closed form, by a slow twin, by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciatrack_ingest.recording import Float
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.simulate import LinkOptions, Options, clean_options, simulate_set, simulate_visit
from sciatrack_signal.simulate.case_tools import changed_set, each, one
from sciatrack_signal.simulate.cases_sensor import cut
from sciatrack_signal.simulate.draws import Generator
from sciatrack_signal.simulate.profiles import SHAPES
from sciatrack_signal.simulate.reps import Dip, RepPlan
from sciatrack_signal.simulate.truth import Simulated, hold_of

RATE_HZ = 400.0
STILL = replace(clean_options(), small_motion=0.0, chip_errors=False)
# A minimum-jerk move has 10 % of its peak speed where s(1 - s) = sqrt(0.1 * 1.875 / 30).
TAIL_SHARE = (1.0 - np.sqrt(1.0 - 4.0 * np.sqrt(0.1 * 1.875 / 30.0))) / 2.0


def angle_of(pieces: list[tuple[float, float, str]]) -> tuple[Float, Float, list[tuple[float, float]]]:
    """Time and angle of pieces (seconds, change in degrees, shape), and the interval of each piece."""
    values, spans, at_s, level = [np.zeros(40)], [], 0.1, 0.0
    for lasts_s, change_deg, shape in pieces:
        n = round(lasts_s * RATE_HZ)
        values.append(level + change_deg * SHAPES[shape](np.arange(n) / n, 0.5))
        spans.append((at_s, at_s + n / RATE_HZ))
        at_s, level = at_s + n / RATE_HZ, level + change_deg
    angle = np.concatenate([*values, np.full(40, level)])
    return np.arange(len(angle)) / RATE_HZ, angle, spans


def slow_hold(
    time_s: Float, angle: Float, out: tuple[float, float], back: tuple[float, float]
) -> tuple[float, float]:
    """The rule by plain loops: last step of the move out, first of the move back, faster than 10 % of its peak."""
    steps = [
        (0.5 * (time_s[k] + time_s[k + 1]), (angle[k + 1] - angle[k]) / (time_s[k + 1] - time_s[k]))
        for k in range(len(time_s) - 1)
    ]
    going = [(at, v) for at, v in steps if out[0] <= at <= out[1]]
    coming = [(at, -v) for at, v in steps if back[0] <= at <= back[1]]
    fastest_out, fastest_back = max(v for _, v in going), max(v for _, v in coming)
    return (
        max(at for at, v in going if v > 0.1 * fastest_out),
        min(at for at, v in coming if v > 0.1 * fastest_back),
    )


def test_a_minimum_jerk_bridge_holds_a_quarter_second_longer_than_its_plateau() -> None:
    time_s, angle, (out, _, back) = angle_of(
        [(1.3, 20.0, "minimum_jerk"), (5.0, 0.0, "minimum_jerk"), (1.5, -20.0, "minimum_jerk")]
    )
    hold = hold_of(time_s, angle, out, back)
    assert hold.end_s - hold.start_s == pytest.approx(5.0 + TAIL_SHARE * 2.8, abs=0.004)
    assert pytest.approx(0.24, abs=0.005) == TAIL_SHARE * 2.8


@settings(max_examples=60, deadline=None)
@given(
    out_s=st.floats(0.4, 6.0),
    hold_s=st.floats(0.5, 20.0),
    back_s=st.floats(0.4, 6.0),
    range_deg=st.floats(1.0, 120.0),
    out_shape=st.sampled_from(sorted(SHAPES)),
    back_shape=st.sampled_from(sorted(SHAPES)),
)
def test_the_rule_equals_its_slow_twin(
    out_s: float, hold_s: float, back_s: float, range_deg: float, out_shape: str, back_shape: str
) -> None:
    time_s, angle, (out, _, back) = angle_of(
        [(out_s, range_deg, out_shape), (hold_s, 0.0, "minimum_jerk"), (back_s, -range_deg, back_shape)]
    )
    hold = hold_of(time_s, angle, out, back)
    assert (hold.start_s, hold.end_s) == pytest.approx(slow_hold(time_s, angle, out, back), abs=1.01 / RATE_HZ)
    assert hold.longest_s == pytest.approx(hold.end_s - hold.start_s)


def test_a_dip_leaves_one_hold_with_its_longest_part() -> None:
    pieces = [(1.0, 20.0), (2.0, 0.0), (0.4, -6.0), (0.4, 6.0), (3.0, 0.0), (1.0, -20.0)]
    time_s, angle, spans = angle_of([(s, d, "minimum_jerk") for s, d in pieces])
    hold = hold_of(time_s, angle, spans[0], spans[5], dips=[(spans[2], spans[3])])
    assert hold.end_s - hold.start_s == pytest.approx(5.8 + 2 * TAIL_SHARE, abs=0.005)
    assert hold.longest_s == pytest.approx(3.0 + TAIL_SHARE * 1.4, abs=0.005)


def test_a_fading_hold_ends_where_15_percent_are_lost() -> None:
    time_s, angle, spans = angle_of(
        [(1.0, 20.0, "minimum_jerk"), (1.0, 0.0, "minimum_jerk"), (20.0, -20.0, "trapezoid")]
    )
    hold = hold_of(time_s, angle, spans[0], spans[2], fades=True)
    level = np.interp(hold.start_s, time_s, angle)
    assert np.interp(hold.end_s, time_s, angle) == pytest.approx(0.85 * level, abs=0.02)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_every_shape_goes_from_0_to_1_and_never_back(shape: str) -> None:
    for variant in (0.0, 0.3, 0.7, 0.999):
        way = SHAPES[shape](np.linspace(0.0, 1.0, 2001), variant)
        assert way[[0, -1]] == pytest.approx([0.0, 1.0], abs=1e-9)
        assert np.diff(way).min() >= -1e-9
        assert np.diff(way).max() * 2000 < 9.0


def truth_by_loops(made: Simulated, number: int) -> tuple[float, float]:
    """Hold bounds of one rep from the noiseless angle at the samples, by the slow rule."""
    rep = made.reps[number]
    middle_s = 0.5 * (rep.hold_start_s + rep.hold_end_s)
    # The angle is measured from each rep's own rest pose, so it jumps a little where a rep begins.
    first_s = rep.start_s + 0.02
    return slow_hold(made.recording.time_s, made.angle_deg, (first_s, middle_s), (middle_s, rep.end_s))


@pytest.mark.parametrize("shape", ["minimum_jerk", "staircase", "creeping", "late_bell"])
def test_a_sets_truth_is_the_rule_on_the_angle_it_gives(shape: str) -> None:
    made = simulate_set(
        "glute_bridge", "right_thigh", seed=8, shape=shape, reps=4, rate_hz=200.0, options=STILL, severity="mild"
    )
    for number, rep in enumerate(made.reps):
        assert (rep.hold_start_s, rep.hold_end_s) == pytest.approx(truth_by_loops(made, number), abs=0.02)
        assert rep.hold_s == pytest.approx(rep.hold_end_s - rep.hold_start_s, abs=0.01)
        assert rep.start_s < rep.hold_start_s < rep.hold_end_s < rep.end_s


def test_a_given_hold_is_kept_in_every_rep() -> None:
    made = simulate_set(
        "pelvic_tilt", "hip", seed=3, hold_s=3.0, clean=True, shape="minimum_jerk", severity="mild", rate_hz=50.0
    )
    for rep in made.reps:
        moves_s = (rep.end_s - rep.start_s) - 3.0
        assert rep.hold_s == pytest.approx(3.0 + TAIL_SHARE * moves_s, abs=0.12)


def flags_of(made: Simulated, number: int) -> tuple[str, ...]:
    return made.reps[number].flags


def test_flags_tell_what_was_done() -> None:
    def bridges(change: Callable[..., object]) -> Simulated:
        return changed_set(5, "glute_bridge", "hip", change, reps=4)  # type: ignore[arg-type]

    assert "short_hold" in flags_of(bridges(one(1, hold_s=3.0)), 1)
    assert "short_hold" not in flags_of(bridges(each(hold_s=5.0)), 1)
    assert "long_hold" in flags_of(bridges(one(2, hold_s=11.0)), 2)
    assert "interrupted_hold" in flags_of(bridges(one(0, dips=(Dip(0.5, 0.3, 0.3, 0.3),))), 0)
    assert "fading_hold" in flags_of(bridges(one(0, fade_dps=1.0)), 0)
    assert "incomplete_return" in flags_of(bridges(one(2, return_share=0.6)), 2)


def test_complete_needs_half_the_median_range_and_the_exercises_least() -> None:
    def ranges(plans: list[RepPlan], rng: Generator) -> list[RepPlan]:
        return [replace(p, range_deg=r) for p, r in zip(plans, (20.0, 20.0, 9.0, 21.0), strict=True)]

    half = changed_set(5, "glute_bridge", "hip", ranges, reps=4)
    assert [rep.complete for rep in half.reps] == [True, True, False, True]
    assert half.blocks[0].count == 3
    least = catalogue()["glute_bridge"].views["hip"].min_range_deg
    small = changed_set(5, "glute_bridge", "hip", each(range_deg=0.9 * least), reps=4)
    assert small.blocks[0].count == 0


def test_the_other_legs_lifts_are_indirect_and_not_counted() -> None:
    made = simulate_set("bird_dog", "right_thigh", seed=2, reps=4, clean=True)
    assert [rep.side for rep in made.reps] == ["left", "right"] * 4
    assert [rep.indirect for rep in made.reps] == [True, False] * 4
    assert made.blocks[0].count == 4
    both = simulate_set("bird_dog", "hip", seed=2, reps=4, clean=True, severity="healthy_like")
    assert not any(rep.indirect for rep in both.reps)


def test_a_minute_of_rest_begins_a_new_set() -> None:
    made = changed_set(5, "glute_bridge", "hip", one(1, pause_s=61.0), reps=4)
    assert [rep.set for rep in made.reps] == [1, 1, 2, 2]
    made = changed_set(5, "glute_bridge", "hip", one(1, pause_s=57.0), reps=4)
    assert [rep.set for rep in made.reps] == [1, 1, 1, 1]


def test_boundaries_follow_the_files_clock_and_durations_the_true_one() -> None:
    def with_stamps(stamps: str) -> Simulated:
        link = LinkOptions(stamps=stamps, odr_error=0.03, loss=0.0, drawn_gaps=False)
        return simulate_set("childs_pose", "hip", seed=4, rate_hz=50.0, options=Options(link=link, others=0.0))

    true, index = with_stamps("ticks").reps, with_stamps("index").reps
    for a, b in zip(true, index, strict=True):
        assert b.hold_start_s == pytest.approx(1.03 * a.hold_start_s, rel=1e-3)
        assert b.hold_s == a.hold_s


def test_a_gap_marks_the_rep_that_it_touches() -> None:
    plain = changed_set(5, "childs_pose", "hip", reps=3)
    middle_s = 0.5 * (plain.reps[1].hold_start_s + plain.reps[1].hold_end_s)
    options = Options(
        lapses=False, leave_between=False, others=0.5,
        link=LinkOptions(loss=0.0, drawn_gaps=False, gaps_s=((middle_s, 2.0),)),
    )  # fmt: skip
    made = changed_set(5, "childs_pose", "hip", reps=3, options=options)
    assert made.recording.gaps_s == pytest.approx(np.array([[middle_s, middle_s + 2.0]]), abs=0.05)
    assert ["gap" in rep.flags for rep in made.reps] == [False, True, False]


def test_cutting_a_recording_marks_the_rep_at_the_edge() -> None:
    made = changed_set(5, "glute_bridge", "hip", reps=4)
    last = made.reps[-1]
    short = cut(made, 0.0, 0.5 * (last.hold_start_s + last.hold_end_s))
    assert len(short.reps) == 4
    assert "cut" in short.reps[-1].flags
    assert not short.reps[-1].complete
    assert short.recording.time_s[-1] < last.hold_end_s


def test_the_angle_is_given_inside_blocks_only() -> None:
    made = simulate_visit(["glute_bridge", "pelvic_tilt"], "hip", seed=4, rate_hz=50.0)
    rec = made.recording
    inside = np.zeros(rec.n_samples, dtype=bool)
    for block in made.blocks:
        inside |= (rec.time_s >= block.start_s) & (rec.time_s < block.end_s)
    outside = np.isnan(made.angle_deg)
    assert np.count_nonzero(outside == inside) <= 4
    for rep in made.reps:
        held = (rec.time_s > rep.hold_start_s) & (rec.time_s < rep.hold_end_s)
        assert np.median(made.angle_deg[held]) == pytest.approx(rep.rom_deg, abs=0.3)
