"""What goes into `study.duckdb`: rows from session folders and CSV files.

Everything enters through Arrow tables (row by row would be a hundred times slower), inside one transaction of
the caller. Every row here can be made again from the folders.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from sciatrack_analytics import sql_files
from sciatrack_analytics.checkins import decision_row, row_from_manifest
from sciatrack_analytics.facts import fill_blocks, refresh_facts
from sciatrack_ingest.manifest import Manifest, SessionError
from sciatrack_ingest.sessions import MANIFEST, file_sha256, read_manifest, read_reps

if TYPE_CHECKING:
    import duckdb

    from sciatrack_signal.exercises import Exercise

INDEX_VERSION = "8"  # of the stored tables; another number means: rebuild
SESSION_TABLES = ("session", "block", "rep", "checkin", "decision")
PLACEMENT_BITS = {"hip": 1, "left_thigh": 2, "right_thigh": 4, "thigh": 8}
CERTAIN = ("full", "counts")  # a view that shows a leg whether or not anybody moved
REP_NUMBERS = (
    "start_s", "hold_start_s", "hold_end_s", "end_s", "hold_s", "hold_longest_s", "hold_s_low", "hold_s_high",
    "rom_deg", "confidence",
)  # fmt: skip
REP_WORDS = ("recording", "exercise", "placement", "side", "flags")
REP_COLUMNS = (*REP_WORDS, *REP_NUMBERS, "block", "set", "complete")
BLOCK_WORDS = ("recording", "exercise", "placement", "side", "observability", "note", "algorithm")
BLOCK_NUMBERS = ("block_start_s", "block_end_s", "sampling_rate_hz", "duration_s", "gaps_s")
BLOCK_COUNTS = ("block", "count", "count_low", "count_high")


@dataclass(frozen=True)
class SessionRows:
    """One session folder as rows of the index."""

    session: dict[str, Any]
    blocks: list[dict[str, Any]]
    reps: pa.Table | None
    checkins: list[dict[str, Any]]
    decisions: list[dict[str, Any]]


def read_session(folder: Path, day_start: dt.time) -> SessionRows:
    """Everything of one folder that the index holds; raises SessionError saying what is wrong with it."""
    manifest = read_manifest(folder)
    try:
        keys = {
            "session_id": manifest.session_id,
            "participant": manifest.participant,
            "local_date": local_date(manifest.start_local, day_start),
        }
        table = read_reps(folder, REP_COLUMNS)
        reps = None if table is None or not table.num_rows else _reps(table, keys)
        return SessionRows(
            session=keys | _session(manifest, folder),
            blocks=_blocks(manifest, keys),
            reps=None if reps is None else _with_block_no(reps, manifest),
            checkins=[
                row | {"local_date": local_date(row["at_local"], day_start)}
                for row in (
                    row_from_manifest(item, manifest.session_id, manifest.participant, manifest.timezone)
                    for item in manifest.check_ins
                )
            ],
            decisions=[keys | decision_row(item) for item in manifest.decisions],
        )
    except (KeyError, TypeError, ValueError, AttributeError, pa.ArrowException) as error:
        raise SessionError(folder, f"{type(error).__name__}: {error}") from error


def local_date(wall_clock: dt.datetime, day_start: dt.time) -> dt.date:
    """The day that a moment belongs to: with a day that begins at 04:00, 03:59 is still the day before."""
    return (wall_clock - dt.timedelta(hours=day_start.hour, minutes=day_start.minute)).date()


def put_sessions(con: duckdb.DuckDBPyConnection, rows: Sequence[SessionRows]) -> None:
    """Put sessions into the index in place of what it held of them, and renew the facts of their days."""
    incoming_id = pa.table({"session_id": pa.array([row.session["session_id"] for row in rows], pa.string())})
    con.register("incoming_id", incoming_id)
    touched = "from session semi join incoming_id using (session_id)"
    _do(con, f"create or replace temp table touched as select participant, local_date {touched}")
    for name in SESSION_TABLES:
        _do(con, f"delete from {name} where session_id in (select session_id from incoming_id)")
    _do(con, "delete from rejected where folder in (select session_id from incoming_id)")
    insert_sessions(con, rows)
    _do(con, f"insert into touched select participant, local_date {touched}")
    con.unregister("incoming_id")
    refresh_facts(con)


def insert_sessions(con: duckdb.DuckDBPyConnection, rows: Sequence[SessionRows]) -> None:
    """Put sessions that the index does not hold yet into it, without their daily facts."""
    insert(con, "session", [row.session for row in rows])
    _insert_blocks(con, rows)
    insert(con, "checkin", [item for row in rows for item in row.checkins])
    insert(con, "decision", [item for row in rows for item in row.decisions])


def _insert_blocks(con: duckdb.DuckDBPyConnection, rows: Sequence[SessionRows]) -> None:
    """Blocks with what their reps come to, and the reps, with the numbers by which the index joins them."""
    ((first,),) = con.execute("select coalesce(max(block_no), 0) + 1 from block").fetchall()
    blocks: list[dict[str, Any]] = []
    reps = [con.sql("select * from rep limit 0").to_arrow_table()]
    for row in rows:
        if row.reps is not None:
            numbers = pc.add(row.reps.column("block_no"), pa.scalar(first + len(blocks), pa.int32()))
            reps.append(row.reps.set_column(row.reps.schema.get_field_index("block_no"), "block_no", numbers))
        blocks += [block | {"block_no": first + len(blocks) + i} for i, block in enumerate(row.blocks)]
    pairs = pair_numbers(con, blocks)
    numbered = [block | {"pair_no": pairs[block["participant"], block["exercise"]]} for block in blocks]
    every_rep = pa.concat_tables(reps, promote_options="default")
    if numbered:
        con.register("incoming_block", pa.Table.from_pylist(numbered))
        con.register("incoming_rep", every_rep)
        fill_blocks(con)
        con.unregister("incoming_block")
        con.unregister("incoming_rep")
    insert(con, "rep", every_rep)


def pair_numbers(con: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """The number of each pair of participant and exercise among the rows; a pair without one is given it."""
    names = list(dict.fromkeys((row["participant"], row["exercise"]) for row in rows))
    columns = {"participant": [who for who, _ in names], "exercise": [what for _, what in names]}
    con.register("incoming_pair", pa.table(columns, pa.schema(dict.fromkeys(columns, pa.string()))))
    _do(con, sql_files.text("fill_person_exercise"))
    numbered = "select participant, exercise, pair_no from person_exercise semi join incoming_pair"
    found = con.execute(f"{numbered} using (participant, exercise)").fetchall()
    con.unregister("incoming_pair")
    return {(who, what): number for who, what, number in found}


def put_rows(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put rows in place of everything that the table holds (for checkin: everything outside sessions)."""
    _do(con, f"delete from {table}" + (" where session_id is null" if table == "checkin" else ""))
    insert(con, table, list(rows))


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]] | pa.Table) -> None:
    """Insert rows by column name, through Arrow in the types of the table."""
    if not isinstance(rows, pa.Table):
        schema = con.sql(f"select * from {table} limit 0").to_arrow_table().schema
        rows = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    if rows.num_rows:
        names = ", ".join(f'"{name}"' for name in rows.column_names)
        con.register("incoming", rows)
        _do(con, f"insert into {table} ({names}) select {names} from incoming")
        con.unregister("incoming")


def exercise_rows(exercises: Mapping[str, Exercise]) -> list[dict[str, Any]]:
    """The catalogue as rows: which placements show which leg of an exercise with certainty."""
    return [
        {"exercise": exercise.id, "name": exercise.name, "position": position}
        | {f"sees_{leg}_mask": _mask(exercise, leg) for leg in ("left", "right", "both")}
        for position, exercise in enumerate(exercises.values())
    ]


def _mask(exercise: Exercise, leg: str) -> int:
    return sum(
        bit for placement, bit in PLACEMENT_BITS.items() if exercise.view(placement, leg).observability in CERTAIN
    )


def _session(manifest: Manifest, folder: Path) -> dict[str, Any]:
    return {
        "start_utc": manifest.start_utc.replace(tzinfo=None),
        "start_local": manifest.start_local,
        "tz": manifest.timezone,
        "duration_s": manifest.duration_s,
        "origin": manifest.origin,
        "device": manifest.device,
        "software": json.dumps(dict(manifest.software), sort_keys=True),
        "manifest_sha256": file_sha256(folder / MANIFEST),
        **_noticed(manifest.analyses[-1] if manifest.analyses else {}),
    }


def _noticed(analysis: Mapping[str, Any]) -> dict[str, Any]:
    """What the last analysis says of the recordings themselves; older ones say nothing."""
    words = {word for found in (analysis.get("findings") or {}).values() for word in found}
    offsets = [float(value) for value in (analysis.get("clock_offset_s") or {}).values() if value is not None]
    return {"findings": " ".join(sorted(words)), "clock_offset_s": max(offsets, key=abs, default=None)}


def _blocks(manifest: Manifest, keys: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for block in manifest.blocks:
        row = keys | {name: str(block[name] or "") for name in BLOCK_WORDS}
        row |= {name: None if block[name] is None else float(block[name]) for name in BLOCK_NUMBERS}
        row |= {name: int(block[name]) for name in BLOCK_COUNTS}
        rows.append(row)
    return rows


def _reps(table: pa.Table, keys: dict[str, Any]) -> pa.Table:
    """reps.parquet in the columns of the index: numbered, with the keys of its session in front."""
    n = table.num_rows
    inferred = pc.match_substring_regex(table.column("flags"), r"\binferred\b")
    columns: dict[str, Any] = {name: pa.repeat(value, n) for name, value in keys.items()}
    columns |= {name: table.column(name).cast(pa.string()) for name in REP_WORDS}
    columns |= {name: table.column(name).cast(pa.float64()) for name in REP_NUMBERS}
    columns |= {name: table.column(name).cast(pa.int32()) for name in ("block", "set")}
    columns |= {
        "rep": pa.array(range(n), pa.int32()),
        "complete": table.column("complete"),
        "inferred": inferred,
        "counted": pc.and_not(table.column("complete"), inferred),
    }
    return pa.table(columns)


def _with_block_no(reps: pa.Table, manifest: Manifest) -> pa.Table:
    """The reps with the place of their block in the session, from 0; null where the manifest names none."""
    place = {(block["recording"], block["block"]): i for i, block in enumerate(manifest.blocks)}
    keys = zip(reps.column("recording").to_pylist(), reps.column("block").to_pylist(), strict=True)
    return reps.append_column("block_no", pa.array([place.get(key) for key in keys], pa.int32()))


def _do(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Run a statement and drain its result, so that nothing stays open on the connection."""
    con.execute(statement).fetchall()
