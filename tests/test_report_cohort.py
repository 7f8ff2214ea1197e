"""Reports on groups against rows worked out by hand: weeks of the study, pain, retention, word against sensor."""

from __future__ import annotations

import datetime as dt
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sciatrack_analytics import adding, mixed, reports
from sciatrack_analytics.csv_tables import CHECKINS, EARS, EXCUSED, PARTICIPANTS, SELFREPORTS
from sciatrack_analytics.importing import session_of
from sciatrack_analytics.store import create_study, rebuild
from sciatrack_analytics.study import Study
from sciatrack_ingest.files.dispatch import read
from sciatrack_ingest.sessions import read_manifest, replace_session
from study_cases import BRIDGE, a_block, asked, done, report

MONDAY = dt.date(2026, 3, 2)


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


def enrolled(study: Study, **arms: str) -> None:
    """Participants with their arm, from Monday on, until a Sunday if the arm names one like `A:2026-03-15`."""
    rows: list[dict[str, Any]] = []
    for who, arm in arms.items():
        name, _, end = arm.partition(":")
        rows.append(
            {"participant": who, "arm": name, "start_date": MONDAY,
             "end_date": dt.date.fromisoformat(end) if end else None}
        )  # fmt: skip
    adding.add_rows(study, PARTICIPANTS, rows)


def scored(study: Study, who: str, *scores: tuple[int, int], site: str = "leg_nrs") -> None:
    """Scores of leg pain at 08:00: (day from Monday, NRS)."""
    adding.add_rows(
        study, CHECKINS,
        [
            {"participant": who, "at_local": dt.datetime.combine(MONDAY + dt.timedelta(days=day), dt.time(8)),
             "phase": "before", site: nrs}
            for day, nrs in scores
        ],
    )  # fmt: skip


def days(who: str, study: Study, *numbers: int) -> None:
    for number in numbers:
        done(study, f"{MONDAY + dt.timedelta(days=number)}T18:00", participant=who)


def test_cohort_weeks(study: Study) -> None:
    """A: P1 does 7 and 0 days, P2 4 and 7; P3 of arm A is enrolled and asked for nothing. B: P4 nothing at all."""
    enrolled(study, P1="A", P2="A", P3="A", P4="B")
    for who in ("P1", "P2", "P4"):
        asked(study, participant=who)
    days("P1", study, *range(7))
    days("P2", study, 0, 2, 4, 6, *range(7, 14))
    rows = report(study, "cohort_week", "2026-03-15")
    keys = [(row["arm"], row["study_week"]) for row in rows]
    assert keys == [("A", 1), ("A", 2), ("B", 1), ("B", 2)]
    first, second, other, _ = rows
    assert (first["n_at_risk"], first["n_active"], first["n_due"]) == (3, 2, 2)
    assert first["mean_adherence"] == pytest.approx((1 + 4 / 7) / 2)
    assert first["median"] == pytest.approx((1 + 4 / 7) / 2)
    # quartiles between 4/7 and 1, a quarter and three quarters of the way
    assert first["q1"] == pytest.approx(4 / 7 + 3 / 28)
    assert first["q3"] == pytest.approx(1 - 3 / 28)
    assert (first["n_at_threshold"], first["pct_at_threshold"]) == (1, 50)
    # P2 is silent on 3 of the 14 due days of both
    assert (first["n_no_information"], first["days_rx"]) == (3, 14)
    assert first["pct_no_information"] == pytest.approx(100 * 3 / 14)
    # beside the headline: of the days of which anything is known, both did all
    assert (first["n_complete_case"], first["complete_case_mean"]) == (2, 1.0)
    # of two participants a drawn mean is one, the other, or the mean of both
    assert (first["ci_low"], first["ci_high"]) == (pytest.approx(4 / 7), pytest.approx(1.0))
    assert (second["n_active"], second["mean_adherence"]) == (1, 0.5)
    # nothing is known of any of P1's days in week 2, so that week says nothing of P1 beside the headline
    assert (second["n_complete_case"], second["complete_case_mean"]) == (1, 1.0)
    assert (other["n_at_risk"], other["n_active"], other["mean_adherence"], other["ci_low"]) == (1, 0, 0.0, None)


def test_a_week_of_the_study_is_counted_from_ones_own_begin(study: Study) -> None:
    adding.add_rows(study, PARTICIPANTS, [{"participant": "P1", "arm": "A", "start_date": MONDAY}])
    later = {"participant": "P2", "arm": "A", "start_date": MONDAY + dt.timedelta(days=9)}
    adding.add_rows(study, PARTICIPANTS, [later])
    asked(study, participant="P1")
    asked(study, participant="P2", valid_from=MONDAY + dt.timedelta(days=9))
    rows = report(study, "cohort_week", "2026-03-22")
    assert [(row["study_week"], row["n_at_risk"]) for row in rows] == [(1, 2), (2, 2), (3, 1)]
    # P2 begins on a Wednesday: 5 due days in week 1, 7 of P1
    assert rows[0]["days_rx"] == 12
    # and cutting the first days off renumbers no week
    cut = report(study, "cohort_week", "2026-03-22", from_date=dt.date(2026, 3, 16))
    assert [(row["study_week"], row["n_at_risk"]) for row in cut] == [(2, 1), (3, 1)]


def test_nobody_can_be_seen(study: Study) -> None:
    enrolled(study, P1="A")
    asked(study, participant="P1", exercise="pelvic_tilt")
    unseen = a_block(exercise="pelvic_tilt", placement="right_thigh", seen="none")
    for number in range(7):
        done(study, f"{MONDAY + dt.timedelta(days=number)}T18:00", unseen, participant="P1")
    (row,) = report(study, "cohort_week", "2026-03-08")
    assert (row["n_at_risk"], row["n_active"], row["n_due"], row["days_rx"]) == (1, 1, 0, 0)
    assert {row[name] for name in ("mean_adherence", "median", "pct_at_threshold", "pct_no_information")} == {None}


def test_the_bootstrap_is_the_same_every_time(study: Study) -> None:
    enrolled(study, **{f"P{n}": "A" for n in range(5)})
    for n in range(5):
        asked(study, participant=f"P{n}")
        days(f"P{n}", study, *range(n))
    first, again = (report(study, "cohort_week", "2026-03-08") for _ in range(2))
    assert first == again
    (row,) = first
    assert row["ci_low"] < row["mean_adherence"] < row["ci_high"]
    said = reports.run(study, "cohort_week", to_date=dt.date(2026, 3, 8)).header
    assert "seed" in said.intervals
    assert said.rules_version


def test_pain_of_a_group_week_by_week(study: Study) -> None:
    enrolled(study, P1="A", P2="A", P3="A")
    # baselines: 6, 5; P3 has two scores in the first week and no baseline
    scored(study, "P1", (0, 6), (1, 6), (2, 6), (8, 4), (9, 4))
    scored(study, "P2", (0, 5), (2, 5), (4, 5), (7, 3), (9, 4))
    scored(study, "P3", (0, 2), (1, 2), (9, 1))
    rows = report(study, "pain_cohort", "2026-03-15")
    assert [(row["arm"], row["site"], row["study_week"]) for row in rows] == [("A", "leg", 1), ("A", "leg", 2)]
    first, second = rows
    assert (first["n"], first["mean"]) == (3, pytest.approx((6 + 5 + 2) / 3))
    assert (first["n_baseline"], first["responders_abs"], first["responders_pct"]) == (2, 0, 0)
    # P1: 6 to 4 is 2 points, 33 %; P2: 5 to 3.5 is 1.5 points, 30 %; P3 has nothing to compare with
    assert (second["n"], second["mean"]) == (3, pytest.approx((4 + 3.5 + 1) / 3))
    assert (second["n_baseline"], second["responders_abs"], second["share_abs"]) == (2, 1, 0.5)
    assert (second["n_baseline_above_0"], second["responders_pct"], second["share_pct"]) == (2, 2, 1.0)
    assert second["ci_low"] < second["mean"] < second["ci_high"]
    assert (second["mixed_slope"], second["mixed_ci"], second["mixed_note"]) == (None, None, mixed.TOO_FEW)


def test_a_baseline_of_no_pain_cannot_fall_by_a_third(study: Study) -> None:
    enrolled(study, P1="A")
    scored(study, "P1", (0, 0), (1, 0), (2, 0), (8, 0))
    row = report(study, "pain_cohort", "2026-03-15")[1]
    assert (row["n_baseline"], row["n_baseline_above_0"], row["share_pct"]) == (1, 0, None)


def fallen(study: Study, slopes: dict[str, float]) -> None:
    """Everybody's pain falls in steps along a line of their own, from a level of their own."""
    enrolled(study, **dict.fromkeys(slopes, "A"))
    for at, (who, slope) in enumerate(slopes.items()):
        level = 5 + at % 3
        scored(study, who, *((day, round(level + slope * day / 7 + (day + at) % 2)) for day in range(0, 42, 3)))


def test_the_slope_of_a_group_is_near_the_mean_of_its_members(study: Study) -> None:
    pytest.importorskip("statsmodels", reason="the extra `stats` is not installed")
    slopes = {f"P{n}": -0.2 - 0.1 * (n % 5) for n in range(12)}
    fallen(study, slopes)
    (row, *_) = report(study, "pain_cohort", "2026-04-15")
    own = [r["slope_per_week"] for r in report(study, "pain_trend", "2026-04-15")]
    mean = sum(own) / len(own)  # everybody has the same days, so the mixed mean is theirs
    assert row["mixed_slope"] == pytest.approx(mean, abs=0.02)
    assert row["mixed_ci_low"] < mean < row["mixed_ci_high"]
    spread = math.sqrt(sum((slope - mean) ** 2 for slope in own) / (len(own) - 1))
    assert row["mixed_ci_high"] - row["mixed_ci_low"] == pytest.approx(
        2 * 1.96 * spread / math.sqrt(len(own)), rel=0.2
    )
    assert row["mixed_note"] == ""
    assert row["mixed_ci"] == f"{row['mixed_ci_low']:+.3f} to {row['mixed_ci_high']:+.3f}"


def test_without_statsmodels_the_reason_is_said(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    fallen(study, {f"P{n}": -0.3 for n in range(8)})
    monkeypatch.setattr(mixed.importlib.util, "find_spec", lambda name: None)
    (row, *_) = report(study, "pain_cohort", "2026-04-15")
    assert (row["mixed_slope"], row["mixed_note"]) == (None, mixed.NOT_INSTALLED)


def test_retention_by_hand(study: Study) -> None:
    """Until day 30. A: silent after day 2, silent after day 5, two stay, one's observation ends on day 20."""
    enrolled(study, A1="A", A2="A", A3="A", A4="A", A5="A:2026-03-22", B1="B", B2="B")
    for who in ("A1", "A2", "A3", "A4", "A5", "B1", "B2"):
        asked(study, participant=who)
    days("A1", study, 0, 2)
    days("A2", study, 5)
    days("A3", study, 0, 17)  # 13 days before the end: not yet silent
    days("A4", study, 30)
    days("A5", study, 10)  # 10 days before the end of observation
    days("B1", study, 30)  # B2 never began
    rows = report(study, "retention_km", "2026-04-01")
    assert [(r["arm"], r["day"], r["n_at_risk"], r["events"], r["censored"]) for r in rows] == [
        ("A", 2, 5, 1, 0),
        ("A", 5, 4, 1, 0),
        ("A", 20, 3, 0, 1),
        ("A", 30, 2, 0, 2),
        ("B", 0, 2, 1, 0),
        ("B", 30, 1, 0, 1),
    ]
    assert [row["survival"] for row in rows] == pytest.approx([0.8, 0.6, 0.6, 0.6, 0.5, 0.5])
    # log-log by hand: S = 0.8, Greenwood 1/(5*4) = 0.05, theta = 1.96 sqrt(0.05) / ln 0.8
    theta = 1.959964 * math.sqrt(0.05) / math.log(0.8)
    assert rows[0]["ci_low"] == pytest.approx(0.8 ** math.exp(-theta), abs=1e-6)
    assert rows[0]["ci_high"] == pytest.approx(0.8 ** math.exp(theta), abs=1e-6)
    # log-rank by hand: day 0 of 7 (5 in A), day 2 of 6 (5), day 5 of 5 (4); expected in A 5/7 + 5/6 + 4/5, seen 2
    variance = 5 / 7 * 2 / 7 + 5 / 6 * 1 / 6 + 4 / 5 * 1 / 5
    z = (2 - (5 / 7 + 5 / 6 + 4 / 5)) / math.sqrt(variance)
    p = math.erfc(abs(z) / math.sqrt(2))
    assert [row["logrank_p"] for row in rows] == pytest.approx([p] * 6, abs=1e-9)


def test_without_anybody_silent_there_is_nothing_to_test(study: Study) -> None:
    enrolled(study, P1="A", P2="B")
    days("P1", study, 6)
    days("P2", study, 6)
    rows = report(study, "retention_km", "2026-03-08")
    assert [(row["survival"], row["ci_low"], row["logrank_p"]) for row in rows] == [(1.0, None, None)] * 2


def test_word_against_sensor(study: Study) -> None:
    asked(study)
    done(study, ["2026-03-02T18:00", "2026-03-03T18:00", "2026-03-04T18:00"], a_block(10))
    done(study, "2026-03-05T18:00", a_block(2, complete=False))  # nothing counted
    said = {0: (True, 12), 1: (True, 9), 2: (False, None), 3: (True, 4), 4: (True, None), 5: (False, None)}
    rows = [
        {"participant": "P01", "local_date": MONDAY + dt.timedelta(days=day), "exercise": BRIDGE, "done": yes,
         "reps": reps}
        for day, (yes, reps) in said.items()
    ]  # fmt: skip
    adding.add_rows(study, SELFREPORTS, rows)
    (row,) = report(study, "sensor_vs_selfreport", "2026-03-08")
    counts = ("days_both", "both_yes", "sensor_only", "self_only", "self_only_no_session", "both_no")
    assert [row[name] for name in counts] == [6, 2, 1, 2, 1, 1]
    # agree on 3 of 6; by chance (3 * 4 + 3 * 2) / 36 = 0.5
    assert row["kappa"] == pytest.approx(0.0)
    # 12 - 10, 9 - 10, 4 - 0
    assert (row["days_reps"], row["mean_diff_reps"]) == (3, pytest.approx(5 / 3))
    sd = math.sqrt(((2 - 5 / 3) ** 2 + (-1 - 5 / 3) ** 2 + (4 - 5 / 3) ** 2) / 2)
    assert row["loa_low"] == pytest.approx(5 / 3 - 1.96 * sd)
    assert row["loa_high"] == pytest.approx(5 / 3 + 1.96 * sd)


def test_days_on_which_the_sensor_could_not_see_are_no_comparison(study: Study) -> None:
    asked(study)
    word = {"participant": "P01", "done": True}
    adding.add_rows(study, SELFREPORTS, [word | {"local_date": MONDAY + dt.timedelta(days=n)} for n in range(3)])
    adding.add_rows(study, EXCUSED, [{"participant": "P01", "local_date": MONDAY, "kind": "device_fault"}])
    done(study, "2026-03-03T18:00", a_block(seen="none"))
    done(study, "2026-03-04T18:00")
    (row,) = report(study, "sensor_vs_selfreport", "2026-03-08")
    # always the same answer from both: chance alone would agree, so kappa says nothing
    assert (row["days_both"], row["both_yes"], row["kappa"], row["loa_low"]) == (1, 1, None, None)


def test_quality_by_device(study: Study) -> None:
    done(study, "2026-03-02T18:00", a_block(10) | {"gaps_s": 1.5}, device="AX3")
    done(study, "2026-03-03T18:00", a_block(seen="none") | {"sampling_rate_hz": 50.0}, device="AX3")
    done(study, "2026-03-04T18:00", a_block(10), a_block(5), device="phone")
    first, second = report(study, "data_quality")
    assert (first["participant"], first["device"], first["sessions"]) == ("P01", "AX3", 2)
    assert (first["rejected"], first["reason"]) == (1, "not_observable: 1")
    assert (first["median_fs"], first["gap_count"], first["gaps_s"]) == (75.0, 1, 1.5)
    assert (second["device"], second["rejected"], second["gap_count"]) == ("phone", 0, 0)
    assert (first["loss_pct"], second["loss_pct"]) == (0.75, 0.0)  # 1.5 s of two recordings of 100 s
    assert [row["loss_pct"] for row in report(study, "session_log")] == [1.5, 0.0, 0.0]
    assert first["clock_offset_s"] is None
    assert first["unit_flag"] == ""


def test_what_was_noticed_of_a_recording_is_told(study: Study, tmp_path: Path) -> None:
    sample = Path(__file__).parents[1] / "sample_data" / "sessions" / "1_glute_bridge"
    samples = pd.read_parquet(sample.with_suffix(".parquet"))
    samples[["acc_x", "acc_y", "acc_z"]] *= 1.2  # 11.8 m/s^2 at rest
    samples.to_parquet(tmp_path / "odd.parquet")
    shutil.copy(sample.with_suffix(".json"), tmp_path / "odd.json")
    for hour in (8, 18):
        start = dt.datetime(2026, 3, 2, hour, tzinfo=dt.UTC)
        words = {"participant": "P01", "start_utc": start, "timezone": "UTC"}
        adding.put_session(study, *session_of(read(tmp_path / "odd.parquet"), **words), durable=False)
    (row,) = report(study, "data_quality")
    assert row["unit_flag"] == "miscalibrated: 2"


def test_the_clock_that_ran_off_furthest_is_told(study: Study) -> None:
    done(study, ["2026-03-02T18:00", "2026-03-03T18:00", "2026-03-04T18:00"])
    for number, folder in enumerate(sorted(study.sessions.iterdir())):
        offsets = {
            "imu-hip.parquet": 0.01 * number,
            "imu-left_thigh.parquet": -0.02 * number,
            "imu-hip2.parquet": None,
        }
        manifest = read_manifest(folder)
        entry = manifest.analyses[-1] | {"clock_offset_s": offsets}
        replace_session(folder, replace(manifest, analyses=(entry,)), {})
    study.close()
    rebuild(study.path)
    with Study(study.path) as again:
        (row,) = report(again, "data_quality")
    assert row["clock_offset_s"] == pytest.approx(-0.04)


def test_a_folder_that_cannot_be_read_is_told(study: Study) -> None:
    done(study, ["2026-03-02T18:00", "2026-03-03T18:00"])
    path = study.path
    (one, _) = sorted((path / "sessions").iterdir())
    study.close()
    (one / "reps.parquet").write_bytes(b"PAR1 torn")
    rebuild(path)
    with Study(path) as again:
        rows = report(again, "data_quality")
    assert [(row["device"], row["sessions"], row["rejected"], row["reason"]) for row in rows] == [
        ("", 1, 0, ""),
        (None, 0, 1, "not_readable: 1"),
    ]


def test_questionnaires_until_the_cut_off(study: Study) -> None:
    asked(study)
    rows = [(dt.date(2026, 2, 27), 20), (dt.date(2026, 3, 5), 15), (dt.date(2026, 3, 5), 14), (MONDAY, 18)]
    scores = [{"participant": "P01", "local_date": day, "total": total} for day, total in rows]
    adding.add_rows(study, EARS, [*scores, scores[0] | {"local_date": dt.date(2026, 3, 9), "total": 3}])
    (row,) = report(study, "adherence_patient", "2026-03-08")
    # the second line of a day stands for it, and the ninth of March is not known yet
    assert (row["ears_baseline"], row["ears_last"]) == (20, 14)


def test_the_checklist_says_what_the_study_holds(study: Study) -> None:
    empty = report(study, "reporting_checklist")
    assert {row["guideline"] for row in empty} == {"CERT", "TIDieR", "CONSORT", "CONSERVE"}
    assert len({(row["guideline"], row["item"]) for row in empty}) == len(empty)
    enrolled(study, P1="A", P2="B")
    asked(study, participant="P1")
    days("P1", study, 0, 1)
    filled = {(r["guideline"], r["item"]): r for r in report(study, "reporting_checklist", "2026-03-08")}
    assert filled["CONSORT", "13a"]["auto_value"] == "2 (A: 1, B: 1)"
    assert filled["CONSORT", "13b"]["auto_value"].startswith("2 participants, 1 without a session, 0 silent")
    assert filled["CERT", "8"]["auto_value"] == BRIDGE
    # 2 of 7 days, and of those two days both
    assert "1 participants 28.6 % of due days" in filled["CERT", "16b"]["auto_value"]
    assert "left out 100.0 %" in filled["CERT", "16b"]["auto_value"]
    assert filled["CERT", "2"]["auto_value"] == ""
    named = {row["where_reported"].removeprefix("report ") for row in filled.values()} - {""}
    assert named <= set(reports.REPORTS)


def test_small_groups_are_kept_out(study: Study) -> None:
    enrolled(study, **{f"A{n}": "A" for n in range(6)}, B1="B")
    for n in range(6):
        asked(study, participant=f"A{n}")
        days(f"A{n}", study, *range(7 if n else 0))  # A0 does nothing: five of six are active
    asked(study, participant="B1")
    days("B1", study, 0)
    answer = reports.run(study, "cohort_week", to_date=dt.date(2026, 3, 8), suppress_below=3)
    large, small = answer.table.to_pylist()
    assert (large["n_at_risk"], large["n_due"], large["days_rx"]) == (6, 6, 42)
    # five of six would tell that one was not
    assert (large["n_active"], large["n_at_threshold"], large["pct_at_threshold"]) == (None, None, None)
    assert [name for name, value in small.items() if value is not None] == ["arm", "study_week"]
    assert "fewer than 3" in answer.header.suppression


def test_days_of_leaving_are_put_together(study: Study) -> None:
    enrolled(study, **{f"A{n}": "A" for n in range(9)})
    for n in range(4):
        days(f"A{n}", study, n)  # silent after day 0, 1, 2, 3
    for n in range(4, 9):
        days(f"A{n}", study, 40)
    full = reports.run(study, "retention_km").table.to_pylist()
    short = reports.run(study, "retention_km", suppress_below=2).table.to_pylist()
    assert [(r["day"], r["n_at_risk"], r["events"]) for r in short] == [(1, 9, 2), (3, 7, 2), (40, 5, 0)]
    survival = {row["day"]: row["survival"] for row in full}
    assert all(row["survival"] == survival[row["day"]] for row in short)
    # three by three the last of four would stand alone: it joins the others
    threes = reports.run(study, "retention_km", suppress_below=3).table.to_pylist()
    assert [(r["day"], r["events"], r["censored"]) for r in threes] == [(40, 4, 5)]
    assert reports.run(study, "retention_km", suppress_below=10).table.num_rows == 0


@pytest.mark.parametrize("name", ["adherence", "pain", "sessions", "data_quality", "reporting_checklist"])
def test_reports_on_single_people_cannot_be_made_fit_to_hand_on(study: Study, name: str) -> None:
    with pytest.raises(reports.ReportError, match="single participants"):
        reports.run(study, name, suppress_below=5)
