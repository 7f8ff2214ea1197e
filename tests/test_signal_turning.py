"""Turning points: alternating extrema a threshold apart, by their definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks

from sciatrack_signal.turning import local_extrema, turning_points
from signal_cases import LAW

LEVELS = st.lists(st.integers(-20, 20), max_size=40).map(lambda v: [float(x) for x in v])
# All different, so that each extremum is one row.
DISTINCT = st.lists(st.integers(-500, 500), max_size=40, unique=True).map(lambda v: [float(x) for x in v])
THRESHOLDS = st.integers(1, 25).map(float)


@pytest.mark.parametrize(
    ("values", "threshold", "expected"),
    [
        ([], 1.0, []),
        ([5.0], 1.0, []),
        ([0.0, 0.4, 0.1], 1.0, []),
        ([0.0, 1.0], 1.0, [0, 1]),
        ([0.0, 10.0, 0.0], 5.0, [0, 1, 2]),
        ([0.0, 10.0, 7.0, 10.5, 0.0], 5.0, [0, 3, 4]),  # a dip in a hold
        ([0.0, 10.0, 7.0, 10.5, 0.0], 3.0, [0, 1, 2, 3, 4]),
        ([2.0, 0.0, 10.0, 9.0], 5.0, [1, 2]),  # what is smaller before and after is no move
    ],
)
def test_examples(values: list[float], threshold: float, expected: list[int]) -> None:
    assert turning_points(values, threshold) == expected


def largest_move(values: list[float], sign: int) -> float:
    """The farthest that values ever rise (sign 1) or fall (sign -1) from an earlier to a later one."""
    return max((sign * (b - a) for a, b in itertools.combinations(values, 2)), default=0.0)


@LAW
@given(values=LEVELS, threshold=THRESHOLDS)
def test_turning_points_keep_their_definition(values: list[float], threshold: float) -> None:
    points = turning_points(values, threshold)
    moves = max(largest_move(values, 1), largest_move(values, -1))
    assert (points == []) == (moves < threshold)
    signs = []
    for a, b in itertools.pairwise(points):
        assert a < b
        sign = 1 if values[b] > values[a] else -1
        signs.append(sign)
        between = values[a : b + 1]
        assert abs(values[b] - values[a]) >= threshold
        assert {min(between), max(between)} == {values[a], values[b]}
        assert largest_move(between, -sign) < threshold
    assert all(a == -b for a, b in itertools.pairwise(signs))
    if points:
        for outside in (values[: points[0] + 1], values[points[-1] :]):
            assert max(largest_move(outside, 1), largest_move(outside, -1)) < threshold


@LAW
@given(values=DISTINCT, threshold=THRESHOLDS)
def test_inner_turning_points_are_the_peaks_and_troughs_of_that_prominence(
    values: list[float], threshold: float
) -> None:
    x = np.array(values)
    points = turning_points(values, threshold)
    if len(points) < 3:
        return
    peaks = [find_peaks(sign * x, prominence=threshold)[0] for sign in (1, -1)]
    inner = [p for p in sorted(np.concatenate(peaks)) if points[0] < p < points[-1]]
    assert points[1:-1] == inner


def slow_extrema(values: list[float]) -> list[int]:
    inner = range(1, len(values) - 1)
    return [
        k for k in range(len(values))
        if k not in inner or (values[k] > values[k - 1]) != (values[k + 1] > values[k])
    ]  # fmt: skip


@LAW
@given(values=LEVELS)
def test_local_extrema_are_where_rising_begins_or_ends(values: list[float]) -> None:
    found = local_extrema(np.array(values))
    assert found.dtype.kind == "i"
    assert found.tolist() == slow_extrema(values)


@LAW
@given(values=DISTINCT, threshold=THRESHOLDS)
def test_turning_points_need_to_see_only_the_extrema(values: list[float], threshold: float) -> None:
    extrema = local_extrema(np.array(values))
    some = turning_points([values[k] for k in extrema], threshold)
    assert [int(extrema[k]) for k in some] == turning_points(values, threshold)


@LAW
@given(values=LEVELS, threshold=THRESHOLDS)
def test_the_same_levels_are_found_where_extrema_are_flat(values: list[float], threshold: float) -> None:
    extrema = [values[k] for k in local_extrema(np.array(values))]
    levels = [extrema[k] for k in turning_points(extrema, threshold)]
    assert levels == [values[k] for k in turning_points(values, threshold)]
