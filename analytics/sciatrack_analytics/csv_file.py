"""CSV files in and out: every cell that cannot be used is named, and a file is added whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciatrack_analytics.csv_tables import TABLES, Column, Table
from sciatrack_ingest.errors import SciatrackError

DELIMITERS = (",", ";", "\t")  # a spreadsheet in a country with decimal commas writes semicolons
MAX_PROBLEMS_SHOWN = 20
EMPTY = "is empty, and this column needs a value"


@dataclass(frozen=True)
class CellProblem:
    """One cell (or whole line, column "") that cannot be used."""

    line: int
    column: str
    value: str
    problem: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        return f"{where}: '{self.value}' {self.problem}" if self.column else f"{where}: {self.problem}"


class TableFileError(SciatrackError, ValueError):
    """A CSV file with rows that cannot be used; nothing of it was added. Carries `path` and `problems`."""

    def __init__(self, path: object, problems: list[CellProblem]) -> None:
        self.path, self.problems = str(path), problems
        shown = [f"  {problem}" for problem in problems[:MAX_PROBLEMS_SHOWN]]
        if len(problems) > MAX_PROBLEMS_SHOWN:
            shown.append(f"  and {len(problems) - MAX_PROBLEMS_SHOWN} more")
        head = f"{self.path}: {len(problems)} problem{'s' if len(problems) != 1 else ''}, nothing was added."
        super().__init__("\n".join([head, *shown]))


Row = dict[str, Any]


def table_of(path: Path) -> Table | None:
    """Which table a CSV file is meant for, by its header; None if it is none of them (a recording, say)."""
    header = set(_open(path)[0])
    if "participant" not in header or "acc_x" in header:
        return None
    shared = {kind: len(header.intersection(table.header)) for kind, table in TABLES.items()}
    return TABLES[max(shared, key=lambda kind: shared[kind])]


def read_table(path: Path, table: Table) -> list[tuple[int, Row]]:
    """The rows of a file with their line numbers; an empty cell is None.

    Raises TableFileError with every problem of the file: columns that are missing or not known, cells that
    cannot be used, lines of another length.
    """
    header, lines = _open(path)
    problems = _header_problems(header, table)
    if problems:
        raise TableFileError(path, problems)
    columns = {column.name: column for column in table.columns}
    rows: list[tuple[int, Row]] = []
    for number, cells in lines:
        before = len(problems)
        if len(cells) != len(header):
            problem = f"{len(cells)} cells, the header has {len(header)}"
            problems.append(CellProblem(number, "", "", problem))
            continue
        row: Row = dict.fromkeys(table.header)
        for name, cell in zip(header, cells, strict=True):
            try:
                row[name] = _cell(columns[name], cell.strip())
            except (ValueError, SciatrackError) as error:
                problems.append(CellProblem(number, name, cell.strip(), str(error)))
        misfit = table.check(row) if len(problems) == before else None
        if misfit:
            problems.append(CellProblem(number, misfit[0], _show(misfit[0], row[misfit[0]]), misfit[1]))
        rows.append((number, row))
    if problems:
        raise TableFileError(path, problems)
    return rows


def append_rows(path: Path, table: Table, rows: list[Row]) -> None:
    """Write the rows after those that are there: a new file beside it, flushed, then renamed over it."""
    old = path.read_bytes() if path.exists() else _lines([table.header])
    if not old.endswith(b"\n"):
        old += b"\n"
    new = path.with_name(path.name + ".next")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(old + _lines([[_show(name, row.get(name)) for name in table.header] for row in rows]))
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def _cell(column: Column, text: str) -> Any:
    if text:
        return column.parse(text)
    if column.required:
        raise ValueError(EMPTY)
    return None


def _open(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header and the numbered lines of a CSV file; blank lines are skipped."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 text (byte {error.start}); save the file as UTF-8"
        raise TableFileError(path, [CellProblem(1, "", "", problem)]) from None
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise TableFileError(path, [CellProblem(reader.line_num, "", "", str(error))]) from None
    return ([cell.strip() for cell in lines[0][1]], lines[1:]) if lines else ([], [])


def _header_problems(header: list[str], table: Table) -> list[CellProblem]:
    missing = [c.name for c in table.columns if c.required and c.name not in header]
    unknown = [name for name in header if name not in table.header]
    twice = sorted({name for name in header if header.count(name) > 1})
    expected = ", ".join(table.header)
    return (
        [CellProblem(1, "", "", f"the column {name} is missing") for name in missing]
        + [CellProblem(1, name, name, f"is no column of {table.kind}; those are {expected}") for name in unknown]
        + [CellProblem(1, name, name, "stands twice") for name in twice]
    )


def _show(name: str, value: Any) -> str:
    """A value as its column reads it back; a time without an offset is UTC where the column says so."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.isoformat() + ("Z" if name.endswith("_utc") else "")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _lines(rows: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
