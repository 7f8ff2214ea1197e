"""Exports of the app Sensor Logger (Kelvin Choi): a zip, or the folder it unpacks to, one CSV a sensor.

Facts from UNITS.md, CROSSPLATFORM.md, COORDINATES.md and README.md of tszheichoi/awesome-sensor-logger:
- columns `time` (ns since 1970, UTC), `seconds_elapsed` (s since the start was tapped, may begin below 0),
  then the axes in the order z, y, x. They are found by name here.
- Accelerometer.csv is in m/s^2 and WITHOUT gravity, Gravity.csv is the missing part. TotalAcceleration.csv
  (Android) has both. AccelerometerUncalibrated.csv has both too: m/s^2 on Android, g on an iPhone.
- An iPhone gives accelerations with all three signs turned round (-z up when it lies on its back) unless
  "Standardise Units & Frames" was on, which also brings m/s^2 everywhere. Gyroscope.csv is rad/s and of
  one sign on both. Metadata.csv names platform and standardisation.

So: TotalAcceleration, else Accelerometer + Gravity, else AccelerometerUncalibrated; from an iPhone that was
not standardised times -1, so that at rest the vector points up as in every Recording. Turning the whole
vector round changes neither counts nor holds nor the check of the gyroscope, but the posture read from it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sciatrack_ingest.assemble import Samples, assemble
from sciatrack_ingest.errors import GravityError, RecordingError, RecordingFileError
from sciatrack_ingest.files.columns import Columns, clean_name
from sciatrack_ingest.files.export import Export
from sciatrack_ingest.files.join import join
from sciatrack_ingest.files.table import TextTable, read_text
from sciatrack_ingest.labels import Labels, labels_from
from sciatrack_ingest.recording import Finding, Float, Recording

APP = "Sensor Logger"
ELAPSED, EPOCH = "seconds_elapsed", "time"
TOTAL, LINEAR, GRAVITY = "TotalAcceleration.csv", "Accelerometer.csv", "Gravity.csv"
RAW, GYRO, META = "AccelerometerUncalibrated.csv", "Gyroscope.csv", "Metadata.csv"
NO_GRAVITY_HINT = (
    "Switch on Total Acceleration (Android) or Gravity beside Accelerometer (iPhone) in Sensor Logger and "
    "record again; from this recording alone gravity cannot be won back."
)


@dataclass(frozen=True)
class Phone:
    """What Metadata.csv says: platform "ios", "android" or "" (not said), and whether frames were unified."""

    platform: str = ""
    standardised: bool = False
    labels: Labels = field(default_factory=Labels)
    findings: tuple[Finding, ...] = ()

    @property
    def turns_signs(self) -> bool:
        return self.platform == "ios" and not self.standardised


def is_sensor_logger(names: Sequence[str]) -> bool:
    """True for the column names of one sensor's CSV in such an export."""
    return {ELAPSED, "x", "y", "z"} <= {clean_name(name) for name in names}


def is_sensor_logger_export(export: Export) -> bool:
    """True if one of the acceleration files of the app is there, with the app's columns."""
    members = [export.find(name) for name in (TOTAL, LINEAR, RAW, GRAVITY)]
    return any(is_sensor_logger(export.table(member).names) for member in members if member)


def read_sensor_logger(export: Export, labels: Labels) -> Recording:
    """The recording of an export. Raises GravityError where no stream of it holds gravity."""
    phone = _phone(export)
    stream = _acceleration(export, phone)
    stamps, acc = stream.columns.groups
    time_s = np.ascontiguousarray(stamps[:, 0])
    provenance = [f"{APP}, {stream.name}, {len(acc)} rows, platform {phone.platform or 'not said'}"]
    findings = stream.columns.findings + phone.findings + unused_units(labels, stream.unit, "rad/s")
    if phone.turns_signs:
        np.negative(acc, out=acc)
        provenance.append("acc times -1: an iPhone without standardised frames has all signs turned round")
    elif not phone.platform and stream.name != TOTAL:
        message = "no Metadata.csv tells the platform: from an iPhone the signs of acc are turned round"
        findings += (Finding("sign_unknown", message),)
    gyr, gyr_findings = _gyroscope(export, time_s)
    units = Labels(units_acc=stream.unit, units_gyr="rad/s", origin=(("units_acc", APP), ("units_gyr", APP)))
    start = Labels(start_utc=_start_utc(stamps[:, 1]), origin=(("start_utc", "the time stamps"),))
    samples = Samples(
        time_s,
        acc,
        gyr,
        lambda row: f"{stream.name}, line {row + 2}",
        tuple(provenance),
        findings + gyr_findings,
    )
    return assemble(export.path, samples, units.over(labels).over(start).over(phone.labels), "sensor_logger")


@dataclass(frozen=True)
class _Stream:
    """columns.groups: (n, 2) elapsed and epoch seconds, (n, 3) x, y, z. unit None: not said."""

    name: str
    columns: Columns
    unit: str | None


def _acceleration(export: Export, phone: Phone) -> _Stream:
    tables = {name: _stream(export, name) for name in (TOTAL, LINEAR, GRAVITY, RAW)}
    total, linear, gravity, raw = tables.values()
    if total:
        return _Stream(TOTAL, _read(total), "m/s^2")
    if linear and gravity:
        return _Stream(f"{LINEAR} + {GRAVITY}", _sum(export, _read(linear), _read(gravity)), "m/s^2")
    if raw:
        unit = "m/s^2" if phone.standardised else {"ios": "g", "android": "m/s^2"}.get(phone.platform)
        return _Stream(RAW, _read(raw), unit)
    if linear:
        raise GravityError(export.path, "the acceleration is without gravity.", where=LINEAR, hint=NO_GRAVITY_HINT)
    raise RecordingFileError(
        export.path,
        f"an export of {APP} without acceleration.",
        hint="Switch on Total Acceleration or Gravity.",
    )


def _stream(export: Export, name: str) -> TextTable | None:
    """The CSV of one sensor if it is there with the app's columns; an empty one counts as not there."""
    tables = (export.table(member) for member in export.names if member.lower() == name.lower())
    return next((table for table in tables if is_sensor_logger(table.names) and not table.empty), None)


def _read(table: TextTable) -> Columns:
    names = {clean_name(name): name for name in table.names}
    if EPOCH not in names:
        raise table.error(f"no column `{EPOCH}`.", where=table.place(1), hint="Export the recording again.")
    columns = read_text(table, [[names[ELAPSED], names[EPOCH]], [names[axis] for axis in "xyz"]])
    columns.groups[0][:, 1] /= 1e9
    return columns


def _sum(export: Export, linear: Columns, gravity: Columns) -> Columns:
    """Acceleration with gravity: the two streams share their stamps, or gravity is joined to the other."""
    time_s = linear.groups[0][:, 0]
    joined, findings = join(export.path, "gravity", time_s, _on_elapsed(gravity))
    if joined is None:
        problem = f"{GRAVITY} and {LINEAR} do not overlap in time, so there is no acceleration with gravity."
        raise GravityError(export.path, problem, hint=NO_GRAVITY_HINT)
    return Columns((linear.groups[0], linear.groups[1] + joined), linear.findings + findings)


def _on_elapsed(columns: Columns) -> Columns:
    return Columns((columns.groups[0][:, :1], columns.groups[1]), columns.findings)


def _gyroscope(export: Export, time_s: Float) -> tuple[Float | None, tuple[Finding, ...]]:
    table = _stream(export, GYRO)
    if table is None:
        return None, ()
    return join(export.path, "gyr", time_s, _on_elapsed(_read(table)))


def unused_units(labels: Labels, unit_acc: str | None, unit_gyr: str) -> tuple[Finding, ...]:
    """A word on units that were given for an export that states its own; those of the export are used."""
    pairs = (("acc", labels.units_acc, unit_acc), ("gyr", labels.units_gyr, unit_gyr))
    return tuple(
        Finding(
            "units_unused",
            f"{sensor} is in {own} by the export; {given} from {_from(labels, sensor)} not used",
        )
        for sensor, given, own in pairs
        if given is not None and own is not None and given != own
    )


def _from(labels: Labels, sensor: str) -> str:
    return labels.origin_of(f"units_{sensor}")


def _start_utc(epoch_s: Float) -> dt.datetime | None:
    """The instant of the first sample, or None for a stamp outside any calendar."""
    finite = epoch_s[np.isfinite(epoch_s)]
    try:
        return dt.datetime.fromtimestamp(float(finite[0]), dt.UTC) if len(finite) else None
    except (OverflowError, OSError, ValueError):
        return None


def _phone(export: Export) -> Phone:
    member = export.find(META)
    said = _first_row(export.get(member)) if member else {}
    zone = said.get("recording timezone") or None
    findings: tuple[Finding, ...] = ()
    try:
        labels = labels_from({"timezone": zone}, META)
    except RecordingError:
        labels, findings = (
            Labels(),
            (Finding("timezone_unknown", f"time zone {zone!r} of {META} is not known"),),
        )
    return Phone(
        platform=said.get("platform", "").lower(),
        standardised=said.get("standardisation", "").lower() == "true",
        labels=labels,
        findings=findings,
    )


def _first_row(source: Path | bytes) -> Mapping[str, str]:
    text = (source if isinstance(source, bytes) else source.read_bytes()).decode("utf-8-sig", errors="replace")
    try:
        row = next(csv.DictReader(io.StringIO(text)), {})
    except csv.Error:
        return {}
    return {clean_name(key): value.strip() for key, value in row.items() if key and isinstance(value, str)}
