"""The contract's generic recording file: CSV or Parquet with columns by name, and a sidecar beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sciatrack_ingest.assemble import Samples, assemble
from sciatrack_ingest.errors import RecordingFileError
from sciatrack_ingest.files.columns import Columns, clean_name, read_parquet
from sciatrack_ingest.files.session import manifest_labels
from sciatrack_ingest.files.table import open_text, read_text
from sciatrack_ingest.labels import Labels
from sciatrack_ingest.recording import Float, Recording

# Where a Parquet file of sciatrack keeps the history of its samples, as JSON.
METADATA_KEY = b"sciatrack"
TIME = "time"
ACC = ("acc_x", "acc_y", "acc_z")
GYR = ("gyr_x", "gyr_y", "gyr_z")


def sidecar_of(path: Path) -> Path:
    """Where the sidecar of a recording file stands: NAME.json beside NAME.csv or NAME.parquet."""
    return path.with_suffix(".json")


def has_contract_columns(names: Sequence[str]) -> bool:
    """True if any column is named like one of the accelerometer's axes in the contract."""
    return not set(ACC).isdisjoint(clean_name(name) for name in names)


def read_csv(path: str, labels: Labels) -> Recording:
    """Read a CSV by the contract; all that is said beside its samples stands in `labels`."""
    table = open_text(path, Path(path))
    columns = check_columns(path, table.names)
    content = read_text(table, columns)
    dialect = f"contract CSV, separator {table.separator!r}, decimal mark {table.decimal!r}"
    samples = _samples(columns, content, (dialect,))
    return assemble(path, replace(samples, place_of=table.place_of), labels, "contract")


def read_parquet_file(path: str, labels: Labels) -> Recording:
    """Read a Parquet file by the contract; `labels` win over the manifest of a session around it."""
    file = open_parquet(path)
    columns = check_columns(path, file.schema_arrow.names, where="")
    content = read_parquet(path, file, columns)
    beside, findings = manifest_labels(Path(path))
    content = replace(content, findings=content.findings + findings)
    samples = _samples(columns, content, (*_history(file.schema_arrow.metadata), "contract Parquet"))
    return assemble(path, samples, labels.over(beside), "contract")


def open_parquet(path: str) -> Any:
    """An open `pyarrow.parquet.ParquetFile`. Raises RecordingFileError for a damaged one."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RecordingFileError(path, f"damaged Parquet: {error}") from error


def check_columns(path: str, names: Sequence[str], *, where: str = "line 1") -> list[list[str]]:
    """The file's own names of time, acc and gyr; an empty group for what it does not have.

    Raises RecordingFileError naming the column that is missing or there twice.
    """
    found: dict[str, str] = {}
    for name in names:
        word = clean_name(name)
        if word in found and word in (TIME, *ACC, *GYR):
            raise RecordingFileError(path, f"two columns are named {word}.", where=where, hint="Remove one.")
        found[word] = name
    lacking = [name for name in ACC if name not in found]
    if lacking:
        shown = ", ".join(name.strip()[:40] for name in names[:12])
        hint = f"Columns are found by name: {', '.join((TIME, *ACC))}; with a gyroscope {', '.join(GYR)}."
        raise RecordingFileError(path, f"no column {lacking[0]} among: {shown}.", where=where, hint=hint)
    gyr = [name for name in GYR if name in found]
    if 0 < len(gyr) < len(GYR):
        missing = next(name for name in GYR if name not in found)
        hint = "Give all three or none (a sensor without gyroscope is normal)."
        raise RecordingFileError(path, f"{gyr[0]} is there, {missing} is not.", where=where, hint=hint)
    time = [found[TIME]] if TIME in found else []
    return [time, [found[name] for name in ACC], [found[name] for name in gyr]]


def _samples(columns: Sequence[Sequence[str]], content: Columns, provenance: tuple[str, ...]) -> Samples:
    time, acc, gyr = content.groups
    return Samples(
        time_s=_flat(time) if columns[0] else None,
        acc=acc,
        gyr=gyr if columns[2] else None,
        provenance=provenance,
        findings=content.findings,
    )


def _history(metadata: Mapping[bytes, bytes] | None) -> tuple[str, ...]:
    """What was done to the samples before, from the metadata of a Parquet file that sciatrack wrote."""
    try:
        lines = json.loads((metadata or {}).get(METADATA_KEY, b"{}"))["provenance"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return ()
    return tuple(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ()


def _flat(column: Float) -> Float:
    return np.ascontiguousarray(column[:, 0])
