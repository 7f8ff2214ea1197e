"""Opening `study.duckdb`: one writer or many readers, so everybody opens it briefly and waits a little.

Who opens it goes through a gate first (`study.lock`, locked only until the file is open). A writer that waits for
readers to finish holds the gate, so new readers stand behind it: without that, three readers that open and close in
turn kept a writer out for 10 s and more (benchmarks/study_faults.py).
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.sessions import FILE_MODE, owner_only

if TYPE_CHECKING:
    import duckdb

GATE = "study.lock"  # empty; its lock says whose turn it is to open the index
# Without a limit DuckDB takes four fifths of the machine. With this one the process stays below 2 GiB with 61
# million reps (benchmarks/study.py); what does not fit is spilled to a folder beside the index.
# One thread, because most questions are small: to start a second and to share the work costs a fifth of one
# participant's report. Who reads everybody's rows asks for all cores (Study.use_all_cores).
# The file is written as DuckDB 1.1 does: in the older form, which it takes otherwise, the sketch of how many
# values a column has is converted at each opening, for two hundred columns: 2 to 3 ms. Newer forms were not tried.
SETTINGS = {"memory_limit": "1200MiB", "threads": 1, "storage_compatibility_version": "v1.1.0"}
# A report of 10,000 participants reads for 10 s, their page for longer, and a busy machine makes that several times
# as long; with less, a session could not be added while somebody reads. Who holds the file longer has stopped.
WAIT_S = 60.0
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

    config : settings of DuckDB beside SETTINGS, or in their place.
    Raises StudyLockedError naming the holder, and IndexFileError for a file that is missing or damaged.
    """
    if read_only and not path.exists():
        raise IndexFileError(path, "is not there.")
    import duckdb  # noqa: F401  before the gate: on a busy machine it takes seconds, and nobody should wait for that

    begun_s = time.monotonic()
    with _gate(path.with_name(GATE), begun_s + wait_s):
        return _connect(path, read_only, SETTINGS | dict(config or {}), begun_s, wait_s)


def _connect(
    path: Path, read_only: bool, config: dict[str, Any], begun_s: float, wait_s: float
) -> duckdb.DuckDBPyConnection:
    import duckdb

    pause_s = FIRST_PAUSE_S
    while True:
        try:
            with contextlib.nullcontext() if read_only else owner_only():
                return duckdb.connect(str(path), read_only=read_only, config=config)
        except duckdb.Error as error:
            holder = _holder(str(error))
            if holder is None:
                raise IndexFileError(path, f"cannot be opened ({_first_line(error)}).") from error
            waited_s = time.monotonic() - begun_s
            if waited_s + pause_s > wait_s:
                raise StudyLockedError(path, holder, waited_s) from None
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


@contextlib.contextmanager
def _gate(path: Path, until_s: float) -> Iterator[None]:
    """One at a time, where the system has such locks and the folder can be written; after `until_s` go on anyway.

    Going on finds the index locked and learns from DuckDB who holds it.
    """
    try:
        import fcntl

        handle = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    except (ImportError, OSError):
        yield
        return
    try:
        while not _locked(fcntl, handle) and time.monotonic() < until_s:
            time.sleep(FIRST_PAUSE_S)
        yield
    finally:
        os.close(handle)


def _locked(fcntl: Any, handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


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
