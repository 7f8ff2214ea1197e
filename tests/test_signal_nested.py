"""A press within a crossed leg: the inner move is the rep, and a plain, dipping or sagging hold has none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from sciatrack_signal.nested import inner_angle, inner_moves, rise_deg

RATE_HZ = 25.0
Float = npt.NDArray[np.float64]


def eased(n: int) -> Float:
    s = np.linspace(0.0, 1.0, n)
    return np.asarray(10 * s**3 - 15 * s**4 + 6 * s**5)


def pose(*, step_deg: float, before_s: float = 5.0, inner_s: float = 15.0, after_s: float = 4.0) -> Float:
    """5 s, out in 2 s, held, back in 2 s, 4 s."""
    move = eased(50) * step_deg
    parts = [np.zeros(round(before_s * RATE_HZ)), move, np.full(round(inner_s * RATE_HZ), step_deg), move[::-1]]
    return np.concatenate([*parts, np.zeros(round(after_s * RATE_HZ))])


@pytest.mark.parametrize("step_deg", [4.0, 8.0, 20.0])
@pytest.mark.parametrize("inner_s", [10.0, 20.0])
def test_the_inner_move_is_timed_by_the_rule_of_holds(step_deg: float, inner_s: float) -> None:
    rng = np.random.default_rng(3)
    angle = pose(step_deg=step_deg, inner_s=inner_s)
    angle = angle + np.convolve(rng.normal(size=len(angle)), np.ones(5) / 5, "same") * 0.1
    found = inner_moves(angle, RATE_HZ, 0.1, 0.0)
    assert found is not None
    out, there, back, home = (edge.at / RATE_HZ for edge in found if edge)
    # 10 % of the peak speed of such a move lies 8.7 % of its time from its ends
    assert out == pytest.approx(5.17, abs=0.2)
    assert there == pytest.approx(6.83, abs=0.2)
    assert back == pytest.approx(7.17 + inner_s, abs=0.2)
    assert home == pytest.approx(8.83 + inner_s, abs=0.2)


def test_what_is_left_of_the_outer_move_is_no_part_of_the_inner_one() -> None:
    angle = pose(step_deg=8.0)
    plain = inner_moves(angle, RATE_HZ, 0.1, 0.0)
    angle[:8], angle[-8:] = np.linspace(9.0, 0.0, 8), np.linspace(0.0, -9.0, 8)
    rest = inner_moves(angle, RATE_HZ, 0.1, 0.0)
    assert plain is not None
    assert rest is not None
    assert [edge.at for edge in rest if edge] == pytest.approx([edge.at for edge in plain if edge], abs=3.0)


@pytest.mark.parametrize(
    "angle",
    [
        np.zeros(700),  # a plain hold
        -pose(step_deg=6.0),  # lower in the middle: a dip, which is told as one
        pose(step_deg=6.0, before_s=0.2, after_s=0.2),  # moves with a stop in them
        np.concatenate([np.full(300, 6.0), np.linspace(6.0, 0.0, 400)]),  # a hold that sinks at its end
        pose(step_deg=6.0, inner_s=1.0, before_s=12.0),  # a fidget
        pose(step_deg=1.0),  # breathing
        np.linspace(8.0, 0.0, 700),  # a hold that fades
        np.zeros(20),  # shorter than anything
    ],
)
def test_what_has_no_inner_move(angle: Float) -> None:
    assert inner_moves(angle, RATE_HZ, 0.1, 0.0) is None


@pytest.mark.parametrize("reversed_in_time", [False, True])
def test_the_press_may_begin_or_end_with_the_outer_move(reversed_in_time: bool) -> None:
    angle = pose(step_deg=8.0, before_s=0.2)
    angle = angle[::-1] if reversed_in_time else angle
    found = inner_moves(angle, RATE_HZ, 0.1, 0.0)
    assert found is not None
    inner = found[:2] if reversed_in_time else found[2:]
    assert (found[2:] if reversed_in_time else found[:2]) == (None, None)
    begins, ends = (4.17, 5.83) if reversed_in_time else (17.37, 19.03)
    assert [edge.at / RATE_HZ for edge in inner if edge] == pytest.approx([begins, ends], abs=0.2)


def rows_of(outer: Float, inner: Float) -> Float:
    """(n, 3) up that turns by `outer` degrees in one plane and by `inner` degrees across it."""
    a, b = np.radians(outer), np.radians(inner)
    return np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], axis=1)


@pytest.mark.parametrize("inner_way", [(0.0, 1.0), (1.0, 0.0), (0.7, 0.7), (-0.5, 0.8)])
def test_the_press_may_go_any_way_but_back(inner_way: tuple[float, float]) -> None:
    press = pose(step_deg=8.0)
    up = rows_of(60.0 + inner_way[0] * press, inner_way[1] * press)
    outwards = np.array([-np.sin(np.pi / 3), np.cos(np.pi / 3), 0.0])
    angle = inner_angle(up, outwards)
    assert angle is not None
    assert np.ptp(angle) == pytest.approx(8.0 * np.hypot(*inner_way), rel=0.05)
    found = inner_moves(angle, RATE_HZ, 0.1, 0.0)
    assert found is not None
    assert [edge.at / RATE_HZ for edge in found if edge] == pytest.approx([5.17, 6.83, 22.17, 23.83], abs=0.2)


def test_a_pose_that_goes_back_and_comes_again_dips() -> None:
    up = rows_of(60.0 - pose(step_deg=8.0), np.zeros(len(pose(step_deg=8.0))))
    assert inner_angle(up, np.array([-np.sin(np.pi / 3), np.cos(np.pi / 3), 0.0])) is None


def test_how_far_a_press_rises_is_told_whichever_way_it_goes() -> None:
    press = pose(step_deg=8.0)
    for outer, inner in ((press, 0.0 * press), (0.0 * press, press)):
        assert rise_deg(rows_of(60.0 + outer, inner), RATE_HZ) == pytest.approx(8.0, rel=0.02)
    assert rise_deg(np.zeros((0, 3)), RATE_HZ) == 0.0
