"""Session plans as files: out and in again, the article's doses, and what is wrong said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciatrack_analytics.session_plan import (
    LIMITS,
    Plan,
    PlanError,
    PlanItem,
    plan_from_dict,
    plan_from_toml,
    plan_of_article,
    plan_to_toml,
    read_plan,
)
from sciatrack_signal.exercises import catalogue

EXERCISES = catalogue()


def number(name: str) -> st.SearchStrategy[float]:
    return st.floats(*LIMITS[name], allow_nan=False)


ITEMS = st.builds(
    PlanItem,
    st.sampled_from(sorted(EXERCISES)),
    st.sampled_from(["left", "right", "both", "each"]),
    st.integers(1, 50),
    st.integers(1, 1000),
    number("hold_s"),
    number("rest_s"),
    st.none() | st.integers(1, 9999),
)
PLANS = st.builds(
    Plan, st.text(), st.lists(ITEMS, min_size=1, max_size=5).map(tuple), st.sampled_from(["", "P01"]), st.text()
)


@settings(deadline=None)
@given(PLANS)
def test_a_plan_comes_back_as_it_was(plan: Plan) -> None:
    assert plan_from_toml(plan_to_toml(plan), EXERCISES) == plan
    assert plan_from_dict(plan.to_dict(), EXERCISES) == plan


def test_the_article_s_nine_exercises_with_its_doses() -> None:
    plan = plan_of_article(EXERCISES, "right")
    doses = {item.exercise: (item.side, item.sets, item.reps, item.hold_s) for item in plan.items}
    assert list(doses) == [
        "glute_bridge", "knee_to_chest", "clamshell", "bird_dog", "cobra_stretch", "childs_pose",
        "standing_hamstring_stretch", "pelvic_tilt", "lying_gluteal_stretch",
    ]  # fmt: skip
    assert doses["glute_bridge"] == ("both", 1, 15, 5.0)
    assert doses["knee_to_chest"] == ("each", 1, 5, 5.0)
    assert doses["bird_dog"] == ("each", 1, 10, 5.0)
    assert doses["pelvic_tilt"] == ("both", 1, 10, 3.0)
    assert doses["lying_gluteal_stretch"][0] == "right"
    assert plan_from_toml(plan_to_toml(plan), EXERCISES) == plan


def test_what_is_left_out_comes_from_the_catalogue() -> None:
    (item,) = plan_from_toml('[[exercise]]\nid = "clamshell"\nreps = 8\n', EXERCISES).items
    assert (item.side, item.sets, item.reps, item.rest_s) == ("each", 1, 8, 60.0)


HEAD = 'name = "x"\n\n[[exercise]]\nid = "glute_bridge"\n\n[[exercise]]\n'  # the second exercise begins on line 6


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "no exercise"),
        ('name = "x"\n', 1, "no exercise"),
        ("name = \n", 1, "not valid TOML"),
        ("[[exercise]]\nid = glute_bridge\n", 2, "not valid TOML"),
        ("schema = 9\n[[exercise]]\nid = 'clamshell'\n", 1, "schema is 9"),
        ("color = 1\n", 1, "'color' is not known"),
        ("name = 3\n[[exercise]]\nid = 'clamshell'\n", 1, "name is 3"),
        (HEAD, 6, "has no id"),
        (HEAD + 'id = "clamschell"\n', 7, "clamshell"),
        (HEAD + 'id = "clamshell"\nreps = 0\n', 8, "reps is 0; it is a whole number from 1 to 1000"),
        (HEAD + 'id = "clamshell"\nreps = 8.5\n', 8, "reps is 8.5"),
        (HEAD + 'id = "clamshell"\nsets = true\n', 8, "sets is True"),
        (HEAD + 'id = "clamshell"\nhold_s = nan\n', 8, "hold_s is nan"),
        (HEAD + 'id = "clamshell"\nrest_s = -1\n', 8, "rest_s is -1"),
        (HEAD + 'id = "clamshell"\nreps = 8\nside = "up"\n', 9, "side is 'up'"),
        (HEAD + 'id = "clamshell"\nrep = 8\n', 8, "'rep' is not known"),
        (HEAD + 'id = "lying_gluteal_stretch"\n', 6, "painful leg"),
        (HEAD + 'id = "clamshell"\nversion = 0\n', 8, "version is 0"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, words: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=words) as caught:
        read_plan(path, EXERCISES)
    assert caught.value.line == line
    assert str(path) in str(caught.value)


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no such file"):
        read_plan(tmp_path / "none.toml", EXERCISES)
    (tmp_path / "latin.toml").write_bytes('name = "Müller"'.encode("latin-1"))
    with pytest.raises(PlanError, match="not UTF-8"):
        read_plan(tmp_path / "latin.toml", EXERCISES)
