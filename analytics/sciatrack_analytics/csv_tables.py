"""The study's append-only CSV files, each declared once.

A row is never edited. A later row for the same key takes the place of an earlier one where the table is about
states (`participants`, `excused`, `selfreports`, `known_signs`, `tolerances`, `ears`); prescriptions get a new
version instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sciatrack_analytics import csv_cells as cells
from sciatrack_analytics.checkins import KNOWN_SIGNS, PHASES, parse_flags, parse_nrs, parse_site
from sciatrack_analytics.safety_rules import waiting_rules
from sciatrack_ingest.manifest import check_participant

RX_SIDES = ("left", "right", "both", "each")
SIGN_STATES = ("known", "withdrawn")
TOLERANCE_MAX = 1  # the article says: stop if your pain increases; a clinician may allow one point and no more
EXCUSES = ("excused", "device_fault", "none")
# Exercise Adherence Rating Scale, section B: six items, each scored 0 to 4, more is more adherence
# (Newman-Beinart 2017, doi 10.1016/j.physio.2016.11.001)
EARS_ITEMS = tuple(f"item{number}" for number in range(1, 7))
EARS_ITEM_MAX = 4
EARS_MAX = len(EARS_ITEMS) * EARS_ITEM_MAX
RowCheck = Callable[[Mapping[str, Any]], tuple[str, str] | None]  # column and problem, or None


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
    check: RowCheck = lambda row: None  # of cells that do not fit together

    @property
    def file_name(self) -> str:
        return f"{self.kind}.csv"

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _dates_in_order(row: Mapping[str, Any]) -> tuple[str, str] | None:
    start, end = row.get("start_date"), row.get("end_date")
    return ("end_date", f"lies before start_date {start}") if start and end and end < start else None


def _ears_adds_up(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """All six items or none, and the total is their sum: whoever reversed no item would be noticed here."""
    items = [row.get(name) for name in EARS_ITEMS]
    given = [item for item in items if item is not None]
    if given and len(given) < len(items):
        return EARS_ITEMS[items.index(None)], "is empty; give all six items, as scored, or the total alone"
    if given and sum(given) != row["total"]:
        return "total", f"is not the sum of the items ({sum(given)})"
    return None


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
    _dates_in_order,
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
        Column("rule", cells.one_of(*waiting_rules())),
        Column("clinician", cells.text),
        Column("note", cells.text, required=False),
    ),
)
KNOWN_SIGN_LIST = Table(
    "known_signs",
    (
        Column("participant", check_participant),
        Column("sign", cells.one_of(*KNOWN_SIGNS)),
        Column("state", cells.one_of(*SIGN_STATES)),
        Column("recorded_utc", cells.utc_moment),
        Column("author", cells.text),
        Column("note", cells.text, required=False),
    ),
)
TOLERANCES = Table(
    "tolerances",
    (
        Column("participant", check_participant),
        Column("nrs", cells.whole(0, TOLERANCE_MAX)),
        Column("recorded_utc", cells.utc_moment),
        Column("author", cells.text),
        Column("reason", cells.text),
    ),
)
EARS = Table(
    "ears",
    (
        Column("participant", check_participant),
        Column("local_date", cells.date),
        Column("total", cells.whole(0, EARS_MAX)),
        *(Column(name, cells.whole(0, EARS_ITEM_MAX), required=False) for name in EARS_ITEMS),
        Column("note", cells.text, required=False),
    ),
    _ears_adds_up,
)
TABLES = {
    t.kind: t
    for t in (
        PARTICIPANTS, PRESCRIPTIONS, EXCUSED, CHECKINS, SELFREPORTS, CLEARANCES, KNOWN_SIGN_LIST, TOLERANCES, EARS,
    )
}  # fmt: skip
