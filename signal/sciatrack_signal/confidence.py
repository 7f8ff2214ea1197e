"""How likely it is that a rep happened as listed.

A logistic model of three things known of its set, fitted by penalised maximum likelihood to 950 reps of simulated
sets of all severities with walking, lapses and fidgets (cells graded full); benchmarks/accuracy prints how often
what was said came true, on other seeds.
"""

from __future__ import annotations

import math

# Log odds: a constant; per e-fold of range over the smallest range that counts, up to RANGE_MAX e-folds; if rest
# and hold had to be assumed; per unit of the relative spread of the strokes, up to SPREAD_MAX.
CONSTANT = 0.25
PER_RANGE = 2.94
RANGE_MAX = 1.5
IF_ASSUMED = -1.94
PER_SPREAD = -4.8
SPREAD_MAX = 0.6
# Nothing here is surer than this: the model knows no faults that the simulator does not make.
MOST = 0.98


def confidence(range_ratio: float, stroke_spread: float, *, polarity_sure: bool) -> float:
    """Probability in (0, 1) that a rep of a set is real and bounded about right.

    range_ratio: median range of the set over the smallest that counts; stroke_spread: standard deviation of its
    strokes over their mean.
    """
    odds = CONSTANT + PER_RANGE * min(math.log(max(range_ratio, 0.1)), RANGE_MAX)
    odds += PER_SPREAD * min(stroke_spread, SPREAD_MAX) + (0.0 if polarity_sure else IF_ASSUMED)
    return min(MOST, 1.0 / (1.0 + math.exp(-odds)))
