"""The accuracy benchmark judges as it says: matching, blocks, phases, tables, goals, and its command line."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from accuracy import cli, goals, others, parts, people, real, real_tables, rows, sets, tables
from accuracy.set_tables import came_true, count_tally, held
from sciatrack_signal.agreement import Tally
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Analysis, Rep
from sciatrack_signal.simulate import simulate_set

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def simulated():
    return simulate_set("clamshell", "right_thigh", seed=5, clean=True, rate_hz=50.0)


def as_found(true, **changes) -> Rep:
    """A true rep as a perfect detector would list it."""
    moments = {name: getattr(true, name) for name in ("start_s", "hold_start_s", "hold_end_s", "end_s")}
    low_high = {"hold_s_low": true.hold_s - 0.1, "hold_s_high": true.hold_s + 0.1}
    rest = {"hold_s": true.hold_s, "hold_longest_s": true.hold_longest_s, "rom_deg": true.rom_deg, **low_high}
    rep = Rep(set=1, side=true.side, complete=true.complete, confidence=0.9, **moments, **rest)
    return replace(rep, **changes)


def answer(simulated, reps: list[Rep]) -> Analysis:
    block = analyze(simulated.recording, exercise="clamshell").blocks[0]
    count = sum(rep.complete for rep in reps)
    return Analysis((replace(block, reps=tuple(reps), count=count, count_low=count, count_high=count),))


def table_of(simulated, reps: list[Rep]) -> pd.DataFrame:
    return pd.DataFrame(
        rows.rep_rows(simulated, answer(simulated, reps), {"recording": "r", "exercise": "clamshell"})
    )


def test_a_perfect_answer_has_no_errors(simulated):
    got = table_of(simulated, [as_found(rep) for rep in simulated.reps])
    assert (got.kind == "matched").all()
    assert count_tally(got) == Tally(len(simulated.reps), 0, 0)
    assert (held(got).error_hold_s == 0).all()
    assert came_true(got).all()


def test_missed_false_and_late_reps_are_told_apart(simulated):
    true = list(simulated.reps)
    late = as_found(true[0], hold_end_s=true[0].hold_end_s + 0.5, hold_s=true[0].hold_s + 0.5)
    incomplete = as_found(true[1], complete=False)
    stray = as_found(true[2], start_s=900.0, hold_start_s=901.0, hold_end_s=904.0, end_s=905.0)
    got = table_of(simulated, [late, incomplete, stray])
    assert got.kind.value_counts().to_dict() == {"matched": 2, "missed": len(true) - 2, "false": 1}
    # The rep called incomplete was not counted, so it counts as missed although it was seen.
    assert count_tally(got) == Tally(1, 1, len(true) - 1)
    assert got.error_hold_s.dropna().tolist() == pytest.approx([0.5, 0.0])
    assert came_true(got[got.kind != "missed"]).tolist() == [True, False, False]


def test_seeds_for_judging_are_never_those_for_tuning():
    jobs = {name: list(sets.set_jobs(name, 3)) for name in sets.FIRST_SEED}
    tuned, judged = ({job.seed for job in jobs[name]} for name in ("development", "held-out"))
    assert not tuned & judged
    assert len(tuned) == len(jobs["development"])
    assert {job.shape for job in jobs["held-out"]} == {None, *sets.SHAPES["held-out"]}
    assert not set(sets.SHAPES["development"]) & set(sets.SHAPES["held-out"])
    every = [job.seed for name in sets.FIRST_SEED for job in (
        *others.nobody_jobs(name, 5, 60.0, 48), *others.visit_jobs(name, 20), *sets.set_jobs(name, 20)
    )]  # fmt: skip
    assert len(every) == len(set(every))


def test_every_cell_has_a_grade_and_left_mirrors_right():
    for exercise in sets.nine():
        assert sets.grade(exercise, "left_thigh", "left") == sets.grade(exercise, "right_thigh", "right")
        assert sets.grade(exercise, "left_thigh", "right") == sets.grade(exercise, "right_thigh", "left")
    assert {sets.hold_class(e) for e in ("glute_bridge", "clamshell", "pelvic_tilt")} == {"short"}
    assert {sets.hold_class(e) for e in ("cobra_stretch", "childs_pose")} == {"long"}


def test_a_set_can_be_made_again_from_its_row():
    job = next(sets.set_jobs("development", 1, ("none",)))
    row = pd.DataFrame(sets.run_set(job)).iloc[0]
    assert sets.SetJob.of_row(row) == job


CASE = people.Case(
    "t", "r", "d", "rec", "p", "generic", "thigh", 3, 4, reps=((10, 12), (20, 22), (30, 32)), edge=1, margin_s=1.0
)


def said(*moments_s: float, case: people.Case = CASE) -> dict:
    moments = np.array(moments_s, float)
    return real._whole(case, real.Answer("m", len(moments), len(moments), len(moments), moments))


def test_a_rep_cut_by_the_edge_may_be_counted_or_not():
    assert said(11, 21, 31)["right"]
    exact = said(11, 21, 31, 39)
    assert (exact["right"], exact["false"], exact["missed"], exact["error"]) == (True, 0, 0, 0)
    over = said(11, 16, 21, 31, 39)
    assert (over["right"], over["false"], over["error"]) == (False, 1, 1)
    assert said(11)["error"] == -2


def test_the_other_phase_is_found_but_said():
    unsure = replace(CASE, sure_phase=False)
    assert said(16, 26, 36, case=unsure)["in_phase"] is False
    assert said(16, 26, 36, case=unsure)["missed"] == 0
    assert said(11, 21, 31, case=unsure)["in_phase"] is True
    assert said(16, 26, 36)["missed"] == 3


def test_blocks_are_judged_apart_from_idle_time():
    case = replace(CASE, blocks=(("a", 8.0, 24.0, 2), ("b", 28.0, 34.0, 1)), attempts=True)
    moments = np.array([11.0, 21.0, 26.0, 31.0, 33.0, 50.0])
    got = {row["row"]: row for row in real._blocks(case, real.Answer("m", 6, 6, 6, moments))}
    assert (got["a"]["right"], got["a"]["false"], got["a"]["missed"]) == (True, 0, 0)
    assert (got["b"]["right"], got["b"]["false"], got["b"]["error"]) == (False, 1, 1)
    assert (got["idle"]["false"], got["idle"]["right"]) == (2, False)


@pytest.mark.skipif(not people.available(), reason=people.ABSENT)
def test_the_real_recordings_are_those_that_were_described():
    cases = people.cases()
    groups = pd.Series([(c.table, c.row) for c in cases]).value_counts()
    sure = [groups[real_tables.SURE, e] for e in ("glute_bridge", "clamshell", "bird_dog")]
    assert sum(sure) == 52
    assert groups[real_tables.UCI, ""] == 12
    assert groups[real_tables.STANDING, "squats, thigh"] == groups[real_tables.STANDING, "squats, lower back"] == 30
    assert all(len(case.blocks) == 3 and {n for *_, n in case.blocks} == {10} for case in cases if case.blocks)
    quiet = [c for c in cases if c.table == real_tables.NOBODY and c.row != real_tables.APART]
    hours = sum(people.read_case(case).duration_s for case in quiet) / 3600
    assert hours == pytest.approx(2.1, abs=0.05)


@pytest.mark.skipif(not people.available(), reason=people.ABSENT)
def test_a_real_recording_is_judged_for_every_method():
    case = next(c for c in people.cases() if c.blocks)
    got = pd.DataFrame(real.run_case(case, dtw=False))
    assert set(got.method) == {real.OURS, *real.BASELINES}
    assert got.groupby("method").size().eq(4).all()
    assert not got.isin(["acc", "gyr"]).to_numpy().any()


def test_missing_recordings_leave_the_real_parts_out(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(people, "REAL", tmp_path / "absent")
    assert cli.main(["--only", "real", "--workers", "1"]) == 0
    assert "left out" in capsys.readouterr().out


def test_text_and_figures_stand_in_columns():
    table = tables.Table("T", ("row", "n"), [("short", "1"), ("a longer one", "12")], "simulated", "note")
    assert tables.as_text(table).splitlines() == [
        "T  [simulated]", "  row            n", "  short          1", "  a longer one  12", "  note",
    ]  # fmt: skip
    assert "| a longer one | 12 |" in tables.as_markdown(table)
    assert tables.number(-0.001) == "0.00"
    assert tables.share(52, 52) == "93-100 %"
    assert tables.between((float("nan"), float("nan"))) == tables.NOTHING


def test_what_is_missed_comes_first():
    frame = pd.DataFrame(
        [{"part": "case", "case_id": c, "met": met} for c, met in (("A1", True), ("A2", False)) for _ in range(20)]
    )
    daily = {"kind": "daily", "method": real.OURS, "label": others.AS_AUTO, "false": 0, "hours": 25.0}
    (table,) = goals.goal_tables({"cases": frame, "nobody": pd.DataFrame([daily])})
    assert [row[-1] for row in table.rows] == ["MISSED", "met"]
    assert table.rows[0][2] == "1 of 2"
    (table,) = goals.goal_tables({"nobody": pd.DataFrame([daily | {"hours": 2.0}])})
    assert table.rows[0][-1] == tables.NOTHING  # two hours are too few to say


def test_the_whole_command_on_little(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    only = [word for part in ("sets", "visits", "cases") for word in ("--only", part)]
    small = ["--sets-per-cell", "1", "--visits", "1", "--case-seeds", "1", "--grade", "full", "--workers", "1"]
    monkeypatch.setattr(sets, "PLACEMENTS", ("right_thigh",))
    monkeypatch.setattr(sets, "SIDES", ("right",))
    monkeypatch.setattr(others, "SEATS", ("hip",))
    monkeypatch.setattr(others, "case_ids", lambda: ("A24", "A46"))
    assert cli.main([*only, *small, "--dump", "reps.parquet", "--write", "docs/accuracy.md"]) == 0
    out = capsys.readouterr().out
    for title in (
        "Asked and measured, simulated",
        "Simulated sets, holds",
        "Simulated visits as auto",
        "Adversarial",
    ):
        assert title in out
    assert "real people" not in out
    dumped = pd.read_parquet("reps.parquet")
    assert {"true_hold_s", "found_hold_s", "found_hold_s_low", "error_hold_s", "found_flags", "seed"} <= {*dumped}
    page = Path("docs/accuracy.md").read_text(encoding="utf-8")
    assert "| --- |" in page
    for name in ("holds", "reliability", "worst"):
        assert f"figures/{name}.svg" in page
        assert Path(f"docs/figures/{name}.svg").stat().st_size > 5000


def test_a_crash_costs_only_its_own_recording(monkeypatch, capsys):
    def breaks_on_second(job):
        if job == 2:
            raise ValueError("of all things")
        return [{"job": job}]

    done = list(parts.spread(breaks_on_second, [1, 2, 3], 1))
    assert [done[0], done[2]] == [[{"job": 1}], [{"job": 3}]]
    assert "of all things" in done[1]
    monkeypatch.setattr(cli, "run_part", lambda *args: (pd.DataFrame(), ["that one"]))
    assert cli.main(["--only", "sets"]) == 1
    assert "CRASHED: that one" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["benchmarks/accuracy"], ["-m", "benchmarks.accuracy"]])
def test_both_ways_to_call_it_work_from_the_root(command):
    done = subprocess.run(
        [sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--seeds" in done.stdout
