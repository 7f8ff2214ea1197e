"""How far off a measured hold may be: the half width of its 90 % interval, and the probability that a rep is real.

Two small models whose numbers are data: `intervals.toml` is written by `benchmarks/calibrate.py`, which fits them
to simulated sets and prints what they are worth on sets of other seeds and shapes. The half width is the 90 %
quantile of the absolute error given what is known of the hold (a quantile regression of its logarithm: no law of
the errors is assumed); the probability is a logistic regression.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path

# No edge is better than this: half a row of the grid and the clock of a good sensor.
EDGE_FLOOR_S = 0.02
# Beyond this many e-folds a wider range says no more of whether a rep is real.
RANGE_MAX = 1.5
# More spread than this and strokes are just unlike each other.
SPREAD_MAX = 0.6
# Levels before and after a rep that differ by more of its range than this tell no more than that they do.
LEVEL_MAX = 0.5
# Nothing is surer than this: the model knows no faults that the simulator does not make.
MOST = 0.98


@dataclass(frozen=True)
class HoldEvidence:
    """What is known of one hold: seconds, shares of the range, 0 or 1."""

    edge_error_s: float  # standard errors of arrival and departure together
    moves_s: float  # mean duration of the moves into and out of it
    level_share: float  # how far the levels before and after the rep differ, as a share of its range
    disturbed: bool  # a dip in it, or a fading end
    gyroscope: bool  # the edges were read with one

    def terms(self) -> tuple[float, ...]:
        """What the coefficients of the half width are multiplied with; the first is the constant."""
        error_s, moves_s = max(self.edge_error_s, EDGE_FLOOR_S), max(self.moves_s, EDGE_FLOOR_S)
        level = min(self.level_share, LEVEL_MAX)
        return 1.0, math.log(error_s), math.log(moves_s), level, float(self.disturbed), float(not self.gyroscope)


@dataclass(frozen=True)
class RepEvidence:
    """What is known of the set of a rep: median range over the smallest that counts, spread of its strokes over
    their mean, whether rest and hold were told apart by evidence."""

    range_ratio: float
    stroke_spread: float
    polarity_sure: bool

    def terms(self) -> tuple[float, ...]:
        """What the coefficients of the log odds are multiplied with; the first is the constant."""
        folds = min(math.log(max(self.range_ratio, 0.1)), RANGE_MAX)
        return 1.0, folds, min(self.stroke_spread, SPREAD_MAX), float(not self.polarity_sure)


@dataclass(frozen=True)
class HalfWidth:
    """Coefficients of the logarithm of the half width in seconds, in the order of `HoldEvidence.terms`."""

    constant: float
    per_log_edge_error: float
    per_log_moves: float
    per_level_share: float
    if_disturbed: float
    without_gyroscope: float


@dataclass(frozen=True)
class Odds:
    """Coefficients of the log odds that a rep is real, in the order of `RepEvidence.terms`."""

    constant: float
    per_log_range: float
    per_spread: float
    if_assumed: float


@cache
def _fitted() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Coefficients of the half width and of the log odds."""
    data = tomllib.loads(Path(__file__).with_name("intervals.toml").read_text(encoding="utf-8"))
    return astuple(HalfWidth(**data["half_width"])), astuple(Odds(**data["odds"]))


def half_width_s(evidence: HoldEvidence) -> float:
    """Half the width in seconds of the interval that holds nine of ten true holds."""
    return math.exp(_dot(_fitted()[0], evidence.terms()))


def confidence(evidence: RepEvidence) -> float:
    """Probability in (0, MOST] that a rep of a set is real and bounded about right."""
    odds = _dot(_fitted()[1], evidence.terms())
    return min(MOST, 1.0 / (1.0 + math.exp(-odds)))


def _dot(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))
