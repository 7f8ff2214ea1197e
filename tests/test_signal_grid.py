"""The grid of about 25 Hz: means of what was measured, at the right time, with holes marked and nothing changed."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciatrack_ingest import Recording
from sciatrack_signal import grid
from sciatrack_signal.grid import TARGET_RATE_HZ, Grid, to_grid
from signal_cases import LAW, Array

SEEDS = st.integers(0, 2**31)


def noise(n: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(0.0, 5.0, (n, 3))


def even(n: int, rate_hz: float, seed: int = 0, gyr: bool = True) -> Recording:
    return Recording(np.arange(n) / rate_hz, noise(n, seed), noise(n, seed + 1) if gyr else None)


def grid_of(recording: Recording) -> Grid:
    made = to_grid(recording)
    assert made is not None
    return made


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_samples_make_no_grid(n: int) -> None:
    assert to_grid(even(n, 50.0)) is None


def test_four_samples_at_100_hz_are_one_row_in_their_middle() -> None:
    time_s = 3.0 + np.arange(8) / 100.0
    acc = np.arange(8.0)[:, None] * [1.0, 10.0, 100.0]
    made = grid_of(Recording(time_s, acc))
    np.testing.assert_allclose(made.acc, [[1.5, 15.0, 150.0], [5.5, 55.0, 550.0]])
    np.testing.assert_allclose(made.time_s, [3.015, 3.055])
    assert made.rate_hz == pytest.approx(25.0)
    assert made.gyr is None
    assert made.valid.tolist() == [True, True]


def slow_blocks(x: Array, factor: int) -> Array:
    return np.array([np.mean(x[k : k + factor], axis=0) for k in range(0, len(x) - factor + 1, factor)])


@LAW
@given(n=st.integers(40, 300), factor=st.integers(1, 10), chunk=st.integers(1, 400), seed=SEEDS)
def test_even_samples_are_averaged_in_blocks(n: int, factor: int, chunk: int, seed: int) -> None:
    recording = even(n, TARGET_RATE_HZ * factor, seed)
    with mock.patch.multiple(grid, CHUNK_SAMPLES=chunk, CHUNK_ROWS=chunk):
        made = grid_of(recording)
    np.testing.assert_allclose(made.acc, slow_blocks(recording.acc, factor), rtol=1e-6, atol=1e-6)
    assert made.gyr is not None
    assert recording.gyr is not None
    np.testing.assert_allclose(made.gyr, slow_blocks(recording.gyr, factor), rtol=1e-6, atol=1e-6)
    assert made.valid.all()


def slow_bins(time_s: Array, x: Array, grid_s: Array, rate_hz: float) -> Array:
    """Each grid time gets the mean of the samples nearest to it, drawn to it along the line between such means."""
    members = [[] for _ in grid_s]  # type: list[list[int]]
    for k, t in enumerate(time_s):
        members[min(int(np.round((t - grid_s[0]) * rate_hz)), len(grid_s) - 1)].append(k)
    if sum(len(found) > 1 for found in members) < 0.5 * len(members):
        known_s, known = list(time_s), list(x)
    else:
        known_s = [float(np.mean(time_s[found])) for found in members if found]
        known = [np.mean(x[found], axis=0) for found in members if found]
    columns = np.array(known)
    return np.column_stack([np.interp(grid_s, known_s, columns[:, k]) for k in range(3)])


@LAW
@given(
    steps_ms=st.lists(st.integers(3, 30), min_size=60, max_size=300),
    rate_hz=st.sampled_from([20.0, 50.0, 100.0]),
    seed=SEEDS,
)
def test_uneven_samples_are_averaged_by_their_time(steps_ms: list[int], rate_hz: float, seed: int) -> None:
    time_s = 100.0 + np.cumsum(steps_ms) * 0.1 / rate_hz
    recording = Recording(time_s, noise(len(time_s), seed), noise(len(time_s), seed + 1))
    factor = max(1, round(recording.sampling_rate_hz / TARGET_RATE_HZ))
    made = grid._average_by_time(recording, factor)
    assert made.rate_hz == pytest.approx(recording.sampling_rate_hz / factor)
    expected = slow_bins(time_s, recording.acc, made.time_s, made.rate_hz)
    np.testing.assert_allclose(made.acc, expected, atol=1e-9)
    assert made.gyr is not None
    assert recording.gyr is not None
    np.testing.assert_allclose(made.gyr, slow_bins(time_s, recording.gyr, made.time_s, made.rate_hz), atol=1e-9)


@LAW
@given(rate_hz=st.floats(20.0, 250.0), jitter=st.floats(0.0, 0.3), start_s=st.floats(-5.0, 1e5), seed=SEEDS)
def test_a_straight_line_stays_where_it_was_in_time(
    rate_hz: float, jitter: float, start_s: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    time_s = start_s + (np.arange(400) + jitter * rng.uniform(-1, 1, 400)) / rate_hz
    since_s = (time_s - start_s)[:, None]
    made = grid_of(Recording(time_s, 2.0 + since_s * [1.0, -2.0, 3.0], since_s * [0.1, 0.2, 0.3]))
    at_s = (made.time_s - start_s)[:, None]
    inside = slice(1, -1)  # beyond the first and last mean there is no line
    # stamps are taken for even where none is farther off than the tolerance: then nothing is later or earlier
    off_s = 1e-6 if jitter == 0.0 else grid.EVEN_TOLERANCE / made.rate_hz
    np.testing.assert_allclose(made.acc[inside], (2.0 + at_s * [1.0, -2.0, 3.0])[inside], atol=3.0 * off_s)
    assert made.gyr is not None
    np.testing.assert_allclose(made.gyr[inside], (at_s * [0.1, 0.2, 0.3])[inside], atol=0.3 * off_s)


@LAW
@given(rate_hz=st.floats(13.0, 250.0))
def test_the_grid_is_near_its_target_and_as_long_as_the_recording(rate_hz: float) -> None:
    recording = even(500, rate_hz)
    made = grid_of(recording)
    assert min(rate_hz * 0.99, 2 / 3 * TARGET_RATE_HZ) <= made.rate_hz <= 1.5 * TARGET_RATE_HZ + 0.1
    assert made.n / made.rate_hz == pytest.approx(recording.duration_s, abs=2.0 / made.rate_hz)
    assert len(made.valid) == len(made.time_s) == made.n


def test_rows_of_a_grid_are_found_by_their_time() -> None:
    made = grid_of(even(500, 100.0))
    assert [made.to_index(t) for t in made.time_s] == list(range(made.n))
    assert (made.to_index(-1e3), made.to_index(1e3)) == (0, made.n - 1)


@pytest.mark.parametrize("rate_hz", [25.0, 100.0])
@pytest.mark.parametrize("how", ["nan", "step"])
def test_a_gap_is_marked_and_bridged_by_a_straight_line(rate_hz: float, how: str) -> None:
    time_s = np.arange(int(20 * rate_hz)) / rate_hz
    acc = time_s[:, None] * [1.0, 2.0, 3.0]
    gyr = np.ones_like(acc)
    inside = (time_s > 8.0) & (time_s < 12.0)
    if how == "nan":
        acc[inside] = gyr[inside] = np.nan
    else:
        time_s, acc, gyr = time_s[~inside], acc[~inside], gyr[~inside]
    made = grid_of(Recording(time_s, acc, gyr))
    lost = (made.time_s > 8.05) & (made.time_s < 11.95)
    kept = (made.time_s < 7.95) | (made.time_s > 12.05)
    assert not made.valid[lost].any()
    assert made.valid[kept].all()
    assert made.gyr is not None
    np.testing.assert_array_equal(made.gyr[lost], 0.0)
    np.testing.assert_allclose(made.acc[1:-1], (made.time_s[:, None] * [1.0, 2.0, 3.0])[1:-1], atol=0.05)


@pytest.mark.parametrize("axes", [[0], [1], [2], [0, 1, 2]])
@pytest.mark.parametrize("rate_hz", [25.0, 100.0])
def test_lost_samples_too_few_for_a_gap_leave_no_hole(rate_hz: float, axes: list[int]) -> None:
    acc = np.tile([1.0, 2.0, 9.0], (400, 1))
    gyr = np.zeros_like(acc)
    acc[np.ix_([200, 202], axes)] = np.nan
    gyr[np.ix_([300], axes)] = np.nan
    made = grid_of(Recording(np.arange(400) / rate_hz, acc, gyr))
    np.testing.assert_allclose(made.acc, np.tile([1.0, 2.0, 9.0], (made.n, 1)), atol=1e-9)
    np.testing.assert_array_equal(made.gyr, 0.0)
    assert made.valid.all()


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 100.0])
def test_every_fourth_sample_lost_leaves_the_others(rate_hz: float) -> None:
    time_s = np.arange(800) / rate_hz
    acc = 5.0 + np.sin(time_s)[:, None] * [1.0, 2.0, 3.0]
    acc[::4] = np.nan
    made = grid_of(Recording(time_s, acc))
    expected = 5.0 + np.sin(made.time_s)[:, None] * [1.0, 2.0, 3.0]
    np.testing.assert_allclose(made.acc[1:-1], expected[1:-1], atol=0.03)
    assert made.valid.all()


def test_a_recording_of_nothing_but_nan_is_finite_and_nowhere_valid() -> None:
    nothing = np.full((500, 3), np.nan)
    made = grid_of(Recording(np.arange(500) / 50.0, nothing, nothing.copy()))
    assert np.isfinite(made.acc).all()
    np.testing.assert_array_equal(made.gyr, 0.0)
    assert not made.valid[1:-1].any()


@pytest.mark.parametrize("rate_hz", [20.0, 25.0, 100.0])
@pytest.mark.parametrize("jitter", [0.0, 0.3])
def test_the_recording_is_not_written_to_and_not_shared(rate_hz: float, jitter: float) -> None:
    time_s = (np.arange(300) + jitter * np.random.default_rng(1).uniform(-1, 1, 300)) / rate_hz
    acc, gyr = noise(300, 1), noise(300, 2)
    acc[150] = np.nan
    before = acc.copy(), gyr.copy(), time_s.copy()
    made = grid_of(Recording(time_s, acc, gyr))
    assert made.gyr is not None
    made.acc[:] = made.gyr[:] = 7.0
    for array, old in zip((acc, gyr, time_s), before, strict=True):
        np.testing.assert_array_equal(array, old)
