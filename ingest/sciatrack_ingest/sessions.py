"""Session folders: the truth of every study, on disk.

    <session id>/
      manifest.json            who, when, which exercise blocks, check-ins, and a checksum of every other file
      imu-<placement>.parquet  the samples, one file a sensor (may be absent)
      raw-<placement>.mcap     the notifications as received (may be absent)
      reps.parquet             the analysis, replaced as a whole

A new folder is built under a temporary name and renamed, so it is there whole or not at all. A change of an
existing folder is staged beside the old files as `*.next`; the staged manifest comes last and is the point
of no return: with it the change is rolled forward after a crash, without it the staged files are dropped.
Everything is readable by the owner only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import struct
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sciatrack_ingest.manifest import (
    FileEntry,
    Manifest,
    SessionError,
    from_json,
    to_json,
)

MANIFEST = "manifest.json"
REPS = "reps.parquet"
RAW_LOGS = "raw-*.mcap"
STAGED = ".next"  # a file of a change that is not finished
BUILDING = ".new-"  # a folder that is not finished
FOLDER_MODE = 0o700  # health data: the owner and nobody else
FILE_MODE = 0o600
MANY_ROWS = 10_000  # samples rather than reps

Writer = Callable[[Path], int | None]  # writes one file, returns its number of rows


def table_writer(table: pa.Table) -> Writer:
    """A writer of one Parquet file.

    zstd halves the size of samples at the speed of snappy; for a rep table it doubles the time and saves nothing.
    """
    compression = "zstd" if table.num_rows >= MANY_ROWS else "snappy"

    def write(path: Path) -> int:
        pq.write_table(table, path, compression=compression)
        return int(table.num_rows)

    return write


def copy_writer(source: Path, rows: int | None) -> Writer:
    """A writer that takes a file as it is."""

    def write(path: Path) -> int | None:
        shutil.copyfile(source, path)
        return rows

    return write


def private_folder(path: Path) -> None:
    """A folder for its owner alone, with whatever folders above it are missing, whatever the umask.

    `mkdir(parents=True)` gives its mode to the last folder only, and the umask takes bits off it. Each new one is
    there after a power cut, or what is written into it would be lost with it.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        folder.chmod(FOLDER_MODE)
        _flush_folder(folder.parent)


@contextlib.contextmanager
def owner_only() -> Iterator[None]:
    """Files that a library makes in here are their owner's alone; of the whole process, so for a moment only."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def write_session(parent: Path, manifest: Manifest, writers: Mapping[str, Writer], *, durable: bool = True) -> Path:
    """A new session folder in `parent`; the manifest's file list is filled in here.

    durable=False leaves flushing to the operating system: for data that can be made again, such as the demo.
    Raises SessionError where a session of that id is there already.
    """
    folder = parent / manifest.session_id
    if folder.exists():
        raise SessionError(folder, "a session of this id is there already.")
    private_folder(parent)
    building = parent / f"{BUILDING}{manifest.session_id}-{uuid.uuid4().hex[:8]}"
    building.mkdir(mode=FOLDER_MODE)
    try:
        entries = {name: _write_file(building / name, write, durable) for name, write in writers.items()}
        _write_text(building / MANIFEST, to_json(manifest.with_files(entries)), durable)
        os.rename(building, folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if durable:
        _flush_folder(parent)
    return folder


def replace_session(folder: Path, manifest: Manifest, writers: Mapping[str, Writer]) -> None:
    """Change an existing folder: new or replaced files and a new manifest, all of it or nothing.

    Files that are not named in `writers` stay as they are, and so do their entries. A folder in which a recording
    has just ended has no manifest yet.
    """
    finish_interrupted(folder)
    old = read_manifest(folder).files if is_session_folder(folder) else {}
    kept = {name: entry for name, entry in old.items() if name not in writers}
    staged = {name: _write_file(folder / (name + STAGED), write, True) for name, write in writers.items()}
    _write_text(folder / (MANIFEST + STAGED), to_json(manifest.with_files(kept | staged)), True)
    finish_interrupted(folder)


def finish_interrupted(folder: Path) -> bool:
    """Bring a folder whose change was interrupted to its new state, or back to the old; True if it was."""
    staged = sorted(path for path in folder.glob("*" + STAGED) if path.name != MANIFEST + STAGED)
    manifest = folder / (MANIFEST + STAGED)
    if manifest.exists() and _whole_json(manifest):
        for path in (*staged, manifest):
            os.replace(path, path.with_name(path.name.removesuffix(STAGED)))
        _flush_folder(folder)
        return True
    for path in (*staged, manifest):
        path.unlink(missing_ok=True)
    return bool(staged)


def read_manifest(folder: Path) -> Manifest:
    """What the folder says about itself; raises SessionError where it has no manifest or a wrong one."""
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if is_unfinished(folder):
            hint = "If nobody records into it now, run `sciatrack recover` on it."
            raise SessionError(folder, "a recording that is not finished.", hint=hint) from None
        raise SessionError(folder, f"no session folder: {MANIFEST} is not there.") from None
    except UnicodeDecodeError as error:
        raise SessionError(path, f"not UTF-8 text (byte {error.start}).") from None
    return from_json(text, path)


def read_reps(folder: Path, columns: Sequence[str] | None = None) -> pa.Table | None:
    """The rep table of the folder (or some of its columns), or None where it has none."""
    path = folder / REPS
    if not path.exists():
        return None
    try:
        # one thread: starting more costs longer than reading a few hundred reps
        return pq.ParquetFile(path).read(columns=columns, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        problem = f"cannot be read as Parquet ({error})."
        raise SessionError(path, problem, hint="Analyse the session again.") from None


def session_folders(parent: Path) -> Iterator[Path]:
    """Every finished session folder below `parent`, sorted by name."""
    if parent.is_dir():
        yield from sorted(p for p in parent.iterdir() if p.is_dir() and not p.name.startswith("."))


def is_session_folder(path: Path) -> bool:
    return (path / MANIFEST).is_file()


def is_unfinished(folder: Path) -> bool:
    """A recording that goes on, or that was cut off: raw logs without a manifest."""
    return not is_session_folder(folder) and any(folder.glob(RAW_LOGS))


def drop_unfinished(parent: Path) -> int:
    """Remove folders that a crash left half built; returns how many there were."""
    left = [path for path in parent.glob(BUILDING + "*") if path.is_dir()]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def verify_session(folder: Path) -> list[str]:
    """What is wrong with a folder, one sentence each; empty if every file is there, whole and counted."""
    try:
        manifest = read_manifest(folder)
    except SessionError as error:
        return [str(error)]
    problems = []
    if folder.name != manifest.session_id:
        problems.append(f"{folder}: the folder's name is not its session id {manifest.session_id}.")
    for name, entry in manifest.files.items():
        problems.extend(_verify_file(folder / name, entry))
    known = {MANIFEST, *manifest.files}
    for path in sorted(folder.iterdir()):
        if path.name not in known:
            problems.append(f"{path}: not listed in {MANIFEST} (left over, or put there by hand).")
    return problems


def merged(old: Manifest, new: Manifest) -> Manifest:
    """The new manifest with what only the old one knows: earlier analyses, check-ins, decisions..."""
    return replace(
        new,
        check_ins=_union(old.check_ins, new.check_ins),
        decisions=_union(old.decisions, new.decisions),
        corrections=_union(old.corrections, new.corrections),
        analyses=_union(old.analyses, new.analyses),
    )


def _union(old: tuple[Mapping[str, Any], ...], new: tuple[Mapping[str, Any], ...]) -> tuple[Any, ...]:
    return (*(item for item in old if item not in new), *new)


def _write_file(path: Path, write: Writer, durable: bool) -> FileEntry:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
    rows = write(path)
    if durable:
        _flush_file(path)
    return FileEntry(rows, path.stat().st_size, file_sha256(path))


def _write_text(path: Path, text: str, durable: bool) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    if durable:
        _flush_file(path)


def _flush_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _flush_folder(path: Path) -> None:
    """A rename is on disk once its folder is; systems that cannot flush a folder (Windows) skip this."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _whole_json(path: Path) -> bool:
    """False for a manifest that was being written when the machine stopped."""
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verify_file(path: Path, entry: FileEntry) -> list[str]:
    if not path.is_file():
        return [f"{path}: listed in {MANIFEST} but not there."]
    if path.stat().st_size != entry.size_bytes:
        return [f"{path}: {path.stat().st_size} bytes, {MANIFEST} says {entry.size_bytes}."]
    if file_sha256(path) != entry.sha256:
        return [f"{path}: changed since the folder was closed (sha256 differs from {MANIFEST})."]
    if path.suffix == ".parquet" and entry.rows is not None:
        rows = pq.ParquetFile(path).metadata.num_rows
        if rows != entry.rows:
            return [f"{path}: {rows} rows, {MANIFEST} says {entry.rows}."]
    if path.suffix == ".mcap" and entry.rows is not None:
        rows = _messages(path)
        if rows != entry.rows:
            return [f"{path}: {rows} packets and events, {MANIFEST} says {entry.rows}."]
    return []


def _messages(path: Path) -> int:
    """How many messages the index of a raw log tells; -1 where it has none."""
    from mcap.exceptions import McapError
    from mcap.reader import make_reader

    try:
        with path.open("rb") as file:
            summary = make_reader(file).get_summary()
    except (McapError, ValueError, struct.error):
        return -1
    return summary.statistics.message_count if summary and summary.statistics else -1
