"""Writes a recording as two phone apps would have exported it: Sensor Logger and phyphox. Simulated data only."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sciatrack_ingest.recording import Float, Recording

G = 9.80665
# Members of a zip carry a time; a fixed one keeps the file the same every time.
ZIP_TIME = (2026, 3, 2, 9, 0, 0)
GRAVITY_LASTS_S = 0.5  # how slowly a phone's own gravity estimate follows

Rows = Sequence[Sequence[Any]]


def write_sensor_logger(recording: Recording, path: Path) -> None:
    """An Android export of Sensor Logger: time in ns, columns z, y, x, acceleration with and without gravity."""
    start_ns = int(_start(recording).timestamp() * 1e9)
    time_ns = (start_ns + np.round(recording.time_s * 1e9)).astype(np.int64)
    gravity = _slow(recording)
    streams = {
        "TotalAcceleration.csv": recording.acc,
        "Accelerometer.csv": recording.acc - gravity,
        "Gravity.csv": gravity,
        "Gyroscope.csv": recording.gyr,
    }
    members = {
        name: _text([["time", "seconds_elapsed", "z", "y", "x"], *_backwards(time_ns, recording.time_s, values)])
        for name, values in streams.items()
        if values is not None
    }
    started = _start(recording).strftime("%Y-%m-%d_%H-%M-%S")
    members["Metadata.csv"] = _text(
        [
            ["version", "device name", "recording epoch time", "recording time", "recording timezone", "platform",
             "appVersion", "sensors", "sampleRateMs", "standardisation"],
            ["3", "simulated", start_ns // 1_000_000, started, recording.timezone or "", "android", "1.0",
             "TotalAcceleration|Accelerometer|Gravity|Gyroscope", "20", "false"],
        ]
    )  # fmt: skip
    _zip(members, path)


def write_phyphox(recording: Recording, path: Path) -> None:
    """A phyphox export: a CSV for each sensor, and meta files that tell when it was started."""
    start_s = _start(recording).timestamp()
    members = {"Accelerometer.csv": _phyphox_set("Acceleration", "m/s^2", recording.time_s, recording.acc)}
    if recording.gyr is not None:
        members["Gyroscope.csv"] = _phyphox_set("Gyroscope", "rad/s", recording.time_s, recording.gyr)
    members["meta/device.csv"] = _text([["property", "value"], ["version", "1.1.16"], ["deviceModel", "simulated"]])
    end_s = float(recording.time_s[-1])
    members["meta/time.csv"] = _text(
        [
            ["event", "experiment time", "system time", "system time text"],
            ["START", _scientific(0.0), f"{start_s:.3f}", _local(start_s)],
            ["PAUSE", _scientific(end_s), f"{start_s + end_s:.3f}", _local(start_s + end_s)],
        ]
    )
    _zip(members, path)


def _phyphox_set(name: str, unit: str, time_s: Float, values: Float) -> str:
    axes = [f"{name} {axis} ({unit})" for axis in "xyz"]
    size = np.linalg.norm(values, axis=1)
    header = ["Time (s)", *axes] + (["Absolute acceleration (m/s^2)"] if unit == "m/s^2" else [])
    extra = size[:, None] if unit == "m/s^2" else np.empty((len(values), 0))
    rows = np.column_stack([time_s, values, extra])
    lines = [",".join(f'"{word}"' for word in header)]
    lines += [",".join(_scientific(value) for value in row) for row in rows]
    return "\n".join(lines) + "\n"


def _scientific(value: float) -> str:
    """As phyphox writes numbers: 0.000000000E0."""
    mantissa, exponent = f"{value:.6e}".split("e")
    return f"{mantissa}E{int(exponent)}"


def _backwards(time_ns: np.ndarray, time_s: Float, values: Float) -> Rows:
    """Rows with the axes in the app's order z, y, x."""
    return [
        [str(ns), f"{s:.4f}", *(f"{value:.4f}" for value in row)]
        for ns, s, row in zip(time_ns.tolist(), time_s.tolist(), values[:, ::-1].tolist(), strict=True)
    ]


def _slow(recording: Recording) -> Float:
    """(n, 3) gravity as a phone estimates it: the acceleration, followed slowly, made 9.81 long."""
    gravity = np.empty_like(recording.acc)
    gravity[0] = recording.acc[0]
    share = 1.0 - np.exp(-np.diff(recording.time_s) / GRAVITY_LASTS_S)
    for k, part in enumerate(share, start=1):
        gravity[k] = gravity[k - 1] + part * (recording.acc[k] - gravity[k - 1])
    return np.round(G * gravity / np.linalg.norm(gravity, axis=1, keepdims=True), 4)


def _start(recording: Recording) -> dt.datetime:
    return recording.start_utc or dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)


def _local(epoch_s: float) -> str:
    return dt.datetime.fromtimestamp(epoch_s, dt.UTC).strftime("%Y-%m-%d %H:%M:%S.000 UTC")


def _text(rows: Rows) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _zip(members: dict[str, str], path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, members[name].encode("utf-8"), compresslevel=9)
