"""Where up is, in the frame of the sensor, at every moment.

With a gyroscope: the acceleration is carried into a frame that the gyroscope holds nearly still, averaged there
over seconds, and carried back (the idea of VQF: Laidig and Seel 2023, doi 10.1016/j.inffus.2022.10.014; ours is
zero-phase over the whole recording, so that a constant gyroscope bias cancels to first order and need not be
estimated). Without: the low-passed acceleration itself.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sciatrack_signal.smoothing import gaussian, support

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Pairs = npt.NDArray[np.complex128]

# Averaging in the held frame: long enough that the acceleration of a 2 s move averages out, short enough that
# 5 deg/s of gyroscope bias bends the average by less than 1 deg.
HELD_FRAME_SIGMA_S = 1.0
# Accelerometer alone: moves of 0.4 s must survive, the impact of a heel must not.
ACC_ONLY_SIGMA_S = 0.12
# Rows multiplied together one after the other, before groups of so many are doubled; costs more at 6 and at 24.
RADIX = 12
# Half a turn from row to row squared, up to which the series of sin(h) / (2 h) is exact: 1400 deg/s at 25 Hz.
SERIES_MAX = 0.25
SERIES = tuple(0.5 * (-1) ** k / math.factorial(2 * k + 1) for k in range(8, -1, -1))


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
    squares = 0.25 * np.einsum("kj,kj->j", rotation_vector.T, rotation_vector.T)
    half_sinc = _half_sinc(squares)
    step = np.empty((4, len(squares)))
    np.multiply(rotation_vector.T, half_sinc, out=step[1:])
    half_sinc *= half_sinc
    half_sinc *= 4.0 * squares
    if squares.max(initial=0.0) <= SERIES_MAX:
        np.sqrt(1.0 - half_sinc, out=step[0])
    else:
        np.cos(np.sqrt(squares), out=step[0])
    return _scan(step)


def _half_sinc(squares: Float) -> Float:
    """sin(h) / (2 h) for h (n,) given squared, 0.5 at 0; as far as its series is exact, that costs a third."""
    if squares.max(initial=0.0) > SERIES_MAX:
        half = np.sqrt(np.maximum(squares, 1e-18))
        return np.asarray(0.5 * np.sin(half) / half)
    out = np.full(len(squares), SERIES[0])
    for factor in SERIES[1:]:
        out *= squares
        out += factor
    return out


def _scan(step: Float) -> Float:
    """Running product of quaternions (4, n): within groups of RADIX rows, then over the groups, then both.

    A quaternion is kept as two complex numbers, w + x i and y + z i, the second times j, with which a product is
    two products and a sum.
    """
    n = step.shape[1]
    whole, rest = divmod(n, RADIX)
    inner = np.zeros((2, RADIX, whole + 1), dtype=np.complex128)
    inner[0, :, whole] = 1.0
    for part, mine in ((inner.real, step[0::2]), (inner.imag, step[1::2])):
        part[:, :, :whole] = mine[:, : n - rest].reshape(2, whole, RADIX).transpose(0, 2, 1)
        part[:, :rest, whole] = mine[:, n - rest :]
    crossed = _crossed(inner)
    for k in range(1, RADIX):
        inner[:, k] = inner[0, k - 1] * inner[:, k] + inner[1, k - 1] * crossed[:, k]
    before = _doubled(inner[:, -1])
    _crossed(inner, crossed)
    inner[:, :, 1:] *= before[0, :-1]
    crossed[:, :, 1:] *= before[1, :-1]
    inner[:, :, 1:] += crossed[:, :, 1:]
    out = np.empty((4, whole + 1, RADIX))
    out[0::2], out[1::2] = inner.real.transpose(0, 2, 1), inner.imag.transpose(0, 2, 1)
    return out.reshape(4, -1)[:, :n]


def _doubled(step: Pairs) -> Pairs:
    """Running product of quaternions (2, n), of unit length: of 1, 2, 4, ... together, until it is of all."""
    total, span = step.copy(), 1
    while span < total.shape[1]:
        later = total[:, span:]
        total[:, span:] = total[0, :-span] * later + total[1, :-span] * _crossed(later)
        span *= 2
    total /= np.sqrt((total.real**2 + total.imag**2).sum(axis=0))
    return total


def _crossed(q: Pairs, out: Pairs | None = None) -> Pairs:
    """What the second number of a left factor is multiplied by: j (a + b j) = (-conj b) + (conj a) j."""
    crossed = np.conjugate(q[::-1], out=out)
    np.negative(crossed[0], out=crossed[0])
    return crossed


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
