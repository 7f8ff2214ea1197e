"""Numbers out of CSV and Parquet by column name, straight into float64, without pandas.

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
import numpy.typing as npt

from sciatrack_ingest.errors import RecordingFileError
from sciatrack_ingest.recording import Finding, Float

HEAD_BYTES = 65_536
# Small enough to stay in the processor's cache, large enough that Python costs nothing.
BATCH_ROWS = 131_072
_LINE_END = re.compile(rb"\r\n|\n|\r")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d")
_MISSING = frozenset({"", "nan", "-nan", "na", "n/a", "#n/a", "null"})


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


@dataclass(frozen=True)
class Columns:
    """Columns by name as float64 (n, k) arrays, one for each group asked for."""

    groups: tuple[Float, ...]
    findings: tuple[Finding, ...] = ()


def clean_name(name: str) -> str:
    """A column name as it is compared: no blanks around it, lower case."""
    return name.strip().strip("\ufeff").strip().lower()


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
    import pyarrow as pa

    if table.empty:
        return Columns(tuple(np.empty((0, len(group))) for group in groups))
    indexes = {name: index for index, name in reversed(list(enumerate(table.names)))}
    wanted = [indexes[name] for name in itertools.chain.from_iterable(groups)]
    findings: tuple[Finding, ...] = ()
    try:
        content = _parse(table, wanted, skip_bad_lines=False)
    except (pa.ArrowException, UnicodeError) as error:
        _check_only_the_end_is_cut(table, wanted, error)
        content = _parse(table, wanted, skip_bad_lines=True)
        findings = (Finding("cut_line", "the last line is cut off; left out", 1),)
    chunks = iter([content.column(str(index)).chunks for index in wanted])
    filled = tuple(_fill(content.num_rows, [next(chunks) for _ in group]) for group in groups)
    return Columns(filled, findings)


def _parse(table: TextTable, wanted: Sequence[int], *, skip_bad_lines: bool) -> Any:
    import pyarrow as pa
    from pyarrow import csv as pacsv

    names = [str(index) for index in wanted]
    return pacsv.read_csv(
        io.BytesIO(table.source) if isinstance(table.source, bytes) else str(table.source),
        read_options=pacsv.ReadOptions(skip_rows=1, column_names=[str(index) for index in range(len(table.names))]),
        parse_options=pacsv.ParseOptions(
            delimiter=table.separator,
            invalid_row_handler=(lambda row: "skip") if skip_bad_lines else None,
        ),
        convert_options=pacsv.ConvertOptions(
            include_columns=names,
            column_types=dict.fromkeys(names, pa.float64()),
            decimal_point=table.decimal,
        ),
    )


def _fill(n: int, columns: Sequence[Any]) -> Float:
    """(n, k) float64 from k lists of Arrow chunks; the one copy that is made."""
    filled = np.empty((n, len(columns)))
    for at, chunks in enumerate(columns):
        start = 0
        for chunk in chunks:
            filled[start : start + len(chunk), at] = _numbers(chunk)
            start += len(chunk)
    return filled


def _numbers(chunk: Any) -> npt.NDArray[Any]:
    """(n,) of one Arrow array of integers or floats, nulls as NaN; not to be kept or written to.

    Straight from Arrow's buffers: its own `to_numpy` imports pandas and its `cast` half of Arrow, which
    takes longer than reading a minute of samples.
    """
    import pyarrow as pa

    if not len(chunk) or pa.types.is_null(chunk.type):
        return np.full(len(chunk), np.nan)
    validity, content = chunk.buffers()
    part = slice(chunk.offset, chunk.offset + len(chunk))
    values = np.frombuffer(content, dtype=chunk.type.to_pandas_dtype())[part]
    if not chunk.null_count:
        return values
    valid = np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little")[part]
    return np.where(valid, values, np.nan)


def _check_only_the_end_is_cut(table: TextTable, wanted: Sequence[int], error: Exception) -> None:
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
    raise table.error(f"not readable as CSV: {error}") from error


def _problem(table: TextTable, wanted: Sequence[int], fields: Sequence[str]) -> tuple[str, str] | None:
    """The column and what is wrong with it; an empty column name for a line of the wrong length."""
    if not fields:
        return None
    if len(fields) != len(table.names):
        return "", f"{len(fields)} values, but line 1 names {len(table.names)} columns."
    for index in wanted:
        word = fields[index].strip()
        try:
            float(word.replace(table.decimal, "."))
        except ValueError:
            if word.lower() not in _MISSING:
                return table.names[index], f"{word[:40]!r} is not a number."
    return None


def _ends_with_line_end(table: TextTable) -> bool:
    if isinstance(table.source, bytes):
        return table.source[-1:] in (b"\n", b"\r")
    with table.source.open("rb") as file:
        file.seek(-1, io.SEEK_END)
        return file.read() in (b"\n", b"\r")


def read_parquet(path: str, file: Any, groups: Sequence[Sequence[str]]) -> Columns:
    """The groups of columns (by their names in the file) of an open `pyarrow.parquet.ParquetFile`.

    Nulls are NaN. Raises RecordingFileError naming a column that holds no numbers.
    """
    import pyarrow as pa

    names = list(itertools.chain.from_iterable(groups))
    for name in names:
        kind = file.schema_arrow.field(name).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
            raise RecordingFileError(
                path, f"holds {kind}, not numbers.", where=f"column {name}",
                hint="`time` is in seconds, as a float." if clean_name(name) == "time" else "",
            )  # fmt: skip
    n = file.metadata.num_rows
    filled = tuple(np.empty((n, len(group))) for group in groups)
    places = [
        (array, at, name) for array, group in zip(filled, groups, strict=True) for at, name in enumerate(group)
    ]
    start = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=names):
            for array, at, name in places:
                array[start : start + len(batch), at] = _numbers(batch.column(name))
            start += len(batch)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RecordingFileError(path, f"damaged Parquet: {error}") from error
    if start != n:
        raise RecordingFileError(path, f"damaged Parquet: {start} rows where its footer says {n}.")
    return Columns(filled)
