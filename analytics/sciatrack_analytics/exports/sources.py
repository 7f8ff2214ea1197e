"""What an export is made of: the session folders of a study, and a new folder that only its owner can read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sciatrack_analytics.study import Study
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.manifest import Manifest
from sciatrack_ingest.sessions import (
    FILE_MODE,
    FOLDER_MODE,
    private_folder,
    read_manifest,
    read_reps,
    session_folders,
)

ABOUT_PEOPLE = ("session", "prescription", "checkin", "participant")


class ExportError(SciatrackError, ValueError):
    """An export that cannot be made; says why and what to do."""


@dataclass(frozen=True)
class Session:
    """One session folder as an export reads it: its manifest and its reps (one dictionary a rep, may be none)."""

    folder: Path
    manifest: Manifest
    reps: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Exported:
    """What an export wrote: how many of what, what has no place in the format, and what could not be read."""

    counts: dict[str, int]
    left_out: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def sessions_of(study: Study, participant: str | None = None) -> Iterator[Session]:
    """The sessions of a study (of one participant), sorted by folder.

    Raises ExportError for a participant that the study does not know, SessionError for a folder that is damaged.
    """
    check_participant(study, participant)
    for folder in session_folders(study.sessions):
        manifest = read_manifest(folder)
        if participant in (None, manifest.participant):
            table = read_reps(folder)
            yield Session(folder, manifest, tuple(table.to_pylist()) if table is not None else ())


def check_participant(study: Study, participant: str | None) -> None:
    """Raises ExportError for a participant of whom the study knows nothing; None is everybody."""
    if participant is None:
        return
    known = " union ".join(f"select participant from {name}" for name in ABOUT_PEOPLE)
    found = study.rows(f"select count(*) from ({known}) where participant = $p", {"p": participant})
    if not found[0][0]:
        raise ExportError(f"participant '{participant}' has no session, prescription or check-in in {study.path}")


def unseen(block: Mapping[str, Any]) -> bool:
    """Whether a block says nothing of its exercise: from there it is never seen, or only when it is clear."""
    return block["observability"] == "none" or (block["observability"] == "weak" and not block["count"])


def counted(rep: Mapping[str, Any]) -> bool:
    """Whether a rep of a rep table is part of the dose: complete, and seen itself."""
    return bool(rep["complete"]) and "inferred" not in (rep["flags"] or "").split()


def new_folder(path: Path) -> Path:
    """An empty folder of its owner's; raises ExportError where something is there already."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportError(f"{path} is there and not empty; an export needs a new or empty folder (--output)")
    private_folder(path)
    path.chmod(FOLDER_MODE)
    return path


def open_new(path: Path) -> IO[str]:
    """A text file to write that only its owner can read, in folders that only their owner can enter."""
    private_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    return os.fdopen(handle, "w", encoding="utf-8", newline="\n")
