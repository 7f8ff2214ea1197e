"""What changes nothing in the answer: the clock, the mount, the sensor, its rate, what else is recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sciatrack_ingest import Recording
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Block
from sciatrack_signal.simulate import simulate_set
from signal_cases import (
    FEW,
    LAW,
    Array,
    Case,
    Plan,
    block_of,
    changed,
    still,
    times_of,
    truths_of,
)

SEEDS = st.integers(0, 2**31)
# Three exercises as people may do them: a quick one, one with holds, one with long holds.
CASES = {
    "bridges": Case(plans=(Plan(range_deg=25.0),) * 6, exercise="glute_bridge"),
    "squats": Case(plans=(Plan(1.0, 0.3, 1.0, 0.7, 70.0),) * 8, exercise="generic"),
    "stretches": Case(plans=(Plan(2.0, 18.0, 2.0, 5.0, 50.0, "half_cosine"),) * 3, exercise="knee_to_chest"),
}
CASE = st.sampled_from(sorted(CASES)).map(CASES.__getitem__)


def gyr_of(recording: Recording) -> Array:
    assert recording.gyr is not None
    return recording.gyr.copy()


def joined(*parts: Recording) -> Recording:
    """One recording after another; each starts one sample period after the one before it ends."""
    ends_s = np.cumsum([0.0] + [part.duration_s + 1.0 / part.sampling_rate_hz for part in parts[:-1]])
    return Recording(
        np.concatenate([part.time_s - part.time_s[0] + end_s for part, end_s in zip(parts, ends_s, strict=True)]),
        np.concatenate([part.acc for part in parts]),
        np.concatenate([gyr_of(part) for part in parts]),
        exercise=parts[0].exercise,
        placement=parts[0].placement,
    )


def assert_same(block: Block, usual: Block, *, within_s: float, rom_deg: float = 0.5) -> None:
    """The same reps of the same range at the same times."""
    assert (block.count, block.count_low, block.count_high) == (usual.count, usual.count_low, usual.count_high)
    assert [rep.set for rep in block.reps] == [rep.set for rep in usual.reps]
    np.testing.assert_allclose(times_of(block), times_of(usual), atol=within_s)
    for rep, other in zip(block.reps, usual.reps, strict=True):
        assert rep.rom_deg == pytest.approx(other.rom_deg, abs=rom_deg)


@pytest.mark.parametrize("name", CASES)
def test_the_cases_are_told_as_they_are(name: str) -> None:
    case = CASES[name]
    block = block_of(case.record())
    assert block.count == len(case.plans)
    np.testing.assert_allclose(times_of(block)[:, 1:3], truths_of(case)[:, 1:3], atol=0.15)


def test_the_same_recording_twice_is_answered_twice_the_same() -> None:
    recording = CASES["bridges"].record()
    assert analyze(recording) == analyze(recording)


@pytest.mark.parametrize("gyroscope", [True, False])
def test_arrays_are_not_written_to(gyroscope: bool) -> None:
    recording = replace(CASES["bridges"], gyroscope=gyroscope).record()
    arrays = [array for array in (recording.time_s, recording.acc, recording.gyr) if array is not None]
    before = [array.copy() for array in arrays]
    assert not any(array.flags.writeable for array in arrays)
    analyze(recording)
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)


@FEW
@given(case=CASE, shift_s=st.floats(-1e6, 1.7e9))
def test_another_zero_of_the_clock_shifts_the_reps_and_nothing_else(case: Case, shift_s: float) -> None:
    recording = case.record()
    usual, shifted = block_of(recording), block_of(changed(recording, time_s=recording.time_s + shift_s))
    assert_same(replace(shifted, reps=()), replace(usual, reps=()), within_s=0.0)
    np.testing.assert_allclose(times_of(shifted) - shift_s, times_of(usual), atol=1e-5)
    assert [rep.flags for rep in shifted.reps] == [rep.flags for rep in usual.reps]
    assert shifted.note == usual.note
    assert shifted.block_start_s - usual.block_start_s == pytest.approx(shift_s, abs=1e-5)
    for rep, other in zip(shifted.reps, usual.reps, strict=True):
        assert rep.rom_deg == pytest.approx(other.rom_deg, abs=1e-3)


@LAW
@given(case=CASE, seed=SEEDS, gyroscope=st.booleans())
def test_any_constant_mount_gives_the_same_reps(case: Case, seed: int, gyroscope: bool) -> None:
    recording = replace(case, gyroscope=gyroscope).record()
    mount = Rotation.random(rng=seed)
    gyr = mount.apply(gyr_of(recording)) if gyroscope else None
    turned = block_of(changed(recording, acc=mount.apply(recording.acc.copy()), gyr=gyr))
    usual = block_of(recording)
    assert_same(turned, usual, within_s=1e-3, rom_deg=0.1)
    assert turned.note == usual.note
    assert [rep.flags for rep in turned.reps] == [rep.flags for rep in usual.reps]


@pytest.mark.parametrize("exercise", ["glute_bridge", "clamshell", "pelvic_tilt"])
def test_any_constant_mount_of_a_simulated_sensor_gives_the_same_reps(exercise: str) -> None:
    """With soft tissue, fidgeting and a chip's errors, which turn along with the sensor."""
    recording = simulate_set(exercise, "hip", seed=11, reps=5, rate_hz=50.0).recording
    usual = block_of(recording)
    for mount in Rotation.random(4, rng=7):
        turned = changed(recording, acc=mount.apply(recording.acc.copy()), gyr=mount.apply(gyr_of(recording)))
        assert_same(block_of(turned), usual, within_s=0.02)


@pytest.mark.parametrize("name", CASES)
def test_an_accelerometer_alone_will_do(name: str) -> None:
    recording = CASES[name].record()
    block = block_of(changed(recording, gyr=None))
    assert block.note == ""
    assert_same(block, block_of(recording), within_s=0.15, rom_deg=2.5)  # a quick move is smoothed a little


@FEW
@given(case=CASE, norm=st.floats(7.0, 15.0), gyroscope=st.booleans())
def test_a_miscalibrated_accelerometer_counts_the_same(case: Case, norm: float, gyroscope: bool) -> None:
    recording = replace(case, gyroscope=gyroscope).record()
    assert_same(
        block_of(changed(recording, acc=recording.acc * norm / 9.80665)), block_of(recording), within_s=0.05
    )


@FEW
@given(case=CASE, seed=SEEDS, gyroscope=st.booleans())
def test_an_accelerometer_with_a_bias_counts_the_same(case: Case, seed: int, gyroscope: bool) -> None:
    """Up to 2.5 m/s^2 in any direction: resting norms of 7.3 to 12.3."""
    recording = replace(case, gyroscope=gyroscope).record()
    bias = 2.5 * Rotation.random(rng=seed).apply([1.0, 0.0, 0.0])
    block = block_of(changed(recording, acc=recording.acc + bias))
    assert block.count == len(case.plans)
    np.testing.assert_allclose(times_of(block)[:, 1:3], truths_of(case)[:, 1:3], atol=0.2)


@pytest.mark.parametrize("rate_hz", [20.0, 25.0, 33.0, 50.0, 100.0, 250.0])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("gyroscope", [True, False])
def test_the_sampling_rate_does_not_matter(name: str, rate_hz: float, gyroscope: bool) -> None:
    case = replace(CASES[name], rate_hz=rate_hz, gyroscope=gyroscope)
    block = block_of(case.record())
    assert block.count == len(case.plans)
    assert block.sampling_rate_hz == pytest.approx(rate_hz)
    for rep, true in zip(block.reps, case.truth, strict=True):
        assert rep.hold_s == pytest.approx(true.hold_s, abs=0.15)


@pytest.mark.parametrize("step", [2, 4, 5])
@pytest.mark.parametrize("name", CASES)
def test_every_second_or_fourth_or_fifth_sample_will_do(name: str, step: int) -> None:
    """100 Hz thinned to 50, 25 and 20 Hz."""
    recording = replace(CASES[name], rate_hz=100.0).record()
    thin = Recording(
        recording.time_s[::step], recording.acc[::step], gyr_of(recording)[::step],
        exercise=recording.exercise, placement=recording.placement,
    )  # fmt: skip
    usual, block = block_of(recording), block_of(thin)
    assert block.count == usual.count
    for rep, other in zip(block.reps, usual.reps, strict=True):
        assert rep.hold_s == pytest.approx(other.hold_s, abs=0.15)


@LAW
@given(case=CASE, rate_hz=st.sampled_from([25.0, 50.0, 100.0]), jitter=st.floats(0.0, 0.45), seed=SEEDS)
def test_irregular_stamps_do_not_matter(case: Case, rate_hz: float, jitter: float, seed: int) -> None:
    n = int(case.duration_s * rate_hz)
    stamps_s = (np.arange(n) + jitter * np.random.default_rng(seed).uniform(-1, 1, n)) / rate_hz
    block = block_of(case.record(stamps_s))
    assert block.count == len(case.plans)
    for rep, true in zip(block.reps, case.truth, strict=True):
        assert rep.hold_s == pytest.approx(true.hold_s, abs=0.15)


@FEW
@given(case=CASE, seed=SEEDS)
def test_lost_samples_do_not_matter(case: Case, seed: int) -> None:
    """One in ten, at random: no gap of the contract's length, or a short one that is flagged."""
    rate_hz = 100.0
    time_s = np.arange(int(case.duration_s * rate_hz)) / rate_hz
    kept = np.random.default_rng(seed).random(len(time_s)) > 0.1
    block = block_of(case.record(time_s[kept]))
    assert block.count == len(case.plans)
    for rep, true in zip(block.reps, case.truth, strict=True):
        assert rep.hold_s == pytest.approx(true.hold_s, abs=0.15)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("rest_s", [90.0, 400.0])
def test_two_recordings_joined_by_rest_give_both_their_reps_in_two_sets(name: str, rest_s: float) -> None:
    first, second = CASES[name].record(), replace(CASES[name], seed=2).record()
    both = joined(first, still(rest_s), second)
    block = block_of(both)
    k = len(CASES[name].plans)
    assert block.count == 2 * k
    assert [rep.set for rep in block.reps] == [1] * k + [2] * k
    start_s = both.duration_s - second.duration_s
    np.testing.assert_allclose(times_of(block)[:k], times_of(block_of(first)), atol=0.05)
    np.testing.assert_allclose(times_of(block)[k:] - start_s, times_of(block_of(second)), atol=0.05)


def test_a_shorter_pause_makes_one_set() -> None:
    case = Case(plans=(*(Plan(),) * 4, Plan(pause_s=40.0), *(Plan(),) * 4))
    block = block_of(case.record())
    assert [rep.set for rep in block.reps] == [1] * 9


@FEW
@given(case=CASE, rest_s=st.floats(0.0, 300.0))
def test_rest_before_and_after_changes_nothing(case: Case, rest_s: float) -> None:
    quiet = replace(case, lead_s=case.lead_s + rest_s, tail_s=case.tail_s + rest_s)
    block = block_of(quiet.record())
    assert block.count == len(case.plans)
    np.testing.assert_allclose(times_of(block)[:, 1:3], truths_of(quiet)[:, 1:3], atol=0.15)


@pytest.mark.parametrize("name", CASES)
def test_moving_the_other_way_is_the_same_movement(name: str) -> None:
    case = CASES[name]
    down = replace(case, plans=tuple(replace(plan, range_deg=-plan.range_deg) for plan in case.plans))
    block = block_of(down.record())
    assert block.count == len(case.plans)
    np.testing.assert_allclose(times_of(block)[:, 1:3], truths_of(case)[:, 1:3], atol=0.15)


@LAW
@given(case=CASE, seed=SEEDS, gyroscope=st.booleans())
def test_neither_the_pose_nor_the_axis_of_the_movement_matters(case: Case, seed: int, gyroscope: bool) -> None:
    """Any axis within 40 degrees of the horizontal, in any pose."""
    rng = np.random.default_rng(seed)
    axis, up, _ = Rotation.random(rng=seed).as_matrix().T
    up = up + axis * np.tan(np.radians(rng.uniform(-40, 40)))
    moved = replace(case, axis=tuple(axis), rest_up=tuple(up), gyroscope=gyroscope, exercise="generic")
    block = block_of(moved.record())
    assert block.count == len(case.plans)
    for rep, true in zip(block.reps, case.truth, strict=True):
        assert rep.hold_s == pytest.approx(true.hold_s, abs=0.2)
