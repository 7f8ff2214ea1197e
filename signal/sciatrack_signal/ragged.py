"""Rows of different lengths behind one another in one piece of memory, so that a question is asked of all at once.

A call of numpy costs about as much for ten thousand numbers as for ten, and a recording has thousands of moves
and poses of a hundred rows each. Every answer equals what the same question says of each row by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from sciatrack_signal.smoothing import gaussian_of_each

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Number = TypeVar("Number", bound=np.generic)

# Numbers sorted at a time, the filling of shorter rows included: a megabyte, however many rows there are.
SORTED_AT_A_TIME = 131_072


@dataclass(frozen=True, eq=False)
class Ragged:
    """k rows, none of them empty: values (n,), and for each row where it starts (k,) and how long it is (k,)."""

    values: Float
    starts: Int
    lengths: Int

    @cached_property
    def at(self) -> Int:
        """(n,) how far each value is from the start of its row."""
        return np.arange(len(self.values)) - self.each(self.starts)

    def each(self, of_rows: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """(n,) what (k,) says of its row, for each value."""
        return np.repeat(of_rows, self.lengths)

    def first(self, mask: Bool) -> Int:
        """(k,) how far from its start each row of a mask (n,) is first True; the row's length where it never is."""
        hits = np.append(mask.nonzero()[0], len(mask))
        return np.minimum(hits[np.searchsorted(hits, self.starts)] - self.starts, self.lengths)

    def last(self, mask: Bool) -> Int:
        """(k,) how far from its start each row of a mask (n,) is last True; -1 where it never is."""
        hits = np.append(-1, mask.nonzero()[0])
        return np.maximum(hits[np.searchsorted(hits, self.starts + self.lengths) - 1] - self.starts, -1)

    def largest(self, values: Float | None = None) -> Float:
        """(k,) largest value of each row; of others (n,) if they are given."""
        return np.asarray(np.maximum.reduceat(self.values if values is None else values, self.starts))

    def value(self, at: Int | int) -> Float:
        """(k,) of each row the value so far from its start."""
        return np.asarray(self.values[self.starts + at])

    def tails(self, first: Int) -> Ragged:
        """The rows from so far on (k,), less than their lengths."""
        return ragged(self.values, self.starts + first, self.lengths - first)

    def smoothed(self, sigmas: Float) -> Ragged:
        """Each row as `gaussian` makes it with its own sigma (k,)."""
        return Ragged(gaussian_of_each(self.values, self.starts, self.lengths, sigmas), self.starts, self.lengths)


def behind(rows: Sequence[Float]) -> Ragged:
    """Rows behind one another."""
    lengths = np.array([len(row) for row in rows])
    return Ragged(np.concatenate(rows), np.cumsum(lengths) - lengths, lengths)


def ragged(values: Float, starts: Int, lengths: Int, steps: Int | None = None) -> Ragged:
    """Rows of an array that may overlap: from each start so many values, onwards (1 in `steps`) or backwards."""
    ends = np.cumsum(lengths)
    begins = ends - lengths
    at = np.arange(ends[-1]) - np.repeat(begins, lengths)
    if steps is not None:
        at *= np.repeat(steps, lengths)
    at += np.repeat(starts, lengths)
    return Ragged(values[at], begins, lengths)


def medians(values: Float, starts: Int, lengths: Int) -> Float:
    """(k,) `order.median` of each of the parts of an array, finite, none of them empty."""
    out = np.empty(len(starts))
    for some, ordered, n in _sorted_parts(values, starts, lengths):
        row = np.arange(len(n))
        high = ordered[row, n // 2]
        out[some] = np.where(n % 2 == 1, high, (ordered[row, (n - 1) // 2] + high) / 2.0)
    return out


def quantiles(values: Float, starts: Int, lengths: Int, share: float) -> Float:
    """(k,) `order.quantile` of each of the parts of an array, finite, none of them empty."""
    out = np.empty(len(starts))
    for some, ordered, n in _sorted_parts(values, starts, lengths):
        row = np.arange(len(n))
        at = share * (n - 1)
        below = np.minimum(np.floor(at).astype(np.int64), n - 1)
        low, high = ordered[row, below], ordered[row, np.minimum(below + 1, n - 1)]
        part = at - below
        out[some] = np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1.0 - part))
    return out


def about_lines(values: Float, starts: Int, lengths: Int) -> Float:
    """(k,) `order.about_a_line` of each of the parts of an array, of at least two values each."""
    parts = ragged(values, starts, lengths)
    centred = parts.at - parts.each(0.5 * (lengths - 1))
    mean, slope = (np.add.reduceat(x, parts.starts) for x in (parts.values, centred * parts.values))
    slope /= lengths * (np.square(lengths.astype(np.float64)) - 1.0) / 12.0  # the sum of the squares of `centred`
    off = parts.values - parts.each(mean / lengths)
    off -= centred * parts.each(slope)
    return np.sqrt(np.add.reduceat(np.square(off, out=off), parts.starts) / lengths)


def _sorted_parts(values: Float, starts: Int, lengths: Int) -> Iterator[tuple[slice, Float, Int]]:
    """Some parts at a time: which, a matrix with one of them in each row, in order and filled up with infinity, and
    their lengths."""
    width = int(lengths.max(initial=1))
    columns = np.arange(width)
    step = max(SORTED_AT_A_TIME // width, 1)
    for first in range(0, len(starts), step):
        some = slice(first, first + step)
        n = lengths[some]
        at = starts[some, None] + columns
        np.minimum(at, len(values) - 1, out=at)
        matrix = values[at]
        matrix[columns >= n[:, None]] = np.inf
        matrix.sort(axis=1)
        yield some, matrix, n
