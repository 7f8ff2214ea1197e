"""Long holds under breathing: runs of strokes in a recording from which breaths and all quicker is smoothed away.

A pose of three to six degrees that is kept for half a minute goes up and down by as much with every breath, and
the search for alike strokes finds the breaths. Smoothed over a breath the poses stand alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import excursion, local_axes, tilt_rate
from sciatrack_signal.order import median
from sciatrack_signal.orientation import unit
from sciatrack_signal.segmentation import SAME_SCALE, Strokes, find_runs
from sciatrack_signal.smoothing import blocks, gaussian, support
from sciatrack_signal.trace import Trace

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

# Breaths of 4 s keep 2 % of their size, of 6 s a sixth. At 1 s quick ones are left, at 3 s moves out and back run
# into each other.
BREATH_SIGMA_S = 1.8
# What is so smooth needs no more rows a second.
SLOW_RATE_HZ = 5.0
# Repetitions that follow each other faster than this are seen without.
SLOW_PERIOD_S = 12.0


def slow_runs(trace: Trace, barriers: Int, found: list[Strokes]) -> list[tuple[Strokes, Float]]:
    """Runs of slow repetitions that are not among those found already, each with up (m + 1, 3) at its turning
    points, smoothed; rows are the trace's."""
    every = max(round(trace.rate_hz / SLOW_RATE_HZ), 1)
    slow = _smoothed(trace, every)
    out = []
    for run in find_runs(slow, np.asarray(barriers) // every):
        if 2.0 * median(np.diff(run.points)) < SLOW_PERIOD_S * slow.rate_hz:
            continue
        whole = replace(
            run, points=np.minimum(run.points * every, trace.n - 1), first=run.first * every,
            angle=np.repeat(np.asarray(run.angle, dtype=np.float32), every),
        )  # fmt: skip
        if not any(_same(whole, other) for other in found):
            out.append((whole, slow.up[run.points]))
    return out


def _smoothed(trace: Trace, every: int) -> Trace:
    """The trace at every `every`-th row without anything quicker than a breath."""
    rate_hz = trace.rate_hz / every
    sigma = BREATH_SIGMA_S * rate_hz
    fast = trace.up[::every]
    up, rate = np.empty((3, len(fast))).T, np.empty((3, len(fast)), dtype=np.float32).T
    for rows, around, inner in blocks(len(fast), support(sigma) + 1):
        smooth = unit(gaussian(fast[around], sigma))
        up[rows], rate[rows] = smooth[inner], tilt_rate(smooth, rate_hz)[inner]
    x = excursion(rate, local_axes(rate, rate_hz), rate_hz)
    return replace(trace, rate_hz=rate_hz, up=up, rate=rate, x=x)


def _same(run: Strokes, other: Strokes) -> bool:
    """Whether another run has about as many strokes of about the same size in most of the rows of this one."""
    (first, last), (start, end) = run.span, other.span
    if min(last, end) - max(first, start) <= 0.5 * (last - first):
        return False
    inside = int(((other.points >= first) & (other.points <= last)).sum())
    sizes = (inside / len(run.points), run.amplitude_deg / max(other.amplitude_deg, 1e-9))
    return all(1.0 / SAME_SCALE < size < SAME_SCALE for size in sizes)
