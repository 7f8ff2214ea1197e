"""Getting down to the floor and up from it turns a thigh as far as child's pose does; it is no repetition of it."""

import pytest

from sciatrack_signal.pipeline import analyze
from sciatrack_signal.simulate import simulate_set


@pytest.mark.parametrize("seed", [403, 407])
def test_stepping_down_to_the_floor_and_up_is_no_repetition(seed: int) -> None:
    simulated = simulate_set("childs_pose", "left_thigh", seed=seed)
    block = analyze(simulated.recording, exercise="childs_pose").blocks[0]
    assert block.count == simulated.blocks[0].count == 3
    for rep, true in zip(block.reps, simulated.reps, strict=True):
        assert abs((rep.hold_start_s or 0.0) - true.hold_start_s) < 0.5
