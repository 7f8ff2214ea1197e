"""Moves up and down without a tilt: the acceleration sees them at the trunk, counts them and measures no hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sciatrack_ingest import Recording
from sciatrack_signal.height import METRES_A_RADIAN, NOTE, height_trace
from sciatrack_signal.result import Block
from signal_cases import G_M_S2, block_of, trace_of

RATE_HZ = 50.0


def squats(
    count: int = 8, *, depth_m: float = 0.4, period_s: float = 3.0, turn: Rotation | None = None, seed: int = 3,
    gyroscope: bool = True, **labels: str,
) -> Recording:  # fmt: skip
    """Down and up as a cosine, after and before ten seconds of standing, in a sensor that does not turn."""
    time_s = np.arange(round((20.0 + count * period_s) * RATE_HZ)) / RATE_HZ
    moving = (time_s > 10.0) & (time_s < 10.0 + count * period_s)
    speed = 2 * np.pi / period_s
    vertical = np.where(moving, -0.5 * depth_m * speed**2 * np.cos(speed * (time_s - 10.0)), 0.0)
    up = np.array([0.96, 0.1, 0.26]) if turn is None else turn.apply([0.0, 0.0, 1.0])
    rng = np.random.default_rng(seed)
    acc = (G_M_S2 + vertical)[:, None] * up / np.linalg.norm(up) + 0.03 * rng.standard_normal((len(time_s), 3))
    gyr = 0.002 * rng.standard_normal(acc.shape)
    return Recording(
        time_s, acc, gyr if gyroscope else None, **({"exercise": "generic", "placement": "hip"} | labels)
    )


def block(recording: Recording) -> Block:
    return block_of(recording)


@pytest.mark.parametrize("gyroscope", [True, False])
@pytest.mark.parametrize("mount", range(3))
def test_squats_with_an_upright_back_are_counted_however_the_sensor_is_worn(mount: int, gyroscope: bool) -> None:
    found = block(squats(turn=Rotation.random(random_state=mount), gyroscope=gyroscope))
    assert found.count == 8
    assert NOTE in found.note


def test_what_the_acceleration_alone_sees_has_no_hold_and_no_angle() -> None:
    for rep in block(squats()).reps:
        assert (rep.hold_s, rep.hold_start_s, rep.rom_deg) == (None, None, None)
        assert "low_certainty" in rep.flags


def test_the_times_are_those_of_the_moves() -> None:
    starts_s = [rep.start_s for rep in block(squats()).reps]
    np.testing.assert_allclose(np.diff(starts_s), 3.0, atol=0.3)


@pytest.mark.parametrize(
    "recording",
    [
        squats(depth_m=0.05),  # steps
        squats(period_s=9.0),  # half drift
        squats(count=2),  # no rhythm to be judged by
        squats(placement="right_thigh"),  # which would turn
        squats(exercise="glute_bridge"),  # whose poses are known
    ],
    ids=["small", "slow", "few", "thigh", "named"],
)
def test_nothing_else_is_counted_by_height(recording: Recording) -> None:
    assert block(recording).reps == ()


def test_the_height_is_told_in_metres() -> None:
    trace = height_trace(trace_of(squats(depth_m=0.3, period_s=2.0)))
    angle = np.unwrap(np.arctan2(trace.sharp[:, 1], trace.sharp[:, 0]))
    inside = slice(trace.n // 3, 2 * trace.n // 3)
    assert METRES_A_RADIAN * np.ptp(angle[inside]) == pytest.approx(0.3, rel=0.1)


def test_a_turn_seen_by_gravity_stays_the_answer_if_it_is_more_alike() -> None:
    """A trunk that leans 40 degrees with each squat: gravity tells the hold too."""
    still = squats(depth_m=0.0)
    time_s = still.time_s
    lean = np.radians(20.0) * (1 - np.cos(2 * np.pi / 3.0 * np.clip(time_s - 10.0, 0.0, 24.0)))
    turn = Rotation.from_rotvec(-lean[:, None] * np.array([0.0, 1.0, 0.0]))
    speed = np.gradient(lean, time_s)[:, None] * np.array([0.0, 1.0, 0.0])
    leaning = replace(still, acc=turn.apply(np.array(still.acc)), gyr=still.gyr + speed)
    found = block(leaning)
    assert found.count == 8
    assert NOTE not in found.note
    assert all(rep.hold_s is not None for rep in found.reps)
