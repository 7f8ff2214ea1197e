"""Columns of numbers as float64 arrays, out of Arrow without pandas; Parquet is read here."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.errors import RecordingFileError
from sciatrack_ingest.recording import Finding, Float

# Small enough to stay in the processor's cache, large enough that Python costs nothing.
BATCH_ROWS = 131_072


@dataclass(frozen=True)
class Columns:
    """Columns by name as float64 (n, k) arrays, one for each group asked for."""

    groups: tuple[Float, ...]
    findings: tuple[Finding, ...] = ()


def clean_name(name: str) -> str:
    """A column name as it is compared: no blanks around it, lower case."""
    return name.strip().strip("\ufeff").strip().lower()


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
                array[start : start + len(batch), at] = numbers(batch.column(name))
            start += len(batch)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RecordingFileError(path, f"damaged Parquet: {error}") from error
    if start != n:
        raise RecordingFileError(path, f"damaged Parquet: {start} rows where its footer says {n}.")
    return Columns(filled)


def fill(n: int, columns: Sequence[Any]) -> Float:
    """(n, k) float64 from k lists of Arrow chunks; the one copy that is made."""
    filled = np.empty((n, len(columns)))
    for at, chunks in enumerate(columns):
        start = 0
        for chunk in chunks:
            filled[start : start + len(chunk), at] = numbers(chunk)
            start += len(chunk)
    return filled


def numbers(chunk: Any) -> npt.NDArray[Any]:
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
