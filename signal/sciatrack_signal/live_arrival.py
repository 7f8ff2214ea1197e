"""When the hold that goes on now was reached, by the rule that dates it offline, once there is enough of it to see.

The only numpy of the live path: a fifth of a millisecond a few times in a hold, which is one packet in fifty while
somebody exercises. Own rule.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sciatrack_signal.dwells import LEVEL_WINDOW_S, PLATEAU_SHARE, SWAY_MIN_S, calmer_half
from sciatrack_signal.live_steps import STEP_S
from sciatrack_signal.one_move import arrival, last_step, peak_speed
from sciatrack_signal.order import quantile

Float = npt.NDArray[np.float64]

LEVEL_STEPS = round(LEVEL_WINDOW_S / STEP_S)


def arrived(
    times_s: Sequence[float], angles_deg: Sequence[float], noise_deg: float, longer_s2: float
) -> tuple[float, float] | None:
    """When the move was over by the 10 % rule, and the angle of the hold; None where there is no move yet.

    times_s, angles_deg : steps from the departure until now, away from rest; noise_deg : sway, which is measured
    on the hold itself once that has lasted SWAY_MIN_S; longer_s2 : as in `moves.longer_s2`.
    """
    angle = np.array(angles_deg)
    if len(angle) < LEVEL_STEPS:
        return None
    plateau = _plateau(angle)
    if len(angle) - plateau >= SWAY_MIN_S / STEP_S:
        noise_deg = calmer_half(angle[plateau:])
    step, level = last_step(angle, plateau, peak_speed(angle), noise_deg, LEVEL_STEPS)
    at = arrival(angle, level, noise_deg, longer_s2 / STEP_S**2, step).at
    whole = min(int(at), len(times_s) - 1)
    return times_s[whole] + (at - whole) * STEP_S, level


def _plateau(angle: Float) -> int:
    """First row within the plateau's share of the hold."""
    top = float(angle.max())
    half = int((angle >= 0.5 * top).argmax())
    held = angle[half:]
    level = quantile(held, 0.75) if len(held) > 2 * LEVEL_STEPS else top
    return half + int((held >= level - PLATEAU_SHARE * top).argmax())
