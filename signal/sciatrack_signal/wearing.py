"""How a sensor may be worn, and how well poses and turns of the body's parts fit what it then sees."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import cross, cross_one
from sciatrack_signal.exercises import Vector

Float = npt.NDArray[np.float64]

# Mounts are tried every so many degrees about the body's long axis.
MOUNT_STEP_DEG = 15.0
# A case is thin and lies flat on the skin with an edge along the body: chances of which of the sensor's axes points
# to the head. Along z only in a pouch that stands on edge.
HEADWARD = {(0, 1.0): 0.2, (0, -1.0): 0.2, (1, 1.0): 0.3, (1, -1.0): 0.2, (2, 1.0): 0.05, (2, -1.0): 0.05}
# Where the sensor's z then points, as angles from forward to the left: on the thigh outwards or forwards, on the
# hip to a side, backwards or forwards; anywhere else, as it slides round, with the rest of the chance.
FACES_DEG = {
    "hip": ((-90.0, 0.26), (90.0, 0.26), (180.0, 0.2), (0.0, 0.14)),
    "right_thigh": ((-90.0, 0.5), (0.0, 0.28), (90.0, 0.05), (180.0, 0.03)),
    "left_thigh": ((90.0, 0.5), (0.0, 0.28), (-90.0, 0.05), (180.0, 0.03)),
    "thigh": ((-90.0, 0.28), (90.0, 0.28), (0.0, 0.28), (180.0, 0.03)),
}
FACE_SD_DEG = 18.0
# Chance of a sensor worn along none of the body's axes.
ASKEW = 0.15
# How far people and belts are from the poses of the catalogue, and how often a pose is quite another one.
POSE_SD_DEG = 16.0
AXIS_SD_DEG = 18.0
ODD_POSE = 0.06
# People's ranges of one exercise differ by this many e-folds from the catalogue's (one standard deviation).
RANGE_SD_FOLDS = 0.8
# Walking people's segments stand upright within this.
WALK_SD_DEG = 14.0


@cache
def mounts_of(placement: str) -> tuple[Float, Float]:
    """(g, 3, 3) from the body's frame to the sensor's, and their prior chances (sum 1)."""
    turns_deg = np.arange(0.0, 360.0, MOUNT_STEP_DEG)
    about = np.zeros(len(turns_deg))
    for face_deg, share in FACES_DEG[placement]:
        off_deg = (turns_deg - face_deg + 180.0) % 360.0 - 180.0
        near = np.exp(-0.5 * (off_deg / FACE_SD_DEG) ** 2)
        about += share * near / near.sum()
    about += (1.0 - about.sum()) / len(turns_deg)
    mounts, prior = [], []
    for (axis, sign), chance in HEADWARD.items():
        head = np.eye(3)[axis] * sign
        out = np.eye(3)[2] if axis != 2 else np.eye(3)[1]  # the axis that is turned round the body
        side = np.cross(head, out)
        for turn_deg, p in zip(turns_deg, about, strict=True):
            # `out` points turn_deg from forward to the left.
            c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
            forward, left = c * out - s * side, s * out + c * side
            mounts.append(np.column_stack([forward, left, head]))
            prior.append(chance * p)
    return np.array(mounts), np.array(prior)


def head_mounts(head: Float, beside: Float | None = None) -> tuple[Float, Float]:
    """As `mounts_of`: all turns round the body of a sensor of which `head`, (3,) unit, points to the head.

    beside : (3,) direction in the sensor's frame from which the turns are stepped, so that a sensor that is turned
    in its mount is asked the same; one of the sensor's axes if None or along the body.
    """
    forward = np.cross(head, np.zeros(3) if beside is None else beside)
    if float(np.linalg.norm(forward)) < 1e-6:
        forward = np.cross(head, np.eye(3)[int(np.argmin(np.abs(head)))])
    forward = forward / float(np.linalg.norm(forward))
    left = np.cross(head, forward)
    turns = np.radians(np.arange(0.0, 360.0, MOUNT_STEP_DEG))[:, None]
    mounts = np.empty((len(turns), 3, 3))
    mounts[:, :, 0] = np.cos(turns) * forward + np.sin(turns) * left
    mounts[:, :, 1] = np.cos(turns) * left - np.sin(turns) * forward
    mounts[:, :, 2] = head
    return mounts, np.full(len(turns), 1.0 / len(turns))


def near(cosine: Float, sd_deg: Float | float) -> Float:
    """Density on the sphere of a direction whose cosine to the expected one is given (Fisher's)."""
    kappa = 1.0 / np.radians(sd_deg) ** 2
    return _or_odd(cosine, kappa, kappa / (2.0 * np.pi), 4.0 * np.pi)


def about(cosine: Float, sd_deg: Float | float) -> Float:
    """Density on the circle (von Mises, for a small spread)."""
    kappa = 1.0 / np.radians(sd_deg) ** 2
    return _or_odd(cosine, kappa, np.sqrt(kappa / (2.0 * np.pi)), 2.0 * np.pi)


def _or_odd(cosine: Float, kappa: Float | float, highest: Float | float, size: float) -> Float:
    """A density that falls off with the cosine from its highest, or, rarely, is even over all of `size`."""
    density = cosine - 1.0
    density *= kappa
    np.exp(density, out=density)
    density *= highest * (1.0 - ODD_POSE)
    density += ODD_POSE / size
    return density


Poses = tuple[Float, Float]
# Directions of up at rest and in the hold of one way to do an exercise, in the frame of the body's part.
Way = tuple[Vector, Vector]


def pose_odds(poses: Poses, ways: Sequence[Way], walk: Float | None) -> float:
    """Log odds that poses[0] is the rest of the exercise and poses[1] its hold, and not the other way round.

    poses : (3,) unit directions of up in the sensor's frame; ways : of the exercise, for each leg that may have
    worked; walk : (3,) direction of up while walking. 0 where nobody walks, for the sensor may be worn in any way,
    and where nothing is known of the poses.
    """
    this_way, other_way = _orders(poses, ways, walk)
    return this_way - other_way


def pose_fit(poses: Poses, ways: Sequence[Way], walk: Float | None) -> float:
    """Log odds of the exercise's poses, in either order, against any two; arguments and 0 as for `pose_odds`."""
    return float(np.logaddexp(*_orders(poses, ways, walk)) - np.log(2.0))


def _orders(poses: Poses, ways: Sequence[Way], walk: Float | None) -> tuple[float, float]:
    """Log likelihood of the poses as rest and hold, and as hold and rest, over that of any two poses."""
    turn = cross_one(poses[0], poses[1])
    size = float(np.linalg.norm(turn))
    if size < 1e-6 or not ways or walk is None:
        return 0.0, 0.0
    mounts, _ = head_mounts(walk, turn / size)
    rests, holds = np.array(ways).transpose(1, 0, 2)
    axes = cross(rests, holds)
    sines = np.sqrt((axes * axes).sum(axis=1))
    axes /= np.maximum(sines, 1e-9)[:, None]
    folds = np.log(np.arctan2(size, poses[0] @ poses[1]) / np.arctan2(sines, (rests * holds).sum(axis=1)))
    turned = (turn / size) @ mounts @ axes.T
    orders = []
    for rest, sign in ((0, 1.0), (1, -1.0)):
        fit = np.log(near(poses[rest] @ mounts @ rests.T, POSE_SD_DEG) * about(sign * turned, AXIS_SD_DEG))
        fit -= 0.5 * (folds / RANGE_SD_FOLDS) ** 2
        orders.append(float(np.logaddexp.reduce(fit.ravel()) - np.log(fit.size) + np.log(8.0 * np.pi**2)))
    return orders[0], orders[1]
