"""`st.plot`: the angle of a recording with the reps and holds that were found in it drawn in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sciatrack_signal.grid import to_grid
from sciatrack_signal.trace import build_trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sciatrack_ingest import Recording
    from sciatrack_signal.result import Block, Rep

Float = npt.NDArray[np.float64]

LINE, BAND = "#c8641b", "#2f86a6"  # each with a contrast of at least 3.7 on white and on a dark page
REP_ALPHA, HOLD_ALPHA = 0.16, 0.42


def plot(recording: Recording, block: Block, axes: Axes | None = None) -> Axes:
    """Draws the angle over the recording: a band a rep, a stronger one its hold, the seconds held above it.

    axes : where to draw; a new pyplot figure if None. A block without reps is the angle alone.
    Raises ValueError for a recording of fewer than two samples, of which there is nothing to draw.
    """
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(figsize=(9.0, 2.9), layout="constrained")[1]
    time_s, angle_deg = angle(recording, block.reps)
    for number, rep in enumerate(block.reps, start=1):
        axes.axvspan(rep.start_s, rep.end_s, color=BAND, alpha=REP_ALPHA, lw=0, gid=f"rep-{number}")
        if rep.hold_start_s is None or rep.hold_end_s is None:
            continue
        axes.axvspan(rep.hold_start_s, rep.hold_end_s, color=BAND, alpha=HOLD_ALPHA, lw=0, gid=f"hold-{number}")
        middle_s = (rep.hold_start_s + rep.hold_end_s) / 2
        axes.text(middle_s, 1.02, f"{rep.hold_s:.1f} s", ha="center", transform=axes.get_xaxis_transform())
    axes.plot(time_s, angle_deg, color=LINE, lw=1.4)
    axes.set_xlabel("time (s)")
    axes.set_ylabel(f"{block.placement.replace('_', ' ')} angle (degrees)")
    axes.margins(x=0)
    return axes


def angle(recording: Recording, reps: tuple[Rep, ...] = ()) -> tuple[Float, Float]:
    """(n,) s and (n,) degrees travelled about the local axis of movement: 0 at rest between reps, outwards upwards.

    Without reps 0 is the median. Raises ValueError for a recording of fewer than two samples.
    """
    grid = to_grid(recording)
    if grid is None:
        raise ValueError(f"{recording.name or 'the recording'} has fewer than two samples; nothing can be drawn")
    trace = build_trace(grid)
    time_s = np.asarray(trace.seconds(np.arange(trace.n, dtype=float)))
    if not reps:
        return time_s, trace.x - np.median(trace.x)
    rest_deg = np.median(np.interp([rep.start_s for rep in reps], time_s, trace.x))
    held = [rep.hold_start_s if rep.hold_start_s is not None else 0.5 * (rep.start_s + rep.end_s) for rep in reps]
    held_deg = np.median(np.interp(held, time_s, trace.x))
    return time_s, np.asarray(np.sign(held_deg - rest_deg) * (trace.x - rest_deg))
