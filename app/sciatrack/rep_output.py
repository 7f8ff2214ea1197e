"""An analysis in each format of `sciatrack analyze`.

Each format is a context manager over a stream; it hands out a function that takes one `Analysis` at a time.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sciatrack.output import console, destination, json_ready, plain_table

if TYPE_CHECKING:
    import pyarrow as pa

    from sciatrack_signal.result import Analysis, Block, Rep

Write = Callable[["Analysis"], None]

FORMATS = ("table", "json", "jsonl", "csv", "parquet")
ROWS_PER_GROUP = 20_000  # Parquet rows held back before they are written; about 30 MB as Python objects


@contextmanager
def open_writer(form: str, output: Path | None) -> Iterator[Write]:
    """A function that writes one analysis after the other in format `form` to `output`, or to stdout.

    jsonl stands in the file line by line as it comes; every other format appears whole at the end.
    """
    with (
        destination(output, binary=form == "parquet", at_once=form != "jsonl") as stream,
        _WRITERS[form](stream) as write,
    ):
        yield write


@contextmanager
def _jsonl(stream: IO[str]) -> Iterator[Write]:
    def write(analysis: Analysis) -> None:
        for block in analysis.blocks:
            stream.write(_json(block) + "\n")
        stream.flush()

    yield write


@contextmanager
def _json_array(stream: IO[str]) -> Iterator[Write]:
    separator = "["

    def write(analysis: Analysis) -> None:
        nonlocal separator
        for block in analysis.blocks:
            stream.write(f"{separator}\n{_json(block)}")
            separator = ","

    yield write
    stream.write("[]\n" if separator == "[" else "\n]\n")


@contextmanager
def _csv(stream: IO[str]) -> Iterator[Write]:
    from sciatrack_signal.result import TABLE_COLUMNS

    writer = csv.DictWriter(stream, TABLE_COLUMNS, lineterminator="\n")
    writer.writeheader()

    def write(analysis: Analysis) -> None:
        for row in analysis.rows():
            plain = json_ready(row)
            # JSON's spelling, since every reader of CSV that knows booleans takes it
            writer.writerow({k: str(v).lower() if isinstance(v, bool) else v for k, v in plain.items()})
        stream.flush()

    yield write


@contextmanager
def _parquet(stream: IO[bytes]) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = rep_schema()
    rows: list[dict[str, Any]] = []
    with pq.ParquetWriter(stream, schema) as writer:

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            rows.clear()

        def write(analysis: Analysis) -> None:
            rows.extend(json_ready(row) for row in analysis.rows())
            if len(rows) >= ROWS_PER_GROUP:
                flush()

        yield write
        flush()


@contextmanager
def _table(stream: IO[str]) -> Iterator[Write]:
    out = console(stream)

    def write(analysis: Analysis) -> None:
        for block in analysis.blocks:
            out.print(f"{block.recording}: {headline(block)}", soft_wrap=True)
            if block.note:
                out.print(f"  {block.note}")
            if block.reps:
                out.print(rep_table(block.reps))
            out.print()

    yield write


def headline(block: Block) -> str:
    """One line on a block: what, where, how many, how well it can be seen."""
    doubt = "" if block.count_low == block.count_high else f" (between {block.count_low} and {block.count_high})"
    noun = "repetition" if block.count == 1 else "repetitions"
    place = f"{block.exercise} on {block.placement}, side {block.side}"
    return f"{place}: {block.count} {noun}{doubt}, observability {block.observability}"


def rep_table(reps: tuple[Rep, ...]) -> Any:
    """The reps of a block as a table of 80 columns; holds with their 90 % interval."""
    numbers = ("set", "rep", "start", "hold s", "end", "deg")
    table = plain_table(*numbers[:5], "side", "deg", "sure", "flags", right=numbers)
    for number, rep in enumerate(reps, start=1):
        flags = " ".join(rep.flags if rep.complete else ("not complete", *rep.flags))
        table.add_row(
            str(rep.set),
            str(number),
            _fixed(rep.start_s, 1),
            _hold(rep),
            _fixed(rep.end_s, 1),
            rep.side,
            _fixed(rep.rom_deg, 0),
            _fixed(rep.confidence, 2),
            flags,
        )
    return table


def rep_schema() -> pa.Schema:
    """The Arrow types of the rep table, from the types that Block and Rep declare."""
    import pyarrow as pa

    from sciatrack_signal.result import BLOCK_COLUMNS, REP_COLUMNS, TABLE_COLUMNS, Block, Rep

    arrow = {"int": pa.int64(), "float": pa.float64(), "str": pa.string(), "bool": pa.bool_()}
    declared = {field.name: str(field.type) for field in fields(Block)}
    of_block = [declared[name] for name in BLOCK_COLUMNS]
    declared = {field.name: str(field.type) for field in fields(Rep)} | {"flags": "str"}
    types = of_block + [declared[name] for name in REP_COLUMNS]
    return pa.schema([(name, arrow[kind.split(" ")[0]]) for name, kind in zip(TABLE_COLUMNS, types, strict=True)])


def _json(block: Block) -> str:
    return json.dumps(json_ready(block.to_dict()), ensure_ascii=False, allow_nan=False)


def _hold(rep: Rep) -> str:
    interval = f" ({_fixed(rep.hold_s_low, 1)}-{_fixed(rep.hold_s_high, 1)})"
    return "" if rep.hold_s is None else _fixed(rep.hold_s, 1) + ("" if rep.hold_s_low is None else interval)


def _fixed(value: float | None, decimals: int) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.{decimals}f}"


_WRITERS: dict[str, Callable[[Any], AbstractContextManager[Write]]] = {
    "table": _table,
    "json": _json_array,
    "jsonl": _jsonl,
    "csv": _csv,
    "parquet": _parquet,
}
