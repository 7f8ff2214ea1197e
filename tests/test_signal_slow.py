"""Long holds under breathing: what a breath as large as the move hides is found without it, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sciatrack_signal.segmentation import Strokes, find_runs
from sciatrack_signal.slow import SLOW_PERIOD_S, slow_runs
from sciatrack_signal.trace import Trace
from signal_cases import NO_BARRIERS, Case, Plan, trace_of

TILT = Plan(out_s=2.5, plateau_s=20.0, back_s=2.5, pause_s=8.0, range_deg=5.0)
UNDER_BREATH = Case(plans=(TILT,) * 3, breath_deg=2.0)


def looked(case: Case) -> tuple[Trace, list[Strokes], list[tuple[Strokes, np.ndarray]]]:
    trace = trace_of(case.record())
    found = find_runs(trace, NO_BARRIERS)
    return trace, found, slow_runs(trace, NO_BARRIERS, found)


def period_s(trace: Trace, run: Strokes) -> float:
    return 2.0 * float(np.median(np.diff(run.points))) / trace.rate_hz


@pytest.mark.parametrize("rest_up", [(0.9, 0.1, 0.4), (0.3, 0.1, -0.9)])
def test_three_holds_that_breathing_hides_are_one_slow_run(rest_up: tuple[float, float, float]) -> None:
    case = replace(UNDER_BREATH, rest_up=rest_up)
    trace, found, slow = looked(case)
    assert all(period_s(trace, run) < SLOW_PERIOD_S for run in found)
    ((run, poses),) = slow
    holds = [[row / trace.rate_hz for row in run.points[parity::2]] for parity in (0, 1)]
    inside = [sum(t.start_s < at < t.end_s for at in some for t in case.truth) for some in holds]
    assert max(inside) == 3
    assert run.amplitude_deg == pytest.approx(5.0, abs=1.0)
    np.testing.assert_allclose(np.linalg.norm(poses, axis=1), 1.0, atol=1e-6)
    assert len(poses) == len(run.points)


def test_what_was_found_already_is_not_found_again() -> None:
    _, found, slow = looked(replace(UNDER_BREATH, plans=(replace(TILT, range_deg=40.0),) * 3, breath_deg=0.3))
    assert any(run.amplitude_deg > 30.0 for run in found)
    assert slow == []


def test_quick_repetitions_and_breathing_are_none() -> None:
    assert looked(Case(breath_deg=2.0))[2] == []
    assert looked(Case(plans=(), lead_s=120.0, breath_deg=3.0))[2] == []


def test_no_slow_run_crosses_a_barrier() -> None:
    trace = trace_of(UNDER_BREATH.record())
    middle = round((UNDER_BREATH.truth[0].end_s + 4.0) * trace.rate_hz)
    barriers = np.array([[middle - 150, middle + 150]])
    for run, _ in slow_runs(trace, barriers, []):
        assert run.span[1] <= middle or run.span[0] >= middle
