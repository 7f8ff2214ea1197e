"""An analysis as what a session folder holds: blocks for its manifest, a rep table for reps.parquet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import pyarrow as pa

from sciatrack_signal.result import BLOCK_COLUMNS, REP_COLUMNS, TABLE_COLUMNS, Analysis, Block, Rep

_ARROW = {"int": pa.int64(), "float": pa.float64(), "str": pa.string(), "bool": pa.bool_()}
_DECLARED = {"block_side" if f.name == "side" else f.name: str(f.type) for f in fields(Block)} | {
    f.name: str(f.type) for f in fields(Rep)
}
# Arrow types of the rep table, from the types that Block and Rep declare; flags are joined by spaces.
REP_SCHEMA = pa.schema(
    [
        (name, _ARROW["str" if name == "flags" else _DECLARED[name].removesuffix(" | None")])
        for name in TABLE_COLUMNS
    ]
)
assert set(TABLE_COLUMNS) == {"block_side", *BLOCK_COLUMNS, *REP_COLUMNS}


def rep_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows with the keys of TABLE_COLUMNS as an Arrow table."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=REP_SCHEMA)


def analysis_table(analysis: Analysis) -> pa.Table:
    """One row a rep of all blocks, in order; no rows where nothing was found."""
    return rep_table(analysis.rows())


def analysis_blocks(analysis: Analysis) -> tuple[dict[str, Any], ...]:
    """Every block, with or without reps, as the manifest keeps it; NaN and infinity become None."""
    return tuple({name: _finite(getattr(block, name)) for name in BLOCK_COLUMNS} for block in analysis.blocks)


def _finite(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
