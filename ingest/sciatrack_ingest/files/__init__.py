"""Files of any kind that hold a recording."""

from sciatrack_ingest.files.dispatch import read

__all__ = ["read"]
