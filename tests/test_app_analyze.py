"""`sciatrack analyze` on files written here: names, order, options, faults, exit statuses."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import sciatrack as st
from sciatrack.cli import cli
from sciatrack.progress import progress_bar
from sciatrack_signal.result import BLOCK_COLUMNS, TABLE_COLUMNS

RATE_HZ = 50.0
N_REPS = 4
UNITS = ["--units-acc", "m/s^2"]


def bridges() -> np.ndarray:
    """(n, 4) time and acceleration of a thigh that turns by 20 degrees: 1.5 s out, 5 s hold, 1.5 s back."""
    knots_s, angle_deg = [0.0], [0.0]
    for start_s in 4.0 + 11.0 * np.arange(N_REPS):
        knots_s += [start_s, start_s + 1.5, start_s + 6.5, start_s + 8.0]
        angle_deg += [0.0, 20.0, 20.0, 0.0]
    time_s = np.arange(0.0, knots_s[-1] + 4.0, 1.0 / RATE_HZ)
    share = np.interp(time_s, knots_s, angle_deg) / 20.0
    pitch = np.radians(-40.0 + 20.0 * (0.5 - 0.5 * np.cos(np.pi * share)))
    up = np.column_stack([np.cos(pitch), np.zeros_like(pitch), np.sin(pitch)])
    noise = np.random.default_rng(1).normal(0.0, 0.02, up.shape)
    return np.column_stack([time_s, 9.80665 * up + noise])


def write_csv(path: Path, rows: np.ndarray, **sidecar: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, rows, delimiter=",", header="time,acc_x,acc_y,acc_z", comments="", fmt="%.6f")
    if sidecar:
        path.with_suffix(".json").write_text(json.dumps(sidecar))
    return path


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return bridges()


@pytest.fixture
def bridge_csv(tmp_path: Path, rows: np.ndarray) -> Path:
    return write_csv(tmp_path / "bridge.csv", rows)


@pytest.fixture
def folder(tmp_path: Path, rows: np.ndarray) -> Path:
    """Three good recordings and, between them in order, one without units and one that is none."""
    root = tmp_path / "records"
    units = {"acc": "m/s^2"}
    write_csv(root / "b.csv", rows, units=units, exercise="glute_bridge", placement="right_thigh")
    write_csv(root / "a" / "z.csv", rows[:800], units=units)
    write_csv(root / "c.csv", rows)
    (root / "d.csv").write_text("this,is\nno,recording\n")
    write_csv(root / "e.csv", rows[:600], units=units)
    return root


def analyze(*arguments: object):
    return CliRunner().invoke(cli, ["analyze", *map(str, arguments)])


def blocks(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_one_file_as_jsonl(bridge_csv: Path) -> None:
    result = analyze(
        bridge_csv, *UNITS, "--exercise", "glute_bridge", "--placement", "right_thigh", "--format", "jsonl"
    )
    assert result.exit_code == 0
    (block,) = blocks(result)
    assert list(block) == [*BLOCK_COLUMNS, "reps"]
    assert block["recording"] == str(bridge_csv)
    assert (block["exercise"], block["placement"]) == ("glute_bridge", "right_thigh")
    assert block["count"] == N_REPS
    assert [rep["hold_s"] for rep in block["reps"]] == pytest.approx([5.0] * N_REPS, abs=0.8)


def test_table_is_the_default_and_is_plain_when_piped(bridge_csv: Path) -> None:
    result = analyze(bridge_csv, *UNITS, "--exercise", "glute_bridge", "--placement", "right_thigh")
    assert result.exit_code == 0
    assert f"{N_REPS} repetitions" in result.stdout
    assert "\x1b" not in result.output


def test_folder_is_walked_in_order_and_bad_files_stop_nothing(folder: Path) -> None:
    result = analyze(folder, "--format", "jsonl")
    assert result.exit_code == 1
    names = list(dict.fromkeys(block["recording"] for block in blocks(result)))
    assert names == [f"{folder}/a/z.csv", f"{folder}/b.csv", f"{folder}/e.csv"]
    errors = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 2
    assert "c.csv" in errors[0]
    assert "--units-acc" in errors[0]
    assert "d.csv" in errors[1]
    assert "3 of 5 recordings analysed" in result.stderr


def test_a_recording_is_named_by_the_path_as_given(folder: Path, monkeypatch) -> None:
    monkeypatch.chdir(folder.parent)
    for given, expected in [
        ("records", "records/e.csv"),
        ("./records/", "./records/e.csv"),
        (".", "./records/e.csv"),
    ]:
        assert blocks(analyze(given, "--format", "jsonl"))[-1]["recording"] == expected
    assert blocks(analyze("./records/e.csv", "--format", "jsonl"))[0]["recording"] == "./records/e.csv"


def test_options_win_over_the_sidecar(folder: Path) -> None:
    options = ["--exercise", "clamshell", "--placement", "left_thigh", "--side", "left"]
    (block,) = blocks(analyze(folder / "b.csv", *options, "--format", "jsonl"))
    assert (block["exercise"], block["placement"], block["side"]) == ("clamshell", "left_thigh", "left")
    (block,) = blocks(analyze(folder / "b.csv", "--format", "jsonl"))
    assert (block["exercise"], block["placement"]) == ("glute_bridge", "right_thigh")


def test_rate_is_for_files_without_time(tmp_path: Path, rows: np.ndarray) -> None:
    path = tmp_path / "untimed.csv"
    np.savetxt(path, rows[:, 1:], delimiter=",", header="acc_x,acc_y,acc_z", comments="")
    assert analyze(path, *UNITS).exit_code == 1
    (block,) = blocks(analyze(path, *UNITS, "--rate", "25", "--exercise", "glute_bridge", "--format", "jsonl"))
    assert block["sampling_rate_hz"] == pytest.approx(25.0)
    assert block["duration_s"] == pytest.approx((len(rows) - 1) / 25.0, abs=0.001)


@pytest.mark.parametrize(
    "options",
    [
        ["--exercise", "glute_brige"],
        ["--placement", "arm"],
        ["--side", "up"],
        ["--units-acc", "furlong"],
        ["--rate", "0"],
        ["--workers", "0"],
        ["--format", "xml"],
        ["--output", "no_such_folder/out.csv"],
        ["--no-such-option"],
    ],
)
def test_usage_errors_have_status_2_and_say_the_option(bridge_csv: Path, options: list[str]) -> None:
    result = analyze(bridge_csv, *options)
    assert result.exit_code == 2
    assert options[0] in result.stderr
    assert result.stdout == ""


def test_a_path_that_is_not_there_is_a_usage_error(bridge_csv: Path) -> None:
    result = analyze(bridge_csv, "nowhere.csv", *UNITS)
    assert result.exit_code == 2
    assert "nowhere.csv" in result.stderr


def test_output_never_overwrites_an_input(bridge_csv: Path) -> None:
    before = bridge_csv.read_bytes()
    assert analyze(bridge_csv, *UNITS, "--output", bridge_csv).exit_code == 2
    assert bridge_csv.read_bytes() == before


def test_output_never_overwrites_a_recording_in_a_folder_that_is_read(folder: Path) -> None:
    before = (folder / "e.csv").read_bytes()
    assert analyze(folder, "--output", folder / "e.csv").exit_code == 2
    assert (folder / "e.csv").read_bytes() == before


def test_a_folder_without_recordings_is_told(tmp_path: Path, bridge_csv: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = analyze(tmp_path / "empty", bridge_csv, *UNITS, "--format", "jsonl")
    assert result.exit_code == 1
    assert "empty: holds no recording" in result.stderr
    assert blocks(result)


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "json"])
def test_the_ending_of_output_chooses_the_format(bridge_csv: Path, tmp_path: Path, ending: str) -> None:
    output = tmp_path / "out" / f"reps.{ending}"
    output.parent.mkdir()
    result = analyze(bridge_csv, *UNITS, "--exercise", "glute_bridge", "--output", output)
    assert result.exit_code == 0
    assert result.stdout == ""
    if ending == "parquet":
        assert tuple(pq.read_table(output).column_names) == TABLE_COLUMNS
    elif ending == "csv":
        assert output.read_text().splitlines()[0] == ",".join(TABLE_COLUMNS)
    else:
        content = json.loads(output.read_text())
        assert (content[0] if ending == "json" else content)["recording"] == str(bridge_csv)


def test_parquet_can_be_piped(bridge_csv: Path) -> None:
    result = analyze(bridge_csv, *UNITS, "--exercise", "glute_bridge", "--format", "parquet")
    assert pq.read_table(io.BytesIO(result.stdout_bytes)).num_rows == N_REPS


def test_processes_change_nothing_in_the_output(folder: Path) -> None:
    alone = analyze(folder, "--format", "jsonl")
    together = analyze(folder, "--format", "jsonl", "--workers", "2")
    assert together.stdout == alone.stdout
    assert together.stderr == alone.stderr
    assert together.exit_code == 1


def test_a_fault_of_ours_in_one_recording_costs_no_other(folder: Path, monkeypatch) -> None:
    from sciatrack import api

    def faulty(recording, **labels):
        if recording.name.endswith("b.csv"):
            raise IndexError("out\nof range")
        return healthy(recording, **labels)

    healthy = api.analyze
    monkeypatch.setattr(api, "analyze", faulty)
    result = analyze(folder, "--format", "jsonl")
    assert result.exit_code == 1
    assert len({block["recording"] for block in blocks(result)}) == 2
    assert f"error: {folder}/b.csv: unexpected IndexError: out of range (test_app_analyze.py:" in result.stderr


def test_notes_go_to_stderr_and_quiet_silences_them(bridge_csv: Path) -> None:
    result = analyze(bridge_csv, *UNITS, "--format", "jsonl")
    assert "note:" in result.stderr
    assert "gyroscope" in result.stderr
    quiet = analyze(bridge_csv, *UNITS, "--format", "jsonl", "--quiet")
    assert quiet.stderr == ""
    assert quiet.stdout == result.stdout


def test_own_exercise_is_analysed_by_its_id(bridge_csv: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[exercises.lift]\nname = "Lift"\nsides = "both"\nhold_s = [1, 9]\nreps = [3, 3]\n'
        'start_position = "Any."\nsteps = ["Lift."]\n'
        '[exercises.lift.views.thigh_working]\nobservability = "full"\nmin_range_deg = 3\n'
    )
    assert analyze(bridge_csv, *UNITS, "--exercise", "lift").exit_code == 2
    options = [
        "--exercise",
        "lift",
        "--exercise-file",
        own,
        "--placement",
        "right_thigh",
        "--format",
        "jsonl",
    ]
    (block,) = blocks(analyze(bridge_csv, *UNITS, *options))
    assert (block["exercise"], block["count"]) == ("lift", N_REPS)


def test_python_and_command_line_give_the_same_answer(bridge_csv: Path) -> None:
    recording = st.read(bridge_csv, units_acc="m/s^2")
    result = st.analyze(recording, exercise="glute_bridge", placement="right_thigh", side="right")
    assert isinstance(recording, st.Recording)
    assert list(result.reps.columns) == list(TABLE_COLUMNS)
    options = [
        "--exercise",
        "glute_bridge",
        "--placement",
        "right_thigh",
        "--side",
        "right",
        "--format",
        "jsonl",
    ]
    (block,) = blocks(analyze(bridge_csv, *UNITS, *options))
    assert [rep["start_s"] for rep in block["reps"]] == [round(value, 3) for value in result.reps["start_s"]]


def test_bar_is_drawn_on_a_terminal_and_nowhere_else(monkeypatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with progress_bar("analysing", 2) as bar:
        bar.advance()
        with bar.hidden():
            screen.write("a result\n")
    assert "analysing" in screen.getvalue()
    assert "a result\n" in screen.getvalue()
    for other, quiet in [(Terminal(), True), (io.StringIO(), False)]:
        monkeypatch.setattr(sys, "stderr", other)
        with progress_bar("analysing", 2, quiet=quiet) as bar, bar.hidden():
            bar.advance()
        assert other.getvalue() == ""
