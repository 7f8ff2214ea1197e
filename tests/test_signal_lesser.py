"""Repetitions that were not gone through with stand by themselves and leave the ones beside them as they were."""

from __future__ import annotations

import numpy as np
import pytest

from sciatrack_signal.lesser import lesser_points
from signal_cases import Case, Plan, block_of

RATE_HZ = 25.0


def stay(*levels: float, seconds: float = 2.0) -> np.ndarray:
    """Half way, rest, what is named with rest after each, half way; smooth between."""
    at = np.concatenate([[10.0, 0.0], *([level, 0.0] for level in levels), [10.0]])
    rows = np.arange(len(at)) * seconds * RATE_HZ
    return np.interp(np.arange(rows[-1] + 1), rows, at)


def test_a_stay_at_rest_is_one_point_where_it_is_deepest():
    x = stay()
    points = lesser_points(x, 20.0, 0.1, RATE_HZ)
    assert len(points) == 1
    assert x[points[0]] == x.min()


@pytest.mark.parametrize(("levels", "count"), [((6.0,), 3), ((6.0, 7.0), 5), ((2.0,), 1), ((2.0, 6.0), 3)])
def test_each_begun_repetition_is_an_out_and_a_back(levels, count):
    x = stay(*levels)
    points = lesser_points(x, 20.0, 0.1, RATE_HZ)
    assert len(points) == count
    assert (np.diff(points) > 0).all()
    assert (x[points[1::2]] >= 6.0).all()
    assert (x[points[0::2]] < 1.0).all()


def test_sway_and_short_moves_are_none():
    assert len(lesser_points(stay(6.0), 20.0, 2.0, RATE_HZ)) == 1
    assert len(lesser_points(stay(6.0, seconds=0.6), 20.0, 0.1, RATE_HZ)) == 1


@pytest.mark.parametrize("share", [0.3, 0.4])
def test_a_lesser_repetition_is_listed_as_incomplete_and_moves_nothing(share):
    whole = Plan(range_deg=30.0)
    case = Case(plans=(whole, whole, Plan(range_deg=30.0 * share), whole, whole))
    block = block_of(case.record())
    assert [rep.complete for rep in block.reps] == [True, True, False, True, True]
    assert "small_range" in block.reps[2].flags
    assert block.count == 4
    for rep, true in zip(block.reps, case.truth, strict=True):
        assert rep.start_s == pytest.approx(true.start_s, abs=0.4)
        assert rep.hold_s == pytest.approx(true.hold_end_s - true.hold_start_s, abs=0.4)
