"""The commands of a study, as people and scripts call them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from sciatrack.cli import cli
from sciatrack_analytics import cohort
from sciatrack_analytics.reports import ALIASES, REPORTS

SAMPLE = Path(__file__).parents[1] / "sample_data" / "cohort"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people of the sample cohort; not to be changed."""
    folder = tmp_path_factory.mktemp("cli") / "study"
    cohort.build_cohort_study(SAMPLE, folder, participants=("S03", "S08", "S19"))
    return folder


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    result = run("study", "create", tmp_path / "clinic", "--timezone", "Europe/Berlin", "--name", "Our clinic")
    assert result.exit_code == 0, result.output
    return tmp_path / "clinic"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Ten slow tilts of a thigh in the contract's format; what is found in it is not at stake here."""
    time_s = np.arange(0, 100, 0.02)
    angle = np.radians(30) * np.clip(np.sin(2 * np.pi * time_s / 10) * 2, 0, 1)
    noise = 0.02 * np.random.default_rng(1).normal(size=(3, len(time_s)))
    path = tmp_path / "anna_meier.parquet"
    columns = {"time": time_s, "acc_x": 9.81 * np.cos(angle) + noise[0], "acc_y": noise[1]}
    pq.write_table(pa.table(columns | {"acc_z": -9.81 * np.sin(angle) + noise[2]}), path)
    sidecar = {"units": {"acc": "m/s^2"}, "exercise": "glute_bridge", "placement": "right_thigh", "side": "both"}
    path.with_suffix(".json").write_text(json.dumps(sidecar))
    return path


WHO = ("--participant", "P01", "--start", "2026-03-29T03:30", "--timezone", "Europe/Berlin")


def test_from_a_recording_to_an_adherence_report(clinic: Path, recording: Path) -> None:
    added = run("study", "add", clinic, recording, *WHO)
    assert added.exit_code == 0, added.output
    assert "added as session P01-20260329T013000Z-" in added.stderr
    again = run("study", "add", clinic, recording, *WHO)
    assert "unchanged" in again.stderr
    prescribed = run(
        "plan", "prescribe", clinic, "--participant", "P01", "--exercise", "glute_bridge", "--from", "2026-03-23",
        "--days-per-week", 3, "--reps", 10, "--author", "PT1", "--reason", "first plan",
    )  # fmt: skip
    assert "version 1 from 2026-03-23: 3 days a week, 10, 5 s" in prescribed.stderr
    result = run("report", "adherence", "--study", clinic, "--format", "json")
    body = json.loads(result.stdout)
    assert body["header"]["study"] == "Our clinic"
    assert body["header"]["cut_off_date"] == "2026-03-28"  # 03:30 on Sunday belongs to Saturday
    (row,) = body["rows"]
    assert (row["participant"], row["exercise"], row["iso_week"]) == ("P01", "glute_bridge", "2026-W13")
    verified = run("verify", clinic)
    assert (verified.exit_code, verified.stdout) == (0, "")


def test_the_session_folder_does_not_carry_the_name_of_the_file(clinic: Path, recording: Path) -> None:
    run("study", "add", clinic, recording, *WHO)
    (folder,) = (clinic / "sessions").iterdir()
    for path in folder.iterdir():
        assert b"anna_meier" not in path.read_bytes(), path


def test_import_prints_the_folder_and_analyze_reads_it(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "sessions"
    first = run("import", recording, *WHO, "--output", out)
    assert first.exit_code == 0, first.output
    folder = Path(first.stdout.strip())
    assert folder.parent == out
    assert (folder / "imu-right_thigh.parquet").exists()
    second = run("import", recording, *WHO, "--output", out)
    assert "unchanged" in second.stderr
    analysed = run("analyze", folder, "--format", "jsonl")
    assert json.loads(analysed.stdout.splitlines()[0])["placement"] == "right_thigh"
    assert run("verify", folder).exit_code == 0
    assert run("verify", out).exit_code == 0


@pytest.mark.parametrize(
    ("left_out", "said"),
    [("--participant", "--participant P01"), ("--start", "--start 2026-03-02T18:30"), ("--timezone", "--timezone")],
)
def test_import_names_the_option_that_is_missing(recording: Path, tmp_path: Path, left_out: str, said: str) -> None:
    given = [(key, value) for key, value in zip(WHO[::2], WHO[1::2], strict=True) if key != left_out]
    result = run("import", recording, *(word for pair in given for word in pair), "--output", tmp_path / "s")
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert not (tmp_path / "s").exists()


def test_one_bad_path_does_not_stop_the_others(clinic: Path, recording: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("participant,local_date,done\nP01,2026-03-28,perhaps\n")
    good = tmp_path / "good.csv"
    good.write_text("participant,local_date,done\nP01,2026-03-28,yes\n")
    result = run("study", "add", clinic, bad, recording, good, *WHO)
    assert result.exit_code == 1
    assert "line 2, column done: 'perhaps' is not yes or no" in result.stderr
    assert "added as session" in result.stderr
    assert "1 new line of selfreports" in result.stderr


def test_sessions_recorded_into_the_study_are_indexed(clinic: Path, recording: Path) -> None:
    run("import", recording, *WHO, "--output", clinic / "sessions")
    assert "not in the index" in run("verify", clinic).stdout
    assert run("study", "add", clinic).exit_code == 0
    assert run("verify", clinic).exit_code == 0


def test_a_folder_above_sessions_gives_the_sessions_and_not_their_samples(
    clinic: Path, recording: Path, tmp_path: Path
) -> None:
    run("import", recording, *WHO, "--output", tmp_path / "visit" / "monday")
    (folder,) = (tmp_path / "visit" / "monday").iterdir()
    result = run("study", "add", clinic, tmp_path / "visit")
    assert result.exit_code == 0
    assert f"{folder}: added" in result.stderr
    assert len(list((clinic / "sessions").iterdir())) == 1


def test_adding_to_an_empty_study_without_anything_is_no_error(clinic: Path) -> None:
    assert run("study", "add", clinic).exit_code == 0


def test_a_folder_without_anything_is_said(clinic: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("study", "add", clinic, tmp_path / "empty")
    assert result.exit_code == 1
    assert "neither sessions nor recordings" in result.stderr


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_every_report_in_every_format(small: Path, tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / f"out.{form}"
    result = run("report", name, "--study", small, "--format", form, "--output", path)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    n = {"csv": _csv_rows, "json": _json_rows, "parquet": _parquet_rows, "table": _table_rows}[form](path)
    assert n > 0
    if form != "table":
        columns = pq.read_schema(_as_parquet(small, tmp_path, name)).names
        assert n == pq.read_metadata(tmp_path / "same.parquet").num_rows
        assert columns[0] in ("participant", "session_id", "arm", "guideline")


def _as_parquet(small: Path, tmp_path: Path, name: str) -> Path:
    run("report", name, "--study", small, "--output", tmp_path / "same.parquet")
    return tmp_path / "same.parquet"


def _csv_rows(path: Path) -> int:
    header = json.loads(path.with_name(path.name + ".header.json").read_text())
    assert header["origin"] == "simulated"
    return len(list(csv.DictReader(io.StringIO(path.read_text()))))


def _json_rows(path: Path) -> int:
    body = json.loads(path.read_text())
    assert body["header"]["software"].startswith("sciatrack ")
    return len(body["rows"])


def _parquet_rows(path: Path) -> int:
    file = pq.ParquetFile(path)
    assert json.loads(file.schema_arrow.metadata[b"sciatrack"])["study"] == cohort.NAME
    return int(file.metadata.num_rows)


def _table_rows(path: Path) -> int:
    text = path.read_text()
    assert "# cut off date: 2026-05" in text
    assert "no medical device" in text
    table = text.split("\n#")[0].split("─\n")[-1]
    return sum(bool(line.strip()) for line in table.splitlines())


def test_a_page_is_written_where_asked(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert run("report", "pain", "--study", small, "--participant", "S08", "--output", path).exit_code == 0
    assert "Participant S08" in path.read_text()


def test_participant_and_dates_narrow_a_report(small: Path) -> None:
    result = run(
        "report", "adherence", "--study", small, "--participant", "S19", "--from", "2026-03-02",
        "--to", "2026-03-15", "--format", "csv",
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["participant"] for row in rows} == {"S19"}
    assert {row["iso_week"] for row in rows} == {"2026-W10", "2026-W11"}
    assert "# cut off date: 2026-03-15" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("report", "adherance"), 2, "Did you mean 'adherence'"),
        (("report", "pain", "--participant", "S9"), 1, "knows no participant 'S9'"),
        (("report", "pain", "--from", "29.3.2026"), 2, "write it like 2026-03-29"),
        (("report", "pain", "--from", "2026-04-02", "--to", "2026-04-01"), 1, "before they begin"),
    ],
)
def test_what_cannot_be_reported_is_said(small: Path, arguments: tuple[str, ...], status: int, said: str) -> None:
    result = run(*arguments, "--study", small)
    assert (result.exit_code, result.stdout) == (status, "")
    assert said in " ".join(result.stderr.split())


def test_a_folder_that_is_no_study_is_said(tmp_path: Path) -> None:
    result = run("report", "pain", "--study", tmp_path)
    assert result.exit_code == 1
    assert "sciatrack study create" in result.stderr


def test_an_empty_study_reports_nothing(clinic: Path) -> None:
    for name in ALIASES:
        result = run("report", name, "--study", clinic)
        assert result.exit_code == 0
        assert "nothing to report" in result.stdout


def test_a_list_changed_by_hand_is_noticed_and_a_rebuild_takes_it(clinic: Path) -> None:
    with (clinic / "selfreports.csv").open("a") as file:
        file.write("P01,2026-03-02,,yes,,\n")
    note = run("report", "adherence", "--study", clinic).stderr
    assert "selfreports.csv was changed since it was indexed" in note
    assert run("study", "rebuild", clinic).exit_code == 0
    assert run("report", "adherence", "--study", clinic).stderr == ""


def test_plan_show_says_what_is_in_force(small: Path) -> None:
    every = run("plan", "show", small, "--participant", "S08").stdout
    assert "glute_bridge" in every
    assert "3 days a week, 10, 5 s" in every
    assert "glute_bridge" not in run("plan", "show", small, "--on", "2020-01-01").stdout


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (("--exercise", "glute_brigde"), 1, "glute_bridge"),
        (("--exercise", "lying_gluteal_stretch"), 1, "say which one"),
        (("--exercise", "glute_bridge", "--reps", "0"), 2, "0"),
        (("--exercise", "glute_bridge", "--participant", "Anna Meier"), 1, "not a pseudonym"),
    ],
)
def test_a_plan_that_cannot_be_written_is_said(clinic: Path, more: tuple[Any, ...], status: int, said: str) -> None:
    who = () if "--participant" in more else ("--participant", "P01")
    result = run("plan", "prescribe", clinic, *who, *more, "--author", "PT1", "--reason", "x")
    assert result.exit_code == status
    assert said in result.stderr


def test_verify_prints_each_problem(small: Path, tmp_path: Path) -> None:
    result = run("verify", small / "sessions", tmp_path)
    assert result.exit_code == 1
    assert result.stdout.count("\n") == 1
    assert "neither a session, nor a study" in result.stdout


def test_the_study_class_is_at_the_front_door(small: Path) -> None:
    import sciatrack as st

    with st.Study(small) as study:
        frame = study.report("adherence", participant="S08")
    assert set(frame["participant"]) == {"S08"}
    assert {"days_done", "days_rx", "freq_adherence"} <= set(frame.columns)
