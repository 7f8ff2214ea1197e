"""Of all runs the exercise: few long holds before the breathing in them, no steps, no poses of something else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sciatrack_signal.exercises import catalogue
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.plausible import Likeness, possible
from sciatrack_signal.simulate import adversarial, simulate_nobody, simulate_set
from sciatrack_signal.wearing import pose_fit

HEAD = np.array([0.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("exercise", "placement", "seed"),
    [
        ("childs_pose", "hip", 42007),
        ("cobra_stretch", "hip", 33002),
        ("lying_gluteal_stretch", "left_thigh", 67008),
        ("lying_gluteal_stretch", "right_thigh", 70012),  # lies otherwise than most
    ],
)
def test_three_long_holds_are_found_whatever_breathes_in_them(exercise, placement, seed):
    side = placement.removesuffix("_thigh") if placement != "hip" else "right"
    made = simulate_set(exercise, placement, seed=seed, side=side, mount="drawn")
    block = analyze(made.recording).blocks[0]
    assert block.count == made.blocks[0].count >= 2


@pytest.mark.parametrize(("period_s", "jolt", "ratio"), [(1.2, 0.9, 2.1), (1.7, 1.7, 1.8), (1.9, 0.7, 1.6)])
def test_slow_steps_are_no_named_exercise(period_s, jolt, ratio):
    steps = Likeness(0.05, 0.05, 0.05, 0.1, period_s, jolt, ratio)
    assert not possible(steps)
    assert possible(Likeness(0.05, 0.05, 0.05, 0.1, 3.0, jolt, ratio))
    assert possible(Likeness(0.05, 0.05, 0.05, 0.1, period_s, 0.4, ratio))


@pytest.mark.parametrize("exercise", ["glute_bridge", "childs_pose", "cobra_stretch"])
def test_the_exercise_fits_its_own_poses_and_not_those_of_leaning_in_standing(exercise):
    view = catalogue()[exercise].view("hip", "right")
    ways = [(view.rest_up, view.hold_up)]
    own = tuple(np.array(up) / np.linalg.norm(up) for up in ways[0])
    assert pose_fit(own, ways, HEAD) > 0.5
    leaning = HEAD, np.array([0.0, 0.34, 0.94])
    assert pose_fit(leaning, ways, HEAD) < -0.5
    assert pose_fit(leaning, [], HEAD) == 0.0


def test_sitting_down_and_standing_up_are_no_bridges():
    made = simulate_nobody("sit_stand", seed=5, duration_s=300.0, placement="hip")
    block = analyze(made.recording, exercise="glute_bridge").blocks[0]
    assert block.count == 0


def test_quick_jolts_with_rest_between_them_are_no_steps():
    steps = Likeness(0.05, 0.05, 0.05, 0.1, 1.7, 3.5, 3.0)
    assert not possible(steps)
    assert possible(replace(steps, stepless=True))


@pytest.mark.parametrize(("case", "seed"), [("A06", 0), ("A06", 1), ("A06", 2), ("A42", 0), ("A42", 1), ("A42", 2)])
def test_quick_reps_and_trembling_ones_are_counted(case, seed):
    made = adversarial(case, seed=5_000_000 + seed).simulated
    assert sum(block.count for block in analyze(made.recording).blocks) == made.blocks[0].count


def test_getting_down_and_up_again_does_not_hide_the_set_between():
    made = simulate_set("lying_gluteal_stretch", "thigh", seed=72011, side="right", mount="drawn")
    assert analyze(made.recording).blocks[0].count > 0


@pytest.mark.parametrize("seed", [0, 2, 3, 4, 5])
def test_a_label_that_the_moves_contradict_is_doubted_in_the_note(seed):
    made = adversarial("A15", seed=5_000_000 + seed)
    blocks = analyze(made.recording).blocks
    assert any("does not look like" in block.note for block in blocks)
    right = analyze(made.recording, exercise=made.simulated.blocks[0].exercise).blocks[0]
    assert right.count > 0
    assert "look like" not in right.note


@pytest.mark.parametrize("seed", [5000000, 5000004])
def test_one_repetition_between_lying_down_and_getting_up_is_counted(seed):
    """Both ways go on where the rep's begin: two long strokes with a stop in each."""
    made = adversarial("A52", seed=seed).simulated
    (block,) = analyze(made.recording).blocks
    assert block.count == 1
    assert block.reps[0].hold_s == pytest.approx(made.reps[0].hold_s, abs=0.5)


@pytest.mark.parametrize(
    ("exercise", "placement", "seed", "count"), [("pelvic_tilt", "hip", 57014, 9), ("childs_pose", "hip", 41010, 3)]
)
def test_what_is_surely_something_else_does_not_hide_the_exercise(exercise, placement, seed, count):
    """Shifts and getting down are larger than the moves of the set that lies within them."""
    made = simulate_set(exercise, placement, seed=seed, side="left", mount="drawn")
    assert made.blocks[0].count == count
    assert analyze(made.recording).blocks[0].count == count
