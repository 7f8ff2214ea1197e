"""`find_recordings`: the recordings in a folder, and nothing that only lies beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sciatrack_ingest.errors import MissingPathError, RecordingFileError
from sciatrack_ingest.files import session
from sciatrack_ingest.files.dispatch import Kind, identify

TABLE_ENDINGS = frozenset({".csv", ".parquet"})
# What a study folder keeps beside its sessions (contract).
STUDY_MARK = "study.duckdb"
STUDY_TABLES = frozenset({"prescriptions.csv", "excused.csv", "clearances.csv", "participants.csv"})
SESSIONS = "sessions"


def find_recordings(path: str | os.PathLike[str]) -> Iterator[Path]:
    """The recordings at `path`, sorted by name, a folder's own where it stands among its neighbours.

    - A file is itself, whatever it holds; so is a folder that is a phone's export.
    - A session folder gives its imu-<placement>.parquet, nothing else; a study folder its sessions.
    - Any other folder is walked: every .csv and .parquet in it, readable or not (what cannot be read shall
      be told, not skipped), every zip that is an export or damaged, every export, session and sub-folder.
    - Hidden names, sidecars and links to folders are passed over.

    Raises MissingPathError if there is nothing at `path`.
    """
    root = Path(path)
    if not root.exists():
        raise MissingPathError(os.fspath(path))
    return _in_folder(root) if root.is_dir() else iter((root,))


def _in_folder(folder: Path) -> Iterator[Path]:
    if session.is_session(folder):
        yield from session.sample_files(folder)
        return
    if _is_export(folder):
        yield folder
        return
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    names = {entry.name for entry in entries}
    study = STUDY_MARK in names or (SESSIONS in names and not names.isdisjoint(STUDY_TABLES))
    for entry in entries:
        if entry.name.startswith(".") or entry.name == "__MACOSX" or (study and entry.name in STUDY_TABLES):
            continue
        if entry.is_dir():
            if not entry.is_symlink():
                yield from _in_folder(entry)
        elif _is_candidate(entry):
            yield entry


def _is_export(folder: Path) -> bool:
    try:
        return identify(folder) in (Kind.SENSOR_LOGGER, Kind.PHYPHOX)
    except RecordingFileError:
        return False


def _is_candidate(file: Path) -> bool:
    ending = file.suffix.lower()
    if ending in TABLE_ENDINGS:
        return file.is_file()
    return ending == ".zip" and file.is_file() and not _is_other_zip(file)


def _is_other_zip(file: Path) -> bool:
    """True for a sound zip that holds no recording; a damaged one is left for `read` to tell."""
    try:
        identify(file)
    except RecordingFileError as error:
        return "damaged" not in error.problem
    except OSError:
        return False
    return False
