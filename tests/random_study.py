"""Studies at random, as rows of their lists and sessions: what a person, a sensor and a clinic may leave behind."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sciatrack_analytics import adding
from sciatrack_analytics.csv_tables import CHECKINS, EARS, EXCUSED, PARTICIPANTS, PRESCRIPTIONS, SELFREPORTS
from sciatrack_analytics.rep_rows import rep_table
from sciatrack_analytics.study import Study
from sciatrack_analytics.table_session import session_of_table

Row = dict[str, Any]
# The two weeks around a clock change, the 53rd week of a year, and an ordinary month.
BEGINS = (dt.date(2026, 3, 16), dt.date(2026, 10, 14), dt.date(2026, 12, 24), dt.date(2026, 6, 3))
EXERCISES = ("glute_bridge", "clamshell", "pelvic_tilt")
ZONES = ("Europe/Berlin", "Europe/Berlin", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")
TIMES = ("03:59", "04:01", "02:30", "08:00", "18:00", "23:50", "00:10")
PLACEMENTS = ("hip", "left_thigh", "right_thigh", "thigh")


@dataclass
class RandomStudy:
    """Rows as they are written: lists in the order of their lines, sessions with blocks, blocks with reps."""

    participants: list[Row] = field(default_factory=list)
    prescriptions: list[Row] = field(default_factory=list)
    excused: list[Row] = field(default_factory=list)
    selfreports: list[Row] = field(default_factory=list)
    checkins: list[Row] = field(default_factory=list)
    ears: list[Row] = field(default_factory=list)
    sessions: list[Row] = field(default_factory=list)


def random_study(seed: int, n_people: int, n_days: int) -> RandomStudy:
    """A study of up to `n_people` participants over up to `n_days` days; the same seed, the same study."""
    rng = random.Random(seed)
    study, begin = RandomStudy(), rng.choice(BEGINS)
    for number in range(n_people):
        _person(study, rng, f"P{number}", begin, n_days)
    return study


def _person(study: RandomStudy, rng: random.Random, who: str, begin: dt.date, n_days: int) -> None:
    def day() -> dt.date:
        return begin + dt.timedelta(days=rng.randrange(-3, n_days))

    for _ in range(rng.choice((0, 1, 1, 2))):  # a later line takes the place of an earlier one
        start, end = sorted((day(), day()))
        study.participants.append(
            {"participant": who, "arm": rng.choice(("A", "B", None)), "start_date": rng.choice((None, start)),
             "end_date": rng.choice((None, None, end))}
        )  # fmt: skip
    for exercise in rng.sample(EXERCISES, rng.randrange(4)):
        first = rng.choice((begin, begin, day()))
        _versions(study, rng, who, exercise, sorted((first, *(day() for _ in range(rng.choice((0, 0, 1, 2)))))))
    for _ in range(rng.randrange(4)):
        study.excused.append(
            {"participant": who, "local_date": day(), "kind": rng.choice(("excused", "device_fault", "none")),
             "exercise": rng.choice((None, None, *EXERCISES))}
        )  # fmt: skip
    for _ in range(rng.randrange(n_days)):
        exercise = rng.choice((None, *EXERCISES))
        study.selfreports.append(
            {"participant": who, "local_date": day(), "exercise": exercise, "done": rng.random() < 0.6,
             "reps": rng.choice((None, rng.randrange(30)))}
        )  # fmt: skip
    for _ in range(rng.randrange(n_days)):
        moment = dt.datetime.combine(day(), dt.time.fromisoformat(rng.choice(TIMES)))
        study.checkins.append(
            {"participant": who, "at_local": moment, "timezone": rng.choice(ZONES),
             "phase": rng.choice(("before", "diary", "diary", "after", "button")),
             "leg_nrs": rng.choice((None, rng.randrange(11))), "back_nrs": rng.choice((None, rng.randrange(11))),
             "distal_site": rng.choice((None, "none", "back", "buttock", "thigh", "calf", "foot"))}
        )  # fmt: skip
    for _ in range(rng.randrange(3)):
        study.ears.append({"participant": who, "local_date": day(), "total": rng.randrange(25)})
    for _ in range(rng.randrange(2 * n_days)):
        study.sessions.append(_session(rng, who, day()))
        if rng.random() < 0.1:
            study.sessions.append(study.sessions[-1])  # the same once more


def _versions(study: RandomStudy, rng: random.Random, who: str, exercise: str, begins: list[dt.date]) -> None:
    for number, valid_from in enumerate(begins, 1):
        study.prescriptions.append(
            {"participant": who, "exercise": exercise, "version": number, "valid_from": valid_from,
             "days_per_week": rng.choice((0, 1, 3, 5, 7, 7)), "sessions_per_day": rng.choice((1, 1, 2)),
             "sets": rng.choice((1, 1, 2)), "reps": rng.choice((1, 5, 10)), "hold_s": rng.choice((0.0, 5.0, 5.0)),
             "side": rng.choice(("left", "right", "each", "both")), "author": "PT1", "reason": f"r{number}",
             "rom_target_deg": None, "recorded_utc": dt.datetime(2026, 1, 1)}
        )  # fmt: skip


def _session(rng: random.Random, who: str, day: dt.date) -> Row:
    timezone = rng.choice(ZONES)
    wall = dt.datetime.combine(day, dt.time.fromisoformat(rng.choice(TIMES)))
    start = wall.replace(tzinfo=ZoneInfo(timezone), fold=rng.randrange(2)).astimezone(dt.UTC)
    blocks = [_block(rng, number) for number in range(rng.choice((0, 1, 1, 2, 3)))]
    device = rng.choice(("", "AX3")) if blocks else ""  # without blocks, start and person alone make it a session
    return {
        "participant": who, "start_utc": start, "timezone": timezone, "device": device, "blocks": blocks,
    }  # fmt: skip


def _block(rng: random.Random, number: int) -> Row:
    seen = rng.choice(("full", "full", "full", "counts", "weak", "none"))
    side = rng.choice(("left", "right", "both", "unknown"))
    reps = [_rep(rng, at, side, seen) for at in range(rng.choice((0, 2, 5, 10, 25)) if seen != "none" else 0)]
    counted = sum(rep["complete"] and "inferred" not in rep["flags"] for rep in reps)
    return {
        "recording": rng.choice(("a.csv", "b.csv")), "block": number, "block_start_s": 100.0 * number,
        "block_end_s": 100.0 * number + 90, "exercise": rng.choice(EXERCISES), "placement": rng.choice(PLACEMENTS),
        "side": side, "observability": seen, "note": "", "sampling_rate_hz": rng.choice((50.0, 100.0)),
        "duration_s": 300.0, "gaps_s": rng.choice((0.0, 0.0, 1.5)), "algorithm": "test 1", "count": counted,
        "count_low": counted, "count_high": counted, "reps": reps,
    }  # fmt: skip


def _rep(rng: random.Random, at: int, side: str, seen: str) -> Row:
    hold_s = rng.choice((2.0, 5.0, 8.0)) if seen != "weak" and rng.random() < 0.8 else None
    return {
        "set": 1 + at // 5, "start_s": 3.0 * at, "hold_start_s": None, "hold_end_s": None,
        "end_s": 3.0 * at + 2.5 + (hold_s or 0), "hold_s": hold_s, "hold_longest_s": hold_s, "hold_s_low": hold_s,
        "hold_s_high": hold_s, "side": side if rng.random() < 0.8 else rng.choice(("left", "right", "unknown")),
        "rom_deg": float(rng.randrange(10, 60)), "complete": rng.random() < 0.85, "confidence": 0.9,
        "flags": rng.choice(("", "", "", "inferred", "short_hold", "cut shaky")),
    }  # fmt: skip


def write(rows: RandomStudy, path: Path) -> None:
    """Put the rows into an empty study, the way the commands do."""
    with Study(path, write=True) as study:
        for table in (PARTICIPANTS, PRESCRIPTIONS, EXCUSED, SELFREPORTS, CHECKINS, EARS):
            adding.add_rows(study, table, getattr(rows, table.kind))
        made = []
        for session in rows.sessions:
            blocks = session["blocks"]
            heads = [{key: value for key, value in block.items() if key != "reps"} for block in blocks]
            reps = [
                {k: v for k, v in head.items() if k != "side"} | {"block_side": head["side"]} | rep
                for head, block in zip(heads, blocks, strict=True)
                for rep in block["reps"]
            ]
            labels = {key: session[key] for key in ("participant", "start_utc", "timezone", "device")}
            made.append(session_of_table(rep_table(reps), heads, **labels))
        adding.put_many(study, made, durable=False)
