"""Makes the picture of README.md: the angle of a simulated clamshell session, with what `analyze` found in it.

    python docs/make_pictures.py [FOLDER]

Writes clamshell.svg to FOLDER (docs/img). Simulated data. Colours are of middle lightness and the background is
transparent, so that the picture is readable on a light and on a dark page.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

import sciatrack as st

ROOT = Path(__file__).resolve().parents[1]
SESSION = ROOT / "sample_data" / "sessions" / "3_clamshell.parquet"
NAME = "clamshell.svg"
INK = "#7a838c"  # a contrast of at least 3.7 on white and on GitHub's dark page
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
    """The angle over the whole session, with the repetitions and holds found in it."""
    recording = st.read(SESSION)
    (block,) = st.analyze(recording).blocks
    figure = Figure(figsize=(9.0, 2.9), layout="constrained")
    st.plot(recording, block, figure.subplots()).set_ylabel("thigh angle (degrees)")
    return figure


if __name__ == "__main__":
    path = make(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "img")
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
