"""Marked recordings are scored in tables of their own, and what can't be used is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accuracy import annotated, cli
from accuracy.annotated import annotated_tables
from sciatrack_ingest import write_recording
from sciatrack_ingest.truth_file import Truth, TruthRep, truth_path, write_truth
from sciatrack_signal.simulate import simulate_set


@pytest.fixture(scope="module")
def simulated():
    return simulate_set("clamshell", "right_thigh", seed=5, clean=True, rate_hz=50.0)


@pytest.fixture
def folder(simulated, tmp_path):
    """One recording whose truth an annotator marks to the millisecond, and a second one who is late at each end."""
    path = write_recording(simulated.recording, tmp_path / "clam.csv")
    reps = tuple(
        TruthRep(*(round(getattr(rep, name), 3) for name in ("start_s", "hold_start_s", "hold_end_s", "end_s")))
        for rep in simulated.reps
    )
    truth = Truth("clam.csv", "A", reps, exercise="clamshell", placement="right_thigh", side="right")
    write_truth(truth, truth_path(path, "A"))
    late = tuple(replace(rep, hold_end_s=rep.hold_end_s + 0.1) for rep in reps)
    write_truth(replace(truth, annotator="B", reps=late, blind=False), truth_path(path, "B"))
    return tmp_path


def cells(table, row: int = 0) -> dict[str, str]:
    return dict(zip(table.header, table.rows[row], strict=True))


def test_sciatrack_is_scored_blind_and_not_blind_apart(folder, simulated):
    tables, problems = annotated_tables(folder)
    assert problems == []
    scores, boundaries, between = tables
    assert {table.about for table in tables} == {"real people, marked by hand"}
    assert [row[0] for row in scores.rows] == ["blind", "not blind"]
    blind = cells(scores)
    assert blind["counts right"] == "1 of 1"
    assert blind["F1"] == "1.000"
    assert blind["holds"] == str(len(simulated.reps))
    assert float(blind["MAE s"]) < 0.3
    # Against the one who is late at each end, holds come out shorter by as much.
    assert float(cells(scores, 1)["bias s"]) == pytest.approx(float(blind["bias s"]) - 0.1, abs=0.0011)
    assert [row[0] for row in boundaries.rows] == ["start_s", "hold_start_s", "hold_end_s", "end_s"]
    assert cells(between)["holds, bias s"] == "+0.100"
    assert cells(between)["F1"] == "1.000"


def test_a_rep_that_nobody_marked_is_false_and_a_marked_one_is_missed(folder):
    path = folder / "clam.csv"
    for name in ("A", "B"):
        truth_path(path, name).unlink()
    marked = TruthRep(0.1, None, None, 0.9)
    labels = {"exercise": "clamshell", "placement": "right_thigh", "side": "right"}
    write_truth(Truth("clam.csv", "C", (marked,), **labels), truth_path(path, "C"))
    scores = cells(annotated_tables(folder)[0][0])
    assert scores["F1"] == "0.000"
    assert scores["missed"] == "1"
    assert int(scores["false"]) > 1


def test_what_can_not_be_used_is_said_and_costs_the_rest_nothing(folder, capsys):
    write_truth(Truth("lost.csv", "A"), folder / "lost.truth-A.json")
    (folder / "broken.truth-A.json").write_text("{")
    assert cli.main(["--truth", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert "Recordings marked by hand" in out
    assert "'lost.csv' is not beside it" in err
    assert "broken.truth-A.json" in err


def test_the_samples_of_a_session_are_found_from_the_file_beside_its_folder(tmp_path):
    session = tmp_path / "P1-20261125T101500Z"
    session.mkdir()
    (session / "manifest.json").write_text("{}")
    samples = session / "imu-hip.parquet"
    samples.write_bytes(b"")
    truth = Truth("imu-hip.parquet", "A")
    assert annotated._recording_of(truth_path(samples, "A"), truth) == samples
    assert annotated._recording_of(tmp_path / "other.truth-A.json", truth) is None


def test_a_folder_without_marks_says_so(tmp_path, capsys):
    assert cli.main(["--truth", str(tmp_path)]) == 1
    assert "no truth file" in capsys.readouterr().err
