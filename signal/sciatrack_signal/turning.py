"""Turning points of a one-dimensional movement: where it reverses by at least a threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


def turning_points(values: Sequence[float], threshold: float) -> list[int]:
    """Indices of alternating extrema between which the values move by at least `threshold`.

    The first and the last are the extrema before the first and after the last such move. Empty where the
    values never move that far. One pass; equal to keeping the peaks and troughs of that prominence.
    """
    found: list[int] = []
    if len(values) == 0:
        return found
    high = low = values[0]
    high_at = low_at = 0
    direction = 0
    for at, value in enumerate(values):
        if direction > 0:
            if value > high:
                high, high_at = value, at
            elif high - value >= threshold:
                found.append(high_at)
                direction, low, low_at = -1, value, at
        elif direction < 0:
            if value < low:
                low, low_at = value, at
            elif value - low >= threshold:
                found.append(low_at)
                direction, high, high_at = 1, value, at
        else:
            if value > high:
                high, high_at = value, at
            if value < low:
                low, low_at = value, at
            if high - value >= threshold:
                found.append(high_at)
                direction, low, low_at = -1, value, at
            elif value - low >= threshold:
                found.append(low_at)
                direction, high, high_at = 1, value, at
    if direction:
        found.append(high_at if direction > 0 else low_at)
    return found


def local_extrema(values: Float) -> Int:
    """Indices of all local extrema and both ends, vectorised; what `turning_points` needs to look at."""
    if len(values) < 3:
        return np.arange(len(values))
    rising = values[1:] > values[:-1]
    inner = (rising[1:] != rising[:-1]).nonzero()[0]
    found = np.empty(len(inner) + 2, dtype=np.int64)
    found[0], found[-1] = 0, len(values) - 1
    np.add(inner, 1, out=found[1:-1])
    return found


def stretches(mask: Bool) -> list[tuple[int, int]]:
    """Half-open pairs of indices between which a mask is True."""
    if len(mask) == 0:
        return []
    edges = (mask[1:] != mask[:-1]).nonzero()[0] + 1
    marks = [*([0] if mask[0] else []), *edges.tolist(), *([len(mask)] if mask[-1] else [])]
    return list(zip(marks[0::2], marks[1::2], strict=True))


def marked(spans: Iterable[Sequence[int]], n: int) -> Bool:
    """(n,) True in the rows of half-open spans: what `stretches` takes apart, if none touch."""
    mask = np.zeros(n, dtype=bool)
    for start, end in spans:
        mask[start:end] = True
    return mask
