"""A study as Motion-BIDS and FHIR: valid by their own validators, and the same numbers when read back."""

from __future__ import annotations

import csv
import json
import shutil
import stat
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from sciatrack.cli import cli
from sciatrack_analytics import cohort
from sciatrack_analytics.exports.fhir_check import FhirError, check_bundle, check_with_library, library_there
from sciatrack_analytics.study import Study
from sciatrack_ingest import read

SAMPLES = Path(__file__).parents[1] / "sample_data"
VALIDATOR = shutil.which("bids-validator-deno") or shutil.which(
    "bids-validator-deno", path=Path(sys.executable).parent
)
CHECKINS = """participant,at_local,timezone,phase,leg_nrs,back_nrs,distal_site,red_flags
A_1,2026-03-01T18:20,Europe/Berlin,before,5,3,calf,none
A_1,2026-03-01T19:00,Europe/Berlin,after,4,,thigh,none
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def ok(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nine sample sessions of A_1, one of A1 that the sensor could not see, a person of rep tables."""
    folder = tmp_path_factory.mktemp("export") / "clinic"
    cohort.build_cohort_study(SAMPLES / "cohort", folder, participants=("S08",))
    for day, path in enumerate(sorted((SAMPLES / "sessions").glob("*.parquet")), start=1):
        start = f"2026-03-{day:02d}T18:30"
        ok("study", "add", folder, path, "--participant", "A_1", "--start", start, "--timezone", "Europe/Berlin")
    unseen = ("--placement", "left_thigh", "--side", "right", "--exercise", "clamshell")
    path = SAMPLES / "sessions" / "3_clamshell.parquet"
    when = ("--start", "2026-03-29T03:30", "--timezone", "Europe/Berlin")
    ok("study", "add", folder, path, "--participant", "A1", *when, *unseen)
    for day, reps in (("2026-02-20", 10), ("2026-03-05", 12)):
        rx = (
            "--exercise",
            "glute_bridge",
            "--from",
            day,
            "--reps",
            reps,
            "--author",
            "PT1",
            "--reason",
            "progress",
        )
        ok("plan", "prescribe", folder, "--participant", "A_1", *rx)
    (folder.parent / "checkins.csv").write_text(CHECKINS)
    ok("study", "add", folder, folder.parent / "checkins.csv")
    return folder


@pytest.fixture(scope="module")
def bids(clinic: Path) -> Path:
    output = clinic.parent / "bids"
    result = run("export", "bids", "--study", clinic, "--output", output)
    assert result.exit_code == 0, result.output
    assert "2 participants, 10 sessions, 10 recordings" in result.output
    assert "has no samples, only a rep table" in result.stderr
    return output


@pytest.fixture(scope="module")
def bundle(clinic: Path) -> dict[str, Any]:
    output = clinic.parent / "fhir"
    ok("export", "fhir", "--study", clinic, "--output", output)
    assert sorted(path.name for path in output.iterdir()) == ["A1.fhir.json", "A_1.fhir.json", "S08.fhir.json"]
    body: dict[str, Any] = json.loads((output / "A_1.fhir.json").read_text())
    return body


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@pytest.mark.skipif(VALIDATOR is None, reason="bids-validator-deno is not installed")
def test_the_reference_validator_finds_no_error(bids: Path) -> None:
    assert VALIDATOR is not None
    done = subprocess.run([VALIDATOR, "--json", str(bids)], capture_output=True, text=True, check=False)
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert done.returncode == 0


def test_two_pseudonyms_that_bids_cannot_tell_apart_get_labels_of_their_own(bids: Path) -> None:
    people = rows(bids / "participants.tsv")
    assert {row["pseudonym"] for row in people} == {"A_1", "A1"}
    assert len({row["participant_id"].lower() for row in people}) == 2
    for row in people:
        assert (bids / row["participant_id"]).is_dir()


def test_samples_read_back_as_they_were(clinic: Path, bids: Path) -> None:
    motion = next(bids.glob("**/*task-glutebridge*_motion.tsv"))
    table = np.loadtxt(motion, delimiter="\t")
    source = read(SAMPLES / "sessions" / "1_glute_bridge.parquet")
    channels = [row["name"] for row in rows(motion.with_name(motion.name.replace("_motion.tsv", "_channels.tsv")))]
    assert channels == ["acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z", "latency"]
    assert source.gyr is not None
    expected = np.column_stack([source.acc, source.gyr, source.time_s - source.time_s[0]])
    np.testing.assert_allclose(table, expected, atol=1e-6)


def test_events_hold_every_rep_and_hold(clinic: Path, bids: Path) -> None:
    found = [row for path in bids.glob("**/*_events.tsv") for row in rows(path) if row["placement"] != "left_thigh"]
    with Study(clinic) as study:
        query = "select start_s, hold_s from rep where participant = 'A_1' order by session_id, start_s"
        expected = study.rows(query)
    reps = [row for row in found if row["trial_type"] == "rep"]
    holds = [row for row in found if row["trial_type"] == "hold"]
    np.testing.assert_allclose(
        sorted(float(row["onset"]) for row in reps), sorted(start for start, _ in expected), atol=1e-3
    )
    held = sorted(hold for _, hold in expected if hold is not None)
    np.testing.assert_allclose(sorted(float(row["duration"]) for row in holds), held, atol=1e-3)


def test_what_was_not_seen_is_said_and_nothing_else(bids: Path) -> None:
    path = next(bids.glob("**/*leftthigh*_motion.tsv"))
    events = next(path.parent.glob("*_events.tsv"))
    assert [row["trial_type"] for row in rows(events)] == ["not_observable"]


def test_exports_belong_to_their_owner_alone(bids: Path) -> None:
    for path in (bids, *bids.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_folder_with_something_in_it_is_refused(clinic: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    for kind in ("bids", "fhir", "tables"):
        result = run("export", kind, "--study", clinic, "--output", tmp_path)
        assert result.exit_code == 1
        assert "not empty" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_an_unknown_participant_is_an_error(clinic: Path, tmp_path: Path) -> None:
    for kind in ("bids", "fhir", "tables"):
        result = run("export", kind, "--study", clinic, "--output", tmp_path / kind, "--participant", "nobody")
        assert result.exit_code == 1
        assert "'nobody'" in result.output


def test_a_damaged_recording_keeps_no_other_back(clinic: Path, tmp_path: Path) -> None:
    copy = tmp_path / "clinic"
    shutil.copytree(clinic, copy)
    broken = next((copy / "sessions").glob("A_1-20260303*/imu-*.parquet"))
    broken.write_bytes(broken.read_bytes()[:5000])
    result = run("export", "bids", "--study", copy, "--output", tmp_path / "bids", "--participant", "A_1")
    assert result.exit_code == 1
    assert broken.name in result.stderr
    assert len(list((tmp_path / "bids").glob("**/*_motion.tsv"))) == 8


def of_kind(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def test_a_bundle_parses_back_to_the_same_numbers(clinic: Path, bundle: dict[str, Any]) -> None:
    found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for observation in of_kind(bundle, "Observation"):
        names = {
            part["code"]["coding"][0]["code"]: part["valueQuantity"] for part in observation.get("component", ())
        }
        if "reps" in names:
            day = observation["effectivePeriod"]["start"][:10]
            found[day][0] += names["reps"]["value"]
            found[day][1] += names.get("hold-total", {"value": 0.0})["value"]
    with Study(clinic) as study:
        query = (
            "select strftime(start_local, '%Y-%m-%d'), count(*), coalesce(sum(hold_s), 0) from rep"
            " join session using (session_id) where rep.participant = 'A_1' and counted group by 1"
        )
        expected = {day: [float(n), round(hold, 3)] for day, n, hold in study.rows(query)}
    assert len(expected) == 9
    assert {day: [n, round(hold, 3)] for day, (n, hold) in found.items()} == expected


def test_pain_keeps_its_moment_and_what_was_not_answered_is_not_there(bundle: dict[str, Any]) -> None:
    pain = [
        (part["effectiveDateTime"], part["code"]["text"], part["valueQuantity"]["value"])
        for part in of_kind(bundle, "Observation")
        if "effectiveDateTime" in part
    ]
    assert sorted(pain) == [
        ("2026-03-01T18:20:00+01:00", "Back pain", 3),
        ("2026-03-01T18:20:00+01:00", "Leg pain", 5),
        ("2026-03-01T19:00:00+01:00", "Leg pain", 4),
    ]


def test_versions_are_requests_that_replace_each_other(bundle: dict[str, Any]) -> None:
    first, second = of_kind(bundle, "ServiceRequest")
    assert (first["status"], second["status"]) == ("revoked", "active")
    assert first["occurrenceTiming"]["repeat"]["boundsPeriod"] == {"start": "2026-02-20", "end": "2026-03-04"}
    assert (first["quantityQuantity"]["value"], second["quantityQuantity"]["value"]) == (10, 12)
    urls = {
        entry["resource"].get("identifier", [{}])[0].get("value"): entry["fullUrl"] for entry in bundle["entry"]
    }
    assert second["replaces"] == [{"reference": urls["A_1/glute_bridge/1"]}]
    procedure = next(p for p in of_kind(bundle, "Procedure") if p["code"]["coding"][0]["code"] == "glute_bridge")
    assert procedure["basedOn"] == [{"reference": urls["A_1/glute_bridge/1"]}]  # in force on 1 March


def test_not_observable_is_no_value_and_never_not_done(clinic: Path, tmp_path: Path) -> None:
    ok("export", "fhir", "--study", clinic, "--output", tmp_path, "--participant", "A1")
    body = json.loads((tmp_path / "A1.fhir.json").read_text())
    (procedure,) = of_kind(body, "Procedure")
    (observation,) = of_kind(body, "Observation")
    assert procedure["status"] == "unknown"
    assert "component" not in observation
    assert observation["dataAbsentReason"]["coding"][0]["code"] == "unsupported"
    assert observation["dataAbsentReason"]["text"].startswith("not observable: ")


@pytest.mark.parametrize(
    ("kind", "key", "value", "message"),
    [
        ("Procedure", "status", "finished", "not in the value set"),
        ("ServiceRequest", "intent", "wish", "not in the value set"),
        ("Observation", "partOf", [{"reference": "urn:uuid:nowhere"}], "not in the bundle"),
        ("Procedure", "performedPeriod", {"start": "2026-03-01T18:30:00", "end": "2026-03-01T18:31:00"}, "offset"),
        (
            "Procedure", "performedPeriod",
            {"start": "2026-03-01T18:30:00+01:00", "end": "2026-03-01T18:29:00+01:00"}, "ends before",
        ),
    ],
)  # fmt: skip
def test_our_own_checks_catch_what_a_schema_lets_pass(
    bundle: dict[str, Any], kind: str, key: str, value: object, message: str
) -> None:
    wrong = json.loads(json.dumps(bundle))
    check_bundle(wrong)
    of_kind(wrong, kind)[0][key] = value
    with pytest.raises(FhirError, match=message):
        check_bundle(wrong)


@pytest.mark.skipif(not library_there(), reason="fhir.resources is not installed")
def test_the_library_takes_the_bundle_and_refuses_an_unknown_field(bundle: dict[str, Any]) -> None:
    check_with_library(bundle)
    wrong = json.loads(json.dumps(bundle))
    of_kind(wrong, "Procedure")[0]["performedAt"] = "today"
    with pytest.raises(FhirError, match="performedAt"):
        check_with_library(wrong)


def test_the_same_study_gives_the_same_bundle(clinic: Path, bundle: dict[str, Any], tmp_path: Path) -> None:
    ok("export", "fhir", "--study", clinic, "--output", tmp_path / "again", "--participant", "A_1")
    assert json.loads((tmp_path / "again" / "A_1.fhir.json").read_text()) == bundle


def test_tables_hold_every_row_and_column_with_a_dictionary(clinic: Path, tmp_path: Path) -> None:
    ok("export", "tables", "--study", clinic, "--output", tmp_path)
    with open(tmp_path / "dictionary.csv", newline="") as stream:
        told = list(csv.DictReader(stream))
    relations = {row["relation"] for row in told}
    assert relations == {path.stem for path in tmp_path.glob("*.parquet")}
    with Study(clinic) as study:
        for relation in sorted(relations):
            table = pq.read_table(tmp_path / f"{relation}.parquet")
            assert table.column_names == [row["column"] for row in told if row["relation"] == relation]
            assert [(table.num_rows,)] == study.rows(f"select count(*) from {relation}")
            with open(tmp_path / f"{relation}.csv", newline="") as stream:
                assert len(list(csv.DictReader(stream))) == table.num_rows
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_tables_of_one_participant_hold_nobody_else(clinic: Path, tmp_path: Path) -> None:
    ok("export", "tables", "--study", clinic, "--output", tmp_path, "--participant", "A_1")
    people = set()
    for path in tmp_path.glob("*.parquet"):
        table = pq.read_table(path)
        if "participant" in table.column_names:
            people |= set(table["participant"].to_pylist())
    assert people == {"A_1"}
    assert pq.read_table(tmp_path / "session.parquet").num_rows == 9
