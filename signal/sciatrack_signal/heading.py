"""Moves that gravity cannot see: turning about the vertical, by the gyroscope alone.

Lying on the side, bending the hip turns the thigh about the vertical; gravity stays where it is. The angle turned
about up is put in the place of up's direction, as a unit vector in a plane, so that everything downstream looks at
it as it looks at gravity. It drifts with the gyroscope's bias, so it is asked only where gravity shows nothing, and
believed only where the moves are large and closely alike.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import excursion, local_axes, tilt_rate
from sciatrack_signal.orientation import unit
from sciatrack_signal.smoothing import gaussian
from sciatrack_signal.trace import DETECTION_SIGMA_S, Trace

Float = npt.NDArray[np.float64]

NOTE = "turning about the vertical, seen by the gyroscope alone"


def heading_trace(trace: Trace) -> Trace | None:
    """The same recording with the heading instead of gravity; None without a gyroscope that may be believed."""
    if trace.turning is None:
        return None
    about_up = np.einsum("ij,ij->i", trace.turning, trace.up)
    angle = np.cumsum(about_up - np.median(about_up)) / trace.rate_hz
    sharp = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(trace.n)])
    up = unit(gaussian(sharp, DETECTION_SIGMA_S * trace.rate_hz))
    rate = tilt_rate(up, trace.rate_hz)
    x = excursion(rate, local_axes(rate, trace.rate_hz), trace.rate_hz)
    heading = replace(trace, up=up, sharp=sharp.astype(np.float32), sharp_sigma_s=0.0)
    return replace(heading, rate=rate.astype(np.float32), x=x)
