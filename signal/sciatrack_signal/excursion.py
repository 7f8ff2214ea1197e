"""One number for where in its movement the body part is: the angle travelled about the movement's own axis.

The tilt rate w = u x du/dt is the part of the angular rate that gravity can see. Its direction is constant along
a turn about a fixed axis, however large the turn, so the local principal direction of w is the axis of what is
being done just then, in whatever way the sensor is mounted. The integral of w along that slowly changing axis is
the excursion: no fixed frame, no calibration pose, and a posture change moves it once and for all.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sciatrack_signal.smoothing import box

Float = npt.NDArray[np.float64]

# The axis is that of the moves within about this time; shorter than the shortest rep, it follows noise.
AXIS_WINDOW_S = 8.0
# In a long hold nothing moves for 30 s and more: the axis of the moves on both sides is kept.
AXIS_MEMORY_S = 60.0
AXIS_MEMORY_WEIGHT = 0.02
# Rates above this weigh by direction only, so that lying down does not outweigh the reps that follow.
RATE_KNEE_DPS = 5.0


def tilt_rate(up: Float, rate_hz: float) -> Float:
    """(n, 3) deg/s: the angular rate of up about horizontal axes, in the sensor frame (sign: that of u x du)."""
    change = np.gradient(up, axis=0) if len(up) > 1 else np.zeros_like(up)
    return np.degrees(cross(up, change)) * rate_hz


def cross(a: Float, b: Float) -> Float:
    """Row-wise cross product of (n, 3) arrays."""
    ax, ay, az = a.T
    bx, by, bz = b.T
    return np.column_stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def local_axis(rate: Float, rate_hz: float) -> Float:
    """(n, 3) unit axes, one sign along the recording, of the movement around each row; rate (n, 3) deg/s."""
    step = max(1, round(rate_hz))
    weight = 1.0 / np.sqrt(np.einsum("ij,ij->i", rate, rate) + RATE_KNEE_DPS**2)
    pairs = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
    products = np.column_stack([rate[:, i] * rate[:, j] * weight for i, j in pairs])
    seconds = _block_sum(products, step)
    local = box(box(seconds, _odd(AXIS_WINDOW_S / 2)), _odd(AXIS_WINDOW_S / 2))
    local = local + AXIS_MEMORY_WEIGHT * box(seconds, _odd(AXIS_MEMORY_S))
    matrix = np.empty((len(local), 3, 3))
    for k, (i, j) in enumerate(pairs):
        matrix[:, i, j] = matrix[:, j, i] = local[:, k]
    axis = np.linalg.eigh(matrix)[1][:, :, 2]
    turn = np.where(np.einsum("ij,ij->i", axis[1:], axis[:-1]) < 0, -1.0, 1.0)
    axis[1:] *= np.cumprod(turn)[:, None]
    at = (np.arange(len(rate)) + 0.5) / step - 0.5
    centres = np.arange(len(axis))
    return np.column_stack([np.interp(at, centres, axis[:, k]) for k in range(3)])


def excursion(rate: Float, axis: Float, rate_hz: float) -> Float:
    """(n,) degrees travelled along `axis`; its zero means nothing, its changes do."""
    return np.asarray(np.cumsum(np.einsum("ij,ij->i", rate, axis)) / rate_hz)


def principal_axis(rate: Float) -> Float:
    """(3,) unit direction of most rotation in rows of rate; for one set, whose axis is fixed."""
    vector: Float = np.linalg.eigh(rate.T @ rate)[1][:, 2]
    return vector


def _block_sum(x: Float, width: int) -> Float:
    blocks = -(-len(x) // width)
    padded = np.zeros((blocks * width, x.shape[1]))
    padded[: len(x)] = x
    return np.asarray(padded.reshape(blocks, width, -1).sum(axis=1))


def _odd(width: float) -> int:
    return 2 * int(width / 2) + 1
