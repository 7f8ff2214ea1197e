"""Studies made by hand for tests: blocks, sessions, prescriptions, and reports asked of them.

Monday 2026-03-02 begins ISO week 10; Sunday 2026-03-29 and Sunday 2026-10-25 are the clock-change days of
Europe/Berlin. Unless a test says otherwise P01 is asked for 10 glute bridges of 5 s a day, both legs together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sciatrack_analytics import adding, reports
from sciatrack_analytics.rep_rows import rep_table
from sciatrack_analytics.study import Study
from sciatrack_analytics.table_session import session_of_table

BERLIN = "Europe/Berlin"
BRIDGE = "glute_bridge"


def a_block(
    *reps: int | tuple[str, int],
    exercise: str = BRIDGE,
    placement: str = "hip",
    side: str = "both",
    seen: str = "full",
    hold_s: float | None = 5.0,
    flags: str = "",
    complete: bool = True,
) -> dict[str, Any]:
    """One block; `reps` are numbers of reps, each with its side (the block's if none is given)."""
    listed = [(side, item) if isinstance(item, int) else item for item in reps]
    sides = [rep_side for rep_side, n in listed for _ in range(n)]
    return locals_of_block(exercise, placement, side, seen, sides, hold_s, flags, complete)


def locals_of_block(
    exercise: str,
    placement: str,
    side: str,
    seen: str,
    rep_sides: list[str],
    hold_s: float | None,
    flags: str,
    complete: bool,
) -> dict[str, Any]:
    counted = 0 if "inferred" in flags or not complete else len(rep_sides)
    block: dict[str, Any] = {
        "recording": "r.csv", "block": 0, "block_start_s": 0.0, "block_end_s": 100.0, "exercise": exercise,
        "placement": placement, "side": side, "observability": seen, "note": "", "sampling_rate_hz": 100.0,
        "duration_s": 100.0, "gaps_s": 0.0, "algorithm": "test 1", "count": counted, "count_low": counted,
        "count_high": counted,
    }  # fmt: skip
    block["reps"] = [
        {
            "set": 1, "start_s": 10.0 * i, "hold_start_s": 10.0 * i + 1, "hold_end_s": 10.0 * i + 6,
            "end_s": 10.0 * i + 8, "hold_s": hold_s, "hold_longest_s": hold_s, "hold_s_low": hold_s,
            "hold_s_high": hold_s, "side": rep_side, "rom_deg": 20.0, "complete": complete,
            "confidence": 0.9, "flags": flags,
        }
        for i, rep_side in enumerate(rep_sides)
    ]  # fmt: skip
    return block


def done(
    study: Study,
    local: str | Sequence[str],
    *blocks: dict[str, Any],
    participant: str = "P01",
    timezone: str = BERLIN,
    fold: int = 0,
    **more: Any,
) -> list[adding.Added]:
    """Sessions that begin at local times, each with one block of 10 bridges unless blocks are given."""
    rows, heads = [], []
    for number, block in enumerate(blocks or (a_block(10),)):
        head = {key: value for key, value in block.items() if key != "reps"} | {"block": number}
        heads.append(head)
        side = {"block_side": head["side"]}
        rows += [{k: v for k, v in head.items() if k != "side"} | side | rep for rep in block["reps"]]
    table = rep_table(rows)
    made = []
    for time in [local] if isinstance(local, str) else local:
        start = dt.datetime.fromisoformat(time).replace(tzinfo=ZoneInfo(timezone), fold=fold)
        made.append(session_of_table(
            table, heads, participant=participant, start_utc=start.astimezone(dt.UTC), timezone=timezone, **more,
        ))  # fmt: skip
    return adding.put_many(study, made, durable=False)


def asked(study: Study, **row: Any) -> None:
    """A prescription: 10 bridges of 5 s on each day of the week from Monday 2026-03-02, unless said otherwise."""
    usual = {
        "participant": "P01", "exercise": BRIDGE, "valid_from": dt.date(2026, 3, 2), "days_per_week": 7,
        "sessions_per_day": 1, "sets": 1, "reps": 10, "hold_s": 5.0, "side": "both", "author": "PT1",
        "reason": "test",
    }  # fmt: skip
    assert adding.prescribe(study, usual | row)


def states(study: Study, to: str, **more: Any) -> str:
    """The states of the days in order, shortened: D done, d done with too few reps, S self-report only..."""
    daily = report(study, "adherence_daily", to, **more)
    short = {
        "done_sensor": "D", "done_selfreport_only": "S", "reported_not_done": "R", "no_information": "-",
        "excused": "E", "device_fault": "F", "not_observable": "N", "not_due": ".",
    }  # fmt: skip
    return "".join(
        "d" if row["state"] == "done_sensor" and not row["qualifies"] else short[row["state"]] for row in daily
    )


def report(study: Study, name: str, to: str | None = None, **more: Any) -> list[dict[str, Any]]:
    to_date = dt.date.fromisoformat(to) if to else None
    return reports.run(study, name, to_date=to_date, **more).table.to_pylist()


def week(study: Study, to: str, iso_week: str, **more: Any) -> dict[str, Any]:
    (row,) = [row for row in report(study, "adherence_weekly", to, **more) if row["iso_week"] == iso_week]
    return row
