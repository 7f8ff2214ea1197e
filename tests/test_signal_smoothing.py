"""Moving averages: each row the plain mean of its neighbours, no phase, and near enough to a Gaussian."""

from __future__ import annotations

import tracemalloc
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter1d

from sciatrack_signal import smoothing
from sciatrack_signal.smoothing import blocks, box, gaussian, support, thinned
from signal_cases import LAW, Array

ROWS = arrays(np.float64, st.tuples(st.integers(0, 60), st.integers(1, 3)), elements=st.floats(-100, 100))
ODD = st.integers(0, 20).map(lambda k: 2 * k + 1)


def slow_box(x: Array, width: int) -> Array:
    """The mean of width // 2 rows on both sides, where rows beyond an end are like the row at that end."""
    half = width // 2
    rows = range(len(x))
    return np.array([
        np.mean([x[min(max(k + d, 0), len(x) - 1)] for d in range(-half, half + 1)], axis=0) for k in rows
    ]).reshape(x.shape)  # fmt: skip


@LAW
@given(x=ROWS, width=ODD)
def test_a_box_is_the_mean_of_the_neighbours(x: Array, width: int) -> None:
    before = x.copy()
    np.testing.assert_allclose(box(x, width), slow_box(x, width), atol=1e-9)
    np.testing.assert_array_equal(x, before)


@LAW
@given(x=ROWS, sigma=st.floats(0.0, 8.0))
def test_smoothing_has_no_phase_and_is_linear(x: Array, sigma: float) -> None:
    smooth = gaussian(x, sigma)
    assert smooth.shape == x.shape
    np.testing.assert_allclose(gaussian(x[::-1], sigma)[::-1], smooth, atol=1e-9)
    np.testing.assert_allclose(gaussian(3.0 * x + 5.0, sigma), 3.0 * smooth + 5.0, atol=1e-8)
    if len(x):
        assert (smooth.min(axis=0) >= x.min(axis=0) - 1e-9).all()
        assert (smooth.max(axis=0) <= x.max(axis=0) + 1e-9).all()


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.3, 5.0, 12.5, 40.0])
def test_the_widths_are_those_of_a_gaussian_as_near_as_whole_rows_allow(sigma: float) -> None:
    n = 2 * int(6 * sigma) + 1
    impulse = np.zeros((n, 1))
    impulse[n // 2] = 1.0
    smooth = gaussian(impulse, sigma)[:, 0]
    rows = np.arange(n) - n // 2
    assert smooth.sum() == pytest.approx(1.0)
    assert np.sqrt(smooth @ rows**2) == pytest.approx(sigma, abs=0.51)  # boxes are odd


@pytest.mark.parametrize("width", [5, 11, 25, 81])
def test_a_step_is_smoothed_as_by_a_gaussian_within_3_percent(width: int) -> None:
    sigma = np.sqrt((width**2 - 1) / 4.0)  # that of three boxes of this width
    step = np.repeat([0.0, 1.0], 3 * width)
    exact = gaussian_filter1d(step, sigma, truncate=6.0, mode="nearest")
    np.testing.assert_allclose(gaussian(step[:, None], sigma)[:, 0], exact, atol=0.03)


def test_the_end_of_eight_hours_is_as_exact_as_its_start() -> None:
    n = 8 * 3600 * 25
    x = np.full((n, 1), 9.81)
    x[-200:, 0] = np.sin(np.arange(200))
    np.testing.assert_allclose(gaussian(x, 3.0)[-150:], gaussian(x[-200:], 3.0)[-150:], atol=1e-7)


def test_read_only_rows_are_smoothed() -> None:
    x = np.ones((20, 3))
    x.flags.writeable = False
    np.testing.assert_allclose(gaussian(x, 2.0), 1.0)


@LAW
@given(n=st.integers(1, 300), sigma=st.floats(0.0, 12.0), piece=st.integers(1, 90))
def test_long_columns_are_smoothed_as_short_ones(n: int, sigma: float, piece: int) -> None:
    x = np.random.default_rng(n).standard_normal((n, 2))
    short = gaussian(x, sigma)
    with mock.patch.multiple(smoothing, LONG=0, PIECE_ROWS=piece):
        np.testing.assert_allclose(gaussian(x, sigma), short, atol=1e-12)
        np.testing.assert_allclose(gaussian(x[:, 1], sigma), short[:, 1], atol=1e-12)


@LAW
@given(n=st.integers(0, 300), sigma=st.floats(0.0, 12.0), rows=st.integers(1, 90))
def test_blocks_are_all_rows_in_order_with_all_that_they_need(n: int, sigma: float, rows: int) -> None:
    x = np.random.default_rng(n).standard_normal((n, 1))
    parts = list(blocks(n, support(sigma), rows))
    assert [k for part, _, _ in parts for k in range(n)[part]] == list(range(n))
    for part, around, inner in parts:
        np.testing.assert_allclose(gaussian(x[around], sigma)[inner], gaussian(x, sigma)[part], atol=1e-12)


@pytest.mark.parametrize("n", [1, 5, 97, 1000, 30_000])
@pytest.mark.parametrize("every", [1, 3, 6])
@pytest.mark.parametrize("sigma", [0.2, 2.0, 8.75])
def test_some_rows_alone_are_smoothed_as_all_rows_are(n: int, every: int, sigma: float) -> None:
    x = np.random.default_rng(n).normal(9.0, 1.0, (n, 2))
    smooth, shifts = gaussian(x, sigma), (-1, 0, 2)
    found = thinned(x, sigma, every, shifts)
    for p, shift in enumerate(shifts):
        rows = np.clip(np.arange(0, n, every) + shift, 0, n - 1)
        np.testing.assert_allclose(found[p].T, smooth[rows], atol=2e-5)


def test_a_few_rows_smoothed_widely_need_little_memory() -> None:
    """Three rows whose stamps say thousands a second: all weights of such a width would be some 50 MB at once."""
    rows = np.random.default_rng(1).normal(9.0, 1.0, (3, 2))
    tracemalloc.start()
    thinned(rows, 200.0, 1)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5e6
