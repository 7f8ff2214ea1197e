"""Which pose of a set is rest: evidence adds up, geometry speaks for any mount, and no dose says anything."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sciatrack_signal.exercises import catalogue
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.rest_or_hold import END_ODDS, evidence, rest_parity
from sciatrack_signal.simulate import simulate_set
from sciatrack_signal.two_poses import Dwells
from sciatrack_signal.wearing import pose_odds
from signal_cases import LAW

RATE_HZ = 25.0
HEAD = np.array([0.0, 0.0, 1.0])
# Flags that say how the hold compares with what was asked: all that a dose may change.
OF_THE_DOSE = {"short_hold", "long_hold"}
CELLS = [
    ("glute_bridge", "right_thigh", 8005), ("glute_bridge", "hip", 1003), ("knee_to_chest", "thigh", 16007),
    ("pelvic_tilt", "hip", 57004), ("childs_pose", "hip", 42007), ("clamshell", "hip", 17001),
]  # fmt: skip


def dwells(stays_s: list[float], *, kept: tuple[bool, bool] = (True, True), sway_deg: float = 0.0) -> Dwells:
    """Alternating poses at 0 and 20 degrees; the odd ones sway."""
    rows = np.concatenate([[0], np.cumsum(np.round(np.array(stays_s) * RATE_HZ))]).astype(np.int64)
    levels = 20.0 * (np.arange(len(stays_s)) % 2)
    x = np.repeat(levels, np.diff(rows))
    x = x + sway_deg * np.sin(np.arange(len(x))) * (x > 10.0)
    nothing = (False, False)
    return Dwells(rows[:-1], rows[1:], levels, np.zeros(len(levels)), kept, nothing, 20.0, 0.1, 0, x)


@pytest.mark.parametrize(
    "stays_s",
    [
        [6, 5, 2, 5, 2, 5, 6],
        [6, 2, 5, 2, 5, 2, 6],  # pauses longer than holds: the ends decide
        [6, 5, 2, 5, 30, 5, 2, 5, 6],
    ],
)
def test_the_poses_at_both_ends_are_rest(stays_s):
    assert rest_parity(dwells(stays_s), RATE_HZ) == (0, True)


def test_ends_that_say_opposite_things_leave_the_rest_of_the_evidence():
    calm = dwells([6, 5, 2, 5, 2, 5, 2, 5])
    assert evidence(calm, RATE_HZ)["ends"] == 0.0
    assert rest_parity(dwells([6, 3, 3, 3, 3, 3, 3, 6], sway_deg=2.0), RATE_HZ)[0] == 0
    assert rest_parity(calm, RATE_HZ, geometry_odds=-3.0) == (1, True)


def test_a_pose_that_was_passed_through_says_nothing():
    passed = dwells([6, 2, 5, 2, 5, 2, 5, 2, 6], kept=(False, False))
    assert evidence(passed, RATE_HZ)["ends"] < END_ODDS


def test_who_settles_after_passing_a_pose_rests_where_they_settle():
    """Sitting down and lying down pass the level of a hold; what follows at once is rest, even if it is short."""
    assert rest_parity(dwells([1, 5, 3, 8, 3, 9, 3, 5, 1], kept=(False, False)), RATE_HZ)[0] == 1
    hurried = dwells([1, 2, 3, 8, 3, 9, 3, 2, 1], kept=(False, False))
    assert evidence(hurried, RATE_HZ)["ends"] > 0


def test_a_long_pause_is_no_hold():
    assert evidence(dwells([3, 3, 3, 3, 30, 3, 3, 3, 3]), RATE_HZ)["pause"] > 0
    assert evidence(dwells([3, 3, 3, 30, 3, 3, 3, 3, 3]), RATE_HZ)["pause"] < 0


@LAW
@given(st.sampled_from(["glute_bridge", "childs_pose", "cobra_stretch", "pelvic_tilt"]), st.integers(0, 10_000))
def test_poses_say_their_order_for_any_mount_where_somebody_walks(name, seed):
    view = catalogue()[name].view("hip", "both")
    mount = Rotation.random(random_state=seed).as_matrix()
    rest, hold = (mount @ np.array(up) / np.linalg.norm(up) for up in (view.rest_up, view.hold_up))
    odds = pose_odds((rest, hold), [(view.rest_up, view.hold_up)], mount @ HEAD)
    assert odds > 1.0
    assert pose_odds((hold, rest), [(view.rest_up, view.hold_up)], mount @ HEAD) == pytest.approx(-odds)


def test_poses_of_which_nothing_is_known_say_nothing():
    poses = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    assert pose_odds(poses, [], HEAD) == 0.0


def test_poses_say_nothing_where_nobody_walks():
    view = catalogue()["glute_bridge"].view("hip", "both")
    poses = tuple(np.array(up) / np.linalg.norm(up) for up in (view.rest_up, view.hold_up))
    assert pose_odds(poses, [(view.rest_up, view.hold_up)], None) == 0.0


def test_poses_nowhere_near_the_exercise_say_little():
    # Standing and leaning sideways, labelled a bridge.
    view = catalogue()["glute_bridge"].view("hip", "both")
    poses = HEAD, np.array([0.0, np.sin(0.4), np.cos(0.4)])
    assert abs(pose_odds(poses, [(view.rest_up, view.hold_up)], HEAD)) < 1.0


@pytest.mark.parametrize(("exercise", "placement", "seed"), CELLS)
@pytest.mark.parametrize("hold_s", [(1.0, 1.5), (9.0, 12.0), (60.0, 90.0)])
def test_no_dose_moves_anything_but_the_flags_about_it(exercise, placement, seed, hold_s):
    made = simulate_set(exercise, placement, seed=seed, side="right", mount="drawn").recording
    usual = catalogue()[exercise]
    dose = replace(usual, hold_s=hold_s, hold_target_s=hold_s[1], reps=(1, 2), sets=7)
    other = MappingProxyType({**catalogue(), exercise: dose})
    said, changed = analyze(made).blocks, analyze(made, exercises=other).blocks
    assert [replace(b, reps=()) for b in said] == [replace(b, reps=()) for b in changed]
    for a, b in zip(said, changed, strict=True):
        assert [replace(rep, flags=()) for rep in a.reps] == [replace(rep, flags=()) for rep in b.reps]
        for one, same in zip(a.reps, b.reps, strict=True):
            assert set(one.flags) - OF_THE_DOSE == set(same.flags) - OF_THE_DOSE
