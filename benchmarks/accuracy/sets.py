"""Simulated sets: every exercise, placement and side, with a person, a sensor and a way of moving of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from accuracy.rows import Row, rep_rows
from baselines import BASELINES, Baseline
from sciatrack_ingest import Recording
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.pipeline import analyze
from sciatrack_signal.simulate import Simulated, simulate_set

PLACEMENTS = ("hip", "left_thigh", "right_thigh", "thigh")
SIDES = ("left", "right")
GRADES = ("full", "counts", "weak", "none")
# Seeds are ranges apart: thresholds may be tuned on the first and are never looked at on the second.
FIRST_SEED = {"development": 0, "held-out": 10_000_000}
# Every third set moves in a shape named here, not in a drawn one; the simulator keeps the second row for judging.
SHAPES = {
    "development": ("half_cosine", "early_bell", "late_bell"),
    "held-out": ("creeping", "ratchet", "hesitant", "logistic"),
}
DRAWN = "drawn"
NAMED_SHAPE_EVERY = 3
NO_GYROSCOPE_EVERY = 4
# The simulator draws 50 to 200 Hz; these take the least that the contract's sensors give.
SLOW_SENSOR_EVERY, SLOW_SENSOR_HZ = 7, 20.0
SEEDS_PER_CELL = 1000
LONG_HOLD_S = 10.0  # the nine ask either 2 to 5 s or 15 to 30 s


@dataclass(frozen=True)
class SetJob:
    """One set to simulate and analyse; `shape` None leaves it to the simulator."""

    exercise: str
    placement: str
    side: str
    seed: int
    shape: str | None
    gyroscope: bool
    asked_rate_hz: float | None

    @classmethod
    def of_row(cls, row: Any) -> SetJob:
        """The job that a row of results came from."""
        shape = None if row["shape"] == DRAWN else row["shape"]
        rate_hz = None if np.isnan(row["asked_rate_hz"]) else float(row["asked_rate_hz"])
        labels = (row[name] for name in ("exercise", "placement", "side"))
        return cls(*labels, int(row["seed"]), shape, bool(row["gyroscope"]), rate_hz)


def simulate_job(job: SetJob) -> Simulated:
    return simulate_set(
        job.exercise, job.placement, seed=job.seed, side=job.side,
        shape=job.shape, mount="drawn", gyroscope=job.gyroscope, rate_hz=job.asked_rate_hz,
    )  # fmt: skip


def set_jobs(seeds: str, per_cell: int, grades: tuple[str, ...] = GRADES) -> Iterator[SetJob]:
    """`per_cell` sets for each cell with one of the grades; another seed for every set."""
    cell = 0
    for exercise in nine():
        for placement in PLACEMENTS:
            for side in SIDES:
                cell += 1
                if grade(exercise, placement, side) not in grades:
                    continue
                for k in range(per_cell):
                    seed = FIRST_SEED[seeds] + cell * SEEDS_PER_CELL + k
                    shapes = SHAPES[seeds]
                    turn = k + cell  # so that few seeds a cell still cover all in the sum of cells
                    named = turn % NAMED_SHAPE_EVERY == 0
                    shape = shapes[(turn // NAMED_SHAPE_EVERY) % len(shapes)] if named else None
                    gyroscope = turn % NO_GYROSCOPE_EVERY != 0
                    rate_hz = SLOW_SENSOR_HZ if turn % SLOW_SENSOR_EVERY == 0 else None
                    yield SetJob(exercise, placement, side, seed, shape, gyroscope, rate_hz)


def nine() -> list[str]:
    """The exercises of the article."""
    return [name for name in catalogue() if name != "generic"]


def grade(exercise: str, placement: str, side: str) -> str:
    """Observability of a cell as the recording's labels say it: bilateral exercises have the side `both`."""
    return catalogue()[exercise].view(placement, side if works_one_leg(exercise) else "both").observability


def works_one_leg(exercise: str) -> bool:
    """Whether a set is done with one leg."""
    return catalogue()[exercise].sides in ("each", "painful")


def hold_class(exercise: str) -> str:
    """`short` for exercises that ask 2 to 5 s, `long` for those that ask 15 to 30 s."""
    return "long" if catalogue()[exercise].hold_s[0] >= LONG_HOLD_S else "short"


def run_set(job: SetJob) -> list[Row]:
    """Simulates and analyses one set as labelled; one row a rep, with what is true of the whole set on each."""
    made = simulate_job(job)
    analysis = analyze(made.recording)
    blocks = analysis.blocks
    about = asdict(job) | {
        "shape": job.shape or DRAWN,
        "recording": f"{made.recording.name}-{job.side}",
        "asked_rate_hz": job.asked_rate_hz if job.asked_rate_hz is not None else np.nan,
        "grade": grade(job.exercise, job.placement, job.side),
        "hold_class": hold_class(job.exercise),
        "severity": made.severity,
        "rate_hz": made.recording.sampling_rate_hz,
        "count_true": sum(block.count for block in made.blocks),
        "count": sum(block.count for block in blocks),
        "count_low": sum(block.count_low for block in blocks),
        "count_high": sum(block.count_high for block in blocks),
        "answered": any(block.reps for block in blocks),
        "note": "; ".join(block.note for block in blocks if block.note),
    }
    about |= {f"count {name}": _counted(method, made.recording) for name, method in BASELINES.items()}
    return rep_rows(made, analysis, about)


def _counted(method: Baseline, recording: Recording) -> float:
    moments_s = method(recording)
    return float("nan") if moments_s is None else float(len(moments_s))
