"""A study made by an older version: refused with what to do, and brought up to date without a change to data.

`old_versions/study_v1.zip` is a study as the first version wrote it (simulated participant S12, three sessions),
with its index and a comment that somebody put into study.toml.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from sciatrack_analytics import store
from sciatrack_analytics.connection import IndexFileError
from sciatrack_analytics.csv_tables import EARS, KNOWN_SIGN_LIST, TOLERANCES
from sciatrack_analytics.migrations import STEPS, migrate
from sciatrack_analytics.settings import SCHEMA_VERSION, SettingsError, found_version, read_settings
from sciatrack_analytics.study import Study

STORED = Path(__file__).parent / "old_versions"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with zipfile.ZipFile(STORED / "study_v1.zip") as archive:
        archive.extractall(tmp_path / "clinic")
    return tmp_path / "clinic"


def recorded(folder: Path) -> dict[str, str]:
    """A digest of every file that somebody recorded or wrote, by name."""
    made = {
        "study.duckdb",
        "study.lock",
        "study.toml",
        EARS.file_name,
        KNOWN_SIGN_LIST.file_name,
        TOLERANCES.file_name,
    }
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in made
    }


def test_every_older_version_has_a_stored_study() -> None:
    assert {f"study_v{version}.zip" for version in STEPS} == {path.name for path in STORED.iterdir()}


def test_an_old_folder_is_refused_with_what_to_do(old: Path) -> None:
    with pytest.raises(SettingsError, match=r"schema_version is 1; .* sciatrack study rebuild"):
        Study(old)


def test_rebuild_brings_an_old_study_up_to_date(old: Path) -> None:
    before = recorded(old)
    assert store.rebuild(old) == []
    assert recorded(old) == before
    assert found_version(old) == SCHEMA_VERSION
    assert read_settings(old).silence_days == 21
    assert "# decided on 2026-03-01" in (old / "study.toml").read_text()
    assert store.verify_study(old) == []
    with Study(old) as study:
        assert study.rows("select count(*) from session") == [(3,)]
        assert study.report("adherence", participant="S12")["days_done"].sum() > 0


def test_a_migration_is_done_once_and_can_be_repeated(old: Path) -> None:
    assert migrate(old) == SCHEMA_VERSION - 1
    assert migrate(old) == 0
    text = (old / "study.toml").read_text()
    (old / "study.toml").write_text(text.replace(f"schema_version = {SCHEMA_VERSION}", "schema_version = 1"))
    scores = (old / "ears.csv").read_bytes()
    assert migrate(old) == SCHEMA_VERSION - 1  # stopped before the version was written
    assert (old / "ears.csv").read_bytes() == scores


def test_an_old_index_is_refused_with_what_to_do(old: Path) -> None:
    migrate(old)
    with pytest.raises(IndexFileError, match=r"another version of sciatrack\. .* sciatrack study rebuild"):
        Study(old)
    assert any("sciatrack study rebuild" in problem for problem in store.verify_study(old))


def test_a_newer_folder_is_left_alone(old: Path) -> None:
    text = (old / "study.toml").read_text().replace("schema_version = 1", "schema_version = 99")
    (old / "study.toml").write_text(text)
    before = recorded(old)
    with pytest.raises(SettingsError, match=r"schema_version is 99.*Update sciatrack"):
        store.rebuild(old)
    assert (old / "study.toml").read_text() == text
    assert recorded(old) == before
