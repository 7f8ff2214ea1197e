"""Bytes from a sensor or a file become one trustworthy `Recording`."""

from sciatrack_ingest.errors import (
    GravityError,
    MissingPathError,
    RecordingError,
    RecordingFileError,
    SciatrackError,
    TimeError,
    UnitsError,
)
from sciatrack_ingest.files import find_recordings, is_recording, read, write_recording
from sciatrack_ingest.recording import PLACEMENTS, SIDES, Finding, Recording

__all__ = [
    "PLACEMENTS",
    "SIDES",
    "Finding",
    "GravityError",
    "MissingPathError",
    "Recording",
    "RecordingError",
    "RecordingFileError",
    "SciatrackError",
    "TimeError",
    "UnitsError",
    "find_recordings",
    "is_recording",
    "read",
    "write_recording",
]
