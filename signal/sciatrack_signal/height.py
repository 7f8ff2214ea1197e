"""Moves that tilt a sensor little or not at all: going up and down, by the acceleration along the vertical.

Who squats with an upright back moves the lower back by half a metre and hardly turns it. The vertical acceleration,
integrated twice with the drift taken off, tells the height; put in the place of up's direction, as a unit vector in
a plane, everything downstream looks at it as it looks at gravity. What stays in one place is forgotten within a few
seconds, so it tells no hold, and only repetitions that follow each other quickly are believed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import excursion, local_axes, tilt_rate
from sciatrack_signal.order import median
from sciatrack_signal.orientation import unit
from sciatrack_signal.smoothing import gaussian
from sciatrack_signal.trace import DETECTION_SIGMA_S, Trace

Float = npt.NDArray[np.float64]

NOTE = "moving up and down, seen by the acceleration alone; holds are not measured"
# Errors of the sensor and of its up grow with time squared: what changes slower than this is taken for drift. Half
# of it makes squats of 3.5 s too small to tell, twice as much lets a slow turn of the trunk pass for height.
DRIFT_SIGMA_S = 2.5
# A repetition that takes longer is half drift.
PERIOD_MAX_S = 5.0
# So many metres are told as one radian: the least that is believed (see plausible.HEADING_DEG) is 13 cm; the lower
# back rises by 3 to 5 cm in a step.
METRES_A_RADIAN = 0.5


def height_trace(trace: Trace) -> Trace:
    """The same recording with the height (m, from a slow mean) instead of gravity."""
    along = np.einsum("ij,ij->i", trace.acc, trace.up, dtype=np.float64)
    speed = _without_drift(along - median(along), trace.rate_hz)
    angle = _without_drift(speed, trace.rate_hz) / METRES_A_RADIAN
    sharp = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(trace.n)])
    up = unit(gaussian(sharp, DETECTION_SIGMA_S * trace.rate_hz))
    rate = tilt_rate(up, trace.rate_hz)
    x = excursion(rate, local_axes(rate, trace.rate_hz), trace.rate_hz)
    height = replace(trace, up=up, sharp=sharp.astype(np.float32), sharp_sigma_s=0.0)
    return replace(height, rate=rate.astype(np.float32), x=x)


def _without_drift(rate_of: Float, rate_hz: float) -> Float:
    """(n,) integral of a rate (per s) less its slow part."""
    total = np.cumsum(rate_of) / rate_hz
    return np.asarray(total - gaussian(total, DRIFT_SIGMA_S * rate_hz))
