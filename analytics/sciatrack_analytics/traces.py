"""Where a pseudonym stands in a study: every byte of every file, and every word of the files that are packed.

A packed file (Parquet, MCAP, DuckDB) does not hold its words as bytes, so it is unpacked too. Its bytes are
searched all the same; there a short pseudonym turns up by chance, told from a trace by its expected number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sciatrack_analytics.connection import IndexFileError, connect
from sciatrack_analytics.study import INDEX
from sciatrack_ingest.errors import SciatrackError

PACKED = (".parquet", ".mcap", ".duckdb", ".zip")
BY_CHANCE = 0.001  # expected chance hits of a file above which a bare byte match says nothing
WORD = "A-Za-z0-9_-"  # what a pseudonym is made of


def traces(path: Path, participant: str) -> list[str]:
    """Every place below `path` where the pseudonym stands, one sentence each; also in names of files."""
    who = pattern(participant)
    found = []
    for file in sorted(path.rglob("*")):
        name = str(file.relative_to(path))
        if who.search(name.encode()):
            found.append(f"{file}: in its name.")
        if file.is_file():
            found.extend(f"{file}: {where}." for where in _in_file(file, who, len(participant)))
    return found


def pattern(participant: str) -> re.Pattern[bytes]:
    """The pseudonym as a word of its own, or as the beginning of a session id: P1 does not stand in P12 or P1-b."""
    session = r"(?=-\d{8}T\d{6}Z-)"
    return re.compile(rf"(?<![{WORD}]){re.escape(participant)}(?:(?![{WORD}])|{session})".encode())


def _in_file(file: Path, who: re.Pattern[bytes], length: int) -> Iterator[str]:
    content = file.read_bytes()
    hits = len(who.findall(content))
    packed = file.suffix in PACKED or file.name.startswith(INDEX)
    if hits and not (packed and _by_chance(len(content), length) > BY_CHANCE):
        yield f"in its bytes, {hits} times"
    if file.suffix == ".parquet":
        yield from _in_parquet(file, who)
    elif file.suffix == ".mcap":
        yield from _in_mcap(file, who, length)
    elif file.name == INDEX:
        yield from _in_index(file, who)


def _by_chance(n_bytes: int, length: int) -> float:
    """How often a word of that length stands in so many bytes that are packed, and so look drawn at random."""
    return float(n_bytes / 256**length)


def _in_parquet(file: Path, who: re.Pattern[bytes]) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        packed = pq.ParquetFile(file)
        words = [field.name for field in packed.schema_arrow if pa.types.is_string(field.type)]
        table = packed.read(columns=words)
    except (pa.ArrowException, OSError) as error:
        yield f"cannot be read, so nobody knows ({error})"
        return
    metadata = packed.schema_arrow.metadata or {}
    if any(who.search(word) for pair in metadata.items() for word in pair):
        yield "in its metadata"
    for name in table.column_names:
        if any(who.search(str(value).encode()) for value in table.column(name).unique().to_pylist()):
            yield f"in its column {name}"


def _in_mcap(file: Path, who: re.Pattern[bytes], length: int) -> Iterator[str]:
    from mcap.exceptions import McapError
    from mcap.reader import make_reader

    try:
        with file.open("rb") as stream:
            reader = make_reader(stream)
            words = [str(record.metadata).encode() for record in reader.iter_metadata()]
            words += [message.data for _, _, message in reader.iter_messages()]
    except (McapError, SciatrackError, ValueError, EOFError) as error:
        yield f"cannot be read, so nobody knows ({error})"
        return
    hits = sum(1 for word in words if who.search(word))
    total = sum(len(word) for word in words)
    if hits and _by_chance(total, length) <= BY_CHANCE:
        yield f"in {hits} of its messages"


def _in_index(file: Path, who: re.Pattern[bytes]) -> Iterator[str]:
    try:
        con = connect(file, read_only=True)
    except IndexFileError as error:
        yield f"cannot be read, so nobody knows ({error})"
        return
    with con:
        columns = con.execute(
            "select table_name, column_name from duckdb_columns() semi join duckdb_tables() using (table_oid) "
            "where data_type = 'VARCHAR' and not internal"
        ).fetchall()
        for table, column in columns:
            values = con.execute(
                f'select distinct "{column}" from "{table}" where "{column}" is not null'
            ).fetchall()
            if any(who.search(str(value).encode()) for (value,) in values):
                yield f"in its table {table}, column {column}"
