"""`exports.csv`: where data of a study went, so that somebody who withdraws can be told what is out of reach.

Written by every command that puts rows of a study into a file elsewhere. What Python code writes by itself is not
in it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from sciatrack_ingest.sessions import FILE_MODE

FILE_NAME = "exports.csv"
EVERYBODY = "all"


@dataclass(frozen=True)
class Export:
    """One file or folder that was written: when, by which command, about whom (`all`), and where it lies."""

    written_utc: str
    command: str
    participant: str
    path: str

    def __str__(self) -> str:
        return f"{self.path} ({self.command}, {self.written_utc}, {self.participant})"


def log_export(study: Path, command: str, participant: str | None, path: Path) -> None:
    """Write down that `command` put data of a participant (of everybody, if None) into `path`.

    One write at the end of the file, so that two commands at once do not lose each other's line.
    """
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    export = Export(now, command, participant or EVERYBODY, str(path.absolute()))
    handle = os.open(study / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
    with os.fdopen(handle, "a", encoding="utf-8", newline="") as file:
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        if file.tell() == 0:
            writer.writerow(field.name for field in fields(Export))
        writer.writerow(astuple(export))
        file.write(lines.getvalue())


def exports_about(study: Path, participant: str) -> list[Export]:
    """Every export that holds, or may hold, data of the participant; in the order in which they were written."""
    path = study / FILE_NAME
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        found = [Export(**row) for row in csv.DictReader(file)]
    return [export for export in found if export.participant in (participant, EVERYBODY)]
