"""What a second simulation says of counts and holds: eleven cells of exercise and sensor, with the label given.

    python benchmarks/second_simulation [--each 40] [--first-seed N] [--workers 2] [--quick]

It was written without sight of sciatrack_signal.simulate and of the detector: shapes of moves, sensors, rests and
the ways to and from the set are its own, and it imports nothing of the other. Only the axes, poses and ranges of
the exercises are the same, those of `shared/domain/exercises.toml` beside the repository; without that file it says
so and ends. Truth is the 10 % rule on the angle without noise. F1, missed and false are of repetitions at IoU > 0.5
("nothing": recordings in which none was counted); MAE, bias, 95th percentile of the absolute error and the share
inside the 90 % interval are of the holds of repetitions found.

Nothing simulated is validation. What is tuned must not be tuned on this alone: then it would be the first
simulation again. Use other seeds for judging than for looking.

--quick : one recording a cell.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Sequence
from multiprocessing import get_context

from second_simulation.domain import ABSENT, CELLS, available
from second_simulation.recording import simulate
from second_simulation.scoring import Row, judge, table, wrong

# Seeds of the cells lie so far apart.
SEEDS_A_CELL = 1000
# One recording of nobody for so many of somebody; of fewer, in the last of so many cells.
SETS_FOR_NOBODY = 4
# Far from the seeds of the sets, so that the plans differ.
NOBODY_SEED = 500_000

Job = tuple[str, str, int, bool]


def jobs(each: int, first_seed: int) -> list[Job]:
    """Cell, seed and whether nobody exercises, of every recording."""
    done = []
    for number, (exercise, segment) in enumerate(CELLS):
        first = first_seed + number * SEEDS_A_CELL
        done += [(exercise, segment, first + index, False) for index in range(each)]
        nobody = (each + number % SETS_FOR_NOBODY) // SETS_FOR_NOBODY
        done += [(exercise, segment, NOBODY_SEED + first + index, True) for index in range(nobody)]
    return done


def work(job: Job) -> Row:
    exercise, segment, seed, nobody = job
    return judge(simulate(exercise, segment, seed, nobody=nobody))


def run(todo: Sequence[Job], workers: int) -> list[Row]:
    if workers == 1:
        return [work(job) for job in todo]
    with get_context("spawn").Pool(workers) as pool:
        return pool.map(work, todo, chunksize=1)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    count = functools.partial(_between, most=SEEDS_A_CELL)
    parser.add_argument("--each", type=count, default=40, help="sets a cell (40)")
    parser.add_argument("--first-seed", type=int, default=0, help="of the first cell (0)")
    parser.add_argument(
        "--workers", type=_between, help="processes (2; quick: 1, which is sooner than to start two)"
    )
    parser.add_argument("--quick", action="store_true", help="one set a cell")
    options = parser.parse_args(arguments)
    if not available():
        print(ABSENT)
        return 0
    workers = options.workers or (1 if options.quick else 2)
    rows = run(jobs(1 if options.quick else options.each, options.first_seed), workers)
    print("Simulated, which is no validation.")
    print("\n".join([*table(rows), *wrong(rows)]))
    return 0


def _between(text: str, most: int | None = None) -> int:
    number = int(text)
    if number < 1 or (most is not None and number > most):
        raise argparse.ArgumentTypeError(f"must be 1 {'or more' if most is None else f'to {most}'}")
    return number
