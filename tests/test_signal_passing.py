"""What turns as far as the exercise and is not held, in a set of long holds: getting down to the floor, a shift."""

import pytest

from sciatrack_signal.pipeline import analyze
from sciatrack_signal.simulate import simulate_set
from signal_cases import Case, Plan, block_of


@pytest.mark.parametrize("seed", [403, 407])
def test_stepping_down_to_the_floor_and_up_is_no_repetition(seed: int) -> None:
    simulated = simulate_set("childs_pose", "left_thigh", seed=seed)
    block = analyze(simulated.recording, exercise="childs_pose").blocks[0]
    assert block.count == simulated.blocks[0].count == 3
    for rep, true in zip(block.reps, simulated.reps, strict=True):
        assert abs((rep.hold_start_s or 0.0) - true.hold_start_s) < 0.5


@pytest.mark.parametrize(("held_s", "counted"), [(1.5, 3), (6.0, 4)])
def test_a_shift_between_two_long_holds_is_no_repetition_and_a_short_hold_is(held_s: float, counted: int) -> None:
    stretch = Plan(out_s=1.5, plateau_s=20.0, back_s=1.5, pause_s=6.0, range_deg=20.0)
    short = Plan(out_s=1.5, plateau_s=held_s, back_s=1.5, pause_s=6.0, range_deg=20.0)
    case = Case(plans=(stretch, short, stretch, stretch), exercise="childs_pose", placement="hip")
    assert block_of(case.record()).count == counted
