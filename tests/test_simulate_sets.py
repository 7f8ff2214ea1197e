"""Sets, visits and empty days: repeatable, inside the known bounds, with distributions near the tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sciatrack_signal.exercises import catalogue
from sciatrack_signal.simulate import (
    KINDS,
    LinkOptions,
    Options,
    Simulated,
    SimulationError,
    simulate_nobody,
    simulate_set,
    simulate_visit,
)
from sciatrack_signal.simulate.draws import Spread, band_noise, draw, draw_log, stream
from sciatrack_signal.simulate.link import transmit
from sciatrack_signal.simulate.parameters import exercise_ids, exercise_parameters, section, site_parameters
from sciatrack_signal.simulate.plans import SetRequest, draw_plans
from sciatrack_signal.simulate.poses import route
from sciatrack_signal.simulate.subjects import draw_subject

SITES = {"hip": ["hip_lateral", "hip_sacrum", "hip_front"],
         "right_thigh": ["thigh_lateral", "thigh_anterior", "front_pocket"]}  # fmt: skip
SEEN = [(placement, site) for placement, sites in SITES.items() for site in sites]


def arrays_of(made: Simulated) -> list[np.ndarray]:
    rec = made.recording
    assert rec.gyr is not None
    return [rec.time_s, rec.acc, rec.gyr, made.angle_deg]


def test_one_seed_gives_one_recording_and_another_seed_another() -> None:
    first, again, other = (simulate_set("clamshell", "hip", seed=seed, rate_hz=50.0) for seed in (1, 1, 2))
    for a, b in zip(arrays_of(first), arrays_of(again), strict=True):
        np.testing.assert_array_equal(a, b)
    assert first.blocks == again.blocks
    assert first.blocks != other.blocks


def test_how_it_is_measured_changes_nothing_that_happens() -> None:
    plain = simulate_set("glute_bridge", "hip", seed=7, rate_hz=50.0)
    for changed in (
        simulate_set("glute_bridge", "hip", seed=7, rate_hz=50.0, mount="arbitrary"),
        simulate_set("glute_bridge", "hip", seed=7, rate_hz=50.0, gyroscope=False),
        simulate_set("glute_bridge", "hip", seed=7, rate_hz=50.0, options=Options(chip_errors=False)),
    ):
        assert changed.blocks == plain.blocks
    bare = simulate_set("glute_bridge", "hip", seed=7, rate_hz=50.0, gyroscope=False).recording
    assert bare.gyr is None
    np.testing.assert_array_equal(bare.acc, plain.recording.acc)


@pytest.mark.parametrize("exercise", exercise_ids())
@pytest.mark.parametrize(("placement", "site"), SEEN, ids=[site for _, site in SEEN])
def test_every_exercise_is_seen_from_every_place(exercise: str, placement: str, site: str) -> None:
    made = simulate_set(exercise, placement, seed=11, rate_hz=50.0, reps=2, options=Options(site=site))
    rec, block = made.recording, made.blocks[0]
    assert np.isfinite(rec.acc).all()
    assert 5.0 < np.median(np.linalg.norm(rec.acc, axis=1)) < 14.0
    assert (rec.exercise, rec.placement) == (exercise, placement)
    assert block.observability == catalogue()[exercise].view(placement, block.side).observability
    assert len(block.reps) == (4 if exercise == "bird_dog" else 2)
    assert block.start_s > 20.0
    assert rec.duration_s > block.end_s + 10.0
    edges = [edge for rep in block.reps for edge in (rep.start_s, rep.hold_start_s, rep.hold_end_s, rep.end_s)]
    assert edges == sorted(edges)
    assert [rep.side for rep in block.reps[:2]] == {
        "both": ["both"] * 2, "alternating": ["left", "right"], "each": ["right"] * 2, "painful": ["right"] * 2
    }[catalogue()[exercise].sides]  # fmt: skip


def test_a_thigh_on_no_said_side_is_the_working_one() -> None:
    for side in ("left", "right"):
        made = simulate_set("knee_to_chest", "thigh", seed=3, side=side, rate_hz=50.0, reps=2)
        assert made.recording.placement == "thigh"
        assert not any(rep.indirect for rep in made.reps)
        assert made.reps[0].rom_deg > 30.0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"exercise": "squat"}, "glute_bridge"),
        ({"placement": "wrist"}, "right_thigh"),
        ({"side": "both"}, "left or right"),
        ({"mount": "taped"}, "arbitrary"),
        ({"shape": "zigzag"}, "minimum_jerk"),
        ({"severity": "awful"}, "moderate"),
        ({"options": Options(site="front_pocket")}, "not a sensor on the hip"),
        ({"options": Options(site="ear")}, "hip_lateral"),
        ({"options": Options(link=LinkOptions(stamps="sundial"))}, "ticks"),
    ],
)
def test_unknown_words_are_named_with_what_is_known(arguments: dict[str, object], word: str) -> None:
    usual: dict[str, object] = {"exercise": "glute_bridge", "placement": "hip", "seed": 1}
    with pytest.raises(SimulationError, match=word):
        simulate_set(**(usual | arguments))  # type: ignore[arg-type]


def test_no_gross_error_is_drawn_for_a_sensor_that_is_worn() -> None:
    """The nominal axes stay within a third of a turn of the worn ones."""
    up = {}
    for mount in ("nominal", "worn"):
        made = simulate_set("pelvic_tilt", "hip", seed=9, clean=True, rate_hz=50.0, mount=mount)
        up[mount] = made.recording.acc[:50].mean(axis=0) / 9.80665
    assert np.degrees(np.arccos(up["nominal"] @ up["worn"])) < 60.0


def sets_of(exercise: str, severity: str, n: int = 60) -> list[list]:
    request = SetRequest(exercise, "right_thigh", "right", lapses=False)
    return [
        draw_plans(stream(seed, "plan"), draw_subject(stream(seed, "subject"), severity), request)
        for seed in range(n)
    ]


def test_ranges_and_times_are_near_the_table() -> None:
    numbers = exercise_parameters("knee_to_chest")
    plans = [plan for plans in sets_of("clamshell", "mild", 150) for plan in plans]
    table = exercise_parameters("clamshell")
    ranges = [plan.range_deg for plan in plans]
    assert np.mean(ranges) == pytest.approx(table.views["thigh_working"].range_deg.mean, rel=0.08)
    assert np.std(ranges) == pytest.approx(table.views["thigh_working"].range_deg.sd, rel=0.3)
    smooth = [plan for plan in plans if plan.out_shape[0] == "minimum_jerk"]
    assert np.mean([plan.out_s for plan in smooth]) == pytest.approx(table.out_s.mean, rel=0.15)
    assert numbers.views["thigh_working"].range_deg.mean > 100.0


def test_the_severe_move_less_and_slower_and_lapse_more() -> None:
    strong = [plan for plans in sets_of("glute_bridge", "healthy_like") for plan in plans]
    weak = [plan for plans in sets_of("glute_bridge", "severe") for plan in plans]
    assert np.mean([p.range_deg for p in weak]) < 0.7 * np.mean([p.range_deg for p in strong])
    assert np.mean([p.out_s for p in weak]) > 1.8 * np.mean([p.out_s for p in strong])
    request = SetRequest("glute_bridge", "right_thigh", "right", lapses=True)
    short = {
        severity: np.mean([
            plan.hold_s < 4.0
            for seed in range(60)
            for plan in draw_plans(stream(seed, "plan"), draw_subject(stream(seed, "s"), severity), request)
        ])
        for severity in ("healthy_like", "severe")
    }  # fmt: skip
    assert short["severe"] > short["healthy_like"] + 0.1


def test_reps_and_holds_are_those_of_the_article() -> None:
    for exercise in exercise_ids():
        known = catalogue()[exercise]
        plans = sets_of(exercise, "mild", 20)
        twice = 2 if known.sides == "alternating" else 1
        assert all(known.reps[0] * twice <= len(reps) <= known.reps[1] * twice for reps in plans)
        held = np.array([plan.hold_s for reps in plans for plan in reps])
        low, high = known.hold_s if known.hold_s[0] >= 10 else (known.hold_target_s, known.hold_target_s)
        assert low * 0.85 < np.median(held) < high * 1.1


def test_draws_stay_in_their_spread_and_near_its_middle() -> None:
    rng = stream(1, "test")
    spread = Spread(5.0, 2.0, 3.0, 9.0)
    drawn = [draw(rng, spread) for _ in range(2000)]
    assert min(drawn) >= 3.0
    assert max(drawn) <= 9.0
    assert np.mean(drawn) == pytest.approx(5.4, abs=0.15)
    logs = [draw_log(rng, (45.0, 7.5, 100.0)) for _ in range(2000)]
    assert np.median(logs) == pytest.approx(45.0, rel=0.06)
    assert draw(rng, Spread(2.0, 0.0, 2.0, 2.0)) == 2.0


def test_band_noise_has_its_size_and_its_band() -> None:
    noise = band_noise(stream(2, "noise"), 40_000, 400.0, (6.0, 10.0))
    power = np.abs(np.fft.rfft(noise)) ** 2
    hz = np.fft.rfftfreq(40_000, 1 / 400.0)
    assert np.std(noise) == pytest.approx(1.0, abs=0.01)
    assert power[(hz >= 6) & (hz <= 10)].sum() > 0.999 * power.sum()


def test_links_lose_and_stamp_as_told() -> None:
    true_s = np.arange(20_000) / 100.0
    arrives, _ = transmit(stream(3, "a"), LinkOptions(loss=0.12, batch=1, drawn_gaps=False), true_s, 100.0)
    assert 1.0 - arrives.mean() == pytest.approx(0.12, abs=0.01)
    usual = [
        transmit(stream(seed, "b"), LinkOptions(drawn_gaps=False), true_s, 100.0)[0].mean() for seed in range(40)
    ]
    assert 0.975 < np.mean(usual) < 0.999
    _, host = transmit(stream(3, "c"), LinkOptions(stamps="host", batch=10), true_s, 100.0)
    assert (np.diff(host) > 0).all()
    assert (host >= true_s - 1e-9).all()
    assert np.median(host - true_s) < 0.3
    assert np.diff(host).max() > 0.04


def test_ways_between_poses_are_found() -> None:
    assert route("standing", "supine")[-1] == "supine"
    assert route("supine", "supine") == ()
    assert "hands_and_knees" in route("standing", "prone")
    for pose in section("pose"):
        assert pose == "standing" or route("standing", pose)[-1] == pose


@pytest.mark.parametrize("placement", ["hip", "left_thigh"])
def test_a_visit_holds_its_exercises_in_order_with_both_sides(placement: str) -> None:
    made = simulate_visit(["glute_bridge", "clamshell", "bird_dog"], placement, seed=5, rate_hz=50.0)
    assert [(b.exercise, b.side) for b in made.blocks] == [
        ("glute_bridge", "both"), ("clamshell", "right"), ("clamshell", "left"), ("bird_dog", "both")
    ]  # fmt: skip
    edges = [edge for block in made.blocks for edge in (block.start_s, block.end_s)]
    assert edges == sorted(edges)
    assert all(after - before > 4.0 for before, after in zip(edges[1::2], edges[2::2], strict=False))
    assert made.recording.exercise is None
    if placement == "left_thigh":
        assert [all(r.indirect for r in b.reps) for b in made.blocks] == [False, True, False, False]
    starts = [rep.start_s for rep in made.reps]
    assert starts == sorted(starts)


def test_legs_can_take_turns() -> None:
    made = simulate_set(
        "knee_to_chest", "right_thigh", seed=5, reps=3, rate_hz=25.0, options=Options(alternate=True)
    )
    assert [rep.side for rep in made.reps] == ["right", "left"] * 3
    assert [rep.indirect for rep in made.reps] == [False, True] * 3
    assert made.blocks[0].side == "both"


def test_on_the_floor_one_goes_down_by_hands_and_knees_and_on_a_bed_by_sitting() -> None:
    assert route("standing", "supine", False) == ("half_kneeling", "hands_and_knees", "side_lying", "supine")
    assert route("standing", "supine", True) == ("sitting", "supine")


def test_a_visit_without_a_list_has_three_to_five_of_the_nine() -> None:
    for seed in (1, 4):
        made = simulate_visit(None, "hip", seed=seed, rate_hz=25.0)
        assert 3 <= len({block.exercise for block in made.blocks}) <= 5


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nobody_exercises_in_any_kind_of_idleness(kind: str) -> None:
    made = simulate_nobody(kind, seed=2, duration_s=120.0, placement="right_thigh", rate_hz=25.0)
    assert made.blocks == ()
    assert made.recording.duration_s > 110.0
    assert np.isnan(made.angle_deg).all()
    again = simulate_nobody(kind, seed=2, duration_s=120.0, placement="right_thigh", rate_hz=25.0)
    np.testing.assert_array_equal(made.recording.acc, again.recording.acc)


def test_walking_moves_more_than_lying() -> None:
    def busy(kind: str) -> float:
        acc = simulate_nobody(kind, seed=4, duration_s=60.0, options=Options(others=0.0)).recording.acc
        return float(np.std(np.linalg.norm(acc, axis=1)))

    assert busy("lying") < 0.3 < busy("walking")


def test_a_pocket_swings_more_than_a_strap() -> None:
    def rough(site: str) -> float:
        options = Options(site=site, others=0.0)
        made = simulate_nobody("walking", seed=4, duration_s=40.0, placement="right_thigh", options=options)
        assert made.recording.gyr is not None
        return float(np.std(np.diff(made.recording.gyr, axis=0)))

    assert rough("front_pocket") > 1.3 * rough("thigh_lateral")
    assert site_parameters("front_pocket").wobble_deg > site_parameters("thigh_lateral").wobble_deg


def test_small_motion_can_be_taken_away() -> None:
    quiet = simulate_nobody("lying", seed=5, duration_s=30.0, options=replace(Options(), others=0.0))
    frozen = simulate_nobody(
        "lying",
        seed=5,
        duration_s=30.0,
        options=replace(Options(), others=0.0, small_motion=0.0, chip_errors=False),
    )
    assert np.ptp(frozen.recording.acc, axis=0).max() < 1e-9 < np.ptp(quiet.recording.acc, axis=0).max()
