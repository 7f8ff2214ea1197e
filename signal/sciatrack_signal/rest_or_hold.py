"""Which of a set's two poses is rest, from evidence that adds up as log odds; nothing that was asked for is used.

What says it: where the set begins and ends, for people rest outside their reps; a pause far longer than usual; how
still, how evenly long and how long each pose is kept; and, where the exercise is named, in which order its two
poses can follow for a sensor worn in any way (see wearing).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sciatrack_signal.order import median, without_line
from sciatrack_signal.two_poses import Dwells

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

# A pose in the set differs from its neighbours of the same kind by less than this share of the range beside the
# plane of movement, and does not go beyond them by more than that; a floor in degrees for small moves.
BESIDE_SHARE = 0.35
BEYOND_SHARE = 0.5
UNLIKE_FLOOR_DEG = 2.0
# A pose that is this share of the range towards the other one from its fellows is on the way.
POSE_SHARE = 0.35
# Log odds that the first (last) pose of a set is rest: simulated sets say 2.7; people whose rest is unlike, less.
END_ODDS = 2.0
# Where the recording's edge cuts that pose it says this much at least: few recordings begin or end within a hold.
EDGE_ODDS = 1.0
# Where the set's end was passed through, or lies beyond where the recording begins, the first pose in which
# somebody settles, for so long, is rest: in 87 of 92 simulated sets, but in 4 of 8 before which another pose was
# stayed in. It speaks by this much for each e-fold above SETTLED_LEAST_FOLDS, any other by each above its fellows;
# within these.
PASSED_PER_FOLD = 2.0
SETTLED_LEAST_FOLDS = -1.0
SETTLED_S = 3.0
PASSED_LIMITS = (-1.0, 2.0)
# A dwell this many times longer than usual, and this long, is a pause; nobody holds as unevenly.
PAUSE_RATIO = 3.0
PAUSE_MIN_S = 8.0
PAUSE_ODDS = 1.5
# A pose that is kept against gravity sways more: log odds for each e-fold, as for how unevenly long and how short
# rests are beside holds. None of these decides by itself, for hands and knees sway at rest, and pauses may be long.
PER_SWAY = 1.0
PER_SPREAD = 0.5
PER_STAY = 0.7
FOLDS_MAX = 0.7
# Spreads of logarithms of durations below this are all alike.
SPREAD_FLOOR = 0.05
# Sway is taken over this long in the middle of each stay, of which moves take half at most.
SWAY_S = 1.0
# What a move leaves in a short stay is about this share of the range.
SWAY_FLOOR_SHARE = 0.02
# Less log odds than this (four to one) and the answer is said to be assumed.
SURE_ODDS = 1.4


def rest_parity(d: Dwells, rate_hz: float, *, geometry_odds: float = 0.0) -> tuple[int, bool]:
    """(0 or 1, sure): the dwells with this parity are rest.

    geometry_odds : log odds for the even ones, see `wearing.pose_odds`.
    """
    odds = geometry_odds + sum(evidence(d, rate_hz).values())
    return (0 if odds >= 0 else 1), abs(odds) >= SURE_ODDS


def evidence(d: Dwells, rate_hz: float) -> dict[str, float]:
    """Log odds that the even dwells are rest, by what says so."""
    stays_s = (d.ends - d.starts) / rate_hz
    inside = in_poses(d)
    inner = [[k for k in inside if k % 2 == parity and 0 < k < d.n - 1] for parity in (0, 1)]
    usual_s = [median(stays_s[mine]) if mine else float("nan") for mine in inner]
    spread = [float(np.std(np.log(stays_s[mine]))) if len(mine) > 1 else float("nan") for mine in inner]
    sway = [_sway(d, mine, rate_hz) for mine in inner]
    floor_deg = SWAY_FLOOR_SHARE * d.amplitude_deg
    return {
        "ends": _ends(d, inside, stays_s, usual_s),
        "pause": _pause(stays_s, inner),
        "sway": PER_SWAY * _folds(sway[1] + floor_deg, sway[0] + floor_deg),
        "spread": PER_SPREAD * _folds(spread[0] + SPREAD_FLOOR, spread[1] + SPREAD_FLOOR),
        "stay": PER_STAY * _folds(usual_s[1], usual_s[0]),
    }


def in_poses(d: Dwells) -> list[int]:
    """The dwells that were stayed in and are where their fellows are: the next two of their kind on both sides."""
    k = np.arange(d.n)
    near = k[:, None] + (-4, -2, 2, 4)
    there = (near > 0) & (near < d.n - 1)
    level, beside = (_medians(values[np.where(there, near, 0)], there) for values in (d.levels, d.beside))
    other = d.levels[np.where(k == 0, 1, k - 1)]
    towards = np.sign(other - level) * (d.levels - level)
    fits = (towards > -BEYOND_SHARE * d.amplitude_deg - UNLIKE_FLOOR_DEG) & (towards < POSE_SHARE * d.amplitude_deg)
    fits &= np.abs(d.beside - beside) < BESIDE_SHARE * d.amplitude_deg + UNLIKE_FLOOR_DEG
    fits |= ~there.any(axis=1)
    fits[0] &= d.kept[0]
    fits[-1] &= d.kept[1]
    return fits.nonzero()[0].tolist()


def _medians(values: Float, there: Bool) -> Float:
    """(n,) medians of the rows of (n, 4), of what is there; NaN if any of that is, and where nothing is."""
    ordered = np.sort(np.where(there, values, np.inf), axis=1)  # NaN comes last
    count, row = there.sum(axis=1), np.arange(len(values))
    middle = 0.5 * (ordered[row, np.maximum(count - 1, 0) // 2] + ordered[row, np.minimum(count // 2, 3)])
    return np.where((count == 0) | np.isnan(ordered[:, 3]), np.nan, middle)


def _ends(d: Dwells, inside: list[int], stays_s: Float, usual_s: list[float]) -> float:
    """What the outermost poses of the set say, of those that are `inside`."""
    odds = 0.0
    for side, k in enumerate((inside[0], inside[-1]) if inside else ()):
        terminal = k in (0, d.n - 1)
        ratio = float(stays_s[k]) / usual_s[k % 2] if usual_s[k % 2] > 0 else 1.0
        folds = math.log(ratio) if ratio > 0 else -math.inf
        if terminal and not d.at_edge[side]:
            worth = END_ODDS
        else:
            least, most = (EDGE_ODDS, END_ODDS) if terminal else PASSED_LIMITS
            passed = not terminal and (d.at_edge[side] or not d.kept[side])
            settled = passed and stays_s[k] >= SETTLED_S
            beyond = folds - SETTLED_LEAST_FOLDS if settled else folds
            worth = min(max(PASSED_PER_FOLD * beyond, least), most)
        odds += worth if k % 2 == 0 else -worth
    return odds


def _pause(stays_s: Float, inner: list[list[int]]) -> float:
    """Pauses are now and then much longer than usual, holds are not."""
    longest = [float(stays_s[mine].max()) if mine else 0.0 for mine in inner]
    unusual = [
        len(mine) >= 2 and top >= max(PAUSE_RATIO * median(stays_s[mine]), PAUSE_MIN_S)
        for mine, top in zip(inner, longest, strict=True)
    ]
    if unusual[0] and longest[0] > longest[1]:
        return PAUSE_ODDS
    return -PAUSE_ODDS if unusual[1] and longest[1] > longest[0] else 0.0


def _sway(d: Dwells, dwells: list[int], rate_hz: float) -> float:
    """Median of the dwells' standard deviations (deg) about a line, in their middle; NaN if all are short."""
    rows = round(SWAY_S * rate_hz)
    long = [k for k in dwells if d.ends[k] - d.starts[k] >= 2 * rows]
    if not long:
        return float("nan")
    firsts = (d.starts[long] + d.ends[long] - rows) // 2 - d.first
    off = without_line(d.x[firsts + np.arange(rows)[:, None]])
    return median(np.sqrt(np.einsum("ij,ij->j", off, off) / rows))


def _folds(a: float, b: float) -> float:
    """ln(a / b) within the limits; 0 where one is not known."""
    if not (a > 0 and b > 0):
        return 0.0
    return min(max(math.log(a / b), -FOLDS_MAX), FOLDS_MAX)
