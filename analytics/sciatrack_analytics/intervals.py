"""Intervals that SQL cannot compute: of a regression slope, and of a mean over participants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
# Enough that the bounds of a mean of 20 shares move by less than 0.005 from one seed to the next.
RESAMPLES = 2000
SEED = 20260302  # any number, but always the same: the same rows give the same bounds
LEVEL = 0.95
MIN_PARTICIPANTS = 2  # one participant says nothing about how much participants differ


def bootstrap_mean(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % percentile interval of the mean of one value a participant, by drawing participants again.

    Efron 1979 (doi 10.1214/aos/1176344552). Drawing n of n values with replacement is drawing how often each
    different value comes, which costs as much as there are different values. NaN for fewer than two.
    """
    if len(values) < MIN_PARTICIPANTS:
        return float("nan"), float("nan")
    different, times = np.unique(np.asarray(values, dtype=float), return_counts=True)
    drawn = np.random.default_rng(SEED).multinomial(len(values), times / len(values), size=RESAMPLES)
    low, high = np.quantile(drawn @ different / len(values), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def slope_half_width(standard_error: Float, n: Float) -> Float:
    """Half of a least squares slope's 95 % interval: t quantile of n - 2 degrees of freedom times its error."""
    from scipy.special import stdtrit

    half: Float = stdtrit(np.maximum(n - 2, 1), (1 + LEVEL) / 2) * standard_error
    return half
