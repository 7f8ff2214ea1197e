"""How far a repetition goes: the turn about its own axis, of the press and not of the leg that is laid over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciatrack_signal.exercises import catalogue
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.ranges import far_rests, of_strokes
from sciatrack_signal.simulate import Options, simulate_set
from signal_cases import LAW, Case, turned


@pytest.mark.parametrize("seed", [2, 4, 9])
def test_a_press_of_a_crossed_leg_is_as_large_as_it_is(seed):
    options = Options(lapses=False, leave_between=True, others=0.0, slips=False)
    made = simulate_set("lying_gluteal_stretch", "right_thigh", seed=seed, severity="mild", options=options)
    reps = analyze(made.recording).blocks[0].reps
    assert len(reps) == 3
    for rep, true in zip(reps, made.reps, strict=True):
        assert rep.rom_deg == pytest.approx(true.rom_deg, abs=max(4.0, 0.35 * true.rom_deg))


def test_gravity_sees_six_tenths_of_a_turn_about_an_axis_near_the_vertical():
    view = catalogue()["lying_gluteal_stretch"].view("right_thigh", "right")
    assert view.seen_share == pytest.approx(0.62, abs=0.02)
    assert view.min_tilt_deg == pytest.approx(0.62 * view.min_range_deg, rel=0.03)
    assert view.mirrored().seen_share == pytest.approx(view.seen_share)
    upright = replace(view, rest_up=(0.0, 0.0, 1.0), axis=(0.0, 1.0, 0.0))
    assert upright.seen_share == 1.0
    assert replace(view, rest_up=None).seen_share == 1.0


@given(turn_deg=st.floats(0.0, 170.0))
@LAW
def test_what_is_seen_of_a_turn_tells_the_turn(turn_deg):
    for exercise in ("lying_gluteal_stretch", "glute_bridge"):
        view = catalogue()[exercise].view("right_thigh", "right")
        assert view.turn_deg(view.tilt_deg(turn_deg)) == pytest.approx(turn_deg, abs=1e-6)


def test_a_tilt_that_no_turn_about_the_axis_gives_stands_as_it_is():
    view = catalogue()["lying_gluteal_stretch"].view("right_thigh", "right")
    assert view.turn_deg(110.0) == 110.0


@pytest.mark.parametrize("exercise", [name for name in catalogue() if name != "lying_gluteal_stretch"])
def test_all_other_exercises_are_seen_whole(exercise):
    for view in catalogue()[exercise].views.values():
        assert view.seen_share == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("strokes", "range_deg"), [([18.0, 16.0], 17.0), ([18.0, 2.0], 18.0), ([1.0, 9.0], 9.0), ([5.0], 5.0)]
)
def test_a_rest_that_is_shifted_in_a_hold_does_not_halve_the_range(strokes, range_deg):
    assert of_strokes(np.array(strokes)) == range_deg


def test_a_range_is_the_mean_of_the_way_out_and_the_way_back():
    case = Case(exercise="generic")
    turns_s = case.truth[2].hold_end_s + 0.7

    def rests_higher_after_the_third(time_s):
        return case.angle_deg(time_s) + 6.0 * np.clip((time_s - turns_s) / 0.5, 0, 1)

    recording = turned(
        case.even_s(), rests_higher_after_the_third, case.axis, case.rest_up, exercise="generic", placement="hip"
    )
    roms_deg = [rep.rom_deg for rep in analyze(recording).blocks[0].reps]
    assert roms_deg == pytest.approx([40.0, 40.0, 37.0, 40.0, 40.0], abs=0.8)


def test_a_rest_further_off_than_the_others_makes_no_range():
    levels = np.array([0.0, 20.0, 0.0, 8.0, -30.0, 20.0, 0.0, 20.0, 0.0])
    assert np.flatnonzero(far_rests(levels, 0, 20.0)).tolist() == [4]
    assert np.flatnonzero(far_rests(-levels, 0, 20.0)).tolist() == [4]


def test_returns_that_differ_or_creep_are_no_reason():
    assert not far_rests(np.array([0.0, 20.0, 6.0, 20.0, 2.0, 20.0, 0.0]), 0, 20.0).any()
    assert not far_rests(np.array([0.0, 20.0, -3.0, 17.0, -6.0, 14.0, -9.0, 11.0, -12.0]), 0, 20.0).any()
