"""`read`: look at what a path holds, not at what it is called, and hand it to the reader that fits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Unpack

from sciatrack_ingest.errors import MissingPathError, RecordingFileError
from sciatrack_ingest.files import contract
from sciatrack_ingest.labels import Overrides, labels_from_overrides
from sciatrack_ingest.recording import Recording

PARQUET_MAGIC = b"PAR1"


def read(path: str | os.PathLike[str], **overrides: Unpack[Overrides]) -> Recording:
    """Read one recording. Its name is the path as given; options win over what the files say.

    Raises RecordingFileError (or MissingPathError, UnitsError, GravityError, TimeError) naming file, place,
    value and what to do; RecordingError for an option that is not known; TypeError for a misspelt keyword.
    """
    labels = labels_from_overrides(overrides)
    name = os.fspath(path)
    file = Path(name)
    if not file.exists():
        raise MissingPathError(name)
    try:
        if _magic(file) == PARQUET_MAGIC:
            return contract.read_parquet_file(name, labels)
        return contract.read_csv(name, labels)
    except OSError as error:
        if isinstance(error, RecordingFileError):
            raise
        raise RecordingFileError(name, f"cannot be read: {error.strerror or error}.") from error


def _magic(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)
