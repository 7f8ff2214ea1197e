"""Where a set begins and ends, what in it is no repetition, and which runs are one set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciatrack_signal.members import members
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.simulate import adversarial, simulate_set
from sciatrack_signal.two_poses import Dwells
from signal_cases import LAW

RATE_HZ = 25.0


def dwells(levels: list[float], stays_s: list[float], beside: list[float] | None = None) -> Dwells:
    """Alternating poses at these angles, the even ones rest, with both ends stayed in."""
    rows = np.concatenate([[0], np.cumsum(np.round(np.array(stays_s) * RATE_HZ))]).astype(np.int64)
    x = np.repeat(np.array(levels), np.diff(rows))
    off = np.zeros(len(levels)) if beside is None else np.array(beside)
    return Dwells(
        rows[:-1], rows[1:], np.array(levels), off, (True, True), (False, False), 20.0, 0.1, 0, x
    )  # fmt: skip


FIVE = [0.0, 20.0, 0.0, 20.0, 0.0, 20.0, 0.0, 20.0, 0.0, 20.0, 0.0]
STAYS_S = [4.0, *(5.0, 2.0) * 4, 5.0, 4.0]


def test_a_reach_beyond_the_holds_is_left_out_and_parts_nothing():
    levels = [*FIVE[:5], 60.0, *FIVE[6:]]
    found = members(dwells(levels, STAYS_S), 0)
    assert (found.first, found.last, found.left_out) == (0, 10, {5})


def test_a_reach_to_the_side_is_left_out_but_not_the_hold_after_it():
    beside = [0.0] * 11
    beside[7] = 15.0
    assert members(dwells(FIVE, STAYS_S, beside), 0).left_out == {7}


def test_a_reach_at_an_end_is_not_part_of_the_set():
    levels = [0.0, 60.0, *FIVE]
    found = members(dwells(levels, [3.0, 2.0, *STAYS_S]), 0)
    assert (found.first, found.last, found.left_out) == (2, 12, frozenset())


@given(
    k=st.integers(1, 9),
    along_deg=st.floats(-30.0, 30.0),
    beside_deg=st.floats(-30.0, 30.0),
)
@LAW
def test_a_belt_that_slips_costs_no_repetition(k, along_deg, beside_deg):
    """From some dwell on everything lies elsewhere, rests and holds alike."""
    slip = (np.arange(11) >= k).astype(float)
    levels = np.array(FIVE) + along_deg * slip
    found = members(dwells(list(levels), STAYS_S, list(beside_deg * slip)), 0)
    assert not found.left_out
    assert (found.first, found.last) == (0, 10)


def test_a_last_move_without_a_rest_after_it_belongs_only_if_it_is_like_the_others():
    like = replace(dwells(FIVE, STAYS_S), kept=(True, False))
    assert members(like, 0).last == 10
    short = replace(dwells(FIVE, [*STAYS_S[:9], 0.5, 4.0]), kept=(True, False))
    assert members(short, 0).last == 8


@pytest.mark.parametrize(
    ("exercise", "placement", "side", "seed"),
    [
        ("childs_pose", "left_thigh", "left", 43003),  # a hold of 30 s between two runs
        ("standing_hamstring_stretch", "hip", "left", 49001),  # the belt slips in the second hold
        ("standing_hamstring_stretch", "hip", "right", 50002),  # a reach before the third repetition
    ],
)
def test_three_long_holds_are_one_set_whatever_happens_between(exercise, placement, side, seed):
    gyroscope = seed != 50002
    made = simulate_set(exercise, placement, seed=seed, side=side, mount="drawn", gyroscope=gyroscope)
    assert [block.count for block in analyze(made.recording).blocks] == [3]
    assert made.blocks[0].count == 3


@pytest.mark.parametrize("seed", [0, 1])
def test_who_never_comes_down_whole_is_told_so_in_most_repetitions(seed):
    made = adversarial("A41", seed=5_000_000 + seed)
    reps = [rep for block in analyze(made.recording).blocks for rep in block.reps]
    assert sum("incomplete_return" in rep.flags for rep in reps) > 0.7 * len(reps)


def test_a_belt_that_slips_half_way_makes_no_incomplete_returns():
    reps = [rep for block in analyze(adversarial("A25", seed=0).recording).blocks for rep in block.reps]
    assert len(reps) > 4
    assert sum("incomplete_return" in rep.flags for rep in reps) <= 1


@pytest.mark.parametrize("seed", [5000005, 5000007])
def test_who_turns_to_the_phone_in_a_long_hold_still_holds(seed: int) -> None:
    case = adversarial("A14", seed=seed)
    (block,) = analyze(case.recording).blocks
    assert block.count == len(case.simulated.reps)
