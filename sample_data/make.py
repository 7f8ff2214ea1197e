"""The sample recordings: nine simulated sessions, two simulated phone exports and a raw log, with their truth.

    python sample_data/make.py            writes sample_data/sessions/, phone/, raw/ and truth.json

The same every time. The cohort has a command of its own, sample_data/cohort.py.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from phone_exports import write_phyphox, write_sensor_logger
from raw_session import write_raw
from sciatrack_ingest.files.write import write_recording
from sciatrack_ingest.recording import Recording
from sciatrack_signal.simulate import LinkOptions, Options, Simulated, simulate_set

RATE_HZ = 50.0
START_UTC = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)
TIMEZONE = "Europe/Berlin"
# Steps of a good chip; finer digits are noise that does not compress.
ACC_STEP, GYR_STEP, TIME_STEP = 0.01, 0.001, 1e-4
OPTIONS = Options(
    tail_s=(10.0, 12.0),
    lapses=False,
    leave_between=False,
    prop=False,
    others=0.0,
    acc_range_g=8.0,
    gyro_range_dps=500.0,
    link=LinkOptions(loss=0.002, batch=1, drawn_gaps=False),
)


@dataclass(frozen=True)
class Session:
    """One sample: what is done where, and the seed, picked so that the person moves about as far as most."""

    exercise: str
    placement: str
    seed: int
    reps: int
    hold_s: float | None = None
    site: str | None = None


# Each where the sensor shows counts and holds; bird-dog is asked for per side.
SESSIONS = (
    Session("glute_bridge", "right_thigh", 4, 10),
    Session("knee_to_chest", "right_thigh", 2, 5),
    Session("clamshell", "right_thigh", 1, 8),
    Session("bird_dog", "right_thigh", 3, 5),
    Session("cobra_stretch", "hip", 2, 3, 15.0),
    Session("childs_pose", "hip", 4, 3, 16.0),
    Session("standing_hamstring_stretch", "hip", 8, 3, 15.0),
    Session("pelvic_tilt", "hip", 2, 10),
    Session("lying_gluteal_stretch", "right_thigh", 3, 3, 18.0),
)
# A phone in the trouser pocket or strapped to the thigh.
SENSOR_LOGGER = Session("knee_to_chest", "right_thigh", 6, 5, site="front_pocket")
PHYPHOX = Session("childs_pose", "right_thigh", 4, 3, 15.0, site="thigh_anterior")


def simulate(session: Session, number: int) -> Simulated:
    """The simulation of one sample, rounded as it will be written."""
    made = simulate_set(
        session.exercise,
        session.placement,
        seed=session.seed,
        severity="mild",
        reps=session.reps,
        hold_s=session.hold_s,
        shape="minimum_jerk",
        rate_hz=RATE_HZ,
        lead_s=(11.0, 13.0),
        options=replace(OPTIONS, site=session.site),
    )
    rec = made.recording
    start = START_UTC + dt.timedelta(days=number, minutes=7 * number)
    labels = {"participant": "sample", "start_utc": start, "timezone": TIMEZONE}
    return replace(made, recording=replace(_rounded(rec), **labels))


def make(folder: Path) -> None:
    """Writes everything below `folder`."""
    (folder / "sessions").mkdir(parents=True, exist_ok=True)
    (folder / "phone").mkdir(parents=True, exist_ok=True)
    truth: dict[str, Any] = {}
    for number, session in enumerate(SESSIONS):
        made = simulate(session, number)
        path = folder / "sessions" / f"{number + 1}_{session.exercise}.parquet"
        write_recording(made.recording, path)
        truth[f"sessions/{path.name}"] = truth_of(made)
    for number, (session, name, write) in enumerate(
        (
            (SENSOR_LOGGER, "sensor_logger_knee_to_chest.zip", write_sensor_logger),
            (PHYPHOX, "phyphox_childs_pose.zip", write_phyphox),
        )
    ):
        made = simulate(session, len(SESSIONS) + number)
        write(made.recording, folder / "phone" / name)
        truth[f"phone/{name}"] = truth_of(made)
    made = simulate(SESSIONS[0], 0)
    write_raw(made.recording, folder / "raw")
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def truth_of(made: Simulated) -> dict[str, Any]:
    """What really happened, as it is written to truth.json; seconds on the file's clock, degrees."""
    (block,) = made.blocks
    return {
        "exercise": block.exercise,
        "placement": made.recording.placement,
        "side": block.side,
        "observability": block.observability,
        "seed": made.seed,
        "count": block.count,
        "reps": [_plain(asdict(rep)) for rep in block.reps],
    }


def _plain(rep: dict[str, Any]) -> dict[str, Any]:
    rounded = {key: round(value, 3) if isinstance(value, float) else value for key, value in rep.items()}
    return rounded | {"flags": list(rep["flags"])}


def _rounded(rec: Recording) -> Recording:
    """The recording in steps that compress well."""
    assert rec.gyr is not None
    return replace(
        rec,
        time_s=np.round(np.round(rec.time_s / TIME_STEP) * TIME_STEP, 4),
        acc=np.round(np.round(rec.acc / ACC_STEP) * ACC_STEP, 2) + 0.0,
        gyr=np.round(np.round(rec.gyr / GYR_STEP) * GYR_STEP, 3) + 0.0,
    )


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    make(target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"wrote {target}, {size / 1e6:.2f} MB in all", file=sys.stderr)
