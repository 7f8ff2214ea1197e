"""How well two annotators of the same recording agree: the floor below which no detector can be judged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.truth_file import MARKS, Truth
from sciatrack_signal.agreement import DRAWS, LEVEL, Interval, Limits, Tally, bland_altman, match_intervals

Float = npt.NDArray[np.float64]
# Fewer holds than this give an ICC that chance alone can make anything.
ICC_LEAST = 5


@dataclass(frozen=True)
class Agreement:
    """tally : reps that overlap by half, of the second annotator only, of the first only.

    marks : by boundary, seconds of the second minus the first, on matched reps. holds : the same for hold times.
    icc : ICC(2,1) of hold times with its interval; NaN for fewer than five holds.
    """

    tally: Tally
    marks: dict[str, Limits]
    holds: Limits
    icc: float
    icc_interval: Interval


def agreement(first: Float, second: Float) -> Agreement:
    """Compares (k, 4) and (m, 4) arrays of start, hold start, hold end, end; NaN holds where none was marked."""
    first, second = np.reshape(first, (-1, 4)), np.reshape(second, (-1, 4))
    pairs, _ = match_intervals(first[:, [0, 3]], second[:, [0, 3]])
    a, b = first[pairs[:, 0]], second[pairs[:, 1]]
    marks = {name: _limits(a[:, k], b[:, k]) for k, name in enumerate(MARKS)}
    hold_a, hold_b = a[:, 2] - a[:, 1], b[:, 2] - b[:, 1]
    known = np.isfinite(hold_a) & np.isfinite(hold_b)
    ratings = np.column_stack([hold_a, hold_b])[known]
    return Agreement(
        Tally(len(pairs), len(second) - len(pairs), len(first) - len(pairs)),
        marks, _limits(hold_a, hold_b), icc(ratings), icc_interval(ratings),
    )  # fmt: skip


def marks_of(truth: Truth) -> Float:
    """(k, 4) start, hold start, hold end, end; NaN where no hold was marked."""
    rows = [[getattr(rep, name) for name in MARKS] for rep in truth.reps]
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def _limits(a: Float, b: Float) -> Limits:
    known = np.isfinite(a) & np.isfinite(b)
    return bland_altman(b[known], a[known])


def icc(ratings: Float) -> float:
    """ICC(2,1) of (n, k) ratings: absolute agreement of single ratings, two-way random effects.

    Shrout & Fleiss 1979, doi 10.1037/0033-2909.86.2.420. NaN for fewer than five rows or without any variance.
    """
    n, k = ratings.shape
    if n < ICC_LEAST or k < 2:
        return math.nan
    mean = ratings.mean()
    rows = k * float(((ratings.mean(axis=1) - mean) ** 2).sum())
    columns = n * float(((ratings.mean(axis=0) - mean) ** 2).sum())
    rest = max(float(((ratings - mean) ** 2).sum()) - rows - columns, 0.0)
    ms_rows, ms_columns, ms_rest = rows / (n - 1), columns / (k - 1), rest / ((n - 1) * (k - 1))
    below = ms_rows + (k - 1) * ms_rest + k * (ms_columns - ms_rest) / n
    return (ms_rows - ms_rest) / below if below > 0 else math.nan


def icc_interval(ratings: Float, *, level: float = LEVEL, draws: int = DRAWS, seed: int = 0) -> Interval:
    """Bootstrap interval over the rated things; NaN, NaN where the ICC is."""
    if math.isnan(icc(ratings)):
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    n = len(ratings)
    drawn: Sequence[float] = [icc(ratings[rng.integers(0, n, n)]) for _ in range(draws)]
    low, high = np.nanquantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)
