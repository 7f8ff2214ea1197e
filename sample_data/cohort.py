"""The sample cohort: 24 invented participants over 12 weeks, as rep tables, check-ins and lists. Simulated.

    python sample_data/cohort.py            writes sample_data/cohort/, the same every time

Written as a few compact tables instead of some thousand session folders;
`sciatrack_analytics.cohort.build_cohort_study` makes the folders and the study of them.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cohort_people import PEOPLE, Person
from sciatrack_signal.exercises import Exercise, catalogue

SEED = 20260216
FIRST_MONDAY = dt.date(2026, 2, 16)
WEEKS = 12
ALGORITHM = "simulated 1"
# Typical range of each exercise at the sensor, degrees; only has to look right in a report.
RANGE_DEG = {
    "glute_bridge": 22.0, "knee_to_chest": 78.0, "clamshell": 34.0, "bird_dog": 62.0, "cobra_stretch": 28.0,
    "childs_pose": 48.0, "standing_hamstring_stretch": 41.0, "pelvic_tilt": 9.0, "lying_gluteal_stretch": 19.0,
}  # fmt: skip
SITES = ("none", "back", "buttock", "thigh", "calf", "foot")

Table = dict[str, list[Any]]


def build(seed: int = SEED) -> dict[str, pa.Table]:
    """The tables `sessions`, `blocks`, `reps` and the lists, by name."""
    known = catalogue()
    tables: dict[str, Table] = {}
    for number, person in enumerate(PEOPLE):
        rng = np.random.default_rng([seed, number])
        _person(tables, person, known, rng)
    return {name: _arrow(name, columns) for name, columns in tables.items()}


def write(folder: Path, seed: int = SEED) -> None:
    """Write every table into `folder`: Parquet for sessions, blocks and reps, CSV for the lists."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in build(seed).items():
        if name in ("sessions", "blocks", "reps"):
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd", compression_level=19)
        else:
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, table.column_names, lineterminator="\n")
                writer.writeheader()
                writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in table.to_pylist())


def _person(tables: dict[str, Table], person: Person, known: Any, rng: np.random.Generator) -> None:
    first = FIRST_MONDAY + dt.timedelta(weeks=person.start_week)
    last = first + dt.timedelta(days=7 * WEEKS - 1)
    _put(tables, "participants", participant=person.id, arm=person.arm, start_date=first, end_date=last,
         note=f"simulated: {person.story}")  # fmt: skip
    doses = _prescribe(tables, person, known, first)
    for spell in person.spells:
        for day in range(spell.day, spell.day + spell.n_days):
            _put(tables, "excused", participant=person.id, local_date=first + dt.timedelta(days=day),
                 kind=spell.kind, exercise=None, reason=spell.reason, author="PT1")  # fmt: skip
    off = {day for spell in person.spells for day in range(spell.day, spell.day + spell.n_days)}
    drift = np.zeros(2)  # what makes a good or a bad week, for leg and back
    for day in range(7 * WEEKS):
        drift = 0.7 * drift + rng.normal(0, 0.6, 2)
        week, at = day // 7, day / (7 * WEEKS - 1)
        pain = [_score(pair, at, bad) for pair, bad in zip((person.leg, person.back), drift, strict=True)]
        here = week not in person.silent_weeks and day not in off
        goes = here and rng.random() < _between(person.attendance, at)
        local_date = first + dt.timedelta(days=day)
        if goes:
            _session(tables, person, known, doses, local_date, week, at, pain, rng)
        elif here and person.attendance[0] and rng.random() < 0.35:
            moment = dt.datetime.combine(local_date, dt.time(20, int(rng.integers(60))))
            _put(tables, "checkins", participant=person.id, at_local=moment.isoformat(timespec="minutes"),
                 timezone=_zone(person, week), phase="diary", leg_nrs=pain[0], back_nrs=pain[1],
                 distal_site=_site(person, at, drift[0]), red_flags="none")  # fmt: skip
        if week not in person.silent_weeks and rng.random() < person.self_reports:
            said = goes if rng.random() < 0.9 else not goes
            _put(tables, "selfreports", participant=person.id, local_date=local_date, exercise=None,
                 done="yes" if said else "no", reps=None, note=None)  # fmt: skip


def _prescribe(tables: dict[str, Table], person: Person, known: Any, first: dt.date) -> dict[str, list[Any]]:
    """Every version of every exercise; returns them by exercise as (first week, dose)."""
    doses: dict[str, list[Any]] = {}
    for exercise_id in person.exercises:
        exercise: Exercise = known[exercise_id]
        side = {"both": "both", "painful": person.painful}.get(exercise.sides, "each")
        dose = {
            "days_per_week": person.days_per_week, "sessions_per_day": 1, "sets": exercise.sets,
            "reps": exercise.reps[0], "hold_s": exercise.hold_target_s, "side": side,
        }  # fmt: skip
        doses[exercise_id] = [(0, dose, "first plan")]
        for change in (change for change in person.changes if change.exercise == exercise_id):
            new = {key: getattr(change, key) for key in ("reps", "sets", "hold_s", "days_per_week")}
            dose = dose | {key: value for key, value in new.items() if value is not None}
            doses[exercise_id].append((change.week, dose, change.reason))
        for version, (week, each, reason) in enumerate(doses[exercise_id], start=1):
            day = first + dt.timedelta(weeks=week)
            _put(tables, "prescriptions", participant=person.id, exercise=exercise_id, version=version,
                 valid_from=day, **each, rom_target_deg=None, author="PT1", reason=reason,
                 recorded_utc=f"{day}T07:30:00Z")  # fmt: skip
    return doses


def _session(
    tables: dict[str, Table], person: Person, known: Any, doses: dict[str, list[Any]], local_date: dt.date,
    week: int, at: float, pain: list[int], rng: np.random.Generator,
) -> None:  # fmt: skip
    zone = _zone(person, week)
    start_utc = _start(person, local_date, zone, rng)
    number = len(tables.get("sessions", {}).get("session", []))
    placement = person.placement
    if person.other_placement and week in person.other_placement[1]:
        placement = person.other_placement[0]
    end_s = 0.0
    for block, (exercise, leg, dose) in enumerate(_plan(person, known, doses, week)):
        end_s = _block(tables, number, block, exercise, leg, dose, placement, person, end_s + 25.0, at, rng)
    worse = int(rng.choice([-1, 0, 0, 0, 1, 2], p=[0.25, 0.25, 0.2, 0.15, 0.12, 0.03]))
    _put(tables, "sessions", session=number, participant=person.id, start_utc=start_utc, timezone=zone,
         duration_s=end_s, leg_before=pain[0], back_before=pain[1],
         leg_after=min(10, max(0, pain[0] + worse)), back_after=pain[1],
         distal_site=_site(person, at, 0.0))  # fmt: skip


def _plan(person: Person, known: Any, doses: dict[str, list[Any]], week: int) -> list[Any]:
    """The blocks of a visit: exercise, leg and dose, both legs in turn where they are told apart."""
    blocks = []
    for exercise_id in person.exercises:
        dose = [each for begin, each, _ in doses[exercise_id] if begin <= week][-1]
        if dose["days_per_week"]:
            legs = ("left", "right") if dose["side"] == "each" else (dose["side"],)
            blocks += [(known[exercise_id], leg, dose) for leg in legs]
    return blocks


def _block(
    tables: dict[str, Table], session: int, block: int, exercise: Exercise, leg: str, dose: dict[str, Any],
    placement: str, person: Person, begin_s: float, at: float, rng: np.random.Generator,
) -> float:  # fmt: skip
    """One block and its reps; returns when it ends."""
    view = exercise.view(placement, leg)
    share = person.dose if person.dose <= 1 or at > 0.25 else 1.0
    n = max(1, int(rng.poisson(dose["sets"] * dose["reps"] * share * 1.02)))
    n = n if rng.random() < 0.3 else round(dose["sets"] * dose["reps"] * share)
    seen = view.observability if view.observability != "weak" or rng.random() < 0.5 else "none"
    time_s, rows = begin_s, []
    for i in range(n):
        rep, time_s = _rep(i, dose, exercise, time_s, at, rng)
        rows.append(rep | {"session": session, "block": block, "side": leg})
    counted = sum(row["complete"] for row in rows) if seen != "none" else 0
    if seen != "none":
        for row in rows:
            if seen != "full":
                row |= {"hold_start_s": None, "hold_end_s": None} if seen == "weak" else {}
            _put(tables, "reps", **row)
    _put(tables, "blocks", session=session, block=block, exercise=exercise.id, placement=placement, side=leg,
         observability=view.observability if counted else ("none" if seen == "none" else seen),
         note=view.reason if seen == "none" else "", block_start_s=round(begin_s, 1),
         block_end_s=round(time_s, 1), count=counted, count_low=counted,
         count_high=len(rows) if seen != "none" else 0)  # fmt: skip
    return time_s


def _rep(
    i: int, dose: dict[str, Any], exercise: Exercise, time_s: float, at: float, rng: np.random.Generator
) -> tuple[dict[str, Any], float]:
    """One rep that begins about 2 s after `time_s`, and when it is over; tenths of a second keep the file small."""
    target_s = dose["hold_s"]
    hold_s = max(0.4, rng.normal(target_s * (0.82 + 0.16 * at), 0.12 * target_s))
    complete = bool(rng.random() > 0.03)
    out_s, back_s, pause_s = rng.uniform(0.9, 1.8), rng.uniform(1.0, 2.0), rng.uniform(1.0, 4.0)
    range_deg = RANGE_DEG[exercise.id] * rng.normal(0.9 + 0.15 * at, 0.07) * (1 if complete else 0.35)
    start_s = time_s + pause_s
    flags = " ".join(
        word
        for word, on in (
            ("short_hold", hold_s < target_s - max(0.5, 0.1 * target_s)),
            ("long_hold", hold_s > 1.3 * target_s),
            ("small_range", not complete),
            ("shaky", rng.random() < 0.04),
        )
        if on
    )
    row = {
        "set": i // dose["reps"] + 1,
        "start_s": round(start_s, 1),
        "hold_start_s": round(start_s + out_s, 1),
        "hold_end_s": round(start_s + out_s + hold_s, 1),
        "end_s": round(start_s + out_s + hold_s + back_s, 1),
        "rom_deg": round(range_deg),
        "complete": complete,
        "confidence": round(float(rng.beta(30, 2)), 2),
        "flags": flags,
    }
    return row, start_s + out_s + hold_s + back_s


def _start(person: Person, local_date: dt.date, zone: str, rng: np.random.Generator) -> dt.datetime:
    """When a session of that local day begins, in UTC; a night owl's day goes on until 04:00."""
    if person.night_owl:
        minutes = int(rng.integers(22 * 60 + 30, 27 * 60 + 50))
    else:
        minutes = int(rng.choice([7, 12, 18, 19, 20]) * 60 + rng.integers(60))
    wall = dt.datetime.combine(local_date, dt.time()) + dt.timedelta(minutes=minutes)
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)


def _zone(person: Person, week: int) -> str:
    return person.travel[0] if person.travel and week in person.travel[1] else person.zone


def _score(pair: tuple[float, float], at: float, drift: float) -> int:
    return int(np.clip(round(_between(pair, at) + drift), 0, 10))


def _site(person: Person, at: float, drift: float) -> str:
    first, last = (SITES.index(site) for site in person.site)
    return SITES[int(np.clip(round(first + (last - first) * at + 0.3 * drift), 0, len(SITES) - 1))]


def _between(pair: tuple[float, float], at: float) -> float:
    return pair[0] + (pair[1] - pair[0]) * at


def _put(tables: dict[str, Table], name: str, **row: Any) -> None:
    columns = tables.setdefault(name, {key: [] for key in row})
    for key in columns:
        columns[key].append(row.get(key))


TYPES = {
    "session": pa.int32(), "block": pa.int32(), "set": pa.int32(), "count": pa.int32(), "count_low": pa.int32(),
    "count_high": pa.int32(), "start_utc": pa.timestamp("s"), "complete": pa.bool_(),
    **dict.fromkeys(("leg_before", "back_before", "leg_after", "back_after"), pa.int32()),
    **dict.fromkeys(("start_s", "hold_start_s", "hold_end_s", "end_s", "rom_deg", "confidence", "duration_s",
                     "block_start_s", "block_end_s"), pa.float64()),
}  # fmt: skip


def _arrow(name: str, columns: Table) -> pa.Table:
    if name in ("sessions", "blocks", "reps"):
        return pa.table({key: pa.array(values, TYPES.get(key, pa.string())) for key, values in columns.items()})
    return pa.table(columns)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("cohort"))
