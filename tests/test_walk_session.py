"""The walk through a plan by example: what is shown and heard, when sets end, and that safety stops it."""

from __future__ import annotations

import datetime as dt

import pytest

from sciatrack.walk import (
    Event,
    Walk,
    advance,
    answers_event,
    begin_event,
    fold,
    pain_up_event,
    screen,
    step,
    steps_of,
)
from sciatrack_analytics.answers import Answers
from sciatrack_analytics.safety_history import History, Tolerance
from sciatrack_analytics.session_plan import Plan, PlanItem
from sciatrack_signal.exercises import catalogue

NOW = dt.datetime(2026, 11, 25, 18, 0, tzinfo=dt.UTC)
WELL = Answers("before", NOW, "Europe/Berlin", 3, 2, "thigh", (), (), ())
THIGH = ("right_thigh",)
BRIDGES = Plan("two sets", (PlanItem("glute_bridge", "both", 2, 2, 5.0, 60.0),))


def begun(
    plan: Plan = BRIDGES, placements: tuple[str, ...] = ("right_thigh",), said: Answers = WELL
) -> list[Event]:
    """A session whose check-in was answered at 10 s."""
    steps = steps_of(plan, placements, catalogue())
    session = {"session_id": "s", "participant": "P01", "start_utc": "2026-11-25T18:00:00Z", "timezone": "UTC"}
    first = begin_event(0.0, session, plan.to_dict(), steps)
    return [first, answers_event(10.0, said, History(), fold([first]))[0]]


def rep(number: int, start_s: float, hold_s: float = 5.0, placement: str = "right_thigh") -> list[Event]:
    """The messages of one rep: 1 s out, the hold, 1 s back, each told a little late."""
    arrived, left = start_s + 1.0, start_s + 1.0 + hold_s
    facts = {"id": f"1.{number}", "placement": placement, "start_s": start_s}
    held = facts | {"hold_start_s": arrived}
    over = held | {"hold_end_s": left, "end_s": left + 1.0, "hold_s": hold_s, "complete": True, "side": "both"}
    return [
        Event(start_s + 0.2, "rep", facts | {"what": "started"}),
        Event(arrived + 0.4, "rep", held | {"what": "hold_started"}),
        Event(left + 0.1, "rep", held | {"hold_end_s": left, "what": "hold_ended"}),
        Event(left + 1.2, "rep", over | {"what": "done", "flags": []}),
    ]


def key(at_s: float, name: str) -> Event:
    return Event(at_s, "key", {"key": name})


def test_a_session_goes_through_its_plan_without_a_hand() -> None:
    # check-in until 10 s, instructions 20 s, lead-in 5 s: the set begins at 35 s
    events = [*begun(), *rep(1, 40), *rep(2, 50)]
    walk = fold(events)
    assert walk.phase == "rest"
    assert [run.ended for run in walk.runs] == ["done"]
    assert walk.runs[0].count == 2
    rest_until_s = events[-1].at_s + 60
    assert screen(walk)["countdown"] == {"kind": "rest", "end_s": rest_until_s, "left_s": 60.0}
    walk, cues = advance(walk, rest_until_s + 5)
    assert walk.phase == "active"
    assert [(cue.kind, cue.number) for cue in cues] == [
        ("rest_left", 10), ("rest_left", 3), ("rest_left", 2), ("rest_left", 1), ("lead_in", None),
        ("lead_in_left", 3), ("lead_in_left", 2), ("lead_in_left", 1), ("go", None),
    ]  # fmt: skip


def test_getting_into_place_does_not_count() -> None:
    walk = fold([*begun(), *rep(1, 25), *rep(2, 40)])
    assert walk.phase == "active"
    assert walk.runs[0].count == 1


def test_a_red_flag_bars_the_session() -> None:
    said = Answers("before", NOW, "UTC", 0, 0, "none", ("fever",), (), ())
    walk = fold([*begun(said=said), key(11, "start"), key(12, "skip"), Event(500, "tick")])
    assert walk.phase == "blocked"
    assert screen(walk)["keys"] == []
    assert screen(walk)["decisions"][0]["rule"] == "red_flag"


def test_an_event_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'fly' is not known"):
        Event(0.0, "fly")
    with pytest.raises(ValueError, match="lacks key"):
        Event(0.0, "key")


def test_a_walk_begins_with_nothing() -> None:
    assert fold([]) == Walk({}, {})
    assert step(Walk({}, {}), key(1, "start"))[0].phase == "new"


def heard(events: list[Event]) -> list[str]:
    walk, kinds = fold([]), []
    for event in events:
        walk, cues = step(walk, event)
        kinds += [cue.kind for cue in cues]
    return kinds


def test_the_hold_is_counted_down_from_the_arrival() -> None:
    events = [*begun(), *rep(1, 40)]
    walk = fold([*events[:4], Event(43.0, "tick")])  # arrived at 41 s, said at 41.4 s
    assert screen(walk)["countdown"] == {"kind": "hold", "end_s": 46.0, "left_s": 3.0}
    assert screen(walk)["hold"] == {"state": "holding", "since_s": 41.0}
    assert heard([*events[:4], Event(46.5, "tick")])[-5:] == [
        "hold",
        "hold_left",
        "hold_left",
        "hold_left",
        "hold_over",
    ]


def test_a_dip_that_comes_back_goes_on_with_the_hold() -> None:
    """What was told as the hold's end was none: the timer runs on from the arrival."""
    one = rep(1, 60.0)
    held = next(k for k, event in enumerate(one) if event.data.get("what") == "hold_started")
    arrived = one[held]
    at_s, names = arrived.at_s, {name: arrived.data[name] for name in ("id", "placement", "hold_start_s")}
    before = [*begun(), *one[: held + 1]]
    dip = Event(at_s + 1.0, "rep", {**names, "what": "hold_ended", "hold_end_s": at_s + 0.8})
    again = Event(at_s + 1.5, "rep", {**names, "what": "hold_started"})
    assert screen(fold(before))["hold"]["state"] == "holding"
    assert screen(fold([*before, dip]))["hold"]["state"] == "moving"
    assert screen(fold([*before, dip, again]))["hold"] == screen(fold(before))["hold"]


def test_a_long_rest_ends_a_set_and_a_slow_start_does_not() -> None:
    walk = fold([*begun(), *rep(1, 40)])
    over_s = walk.now_s
    assert advance(walk, over_s + 59.9)[0].phase == "active"
    after, _ = advance(walk, over_s + 60.0)
    assert (after.phase, after.runs[0].ended, after.runs[0].count) == ("rest", "rested", 1)
    waiting = fold([*begun(), Event(35.0 + 119.0, "tick")])
    assert (waiting.phase, waiting.runs[0].count) == ("active", 0)
    assert advance(waiting, 35.0 + 121.0)[0].phase == "rest"


def test_the_other_side_is_asked_for() -> None:
    plan = Plan("legs", (PlanItem("knee_to_chest", "each", 1, 1, 5.0),))
    events = [*begun(plan), key(15, "start"), key(16, "start"), key(40, "done")]
    walk = fold(events)
    assert heard(events)[-2:] == ["set_over", "change_side"]
    assert (walk.phase, walk.current.side if walk.current else "") == ("instruct", "left")
    assert screen(walk)["countdown"]["end_s"] == 40 + 12


def test_what_no_sensor_sees_runs_by_the_clock_and_is_not_counted() -> None:
    plan = Plan("unseen", (PlanItem("clamshell", "right", 1, 2, 3.0),))
    walk = fold([*begun(plan, ("left_thigh",)), Event(36, "tick")])
    assert (walk.phase, walk.current.sees if walk.current else "") == ("active", "none")
    assert screen(walk)["countdown"]["kind"] == "guided"
    after, _ = advance(walk, 35 + 2 * (3.0 + 8.0))
    assert (after.phase, after.runs[0].ended) == ("check_out", "guided")


def test_skip_repeat_and_stop() -> None:
    events = [*begun(), *rep(1, 40)]
    skipped = fold([*events, key(50, "skip")])
    assert (skipped.phase, skipped.at, skipped.runs[0].ended) == ("rest", 1, "skipped")
    again = fold([*events, key(50, "skip"), key(55, "repeat")])
    assert (again.phase, again.at) == ("instruct", 0)
    assert fold([*events, key(50, "repeat")]).runs[0].ended == "repeated"
    stopped = fold([*events, key(50, "stop")])
    assert (stopped.phase, screen(stopped)["questions"]) == ("check_out", "after")
    assert fold([*events, key(50, "stop"), key(51, "start"), Event(900, "tick")]).phase == "check_out"


def test_what_is_moved_in_a_pause_does_not_count() -> None:
    paused = [*begun(), *rep(1, 36), key(45, "pause"), *rep(2, 46), key(60, "resume")]
    assert fold(paused).phase == "lead_in"  # a set is counted in anew
    walk = fold([*paused, *rep(3, 70)])
    assert [held.id for held in walk.runs[0].reps] == ["1.1", "1.3"]
    assert walk.runs[0].ended == "done"


def test_a_pause_keeps_what_is_left_of_a_rest() -> None:
    resting = [*begun(), *rep(1, 40), *rep(2, 50)]
    at_s = resting[-1].at_s
    walk = fold([*resting, key(at_s + 10, "pause"), key(at_s + 500, "resume")])
    assert walk.phase == "rest"
    assert screen(walk)["countdown"]["left_s"] == pytest.approx(50.0)


def test_of_a_lost_sensor_nothing_is_concluded() -> None:
    lost = Event(50, "sensor", {"placement": "right_thigh", "state": "lost"})
    walk = fold([*begun(), *rep(1, 40), lost])
    waiting, _ = advance(walk, 3000)
    assert (waiting.phase, screen(waiting)["lost"]) == ("active", ["right_thigh"])
    back, _ = step(waiting, Event(3000, "sensor", {"placement": "right_thigh", "state": "back"}))
    assert advance(back, 3059)[0].phase == "active"
    assert advance(back, 3061)[0].phase == "rest"


def test_a_revised_count_is_said_as_a_revision() -> None:
    gone = Event(60, "rep", {"what": "withdrawn", "id": "1.1", "placement": "right_thigh"})
    walk = fold([*begun(), *rep(1, 40), gone])
    assert (walk.runs[0].count, walk.phase) == (0, "active")
    assert heard([*begun(), *rep(1, 40), gone])[-1] == "count_revised"


def test_a_sign_in_the_middle_ends_the_session() -> None:
    events = [*begun(), *rep(1, 40)]
    ill = Answers("button", NOW, "UTC", 3, 2, red_flags=("loss_of_sensation_in_feet",))
    walk = fold([*events, answers_event(50, ill, History(), fold(events))[0], key(51, "resume"), key(52, "start")])
    assert (walk.phase, walk.unsafe) == ("stopped", True)
    assert screen(walk)["decisions"][0]["rule"] == "red_flag"


@pytest.mark.parametrize(
    ("said", "allowed", "phase"),
    [
        (Answers("button", NOW, "UTC", 4, 2), 0, "stopped"),
        (Answers("button", NOW, "UTC", 3, 2), 0, "stopped"),  # no rise in numbers, but it was said
        (Answers("button", NOW, "UTC", 4, 2), 1, "paused"),
        (Answers("button", NOW, "UTC", 5, 2), 1, "stopped"),
        (Answers("after", NOW, "UTC", 3, 2), 0, "pain_check"),  # an answer to another question is none to this one
        (Answers("before", NOW, "UTC", 0, 0, "none", (), (), ()), 1, "pain_check"),
    ],
)
def test_my_pain_went_up(said: Answers, allowed: int, phase: str) -> None:
    history = History(tolerance=Tolerance(allowed, "PT1", "stretch pain") if allowed else None)
    events = [*begun(), *rep(1, 40)]
    events.append(pain_up_event(50, NOW, "UTC", history, fold(events)))
    asked = fold(events)
    assert (asked.phase, screen(asked)["questions"], asked.runs[0].ended) == ("pain_check", "button", "stopped")
    assert advance(asked, 5000)[0].phase == "pain_check"
    walk = fold([*events, answers_event(60, said, history, asked)[0], key(61, "start")])
    assert walk.phase == (phase if phase != "paused" else "instruct")  # from the pause a key leads on


def test_the_button_without_an_answer_stands() -> None:
    events = [*begun(), *rep(1, 40)]
    events.append(pain_up_event(50, NOW, "UTC", History(), fold(events)))
    walk = fold([*events, key(55, "stop")])
    assert (walk.phase, walk.unsafe) == ("stopped", True)
    assert [one["rule"] for one in walk.decisions] == ["exercise_pain_1", "unanswered"]


def spoken(events: list[Event]) -> list[str]:
    return [one["rule"] for one in screen(fold(events))["decisions"]]


def test_the_strictest_is_shown_first_whatever_is_said_later() -> None:
    ill = Answers("before", NOW, "UTC", 9, 2, "thigh", ("fever",), ("tingling",), ())
    assert spoken(begun(said=ill)) == ["red_flag", "nerve_symptom", "high_baseline"]
    events = [*begun(), *rep(1, 40)]
    worse = Answers("button", NOW, "UTC", 6, 2)
    events.append(answers_event(50, worse, History(), fold(events))[0])
    assert spoken(events) == ["session_pain_2", "exercise_pain_1"]
    events.append(answers_event(90, Answers("after", NOW, "UTC"), History(), fold(events))[0])
    assert spoken(events) == ["session_pain_2", "exercise_pain_1", "unanswered"]


def test_a_question_that_was_answered_is_asked_no_more() -> None:
    events = begun(said=Answers("before", NOW, "UTC", 3, 2))
    assert (spoken(events), fold(events).phase) == (["unanswered"], "check_in")
    events.append(answers_event(20, WELL, History(), fold(events))[0])
    assert (spoken(events), fold(events).phase) == ([], "instruct")
