"""Exports of the app phyphox (RWTH Aachen): a zip, the folder it unpacks to, or one set as a single CSV.

Facts from DataExport.java, ExperimentSensorInput.swift and the page on saved states of the phyphox project:
- one CSV a set; its column names depend on the experiment ("Acceleration x (m/s^2)", "X (m/s^2)" in a file
  named after the sensor), the units in brackets do not. Shorter columns are filled up with NaN.
- five dialects: separator `,` `;` or TAB with a decimal point, `;` or TAB with a decimal comma.
- "Linear Acceleration" is without gravity. Signs are those of Android on iPhones too.
- meta/time.csv lists START and PAUSE with the experiment's clock, which stands still in pauses, and the
  system's. Here each pause is put back, so that it shows as the gap that it is.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sciatrack_ingest.assemble import Samples, assemble
from sciatrack_ingest.errors import GravityError, RecordingFileError
from sciatrack_ingest.files.columns import Columns
from sciatrack_ingest.files.export import Export
from sciatrack_ingest.files.join import join
from sciatrack_ingest.files.sensor_logger import unused_units
from sciatrack_ingest.files.table import TextTable, read_text
from sciatrack_ingest.labels import Labels
from sciatrack_ingest.recording import Finding, Float, Recording

APP = "phyphox"
TIME_FILE, DEVICE_FILE = "meta/time.csv", "meta/device.csv"
_TIME = re.compile(r"^[^()]*\(s\)$")
_AXIS = re.compile(r"^(?P<label>.*?)\b(?P<axis>[xyz])\s*\((?P<unit>[^()]+)\)$", re.IGNORECASE)
_ACC_UNITS = frozenset({"m/s^2", "m/s²", "m/s2", "m/s/s"})
_GYR_UNITS = frozenset({"rad/s"})
# What experiments call acceleration without gravity, in the column or in the set's name.
_LINEAR = re.compile(r"linear|without g|ohne g|sans g|sin g|senza g", re.IGNORECASE)
_LIKE_GRAVITY = re.compile(r"gravit|schwerkraft", re.IGNORECASE)
LINEAR_HINT = "Record the experiment 'Acceleration (with g)' (the raw accelerometer) instead."


@dataclass(frozen=True)
class Triple:
    """Three axes and their clock in one set: column names, in the file's words."""

    table: TextTable
    time: str
    axes: tuple[str, str, str]
    linear: bool = False


@dataclass(frozen=True)
class Pauses:
    """start_s (k,) of the experiment's clock at each START; shift_s (k,) seconds of pauses until then."""

    start_s: Float
    shift_s: Float
    first_start_utc_s: float


def is_phyphox(names: Sequence[str]) -> bool:
    """True for the column names of a set with three axes of acceleration or rotation and a clock."""
    table = TextTable("", b"", tuple(names))
    return bool(_triples(table, _ACC_UNITS) or _triples(table, _GYR_UNITS))


def is_phyphox_export(export: Export) -> bool:
    """True for sets with their meta folder, or several sets of which only one holds an acceleration.

    Several single CSVs that only share a folder are recordings of their own.
    """
    if export.find(TIME_FILE) or export.find(DEVICE_FILE):
        return any(is_phyphox(table.names) for table in export.tables())
    sets = with_acceleration = 0
    for table in export.tables():
        if not any(_TIME.match(name.strip()) for name in table.names):
            return False
        sets += 1
        with_acceleration += any(not triple.linear for triple in _triples(table, _ACC_UNITS))
        if with_acceleration > 1:
            return False
    return sets > 1 and with_acceleration == 1


def read_phyphox(export: Export, labels: Labels) -> Recording:
    """The recording of an export. Raises GravityError if only linear acceleration was recorded."""
    tables = list(export.tables())
    found = [triple for table in tables for triple in _triples(table, _ACC_UNITS)]
    acc = next((triple for triple in found if not triple.linear), None)
    if acc is None and found:
        where = f"{found[0].table.member}, column {found[0].axes[0]}".removeprefix(", ")
        raise GravityError(export.path, "linear acceleration is without gravity.", where=where, hint=LINEAR_HINT)
    if acc is None:
        names = ", ".join(name for table in tables for name in table.names)[:200]
        raise RecordingFileError(
            export.path, f"no set with x, y and z in m/s^2 among the columns: {names}.", hint=LINEAR_HINT
        )
    content = _read(acc)
    gyr, gyr_findings = _gyroscope(export, tables, acc, content)
    time_s = np.ascontiguousarray(content.groups[0][:, 0])
    pauses = _pauses(export)
    time_s, findings = _with_pauses(time_s, pauses)
    start = Labels(start_utc=_start_utc(time_s, pauses), origin=(("start_utc", TIME_FILE),))
    units = Labels(units_acc="m/s^2", units_gyr="rad/s", origin=(("units_acc", APP), ("units_gyr", APP)))
    table = acc.table
    dialect = f"separator {table.separator!r}, decimal mark {table.decimal!r}"
    samples = Samples(
        time_s, content.groups[1], gyr, table.place_of,
        (f"{APP}, {table.member or 'single CSV'}, {len(time_s)} rows, {dialect}",),
        content.findings + gyr_findings + findings + unused_units(labels, "m/s^2", "rad/s"),
    )  # fmt: skip
    return assemble(export.path, samples, units.over(labels).over(start), "phyphox")


def _triples(table: TextTable, units: frozenset[str]) -> list[Triple]:
    time = next((name for name in table.names if _TIME.match(name.strip())), None)
    if time is None:
        return []
    by_label: dict[str, dict[str, str]] = {}
    for name in table.names:
        match = _AXIS.match(name.strip())
        if match and match["unit"].strip().lower() in units:
            by_label.setdefault(match["label"].strip().lower(), {}).setdefault(match["axis"].lower(), name)
    return [
        Triple(table, time, (axes["x"], axes["y"], axes["z"]), bool(_LINEAR.search(f"{label} {table.member}")))
        for label, axes in by_label.items()
        if set(axes) == {"x", "y", "z"} and not _LIKE_GRAVITY.search(f"{label} {table.member}")
    ]


def _read(triple: Triple) -> Columns:
    return read_text(triple.table, [[triple.time], list(triple.axes)])


def _gyroscope(
    export: Export, tables: Sequence[TextTable], acc: Triple, content: Columns
) -> tuple[Float | None, tuple[Finding, ...]]:
    """Angular rates at the acceleration's stamps: from the same set, or joined from a set of their own."""
    found = [triple for table in tables for triple in _triples(table, _GYR_UNITS)]
    if not found:
        return None, ()
    triple = next((triple for triple in found if triple.table is acc.table), found[0])
    gyr = _read(triple)
    if triple.table is acc.table and triple.time == acc.time:
        return gyr.groups[1], ()
    return join(export.path, "gyr", content.groups[0][:, 0], gyr)


def _pauses(export: Export) -> Pauses | None:
    """START and PAUSE of meta/time.csv; None where the export has none."""
    member = export.find(TIME_FILE)
    if member is None:
        return None
    table = export.table(member)
    rows = [row for row in _event_rows(table) if row[0] in ("START", "PAUSE")]
    starts = [row for row in rows if row[0] == "START"]
    if not starts:
        return None
    clock_s, system_s = (np.array([row[at] for row in starts], dtype=np.float64) for at in (1, 2))
    shift_s = np.maximum.accumulate((system_s - system_s[0]) - (clock_s - clock_s[0]))
    return Pauses(clock_s, np.maximum(shift_s, 0.0), float(system_s[0] - clock_s[0]))


def _event_rows(table: TextTable) -> list[tuple[str, float, float]]:
    source = table.source if isinstance(table.source, bytes) else table.source.read_bytes()
    lines = io.StringIO(source.decode("utf-8-sig", errors="replace"))
    rows = []
    try:
        for number, fields in enumerate(csv.reader(lines, delimiter=table.separator), start=1):
            if number == 1 or len(fields) < 3:
                continue
            clock_s, system_s = (float(field.replace(table.decimal, ".")) for field in fields[1:3])
            if not (np.isfinite(clock_s) and np.isfinite(system_s)):
                raise ValueError("not a finite time")
            rows.append((fields[0].strip().upper(), clock_s, system_s))
    except (csv.Error, ValueError) as error:
        raise table.error(f"{error}.", where=table.place(len(rows) + 2)) from error
    return rows


def _with_pauses(time_s: Float, pauses: Pauses | None) -> tuple[Float, tuple[Finding, ...]]:
    """The stamps with each pause put back where the experiment's clock stood still."""
    if pauses is None or len(pauses.start_s) < 2:
        return time_s, ()
    at = np.searchsorted(pauses.start_s, time_s, side="right") - 1
    shift_s = pauses.shift_s[np.clip(at, 0, None)]
    n = len(pauses.start_s) - 1
    message = f"{n} pauses, {pauses.shift_s[-1]:.1f} s in all, put back into a clock that stood still in them"
    return time_s + shift_s, (Finding("paused", message, n),)


def _start_utc(time_s: Float, pauses: Pauses | None) -> dt.datetime | None:
    finite = time_s[np.isfinite(time_s)]
    if pauses is None or not len(finite):
        return None
    try:
        return dt.datetime.fromtimestamp(pauses.first_start_utc_s + float(finite[0]), dt.UTC)
    except (OverflowError, OSError, ValueError):
        return None
