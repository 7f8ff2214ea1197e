"""The study's append-only CSV files, each declared once.

A row is never edited. A later row for the same key takes the place of an earlier one where the table is about
states (`participants`, `excused`, `selfreports`); prescriptions get a new version instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sciatrack_analytics import csv_cells as cells
from sciatrack_analytics.checkins import PHASES, parse_flags, parse_nrs, parse_site
from sciatrack_ingest.manifest import check_participant

RX_SIDES = ("left", "right", "both", "each")
EXCUSES = ("excused", "device_fault", "none")


@dataclass(frozen=True)
class Column:
    """One column of a CSV table: its parser raises ValueError saying what is allowed."""

    name: str
    parse: Callable[[str], Any]
    required: bool = True


@dataclass(frozen=True)
class Table:
    """One append-only CSV file of a study."""

    kind: str
    columns: tuple[Column, ...]

    @property
    def file_name(self) -> str:
        return f"{self.kind}.csv"

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


# The limits only catch typing errors and swapped columns.
PARTICIPANTS = Table(
    "participants",
    (
        Column("participant", check_participant),
        Column("arm", cells.text, required=False),
        Column("start_date", cells.date, required=False),
        Column("end_date", cells.date, required=False),
        Column("note", cells.text, required=False),
    ),
)
PRESCRIPTIONS = Table(
    "prescriptions",
    (
        Column("participant", check_participant),
        Column("exercise", cells.text),
        Column("version", cells.whole(1, 9999), required=False),
        Column("valid_from", cells.date),
        Column("days_per_week", cells.whole(0, 7)),
        Column("sessions_per_day", cells.whole(1, 20), required=False),
        Column("sets", cells.whole(1, 50), required=False),
        Column("reps", cells.whole(1, 1000)),
        Column("hold_s", cells.number(0, 600), required=False),
        Column("side", cells.one_of(*RX_SIDES)),
        Column("rom_target_deg", cells.number(0, 180), required=False),
        Column("author", cells.text),
        Column("reason", cells.text),
        Column("recorded_utc", cells.utc_moment, required=False),
    ),
)
EXCUSED = Table(
    "excused",
    (
        Column("participant", check_participant),
        Column("local_date", cells.date),
        Column("kind", cells.one_of(*EXCUSES)),
        Column("exercise", cells.text, required=False),
        Column("reason", cells.text, required=False),
        Column("author", cells.text, required=False),
    ),
)
CHECKINS = Table(
    "checkins",
    (
        Column("participant", check_participant),
        Column("at_local", cells.local_moment),
        Column("timezone", cells.zone_name, required=False),
        Column("phase", cells.one_of(*PHASES), required=False),
        Column("leg_nrs", parse_nrs, required=False),
        Column("back_nrs", parse_nrs, required=False),
        Column("distal_site", parse_site, required=False),
        Column("red_flags", parse_flags, required=False),
        Column("other_symptoms", cells.text, required=False),
        Column("note", cells.text, required=False),
    ),
)
SELFREPORTS = Table(
    "selfreports",
    (
        Column("participant", check_participant),
        Column("local_date", cells.date),
        Column("exercise", cells.text, required=False),
        Column("done", cells.yes_no),
        Column("reps", cells.whole(0, 10000), required=False),
        Column("note", cells.text, required=False),
    ),
)
CLEARANCES = Table(
    "clearances",
    (
        Column("participant", check_participant),
        Column("cleared_utc", cells.utc_moment),
        Column("rule", cells.text),
        Column("clinician", cells.text),
        Column("note", cells.text, required=False),
    ),
)
TABLES = {t.kind: t for t in (PARTICIPANTS, PRESCRIPTIONS, EXCUSED, CHECKINS, SELFREPORTS, CLEARANCES)}
