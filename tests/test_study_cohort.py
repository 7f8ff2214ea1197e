"""The sample cohort: made the same every time, small, said to be simulated, and holding what it promises."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import cohort as generator
from cohort_people import PEOPLE
from sciatrack_analytics import reports
from sciatrack_analytics.cohort import LISTS, build_cohort_study
from sciatrack_analytics.csv_file import read_table, table_of
from sciatrack_analytics.study import Study
from sciatrack_ingest.sessions import read_manifest, read_reps, session_folders
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.result import FLAGS, TABLE_COLUMNS

SAMPLE = Path(__file__).parents[1] / "sample_data" / "cohort"
BIGGEST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def tables() -> dict[str, list[dict[str, Any]]]:
    return {name: pq.read_table(SAMPLE / f"{name}.parquet").to_pylist() for name in ("sessions", "blocks", "reps")}


def test_the_committed_tables_are_those_that_the_seed_makes(tmp_path: Path) -> None:
    generator.write(tmp_path)
    for name in ("sessions", "blocks", "reps"):
        assert pq.read_table(tmp_path / f"{name}.parquet").equals(pq.read_table(SAMPLE / f"{name}.parquet")), name
    for name in LISTS:
        assert (tmp_path / f"{name}.csv").read_bytes() == (SAMPLE / f"{name}.csv").read_bytes(), name


def test_it_is_small_and_says_what_it_is() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < BIGGEST_BYTES
    assert "simulated" in (SAMPLE / "LICENSE.txt").read_text()
    assert "CC0-1.0" in (SAMPLE / "LICENSE.txt").read_text()
    assert "**Simulated.**" in (SAMPLE / "README.md").read_text()
    assert "simulated" in (SAMPLE / "participants.csv").read_text()


def test_every_list_reads_without_a_problem() -> None:
    for name in LISTS:
        table = table_of(SAMPLE / f"{name}.csv")
        assert table is not None
        assert table.kind == name
        assert read_table(SAMPLE / f"{name}.csv", table)


def test_twenty_four_people_over_twelve_weeks() -> None:
    assert len({person.id for person in PEOPLE}) == 24
    table = table_of(SAMPLE / "participants.csv")
    assert table is not None
    rows = [row for _, row in read_table(SAMPLE / "participants.csv", table)]
    assert len(rows) == 24
    assert {row["end_date"] - row["start_date"] for row in rows} == {dt.timedelta(days=83)}
    # the night in which the clocks go forward lies in everybody's weeks
    assert all(row["start_date"] < dt.date(2026, 3, 29) < row["end_date"] for row in rows)


def test_reps_are_in_order_and_inside_their_blocks(tables: dict[str, list[dict[str, Any]]]) -> None:
    blocks = {(row["session"], row["block"]): row for row in tables["blocks"]}
    counted: dict[tuple[int, int], int] = dict.fromkeys(blocks, 0)
    before: dict[tuple[int, int], float] = {}
    for rep in tables["reps"]:
        key = (rep["session"], rep["block"])
        assert blocks[key]["block_start_s"] <= rep["start_s"] < rep["end_s"] <= blocks[key]["block_end_s"]
        assert rep["start_s"] >= before.get(key, 0.0)
        before[key] = rep["end_s"]
        if rep["hold_start_s"] is not None:
            assert rep["start_s"] < rep["hold_start_s"] < rep["hold_end_s"] < rep["end_s"]
        assert set(rep["flags"].split()) <= set(FLAGS)
        counted[key] += rep["complete"]
    for key, block in blocks.items():
        assert block["count"] == counted[key]
        assert block["count_low"] <= block["count"] <= block["count_high"]


def test_the_sensor_sees_what_the_catalogue_says(tables: dict[str, list[dict[str, Any]]]) -> None:
    known = catalogue()
    unseen = 0
    for block in tables["blocks"]:
        can = known[block["exercise"]].view(block["placement"], block["side"]).observability
        assert block["observability"] in ((can, "none") if can == "weak" else (can,))
        unseen += block["observability"] == "none"
        assert bool(block["note"]) == (block["observability"] == "none")
    assert unseen > 100


@pytest.fixture(scope="module")
def study_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort") / "study"
    told: list[tuple[int, int]] = []
    build_cohort_study(SAMPLE, folder, lambda n, total: told.append((n, total)), participants=("S05", "S19", "S23"))
    assert told[-1][0] == told[-1][1] == len(told)
    return folder


def test_the_folders_are_ordinary_sessions(study_dir: Path) -> None:
    folders = list(session_folders(study_dir / "sessions"))
    assert len(folders) > 50
    for folder in folders[::10]:
        manifest = read_manifest(folder)
        assert manifest.origin == "simulated"
        assert manifest.check_ins[0]["phase"] == "before"
        reps = read_reps(folder)
        assert reps is not None
        assert tuple(reps.column_names) == TABLE_COLUMNS
        assert reps.num_rows >= sum(int(block["count"]) for block in manifest.blocks)


def test_the_people_do_what_their_story_says(study_dir: Path) -> None:
    with Study(study_dir) as study:
        rows = {row["participant"]: row for row in reports.run(study, "adherence_patient").table.to_pylist()}
    assert set(rows) == {"S05", "S19", "S23"}
    assert rows["S05"]["over_dose"] > 1.3
    assert rows["S19"]["status"] == "dropped_out"
    assert rows["S23"]["status"] == "never_started"
