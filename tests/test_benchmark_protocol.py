"""Tables of overlaps, moments, holds end to end and prescriptions, and the stresses, on answers that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from accuracy import parts, protocol_tables, robust
from accuracy.sets import set_jobs, simulate_job
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.simulate import simulate_set

EDGES = ("start_s", "hold_start_s", "hold_end_s", "end_s")


def rows_of(true, found, hit, hold_class: str = "short", person: str = "p1") -> pd.DataFrame:
    """Rows as the benchmark makes them, of moments (4,) true and found; None where there is none."""
    out = []
    for t, f, h in zip(true, found, hit, strict=True):
        row = {"recording": person, "exercise": "e", "placement": "hip", "side": "both", "seed": 1, "grade": "full"}
        row |= {"hold_class": hold_class, "hit": h, "counted_true": t is not None, "counted_found": f is not None}
        for k, name in enumerate(EDGES):
            row[f"true_{name}"] = np.nan if t is None else t[k]
            row[f"found_{name}"] = np.nan if f is None else f[k]
            row[f"error_{name}"] = np.nan if t is None or f is None else f[k] - t[k]
        row["true_hold_s"] = np.nan if t is None else t[2] - t[1]
        row["found_hold_s"] = np.nan if f is None else f[2] - f[1]
        row["error_hold_s"] = row["found_hold_s"] - row["true_hold_s"]
        row["count"], row["count_true"] = sum(x is not None for x in found), sum(x is not None for x in true)
        out.append(row)
    return pd.DataFrame(out)


TRUE = [(10.0 * k, 10.0 * k + 1, 10.0 * k + 5, 10.0 * k + 6) for k in range(4)]


def cells(table, row: int = 0) -> dict[str, str]:
    return dict(zip(table.header, table.rows[row], strict=True))


def test_a_match_by_half_counts_at_half_and_not_at_three_quarters():
    short = (0.0, 1.0, 3.0, 3.6)  # 60 % of the first
    rows = rows_of(TRUE, [short, *TRUE[1:]], [True] * 4)
    table = protocol_tables.overlaps(rows)
    assert [row[3] for row in table.rows] == ["1.0000", "1.0000", "0.7500"]
    assert cells(table)["mean overlap"] == "0.900"


def test_reps_run_together_and_cut_apart_are_told():
    parts_of = np.array([(0.0, 4.0), (5.0, 9.0), (20.0, 24.0)])
    assert protocol_tables.merges(parts_of, np.array([(0.0, 9.0), (20.0, 24.0)])) == 1
    assert protocol_tables.merges(parts_of, parts_of) == 0
    assert protocol_tables.merges(np.empty((0, 2)), parts_of) == 0
    rows = rows_of([*TRUE[:2], None], [None, None, (0.0, 1.0, 15.0, 16.0)], [False] * 3)
    assert "1 found reps hold most of two true ones" in protocol_tables.overlaps(rows).note


def test_each_moment_has_its_own_error():
    late = [(a, b + 0.2, c, d) for a, b, c, d in TRUE]
    table = protocol_tables.boundaries(rows_of(TRUE, late, [True] * 4))
    assert [row[0] for row in table.rows] == list(EDGES)
    assert [row[2] for row in table.rows] == ["0.000", "0.200", "0.000", "0.000"]
    assert cells(table, 1)["in 0.25 s"] == "100.0 %"


def test_end_to_end_a_missed_rep_was_held_for_nothing():
    rows = rows_of(TRUE, [*TRUE[:3], None], [True, True, True, False])
    got = cells(protocol_tables.holds_end_to_end(rows))
    assert got["MAE s"] == "0.000"
    assert got["end to end MAE s"] == "1.000"  # 4 s of one rep in four
    assert got["held time found"] == "75.0 %"


def test_a_hold_that_was_kept_must_be_seen_to_be_kept():
    true = [(0.0, 1.0, 1.0 + hold, 2.0 + hold) for hold in (2.0, 2.9, 3.1, 4.0)]
    true = [tuple(10 * k + np.array(t)) for k, t in enumerate(true)]
    longer = [(a, b, c + 0.2, d + 0.2) for a, b, c, d in true]
    got = cells(protocol_tables.prescription(rows_of(true, [*longer[:3], None], [True, True, True, False])))
    assert got["kept, said so"] == "1 of 2"
    assert got["not kept, said so"] == "1 of 2"


def test_long_prescriptions_are_asked_of_long_holds_only():
    table = protocol_tables.prescription(rows_of(TRUE, TRUE, [True] * 4))
    assert [row[0] for row in table.rows] == ["3 s", "5 s"]


def test_without_sets_graded_full_there_is_no_table():
    assert protocol_tables.protocol_tables(rows_of(TRUE, TRUE, [True] * 4).assign(grade="weak")) == []


@pytest.fixture(scope="module")
def simulated():
    return simulate_set("clamshell", "right_thigh", seed=5, clean=True, rate_hz=50.0)


@pytest.mark.parametrize("name", robust.STRESSES)
def test_each_stress_is_what_it_says(simulated, name):
    before = simulated.recording
    after = robust.STRESSES[name](before, np.random.default_rng(1))
    assert (np.diff(after.time_s) > 0).all()
    if name in (robust.PLAIN, robust.PRESCRIPTION):
        assert after is before
        return
    gone = before.gyr is not None and after.gyr is None
    changed = after.n_samples != before.n_samples or gone
    changed = (
        changed or not np.array_equal(after.acc, before.acc) or not np.array_equal(after.time_s, before.time_s)
    )
    assert changed or not np.array_equal(after.gyr, before.gyr)
    if "turned" in name:  # no length changes when a sensor is turned
        assert np.allclose(np.linalg.norm(after.acc, axis=1), np.linalg.norm(before.acc, axis=1))
    if name.endswith("Hz"):
        assert after.sampling_rate_hz == pytest.approx(float(name.split()[0]))


def test_the_other_prescription_asks_something_else_of_everything():
    other = robust._other_prescription()
    assert other.keys() == catalogue().keys()
    assert all(other[name].hold_s != exercise.hold_s for name, exercise in catalogue().items())
    assert all(other[name].views == exercise.views for name, exercise in catalogue().items())


def test_neither_mount_nor_prescription_changes_an_answer():
    job = robust.RobustJob(replace(next(set_jobs("development", 1, ("full",))), seed=1501))
    rows = pd.DataFrame(robust.run_robust(job))
    assert set(rows.stress) == set(robust.STRESSES)
    for name in robust.MUST_BE_SAME:
        assert rows[rows.stress == name].same.all()
    assert not rows[rows.stress == "much noise"].same.any()
    (table,) = robust.robust_tables(rows)
    assert len(table.rows) == len(robust.STRESSES)
    assert cells(table, 1)["same answer"] == "1 of 1"


def test_stressed_sets_share_no_seed_with_others():
    plain = {(job.exercise, job.seed) for job in set_jobs("development", 100, ("full",))}
    stressed = {(job.set.exercise, job.set.seed) for job in robust.robust_jobs("development", 3)}
    assert not plain & stressed
    assert len(stressed) == 3 * len(set(set_jobs("development", 1, ("full",))))
    assert simulate_job(next(robust.robust_jobs("development", 1)).set).recording.gyr is not None


def test_the_parts_are_known_to_the_benchmark():
    assert "robust" in parts.SIMULATED
    assert parts.tables_of("robust", pd.DataFrame()) == []
