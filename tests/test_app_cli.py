"""The frame of the command line: help, version, exit statuses, and what it may import."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sciatrack import cli as cli_module
from sciatrack.cli import COMMANDS, cli
from sciatrack_ingest.errors import SciatrackError

ROOT = Path(__file__).parents[1]
HEAVY = ["numpy", "pandas", "scipy", "duckdb", "matplotlib", "pyarrow", "rich"]


def invoke(*arguments: str):
    return CliRunner().invoke(cli, arguments)


def test_help_lists_every_command_with_its_line() -> None:
    result = invoke("--help")
    assert result.exit_code == 0
    for name, (_, line) in COMMANDS.items():
        assert name in result.output
        assert line.split()[0] in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    result = invoke(name, "--help")
    assert result.exit_code == 0
    assert "Example:" in result.output
    assert f"sciatrack {name}" in result.output.split("Example:")[1]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["analyze", "--help"], ["exercises", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from sciatrack.cli import cli\n"
        f"cli({arguments!r}, prog_name='sciatrack', standalone_mode=False)\n"
        f"print('loaded:', *[name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].strip() == "loaded:"


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = f"import sys, sciatrack; dir(sciatrack); print(*[n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_version_is_the_one_in_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    result = invoke("--version")
    assert result.output == f"sciatrack {project['version']}\n"


def test_unknown_attribute_of_the_package_is_an_attribute_error() -> None:
    import sciatrack

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sciatrack.nothing  # noqa: B018


def test_unknown_command_is_a_usage_error_and_suggests_a_close_one() -> None:
    result = invoke("analyse")
    assert result.exit_code == 2
    assert "Did you mean 'analyze'?" in result.output
    assert invoke("xyzzy").exit_code == 2


@pytest.mark.parametrize(("error", "status"), [(SciatrackError("first line\nsecond  line"), 1), (None, 0)])
def test_our_errors_are_one_line_on_stderr(monkeypatch, error: Exception | None, status: int) -> None:
    @click.command()
    def fails() -> None:
        if error:
            raise error

    monkeypatch.setattr(cli_module.LazyGroup, "get_command", lambda *_: fails)
    monkeypatch.setitem(COMMANDS, "fails", ("nowhere:fails", "Fails."))
    result = invoke("fails")
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr == ("Error: first line second line\n" if error else "")


def test_a_fault_of_ours_is_not_dressed_up(monkeypatch) -> None:
    @click.command()
    def fails() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli_module.LazyGroup, "get_command", lambda *_: fails)
    monkeypatch.setitem(COMMANDS, "fails", ("nowhere:fails", "Fails."))
    assert isinstance(invoke("fails").exception, ZeroDivisionError)


def test_exercises_table_shows_dose_and_observability_in_80_columns() -> None:
    result = invoke("exercises")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in result.stdout
    row = next(line for line in lines if line.startswith("clamshell"))
    assert row.split() == ["clamshell", "2-5", "s", "*", "8-10", "per", "side", "weak", "full", "none"]
    row = next(line for line in lines if line.startswith("standing_hamstring_stretch"))
    assert row.split() == [
        "standing_hamstring_stretch",
        "15-30",
        "s",
        "3",
        "per",
        "side",
        "full",
        "none",
        "weak",
    ]


def test_one_exercise_whole_marks_our_defaults() -> None:
    result = invoke("exercises", "cobra_stretch")
    assert result.exit_code == 0
    rows = {line.split("  ")[0].strip(): line for line in result.stdout.splitlines() if line.strip()}
    assert rows["hold"].split() == ["hold", "15-30", "s"]
    assert rows["hold shown to the patient"].split()[-3:] == ["20", "s", "*"]
    assert rows["sets"].split() == ["sets", "1", "*"]
    assert "The hips stay on the floor." in result.stdout
    assert "supervision of a physical therapist" in result.stdout


@pytest.mark.parametrize("exercise_id", ["generic", "glute_bridge", "lying_gluteal_stretch"])
def test_one_exercise_fits_80_columns(exercise_id: str) -> None:
    result = invoke("exercises", exercise_id)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_exercises_json_is_strict_json_with_every_field() -> None:
    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is no JSON")

    result = invoke("exercises", "--format", "json")
    listed = json.loads(result.stdout, parse_constant=refuse)
    assert [entry["id"] for entry in listed][-1] == "generic"
    assert listed[-1]["hold_s"] == [0.0, None]
    one = json.loads(invoke("exercises", "clamshell", "--format", "json").stdout)
    assert one == listed[2]
    assert one["views"]["hip"]["observability"] == "weak"
    assert one["views"]["thigh_working"]["min_range_deg"] == 7.0


def test_unknown_exercise_is_a_usage_error() -> None:
    result = invoke("exercises", "clam")
    assert result.exit_code == 2
    assert "Did you mean clamshell?" in result.stderr


def test_own_exercise_file_is_shown_and_its_mistakes_are_one_line(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[exercises.bow]\nname = "Bow [x]"\nsides = "both"\nhold_s = [1, 2]\nreps = [3, 3]\n'
        'start_position = "Standing."\nsteps = ["Bow."]\n'
    )
    result = invoke("exercises", "bow", "--exercise-file", str(own))
    assert result.exit_code == 0
    assert "Bow [x] (bow)" in result.stdout
    own.write_text("[exercises.bow]\nnome = 1\n")
    result = invoke("exercises", "--exercise-file", str(own))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {own}, exercises.bow.nome: is not a known key")
    assert len(result.stderr.splitlines()) == 1


def test_choices_are_those_of_ingest() -> None:
    import sciatrack_ingest
    from sciatrack import options

    assert options.PLACEMENTS == sciatrack_ingest.PLACEMENTS
    assert options.SIDES == sciatrack_ingest.SIDES
