"""The child process of sql_query.py: opens the index, closes every door, answers one query, and is gone.

What is closed, in this order: pandas and Python's variables (DuckDB would read both as tables); extensions, files
and network (DuckDB's own switches); writing (the index is open read-only); spilling to disk; the settings
themselves; and on Unix, by the kernel, memory, processor time and the opening of any file or socket at all. Only
then is the text looked at, and it must be one SELECT.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from sciatrack_analytics.study import Study

MEMORY = "1GiB"  # what a query may hold; a report of 10,000 participants needs half
BEYOND_BYTES = 2 * 2**30  # address space that the process may take beyond what it has at its start
RESULT_BYTES = (
    256 * 2**20
)  # of an answer: it is held three times on its way (here, in the pipe's reader, as a table)
CPU_GRACE_S = 10  # of processor time beyond the agreed time on all threads
THREADS = 2
CONFIG = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "temp_directory": "",
    "memory_limit": MEMORY,
    "threads": THREADS,
}
HINT = "ask one SELECT over the study's relations (sciatrack sql --dictionary lists them)"


class _RefusedError(Exception):
    """Not a question that may be asked."""


def main(path: str, text: str, max_rows: int, timeout_s: float) -> None:
    """Answer on stdout: a line of JSON with the outcome, then the rows as an Arrow stream."""
    import duckdb

    from sciatrack_ingest.errors import SciatrackError

    out, answering = _own_stdout(), threading.Lock()
    try:
        study = _open(path)
        _close_doors(timeout_s)
        _start_clock(timeout_s, out, answering)
        table, cut_off = _rows(study.con, text, max_rows)
        outcome, said = "cut off" if cut_off else "whole", ""
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        outcome, said = "large", _first_part(error)
    except (duckdb.Error, _RefusedError, SciatrackError) as error:
        outcome, said = "refused", _first_part(error)
    except (OSError, ValueError, RuntimeError) as error:  # a closed door, or a value that Arrow cannot hold
        outcome, said = "refused", f"{HINT} ({_first_part(error)})"
    answering.acquire()
    _say(out, outcome, said)
    if outcome in ("whole", "cut off"):
        _send(out, table)


def _start_clock(timeout_s: float, out: BinaryIO, answering: threading.Lock) -> None:
    """End the process when the time is up: there are queries that DuckDB does not stop when asked to."""

    def stop() -> None:
        answering.acquire()
        _say(out, "slow")
        os._exit(0)

    clock = threading.Timer(timeout_s, stop)
    clock.daemon = True
    clock.start()


def _open(path: str) -> Study:
    """The study, read-only, with DuckDB's own doors closed and all that is imported later imported now."""
    sys.modules["pandas"] = None  # type: ignore[assignment]
    from sciatrack_analytics.study import Study

    study = Study(Path(path), config=CONFIG)
    study.rows("set timezone = 'UTC'")
    study.rows("set lock_configuration = true")
    study.arrow("select now(), 1::decimal(4, 2), interval 1 day, [1], {'a': 1}, uuid()")
    return study


def _close_doors(timeout_s: float) -> None:
    """What the kernel holds shut, whatever DuckDB does; systems without these limits (Windows) rely on DuckDB's."""
    try:
        import resource
    except ImportError:
        return
    status = Path("/proc/self/status")
    if status.exists():
        kib = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmSize"))
        _lower(resource.RLIMIT_AS, int(kib) * 1024 + BEYOND_BYTES)
    _lower(resource.RLIMIT_CPU, int(timeout_s * THREADS) + CPU_GRACE_S)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, 0)


def _lower(limit: int, value: int) -> None:
    import resource

    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def _rows(con: duckdb.DuckDBPyConnection, text: str, max_rows: int) -> tuple[pa.Table, bool]:
    statements = con.extract_statements(text)
    kinds = [statement.type.name for statement in statements]
    if kinds != ["SELECT"]:
        said = " and ".join(kinds) if kinds else "nothing"
        raise _RefusedError(f"{HINT}; this is {said}.")
    table = con.sql(statements[0].query).limit(max_rows + 1).to_arrow_table()
    if table.nbytes > RESULT_BYTES:
        size, most = (f"{n / 2**20:.0f} MiB" for n in (table.nbytes, RESULT_BYTES))
        raise MemoryError(f"the answer has {size}, at most {most} are let out")
    return _distinct_names(table.slice(0, max_rows)), table.num_rows > max_rows


def _distinct_names(table: pa.Table) -> pa.Table:
    """Columns of the same name are numbered: as keys of JSON one would hide the other."""
    names: list[str] = []
    for name in table.column_names:
        names.append(next(free for free in _numbered(name) if free not in names))
    return table.rename_columns(names)


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{number}" for number in range(2, sys.maxsize))


def _own_stdout() -> BinaryIO:
    """The pipe to the asker, for the answer alone: whatever a library prints (a progress bar) goes nowhere."""
    own = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return os.fdopen(own, "wb")


def _say(out: BinaryIO, outcome: str, text: str = "") -> None:
    out.write(json.dumps({"outcome": outcome, "text": text}).encode() + b"\n")
    out.flush()


def _send(out: BinaryIO, table: pa.Table) -> None:
    import pyarrow as pa

    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    out.flush()


def _first_part(error: Any) -> str:
    return " ".join(str(error).partition("\n\n")[0].split())
