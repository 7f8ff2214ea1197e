"""Moves about the vertical: gravity sees nothing, the gyroscope does, and the answer says so."""

from __future__ import annotations

import numpy as np
import pytest

from sciatrack_ingest.recording import Finding
from sciatrack_signal.heading import NOTE
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.simulate import adversarial, simulate_nobody
from signal_cases import Case, Plan, block_of, changed, times_of, truths_of

# The axis of the movement is the vertical: hip bending while lying on the side.
TURNS = Case(plans=(Plan(range_deg=45.0),) * 6, axis=(0.0, 0.0, 1.0), rest_up=(0.0, 0.0, 1.0))


@pytest.mark.parametrize("exercise", ["generic", "knee_to_chest"])
def test_turns_about_the_vertical_are_seen_by_the_gyroscope(exercise: str) -> None:
    block = block_of(TURNS.record(placement="right_thigh", exercise=exercise))
    assert block.count == 6
    assert NOTE in block.note
    assert all("low_certainty" in rep.flags for rep in block.reps)
    np.testing.assert_allclose(times_of(block)[:, 1:3], truths_of(TURNS)[:, 1:3], atol=0.25)


@pytest.mark.parametrize("seed", [5000003, 5000008])
def test_the_hip_is_bent_lying_on_the_side_with_a_thigh_that_swings(seed: int) -> None:
    case = adversarial("A50", seed=seed)
    (block,) = analyze(case.recording).blocks
    assert block.count == len(case.simulated.reps)
    assert NOTE in block.note


def test_a_gyroscope_that_the_reader_set_aside_is_told_of() -> None:
    told = changed(TURNS.record(), gyr=None, findings=(Finding("gyro_contradicts_gravity", "gyr not used"),))
    other = changed(TURNS.record(), gyr=None, findings=(Finding("gap", "2 gaps"),))
    assert "gyr not used" in block_of(told).note
    assert "gaps" not in block_of(other).note


def test_a_constant_bias_of_the_gyroscope_makes_no_reps_and_loses_none() -> None:
    recording = TURNS.record(placement="right_thigh")
    assert recording.gyr is not None
    biased = changed(recording, gyr=recording.gyr + np.radians([3.0, -2.0, 5.0]))
    assert block_of(biased).count == 6


def test_without_a_gyroscope_nothing_is_seen_of_them() -> None:
    block = block_of(changed(TURNS.record(placement="right_thigh"), gyr=None))
    assert block.count == 0
    assert block.note


@pytest.mark.parametrize("kind", ["lying", "turning", "phone"])
def test_turning_over_and_reaching_for_the_phone_are_no_reps(kind: str) -> None:
    made = simulate_nobody(kind, seed=5, duration_s=300.0, placement="hip").recording
    block = analyze(made, exercise="generic").blocks[0]
    assert NOTE not in block.note
