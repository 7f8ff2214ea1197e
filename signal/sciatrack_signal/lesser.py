"""Repetitions that were begun and not gone through with: out by a part of the range, stayed or not, and back.

They lie on the rest's side of the middle between the two poses, so a set read as changes of pose passes over them
and the move beside them would seem to begin before them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sciatrack_signal.turning import local_extrema, turning_points

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

# Less than this share of the range is a shift of the rest pose; incomplete repetitions reach a quarter to a half.
LEAST_SHARE = 0.2
# and this many times the sway: breathing at rest is no repetition.
LEAST_SWAY = 5.0
# Half the way out and back again takes at least so long; a foot that is put right takes less.
LEAST_S = 1.0


def lesser_points(outward: Float, range_deg: float, sway_deg: float, rate_hz: float) -> Int:
    """Rows of the turning points within one stay at rest: rest, then out and rest again for each lesser repetition.

    outward (n,) deg, growing towards the hold, from half way back to half way out again.
    """
    least_deg = max(LEAST_SHARE * range_deg, LEAST_SWAY * sway_deg)
    extrema = local_extrema(outward)
    turns = extrema[turning_points(outward[extrema].tolist(), least_deg)].tolist()
    turns = [row for row in turns if 0 < row < len(outward) - 1]
    around = [0, *turns, len(outward) - 1]
    levels = outward[around].tolist()
    # A low lies below the mean of what comes before and after it, to the next turning point or the end.
    lows = [row for k, row in enumerate(turns, 1) if levels[k] < 0.5 * (levels[k - 1] + levels[k + 1])]
    rows = [int(np.argmin(outward))] if len(lows) == 0 else [lows[0]]
    for low in lows[1:]:
        part = outward[rows[-1] : low + 1]
        base = max(float(part[0]), float(part[-1]))
        if (part > base + 0.5 * (float(part.max()) - base)).sum() >= LEAST_S * rate_hz:
            rows += [rows[-1] + int(np.argmax(part)), low]
        elif outward[low] < outward[rows[-1]]:
            rows[-1] = low
    return np.array(rows, dtype=np.int64)
