"""Writes the page with all tables and figures, from the same rows that were printed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pandas as pd

from accuracy.figures import draw_figures
from accuracy.parts import Size
from accuracy.tables import Table, as_markdown
from sciatrack_signal.pipeline import ALGORITHM

HEAD = """# How often sciatrack is right

Written by `python benchmarks/accuracy {command}` with {algorithm}; do not edit by hand.

**What this shows and what not.** Counts and false repetitions were checked on recordings of real people of other
groups' data sets (thigh and lower back; healthy people or unknown, nobody with sciatica). Holds, their intervals
and most placements were checked in simulation only; nothing simulated is validation. Tables say in their title
whether they are about real people or simulated, and no row mixes the two. Thresholds were tuned on the same real
recordings, so these rows are development figures, not held out; of the simulated ones {seeds}.

**How to read it.** k of n with a Wilson 95 % interval; "persons": a bootstrap over persons. A hold lasts from the
last moment above 10 % of the out-move's peak speed to the first above 10 % of the return's. The simple methods are
in `benchmarks/baselines.py`; the template method (subsequence DTW) is shown the first true repetitions of the same
recording, the others are shown nothing.
"""
SEEDS = {
    "development": "the seeds are those that thresholds may be tuned on",
    "held-out": "seeds and a third of the movement shapes are held out: no threshold was tuned on them",
}


def write_report(
    path: Path,
    frames: dict[str, pd.DataFrame],
    goals: list[Table],
    tables: list[Table],
    *,
    seeds: str,
    size: Size,
    crashes: int,
) -> None:
    """Writes the page and, in the folder `figures` beside it, its figures."""
    figures = draw_figures(frames, path.parent / "figures")
    parts = [HEAD.format(command=f"--seeds {seeds} --write {path}", algorithm=ALGORITHM, seeds=SEEDS[seeds])]
    parts.append(f"Size of the run: {', '.join(f'{name} {value:g}' for name, value in asdict(size).items())}.\n")
    if crashes:
        parts.append(f"**{crashes} recordings made the analysis fail; they are in no table.**\n")
    parts += ["## Asked and measured\n", *map(as_markdown, goals)]
    if figures:
        parts += ["## Figures\n", *[f"![{words}](figures/{name})\n\n{words}\n" for name, words in figures.items()]]
    parts += ["## Tables\n", *map(as_markdown, tables)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8")
