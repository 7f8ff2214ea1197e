"""The daily facts: what the reps of each day come to, made anew for all days or for some.

The SQL behind it (`fill_day_sensor`, `fill_pair_day`) speaks of three relations that are set up here: `touched`
(participants and days), and `touched_block` and `touched_rep`, what the index holds of them.
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
    """Make the daily facts of all days anew, a range of participants at a time, on one thread.

    A second thread would cost a third more work, since each sums in a table of its own first.
    """
    ((threads,),) = con.execute("select current_setting('threads')").fetchall()
    _do(con, "set threads = 1")
    try:
        _fill_all(con)
    finally:
        _do(con, f"set threads = {threads}")


def _fill_all(con: duckdb.DuckDBPyConnection) -> None:
    for name in sql_files.FACTS:
        _do(con, f"delete from {name}")
    who = "participant between getvariable('first_person') and getvariable('last_person')"
    number = "block_no between getvariable('first_block') and getvariable('last_block')"
    for portion in _portions(con):
        for name, value in portion.items():
            _do(con, f"set variable {name} = $value", {"value": value})
        days = f"select distinct participant, local_date from session where {who}"
        _do(con, f"create or replace temp table touched as {days}")
        _do(con, f"create or replace temp view touched_block as select * from block where {who}")
        _do(con, f"create or replace temp view touched_rep as select * from rep where {number}")
        _fill(con)


def refresh_facts(con: duckdb.DuckDBPyConnection) -> None:
    """Make the daily facts of the participants and days in the temporary table `touched` anew."""
    days = "select (participant, local_date) from touched"
    pair_days = "select (pair_no, local_date) from touched join person_exercise using (participant)"
    blocks = "select block.* from block semi join touched using (participant, local_date)"
    reps = "select rep.* from rep semi join touched_block using (block_no)"
    _do(con, f"delete from day_sensor where (participant, local_date) in ({days})")
    _do(con, f"delete from pair_day where (pair_no, local_date) in ({pair_days})")
    _do(con, f"create or replace temp view touched_block as {blocks}")
    _do(con, f"create or replace temp view touched_rep as {reps}")
    _fill(con)


def _fill(con: duckdb.DuckDBPyConnection) -> None:
    sql_files.create_macros(con)
    for name in sql_files.FACTS:
        _do(con, sql_files.text(f"fill_{name}"))


def _portions(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Ranges of participants in order, each with the first and the last number of its blocks."""
    people = con.execute(
        "select participant, min(block_no), max(block_no), sum(count(*)) over (order by participant) "
        "from block group by participant order by participant"
    ).fetchall()
    portions: dict[int, dict[str, Any]] = {}
    for who, first, last, n_so_far in people:
        new = {"first_person": who, "first_block": first, "last_block": last}
        portion = portions.setdefault(int(n_so_far) // PORTION_BLOCKS, new)
        portion["last_person"] = who
        portion["first_block"] = min(portion["first_block"], first)
        portion["last_block"] = max(portion["last_block"], last)
    return list(portions.values())


def _do(con: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, Any] | None = None) -> None:
    """Run a statement and drain its result, so that nothing stays open on the connection."""
    con.execute(statement, parameters).fetchall()
