"""A study's own exercise file: what it may say, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciatrack_ingest.errors import SciatrackError
from sciatrack_signal.exercises import CatalogueError, catalogue, get

SLIDER = """
[exercises.nerve_slider]
name = "Sciatic nerve slider"
sides = "each"
hold_s = [0, 1]
reps = [10, 10]
start_position = "Sitting on a chair."
steps = ["Straighten the knee and look up.", "Bend it again and look down."]

[exercises.nerve_slider.views.thigh_working]
observability = "full"
min_range_deg = 5
"""


@pytest.fixture
def write(tmp_path: Path):
    def to_file(text: str) -> Path:
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def test_own_exercise_stands_beside_the_built_in_ones(write) -> None:
    known = catalogue(write(SLIDER))
    assert list(known) == [*catalogue(), "nerve_slider"]
    slider = get("nerve_slider", known)
    assert (slider.id, slider.hold_s, slider.hold_target_s, slider.sets) == ("nerve_slider", (0, 1), 0, 1)
    assert slider.views["thigh_working"].observability == "full"
    assert known["glute_bridge"] == catalogue()["glute_bridge"]


def test_own_exercise_is_unknown_without_its_file(write) -> None:
    catalogue(write(SLIDER))
    with pytest.raises(KeyError):
        get("nerve_slider")


def test_view_that_the_file_leaves_out_is_weak_and_says_so(write) -> None:
    view = catalogue(write(SLIDER))["nerve_slider"].views["hip"]
    assert view.observability == "weak"
    assert "does not say" in view.reason


def test_an_edited_file_is_read_anew(write) -> None:
    catalogue(write(SLIDER))
    assert catalogue(write(SLIDER.replace("[10, 10]", "[7, 8]")))["nerve_slider"].reps == (7, 8)


def test_same_as_takes_another_view_whole(write) -> None:
    known = catalogue(write(SLIDER + '[exercises.nerve_slider.views.hip]\nsame_as = "thigh_working"\n'))
    views = known["nerve_slider"].views
    assert views["hip"] == views["thigh_working"]


def test_a_direction_is_normalised(write) -> None:
    view = catalogue(write(SLIDER + "axis = [0.0, 0.6, 0.79]\n"))["nerve_slider"].views["thigh_working"]
    assert view.axis is not None
    assert sum(x * x for x in view.axis) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("nerve_slider", "glute_bridge", ["exercises.glute_bridge", "taken"]),
        ("nerve_slider", "auto", ["exercises.auto", "taken"]),
        ("nerve_slider", "Nerve-Slider", ["exercises.Nerve-Slider", "lower-case"]),
        ('sides = "each"', 'sides = "left"', [".sides", "'left'", "'each'", "'painful'"]),
        ("hold_s = [0, 1]", "hold_s = [2, 1]", [".hold_s", "[2, 1]", "[smallest, largest]"]),
        ("hold_s = [0, 1]", "hold_s = 1", [".hold_s", "two numbers"]),
        ("hold_s = [0, 1]", "hold_s = [nan, 1]", [".hold_s", "at least 0"]),
        ("hold_s = [0, 1]", "hold_s = [0, 1]\nhold_target_s = 4", [".hold_target_s", "4", "[0, 1]"]),
        ("reps = [10, 10]", "reps = [0, 10]", [".reps", "whole number from 1"]),
        ("reps = [10, 10]", "reps = [1.5, 10]", [".reps", "whole number"]),
        ("reps = [10, 10]", "reps = [true, 10]", [".reps", "whole number"]),
        ("reps = [10, 10]\n", "", ["exercises.nerve_slider", "lacks reps"]),
        ("reps = [10, 10]", "reps = [10, 10]\nrep = 3", [".rep", "not a known key", "reps"]),
        ("reps = [10, 10]", "reps = [10, 10]\ndays_per_week = 8", [".days_per_week", "8", "from 1 to 7"]),
        ('name = "Sciatic nerve slider"', 'name = " "', [".name", "not empty"]),
        ("observability", "seen", ["views.thigh_working.seen", "not a known key", "observability"]),
        ('"full"', '"good"', [".observability", "'good'", "'counts'"]),
        ('"full"', '"weak"', [".reason", "say why"]),
        ("thigh_working", "thigh", ["views.thigh", "thigh_other"]),
        ("min_range_deg = 5", "", ["views.thigh_working", "lacks min_range_deg"]),
        ("min_range_deg = 5", "min_range_deg = -1", [".min_range_deg", "-1"]),
        ("min_range_deg = 5", "min_range_deg = 5\naxis = [1, 1, 0]", [".axis", "1.41"]),
        ("min_range_deg = 5", "min_range_deg = 5\naxis = [1, 0]", [".axis", "three numbers"]),
        ("min_range_deg = 5", "min_range_deg = 5\nabove_m = 7", [".above_m", "7", "metres from -1 to 1"]),
        ("[exercises.nerve_slider]", "[exercise.nerve_slider]", ["exercise", "not a known key"]),
        ("]\n", "\n", ["not valid TOML"]),
    ],
)
def test_each_mistake_names_file_key_value_and_what_is_allowed(write, old: str, new: str, parts: list[str]) -> None:
    assert old in SLIDER
    path = write(SLIDER.replace(old, new))
    with pytest.raises(CatalogueError) as caught:
        catalogue(path)
    message = str(caught.value)
    assert isinstance(caught.value, SciatrackError)
    assert str(path) in message
    for part in parts:
        assert part in message


@pytest.mark.parametrize("twin", ["hip", "thigh_other", "thigh_working"])
def test_same_as_must_name_another_view_with_facts(write, twin: str) -> None:
    text = SLIDER.replace('observability = "full"\nmin_range_deg = 5', f'same_as = "{twin}"')
    with pytest.raises(CatalogueError, match="same_as"):
        catalogue(write(text))


@pytest.mark.parametrize("text", ["", "[exercises]\n", "exercises = 3\n"])
def test_a_file_without_exercises_is_refused(write, text: str) -> None:
    with pytest.raises(CatalogueError, match="declares no exercise"):
        catalogue(write(text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"nowhere\.toml: cannot be read"):
        catalogue(tmp_path / "nowhere.toml")
