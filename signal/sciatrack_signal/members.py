"""Which of the dwells in two poses belong to a set: where it begins and ends, and what in it is no repetition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_signal.order import median
from sciatrack_signal.rest_or_hold import BESIDE_SHARE, BEYOND_SHARE, UNLIKE_FLOOR_DEG
from sciatrack_signal.two_poses import Dwells

Float = npt.NDArray[np.float64]

# A first or last rep without a rest outside it is a way to or from the set, unless it was held as long (at least
# this share) and goes as far (within this share of the range) as the others.
END_HOLD_SHARE = 0.4
END_LEVEL_SHARE = 0.2


@dataclass(frozen=True)
class Members:
    """Dwells first to last (inclusive) are the set; none if last < first.

    kept : whether the outermost poses were stayed in. left_out : holds between them that are no repetitions, such
    as a reach, a cough or a shift to another place.
    """

    first: int
    last: int
    kept: tuple[bool, bool]
    left_out: frozenset[int]

    @property
    def n(self) -> int:
        return self.last - self.first + 1


NOBODY = Members(0, -1, (True, True), frozenset())


def members(d: Dwells, rest: int) -> Members:
    """The set among the dwells, of which those with parity `rest` are rest."""
    sign = 1.0 if d.levels[1 - rest] > d.levels[rest] else -1.0
    inner = range(1 + rest, d.n - 1, 2)
    left_out = frozenset(k for k in inner if _unlike(d, k, sign))
    holds = [k for k in inner if k not in left_out]
    if not holds:
        return NOBODY
    first, last = (_outermost(d, rest, holds, side) for side in (0, 1))
    kept = d.kept[0] or first != 0, d.kept[1] or last != d.n - 1
    return Members(first, last, kept, frozenset(k for k in left_out if first < k < last))


def _outermost(d: Dwells, rest: int, holds: list[int], side: int) -> int:
    """The first (last) dwell of the set: a rest, or a hold that the file's edge cuts."""
    end, step = (0, 1) if side == 0 else (d.n - 1, -1)
    k = end
    while 0 <= k < d.n:
        if k % 2 != rest:
            if k == end and d.kept[side] and d.at_edge[side]:
                break
            k += step
        elif k + step in holds and (k != end or d.kept[side] or _belongs(d, holds, k + step)):
            break
        else:
            k += 2 * step
    return k


def _belongs(d: Dwells, holds: list[int], apex: int) -> bool:
    """Whether a hold without a rest outside it is as long and as far as the others."""
    stays = d.ends - d.starts
    off_deg = abs(d.levels[apex] - median(d.levels[holds]))
    long = stays[apex] >= END_HOLD_SHARE * median(stays[holds])
    return bool(long and off_deg < END_LEVEL_SHARE * d.amplitude_deg)


def _unlike(d: Dwells, k: int, sign: float) -> bool:
    """Whether a hold goes much further out, or elsewhere, than the holds beside it and than most; seen by itself
    and from the rests beside it, for where a belt slips, rest and hold move alike."""
    most_beside_deg = BESIDE_SHARE * d.amplitude_deg + UNLIKE_FLOOR_DEG
    most_beyond_deg = BEYOND_SHARE * d.amplitude_deg + UNLIKE_FLOOR_DEG
    near = [j for j in (k - 2, k + 2) if 0 < j < d.n - 1]
    elsewhere = all(abs(d.beside[k] - d.beside[j]) > most_beside_deg for j in near)
    further = all(sign * (d.levels[k] - d.levels[j]) > most_beyond_deg for j in near)
    if not near or not (elsewhere or further):  # few are, and only they are compared with all
        return False
    others = [j for j in range(2 - k % 2, d.n - 1, 2) if j != k]
    kins = [*([j] for j in near), others]
    beyond, beside = (
        [
            seen[k] - median(seen[kin].mean(axis=1))
            for seen in (values[:, None], _displacements(values))
            for kin in kins
        ]
        for values in (sign * d.levels, d.beside)
    )
    return bool(
        np.abs(np.concatenate(beside)).min() > most_beside_deg or np.concatenate(beyond).min() > most_beyond_deg
    )


def _displacements(values: Float) -> Float:
    """(n, 2) of each dwell from the one before and from the one after; the ends have one neighbour."""
    steps = np.diff(values)
    return np.column_stack([np.append(-steps[:1], steps), np.append(-steps, steps[-1:])])
