"""The .sql files beside this module: one relation or question a file, its grain on the first line.

`table_*` are stored in the index, `fill_*` derive stored facts from them, `view_*` are kept there too, or set up by
the connection where the index holds those of another version of the software, `report_*` are the questions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

FOLDER = files("sciatrack_analytics") / "sql"
# Each view stands after the views it reads.
VIEWS = (
    "cut_off", "entry", "person", "person_week", "rx", "rx_span", "day_fact", "known_day",
    "rx_week", "due_day", "day_state", "week",
    "pain_day", "pain_baseline",
)  # fmt: skip
MACROS = (
    "is_asked", "placement_bit", "pair_bit", "says_of_leg", "is_hidden", "observed",
    "weekday", "week_bits", "wilson",
)  # fmt: skip
TABLES = (
    "meta", "exercise", "person_exercise", "session", "block", "rep", "checkin", "participant", "prescription",
    "excused", "selfreport", "clearance", "known_sign", "tolerance", "decision", "ears", "rejected",
    "rx_plan", "said_day", "day_sensor", "pair_day",
)  # fmt: skip
PLANS = ("rx_plan", "said_day")  # of the lists and the catalogue; FACTS are of sessions
FACTS = ("day_sensor", "pair_day")


@cache
def text(name: str) -> str:
    """The text of one file, without its ending `.sql` in the name."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def grain(name: str) -> str:
    """What one row of the relation is, from the first line of its file."""
    return text(name).partition("\n")[0].removeprefix("--").strip()


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    run(con, (text(f"table_{name}") for name in TABLES))


def create_views(con: duckdb.DuckDBPyConnection) -> None:
    """Views and macros of this version of the software, for this connection only."""
    create_macros(con)
    run(con, (f"create or replace temp view {name} as\n{text(f'view_{name}')}" for name in VIEWS))


def create_macros(con: duckdb.DuckDBPyConnection) -> None:
    """The macros, for this connection only."""
    run(con, (text(f"macro_{name}").replace(" macro ", " temp macro ") for name in MACROS))


def store_views(con: duckdb.DuckDBPyConnection) -> None:
    """Views and macros, kept in the index: to make them at each opening costs as much as half a report."""
    run(con, (text(f"macro_{name}") for name in MACROS))
    run(con, (f"create or replace view {name} as\n{text(f'view_{name}')}" for name in VIEWS))


@cache
def views_sha256() -> str:
    """A checksum of the text of all views and macros: an index that holds others is told by it."""
    words = [text(f"macro_{name}") for name in MACROS] + [text(f"view_{name}") for name in VIEWS]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def run(con: duckdb.DuckDBPyConnection, statements: Iterable[str]) -> None:
    for statement in statements:
        con.execute(statement).fetchall()
