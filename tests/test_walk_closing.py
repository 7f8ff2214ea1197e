"""A session that was walked through becomes a session folder: blocks by plan, answers and decisions kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np

from sciatrack.closing import close_session
from sciatrack.walk import Event, Walk, answers_event, begin_event, event_to_json, fold, pain_up_event, steps_of
from sciatrack.walked import analyse_walk, stretches, with_log
from sciatrack_analytics.answers import Answers
from sciatrack_analytics.live_log import LiveLog
from sciatrack_analytics.safety_history import History
from sciatrack_analytics.safety_reading import read_history
from sciatrack_analytics.session_plan import Plan, PlanItem
from sciatrack_analytics.study import session_exercises
from sciatrack_ingest.manifest import Manifest
from sciatrack_ingest.recording import Recording
from sciatrack_ingest.sessions import read_manifest, verify_session
from sciatrack_signal.exercises import catalogue

NOW = dt.datetime(2026, 11, 25, 18, 0, tzinfo=dt.UTC)
WELL = Answers("before", NOW, "Europe/Berlin", 3, 2, "thigh", (), (), ())
ILL = Answers("before", NOW, "Europe/Berlin", 3, 2, "thigh", ("fever",), (), ())
PLAN = Plan("two exercises", (PlanItem("glute_bridge", "both", 1, 4, 4.0), PlanItem("generic", "both", 1, 4, 4.0)))
SESSION = {
    "session_id": "P01-20261125T180000Z-0", "participant": "P01", "start_utc": "2026-11-25T18:00:00Z",
    "timezone": "Europe/Berlin", "origin": "simulated",
}  # fmt: skip


def begun(said: Answers = WELL) -> list[Event]:
    first = begin_event(0.0, SESSION, PLAN.to_dict(), steps_of(PLAN, ("right_thigh",), catalogue()))
    return [first, answers_event(1.0, said, History(), fold([first]))[0]]


def key(at_s: float, name: str) -> Event:
    return Event(at_s, "key", {"key": name})


def two_sets() -> list[Event]:
    """Bridges from 25 s to 70 s, then the other exercise from 95 s to 140 s, both ended by a person's word."""
    return [
        *begun(), key(25.0, "start"), key(70.0, "done"), key(95.0, "start"), key(140.0, "done"),
    ]  # fmt: skip


def reps_at(starts_s: list[float], until_s: float) -> Recording:
    """A thigh that rises by 20 degrees for 4 s at each of these moments, at 50 Hz."""
    time_s = np.arange(0.0, until_s, 0.02)
    angle = np.zeros_like(time_s)
    for start_s in starts_s:
        rise = np.clip((time_s - start_s) / 1.2, 0, 1) - np.clip((time_s - start_s - 5.2) / 1.2, 0, 1)
        angle += np.radians(20) * (3 * rise**2 - 2 * rise**3)
    acc = 9.81 * np.column_stack([np.cos(angle), np.zeros_like(angle), np.sin(angle)])
    acc += 0.02 * np.random.default_rng(0).normal(size=acc.shape)
    return Recording(time_s, acc, placement="right_thigh", name="imu-right_thigh.parquet")


def write_log(folder: Path, events: list[Event]) -> None:
    with LiveLog(folder) as log:
        for event in events:
            log.append(event_to_json(event))


def test_sets_of_one_exercise_are_one_stretch() -> None:
    walk = fold([*two_sets()])
    found = [(one.exercise, one.start_s, one.end_s) for one in stretches(walk)]
    assert found == [("glute_bridge", 25.0, 70.0), ("generic", 95.0, 140.0)]


def test_each_stretch_is_analysed_as_its_exercise_and_moves_between_them_do_not_count() -> None:
    walk = fold(two_sets())
    inside = [32.0, 42.0, 52.0, 62.0, 102.0, 112.0, 122.0, 132.0]
    recording = reps_at([*inside, 78.0, 86.0], 150.0)  # two more while nothing was asked for
    first, second = analyse_walk(recording, walk).blocks
    assert [(block.exercise, block.count, block.block) for block in (first, second)] == [
        ("glute_bridge", 4, 0), ("generic", 4, 1),
    ]  # fmt: skip
    starts = [rep.start_s for rep in (*first.reps, *second.reps)]
    np.testing.assert_allclose(starts, inside, atol=0.4)
    assert (second.block_start_s, second.block_end_s) == (95.0, 140.0)


def test_what_a_thigh_cannot_see_is_a_block_without_reps(tmp_path: Path) -> None:
    plan = Plan("one", (PlanItem("clamshell", "right", 1, 4, 3.0),))
    first = begin_event(0.0, SESSION, plan.to_dict(), steps_of(plan, ("left_thigh",), catalogue()))
    events = [first, answers_event(1.0, WELL, History(), fold([first]))[0], key(25, "start"), key(70, "done")]
    recording = reps_at([32.0, 42.0], 80.0).with_labels(placement="left_thigh")
    (block,) = analyse_walk(recording, fold(events)).blocks
    assert (block.observability, block.count, block.reps) == ("none", 0, ())
    assert block.note


OWN = """
[exercises.heel_slide]
name = "Heel slide"
sides = "both"
hold_s = [0, 4]
reps = [4, 4]
start_position = "Lie on your back."
steps = ["Slide the heel up."]

[exercises.heel_slide.views.thigh_working]
observability = "full"
min_range_deg = 5
"""


def test_an_exercise_of_the_study_is_walked_and_analysed_as_such(tmp_path: Path) -> None:
    (tmp_path / "exercises.toml").write_text(OWN, encoding="utf-8")
    own = session_exercises(tmp_path / "sessions" / "P01-x")
    plan = Plan("own", (PlanItem("heel_slide", "both", 1, 4, 4.0),))
    first = begin_event(0.0, SESSION, plan.to_dict(), steps_of(plan, ("right_thigh",), own))
    events = [first, answers_event(1.0, WELL, History(), fold([first]))[0], key(25, "start"), key(75, "done")]
    (block,) = analyse_walk(reps_at([32.0, 42.0, 52.0, 62.0], 90.0), fold(events), own).blocks
    assert (block.exercise, block.count) == ("heel_slide", 4)


def test_a_gap_in_a_walked_set_leaves_room_in_its_count() -> None:
    plan = Plan("one", (PlanItem("generic", "both", 1, 5, 4.0),))
    first = begin_event(0.0, SESSION, plan.to_dict(), steps_of(plan, ("right_thigh",), catalogue()))
    events = [first, answers_event(1.0, WELL, History(), fold([first]))[0], key(25, "start"), key(95, "done")]
    whole = reps_at([32.0, 42.0, 52.0, 62.0, 72.0], 110.0)
    seen = (whole.time_s < 51.0) | (whole.time_s > 59.0)
    lossy = replace(whole, time_s=whole.time_s[seen], acc=whole.acc[seen])
    (block,) = analyse_walk(lossy, fold(events)).blocks
    assert (block.count, block.count_low, block.count_high) == (4, 4, 5)


def manifest() -> Manifest:
    return Manifest(SESSION["session_id"], "P01", NOW, "Europe/Berlin", 150.0)


def test_the_manifest_keeps_answers_decisions_and_corrections_once(tmp_path: Path) -> None:
    walk = fold(two_sets())
    corrected = Event(150.0, "correct", {"run": 0, "count": 5, "author": "PT1", "reason": "seen on video"})
    after = answers_event(151.0, Answers("after", NOW, "Europe/Berlin", 5, 2), History(), walk)[0]
    write_log(tmp_path, [*two_sets(), corrected, after])
    kept = with_log(manifest(), tmp_path)
    assert kept.plan == PLAN.to_dict()
    assert [item["phase"] for item in kept.check_ins] == ["before", "after"]
    assert kept.decisions[0]["rule"] == "session_pain_2"
    (note,) = kept.corrections
    assert (note["author"], note["reason"], note["count"], note["count_before"]) == ("PT1", "seen on video", 5, 0)
    assert note["at_utc"] == "2026-11-25T18:02:30Z"
    assert with_log(kept, tmp_path) == kept


def test_a_red_flag_before_anything_was_recorded_outlives_the_session(tmp_path: Path) -> None:
    folder = tmp_path / str(SESSION["session_id"])
    write_log(folder, begun(ILL))
    assert close_session(folder) == ["nothing was recorded; the answers and what was decided are kept"]
    assert verify_session(folder) == []
    kept = read_manifest(folder)
    assert (kept.participant, kept.origin, kept.blocks) == ("P01", "simulated", ())
    assert kept.decisions[0]["rule"] == "red_flag"
    assert read_history(tmp_path, "P01").decisions[0].rule == "red_flag"
    assert read_history(tmp_path, "P01", without=folder.name).decisions == ()


def test_a_torn_last_line_is_said_and_costs_nothing_else(tmp_path: Path) -> None:
    write_log(tmp_path, begun(ILL))
    with open(tmp_path / "live.jsonl", "ab") as log:
        log.write(b'{"at_s": 3.0, "kind": "ke')
    kept = with_log(manifest(), tmp_path)
    assert kept.decisions[0]["rule"] == "red_flag"
    assert "1 lines of live.jsonl cannot be read" in kept.corrections[0]["reason"]


def test_the_button_without_a_plan_is_a_decision(tmp_path: Path) -> None:
    pressed = pain_up_event(40.0, NOW, "Europe/Berlin", History(), Walk({}, {}))
    write_log(tmp_path, [begin_event(0.0, SESSION, {}, ()), pressed])
    kept = with_log(manifest(), tmp_path)
    assert kept.decisions[0]["rule"] == "exercise_pain_1"
    assert kept.plan is None
