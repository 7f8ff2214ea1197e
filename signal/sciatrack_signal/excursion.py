"""One number for where in its movement the body part is: the angle travelled about the movement's own axis.

The tilt rate w = u x du/dt is the part of the angular rate that gravity can see. Its direction is constant along
a turn about a fixed axis, however large the turn, so the local principal direction of w is the axis of what is
being done just then, in whatever way the sensor is mounted. The integral of w along that slowly changing axis is
the excursion: no fixed frame, no calibration pose, and a posture change moves it once and for all.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sciatrack_signal.smoothing import BLOCK_ROWS, blocks, box

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]

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


def local_axes(rate: Float | Single, rate_hz: float) -> Float:
    """(k, 3) unit axes, one sign along the recording, of the movement around each second; rate (n, 3) deg/s."""
    seconds = _second_sums(rate, rows_a_second(rate_hz))
    local = box(box(seconds, _odd(AXIS_WINDOW_S / 2)), _odd(AXIS_WINDOW_S / 2))
    local = local + AXIS_MEMORY_WEIGHT * box(seconds, _odd(AXIS_MEMORY_S))
    matrix = np.empty((len(local), 3, 3))
    for k, (i, j) in enumerate(PAIRS):
        matrix[:, i, j] = matrix[:, j, i] = local[:, k]
    axes = np.linalg.eigh(matrix)[1][:, :, 2]
    turn = np.where(np.einsum("ij,ij->i", axes[1:], axes[:-1]) < 0, -1.0, 1.0)
    axes[1:] *= np.cumprod(turn)[:, None]
    return np.asarray(axes)


def rows_a_second(rate_hz: float) -> int:
    return max(1, round(rate_hz))


def _second_sums(rate: Float | Single, step: int) -> Float:
    """(k, 6) products of the rate's components by PAIRS, weighed by the knee and summed over each `step` rows."""
    sums = np.empty((len(PAIRS), -(-len(rate) // step))).T
    for rows, _, _ in blocks(len(rate), 0, BLOCK_ROWS // step * step):
        part = rate[rows].astype(np.float64).T
        weighed = part / np.sqrt(np.einsum("ij,ij->j", part, part) + RATE_KNEE_DPS**2)
        firsts = np.arange(0, part.shape[1], step)
        for k, (i, j) in enumerate(PAIRS):
            sums[rows.start // step :][: len(firsts), k] = np.add.reduceat(weighed[i] * part[j], firsts)
    return sums


def axes_at(axes: Float, step: int, rows: slice) -> Float:
    """(n, 3) at some rows: lines from the middle of each `step` rows, which `axes` (k, 3) are of, to that of the
    next; level before the first and after the last."""
    at = np.clip((np.arange(rows.start, rows.stop) + 0.5) / step - 0.5, 0.0, len(axes) - 1.0)
    before = np.minimum(at.astype(np.int64), max(len(axes) - 2, 0))
    after = np.minimum(before + 1, len(axes) - 1)
    share = at - before
    columns = axes.T
    return (columns[:, before] + (columns[:, after] - columns[:, before]) * share).T


def excursion(rate: Float | Single, axes: Float, rate_hz: float) -> Float:
    """(n,) degrees travelled along the `axes` (k, 3) of the seconds; its zero means nothing, its changes do."""
    x = np.empty(len(rate))
    for rows, _, _ in blocks(len(rate), 0):
        np.einsum("ij,ij->i", rate[rows], axes_at(axes, rows_a_second(rate_hz), rows), out=x[rows])
    np.cumsum(x, out=x)
    x /= rate_hz
    return x


def principal_axis(rate: Float | Single) -> Float:
    """(3,) unit direction of most rotation in rows of rate; for one set, whose axis is fixed."""
    precise = rate.astype(np.float64)
    vector: Float = np.linalg.eigh(precise.T @ precise)[1][:, 2]
    return vector


def _odd(width: float) -> int:
    return 2 * int(width / 2) + 1
