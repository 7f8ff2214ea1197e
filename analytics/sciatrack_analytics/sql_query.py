"""A question in SQL from somebody else: asked in a process of its own that can read the index and nothing more.

The text is a stranger's. It runs in a child process (sql_worker.py) with the index open read-only and every door
closed before it is looked at, and the child ends itself when the time is up. So whatever a query does, it can
neither hang nor bring down the process that asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sciatrack_analytics.connection import WAIT_S
from sciatrack_ingest.errors import SciatrackError

if TYPE_CHECKING:
    import pyarrow as pa

MAX_ROWS = 100_000  # a table to work with in any program; more is an export
TIMEOUT_S = 60.0  # the slowest report of 10,000 participants takes a tenth; a cross join takes for ever
START_S = WAIT_S + 20.0  # for the child to open the index and start, loaded machine; it keeps the query's own time
START_CODE = (
    "import json, sys; asked = json.loads(sys.stdin.readline()); sys.path[:] = asked.pop('sys_path'); "
    "from sciatrack_analytics.sql_worker import main; main(**asked)"
)
# All that the child needs of the environment: where Python's and the system's libraries lie.
ENVIRONMENT = ("PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "PATH", "LANG")


class QueryError(SciatrackError, ValueError):
    """A query that is not one SELECT over the study's relations, or that DuckDB refuses; says which word."""


class QueryStoppedError(SciatrackError, TimeoutError):
    """A query that took longer, or needed more memory, than a query may."""


@dataclass(frozen=True)
class QueryAnswer:
    """The rows of a query, and whether there were more than the limit let through."""

    table: pa.Table
    cut_off: bool


def ask(path: Path, text: str, *, max_rows: int = MAX_ROWS, timeout_s: float = TIMEOUT_S) -> QueryAnswer:
    """Ask the study in the folder `path` one SELECT.

    Raises QueryError and QueryStoppedError; what the opening of a study raises comes as a QueryError with its text.
    """
    request = {
        "sys_path": sys.path, "path": str(path), "text": text, "max_rows": max_rows, "timeout_s": timeout_s,
    }  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", START_CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
    )
    try:
        output, _ = child.communicate((json.dumps(request) + "\n").encode(), timeout=START_S + timeout_s)
    except subprocess.TimeoutExpired:
        raise QueryStoppedError(_too_slow(timeout_s)) from None
    finally:
        child.kill()
        child.communicate()
    return _answer(output, timeout_s)


def _answer(output: bytes, timeout_s: float) -> QueryAnswer:
    """The child's first line says what came of it; behind it stand the rows."""
    head, _, body = output.partition(b"\n")
    try:
        said = json.loads(head)
    except ValueError:
        raise QueryStoppedError("the query was stopped: it needed more memory or time than a query may.") from None
    if said["outcome"] == "slow":
        raise QueryStoppedError(_too_slow(timeout_s))
    if said["outcome"] == "large":
        raise QueryStoppedError(f"the query needs too much memory ({said['text']}); ask for less at once.")
    if said["outcome"] == "refused":
        raise QueryError(said["text"])
    import pyarrow as pa

    with pa.ipc.open_stream(body) as reader:
        return QueryAnswer(reader.read_all(), said["outcome"] == "cut off")


def _too_slow(timeout_s: float) -> str:
    return f"the query was stopped after {timeout_s:g} s; ask for less at once, or give it more time (--timeout)."
