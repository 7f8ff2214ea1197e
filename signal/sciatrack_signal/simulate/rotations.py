"""Rotations as unit quaternions (n, 4), scalar last, for the inside of the simulator only.

SciPy's `Rotation` is the form in which rotations cross functions elsewhere; in SciPy 1.17 one product of 48,000
costs 32 ms of CPU, which would be most of the time of a simulated set, against 2 ms here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sciatrack_ingest.recording import Float

# Below this angle (rad) sin(x)/x is 1 to double precision, and the division would lose it.
SMALL_RAD = 1e-8


def from_rotvec(rotvec_rad: Float) -> Float:
    """(n, 4) from rotation vectors (n, 3)."""
    angle = np.sqrt(np.einsum("ij,ij->i", rotvec_rad, rotvec_rad))
    factor = np.where(angle > SMALL_RAD, np.sin(0.5 * angle) / np.maximum(angle, SMALL_RAD), 0.5)
    out = np.empty((len(rotvec_rad), 4))
    np.multiply(rotvec_rad, factor[:, None], out=out[:, :3])
    np.cos(0.5 * angle, out=out[:, 3])
    return out


def to_rotvec(quat: Float) -> Float:
    """(n, 3) rotation vectors, the shorter way round."""
    sign = np.where(quat[:, 3] < 0, -1.0, 1.0)
    sine = np.sqrt(np.einsum("ij,ij->i", quat[:, :3], quat[:, :3]))
    angle = 2.0 * np.arctan2(sine, sign * quat[:, 3])
    factor = np.where(sine > SMALL_RAD, angle / np.maximum(sine, SMALL_RAD), 2.0)
    return np.asarray(quat[:, :3] * (sign * factor)[:, None])


def multiply(first: Float, second: Float) -> Float:
    """(n, 4): turn by `second`, then by `first` (as R_first @ R_second)."""
    ax, ay, az, aw = first.T
    bx, by, bz, bw = second.T
    out = np.empty((max(len(first), len(second)), 4))
    out[:, 0] = aw * bx + ax * bw + ay * bz - az * by
    out[:, 1] = aw * by - ax * bz + ay * bw + az * bx
    out[:, 2] = aw * bz + ax * by - ay * bx + az * bw
    out[:, 3] = aw * bw - ax * bx - ay * by - az * bz
    return out


def inverse(quat: Float) -> Float:
    return np.asarray(quat * np.array([-1.0, -1.0, -1.0, 1.0]))


def turn(quat: Float, vectors: Float) -> Float:
    """(n, 3): each vector turned by its rotation; one of the two may have length 1."""
    axis, scalar = quat[:, :3], quat[:, 3:]
    twice = 2.0 * np.cross(axis, vectors)
    return np.asarray(vectors + scalar * twice + np.cross(axis, twice))


def turn_one(rotvec_rad: Float, vector: Float) -> Float:
    """(3,): one vector turned by one rotation vector."""
    return np.asarray(turn(from_rotvec(rotvec_rad[None]), vector[None])[0])


def between(start: Sequence[float] | Float, end: Sequence[float] | Float) -> Float:
    """(3,) rotation vector, rad, of the shortest turn that takes direction `start` to direction `end`.

    Opposite directions leave the axis open; the turn is then about z as far as z is across (people roll over
    about their long axis).
    """
    a = unit(start)
    b = unit(end)
    axis = np.cross(a, b)
    sine, cosine = float(np.linalg.norm(axis)), float(a @ b)
    if sine < 1e-3 and cosine < 0:
        across = np.array([0.0, 0.0, 1.0]) - a[2] * a
        if np.linalg.norm(across) < 0.1:
            across = np.array([0.0, 1.0, 0.0]) - a[1] * a
        return np.asarray(np.pi * unit(across))
    return np.asarray(axis / max(sine, 1e-12) * np.arctan2(sine, cosine))


def unit(vector: Sequence[float] | Float) -> Float:
    array = np.asarray(vector, dtype=np.float64)
    return np.asarray(array / np.linalg.norm(array))


def standing_on(up: Sequence[float] | Float, yaw_rad: float) -> Float:
    """(1, 4): the orientation of a segment whose own direction `up` points up, its head end towards `yaw`.

    A segment that stands upright has no horizontal head end; then its front points there.
    """
    tilt = from_rotvec(between(up, [0.0, 0.0, 1.0])[None])
    ahead = turn(tilt, np.array([[0.0, 0.0, 1.0]]))[0]
    if np.hypot(ahead[0], ahead[1]) < 0.3:
        ahead = turn(tilt, np.array([[1.0, 0.0, 0.0]]))[0]
    back_rad = yaw_rad - np.arctan2(ahead[1], ahead[0])
    return multiply(from_rotvec(np.array([[0.0, 0.0, back_rad]])), tilt)


def mirror_direction(vector: Float) -> Float:
    """The direction at the other leg: (x, -y, z)."""
    return np.asarray(vector * np.array([1.0, -1.0, 1.0]))


def mirror_axis(vector: Float) -> Float:
    """The rotation axis at the other leg: (-x, y, -z)."""
    return np.asarray(vector * np.array([-1.0, 1.0, -1.0]))
