"""What the segmentation looks at: one recording, prepared once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import excursion, local_axes, tilt_rate, unit_one
from sciatrack_signal.grid import Grid
from sciatrack_signal.gyro_trust import gyro_verdict
from sciatrack_signal.orientation import ACC_ONLY_SIGMA_S, unit, up_depends_on, up_direction
from sciatrack_signal.smoothing import blocks, gaussian, support
from sciatrack_signal.turning import marked
from sciatrack_signal.walking import walking

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

# Detection looks at movement below about 0.8 Hz: reps of 0.8 s keep more than half of their range, heel strikes,
# tremor and second humps do not. From 0.12 to 0.25 s nothing but noisy fast sets changes.
DETECTION_SIGMA_S = 0.20
# Fewer steps than fill this do not show how somebody stands.
WALK_LEAST_S = 3.0


@dataclass(frozen=True, eq=False)
class Trace:
    """A recording on the grid with what follows from it.

    up (n, 3) unit, rate (n, 3) deg/s (tilt rate), x (n,) deg (excursion along the local axis), gyr (n, 3) rad/s
    where the gyroscope is trusted, else None; sharp (n, 3): up with as little smoothing as the sensor allows,
    sharp_sigma_s of it, for edges; turning (n, 3) rad/s: the gyroscope unless it contradicts gravity; walks (k, 2)
    half-open rows of walking.
    """

    start_s: float
    rate_hz: float
    up: Float
    sharp: Single
    sharp_sigma_s: float
    rate: Single
    x: Float
    acc: Single
    gyr: Single | None
    valid: Bool
    gyro_note: str
    turning: Single | None
    walks: Int

    @property
    def n(self) -> int:
        return len(self.x)

    @cached_property
    def walk_up(self) -> Float | None:
        """(3,) unit direction of up while walking; None for less than three seconds of it."""
        walked = marked(self.walks, self.n) & self.valid
        if np.count_nonzero(walked) < WALK_LEAST_S * self.rate_hz:
            return None
        return unit_one(np.array([np.median(column[walked]) for column in self.up.T]))

    def seconds(self, index: float | Float) -> float | Float:
        """Time on the recording's clock of a (fractional) row.

        What the gyroscope says at a row is taken for the turn that ends there: up is that of half a row later.
        """
        later = index if self.gyr is None else np.minimum(index + 0.5, self.n - 1.0)
        return self.start_s + later / self.rate_hz


def build_trace(grid: Grid) -> Trace:
    """Prepares a grid for segmentation; drops a gyroscope that contradicts gravity and says so."""
    gyr, turning, note = grid.gyr, grid.gyr, ""
    walks = walking(grid.acc, grid.rate_hz)
    if gyr is not None:
        verdict = gyro_verdict(grid.acc, gyr, grid.rate_hz, walks)
        if verdict != "agrees":
            gyr = None
        if verdict == "contradicts":
            turning, note = None, "the gyroscope does not follow gravity well enough and is not used"
    sharp_sigma_s = ACC_ONLY_SIGMA_S if gyr is None else 0.0
    sharp, up, rate = _directions(grid, gyr, sharp_sigma_s)
    x = excursion(rate, local_axes(rate, grid.rate_hz), grid.rate_hz)
    return Trace(
        grid.start_s, grid.rate_hz, up, sharp, sharp_sigma_s, rate, x,
        grid.acc, gyr, grid.valid, note, turning, walks,
    )  # fmt: skip


def _directions(grid: Grid, gyr: Single | None, sharp_sigma_s: float) -> tuple[Single, Float, Single]:
    """(n, 3) sharp, up and its tilt rate, block by block."""
    sigma = float(np.sqrt(DETECTION_SIGMA_S**2 - sharp_sigma_s**2)) * grid.rate_hz
    up, sharp, rate = np.empty((3, grid.n)).T, *(np.empty((3, grid.n), dtype=np.float32).T for _ in range(2))
    margin = up_depends_on(gyr, grid.rate_hz) + support(sigma) + 1
    for rows, around, inner in blocks(grid.n, margin):
        turns = None if gyr is None else gyr[around].astype(np.float64)
        sharply = up_direction(grid.acc[around].astype(np.float64), turns, grid.rate_hz)
        smooth = unit(gaussian(sharply, sigma))
        sharp[rows], up[rows], rate[rows] = sharply[inner], smooth[inner], tilt_rate(smooth, grid.rate_hz)[inner]
    return sharp, up, rate
