"""The same simulated sets under one stress at a time: what a turned sensor, a slow rate, losses or noise cost.

Two of them must change nothing at all: the sensor turned in its pouch, and another prescription.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from accuracy.rows import Row, rep_rows
from accuracy.set_tables import count_tally, held
from accuracy.sets import SEEDS_PER_CELL, SetJob, grade, set_jobs, simulate_job
from accuracy.tables import NOTHING, Table, k_of_n, number, percent, share
from sciatrack_ingest import Recording
from sciatrack_signal.agreement import coverage
from sciatrack_signal.exercises import catalogue
from sciatrack_signal.pipeline import analyze

ROBUST_SEED = 500  # within a cell's range of seeds, beyond those of the sets
PLAIN = "nothing"
PRESCRIPTION = "another prescription"
# Two moments are the same within this: the last bits differ when axes are turned, and where one of them decides on
# which side of a threshold a row lies, an edge moves by a row of the 25 Hz grid.
SAME_S = 0.04
SLIP_DEG, SLIP_TAKES_S = 18.0, 0.4
Stress = Callable[[Recording, np.random.Generator], Recording]


def turned(recording: Recording, rng: np.random.Generator) -> Recording:
    """The sensor in any other orientation."""
    turn = _rotation(rng.normal(size=4))
    gyr = recording.gyr
    return replace(recording, acc=recording.acc @ turn.T, gyr=None if gyr is None else gyr @ turn.T)


def at_rate(rate_hz: float) -> Stress:
    """Read off at another rate, after a low pass at 0.4 of a slower one, as a sensor does."""

    def change(recording: Recording, rng: np.random.Generator) -> Recording:
        from scipy.ndimage import gaussian_filter1d

        time_s = np.arange(recording.time_s[0], recording.time_s[-1], 1.0 / rate_hz)
        ratio = recording.sampling_rate_hz / rate_hz

        def read_off(values: np.ndarray) -> np.ndarray:
            smooth = gaussian_filter1d(values, 0.45 * ratio, axis=0, mode="nearest") if ratio > 1 else values
            return np.column_stack([np.interp(time_s, recording.time_s, column) for column in smooth.T])

        gyr = None if recording.gyr is None else read_off(recording.gyr)
        return replace(recording, time_s=time_s, acc=read_off(recording.acc), gyr=gyr, nominal_rate_hz=rate_hz)

    return change


def lost(share: float, packet: int = 10) -> Stress:
    """So large a share of packets is missing."""

    def change(recording: Recording, rng: np.random.Generator) -> Recording:
        packets = np.arange(recording.n_samples) // packet
        kept = ~(rng.random(packets[-1] + 1) < share)[packets]
        gyr = None if recording.gyr is None else recording.gyr[kept]
        return replace(recording, time_s=recording.time_s[kept], acc=recording.acc[kept], gyr=gyr)

    return change


def jittered(recording: Recording, rng: np.random.Generator) -> Recording:
    """Each stamp is off by up to 40 % of a period."""
    by_s = rng.uniform(-0.4, 0.4, recording.n_samples) / recording.sampling_rate_hz
    return replace(recording, time_s=np.maximum.accumulate(recording.time_s + by_s) + 1e-9 * np.arange(len(by_s)))


def biased(recording: Recording, rng: np.random.Generator) -> Recording:
    """3 deg/s on each axis of the gyroscope, a bad but usual one."""
    gyr = recording.gyr
    return replace(recording, gyr=None if gyr is None else gyr + np.radians(3.0))


def no_gyroscope(recording: Recording, rng: np.random.Generator) -> Recording:
    return replace(recording, gyr=None)


def noisy(recording: Recording, rng: np.random.Generator) -> Recording:
    """0.3 m/s^2 and 3 deg/s of white noise a sample: ten cheap sensors' worth."""
    acc = recording.acc + rng.normal(0, 0.3, recording.acc.shape)
    gyr = recording.gyr
    return replace(recording, acc=acc, gyr=None if gyr is None else gyr + np.radians(rng.normal(0, 3.0, gyr.shape)))


def slipped(recording: Recording, rng: np.random.Generator) -> Recording:
    """The strap turns by 18 degrees half way through the recording."""
    axis = rng.normal(size=3)
    axis /= np.linalg.norm(axis)
    middle_s = 0.5 * (recording.time_s[0] + recording.time_s[-1])
    angle = np.radians(SLIP_DEG) * np.clip((recording.time_s - middle_s) / SLIP_TAKES_S, 0.0, 1.0)

    def turn(values: np.ndarray) -> np.ndarray:  # Rodrigues
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        return values * cos + np.cross(axis, values) * sin + axis * (values @ axis)[:, None] * (1 - cos)

    gyr = recording.gyr
    return replace(recording, acc=turn(recording.acc), gyr=None if gyr is None else turn(gyr))


def as_it_is(recording: Recording, rng: np.random.Generator) -> Recording:
    return recording


STRESSES: dict[str, Stress] = {
    PLAIN: as_it_is,
    "sensor turned at random": turned,
    PRESCRIPTION: as_it_is,
    "25 Hz": at_rate(25.0),
    "50 Hz": at_rate(50.0),
    "200 Hz": at_rate(200.0),
    "5 % of packets lost": lost(0.05),
    "20 % of packets lost": lost(0.2),
    "stamps off by 40 % of a period": jittered,
    "gyroscope off by 3 deg/s": biased,
    "no gyroscope": no_gyroscope,
    "much noise": noisy,
    "strap turned by 18 degrees half way": slipped,
}
MUST_BE_SAME = ("sensor turned at random", PRESCRIPTION)


@dataclass(frozen=True)
class RobustJob:
    set: SetJob


def robust_jobs(seeds: str, sets: int) -> Iterator[RobustJob]:
    """`sets` sets for each cell graded full, of seeds that no other part uses."""
    assert sets < SEEDS_PER_CELL - ROBUST_SEED
    for job in set_jobs(seeds, sets, ("full",)):
        yield RobustJob(replace(job, seed=job.seed + ROBUST_SEED, gyroscope=True, asked_rate_hz=None))


def run_robust(job: RobustJob) -> list[Row]:
    """Rows of one set under every stress, as `rep_rows`; `same`: count and holds are those without a stress."""
    made = simulate_job(job.set)
    rows: list[Row] = []
    plain: list[float] = []
    for number_of, (name, stress) in enumerate(STRESSES.items()):
        recording = stress(made.recording, np.random.default_rng([job.set.seed, number_of]))
        analysis = analyze(recording, exercises=_other_prescription() if name == PRESCRIPTION else None)
        listed = [
            moment
            for block in analysis.blocks for rep in block.reps
            for moment in (rep.start_s, rep.hold_start_s or 0.0, rep.hold_end_s or 0.0, rep.end_s)
        ]  # fmt: skip
        plain = listed if name == PLAIN else plain
        same = len(listed) == len(plain) and bool(np.allclose(listed, plain, rtol=0.0, atol=SAME_S))
        about = {
            "stress": name, "recording": f"{made.recording.name}-{job.set.side}", "same": same,
            "grade": grade(job.set.exercise, job.set.placement, job.set.side),
            "count": sum(block.count for block in analysis.blocks),
            "count_true": sum(block.count for block in made.blocks),
        }  # fmt: skip
        rows += rep_rows(made, analysis, about)
    return rows


def _other_prescription() -> dict[str, object]:
    """The catalogue with every dose changed: holds three times as long, other numbers of reps and sets."""
    return {
        name: replace(
            exercise, hold_s=(3 * exercise.hold_s[0] + 1, 3 * exercise.hold_s[1] + 1),
            hold_target_s=3 * exercise.hold_target_s + 1, reps=(1, 2), sets=9,
        )
        for name, exercise in catalogue().items()
    }  # fmt: skip


def robust_tables(rows: pd.DataFrame) -> list[Table]:
    """One row a stress."""
    out = []
    for name in STRESSES:
        part = rows[rows.stress == name]
        sets = part.drop_duplicates("recording")
        right, same, n = int((sets["count"] == sets.count_true).sum()), int(sets.same.sum()), len(sets)
        holds = held(part)
        inside = coverage(holds.found_hold_s_low, holds.found_hold_s_high, holds.true_hold_s)
        out.append((
            name, k_of_n(right, n), share(right, n), number(count_tally(part).f1, 4),
            number(holds.error_hold_s.abs().median(), 3), number(holds.error_hold_s.abs().mean(), 3),
            percent(inside.share), NOTHING if name == PLAIN else k_of_n(same, n),
            "all" if name in MUST_BE_SAME else "",
        ))  # fmt: skip
    header = ("stress", "sets right", "95 %", "F1", "hold median s", "MAE s", "covered", "same answer", "asked")
    return [Table(
        "Simulated sets under stress, one at a time (cells graded full)", header, out, "simulated",
        "The same sets in every row. Same answer: as many reps, each moment within a row of the grid (40 ms) of "
        "the first row's. A prescription must not pull the estimate, and no mount may matter. The strap turns "
        "within the set.",
    )]  # fmt: skip


def _rotation(q: np.ndarray) -> np.ndarray:
    """(3, 3) of a quaternion of any length; of four normal draws it is uniform."""
    w, x, y, z = q / np.linalg.norm(q)
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
