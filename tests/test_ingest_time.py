"""A clock that only runs forward, whatever the file says, and a word on everything that was done to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciatrack_ingest import TimeError
from sciatrack_ingest.timeline import Timeline, clean_timeline, counted_timeline


def clean(time_s: object, nominal_rate_hz: float | None = None) -> Timeline:
    return clean_timeline("a.csv", np.asarray(time_s, dtype=float), nominal_rate_hz, lambda row: f"line {row + 2}")


def codes(timeline: Timeline) -> dict[str, int]:
    return {finding.code: finding.count for finding in timeline.findings}


def even(n: int = 100, rate_hz: float = 100.0) -> np.ndarray:
    return np.arange(n) / rate_hz


def test_a_good_clock_stays_as_it_is() -> None:
    time_s = 1.7e9 + even() + np.random.default_rng(0).uniform(0, 0.004, 100)
    timeline = clean(time_s)
    np.testing.assert_array_equal(timeline.time_s, time_s)
    assert timeline.rows is None
    assert timeline.findings == ()


def test_samples_without_a_stamp_are_dropped_and_counted() -> None:
    time_s = even()
    time_s[[3, 50, 99]] = [np.nan, np.inf, np.nan]
    timeline = clean(time_s)
    assert codes(timeline) == {"time_missing": 3}
    assert timeline.rows is not None
    np.testing.assert_array_equal(timeline.time_s, even()[timeline.rows])
    with pytest.raises(TimeError, match="all 4 time stamps are empty"):
        clean([np.nan] * 4)


def test_a_repeated_stamp_keeps_its_first_sample() -> None:
    time_s = np.repeat(even(), np.where(np.arange(100) % 10 == 0, 2, 1))
    timeline = clean(time_s)
    assert codes(timeline) == {"duplicate_time": 10}
    np.testing.assert_array_equal(timeline.time_s, even())
    assert timeline.rows is not None
    assert timeline.rows[:3].tolist() == [0, 2, 3]


def test_packets_stamped_at_once_are_spread_up_to_the_next() -> None:
    timeline = clean(np.repeat(np.arange(20) * 0.08, 8))
    assert codes(timeline) == {"burst_time": 140}
    np.testing.assert_allclose(timeline.time_s, even(160), atol=1e-12)


def test_a_packet_before_a_stall_is_not_stretched_over_it() -> None:
    stamps = np.arange(20) * 0.1
    stamps[10:] += 2.0
    timeline = clean(np.repeat(stamps, 10))
    steps_s = np.diff(timeline.time_s)
    assert steps_s.max() > 1.8
    assert np.median(steps_s) == pytest.approx(0.01)


def test_samples_out_of_order_go_back_to_their_place() -> None:
    order = np.arange(100)
    order[[10, 11]] = [11, 10]
    order[40:50] = [45, 46, 47, 48, 49, 40, 41, 42, 43, 44]
    timeline = clean(even()[order])
    assert codes(timeline) == {"reordered": 6}
    np.testing.assert_array_equal(timeline.time_s, even())
    assert timeline.rows is not None
    np.testing.assert_array_equal(order[timeline.rows], np.arange(100))


def test_single_stamps_from_another_time_are_dropped() -> None:
    for wrong_s in (0.002, 0.1013, -5.0, 80.0, 1.7e9):
        time_s = even()
        time_s[60] = wrong_s
        timeline = clean(time_s)
        assert codes(timeline) == {"time_backwards": 1} or (wrong_s == -5.0 and codes(timeline)["reordered"] == 1)
        assert timeline.time_s[-1] == 0.99


def test_a_late_last_sample_is_dropped() -> None:
    timeline = clean([*even(), 0.5])
    assert codes(timeline) == {"time_backwards": 1}
    np.testing.assert_array_equal(timeline.time_s, even())


@pytest.mark.parametrize("back_s", [0.5, 3.0, 1000.0])
def test_a_clock_that_jumps_back_for_good_is_refused_with_the_line(back_s: float) -> None:
    time_s = even(1000) + 2000.0
    time_s[600:] -= back_s
    with pytest.raises(TimeError) as error:
        clean(time_s)
    assert "line 602: time runs backwards, from 2005.99" in str(error.value)
    assert "Cut the file" in str(error.value)


def test_a_column_in_any_order_is_no_clock() -> None:
    with pytest.raises(TimeError, match=r"in \d+ places"):
        clean(np.random.default_rng(1).permutation(even(1000)))
    with pytest.raises(TimeError, match="runs backwards"):
        clean(even()[::-1])


@pytest.mark.parametrize(
    ("unit_s", "word"),
    [(1e-3, "milliseconds"), (1e-6, "microseconds"), (1e-9, "nanoseconds"), (86400.0, "days")],
)
def test_a_clock_in_another_unit_is_refused_by_name(unit_s: float, word: str) -> None:
    with pytest.raises(TimeError, match=f"look like {word}"):
        clean(even() / unit_s)


def test_rates_outside_any_sensor_are_refused() -> None:
    for rate_hz in (4.0, 3000.0):
        with pytest.raises(TimeError, match="a sensor gives 5 to 2000 samples"):
            clean(even(rate_hz=rate_hz))


def test_a_low_rate_and_a_wrong_nominal_rate_are_told() -> None:
    assert codes(clean(even(rate_hz=12.5))) == {"low_rate": 0}
    assert codes(clean(even(rate_hz=103.1), 100.0)) == {"rate_contradicts_stamps": 0}
    assert codes(clean(even(rate_hz=100.4), 100.0)) == {}


def test_a_nominal_rate_is_judged_outside_gaps() -> None:
    time_s = even(1000)
    time_s[500:] += 30.0
    assert codes(clean(time_s, 100.0)) == {}


@pytest.mark.parametrize(
    "stamps", [[0.0, 5e-324], [0.0, 2e-311, 0.0], [-1.7e308, 1.7e308], [1.7e308, -1.7e308, 0.0, 1.0]]
)
def test_stamps_at_the_ends_of_all_numbers_are_refused(stamps: list[float]) -> None:
    with pytest.raises(TimeError):
        clean(stamps)


def test_a_day_without_a_sample_is_two_recordings() -> None:
    time_s = even()
    time_s[70:] += 90_000.0
    with pytest.raises(TimeError, match="line 72: time jumps forward by 90000 s, more than a day"):
        clean(time_s)


def test_counted_time_is_told() -> None:
    timeline = counted_timeline(5, 50.0)
    np.testing.assert_allclose(timeline.time_s, [0, 0.02, 0.04, 0.06, 0.08])
    assert codes(timeline) == {"counted_time": 0}


@settings(deadline=None)
@given(st.lists(st.floats(-1e3, 1e3) | st.floats(), max_size=60))
def test_any_stamps_give_a_clock_or_a_refusal(stamps: list[float]) -> None:
    time_s = np.array(stamps, dtype=float)
    before = time_s.copy()
    try:
        timeline = clean(time_s)
    except TimeError:
        return
    finally:
        np.testing.assert_array_equal(time_s, before)
    assert (np.diff(timeline.time_s) > 0).all()
    if timeline.rows is not None:
        assert len(timeline.rows) == len(timeline.time_s)
        assert len(set(timeline.rows.tolist())) == len(timeline.rows)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 8), st.integers(0, 8), st.integers(0, 8))
def test_every_sample_left_has_its_own_stamp(seed: int, n_late: int, n_repeated: int, n_missing: int) -> None:
    """Whatever is done to a good clock, each row that stays keeps the stamp of its row, and few are lost."""
    random = np.random.default_rng(seed)
    time_s = even(400) + random.uniform(0, 0.003, 400)
    late, repeated, missing = (
        random.choice(np.arange(1, 399), n, replace=False) for n in (n_late, n_repeated, n_missing)
    )
    time_s[late] -= random.uniform(0.005, 0.5, n_late)
    time_s[repeated] = time_s[repeated - 1]
    time_s[missing] = np.nan
    timeline = clean(time_s)
    rows = np.arange(400) if timeline.rows is None else timeline.rows
    np.testing.assert_array_equal(timeline.time_s, time_s[rows])
    assert len(rows) >= 400 - 3 * (n_late + n_repeated + n_missing)
