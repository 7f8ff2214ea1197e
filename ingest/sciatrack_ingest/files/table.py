"""Numbers out of CSV by column name, straight into float64, without pandas.

pyarrow does the reading. Only when it refuses is the text gone through again, slowly, to be able to say
which line and column is to blame.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sciatrack_ingest.errors import RecordingFileError
from sciatrack_ingest.files.columns import Columns, fill
from sciatrack_ingest.recording import Finding

HEAD_BYTES = 65_536
_LINE_END = re.compile(rb"\r\n|\n|\r")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d")
# What spreadsheets and loggers write for nothing; handed to pyarrow, so that both passes agree.
MISSING = frozenset(
    ",NaN,nan,NAN,-NaN,-nan,NA,na,N/A,n/a,#N/A,NULL,Null,null,None,none".split(",")  # noqa: SIM905
)
_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class TextTable:
    """A CSV that has not been read yet: where it is, its column names in order, and its dialect."""

    path: str
    source: Path | bytes
    names: tuple[str, ...]
    separator: str = ","
    decimal: str = "."
    member: str = ""
    empty: bool = False

    def place_of(self, row: int) -> str:
        return self.place(row + 2)

    def place(self, line: int, column: str = "") -> str:
        """Where in the file a line is, for messages; line 1 holds the names."""
        parts = [self.member, f"line {line}", f"column {column}" if column else ""]
        return ", ".join(part for part in parts if part)

    def error(self, problem: str, *, where: str = "", hint: str = "") -> RecordingFileError:
        return RecordingFileError(self.path, problem, where=where or self.member, hint=hint)


def open_text(path: str, source: Path | bytes, member: str = "") -> TextTable:
    """Names and dialect of a CSV, told from its first lines. Raises RecordingFileError for an empty file."""
    head = source[:HEAD_BYTES] if isinstance(source, bytes) else _head(source)
    lines = [line.decode("utf-8-sig", errors="replace") for line in _LINE_END.split(head)[:6]]
    if not lines or not lines[0].strip():
        table = TextTable(path, source, (), member=member)
        raise table.error("the first line is empty; it must name the columns." if head else "the file is empty.")
    separator = next((mark for mark in "\t;" if mark in lines[0]), ",")
    names = tuple(next(csv.reader([lines[0].replace("\0", "")], delimiter=separator), ()))
    empty = len(head) < HEAD_BYTES and not any(line.strip() for line in _LINE_END.split(head)[1:])
    return TextTable(path, source, names, separator, _decimal(lines[1:], separator), member, empty)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _decimal(lines: Sequence[str], separator: str) -> str:
    """The mark before the decimals, told from the first rows: a comma only where it separates nothing."""
    if separator == ",":
        return "."
    fields = itertools.chain.from_iterable(line.split(separator) for line in lines)
    return "," if any(_DECIMAL_COMMA.match(field.strip().strip('"')) for field in fields) else "."


def read_text(table: TextTable, groups: Sequence[Sequence[str]]) -> Columns:
    """The groups of columns (by their names in the file) of a CSV.

    Empty cells and the usual words for nothing are NaN. A last line that was cut off is left out and told.
    Raises RecordingFileError naming line, column and value of the first cell that is no number.
    """
    if table.empty:
        return Columns(tuple(np.empty((0, len(group))) for group in groups))
    indexes = {name: index for index, name in reversed(list(enumerate(table.names)))}
    wanted = [indexes[name] for name in itertools.chain.from_iterable(groups)]
    try:
        content = _parse(table, wanted)
    except RecordingFileError as error:
        _check_only_the_end_is_cut(table, wanted, error)
        whole = read_text(_without_last_line(table), groups)
        return Columns(whole.groups, (Finding("cut_line", "the last line is cut off; left out", 1),))
    chunks = iter([content.column(str(index)).chunks for index in wanted])
    filled = tuple(fill(content.num_rows, [next(chunks) for _ in group]) for group in groups)
    return Columns(filled)


def _parse(table: TextTable, wanted: Sequence[int]) -> Any:
    import pyarrow as pa
    from pyarrow import csv as pacsv

    names = [str(index) for index in wanted]
    try:
        return pacsv.read_csv(
            io.BytesIO(table.source) if isinstance(table.source, bytes) else str(table.source),
            read_options=pacsv.ReadOptions(
                skip_rows=1, column_names=[str(index) for index in range(len(table.names))]
            ),
            parse_options=pacsv.ParseOptions(delimiter=table.separator),
            convert_options=pacsv.ConvertOptions(
                include_columns=names,
                column_types=dict.fromkeys(names, pa.float64()),
                decimal_point=table.decimal,
                null_values=sorted(MISSING),
            ),
        )
    except (pa.ArrowException, UnicodeError) as error:
        raise table.error(f"not readable as CSV: {error}") from error


def _check_only_the_end_is_cut(table: TextTable, wanted: Sequence[int], error: RecordingFileError) -> None:
    """Go through the text line by line; raise for the first bad line unless it is a last one cut short."""
    raw = io.BytesIO(table.source) if isinstance(table.source, bytes) else table.source.open("rb")
    with io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as text:
        rows = csv.reader(text, delimiter=table.separator)
        try:
            next(rows)
            for fields in rows:
                problem = _problem(table, wanted, fields)
                if problem is None:
                    continue
                column, sentence = problem
                line = rows.line_num
                if not column and next(rows, None) is None and not _ends_with_line_end(table):
                    return
                raise table.error(sentence, where=table.place(line, column)) from error
        except csv.Error as csv_error:
            raise table.error(f"not readable as CSV: {csv_error}.", where=table.place(rows.line_num)) from error
    raise error


def _problem(table: TextTable, wanted: Sequence[int], fields: Sequence[str]) -> tuple[str, str] | None:
    """The column and what is wrong with it; an empty column name for a line of the wrong length."""
    if not fields:
        return None
    if len(fields) != len(table.names):
        return "", f"{len(fields)} values, but line 1 names {len(table.names)} columns."
    for index in wanted:
        cell = fields[index]
        if cell not in MISSING and not _NUMBER.fullmatch(cell.strip().replace(table.decimal, ".")):
            return table.names[index], f"{cell[:40]!r} is not a number."
    return None


def _without_last_line(table: TextTable) -> TextTable:
    content = table.source if isinstance(table.source, bytes) else table.source.read_bytes()
    end = max(content.rfind(b"\n"), content.rfind(b"\r")) + 1
    return open_text(table.path, content[:end], table.member)


def _ends_with_line_end(table: TextTable) -> bool:
    if isinstance(table.source, bytes):
        return table.source[-1:] in (b"\n", b"\r")
    with table.source.open("rb") as file:
        file.seek(-1, io.SEEK_END)
        return file.read() in (b"\n", b"\r")
