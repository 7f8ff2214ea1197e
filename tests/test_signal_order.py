"""Medians and quantiles: bit for bit those of numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sciatrack_signal.order import median, median_row, middle_row, quantile

ROWS = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6))


def test_by_example():
    assert median(np.array([3.0, 1.0, 2.0])) == 2.0
    assert median(np.array([4.0, 1.0, 2.0, 3.0])) == 2.5
    assert quantile(np.array([0.0, 10.0, 20.0, 30.0]), 0.75) == 22.5


@given(ROWS, st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.9, 1.0]))
def test_equal_to_numpy(x, share):
    before = x.copy()
    assert median(x) == np.median(x)
    assert quantile(x, share) == np.quantile(x, share)
    np.testing.assert_array_equal(x, before)
    rows = np.column_stack([x, -x[::-1]])
    np.testing.assert_array_equal(median_row(rows), np.median(rows, axis=0))


def test_the_middle_of_rows_turns_with_them_and_outliers_do_not_move_it():
    rng = np.random.default_rng(1)
    rows = rng.normal((1.0, 2.0, 3.0), 0.1, (7, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    np.testing.assert_allclose(middle_row(rows @ turn), middle_row(rows) @ turn, atol=1e-12)
    astray = np.concatenate([rows, [[5.0, 0.0, 0.0]]])
    moved = np.linalg.norm(middle_row(astray) - middle_row(rows))
    assert moved < 0.1 < 0.4 < np.linalg.norm(astray.mean(axis=0) - rows.mean(axis=0))
    np.testing.assert_allclose(middle_row(rows[:1]), rows[0])


def test_nan_is_told_and_nothing_is_an_error():
    assert np.isnan(median(np.array([1.0, np.nan])))
    assert np.isnan(quantile(np.array([np.nan, 1.0, 2.0]), 0.5))
    with pytest.raises(IndexError):
        median(np.empty(0))
    with pytest.raises(IndexError):
        quantile(np.empty(0), 0.5)
