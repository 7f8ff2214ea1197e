"""The course of pain in a group: a linear mixed model with a random intercept and slope for each participant."""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Two variances and their covariance are estimated from as many people; fewer give an answer, but no meaning.
MIN_PARTICIPANTS = 6
MIN_DAYS = 2  # of scores; somebody with one has no slope of their own
Z = 1.959964  # normal quantile of 0.975
NOT_INSTALLED = "statsmodels is not installed: pip install 'sciatrack[stats]'"
TOO_FEW = f"fewer than {MIN_PARTICIPANTS} participants with scores on {MIN_DAYS} different days"
NOT_FITTED = "the model did not converge"


@dataclass(frozen=True)
class MixedSlope:
    """Points a week with a Wald 95 % interval; NaN with the reason in `note`."""

    slope_per_week: float = math.nan
    low: float = math.nan
    high: float = math.nan
    note: str = ""


def mixed_slope(scores: Sequence[Mapping[str, Any]]) -> MixedSlope:
    """The mean course of a group; `scores` are rows of page_pain.sql with participant, weeks and nrs.

    Laird and Ware 1982 (doi 10.2307/2529876), REML by statsmodels. Nothing is said where there are too few people,
    where statsmodels is absent, or where the fit does not converge or stands at the edge of what is possible.
    """
    days: dict[str, set[float]] = {}
    for row in scores:
        days.setdefault(row["participant"], set()).add(row["weeks"])
    if sum(len(own) >= MIN_DAYS for own in days.values()) < MIN_PARTICIPANTS:
        return MixedSlope(note=TOO_FEW)
    if importlib.util.find_spec("statsmodels") is None:
        return MixedSlope(note=NOT_INSTALLED)
    return _fit(scores)


def _fit(scores: Sequence[Mapping[str, Any]]) -> MixedSlope:
    import numpy as np

    weeks = np.array([row["weeks"] for row in scores], dtype=float)
    # about the middle of time the two random effects are nearly independent, and the search is much easier
    design = np.column_stack([np.ones(len(weeks)), weeks - weeks.mean()])
    nrs = np.array([row["nrs"] for row in scores], dtype=float)
    who = [row["participant"] for row in scores]
    with warnings.catch_warnings():
        from statsmodels.regression.mixed_linear_model import MixedLM

        warnings.simplefilter("ignore")  # what they say is asked of the result below
        try:
            fit = MixedLM(nrs, design, groups=who, exog_re=design).fit(reml=True)
        except (np.linalg.LinAlgError, ValueError):
            return MixedSlope(note=NOT_FITTED)
        slope, error = float(fit.fe_params[1]), float(fit.bse_fe[1])
    if not fit.converged or not math.isfinite(error) or error <= 0:
        return MixedSlope(note=NOT_FITTED)
    return MixedSlope(slope, slope - Z * error, slope + Z * error)
