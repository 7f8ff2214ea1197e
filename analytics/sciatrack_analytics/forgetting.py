"""A person leaves a study: out of its folders, its lists and its index, and a search that shows it.

Sessions and lines go first and the index is made anew from what is left, so no page of the old database file
remains. An interrupted `forget` is finished by asking again.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sciatrack_analytics import exports_log, sql_files
from sciatrack_analytics.connection import IndexFileError, connect
from sciatrack_analytics.csv_tables import TABLES
from sciatrack_analytics.exports_log import Export, exports_about
from sciatrack_analytics.settings import read_settings
from sciatrack_analytics.store import SESSION_FOLDER, rebuild
from sciatrack_analytics.study import INDEX, SESSIONS
from sciatrack_analytics.traces import traces
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import check_participant
from sciatrack_ingest.sessions import BUILDING, FILE_MODE, STAGED, is_session_folder, read_manifest

LISTS = (*(table.file_name for table in TABLES.values()), exports_log.FILE_NAME)


class UnknownParticipantError(SciatrackError, LookupError):
    """Nobody of that pseudonym is in the study."""


@dataclass(frozen=True)
class Forgotten:
    """What was removed, what could not be reached, and where the pseudonym still stands (empty: nowhere).

    problems : what the new index could not read, of others.
    """

    sessions: int
    lines: int
    exports: tuple[Export, ...]
    left: tuple[str, ...]
    problems: tuple[str, ...]


def forget(path: Path, participant: str) -> Forgotten:
    """Remove a person from the study folder `path`, and search every byte of it for what is left.

    Raises UnknownParticipantError, and StudyLockedError before anything was touched where somebody has the index
    open.
    """
    read_settings(path)
    check_participant(participant)
    folders = list(_folders_of(path / SESSIONS, participant))
    indexed = _is_indexed(path / INDEX, participant)
    exports = exports_about(path, participant)
    for folder in folders:
        shutil.rmtree(folder)
    lines = sum(_without_lines(path / name, participant) for name in LISTS)
    if not (folders or lines or indexed):
        raise UnknownParticipantError(f"{path} knows no participant '{participant}'.")
    _drop_working_files(path)
    problems = rebuild(path)
    left = traces(path, participant)
    return Forgotten(len(folders), lines, tuple(exports), tuple(left), tuple(problems))


def _folders_of(sessions: Path, participant: str) -> Iterator[Path]:
    """Session folders of a person, also unfinished and damaged ones, which only their name tells."""
    for folder in sorted(sessions.iterdir()) if sessions.is_dir() else ():
        if folder.is_dir() and participant in (_by_name(folder), _by_manifest(folder)):
            yield folder


def _by_name(folder: Path) -> str | None:
    named = SESSION_FOLDER.match(folder.name.removeprefix(BUILDING))
    return named[1] if named else None


def _by_manifest(folder: Path) -> str | None:
    try:
        return read_manifest(folder).participant if is_session_folder(folder) else None
    except SciatrackError:
        return None


def _is_indexed(index: Path, participant: str) -> bool:
    """Whether the index knows the person; opened for writing, so that nobody else has it open."""
    if not index.exists():
        return False
    try:
        con = connect(index, read_only=False)
    except IndexFileError:
        return False  # damaged; it is made anew in any case
    try:
        there = {row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()}
        tables = [name for name in sql_files.TABLES if name in there and _has_participant(name)]
        query = " union all ".join(f"select 1 from {name} where participant = $who" for name in tables)
        return bool(tables and con.execute(f"{query} limit 1", {"who": participant}).fetchall())
    finally:
        con.close()


def _has_participant(table: str) -> bool:
    return re.search(r"^\s+participant ", sql_files.text(f"table_{table}"), re.MULTILINE) is not None


def _without_lines(path: Path, participant: str) -> int:
    """Take a person's lines out of a list, the others byte for byte as they were; returns how many went."""
    if not path.exists():
        return 0
    raw = path.read_bytes().decode("utf-8-sig").splitlines(keepends=True)
    delimiter = max(",;\t", key=raw[0].count) if raw else ","
    reader = csv.reader(raw, delimiter=delimiter)
    header = next(reader, [])
    kept, gone, begin = raw[: reader.line_num], 0, reader.line_num
    for cells in reader:
        lines, begin = raw[begin : reader.line_num], reader.line_num
        if dict(zip(header, cells, strict=False)).get("participant", "").strip() == participant:
            gone += 1
        else:
            kept.extend(lines)
    if gone:
        _replace(path, "".join(kept).encode("utf-8"))
    return gone


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(path.name + STAGED)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def _drop_working_files(path: Path) -> None:
    """What a crash may have left: half-written lists, indexes being built, rows that were spilled to disk."""
    for left in {*path.glob("*" + STAGED), *path.glob(INDEX + ".*")}:
        shutil.rmtree(left) if left.is_dir() else left.unlink()
