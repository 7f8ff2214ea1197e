"""The walk through a plan by example: what is shown and heard, when sets end, and that safety stops it."""

from __future__ import annotations

import datetime as dt

import pytest

from sciatrack.walk import Event, Walk, advance, answers_event, begin_event, fold, screen, step, steps_of
from sciatrack_analytics.answers import Answers
from sciatrack_analytics.safety_history import History
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
