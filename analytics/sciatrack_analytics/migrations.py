"""A study folder of an older version is brought up to date, one step a version; nothing recorded is changed.

The index needs no migration: it is made anew. `sciatrack study rebuild` does both.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from sciatrack_analytics.csv_file import append_rows
from sciatrack_analytics.csv_tables import EARS, KNOWN_SIGN_LIST, TOLERANCES
from sciatrack_analytics.settings import FILE_NAME, SCHEMA_VERSION, found_version
from sciatrack_ingest.sessions import FILE_MODE

VERSION_LINE = re.compile(r"^schema_version\s*=.*$", re.MULTILINE)


def migrate(path: Path) -> int:
    """Bring the folder to this software's version; returns how many steps that took.

    Each step can be repeated, and the version is written after it, so a crash between costs nothing. A folder of
    a newer version is left alone: reading its settings refuses it.
    """
    steps = 0
    while (found := found_version(path)) in STEPS:
        STEPS[found](path)
        _write_version(path / FILE_NAME, found + 1)
        steps += 1
    return steps


def _add_lists(path: Path) -> None:
    """Version 1 knew no EARS scores, no signs that a clinician knows of and no tolerated rise of pain."""
    for table in (EARS, KNOWN_SIGN_LIST, TOLERANCES):
        if not (path / table.file_name).exists():
            append_rows(path / table.file_name, table, [])


STEPS: dict[int, Callable[[Path], None]] = {1: _add_lists}
assert set(STEPS) == set(range(1, SCHEMA_VERSION))


def _write_version(path: Path, version: int) -> None:
    """The settings as they stand, comments and all, with another version."""
    text = VERSION_LINE.sub(f"schema_version = {version}", path.read_text(encoding="utf-8"), count=1)
    new = path.with_name(path.name + ".next")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
