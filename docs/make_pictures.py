"""Makes the picture of README.md: the angle of a simulated clamshell session, with what `analyze` found in it.

    python docs/make_pictures.py [FOLDER]

Writes clamshell.svg to FOLDER (docs/img). Simulated data. Colours are of middle lightness and the background is
transparent, so that the picture is readable on a light and on a dark page.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

import sciatrack as st
from sciatrack_signal.grid import to_grid
from sciatrack_signal.result import Rep
from sciatrack_signal.trace import build_trace

ROOT = Path(__file__).resolve().parents[1]
SESSION = ROOT / "sample_data" / "sessions" / "3_clamshell.parquet"
NAME = "clamshell.svg"
INK, LINE = "#7a838c", "#c8641b"  # each with a contrast of at least 3.7 on white and on GitHub's dark page
BAND = "#2f86a6"
REP_ALPHA, HOLD_ALPHA = 0.16, 0.42
SETTINGS = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "sciatrack",  # the same ids every time
    "font.size": 9,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def make(folder: Path) -> Path:
    """Write the picture into `folder`; returns its path."""
    with matplotlib.rc_context(SETTINGS):
        figure = draw()
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(folder / NAME, transparent=True, metadata={"Date": None})
    return folder / NAME


def draw() -> Figure:
    """The angle over the whole session; a band for each rep, a darker one for its hold, the seconds held above."""
    recording = st.read(SESSION)
    (block,) = st.analyze(recording).blocks
    time_s, angle_deg = angle(recording, block.reps)
    figure = Figure(figsize=(9.0, 2.9), layout="constrained")
    axes = figure.subplots()
    for number, rep in enumerate(block.reps, start=1):
        assert rep.hold_start_s is not None
        assert rep.hold_end_s is not None
        axes.axvspan(rep.start_s, rep.end_s, color=BAND, alpha=REP_ALPHA, lw=0, gid=f"rep-{number}")
        axes.axvspan(rep.hold_start_s, rep.hold_end_s, color=BAND, alpha=HOLD_ALPHA, lw=0, gid=f"hold-{number}")
        middle_s = (rep.hold_start_s + rep.hold_end_s) / 2
        axes.text(middle_s, 1.02, f"{rep.hold_s:.1f} s", ha="center", transform=axes.get_xaxis_transform())
    axes.plot(time_s, angle_deg, color=LINE, lw=1.4)
    axes.set_xlabel("time (s)")
    axes.set_ylabel("thigh angle (degrees)")
    axes.margins(x=0)
    return figure


def angle(recording: st.Recording, reps: tuple[Rep, ...]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) s and (n,) degrees about the axis of the movement: 0 at rest between reps, outwards upwards."""
    grid = to_grid(recording)
    assert grid is not None
    trace = build_trace(grid)
    time_s = np.asarray(trace.seconds(np.arange(trace.n, dtype=float)))
    rest_deg = np.median(np.interp([rep.start_s for rep in reps], time_s, trace.x))
    held_deg = np.median(np.interp([float(rep.hold_start_s or 0.0) for rep in reps], time_s, trace.x))
    return time_s, np.sign(held_deg - rest_deg) * (trace.x - rest_deg)


if __name__ == "__main__":
    path = make(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "img")
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
