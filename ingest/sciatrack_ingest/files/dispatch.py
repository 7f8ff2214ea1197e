"""`read`: look at what a path holds, not at what it is called, and hand it to the reader that fits."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Unpack

from sciatrack_ingest.errors import MissingPathError, RecordingFileError
from sciatrack_ingest.files import contract, session
from sciatrack_ingest.files.export import Export, open_folder, open_zip
from sciatrack_ingest.files.phyphox import is_phyphox, is_phyphox_export, read_phyphox
from sciatrack_ingest.files.sensor_logger import (
    is_sensor_logger,
    is_sensor_logger_export,
    read_sensor_logger,
)
from sciatrack_ingest.files.table import open_text
from sciatrack_ingest.labels import Labels, Overrides, labels_from_overrides, read_sidecar
from sciatrack_ingest.recording import Finding, Recording

PARQUET_MAGIC = b"PAR1"
ZIP_MAGIC = b"PK"
# Formats that come to mind when a file is no text, told by their first bytes, and what to do instead.
OTHERS = {
    b"\xd0\xcf\x11\xe0": ("an Excel workbook", "Export or save it as CSV."),
    b"\x89MCAP0": ("a raw log", "Read the session folder around it, or run `sciatrack recover` on that."),
    b"\x1f\x8b": ("a gzip archive", "Unpack it first."),
    b"SQLite": ("an SQLite database", "Export the recording as zip or CSV."),
}
READABLE = "CSV, Parquet, exports of Sensor Logger and phyphox (zip or folder), and session folders are read."


class Kind(Enum):
    """Which reader a path is for."""

    CSV = "csv"
    PARQUET = "parquet"
    SENSOR_LOGGER = "sensor_logger"
    PHYPHOX = "phyphox"
    SESSION = "session"


def read(path: str | os.PathLike[str], **overrides: Unpack[Overrides]) -> Recording:
    """Read one recording from a file, a phone's export (zip or folder) or a session folder with one sensor.

    overrides : units_acc, units_gyr, rate, exercise, placement, side, participant, start_utc, timezone; they
    win over the sidecar NAME.json, which wins over what the file says of itself. Units are for files that
    do not state theirs; an export that does keeps its own. The name of the recording is the path as given.

    Raises RecordingFileError (or MissingPathError, UnitsError, GravityError, TimeError) naming file, place,
    value and what to do; RecordingError for an option that is not known; TypeError for a misspelt keyword.
    """
    labels = labels_from_overrides(overrides)
    name = os.fspath(path)
    try:
        kind = identify(Path(name))
        file = _only_sensor(Path(name)) if kind is Kind.SESSION else Path(name)
        beside, unread = read_sidecar(_sidecar_of(file))
        recording = _read(name, file, Kind.PARQUET if kind is Kind.SESSION else kind, labels.over(beside))
    except OSError as error:
        if isinstance(error, RecordingFileError):
            raise
        raise RecordingFileError(name, f"cannot be read: {error.strerror or error}.") from error
    findings = recording.findings
    if unread:
        message = f"keys of the sidecar that nothing reads: {', '.join(unread)}"
        findings = (*findings, Finding("sidecar_unread", message))
    return replace(recording, name=name, findings=findings)


def identify(path: Path) -> Kind:
    """The kind of recording at a path, from the content. Raises RecordingFileError if it is none."""
    if not path.exists():
        raise MissingPathError(path)
    return _kind_of_folder(path) if path.is_dir() else _kind_of_file(path)


def is_recording(path: str | os.PathLike[str]) -> bool:
    """True if `path` looks like something that `read` reads; its samples may still be refused."""
    try:
        identify(Path(path))
    except (RecordingFileError, OSError):
        return False
    return True


def _read(name: str, file: Path, kind: Kind, labels: Labels) -> Recording:
    if kind is Kind.PARQUET:
        return contract.read_parquet_file(str(file), labels)
    if kind is Kind.CSV:
        return contract.read_csv(name, labels)
    export = _open_export(file)
    return read_sensor_logger(export, labels) if kind is Kind.SENSOR_LOGGER else read_phyphox(export, labels)


def _sidecar_of(file: Path) -> Path:
    """NAME.json beside NAME.csv, NAME.parquet or NAME.zip, and beside the folder NAME."""
    return file.with_name(f"{file.name}.json") if file.is_dir() else contract.sidecar_of(file)


def _open_export(path: Path) -> Export:
    if path.is_dir():
        return open_folder(str(path))
    if _head(path).startswith(ZIP_MAGIC):
        return open_zip(str(path))
    member = path.name if path.suffix.lower() == ".csv" else f"{path.name}.csv"
    return Export(str(path), (member,), lambda _: path)


def _kind_of_folder(path: Path) -> Kind:
    if session.is_session(path) and session.sample_files(path):
        return Kind.SESSION
    kind = _kind_of_export(open_folder(str(path)))
    if kind is None:
        hint = "Name the recording itself; `sciatrack analyze` walks folders."
        raise RecordingFileError(path, "this folder is no recording.", hint=hint)
    return kind


def _kind_of_export(export: Export) -> Kind | None:
    if is_sensor_logger_export(export):
        return Kind.SENSOR_LOGGER
    return Kind.PHYPHOX if is_phyphox_export(export) else None


def _kind_of_file(path: Path) -> Kind:
    head = _head(path)
    if head.startswith(PARQUET_MAGIC):
        return Kind.PARQUET
    if head.startswith(ZIP_MAGIC):
        return _kind_of_zip(path)
    for magic, (what, hint) in OTHERS.items():
        if head.startswith(magic):
            raise RecordingFileError(path, f"is {what}.", hint=hint)
    if b"\0" in head:
        raise RecordingFileError(path, "is of no kind known here.", hint=READABLE)
    names = open_text(str(path), path).names
    if contract.has_contract_columns(names):
        return Kind.CSV
    if is_phyphox(names):
        return Kind.PHYPHOX
    if is_sensor_logger(names):
        hint = f"Read the whole export, which is the folder {path.parent} or the zip it came in."
        raise RecordingFileError(path, "is one sensor of a Sensor Logger export.", hint=hint)
    contract.check_columns(str(path), names)
    return Kind.CSV


def _kind_of_zip(path: Path) -> Kind:
    export = open_zip(str(path))
    single = [name for name in export.names if "/" not in name]
    kind = _kind_of_export(export)
    if kind is None and len(single) == 1 and any(is_phyphox(table.names) for table in export.tables()):
        kind = Kind.PHYPHOX
    if kind is None:
        inside = ", ".join(export.names[:8]) or "nothing"
        raise RecordingFileError(path, f"a zip without a phone's recording; it holds {inside}.", hint=READABLE)
    return kind


def _only_sensor(folder: Path) -> Path:
    files = session.sample_files(folder)
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise RecordingFileError(folder, f"this session has several sensors: {names}.", hint="Name one of them.")
    return files[0]


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)
