"""Is it exercise, and which pose is rest: measures that are ratios, and votes of what surrounds a set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciatrack_signal.candidates import Candidate, Labels
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.plausible import Likeness, deliberate, likeness, possible
from sciatrack_signal.polarity import still_outside_s
from sciatrack_signal.segmentation import Strokes
from sciatrack_signal.sets import read_set
from sciatrack_signal.trace import Trace
from signal_cases import FEW, LAW, NO_BARRIERS, Case, Plan, changed, timed_of, trace_of

REGULAR = Likeness(
    unevenness=0.03, stroke_spread=0.05, off_pose=0.03, jitter=0.1, period_s=6.0, jolt=0.1,
    jolt_ratio=0.5,
)  # fmt: skip
WORSE = ["unevenness", "off_pose", "jolt", "jitter"]


def test_a_regular_slow_set_is_deliberate() -> None:
    assert deliberate(REGULAR, 30.0, on_thigh=True)
    assert deliberate(REGULAR, 30.0, on_thigh=False)
    assert possible(REGULAR)


@pytest.mark.parametrize(
    "less",
    [
        {"period_s": 1.0},  # faster than any rep of the contract
        {"jolt": 6.0, "jolt_ratio": 4.0, "period_s": 1.1},  # walking
        {"unevenness": 0.9, "off_pose": 0.9},  # nothing repeats
        {"jitter": 2.0},
    ],
)
def test_what_is_no_exercise(less: dict[str, float]) -> None:
    assert not deliberate(replace(REGULAR, **less), 30.0, on_thigh=False)


def test_who_names_the_exercise_is_believed_more_but_not_while_walking() -> None:
    odd = replace(REGULAR, unevenness=0.4, off_pose=0.4, jitter=1.5)
    assert possible(odd)
    assert not deliberate(odd, 30.0, on_thigh=False)
    assert not possible(replace(REGULAR, jolt=6.0, jolt_ratio=4.0, period_s=1.1))


def test_a_thigh_that_rocks_by_little_and_unequally_is_no_exercise() -> None:
    rocking = replace(REGULAR, stroke_spread=0.4)
    assert not deliberate(rocking, 6.0, on_thigh=True)
    assert deliberate(rocking, 40.0, on_thigh=True)
    assert deliberate(rocking, 6.0, on_thigh=False)


@LAW
@given(
    values=st.lists(st.floats(0.0, 4.0), min_size=8, max_size=8), key=st.sampled_from(WORSE),
    more=st.floats(0.0, 3.0), amplitude_deg=st.floats(1.0, 90.0), on_thigh=st.booleans(),
)  # fmt: skip
def test_worse_is_never_believed_more(
    values: list[float], key: str, more: float, amplitude_deg: float, on_thigh: bool
) -> None:
    measured = Likeness(*values)
    worse = replace(measured, **{key: getattr(measured, key) + more})
    assert deliberate(measured, amplitude_deg, on_thigh=on_thigh) >= deliberate(
        worse, amplitude_deg, on_thigh=on_thigh
    )
    assert possible(measured) >= possible(worse)
    assert deliberate(measured, amplitude_deg + more, on_thigh=on_thigh) >= deliberate(
        measured, amplitude_deg, on_thigh=on_thigh
    )


def measured(case: Case) -> Likeness:
    trace = trace_of(case.record())
    return likeness(trace, timed_of(trace).run)


@FEW
@given(range_deg=st.floats(8.0, 120.0), slow=st.floats(0.7, 3.0), gyroscope=st.booleans())
def test_neither_range_nor_tempo_nor_sensor_makes_moves_less_alike(
    range_deg: float, slow: float, gyroscope: bool
) -> None:
    plan = Plan(1.4 * slow, 2.0 * slow, 1.4 * slow, 2.0 * slow, range_deg)
    found = measured(Case(plans=(plan,) * 6, breath_deg=0.01 * range_deg, gyroscope=gyroscope))
    assert found.unlike < 0.05
    assert found.stroke_spread < 0.05
    assert found.jitter < 0.5  # a turning point may lie anywhere on its plateau
    assert found.period_s == pytest.approx(plan.length_s + plan.pause_s, rel=0.2)
    assert found.jolt < 0.3
    assert not found.busy


def test_moves_that_differ_are_measured_as_such() -> None:
    rng = np.random.default_rng(5)
    ranges = 30.0 * rng.uniform(0.6, 1.4, 8)
    pauses = rng.uniform(0.5, 6.0, 8)
    plans = tuple(Plan(range_deg=r, pause_s=p) for r, p in zip(ranges, pauses, strict=True))
    odd, even = measured(Case(plans=plans)), measured(Case(plans=(Plan(range_deg=30.0),) * 8))
    assert odd.unlike > 2 * even.unlike
    assert odd.stroke_spread > 2 * even.stroke_spread
    assert odd.jitter > 2 * even.jitter


def test_shaking_is_measured_as_jolt() -> None:
    recording = Case().record()
    shaken = recording.acc + 2.0 * np.sin(2 * np.pi * 3.0 * recording.time_s)[:, None] * [0.6, 0.1, 0.8]
    trace = trace_of(changed(recording, acc=shaken, gyr=None))
    found = likeness(trace, timed_of(trace).run)
    assert found.jolt > 0.8
    assert found.busy


def set_of(trace: Trace) -> Strokes:
    """The only set of a trace, read as changes between two poses; nothing is said of the exercise."""
    run = timed_of(trace).run
    one = Candidate(trace, run, likeness(trace, run), NO_BARRIERS)
    read = read_set(one, Labels(catalogue()["generic"], "thigh", "unknown"))
    assert read is not None
    return read


@pytest.mark.parametrize("range_deg", [40.0, -40.0])
@pytest.mark.parametrize("gyroscope", [True, False])
def test_rest_is_the_pose_before_and_after_a_set(range_deg: float, gyroscope: bool) -> None:
    trace = trace_of(Case(plans=(Plan(range_deg=range_deg),) * 5, gyroscope=gyroscope).record())
    timed = timed_of(trace)
    read = set_of(trace)
    assert (read.rest, read.sure, read.count) == (0, True, 10)
    assert still_outside_s(trace, timed, before=True) == pytest.approx(8.0, abs=0.7)
    assert still_outside_s(trace, timed, before=False) == pytest.approx(10.0, abs=0.7)


def test_long_rests_between_short_holds_stay_rests() -> None:
    """Rests of five seconds and holds of two, with plenty of rest around."""
    case = Case(plans=(Plan(plateau_s=2.0, pause_s=5.0),) * 5)
    trace = trace_of(case.record())
    assert set_of(trace).rest == 0


def test_long_stays_are_holds_where_nothing_else_decides() -> None:
    """From the last moment of rest to 1.5 s into the last hold: what lies outside would call the holds rest."""
    case = Case(plans=(Plan(plateau_s=5.0, pause_s=1.2),) * 5)
    recording = case.record()
    kept = (recording.time_s > case.starts_s[0] - 0.2) & (recording.time_s < case.truth[-1].hold_start_s + 1.5)
    assert recording.gyr is not None
    cut = changed(recording, time_s=recording.time_s[kept], acc=recording.acc[kept], gyr=recording.gyr[kept])
    trace = trace_of(cut)
    assert set_of(trace).rest == 0


def test_of_a_set_that_is_cut_in_the_middle_of_its_first_hold_the_holds_are_known_by_the_rest_after_it() -> None:
    case = Case(plans=(Plan(),) * 5, tail_s=12.0)
    recording = case.record()
    kept = recording.time_s > case.truth[0].hold_start_s + 1.0
    assert recording.gyr is not None
    cut = changed(recording, time_s=recording.time_s[kept], acc=recording.acc[kept], gyr=recording.gyr[kept])
    trace = trace_of(cut)
    read = set_of(trace)
    assert read.rest == read.count % 2  # the last turning point is at rest
