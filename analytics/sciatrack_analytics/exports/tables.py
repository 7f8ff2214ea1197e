"""Plain tables: every relation of a study as CSV and Parquet, with the data dictionary beside them."""

from __future__ import annotations

import csv
from dataclasses import asdict, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from sciatrack_analytics.dictionary import Entry, entries
from sciatrack_analytics.exports.sources import Exported, check_participant, new_folder, open_new
from sciatrack_analytics.study import Study
from sciatrack_ingest.sessions import FILE_MODE

DICTIONARY = "dictionary.csv"


def export_tables(study: Study, output: Path, *, participant: str | None = None) -> Exported:
    """Writes `RELATION.csv` and `RELATION.parquet` for each relation, and dictionary.csv, into a new folder.

    With a participant, only their rows of the relations that are about participants. Raises ExportError where the
    folder is not empty or the participant is unknown.
    """
    check_participant(study, participant)
    root = new_folder(output)
    known = entries()
    if participant is None:
        study.use_all_cores()
    study.set_variables(participant)
    rows = 0
    columns: dict[str, list[str]] = {}
    for entry in known:
        columns.setdefault(entry.relation, []).append(entry.column)
    for relation, names in columns.items():
        table = _table(study, relation, participant if "participant" in names else None)
        _write(table, root, relation)
        rows += table.num_rows
    with open_new(root / DICTIONARY) as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(Entry)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(entry) for entry in known)
    return Exported({"tables": len(columns), "rows": rows})


def _table(study: Study, relation: str, participant: str | None) -> pa.Table:
    """All rows of a relation, or those of one participant."""
    if participant is None:
        return study.arrow(f"select * from {relation}")
    study.rows("set variable export_participant = $p", {"p": participant})
    return study.arrow(f"select * from {relation} where participant = getvariable('export_participant')")


def _write(table: pa.Table, root: Path, relation: str) -> None:
    for path in (root / f"{relation}.csv", root / f"{relation}.parquet"):
        path.touch(mode=FILE_MODE)
        path.chmod(FILE_MODE)
    pa_csv.write_csv(table, root / f"{relation}.csv")
    pq.write_table(table, root / f"{relation}.parquet", compression="zstd")
