"""Staying in the study: Kaplan-Meier curves and the log-rank test, both by SciPy."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np

Counts = Sequence[tuple[int, int, int]]  # day, events, censored


def kaplan_meier(counts: Counts) -> list[tuple[float, float, float]]:
    """Survival after each day with its 95 % log-log interval, in the order of `counts` (days ascending).

    Kaplan and Meier 1958 (doi 10.1080/01621459.1958.10501452), Greenwood's variance on the log-log scale. Bounds
    are NaN where survival is 1 or 0, since the variance says nothing there.
    """
    from scipy.stats import ecdf

    if not counts:
        return []
    curve = ecdf(_data(counts)).sf
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The confidence interval is undefined", category=RuntimeWarning)
        bounds = curve.confidence_interval(0.95, method="log-log")
    days = [day for day, _, _ in counts]
    survival = curve.evaluate(days)
    low, high = bounds.low.evaluate(days), bounds.high.evaluate(days)
    known = (survival > 0) & (survival < 1)
    return [
        (float(s), float(a) if ok else math.nan, float(b) if ok else math.nan)
        for s, a, b, ok in zip(survival, low, high, known, strict=True)
    ]


def logrank_p(own: Counts, others: Counts) -> float:
    """Two-sided p of the log-rank test of one arm against the others together; NaN where nobody left.

    Mantel 1966; with two arms both get the same p.
    """
    from scipy.stats import logrank

    if not own or not others or not any(events for _, events, _ in (*own, *others)):
        return math.nan
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(logrank(_data(own), _data(others)).pvalue)


def _data(counts: Counts) -> object:
    from scipy.stats import CensoredData

    left = [day for day, events, _ in counts for _ in range(events)]
    seen = [day for day, _, censored in counts for _ in range(censored)]
    return CensoredData(uncensored=left, right=seen)
