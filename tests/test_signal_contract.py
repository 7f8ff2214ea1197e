"""The answer of `analyze` to the letter of the contract, whatever is asked."""

from __future__ import annotations

import inspect
import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciatrack_ingest import Recording, SciatrackError
from sciatrack_signal import result
from sciatrack_signal.exercises import Exercise, UnknownExerciseError, catalogue
from sciatrack_signal.pipeline import _number_sets, analyze
from sciatrack_signal.result import FLAGS, Analysis, Block, Rep
from sciatrack_signal.simulate import simulate_set
from signal_cases import LAW, Case, Plan, block_of, still, times_of, truths_of

# Contract, "sciatrack analyze".
BLOCK_KEYS = [
    "recording", "block", "block_start_s", "block_end_s", "exercise", "placement", "side", "observability",
    "note", "sampling_rate_hz", "duration_s", "gaps_s", "algorithm", "count", "count_low", "count_high",
    "reps",
]  # fmt: skip
# Added to the contract's keys, which stand before them; the reps stay last in a block.
BLOCK_KEYS[-1:-1] = [
    "rom_median_deg", "rom_change_percent", "out_median_s", "return_median_s", "steadiness_median_deg",
]  # fmt: skip
REP_KEYS = [
    "set", "start_s", "hold_start_s", "hold_end_s", "end_s", "hold_s", "hold_longest_s", "hold_s_low",
    "hold_s_high", "side", "rom_deg", "complete", "confidence", "flags",
    "out_s", "return_s", "steadiness_deg",  # added to the contract's
]  # fmt: skip
CONTRACT_FLAGS = [
    "short_hold", "long_hold", "interrupted_hold", "fading_hold", "small_range", "large_range",
    "incomplete_return", "fast_entry", "bouncing", "shaky", "gap", "cut", "inferred", "slipped", "clipped",
    "assumed_polarity", "low_certainty", "pelvis_roll", "pelvis_pitch", "uneven", "knee_bend",
]  # fmt: skip
HOLD_KEYS = ("hold_start_s", "hold_end_s", "hold_s", "hold_longest_s", "hold_s_low", "hold_s_high")
SIDES = ("left", "right", "both", "unknown")
PLACEMENTS = ("hip", "left_thigh", "right_thigh", "thigh")
SET_PAUSE_S = 60.0  # contract: less than this between two reps, and they are of one set


def check(analysis: Analysis, recording: Recording) -> None:
    """Everything that the contract says of any answer."""
    assert analysis.blocks
    for number, block in enumerate(analysis.blocks):
        assert block.block == number
        check_block(block, recording)
    ends = [(block.block_start_s, block.block_end_s) for block in analysis.blocks]
    assert ends == sorted(ends)


def check_block(block: Block, recording: Recording) -> None:
    said = block.to_dict()
    assert list(said) == BLOCK_KEYS
    assert all(list(rep) == REP_KEYS for rep in said["reps"])
    assert block.observability in ("full", "counts", "weak", "none")
    assert block.side in SIDES
    assert block.recording == recording.name
    assert block.algorithm
    assert block.reps or block.note, "a block without reps says why"
    assert block.block_start_s <= block.block_end_s
    assert block.count == sum(rep.complete and "inferred" not in rep.flags for rep in block.reps)
    assert block.count_low <= block.count <= block.count_high
    assert block.duration_s == pytest.approx(recording.duration_s)
    assert 0.0 <= block.gaps_s <= block.duration_s
    for value in (block.count, block.count_low, block.count_high, block.block):
        assert type(value) is int
    for rep in block.reps:
        check_rep(rep, block)
    check_order(block)


def check_order(block: Block) -> None:
    for rep, following in itertools.pairwise(block.reps):
        assert rep.end_s <= following.start_s
        pause_s = following.start_s - rep.end_s
        assert following.set - rep.set == (pause_s >= SET_PAUSE_S)
    if block.reps:
        assert block.reps[0].set == 1
        assert block.block_start_s <= block.reps[0].start_s
        assert block.reps[-1].end_s <= block.block_end_s


def check_rep(rep: Rep, block: Block) -> None:
    assert type(rep.complete) is bool
    assert type(rep.set) is int
    assert set(rep.flags) <= set(FLAGS)
    assert len(rep.flags) == len(set(rep.flags))
    assert rep.side in SIDES
    assert rep.start_s < rep.end_s
    assert 0.0 <= rep.confidence <= 1.0
    assert rep.rom_deg is None or 0.0 < rep.rom_deg < 360.0
    if "cut" in rep.flags:
        assert not rep.complete
    if block.observability == "full" and rep.complete:
        assert rep.hold_s is not None
    holds = [getattr(rep, key) for key in HOLD_KEYS]
    if None in holds:
        assert holds == [None] * len(HOLD_KEYS)
        return
    hold_start_s, hold_end_s, hold_s, longest_s, low_s, high_s = holds
    assert block.observability in ("full", "counts", "weak")
    if block.observability == "counts":  # contract: holds only as estimates
        assert "low_certainty" in rep.flags
    assert rep.start_s <= hold_start_s <= hold_end_s <= rep.end_s
    assert hold_s == pytest.approx(hold_end_s - hold_start_s, abs=1e-3)
    assert 0.0 <= longest_s <= hold_s + 1e-9
    assert 0.0 <= low_s <= hold_s <= high_s
    assert all(math.isfinite(value) for value in holds)


def test_the_flags_are_the_contracts() -> None:
    assert list(FLAGS) == CONTRACT_FLAGS


def test_nobody_can_tell_the_detector_what_was_prescribed() -> None:
    """What was asked for must not bend what was done: there is no way to say it."""
    assert set(inspect.signature(analyze).parameters) == {
        "recording", "exercise", "placement", "side", "exercises"
    }  # fmt: skip


@pytest.mark.parametrize("exercise", [*catalogue(), "auto"])
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_exercise_and_placement_is_answered_to_the_contract(exercise: str, placement: str) -> None:
    recording = Case().record(name="a/b.csv", exercise=None, placement=None)
    for side in ("right", "unknown"):
        analysis = analyze(recording, exercise=exercise, placement=placement, side=side)
        check(analysis, recording)
        block = analysis.blocks[0]
        assert (block.placement, block.side) == (placement, side)
        if exercise != "auto":
            assert block.exercise == exercise
            view = catalogue()[exercise].view(placement, side)
            assert block.observability == view.observability
            if view.observability == "none":
                assert block.reps == ()


@LAW
@given(
    exercise=st.sampled_from([*catalogue(), "auto"]), placement=st.sampled_from(PLACEMENTS),
    range_deg=st.floats(3.0, 120.0), out_s=st.floats(0.4, 3.0), plateau_s=st.floats(0.0, 12.0),
    pause_s=st.floats(0.0, 6.0), reps=st.integers(1, 8), lead_s=st.floats(0.0, 5.0), tail_s=st.floats(0.0, 5.0),
    cut_s=st.floats(0.0, 10.0), noise=st.floats(0.0, 0.5), gyroscope=st.booleans(),
)  # fmt: skip
def test_any_set_is_answered_to_the_contract(
    exercise: str, placement: str, range_deg: float, out_s: float, plateau_s: float, pause_s: float, reps: int,
    lead_s: float, tail_s: float, cut_s: float, noise: float, gyroscope: bool,
) -> None:  # fmt: skip
    plan = Plan(out_s, plateau_s, out_s, pause_s, range_deg)
    case = Case(plans=(plan,) * reps, lead_s=lead_s, tail_s=tail_s, acc_noise=noise, gyroscope=gyroscope)
    time_s = case.even_s()
    for stamps in (time_s, time_s[time_s > cut_s], time_s[(time_s < 15.0) | (time_s > 15.0 + cut_s)]):
        recording = case.record(stamps, exercise=exercise, placement=placement)
        check(analyze(recording), recording)


@pytest.mark.parametrize("number", range(9))
def test_simulated_sets_are_answered_to_the_contract(number: int) -> None:
    exercise, placement = list(catalogue())[number], ("hip", "right_thigh", "left_thigh")[number % 3]
    recording = simulate_set(exercise, placement, seed=5, reps=3, hold_s=4.0, rate_hz=50.0).recording
    check(analyze(recording), recording)
    check(analyze(recording, exercise="generic"), recording)


@pytest.mark.parametrize("pause_s", [0.0, 0.1, 0.5])
def test_reps_without_a_pause_between_them_never_overlap(pause_s: float) -> None:
    case = Case(plans=(Plan(2.0, 1.0, 2.0, pause_s),) * 8)
    recording = case.record()
    analysis = analyze(recording)
    check(analysis, recording)
    assert analysis.blocks[0].count == 8


@pytest.mark.parametrize("gyroscope", [True, False])
def test_a_set_that_fills_the_recording_stays_inside_it(gyroscope: bool) -> None:
    plan = Plan(2.0, 0.0, 2.0, 0.0, 5.0)
    recording = Case(plans=(plan,) * 3, lead_s=0.0, tail_s=0.0, acc_noise=0.0, gyroscope=gyroscope).record()
    analysis = analyze(recording, exercise="glute_bridge", placement="hip")
    check(analysis, recording)
    assert len(analysis.blocks[0].reps) == 3


def rep_at(start_s: float, end_s: float) -> Rep:
    third = (end_s - start_s) / 3
    return Rep(
        0, start_s, start_s + third, end_s - third, end_s, third, third, third, third, "both", 30.0, True, 0.9
    )


@LAW
@given(steps=st.lists(st.tuples(st.floats(0.0, 130.0), st.floats(0.5, 20.0)), max_size=12), seed=st.integers(0, 99))
def test_sets_are_numbered_by_the_pause(steps: list[tuple[float, float]], seed: int) -> None:
    reps, now_s, expected, number = [], 0.0, [], 1
    for pause_s, length_s in steps:
        number += bool(reps) and pause_s >= SET_PAUSE_S
        reps.append(rep_at(now_s + pause_s, now_s + pause_s + length_s))
        expected.append(number)
        now_s = reps[-1].end_s
    shuffled = [reps[k] for k in np.random.default_rng(seed).permutation(len(reps))]
    numbered = _number_sets(shuffled)
    # a pause of exactly a minute may fall on either side by rounding
    if all(abs(pause_s - SET_PAUSE_S) > 1e-6 for pause_s, _ in steps):
        assert [rep.set for rep in numbered] == expected
    assert [rep.end_s for rep in numbered] == [rep.end_s for rep in reps]


@LAW
@given(
    moves=st.lists(st.tuples(*[st.floats(0.1, 3.0)] * 3), min_size=2, max_size=8),
    wide=st.floats(0.0, 1.5),
    holds=st.booleans(),
)
def test_edges_that_run_into_each_other_are_parted_outside_the_holds(
    moves: list[tuple[float, float, float]], wide: float, holds: bool
) -> None:
    """Slow moves are extrapolated beyond where the next one begins."""
    reps, now_s = [], 10.0
    for out_s, hold_s, back_s in moves:
        start_s, end_s = now_s + out_s, now_s + out_s + hold_s
        now_s = end_s + back_s
        rep = replace(rep_at(start_s - out_s - wide, now_s + wide), hold_start_s=start_s, hold_end_s=end_s)
        reps.append(rep if holds else replace(rep, hold_start_s=None, hold_end_s=None))
    numbered = _number_sets(reps)
    assert len(numbered) == len(reps)
    for rep, following in itertools.pairwise(numbered):
        assert rep.end_s <= following.start_s
        assert rep.start_s < rep.end_s
    if holds:
        for rep in numbered:
            assert rep.hold_start_s is not None
            assert rep.hold_end_s is not None
            assert rep.start_s <= rep.hold_start_s <= rep.hold_end_s <= rep.end_s


def test_an_unknown_exercise_is_refused_by_name() -> None:
    with pytest.raises(UnknownExerciseError, match="glute_bridge") as caught:
        analyze(still(5.0), exercise="glute_brigde")
    assert caught.value.exercise_id == "glute_brigde"
    assert isinstance(caught.value, SciatrackError)
    with pytest.raises(UnknownExerciseError):
        analyze(Case().record(exercise="squat"))


def test_a_run_without_enough_whole_reps_says_so() -> None:
    with mock.patch("sciatrack_signal.pipeline.assemble", return_value=[]):
        block = block_of(Case().record())
    assert block.reps == ()
    assert block.note


NOT_SEEN = [
    (name, placement, "left" if placement == "right_thigh" else "right")
    for name, exercise in catalogue().items()
    for placement in ("hip", "right_thigh", "left_thigh")
    if exercise.view(placement, "left" if placement == "right_thigh" else "right").observability == "none"
]


def test_some_views_show_nothing() -> None:
    assert len(NOT_SEEN) > 2


@pytest.mark.parametrize(("exercise", "placement", "side"), NOT_SEEN)
def test_what_cannot_be_seen_is_said_to_be_unseen(exercise: str, placement: str, side: str) -> None:
    block = block_of(Case().record(), exercise=exercise, placement=placement, side=side)
    assert (block.observability, block.reps, block.count, block.count_high) == ("none", (), 0, 0)
    assert block.note


@pytest.mark.parametrize("observability", ["full", "counts", "weak", "none"])
def test_holds_are_told_only_where_they_can_be_seen(observability: str) -> None:
    view = replace(catalogue()["generic"].view("hip", None), observability=observability, reason="no")
    known: Mapping[str, Exercise] = MappingProxyType({
        "mine": replace(catalogue()["glute_bridge"], id="mine", views={"hip": view})
    })  # fmt: skip
    recording = Case(exercise="mine", placement="hip").record()
    analysis = analyze(recording, exercises=known)
    check(analysis, recording)
    (block,) = analysis.blocks
    assert block.count == (0 if observability == "none" else 5)
    if observability == "full":
        assert all(rep.hold_s is not None and "low_certainty" not in rep.flags for rep in block.reps)


def test_labels_of_the_caller_win_over_those_of_the_recording() -> None:
    recording = Case(exercise="clamshell", placement="hip").record(side="left")
    assert (block_of(recording).exercise, block_of(recording).placement, block_of(recording).side) == (
        "clamshell", "hip", "left"
    )  # fmt: skip
    block = block_of(recording, exercise="generic", placement="right_thigh", side="right")
    assert (block.exercise, block.placement, block.side) == ("generic", "right_thigh", "right")
    assert {rep.side for rep in block.reps} == {"right"}


def test_a_rep_below_half_of_the_median_range_is_listed_but_not_counted() -> None:
    plans = [Plan(range_deg=40.0)] * 6
    plans[3] = Plan(range_deg=18.0)
    block = block_of(Case(plans=tuple(plans)).record())
    assert [rep.complete for rep in block.reps] == [True, True, True, False, True, True]
    assert "small_range" in block.reps[3].flags
    assert (block.count, block.count_low) == (5, 5)


def test_a_range_below_the_exercises_own_minimum_is_not_counted() -> None:
    smallest = catalogue()["knee_to_chest"].view("right_thigh", "right").min_range_deg
    plan = Plan(range_deg=0.7 * smallest)
    block = block_of(Case(plans=(plan,) * 5, breath_deg=0.0, exercise="knee_to_chest").record())
    assert block.count == 0
    assert all("small_range" in rep.flags for rep in block.reps)


@pytest.mark.parametrize("hold_s", [2.0, 5.0, 12.0])
def test_short_and_long_holds_are_flagged_against_what_the_article_asks(hold_s: float) -> None:
    """A bridge asks for 5 seconds."""
    case = Case(plans=(Plan(plateau_s=hold_s - 0.24, pause_s=3.0),) * 5, exercise="glute_bridge")
    block = block_of(case.record())
    expected = {2.0: {"short_hold"}, 5.0: set(), 12.0: {"long_hold"}}[hold_s]
    for rep in block.reps:
        assert set(rep.flags) == expected


@pytest.mark.parametrize("exercise", ["glute_bridge", "knee_to_chest"])
@pytest.mark.parametrize("gyroscope", [True, False])
def test_a_known_set_is_told_as_it_was(exercise: str, gyroscope: bool) -> None:
    case = Case(exercise=exercise, gyroscope=gyroscope)
    block = block_of(case.record())
    assert (block.count, block.count_low, block.count_high, block.note) == (5, 5, 5, "")
    np.testing.assert_allclose(times_of(block)[:, 1:3], truths_of(case)[:, 1:3], atol=0.1)
    np.testing.assert_allclose(times_of(block)[:, [0, 3]], truths_of(case)[:, [0, 3]], atol=0.25)
    for rep, true in zip(block.reps, case.truth, strict=True):
        assert rep.hold_s == pytest.approx(true.hold_s, abs=0.12)
        assert rep.rom_deg == pytest.approx(40.0, abs=1.5)
        assert rep.complete
        assert rep.confidence > 0.5


def test_jsonl_can_say_it() -> None:
    said = json.loads(json.dumps(block_of(Case().record()).to_dict()))
    assert len(said["reps"]) == 5
    assert isinstance(said["reps"][0]["flags"], list)
    assert json.loads(json.dumps(block_of(still(10.0)).to_dict(), allow_nan=False))["reps"] == []


def test_the_table_has_a_row_for_each_rep_and_the_blocks_columns_first() -> None:
    block = block_of(Case(plans=(Plan(plateau_s=2.0),) * 4, exercise="glute_bridge").record(name="x.csv"))
    table = Analysis((block,)).reps
    assert isinstance(table, pd.DataFrame)
    expected = [("block_side" if key == "side" else key) for key in BLOCK_KEYS[:-1]] + REP_KEYS
    assert list(table.columns) == expected == list(result.TABLE_COLUMNS)
    assert len(table) == 4
    assert set(table["flags"]) == {"short_hold"}
    assert set(table["recording"]) == {"x.csv"}
    assert table["hold_s"].tolist() == [rep.hold_s for rep in block.reps]


def test_the_table_of_nothing_has_the_same_columns() -> None:
    table = analyze(still(20.0)).reps
    assert len(table) == 0
    assert list(table.columns) == list(result.TABLE_COLUMNS)


def test_flags_in_a_table_are_joined_by_spaces() -> None:
    rep = replace(rep_at(1.0, 4.0), flags=("cut", "gap"))
    block = replace(block_of(still(5.0)), reps=(rep, replace(rep, flags=())))
    assert [row["flags"] for row in Analysis((block, block)).rows()] == ["cut gap", "", "cut gap", ""]


@pytest.mark.parametrize("label", [{"placement": "wrist"}, {"side": "upper"}])
def test_an_unknown_placement_or_side_is_refused_by_name(label: dict[str, str]) -> None:
    with pytest.raises(SciatrackError, match=next(iter(label.values()))):
        analyze(still(5.0), exercise="clamshell", **label)
