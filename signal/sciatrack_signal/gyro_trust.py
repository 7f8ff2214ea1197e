"""Whether a gyroscope may be believed: does it say how gravity moves through the sensor?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sciatrack_signal.orientation import length
from sciatrack_signal.smoothing import BLOCK_ROWS, blocks, gaussian, support, thinned
from sciatrack_signal.walking import walking

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

# Slow enough that centripetal and linear acceleration hardly bend the accelerometer's up.
TRUST_SIGMA_S = 0.35
# Real gyroscopes were met with a scale of 0.17, an axis of the wrong sign and a bias of 30 deg/s. One is used only
# if what it says explains this share of how gravity moves, with a scale this close to 1 on each moving axis.
TRUST_EXPLAINED = 0.8
TRUST_SCALE = (0.85, 1.18)
# Walking and bumps (m/s^2, rms of the norm above about 0.5 Hz) move the accelerometer's up by more than turning.
TRUST_JOLT = 0.4
JOLT_SIGMA_S = 1.0
# A limb that swings is accelerated along its way: an arm of a quarter of a metre, to and fro in 2 to 3 s, bends
# the accelerometer's up by a tenth to a fifth of the turning. So much of it is no fault of the gyroscope, and where
# no more than that moves up, up tests no gyroscope: turning about the vertical, lying on the side. A scale that is
# off by less passes untested too; it then dates moves by gravity alone.
SWING_SHARE = 0.2
# Up that moves less than this (rms) while the sensor is not shaken tests no gyroscope.
UNTESTED_DPS = 0.7
# Weight of the assumption that a scale is 1, as a share of all that was turned.
SCALE_RIDGE = 0.03
# An axis with less than this share of the rotation says nothing about its scale.
TRUST_AXIS_SHARE = 0.1
# Of what has been smoothed every third row is looked at, 0.12 s apart: those between say the same again. From ten
# minutes on (rows) every sixth is enough; in a short recording with few calm rows that could change the answer.
EVERY, EVERY_OF_MANY = 3, 6
SHORT_ROWS = 15_000


def gyro_agrees(acc: Float, gyr: Float, rate_hz: float) -> bool:
    """Whether the gyroscope predicts how the accelerometer's up moves, axis by axis; gyr in rad/s."""
    return gyro_verdict(acc, gyr, rate_hz, walking(acc, rate_hz)) == "agrees"


def gyro_verdict(acc: Float | Single, gyr: Float | Single, rate_hz: float, walks: Int) -> str:
    """`agrees`, `contradicts`, or `untested` where up hardly moves and so says nothing of the gyroscope."""
    products, rows, bias, turned = _products(acc, gyr, rate_hz, walks)
    # Without its bias: the change of up, and what each axis turns up by.
    without = np.concatenate([np.eye(4, 4), np.diag([0.0, *-bias])[:, 1:]], axis=1)
    products = without @ products @ without.T
    total = float(products[0, 0])
    all_axes = np.array([1.0, -1.0, -1.0, -1.0])
    unexplained = float(all_axes @ products @ all_axes)
    if total <= (np.radians(UNTESTED_DPS) ** 2) * rows:
        return "untested"
    wrong = "untested" if unexplained < SWING_SHARE**2 * turned else "contradicts"
    if unexplained > (1.0 - TRUST_EXPLAINED) * total:
        return wrong
    normal, share = products[1:, 1:], np.diag(products)[1:]
    # turning about up is not seen, so the three columns can nearly depend on each other: the ridge keeps a scale
    # that nothing speaks about near 1
    ridge = SCALE_RIDGE * float(share.sum())
    scale = np.linalg.solve(normal + (ridge + 1e-12) * np.eye(3), products[1:, 0] + ridge)
    moving = share > TRUST_AXIS_SHARE * share.sum()
    right = ((scale > TRUST_SCALE[0]) & (scale < TRUST_SCALE[1]))[moving].all()
    return "agrees" if right else wrong


def _products(
    acc: Float | Single, gyr: Float | Single, rate_hz: float, walks: Int
) -> tuple[Float, int, Float, float]:
    """(7, 7) products of the change of up (rad/s), the turn that each axis of the gyroscope says it is (3), and
    that of each axis per rad/s (3), summed over the calm rows; how many those are; the bias (3) in rad/s; the sum
    of the squared turning speed without it.

    du = u x omega is linear in the scales and in the biases of omega, so these sums say all of both.
    """
    sigma = TRUST_SIGMA_S * rate_hz
    every = EVERY if len(acc) <= SHORT_ROWS else EVERY_OF_MANY
    slow = thinned(gyr, sigma, every)[0]
    before, up, after = (_units(columns) for columns in thinned(acc, sigma, every, (-1, 0, 1)))
    at, last = np.arange(0, len(acc), every), len(acc) - 1
    change = (after - before) * (rate_hz / np.maximum(np.minimum(at + 1, last) - np.maximum(at - 1, 0), 1))
    calm = _calm(acc, rate_hz, walks)[::every]
    bias = np.median(slow, axis=1).astype(np.float64)
    products, turned = np.zeros((7, 7)), 0.0
    for rows, _, _ in blocks(len(calm), 0, BLOCK_ROWS // 4):
        part = rows.start + np.flatnonzero(calm[rows])
        ux, uy, uz = up[:, part].astype(np.float64)
        none = np.zeros(len(part))
        arms = np.array([[none, uz, -uy], [-uz, none, ux], [uy, -ux, none]])
        turning = slow[:, part]
        columns = np.concatenate([change[None, :, part], arms * turning[:, None], arms]).reshape(7, -1)
        products += columns @ columns.T
        turned += float(np.square(turning - bias[:, None]).sum())
    return products, int(calm.sum()), bias, turned


def _units(columns: Single) -> Single:
    """Columns (3, m) scaled to length 1."""
    return np.asarray(columns / np.maximum(np.sqrt(np.einsum("kj,kj->j", columns, columns)), 1e-12))


def _calm(acc: Float | Single, rate_hz: float, walks: Int) -> Bool:
    """(n,) rows at which nothing but turning moves the accelerometer's up; walks (k, 2) rows."""
    calm = np.empty(len(acc), dtype=bool)
    sigmas = TRUST_SIGMA_S * rate_hz, JOLT_SIGMA_S * rate_hz
    for rows, around, inner in blocks(len(acc), sum(map(support, sigmas))):
        shaking = length(acc[around])
        shaking -= gaussian(shaking, sigmas[0])
        shaking *= shaking
        calm[rows] = gaussian(shaking, sigmas[1])[inner] < TRUST_JOLT**2
    margin = round(rate_hz)
    for start, end in walks:
        calm[max(0, start - margin) : end + margin] = False
    return calm
