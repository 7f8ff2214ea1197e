"""The edges of many moves at once are those of each by itself, and rows behind one another those of each row."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciatrack_signal import dwells, one_move, smoothing
from sciatrack_signal.dwells import time_each, time_moves
from sciatrack_signal.edges import NO_ROW, Ways, arrivals, last_steps, levels, peak_speeds
from sciatrack_signal.order import about_a_line, median, quantile
from sciatrack_signal.ragged import about_lines, behind, medians, quantiles, ragged
from sciatrack_signal.segmentation import find_runs
from sciatrack_signal.simulate import simulate_visit
from sciatrack_signal.smoothing import gaussian, gaussian_of_each
from signal_cases import LAW, NO_BARRIERS, SHAPES, Array, trace_of

SEED = st.integers(0, 2**20)
WINDOW = 15


def a_move(rng: np.random.Generator) -> Array:
    """Rest, a move in one part or two, a plateau that creeps on, or hardly any rows at all."""
    if rng.random() < 0.1:
        return rng.normal(0.0, 1.0, rng.integers(1, 30))
    shape = SHAPES[str(rng.choice(sorted(SHAPES)))][0]
    rows = [int(rng.integers(1, most)) for most in (40, 90, 300)]
    up = shape(np.linspace(0.0, 1.0, rows[1]))
    if rng.random() < 0.5:
        stop = rng.uniform(0.2, 0.95)
        up = np.concatenate([stop * up, np.full(rng.integers(1, 40), stop), stop + (1.0 - stop) * up])
    angle = np.concatenate([np.zeros(rows[0]), up, np.linspace(1.0, 1.0 + rng.normal(0.0, 0.05), rows[2])])
    return rng.uniform(2.0, 60.0) * angle + rng.choice([0.0, 0.05, 0.5]) * rng.standard_normal(len(angle))


@LAW
@given(seed=SEED, count=st.integers(1, 12), widened=st.sampled_from([0.0, 4.0, -3.0]))
def test_arrivals_are_those_of_each_move_by_itself(seed: int, count: int, widened: float) -> None:
    rng = np.random.default_rng(seed)
    moves = [a_move(rng) for _ in range(count)]
    level = np.array([np.quantile(move, rng.uniform(0.5, 1.0)) for move in moves])
    noise = rng.uniform(0.05, 1.0, count)
    stop = np.array([rng.integers(0, len(move)) if rng.random() < 0.2 else NO_ROW for move in moves])
    found = arrivals(behind(moves), level, noise, np.full(count, widened), stop)
    for k, move in enumerate(moves):
        row = None if stop[k] == NO_ROW else int(stop[k])
        slow = one_move.arrival(move, float(level[k]), float(noise[k]), widened, row)
        np.testing.assert_allclose(found[k], slow, rtol=1e-9, atol=1e-9)


@LAW
@given(seed=SEED, count=st.integers(1, 12), times=st.sampled_from([3.0, 6.0]))
def test_last_steps_are_those_of_each_move_by_itself(seed: int, count: int, times: float) -> None:
    rng = np.random.default_rng(seed)
    moves = [a_move(rng) for _ in range(count)]
    moves = [move if len(move) > 1 else np.zeros(2) for move in moves]
    plateau = np.array([rng.integers(1, len(move)) for move in moves])
    noise, peak = rng.uniform(0.05, 1.0, count), np.array([one_move.peak_speed(move) for move in moves])
    is_hold = rng.random(count) < 0.5
    np.testing.assert_array_equal(peak_speeds(behind(moves)), peak)
    ways = Ways(behind(moves), plateau, peak, noise, WINDOW)
    step, level = last_steps(ways, times, 0.06)
    level = np.where(step == NO_ROW, levels(ways, is_hold), level)
    for k, move in enumerate(moves):
        slow = one_move.last_step(
            move, int(plateau[k]), float(peak[k]), float(noise[k]), WINDOW, times, 0.06, is_hold=bool(is_hold[k])
        )
        assert (NO_ROW if slow[0] is None else slow[0]) == step[k]
        assert level[k] == pytest.approx(slow[1], abs=1e-9)


def test_runs_timed_together_are_timed_as_each_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = trace_of(simulate_visit(("glute_bridge", "clamshell"), "right_thigh", seed=3).recording)
    runs = find_runs(trace, NO_BARRIERS)
    alone = [time_moves(trace, run) for run in runs]
    assert sum(run.count for run in runs) > 20
    for rows in (1, 1_000_000):
        monkeypatch.setattr(dwells, "ROWS_TOGETHER", rows)
        for own, together in zip(alone, time_each((trace, run, 0.07) for run in runs), strict=True):
            for name in ("departs", "arrives", "sway_deg", "levels_deg", "angle"):
                np.testing.assert_allclose(getattr(together, name), getattr(own, name), rtol=1e-12, atol=1e-12)
    monkeypatch.setattr(dwells, "TOGETHER", 3)
    for own, together in zip(alone, time_each((trace, run, 0.07) for run in runs), strict=True):
        np.testing.assert_allclose(together.arrives, own.arrives, rtol=1e-12, atol=1e-12)


@LAW
@given(lengths=st.lists(st.integers(1, 120), min_size=1, max_size=9), seed=SEED)
def test_rows_behind_one_another_answer_as_each_by_itself(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    each = [rng.normal(0.0, 5.0, n) for n in lengths]
    sigmas = rng.uniform(0.1, 6.0, len(each))
    rows = behind(each)
    for many in (1, 2, 100):
        with mock.patch.object(smoothing, "MANY_ROWS", many):
            for width in (sigmas, np.full(len(each), sigmas[0])):
                smooth = gaussian_of_each(rows.values, rows.starts, rows.lengths, width)
                slow = [gaussian(row, sigma) for row, sigma in zip(each, width.tolist(), strict=True)]
                np.testing.assert_allclose(smooth, np.concatenate(slow), atol=1e-12)
    parts = rows.values, rows.starts, rows.lengths
    np.testing.assert_array_equal(medians(*parts), [median(row) for row in each])
    np.testing.assert_array_equal(quantiles(*parts, 0.9), [quantile(row, 0.9) for row in each])
    np.testing.assert_array_equal(rows.largest(), [row.max() for row in each])
    high = rows.values > 2.0
    hits = [(row > 2.0).nonzero()[0] for row in each]
    firsts = [mine[0] if len(mine) else len(row) for mine, row in zip(hits, each, strict=True)]
    assert rows.first(high).tolist() == firsts
    assert rows.last(high).tolist() == [mine[-1] if len(mine) else -1 for mine in hits]
    turned = ragged(rows.values, rows.starts + rows.lengths - 1, rows.lengths, np.full(len(each), -1))
    np.testing.assert_array_equal(turned.values, np.concatenate([row[::-1] for row in each]))
    long = rows.lengths > 1
    if long.any():
        off = about_lines(rows.values, rows.starts[long], rows.lengths[long])
        np.testing.assert_allclose(off, [about_a_line(row) for row in each if len(row) > 1], atol=1e-9)
