"""The parts of the benchmark: what jobs each has, how they are spread over processes, what tables come of them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import pandas as pd

from accuracy import people
from accuracy.fault_tables import fault_tables
from accuracy.faults import fault_jobs, run_fault
from accuracy.other_tables import case_tables, nobody_tables, visit_tables
from accuracy.others import case_jobs, nobody_jobs, run_adversarial, run_nobody, run_visit, visit_jobs
from accuracy.protocol_tables import protocol_tables
from accuracy.real import run_case, run_name, run_plate
from accuracy.real_tables import name_table, plate_table, real_tables
from accuracy.robust import robust_jobs, robust_tables, run_robust
from accuracy.rows import Row
from accuracy.set_tables import set_tables
from accuracy.sets import GRADES, run_set, set_jobs
from accuracy.tables import Table

REAL = ("real", "plate", "names")
SIMULATED = ("sets", "visits", "nobody", "cases", "faults", "robust")
PARTS = (*REAL, *SIMULATED)
# Recordings that take long come in small portions, so that no process is left with the last ones alone.
PORTION = 2


@dataclass(frozen=True)
class Size:
    """How much is simulated: sets for each exercise, placement and side; visits for each placement; recordings of
    nobody for each kind and placement, their length, and half hours of daily living; seeds for each adversarial
    case; sets with and without each fault; sets for each cell graded full under every stress. `dtw` runs the
    slowest baseline too."""

    sets: int
    visits: int
    nobody: int
    nobody_s: float
    daily: int
    seeds: int
    faults: int
    robust: int = 1
    dtw: bool = True


# quick: a glance for every change, under a minute on one core. full: what is published.
SIZES = {
    "quick": Size(sets=1, visits=1, nobody=1, nobody_s=120.0, daily=0, seeds=1, faults=1, robust=0, dtw=False),
    "full": Size(sets=10, visits=20, nobody=5, nobody_s=600.0, daily=48, seeds=20, faults=20, robust=3),
}


def run_part(
    part: str, size: Size, seeds: str, grades: tuple[str, ...], workers: int
) -> tuple[pd.DataFrame, list[str]]:
    """All rows of one part, and the jobs that crashed; no rows where recordings of real people are not there."""
    if part in REAL and not people.available():
        return pd.DataFrame(), []
    work, jobs = _jobs(part, size, seeds, grades)
    done = list(spread(work, list(jobs), workers))
    crashes = [result for result in done if isinstance(result, str)]
    rows = [row for result in done if not isinstance(result, str) for row in result]
    return pd.DataFrame(rows), crashes


def tables_of(part: str, rows: pd.DataFrame) -> list[Table]:
    if rows.empty:
        return []
    makers: dict[str, Callable[[pd.DataFrame], list[Table]]] = {
        "real": real_tables,
        "plate": lambda rows: [plate_table(rows)],
        "names": lambda rows: [name_table(rows)],
        "sets": lambda rows: [*set_tables(rows), *protocol_tables(rows)],
        "visits": visit_tables,
        "nobody": nobody_tables,
        "cases": case_tables,
        "faults": fault_tables,
        "robust": robust_tables,
    }
    return makers[part](rows)


def _jobs(
    part: str, size: Size, seeds: str, grades: tuple[str, ...] = GRADES
) -> tuple[Callable[[Any], list[Row]], Iterable[Any]]:
    if part == "real":
        return partial(run_case, dtw=size.dtw), people.cases()
    if part == "plate":
        return run_plate, people.sit_to_stand()
    if part == "names":
        return run_name, people.mex_names()
    if part == "sets":
        return run_set, set_jobs(seeds, size.sets, grades)
    if part == "visits":
        return run_visit, visit_jobs(seeds, size.visits)
    if part == "nobody":
        return run_nobody, nobody_jobs(seeds, size.nobody, size.nobody_s, size.daily)
    if part == "robust":
        return run_robust, robust_jobs(seeds, size.robust)
    if part == "faults":
        return run_fault, fault_jobs(seeds, size.faults)
    return run_adversarial, case_jobs(seeds, size.seeds)


def spread(work: Callable[[Any], list[Row]], jobs: list[Any], workers: int) -> Iterable[list[Row] | str]:
    """Rows of every job in order, from this process or from several; in place of the rows of a crash, its words."""
    guarded = partial(_guarded, work)
    if workers <= 1:
        return [guarded(job) for job in jobs]
    with get_context("spawn").Pool(workers) as pool:
        return pool.map(guarded, jobs, chunksize=PORTION)


def _guarded(work: Callable[[Any], list[Row]], job: Any) -> list[Row] | str:
    # One recording that breaks the analysis must not cost the figures of a thousand others, nor be passed over.
    try:
        return work(job)
    except Exception:
        return f"{job}\n{traceback.format_exc(limit=-3)}"
