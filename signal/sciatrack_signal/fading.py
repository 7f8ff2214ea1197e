"""What a set's reps amount to: medians, and how a measure changes from the first reps of a set to the last."""

from __future__ import annotations

import statistics
from collections.abc import Hashable, Sequence

# A trend compares thirds; a third of one rep would be that rep's chance.
TREND_REPS = 6


def median(values: Sequence[float | None]) -> float | None:
    """Median of those that are known; None if none is."""
    known = [value for value in values if value is not None]
    return float(statistics.median(known)) if known else None


def change_percent(measured: Sequence[tuple[Hashable, Hashable, float]]) -> float | None:
    """Percent from the median of the first third to that of the last, of (set, side, value) in order.

    Negative where it fades. The median over sets and sides; None if all have fewer than six reps.
    """
    groups: dict[tuple[Hashable, Hashable], list[float]] = {}
    for number, side, value in measured:
        groups.setdefault((number, side), []).append(value)
    return median([_change_percent(values) for values in groups.values() if len(values) >= TREND_REPS])


def _change_percent(values: list[float]) -> float | None:
    third = len(values) // 3
    first, last = statistics.median(values[:third]), statistics.median(values[-third:])
    return 100.0 * (last - first) / first if first > 0 else None
