"""A recording drawn at any zoom: the least and greatest value in each of a few hundred bins, from a pyramid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_ingest import Recording

Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]  # four bytes a value: a day at 100 Hz is 200 MB, and a screen shows no more digits
FACTOR = 8  # from one level to the next: at most so many times the bins asked for are read
MOST_BINS = 4000  # wider than any screen


@dataclass(frozen=True)
class Level:
    """time_s (n,) first moment of each bin; low, high (n, c) of the channels."""

    time_s: Float
    low: Single
    high: Single


@dataclass(frozen=True)
class Pyramid:
    """levels[0] has the samples themselves, each next one FACTOR times fewer bins."""

    channels: tuple[str, ...]
    levels: tuple[Level, ...]

    def window(self, start_s: float, end_s: float, bins: int) -> Level:
        """What lies from start_s to end_s, in about `bins` to FACTOR * `bins` bins, one beyond on either side."""
        bins = min(max(bins, 1), MOST_BINS)
        for level in reversed(self.levels):
            first = max(int(np.searchsorted(level.time_s, start_s)) - 1, 0)
            last = min(int(np.searchsorted(level.time_s, end_s, side="right")) + 1, len(level.time_s))
            if last - first >= bins or level is self.levels[0]:
                break
        return Level(level.time_s[first:last], level.low[first:last], level.high[first:last])


def pyramid(recording: Recording) -> Pyramid:
    """Acceleration in m/s^2 and, where there is a gyroscope, angular rate in deg/s."""
    channels = ["acc_x", "acc_y", "acc_z"]
    values = [recording.acc]
    if recording.gyr is not None:
        channels += ["gyr_x", "gyr_y", "gyr_z"]
        values.append(np.degrees(recording.gyr))
    samples = np.column_stack(values).astype(np.float32)
    levels = [Level(recording.time_s, samples, samples)]
    while len(levels[-1].time_s) > MOST_BINS:
        levels.append(_coarser(levels[-1]))
    return Pyramid(tuple(channels), tuple(levels))


def _coarser(level: Level) -> Level:
    starts = np.arange(0, len(level.time_s), FACTOR)
    # fmin and fmax pass NaN over, so that a bin is empty only where all of it is
    low = np.fmin.reduceat(level.low, starts, axis=0)
    return Level(level.time_s[starts], low, np.fmax.reduceat(level.high, starts, axis=0))
