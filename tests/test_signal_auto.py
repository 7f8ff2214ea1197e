"""`auto`: exercises found and named without a label, and no name where the sensor may be worn in any way."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sciatrack_ingest import Recording, read
from sciatrack_signal import blocks
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Block
from sciatrack_signal.simulate import adversarial, simulate_nobody, simulate_set, simulate_visit
from signal_cases import Case, Plan, block_of

SAMPLES = Path(__file__).parents[1] / "sample_data" / "sessions"
TRUE = {path.stem: path.stem.split("_", 1)[1] for path in sorted(SAMPLES.glob("*.parquet"))}
COUNTS = {
    path.stem: json.loads((SAMPLES.parent / "truth.json").read_text())[f"sessions/{path.name}"]["count"]
    for path in SAMPLES.glob("*.parquet")
}


def turned(recording: Recording, rotation: Rotation) -> Recording:
    gyr = None if recording.gyr is None else rotation.apply(recording.gyr.copy())
    return Recording(recording.time_s, rotation.apply(recording.acc.copy()), gyr)


def joined(first: Recording, second: Recording) -> Recording:
    """One after the other, two seconds apart, from the same sensor."""
    assert first.gyr is not None
    assert second.gyr is not None
    later_s = second.time_s - second.time_s[0] + first.time_s[-1] + 2.0
    return Recording(
        np.concatenate([first.time_s, later_s]),
        np.concatenate([first.acc, second.acc]),
        np.concatenate([first.gyr, second.gyr]),
    )


def blocks_of(recording: Recording, placement: str, side: str = "unknown") -> tuple[Block, ...]:
    return analyze(recording, exercise="auto", placement=placement, side=side).blocks


def sample(name: str) -> tuple[Recording, str]:
    recording = read(SAMPLES / f"{name}.parquet")
    return recording, json.loads((SAMPLES / f"{name}.json").read_text())["placement"]


@pytest.mark.parametrize("name", TRUE)
def test_a_sample_session_is_named_and_counted(name: str) -> None:
    recording, placement = sample(name)
    (block,) = blocks_of(recording, placement)
    assert (block.exercise, block.count) == (TRUE[name], COUNTS[name])
    assert "probability" in block.note


@pytest.mark.parametrize("name", TRUE)
def test_turning_the_sensor_anyhow_gives_no_wrong_name(name: str) -> None:
    recording, placement = sample(name)
    for rotation in Rotation.random(4, rng=np.random.default_rng(7)):
        for block in blocks_of(turned(recording, rotation), placement):
            assert block.exercise in {"generic", TRUE[name]}
            assert block.note


def test_two_exercises_are_two_blocks_in_order() -> None:
    bridge, placement = sample("1_glute_bridge")
    knee, _ = sample("2_knee_to_chest")
    blocks = blocks_of(joined(bridge, knee), placement)
    assert [block.exercise for block in blocks] == ["glute_bridge", "knee_to_chest"]
    assert [block.block for block in blocks] == [0, 1]
    assert blocks[0].block_end_s < blocks[1].block_start_s


def test_a_leg_that_the_sensor_cannot_see_is_not_named() -> None:
    recording, _ = sample("2_knee_to_chest")
    for block in blocks_of(recording, "right_thigh", "left"):
        assert block.exercise == "generic"
        assert "left leg" in block.note


def test_blocks_of_a_visit_follow_each_other_also_where_one_run_was_cut_in_two() -> None:
    made = simulate_visit(None, "hip", seed=4000003, side="left", shape="early_bell")
    blocks = blocks_of(made.recording, "hip")
    assert [block.exercise for block in blocks[:2]] == ["glute_bridge", "knee_to_chest"]
    for before, after in itertools.pairwise(blocks):
        assert before.block_end_s <= after.block_start_s


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_label_does_not_make_tilts_of_sitting_down_and_standing_up(seed: int) -> None:
    recording = simulate_nobody("sit_stand", seed=seed, duration_s=600.0, placement="left_thigh").recording
    (block,) = analyze(recording, exercise="pelvic_tilt").blocks
    assert block.reps == ()
    assert "does not look like pelvic_tilt" in block.note


@pytest.mark.parametrize(
    ("kind", "placement", "seed"),
    [
        ("fidgets", "hip", 2000014),
        ("phone", "hip", 2000049),
        ("turning", "right_thigh", 2000042),
        ("turning", "right_thigh", 2000044),
        ("sit_stand", "left_thigh", 2000082),
    ],
)
def test_moves_that_happen_to_be_alike_are_no_set(kind: str, placement: str, seed: int) -> None:
    made = simulate_nobody(kind, seed=seed, duration_s=600.0, placement=placement)
    assert all(block.reps == () for block in blocks_of(made.recording, placement))


@pytest.mark.parametrize(
    ("placement", "side", "seed"), [("hip", "left", 4000001), ("left_thigh", "right", 4002004)]
)
def test_walking_in_slowly_is_no_set(placement: str, side: str, seed: int) -> None:
    made = simulate_visit(None, placement, seed=seed, side=side)
    first_s = made.reps[0].start_s
    found = [rep for block in blocks_of(made.recording, placement) for rep in block.reps]
    assert found
    assert all(rep.end_s > first_s for rep in found)


def test_what_a_thigh_sees_of_the_other_leg_is_inferred_and_not_counted() -> None:
    made = simulate_set("standing_hamstring_stretch", "right_thigh", seed=2, side="left")
    (block,) = analyze(made.recording).blocks
    assert (block.count, len(block.reps)) == (0, 3)
    assert all("inferred" in rep.flags and rep.side == "left" for rep in block.reps)
    assert "the other leg worked" in block.note


@pytest.mark.parametrize(("range_deg", "counted"), [(1.9, 0), (4.0, 8)])
def test_tilts_no_larger_than_a_breath_are_said_to_be_too_small_where_little_is_seen(
    range_deg: float, counted: int
) -> None:
    plans = (Plan(out_s=1.0, plateau_s=3.0, back_s=1.0, pause_s=2.0, range_deg=range_deg),) * 8
    case = Case(
        plans=plans, exercise="pelvic_tilt", placement="right_thigh", axis=(0, 1, 0), rest_up=(0.64, 0, -0.77)
    )
    block = block_of(case.record())
    assert block.count == counted
    assert ("too little to tell pelvic_tilt from breathing" in block.note) == (counted == 0)


@pytest.mark.parametrize(
    ("kind", "placement", "seed", "label"),
    [
        ("phone", "hip", 2000050, "glute_bridge"),
        ("turning", "hip", 2000037, "bird_dog"),
    ],
)
def test_a_label_does_not_make_repetitions_of_what_is_surely_something_else(
    kind: str, placement: str, seed: int, label: str
) -> None:
    recording = simulate_nobody(kind, seed=seed, duration_s=600.0, placement=placement).recording
    block = block_of(recording, exercise=label)
    assert block.reps == ()
    assert f"does not look like {label}" in block.note


@pytest.mark.parametrize(("kind", "timed"), [("lying", False), ("pelvic_tilt", True)])
def test_only_what_is_large_enough_for_an_exercise_is_timed(kind: str, timed: bool) -> None:
    """Half the cost of an idle hour was the timing of breaths that nothing could have come of."""
    made = simulate_nobody(kind, seed=1, duration_s=120.0) if kind == "lying" else simulate_set(kind, "hip", seed=1)
    with mock.patch.object(blocks, "parts_of", side_effect=blocks.parts_of) as timing:
        blocks_of(made.recording, "hip")
    assert bool(timing.call_count) is timed
    runs = [call.args[0].run for call in timing.call_args_list]
    assert all(run.amplitude_deg >= 2.0 for run in runs)


def test_a_set_that_goes_on_after_a_pause_stays_one_block():
    """A shift of pose parts the tilts into two runs, of which the shorter one bears no name by itself."""
    made = simulate_visit(None, "hip", seed=4_000_007, side="left")
    true = next(block for block in made.blocks if block.exercise == "pelvic_tilt")
    inside = [
        rep
        for block in analyze(made.recording, exercise="auto").blocks
        for rep in block.reps
        if true.start_s < 0.5 * (rep.start_s + rep.end_s) < true.end_s and rep.complete
    ]
    assert len(inside) == true.count == 9


def test_a_part_is_as_alike_as_its_own_moves():
    """Tilts with a turn and getting up found as one run: judged by all of it, the tilts would be dropped."""
    made = simulate_visit(None, "hip", seed=4_000_000, side="right", shape="half_cosine")
    blocks = analyze(made.recording, exercise="auto").blocks
    true = next(block for block in made.blocks if block.exercise == "pelvic_tilt")
    (tilts,) = (block for block in blocks if block.exercise == "pelvic_tilt")
    inside = [rep for rep in tilts.reps if rep.complete and rep.end_s < true.end_s + 1.0]
    assert len(inside) == true.count


@pytest.mark.parametrize(
    ("placement", "side", "seed", "shape", "exercise", "count"),
    [
        ("left_thigh", "right", 4002000, "half_cosine", "childs_pose", 3),  # three long holds
        ("right_thigh", "right", 4001008, None, "childs_pose", 3),  # into which a long run of bird-dogs reaches
        ("hip", "right", 4000000, "half_cosine", "glute_bridge", 10),  # of which two come after a pause of 40 s
        ("hip", "left", 4000003, "early_bell", "knee_to_chest", 5),  # moves that last quite differently long
        ("left_thigh", "left", 4002005, None, "lying_gluteal_stretch", 3),  # which turning over comes before
        ("right_thigh", "right", 4001026, None, "clamshell", 10),  # a stroke of which the set before takes in
        (
            "left_thigh",
            "left",
            4002013,
            None,
            "childs_pose",
            3,
        ),  # after shifts with less than breathing within them
    ],
)
def test_a_short_set_of_alike_moves_is_found_in_a_visit(
    placement: str, side: str, seed: int, shape: str | None, exercise: str, count: int
) -> None:
    made = simulate_visit(None, placement, seed=seed, side=side, shape=shape)
    (true,) = (block for block in made.blocks if block.exercise == exercise and block.side in (side, "both"))
    inside = [
        block.exercise
        for block in blocks_of(made.recording, placement)
        for rep in block.reps
        if true.start_s < 0.5 * (rep.start_s + rep.end_s) < true.end_s and rep.complete
    ]
    assert inside == [exercise] * count


def test_which_exercise_need_not_be_sure_for_a_set_to_count() -> None:
    """A drawn-up knee and a leg laid over may look alike; that it is one of the two is beyond doubt."""
    made = simulate_visit(None, "right_thigh", seed=4_001_028, side="right")
    true = next(b for b in made.blocks if (b.exercise, b.observability) == ("knee_to_chest", "full"))
    found = [b for b in blocks_of(made.recording, "right_thigh") if b.reps and b.reps[0].start_s < true.end_s]
    assert [b.count for b in found] == [true.count]


def test_a_short_run_needs_its_likeness_its_length_and_its_size_beside_its_name() -> None:
    name = next(stem for stem, exercise in TRUE.items() if exercise == "childs_pose")
    recording, placement = sample(name)
    with mock.patch.object(blocks, "_likely", wraps=blocks._likely) as asked:
        blocks_of(recording, placement)
    piece = next(call.args[0] for call in asked.call_args_list if call.args[0].naming.sure == "childs_pose")
    run, measured = piece.one.run, piece.one.measured
    fairly_sure = replace(piece.naming, probabilities={"childs_pose": 0.6, "another movement": 0.4})
    alike = replace(measured, unevenness=0.05, off_pose=0.05)
    short = replace(run, points=run.points[:4], levels=run.levels[:4])

    def likely(**changed: object) -> bool:
        one = replace(piece.one, **{"run": run, "measured": alike, **changed})
        return blocks._likely(replace(piece, one=one, naming=fairly_sure), placement, catalogue())

    assert likely()
    assert not likely(measured=replace(measured, unevenness=0.2, off_pose=0.2))
    assert not likely(run=short)
    assert not likely(run=replace(run, amplitude_deg=3.0))


def test_a_set_does_not_grow_through_the_exercises_before_it() -> None:
    """Tilts were read back through a child's pose to a clamshell two minutes before, which bore no name."""
    made = simulate_visit(None, "hip", seed=4_000_018, side="right", shape="half_cosine")
    before = next(block for block in made.blocks if block.exercise == "childs_pose")
    (tilts,) = (block for block in blocks_of(made.recording, "hip") if block.exercise == "pelvic_tilt")
    assert tilts.reps[0].start_s > before.reps[-1].start_s


def test_a_chance_run_does_not_take_the_name_of_a_sure_one() -> None:
    """Named with one mount for both, eight clamshells were another movement because of what came later."""
    made = simulate_visit(None, "right_thigh", seed=4_001_009, side="left", shape="half_cosine")
    true = next(b for b in made.blocks if (b.exercise, b.observability) == ("clamshell", "full"))
    found = blocks_of(made.recording, "right_thigh")
    near = [b for b in found if b.block_start_s < true.end_s < b.block_end_s + 5.0]
    assert [(b.exercise, b.count) for b in near] == [("clamshell", true.count)]


@pytest.mark.parametrize("seed", [5000004, 5000007])
def test_a_label_does_not_make_repetitions_of_breathing(seed: int) -> None:
    """Breaths as large as the cobras they lie in, where nobody walks and poses say nothing against the label."""
    case = adversarial("A38", seed=seed)
    assert case.failures(analyze(case.recording)) == ()
