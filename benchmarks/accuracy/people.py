"""The recordings of real people and what is known of each; they lie beside the repository and never in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sciatrack_ingest import Recording

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "real"
ABSENT = f"the recordings of real people are not beside the repository ({REAL}); tables of real data are left out"

# The exercises of MEx and what they are called here. Superman lifts one leg and arm from all fours.
MEX = {
    "bridging": "glute_bridge",
    "clam": "clamshell",
    "superman": "bird_dog",
    "pelvic_tilt": "pelvic_tilt",
    "repeated_extension": "cobra_stretch",
    "knee_rolling": "generic",
}
SURE, UNSURE, OTHER_LEG = "A", "B", "W"
# What `auto` is asked to name; everything else in the data set must be refused.
MEX_CLASSES, OTHER = ("glute_bridge", "clamshell", "bird_dog"), "other"
# Left thighs that move along with the working leg by 5 to 20 degrees, clean as repetitions: a row of their own.
MOVED_ALONG = {(2, 3), (2, 4), (2, 5), (3, 3), (3, 5)}
UCI_MARGIN_S = 2.0  # a block's window reaches so far beyond its first rise and last fall
EDGE_S = 1.0  # the middle of a rep may lie so far outside the half-amplitude crossings
EXAMPLE_S = 1.5  # what is shown to a template method: from so long before the rise to so long after the fall
BLOCK_NAMES = {1: "correct", 2: "fast", 3: "low amplitude"}

Span = tuple[float, float]


@dataclass(frozen=True)
class Case:
    """One recording and its truth: `least` to `most` reps is right.

    reps     : half-amplitude rise and fall of each rep, where they are known; the middle of a found one may lie
               `margin_s` outside. edge: so many more may be found, cut by the file's edges.
    sure_phase : which way is out is known, not read off the same signal.
    blocks   : (name, start, end, reps) where only parts of the recording are judged and the rest must be idle.
    attempts : every attempt counts, complete or not.
    examples : reps that a template method may look at.
    """

    table: str
    row: str
    dataset: str
    recording: str
    person: str
    exercise: str
    placement: str
    least: int
    most: int
    reps: tuple[Span, ...] = ()
    margin_s: float = 0.0
    edge: int = 0
    sure_phase: bool = True
    blocks: tuple[tuple[str, float, float, int], ...] = ()
    attempts: bool = False
    examples: tuple[Span, ...] = ()


def available() -> bool:
    return REAL.is_dir()


def read_case(case: Case) -> Recording:
    """The recording of a case, labelled with what a user would say of it."""
    table = pd.read_parquet(REAL / case.dataset / "rec" / f"{case.recording}.parquet")
    gyr = np.ascontiguousarray(table[["gx", "gy", "gz"]], dtype=float)
    return Recording(
        time_s=table["t"].to_numpy(float),
        acc=np.ascontiguousarray(table[["ax", "ay", "az"]], dtype=float),
        gyr=None if np.isnan(gyr).all() else gyr,
        name=case.recording,
        exercise=case.exercise,
        placement=case.placement,
    )


def cases() -> list[Case]:
    """All recordings that are judged, in the order of the tables."""
    return [case for make in SOURCES for case in make()]


def labels(dataset: str) -> pd.DataFrame:
    """One row a recording, as the data set's makers or annotators wrote it."""
    return pd.read_csv(REAL / dataset / "labels.csv")


def mex() -> Iterator[Case]:
    """Thigh, accelerometer only; counts read off the same signal by one person, so no independent truth."""
    known = pd.read_csv(REAL / "mex_thigh" / "reps.csv")
    for label in labels("mex_thigh").itertuples():
        exercise = next((e for name, e in MEX.items() if label.exercise.startswith(name)), None)
        if exercise is None or label.confidence not in (SURE, UNSURE, OTHER_LEG):
            continue
        spans = known[known.recording == label.recording][["t_rise", "t_fall"]].to_numpy(float)
        other_leg = label.confidence == OTHER_LEG
        least = 0 if other_leg else int(label.n_reps_complete)
        edge = 0 if other_leg else int(label.n_reps_cut_by_edge)
        kind = "leg below" if other_leg else "sure" if label.confidence == SURE else "may be off by one"
        name = "knee rolling as generic" if exercise == "generic" else exercise
        yield Case(
            "MEx, leg below in the clamshell" if other_leg else f"MEx thigh, {kind}",
            name, "mex_thigh", label.recording, f"mex {label.subject}", exercise, "thigh", least, least + edge,
            reps=_widened(spans, 0.0), margin_s=EDGE_S, edge=edge, sure_phase=False,
            examples=_widened(spans[:1], EXAMPLE_S),
        )  # fmt: skip


def mex_names() -> Iterator[tuple[str, Case]]:
    """Recordings of MEx without a label: the exercise if it is one of the three, else `other`."""
    for label in labels("mex_thigh").itertuples():
        if label.confidence == OTHER_LEG:
            continue  # the sensor lies on a leg that does nothing, which is neither the exercise nor another one
        exercise = next((e for name, e in MEX.items() if label.exercise.startswith(name)), "")
        true = exercise if exercise in MEX_CLASSES else OTHER
        yield (
            true,
            Case("MEx names", true, "mex_thigh", label.recording, f"mex {label.subject}", "auto", "thigh", 0, 0),
        )


def uci_working() -> Iterator[Case]:
    """Working thigh: blocks of ten (every attempt counts) with idle between, and sessions of three times three."""
    known = pd.read_csv(REAL / "uci_pt" / "reps.csv")
    all_labels = labels("uci_pt")
    for label in all_labels[all_labels.placement == "right_thigh_lateral(working leg)"].itertuples():
        if label.n_reps_true == 0:
            continue
        test = label.session == "test"
        mine = known[(known.subject == label.subject) & (known.ex == label.ex) & (known.session == label.session)]
        blocks = tuple(
            (BLOCK_NAMES[block], part.t_rise.min() - UCI_MARGIN_S, part.t_fall.max() + UCI_MARGIN_S, len(part))
            for block, part in mine.groupby("block")
        )
        spans = mine[["t_rise", "t_fall"]].to_numpy(float)
        firsts = mine.groupby("block")[["t_rise", "t_fall"]].first().to_numpy(float)
        yield Case(
            "UCI working thigh" if test else "UCI working thigh, templates (9 = 3 + 3 + 3)",
            "" if test else "9 attempts", "uci_pt", label.recording, f"uci {label.subject}", "generic",
            "right_thigh", label.n_reps_true, label.n_reps_true, reps=_widened(spans, 0.0), margin_s=EDGE_S,
            blocks=blocks, attempts=True, examples=_widened(firsts, EXAMPLE_S),
        )  # fmt: skip


def squats() -> Iterator[Case]:
    """Ten squats each, cut by hand by the author and joined again: no rest before the first or after the last."""
    known = pd.read_csv(REAL / "squat_kr" / "reps.csv").groupby("set")
    seats = {"right_thigh": ("right_thigh", "squats, thigh"), "lower_back_waist": ("hip", "squats, lower back")}
    for label in labels("squat_kr").itertuples():
        if label.placement not in seats:
            continue
        placement, row = seats[label.placement]
        spans = known.get_group(label.recording.rsplit("_", 1)[0])[["t_start", "t_end"]].to_numpy(float)
        yield Case(
            "Squats and sit-to-stand", row, "squat_kr", label.recording, f"squat {label.subject}", "generic",
            placement, 10, 10, reps=_widened(spans, 0.0), examples=_widened(spans[:1], 0.0),
        )  # fmt: skip


def sit_to_stand() -> Iterator[Case]:
    """Five times up from a seat with a force plate in it: the only independent clock in these data."""
    known = pd.read_csv(REAL / "pi_bench_sts" / "reps.csv")
    seats = {"thigh": ("thigh", "sit-to-stand, thigh"), "pelvis": ("hip", "sit-to-stand, pelvis")}
    for label in labels("pi_bench_sts").itertuples():
        if label.placement not in seats:
            continue
        placement, row = seats[label.placement]
        spans = known[known.subject == label.subject][["t_liftoff", "t_seat"]].to_numpy(float)
        yield Case(
            "Squats and sit-to-stand", row, "pi_bench_sts", label.recording, f"sts {label.subject}", "generic",
            placement, 5, 5, reps=_widened(spans, 0.0), examples=_widened(spans[:1], EXAMPLE_S / 2),
        )  # fmt: skip


def nobody() -> Iterator[Case]:
    """Thighs that rest while something else works, walking, daily activities: every rep found is a false one."""
    table = "Nobody exercising"
    for label in labels("uci_pt").itertuples():
        if label.n_reps_true > 0:
            continue
        row = "UCI resting thighs"
        if "left" in label.placement and (label.subject, label.ex) in MOVED_ALONG:
            row = "UCI left thighs that move along (apart)"
        elif label.exercise == "seated_trunk_flexion":
            row = "UCI thighs under trunk flexion"
        placement = "left_thigh" if "left" in label.placement else "right_thigh"
        yield _silence(table, row, "uci_pt", label.recording, f"uci {label.subject}", placement)
    for label in labels("hugadb_walk").itertuples():
        yield _silence(
            table, "walking, thigh", "hugadb_walk", label.recording, f"hugadb {label.subject}", label.placement
        )
    for label in labels("mobgap_lowback").itertuples():
        row = "walking, lower back" if "walking" in label.activity.split("=")[1][:20] else "daily life, lower back"
        person = f"mobgap {label.cohort}{label.subject}"
        yield _silence(table, row, "mobgap_lowback", label.recording, person, "hip")


def _silence(table: str, row: str, dataset: str, recording: str, person: str, placement: str) -> Case:
    return Case(table, row, dataset, recording, person, "generic", placement, 0, 0)


def _widened(spans: np.ndarray, by_s: float) -> tuple[Span, ...]:
    return tuple((float(a) - by_s, float(b) + by_s) for a, b in spans)


SOURCES: tuple[Callable[[], Iterator[Case]], ...] = (mex, uci_working, squats, sit_to_stand, nobody)
