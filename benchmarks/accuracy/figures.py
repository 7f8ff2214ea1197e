"""Figures of the page: errors of holds, whether intervals and confidence keep their word, false reps, worst cases.

Only aggregated numbers of real people are drawn; traces are of simulated recordings.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from accuracy import real_tables as real
from accuracy.others import AS_AUTO, DAILY
from accuracy.real import METHODS, OURS
from accuracy.rows import spans
from accuracy.set_tables import CONFIDENCE_EDGES, WIDTH_EDGES_S, came_true, held
from accuracy.sets import SetJob, simulate_job
from baselines import low_passed, main_axis
from sciatrack_signal.agreement import bland_altman, coverage, reliability, wilson
from sciatrack_signal.pipeline import analyze

Frames = dict[str, pd.DataFrame]
TRUE_COLOUR, OUR_COLOUR, OTHER_COLOURS = "0.45", "#1f6f8b", ("#d08c60", "#b5838d", "#997b66", "#8a8a5c")
ASKED_COLOUR = "#7a9e7e"
# The tick of a bar without any false rep: a logarithmic axis has no zero.
LEAST_AN_HOUR = 0.05
WORST = 6
AROUND_S = 8.0  # of the recording that is drawn before the first and after the last rep
# So that a page written twice from the same numbers is the same file.
plt.rcParams.update({"svg.hashsalt": "sciatrack", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False})
plt.rcParams.update({"axes.spines.right": False, "figure.constrained_layout.use": True})


def draw_figures(frames: Frames, folder: Path) -> dict[str, str]:
    """Writes what the frames allow; returns file names with what each shows."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, str] = {}
    if "sets" in frames:
        drawn |= _save(holds_figure(frames["sets"]), folder, "holds", "Simulated holds: measured minus true.")
        drawn |= _save(words_figure(frames["sets"]), folder, "reliability", "Simulated: are the words kept?")
        drawn |= _save(worst_figure(frames["sets"]), folder, "worst", "The worst simulated sets of the run.")
    if "real" in frames or "nobody" in frames:
        drawn |= _save(false_figure(frames), folder, "false_reps", "False reps an hour where nobody exercises.")
    return drawn


def _save(figure: plt.Figure, folder: Path, name: str, words: str) -> dict[str, str]:
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, dpi=110)
    plt.close(figure)
    return {f"{name}.svg": words}


def holds_figure(rows: pd.DataFrame) -> plt.Figure:
    """Bland and Altman: differences against means, with the limits of agreement."""
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4))
    for axis, (kind, asked) in zip(axes, (("short", "2 to 5 s"), ("long", "15 to 30 s")), strict=True):
        part = held(rows[(rows.grade == "full") & (rows.hold_class == kind)])
        axis.set_title(f"{asked} asked, {len(part)} holds", fontsize=9)
        axis.set_xlabel("mean of measured and true hold, s")
        axis.set_ylabel("measured - true, s")
        if part.empty:
            continue
        middle = 0.5 * (part.found_hold_s + part.true_hold_s)
        axis.scatter(middle, part.error_hold_s, s=4, color=OUR_COLOUR, alpha=0.4, rasterized=True)
        limits = bland_altman(part.found_hold_s, part.true_hold_s, part.recording)
        for value, style in ((limits.bias, "-"), (limits.low, "--"), (limits.high, "--")):
            axis.axhline(value, color=TRUE_COLOUR, linestyle=style, linewidth=0.9)
            axis.annotate(f"{value:+.2f}", (1.0, value), xycoords=("axes fraction", "data"), fontsize=8)
        reach = max(0.5, float(np.quantile(np.abs(part.error_hold_s), 0.99)))
        axis.set_ylim(-1.2 * reach, 1.2 * reach)
        outside = int((part.error_hold_s.abs() > 1.2 * reach).sum())
        axis.text(0.02, 0.02, f"{outside} outside the frame", transform=axis.transAxes, fontsize=8)
    return figure


def words_figure(rows: pd.DataFrame) -> plt.Figure:
    """Confidence against what happened; coverage of the hold intervals by their width."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4))
    listed = rows[rows.kind != "missed"]
    curve = reliability(listed.found_confidence, came_true(listed).to_numpy(), CONFIDENCE_EDGES)
    kept = [b for b in curve.bins if b.n]
    said, happened = np.array([b.said for b in kept]), np.array([b.happened for b in kept])
    _with_bars(left, said, happened, np.array([b.n for b in kept]))
    left.plot([0, 1], [0, 1], color=ASKED_COLOUR, linewidth=0.9)
    left.set(xlabel="confidence said", ylabel="share that happened as listed", xlim=(0.0, 1.02), ylim=(0.0, 1.02))
    part = held(rows[rows.grade == "full"])
    width = part.found_hold_s_high - part.found_hold_s_low
    at, share, n = [], [], []
    for low, high in pairwise(WIDTH_EDGES_S):
        some = part[(width >= low) & (width < high)]
        if len(some):
            at.append(float((some.found_hold_s_high - some.found_hold_s_low).median()))
            share.append(coverage(some.found_hold_s_low, some.found_hold_s_high, some.true_hold_s).share)
            n.append(len(some))
    _with_bars(right, np.array(at), np.array(share), np.array(n))
    right.axhspan(0.87, 0.93, color=ASKED_COLOUR, alpha=0.4)
    right.set(
        xlabel="width of the 90 % interval, s", ylabel="share of true holds inside", ylim=(0.0, 1.02), xscale="log"
    )
    return figure


def _with_bars(axis: Axes, x: np.ndarray, share: np.ndarray, n: np.ndarray) -> None:
    """Points with Wilson intervals and how many each stands for."""
    bounds = np.array([wilson(round(s * k), int(k)) for s, k in zip(share, n, strict=True)]).reshape(-1, 2)
    off = np.abs(bounds.T - share)
    axis.errorbar(x, share, yerr=off, fmt="o-", color=OUR_COLOUR, markersize=4, linewidth=1)
    for at, value, count in zip(x, share, n, strict=True):
        axis.annotate(str(count), (at, value), textcoords="offset points", xytext=(4, -10), fontsize=7)


def false_figure(frames: Frames) -> plt.Figure:
    """False reps an hour by method, real people and simulation side by side but never in one bar."""
    panels = []
    if "real" in frames:
        rows = frames["real"]
        quiet = rows[(rows.table == real.NOBODY) & (rows.row != real.APART)]
        panels.append((f"real people, {_hours(quiet):.1f} h", quiet))
    if "nobody" in frames:
        rows = frames["nobody"]
        for name, part in (("daily living", rows[rows.kind == DAILY]), ("short", rows[rows.kind != DAILY])):
            auto = part[part.label == AS_AUTO]
            if len(auto):
                panels.append((f"simulated, {name}, {_hours(auto):.1f} h", auto))
    figure, axes = plt.subplots(1, len(panels), figsize=(8.4, 2.6), sharey=True, squeeze=False)
    for axis, (title, part) in zip(axes[0], panels, strict=True):
        named = [m for m in METHODS if (part.method == m).any()]
        rates = [part[part.method == m].false.sum() / part[part.method == m].hours.sum() for m in named]
        colours = [OUR_COLOUR if m == OURS else OTHER_COLOURS[k % 4] for k, m in enumerate(named)]
        axis.barh(named, np.maximum(rates, LEAST_AN_HOUR), left=LEAST_AN_HOUR / 2, color=colours)
        for k, rate in enumerate(rates):
            axis.annotate(f"{rate:.1f}", (max(rate, LEAST_AN_HOUR) * 1.2, k), va="center", fontsize=8)
        axis.set(xscale="log", xlim=(LEAST_AN_HOUR / 2, 2e4), title=title, xlabel="false reps an hour")
        axis.title.set_fontsize(9)
        axis.invert_yaxis() if axis is axes[0][0] else None
    return figure


def _hours(part: pd.DataFrame) -> float:
    return float(part[part.method == OURS].hours.sum())


def worst_figure(rows: pd.DataFrame) -> plt.Figure:
    """Traces of the sets with the most wrong reps, then with the largest hold error; true above, found below."""
    full = rows[rows.grade == "full"]
    wrong = full.counted_true.astype(int) + full.counted_found.astype(int) - 2 * full.hit.astype(int)
    score = 10.0 * wrong.groupby(full.recording).sum() + full.error_hold_s.abs().groupby(
        full.recording
    ).max().fillna(0)
    chosen = score.sort_values(ascending=False, kind="stable").index[:WORST]
    figure, axes = plt.subplots(len(chosen), 1, figsize=(8.4, 1.5 * len(chosen)), squeeze=False)
    for axis, name in zip(axes[:, 0], chosen, strict=True):
        _draw_set(axis, full[full.recording == name].iloc[0])
    axes[-1, 0].set_xlabel("time, s")
    return figure


def _draw_set(axis: Axes, row: pd.Series) -> None:
    job = SetJob.of_row(row)
    made = simulate_job(job)
    block = analyze(made.recording).blocks[0]
    time_s, low, rate_hz = low_passed(made.recording, made.recording.acc)
    shown = (time_s >= made.reps[0].start_s - AROUND_S) & (time_s <= made.reps[-1].end_s + AROUND_S)
    every = max(1, round(rate_hz / 10))
    axis.plot(time_s[shown][::every], main_axis(low[shown])[::every], color="0.25", linewidth=0.7)
    low_y, high_y = axis.get_ylim()
    tall = 0.12 * (high_y - low_y)
    for reps, bottom, colour in ((made.reps, high_y, TRUE_COLOUR), (block.reps, low_y - tall, OUR_COLOUR)):
        for start_s, end_s in spans(reps):
            axis.broken_barh([(start_s, end_s - start_s)], (bottom, tall), color=colour, alpha=0.35, linewidth=0)
        for rep in reps:
            if rep.hold_start_s is not None and rep.hold_end_s is not None:
                hold = (rep.hold_start_s, rep.hold_end_s - rep.hold_start_s)
                axis.broken_barh([hold], (bottom, tall), color=colour, linewidth=0)
    who = f"{row.exercise}, {row.placement}, {row.severity}, seed {row.seed}"
    axis.set_title(f"{who}: true {row.count_true}, counted {block.count}", fontsize=8)
    axis.set_xlim(made.reps[0].start_s - AROUND_S, made.reps[-1].end_s + AROUND_S)
    axis.set_yticks([])
