"""A move within a pose: an ankle is laid over the other knee, and only then is the leg pressed and held.

Where the larger move is made anew for each rep, its pose holds a smaller one that goes further out, stays and comes
back. The hold is then the inner one. Own rule; see benchmarks/accuracy.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sciatrack_signal.excursion import each_apart_deg, unit_one
from sciatrack_signal.moves import Edge, reversed_edge, shifted
from sciatrack_signal.one_move import arrival
from sciatrack_signal.order import median, median_row, quantile
from sciatrack_signal.smoothing import gaussian
from sciatrack_signal.turning import stretches

Float = npt.NDArray[np.float64]

# From the outer arrival to half way of the inner move at least: less is a stop in one move.
OUTER_STAY_S = 1.5
# A shorter pose is one hold: there is no time for a stay, a move, a hold, a move and a stay.
LEAST_POSE_S = 6 * OUTER_STAY_S
# The inner move goes further out by at least so many degrees and so many times the sway: less is breathing.
INNER_MIN_DEG = 2.0
INNER_SWAY = 3.0
# A single move, out or back, takes no longer.
ONE_MOVE_S = 4.0
# It lasts for this share of the pose, or it would be a fidget in a hold.
INNER_MIN_SHARE = 0.25
# The angle that is reached in the inner pose, this quantile of the whole.
HIGH_QUANTILE = 0.9
# The inner pose is sought in the angle smoothed by this.
SMOOTH_S = 0.3
# A pose that moves within itself against the outer move by this cosine, or nearer to its reverse, dips.
INWARD_COSINE = -0.7
# So large a share of a set's holds must have one.
HOLDS_SHARE = 0.6


def inner_moves(
    angle: Float, rate_hz: float, noise_deg: float, widened: float
) -> tuple[Edge | None, Edge | None, Edge | None, Edge | None] | None:
    """Departure and arrival of the inner move out, and of its return; None if there is none.

    Two of them are None where that end of the inner pose is the outer move's.

    angle (n,) deg between the outer move's arrival and its departure, positive outwards; rows are rows of it.
    widened : as for `arrival`.
    """
    stay = round(OUTER_STAY_S * rate_hz)
    n = len(angle)
    smooth = gaussian(angle, SMOOTH_S * rate_hz)
    before, after = median(smooth[:stay]), median(smooth[-stay:])
    highest = float(np.quantile(smooth, HIGH_QUANTILE))
    above = smooth > 0.5 * (min(before, after) + highest)
    poses = stretches(above)
    if not poses:
        return None
    out_at, back_at = max(poses, key=lambda pose: pose[1] - pose[0])
    inside = smooth[out_at:back_at]
    inner = median(inside)
    noise_deg = min(noise_deg, 1.4826 * median(np.abs(inside - inner)))
    least_deg = max(INNER_MIN_DEG, INNER_SWAY * noise_deg)
    # Who presses as soon as the ankle lies, or takes it down at once after it, makes one move of two.
    goes, returns = out_at >= stay, back_at <= n - stay
    if not (goes or returns) or back_at - out_at < INNER_MIN_SHARE * n:
        return None
    if (goes and inner - before < least_deg) or (returns and inner - after < least_deg):
        return None
    middle = (out_at + back_at) // 2
    clean = angle.copy()  # without the rows in which the outer move ends and begins
    clean[:stay], clean[n - stay :] = before, after
    up, down = clean[: middle + 1], clean[middle:][::-1]
    last = len(down) - 1 + middle
    out = there = back = home = None
    if goes:
        out = reversed_edge(arrival(-up[::-1], -before, noise_deg, widened), middle)
        there = arrival(up, inner, noise_deg, widened)
    if returns:
        back = reversed_edge(arrival(down, inner, noise_deg, widened), last)
        home = shifted(arrival(-down[::-1], -after, noise_deg, widened), middle)
    if not (goes and returns):  # a pose that sinks or creeps on at one end is one pose
        begins, ends = (out, there) if goes else (back, home)
        if begins is None or ends is None or ends.at - begins.at > ONE_MOVE_S * rate_hz:
            return None
    return out, there, back, home


def inner_angle(up: Float, outwards: Float) -> Float | None:
    """(n,) deg by which a pose moves within itself, along the way on which it moves most; its ends are low.

    up (n, 3), n >= 6, unit rows between the outer move's arrival and its departure, outwards (3,) the way of that
    move; None where the pose goes back on it: that is a dip.
    """
    stay = len(up) // 6
    off = up - np.add.reduce(up, axis=0) / len(up)
    way = np.linalg.eigh(off.T @ off)[1][:, -1]
    along = np.degrees(off @ way)
    ends = np.concatenate([along[:stay], along[-stay:]])
    sign = -1.0 if median(ends) > median(along[stay:-stay]) else 1.0
    if sign * float(way @ outwards) < INWARD_COSINE * math.sqrt(float(outwards @ outwards)):
        return None
    return np.asarray(sign * along)


def rise_deg(up: Float, rate_hz: float) -> float:
    """How far a pose, up (n, 3) unit rows, comes away from where it begins or ends; the larger of the two."""
    stay = round(OUTER_STAY_S * rate_hz)
    if len(up) == 0:
        return 0.0
    ends = (unit_one(median_row(up[:stay])), unit_one(median_row(up[-stay:])))
    return max(quantile(each_apart_deg(up, end), HIGH_QUANTILE) for end in ends)
