"""What the online analysis is made of: steps, the past of an angle, the window of samples, the state machine."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from sciatrack_signal import live_window
from sciatrack_signal.live_arrival import arrived
from sciatrack_signal.live_past import Past
from sciatrack_signal.live_steps import SPREAD_S2, STEP_S, Steps, Up, angle_deg
from sciatrack_signal.live_tracker import LiveTracker
from sciatrack_signal.live_window import Window

RATE_HZ = 100.0


def tilted(degrees: np.ndarray) -> np.ndarray:
    """(n, 3) m/s^2 of a sensor tilted by so much about y."""
    angle = np.radians(degrees)
    return 9.81 * np.column_stack([np.sin(angle), np.zeros(len(angle)), np.cos(angle)])


def taken(
    acc: np.ndarray, time_s: np.ndarray | None = None, packet: int = 10
) -> tuple[Steps, list[tuple[float, Up]], int]:
    """Steps of the samples, and how often data were lost."""
    found: list[tuple[float, Up]] = []
    lost: list[int] = []
    steps = Steps()
    time_s = np.arange(len(acc)) / RATE_HZ if time_s is None else time_s
    for a in range(0, len(acc), packet):
        rows = slice(a, a + packet)
        steps.push(
            time_s[rows].tolist(), acc[rows].tolist(), lambda t, up: found.append((t, up)), lambda: lost.append(1)
        )
    return steps, found, len(lost)


def minimum_jerk(n: int) -> np.ndarray:
    s = np.linspace(0.0, 1.0, n)
    return 10 * s**3 - 15 * s**4 + 6 * s**5


def move(angles: list[tuple[float, float]]) -> np.ndarray:
    """Degrees at RATE_HZ: (seconds, degrees at their end), minimum jerk where the angle changes."""
    parts, now = [np.empty(0)], 0.0
    for seconds, degrees in angles:
        parts.append(now + (degrees - now) * minimum_jerk(round(seconds * RATE_HZ)))
        now = degrees
    return np.concatenate(parts)


def test_steps_do_not_depend_on_packets() -> None:
    acc = tilted(move([(1.0, 0.0), (1.5, 40.0), (1.0, 40.0)]))
    _, tens, _ = taken(acc)
    _, odd, _ = taken(acc, packet=7)
    assert tens == odd
    assert np.diff([t for t, _ in tens]) == pytest.approx(STEP_S, abs=0.011)


def test_steps_follow_up_with_their_delay_taken_off() -> None:
    degrees = move([(1.0, 0.0), (2.0, 60.0), (1.0, 60.0)])
    _, found, _ = taken(tilted(degrees))
    time_s = np.array([t for t, _ in found])
    angle = np.array([angle_deg(up, (0.0, 0.0, 1.0)) for _, up in found])
    true = np.interp(time_s, np.arange(len(degrees)) / RATE_HZ, degrees)
    assert np.abs(angle - true)[time_s > 0.3].max() < 3.0


def test_rows_that_are_not_finite_are_no_samples() -> None:
    acc = tilted(np.zeros(300))
    acc[100:110] = np.nan
    _, found, lost = taken(acc)
    assert lost == 0
    assert all(angle_deg(up, (0.0, 0.0, 1.0)) < 1e-3 for _, up in found)


def test_a_second_without_data_begins_anew() -> None:
    time_s = np.concatenate([np.arange(0.0, 2.0, 0.01), np.arange(3.5, 5.0, 0.01)])
    _, found, lost = taken(tilted(np.zeros(len(time_s))), time_s)
    assert lost == 1
    assert not any(2.0 < t < 3.3 for t, _ in found)


@pytest.mark.parametrize(("hz", "walks"), [(1.9, True), (6.0, False)])
def test_steps_of_walking_are_told_from_tremor(hz: float, walks: bool) -> None:
    time_s = np.arange(0.0, 6.0, 1.0 / RATE_HZ)
    acc = np.column_stack([0.0 * time_s, 0.0 * time_s, 9.81 + 1.5 * np.sin(2.0 * np.pi * hz * time_s)])
    steps, _, _ = taken(acc)
    assert steps.walks == walks


@pytest.mark.parametrize("above_m", [0.0, 0.07, -0.1])
@pytest.mark.parametrize("seconds", [0.8, 2.0, 5.0])
def test_an_arrival_is_dated_by_the_ten_percent_rule(seconds: float, above_m: float) -> None:
    """Of minimum jerk 0.9135 of the time has passed when the speed falls to a tenth of its peak.

    A sensor above what it turns about feels the move's own acceleration as a tilt against it.
    """
    past, degrees = Past(above_m), move([(1.0, 0.0), (seconds, 50.0), (1.0, 50.0)])
    degrees = degrees - above_m / 9.81 * np.gradient(np.gradient(degrees)) * RATE_HZ**2
    past.of = (0.0, 0.0, 1.0)
    for t, up in taken(tilted(degrees))[1]:
        past.add(t, up)
    assert past.arrival(50.0, 1.0 + seconds + 0.5) == pytest.approx(
        1.0 + 0.9135 * seconds, abs=0.06 * seconds + 0.03
    )


def test_sway_after_an_arrival_does_not_move_it() -> None:
    """A hold that dips below nine tenths of its angle and comes back began where it was reached first."""
    past = Past(0.0)
    past.of = (0.0, 0.0, 1.0)
    for t, up in taken(tilted(move([(1.0, 0.0), (2.0, 50.0), (1.0, 50.0), (1.0, 42.0), (1.0, 50.0)])))[1]:
        past.add(t, up)
    assert past.level_since(3.5, 0.0) == pytest.approx(50.0, abs=1.0)
    assert past.arrival(50.0, 3.5) == pytest.approx(1.0 + 0.9135 * 2.0, abs=0.15)


@pytest.mark.parametrize("seconds", [0.8, 2.0, 5.0])
def test_sway_beyond_the_arrival_does_not_date_it_anew(seconds: float) -> None:
    """A body that sways about the hold, first outwards: only with its sway is the hold reached where it is."""
    move_and_hold = move([(1.0, 0.0), (seconds, 20.0), (4.0, 20.0)])
    time_s = np.arange(len(move_and_hold)) / RATE_HZ
    swaying_s = np.clip(time_s - 1.0 - seconds, 0.0, None)
    _, steps, _ = taken(tilted(move_and_hold + 2.0 * np.sin(2.0 * math.pi * 0.5 * swaying_s)))
    times, angles = zip(*((t, angle_deg(up, (0.0, 0.0, 1.0))) for t, up in steps if t > 0.5), strict=True)
    told = arrived(times, angles, 0.1, SPREAD_S2)
    assert told is not None
    assert told[0] == pytest.approx(1.0 + 0.9135 * seconds, abs=0.05 * seconds + 0.2)
    assert told[1] == pytest.approx(20.0, abs=2.0)


def test_nothing_has_arrived_before_there_is_a_move() -> None:
    assert arrived([], [], 0.1, SPREAD_S2) is None


@pytest.mark.parametrize(("further_deg", "goes_on"), [(54.0, True), (50.0, False)])
def test_a_grasp_goes_on_and_sway_comes_back(further_deg: float, goes_on: bool) -> None:
    """To 50 degrees, swaying to 52 and back; then further in, or not."""
    past = Past(0.0)
    past.of = (0.0, 0.0, 1.0)
    sway = [(0.5, 52.0), (0.5, 50.0)] * 2
    said = []
    for t, up in taken(tilted(move([(1.0, 0.0), (1.0, 50.0), *sway, (0.6, further_deg), (1.0, further_deg)])))[1]:
        past.add(t, up)
        said.append(past.went_on(2.0, 0.5))
    assert any(said) == goes_on
    assert not past.went_on(t - 1.0, 0.5)  # too little came before


def test_a_return_is_dated_like_an_arrival() -> None:
    past, degrees = Past(0.0), move([(0.5, 0.0), (1.0, 40.0), (1.0, 40.0), (2.0, 0.0), (1.0, 0.0)])
    past.of = (0.0, 0.0, 1.0)
    for t, up in taken(tilted(degrees))[1]:
        past.add(t, up)
    assert past.departure(40.0) == pytest.approx(2.5 + 0.0865 * 2.0, abs=0.12)
    assert past.back_at_rest(40.0) == pytest.approx(2.5 + 0.9135 * 2.0, abs=0.12)


@pytest.mark.parametrize("seconds", [1.0, 4.0])
def test_a_move_at_an_even_pace_never_stalls(seconds: float) -> None:
    past = Past(0.0)
    past.of = (0.0, 0.0, 1.0)
    degrees = np.concatenate([np.zeros(200), np.linspace(0.0, 40.0, round(seconds * RATE_HZ))])
    for t, up in taken(tilted(degrees))[1]:
        away = past.add(t, up)
        if t > 2.0 + 0.5 * seconds:
            assert past.growth_deg(t - 2.0) > 0.1 * away


def test_angles_are_measured_from_another_pose_backwards_too() -> None:
    past = Past(0.0)
    past.of = (0.0, 0.0, 1.0)
    for t, up in taken(tilted(move([(1.0, 0.0), (1.0, 30.0), (1.0, 30.0)])))[1]:
        past.add(t, up)
    pose = (math.sin(math.radians(30.0)), 0.0, math.cos(math.radians(30.0)))
    assert past.measure_from(pose) == pytest.approx(0.0, abs=0.3)
    assert past.mean_deg() == pytest.approx(0.0, abs=0.3)
    assert past.last_below(15.0) > 2.0


def test_nothing_is_known_before_the_first_step() -> None:
    past = Past(0.0)
    assert past.mean_up() is None
    assert past.turned_deg() == math.inf
    assert past.growth_deg() == math.inf


def test_the_window_keeps_the_newest_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_window, "KEPT_S", 5.0)
    window, time_s = Window(), np.arange(0.0, 30.0, 0.01)
    sizes = []
    for a in range(0, len(time_s), 10):
        window.add(time_s[a : a + 10], np.ones((10, 3)), np.ones((10, 3)))
        sizes.append(len(pickle.dumps(window)))
    assert window.dropped
    assert max(sizes[len(sizes) // 2 :]) <= 1.01 * sizes[len(sizes) // 4]
    kept = window.recording()
    np.testing.assert_array_equal(kept.time_s, time_s[-len(kept.time_s) :])
    assert kept.duration_s == pytest.approx(5.0, abs=0.11)
    assert window.recording(28.0).time_s[0] == pytest.approx(28.0, abs=0.1)
    assert window.recording(99.0).n_samples == 0


def test_the_window_takes_copies() -> None:
    window, acc = Window(), np.ones((10, 3))
    window.add(np.arange(10) * 0.01, acc, None)
    acc[:] = 7.0
    kept = window.recording()
    assert kept.gyr is None
    np.testing.assert_array_equal(kept.acc, np.ones((10, 3)))
    assert not window.dropped


def track(tracker: LiveTracker, degrees: np.ndarray, from_s: float = 0.0) -> list[str]:
    time_s = from_s + np.arange(len(degrees)) / RATE_HZ
    acc = tilted(degrees)
    seen = []
    for a in range(0, len(acc), 10):
        seen += tracker.push(time_s[a : a + 10].tolist(), acc[a : a + 10].tolist())
    return [one.kind for one in seen]


REP = ["rep_started", "hold_started", "hold_ended", "rep_done"]


def shaken(degrees: np.ndarray, by_deg: float) -> np.ndarray:
    """With sway of a second or so."""
    rng = np.random.default_rng(1)
    rough = np.convolve(rng.normal(size=len(degrees)), np.hanning(60), mode="same")
    return degrees + by_deg * rough / rough.std() * (degrees > 5.0)


@pytest.mark.parametrize("sway_deg", [0.0, 1.5])
@pytest.mark.parametrize("seconds", [0.8, 2.0, 4.0])
def test_a_slow_or_shaky_hold_is_a_hold(seconds: float, sway_deg: float) -> None:
    rep = [(seconds, 20.0), (4.0, 20.0), (seconds, 0.0), (2.0, 0.0)]
    told = track(LiveTracker(4.0), shaken(move([(3.0, 0.0), *rep * 4]), sway_deg))
    assert told.count("rep_done") == 4
    assert "rep_withdrawn" not in told


def test_a_pose_that_is_left_for_a_third_one_was_rest() -> None:
    """Somebody lies down (90 degrees) and lifts the hips (from 90 to 70)."""
    rep = [(1.5, 70.0), (5.0, 70.0), (1.5, 90.0), (3.0, 90.0)]
    tracker = LiveTracker(4.0)
    told = track(tracker, move([(3.0, 0.0), (2.0, 90.0), (6.0, 90.0), *rep * 3]))
    assert told.count("rep_done") == 3
    assert tracker.phase == "rest"


def test_who_is_told_of_rest_takes_the_first_move_for_a_rep() -> None:
    tracker = LiveTracker(4.0)
    track(tracker, move([(3.0, 0.0), (2.0, 90.0), (1.0, 90.0)]))
    assert tracker.move is not None
    tracker.at_rest()
    told = track(tracker, 90.0 + move([(1.0, 0.0), (1.5, -20.0), (4.0, -20.0), (1.5, 0.0), (2.0, 0.0)]), from_s=6.0)
    assert told == REP


def test_who_learns_that_rest_is_the_other_pose_turns_round() -> None:
    """It began in the hold, so that each rest looked like a hold."""
    up = (math.sin(math.radians(20.0)), 0.0, math.cos(math.radians(20.0)))
    tracker = LiveTracker(4.0)
    track(tracker, move([(3.0, 0.0), (1.5, 20.0), (4.0, 20.0)]))
    assert tracker.phase == "holding"
    assert [one.kind for one in tracker.learn(up, [20.0, 21.0])] == ["rep_withdrawn"]
    told = track(tracker, 20.0 + move([(1.0, 0.0), (1.5, -20.0), (4.0, -20.0), (1.5, 0.0), (2.0, 0.0)]), from_s=8.5)
    assert told == REP


def test_who_learns_what_it_knows_goes_on() -> None:
    tracker = LiveTracker(4.0)
    track(tracker, move([(3.0, 0.0), (1.5, 20.0), (3.0, 20.0)]))
    begun = tracker.move
    assert tracker.learn((0.0, 0.0, 1.0), [20.0]) == []
    assert tracker.move is begun
    assert tracker.phase == "holding"


def test_small_moves_beside_the_usual_ones_are_no_reps() -> None:
    rep = [(1.5, 30.0), (3.0, 30.0), (1.5, 0.0), (2.0, 0.0)]
    small = [(1.0, 10.0), (3.0, 10.0), (1.0, 0.0), (2.0, 0.0)]
    told = track(LiveTracker(4.0), move([(3.0, 0.0), *rep * 3, *small, *rep]))
    assert told.count("rep_done") == 4
    assert told.count("rep_withdrawn") == told.count("rep_started") - 4
