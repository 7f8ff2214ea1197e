"""The built-in catalogue: what it must hold to be true to the source article and usable by the detector."""

from __future__ import annotations

import math
import pickle
import tomllib
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from sciatrack_signal.exercises import (
    OBSERVABILITY,
    VIEWS,
    UnknownExerciseError,
    catalogue,
    get,
    view_name,
)

# hold s, repetitions, scope: read from the article by hand, a second time and apart from the catalogue.
ARTICLE = {
    "glute_bridge": ((5, 5), (10, 15), "total"),
    "knee_to_chest": ((5, 5), (5, 5), "per side"),
    "bird_dog": ((5, 5), (10, 10), "per side"),
    "cobra_stretch": ((15, 30), (3, 3), "total"),
    "childs_pose": ((15, 30), (3, 3), "total"),
    "standing_hamstring_stretch": ((15, 30), (3, 3), "per side"),
    "pelvic_tilt": ((3, 3), (10, 10), "total"),
    "lying_gluteal_stretch": ((15, 30), (3, 3), "per side"),
}
# hip, thigh of the working leg, other thigh
GRID = {
    "glute_bridge": "full full full",
    "knee_to_chest": "counts full none",
    "clamshell": "weak full none",
    "bird_dog": "counts full weak",
    "cobra_stretch": "full weak weak",
    "childs_pose": "full full full",
    "standing_hamstring_stretch": "full none weak",
    "pelvic_tilt": "full weak weak",
    "lying_gluteal_stretch": "weak full none",
    "generic": "full full full",
}
NINE = [exercise_id for exercise_id in GRID if exercise_id != "generic"]
DOMAIN = Path(__file__).parents[2] / "shared" / "domain" / "exercises.toml"


def test_ids_stand_in_the_order_of_the_article() -> None:
    assert list(catalogue()) == [*NINE, "generic"]


@pytest.mark.parametrize("exercise_id", ARTICLE)
def test_dose_is_the_article_s(exercise_id: str) -> None:
    exercise = get(exercise_id)
    assert (exercise.hold_s, exercise.reps, exercise.reps_scope) == ARTICLE[exercise_id]


def test_clamshell_s_few_seconds_are_marked_as_our_reading() -> None:
    clamshell = get("clamshell")
    assert clamshell.hold_s == (2, 5)
    assert clamshell.hold_target_s == 3
    assert {"hold_s", "hold_target_s"} <= set(clamshell.our_defaults)
    assert clamshell.reps == (8, 10)


@pytest.mark.parametrize("exercise_id", NINE)
def test_what_the_article_never_says_is_marked_as_ours(exercise_id: str) -> None:
    assert {"sets", "days_per_week", "sessions_per_day"} <= set(get(exercise_id).our_defaults)


@pytest.mark.parametrize("exercise_id", NINE)
def test_a_target_inside_a_range_of_seconds_is_marked_as_ours(exercise_id: str) -> None:
    exercise = get(exercise_id)
    open_range = exercise.hold_s[0] < exercise.hold_s[1]
    assert ("hold_target_s" in exercise.our_defaults) == open_range
    assert exercise.hold_s[0] <= exercise.hold_target_s <= exercise.hold_s[1]


@pytest.mark.parametrize("exercise_id", GRID)
def test_observability_grid(exercise_id: str) -> None:
    views = get(exercise_id).views
    assert " ".join(views[name].observability for name in VIEWS) == GRID[exercise_id]


def test_every_view_that_is_not_full_says_why() -> None:
    for exercise in catalogue().values():
        for name, view in exercise.views.items():
            assert view.observability in OBSERVABILITY
            assert bool(view.reason) == (view.observability != "full"), (exercise.id, name)


def test_smallest_ranges_admit_what_real_people_did() -> None:
    assert get("glute_bridge").views["thigh_working"].min_range_deg < 6.7
    assert get("clamshell").views["thigh_working"].min_range_deg < 12
    assert get("bird_dog").views["thigh_working"].min_range_deg < 32


def test_smallest_range_is_above_breathing_wherever_reps_are_counted() -> None:
    for exercise in catalogue().values():
        for view in exercise.views.values():
            assert (view.min_range_deg >= 1.5) == (view.observability != "none")


@pytest.mark.parametrize("exercise_id", NINE)
def test_axis_turns_rest_into_hold_by_more_than_the_smallest_range(exercise_id: str) -> None:
    for view in get(exercise_id).views.values():
        assert view.rest_up is not None
        assert view.hold_up is not None
        for vector in (view.rest_up, view.hold_up, view.axis):
            assert vector is not None
            assert math.hypot(*vector) == pytest.approx(1.0)
        if view.observability in ("full", "counts"):
            assert _turn_deg(view.rest_up, view.hold_up, view.axis) > view.min_range_deg


@pytest.mark.parametrize("exercise_id", NINE)
def test_mirrored_view_turns_by_the_same_angle(exercise_id: str) -> None:
    for view in get(exercise_id).views.values():
        twin = view.mirrored()
        assert _turn_deg(twin.rest_up, twin.hold_up, twin.axis) == pytest.approx(
            _turn_deg(view.rest_up, view.hold_up, view.axis)
        )
        assert twin.mirrored() == view


def test_generic_assumes_nothing_but_repetition() -> None:
    generic = get("generic")
    assert generic.min_set_reps == 3
    assert generic.hold_s == (0.0, math.inf)
    for view in generic.views.values():
        assert (view.rest_up, view.hold_up, view.axis) == (None, None, None)
    assert generic.views["hip"].min_range_deg == 2.0
    # a thigh at rest rocks along with the trunk and the other leg by up to 7 degrees
    assert generic.views["thigh_working"].min_range_deg == generic.views["thigh_other"].min_range_deg == 7.2


def test_a_named_exercise_needs_one_repetition() -> None:
    assert {get(exercise_id).min_set_reps for exercise_id in NINE} == {1}


@pytest.mark.parametrize(
    ("placement", "side", "expected"),
    [
        ("hip", "left", "hip"),
        ("right_thigh", "right", "thigh_working"),
        ("right_thigh", "left", "thigh_other"),
        ("left_thigh", "right", "thigh_other"),
        ("left_thigh", "both", "thigh_working"),
        ("right_thigh", None, "thigh_working"),
        ("thigh", "left", "thigh_working"),
        (None, None, "thigh_working"),
    ],
)
def test_view_of_a_placement_and_side(placement: str | None, side: str | None, expected: str) -> None:
    assert view_name(placement, side) == expected
    assert get("clamshell").view(placement, side) is get("clamshell").views[expected]


def test_unknown_id_lists_close_matches_and_all_ids() -> None:
    with pytest.raises(UnknownExerciseError) as caught:
        get("glut_brige")
    message = str(caught.value)
    assert "'glut_brige'" in message
    assert "Did you mean glute_bridge?" in message
    assert all(exercise_id in message for exercise_id in catalogue())


def test_unknown_id_that_is_close_to_nothing_suggests_nothing() -> None:
    with pytest.raises(UnknownExerciseError) as caught:
        get("zzz")
    assert "Did you mean" not in str(caught.value)


def test_exercises_cannot_be_changed_and_travel_to_other_processes() -> None:
    bridge = get("glute_bridge")
    assert pickle.loads(pickle.dumps(bridge)) == bridge
    with pytest.raises(FrozenInstanceError):
        bridge.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        catalogue()["glute_bridge"] = bridge  # type: ignore[index]


def test_agrees_with_the_domain_specification() -> None:
    if not DOMAIN.exists():
        pytest.skip(f"needs {DOMAIN}, which is not part of the repository")
    spec = tomllib.loads(DOMAIN.read_text(encoding="utf-8"))["exercise"]
    for exercise_id in NINE:
        ours, theirs = get(exercise_id), spec[exercise_id]
        assert ours.hold_s == (theirs["hold_min_s"], theirs["hold_max_s"])
        assert ours.reps == (theirs["reps_min"], theirs["reps_max"])
        assert ours.hold_target_s == theirs["hold_default_s"]
        for view, key in zip(VIEWS, ("hip", "thigh_same", "thigh_other"), strict=True):
            row = theirs[theirs[key].get("same_as", key)]
            complete_deg = row["complete_deg"]
            assert not complete_deg or ours.views[view].min_range_deg < complete_deg
            axis = ours.views[view].axis
            assert axis is not None
            assert sum(a * b for a, b in zip(axis, row["axis"], strict=True)) > 0.99


def _turn_deg(rest: object, hold: object, axis: object) -> float:
    """Angle by which `axis` turns up from rest to hold (the domain's general scalar)."""
    import numpy as np

    along = np.asarray(axis)
    p0, p1 = (np.asarray(up) - np.dot(up, along) * along for up in (rest, hold))
    return float(np.degrees(np.arctan2(np.dot(np.cross(p0, p1), -along), np.dot(p0, p1))))
