"""Laws of the walk: what holds after any keys, answers, reps and losses, in any order and at any pace."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sciatrack.walk import (
    KEYS,
    Event,
    Walk,
    advance,
    answers_event,
    begin_event,
    event_from_json,
    event_to_json,
    fold,
    next_change_s,
    pain_up_event,
    screen,
    step,
    steps_of,
)
from sciatrack.walk.state import EXERCISING, PAIN_CHECK
from sciatrack_analytics.answers import Answers
from sciatrack_analytics.checkins import NERVE_SYMPTOMS, RED_FLAGS
from sciatrack_analytics.safety_history import History, Tolerance
from sciatrack_analytics.safety_rules import rule_set
from sciatrack_analytics.session_plan import Plan, PlanItem
from sciatrack_signal.exercises import catalogue

NOW = dt.datetime(2026, 11, 25, 18, 0, tzinfo=dt.UTC)
PLAN = Plan(
    "both", (PlanItem("glute_bridge", "both", 2, 2, 5.0, 30.0), PlanItem("knee_to_chest", "each", 1, 2, 5.0)),
)  # fmt: skip
SESSION = {"session_id": "s", "participant": "P01", "start_utc": "2026-11-25T18:00:00Z", "timezone": "UTC"}
BEGIN = begin_event(0.0, SESSION, PLAN.to_dict(), steps_of(PLAN, ("right_thigh",), catalogue()))

LAW = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip
nrs = st.none() | st.integers(0, 10)
answers = st.builds(
    Answers,
    st.sampled_from(["before", "before", "after", "button"]),
    st.just(NOW),
    st.just("UTC"),
    nrs,
    nrs,
    st.none(),
    st.none()
    | st.just(())
    | st.just(())
    | st.just(())
    | st.lists(st.sampled_from(RED_FLAGS), max_size=1).map(tuple),
    st.just(()),
    st.none() | st.just(()) | st.just(()) | st.lists(st.sampled_from(NERVE_SYMPTOMS), max_size=1).map(tuple),
)
well = st.just(Answers("before", NOW, "UTC", 3, 2, "thigh", (), (), ()))
reps = st.fixed_dictionaries(
    {
        "what": st.sampled_from(["started", "hold_started", "hold_ended", "done", "done", "revised", "withdrawn"]),
        "id": st.sampled_from(["1.1", "1.2", "1.3", "1.4"]),
        "placement": st.sampled_from(["right_thigh", "right_thigh", "hip"]),
        "complete": st.booleans(),
        "flags": st.sampled_from([[], [], ["inferred"]]),
    }
)
what = st.one_of(
    answers,
    well,
    st.sampled_from(KEYS),
    st.sampled_from([key for key in KEYS if key != "pain_up"]),
    reps,
    st.sampled_from(["lost", "back"]),
    st.integers(0, 3),
    st.sampled_from(["tick", "end"]),
)
moves = st.lists(st.tuples(st.floats(0, 90), what), max_size=25)
histories = st.sampled_from([History(), History(tolerance=Tolerance(1, "PT1", "stretch pain"))])


def events_of(moved: list[tuple[float, Any]], history: History) -> list[Event]:
    """What a page would log of these moves, with what the rules make of each answer and of the button."""
    events, walk, now_s = [BEGIN], fold([BEGIN]), 0.0
    for wait_s, thing in moved:
        now_s += wait_s
        event = _event(now_s, thing, history, walk)
        events.append(event)
        walk, _ = step(walk, event)
    return events


def _event(now_s: float, thing: Any, history: History, walk: Walk) -> Event:
    if isinstance(thing, Answers):
        return answers_event(now_s, thing, history, walk)[0]
    if isinstance(thing, dict):
        times = {"start_s": now_s - 0.2, "hold_start_s": now_s, "end_s": now_s, "hold_s": 5.0}
        known = {"started": ("start_s",), "withdrawn": (), "hold_ended": ("start_s", "hold_start_s")}
        return Event(now_s, "rep", thing | {k: times[k] for k in known.get(thing["what"], times)})
    if isinstance(thing, int):
        return Event(now_s, "correct", {"run": thing, "count": 7, "author": "PT1", "reason": "seen"})
    if thing == "pain_up":
        return pain_up_event(now_s, NOW, "UTC", history, walk)
    if thing in KEYS:
        return Event(now_s, "key", {"key": thing})
    if thing in ("lost", "back"):
        return Event(now_s, "sensor", {"placement": "right_thigh", "state": thing})
    return Event(now_s, thing)


@LAW
@given(moves, histories, st.integers(0, 30))
def test_a_restart_from_any_prefix_of_the_log_is_no_restart(
    moved: list[tuple[float, Any]], history: History, cut: int
) -> None:
    events = events_of(moved, history)
    stored = [event_from_json(event_to_json(event)) for event in events]
    walk = fold(stored[:cut])
    for event in stored[cut:]:
        walk, _ = step(walk, event)
    assert walk == fold(events)
    assert json.loads(json.dumps(screen(walk)))["phase"] == walk.phase


@LAW
@given(moves, histories)
def test_time_in_one_step_or_in_many_is_the_same(moved: list[tuple[float, Any]], history: History) -> None:
    events = events_of(moved, history)
    walk, finely = fold(events[:1]), fold(events[:1])
    for event in events[1:]:
        walk, cues = step(walk, event)
        heard: list[Any] = []
        while (next_s := next_change_s(finely)) is not None and next_s < event.at_s:
            halfway = (finely.now_s + next_s) / 2
            for at_s in (halfway, next_s):
                finely, more = advance(finely, at_s)
                heard += more
        finely, more = step(finely, event)
        assert finely == walk
        assert [(cue.kind, cue.number) for cue in (*heard, *more)] == [(cue.kind, cue.number) for cue in cues]


def bars(event: Event) -> bool:
    """What was said in this event must end the exercises, by the rules alone."""
    found = rule_set().rules
    return event.kind == "answers" and any(found[one["rule"]].action.stops for one in event.data["decisions"])


@LAW
@given(moves, histories)
def test_no_way_leads_past_a_safety_stop(moved: list[tuple[float, Any]], history: History) -> None:
    walk, barred = fold([]), False
    for event in events_of(moved, history):
        walk, _ = step(walk, event)
        barred = barred or bars(event)
        if barred:
            assert walk.unsafe
            assert walk.phase in ("blocked", "stopped", "finished")
            assert walk.run is None
            assert screen(walk)["keys"] == []
            later, _ = advance(walk, walk.now_s + 86400)
            assert later.phase == walk.phase


@LAW
@given(moves, histories)
def test_nobody_exercises_before_all_is_answered(moved: list[tuple[float, Any]], history: History) -> None:
    walk, allowed = fold([]), False
    for event in events_of(moved, history):
        walk, _ = step(walk, event)
        if event.kind == "answers" and event.data["answers"]["phase"] == "before" and not event.data["decisions"]:
            allowed = True
        if walk.phase in EXERCISING:
            assert allowed


@LAW
@given(moves, histories)
def test_from_the_button_only_a_tolerated_rise_leads_back(moved: list[tuple[float, Any]], history: History) -> None:
    walk = fold([])
    for event in events_of(moved, history):
        before = walk
        walk, _ = step(walk, event)
        if before.phase == PAIN_CHECK and walk.phase not in (PAIN_CHECK, "stopped", "finished"):
            assert history.tolerance is not None
            assert [one["rule"] for one in event.data["decisions"]] == ["tolerated"]
            assert walk.phase in ("paused", "check_out")


@LAW
@given(moves, histories)
def test_everything_that_was_said_and_decided_is_kept(moved: list[tuple[float, Any]], history: History) -> None:
    events = events_of(moved, history)
    walk = fold(events)
    said = [event.data["answers"] for event in events if event.kind == "answers"]
    decided = [one for event in events if event.kind == "answers" for one in event.data["decisions"]]
    assert list(walk.check_ins) == said
    assert all(one in walk.decisions for one in decided)


@LAW
@given(moves, histories)
def test_a_correction_keeps_our_count(moved: list[tuple[float, Any]], history: History) -> None:
    walk = fold(events_of(moved, history))
    for number, run in enumerate(walk.runs):
        corrected, _ = step(
            walk, Event(walk.now_s, "correct", {"run": number, "count": 99, "author": "a", "reason": "r"})
        )
        now = corrected.runs[number]
        assert (now.corrected, now.count) == (99, run.count)
        assert now == replace(run, corrected=99)
        assert corrected.corrections[-1]["count_before"] == run.count
        assert corrected.corrections[-1]["corrected_before"] == run.corrected


@LAW
@given(moves, histories)
def test_attempts_follow_each_other_and_count_what_they_hold(
    moved: list[tuple[float, Any]], history: History
) -> None:
    walk = fold(events_of(moved, history))
    assert all(run.end_s is not None for run in walk.runs[:-1])
    for one, after in zip(walk.runs, walk.runs[1:], strict=False):
        assert one.end_s is not None
        assert one.start_s <= one.end_s <= after.start_s
    ids = [rep.id for run in walk.runs for rep in run.reps]
    assert len(ids) == len(set(ids))
    assert all(0 <= run.count <= len(run.reps) for run in walk.runs)
