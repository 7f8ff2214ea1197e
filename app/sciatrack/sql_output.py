"""An answer of `sciatrack sql` in each of its formats, with what it rests on."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciatrack.output import console, destination, plain_table
from sciatrack.report_output import WIDE
from sciatrack_analytics.sql_query import QueryAnswer

if TYPE_CHECKING:
    from sciatrack_analytics.study import Study

Header = dict[str, str]


def header_of(study: Study, query: str, max_rows: int, timeout_s: float) -> Header:
    """What an answer made now rests on, and the limits under which it was made."""
    import duckdb

    from sciatrack_analytics.software import software

    ((last_date,),) = study.rows("select last_date from cut_off")
    return {
        "query": query,
        "study": study.settings.name,
        "cut_off_date": str(last_date or "none: the study holds nothing yet"),
        "limits": f"{max_rows} rows, {timeout_s:g} s",
        "software": f"sciatrack {software()['sciatrack']}, DuckDB {duckdb.__version__}",
    }


def write(answer: QueryAnswer, header: Header, form: str, output: Path | None, tell: Callable[[str], None]) -> None:
    """Write the answer to `output` or stdout; the header goes with it, or to `tell` where there is no place."""
    header = header | {"rows": f"{answer.table.num_rows}" + (", cut off" if answer.cut_off else "")}
    {"table": _table, "csv": _csv, "json": _json, "parquet": _parquet}[form](answer, header, output)
    if form == "csv" and output is not None:
        with destination(output.with_name(output.name + ".header.json")) as stream:
            json.dump(header, stream, indent=1, ensure_ascii=False)
            stream.write("\n")
    elif form != "json":
        for key, value in header.items():
            tell(f"# {key.replace('_', ' ')}: {value}")


def write_dictionary(form: str, output: Path | None, tell: Callable[[str], None]) -> None:
    """The data dictionary, one row a column, in the formats of an answer."""
    import pyarrow as pa

    from sciatrack_analytics.dictionary import entries
    from sciatrack_analytics.software import software

    table = pa.Table.from_pylist([asdict(entry) for entry in entries()])
    write(
        QueryAnswer(table, cut_off=False), {"software": f"sciatrack {software()['sciatrack']}"}, form, output, tell
    )


def plain(value: Any) -> Any:
    """A value of a query in the types of JSON; not a number and infinity are None, times are ISO text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _rows(answer: QueryAnswer) -> list[dict[str, Any]]:
    return [{key: plain(value) for key, value in row.items()} for row in answer.table.to_pylist()]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return (
        ""
        if value is None
        else json.dumps(value, ensure_ascii=False)
        if isinstance(value, list | dict)
        else str(value)
    )


def _table(answer: QueryAnswer, header: Header, output: Path | None) -> None:
    with destination(output) as stream:
        out = console(stream)
        if not out.is_terminal:
            out.width = WIDE
        table = plain_table(*answer.table.column_names)
        for row in _rows(answer):
            table.add_row(*(_cell(value) for value in row.values()))
        out.print(table)


def _csv(answer: QueryAnswer, header: Header, output: Path | None) -> None:
    with destination(output) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(answer.table.column_names)
        writer.writerows([_cell(value) for value in row.values()] for row in _rows(answer))


def _json(answer: QueryAnswer, header: Header, output: Path | None) -> None:
    with destination(output) as stream:
        json.dump({"header": header, "rows": _rows(answer)}, stream, indent=1, ensure_ascii=False, allow_nan=False)
        stream.write("\n")


def _parquet(answer: QueryAnswer, header: Header, output: Path | None) -> None:
    import pyarrow.parquet as pq

    table = answer.table.replace_schema_metadata({"sciatrack": json.dumps(header, ensure_ascii=False)})
    with destination(output, binary=True) as stream:
        pq.write_table(table, stream, compression="zstd")
