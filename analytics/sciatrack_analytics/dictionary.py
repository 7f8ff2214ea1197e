"""The data dictionary: every column of every relation that a study can be asked about, with type and meaning.

Relations and types are read from the .sql files themselves, so nothing here can name a column that is not there.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sciatrack_analytics import sql_files
from sciatrack_analytics.reports import columns

RELATIONS = {name: f"table_{name}" for name in sql_files.TABLES} | {
    name: f"view_{name}" for name in sql_files.VIEWS
}


@dataclass(frozen=True)
class Entry:
    """One column: `stored` tells a table of the index from a view over it; `type` is DuckDB's."""

    relation: str
    stored: bool
    grain: str
    column: str
    type: str
    meaning: str


def entries() -> list[Entry]:
    """Every column of every relation, in the order of the relations and of their columns."""
    import duckdb

    with duckdb.connect(":memory:") as con:
        sql_files.create_tables(con)
        sql_files.create_views(con)
        return [
            Entry(
                relation, file.startswith("table_"), sql_files.grain(file), column, type_, meaning(relation, column)
            )
            for relation, file in RELATIONS.items()
            for column, type_, *_ in con.execute(f"describe {relation}").fetchall()
        ]


def meaning(relation: str, column: str) -> str:
    """What a column of a relation says. Raises KeyError where nobody has written it down."""
    return (columns() | _told()["everywhere"] | _told().get(relation, {}))[column]


@cache
def _told() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("sciatrack_analytics") / "dictionary.toml").read_text(encoding="utf-8"))
