"""`sciatrack plan show|edit`: what is in force as a session's plan, and changed by options, file and editor."""

from __future__ import annotations

import csv
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sciatrack.cli import cli
from sciatrack_analytics import store
from sciatrack_analytics.session_plan import PlanItem, read_plan
from sciatrack_signal.exercises import catalogue

WHY = ("--author", "PT1", "--reason", "because")
P01 = ("--participant", "P01")


def run(*args: Any) -> Result:
    return CliRunner().invoke(cli, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def prescribed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two exercises for P01, to copy, which is much faster than to make them."""
    folder = tmp_path_factory.mktemp("prescribed") / "clinic"
    store.create_study(folder, timezone="Europe/Berlin")
    for name, more in (("clamshell", ()), ("glute_bridge", ("--days-per-week", 3, "--sets", 2))):
        first = ("--exercise", name, "--from", "2026-01-05", *more, *WHY)
        assert run("plan", "prescribe", folder, *P01, *first).exit_code == 0
    return folder


@pytest.fixture
def clinic(tmp_path: Path, prescribed: Path) -> Path:
    return Path(shutil.copytree(prescribed, tmp_path / "clinic"))


def versions(clinic: Path) -> list[tuple[str, str, str, str, str, str]]:
    with (clinic / "prescriptions.csv").open(newline="", encoding="utf-8") as file:
        return [
            (r["exercise"], r["version"], r["days_per_week"], r["sets"], r["reps"], r["valid_from"])
            for r in csv.DictReader(file)
        ]


def in_force(clinic: Path, tmp_path: Path, *more: Any) -> tuple[PlanItem, ...]:
    path = tmp_path / "plan.toml"
    shown = run("plan", "show", clinic, *P01, "--format", "toml", "--output", path, *more)
    assert shown.exit_code == 0, shown.output
    return read_plan(path, catalogue()).items


def editor(tmp_path: Path, script: str) -> str:
    """An editor that changes the file which it is given by sed."""
    path = tmp_path / "editor"
    path.write_text(f'#!/bin/sh\nsed -i "{script}" "$1"\n', encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_what_is_in_force_is_a_plan_to_be_led_through(clinic: Path, tmp_path: Path) -> None:
    clamshell, bridge = in_force(clinic, tmp_path)
    assert (clamshell.exercise, clamshell.side, clamshell.reps, clamshell.version) == ("clamshell", "each", 10, 1)
    assert (bridge.exercise, bridge.sets, bridge.reps, bridge.hold_s) == ("glute_bridge", 2, 15, 5.0)
    nothing = run("plan", "show", clinic, *P01, "--format", "toml", "--on", "2026-01-04")
    assert nothing.exit_code == 1
    assert "nothing is prescribed to P01 on 2026-01-04" in nothing.stderr
    assert run("plan", "show", clinic, "--format", "toml").exit_code == 2


def test_the_article_s_doses_are_a_plan_for_anybody(clinic: Path, tmp_path: Path) -> None:
    path = tmp_path / "article.toml"
    assert run("plan", "show", clinic, "--article", "--painful", "left", "--output", path).exit_code == 0
    items = read_plan(path, catalogue()).items
    assert len(items) == 9
    assert items[-1].side == "left"


def test_options_change_one_thing_and_keep_the_rest(clinic: Path, tmp_path: Path) -> None:
    edit = run(
        "plan", "edit", clinic, *P01, "--exercise", "glute_bridge", "--reps", 8, "--from", "2026-02-02", *WHY
    )
    assert "version 2 from 2026-02-02: 3 days a week, 2 x 8, 5 s" in edit.stderr
    assert versions(clinic)[-2:] == [
        ("glute_bridge", "1", "3", "2", "15", "2026-01-05"), ("glute_bridge", "2", "3", "2", "8", "2026-02-02"),
    ]  # fmt: skip
    assert in_force(clinic, tmp_path, "--on", "2026-02-01")[1].reps == 15
    assert in_force(clinic, tmp_path, "--on", "2026-02-02")[1].reps == 8


def test_an_exercise_is_ended_and_its_past_stays(clinic: Path, tmp_path: Path) -> None:
    assert run("plan", "edit", clinic, *P01, "--remove", "clamshell", "--from", "2026-02-02", *WHY).exit_code == 0
    assert [item.exercise for item in in_force(clinic, tmp_path)] == ["glute_bridge"]
    assert len(in_force(clinic, tmp_path, "--on", "2026-02-01")) == 2


def test_the_same_again_writes_nothing(clinic: Path) -> None:
    before = versions(clinic)
    again = run(
        "plan", "edit", clinic, *P01, "--exercise", "glute_bridge", "--sets", 2, "--from", "2026-01-05", *WHY
    )
    assert "nothing is changed" in again.stderr
    assert versions(clinic) == before


def test_the_editor_s_changes_become_versions(
    clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "VISUAL", editor(tmp_path, "s/^reps = 15/reps = 12/; s/clamshell/cobra_stretch/; s/each/both/")
    )
    edit = run("plan", "edit", clinic, *P01, "--from", "2026-02-02", *WHY)
    assert edit.exit_code == 0, edit.output
    assert versions(clinic)[2:] == [
        ("cobra_stretch", "1", "7", "1", "10", "2026-02-02"),
        ("glute_bridge", "2", "3", "2", "12", "2026-02-02"),
        ("clamshell", "2", "0", "1", "10", "2026-02-02"),
    ]


def test_an_editor_that_changes_nothing_changes_nothing(
    clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = versions(clinic)
    monkeypatch.setenv("VISUAL", editor(tmp_path, ""))
    assert "nothing is changed" in run("plan", "edit", clinic, *P01, *WHY).stderr
    assert versions(clinic) == before


def test_a_wrong_edit_names_its_line_keeps_the_text_and_writes_nothing(
    clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = versions(clinic)
    monkeypatch.setenv("VISUAL", editor(tmp_path, "s/^reps = 15/reps = many/"))
    edit = run("plan", "edit", clinic, *P01, "--from", "2026-02-02", *WHY)
    assert edit.exit_code == 1
    assert "line 15" in edit.stderr
    assert versions(clinic) == before
    kept = Path(edit.stderr.rsplit("--file ", 1)[1].strip())
    kept.write_text(kept.read_text(encoding="utf-8").replace("many", "11"), encoding="utf-8")
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    assert run("plan", "edit", clinic, *P01, "--file", kept, "--from", "2026-02-02", *WHY).exit_code == 0
    assert versions(clinic)[-1] == ("glute_bridge", "2", "3", "2", "11", "2026-02-02")
    kept.unlink()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[exercise]]\nid = "clamshell"\n\n[[exercise]]\nid = "clamshell"\n',
            "line 5: clamshell stands here twice",
        ),
        ('[[exercise]]\nid = "clamshell"\nrest_s = 30\n', "line 3: a prescription keeps no rest_s"),
        ('[[exercise]]\nid = "standing_hamstring_stretch"\n', "painful leg"),
    ],
)
def test_what_a_prescription_cannot_say_is_refused(clinic: Path, tmp_path: Path, text: str, said: str) -> None:
    before = versions(clinic)
    path = tmp_path / "new.toml"
    path.write_text(text, encoding="utf-8")
    edit = run("plan", "edit", clinic, *P01, "--file", path, *WHY)
    assert edit.exit_code == 1
    assert said in edit.stderr
    assert versions(clinic) == before


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (("--reps", "5"), 2, "add --exercise"),
        (("--exercise", "clamshell"), 2, "Say what changes"),
        (("--remove", "clamshell", "--remove", "clamshell"), 2, "named twice"),
        (("--remove", "clamshell", "--exercise", "clamshell", "--reps", "5"), 2, "named twice"),
        (("--remove", "clamshell", "--file", "x.toml"), 2, "leave out either"),
        (("--remove", "bird_dog"), 1, "bird_dog is not prescribed"),
        (("--file", "none.toml"), 1, "no such file"),
        (("--exercise", "clamschell", "--reps", "5"), 1, "clamshell"),
        (("--exercise", "clamshell", "--reps", "5", "--from", "2026-01-04"), 1, "before version 1"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    clinic: Path, more: tuple[str, ...], status: int, said: str
) -> None:
    before = versions(clinic)
    edit = run("plan", "edit", clinic, *P01, *more, *WHY)
    assert edit.exit_code == status
    assert said in edit.stderr
    assert versions(clinic) == before


def test_all_changes_are_written_or_none(clinic: Path) -> None:
    before = versions(clinic)
    later = ("--exercise", "glute_bridge", "--reps", "9", "--from", "2026-03-02")
    assert run("plan", "edit", clinic, *P01, *later, *WHY).exit_code == 0
    both = ("--remove", "clamshell", "--exercise", "glute_bridge", "--reps", "5", "--from", "2026-02-02")
    refused = run("plan", "edit", clinic, *P01, *both, *WHY)
    assert "before version 2 (2026-03-02)" in refused.stderr
    assert len(versions(clinic)) == len(before) + 1


def test_author_and_reason_are_asked_for(clinic: Path) -> None:
    assert "--author" in run("plan", "edit", clinic, *P01, "--remove", "clamshell", "--reason", "x").stderr
    assert "--reason" in run("plan", "edit", clinic, *P01, "--remove", "clamshell", "--author", "x").stderr
