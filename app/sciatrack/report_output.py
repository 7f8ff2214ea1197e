"""A report in each format of `sciatrack report`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciatrack.output import console, destination, plain_table
from sciatrack.report_tables import NUMBERS, TABLES
from sciatrack_analytics.reports import Answer, Header, plain_rows

if TYPE_CHECKING:
    import pyarrow as pa

WIDE = 200  # columns of a table that goes to a file or a pipe


def write_csv(answer: Answer, output: Path | None, tell: Callable[[str], None]) -> None:
    """Plain CSV, so that every reader takes it; the header goes to stderr, or beside a file as NAME.header.json."""
    with destination(output) as stream:
        writer = csv.DictWriter(stream, answer.table.column_names, lineterminator="\n")
        writer.writeheader()
        for row in plain_rows(answer.table):
            writer.writerow({k: str(v).lower() if isinstance(v, bool) else v for k, v in row.items()})
    if output is None:
        tell_header(answer.header, tell)
        return
    with destination(output.with_name(output.name + ".header.json")) as stream:
        json.dump(asdict(answer.header), stream, indent=1, ensure_ascii=False)
        stream.write("\n")


def write_json(answer: Answer, output: Path | None) -> None:
    """`{"header": {...}, "rows": [{...}]}`."""
    with destination(output) as stream:
        body = {"header": asdict(answer.header), "rows": plain_rows(answer.table)}
        json.dump(body, stream, indent=1, ensure_ascii=False, allow_nan=False)
        stream.write("\n")


def write_parquet(answer: Answer, output: Path | None) -> None:
    """Parquet with the header in the schema's metadata under `sciatrack`."""
    import pyarrow.parquet as pq

    header = json.dumps(asdict(answer.header), ensure_ascii=False)
    table: pa.Table = answer.table.replace_schema_metadata({"sciatrack": header})
    with destination(output, binary=True) as stream:
        pq.write_table(table, stream, compression="zstd")


def write_table(answers: dict[str, Answer], output: Path | None) -> None:
    """For people: the columns that matter at a glance, numerators beside their ratios; the header below."""
    with destination(output) as stream:
        out = console(stream)
        if not out.is_terminal:
            out.width = WIDE  # nobody's screen ends here, and a wrapped table cannot be searched
        for name, answer in answers.items():
            out.print(f"{answer.header.report}\n")
            out.print(_for_people(name, answer))
            out.print("" if answer.table.num_rows else "nothing to report\n")
        header = next(iter(answers.values())).header
        tell_header(header, lambda line: out.print(line, soft_wrap=True))


def tell_header(header: Header, tell: Callable[[str], None]) -> None:
    for key, value in header.lines():
        tell(f"# {key}: {value}")


def _for_people(name: str, answer: Answer) -> Any:
    """The rows as a table; a column that is empty, or the same one participant all the way down, is left out."""
    rows = answer.table.to_pylist()
    cells = {label: [cell(row) for row in rows] for label, cell in TABLES[name].items()}
    if answer.header.participant != "all":
        cells.pop("participant", None)
    shown = {label: column for label, column in cells.items() if any(column) or not rows}
    table = plain_table(*shown, right=tuple(label for label in shown if label in NUMBERS))
    for values in zip(*shown.values(), strict=True):
        table.add_row(*values)
    return table
