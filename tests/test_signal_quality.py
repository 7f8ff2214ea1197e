"""How reps were done: what is put into a set is flagged, what is not put in is not, and measures are what they
say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

from accuracy import faults
from sciatrack_ingest import Recording
from sciatrack_signal import quality
from sciatrack_signal.exercises import CatalogueError, Exercise, Fault, catalogue
from sciatrack_signal.fading import change_percent, median
from sciatrack_signal.flag_words import flag_words
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import FLAGS, Block, Rep
from sciatrack_signal.simulate import simulate_set
from sciatrack_signal.simulate.case_tools import changed_set
from signal_cases import Case, Plan, block_of

RATE_HZ = 25.0
# Seeds that no threshold was tried on.
SEEDS = 4
LIMITS = {
    "range_over": "range over", "range_under": "range under", "side": "lean to a side over", "pitch": "pitch over",
    "bounce": "swings over",
}  # fmt: skip


def with_sway(case: Case, wave_deg, *, hz: float) -> Recording:
    """The case's recording, its sensor turned by a sine of `wave_deg` (amplitude) about the case's axis in the
    holds."""
    recording = case.record()
    turn = np.zeros(recording.n_samples)
    for true in case.truth:
        inside = (recording.time_s > true.hold_start_s + 0.3) & (recording.time_s < true.hold_end_s - 0.3)
        turn[inside] = np.radians(wave_deg) * np.sin(2 * np.pi * hz * recording.time_s[inside])
    axis = np.asarray(case.axis) / np.linalg.norm(case.axis)
    # A body turned by r sees the world turned back by r.
    acc = Rotation.from_rotvec(-turn[:, None] * axis).apply(recording.acc.copy())
    gyr = None if recording.gyr is None else recording.gyr + np.gradient(turn, recording.time_s)[:, None] * axis
    return replace(recording, acc=acc, gyr=gyr)


def flags_of(block: Block) -> list[set[str]]:
    return [set(rep.flags) for rep in block.reps]


def test_tempo_and_steadiness_are_those_of_the_moves() -> None:
    case = Case(plans=(Plan(out_s=1.2, back_s=2.4, plateau_s=5.0, pause_s=3.0),) * 5)
    block = block_of(case.record())
    for rep, true in zip(block.reps, case.truth, strict=True):
        assert rep.out_s == pytest.approx(true.hold_start_s - true.start_s, abs=0.15)
        assert rep.return_s == pytest.approx(true.end_s - true.hold_end_s, abs=0.25)
        assert rep.steadiness_deg is not None
        assert rep.steadiness_deg < 0.4  # breathing of 0.3 degrees is all there is
    assert block.out_median_s == median([rep.out_s for rep in block.reps])
    assert block.return_median_s > 1.5 * block.out_median_s


def test_steadiness_measures_sway_in_degrees() -> None:
    case = Case(plans=(Plan(plateau_s=8.0, pause_s=3.0),) * 4, breath_deg=0.0)
    for amplitude_deg in (1.0, 3.0):
        swaying = block_of(with_sway(case, amplitude_deg, hz=0.6))
        assert swaying.steadiness_median_deg == pytest.approx(amplitude_deg / np.sqrt(2.0), rel=0.15)


def test_swings_in_a_hold_are_bouncing_and_quick_ones_are_shaking() -> None:
    case = Case(plans=(Plan(plateau_s=6.0, pause_s=3.0),) * 4)
    swung, shaken = (flags_of(block_of(with_sway(case, 2.5, hz=hz))) for hz in (1.2, 6.0))
    assert all("bouncing" in flags and "shaky" not in flags for flags in swung)
    assert all("shaky" in flags and "bouncing" not in flags for flags in shaken)
    # Sway of a third of that is what any living body does.
    assert not any({"bouncing", "shaky"} & flags for flags in flags_of(block_of(with_sway(case, 0.8, hz=1.2))))
    assert not any({"bouncing", "shaky"} & flags for flags in flags_of(block_of(with_sway(case, 0.8, hz=6.0))))


def test_without_a_gyroscope_no_trembling_is_claimed() -> None:
    case = Case(plans=(Plan(plateau_s=6.0, pause_s=3.0),) * 4, gyroscope=False)
    assert not any("shaky" in flags for flags in flags_of(block_of(with_sway(case, 2.5, hz=6.0))))


def test_a_rep_is_large_or_quick_against_its_neighbours_only() -> None:
    usual = Plan(out_s=2.0, range_deg=20.0)
    odd = [usual] * 7
    odd[3] = replace(usual, range_deg=28.0)
    odd[5] = replace(usual, out_s=0.6)
    found = flags_of(block_of(Case(plans=tuple(odd)).record()))
    assert [k for k, flags in enumerate(found) if "large_range" in flags] == [3]
    assert [k for k, flags in enumerate(found) if "fast_entry" in flags] == [5]
    # All of them larger and quicker is this person's usual.
    alike = flags_of(block_of(Case(plans=(replace(usual, range_deg=28.0, out_s=0.6),) * 7).record()))
    assert not any({"large_range", "fast_entry"} & flags for flags in alike)


def test_a_range_that_fades_is_told_and_no_rep_of_it_is_called_large() -> None:
    plans = tuple(Plan(range_deg=40.0 * share) for share in np.linspace(1.0, 0.6, 9))
    block = block_of(Case(plans=plans).record())
    assert block.rom_change_percent == pytest.approx(100.0 * (0.65 / 0.95 - 1.0), abs=2.0)
    assert not any("large_range" in flags for flags in flags_of(block))


def test_clipped_moments_flag_their_rep_only() -> None:
    case = Case()
    true = case.truth[2]
    middle_s = 0.5 * (true.start_s + true.end_s)
    recording = replace(case.record(), clipped_s=((middle_s, middle_s + 0.1), (0.1, 0.2)))
    found = flags_of(block_of(recording))
    assert [k for k, flags in enumerate(found) if "clipped" in flags] == [2]


@pytest.mark.parametrize("number", range(len(faults.FAULTS)), ids=lambda n: f"{faults.FAULTS[n].flag}-{n}")
def test_faults_are_flagged_where_they_are_and_not_where_they_are_not(number: int) -> None:
    jobs = [job for job in faults.fault_jobs("held-out", SEEDS) if job.number == number]
    rows = pd.DataFrame([row for job in jobs for row in faults.run_fault(job)])
    has = rows.has.astype(bool)
    assert has.sum() >= 2
    assert rows[has].flagged.mean() > 0.5
    assert rows[~has].flagged.mean() < 0.1


def test_what_the_mount_hides_is_not_claimed() -> None:
    """Without walking nearby nothing says which way the pelvis faces, so nothing is said of its sides."""
    lopsided = faults._beside((0.0, 0.0, 14.0))
    seen = changed_set(7, "glute_bridge", "hip", lopsided, options=faults.QUIET)
    hidden = changed_set(7, "glute_bridge", "hip", lopsided, options=replace(faults.QUIET, walks=False))
    assert any("uneven" in flags for flags in flags_of(analyze(seen.recording).blocks[0]))
    assert not any("uneven" in flags for flags in flags_of(analyze(hidden.recording).blocks[0]))


@pytest.mark.parametrize("exercise", ["glute_bridge", "bird_dog", "childs_pose"])
def test_turning_the_sensor_in_its_mount_changes_no_flag(exercise: str) -> None:
    made = simulate_set(exercise, "hip", seed=31, mount="nominal", severity="mild")
    turn = Rotation.from_rotvec([1.0, -2.0, 0.7])
    recording = made.recording
    turned = replace(recording, acc=turn.apply(recording.acc.copy()), gyr=turn.apply(recording.gyr.copy()))
    assert flags_of(analyze(turned).blocks[0]) == flags_of(analyze(recording).blocks[0])


def test_the_lean_to_a_side_is_measured_in_the_body_s_own_frame() -> None:
    rng = np.random.default_rng(1)
    standing, rest, hold = np.array([0, 0, 1.0]), np.array([1.0, 0, 0]), np.array([0.96, 0.2, -0.2])
    for _ in range(5):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        turn *= np.sign(np.linalg.det(turn))
        frame = quality._triad(standing, rest).T @ quality._triad(turn @ standing, turn @ rest)
        poses = quality.Poses(turn @ rest, turn @ hold / np.linalg.norm(hold), None)
        side = quality._measured("side", None, poses, frame)
        assert side == pytest.approx(np.degrees(np.arcsin(0.2 / np.linalg.norm(hold))))
        assert quality._measured("pitch", None, poses, frame) == pytest.approx(np.degrees(np.arctan2(0.2, 0.96)))
        assert quality._measured("side", None, poses, None) is None


def test_nothing_to_judge_is_an_answer() -> None:
    view = catalogue()["glute_bridge"].views["hip"]
    assert quality.judged(None, [], view) == []


def test_change_over_a_set_needs_reps_and_ignores_one_odd_one() -> None:
    assert change_percent([]) is None
    assert change_percent([(1, "both", 20.0)] * 5) is None
    steady = [(1, "both", 20.0)] * 9
    assert change_percent([*steady[:8], (1, "both", 90.0)]) == 0.0
    assert change_percent([(1, "left", float(v)) for v in (20, 20, 20, 15, 15, 10, 10, 10, 10)]) == -50.0
    # Sides and sets are compared with themselves.
    assert change_percent([(1, side, 20.0 if side == "left" else 40.0) for side in ("left", "right") * 6]) == 0.0


def test_every_flag_has_one_sentence_that_judges_nobody() -> None:
    words = flag_words()
    assert set(words) == set(FLAGS)
    assert len({word.says for word in words.values()}) == len(FLAGS)
    for word in words.values():
        assert word.about in ("movement", "hold", "recording")
        assert word.says[0].isupper()
        assert word.says[-1] in ".?"
        low = word.says.lower()
        assert not any(
            term in low for term in ("wrong", "damage", "nerve", "safe", "bad ", "incorrect", "weakness")
        )


def test_the_page_of_flags_says_what_the_data_say() -> None:
    page = (Path(__file__).parents[1] / "docs" / "flags.md").read_text(encoding="utf-8")
    for flag, word in flag_words().items():
        assert f"| `{flag}` | {word.says} |" in page
    for exercise in catalogue().values():
        for view in exercise.views.values():
            for fault in view.faults:
                assert f"| {exercise.id} |" in page
                assert f"`{fault.flag}` {LIMITS[fault.measure]} {fault.limit_deg:g}" in page


@pytest.mark.parametrize(
    "text",
    [
        'faults = [{ flag = "too_lazy", measure = "side", limit_deg = 3 }]',
        'faults = [{ flag = "uneven", measure = "weight", limit_deg = 3 }]',
        'faults = [{ flag = "uneven", measure = "side" }]',
        'faults = "uneven"',
    ],
)
def test_a_fault_that_nobody_can_measure_is_refused(tmp_path, text: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[exercises.mine]\nname="M"\nsides="both"\nhold_s=[1,2]\nreps=[1,2]\nstart_position="S"\nsteps=["a"]\n'
        f'[exercises.mine.views.hip]\nobservability="full"\nmin_range_deg=3\n{text}\n'
    )
    with pytest.raises(CatalogueError, match="faults"):
        catalogue(own)


def test_a_study_s_own_exercise_can_declare_its_faults() -> None:
    view = replace(catalogue()["generic"].views["hip"], faults=(Fault("large_range", "range_over", 30.0),))
    own: Exercise = replace(catalogue()["generic"], views={**catalogue()["generic"].views, "hip": view})
    block = analyze(Case().record(), exercise="generic", placement="hip", exercises={"generic": own}).blocks[0]
    assert all("large_range" in rep.flags for rep in block.reps)
    assert isinstance(block.reps[0], Rep)
