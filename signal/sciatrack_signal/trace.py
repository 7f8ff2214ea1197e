"""What the segmentation looks at: one recording, prepared once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import cross, excursion, local_axis, tilt_rate
from sciatrack_signal.grid import Grid
from sciatrack_signal.orientation import ACC_ONLY_SIGMA_S, unit, up_direction
from sciatrack_signal.smoothing import gaussian
from sciatrack_signal.walking import walking

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

# Detection looks at movement below about 0.8 Hz: reps of 0.8 s keep more than half of their range, heel strikes,
# tremor and second humps do not. From 0.12 to 0.25 s nothing but noisy fast sets changes.
DETECTION_SIGMA_S = 0.20
# Slow enough that centripetal and linear acceleration hardly bend the accelerometer's up.
TRUST_SIGMA_S = 0.35
# Real gyroscopes were met with a scale of 0.17, an axis of the wrong sign and a bias of 30 deg/s. One is used only
# if what it says explains this share of how gravity moves, with a scale this close to 1 on each moving axis.
TRUST_EXPLAINED = 0.8
TRUST_SCALE = (0.85, 1.18)
# Walking and bumps (m/s^2, rms of the norm above about 0.5 Hz) move the accelerometer's up by more than turning.
TRUST_JOLT = 0.4
# Up that moves less than this (rms) while the sensor is not shaken tests no gyroscope.
UNTESTED_DPS = 0.7
# Weight of the assumption that a scale is 1, as a share of all that was turned.
SCALE_RIDGE = 0.03
# An axis with less than this share of the rotation says nothing about its scale.
TRUST_AXIS_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Trace:
    """A recording on the grid with what follows from it.

    up (n, 3) unit, rate (n, 3) deg/s (tilt rate), x (n,) deg (excursion along the local axis), gyr (n, 3) rad/s
    where the gyroscope is trusted, else None; sharp (n, 3): up with as little smoothing as the sensor allows,
    sharp_sigma_s of it, for edges; turning (n, 3) rad/s: the gyroscope unless it contradicts gravity.
    """

    start_s: float
    rate_hz: float
    up: Float
    sharp: Float
    sharp_sigma_s: float
    rate: Float
    x: Float
    acc: Float
    gyr: Float | None
    valid: Bool
    gyro_note: str
    turning: Float | None

    @property
    def n(self) -> int:
        return len(self.x)

    def seconds(self, index: float | Float) -> float | Float:
        """Time on the recording's clock of a (fractional) row."""
        return self.start_s + index / self.rate_hz


def build_trace(grid: Grid) -> Trace:
    """Prepares a grid for segmentation; drops a gyroscope that contradicts gravity and says so."""
    gyr, turning, note = grid.gyr, grid.gyr, ""
    if gyr is not None:
        verdict = gyro_verdict(grid.acc, gyr, grid.rate_hz)
        if verdict != "agrees":
            gyr = None
        if verdict == "contradicts":
            turning, note = None, "the gyroscope does not follow gravity well enough and is not used"
    sharp = up_direction(grid.acc, gyr, grid.rate_hz)
    sharp_sigma_s = ACC_ONLY_SIGMA_S if gyr is None else 0.0
    more_s = float(np.sqrt(DETECTION_SIGMA_S**2 - sharp_sigma_s**2))
    up = unit(gaussian(sharp, more_s * grid.rate_hz))
    rate = tilt_rate(up, grid.rate_hz)
    x = excursion(rate, local_axis(rate, grid.rate_hz), grid.rate_hz)
    return Trace(
        grid.start_s, grid.rate_hz, up, sharp, sharp_sigma_s, rate, x, grid.acc, gyr, grid.valid, note, turning
    )


def gyro_agrees(acc: Float, gyr: Float, rate_hz: float) -> bool:
    """Whether the gyroscope predicts how the accelerometer's up moves, axis by axis; gyr in rad/s."""
    return gyro_verdict(acc, gyr, rate_hz) == "agrees"


def gyro_verdict(acc: Float, gyr: Float, rate_hz: float) -> str:
    """`agrees`, `contradicts`, or `untested` where up hardly moves and so says nothing of the gyroscope."""
    up = unit(gaussian(acc, TRUST_SIGMA_S * rate_hz))
    norm = np.sqrt(np.einsum("ij,ij->i", acc, acc))[:, None]
    jolt = np.sqrt(gaussian((norm - gaussian(norm, TRUST_SIGMA_S * rate_hz)) ** 2, rate_hz))[:, 0]
    calm = jolt < TRUST_JOLT
    for start, end in walking(acc, rate_hz):
        calm[max(0, start - round(rate_hz)) : end + round(rate_hz)] = False
    slow = gaussian(gyr, TRUST_SIGMA_S * rate_hz)
    slow = slow - np.median(slow, axis=0)
    change, up, slow = (np.gradient(up, axis=0) * rate_hz)[calm], up[calm], slow[calm]
    predicted = cross(up, slow)
    total = float((change * change).sum())
    unexplained = float(((change - predicted) ** 2).sum())
    if total <= (np.radians(UNTESTED_DPS) ** 2) * len(change):
        return "untested"
    if unexplained > (1.0 - TRUST_EXPLAINED) * total:
        return "contradicts"
    # du = u x omega, linear in the three scales of omega
    columns = [cross(up, slow * np.eye(3)[k]).ravel() for k in range(3)]
    share = np.array([float(c @ c) for c in columns])
    # turning about up is not seen, so the three columns can nearly depend on each other: the ridge keeps a scale
    # that nothing speaks about near 1
    ridge = SCALE_RIDGE * float(share.sum())
    normal = np.array([[float(a @ b) for b in columns] for a in columns]) + (ridge + 1e-12) * np.eye(3)
    scale = np.linalg.solve(normal, np.array([float(c @ change.ravel()) for c in columns]) + ridge)
    moving = share > TRUST_AXIS_SHARE * share.sum()
    right = ((scale > TRUST_SCALE[0]) & (scale < TRUST_SCALE[1]))[moving].all()
    return "agrees" if right else "contradicts"
