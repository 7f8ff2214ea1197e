"""Arguments of the accuracy benchmark, and the order in which its parts run."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from accuracy.rows import Row
from accuracy.set_tables import set_tables
from accuracy.sets import FIRST_SEED, GRADES, run_set, set_jobs
from accuracy.tables import as_text

PARTS = ("sets",)
SETS_PER_CELL = {"quick": 1, "full": 10}


def main(arguments: list[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    frames: dict[str, pd.DataFrame] = {}
    wanted = args.only or list(PARTS)
    if "sets" in wanted:
        per_cell = args.sets_per_cell or SETS_PER_CELL["quick" if args.quick else "full"]
        grades = tuple(args.grade or GRADES)
        with _clocked("simulated sets"):
            rows = spread(run_set, list(set_jobs(args.seeds, per_cell, grades)), args.workers)
        frames["sets"] = pd.DataFrame([row for part in rows for row in part])
        for table in set_tables(frames["sets"]):
            print(as_text(table))
    if args.dump and "sets" in frames:
        frames["sets"].to_parquet(args.dump)
        print(f"{len(frames['sets'])} rows in {args.dump}")
    return 0


def spread(work: Callable[[Any], list[Row]], jobs: list[Any], workers: int) -> Iterable[list[Row]]:
    """Results of jobs in order, from one process or several."""
    if workers <= 1:
        return [work(job) for job in jobs]
    with get_context("spawn").Pool(workers) as pool:
        return pool.map(work, jobs, chunksize=4)


@contextmanager
def _clocked(what: str) -> Iterator[None]:
    start_s = time.perf_counter()
    yield
    print(f"-- {what}: {time.perf_counter() - start_s:.0f} s")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python benchmarks/accuracy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few seeds: under a minute")
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; may be given again")
    parser.add_argument(
        "--seeds", choices=tuple(FIRST_SEED), default="development",
        help="held-out: seeds and shapes that nobody tunes on",
    )  # fmt: skip
    parser.add_argument("--sets-per-cell", type=int, help="simulated sets for each exercise, placement and side")
    parser.add_argument("--grade", action="append", choices=GRADES, help="only simulated cells of this grade")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--dump", type=Path, help="write one row a simulated rep to this Parquet file")
    return parser
