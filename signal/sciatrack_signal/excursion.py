"""One number for where in its movement the body part is: the angle travelled about the movement's own axis.

The tilt rate w = u x du/dt is the part of the angular rate that gravity can see. Its direction is constant along
a turn about a fixed axis, however large the turn, so the local principal direction of w is the axis of what is
being done just then, in whatever way the sensor is mounted. The integral of w along that slowly changing axis is
the excursion: no fixed frame, no calibration pose, and a posture change moves it once and for all.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sciatrack_signal.smoothing import BLOCK_ROWS, blocks, box
from sciatrack_signal.turning import stretches

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]

# The axis is that of the moves within about this time; shorter than the shortest rep, it follows noise.
AXIS_WINDOW_S = 8.0
# In a long hold nothing moves for 30 s and more: the axis of the moves on both sides is kept.
AXIS_MEMORY_S = 60.0
AXIS_MEMORY_WEIGHT = 0.02
# Where less moves than this share of what moves within AXIS_MEMORY_S around it, a pose is kept: its sway has an
# axis of its own, and whether the signs of the axes before and after it agree is chance.
KEPT_SHARE = 0.5
# Then they are those of the last movement about the same axis, which is one up to 45 degrees apart.
SAME_AXIS_COSINE = 0.7
# Of so many movements back.
LAST_MOVES = 8
# Rates above this weigh by direction only, so that lying down does not outweigh the reps that follow.
RATE_KNEE_DPS = 5.0
# Below this product of the distances from the largest eigenvalue to the others, squared, in units of their spread,
# the closed form loses more than half its digits; then LAPACK is asked.
NEARLY_EQUAL = 1e-4
# Eigenvalues that lie this near together are those of nothing (powers of numbers this small vanish).
LEAST_SPREAD = 1e-100
# Matrices worked on at a time: for each the closed form keeps 400 bytes of what it computes on the way.
BLOCK_SECONDS = 2_048
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


def _cross(a: Float, b: Float) -> Float:
    """Cross products of the columns of (3, k) arrays."""
    return cross(a.T, b.T).T


def cross_one(a: Float, b: Float) -> Float:
    """(3,) cross product of two vectors, at a tenth of the cost of numpy's."""
    ax, ay, az = a.tolist()
    bx, by, bz = b.tolist()
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def unit_one(vector: Float) -> Float:
    """(3,) scaled to length 1, zero stays zero; at a fraction of the cost of `numpy.linalg.norm`."""
    return np.asarray(vector / max(math.sqrt(float(vector @ vector)), 1e-9))


def apart_deg(a: Float, b: Float) -> float:
    """Angle in degrees between two unit vectors (3,)."""
    return math.degrees(math.acos(min(max(float(a @ b), -1.0), 1.0)))


def each_apart_deg(ups: Float, direction: Float) -> Float:
    """(n,) angles in degrees between each row of unit vectors (n, 3) and one unit vector (3,)."""
    return np.asarray(np.degrees(np.arccos(np.clip(ups @ direction, -1.0, 1.0))))


def local_axes(rate: Float | Single, rate_hz: float) -> Float:
    """(k, 3) unit axes, one sign along the recording, of the movement around each second; rate (n, 3) deg/s."""
    local = _second_sums(rate, rows_a_second(rate_hz))
    moved, around = np.zeros(len(local)), np.zeros(len(local))
    for k, column in enumerate(local.T):
        near = box(box(column, _odd(AXIS_WINDOW_S / 2)), _odd(AXIS_WINDOW_S / 2))
        memory = box(column, _odd(AXIS_MEMORY_S))
        if PAIRS[k][0] == PAIRS[k][1]:
            moved += near
            around += memory
        column[:] = near + AXIS_MEMORY_WEIGHT * memory
    axes = np.empty((len(local), 3))
    for rows, _, _ in blocks(len(local), 0, BLOCK_SECONDS):
        axes[rows] = main_axes(_symmetric(local[rows]))
    turn = np.where(np.einsum("ij,ij->i", axes[1:], axes[:-1]) < 0, -1.0, 1.0)
    axes[1:] *= np.cumprod(turn)[:, None]
    return _signed(axes, moved, moved > KEPT_SHARE * around)


def _signed(axes: Float, moved: Float, moving: npt.NDArray[np.bool_]) -> Float:
    """Axes (k, 3), turned round after a kept pose where the next movement has the sign opposite to that of the last
    one about the same axis.

    moved (k,) : how much moves in each second; moving (k,) : whether it is no pose that is kept.
    """
    last: list[Float] = []
    turned = np.ones(len(axes))
    sign, ends = 1.0, 0
    for start, end in stretches(moving):
        axis = sign * unit_one(moved[start:end] @ axes[start:end])
        cosines = (float(axis @ other) for other in reversed(last))
        if next((cosine for cosine in cosines if abs(cosine) > SAME_AXIS_COSINE), 1.0) < 0.0:
            kept = np.abs(np.einsum("ij,ij->i", axes[ends:start], axes[ends + 1 : start + 1]))
            turned[ends + 1 + int(kept.argmin())] = -1.0
            sign, axis = -sign, -axis
        last = [*last[1 - LAST_MOVES :], axis]
        ends = end - 1
    axes *= np.cumprod(turned)[:, None]
    return axes


def _symmetric(products: Float) -> Float:
    """(k, 3, 3) matrices of their components (k, 6) by PAIRS."""
    matrix = np.empty((len(products), 3, 3))
    for k, (i, j) in enumerate(PAIRS):
        matrix[:, i, j] = matrix[:, j, i] = products[:, k]
    return matrix


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
    first = rows.start // step
    seconds = np.arange(first, -(-rows.stop // step))
    last, own, after = (axes.T[:, np.clip(seconds + k, 0, len(axes) - 1), None] for k in (-1, 0, 1))
    share = (np.arange(step) + 0.5) / step - 0.5  # of the way to the next middle, below 0 to the last one
    at = (after - own) * np.maximum(share, 0.0)
    at += (own - last) * np.minimum(share, 0.0)
    at += own
    return at.reshape(3, -1)[:, rows.start - first * step : rows.stop - first * step].T


def excursion(rate: Float | Single, axes: Float, rate_hz: float) -> Float:
    """(n,) degrees travelled along the `axes` (k, 3) of the seconds; its zero means nothing, its changes do."""
    x = np.empty(len(rate))
    for rows, _, _ in blocks(len(rate), 0):
        np.einsum("ij,ij->i", rate[rows], axes_at(axes, rows_a_second(rate_hz), rows), out=x[rows])
    np.cumsum(x, out=x)
    x /= rate_hz
    return x


def main_axes(matrices: Float) -> Float:
    """(k, 3) unit eigenvectors to the largest eigenvalues of symmetric matrices (k, 3, 3); signs mean nothing.

    In closed form, at a tenth of the cost of `eigh`, which is asked where two eigenvalues are nearly equal.
    """
    shift = np.einsum("kii->k", matrices) / 3.0
    off = matrices - shift[:, None, None] * np.eye(3)
    size = np.sqrt(np.einsum("kij,kij->k", off, off) / 6.0)
    off /= np.maximum(size, LEAST_SPREAD)[:, None, None]
    a, b, c = off[:, :, 0].T, off[:, :, 1].T, off[:, :, 2].T
    half_det = 0.5 * (a * _cross(b, c)).sum(axis=0)
    off -= (2.0 * np.cos(np.arccos(np.clip(half_det, -1.0, 1.0)) / 3.0))[:, None, None] * np.eye(3)
    # All columns are now at right angles to the axis; of their products the longest is the surest.
    crosses = np.array([_cross(a, b), _cross(b, c), _cross(c, a)])
    squares = np.einsum("pik,pik->pk", crosses, crosses)
    best, which = squares.argmax(axis=0), np.arange(len(matrices))
    longest = squares[best, which]
    axes = crosses[best, :, which] / np.sqrt(np.maximum(longest, NEARLY_EQUAL))[:, None]
    unsure = (longest < NEARLY_EQUAL) | (size < LEAST_SPREAD)
    if unsure.any():
        axes[unsure] = np.linalg.eigh(matrices[unsure])[1][:, :, 2]
    return np.asarray(axes)


def principal_axis(rate: Float | Single) -> Float:
    """(3,) unit direction of most rotation in rows of rate; for one set, whose axis is fixed."""
    products = np.zeros((3, 3))
    for rows, _, _ in blocks(len(rate), 0):
        precise = rate[rows].astype(np.float64)
        products += precise.T @ precise
    vector: Float = np.linalg.eigh(products)[1][:, 2]
    return vector


def _odd(width: float) -> int:
    return 2 * int(width / 2) + 1
