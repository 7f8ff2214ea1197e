"""`OnlineAnalysis`: the answers of `analyze` packet by packet, and what it tells on the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sciatrack_ingest import Recording
from sciatrack_signal import live_window, online
from sciatrack_signal.exercises import UnknownExerciseError
from sciatrack_signal.online import EVENT_KINDS, Event, OnlineAnalysis
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Analysis
from signal_cases import Case, Plan, still

CASE = Case(rate_hz=100.0)


def started(recording: Recording) -> OnlineAnalysis:
    return OnlineAnalysis(exercise=recording.exercise, placement=recording.placement, side=recording.side)


def play(
    live: OnlineAnalysis, recording: Recording, first: int = 0, last: int | None = None, size: int = 10
) -> list[Event]:
    """Pushes the samples [first, last) in packets; checks that nothing is told before it can be known."""
    events: list[Event] = []
    last = recording.n_samples if last is None else last
    for a in range(first, last, size):
        b = min(a + size, last)
        told = live.push(
            recording.time_s[a:b], recording.acc[a:b], None if recording.gyr is None else recording.gyr[a:b]
        )
        assert all(event.time_s <= recording.time_s[b - 1] and event.kind in EVENT_KINDS for event in told)
        events += told
    return events


def table(analysis: Analysis) -> list[dict[str, object]]:
    """What online and offline share: everything but the recording's name."""
    return [replace(block, recording="").to_dict() for block in analysis.blocks]


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def test_a_set_is_told_as_it_happens() -> None:
    recording = CASE.record()
    events = play(started(recording), recording)
    told = [kind for kind in kinds(events) if kind not in ("rep_revised", "set_done")]
    assert told == ["rep_started", "hold_started", "hold_ended", "rep_done"] * len(CASE.plans)


@pytest.mark.parametrize("gyroscope", [True, False])
def test_told_times_are_those_of_the_moves(gyroscope: bool) -> None:
    recording = replace(CASE, gyroscope=gyroscope).record()
    events = play(started(recording), recording)
    for kind, name in (("rep_started", "start_s"), ("hold_started", "hold_start_s"), ("hold_ended", "hold_end_s")):
        told = [event.time_s for event in events if event.kind == kind]
        np.testing.assert_allclose(told, [getattr(rep, name) for rep in CASE.truth], atol=0.3)


def test_a_rep_is_told_within_a_second_of_its_end() -> None:
    recording, live = CASE.record(), started(CASE.record())
    told: list[float] = []
    for a in range(0, recording.n_samples, 10):
        rows = slice(a, a + 10)
        events = live.push(recording.time_s[rows], recording.acc[rows], None)
        told += [float(recording.time_s[rows][-1]) for event in events if event.kind == "rep_done"]
    ends = np.array([rep.end_s for rep in CASE.truth])
    assert len(told) == len(ends)
    assert (np.array(told) - ends).max() <= 1.0


def test_the_hold_timer_runs_from_the_arrival() -> None:
    recording, live = CASE.record(), started(CASE.record())
    rep = CASE.truth[2]
    at = int(np.searchsorted(recording.time_s, rep.hold_start_s + 2.5))
    play(live, recording, last=at)
    now = live.now()
    assert now.phase == "holding"
    assert now.count == 2
    assert now.hold_s == pytest.approx(2.5, abs=0.3)


def test_the_end_is_the_answer_of_the_whole() -> None:
    recording = CASE.record(side="right")
    live = started(recording)
    play(live, recording, size=17)
    assert table(live.finish()) == table(analyze(recording))


def test_what_was_dropped_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_window, "KEPT_S", 20.0)
    recording = CASE.record()
    live = started(recording)
    play(live, recording)
    with pytest.raises(ValueError, match="give the whole recording"):
        live.finish()
    assert table(live.finish(recording)) == table(analyze(recording))


def test_reps_before_the_window_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reviews that see half a minute each give the table that one look at everything gives."""
    monkeypatch.setattr(live_window, "KEPT_S", 40.0)
    monkeypatch.setattr(online, "REVIEW_S", 30.0)
    recording = Case(plans=(Plan(),) * 12, rate_hz=50.0).record()
    live, whole = started(recording), analyze(recording)
    play(live, recording)
    reps = [rep for block in whole.blocks for rep in block.reps]
    assert len(live.reps) == len(reps) == 12
    for name in ("start_s", "hold_start_s", "hold_end_s", "end_s"):
        told = [getattr(rep, name) for rep in live.reps]
        np.testing.assert_allclose(told, [getattr(rep, name) for rep in reps], atol=0.3)


def test_the_start_position_is_rest_once_that_is_said() -> None:
    recording = Case(plans=(Plan(),) * 3, rate_hz=50.0).record()
    live = started(recording)
    arrived = int(np.searchsorted(recording.time_s, Case(plans=(Plan(),) * 3).truth[0].hold_start_s + 1.0))
    play(live, recording, last=arrived)
    assert live.now().phase == "holding"
    gone = live.at_rest()
    assert kinds(list(gone)) == ["rep_withdrawn"]
    assert live.now().phase == "rest"
    assert live.at_rest() == ()


def test_a_saved_state_goes_on_where_it_was() -> None:
    recording, at = CASE.record(), 2345
    whole = started(recording)
    expected = play(whole, recording)
    first = started(recording)
    events = play(first, recording, last=at)
    second = OnlineAnalysis.load(first.save())
    assert second.now() == first.now()
    events += play(second, recording, first=at)
    assert table(second.finish()) == table(whole.finish())
    assert sorted(kinds(events)) == sorted(kinds(expected))


def test_nothing_moves_nothing_is_told() -> None:
    recording = still(60.0)
    live = started(recording)
    assert play(live, recording) == []
    assert live.now().count == 0
    assert live.finish().blocks[0].reps == ()


def test_a_blind_position_says_so_and_counts_nothing() -> None:
    recording = replace(CASE, exercise="clamshell", placement="left_thigh").record(side="right")
    live = started(recording)
    assert play(live, recording) == []
    assert live.now().note == live.finish().blocks[0].note != ""


def test_a_gap_is_told() -> None:
    recording = CASE.record()
    keep = (recording.time_s < 5.0) | (recording.time_s > 7.0)
    holed = Recording(recording.time_s[keep], recording.acc[keep], None, exercise="glute_bridge", placement="thigh")
    events = play(started(holed), holed)
    assert [event.time_s for event in events if event.kind == "gap"] == [pytest.approx(4.99, abs=0.02)]


def test_long_rest_ends_a_set() -> None:
    recording = Case(plans=(Plan(), Plan(), Plan(pause_s=70.0), Plan(), Plan()), rate_hz=50.0).record()
    live = started(recording)
    events = play(live, recording)
    assert kinds(events).count("set_done") == 1
    assert (live.now().set, live.now().set_count, live.now().count) == (2, 2, 5)


def test_before_the_first_sample() -> None:
    live = OnlineAnalysis(exercise="glute_bridge", placement="hip", side="both")
    assert live.push(np.empty(0), np.empty((0, 3))) == ()
    assert live.now().phase == "rest"
    assert np.isnan(live.now().time_s)
    assert live.finish().blocks[0].reps == ()


def test_an_unknown_exercise_is_refused() -> None:
    with pytest.raises(UnknownExerciseError, match="glute_bridge"):
        OnlineAnalysis(exercise="glute_brige", placement="hip", side="both")


def test_a_state_of_another_version_is_refused() -> None:
    import pickle

    with pytest.raises(ValueError, match="version 0"):
        OnlineAnalysis.load(pickle.dumps((0, None)))


def test_reps_stand_until_there_are_enough_for_a_set() -> None:
    """Of `generic` three make a set; a review after the first must not take back what was counted."""
    recording = Case(plans=(Plan(plateau_s=10.0, pause_s=8.0),) * 3, rate_hz=50.0, exercise="generic").record()
    live = started(recording)
    events = play(live, recording)
    assert "rep_withdrawn" not in kinds(events)
    assert live.now().count == 3


def test_a_rep_that_stays_alone_is_no_set_in_the_end() -> None:
    recording = Case(plans=(Plan(),), tail_s=80.0, rate_hz=50.0, exercise="generic").record()
    live = started(recording)
    events = play(live, recording)
    assert kinds(events)[-2:] == ["set_done", "rep_withdrawn"]
    assert live.now().count == len(live.finish().blocks[0].reps) == 0
