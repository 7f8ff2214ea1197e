"""Pain trends and the session log against rows worked out by hand, and every column described."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from sciatrack_analytics import adding, reports
from sciatrack_analytics.csv_tables import CHECKINS
from sciatrack_analytics.rep_rows import rep_table
from sciatrack_analytics.store import create_study
from sciatrack_analytics.study import Study
from sciatrack_analytics.table_session import session_of_table

FIRST = dt.date(2026, 3, 2)
# Columns that other tools rely on, in this order; columns may be added between them, none renamed.
AGREED = {
    "adherence_daily": "participant local_date exercise rx_version state sessions_done sessions_rx reps_done "
    "reps_rx hold_s_done hold_s_rx dose_reps dose_hold source quality_flag",
    "adherence_weekly": "participant exercise iso_week week_start partial_week rx_versions days_done days_rx "
    "freq_adherence dose_reps dose_hold over_dose adh_4wk n_no_information excused_days",
    "adherence_patient": "participant arm start end days_observed rx_versions freq_adherence ci_low ci_high "
    "dose_reps dose_hold weeks_at_target weeks_observed pdc complete_case_adherence last_session status "
    "ears_baseline ears_last",
    "pain_trend": "participant site n first_date last_date baseline_nrs last_nrs change pct_change slope_per_week "
    "slope_ci_low slope_ci_high r2 mcid_abs mcid_pct mcid_baseline_adj distal_first distal_last centralised "
    "severe_days missing_days",
    "session_log": "session_id participant exercise side start_utc start_local tz duration_s rx_version sets_done "
    "reps_detected reps_partial hold_median_s hold_max_s rom_median_deg tempo_s pain_before pain_after device "
    "fs_effective loss_pct gaps_s algo_version flags",
    "prescription_history": "participant exercise version valid_from valid_to days_per_week sessions_per_day sets "
    "reps hold_s side rom_target_deg reason author",
    "cohort_week": "arm study_week n_at_risk n_active mean_adherence ci_low ci_high median q1 q3 pct_at_threshold "
    "pct_no_information",
    "pain_cohort": "arm study_week n mean ci_low ci_high mixed_slope mixed_ci responders_abs responders_pct",
    "retention_km": "arm day n_at_risk events censored survival ci_low ci_high",
    "sensor_vs_selfreport": "participant exercise days_both both_yes sensor_only self_only both_no kappa "
    "mean_diff_reps loa_low loa_high",
    "data_quality": "participant device sessions rejected reason median_fs loss_pct gap_count clock_offset_s "
    "unit_flag",
    "reporting_checklist": "guideline item text where_reported auto_value",
}


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


def scored(study: Study, scores: Sequence[tuple[int, int | None, int | None]], **more: Any) -> None:
    """Check-ins at 08:00: (day from 2026-03-02, leg, back)."""
    rows = [
        {
            "participant": "P01",
            "at_local": dt.datetime.combine(FIRST + dt.timedelta(days=day), dt.time(8)),
            "phase": "before",
            "leg_nrs": leg,
            "back_nrs": back,
            **more,
        }
        for day, leg, back in scores
    ]
    adding.add_rows(study, CHECKINS, rows)


def trend(study: Study, site: str, to: dt.date | None = None) -> dict[str, Any]:
    rows = reports.run(study, "pain", to_date=to).table.to_pylist()
    return next(row for row in rows if row["site"] == site)


@pytest.mark.parametrize("name", AGREED)
def test_agreed_columns_are_there_in_order(study: Study, name: str) -> None:
    table = reports.run(study, name).table
    asked = AGREED[name].split()
    assert [column for column in table.column_names if column in asked] == asked
    assert set(table.column_names) <= set(reports.columns())


def test_every_described_column_exists(study: Study) -> None:
    there = {column for name in reports.REPORTS for column in reports.run(study, name).table.column_names}
    assert there == set(reports.columns())


def test_a_falling_leg_and_a_steady_back(study: Study) -> None:
    scored(study, [(0, 8, 3), (2, 8, 3), (5, 7, 3), (10, 6, 3), (15, 5, 3), (20, 4, 3)])
    row = trend(study, "leg")
    assert (row["n"], row["first_date"], row["last_date"]) == (6, FIRST, FIRST + dt.timedelta(days=20))
    # baseline: the mean of 8, 8 and 7 on days 0, 2 and 5
    assert row["baseline_nrs"] == pytest.approx(23 / 3)
    assert row["last_nrs"] == 4
    assert row["change"] == pytest.approx(4 - 23 / 3)
    assert row["pct_change"] == pytest.approx(100 * (4 - 23 / 3) / (23 / 3))
    assert (row["mcid_abs"], row["mcid_pct"], row["mcid_baseline_adj"]) == (True, True, True)
    assert (row["severe_days"], row["missing_days"]) == (2, 21 - 6)
    back = trend(study, "back")
    assert (back["change"], back["slope_per_week"], back["mcid_abs"]) == (0, 0, False)


def test_the_slope_and_its_interval_are_those_of_least_squares(study: Study) -> None:
    days, scores = [0, 3, 6, 9, 12, 15, 18], [7, 6, 7, 5, 5, 4, 5]
    scored(study, [(day, nrs, None) for day, nrs in zip(days, scores, strict=True)])
    row = trend(study, "leg")
    known = stats.linregress(days, scores)
    half = stats.t.ppf(0.975, len(days) - 2) * known.stderr
    assert row["slope_per_week"] == pytest.approx(7 * known.slope)
    assert row["slope_ci_low"] == pytest.approx(7 * (known.slope - half))
    assert row["slope_ci_high"] == pytest.approx(7 * (known.slope + half))
    assert row["r2"] == pytest.approx(known.rvalue**2)


@pytest.mark.parametrize(
    ("days", "enough"), [((0, 3, 6, 14), False), ((0, 1, 2, 3, 13), False), ((0, 1, 2, 3, 14), True)]
)
def test_a_slope_needs_five_days_over_two_weeks(study: Study, days: tuple[int, ...], enough: bool) -> None:
    scored(study, [(day, 5 - i, None) for i, day in enumerate(days)])
    assert (trend(study, "leg")["slope_per_week"] is not None) == enough


def test_two_scores_in_the_first_week_are_no_baseline(study: Study) -> None:
    scored(study, [(0, 5, None), (1, 5, None), (7, 2, None)])
    row = trend(study, "leg")
    assert (row["baseline_nrs"], row["change"], row["mcid_abs"]) == (None, None, None)
    assert row["last_nrs"] == 2


@pytest.mark.parametrize(
    ("baseline", "last", "adjusted"),
    [(4, 3, True), (4, 4, False), (6, 4, True), (6, 5, False), (9, 6, True), (9, 7, False)],
)
def test_what_counts_as_less_depends_on_the_baseline(
    study: Study, baseline: int, last: int, adjusted: bool
) -> None:
    scored(study, [(0, baseline, None), (1, baseline, None), (2, baseline, None), (20, last, None)])
    assert trend(study, "leg")["mcid_baseline_adj"] is adjusted


@pytest.mark.parametrize(
    ("sites", "centralised"),
    [
        (("foot", "calf", "thigh", "buttock"), True),
        (("thigh", "calf", "thigh", "buttock"), False),  # was out again among the last three
        (("thigh", "buttock", "back"), None),  # too few
        (("back", "back", "back", "back"), False),
    ],
)
def test_centralisation_has_to_stay(study: Study, sites: tuple[str, ...], centralised: bool | None) -> None:
    for day, site in enumerate(sites):
        scored(study, [(day, 5, None)], distal_site=site)
    row = trend(study, "leg")
    assert row["centralised"] is centralised
    assert (row["distal_first"], row["distal_last"]) == (sites[0], sites[-1])


def test_what_exercising_provoked_is_no_part_of_the_trend(study: Study) -> None:
    scored(study, [(0, 4, None)])
    scored(study, [(0, 9, None), (1, 9, None)], phase="after")
    scored(study, [(1, 9, None)], phase="button")
    row = trend(study, "leg")
    assert (row["n"], row["last_nrs"]) == (1, 4)


def test_a_score_at_three_in_the_morning_is_yesterdays(study: Study) -> None:
    late = {"participant": "P01", "at_local": dt.datetime(2026, 3, 29, 3, 59), "leg_nrs": 6}
    adding.add_rows(study, CHECKINS, [late])
    assert trend(study, "leg")["last_date"] == dt.date(2026, 3, 28)


def test_a_missing_answer_is_unknown(study: Study) -> None:
    scored(study, [(0, None, 4)])
    assert [row["site"] for row in reports.run(study, "pain").table.to_pylist()] == ["back"]


def test_nothing_after_the_cut_off_is_known(study: Study) -> None:
    scored(study, [(0, 5, None), (1, 4, None), (9, 1, None)])
    row = trend(study, "leg", to=dt.date(2026, 3, 5))
    assert (row["n"], row["last_nrs"]) == (2, 4)


def test_a_line_of_the_session_log(study: Study) -> None:
    head = {
        "recording": "imu-hip.parquet", "block": 0, "block_start_s": 5.0, "block_end_s": 65.0,
        "exercise": "knee_to_chest", "placement": "hip", "observability": "counts", "note": "",
        "sampling_rate_hz": 52.0, "duration_s": 80.0, "gaps_s": 1.5, "algorithm": "test 3", "count": 3,
        "count_low": 2, "count_high": 4,
    }  # fmt: skip
    holds = [(4.0, "short_hold"), (5.0, ""), (7.0, "shaky long_hold"), (1.0, "cut")]
    reps = [
        head
        | {
            "block_side": "right", "set": 1 + i // 2, "start_s": 10.0 * i, "hold_start_s": 10.0 * i + 1,
            "hold_end_s": 10.0 * i + 1 + hold_s, "end_s": 10.0 * i + 2.5 + hold_s, "hold_s": hold_s,
            "hold_longest_s": hold_s, "hold_s_low": hold_s, "hold_s_high": hold_s, "side": "right",
            "rom_deg": 70.0 + i, "complete": i < 3, "confidence": 0.9, "flags": flags,
        }
        for i, (hold_s, flags) in enumerate(holds)
    ]  # fmt: skip
    asks = [("before", 3, 5), ("after", 4, 2)]
    check_ins = [
        {"at_utc": f"2026-03-29T01:{30 + i}:00Z", "phase": phase, "leg_nrs": leg, "back_nrs": back}
        for i, (phase, leg, back) in enumerate(asks)
    ]
    manifest, writers = session_of_table(
        rep_table(reps), [head | {"side": "right"}], participant="P01", timezone="Europe/Berlin", device="AX3",
        start_utc=dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC), check_ins=check_ins,
    )  # fmt: skip
    adding.prescribe(
        study,
        {"participant": "P01", "exercise": "knee_to_chest", "valid_from": dt.date(2026, 3, 28), "author": "PT1",
         "reason": "test"},
    )  # fmt: skip
    adding.put_session(study, manifest, writers)
    (row,) = reports.run(study, "sessions").table.to_pylist()
    assert row["start_local"] == dt.datetime(2026, 3, 29, 3, 30)  # the clock had just gone forward
    assert row["local_date"] == dt.date(2026, 3, 28)
    assert (row["rx_version"], row["sets_done"], row["reps_detected"], row["reps_partial"]) == (1, 2, 3, 1)
    assert (row["hold_median_s"], row["hold_max_s"], row["rom_median_deg"], row["tempo_s"]) == (5.0, 7.0, 71.0, 2.5)
    assert (row["pain_before"], row["pain_after"]) == (5, 4)
    assert (row["duration_s"], row["fs_effective"], row["gaps_s"]) == (60.0, 52.0, 1.5)
    assert (row["flags"], row["algo_version"], row["device"]) == ("cut long_hold shaky short_hold", "test 3", "AX3")
    assert (row["count_low"], row["count_high"], row["observability"]) == (2, 4, "counts")
