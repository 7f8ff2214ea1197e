"""Studies that are hard on a page: hardly anything, very much, long names, nothing observable, a red flag."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sciatrack_analytics import adding
from sciatrack_analytics.answers import Answers
from sciatrack_analytics.csv_tables import CHECKINS, CLEARANCES, PARTICIPANTS
from sciatrack_analytics.rep_rows import rep_table
from sciatrack_analytics.safety import decide
from sciatrack_analytics.safety_history import History
from sciatrack_analytics.store import create_study
from sciatrack_analytics.study import Study
from sciatrack_analytics.table_session import session_of_table
from study_cases import BRIDGE, a_block, asked, done

MONDAY = dt.date(2026, 3, 2)
NINE = (
    "glute_bridge", "knee_to_chest", "clamshell", "bird_dog", "cobra_stretch", "childs_pose",
    "standing_hamstring_stretch", "pelvic_tilt", "lying_gluteal_stretch",
)  # fmt: skip
LONG_NAME = "Sciatic nerve slider, seated on the edge of a chair with the neck extended and the ankle pulled up"
OWN = f"""
[exercises.a_rather_long_name_for_an_exercise_of_this_clinic]
name = "{LONG_NAME}"
sides = "each"
hold_s = [0, 1]
reps = [10, 10]
start_position = "Sitting on a chair."
steps = ["Straighten the knee and look up.", "Bend it again and look down."]

[exercises.a_rather_long_name_for_an_exercise_of_this_clinic.views.hip]
observability = "full"
min_range_deg = 5
"""
LONG_WHO = "participant_with_the_longest_name"[:32]


def said(study: Study, before: Mapping[str, Any], after: Mapping[str, Any] | None = None, *, day: int = 0) -> None:
    """A session of 10 bridges at 18:00 UTC on that day from Monday, with check-ins and what the rules decided."""
    start = dt.datetime.combine(MONDAY + dt.timedelta(days=day), dt.time(18), dt.UTC)
    first = Answers("before", start - dt.timedelta(minutes=1), **before)
    decisions = list(decide(first, History()))
    check_ins = [first.to_dict()]
    if after is not None:
        last = Answers("after", start + dt.timedelta(minutes=20), **after)
        decisions += decide(last, History(), first)
        check_ins.append(last.to_dict())
    block = a_block(10)
    head = {key: value for key, value in block.items() if key != "reps"}
    rows = [{k: v for k, v in head.items() if k != "side"} | {"block_side": "both"} | rep for rep in block["reps"]]
    manifest, writers = session_of_table(
        rep_table(rows), [head], participant="P01", start_utc=start, timezone="UTC", check_ins=check_ins
    )
    whole = replace(manifest, decisions=tuple(one.to_dict() for one in decisions))
    adding.put_session(study, whole, writers, durable=False)


def nothing(study: Study) -> str:
    """Somebody enrolled; nothing else."""
    adding.add_rows(study, PARTICIPANTS, [{"participant": "P01", "start_date": MONDAY}])
    return "P01"


def one_session(study: Study) -> str:
    asked(study)
    done(study, "2026-03-02T18:00")
    return "P01"


def half_a_year_of_nine(study: Study) -> str:
    """26 weeks of all nine exercises, with pain that is scored every day."""
    for exercise in NINE:
        asked(study, exercise=exercise)
    blocks = [a_block(10 - at % 4, exercise=exercise) for at, exercise in enumerate(NINE)]
    days = [MONDAY + dt.timedelta(days=day) for day in range(26 * 7)]
    done(study, [f"{day}T18:00" for day in days if day.weekday() < 5], *blocks)
    adding.add_rows(study, CHECKINS, [
        {"participant": "P01", "at_local": dt.datetime.combine(day, dt.time(8)), "leg_nrs": 7 - at // 40,
         "back_nrs": 4 + at % 3, "distal_site": "calf"}
        for at, day in enumerate(days)
    ])  # fmt: skip
    return "P01"


def long_names(study: Study) -> str:
    """Names as long as they may be, and a reason that a clinician wrote at length."""
    own = "a_rather_long_name_for_an_exercise_of_this_clinic"
    for exercise in (own, *NINE[:3]):
        asked(study, participant=LONG_WHO, exercise=exercise, reason="pain went up after the long drive " * 6,
              author="Maximiliane Freifrau von und zu Oberhochstadt-Wiesental")  # fmt: skip
    arm = {"participant": LONG_WHO, "arm": "exercise-with-weekly-calls-and-a-booklet", "start_date": MONDAY}
    adding.add_rows(study, PARTICIPANTS, [arm])
    done(study, ["2026-03-02T18:00", "2026-03-05T18:00"], a_block(10, exercise=own), participant=LONG_WHO)
    return LONG_WHO


def nothing_observable(study: Study) -> str:
    asked(study, exercise="pelvic_tilt")
    block = a_block(exercise="pelvic_tilt", placement="right_thigh", seen="none")
    done(study, [f"2026-03-{day:02}T19:00" for day in range(2, 16)], block)
    return "P01"


def red_flag(study: Study) -> str:
    """Pain that rose, a symptom, a sign before a session, and another in a diary later on."""
    asked(study)
    no_signs: dict[str, Any] = {"red_flags": (), "other_symptoms": ()}
    said(study, no_signs | {"leg_nrs": 3, "back_nrs": 2}, {"leg_nrs": 6, "back_nrs": 2})
    said(study, {"leg_nrs": 4, "back_nrs": 2, "red_flags": (), "other_symptoms": ("tingling",)}, day=2)
    said(study, {"leg_nrs": 4, "red_flags": ("fever", "difficulty_walking"), "other_symptoms": ()}, day=4)
    adding.add_rows(study, CHECKINS, [
        {"participant": "P01", "at_local": dt.datetime.combine(MONDAY + dt.timedelta(days=6), dt.time(8)),
         "red_flags": "loss_of_bowel_or_bladder_control"}
    ])  # fmt: skip
    return "P01"


def cleared(study: Study, day: int, rule: str = "red_flag") -> None:
    """A clinician has seen P01 because of that rule, at noon of that day from Monday."""
    at = dt.datetime.combine(MONDAY + dt.timedelta(days=day), dt.time(12))
    adding.add_rows(study, CLEARANCES, [
        {"participant": "P01", "cleared_utc": at, "rule": rule, "clinician": "Dr A"}
    ])  # fmt: skip


CASES = (nothing, one_session, half_a_year_of_nine, long_names, nothing_observable, red_flag)


def made(folder: Path, case: Any) -> tuple[Path, str]:
    """The study of one case, and the participant whose page is the hard one."""
    create_study(folder, timezone="UTC", name=case.__name__)
    if case is long_names:
        (folder / "exercises.toml").write_text(OWN, encoding="utf-8")
    with Study(folder, write=True) as study:
        who: str = case(study)
    return folder, who


__all__ = ["BRIDGE", "CASES", "cleared", "made", "said"]
