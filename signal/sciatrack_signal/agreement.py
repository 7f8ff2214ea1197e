"""How well found reps agree with true ones: matching, counting, errors, and how sure one may be of all that.

Pure functions over arrays; nothing here knows of recordings or exercises. Used by the accuracy benchmark and for
the agreement of two annotators.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Interval = tuple[float, float]

MATCH_IOU = 0.5  # usual in segmentation; at half the union and more, disjoint intervals can match one other only
LEVEL = 0.95
# Bootstrap draws: their own error of a 95 % bound is then well below the width of the intervals reported.
DRAWS = 2000
LIMIT_SDS = 1.96  # Bland & Altman 1986


@dataclass(frozen=True)
class Tally:
    """Found and true things: matched, found without a true one, true but not found."""

    matched: int
    false: int
    missed: int

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.matched + other.matched, self.false + other.false, self.missed + other.missed)

    @property
    def precision(self) -> float:
        """NaN when nothing was found."""
        return _ratio(self.matched, self.matched + self.false)

    @property
    def recall(self) -> float:
        """NaN when there was nothing to find."""
        return _ratio(self.matched, self.matched + self.missed)

    @property
    def f1(self) -> float:
        """NaN when there was nothing to find and nothing was found."""
        return _ratio(2 * self.matched, 2 * self.matched + self.false + self.missed)


def iou(truth: Float, found: Float) -> Float:
    """(k, m) intersection over union of (k, 2) and (m, 2) intervals; 0 where they do not meet."""
    truth, found = np.reshape(truth, (-1, 2)), np.reshape(found, (-1, 2))
    low = np.maximum(truth[:, None, 0], found[None, :, 0])
    both = np.maximum(np.minimum(truth[:, None, 1], found[None, :, 1]) - low, 0.0)
    lengths = (truth[:, 1] - truth[:, 0])[:, None] + (found[:, 1] - found[:, 0])[None, :]
    shares: Float = np.divide(both, lengths - both, out=np.zeros_like(both), where=lengths > both)
    return shares


def match_intervals(truth: Float, found: Float, *, min_iou: float = MATCH_IOU) -> tuple[Int, Float]:
    """Pairs (p, 2) of row numbers in truth and found, one to one, and the overlap (p,) of each pair.

    Pairs overlap by at least `min_iou` (intersection over union). Where an interval could go with several, the
    matching with the largest sum of overlaps is taken. Sorted by truth; empty inputs give no pairs.
    """
    overlap = iou(truth, found)
    allowed = np.where(overlap >= min_iou, overlap, 0.0)
    candidates = allowed > 0
    if (candidates.sum(axis=0) <= 1).all() and (candidates.sum(axis=1) <= 1).all():
        rows, columns = np.nonzero(candidates)
    else:
        from scipy.optimize import linear_sum_assignment  # takes long to import and is rarely needed

        rows, columns = linear_sum_assignment(allowed, maximize=True)
        kept = allowed[rows, columns] > 0
        rows, columns = rows[kept], columns[kept]
    return np.column_stack([rows, columns]).astype(np.int64), overlap[rows, columns]


def tally(truth: Float, found: Float, *, min_iou: float = MATCH_IOU) -> Tally:
    """How many intervals match one to one, were found wrongly, were missed."""
    matched = len(match_intervals(truth, found, min_iou=min_iou)[0])
    return Tally(matched, len(np.reshape(found, (-1, 2))) - matched, len(np.reshape(truth, (-1, 2))) - matched)


def match_moments(windows: Float, moments: Float) -> Int:
    """Pairs (p, 2) of row numbers: each moment lies in its window, one to one, as many pairs as can be.

    windows : (k, 2), sorted by start and by end; they may overlap. moments : (m,), sorted.
    """
    windows, moments = np.reshape(windows, (-1, 2)), np.asarray(moments, float)
    pairs, free = [], 0
    # Windows in order take the first moment left: no later window could use an earlier moment better.
    for row, (start, end) in enumerate(windows):
        free = max(free, int(np.searchsorted(moments, start)))
        if free < len(moments) and moments[free] <= end:
            pairs.append((row, free))
            free += 1
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def wilson(k: int, n: int, *, level: float = LEVEL) -> Interval:
    """Interval of a share k of n (Wilson 1927, doi 10.1080/01621459.1927.10502953); (0, 1) for n = 0."""
    if not 0 <= k <= n:
        raise ValueError(f"k must be between 0 and n; got k = {k}, n = {n}")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, spread = k / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap_ratio(
    numerator: Float,
    denominator: Float,
    persons: Sequence[object],
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """Interval of sum(numerator) / sum(denominator) when whole persons are drawn again with replacement.

    All three have one entry an observation. With ones as the denominator this is the interval of a mean.
    NaN, NaN with fewer than two persons: one person says nothing of others.
    """
    _, who = np.unique(np.asarray([str(p) for p in persons]), return_inverse=True)
    n = int(who.max()) + 1 if len(who) else 0
    if n < 2:
        return float("nan"), float("nan")
    top = np.bincount(who, weights=np.asarray(numerator, float), minlength=n)
    bottom = np.bincount(who, weights=np.asarray(denominator, float), minlength=n)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
    below = times @ bottom
    ratios = (times @ top)[below > 0] / below[below > 0]
    if not len(ratios):
        return float("nan"), float("nan")
    low, high = np.quantile(ratios, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


@dataclass(frozen=True)
class Errors:
    """Measured minus true, in the unit of the input; NaN throughout where there is nothing."""

    n: int
    mae: float
    bias: float
    sd: float
    p05: float
    p95: float
    p95_abs: float


def errors(measured: Float, truth: Float) -> Errors:
    """Summary of measured minus true of (n,) values, all finite."""
    off = np.asarray(measured, float) - np.asarray(truth, float)
    if not len(off):
        nan = float("nan")
        return Errors(0, nan, nan, nan, nan, nan, nan)
    p05, p95 = np.quantile(off, [0.05, 0.95])
    sd = float(off.std(ddof=1)) if len(off) > 1 else float("nan")
    return Errors(
        len(off), float(np.abs(off).mean()), float(off.mean()), sd,
        float(p05), float(p95), float(np.quantile(np.abs(off), 0.95)),
    )  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """Limits of agreement: `low` to `high` hold about 95 % of the differences; slope is per unit of the mean."""

    n: int
    bias: float
    low: float
    high: float
    slope: float


def bland_altman(measured: Float, truth: Float, persons: Sequence[object] | None = None) -> Limits:
    """Limits of agreement of (n,) pairs; with `persons`, the scatter between persons and within one are both in.

    Bland & Altman 2007 (doi 10.1080/10543400701329422), section 3: true value varies, persons measured
    unequally often. slope: differences against means of the pair, whether the error grows with the size.
    """
    measured, truth = np.asarray(measured, float), np.asarray(truth, float)
    off, middle = measured - truth, 0.5 * (measured + truth)
    n = len(off)
    if n < 2:
        nan = float("nan")
        return Limits(n, float(off.mean()) if n else nan, nan, nan, nan)
    sd = math.sqrt(off.var(ddof=1) if persons is None else _total_variance(off, persons))
    centred = middle - middle.mean()
    scatter = float(centred @ centred)
    slope = float(centred @ off) / scatter if scatter > 0 else float("nan")
    bias = float(off.mean())
    return Limits(n, bias, bias - LIMIT_SDS * sd, bias + LIMIT_SDS * sd, slope)


def _total_variance(values: Float, persons: Sequence[object]) -> float:
    """Variance of one value of a new person: one-way components, between persons and within."""
    _, who = np.unique(np.asarray([str(p) for p in persons]), return_inverse=True)
    times = np.bincount(who).astype(float)
    n, groups = len(values), len(times)
    if groups < 2 or groups == n:
        return float(values.var(ddof=1))
    means = np.bincount(who, weights=values) / times
    within = float(((values - means[who]) ** 2).sum()) / (n - groups)
    between = float((times * (means - values.mean()) ** 2).sum()) / (groups - 1)
    size = (n - float((times**2).sum()) / n) / (groups - 1)
    return within + max(0.0, (between - within) / size)


@dataclass(frozen=True)
class Coverage:
    """How many of n truths lie inside their interval, and how wide the intervals are."""

    inside: int
    n: int
    median_width: float

    @property
    def share(self) -> float:
        return _ratio(self.inside, self.n)


def coverage(low: Float, high: Float, truth: Float) -> Coverage:
    """Of (n,) intervals [low, high], how many hold their truth (bounds included)."""
    low, high, truth = (np.asarray(a, float) for a in (low, high, truth))
    inside = int(((low <= truth) & (truth <= high)).sum())
    return Coverage(inside, len(truth), float(np.median(high - low)) if len(truth) else float("nan"))


@dataclass(frozen=True)
class Bin:
    """One row of a reliability curve: probabilities said within [low, high), and what came true."""

    low: float
    high: float
    n: int
    said: float
    happened: float


@dataclass(frozen=True)
class Reliability:
    """`gap` is the mean distance between said and happened over the bins, weighted by how many; `brier` the
    mean squared distance of each statement from what happened."""

    bins: tuple[Bin, ...]
    gap: float
    brier: float


def reliability(said: Float, happened: npt.NDArray[np.bool_], edges: Sequence[float]) -> Reliability:
    """Compares (n,) probabilities with what happened (n,), in bins between `edges`; the last bin holds its end."""
    said, came = np.asarray(said, float), np.asarray(happened, float)
    inner = np.asarray(edges, float)[1:-1]
    at = np.searchsorted(inner, said, side="right")
    bins = tuple(
        Bin(float(edges[k]), float(edges[k + 1]), int(here.sum()), _mean(said[here]), _mean(came[here]))
        for k in range(len(edges) - 1)
        for here in [at == k]
    )
    if not len(said):
        return Reliability(bins, float("nan"), float("nan"))
    gap = sum(b.n * abs(b.said - b.happened) for b in bins if b.n) / len(said)
    return Reliability(bins, float(gap), _mean((said - came) ** 2))


def macro_f1(true: Sequence[str], named: Sequence[str], classes: Sequence[str] | None = None) -> float:
    """Mean F1 over `classes` (those that occur in `true` if None); whatever else is named is a refusal.

    A refusal costs recall of its true class and precision of none. NaN without classes.
    """
    scores = []
    for kind in sorted(set(true)) if classes is None else classes:
        hit = sum(t == kind and n == kind for t, n in zip(true, named, strict=True))
        scores.append(_ratio(2 * hit, sum(n == kind for n in named) + sum(t == kind for t in true)))
    return _mean(np.asarray(scores))


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom else float("nan")


def _mean(values: Float) -> float:
    return float(values.mean()) if len(values) else float("nan")
