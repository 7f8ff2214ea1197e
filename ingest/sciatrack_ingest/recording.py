"""`Recording`: what one sensor measured in one stretch, and the only thing that ingest hands to signal."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.errors import RecordingError

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

PLACEMENTS = ("hip", "left_thigh", "right_thigh", "thigh")
SIDES = ("left", "right", "both", "unknown")

# A gap is a step of more than this many sample periods and more than this many seconds (contract).
GAP_MIN_PERIODS = 3.0
GAP_MIN_S = 0.1
# Stamps looked at together; they stay in the cache.
PART_SAMPLES = 16_384


def finite_rows(array: Float) -> npt.NDArray[np.bool_]:
    """(n,) True where all of (n, 3) is finite; by columns, which is five times as fast as along rows."""
    x, y, z = array.T
    return np.asarray(np.isfinite(x) & np.isfinite(y) & np.isfinite(z))


def all_finite(array: Float) -> bool:
    """Whether all of (n, k) is finite; a part at a time, without a mask of n rows."""
    return all(bool(np.isfinite(array[k : k + PART_SAMPLES]).all()) for k in range(0, len(array), PART_SAMPLES))


def effective_rate_hz(time_s: Float) -> float:
    """Samples per second outside gaps of (n,) increasing stamps; NaN for fewer than two."""
    if len(time_s) < 2:
        return float("nan")
    if longest_step_s(time_s) <= GAP_MIN_S:
        return float((len(time_s) - 1) / (time_s[-1] - time_s[0]))
    step_s = np.diff(time_s)
    usual_s = float(np.median(step_s))
    inside = step_s <= max(GAP_MIN_S, GAP_MIN_PERIODS * usual_s)
    with np.errstate(over="ignore"):
        return float(inside.sum() / step_s[inside].sum())


def longest_step_s(time_s: Float) -> float:
    """Seconds between two of (n,) stamps at most; a part at a time, without a second array of n. 0.0 for n < 2."""
    parts = (time_s[k : k + PART_SAMPLES + 1] for k in range(0, len(time_s) - 1, PART_SAMPLES))
    return max((float((part[1:] - part[:-1]).max()) for part in parts), default=0.0)


@dataclass(frozen=True)
class Finding:
    """Something a reader noticed about a recording and did not hide.

    `code` is a stable word (`duplicate_time`, `clipped`, `miscalibrated`, ...), `message` says it in a
    sentence with the value, `count` is how many samples it touches (0: the whole recording).
    """

    code: str
    message: str
    count: int = 0


@dataclass(frozen=True, eq=False)
class Recording:
    """What one sensor measured in one stretch.

    time_s : (n,) strictly increasing seconds on the recording's own clock; irregular is normal.
    acc    : (n, 3) specific force with gravity, m/s^2; NaN where the sensor gave nothing.
    gyr    : (n, 3) angular rate, rad/s, or None for a sensor without gyroscope.

    start_utc is the instant of the first sample. clipped_s: start and end seconds of the moments in which
    a sensor stood at the end of its range, so that the data there are a lower bound.
    The arrays are made read-only and are not copied. An empty recording (n = 0) is allowed.
    Raises RecordingError where shapes, order or labels do not fit.
    """

    time_s: Float
    acc: Float
    gyr: Float | None = None
    name: str = ""
    placement: str | None = None
    side: str | None = None
    exercise: str | None = None
    participant: str | None = None
    start_utc: dt.datetime | None = None
    timezone: str | None = None
    nominal_rate_hz: float | None = None
    source: str = ""
    provenance: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    clipped_s: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        n = len(self.time_s)
        if self.time_s.shape != (n,) or self.acc.shape != (n, 3):
            raise RecordingError(
                f"time_s must be (n,) and acc (n, 3); got {self.time_s.shape} and {self.acc.shape}"
            )
        if self.gyr is not None and self.gyr.shape != (n, 3):
            raise RecordingError(f"gyr must be ({n}, 3) like acc; got {self.gyr.shape}")
        if n and not np.isfinite(self.time_s).all():
            raise RecordingError("time_s holds values that are not finite")
        if n > 1 and not (self.time_s[1:] > self.time_s[:-1]).all():
            at = int(np.argmax(self.time_s[1:] <= self.time_s[:-1])) + 1
            raise RecordingError(f"time_s must increase; sample {at} does not ({self.time_s[at]:.6f} s)")
        _check_word("placement", self.placement, PLACEMENTS)
        _check_word("side", self.side, SIDES)
        for name in ("time_s", "acc", "gyr"):
            array = getattr(self, name)
            if array is not None:
                view = np.asarray(array, dtype=np.float64).view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)

    @property
    def n_samples(self) -> int:
        return len(self.time_s)

    @property
    def duration_s(self) -> float:
        """Seconds from the first to the last sample; 0.0 for fewer than two samples."""
        return float(self.time_s[-1] - self.time_s[0]) if len(self.time_s) > 1 else 0.0

    @cached_property
    def sampling_rate_hz(self) -> float:
        """The effective rate: samples per second outside gaps; NaN for fewer than two samples."""
        return effective_rate_hz(self.time_s)

    @cached_property
    def gaps_s(self) -> Float:
        """(k, 2) start and end seconds of stretches without data: steps in time, or rows of NaN."""
        if len(self.time_s) < 2:
            return np.empty((0, 2))
        if longest_step_s(self.time_s) <= GAP_MIN_S and all_finite(self.acc):
            return np.empty((0, 2))
        period_s = 1.0 / self.sampling_rate_hz
        valid = finite_rows(self.acc)
        time_s = self.time_s if valid.all() else self.time_s[valid]
        edges = np.concatenate([self.time_s[:1], time_s, self.time_s[-1:]])
        step_s = np.diff(edges)
        at = np.flatnonzero((step_s > GAP_MIN_PERIODS * period_s) & (step_s > GAP_MIN_S))
        return np.column_stack([edges[at], edges[at + 1]])

    def with_labels(self, **labels: Any) -> Recording:
        """A copy that shares the arrays and changes labels; None leaves a label as it is."""
        return replace(self, **{key: value for key, value in labels.items() if value is not None})


def _check_word(label: Literal["placement", "side"], value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise RecordingError(f"{label} '{value}' is not known; it is one of {', '.join(allowed)}")
