"""Writes what `auto` knows of the arcs of each exercise: medians and spreads as the detector itself measures them.

From simulated sets of all severities (development seeds) and, for the three exercises that are in it, from the
thighs of MEx (real people), each source with the same weight.

    python benchmarks/fit_naming.py --sets 6 --write
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from accuracy import people, sets
from sciatrack_ingest import Recording
from sciatrack_signal import naming
from sciatrack_signal.blocks import parts_of
from sciatrack_signal.evidence import Evidence
from sciatrack_signal.exercises import view_name
from sciatrack_signal.pipeline import candidates_of
from sciatrack_signal.simulate import TrueBlock

OUT = Path(naming.__file__).with_name("naming_arcs.toml")
HEADER = """# Numbers of the arcs of each exercise, written by benchmarks/fit_naming.py; do not edit by hand.
# [median, standard deviation of the logarithm]; rise_m [median, standard deviation]. Simulated sets, and MEx
# thighs (real people) where they have the exercise. Spreads are no smaller than the floors in that program.
"""
# Nobody whom we have not met moves as alike as simulated people do: least spreads of ln range, hold, rest, move,
# repetitions, and of the rise in metres.
FLOORS = np.array([0.30, 0.50, 0.55, 0.35, 0.40])
RISE_FLOOR_M = 0.03
# A run is the set if this share of its outer points lies in true holds, and this share of true reps has one.
IN_HOLD, COVERED = 0.7, 0.6
LEAST = 5  # sets of one kind

Key = tuple[str, str]


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


def real_arcs(exercise: str, recording: Recording) -> list[float] | None:
    """The numbers of the liveliest run of one real set; which pose is the hold is for the model to say."""
    parts = [part for one in candidates_of(recording, "auto") for part in parts_of(one)]
    if not parts:
        return None
    seen = max(parts, key=lambda part: part[1].count * np.log(1 + part[2].range_deg))[2]
    said = naming.name_runs([seen], "thigh", [exercise], said=exercise)[0]
    return _numbers(seen, int(said.hold_is_1 > 0.5))


def fitted(sources: list[dict[Key, np.ndarray]]) -> dict[Key, tuple[np.ndarray, np.ndarray]]:
    """(5 + 1) centres and spreads of each kind: logs of five numbers, and the rise in metres."""
    out = {}
    for key in sorted({key for source in sources for key in source}):
        parts = [source[key] for source in sources if len(source.get(key, ())) >= LEAST]
        if not parts:
            continue
        logs = [np.column_stack([np.log(part[:, :5]), part[:, 5]]) for part in parts]
        centres = np.array([np.nanmedian(part, axis=0) for part in logs])
        spreads = np.array([_spread(part) for part in logs])
        centre = centres.mean(axis=0)
        spread = np.sqrt((spreads**2).mean(axis=0) + ((centres - centre) ** 2).mean(axis=0))
        out[key] = centre, np.maximum(spread, [*FLOORS, RISE_FLOOR_M])
    return out


def _spread(part: np.ndarray) -> np.ndarray:
    """Between the robust and the plain standard deviation: a few sets measured quite wrong must not rule."""
    robust = 1.4826 * np.nanmedian(np.abs(part - np.nanmedian(part, axis=0)), axis=0)
    return np.asarray(0.5 * (robust + np.nanstd(part, axis=0)))


def as_toml(kinds: dict[Key, tuple[np.ndarray, np.ndarray]]) -> str:
    lines = [HEADER]
    for (exercise, view), (centre, spread) in kinds.items():
        lines += ["[[kind]]", f'exercise = "{exercise}"', f'view = "{view}"']
        values = [*np.exp(centre[:5]), centre[5]]
        names = (*naming.NUMBERS, "rise_m")
        lines += [f"{n} = [{v:.3g}, {s:.3g}]" for n, v, s in zip(names, values, spread, strict=True)]
        lines.append("")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python benchmarks/fit_naming.py", description=__doc__)
    parser.add_argument("--sets", type=int, default=6, help="simulated sets for each exercise, placement and side")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"write {OUT.name}; otherwise print it")
    args = parser.parse_args()
    simulated: dict[Key, list[list[float]]] = defaultdict(list)
    with get_context("spawn").Pool(args.workers) as pool:
        jobs = list(sets.set_jobs("development", args.sets, ("full", "counts", "weak")))
        for found in pool.imap(simulated_arcs, jobs, chunksize=4):
            if found is not None:
                simulated[found[0]].append(found[1])
    real: dict[Key, list[list[float]]] = defaultdict(list)
    if people.available():
        for true, case in people.mex_names():
            numbers = real_arcs(true, people.read_case(case)) if true != people.OTHER else None
            if numbers is not None:
                real[true, "thigh_working"].append(numbers)
    for name, source in (("simulated", simulated), ("MEx", real)):
        print(name, {key: len(rows) for key, rows in source.items()}, file=sys.stderr)
    text = as_toml(fitted([{k: np.array(v) for k, v in source.items()} for source in (simulated, real)]))
    if args.write:
        OUT.write_text(text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
