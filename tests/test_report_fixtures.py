"""All twelve reports on the same few weeks, given rows and expected rows, each number worked out by hand.

A traveller's week has in it: versions that change in mid-week, 03:59 and 04:01, three zones, the clock going
forward, the same session twice, more than asked for, a word against the sensor. Then the clock going back, the turn
of a year with 53 weeks, a week in which one leg, and one in which nothing could be seen.
"""

from __future__ import annotations

import datetime as dt
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sciatrack_analytics import adding, reports
from sciatrack_analytics.csv_tables import CHECKINS, SELFREPORTS
from sciatrack_analytics.store import create_study
from sciatrack_analytics.study import Study
from study_cases import a_block, asked, done, report

SUNDAY = "2026-03-29"


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


def scored(study: Study, local: str, leg: int, zone: str = "Europe/Berlin", **more: Any) -> None:
    row = {"participant": "P01", "at_local": dt.datetime.fromisoformat(local), "timezone": zone, "leg_nrs": leg}
    adding.add_rows(study, CHECKINS, [row | more])


def said(study: Study, day: str, yes: bool, reps: int | None = None) -> None:
    row = {"participant": "P01", "local_date": dt.date.fromisoformat(day), "done": yes, "reps": reps}
    adding.add_rows(study, SELFREPORTS, [row | {"exercise": "glute_bridge"}])


def rows(study: Study, name: str, to: str, columns: str) -> str:
    """The report's rows in those columns, one a line: `-` where nothing is known, four digits of other numbers."""
    found = report(study, name, to)
    return "\n".join(" ".join(cell(row[column]) for column in columns.split()) for row in found)


def cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, dt.datetime):
        return value.strftime("%d.%H:%M")
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value) or "''"


def text(rows: str) -> str:
    return "\n".join(" ".join(line.split()) for line in rows.strip().splitlines())


# ----------------------------------------------------------------------------------------------- a traveller's week
def traveller(study: Study) -> None:
    """10 bridges of 5 s a day from Monday 2026-03-23, 12 from Thursday; the clock goes forward on Sunday."""
    asked(study, valid_from=dt.date(2026, 3, 23))
    asked(study, valid_from=dt.date(2026, 3, 26), reps=12, reason="easy")
    done(study, "2026-03-23T03:59", session_id="S0")  # still Sunday's, before anything was asked for
    done(study, "2026-03-24T04:01", session_id="S1")
    done(study, "2026-03-24T04:01", session_id="S1")  # once more
    done(study, "2026-03-25T23:30", timezone="Europe/Lisbon", session_id="S2")  # Thursday in Berlin
    done(study, "2026-03-27T05:00", timezone="Asia/Tokyo", session_id="S3")  # Thursday in Berlin and in UTC
    done(study, "2026-03-29T01:30", a_block(6), session_id="S4")  # an hour on the clock before the next,
    done(study, "2026-03-29T03:30", a_block(6), session_id="S5")  # and both are Saturday's
    done(study, "2026-03-29T20:00", a_block(30), session_id="S6")
    scored(study, "2026-03-23T03:59", 9)
    scored(study, "2026-03-24T04:00", 6, distal_site="calf")
    scored(study, "2026-03-25T23:50", 5, "Europe/Lisbon")
    scored(study, "2026-03-29T03:30", 4, distal_site="back")
    said(study, "2026-03-23", True)
    said(study, "2026-03-26", False)
    said(study, "2026-03-29", True, 20)


TRAVELLER = {
    "adherence_daily": (
        "local_date rx_version state due qualifies sessions_done sessions_rx reps_done reps_counted reps_rx "
        "hold_s_counted hold_s_rx dose_reps dose_hold source",
        """
        2026-03-23 1 done_selfreport_only True False 0 1  0  0 10  0 50 0      0      selfreport
        2026-03-24 1 done_sensor          True True  1 1 10 10 10 50 50 1      1      sensor
        2026-03-25 1 done_sensor          True True  1 1 10 10 10 50 50 1      1      sensor
        2026-03-26 2 reported_not_done    True False 0 1  0  0 12  0 60 0      0      selfreport
        2026-03-27 2 done_sensor          True True  1 1 10 10 12 50 60 0.8333 0.8333 sensor
        2026-03-28 2 done_sensor          True True  2 1 12 12 12 60 60 1      1      sensor
        2026-03-29 2 done_sensor          True True  1 1 30 12 12 60 60 1      1      sensor
        """,
    ),
    # reps 54 of 3 * 10 + 4 * 12; 72 were done; holds five times as much
    "adherence_weekly": (
        "exercise iso_week week_start partial_week rx_versions days_done days_rx freq_adherence reps_counted "
        "reps_rx "
        "dose_reps hold_s_counted hold_s_rx reps_done over_dose adh_4wk complete_case_done complete_case_days "
        "n_no_information not_due_days",
        "glute_bridge 2026-W13 2026-03-23 False 1,2 5 7 0.7143 54 78 0.6923 270 390 72 0.9231 0.7143 6 7 0 0",
    ),
    # Wilson of 5 of 7: (5/7 + 3.8415/14 -+ 1.96 sqrt(10/343 + 3.8415/196)) / (1 + 3.8415/7) = 0.6382 -+ 0.2793
    "adherence_patient": (
        "participant arm start end days_observed rx_versions days_done days_rx ci_low ci_high ci_days "
        "weeks_at_target "
        "weeks_observed pdc complete_case_adherence last_session status ears_baseline",
        "P01 '' 2026-03-23 2026-03-29 7 2 5 7 0.3589 0.9178 7 0 1 0.7143 0.8571 2026-03-29 active -",
    ),
    "cohort_week": (
        "arm study_week n_at_risk n_active n_due mean_adherence ci_low ci_high median q1 q3 pct_at_threshold "
        "pct_no_information days_rx n_complete_case complete_case_mean",
        "'' 1 1 1 1 0.7143 - - 0.7143 0.7143 0.7143 0 0 7 1 0.8571",
    ),
    # the score of Monday 03:59 is Sunday's, before the observation; the last is Saturday's; 4 of 7 days have none
    "pain_trend": (
        "participant site n first_date last_date baseline_nrs last_nrs change pct_change slope_per_week mcid_abs "
        "mcid_pct mcid_baseline_adj distal_first distal_last centralised severe_days missing_days",
        "P01 leg 3 2026-03-24 2026-03-28 5 4 -1 -20 - False False False calf back - 0 4",
    ),
    "pain_cohort": (
        "arm site study_week n mean ci_low n_baseline responders_abs responders_pct mixed_slope",
        "'' leg 1 1 5 - 1 0 0 -",
    ),
    "session_log": (
        "session_id start_utc start_local tz local_date rx_version sets_done reps_detected reps_partial "
        "hold_median_s "
        "hold_max_s tempo_s duration_s fs_effective",
        """
        S1 24.03:01 24.04:01 Europe/Berlin 2026-03-24 1 1 10 0 5 5 3 100 100
        S2 25.23:30 25.23:30 Europe/Lisbon 2026-03-25 1 1 10 0 5 5 3 100 100
        S3 26.20:00 27.05:00 Asia/Tokyo    2026-03-27 2 1 10 0 5 5 3 100 100
        S4 29.00:30 29.01:30 Europe/Berlin 2026-03-28 2 1  6 0 5 5 3 100 100
        S5 29.01:30 29.03:30 Europe/Berlin 2026-03-28 2 1  6 0 5 5 3 100 100
        S6 29.18:00 29.20:00 Europe/Berlin 2026-03-29 2 1 30 0 5 5 3 100 100
        """,
    ),
    "prescription_history": (
        "participant exercise version valid_from valid_to days_per_week sessions_per_day sets reps hold_s side "
        "reps_per_day reason author",
        """
        P01 glute_bridge 1 2026-03-23 2026-03-26 7 1 1 10 5 both 10 test PT1
        P01 glute_bridge 2 2026-03-26 -          7 1 1 12 5 both 12 easy PT1
        """,
    ),
    # nobody can be seen to leave: the last session is on the last day, day 6
    "retention_km": (
        "arm day n_at_risk events censored survival ci_low ci_high logrank_p",
        "'' 6 1 0 1 1 - - -",
    ),
    # Monday own word only, Thursday both no, Sunday both yes and 20 told of 30; kappa (2/3 - 4/9) / (5/9)
    "sensor_vs_selfreport": (
        "participant exercise days_both both_yes sensor_only self_only self_only_no_session both_no kappa "
        "days_reps "
        "mean_diff_reps loa_low loa_high",
        "P01 glute_bridge 3 1 0 1 1 1 0.4 1 -10 - -",
    ),
    "data_quality": (
        "participant device sessions rejected reason median_fs loss_pct gap_count gaps_s clock_offset_s unit_flag",
        "P01 '' 6 0 '' 100 0 0 0 - ''",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAVELLER)
def test_a_travellers_week(study: Study, name: str) -> None:
    traveller(study)
    columns, expected = TRAVELLER[name]
    assert rows(study, name, SUNDAY, columns) == text(expected)


def test_the_checklist_of_a_travellers_week(study: Study) -> None:
    traveller(study)
    filled = {
        (row["guideline"], row["item"]): row["auto_value"] for row in report(study, "reporting_checklist", SUNDAY)
    }
    assert filled["CONSORT", "13a"].startswith("1")
    assert filled["CERT", "8"] == "glute_bridge"
    assert "1 participants 71.4 % of due days" in filled["CERT", "16b"]


def test_every_report_has_its_fixture() -> None:
    assert {*TRAVELLER, "reporting_checklist"} == set(reports.REPORTS)


# ------------------------------------------------------------------------------------- the clock goes back, week 53
def test_the_clock_goes_back(study: Study) -> None:
    """On Sunday 2026-10-25 02:30 comes twice; both are Saturday's, and an hour apart."""
    asked(study, valid_from=dt.date(2026, 10, 19), sessions_per_day=2)
    done(study, "2026-10-25T02:30", session_id="A")
    done(study, "2026-10-25T02:30", fold=1, session_id="B")
    done(study, "2026-10-25T03:59", a_block(3), session_id="C")
    done(study, "2026-10-25T04:01", session_id="D")
    scored(study, "2026-10-25T03:59", 7)
    scored(study, "2026-10-25T04:00", 2)
    assert rows(
        study, "session_log", "2026-10-25", "session_id start_utc start_local local_date reps_detected"
    ) == text(
        """
        A 25.00:30 25.02:30 2026-10-24 10
        B 25.01:30 25.02:30 2026-10-24 10
        C 25.02:59 25.03:59 2026-10-24  3
        D 25.03:01 25.04:01 2026-10-25 10
        """
    )
    daily = rows(
        study, "adherence_daily", "2026-10-25", "local_date state sessions_done reps_done reps_counted reps_rx"
    )
    assert daily.splitlines()[-2:] == ["2026-10-24 done_sensor 3 23 20 20", "2026-10-25 done_sensor 1 10 10 20"]
    trend = rows(study, "pain_trend", "2026-10-25", "n first_date last_date last_nrs severe_days")
    assert trend == "2 2026-10-24 2026-10-25 2 0"
    assert rows(study, "retention_km", "2026-10-25", "day n_at_risk events censored") == "6 1 0 1"
    assert rows(study, "cohort_week", "2026-10-25", "study_week days_rx n_no_information") == "1 7 5"


def test_the_turn_of_a_year_with_53_weeks(study: Study) -> None:
    """Week 53 holds the first three days of 2027; the next week is that year's first, and the study's second."""
    asked(study, valid_from=dt.date(2026, 12, 28), days_per_week=3)
    done(study, ["2026-12-31T18:00", "2027-01-01T18:00", "2027-01-02T18:00", "2027-01-06T18:00"])
    for day, leg in (("2026-12-28", 6), ("2026-12-31", 6), ("2027-01-02", 6), ("2027-01-05", 3)):
        scored(study, f"{day}T08:00", leg)
    to = "2027-01-10"
    weekly = "iso_week week_start partial_week days_done days_rx not_due_days days_done_4wk days_rx_4wk"
    assert rows(study, "adherence_weekly", to, weekly) == text(
        """
        2026-W53 2026-12-28 False 3 3 4 3 3
        2027-W01 2027-01-04 False 1 3 4 4 6
        """
    )
    assert rows(study, "cohort_week", to, "study_week n_active mean_adherence pct_at_threshold") == text(
        """
        1 1 1      100
        2 1 0.3333 0
        """
    )
    pain = "study_week n mean responders_abs responders_pct"
    assert rows(study, "pain_cohort", to, pain) == text("1 1 6 0 0\n2 1 3 1 1")
    assert rows(study, "retention_km", to, "day events censored") == "13 0 1"


# --------------------------------------------------------------------------------- one leg, or nothing, can be seen
def test_a_week_in_which_one_leg_could_be_seen(study: Study) -> None:
    """10 clamshells of each leg on 3 days a week; the sensor on the right thigh shows the right leg alone."""
    asked(study, exercise="clamshell", side="each", days_per_week=3)
    right = a_block(8, exercise="clamshell", placement="right_thigh", side="right")
    left = a_block(exercise="clamshell", placement="right_thigh", side="left", seen="none")
    done(study, ["2026-03-02T18:00", "2026-03-04T18:00"], right, left)
    to = "2026-03-08"
    daily = "local_date state due reps_counted reps_rx sides_not_observable"
    assert rows(study, "adherence_daily", to, daily) == text(
        """
        2026-03-02 done_sensor    True  8 10 left
        2026-03-03 not_due        False 0  0 ''
        2026-03-04 done_sensor    True  8 10 left
        2026-03-05 not_due        False 0  0 ''
        2026-03-06 not_due        False 0  0 ''
        2026-03-07 not_due        False 0  0 ''
        2026-03-08 no_information True  0 10 ''
        """
    )
    weekly = "days_done days_rx reps_counted reps_rx dose_reps side_not_observable_days not_due_days"
    assert rows(study, "adherence_weekly", to, weekly) == "2 3 16 30 0.5333 2 4"
    assert rows(study, "cohort_week", to, "n_due mean_adherence n_no_information") == "1 0.6667 1"
    log = "start_local side observability reps_detected sets_done"
    assert rows(study, "session_log", to, log) == text(
        """
        02.18:00 left  none - -
        02.18:00 right full 8 1
        04.18:00 left  none - -
        04.18:00 right full 8 1
        """
    )
    assert rows(study, "data_quality", to, "sessions rejected reason") == "2 0 ''"


NOTHING_SEEN = {
    "adherence_daily": ("state due reps_rx dose_reps source", "\n".join(["not_observable False 0 - ''"] * 7)),
    "adherence_weekly": (
        "days_done days_rx freq_adherence reps_rx dose_reps dose_hold over_dose adh_4wk complete_case_adherence "
        "not_observable_days n_no_information",
        "0 0 - 0 - - - - - 7 0",
    ),
    "adherence_patient": (
        "days_done days_rx freq_adherence ci_low ci_high ci_days pdc weeks_at_target weeks_observed "
        "complete_case_adherence not_observable_days status",
        "0 0 - - - 0 - 0 0 - 7 active",
    ),
    "cohort_week": (
        "n_at_risk n_active n_due mean_adherence median pct_at_threshold pct_no_information complete_case_mean",
        "1 1 0 - - - - -",
    ),
    "session_log": ("observability reps_detected sets_done reps_partial", "\n".join(["none - - -"] * 7)),
    "retention_km": ("day n_at_risk events censored survival", "6 1 0 1 1"),  # the sessions took place
    "sensor_vs_selfreport": ("days_both", ""),
    "data_quality": ("sessions rejected reason", "7 7 not_observable: 7"),
    "pain_trend": ("n", ""),
    "pain_cohort": ("n", ""),
}


@pytest.mark.parametrize("name", NOTHING_SEEN)
def test_a_week_in_which_nothing_could_be_seen(study: Study, name: str) -> None:
    asked(study)
    blind = a_block(placement="right_thigh", seen="none")
    done(study, [f"2026-03-0{day}T18:00" for day in range(2, 9)], blind)
    said(study, "2026-03-03", True)
    columns, expected = NOTHING_SEEN[name]
    assert rows(study, name, "2026-03-08", columns) == text(expected)
