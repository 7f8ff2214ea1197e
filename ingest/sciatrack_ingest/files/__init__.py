"""Files of any kind that hold a recording."""

from sciatrack_ingest.files.dispatch import is_recording, read
from sciatrack_ingest.files.walk import find_recordings
from sciatrack_ingest.files.write import write_recording

__all__ = ["find_recordings", "is_recording", "read", "write_recording"]
