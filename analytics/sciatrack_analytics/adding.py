"""What comes into a study: session folders, recordings, and lines for its CSV files.

Everything here is idempotent: the same session or the same line twice is there once. The folder is written
first and the index after it, so a crash between them costs nothing that `rebuild` does not bring back.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciatrack_analytics import prescriptions
from sciatrack_analytics.csv_file import CellProblem, TableFileError, append_rows, read_table, table_of
from sciatrack_analytics.csv_tables import PRESCRIPTIONS, Table
from sciatrack_analytics.index import put_sessions, read_session
from sciatrack_analytics.store import load_table, write_meta
from sciatrack_analytics.study import Study
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import Manifest, SessionError
from sciatrack_ingest.sessions import (
    Writer,
    copy_writer,
    finish_interrupted,
    merged,
    read_manifest,
    replace_session,
    verify_session,
    write_session,
)
from sciatrack_signal.exercises import get


@dataclass(frozen=True)
class Added:
    """What became of one session: `added`, `replaced` (a new analysis) or `unchanged`."""

    session_id: str
    outcome: str


def add_session(study: Study, folder: Path) -> Added:
    """Copy a session folder into the study (unless it is there) and index it.

    Raises SessionError for a damaged folder, and for a session of the same id that is another measurement.
    """
    problems = verify_session(folder)
    if problems:
        raise SessionError(folder, "is damaged and was not added: " + " ".join(problems))
    manifest = read_manifest(folder)
    writers = {name: copy_writer(folder / name, entry.rows) for name, entry in manifest.files.items()}
    return put_session(study, manifest, writers)


def put_session(study: Study, manifest: Manifest, writers: dict[str, Writer], *, durable: bool = True) -> Added:
    """Write one session into the study's folder (new, or as a new analysis of the same) and index it."""
    return put_many(study, [(manifest, writers)], durable=durable)[0]


def put_many(
    study: Study,
    sessions: Iterable[tuple[Manifest, dict[str, Writer]]],
    *,
    durable: bool = True,
    progress: Callable[[], None] | None = None,
) -> list[Added]:
    """Write sessions into the study's folder and index them in one transaction."""
    found = []
    for manifest, writers in sessions:
        folder, _ = place_session(study.sessions, manifest, writers, durable=durable)
        found.append(read_session(folder, study.settings.day_start))
        if progress:
            progress()
    known = _indexed_sha256(study, [rows.session["session_id"] for rows in found])
    # by id: the same session twice among them is once, as it was read last
    latest = {rows.session["session_id"]: rows for rows in found}
    new = [rows for key, rows in latest.items() if known.get(key) != rows.session["manifest_sha256"]]
    if new:
        with study.transaction():
            put_sessions(study.con, new)
    changed = {rows.session["session_id"] for rows in new}
    return [_outcome(rows.session["session_id"], known, changed) for rows in found]


def _outcome(session_id: str, known: Mapping[str, str], changed: set[str]) -> Added:
    if session_id not in changed:
        return Added(session_id, "unchanged")
    return Added(session_id, "replaced" if session_id in known else "added")


def add_file(study: Study, path: Path, *, participants: Collection[str] | None = None) -> tuple[Table, int]:
    """Add the lines of a CSV file that are new; returns which table it is and how many lines came in.

    participants : take only their lines; everybody's if None.

    All of the file or nothing. Raises TableFileError naming line, column and value of every problem, and
    SettingsError where the header fits none of the study's tables.
    """
    table = table_of(path)
    if table is None:
        problem = "has no column participant; it is no table of a study"
        raise TableFileError(path, [CellProblem(1, "", "", problem)])
    numbered = [
        (line, row)
        for line, row in read_table(path, table)
        if participants is None or row["participant"] in participants
    ]
    _check_exercises(study, path, numbered)
    if table is PRESCRIPTIONS:
        return table, len(_prescribe(study, numbered, path))
    own = [row for _, row in read_table(study.path / table.file_name, table)]
    new = []
    for _, row in numbered:
        if row not in own:
            own.append(row)
            new.append(row)
    add_rows(study, table, new)
    return table, len(new)


def prescribe(study: Study, row: dict[str, Any]) -> dict[str, Any] | None:
    """Write one new version; what the row leaves open comes from the catalogue. None if it says nothing new.

    Raises UnknownExerciseError and PrescriptionError.
    """
    whole = prescriptions.completed(dict.fromkeys(PRESCRIPTIONS.header) | row, study.exercises)
    before = _versions(study)[whole["participant"], whole["exercise"]]
    new = prescriptions.new_version(whole, before, dt.datetime.now(dt.UTC))
    if new:
        add_rows(study, PRESCRIPTIONS, [new])
    return new


def add_rows(study: Study, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Append rows to one CSV file of the study, and to the index."""
    if not rows:
        return
    append_rows(study.path / table.file_name, table, list(rows))
    with study.transaction():
        load_table(study.con, study.path, table, study.settings)
        write_meta(study.con, study.path)


def place_session(
    parent: Path, manifest: Manifest, writers: dict[str, Writer], *, durable: bool = True
) -> tuple[Path, str]:
    """Write a session folder; returns it and whether it was `added`, `replaced` or left `unchanged`.

    The same session again does nothing, another analysis of it takes the old one's place. Raises SessionError
    where a session of the same id is another measurement.
    """
    folder = parent / manifest.session_id
    if not folder.exists():
        return write_session(parent, manifest, writers, durable=durable), "added"
    finish_interrupted(folder)
    old = read_manifest(folder)
    for key in ("participant", "start_utc"):
        there, new = getattr(old, key), getattr(manifest, key)
        if there != new:
            raise SessionError(folder, f"is another session of the same id ({key} {there}, not {new}).")
    if not _says_something_new(manifest, old):
        return folder, "unchanged"
    replace_session(folder, merged(old, manifest), writers)
    return folder, "replaced"


def _says_something_new(new: Manifest, old: Manifest) -> bool:
    """True if the new manifest brings other blocks, another algorithm, an answer or a file that is not there.

    The moment of an analysis does not count: the same samples analysed twice are the same session.
    """
    files = any(old.files.get(name) != entry for name, entry in new.files.items())
    blocks = _plain(new.blocks) != _plain(old.blocks)
    algorithm = {item.get("algorithm") for item in new.analyses} - {
        item.get("algorithm") for item in old.analyses[-1:]
    }
    lines = any(
        item not in _plain(getattr(old, name))
        for name in ("check_ins", "decisions", "corrections")
        for item in _plain(getattr(new, name))
    )
    return bool(files or blocks or algorithm or lines)


def _plain(items: Any) -> Any:
    """As it reads back from JSON."""
    return json.loads(json.dumps([dict(item) for item in items]))


def _indexed_sha256(study: Study, session_ids: list[str]) -> dict[str, str]:
    """The manifest's checksum of those sessions that the index holds."""
    query = "select session_id, manifest_sha256 from session where list_contains($ids, session_id)"
    return dict(study.rows(query, {"ids": session_ids}))


def _versions(study: Study) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The versions that are written, by participant and exercise, from the file (the truth), in order."""
    versions: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for _, row in read_table(study.path / PRESCRIPTIONS.file_name, PRESCRIPTIONS):
        versions[row["participant"], row["exercise"]].append(row)
    return versions


def _prescribe(study: Study, numbered: Sequence[tuple[int, dict[str, Any]]], path: Path) -> list[dict[str, Any]]:
    """New versions from the lines of a file; each problem with its line."""
    versions, now = _versions(study), dt.datetime.now(dt.UTC)
    problems, new = [], []
    for line, row in numbered:
        before = versions[row["participant"], row["exercise"]]
        try:
            fresh = prescriptions.new_version(prescriptions.completed(row, study.exercises), before, now)
        except SciatrackError as error:
            problems.append(CellProblem(line, "", "", str(error)))
            continue
        if fresh:
            before.append(fresh)
            new.append(fresh)
    if problems:
        raise TableFileError(path, problems)
    add_rows(study, PRESCRIPTIONS, new)
    return new


def _check_exercises(study: Study, path: Path, numbered: Sequence[tuple[int, dict[str, Any]]]) -> None:
    problems = []
    for line, row in numbered:
        if row.get("exercise"):
            try:
                get(row["exercise"], study.exercises)
            except SciatrackError:
                known = ", ".join(study.exercises)
                problem = f"is no exercise of this study; those are {known}"
                problems.append(CellProblem(line, "exercise", row["exercise"], problem))
    if problems:
        raise TableFileError(path, problems)
