"""From irregular samples to an even grid of about 25 Hz, the rate at which everything else works.

Human limb movement of the nine exercises lies below 3 Hz, tremor below 12 Hz; at 25 Hz an edge can still be
placed to a few milliseconds by interpolation, and a recording costs a quarter of what it costs at 100 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_ingest import Recording
from sciatrack_ingest.recording import all_finite

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Bool = npt.NDArray[np.bool_]

# 25 Hz: below 20 Hz edges of 0.4 s moves blur; above 40 Hz only the cost grows.
TARGET_RATE_HZ = 25.0
# Sampling that strays less than this share of a grid step from an even clock is averaged in blocks; a sample
# misplaced by that much moves an edge by less than 4 ms.
EVEN_TOLERANCE = 0.1
# Samples looked at, and grid rows averaged, at a time, so that they stay in the cache of any processor.
CHUNK_SAMPLES = 16_384
CHUNK_ROWS = 4_096


@dataclass(frozen=True, eq=False)
class Grid:
    """A recording on an even time base; rows inside gaps are interpolated and marked not valid.

    time_s (n,), acc (n, 3) m/s^2, gyr (n, 3) rad/s or None, valid (n,) bool. Means are kept in single precision,
    whose error of 6e-8 is less than a thousandth of a sensor's noise: a day of them takes half the room.
    """

    start_s: float
    rate_hz: float
    acc: Single
    gyr: Single | None
    valid: Bool

    @property
    def n(self) -> int:
        return len(self.acc)

    @property
    def time_s(self) -> Float:
        return self.start_s + np.arange(self.n) / self.rate_hz

    def to_index(self, time_s: float) -> int:
        """Nearest row to a time, kept inside the grid."""
        return int(min(max(round((time_s - self.start_s) * self.rate_hz), 0), self.n - 1))


def to_grid(recording: Recording) -> Grid | None:
    """Averages (or, below 38 Hz, interpolates) a recording onto the grid; None for fewer than two samples."""
    rate_hz = recording.sampling_rate_hz
    if recording.n_samples < 2 or not np.isfinite(rate_hz):
        return None
    factor = max(1, round(rate_hz / TARGET_RATE_HZ))
    gaps = recording.gaps_s
    if len(gaps) == 0 and _is_even(recording.time_s, rate_hz, factor):
        return _average_blocks(recording, factor)
    return _average_by_time(recording, factor)


def _is_even(time_s: Float, rate_hz: float, factor: int) -> bool:
    """Whether time stamps follow one straight line closely enough to forget them."""
    n = len(time_s)
    step_s = (time_s[-1] - time_s[0]) / (n - 1)
    tolerance_s = EVEN_TOLERANCE * max(factor, 1) / rate_hz
    line_s = step_s * np.arange(min(n, CHUNK_SAMPLES))
    for first in range(0, n, CHUNK_SAMPLES):
        off_s = time_s[first : first + CHUNK_SAMPLES] - (time_s[0] + step_s * first)
        off_s -= line_s[: len(off_s)]
        if max(off_s.max(), -off_s.min()) > tolerance_s:
            return False
    return True


def _average_blocks(recording: Recording, factor: int) -> Grid:
    n = recording.n_samples // factor
    if n < 2:
        return _average_by_time(recording, 1)
    step_s = recording.duration_s / (recording.n_samples - 1)
    acc = _block_means(recording.acc, factor, n)
    gyr = None if recording.gyr is None else _block_means(recording.gyr, factor, n)
    if not np.isfinite(acc).all():
        return _average_by_time(recording, factor)
    start_s = float(recording.time_s[0]) + 0.5 * (factor - 1) * step_s
    return Grid(start_s, 1.0 / (factor * step_s), acc, _fill_gyr(gyr), np.ones(n, dtype=bool))


def _block_means(x: Float, factor: int, n: int) -> Single:
    """(n * factor, 3) -> (n, 3), columns in one piece, a chunk at a time: no second copy of the input arises.

    The rows of one mean lie side by side, so that the means of a chunk are one product with a small matrix.
    """
    out = np.empty((3, n), dtype=np.float32)
    side_by_side = x[: n * factor].reshape(n, 3 * factor)
    mean = np.tile(np.eye(3) / factor, factor)
    for first in range(0, n, CHUNK_ROWS):
        part = side_by_side[first : first + CHUNK_ROWS]
        to = out[:, first : first + len(part)]
        with np.errstate(invalid="ignore"):
            means = mean @ part.T
        if not np.isfinite(means).all():  # in a product, what is not finite spreads to the other axes
            means = part.reshape(-1, factor, 3).mean(axis=1).T
        to[:] = means
    return out.T


def _average_by_time(recording: Recording, factor: int) -> Grid:
    """The slow way for uneven stamps, gaps and NaN: the mean of all samples of each bin, else interpolation."""
    rate_hz = recording.sampling_rate_hz / factor
    finite = np.isfinite(recording.acc).all(axis=1)
    time_s, acc = recording.time_s, recording.acc
    if not finite.all():
        time_s, acc = time_s[finite], acc[finite]
    if len(time_s) == 0:
        time_s, acc = recording.time_s[:1], np.array([[0.0, 0.0, 9.81]])
    n = max(2, int(np.floor(recording.duration_s * rate_hz)) + 1)
    start_s = float(recording.time_s[0])
    grid_s = start_s + np.arange(n) / rate_hz
    measured = [acc]
    if recording.gyr is not None:
        gyr = recording.gyr if finite.all() else recording.gyr[finite]
        measured.append(np.zeros_like(acc) if not finite.any() else gyr if all_finite(gyr) else np.nan_to_num(gyr))
    acc_mean, *gyr_mean = _bins(time_s, measured, grid_s, rate_hz)
    valid = np.ones(n, dtype=bool)
    for gap_start_s, gap_end_s in recording.gaps_s:
        valid[(grid_s > gap_start_s) & (grid_s < gap_end_s)] = False
    for mean in gyr_mean:
        mean[~valid] = 0.0
    return Grid(start_s, rate_hz, acc_mean, gyr_mean[0] if gyr_mean else None, valid)


def _bins(time_s: Float, measured: list[Float], grid_s: Float, rate_hz: float) -> list[Single]:
    """(n, 3) means of each (m, 3) over the samples within half a grid step of each grid time, columns in one piece;
    empty bins are interpolated linearly."""
    index = np.round((time_s - grid_s[0]) * rate_hz).astype(np.int64)
    n = len(grid_s)
    index = np.clip(index, 0, n - 1)
    count = np.bincount(index, minlength=n)
    out = [np.empty((3, n), dtype=np.float32).T for _ in measured]
    pairs = [(x[:, k], to[:, k]) for x, to in zip(measured, out, strict=True) for k in range(3)]
    if (count > 1).mean() < 0.5:  # about one sample a bin: averaging would only add timing error
        for x, to in pairs:
            to[:] = np.interp(grid_s, time_s, x)
        return out
    mean_time_s = np.bincount(index, weights=time_s - grid_s[0], minlength=n)
    filled = count > 0
    count = count[filled]
    mean_time_s = mean_time_s[filled] / count + grid_s[0]
    for x, to in pairs:
        to[:] = np.interp(grid_s, mean_time_s, np.bincount(index, weights=x, minlength=n)[filled] / count)
    return out


def _fill_gyr(gyr: Single | None) -> Single | None:
    """With 0 where the sensor gave nothing."""
    return gyr if gyr is None or np.isfinite(gyr).all() else np.nan_to_num(gyr, copy=False)
