"""`write_recording`: a Recording as the contract's file with its sidecar, whole or not at all."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sciatrack_ingest.errors import RecordingFileError
from sciatrack_ingest.files.contract import ACC, GYR, TIME, sidecar_of
from sciatrack_ingest.labels import labels_from_sidecar
from sciatrack_ingest.recording import Recording


def write_recording(recording: Recording, path: str | os.PathLike[str]) -> Path:
    """Write NAME.csv or NAME.parquet (by the ending of `path`) and NAME.json beside it, over old ones.

    Units are m/s^2 and rad/s; numbers come back bit for bit, NaN as NaN. Each file is written under another
    name and renamed, the sidecar first: samples never stand without their units. Raises RecordingFileError
    for another ending or a folder that cannot be written, RecordingError for labels that `read` would refuse.
    """
    target = Path(path)
    writer = {".csv": _write_csv, ".parquet": _write_parquet}.get(target.suffix.lower())
    if writer is None:
        raise RecordingFileError(path, "the ending says no format.", hint="Use .csv or .parquet.")
    sidecar = _sidecar(recording)
    labels_from_sidecar(sidecar, "recording")
    text = json.dumps(sidecar, indent=1, ensure_ascii=False) + "\n"
    try:
        with _renamed_to(sidecar_of(target)) as building:
            building.write_text(text, encoding="utf-8")
        with _renamed_to(target) as building:
            writer(_table(recording), building)
    except OSError as error:
        raise RecordingFileError(path, f"cannot be written: {error.strerror or error}.") from error
    return target


def _sidecar(recording: Recording) -> dict[str, Any]:
    units = {"acc": "m/s^2"} | ({"gyr": "rad/s"} if recording.gyr is not None else {})
    said = {
        "units": units,
        "sampling_rate_hz": recording.nominal_rate_hz,
        "exercise": recording.exercise,
        "placement": recording.placement,
        "side": recording.side,
        "participant": recording.participant,
        "start_utc": recording.start_utc.isoformat() if recording.start_utc else None,
        "timezone": recording.timezone,
    }
    return {key: value for key, value in said.items() if value is not None}


def _table(recording: Recording) -> Any:
    import pyarrow as pa

    columns = {TIME: recording.time_s}
    for names, array in ((ACC, recording.acc), (GYR, recording.gyr)):
        if array is not None:
            columns |= {name: np.ascontiguousarray(array[:, at]) for at, name in enumerate(names)}
    return pa.table(columns)


def _write_csv(table: Any, path: Path) -> None:
    from pyarrow import csv

    with path.open("wb") as file:  # the names by hand: pyarrow would put them in quotes
        file.write((",".join(table.column_names) + "\n").encode())
        csv.write_csv(table, file, csv.WriteOptions(include_header=False, quoting_style="none"))


def _write_parquet(table: Any, path: Path) -> None:
    from pyarrow import parquet

    parquet.write_table(table, path, compression="zstd")


@contextmanager
def _renamed_to(target: Path) -> Iterator[Path]:
    """A name to write to, in the same folder; renamed to `target` at the end, removed after a failure."""
    building = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        yield building
        os.replace(building, target)
    finally:
        building.unlink(missing_ok=True)
