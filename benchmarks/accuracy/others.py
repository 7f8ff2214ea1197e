"""Simulated recordings that are not one labelled set: nobody exercising, whole visits, adversarial cases."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from accuracy.real import OURS
from accuracy.rows import Row, rep_rows, spans
from accuracy.sets import FIRST_SEED, SHAPES, grade, nine, works_one_leg
from baselines import BASELINES
from sciatrack_ingest import Recording, SciatrackError, read, write_recording
from sciatrack_signal.agreement import iou
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Analysis
from sciatrack_signal.simulate import (
    KINDS,
    AdversarialCase,
    Simulated,
    adversarial,
    case_ids,
    simulate_nobody,
    simulate_visit,
)

DAILY = "daily"
SEATS = ("hip", "right_thigh", "left_thigh")
# Seeds of the parts do not meet those of the sets or of each other.
NOBODY_SEED, DAILY_SEED, VISIT_SEED, CASE_SEED = 2_000_000, 3_000_000, 4_000_000, 5_000_000
SHORT_S, DAILY_S = 600.0, 1800.0
AS_AUTO, AS_LABELLED = "auto", "named as an exercise"
GENERIC = "generic"
NO_EXERCISE = "none"


@dataclass(frozen=True)
class NobodyJob:
    kind: str
    placement: str
    seed: int
    duration_s: float


def nobody_jobs(seeds: str, each: int, duration_s: float, daily: int) -> Iterator[NobodyJob]:
    """`each` recordings of every kind and placement, and so many half hours of daily living."""
    first = FIRST_SEED[seeds]
    number = 0
    for kind in KINDS:
        if kind == DAILY:
            continue
        for placement in SEATS:
            for _ in range(each):
                number += 1
                yield NobodyJob(kind, placement, first + NOBODY_SEED + number, duration_s)
    for k in range(daily):
        yield NobodyJob(DAILY, SEATS[k % len(SEATS)], first + DAILY_SEED + k, DAILY_S)


def run_nobody(job: NobodyJob) -> list[Row]:
    """False reps of every method; ours also with the label of an exercise that nobody does."""
    made = simulate_nobody(job.kind, seed=job.seed, duration_s=job.duration_s, placement=job.placement)
    recording = made.recording
    about = asdict(job) | {"hours": recording.duration_s / 3600, "grade": "", "label": AS_AUTO}
    rows = [about | {"method": OURS} | _false(analyze(recording, exercise="auto"))]
    seen = [e for e in nine() if grade(e, job.placement, "right") != "none"]
    label = seen[job.seed % len(seen)]
    side = job.placement.removesuffix("_thigh") if works_one_leg(label) and job.placement != "hip" else None
    named = analyze(recording, exercise=label, side=side)
    rows.append(about | {"method": OURS, "label": AS_LABELLED, "exercise": label} | _false(named))
    for name, method in BASELINES.items():
        moments_s = method(recording)
        if moments_s is not None:
            rows.append(about | {"method": name, "false": len(moments_s)})
    return rows


def _false(analysis: Analysis) -> Row:
    reps = [rep for block in analysis.blocks for rep in block.reps]
    minutes = sum(rep.end_s - rep.start_s for rep in reps) / 60
    return {"false": len(reps), "false_min": minutes, "at_s": [round(rep.start_s, 1) for rep in reps]}


@dataclass(frozen=True)
class VisitJob:
    placement: str
    side: str
    seed: int
    shape: str | None


def visit_jobs(seeds: str, each: int) -> Iterator[VisitJob]:
    """`each` visits for every placement; every third person moves in a shape kept for judging."""
    shapes = SHAPES[seeds]
    for n, placement in enumerate(SEATS):
        for k in range(each):
            shape = shapes[(k // 3) % len(shapes)] if k % 3 == 0 else None
            seed = FIRST_SEED[seeds] + VISIT_SEED + 1000 * n + k
            yield VisitJob(placement, ("right", "left")[k % 2], seed, shape)


def run_visit(job: VisitJob) -> list[Row]:
    """A whole visit analysed as `auto`: a row a rep, and a row a block for counts and names."""
    made = simulate_visit(None, job.placement, seed=job.seed, side=job.side, shape=job.shape)
    analysis = analyze(made.recording, exercise="auto")
    about = asdict(job) | {"recording": made.recording.name, "hours": made.recording.duration_s / 3600}
    about |= {"shape": job.shape or "drawn", "severity": made.severity}
    reps = rep_rows(made, analysis, about | {"part": "rep"})
    return reps + [about | {"part": "block"} | row for row in _block_rows(made, analysis)]


def _block_rows(made: Simulated, analysis: Analysis) -> list[Row]:
    """What was done and what it was called; blocks found where nothing was done come last."""
    listed = [(block.exercise, rep) for block in analysis.blocks for rep in block.reps]
    middles_s = [0.5 * (rep.start_s + rep.end_s) for _, rep in listed]
    rows: list[Row] = []
    for block in made.blocks:
        inside = [k for k, at_s in enumerate(middles_s) if block.start_s <= at_s <= block.end_s]
        counted = sum(listed[k][1].complete and "inferred" not in listed[k][1].flags for k in inside)
        # Where the placement shows nothing, silence is right.
        asked = 0 if block.observability == "none" else block.count
        rows.append({
            "true": block.exercise, "grade": block.observability, "named": _name([listed[k][0] for k in inside]),
            "count_true": asked, "count": counted, "right": counted == asked,
        })  # fmt: skip
    for block in analysis.blocks:
        if block.reps and not (iou(spans(made.reps), spans(block.reps)) > 0).any():
            named = _name([block.exercise])
            rows.append({"true": NO_EXERCISE, "grade": "", "named": named, "count": len(block.reps)})
    return rows


def _name(names: list[str]) -> str:
    """The exercise that most reps were called; nothing where none was found or none was named."""
    called = Counter(name for name in names if name != GENERIC)
    return called.most_common(1)[0][0] if called else ""


@dataclass(frozen=True)
class CaseJob:
    case_id: str
    seed: int


def case_jobs(seeds: str, each: int) -> Iterator[CaseJob]:
    for case_id in case_ids():
        for k in range(each):
            yield CaseJob(case_id, FIRST_SEED[seeds] + CASE_SEED + k)


def run_adversarial(job: CaseJob) -> list[Row]:
    """Whether one case is met; cases about files go through a file as a user's would. And a row a rep for holds."""
    case = adversarial(job.case_id, seed=job.seed)
    recording = case.recording
    words = {"what": case.what, "expect": case.expect.words, "duration_s": recording.duration_s}
    row: Row = asdict(job) | {"part": "case", **words}
    if case.expect.refused:
        given = _through_file(case)
        if isinstance(given, str):
            return [row | {"met": True, "why": f"refused: {given}"}]
        recording = given
    analysis = analyze(recording)
    failed = case.failures(analysis)
    note = "; ".join(block.note for block in analysis.blocks if block.note)
    out = [row | {"met": not failed, "why": "; ".join(failed), "note": note}]
    return out + [
        asdict(job) | {"part": "rep", "exercise": rep["true_exercise"]} | rep
        for rep in rep_rows(case.simulated, analysis, {"recording": recording.name})
    ]


def _through_file(case: AdversarialCase) -> Recording | str:
    """The recording as read from a file with the units that the case claims, or why it was refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_recording(case.recording, Path(folder) / "recording.parquet")
        units_gyr = case.units["gyr"] if case.recording.gyr is not None else None
        try:
            return read(path, units_acc=case.units["acc"], units_gyr=units_gyr)
        except SciatrackError as refusal:
            return str(refusal).replace(folder, "")
