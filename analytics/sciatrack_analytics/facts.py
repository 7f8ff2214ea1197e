"""The daily facts: what the reps of each day come to, made anew for all days or for some.

What the reps of a block come to stands in its row already (`fill_block`, when its session comes in). The SQL here
(`fill_day_sensor`, `fill_pair_day`) speaks of `touched_block`, the blocks of whole days, which is set up here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sciatrack_analytics import sql_files

if TYPE_CHECKING:
    import duckdb

# Facts are made of so many blocks at once. A third of it costs a tenth more; ten times as many need more memory
# than the index may have and are spilled to disk, which costs half as much again (benchmarks/study.py).
PORTION_BLOCKS = 400_000


def fill_facts(con: duckdb.DuckDBPyConnection) -> None:
    """Make the daily facts of all days anew, a range of participants at a time.

    On one thread, as a study is opened: two cost a third more work, since each sums in a table of its own first.
    """
    for name in sql_files.FACTS:
        _do(con, f"delete from {name}")
    who = "participant between getvariable('first_person') and getvariable('last_person')"
    for first, last in _portions(con):
        _do(con, "set variable first_person = $value", {"value": first})
        _do(con, "set variable last_person = $value", {"value": last})
        _do(con, f"create or replace temp view touched_block as select * from block where {who}")
        _fill(con)


def refresh_facts(con: duckdb.DuckDBPyConnection) -> None:
    """Make the daily facts of the participants and days in the temporary table `touched` anew."""
    days = "select (participant, local_date) from touched"
    pair_days = "select (pair_no, local_date) from touched join person_exercise using (participant)"
    blocks = "select block.* from block semi join touched using (participant, local_date)"
    _do(con, f"delete from day_sensor where (participant, local_date) in ({days})")
    _do(con, f"delete from pair_day where (pair_no, local_date) in ({pair_days})")
    _do(con, f"create or replace temp view touched_block as {blocks}")
    _fill(con)


def _fill(con: duckdb.DuckDBPyConnection) -> None:
    sql_files.create_macros(con)
    for name in sql_files.FACTS:
        _do(con, sql_files.text(f"fill_{name}"))


def _portions(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Ranges of participants in order: the first and the last of each."""
    people = con.execute(
        "select participant, sum(count(*)) over (order by participant) "
        "from block group by participant order by participant"
    ).fetchall()
    portions: dict[int, tuple[str, str]] = {}
    for who, n_so_far in people:
        number = int(n_so_far) // PORTION_BLOCKS
        portions[number] = (portions.get(number, (who,))[0], who)
    return list(portions.values())


def _do(con: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, Any] | None = None) -> None:
    """Run a statement and drain its result, so that nothing stays open on the connection."""
    con.execute(statement, parameters).fetchall()
