"""Crashes, crowds and rot, in short; `benchmarks/study_faults.py` does the same for longer."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

import study_faults
from sciatrack_analytics import cohort
from sciatrack_analytics.sql_files import TABLES
from sciatrack_analytics.store import rebuild, verify_study
from sciatrack_analytics.study import Study
from sciatrack_ingest.errors import SciatrackError


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults") / "original"
    cohort.build_cohort_study(study_faults.SAMPLE, folder, participants=study_faults.PEOPLE)
    return folder


@pytest.fixture(scope="module")
def rows(original: Path) -> dict[str, list[Any]]:
    return everything(original)


def everything(folder: Path) -> dict[str, list[Any]]:
    with Study(folder) as study:
        return {name: sorted(study.rows(f"select * from {name}"), key=repr) for name in TABLES}


def test_a_killed_add_loses_nothing_that_was_acknowledged(original: Path, tmp_path: Path) -> None:
    seen = study_faults.kill_while_adding(tmp_path, original, after_lines=2, pause_s=0.05)
    assert seen["acknowledged"] >= 2


def test_a_writer_among_readers_meets_no_error(original: Path, tmp_path: Path) -> None:
    seen = study_faults.writer_among_readers(tmp_path, original, seconds=4)
    assert seen["errors"] == []
    assert seen["writes"] > 0
    assert seen["reads"] > 0


@pytest.mark.parametrize("how", ["torn", "flipped"])
@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_index_is_found_and_healed(
    original: Path, rows: dict[str, list[Any]], tmp_path: Path, how: str, seed: int
) -> None:
    copy = Path(shutil.copytree(original, tmp_path / "copy"))
    study_faults.damage(copy / "study.duckdb", random.Random(seed), how)
    assert verify_study(copy) or everything(copy) == rows  # a byte that nothing is kept in does no harm
    assert rebuild(copy) == []
    assert verify_study(copy) == []
    assert everything(copy) == rows


@pytest.mark.parametrize("how", ["torn", "flipped"])
@pytest.mark.parametrize("seed", range(4))
def test_damage_in_the_folder_is_found_and_stops_nobody_else(
    original: Path, rows: dict[str, list[Any]], tmp_path: Path, how: str, seed: int
) -> None:
    copy = Path(shutil.copytree(original, tmp_path / "copy"))
    rng = random.Random(seed)
    files = sorted(p for p in (copy / "sessions").rglob("*") if p.suffix in (".parquet", ".json"))
    path = study_faults.damage(rng.choice(files), rng, how)
    assert any(str(path.parent) in problem for problem in verify_study(copy))
    rebuild(copy)
    there = [row[0] for row in everything(copy)["session"]]
    expected = [row[0] for row in rows["session"]]
    assert set(expected) - set(there) <= {path.parent.name}


def test_a_torn_list_is_named_with_its_line(original: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(original, tmp_path / "copy"))
    path = copy / "checkins.csv"
    path.write_bytes(path.read_bytes()[:-7])
    assert any("checkins.csv: changed" in problem for problem in verify_study(copy))
    (copy / "study.toml").write_text("schema_version = 2\nname")
    with pytest.raises(SciatrackError, match=r"study\.toml"):
        verify_study(copy)
