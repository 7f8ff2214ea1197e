"""Counts and hold times of the nine bundled sample sessions against their truth, beside the figures asked for.

    python benchmarks/sample_sessions.py

The sessions are simulated, one for each exercise, at a position graded `full`; this shows that the software finds
what was put in, and validates nothing about people. `benchmarks/accuracy` prints the same over hundreds of
simulated sets of all severities, where holds are worse.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from sciatrack_ingest import read
from sciatrack_signal.pipeline import analyze

SAMPLE_DATA = Path(__file__).resolve().parents[1] / "sample_data"
LONG_FROM_S = 10.0
ASKED_S = {"holds of 3 to 5 s": 0.15, "holds of 15 to 30 s": 0.30}


def errors() -> tuple[list[tuple[str, int, int]], dict[str, list[float]]]:
    """(session, counted, true) of each session, and hold errors in s by class; a rep not found misses its hold."""
    truth = json.loads((SAMPLE_DATA / "truth.json").read_text(encoding="utf-8"))
    counts: list[tuple[str, int, int]] = []
    errors_s: dict[str, list[float]] = {name: [] for name in ASKED_S}
    for name in sorted(key for key in truth if key.startswith("sessions/")):
        block = analyze(read(SAMPLE_DATA / name)).blocks[0]
        true = [rep for rep in truth[name]["reps"] if not rep["indirect"]]
        counts.append((name, block.count, truth[name]["count"]))
        for rep in true:
            near = min(block.reps, key=lambda found: abs(found.start_s - rep["start_s"]), default=None)
            found_s = 0.0 if near is None or near.hold_s is None else near.hold_s
            kind = list(ASKED_S)[int(rep["hold_s"] >= LONG_FROM_S)]
            errors_s[kind].append(found_s - rep["hold_s"])
    return counts, errors_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the same: it takes seconds anyway")
    parser.parse_args()
    counts, errors_s = errors()
    for name, found, true in counts:
        print(f"{name:50} counted {found:3d} of {true:3d}{'' if found == true else '   MISSED'}")
    for kind, asked in ASKED_S.items():
        mae = float(np.abs(errors_s[kind]).mean())
        bias = float(np.mean(errors_s[kind]))
        verdict = "met" if mae < asked else "MISSED"
        beside = f"(asked {asked} s, {verdict}), bias {bias:+.3f} s"
        print(f"{kind:20} {len(errors_s[kind]):3d}  mean absolute error {mae:.3f} s {beside}")


if __name__ == "__main__":
    main()
