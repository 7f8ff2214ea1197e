"""Opening `study.duckdb`: one writer or many readers, so everybody opens it briefly and waits a little."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciatrack_ingest.errors import SciatrackError

if TYPE_CHECKING:
    import duckdb

WAIT_S = 10.0  # a write takes well under a second; who holds the file longer has stopped in a debugger
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 0.5


class StudyLockedError(SciatrackError, OSError):
    """Another process holds the study's index; carries its number where it is known."""

    def __init__(self, path: Path, holder: str, waited_s: float) -> None:
        self.path, self.holder = str(path), holder
        super().__init__(
            f"{path} is in use by {holder}; waited {waited_s:.0f} s. Close that program, or try again later."
        )


class IndexFileError(SciatrackError, OSError):
    """The index cannot be opened; the session folders are the truth, so it can be built again."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = str(path)
        super().__init__(f"{path} {problem} Build it again with: sciatrack study rebuild {path.parent}")


def connect(
    path: Path, *, read_only: bool, wait_s: float = WAIT_S, config: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """An open connection, after waiting at most `wait_s` for another process to let go.

    config : settings of DuckDB; its own where None.
    Raises StudyLockedError naming the holder, and IndexFileError for a file that is missing or damaged.
    """
    import duckdb

    if read_only and not path.exists():
        raise IndexFileError(path, "is not there.")
    begun_s = time.monotonic()
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=dict(config or {}))
        except duckdb.Error as error:
            holder = _holder(str(error))
            if holder is None:
                raise IndexFileError(path, f"cannot be opened ({_first_line(error)}).") from error
            waited_s = time.monotonic() - begun_s
            if waited_s + pause_s > wait_s:
                raise StudyLockedError(path, holder, waited_s) from None
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _holder(message: str) -> str | None:
    """Who holds the file, from DuckDB's message; None if the message is about something else."""
    if "different configuration" in message:
        return "this same process (it has the study open in the other mode)"
    if "Could not set lock" not in message and "being used by another process" not in message:
        return None
    found = re.search(r"held in (.+?) \(PID (\d+)\)", message)
    return f"process {found[2]} ({found[1]})" if found else "another process"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
