"""How often sciatrack is right: on recordings of real people, and in simulation, each in tables of its own.

Counting, false repetitions, holds, intervals, confidence and names, beside simple methods in the same run and
beside the figures that are asked for; what is missed comes first. Recordings of real people are looked for in a
folder `shared` beside the repository. Nothing simulated is validation.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd

from accuracy import people
from accuracy.annotated import annotated_tables
from accuracy.goals import goal_tables
from accuracy.parts import PARTS, REAL, SIMULATED, SIZES, Size, run_part, tables_of
from accuracy.sets import FIRST_SEED, GRADES
from accuracy.tables import Table, as_text

GROUPS = {"real": REAL, "simulated": SIMULATED}
EXAMPLES = """examples:
  python benchmarks/accuracy --quick
  python benchmarks/accuracy --only real
  python benchmarks/accuracy --only sets --sets-per-cell 4 --dump /tmp/reps.parquet
  python benchmarks/accuracy --truth recordings/
  python benchmarks/accuracy --seeds held-out --write docs/accuracy.md
"""


def main(arguments: list[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    if args.truth:
        return _annotated(args.truth)
    size, wanted = _size(args), _wanted(args.only)
    if any(part in REAL for part in wanted) and not people.available():
        print(f"{people.ABSENT}\n")
    frames: dict[str, pd.DataFrame] = {}
    tables: list[Table] = []
    crashes: list[str] = []
    begin_s = time.perf_counter()
    for part in wanted:
        start_s = time.perf_counter()
        rows, broken = run_part(part, size, args.seeds, tuple(args.grade or GRADES), args.workers)
        crashes += broken
        print(f"{part}: {len(rows)} rows in {time.perf_counter() - start_s:.0f} s", file=sys.stderr)
        if not rows.empty:
            frames[part] = rows
            tables += tables_of(part, rows)
    goals = goal_tables(frames)
    for crash in crashes:
        print(f"CRASHED: {crash}")
    for table in (*goals, *tables):
        print(as_text(table))
    print(f"all of it in {time.perf_counter() - begin_s:.0f} s", file=sys.stderr)
    if args.dump:
        _dump(frames, args.dump)
    if args.write:
        from accuracy.report import write_report

        write_report(args.write, frames, goals, tables, seeds=args.seeds, size=size, crashes=len(crashes))
    return 1 if crashes else 0


def _annotated(folder: Path) -> int:
    """Prints the tables of recordings that people marked; 1 where something could not be used."""
    tables, problems = annotated_tables(folder)
    for table in tables:
        print(as_text(table))
    for problem in problems:
        print(f"not used: {problem}", file=sys.stderr)
    if not tables:
        print(f"no truth file with its recording in {folder}", file=sys.stderr)
    return 0 if tables and not problems else 1


def _wanted(only: list[str] | None) -> list[str]:
    """Names of parts, in their order; a group stands for its parts."""
    if not only:
        return list(PARTS)
    # `real` is a group and a part of it: the group is meant.
    named = {part for name in only for part in GROUPS.get(name, (name,))}
    return [part for part in PARTS if part in named]


def _size(args: argparse.Namespace) -> Size:
    size = SIZES["quick" if args.quick else "full"]
    asked = {
        "sets": args.sets_per_cell, "visits": args.visits, "nobody": args.nobody,
        "daily": args.half_hours, "seeds": args.case_seeds, "faults": args.fault_seeds,
        "robust": args.stressed_sets,
    }  # fmt: skip
    return replace(size, **{name: value for name, value in asked.items() if value is not None})


def _dump(frames: dict[str, pd.DataFrame], path: Path) -> None:
    """Rows of the sets under the name given, those of other parts beside it."""
    for part, rows in frames.items():
        target = path if part == "sets" else path.with_stem(f"{path.stem}-{part}")
        rows.to_parquet(target)
        print(f"{len(rows)} rows in {target}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/accuracy", description=__doc__, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="a glance: few seeds, no DTW, under a minute")
    names = sorted({*PARTS, *GROUPS})
    parser.add_argument("--only", action="append", choices=names, help="a part or a group; may be given again")
    parser.add_argument(
        "--seeds", choices=tuple(FIRST_SEED), default="development",
        help="development: those that may be tuned on; held-out: seeds and shapes of movement that nobody tunes on",
    )  # fmt: skip
    parser.add_argument("--sets-per-cell", type=int, help="simulated sets for each exercise, placement and side")
    parser.add_argument("--grade", action="append", choices=GRADES, help="only simulated sets of cells graded so")
    parser.add_argument("--visits", type=int, help="simulated visits for each placement")
    parser.add_argument("--nobody", type=int, help="recordings of nobody for each kind and placement")
    parser.add_argument("--half-hours", type=int, help="half hours of simulated daily living")
    parser.add_argument("--case-seeds", type=int, help="seeds for each adversarial case")
    parser.add_argument("--fault-seeds", type=int, help="sets with and without each fault")
    parser.add_argument("--stressed-sets", type=int, help="sets for each cell graded full under every stress")
    parser.add_argument(
        "--truth", type=Path, metavar="FOLDER", help="only recordings that people marked (docs/annotating.md)"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--dump", type=Path, help="write one row a simulated rep to this Parquet file, others beside it"
    )
    parser.add_argument("--write", type=Path, help="write the page with all tables and its figures")
    return parser
