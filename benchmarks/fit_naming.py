"""Writes what `auto` knows of the arcs of each exercise: medians and spreads as the detector itself measures them.

From simulated sets of all severities (development seeds) and, for the movements that are in it, from the thighs of
MEx (real people). Each source is a kind of its own: people of MEx move unlike simulated ones, and a mean of the two
fits neither. Of MEx come numbers and spreads only, never poses, since all of its people wore the sensor alike.

    python benchmarks/fit_naming.py --sets 6 --write
    python benchmarks/fit_naming.py --leave-one-out     names of MEx, each person by a fit on the others
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from accuracy import people, real, sets
from sciatrack_ingest import Recording
from sciatrack_signal import naming
from sciatrack_signal.agreement import macro_f1
from sciatrack_signal.blocks import parts_of
from sciatrack_signal.evidence import Evidence
from sciatrack_signal.exercises import view_name
from sciatrack_signal.pipeline import candidates_of
from sciatrack_signal.simulate import TrueBlock
from sciatrack_signal.wearing import mounts_of

OUT = Path(naming.__file__).with_name("naming_arcs.toml")
HEADER = """# Numbers of the arcs of each exercise, written by benchmarks/fit_naming.py; do not edit by hand.
# [median, standard deviation of the logarithm]; rise_m [median, standard deviation]. A kind for simulated sets, and
# one for MEx thighs (real people) where they have the movement. Spreads are no less than the program's floors.
"""
SIMULATED, MEX = "simulated", "MEx"
UNCOUNTABLE = "C"  # of the annotator's grades
# Which pose was the hold is asked again of what was learned, so often.
ROUNDS = 2
# Movements of MEx whose thighs move, by the first letters of its labels; all else there is not learned from.
MOVEMENTS = {
    "bridging": "glute_bridge", "clam": "clamshell", "superman": "bird_dog", "pelvic_tilt": "pelvic_tilt",
    "repeated_extension": "cobra_stretch", "knee_rolling": "knees rolled from side to side",
}  # fmt: skip
# Nobody whom we have not met moves as alike as simulated people do: least spreads of ln range, hold, rest, move,
# repetitions, and of the rise in metres.
FLOORS = np.array([0.30, 0.50, 0.55, 0.35, 0.40])
RISE_FLOOR_M = 0.03
# Spreads of poses and axes (degrees) that are tried on real people; narrower than the first of a row is luck.
POSE_SPREADS_DEG, AXIS_SPREADS_DEG = (12.0, 16.0, 20.0, 25.0), (18.0, 22.0, 26.0, 30.0, 40.0)
# A run is the set if this share of its outer points lies in true holds, and this share of true reps has one.
IN_HOLD, COVERED = 0.7, 0.6
LEAST = 5  # sets of one kind

Key = tuple[str, str]
Record = Mapping[str, Any]


def simulated_arcs(job: sets.SetJob) -> tuple[Key, list[float]] | None:
    """The numbers of one simulated set as measured; None where it was not found."""
    made = sets.simulate_job(job)
    block = made.blocks[0]
    best: tuple[float, Evidence, int] | None = None
    for seen, holds in _near(made.recording, block):
        if best is None or holds[0] > best[0]:
            best = (holds[0], seen, holds[1])
    if best is None:
        return None
    one_leg = block.side in ("left", "right")
    placement = job.placement if job.placement != "thigh" else f"{job.side}_thigh"
    return (job.exercise, view_name(placement, block.side if one_leg else None)), _numbers(best[1], best[2])


def _near(recording: Recording, block: TrueBlock) -> Iterator[tuple[Evidence, tuple[float, int]]]:
    """Runs that are the set: evidence, and (share of true reps with an outer point, which pose is the hold)."""
    spans = np.array([(rep.hold_start_s - 0.3, rep.hold_end_s + 0.3) for rep in block.reps if not rep.indirect])
    spans = spans.reshape(-1, 2)
    for one in candidates_of(recording, "auto"):
        for _, arcs, seen in parts_of(one):
            inside = ((arcs.times_s[:, None] >= spans[:, 0]) & (arcs.times_s[:, None] <= spans[:, 1])).T
            shares = [inside[:, p::2].any(axis=0).mean() for p in (0, 1)]
            hold = int(np.argmax(shares))
            covered = float(inside[:, hold::2].any(axis=1).mean())
            if shares[hold] > IN_HOLD and shares[1 - hold] < 1 - IN_HOLD and covered > COVERED:
                yield seen, (covered, hold)


def _numbers(seen: Evidence, hold: int) -> list[float]:
    rise_m = seen.rise_m if hold == 1 else -seen.rise_m
    return [seen.range_deg, seen.dwells_s[hold], seen.dwells_s[1 - hold], seen.move_s, seen.reps, rise_m]


def real_runs() -> dict[str, list[tuple[str, Evidence]]]:
    """By movement: person and liveliest run of each MEx recording on a leg that works."""
    labels = {label.recording: label for label in people.labels("mex_thigh").itertuples()}
    runs: dict[str, list[tuple[str, Evidence]]] = defaultdict(list)
    for _, case in people.mex_names():
        label = labels[case.recording]
        if label.confidence == UNCOUNTABLE and label.exercise.startswith("clam"):
            continue  # the leg below, or one that hardly opens
        movement = next((m for start, m in MOVEMENTS.items() if label.exercise.startswith(start)), None)
        parts = [part for one in candidates_of(people.read_case(case), "auto") for part in parts_of(one)]
        if movement is not None and parts:
            liveliest = max(parts, key=lambda part: part[1].count * np.log(1 + part[2].range_deg))[2]
            runs[movement].append((case.person, liveliest))
    return runs


def real_record(movement: str, seen: list[Evidence]) -> dict[str, Any]:
    """What is known of a movement from real people; which pose is the hold is for the model to say."""
    if movement in naming.catalogue():
        said = [naming.name_runs([one], "thigh", [movement], said=movement)[0] for one in seen]
        rows = [_numbers(one, int(name.hold_is_1 > 0.5)) for one, name in zip(seen, said, strict=True)]
        record: dict[str, Any] = {"exercise": movement}
    else:  # as far to one side as to the other
        rows = [_numbers(one, 0) for one in seen]
        by_hand = next(r for r in naming.records() if r.get("stranger") == movement)
        record = {"stranger": movement} | {key: by_hand[key] for key in ("rest_up", "hold_up")}
    record |= {"view": "thigh_working", "source": MEX} | _written(*_fitted(np.array(rows)))
    return record | {"spread_deg": _spreads_deg(record, seen)}


def _spreads_deg(record: Record, seen: list[Evidence]) -> list[float]:
    """Of the spreads that are tried the likeliest, with every mount weighed."""
    _, prior = mounts_of("thigh")

    def fit(spreads: list[float]) -> float:
        kinds = tuple(replace(k, prior=1.0) for k in naming.sided(record | {"spread_deg": spreads}, "thigh"))
        scores = [naming.scores_of(one, kinds, "thigh")[:-1, :-1] + np.log(prior)[:, None, None] for one in seen]
        return float(sum(np.logaddexp.reduce(score.ravel()) for score in scores))

    return max(([p, a] for p in POSE_SPREADS_DEG for a in AXIS_SPREADS_DEG), key=fit)


def _fitted(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(5 + 1) centres and spreads: logs of five numbers, and the rise in metres; NaN of what nobody measured."""
    logs = np.column_stack([np.log(rows[:, :5]), rows[:, 5]])
    known = np.isfinite(logs).any(axis=0)
    centre, spread = np.full(6, np.nan), np.full(6, np.nan)
    centre[known] = np.nanmedian(logs[:, known], axis=0)
    spread[known] = np.maximum(_spread(logs[:, known]), np.array([*FLOORS, RISE_FLOOR_M])[known])
    return centre, spread


def _spread(part: np.ndarray) -> np.ndarray:
    """Between the robust and the plain standard deviation: a few sets measured quite wrong must not rule."""
    robust = 1.4826 * np.nanmedian(np.abs(part - np.nanmedian(part, axis=0)), axis=0)
    return np.asarray(0.5 * (robust + np.nanstd(part, axis=0)))


def _written(centre: np.ndarray, spread: np.ndarray) -> dict[str, list[float]]:
    rows = zip((*naming.NUMBERS, "rise_m"), [*np.exp(centre[:5]), centre[5]], spread, strict=True)
    return {name: [float(value), float(sd)] for name, value, sd in rows if np.isfinite(value)}


def as_toml(records: list[Record]) -> str:
    lines = [HEADER]
    for record in records:
        lines.append("[[kind]]")
        for key, value in record.items():
            said = f'"{value}"' if isinstance(value, str) else f"[{', '.join(f'{v:.3g}' for v in value)}]"
            lines.append(f"{key} = {said}")
        lines.append("")
    return "\n".join(lines)


def real_records(runs: dict[str, list[tuple[str, Evidence]]], without: str = "") -> list[Record]:
    """One a movement, learned from everybody but one person, beside what is known otherwise."""
    others = [record for record in naming.records() if record.get("source") != MEX]
    learned: list[Record] = []
    for _ in range(ROUNDS):
        with knowing([*others, *learned]):
            learned = [
                real_record(m, [seen for person, seen in found if person != without]) for m, found in runs.items()
            ]
    return learned


@contextmanager
def knowing(records: Sequence[Record]) -> Iterator[None]:
    """As if naming.toml and naming_arcs.toml held these."""
    before = naming.records
    naming.records = lambda: tuple(records)
    naming._kinds.cache_clear()
    try:
        yield
    finally:
        naming.records = before
        naming._kinds.cache_clear()


def leave_one_out() -> str:
    """Names that `auto` gives MEx recordings when it learned of MEx from the other people only."""
    runs = real_runs()
    others = [record for record in naming.records() if record.get("source") != MEX]
    jobs = list(people.mex_names())
    rows = []
    for person in sorted({case.person for _, case in jobs}):
        with knowing([*others, *real_records(runs, without=person)]):
            rows += [row for true, case in jobs if case.person == person for row in real.run_name((true, case))]
    true, named = [row["true"] for row in rows], [row["named"] for row in rows]
    score = macro_f1(true, named, people.MEX_CLASSES)
    lines = [f"macro-F1 of the three with reject, each person by a fit on the others: {score:.3f}"]
    for name in (*people.MEX_CLASSES, people.OTHER):
        mine = [n for t, n in zip(true, named, strict=True) if t == name]
        lines.append(f"{name:14} {len(mine):3}  named {dict(sorted(Counter(mine).items()))}")
    return "\n".join(lines)


def fit(n_sets: int, workers: int) -> list[Record]:
    """All records; those of which simulation gives too few are left to naming.toml."""
    simulated: dict[Key, list[list[float]]] = defaultdict(list)
    with get_context("spawn").Pool(workers) as pool:
        jobs = list(sets.set_jobs("development", n_sets, ("full", "counts", "weak")))
        for found in pool.imap(simulated_arcs, jobs, chunksize=4):
            if found is not None:
                simulated[found[0]].append(found[1])
    by_hand = {(r.get("exercise"), r["view"]) for r in naming.by_hand()}
    records: list[Record] = [
        {"exercise": key[0], "view": key[1], "source": SIMULATED} | _written(*_fitted(np.array(rows)))
        for key, rows in sorted(simulated.items())
        if len(rows) >= LEAST and key not in by_hand
    ]
    if not people.available():
        return records
    with knowing([*naming.by_hand(), *records]):
        return [*records, *real_records(real_runs())]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python benchmarks/fit_naming.py", description=__doc__)
    parser.add_argument("--sets", type=int, default=6, help="simulated sets for each exercise, placement and side")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"write {OUT.name}; otherwise print it")
    parser.add_argument("--leave-one-out", action="store_true", help="names of MEx, each person by the others")
    args = parser.parse_args()
    if args.leave_one_out:
        print(leave_one_out() if people.available() else people.ABSENT)
        return 0
    text = as_toml(fit(args.sets, args.workers))
    if args.write:
        OUT.write_text(text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
