"""A session from a rep table alone: no samples, as an earlier analysis or a simulation left it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from sciatrack_analytics.software import software
from sciatrack_ingest.manifest import Manifest, session_id_for
from sciatrack_ingest.sessions import REPS, Writer, table_writer


def session_of_table(
    reps: pa.Table,
    blocks: Sequence[Mapping[str, Any]],
    *,
    participant: str,
    start_utc: dt.datetime,
    timezone: str,
    check_ins: Sequence[Mapping[str, Any]] = (),
    session_id: str | None = None,
    device: str = "",
    origin: str = "recorded",
) -> tuple[Manifest, dict[str, Writer]]:
    """The manifest and the file writers of a session that consists of its rep table.

    reps   : one row a rep with the columns of sciatrack_signal.result.TABLE_COLUMNS.
    blocks : every block, with or without reps, with the keys of sciatrack_ingest.manifest.BLOCK_KEYS.

    Without a session id one is made of what the session holds, so the same table twice is one session.
    """
    algorithm = " ".join(sorted({str(block["algorithm"]) for block in blocks}))
    manifest = Manifest(
        session_id=session_id or session_id_for(participant, start_utc, _digest(blocks, reps)),
        participant=participant,
        start_utc=start_utc,
        timezone=timezone,
        duration_s=max((float(block["block_end_s"]) for block in blocks), default=0.0),
        origin=origin,
        device=device,
        blocks=tuple(blocks),
        check_ins=tuple(check_ins),
        analyses=({"algorithm": algorithm},) if blocks else (),
        software=software(),
    )
    return manifest, {REPS: table_writer(reps)} if blocks else {}


def _digest(blocks: Sequence[Mapping[str, Any]], reps: pa.Table) -> str:
    content = json.dumps([[dict(block) for block in blocks], reps.to_pylist()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
