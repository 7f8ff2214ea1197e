"""What the simulated sensor reads follows from the motion: gravity, rotation, force, mirror images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sciatrack_ingest.recording import Float
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.simulate import clean_options, rotations, simulate_nobody, simulate_set
from sciatrack_signal.simulate.parameters import exercise_ids, exercise_parameters, site_parameters
from sciatrack_signal.simulate.render import Worn, body_rate, render
from sciatrack_signal.simulate.sensor import nominal_mount
from sciatrack_signal.simulate.sets import new_script
from sciatrack_signal.simulate.truth import Simulated

G = 9.80665
STILL = replace(clean_options(), small_motion=0.0, chip_errors=False)


def as_matrix(quat: Float) -> Float:
    return np.asarray(Rotation.from_quat(quat).as_matrix())


def test_a_still_sensor_reads_one_g() -> None:
    made = simulate_nobody("lying", seed=1, duration_s=30.0, options=replace(STILL, others=0.0))
    assert np.linalg.norm(made.recording.acc, axis=1) == pytest.approx(G, abs=1e-9)
    assert made.recording.gyr is not None
    assert np.abs(made.recording.gyr).max() < 1e-9


def test_quaternions_turn_as_scipy_does() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 50, 3))
    a, b = rotations.from_rotvec(first), rotations.from_rotvec(second)
    both = Rotation.from_rotvec(first) * Rotation.from_rotvec(second)
    np.testing.assert_allclose(as_matrix(rotations.multiply(a, b)), both.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(rotations.turn(a, second), Rotation.from_rotvec(first).apply(second), atol=1e-12)
    np.testing.assert_allclose(rotations.to_rotvec(rotations.multiply(a, b)), both.as_rotvec(), atol=1e-9)
    np.testing.assert_allclose(as_matrix(rotations.multiply(a, rotations.inverse(a)))[0], np.eye(3), atol=1e-12)


def test_body_rate_integrates_to_the_rotation() -> None:
    rate_hz, n = 400.0, 2000
    t = np.arange(n) / rate_hz
    rotvec = np.column_stack([0.8 * np.sin(1.3 * t), 0.5 * np.cos(0.7 * t), 0.3 * t])
    quat = rotations.from_rotvec(rotvec)
    rate = body_rate(quat, rate_hz)
    turned = Rotation.from_quat(quat[0])
    for k in range(n - 1):
        turned = turned * Rotation.from_rotvec(0.5 * (rate[k] + rate[k + 1]) / rate_hz)
    assert np.degrees((turned.inv() * Rotation.from_quat(quat[-1])).magnitude()) < 0.01


def test_the_gyroscope_integrates_to_the_range() -> None:
    made = simulate_set("knee_to_chest", "right_thigh", seed=4, clean=True, rate_hz=100.0, options=STILL)
    rep, rec = made.reps[0], made.recording
    assert rec.gyr is not None
    middle_s = 0.5 * (rep.hold_start_s + rep.hold_end_s)
    inside = (rec.time_s >= rep.start_s - 0.5) & (rec.time_s <= middle_s)
    turned = Rotation.identity()
    for rate in rec.gyr[inside]:
        turned = turned * Rotation.from_rotvec(rate / 100.0)
    # Beside the main axis the leg turns a little too, so the whole rotation is not less than the range.
    assert rep.rom_deg - 1.0 <= np.degrees(turned.magnitude()) <= rep.rom_deg * 1.03 + 1.0


@pytest.mark.parametrize("exercise", exercise_ids())
@pytest.mark.parametrize("name", ["hip", "thigh_working", "thigh_other"])
def test_rest_axis_and_mean_range_lead_to_the_catalogues_hold(exercise: str, name: str) -> None:
    """Two files tell one geometry: the rest pose turned about the axis by the mean range is the hold pose."""
    view = exercise_parameters(exercise).views[name]
    told = catalogue()[exercise].views[name]
    assert told.rest_up is not None
    assert told.hold_up is not None
    hold_up = rotations.turn_one(-np.deg2rad(view.range_deg.mean) * view.axis, view.rest_up)
    assert np.degrees(np.arccos(np.clip(hold_up @ rotations.unit(told.hold_up), -1, 1))) < 3.0
    assert np.degrees(np.arccos(np.clip(view.rest_up @ rotations.unit(told.rest_up), -1, 1))) < 1.0


def up_in_segment(made: Simulated, site: str, side: str, at_s: float) -> Float:
    rec = made.recording
    near = np.abs(rec.time_s - at_s) < 0.2
    up = rotations.unit(rec.acc[near].mean(axis=0))
    return rotations.turn(nominal_mount(site_parameters(site), side), up[None])[0]


@pytest.mark.parametrize("exercise", exercise_ids())
def test_the_sensor_sees_gravity_turn_as_the_table_says(exercise: str) -> None:
    made = simulate_set(exercise, "right_thigh", seed=2, mount="nominal", rate_hz=50.0, options=STILL)
    view = exercise_parameters(exercise).views["thigh_working"]
    rep = next(rep for rep in made.reps if not rep.indirect)
    rest = up_in_segment(made, "thigh_lateral", "right", rep.start_s - 0.3)
    hold = up_in_segment(made, "thigh_lateral", "right", 0.5 * (rep.hold_start_s + rep.hold_end_s))
    assert np.degrees(np.arccos(rest @ view.rest_up)) < 4.0 * view.rest_sd_deg
    expected = rotations.turn_one(-np.deg2rad(rep.rom_deg) * view.axis, rest)
    assert np.degrees(np.arccos(np.clip(hold @ expected, -1, 1))) < 0.15 * rep.rom_deg + 1.5


@pytest.mark.parametrize("exercise", ["clamshell", "knee_to_chest", "lying_gluteal_stretch"])
def test_left_is_the_mirror_image_of_right(exercise: str) -> None:
    seen = {}
    for side in ("right", "left"):
        made = simulate_set(
            exercise, f"{side}_thigh", side=side, seed=6, mount="nominal", rate_hz=50.0, options=STILL
        )
        assert made.recording.gyr is not None
        mount = nominal_mount(site_parameters("thigh_lateral"), side)
        seen[side] = [rotations.turn(mount, x) for x in (made.recording.acc, made.recording.gyr)]
    np.testing.assert_allclose(rotations.mirror_direction(seen["left"][0]), seen["right"][0], atol=1e-6)
    np.testing.assert_allclose(rotations.mirror_axis(seen["left"][1]), seen["right"][1], atol=1e-6)


def test_the_force_is_that_of_a_point_on_a_turning_body_that_moves() -> None:
    """The slow twin: second differences of the sensor's place in the room, by other code."""
    script = new_script("right_thigh", "right", 3, "mild", 100.0)
    script.wait(0.5)
    start_s = script.now_s
    script.lean(np.array([10.0, -60.0, 20.0]), 1.2)
    script.travel(np.array([0.1, -0.05, 0.2]), start_s, script.now_s)
    script.wait(0.5)
    worn = Worn(
        site_parameters("thigh_lateral"), "right", "nominal", 100.0,
        soft_tissue=False, chip_errors=False, small_motion=0.0, link=STILL.link,
    )  # fmt: skip
    seen = render(script, worn, 3)

    lever_m = worn.site.lever_m * script.subject.limb
    fine_s = np.arange(0.0, script.now_s, 0.002)
    phase = np.clip((fine_s - start_s) / 1.2, 0, 1)
    way = (phase**3 * (10 - 15 * phase + 6 * phase**2))[:, None]
    body = Rotation.from_quat(script.start_quat[0]) * Rotation.from_rotvec(
        np.deg2rad(way * np.array([10.0, -60.0, 20.0]))
    )
    place = way * np.array([0.1, -0.05, 0.2]) + body.apply(lever_m)
    room = np.gradient(np.gradient(place, fine_s, axis=0), fine_s, axis=0) + np.array([0, 0, G])
    mount = Rotation.from_quat(nominal_mount(worn.site, "right")[0])
    expected = (body * mount).inv().apply(room)
    read = np.column_stack([np.interp(fine_s, seen.time_s, column) for column in seen.acc.T])
    inside = (fine_s > 0.1) & (fine_s < script.now_s - 0.1)
    assert np.abs(read - expected)[inside].max() < 0.06
    assert np.abs(expected - expected[0])[inside].max() > 3.0


def test_a_turned_sensor_reads_the_same_vectors_turned() -> None:
    plain = simulate_set("glute_bridge", "hip", seed=5, mount="nominal", rate_hz=50.0, options=STILL)
    turned = simulate_set("glute_bridge", "hip", seed=5, mount="arbitrary", rate_hz=50.0, options=STILL)
    turn, residual = Rotation.align_vectors(plain.recording.acc.copy(), turned.recording.acc.copy())
    assert residual / np.linalg.norm(plain.recording.acc) < 1e-6
    assert turned.recording.gyr is not None
    assert plain.recording.gyr is not None
    np.testing.assert_allclose(turn.apply(turned.recording.gyr.copy()), plain.recording.gyr, atol=1e-6)
