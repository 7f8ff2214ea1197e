"""Zero-phase smoothing by cascaded moving averages: three boxes come within 3 % of a Gaussian.

Own, because importing a filter library costs as much CPU as smoothing 36 hours of data. Long columns are smoothed
a piece at a time in buffers that stay in the cache, by window sums of doubling width: twice as fast as sums from
the first row on, and each row depends on its neighbours only. Short ones are weighed with what the boxes make of a
single row, which needs fewer calls.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Int = npt.NDArray[np.int64]

# Two boxes make a tent, four cost a third more and smooth like three.
BOXES = 3
# Rows worked on at a time: what is computed on the way stays in the cache. A column is smoothed in pieces of twice
# as many, so that such a block with its margins is one piece. Below LONG the calls cost more than the sums.
BLOCK_ROWS = 16_384
PIECE_ROWS = 2 * BLOCK_ROWS
LONG = 1024
# Fewer rows of one width are smoothed one by one: to take them together costs as much as ten do.
MANY_ROWS = 10
# Answers of one tile of `thinned`, and tiles at a time: the copies they need stay in the cache.
TILE, TILES = 16, 256


def box(x: Float, width: int) -> Float:
    """Centred moving average of odd `width` along axis 0, (n,) or (n, k); the ends repeat their row."""
    if width <= 1 or len(x) == 0:
        return x
    return _by_columns(x, width, 1)


def gaussian(x: Float | Single, sigma_samples: float) -> Float:
    """Smooths along axis 0, (n,) or (n, k), with three equal boxes of the variance of a Gaussian."""
    width = _width(sigma_samples)
    if width <= 1 or len(x) == 0:
        return np.asarray(x, dtype=np.float64)
    return _by_columns(x, width, BOXES)


def gaussian_of_each(x: Float, starts: Int, lengths: Int, sigmas_samples: Float) -> Float:
    """(n,) what `gaussian` makes of each of the rows that lie behind one another in x, with a sigma for each."""
    out = np.empty(len(x))
    widths = 2 * np.rint((np.sqrt(4.0 * sigmas_samples**2 + 1.0) - 1.0) / 2.0).astype(np.int64) + 1
    alone = (lengths >= LONG) | (lengths < 4 * BOXES * (widths // 2))
    for width, rows in Counter(widths[~alone].tolist()).items():
        mine = (widths == width) & ~alone
        if rows < MANY_ROWS or width <= 1:
            alone |= mine
        elif mine.all():
            return _each(x, starts, lengths, width)
        else:
            inside, own = np.repeat(mine, lengths), lengths[mine]
            out[inside] = _each(x[inside], np.cumsum(own) - own, own, width)
    for k in alone.nonzero()[0].tolist():
        row = slice(int(starts[k]), int(starts[k] + lengths[k]))
        out[row] = _by_columns(x[row], int(widths[k]), BOXES) if widths[k] > 1 else x[row]
    return out


def blocks(n: int, margin: int, rows: int = 0) -> Iterator[tuple[slice, slice, slice]]:
    """Parts of n rows, in order: the rows of a part, the same with `margin` more on both sides as far as there are,
    and where the part lies in the latter. What is computed on the way stays in the cache, however large n is.

    rows : of a part, BLOCK_ROWS unless said; more where the margins would outweigh it.
    """
    step = max(rows or BLOCK_ROWS, 4 * margin, 1)
    for first in range(0, n, step):
        last = min(first + step, n)
        low, high = max(0, first - margin), min(n, last + margin)
        yield slice(first, last), slice(low, high), slice(first - low, last - low)


def support(sigma_samples: float) -> int:
    """Rows on each side of a row on which its smoothed value depends."""
    return BOXES * (_width(sigma_samples) // 2)


def thinned(x: Float | Single, sigma_samples: float, every: int, shifts: tuple[int, ...] = (0,)) -> Single:
    """(p, k, m) what `gaussian` makes of (n, k) at every `every`-th row, and at the rows `shifts` (p) beside them.

    In single precision, and cheaper than smoothing all rows: far from the ends a product of each tile of rows with
    a matrix that has the weights once for each answer. A row beyond an end is the end's.
    """
    weights = _weights_inside(_width(sigma_samples), BOXES)
    rows = np.arange(0, len(x), every)
    margin = len(weights) // 2 + max(map(abs, shifts))
    out = np.empty((len(shifts), x.shape[1], len(rows)), dtype=np.float32)
    tile = TILE * every
    matrix = np.zeros((tile + 2 * margin, len(shifts), TILE), dtype=np.float32)
    for p, shift in enumerate(shifts):
        for k in range(TILE):
            first = k * every + shift + margin - len(weights) // 2
            matrix[first : first + len(weights), p, k] = weights
    lead = -(-margin // every) * every  # the first row that is asked for and knows nothing of the end
    tiles = max(0, (len(x) - lead - margin) // tile)
    for column in range(x.shape[1]) if tiles else ():
        windows = np.lib.stride_tricks.sliding_window_view(x[lead - margin :, column], len(matrix))[::tile]
        for first in range(0, tiles, TILES):
            last = min(first + TILES, tiles)
            some = np.ascontiguousarray(windows[first:last], dtype=np.float32)
            sums = (some @ matrix.reshape(len(matrix), -1)).reshape(-1, len(shifts), TILE)
            to = slice(lead // every + first * TILE, lead // every + last * TILE)
            out[:, column, to] = sums.transpose(1, 0, 2).reshape(len(shifts), -1)
    for mine in (rows[: lead // every], rows[lead // every + tiles * TILE :]) if tiles else (rows,):
        if len(mine) == 0:
            continue
        around = slice(max(0, int(mine[0]) - 2 * margin), int(mine[-1]) + 2 * margin + 1)
        smooth = gaussian(x[around], sigma_samples)
        for p, shift in enumerate(shifts):
            out[p, :, mine // every] = smooth[np.clip(mine + shift - around.start, 0, len(smooth) - 1)]
    return out


def _width(sigma_samples: float) -> int:
    return 2 * round((math.sqrt(4.0 * sigma_samples**2 + 1.0) - 1.0) / 2.0) + 1


def _by_columns(x: Float | Single, width: int, times: int) -> Float:
    """(n,) or (n, k) smoothed `times` times; each column of the answer is one piece of memory."""
    smooth = _long if len(x) >= LONG else _weighed if len(x) >= 4 * times * (width // 2) else _short
    if x.ndim == 1:
        return smooth(x, width, times, np.empty(len(x)))
    out = np.empty((x.shape[1], len(x)))
    for k, column in enumerate(out):
        smooth(x[:, k], width, times, column)
    return out.T


def _short(x: Float | Single, width: int, times: int, out: Float) -> Float:
    """Boxes as differences of one running sum."""
    n, half = len(x), width // 2
    total = np.empty(n + width)
    for _ in range(times):
        total[: half + 1], total[half + 1 : half + 1 + n], total[half + 1 + n :] = x[0], x, x[-1]
        np.add.accumulate(total, out=total)
        np.subtract(total[width:], total[:n], out=out)
        out /= width
        x = out
    return out


def _weighed(x: Float | Single, width: int, times: int, out: Float) -> Float:
    """Boxes as one sum of each row's neighbours; rows near an end are sums of the rows there."""
    weights, first, last = _weights(width, times)
    half = len(first)
    inner = len(x) - half
    np.dot(first, x[: 2 * half], out=out[:half])
    out[half:inner] = np.correlate(x, weights, "valid")
    np.dot(last, x[inner - half :], out=out[inner:])
    return out


def _each(x: Float, starts: Int, lengths: Int, width: int) -> Float:
    """All boxes on rows behind one another; what is summed across two rows is put right after."""
    _, first, last = _weights(width, BOXES)
    out = _long(x, width, BOXES, np.empty(len(x)))
    ends, near = starts + lengths, np.arange(2 * len(first))
    for begins, weigh, side in ((starts, first, near[: len(first)]), (ends - len(near), last, near[len(first) :])):
        out[begins[:, None] + side] = x[begins[:, None] + near] @ weigh.T
    return out


@lru_cache(maxsize=64)
def _weights_inside(width: int, times: int) -> Float:
    """Weights of boxes around a row far from the ends (k,), without the ends, whose cost is k squared."""
    half = times * (width // 2)
    row = np.zeros(4 * half + 1)
    row[2 * half] = 1.0
    return _short(row, width, times, np.empty(len(row)))[half : 3 * half + 1].copy()


@lru_cache(maxsize=64)
def _weights(width: int, times: int) -> tuple[Float, Float, Float]:
    """Weights of boxes around a row far from the ends (k,), and of the first and the last rows (k // 2, k - 1)."""
    half = times * (width // 2)
    rows = np.eye(4 * half + 1)
    smooth = np.array([_short(row, width, times, np.empty(len(row))) for row in rows]).T
    return (
        smooth[2 * half, half : 3 * half + 1].copy(),
        smooth[:half, : 2 * half].copy(), smooth[-half:, -2 * half :].copy(),
    )  # fmt: skip


def _long(x: Float | Single, width: int, times: int, out: Float) -> Float:
    """Boxes a block at a time; what a block's own ends spoil is smoothed with it and left out."""
    half = width // 2
    margin = times * half
    most = max(PIECE_ROWS, 4 * margin) + 2 * margin
    first, last, *spare = np.empty((4, min(most, len(x)) + 2 * half))
    for rows, around, inner in blocks(len(x), margin, PIECE_ROWS):
        n = around.stop - around.start
        first[half : half + n] = x[around]
        for _ in range(times):
            first[:half], first[half + n : 2 * half + n] = first[half], first[half + n - 1]
            _window_sums(first[: n + 2 * half], width, last[half : half + n], spare)
            first, last = last, first
        np.multiply(first[half : half + n][inner], 1.0 / width**times, out=out[rows])
    return out


def _window_sums(x: Float, width: int, out: Float, spare: list[Float]) -> None:
    """Sums of all windows of an odd `width` of (n,): sums of 1, 2, 4, ... rows, added as `width` asks."""
    n, at, span, total = len(out), 1, 1, x
    sums = x
    while 2 * span <= width:
        m = len(sums) - span
        sums = np.add(sums[:m], sums[span:], out=spare[0][:m])
        spare.reverse()
        span *= 2
        if width & span:
            total = np.add(total[:n], sums[at : at + n], out=out)
            at += span
