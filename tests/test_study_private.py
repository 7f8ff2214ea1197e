"""Everything that a study makes is its owner's alone, whatever the umask says."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from sciatrack.cli import cli
from sciatrack_analytics import adding, cohort
from sciatrack_analytics.exports.sources import new_folder, open_new
from sciatrack_analytics.forgetting import forget
from sciatrack_analytics.live_log import LiveLog
from sciatrack_analytics.store import create_study, rebuild
from sciatrack_analytics.study import Study
from sciatrack_ingest.sessions import private_folder

SAMPLE = Path(__file__).parents[1] / "sample_data" / "cohort"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("private") / "study"
    cohort.build_cohort_study(SAMPLE, folder, participants=("S12",))
    return folder


@pytest.fixture(params=[0o000, 0o002, 0o022, 0o277], ids=oct)
def any_umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    return [str(path) for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]


@pytest.mark.usefixtures("any_umask")
def test_a_study_and_all_that_comes_into_it(small: Path, tmp_path: Path) -> None:
    study_dir = tmp_path / "above" / "clinic"
    create_study(study_dir)
    with Study(study_dir, write=True) as study:
        for folder in sorted((small / "sessions").iterdir())[:2]:
            adding.add_session(study, folder)
        adding.add_file(study, small / "prescriptions.csv")
        assert (study_dir / "study.duckdb.wal").exists()  # also what lies there only while it is open
        assert open_to_others(tmp_path / "above") == []
    rebuild(study_dir)
    output = study_dir / "own.csv"
    result = CliRunner().invoke(cli, ["report", "adherence", "--study", str(study_dir), "--output", str(output)])
    assert result.exit_code == 0, result.output
    assert open_to_others(tmp_path / "above") == []
    output.unlink()
    (study_dir / "own.csv.header.json").unlink(missing_ok=True)
    forget(study_dir, "S12")
    assert open_to_others(tmp_path / "above") == []
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o700 for p in (study_dir, study_dir.parent))


@pytest.mark.usefixtures("any_umask")
def test_folders_above_too(tmp_path: Path) -> None:
    private_folder(tmp_path / "a" / "b" / "c")
    with LiveLog(tmp_path / "d" / "session") as log:
        log.append('{"event": "begun"}')
    open_new(new_folder(tmp_path / "e" / "export") / "sub" / "file.tsv").close()
    for name in "ade":
        assert open_to_others(tmp_path / name) == []
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700


def test_folders_that_were_there_keep_their_rights(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o755)
    private_folder(tmp_path / "shared" / "own")
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "shared" / "own").stat().st_mode) == 0o700
    shutil.rmtree(tmp_path / "shared")


def test_duckdb_encrypts_nothing_without_what_we_do_not_ship(tmp_path: Path) -> None:
    """docs/privacy.md says why the index is not encrypted; if this fails, the page is out of date."""
    import duckdb

    locked = f"attach '{tmp_path / 'index.duckdb'}' as locked (encryption_key 'a key')"
    con = duckdb.connect(config={"autoinstall_known_extensions": False})
    with con, pytest.raises(duckdb.Error, match="NOT securely encrypted"):
        con.execute(locked)
