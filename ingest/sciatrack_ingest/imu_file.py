"""The samples of one sensor as `imu-<placement>.parquet` in a session folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sciatrack_ingest.manifest import SessionError, text_to_utc, utc_to_text
from sciatrack_ingest.recording import Recording

AXES = ("x", "y", "z")


def imu_table(recording: Recording) -> pa.Table:
    """The samples as the contract's generic recording table, its labels in the file's metadata."""
    columns = {"time": recording.time_s}
    for name, array in (("acc", recording.acc), ("gyr", recording.gyr)):
        if array is not None:
            columns |= {f"{name}_{axis}": np.ascontiguousarray(array[:, i]) for i, axis in enumerate(AXES)}
    labels = {
        "units": {"acc": "m/s^2", "gyr": "rad/s"},
        "placement": recording.placement,
        "side": recording.side,
        "exercise": recording.exercise,
        "participant": recording.participant,
        "start_utc": utc_to_text(recording.start_utc) if recording.start_utc else None,
        "timezone": recording.timezone,
        "nominal_rate_hz": recording.nominal_rate_hz,
        "source": recording.source,
        "provenance": list(recording.provenance),
    }
    return pa.table(columns).replace_schema_metadata({"sciatrack": json.dumps(labels)})


def read_imu(path: Path) -> Recording:
    """The recording in an imu-<placement>.parquet of a session folder."""
    try:
        table = pq.ParquetFile(path).read()
        labels: dict[str, Any] = json.loads((table.schema.metadata or {}).get(b"sciatrack", b"{}"))
        columns = {name: table.column(name).to_numpy() for name in table.column_names}
        start = labels.get("start_utc")
        return Recording(
            time_s=columns["time"],
            acc=np.column_stack([columns[f"acc_{axis}"] for axis in AXES]),
            gyr=np.column_stack([columns[f"gyr_{axis}"] for axis in AXES]) if "gyr_x" in columns else None,
            name=path.name,
            start_utc=text_to_utc(start) if start else None,
            provenance=tuple(labels.get("provenance", ())),
            source=labels.get("source", ""),
            placement=labels.get("placement"),
            side=labels.get("side"),
            exercise=labels.get("exercise"),
            participant=labels.get("participant"),
            timezone=labels.get("timezone"),
            nominal_rate_hz=labels.get("nominal_rate_hz"),
        )
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise SessionError(path, f"cannot be read as samples ({error}).") from None


def recording_digest(recording: Recording) -> str:
    """A hash of samples and placement: one measurement has one digest, whatever file it came in."""
    digest = hashlib.sha256((recording.placement or "").encode())
    for array in (recording.time_s, recording.acc, recording.gyr):
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
