"""What a person's repetitions usually were, from the finished sessions before: a reason to ask, never a finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sciatrack_analytics.safety_prompts import prompt_rules
from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.sessions import REPS, read_manifest, session_folders

# The newest sessions of a person: range grows over weeks, and what was usual in spring is not usual now.
SESSIONS = 10
# Fewer whole reps of an exercise, placement and side say nothing of what is usual.
LEAST_REPS = 8
COLUMNS = ("exercise", "placement", "side", "complete", "rom_deg", "out_s", "flags")
Key = tuple[str, str, str]  # exercise, placement, side of the rep


@dataclass(frozen=True)
class Usual:
    """Medians of whole reps: range (deg), and mean speed of the move out (deg/s)."""

    range_deg: float
    speed_dps: float


def read_usual(sessions: Path, participant: str, *, without: str = "") -> Mapping[Key, Usual]:
    """What was usual in a folder of sessions; nothing for what was done too seldom.

    without : the session that goes on now. Only sessions that the recorder named count; a rep table that cannot be
    read says nothing, and stops nobody.
    """
    # the recorder names a folder after the participant and the start: the newest comes last
    theirs = [path for path in session_folders(sessions) if path.name.startswith(f"{participant}-")]
    newest = (path for path in reversed(theirs) if path.name != without and _is_of(path, participant))
    found: dict[Key, list[tuple[float, float]]] = defaultdict(list)
    for path in islice(newest, SESSIONS):
        for row in _rows(path / REPS):
            key = (row["exercise"], row["placement"], row["side"])
            found[key].append((row["rom_deg"], row["rom_deg"] / row["out_s"]))
    return {
        key: Usual(median(range_deg for range_deg, _ in reps), median(speed_dps for _, speed_dps in reps))
        for key, reps in found.items()
        if len(reps) >= LEAST_REPS
    }


def _is_of(folder: Path, participant: str) -> bool:
    """Whether it is a finished session of this person (another's name may begin alike)."""
    try:
        return (folder / REPS).is_file() and read_manifest(folder).participant == participant
    except (SciatrackError, OSError):
        return False


def _rows(path: Path) -> Iterable[Mapping[str, Any]]:
    """Whole reps that were seen themselves, with a range and a move out."""
    try:
        rows: Sequence[Mapping[str, Any]] = pq.read_table(path, columns=list(COLUMNS)).to_pylist()
    except (pa.ArrowException, OSError):
        return []
    return [
        row
        for row in rows
        if row["complete"] and row["rom_deg"] and row["out_s"] and "inferred" not in (row["flags"] or "").split()
    ]


def beyond(usual: Usual | None, range_deg: float | None, out_s: float | None) -> tuple[str, ...]:
    """The prompts for which a rep gives a reason beside the person's own usual; none where that is not known."""
    if usual is None or not range_deg:
        return ()
    speed_dps = range_deg / out_s if out_s else 0.0
    values = {"range_deg": (range_deg, usual.range_deg), "speed_dps": (speed_dps, usual.speed_dps)}
    rules = {name: rule["usual"] for name, rule in prompt_rules().items() if "usual" in rule}
    return tuple(
        name
        for name, rule in rules.items()
        if (now := values[rule["measure"]])[0] > max(rule["times"] * now[1], now[1] + rule.get("least", 0.0))
    )
