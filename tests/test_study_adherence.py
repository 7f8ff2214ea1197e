"""The adherence rules against weeks worked out by hand: given sessions, expected states and sums.

`study_cases` says which Monday weeks begin with and what is asked for unless a test says otherwise.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sciatrack_analytics import adding, reports
from sciatrack_analytics.csv_tables import EXCUSED, PARTICIPANTS, SELFREPORTS
from sciatrack_analytics.store import create_study
from sciatrack_analytics.study import Study
from study_cases import BRIDGE, a_block, asked, done, report, states, week


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty study to copy, which is ten times faster than to make one."""
    folder = tmp_path_factory.mktemp("empty") / "study"
    create_study(folder, timezone="Europe/Berlin")
    return folder


@pytest.fixture
def study(tmp_path: Path, empty: Path) -> Iterator[Study]:
    with Study(shutil.copytree(empty, tmp_path / "study"), write=True) as opened:
        yield opened


def test_a_daily_week(study: Study) -> None:
    asked(study)
    done(study, ["2026-03-02T18:00", "2026-03-03T18:00", "2026-03-06T18:00"])
    assert states(study, "2026-03-08") == "DD--D--"
    row = week(study, "2026-03-08", "2026-W10")
    assert row["week_start"] == dt.date(2026, 3, 2)
    assert not row["partial_week"]
    assert (row["days_done"], row["days_rx"], row["freq_adherence"]) == (3, 7, 3 / 7)
    assert (row["reps_counted"], row["reps_rx"], row["dose_reps"]) == (30, 70, 3 / 7)
    assert (row["hold_s_counted"], row["hold_s_rx"], row["dose_hold"]) == (150, 350, 3 / 7)
    assert (row["n_no_information"], row["complete_case_days"], row["complete_case_adherence"]) == (4, 3, 1.0)


def test_three_days_a_week_are_the_first_three_done_else_the_last_days(study: Study) -> None:
    asked(study, days_per_week=3)
    done(study, ["2026-03-03T18:00", "2026-03-05T18:00"])
    done(study, ["2026-03-09T18:00", "2026-03-11T18:00", "2026-03-12T18:00", "2026-03-14T18:00"])
    # week 10: Tuesday and Thursday done, so Sunday is the third due day; week 11: four done, three were due
    assert states(study, "2026-03-15") == ".D.D..-" + "D.DD.D."
    first, second = report(study, "adherence_weekly", "2026-03-15")
    assert (first["days_done"], first["days_rx"], first["not_due_days"]) == (2, 3, 4)
    assert (second["days_done"], second["days_rx"], second["freq_adherence"]) == (3, 3, 1.0)
    assert (second["extra_days"], second["not_due_days"]) == (1, 3)
    # the fourth day is no part of the dose, and stands in over_dose: 40 of 30
    assert (second["reps_counted"], second["reps_rx"], second["over_dose"]) == (30, 30, 40 / 30)
    due = {row["local_date"].day for row in report(study, "adherence_daily", "2026-03-15") if row["due"]}
    assert due == {3, 5, 8, 9, 11, 12}


@pytest.mark.parametrize(("reps", "state", "days_done"), [(4, "d", 0), (5, "D", 1)])
def test_half_of_the_reps_make_a_day(study: Study, reps: int, state: str, days_done: int) -> None:
    asked(study)
    done(study, "2026-03-02T18:00", a_block(reps))
    assert states(study, "2026-03-02") == state
    row = week(study, "2026-03-02", "2026-W10")
    assert (row["days_done"], row["days_rx"], row["reps_counted"]) == (days_done, 1, reps)


def test_the_qualifying_share_is_a_setting(study: Study) -> None:
    asked(study)
    done(study, "2026-03-02T18:00", a_block(6))
    path = study.path
    study.close()
    toml = path / "study.toml"
    toml.write_text(toml.read_text().replace("qualifying_ratio = 0.5", "qualifying_ratio = 0.7"))
    with Study(path) as stricter:
        assert states(stricter, "2026-03-02") == "d"


def test_a_day_begins_at_four(study: Study) -> None:
    asked(study)
    done(study, "2026-03-04T03:59")
    done(study, "2026-03-06T04:01")
    assert states(study, "2026-03-08") == "-D--D--"


def test_both_sessions_of_one_local_day_are_one_day(study: Study) -> None:
    asked(study, sessions_per_day=2)
    done(study, "2026-03-03T08:00")
    done(study, "2026-03-04T03:59")
    row = report(study, "adherence_daily", "2026-03-03")[1]
    assert (row["sessions_done"], row["sessions_rx"], row["reps_done"], row["reps_rx"]) == (2, 2, 20, 20)


@pytest.mark.parametrize(
    ("monday", "local", "expected"),
    [
        # spring: 02:00 becomes 03:00. 03:59 summer time is 01:59 UTC and still Saturday's; 04:01 is Sunday's
        ("2026-03-23", "2026-03-29T03:59", "-----D-"),
        ("2026-03-23", "2026-03-29T04:01", "------D"),
        # autumn: 03:00 becomes 02:00, and 02:30 comes twice
        ("2026-10-19", "2026-10-25T02:30", "-----D-"),
        ("2026-10-19", "2026-10-25T03:59", "-----D-"),
        ("2026-10-19", "2026-10-25T04:01", "------D"),
    ],
)
@pytest.mark.parametrize("fold", [0, 1])
def test_clock_change_days(study: Study, monday: str, local: str, expected: str, fold: int) -> None:
    asked(study, valid_from=dt.date.fromisoformat(monday))
    done(study, local, fold=fold)
    sunday = dt.date.fromisoformat(monday) + dt.timedelta(days=6)
    assert states(study, sunday.isoformat()) == expected
    assert len(expected) == 7


def test_the_day_is_that_of_the_zone_where_the_session_was(study: Study) -> None:
    asked(study)
    # 20:00 on Tuesday in New York is Wednesday 02:00 in Berlin; both are Tuesday's, but 23:30 is not 05:30
    done(study, "2026-03-03T23:30", timezone="America/New_York")
    assert states(study, "2026-03-08") == "-D-----"


def test_the_version_of_the_day_judges(study: Study) -> None:
    asked(study, reps=10)
    asked(study, reps=20, valid_from=dt.date(2026, 3, 5))
    done(study, ["2026-03-04T18:00", "2026-03-05T18:00"], a_block(9))
    assert states(study, "2026-03-08") == "--Dd---"
    row = week(study, "2026-03-08", "2026-W10")
    assert row["rx_versions"] == "1,2"
    # three days of 10 and four days of 20
    assert (row["reps_counted"], row["reps_rx"]) == (18, 3 * 10 + 4 * 20)
    daily = report(study, "adherence_daily", "2026-03-08")
    assert [day["rx_version"] for day in daily] == [1, 1, 1, 2, 2, 2, 2]


def test_a_change_from_daily_to_three_days_a_week(study: Study) -> None:
    asked(study, days_per_week=7)
    asked(study, days_per_week=3, valid_from=dt.date(2026, 3, 5))
    # 3 of 3 days, then 3 * 4 / 7 = 1.7, so 2 of the last 4
    assert states(study, "2026-03-08") == "---" + "..--"
    assert week(study, "2026-03-08", "2026-W10")["days_rx"] == 5


def test_a_stopped_exercise_is_not_asked_for(study: Study) -> None:
    asked(study)
    asked(study, days_per_week=0, valid_from=dt.date(2026, 3, 5), reason="pain")
    assert states(study, "2026-03-08") == "---"
    row = week(study, "2026-03-08", "2026-W10")
    assert (row["days_rx"], row["partial_week"]) == (3, True)


def test_partial_weeks_are_pro_rated_and_flagged(study: Study) -> None:
    asked(study, days_per_week=3, valid_from=dt.date(2026, 3, 4))
    rows = report(study, "adherence_weekly", "2026-03-17")
    # Wednesday to Sunday 3 * 5 / 7 = 2.1; a whole week 3; Monday and Tuesday 3 * 2 / 7 = 0.9
    assert [(row["iso_week"], row["partial_week"], row["days_rx"]) for row in rows] == [
        ("2026-W10", True, 2),
        ("2026-W11", False, 3),
        ("2026-W12", True, 1),
    ]


def test_from_and_to_bound_the_days(study: Study) -> None:
    asked(study)
    done(study, ["2026-03-02T18:00", "2026-03-03T18:00", "2026-03-10T18:00"])
    rows = report(study, "adherence_weekly", "2026-03-09", from_date=dt.date(2026, 3, 3))
    assert [(row["iso_week"], row["days_done"], row["days_rx"]) for row in rows] == [
        ("2026-W10", 1, 6),
        ("2026-W11", 0, 1),
    ]
    assert [row["local_date"].day for row in report(study, "session_log", "2026-03-09")] == [2, 3]


def test_the_end_of_observation_is_kept(study: Study) -> None:
    asked(study)
    end = {"participant": "P01", "arm": "A", "start_date": dt.date(2026, 3, 3), "end_date": dt.date(2026, 3, 5)}
    adding.add_rows(study, PARTICIPANTS, [end])
    assert states(study, "2026-03-31") == "---"
    (row,) = report(study, "adherence_patient", "2026-03-31")
    assert (row["arm"], row["days_observed"], row["status"]) == ("A", 3, "never_started")


def test_the_same_session_twice_is_once(study: Study) -> None:
    asked(study)
    assert [item.outcome for item in done(study, "2026-03-02T18:00")] == ["added"]
    assert [item.outcome for item in done(study, "2026-03-02T18:00")] == ["unchanged"]
    row = report(study, "adherence_daily", "2026-03-02")[0]
    assert (row["sessions_done"], row["reps_done"]) == (1, 10)


def test_the_same_session_twice_in_one_call_is_once(study: Study) -> None:
    asked(study)
    first, second = done(study, ["2026-03-02T18:00", "2026-03-02T18:00"])
    assert first == second
    assert len(report(study, "session_log")) == 1


def test_a_new_analysis_takes_the_place_of_the_old(study: Study) -> None:
    asked(study)
    done(study, "2026-03-02T18:00", a_block(10), session_id="S1")
    other = a_block(7) | {"algorithm": "test 2"}
    assert [item.outcome for item in done(study, "2026-03-02T18:00", other, session_id="S1")] == ["replaced"]
    row = report(study, "adherence_daily", "2026-03-02")[0]
    assert (row["sessions_done"], row["reps_done"]) == (1, 7)
    assert [row["algo_version"] for row in report(study, "session_log")] == ["test 2"]


def test_over_dosing_is_capped_in_the_dose_and_said_beside_it(study: Study) -> None:
    asked(study)
    done(study, "2026-03-02T18:00", a_block(50))
    row = week(study, "2026-03-03", "2026-W10")
    assert (row["reps_counted"], row["reps_rx"], row["dose_reps"]) == (10, 20, 0.5)
    assert (row["reps_done"], row["over_dose"]) == (50, 2.5)
    assert (row["hold_s_counted"], row["dose_hold"]) == (50, 0.5)


def test_more_on_one_leg_does_not_make_up_for_less_on_the_other(study: Study) -> None:
    asked(study, exercise="clamshell", side="each")
    left = a_block(15, exercise="clamshell", side="left")
    right = a_block(3, exercise="clamshell", side="right")
    done(study, "2026-03-02T18:00", left, right)
    row = report(study, "adherence_daily", "2026-03-02")[0]
    assert (row["reps_done"], row["reps_counted"], row["reps_rx"]) == (18, 13, 20)
    assert row["qualifies"]


def test_reps_of_an_unknown_leg_fill_what_is_missing(study: Study) -> None:
    asked(study, exercise="clamshell", side="each")
    block = a_block(("left", 8), ("unknown", 5), exercise="clamshell", placement="thigh", side="unknown")
    done(study, "2026-03-02T18:00", block)
    row = report(study, "adherence_daily", "2026-03-02")[0]
    assert (row["reps_counted"], row["reps_rx"]) == (13, 20)
    assert "side_unknown" in row["quality_flag"]


def test_a_side_that_was_not_seen_leaves_both_numbers_and_is_listed(study: Study) -> None:
    asked(study, exercise="clamshell", side="each")
    seen = a_block(10, exercise="clamshell", placement="right_thigh", side="right")
    unseen = a_block(exercise="clamshell", placement="right_thigh", side="left", seen="none")
    done(study, "2026-03-02T18:00", seen, unseen)
    row = report(study, "adherence_daily", "2026-03-02")[0]
    assert (row["reps_counted"], row["reps_rx"], row["dose_reps"]) == (10, 10, 1.0)
    assert (row["state"], row["sides_not_observable"]) == ("done_sensor", "left")
    assert "side_not_observable" in row["quality_flag"]
    assert week(study, "2026-03-02", "2026-W10")["side_not_observable_days"] == 1


def test_a_leg_that_no_sensor_of_the_day_shows_is_not_seen_even_without_a_block(study: Study) -> None:
    asked(study, exercise="clamshell", side="each")
    done(study, "2026-03-02T18:00", a_block(10, exercise="clamshell", placement="right_thigh", side="right"))
    row = report(study, "adherence_daily", "2026-03-02")[0]
    assert (row["sides_not_observable"], row["reps_rx"]) == ("left", 10)


def test_a_leg_that_no_session_shows_does_not_weigh_on_missed_days_either(study: Study) -> None:
    asked(study, exercise="clamshell", side="each")
    done(study, "2026-03-02T18:00", a_block(10, exercise="clamshell", placement="right_thigh", side="right"))
    row = week(study, "2026-03-03", "2026-W10")
    # one day done, one missed: 10 of 10 + 10, not 10 of 10 + 20
    assert (row["reps_counted"], row["reps_rx"], row["days_done"], row["days_rx"]) == (10, 20, 1, 2)
    assert row["side_not_observable_days"] == 1
    # as soon as the left leg is seen once, it is asked for on missed days too
    done(study, "2026-03-04T18:00", a_block(10, exercise="clamshell", placement="left_thigh", side="left"))
    assert week(study, "2026-03-04", "2026-W10")["reps_rx"] == 10 + 20 + 10


def test_holds_that_no_session_times_are_asked_for_on_no_day(study: Study) -> None:
    asked(study, exercise="clamshell", side="right")
    done(study, "2026-03-02T18:00", a_block(8, exercise="clamshell", side="right", seen="weak", hold_s=None))
    row = week(study, "2026-03-03", "2026-W10")
    assert (row["reps_rx"], row["hold_s_rx"], row["dose_hold"]) == (20, 0, None)


def test_a_leg_that_only_shows_through_the_other_is_not_counted(study: Study) -> None:
    asked(study, exercise="bird_dog", side="each")
    own = a_block(10, exercise="bird_dog", placement="right_thigh", side="right")
    other = a_block(10, exercise="bird_dog", placement="right_thigh", side="left", seen="weak", flags="inferred")
    done(study, "2026-03-02T18:00", own, other)
    row = report(study, "adherence_daily", "2026-03-02")[0]
    assert (row["reps_counted"], row["reps_rx"], row["sides_not_observable"]) == (10, 10, "left")
    assert "inferred" in row["quality_flag"]


def test_a_day_that_the_sensor_could_not_see_is_neither_done_nor_missed(study: Study) -> None:
    asked(study, exercise="pelvic_tilt")
    done(study, "2026-03-02T18:00")  # bridges, measured
    for day in ("02", "03"):
        block = a_block(exercise="pelvic_tilt", placement="right_thigh", seen="none")
        done(study, f"2026-03-{day}T19:00", block)
    assert states(study, "2026-03-04") == "NN-"
    row = week(study, "2026-03-04", "2026-W10")
    assert (row["days_done"], row["days_rx"], row["reps_rx"], row["not_observable_days"]) == (0, 1, 10, 2)


def test_all_days_not_observable_give_no_ratio(study: Study) -> None:
    asked(study, exercise="pelvic_tilt")
    block = a_block(exercise="pelvic_tilt", placement="right_thigh", seen="none")
    done(study, [f"2026-03-{day:02}T19:00" for day in range(2, 9)], block)
    row = week(study, "2026-03-08", "2026-W10")
    assert (row["days_rx"], row["reps_rx"]) == (0, 0)
    assert row["freq_adherence"] is None
    assert row["dose_reps"] is None
    (patient,) = report(study, "adherence_patient", "2026-03-08")
    assert patient["freq_adherence"] is None
    assert patient["ci_low"] is None
    assert (patient["not_observable_days"], patient["weeks_observed"]) == (7, 0)


def test_a_day_that_could_not_be_measured_takes_one_of_three_due_days(study: Study) -> None:
    asked(study, days_per_week=3, exercise="pelvic_tilt")
    done(study, "2026-03-02T18:00", a_block(exercise="pelvic_tilt", placement="right_thigh", seen="none"))
    done(study, "2026-03-04T18:00", a_block(10, exercise="pelvic_tilt"))
    assert states(study, "2026-03-08") == "N.D...-"
    row = week(study, "2026-03-08", "2026-W10")
    assert (row["days_done"], row["days_rx"]) == (1, 2)


def test_a_weak_view_without_a_count_says_nothing(study: Study) -> None:
    asked(study, exercise="clamshell", side="right")
    done(study, "2026-03-02T18:00", a_block(exercise="clamshell", side="right", seen="weak"))
    done(study, "2026-03-03T18:00", a_block(8, exercise="clamshell", side="right", seen="weak", hold_s=None))
    assert states(study, "2026-03-04") == "ND-"
    row = report(study, "adherence_daily", "2026-03-04")[1]
    assert (row["reps_counted"], row["hold_s_rx"], row["dose_hold"]) == (8, 0, None)
    assert "holds_not_observable" in row["quality_flag"]


def test_reps_of_the_other_leg_are_not_the_prescribed_ones(study: Study) -> None:
    asked(study, exercise="knee_to_chest", side="right")
    done(study, "2026-03-02T18:00", a_block(10, exercise="knee_to_chest", side="left", seen="counts"))
    row = report(study, "adherence_daily", "2026-03-02")[0]
    assert (row["state"], row["reps_done"], row["reps_rx"]) == ("no_information", 0, 10)
    assert "other_side" in row["quality_flag"]


def test_incomplete_reps_are_not_done(study: Study) -> None:
    asked(study)
    done(study, "2026-03-02T18:00", a_block(10, complete=False))
    row = report(study, "adherence_daily", "2026-03-02")[0]
    assert (row["state"], row["reps_done"], row["quality_flag"]) == ("no_information", 0, "no_reps")
    assert report(study, "session_log")[0]["reps_partial"] == 10


def test_two_sensors_do_not_double_a_rep(study: Study) -> None:
    asked(study)
    hip, thigh = a_block(10), a_block(9, placement="right_thigh") | {"recording": "thigh.csv"}
    done(study, "2026-03-02T18:00", hip, thigh)
    assert report(study, "adherence_daily", "2026-03-02")[0]["reps_done"] == 10


def test_excused_days_leave_the_week(study: Study) -> None:
    asked(study, days_per_week=7)
    asked(study, exercise="cobra_stretch", days_per_week=3)
    fever = {"participant": "P01", "kind": "excused", "reason": "fever"}
    adding.add_rows(study, EXCUSED, [fever | {"local_date": dt.date(2026, 3, day)} for day in range(2, 6)])
    rows = report(study, "adherence_weekly", "2026-03-08")
    # cobra: 3 of 3 days that are left are 3 * 3 / 7 = 1.3 days, so 1; bridges: all 3
    assert [(row["exercise"], row["days_rx"], row["excused_days"]) for row in rows] == [
        ("cobra_stretch", 1, 4),
        (BRIDGE, 3, 4),
    ]


def test_an_excuse_can_be_for_one_exercise_and_be_taken_back(study: Study) -> None:
    asked(study)
    asked(study, exercise="cobra_stretch")
    day = {"participant": "P01", "local_date": dt.date(2026, 3, 2)}
    adding.add_rows(study, EXCUSED, [day | {"kind": "excused", "exercise": BRIDGE}])
    adding.add_rows(study, EXCUSED, [day | {"kind": "device_fault", "exercise": "cobra_stretch"}])
    daily = report(study, "adherence_daily", "2026-03-02")
    assert [(row["exercise"], row["state"]) for row in daily] == [
        ("cobra_stretch", "device_fault"),
        (BRIDGE, "excused"),
    ]
    adding.add_rows(study, EXCUSED, [day | {"kind": "none", "exercise": BRIDGE}])
    assert report(study, "adherence_daily", "2026-03-02")[1]["state"] == "no_information"


def test_an_excused_day_that_was_done_all_the_same_counts(study: Study) -> None:
    asked(study)
    for day in (2, 3):
        excuse = {"participant": "P01", "local_date": dt.date(2026, 3, day), "kind": "excused"}
        adding.add_rows(study, EXCUSED, [excuse])
    done(study, "2026-03-02T18:00", a_block(10))
    done(study, "2026-03-03T18:00", a_block(2))
    assert states(study, "2026-03-03") == "DE"


def test_the_persons_word_stands_apart(study: Study) -> None:
    asked(study)
    for day, answer in ((2, True), (3, False), (4, True)):
        said = {"participant": "P01", "local_date": dt.date(2026, 3, day), "done": answer}
        adding.add_rows(study, SELFREPORTS, [said])
    done(study, "2026-03-04T18:00")
    assert states(study, "2026-03-05") == "SRD-"
    row = week(study, "2026-03-05", "2026-W10")
    assert (row["days_done"], row["days_selfreport"], row["days_rx"]) == (1, 1, 4)
    # complete case: of the three days that anything is known of, two were done
    assert (row["complete_case_done"], row["complete_case_days"]) == (2, 3)


def test_four_weeks_roll(study: Study) -> None:
    asked(study)
    done(study, ["2026-03-02T18:00", "2026-03-09T18:00", "2026-03-10T18:00", "2026-03-30T18:00"])
    rows = report(study, "adherence_weekly", "2026-04-05")
    assert [(row["days_done_4wk"], row["days_rx_4wk"]) for row in rows] == [
        (1, 7),
        (3, 14),
        (3, 21),
        (3, 28),
        (3, 28),
    ]


def test_iso_weeks_of_a_year_with_53(study: Study) -> None:
    asked(study, valid_from=dt.date(2026, 12, 28))
    rows = report(study, "adherence_weekly", "2027-01-10")
    assert [row["iso_week"] for row in rows] == ["2026-W53", "2027-W01"]
    assert [row["partial_week"] for row in rows] == [False, False]


def test_a_patient_over_two_weeks(study: Study) -> None:
    asked(study)
    done(study, [f"2026-03-{day:02}T18:00" for day in (2, 3, 4, 5, 6, 7, 9)])
    (row,) = report(study, "adherence_patient", "2026-03-15")
    assert (row["start"], row["end"], row["days_observed"]) == (dt.date(2026, 3, 2), dt.date(2026, 3, 15), 14)
    assert (row["days_done"], row["days_rx"], row["freq_adherence"], row["pdc"]) == (7, 14, 0.5, 0.5)
    # Wilson for 7 of 14 by hand: centre 1/2, half width 1.96 sqrt(0.25/14 + 3.8416/784) / (1 + 3.8416/14)
    assert row["ci_low"] == pytest.approx(0.2680, abs=2e-4)
    assert row["ci_high"] == pytest.approx(0.7320, abs=2e-4)
    assert (row["weeks_at_target"], row["weeks_observed"]) == (1, 2)
    assert (row["last_session"], row["status"]) == (dt.date(2026, 3, 9), "active")
    (later,) = report(study, "adherence_patient", "2026-03-23")
    assert later["status"] == "dropped_out"


def test_exercises_of_one_day_are_one_day_in_the_interval(study: Study) -> None:
    asked(study)
    asked(study, exercise="cobra_stretch", reps=3)
    done(study, "2026-03-02T18:00")
    (row,) = report(study, "adherence_patient", "2026-03-08")
    assert (row["days_done"], row["days_rx"], row["ci_days"]) == (1, 14, 7)
    assert row["pdc"] == 1 / 14


def test_weeks_at_target_need_a_daily_prescription_for_pdc(study: Study) -> None:
    asked(study, days_per_week=3)
    (row,) = report(study, "adherence_patient", "2026-03-08")
    assert row["pdc"] is None


def test_participants_do_not_touch_each_other(study: Study) -> None:
    for who in ("P01", "P02"):
        asked(study, participant=who)
    done(study, "2026-03-02T18:00", participant="P01")
    done(study, "2026-03-03T18:00", participant="P02")
    rows = report(study, "adherence_daily", "2026-03-03")
    assert [(row["participant"], row["state"]) for row in rows] == [
        ("P01", "done_sensor"),
        ("P01", "no_information"),
        ("P02", "no_information"),
        ("P02", "done_sensor"),
    ]
    assert {row["participant"] for row in report(study, "adherence_weekly", participant="P02")} == {"P02"}


def test_a_study_without_anything(study: Study) -> None:
    for name in set(reports.REPORTS) - {"reporting_checklist"}:  # whose items are there in any case
        assert report(study, name) == []
        assert report(study, name, "2026-03-08") == []


def test_a_prescription_without_any_session(study: Study) -> None:
    asked(study)
    assert report(study, "adherence_weekly") == []  # no cut-off: nothing is known of any day
    assert states(study, "2026-03-08") == "-------"
