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
# Components whose products make a symmetric matrix.
PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def tilt_rate(up: Float, rate_hz: float) -> Float:
    """(n, 3) deg/s: the angular rate of up about horizontal axes, in the sensor frame (sign: that of u x du)."""
    rate = cross(up, gradient(up))
    rate *= np.degrees(1.0) * rate_hz
    return rate


def gradient(x: Float) -> Float:
    """(n, 3) change a row: half the difference of both neighbours, the difference to the one there is at an end."""
    out = np.zeros(x.shape[::-1]).T
    if len(x) > 1:
        np.subtract(x[2:], x[:-2], out=out[1:-1])
        out[1:-1] *= 0.5
        out[0], out[-1] = x[1] - x[0], x[-1] - x[-2]
    return out


def cross(a: Float, b: Float) -> Float:
    """Row-wise cross product of (n, 3) arrays."""
    ax, ay, az = a.T
    bx, by, bz = b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]).T


def cross_one(a: Float, b: Float) -> Float:
    """(3,) cross product of two vectors, at a tenth of the cost of numpy's."""
    ax, ay, az = a.tolist()
    bx, by, bz = b.tolist()
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def local_axis(rate: Float, rate_hz: float) -> Float:
    """(n, 3) unit axes, one sign along the recording, of the movement around each row; rate (n, 3) deg/s."""
    step = max(1, round(rate_hz))
    seconds = _second_sums(rate, step)
    local = box(box(seconds, _odd(AXIS_WINDOW_S / 2)), _odd(AXIS_WINDOW_S / 2))
    local = local + AXIS_MEMORY_WEIGHT * box(seconds, _odd(AXIS_MEMORY_S))
    matrix = np.empty((len(local), 3, 3))
    for k, (i, j) in enumerate(PAIRS):
        matrix[:, i, j] = matrix[:, j, i] = local[:, k]
    axis = np.linalg.eigh(matrix)[1][:, :, 2]
    turn = np.where(np.einsum("ij,ij->i", axis[1:], axis[:-1]) < 0, -1.0, 1.0)
    axis[1:] *= np.cumprod(turn)[:, None]
    return _between(axis, step, len(rate))


def _second_sums(rate: Float, step: int) -> Float:
    """(k, 6) products of the rate's components by PAIRS, weighed by the knee and summed over each `step` rows."""
    weight = np.einsum("ij,ij->i", rate, rate)
    weight += RATE_KNEE_DPS**2
    weighed = rate.T / np.sqrt(weight, out=weight)
    firsts = np.arange(0, len(rate), step)
    return np.stack([np.add.reduceat(weighed[i] * rate[:, j], firsts) for i, j in PAIRS]).T


def _between(axis: Float, step: int, n: int) -> Float:
    """(n, 3) lines from the middle of each `step` rows to that of the next; level before the first and after the
    last. axis (k, 3) is of the middles."""
    before = step // 2
    share = (before + np.arange(step) + 0.5) / step - 0.5
    start, change = axis[:-1].T[:, :, None], np.diff(axis, axis=0).T[:, :, None]
    out = np.empty((3, n)).T
    inner = (start + change * share).reshape(3, -1).T[: max(n - before, 0)]
    last = min(before, n) + len(inner)
    out[:before], out[before:last], out[last:] = axis[0], inner, axis[-1]
    return out


def excursion(rate: Float, axis: Float, rate_hz: float) -> Float:
    """(n,) degrees travelled along `axis`; its zero means nothing, its changes do."""
    x: Float = np.einsum("ij,ij->i", rate, axis)
    np.cumsum(x, out=x)
    x /= rate_hz
    return x


def principal_axis(rate: Float) -> Float:
    """(3,) unit direction of most rotation in rows of rate; for one set, whose axis is fixed."""
    vector: Float = np.linalg.eigh(rate.T @ rate)[1][:, 2]
    return vector


def _odd(width: float) -> int:
    return 2 * int(width / 2) + 1
