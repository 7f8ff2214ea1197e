"""The bundled sample cohort, from its compact tables to a study of ordinary session folders. Simulated data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sciatrack_analytics import adding, store
from sciatrack_analytics.rep_rows import REP_SCHEMA
from sciatrack_analytics.study import Study
from sciatrack_analytics.table_session import session_of_table
from sciatrack_ingest.manifest import Manifest, utc_to_text
from sciatrack_ingest.sessions import Writer

NAME = "Sample cohort (simulated)"
TIMEZONE = "Europe/Berlin"
ALGORITHM = "simulated 1"
DEVICE = "simulated sensor"
RATE_HZ = 100.0
HOLD_HALF_WIDTH_S = 0.2  # of the interval around a hold; what the simulation pretends its detector can tell
LISTS = ("participants", "prescriptions", "excused", "checkins", "selfreports")


def build_cohort_study(
    sample_dir: Path,
    study_dir: Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    participants: Collection[str] | None = None,
) -> None:
    """Make a study of the sample cohort: its session folders, its lists and its index.

    sample_dir   : the folder with sessions.parquet, blocks.parquet, reps.parquet and the lists as CSV.
    progress     : called with (sessions done, of how many).
    participants : only these; everybody if None.

    Nothing is flushed to disk one by one, since all of it can be made again. Raises SettingsError where
    `study_dir` is a study already or not empty.
    """
    store.create_study(study_dir, name=NAME, timezone=TIMEZONE)
    sessions = [
        row
        for row in pq.ParquetFile(sample_dir / "sessions.parquet").read().to_pylist()
        if participants is None or row["participant"] in participants
    ]
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, len(sessions))

    with Study(study_dir, write=True) as study:
        for name in LISTS:
            adding.add_file(study, sample_dir / f"{name}.csv", participants=participants)
        adding.put_many(study, _sessions(sample_dir, sessions), durable=False, progress=count)


def _sessions(sample_dir: Path, sessions: list[dict[str, Any]]) -> Iterator[tuple[Manifest, dict[str, Writer]]]:
    blocks: dict[int, list[dict[str, Any]]] = {}
    for row in pq.ParquetFile(sample_dir / "blocks.parquet").read().to_pylist():
        blocks.setdefault(row.pop("session"), []).append(_block(row))
    reps = pq.ParquetFile(sample_dir / "reps.parquet").read()
    # session numbers ascend, so the reps of one session stand together
    begin: dict[int, tuple[int, int]] = {}
    first = 0
    for found in pc.value_counts(reps.column("session")).to_pylist():
        begin[found["values"]] = (first, found["counts"])
        first += found["counts"]
    for session in sessions:
        number = session["session"]
        own = blocks.get(number, [])
        yield session_of_table(
            _rep_table(reps.slice(*begin.get(number, (0, 0))), own),
            own,
            participant=session["participant"],
            start_utc=session["start_utc"].replace(tzinfo=dt.UTC),
            timezone=session["timezone"],
            check_ins=_check_ins(session),
            session_id=f"{session['participant']}-{session['start_utc']:%Y%m%dT%H%M%SZ}-{number:04}",
            device=DEVICE,
            origin="simulated",
        )


def _block(row: dict[str, Any]) -> dict[str, Any]:
    """A block of the sample in the keys of the contract; a visit is one recording."""
    return {
        "recording": f"imu-{row['placement']}.parquet",
        "sampling_rate_hz": RATE_HZ,
        "duration_s": row["block_end_s"],
        "gaps_s": 0.0,
        "algorithm": ALGORITHM,
        **row,
    }


def _rep_table(reps: pa.Table, blocks: list[dict[str, Any]]) -> pa.Table:
    """The reps of one session with every column of the contract: their block's, then what follows from theirs."""
    heads = [blocks[number] for number in reps.column("block").to_pylist()]
    hold_s = pc.round(pc.subtract(reps.column("hold_end_s"), reps.column("hold_start_s")), 1)
    derived = {
        "hold_s": hold_s,
        "hold_longest_s": hold_s,
        "hold_s_low": pc.max_element_wise(pc.subtract(hold_s, HOLD_HALF_WIDTH_S), 0.0, skip_nulls=False),
        "hold_s_high": pc.add(hold_s, HOLD_HALF_WIDTH_S),
    }
    columns = []
    for field in REP_SCHEMA:
        if field.name in derived:
            columns.append(derived[field.name])
        elif field.name in reps.column_names:
            columns.append(reps.column(field.name).cast(field.type))
        else:
            key = "side" if field.name == "block_side" else field.name
            # Tempo and steadiness are in no rep of the invented cohort; they are unknown there.
            columns.append(pa.array([head.get(key) for head in heads], field.type))
    return pa.table(columns, schema=REP_SCHEMA)


def _check_ins(session: dict[str, Any]) -> list[dict[str, Any]]:
    start = session["start_utc"].replace(tzinfo=dt.UTC)
    end = start + dt.timedelta(seconds=session["duration_s"])
    return [
        {
            "at_utc": utc_to_text(moment.replace(microsecond=0)),
            "phase": phase,
            "leg_nrs": session[f"leg_{phase}"],
            "back_nrs": session[f"back_{phase}"],
            "distal_site": session["distal_site"],
            "red_flags": "none",
        }
        for phase, moment in (("before", start), ("after", end))
    ]
