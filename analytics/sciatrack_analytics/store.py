"""Making a study, and keeping its index true to its folder: create, rebuild, verify."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciatrack_analytics import sql_files
from sciatrack_analytics.checkins import row_from_csv
from sciatrack_analytics.connection import IndexFileError, StudyLockedError, connect
from sciatrack_analytics.csv_file import EMPTY, CellProblem, TableFileError, append_rows, read_table
from sciatrack_analytics.csv_tables import CHECKINS, PRESCRIPTIONS, TABLES, Table
from sciatrack_analytics.facts import fill_facts, fill_plans
from sciatrack_analytics.index import (
    INDEX_VERSION,
    exercise_rows,
    insert_sessions,
    local_date,
    pair_numbers,
    put_rows,
    read_session,
)
from sciatrack_analytics.migrations import migrate
from sciatrack_analytics.settings import FILE_NAME, SettingsError, StudySettings, read_settings, write_settings
from sciatrack_analytics.study import INDEX, SESSIONS, Study, file_digests, study_exercises
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import zone
from sciatrack_ingest.sessions import (
    FOLDER_MODE,
    drop_unfinished,
    finish_interrupted,
    owner_only,
    private_folder,
    session_folders,
    verify_session,
)

if TYPE_CHECKING:
    import duckdb

BATCH = 200  # sessions a round: some 50,000 reps, 20 MB as Arrow
INDEX_TABLE_OF = {kind: kind.removesuffix("s") for kind in TABLES} | {"excused": "excused", "ears": "ears"}
SESSION_FOLDER = re.compile(r"(.+)-\d{8}T\d{6}Z(?:-[^-]+)?")  # as session_id_for names it, with its digest
Progress = Callable[[], None]  # called once a session


def create_study(
    path: Path, *, name: str | None = None, timezone: str = "UTC", day_start: dt.time = dt.time(4, 0)
) -> None:
    """A new, empty study folder that only its owner can read.

    Raises SettingsError where a study is there already or the folder holds something else, ZoneError for a
    zone that is not known.
    """
    zone(timezone)
    if (path / FILE_NAME).exists():
        raise SettingsError(f"{path} is a study already; add to it with: sciatrack study add {path} ...")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SettingsError(f"{path} is there and not empty; a study needs a folder of its own.")
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    settings = StudySettings(
        name=name or path.absolute().name, timezone=timezone, day_start=day_start, created_utc=now
    )
    private_folder(path / SESSIONS)
    path.chmod(FOLDER_MODE)  # it may have been there, empty
    for table in TABLES.values():
        append_rows(path / table.file_name, table, [])
    write_settings(path, settings)
    rebuild(path)


def rebuild(path: Path, progress: Progress | None = None) -> list[str]:
    """Make the index anew from the folder; returns what could not be read, one sentence each.

    A file that cannot be read never stops the rest. The new index is built beside the old one and takes its
    place when it is whole, so readers are not disturbed.
    """
    migrate(path)
    settings = read_settings(path)
    building = path / (INDEX + ".next")
    building.unlink(missing_ok=True)
    building.with_name(building.name + ".wal").unlink(missing_ok=True)
    con = connect(building, read_only=False)
    try:
        con.begin()
        sql_files.create_tables(con)
        problems = [*load_files(con, path, settings), *_load_sessions(con, path, settings, progress)]
        with owner_only():
            con.commit()
    finally:
        con.close()
    _take_place(building, path / INDEX)
    return problems


def load_files(con: duckdb.DuckDBPyConnection, path: Path, settings: StudySettings) -> list[str]:
    """Put the CSV files and the catalogue into the index in place of what it held; returns what failed."""
    problems = []
    put_rows(con, "exercise", exercise_rows(study_exercises(path)))
    for table in TABLES.values():
        try:
            _load_table(con, path, table, settings)
        except (SciatrackError, OSError) as error:
            problems.append(str(error))
    fill_plans(con)
    write_meta(con, path)
    return problems


def load_table(con: duckdb.DuckDBPyConnection, path: Path, table: Table, settings: StudySettings) -> None:
    """Put one CSV file into the index in place of what it held of it, and renew what is made of it."""
    _load_table(con, path, table, settings)
    fill_plans(con)


def _load_table(con: duckdb.DuckDBPyConnection, path: Path, table: Table, settings: StudySettings) -> None:
    rows: list[dict[str, Any]] = []
    for line, row in read_table(path / table.file_name, table):
        if table is CHECKINS:
            checkin = row_from_csv(row, settings.timezone)
            rows.append(checkin | {"local_date": local_date(checkin["at_local"], settings.day_start)})
        elif table is PRESCRIPTIONS:
            rows.append(_stored_prescription(path / table.file_name, line, row))
        else:
            rows.append(dict(row) | {"line": line})
    put_rows(con, INDEX_TABLE_OF[table.kind], rows)
    if table is PRESCRIPTIONS:
        pair_numbers(con, rows)


def _stored_prescription(path: Path, line: int, row: dict[str, Any]) -> dict[str, Any]:
    """A version as it was written; a line put in by hand may lack what `plan prescribe` fills in."""
    needed = ("version", "sessions_per_day", "sets", "hold_s", "recorded_utc")
    empty = [CellProblem(line, name, "", EMPTY) for name in needed if row[name] is None]
    if empty:
        raise TableFileError(path, empty)
    return row


def write_meta(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Say which files this index was made of; with that come the views of this version of the software."""
    if con.execute("select value from meta where key = 'views'").fetchall() != [(sql_files.views_sha256(),)]:
        sql_files.store_views(con)
    facts = {"index_version": INDEX_VERSION, "views": sql_files.views_sha256()}
    facts |= {f"sha256:{name}": digest for name, digest in file_digests(path).items()}
    put_rows(con, "meta", [{"key": key, "value": value} for key, value in facts.items()])


def verify_study(path: Path) -> list[str]:
    """What is wrong with a study, one sentence each: damaged folders first, then an index that is not true."""
    problems = []
    for folder in session_folders(path / SESSIONS):
        problems.extend(verify_session(folder))
    try:
        with Study(path) as study:
            problems.extend(f"{path / name}: changed since it was indexed." for name in study.stale_files())
            study.use_all_cores()
            _read_every_block(study)
            problems.extend(_index_problems(study))
    except IndexFileError as error:
        problems.append(str(error))
    return problems


def _read_every_block(study: Study) -> None:
    """DuckDB guards each block with a checksum, of which only a reader learns. Raises IndexFileError."""
    import duckdb

    for name in sql_files.TABLES:
        try:
            study.rows(f"select bit_xor(hash(t)) from {name} as t")
        except duckdb.Error as error:
            raise IndexFileError(study.path / INDEX, f"is damaged in its table {name}.") from error


def _index_problems(study: Study) -> Iterator[str]:
    indexed = {row[0]: row[1:] for row in study.rows(sql_files.text("check_index"))}
    for folder in session_folders(study.sessions):
        found = indexed.pop(folder.name, None)
        if found is None:
            yield f"{folder}: not in the index."
            continue
        try:
            rows = read_session(folder, study.settings.day_start)
        except SciatrackError:
            continue  # said already by verify_session
        n_reps = rows.reps.num_rows if rows.reps is not None else 0
        expected = (rows.session["manifest_sha256"], len(rows.blocks), n_reps, len(rows.checkins))
        if found != expected:
            yield f"{folder}: the index holds another state of it."
    for session_id in indexed:
        yield f"{study.path / INDEX}: holds session {session_id}, which has no folder."


def _load_sessions(
    con: duckdb.DuckDBPyConnection, path: Path, settings: StudySettings, progress: Progress | None
) -> list[str]:
    rejected: list[dict[str, Any]] = []

    def reject(folder: Path, reason: str) -> None:
        who = SESSION_FOLDER.fullmatch(folder.name)
        rejected.append({"folder": folder.name, "participant": who and who[1], "reason": reason})

    drop_unfinished(path / SESSIONS)
    folders = list(session_folders(path / SESSIONS))
    home: dict[str, Path] = {}
    for start in range(0, len(folders), BATCH):
        batch = []
        for folder in folders[start : start + BATCH]:
            finish_interrupted(folder)
            if progress:
                progress()
            try:
                rows = read_session(folder, settings.day_start)
            except SciatrackError as error:
                reject(folder, str(error))
                continue
            first = home.setdefault(rows.session["session_id"], folder)
            if first is folder:
                batch.append(rows)
            else:
                reject(folder, f"{folder}: the same session as {first}; left out.")
        insert_sessions(con, batch)
    put_rows(con, "rejected", rejected)
    fill_facts(con)
    return [row["reason"] for row in rejected]


def _take_place(new: Path, old: Path) -> None:
    """Put the new index in place of the old one; a log of the old one must not be played into the new."""
    if old.exists():
        try:
            connect(old, read_only=False).close()
        except StudyLockedError:
            new.unlink()
            raise
        except IndexFileError:
            pass  # damaged: that is why it is rebuilt
    old.with_name(old.name + ".wal").unlink(missing_ok=True)
    os.replace(new, old)


def add_rows(study: Study, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Append rows to one CSV file of the study, and to the index."""
    append_rows(study.path / table.file_name, table, list(rows))
    with study.transaction():
        load_table(study.con, study.path, table, study.settings)
        write_meta(study.con, study.path)
