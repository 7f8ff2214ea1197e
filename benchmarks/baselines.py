"""Simple ways to count repetitions, which the accuracy benchmark runs beside sciatrack on the same recordings.

Each takes a Recording and gives the moments (s, sorted) at which it counts a repetition. None of them knows the
exercise. They share one signal, `main_axis`, so that they differ in how they count and in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, find_peaks, sosfiltfilt

from sciatrack_ingest import Recording

Float = npt.NDArray[np.float64]
Baseline = Callable[[Recording], "Float | None"]

LOW_PASS_HZ = 1.0
FILTER_ORDER = 2
# The script: what is asked for by name in the issue that set the first goals.
SCRIPT_PROMINENCE, SCRIPT_DISTANCE_S, SCRIPT_REST_S = 0.4, 2.0, 2.0
SHORTEST_REP_S = 1.2  # the contract's shortest deliberate repetition
CROSSING_HYSTERESIS = 0.25  # standard deviations; without it noise at the mean counts
# Autocorrelation as in work on gym exercises: windows of some repetitions, a clear peak between two lags.
WINDOW_S, WINDOW_STEP_S, LAGS_S, LEAST_CORRELATION = 24.0, 4.0, (1.2, 11.0), 0.5
GYRO_PROMINENCE = 0.35  # of the range; the share that did best in earlier trials on resting and working thighs
DTW_RATE_HZ = 10.0
DTW_SLOWEST, DTW_QUICKEST = 2.0, 0.5  # of a match, against the length of what is looked for
DTW_NEARER = 0.5  # a match must be twice as near to the example as lying still is


def script(recording: Recording) -> Float:
    """The twenty lines that many would write: peaks of the main axis, counted outwards from the first 2 s."""
    time_s, low, rate_hz = low_passed(recording, recording.acc)
    if not len(time_s):
        return time_s
    main = main_axis(low)
    rest = np.median(main[: max(1, int(SCRIPT_REST_S * rate_hz))])
    if rest - main.min() > main.max() - rest:
        main = -main
    return time_s[_peaks(main, rate_hz, SCRIPT_PROMINENCE, SCRIPT_DISTANCE_S)]


def mean_crossing(recording: Recording) -> Float:
    """Upward crossings of the mean by the main axis (in the manner of Zelman 2020), with a little hysteresis."""
    time_s, low, _ = low_passed(recording, recording.acc)
    if not len(time_s):
        return time_s
    main = main_axis(low)
    return time_s[_crossings(main, main.mean(), CROSSING_HYSTERESIS * main.std())]


def autocorrelation(recording: Recording) -> Float:
    """One repetition a period, wherever a window repeats itself (in the manner of RecoFit 2014 and uLift 2024)."""
    time_s, low, rate_hz = low_passed(recording, recording.acc)
    if not len(time_s):
        return time_s
    main = main_axis(low)
    size, step = int(WINDOW_S * rate_hz), max(1, int(WINDOW_STEP_S * rate_hz))
    period = np.zeros(len(main))
    for first in range(0, max(1, len(main) - size + 1), step):
        found = _period(main[first : first + size], rate_hz)
        if found:
            inside = slice(first, first + size)
            period[inside] = np.where(period[inside] > 0, period[inside], found)
    phase = np.cumsum(np.divide(1.0, period, out=np.zeros_like(period), where=period > 0))
    return time_s[1:][np.diff(np.floor(phase - 0.5)) > 0]


def gyro_peaks(recording: Recording) -> Float | None:
    """Peaks of the angular rate about the main axis; None without a gyroscope."""
    if recording.gyr is None:
        return None
    time_s, low, rate_hz = low_passed(recording, recording.gyr)
    if not len(time_s):
        return time_s
    return time_s[_peaks(main_axis(low), rate_hz, GYRO_PROMINENCE, SHORTEST_REP_S)]


BASELINES: dict[str, Baseline] = {
    "20-line script": script,
    "mean crossing": mean_crossing,
    "autocorrelation": autocorrelation,
    "gyro peaks": gyro_peaks,
}


def has_dtw() -> bool:
    """Whether the optional library of `template_dtw` is installed (the extra `bench`)."""
    from importlib.util import find_spec

    return find_spec("dtaidistance") is not None


def template_dtw(recording: Recording, examples: Sequence[tuple[float, float]]) -> Float:
    """Middles of stretches that are like one of the given examples (start, end; s) of the same recording.

    Subsequence dynamic time warping of the 1 Hz low-passed acceleration by the library dtaidistance. It is told
    what to look for, which no other method here is. Raises ImportError without the library.
    """
    from dtaidistance.subsequence.dtw import subsequence_alignment

    time_s, low, rate_hz = low_passed(recording, recording.acc)
    every = max(1, round(rate_hz / DTW_RATE_HZ))
    time_s, series = time_s[::every], np.ascontiguousarray(low[::every])
    found: list[tuple[float, int, int]] = []
    for start_s, end_s in examples:
        query = np.ascontiguousarray(series[(time_s >= start_s) & (time_s <= end_s)])
        if len(query) < 3:
            continue
        still = float(np.linalg.norm(query - query[0])) / len(query)
        alignment = subsequence_alignment(query, series, penalty=0.0, use_c=True)
        shortest, longest = int(DTW_QUICKEST * len(query)), int(DTW_SLOWEST * len(query))
        for match in alignment.best_matches(k=None, minlength=max(2, shortest), maxlength=longest):
            if match.value > DTW_NEARER * still:
                break
            first, last = match.segment
            found.append((match.value / still, int(first), int(last)))
    kept = _apart(sorted(found))
    return np.sort([0.5 * (time_s[first] + time_s[min(last, len(time_s) - 1)]) for first, last in kept])


def low_passed(recording: Recording, values: Float) -> tuple[Float, Float, float]:
    """Times, zero-phase 1 Hz low-passed (n, 3) values and rate; rows without data left out as if never there."""
    valid = np.isfinite(values).all(axis=1)
    time_s, values = recording.time_s[valid], values[valid]
    rate_hz = recording.sampling_rate_hz
    sos = butter(FILTER_ORDER, LOW_PASS_HZ, fs=rate_hz, output="sos") if len(time_s) > 1 else None
    if sos is None or len(time_s) <= 3 * (2 * len(sos) + 1):
        return np.empty(0), np.empty((0, 3)), rate_hz
    return time_s, sosfiltfilt(sos, values, axis=0), rate_hz


def main_axis(values: Float) -> Float:
    """(n,) first principal component of (n, 3), of either sign."""
    centred = values - values.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return centred @ vectors[:, -1]


def _peaks(main: Float, rate_hz: float, prominence: float, distance_s: float) -> npt.NDArray[np.int64]:
    spread = float(np.ptp(main))
    return find_peaks(main, prominence=prominence * spread, distance=max(1, distance_s * rate_hz))[0]


def _crossings(main: Float, level: float, margin: float) -> npt.NDArray[np.int64]:
    """Samples at which `main` has come from below level - margin to above level + margin."""
    state = np.where(main > level + margin, 1, np.where(main < level - margin, -1, 0))
    known = np.flatnonzero(state)
    return known[1:][np.diff(state[known]) > 0]


def _period(window: Float, rate_hz: float) -> float:
    """Samples a period in a window that repeats itself, else 0."""
    centred = window - window.mean()
    n = len(centred)
    spectrum = np.fft.rfft(centred, 2 * n)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:n]
    if correlation[0] <= 0:
        return 0.0
    correlation = correlation / correlation[0] * (n / np.arange(n, 0, -1))  # fewer products at longer lags
    first, last = int(LAGS_S[0] * rate_hz), min(int(LAGS_S[1] * rate_hz), n // 2)
    peaks = find_peaks(correlation[first:last], height=LEAST_CORRELATION)[0]
    return float(first + peaks[0]) if len(peaks) else 0.0


def _apart(found: list[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """The nearest matches that do not overlap nearer ones."""
    kept: list[tuple[int, int]] = []
    for _, first, last in found:
        if all(last <= a or first >= b for a, b in kept):
            kept.append((first, last))
    return kept
