"""Where up is, in the frame of the sensor, at every moment.

With a gyroscope: the acceleration is carried into a frame that the gyroscope holds nearly still, averaged there
over seconds, and carried back (the idea of VQF: Laidig and Seel 2023, doi 10.1016/j.inffus.2022.10.014; ours is
zero-phase over the whole recording, so that a constant gyroscope bias cancels to first order and need not be
estimated). Without: the low-passed acceleration itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sciatrack_signal.smoothing import gaussian, support

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]

# Averaging in the held frame: long enough that the acceleration of a 2 s move averages out, short enough that
# 5 deg/s of gyroscope bias bends the average by less than 1 deg.
HELD_FRAME_SIGMA_S = 1.0
# Accelerometer alone: moves of 0.4 s must survive, the impact of a heel must not.
ACC_ONLY_SIGMA_S = 0.12
# Rows multiplied together at each level of the scan.
RADIX = 12


def up_direction(acc: Float, gyr: Float | None, rate_hz: float) -> Float:
    """(n, 3) unit vectors of up (against gravity) in the sensor frame; gyr in rad/s or None."""
    if gyr is None:
        return unit(gaussian(acc, ACC_ONLY_SIGMA_S * rate_hz))
    rotation = cumulative_rotation(gyr / rate_hz)
    held = gaussian(rotate(rotation, acc), HELD_FRAME_SIGMA_S * rate_hz)
    return unit(rotate(conjugate(rotation), held))


def up_depends_on(gyr: Float | Single | None, rate_hz: float) -> int:
    """Rows on each side of a row that its direction of up depends on."""
    return support((ACC_ONLY_SIGMA_S if gyr is None else HELD_FRAME_SIGMA_S) * rate_hz)


def unit(x: Float) -> Float:
    """Rows scaled to length 1; a zero row stays zero."""
    return (x.T / np.maximum(length(x), 1e-12)).T


def length(x: Float | Single) -> Float:
    """(n,) lengths of the rows of (n, 3)."""
    a, b, c = x.T.astype(np.float64, copy=False)
    total = a * a
    total += b * b
    total += c * c
    return np.asarray(np.sqrt(total, out=total))


def cumulative_rotation(rotation_vector: Float) -> Float:
    """Quaternions (4, n), w first, of the product of all rotations up to each row, sensor to held frame.

    rotation_vector (n, 3) in rad is the turn from row k - 1 to row k in the sensor's own axes.
    """
    half = 0.5 * length(rotation_vector)
    step = np.empty((4, len(half)))
    np.cos(half, out=step[0])
    np.multiply(rotation_vector.T, _half_sinc(half), out=step[1:])
    return _scan(step)


def _half_sinc(half: Float) -> Float:
    """sin(half) / (2 half), 0.5 at 0."""
    near_zero = half < 1e-9
    return np.where(near_zero, 0.5, 0.5 * np.sin(half) / np.where(near_zero, 1.0, half))


def _scan(step: Float) -> Float:
    """Running product of quaternions (4, n): within groups of RADIX, then over the groups, then both."""
    n = step.shape[1]
    if n <= RADIX:
        out = step.copy()
        for k in range(1, n):
            out[:, k] = multiply(out[:, k - 1], step[:, k])
        return out
    groups = -(-n // RADIX)
    padded = np.zeros((4, groups * RADIX))
    padded[0, n:] = 1.0
    padded[:, :n] = step
    inner = np.ascontiguousarray(padded.reshape(4, groups, RADIX).transpose(0, 2, 1))
    for k in range(1, RADIX):
        inner[:, k] = multiply(inner[:, k - 1], inner[:, k])
    before = np.zeros((4, groups))
    before[0, 0] = 1.0
    before[:, 1:] = _scan(inner[:, -1])[:, :-1]
    before /= np.sqrt((before * before).sum(axis=0))
    out = multiply(before[:, None], inner)
    return out.transpose(0, 2, 1).reshape(4, -1)[:, :n]


def multiply(p: Float, q: Float) -> Float:
    """Product of quaternions along axis 0, w first; the other axes are broadcast."""
    return np.asarray(np.einsum("ij...,j...->i...", _matrix(p), q))


# Where each component of the left factor stands in the matrix by which it multiplies the right one, and its sign.
_PLACES = np.array([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]])
_SIGNS = np.array([[1.0, -1.0, -1.0, -1.0], [1.0, 1.0, -1.0, 1.0], [1.0, 1.0, 1.0, -1.0], [1.0, -1.0, 1.0, 1.0]])


def _matrix(p: Float) -> Float:
    """(4, 4, ...) matrix of multiplying by p (4, ...) from the left."""
    return np.asarray(p[_PLACES] * _SIGNS.reshape(4, 4, *(1,) * (p.ndim - 1)))


def conjugate(q: Float) -> Float:
    return np.asarray(q * np.array([1.0, -1.0, -1.0, -1.0])[:, None])


def rotate(q: Float, x: Float) -> Float:
    """Rotates rows of x (n, 3) by the quaternions q (4, n)."""
    w, qx, qy, qz = q
    vx, vy, vz = x.T
    tx, ty, tz = 2 * (qy * vz - qz * vy), 2 * (qz * vx - qx * vz), 2 * (qx * vy - qy * vx)
    return np.stack(
        [vx + w * tx + qy * tz - qz * ty, vy + w * ty + qz * tx - qx * tz, vz + w * tz + qx * ty - qy * tx]
    ).T
