"""Nobody exercises: no reps, a note that says so, and neither an exception nor a warning."""

from __future__ import annotations

import numpy as np
import pytest

from sciatrack_ingest import Recording
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.simulate import simulate_nobody
from signal_cases import G_M_S2, Array, Case, Plan, block_of, still, trace_of, walk

RATE_HZ = 50.0
EXERCISES = [*catalogue(), "auto"]
N = 3000


def recording(acc: Array, gyr: Array | None = None) -> Recording:
    return Recording(np.arange(len(acc)) / RATE_HZ, acc, gyr)


def noise(sd: float, seed: int = 1, n: int = N) -> Array:
    return np.random.default_rng(seed).normal(0.0, sd, (n, 3))


UP = np.array([0.0, 0.0, G_M_S2])
FULL = np.full((N, 3), np.nan)
NOTHING = {
    "lying still": still(60.0),
    "lying still for 20 minutes": still(1200.0, 25.0),
    "exactly still": recording(np.tile(UP, (N, 1)), np.zeros((N, 3))),
    "all zero": recording(np.zeros((N, 3)), np.zeros((N, 3))),
    "all NaN": recording(FULL, FULL),
    "all NaN, no gyroscope": recording(FULL),
    "noise of a chip": recording(UP + noise(0.05), noise(0.005)),
    "noise of a bad chip": recording(UP + noise(0.3)),
    "nothing but noise": recording(noise(10.0), noise(1.0)),
    "walking": recording(walk(60.0)),
    "falling asleep on the other side": recording(np.repeat([UP, [G_M_S2, 0.0, 0.0]], N // 2, axis=0)),
}


@pytest.mark.parametrize("what", NOTHING)
@pytest.mark.parametrize("placement", ["hip", "right_thigh"])
def test_nothing_is_found_where_nothing_happens(what: str, placement: str) -> None:
    block = block_of(NOTHING[what], exercise="auto", placement=placement)
    assert (block.count, block.count_high, block.reps) == (0, 0, ())
    assert block.note


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("what", sorted(NOTHING.keys() - {"walking", "lying still for 20 minutes"}))
def test_naming_an_exercise_does_not_make_it_happen(what: str, exercise: str) -> None:
    block = block_of(NOTHING[what], exercise=exercise, placement="right_thigh")
    assert (block.count, block.reps) == (0, ())
    assert block.note


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 7, 10, 25, 60])
@pytest.mark.parametrize("gyroscope", [True, False])
def test_next_to_no_samples(n: int, gyroscope: bool) -> None:
    rows = recording(np.tile(UP, (n, 1)), np.zeros((n, 3)) if gyroscope else None)
    for exercise in ("auto", "glute_bridge"):
        block = block_of(rows, exercise=exercise)
        assert (block.count, block.reps) == (0, ())
        assert block.note
        assert block.duration_s == pytest.approx(max(n - 1, 0) / RATE_HZ)


@pytest.mark.parametrize("n", [2, 3, 5, 10, 60])
def test_next_to_no_samples_of_noise(n: int) -> None:
    rng = np.random.default_rng(n)
    for stamps in (
        np.arange(n) / RATE_HZ,
        np.cumsum(rng.exponential(1.0, n)),
        np.cumsum(rng.exponential(0.001, n)),
    ):
        analyze(Recording(stamps, UP + noise(5.0, n, n), noise(1.0, n, n)), exercise="glute_bridge")


@pytest.mark.parametrize("rate_hz", [1.0, 5.0, 2000.0])
def test_rates_beyond_the_contract_end_in_an_answer(rate_hz: float) -> None:
    n = int(60 * rate_hz)
    assert block_of(Recording(np.arange(n) / rate_hz, np.tile(UP, (n, 1)))).reps == ()


def test_one_sample_a_day_apart() -> None:
    assert block_of(Recording(np.array([0.0, 86400.0]), np.tile(UP, (2, 1)))).reps == ()


@pytest.mark.parametrize("reps", [1, 2])
def test_one_or_two_moves_are_no_set_unless_the_exercise_is_named(reps: int) -> None:
    case = Case(plans=(Plan(range_deg=70.0),) * reps)
    assert block_of(case.record(), exercise="auto").reps == ()
    assert block_of(case.record(), exercise="knee_to_chest").count == reps


def test_turning_over_is_no_rep() -> None:
    """Ninety degrees and back after a minute."""
    case = Case(plans=(Plan(1.5, 60.0, 1.5, 5.0, 90.0),))
    assert block_of(case.record(), exercise="auto").reps == ()


def test_breathing_is_no_rep() -> None:
    case = Case(plans=(), lead_s=120.0, tail_s=0.0, breath_deg=0.5)
    for exercise in EXERCISES:
        assert block_of(case.record(), exercise=exercise).count == 0


@pytest.mark.parametrize("step_hz", [1.5, 1.8, 2.1])
@pytest.mark.parametrize("gyroscope", [True, False])
def test_walking_is_no_rep_under_any_name(step_hz: float, gyroscope: bool) -> None:
    acc = walk(40.0, RATE_HZ, step_hz)
    rows = recording(acc, noise(0.3, 2, len(acc)) if gyroscope else None)
    for exercise in ("auto", "glute_bridge", "knee_to_chest"):
        for placement in ("hip", "right_thigh"):
            assert block_of(rows, exercise=exercise, placement=placement).count == 0


@pytest.mark.parametrize("kind", ["lying", "walking"])
@pytest.mark.parametrize("placement", ["hip", "right_thigh"])
def test_ten_simulated_minutes_of_nobody(kind: str, placement: str) -> None:
    made = simulate_nobody(kind, seed=3, placement=placement).recording
    assert block_of(made, exercise="auto").count == 0


def test_a_sensor_at_rest_is_not_said_to_be_broken() -> None:
    """Where nothing turns, nothing can be held against the gyroscope."""
    on_a_table = recording(UP + noise(0.03), 0.002 * noise(1.0, 3))
    assert trace_of(on_a_table).gyro_note == ""
