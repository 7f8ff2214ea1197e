"""From prescriptions to a plan that can be edited, and from the edited plan to the next versions.

A prescription keeps the dose of each exercise. The rest between sets and the number of the version are not edited
here: the one belongs to a session's plan file, the other is given by the study.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sciatrack_analytics import prescriptions
from sciatrack_analytics.adding import add_rows
from sciatrack_analytics.csv_file import read_table
from sciatrack_analytics.csv_tables import PRESCRIPTIONS
from sciatrack_analytics.prescriptions import PrescriptionError
from sciatrack_analytics.session_plan import REST_S, Plan, PlanError, line_of, plan_from_toml, plan_of_versions
from sciatrack_analytics.study import Study
from sciatrack_ingest.manifest import local_time
from sciatrack_signal.exercises import Exercise

Row = dict[str, Any]
DOSE = ("side", "sets", "reps", "hold_s")
# What a new version takes over from the one in force where nothing else is said.
KEPT = ("days_per_week", "sessions_per_day", *DOSE, "rom_target_deg")


def local_today(study: Study) -> dt.date:
    """The day it is where the study is."""
    return local_time(dt.datetime.now(dt.UTC), study.settings.timezone).date()


def versions_in_force(study: Study, participant: str, on: dt.date) -> list[Row]:
    """The version of each exercise in force on a local day, in the order in which they were first asked for.

    Read from prescriptions.csv, the truth. An exercise that has ended is left out.
    """
    last: dict[str, Row] = {}
    for _, row in read_table(study.path / PRESCRIPTIONS.file_name, PRESCRIPTIONS):
        if row["participant"] == participant and row["valid_from"] <= on:
            last[row["exercise"]] = row
    return [row for row in last.values() if row["days_per_week"] > 0]


def plan_in_force(study: Study, participant: str, on: dt.date) -> Plan:
    """What a participant is to do in a session of that day; raises PrescriptionError where nothing is asked for."""
    rows = versions_in_force(study, participant, on)
    if not rows:
        raise PrescriptionError(
            f"nothing is prescribed to {participant} on {on}. Prescribe it (`sciatrack plan prescribe`), "
            "or take the article's doses (`sciatrack plan show STUDY_DIR --article`)."
        )
    return plan_of_versions(participant, [prescriptions.completed(row, study.exercises) for row in rows], on)


def text_to_edit(plan: Plan) -> str:
    """The dose of each exercise as TOML, with a word on what may be changed."""
    lines = [
        "# Change a dose, delete an exercise to end it, add one with a line [[exercise]] and its id.",
        "# What you leave out comes from the catalogue. Save and close; nothing is written if you change nothing.",
    ]
    for item in plan.items:
        lines += ["", "[[exercise]]", f'id = "{item.exercise}"', f'side = "{item.side}"']
        lines += [f"sets = {item.sets}", f"reps = {item.reps}", f"hold_s = {item.hold_s!r}"]
    return "\n".join(lines) + "\n"


def edited_rows(
    text: str, path: object, before: Sequence[Mapping[str, Any]], exercises: Mapping[str, Exercise]
) -> list[Row]:
    """What an edited plan asks for that the versions in force (`before`) do not, without author and reason.

    Raises PlanError with the line of what is wrong, also for what a prescription cannot say: an exercise twice,
    and a rest between sets.
    """
    plan = plan_from_toml(text, exercises, path)
    known = {row["exercise"]: prescriptions.completed(row, exercises) for row in before}
    rows: list[Row] = []
    seen: set[str] = set()
    for number, item in enumerate(plan.items):
        if item.exercise in seen:
            problem = f"{item.exercise} stands here twice; a prescription has one dose for each exercise."
            raise PlanError(path, line_of(text, number, "id"), problem)
        if item.rest_s != REST_S:
            problem = "a prescription keeps no rest_s; leave it out here and set it in a session's plan file."
            raise PlanError(path, line_of(text, number, "rest_s"), problem)
        seen.add(item.exercise)
        dose = {name: getattr(item, name) for name in DOSE}
        old = known.get(item.exercise)
        if old is None or any(old[name] != value for name, value in dose.items()):
            rows.append(_after(old, item.exercise) | dose)
    return rows + [_after(known[name], name) | {"days_per_week": 0} for name in known if name not in seen]


def changed_row(before: Sequence[Mapping[str, Any]], exercise: str, changes: Mapping[str, Any]) -> Row:
    """The version in force of one exercise with some of it changed; of a new exercise only what is said."""
    old = next((row for row in before if row["exercise"] == exercise), None)
    return _after(old, exercise) | {name: value for name, value in changes.items() if value is not None}


def ended_rows(before: Sequence[Mapping[str, Any]], exercises: Sequence[str]) -> list[Row]:
    """The end of exercises that are in force; raises PrescriptionError for one that is not."""
    known = {row["exercise"]: row for row in before}
    for name in exercises:
        if name not in known:
            raise PrescriptionError(f"{name} is not prescribed on that day; {', '.join(known) or 'nothing'} is.")
    return [_after(known[name], name) | {"days_per_week": 0} for name in exercises]


def write_versions(study: Study, participant: str, rows: Sequence[Row], why: Mapping[str, Any]) -> list[Row]:
    """Write rows as next versions, all of them or none; returns those that say something new.

    why : valid_from, author, reason

    Raises UnknownExerciseError, and PrescriptionError where one of them would change what is written.
    """
    versions: dict[str, list[Row]] = {}
    for _, row in read_table(study.path / PRESCRIPTIONS.file_name, PRESCRIPTIONS):
        if row["participant"] == participant:
            versions.setdefault(row["exercise"], []).append(row)
    now = dt.datetime.now(dt.UTC)
    blank: Row = dict.fromkeys(PRESCRIPTIONS.header)
    whole = [
        prescriptions.completed(blank | row | {"participant": participant, **why}, study.exercises) for row in rows
    ]
    found = [prescriptions.new_version(row, versions.get(row["exercise"], []), now) for row in whole]
    new = [row for row in found if row is not None]
    add_rows(study, PRESCRIPTIONS, new)
    return new


def _after(old: Mapping[str, Any] | None, exercise: str) -> Row:
    return {"exercise": exercise} | ({} if old is None else {name: old[name] for name in KEPT})
