"""The recordings on which `sensitivity.py` scores every change of a threshold: made once, then only read.

Real people as in `accuracy` (left out where their recordings are not there), and simulated sets, faults and quiet
hours of development seeds. Nothing here is compared with a threshold; the same panel serves them all.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from accuracy import people, real, real_tables
from accuracy.faults import FaultJob, fault_jobs, flag_rows, simulate_fault
from accuracy.others import DAILY, DAILY_S, DAILY_SEED, SEATS
from accuracy.rows import Row, rep_rows
from accuracy.set_tables import came_true, count_tally, covered_by, held, one_a_set
from accuracy.sets import hold_class, set_jobs, simulate_job
from sciatrack_ingest import Recording
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Analysis
from sciatrack_signal.simulate import Simulated, simulate_nobody

SEEDS = "development"


@dataclass(frozen=True)
class PanelSize:
    """Sets for each cell graded full; pairs of sets with and without each fault; half hours in which nobody
    exercises. every, real_every: only each so-manyth of the simulated sets, of the recordings of real people
    (0: none of them)."""

    sets: int
    faults: int
    half_hours: int
    every: int = 1
    real_every: int = 1


SIZES = {
    "quick": PanelSize(sets=1, faults=1, half_hours=0, every=4, real_every=0),
    "least": PanelSize(sets=1, faults=1, half_hours=0, every=2, real_every=8),
    "small": PanelSize(sets=1, faults=1, half_hours=1, real_every=3),
    "full": PanelSize(sets=2, faults=2, half_hours=3),
}


@dataclass(frozen=True)
class Item:
    """One recording and what is true of it: a case of real people, a simulated set, a fault, or None for nobody."""

    recording: Recording
    truth: people.Case | Simulated | tuple[FaultJob, Any] | None
    exercise: str | None = None


def make_panel(size: PanelSize, path: Path) -> None:
    """Writes the panel as one pickle; a file of our own making, read by nobody else."""
    items = []
    if size.real_every and people.available():
        items += [Item(people.read_case(case), case) for case in people.cases()[:: size.real_every]]
    for job in islice(set_jobs(SEEDS, size.sets, ("full",)), None, None, size.every):
        made = simulate_job(job)
        items.append(Item(made.recording, made))
    for fault in islice(fault_jobs(SEEDS, size.faults), None, None, size.every):
        made = simulate_fault(fault)
        items.append(Item(made.recording, (fault, made.reps)))
    for k in range(size.half_hours):
        placement = SEATS[k % len(SEATS)]
        nobody = simulate_nobody(DAILY, seed=DAILY_SEED + k, duration_s=DAILY_S, placement=placement)
        items.append(Item(nobody.recording, None, "auto"))
    with path.open("wb") as file:
        pickle.dump(items, file)


def scores(path: Path) -> dict[str, float]:
    """What the detector, as it is imported, scores on the panel."""
    with path.open("rb") as file:
        items: list[Item] = pickle.load(file)
    rows: dict[str, list[Row]] = {"real": [], "sets": [], "faults": [], "nobody": []}
    for item in items:
        analysis = analyze(item.recording, exercise=item.exercise)
        part, found = _judged(item, analysis)
        rows[part] += found
    out: dict[str, float] = {}
    for part, summary in (("real", _real), ("sets", _sets), ("nobody", _nobody), ("faults", _faults)):
        if rows[part]:
            out |= summary(pd.DataFrame(rows[part]))
    return out


def _judged(item: Item, analysis: Analysis) -> tuple[str, list[Row]]:
    if isinstance(item.truth, people.Case):
        answer = real.ours(analysis.blocks, attempts=item.truth.attempts)
        return "real", [{"table": item.truth.table} | row for row in real.judged(item.truth, answer)]
    if isinstance(item.truth, Simulated):
        (block,) = item.truth.blocks
        about = {
            "recording": item.recording.name, "exercise": block.exercise, "placement": item.recording.placement,
            "side": item.recording.side, "seed": item.recording.name, "hold_class": hold_class(block.exercise),
            "count_true": block.count, "count": sum(b.count for b in analysis.blocks),
        }  # fmt: skip
        return "sets", rep_rows(item.truth, analysis, about)
    reps = [rep for block in analysis.blocks for rep in block.reps]
    if item.truth is None:
        return "nobody", [{"false": len(reps)}]
    return "faults", flag_rows(*item.truth, reps)


def _real(rows: pd.DataFrame) -> dict[str, float]:
    quiet = (rows.table == real_tables.NOBODY) | (rows.row == "idle")
    unclear = (rows.table == real_tables.UNSURE) | (rows.row == real_tables.APART)
    counted = rows[~quiet & ~unclear & (rows.true > 0)]
    return {
        "real_right": float(counted.right.sum()), "real_sets": float(len(counted)),
        "real_false": float(rows[quiet & ~unclear].false.sum()),
    }  # fmt: skip


def _sets(rows: pd.DataFrame) -> dict[str, float]:
    sets, holds = one_a_set(rows), held(rows)
    listed = rows[rows.kind != "missed"]
    off = {kind: holds[holds.hold_class == kind].error_hold_s.abs() for kind in ("short", "long")}
    out = {f"hold_{kind}_s": float(error.mean()) if len(error) else np.nan for kind, error in off.items()}
    return out | {
        "sets_right": float((sets["count"] == sets.count_true).sum()), "sets": float(len(sets)),
        "f1": count_tally(rows).f1, "covered": covered_by(holds).share, "holds": float(len(holds)),
        "brier": float(((listed.found_confidence - came_true(listed)) ** 2).mean()),
    }  # fmt: skip


def _nobody(rows: pd.DataFrame) -> dict[str, float]:
    return {"quiet_false": float(rows.false.sum())}


def _faults(rows: pd.DataFrame) -> dict[str, float]:
    has, flagged = rows.has.astype(bool), rows.flagged.astype(bool)
    return {
        "flags_hit": float((has & flagged).sum()), "flags": float(has.sum()),
        "flags_false": float((~has & flagged).sum()),
    }  # fmt: skip
