"""The bundled sample sessions against their truth, and a handful of real people against what was counted by eye."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sciatrack_ingest import Recording, read
from signal_cases import Array, block_of

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_data"
REAL = ROOT.parent / "shared/data/real"
TRUTH: dict[str, Any] = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))
SESSIONS = [name for name in TRUTH if name.startswith("sessions/")]
# From this hold on a stretch is a long one, whose ends are softer.
LONG_HOLD_S = 10.0


def seen_of(name: str) -> list[dict[str, Any]]:
    """The true reps that the sensor itself saw."""
    return [rep for rep in TRUTH[name]["reps"] if not rep["indirect"]]


def hold_errors(name: str) -> tuple[list[float], list[float]]:
    """Found less true hold of each rep, and the true holds."""
    pairs = list(zip(block_of(read(SAMPLES / name)).reps, seen_of(name), strict=True))
    errors = [rep.hold_s - true["hold_s"] for rep, true in pairs if rep.hold_s is not None]
    return errors, [true["hold_s"] for _, true in pairs]


@pytest.mark.parametrize("name", SESSIONS)
def test_a_sample_session_is_counted_right(name: str) -> None:
    block = block_of(read(SAMPLES / name))
    true = TRUTH[name]
    assert (block.exercise, block.placement) == (true["exercise"], true["placement"])
    assert block.count == true["count"]
    for rep, known in zip(block.reps, seen_of(name), strict=True):
        assert rep.start_s < 0.5 * (known["hold_start_s"] + known["hold_end_s"]) < rep.end_s
        assert rep.start_s == pytest.approx(known["start_s"], abs=1.0)
        assert rep.end_s == pytest.approx(known["end_s"], abs=1.0)


def test_holds_of_the_sample_sessions_are_right() -> None:
    """Within 0.15 s for holds of seconds and 0.3 s for long ones, at the median; no session much farther off."""
    pooled: dict[bool, list[float]] = {False: [], True: []}
    for name in SESSIONS:
        if TRUTH[name]["observability"] != "full":
            continue
        errors, true_s = hold_errors(name)
        long = bool(np.median(true_s) >= LONG_HOLD_S)
        assert len(errors) == len(true_s)
        assert np.median(np.abs(errors)) < (0.75 if long else 0.3), name
        pooled[long] += errors
    assert len(pooled[False]) > 30
    assert len(pooled[True]) > 8
    assert np.median(np.abs(pooled[False])) < 0.15
    assert np.median(np.abs(pooled[True])) < 0.3


def test_the_intervals_of_the_sample_sessions_hold_most_truths() -> None:
    """Ninety percent are promised; of these few at least three quarters."""
    inside = []
    for name in SESSIONS:
        for rep, true in zip(block_of(read(SAMPLES / name)).reps, seen_of(name), strict=True):
            if rep.hold_s_low is not None and rep.hold_s_high is not None:
                inside.append(rep.hold_s_low <= true["hold_s"] <= rep.hold_s_high)
    assert len(inside) > 30
    assert np.mean(inside) > 0.75


@pytest.mark.parametrize("name", SESSIONS)
def test_every_rep_of_a_sample_session_is_found_without_its_name(name: str) -> None:
    reps = block_of(read(SAMPLES / name), exercise="auto").reps
    for true in seen_of(name):
        middle_s = 0.5 * (true["hold_start_s"] + true["hold_end_s"])
        assert sum(rep.start_s < middle_s < rep.end_s for rep in reps) == 1


def real(dataset: str, recording: str, exercise: str, placement: str) -> Recording:
    table = pd.read_parquet(REAL / dataset / "rec" / f"{recording}.parquet")
    gyr: Array = np.ascontiguousarray(table[["gx", "gy", "gz"]], dtype=float)
    acc: Array = np.ascontiguousarray(table[["ax", "ay", "az"]], dtype=float)
    return Recording(
        table["t"].to_numpy(float),
        acc,
        None if np.isnan(gyr).all() else gyr,
        exercise=exercise,
        placement=placement,
    )


PEOPLE = [
    ("bridging", "glute_bridge", 1), ("bridging", "glute_bridge", 5),
    ("clam", "clamshell", 3), ("clam", "clamshell", 6),
    ("superman", "bird_dog", 2), ("superman", "bird_dog", 4),
]  # fmt: skip
beside = pytest.mark.skipif(
    not REAL.is_dir(), reason="the recordings of real people are not beside this repository"
)


@beside
@pytest.mark.parametrize(("called", "exercise", "nth"), PEOPLE)
def test_people_are_counted_as_by_eye(called: str, exercise: str, nth: int) -> None:
    """One of the recordings that are unambiguous by eye; a right answer lies between the whole and all reps."""
    labels = pd.read_csv(REAL / "mex_thigh" / "labels.csv")
    sure = labels[labels.exercise.str.startswith(called) & (labels.confidence == "A")]
    label = sure.iloc[nth]
    block = block_of(real("mex_thigh", label.recording, exercise, "thigh"))
    assert label.n_reps_complete <= block.count <= label.n_reps_complete + label.n_reps_cut_by_edge


@beside
def test_people_who_walk_do_no_reps() -> None:
    labels = pd.read_csv(REAL / "hugadb_walk" / "labels.csv")
    for label in labels.head(3).itertuples():
        block = block_of(real("hugadb_walk", str(label.recording), "auto", str(label.placement)))
        assert block.count == 0, label.recording
