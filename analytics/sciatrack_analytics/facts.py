"""What reps come to: rows of blocks as their sessions come in, and the daily facts, anew for all days or for some.

The SQL of the first (`fill_block`) speaks of `incoming_block` and `incoming_rep`, that of the others
(`fill_day_sensor`, `fill_pair_day`) of `touched_block`, the blocks of whole days, which is set up here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sciatrack_analytics import sql_files

if TYPE_CHECKING:
    import duckdb

# Facts are made of so many blocks at once. A third of it costs a tenth more; ten times as many need more memory
# than the index may have and are spilled to disk, which costs half as much again (benchmarks/study.py).
PORTION_BLOCKS = 400_000
# Up to 2 to the power of this many blocks are told apart by their number alone instead of by a hash table, where
# DuckDB knows the range of the numbers. It does of stored reps, which are many (a third less work, at most 50 MB;
# benchmarks/study.py), and not of those that just come in, a few sessions at a time.
BLOCK_NUMBER_BITS = 20


def fill_blocks(con: duckdb.DuckDBPyConnection) -> None:
    """Put the blocks of whole sessions in `incoming_block` into the index, with what `incoming_rep` has of them."""
    ((first, n_blocks),) = con.execute("select min(block_no), count(*) from incoming_block").fetchall()
    _do(con, f"set perfect_ht_threshold = {BLOCK_NUMBER_BITS}")
    ((n_filled,),) = con.execute(sql_files.text("fill_block")).fetchall()
    _do(con, "reset perfect_ht_threshold")
    if n_filled < n_blocks:
        _do(con, "set variable first_block = $value", {"value": first})
        _do(con, sql_files.text("fill_block_apart"))


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


def fill_plans(con: duckdb.DuckDBPyConnection) -> None:
    """Make anew what the lists come to: what a version of a prescription asks of a day, what is said of days."""
    sql_files.create_macros(con)
    for name in sql_files.PLANS:
        _do(con, f"delete from {name}")
        _do(con, sql_files.text(f"fill_{name}"))


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
