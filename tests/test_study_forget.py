"""`study forget`: the person is gone from every byte, nobody else is touched, and what is out of reach is told."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from sciatrack.cli import cli
from sciatrack_analytics import cohort
from sciatrack_analytics.connection import StudyLockedError
from sciatrack_analytics.exports_log import exports_about, log_export
from sciatrack_analytics.forgetting import UnknownParticipantError, forget
from sciatrack_analytics.sql_files import TABLES
from sciatrack_analytics.store import verify_study
from sciatrack_analytics.study import Study
from sciatrack_analytics.traces import pattern, traces

SAMPLE = Path(__file__).parents[1] / "sample_data" / "cohort"
GONE, STAYS = "S12", "S19"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forget") / "study"
    cohort.build_cohort_study(SAMPLE, folder, participants=(GONE, STAYS))
    return folder


@pytest.fixture
def clinic(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "clinic"))


def rows_of(folder: Path, participant: str) -> dict[str, list[Any]]:
    """All rows of a person, by table, without the line numbers of the lists and those that an index gives."""
    found = {}
    with Study(folder) as study:
        for table in (*TABLES, "day_fact"):
            given = ("line", "block_no", "pair_no", "pair_bits", "rx_no", "own_bit")
            columns = [row[0] for row in study.rows(f"describe {table}") if row[0] not in given]
            if "participant" in columns:
                names = ", ".join(f'"{name}"' for name in columns)
                query = f"select {names} from {table} where participant = $p"
                found[table] = sorted(study.rows(query, {"p": participant}), key=repr)
    return found


def test_the_search_sees_every_place_beforehand(clinic: Path) -> None:
    """The control: what is asserted to be empty afterwards is not empty before."""
    found = "\n".join(traces(clinic, GONE))
    for place in ("prescriptions.csv: in its bytes", "manifest.json: in its bytes", "in its name", "table rep,"):
        assert place in found


def test_the_person_is_nowhere_and_nobody_else_is_touched(clinic: Path) -> None:
    before = rows_of(clinic, STAYS)
    lists = {p.name: p.read_text().splitlines() for p in clinic.glob("*.csv")}
    folders = {p.name: p.stat().st_mtime_ns for p in (clinic / "sessions").iterdir() if p.name.startswith(STAYS)}
    gone = forget(clinic, GONE)
    assert gone.sessions > 10
    assert gone.left == gone.problems == ()
    for file in clinic.rglob("*"):  # not by the code under test
        assert GONE not in file.name
        if file.suffix in (".csv", ".json", ".toml"):
            assert GONE not in file.read_text()
        if file.suffix == ".parquet":
            assert GONE not in str(pq.read_table(file).to_pylist())
    assert f"{GONE}-2026".encode() not in (clinic / "study.duckdb").read_bytes()
    assert all(rows == [] for rows in rows_of(clinic, GONE).values())
    assert rows_of(clinic, STAYS) == before
    for name, lines in lists.items():
        kept = [line for line in lines if not line.startswith(f"{GONE},")]
        assert (clinic / name).read_text().splitlines() == kept, name
        assert stat.S_IMODE((clinic / name).stat().st_mode) == 0o600
    assert {p.name: p.stat().st_mtime_ns for p in (clinic / "sessions").iterdir()} == folders
    assert verify_study(clinic) == []


def test_damaged_unfinished_and_half_built_folders_go_by_their_name(clinic: Path) -> None:
    sessions = clinic / "sessions"
    for name in (f"{GONE}-20260302T170000Z-aaaaaaaa", f".new-{GONE}-20260302T170000Z-bbbbbbbb-1234abcd"):
        (sessions / name).mkdir()
        (sessions / name / "raw-hip.mcap").write_bytes(b"torn")
    (min(sessions.glob(f"{GONE}-*")) / "manifest.json").write_text("{")
    (clinic / "checkins.csv.next").write_text(f"{GONE},half written\n")
    (clinic / "study.duckdb.next").write_bytes(GONE.encode())
    assert forget(clinic, GONE).left == ()


def test_a_line_of_several_lines_goes_whole(clinic: Path) -> None:
    path = clinic / "participants.csv"
    others = path.read_text().splitlines()
    with path.open("a") as file:
        file.write(f'{GONE},,,,"first\nsecond"\n"{STAYS}",,,,"a ""quoted""\nnote"\n')
    forget(clinic, GONE)
    kept = [line for line in others if not line.startswith(GONE)]
    assert path.read_text().splitlines() == [*kept, f'"{STAYS}",,,,"a ""quoted""', 'note"']


def test_a_mention_in_somebody_else_s_line_is_told_and_fails(clinic: Path) -> None:
    with (clinic / "participants.csv").open("a") as file:
        file.write(f"{STAYS},,,,brother of {GONE}\n")
    result = CliRunner().invoke(cli, ["study", "forget", str(clinic), GONE])
    assert result.exit_code == 1
    assert "participants.csv: in its bytes" in result.stderr
    assert "table participant, column note" in result.stderr
    assert "stands nowhere" not in result.stderr


def test_what_was_written_elsewhere_is_named(clinic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # pages without content: drawing them takes longest, and only where they were written is asked here
    monkeypatch.setattr("sciatrack_analytics.html.page", lambda *which, **more: "<!doctype html>")
    of_all, of_one, of_other = tmp_path / "all.csv", tmp_path / "one.html", tmp_path / "other.html"
    for who, path in ((None, of_all), (GONE, of_one), (STAYS, of_other)):
        arguments = ["--participant", who] if who else []
        result = CliRunner().invoke(
            cli, ["report", "adherence", "--study", str(clinic), "--output", str(path), *arguments]
        )
        assert result.exit_code == 0, result.output
    result = CliRunner().invoke(cli, ["sql", "from person", "--study", str(clinic), "--output", str(of_all)])
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(cli, ["study", "forget", str(clinic), GONE])
    assert result.exit_code == 0, result.output
    told = result.stdout.splitlines()
    assert [str(of_all) in line or str(of_one) in line for line in told] == [True, True, True]
    assert str(of_other) not in result.stdout
    assert [export.participant for export in exports_about(clinic, STAYS)] == ["all", STAYS, "all"]


def test_an_export_is_logged_with_odd_names(clinic: Path) -> None:
    log_export(clinic, "report x", STAYS, Path('/tmp/a "b", c\nd.csv'))
    assert exports_about(clinic, STAYS)[-1].path == '/tmp/a "b", c\nd.csv'
    assert stat.S_IMODE((clinic / "exports.csv").stat().st_mode) == 0o600


def test_an_interrupted_forget_is_finished_by_asking_again(clinic: Path) -> None:
    for folder in (clinic / "sessions").glob(f"{GONE}-*"):
        shutil.rmtree(folder)
    for path in clinic.glob("*.csv"):
        path.write_text("".join(ln for ln in path.read_text().splitlines(True) if not ln.startswith(f"{GONE},")))
    assert rows_of(clinic, GONE)["rep"]
    assert forget(clinic, GONE).left == ()
    assert not rows_of(clinic, GONE)["rep"]


def test_nothing_is_touched_while_somebody_reads(
    clinic: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sciatrack_analytics.connection.WAIT_S", 0.1)
    monkeypatch.setattr("sciatrack_analytics.connection.connect.__kwdefaults__", {"wait_s": 0.1, "config": None})
    with Study(clinic), pytest.raises(StudyLockedError):
        forget(clinic, GONE)
    assert sorted(p.name for p in (clinic / "sessions").iterdir()) == sorted(
        p.name for p in (small / "sessions").iterdir()
    )


def test_somebody_whom_nobody_knows(clinic: Path) -> None:
    for who in ("S1", "S120", "S1-2"):
        with pytest.raises(UnknownParticipantError, match="knows no participant"):
            forget(clinic, who)
    result = CliRunner().invoke(cli, ["study", "forget", str(clinic), "no such person!"])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert verify_study(clinic) == []


@pytest.mark.parametrize(
    ("text", "there"),
    [
        (b"P1,", True), (b'"P1"', True), (b"P1-20260302T170000Z-1f3a9c2e", True), (b"P12,", False),
        (b"P1-b", False), (b"XP1,", False), (b"see P1.", True), (b"P1", True),
    ],
)  # fmt: skip
def test_a_pseudonym_is_a_word(text: bytes, there: bool) -> None:
    assert (pattern("P1").search(text) is not None) == there
