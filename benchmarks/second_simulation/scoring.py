"""What an analysis made of a simulated recording, and the table of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sciatrack_signal.pipeline import analyze
from sciatrack_signal.result import Rep
from second_simulation.motion import TrueRep
from second_simulation.recording import Simulated

SAME_REP_IOU = 0.5
INFERRED = "inferred"  # of the other leg; such repetitions are not counted
HEAD = ("", "recordings", "right", "nothing", "missed", "false", "F1", "MAE s", "bias s", "95th s", "inside")
FIRST_WIDTH, WIDTH = 34, 10
MOST_WRONG = 30


@dataclass(frozen=True)
class Hold:
    """Seconds of a true hold, of the found one, and its 90 % interval."""

    true_s: float
    found_s: float
    low_s: float
    high_s: float


@dataclass(frozen=True)
class Row:
    """One recording: repetitions meant and counted, and those found, missed and false at IoU > 0.5."""

    cell: str
    name: str
    seed: int
    nobody: bool
    meant: int
    counted: int
    matched: int
    missed: int
    false: int
    holds: tuple[Hold, ...]
    note: str

    @property
    def right(self) -> bool:
        return self.meant == self.counted


def judge(simulated: Simulated) -> Row:
    """Analyses with the label given and holds the answer against the truth."""
    blocks = analyze(simulated.recording).blocks
    found = [rep for block in blocks for rep in block.reps if rep.complete and INFERRED not in rep.flags]
    pairs = paired(simulated.truth, found)
    holds = [
        Hold(true.hold_s, rep.hold_s, rep.hold_s_low, rep.hold_s_high)
        for true, rep in pairs
        if rep.hold_s is not None and rep.hold_s_low is not None and rep.hold_s_high is not None
    ]
    plan = simulated.plan
    return Row(
        cell=f"{plan.exercise}, {plan.segment}",
        name=simulated.recording.name,
        seed=simulated.seed,
        nobody=bool(plan.nobody),
        meant=len(simulated.truth),
        counted=sum(block.count for block in blocks),
        matched=len(pairs),
        missed=len(simulated.truth) - len(pairs),
        false=len(found) - len(pairs),
        holds=tuple(holds),
        note="; ".join(sorted({block.note for block in blocks if block.note})),
    )


def paired(truth: Sequence[TrueRep], found: Sequence[Rep]) -> list[tuple[TrueRep, Rep]]:
    """Each true repetition with the free one that it shares most with, if that is more than half."""
    free, pairs = list(found), []
    for true in truth:
        best = max(free, key=lambda rep: overlap(true, rep), default=None)
        if best is not None and overlap(true, best) > SAME_REP_IOU:
            free.remove(best)
            pairs.append((true, best))
    return pairs


def overlap(true: TrueRep, rep: Rep) -> float:
    """Seconds shared over seconds covered."""
    shared_s = max(0.0, min(true.end_s, rep.end_s) - max(true.start_s, rep.start_s))
    return shared_s / (max(true.end_s, rep.end_s) - min(true.start_s, rep.start_s))


def table(rows: Sequence[Row]) -> list[str]:
    """Sets of two and more by cell and in all, then single repetitions, then recordings of nobody."""
    sets = [row for row in rows if row.meant > 1]
    single = [row for row in rows if row.meant == 1]
    nobody = [row for row in rows if row.nobody]
    lines = [_line(HEAD)]
    for cell in dict.fromkeys(row.cell for row in sets):
        lines.append(_line(figures(cell, [row for row in sets if row.cell == cell])))
    lines += [_line(figures(name, part)) for name, part in (("all sets", sets), ("one repetition", single)) if part]
    if nobody:
        silent = sum(row.counted == 0 for row in nobody)
        lines.append(f"nobody exercising, with a label: {silent} of {len(nobody)} recordings silent")
    return lines


def figures(name: str, rows: Sequence[Row]) -> tuple[str, ...]:
    """The cells of one line of the table."""
    matched, missed, false = (sum(getattr(row, key) for row in rows) for key in ("matched", "missed", "false"))
    f1 = 2 * matched / max(1, 2 * matched + missed + false)
    counts = (
        name,
        f"{len(rows)}",
        f"{sum(row.right for row in rows) / len(rows):.1%}",
        f"{sum(row.counted == 0 for row in rows)}",
        f"{missed}",
        f"{false}",
        f"{f1:.3f}",
    )
    holds = [hold for row in rows for hold in row.holds]
    if not holds:
        return (*counts, "-", "-", "-", "-")
    errors_s = np.array([hold.found_s - hold.true_s for hold in holds])
    inside = np.mean([hold.low_s <= hold.true_s <= hold.high_s for hold in holds])
    return (
        *counts,
        f"{np.abs(errors_s).mean():.3f}",
        f"{errors_s.mean():+.3f}",
        f"{np.percentile(np.abs(errors_s), 95):.2f}",
        f"{inside:.1%}",
    )


def wrong(rows: Sequence[Row]) -> list[str]:
    """The recordings whose count is wrong, worst first, at most 30."""
    bad = sorted((row for row in rows if not row.right), key=_off, reverse=True)
    lines = [f"{len(bad)} recordings counted wrong" + (":" if bad else "")]
    lines += [
        f"  {row.name:44} seed {row.seed:<7} true {row.meant:2}  counted {row.counted:2}  {row.note}"
        for row in bad[:MOST_WRONG]
    ]
    return lines + ([f"  and {len(bad) - MOST_WRONG} more"] if len(bad) > MOST_WRONG else [])


def _off(row: Row) -> float:
    """Repetitions too many or too few, as a share of those meant."""
    return abs(row.counted - row.meant) / max(1, row.meant)


def _line(cells: Sequence[str]) -> str:
    return f"{cells[0]:{FIRST_WIDTH}}" + "".join(f"{cell:>{WIDTH}}" for cell in cells[1:])
