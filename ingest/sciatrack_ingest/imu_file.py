"""The samples of one sensor in a session folder: the contract's generic recording file with its sidecar.

`imu-<placement>.parquet` and `imu-<placement>.json` are read back by `sciatrack_ingest.read`, like any other
recording; nothing about them is special.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sciatrack_ingest.manifest import utc_to_text
from sciatrack_ingest.recording import Recording
from sciatrack_ingest.sessions import Writer, table_writer

AXES = ("x", "y", "z")
NO_PLACEMENT = "unplaced"  # file name of a recording that does not say where the sensor sat


def imu_writers(recording: Recording) -> dict[str, Writer]:
    """The writers of both files of a recording, by file name."""
    stem = f"imu-{recording.placement or NO_PLACEMENT}"
    return {
        f"{stem}.parquet": table_writer(imu_table(recording)),
        f"{stem}.json": _sidecar_writer(recording),
    }


def imu_table(recording: Recording) -> pa.Table:
    """One row a sample: time (s), acc_x to acc_z (m/s^2), with a gyroscope gyr_x to gyr_z (rad/s).

    Where the recording came from and what was done to it stands in the schema's metadata.
    """
    columns = {"time": recording.time_s}
    for name, array in (("acc", recording.acc), ("gyr", recording.gyr)):
        if array is not None:
            columns |= {f"{name}_{axis}": np.ascontiguousarray(array[:, i]) for i, axis in enumerate(AXES)}
    history = json.dumps({"source": recording.source, "provenance": list(recording.provenance)})
    return pa.table(columns).replace_schema_metadata({"sciatrack": history})


def recording_digest(recording: Recording) -> str:
    """A hash of samples and placement: one measurement has one digest, whatever file it came in."""
    digest = hashlib.sha256((recording.placement or "").encode())
    for array in (recording.time_s, recording.acc, recording.gyr):
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _sidecar_writer(recording: Recording) -> Writer:
    body: dict[str, Any] = {
        "units": {"acc": "m/s^2", "gyr": "rad/s"},
        "exercise": recording.exercise,
        "placement": recording.placement,
        "side": recording.side,
        "participant": recording.participant,
        "start_utc": utc_to_text(recording.start_utc) if recording.start_utc else None,
        "timezone": recording.timezone,
    }
    text = json.dumps({key: value for key, value in body.items() if value is not None}, indent=1) + "\n"

    def write(path: Path) -> None:
        path.write_text(text, encoding="utf-8")

    return write
