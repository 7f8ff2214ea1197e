"""What was usual in earlier sessions is a reason to ask, where there is enough of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from sciatrack_analytics.rep_rows import rep_table
from sciatrack_analytics.safety_prompts import prompts_of
from sciatrack_analytics.usual import LEAST_REPS, SESSIONS, Usual, beyond, read_usual
from sciatrack_ingest import sessions
from sciatrack_ingest.manifest import Manifest
from sciatrack_signal.result import TABLE_COLUMNS

KEY = ("glute_bridge", "right_thigh", "both")


def row(**changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "recording": "r", "block": 0, "exercise": "glute_bridge", "placement": "right_thigh", "side": "both",
        "set": 1, "start_s": 1.0, "end_s": 9.0, "complete": True, "confidence": 1.0, "flags": "",
        "rom_deg": 20.0, "out_s": 2.0,
    }  # fmt: skip
    return dict.fromkeys(TABLE_COLUMNS) | known | changes


def write(parent: Path, day: int, rows: list[dict[str, Any]], participant: str = "P01") -> Path:
    session_id = f"{participant}-202603{day:02d}T080000Z-0"
    start_utc = dt.datetime(2026, 3, day, 8, 0, tzinfo=dt.UTC)
    manifest = Manifest(session_id, participant, start_utc, "UTC", 60.0)
    return sessions.write_session(
        parent, manifest, {sessions.REPS: sessions.table_writer(rep_table(rows))}, durable=False
    )


def test_medians_of_all_earlier_sessions(tmp_path: Path) -> None:
    write(tmp_path, 1, [row()] * LEAST_REPS)
    write(tmp_path, 2, [row(rom_deg=30.0)] * LEAST_REPS)
    assert read_usual(tmp_path, "P01")[KEY] == Usual(25.0, 12.5)


@pytest.mark.parametrize(
    "changes",
    [{"complete": False}, {"flags": "cut inferred"}, {"rom_deg": None}, {"out_s": None}, {"side": "left"}],
)
def test_other_reps_say_nothing(tmp_path: Path, changes: dict[str, Any]) -> None:
    write(tmp_path, 1, [row()] * (LEAST_REPS - 1) + [row(**changes)])
    assert KEY not in read_usual(tmp_path, "P01")


def test_other_people_and_the_present_session_say_nothing(tmp_path: Path) -> None:
    now = write(tmp_path, 1, [row()] * LEAST_REPS)
    write(tmp_path, 2, [row()] * LEAST_REPS, participant="P01-2")
    assert read_usual(tmp_path, "P01", without=now.name) == {}
    assert read_usual(tmp_path / "nowhere", "P01") == {}


def test_only_the_newest_sessions_count(tmp_path: Path) -> None:
    write(tmp_path, 1, [row(rom_deg=90.0)] * 100)
    for day in range(2, 2 + SESSIONS):
        write(tmp_path, day, [row()])
    assert read_usual(tmp_path, "P01")[KEY].range_deg == 20.0


def test_a_torn_table_stops_nobody(tmp_path: Path) -> None:
    write(tmp_path, 1, [row()] * LEAST_REPS)
    (write(tmp_path, 2, [row()]) / sessions.REPS).write_bytes(b"PAR1 torn")
    assert KEY in read_usual(tmp_path, "P01")


@pytest.mark.parametrize(
    ("range_deg", "out_s", "expected"),
    [
        (20.0, 2.0, ()),
        (30.0, 3.0, ()),  # at the limit
        (30.1, 3.0, ("over_range",)),
        (20.0, 0.8, ()),
        (20.0, 0.79, ("fast_entry",)),
        (40.0, 1.0, ("over_range", "fast_entry")),
        (40.0, None, ("over_range",)),
        (None, None, ()),
    ],
)
def test_far_above_the_usual_is_a_reason(
    range_deg: float | None, out_s: float | None, expected: tuple[str, ...]
) -> None:
    assert beyond(Usual(20.0, 10.0), range_deg, out_s) == expected
    assert beyond(None, range_deg, out_s) == ()


def test_small_ranges_grow_by_degrees_not_by_shares() -> None:
    assert beyond(Usual(4.0, 2.0), 8.9, 4.0) == ()
    assert beyond(Usual(4.0, 2.0), 9.1, 4.0) == ("over_range",)


def test_a_reason_beside_the_usual_counts_like_a_flag() -> None:
    assert prompts_of([["over_range"], ["large_range", "over_range"], []], 3, 3) == {"over_range": 2}
