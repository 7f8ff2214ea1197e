"""The .sql files beside this module: one relation or question a file, its grain on the first line.

`table_*` are stored in the index, `fill_*` derive stored facts from them, `view_*` are set up on every
connection (so a new version of the software needs no migration for them), `report_*` are the questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

FOLDER = files("sciatrack_analytics") / "sql"
# Each view stands after the views it reads.
VIEWS = (
    "cut_off", "person", "person_week", "rx", "rx_day", "day_fact", "day_evidence", "day_state", "week",
    "pain_day", "pain_baseline",
)  # fmt: skip
MACROS = ("is_asked", "placement_bit", "wilson")
TABLES = (
    "meta", "exercise", "person_exercise", "session", "block", "rep", "checkin", "participant", "prescription",
    "excused", "selfreport", "clearance", "known_sign", "tolerance", "decision", "ears", "rejected",
    "day_sensor", "pair_day",
)  # fmt: skip
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
    run(con, (text(f"macro_{name}") for name in MACROS))


def run(con: duckdb.DuckDBPyConnection, statements: Iterable[str]) -> None:
    for statement in statements:
        con.execute(statement).fetchall()
