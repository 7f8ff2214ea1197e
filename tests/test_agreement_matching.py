"""Matching of intervals and moments: by example, then against an obvious slow twin."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciatrack_signal.agreement import Tally, iou, match_intervals, match_moments, tally


def intervals(*rows: tuple[float, float]) -> np.ndarray:
    return np.array(rows, float).reshape(-1, 2)


def test_overlap_is_shared_over_covered():
    got = iou(intervals((0, 4), (10, 12)), intervals((2, 6), (10, 12), (20, 30)))
    np.testing.assert_allclose(got, [[2 / 6, 0, 0], [0, 1, 0]])


def test_an_interval_without_length_overlaps_nothing():
    assert iou(intervals((1, 1)), intervals((0, 2), (1, 1))).tolist() == [[0.0, 0.0]]


def test_pairs_are_those_that_share_half():
    pairs, overlap = match_intervals(intervals((0, 4), (5, 9), (20, 24)), intervals((0, 3), (7, 9), (19, 24)))
    assert pairs.tolist() == [[0, 0], [1, 1], [2, 2]]
    np.testing.assert_allclose(overlap, [0.75, 0.5, 0.8])
    stricter, _ = match_intervals(intervals((0, 4), (5, 9)), intervals((0, 3), (7, 9)), min_iou=0.6)
    assert stricter.tolist() == [[0, 0]]


def test_two_halves_of_one_rep_are_one_match():
    pairs, _ = match_intervals(intervals((0, 4)), intervals((0, 2), (2, 4)))
    assert len(pairs) == 1
    assert tally(intervals((0, 4)), intervals((0, 2), (2, 4))) == Tally(matched=1, false=1, missed=0)


@pytest.mark.parametrize(("truth", "found"), [((), ()), (((0, 1),), ()), ((), ((0, 1),))])
def test_nothing_on_a_side_gives_no_pairs(truth, found):
    pairs, overlap = match_intervals(intervals(*truth), intervals(*found))
    assert pairs.shape == (0, 2)
    assert overlap.shape == (0,)


def test_counts_say_what_they_are_of():
    score = Tally(matched=8, false=2, missed=4) + Tally(0, 0, 0)
    assert (score.precision, score.recall) == (0.8, pytest.approx(8 / 12))
    assert score.f1 == pytest.approx(16 / 22)
    assert np.isnan(Tally(0, 0, 0).f1)
    assert np.isnan(Tally(0, 0, 3).precision)
    assert Tally(0, 0, 3).f1 == 0.0


edges = st.lists(st.integers(0, 40), min_size=0, max_size=8).map(lambda e: sorted(e[: len(e) // 2 * 2]))


@given(edges, edges, st.sampled_from([0.1, 0.25, 0.5, 0.75]))
def test_the_matching_is_the_best_there_is(truth, found, least):
    truth, found = intervals(*_pairs(truth)), intervals(*_pairs(found))
    pairs, overlap = match_intervals(truth, found, min_iou=least)
    assert len(set(pairs[:, 0])) == len(pairs) == len(set(pairs[:, 1]))
    assert (overlap >= least).all()
    assert overlap.sum() == pytest.approx(_best_sum(np.where(iou(truth, found) >= least, iou(truth, found), 0)))


def _pairs(edges: list[int]) -> list[tuple[int, int]]:
    return list(zip(edges[::2], edges[1::2], strict=True))


def _best_sum(shares: np.ndarray) -> float:
    """Slow twin: all ways to pair the smaller side with the larger."""
    if shares.shape[0] > shares.shape[1]:
        shares = shares.T
    rows = range(shares.shape[0])
    ways = permutations(range(shares.shape[1]), shares.shape[0])
    return max((float(sum(shares[r, c] for r, c in zip(rows, way, strict=True))) for way in ways), default=0.0)


def test_a_moment_belongs_to_one_window():
    windows = intervals((0, 2), (1, 3), (5, 6))
    assert match_moments(windows, np.array([1.5])).tolist() == [[0, 0]]
    assert match_moments(windows, np.array([1.5, 1.6, 5.0, 7.0])).tolist() == [[0, 0], [1, 1], [2, 2]]
    assert match_moments(windows, np.array([])).shape == (0, 2)


@given(st.lists(st.integers(0, 30), max_size=5), st.lists(st.integers(0, 30), max_size=6), st.integers(0, 8))
def test_as_many_moments_find_a_window_as_can(starts, moments, width):
    starts, moments = sorted(starts), sorted(moments)
    windows = intervals(*[(s, s + width) for s in starts])
    pairs = match_moments(windows, np.array(moments, float))
    assert all(windows[i, 0] <= moments[j] <= windows[i, 1] for i, j in pairs)
    assert len(set(pairs[:, 0])) == len(pairs) == len(set(pairs[:, 1]))
    inside = np.array([[float(a <= m <= b) for m in moments] for a, b in windows]).reshape(
        len(starts), len(moments)
    )
    assert len(pairs) == _best_sum(inside)
