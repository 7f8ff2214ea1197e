"""Walking is found by its beat, and nothing else is taken for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sciatrack_ingest import Recording
from sciatrack_signal.walking import _merged, walking
from signal_cases import FEW, G_M_S2, LAW, Array, Case, still, trace_of, walk

RATE_HZ = 25.0


def rest(duration_s: float, seed: int = 0) -> Array:
    n = int(duration_s * RATE_HZ)
    return np.random.default_rng(seed).normal([0.0, 0.0, G_M_S2], 0.05, (n, 3))


@pytest.mark.parametrize("step_hz", [1.5, 1.8, 2.2])
def test_a_walk_between_rests_is_one_interval(step_hz: float) -> None:
    acc = np.concatenate([rest(20), walk(15, RATE_HZ, step_hz), rest(20)])
    ((start, end),) = walking(acc, RATE_HZ) / RATE_HZ
    assert start == pytest.approx(20.0, abs=1.5)
    assert end == pytest.approx(35.0, abs=1.5)


def test_two_walks_are_two_sorted_disjoint_intervals_inside_the_recording() -> None:
    acc = np.concatenate([walk(10, RATE_HZ), rest(20), walk(12, RATE_HZ)])
    found = walking(acc, RATE_HZ)
    assert found.shape == (2, 2)
    assert (np.diff(found.ravel()) > 0).all()
    assert found[0, 0] >= 0
    assert found[-1, 1] <= len(acc)


def test_shaking_without_a_beat_is_no_walk() -> None:
    shaken = rest(30)
    shaken[:, 2] += np.random.default_rng(4).normal(0.0, 2.5, len(shaken))
    assert len(walking(np.concatenate([rest(10), shaken, rest(10)]), RATE_HZ)) == 0


def test_one_step_is_no_walk() -> None:
    assert len(walking(np.concatenate([rest(10), walk(0.5, RATE_HZ), rest(10)]), RATE_HZ)) == 0


@pytest.mark.parametrize(
    "acc", [np.zeros((500, 3)), rest(60), still(60.0, RATE_HZ).acc], ids=["0", "rest", "breath"]
)
def test_nobody_walks_at_rest(acc: Array) -> None:
    found = walking(acc, RATE_HZ)
    assert found.shape == (0, 2)
    assert found.dtype.kind == "i"


@pytest.mark.parametrize("rate_hz", [20.0, 25.0, 100.0])
def test_reps_are_no_steps(rate_hz: float) -> None:
    trace = trace_of(Case(rate_hz=rate_hz).record())
    assert len(walking(trace.acc, trace.rate_hz)) == 0


@FEW
@given(seed=st.integers(0, 2**31))
def test_steps_are_felt_in_every_mount(seed: int) -> None:
    acc = np.concatenate([rest(10), walk(10, RATE_HZ), rest(10)])
    turned = Rotation.random(rng=seed).apply(acc)
    np.testing.assert_array_equal(walking(turned, RATE_HZ), walking(acc, RATE_HZ))


@pytest.mark.parametrize(("turned_deg", "found"), [(20.0, 2), (80.0, 1)])
def test_a_few_steps_find_the_sensor_as_the_long_walk_does(turned_deg: float, found: int) -> None:
    """A quick change of pose in a set was taken for steps, and no set goes on across those."""
    few = Rotation.from_euler("y", turned_deg, degrees=True).apply(walk(5, RATE_HZ))
    assert len(walking(np.concatenate([walk(20, RATE_HZ), rest(10), few, rest(10)]), RATE_HZ)) == found
    assert len(walking(np.concatenate([rest(10), few, rest(10)]), RATE_HZ)) == 1


@LAW
@given(
    steps=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), max_size=8),
    margin=st.integers(0, 10),
    more=st.integers(0, 30),
)
def test_intervals_are_widened_and_joined_as_a_mask_would_be(
    steps: list[tuple[int, int]], margin: int, more: int
) -> None:
    edges = np.cumsum(np.array(steps, dtype=int).ravel())
    n = int(edges[-1] if len(edges) else 0) + more
    intervals = edges.reshape(-1, 2).tolist()
    mask = np.zeros(n, dtype=bool)
    for start, end in intervals:
        mask[max(0, start - margin) : end + margin] = True
    found = _merged(intervals, margin, n)
    again = np.zeros(n, dtype=bool)
    for start, end in found:
        assert not again[max(0, start - 1) : end].any()  # apart from the one before
        again[start:end] = True
    np.testing.assert_array_equal(again, mask)


def test_up_while_walking_is_that_of_the_walk_whatever_was_done_before() -> None:
    """Lying for a minute, then a walk: barriers that other sets draw are no walk."""
    lying = np.tile([G_M_S2, 0.0, 0.0], (int(60 * RATE_HZ), 1))
    acc = np.concatenate([lying, walk(15, RATE_HZ)])
    trace = trace_of(Recording(np.arange(len(acc)) / RATE_HZ, acc))
    assert trace.walk_up is not None
    assert trace.walk_up[2] > 0.95
    still_only = trace_of(Recording(np.arange(len(lying)) / RATE_HZ, lying))
    assert still_only.walk_up is None


@pytest.mark.parametrize("share_moving", [0.4, 1.0])
def test_who_rests_between_moves_does_not_walk(share_moving: float) -> None:
    """A jolt every 1.8 s, the rest of which is still or not."""
    t = np.arange(int(20 * RATE_HZ)) / RATE_HZ
    acc = rest(20)
    inside = (t % 1.8) < share_moving * 1.8
    acc[:, 2] += 3.0 * inside * np.sin(2 * np.pi * 1.67 * t)
    found = walking(np.concatenate([rest(10), acc, rest(10)]), RATE_HZ)
    assert len(found) == (0 if share_moving < 1.0 else 1)


def test_a_tremor_at_twice_the_beat_of_steps_is_no_walk() -> None:
    t = np.arange(int(20 * RATE_HZ)) / RATE_HZ
    trembles = rest(20)
    trembles[:, 2] += 3.0 * np.sin(2 * np.pi * 5.0 * t) + 0.3 * np.sin(2 * np.pi * 2.5 * t)
    assert len(walking(np.concatenate([rest(10), trembles, rest(10)]), RATE_HZ)) == 0
