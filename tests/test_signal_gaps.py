"""Holes in the data and recordings that start or stop in the middle of a rep: marked, never made up."""

from __future__ import annotations

import numpy as np
import pytest

from sciatrack_ingest import Recording
from signal_cases import Case, Plan, block_of, changed, times_of, truths_of

CASE = Case(plans=(Plan(range_deg=50.0),) * 6, exercise="glute_bridge")
HOLD = 3  # the rep that is disturbed


def without(recording: Recording, start_s: float, end_s: float, *, how: str = "step") -> Recording:
    """The recording without the samples between two times: taken out, or NaN."""
    lost = (recording.time_s > start_s) & (recording.time_s < end_s)
    assert recording.gyr is not None
    if how == "nan":
        acc, gyr = recording.acc.copy(), recording.gyr.copy()
        acc[lost] = gyr[lost] = np.nan
        return changed(recording, acc=acc, gyr=gyr)
    kept = ~lost
    return changed(recording, time_s=recording.time_s[kept], acc=recording.acc[kept], gyr=recording.gyr[kept])


def between(recording: Recording, start_s: float, end_s: float) -> Recording:
    """Only what lies between two times."""
    return without(without(recording, -np.inf, start_s), end_s, np.inf)


@pytest.mark.parametrize("how", ["step", "nan"])
@pytest.mark.parametrize("length_s", [0.2, 0.8, 2.0])
@pytest.mark.parametrize("gyroscope", [True, False])
def test_a_gap_in_a_hold_leaves_one_rep_that_says_so(how: str, length_s: float, gyroscope: bool) -> None:
    rep = CASE.truth[HOLD]
    middle_s = 0.5 * (rep.hold_start_s + rep.hold_end_s)
    lossy = without(CASE.record(), middle_s - length_s / 2, middle_s + length_s / 2, how=how)
    block = block_of(lossy if gyroscope else changed(lossy, gyr=None))
    assert block.count == 6
    assert [("gap" in found.flags) for found in block.reps] == [k == HOLD for k in range(6)]
    assert block.gaps_s == pytest.approx(length_s, abs=0.05)
    assert block.reps[HOLD].confidence < block.reps[0].confidence
    np.testing.assert_allclose(times_of(block)[:, 1:3], truths_of(CASE)[:, 1:3], atol=0.15)


def test_samples_lost_too_briefly_for_a_gap_are_not_told_of() -> None:
    at_s = CASE.truth[HOLD].hold_start_s + 1.0
    block = block_of(without(CASE.record(), at_s, at_s + 0.05, how="nan"))
    assert block.count == 6
    assert not any("gap" in rep.flags for rep in block.reps)
    assert block.gaps_s == 0.0


@pytest.mark.parametrize("edge", ["out", "back"])
@pytest.mark.parametrize("gyroscope", [True, False])
def test_a_gap_over_a_move_makes_its_rep_uncertain_and_leaves_the_others(edge: str, gyroscope: bool) -> None:
    rep = CASE.truth[HOLD]
    start_s = rep.start_s if edge == "out" else rep.hold_end_s - 0.2
    lossy = without(CASE.record(), start_s, start_s + 1.5)
    block = block_of(lossy if gyroscope else changed(lossy, gyr=None))
    assert len(block.reps) == 6
    assert [("gap" in found.flags) for found in block.reps] == [k == HOLD for k in range(6)]
    others = [k for k in range(6) if k != HOLD]
    np.testing.assert_allclose(times_of(block)[others, 1:3], truths_of(CASE)[others, 1:3], atol=0.15)


def swallowed() -> Recording:
    rep = CASE.truth[HOLD]
    return without(CASE.record(), rep.start_s - 0.5, rep.end_s + 0.5)


def test_a_rep_in_a_gap_is_not_made_up() -> None:
    block = block_of(swallowed())
    assert (block.count, block.count_low) == (5, 5)
    others = [k for k in range(6) if k != HOLD]
    np.testing.assert_allclose(times_of(block)[:, 1:3], truths_of(CASE)[others, 1:3], atol=0.15)


def test_a_gap_that_may_have_swallowed_a_rep_leaves_the_count_open() -> None:
    assert block_of(swallowed()).count_high == 6


def test_a_gap_shorter_than_the_way_out_and_back_leaves_the_count_sure() -> None:
    rep = CASE.truth[HOLD]
    block = block_of(without(CASE.record(), rep.hold_start_s + 1.0, rep.hold_start_s + 2.0))
    assert (block.count, block.count_high) == (6, 6)


def test_a_gap_of_a_minute_between_two_sets_is_no_rep() -> None:
    case = Case(
        plans=(*(Plan(range_deg=50.0),) * 4, Plan(range_deg=50.0, pause_s=80.0), *(Plan(range_deg=50.0),) * 5)
    )
    start_s = case.truth[4].end_s + 5.0
    block = block_of(without(case.record(), start_s, start_s + 65.0))
    assert block.count == 10
    assert [rep.set for rep in block.reps] == [1] * 5 + [2] * 5
    assert block.gaps_s == pytest.approx(65.0, abs=0.1)
    assert not any("gap" in rep.flags for rep in block.reps)


@pytest.mark.parametrize("gyroscope", [True, False])
def test_two_holds_on_both_sides_of_a_long_gap_are_not_one(gyroscope: bool) -> None:
    """Return, rest and the next way out fell into 15 s without data."""
    case = Case(plans=(Plan(range_deg=50.0, pause_s=8.0),) * 6)
    start_s, end_s = (case.truth[k].hold_start_s + 1.0 for k in (2, 3))
    lossy = without(case.record(), start_s, end_s)
    block = block_of(lossy if gyroscope else changed(lossy, gyr=None))
    assert block.count == 4
    assert not any(rep.start_s < start_s and rep.end_s > end_s for rep in block.reps)


def test_another_pose_after_a_long_gap_starts_afresh() -> None:
    """The sensor came off and was worn the other way round when it came back."""
    first, second = CASE.record(), CASE.record()
    turn = np.diag([-1.0, -1.0, 1.0])
    later_s = first.time_s[-1] + 30.0
    assert first.gyr is not None
    both = Recording(
        np.concatenate([first.time_s, second.time_s + later_s]),
        np.concatenate([first.acc, second.acc @ turn]),
        np.concatenate([first.gyr, first.gyr @ turn]),
        exercise="generic",
    )
    block = block_of(both)
    assert block.count == 12
    np.testing.assert_allclose(times_of(block)[:6, 1:3], truths_of(CASE)[:, 1:3], atol=0.15)
    np.testing.assert_allclose(times_of(block)[6:, 1:3] - later_s, truths_of(CASE)[:, 1:3], atol=0.15)


@pytest.mark.parametrize("held_s", [0.5, 2.0])
@pytest.mark.parametrize("gyroscope", [True, False])
def test_a_rep_cut_by_the_end_is_listed_but_not_counted(held_s: float, gyroscope: bool) -> None:
    recording = between(CASE.record(), 0.0, CASE.truth[4].hold_start_s + held_s)
    block = block_of(recording if gyroscope else changed(recording, gyr=None))
    assert (block.count, block.count_low, block.count_high) == (4, 4, 5)
    assert ["cut" in rep.flags for rep in block.reps] == [False] * 4 + [True]
    assert block.reps[-1].end_s == pytest.approx(block.duration_s, abs=0.1)
    assert not block.reps[-1].complete
    assert block.reps[-1].hold_s is None


@pytest.mark.parametrize("held_s", [0.5, 3.5])
def test_a_rep_cut_by_the_start_is_listed_but_not_counted(held_s: float) -> None:
    block = block_of(between(CASE.record(), CASE.truth[1].hold_end_s - held_s, np.inf))
    assert (block.count, block.count_high) == (4, 5)
    assert ["cut" in rep.flags for rep in block.reps] == [True] + [False] * 4
    assert block.reps[0].start_s == pytest.approx(block.block_start_s, abs=0.1)


@pytest.mark.parametrize("cut_s", [0.0, 0.3, 0.7, 1.2, 2.0, 4.0, 5.0, 6.0, 7.0])
@pytest.mark.parametrize("from_start", [True, False])
def test_wherever_the_file_is_cut_the_whole_reps_are_counted(cut_s: float, from_start: bool) -> None:
    """The rest after (before) the set says what is rest, so only the rep that is cut is in doubt."""
    if from_start:
        at_s = CASE.starts_s[1] + cut_s
        recording, whole = between(CASE.record(), at_s, np.inf), sum(rep.start_s >= at_s for rep in CASE.truth)
    else:
        at_s = CASE.starts_s[4] + cut_s
        recording, whole = between(CASE.record(), -np.inf, at_s), sum(rep.end_s <= at_s for rep in CASE.truth)
    block = block_of(recording)
    assert whole <= block.count <= whole + 1
    inside = [k for k, rep in enumerate(CASE.truth) if (rep.start_s >= at_s if from_start else rep.end_s <= at_s)]
    holds_s = times_of(block)[:, 1]
    for k in inside:
        assert np.nanmin(np.abs(holds_s - CASE.truth[k].hold_start_s)) < 0.15


@pytest.mark.parametrize("length_s", [1.0, 2.0])
def test_an_edge_that_a_gap_hides_may_lie_anywhere_in_it(length_s: float) -> None:
    rep = CASE.truth[HOLD]
    whole = block_of(CASE.record()).reps[HOLD]
    over_end = without(CASE.record(), rep.hold_end_s - 0.5 * length_s, rep.hold_end_s + 0.5 * length_s)
    hidden = block_of(over_end).reps[HOLD]
    assert hidden.hold_s_low is not None
    assert hidden.hold_s_high is not None
    assert whole.hold_s_low is not None
    assert hidden.hold_s_low < rep.hold_s - 0.4 * length_s  # it may have ended when the gap began
    assert hidden.hold_s_high > rep.hold_s + 0.4 * length_s
    within = without(CASE.record(), rep.hold_start_s + 1.0, rep.hold_start_s + 1.0 + length_s)
    seen = block_of(within).reps[HOLD]
    assert seen.hold_s_low == pytest.approx(whole.hold_s_low, abs=0.1)  # both edges are seen: no wider
