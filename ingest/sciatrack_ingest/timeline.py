"""From the stamps in a file to a clock that only runs forward, and a word on everything that was done.

Rules (own): a sample without a stamp is dropped. A few samples out of order are put back where they
belong if the place is free, else dropped. A clock that jumps back and stays there is refused: two
stretches of one clock cannot be told apart. Repeated stamps are dropped, unless they are the rule
(whole packets stamped at once): then the samples of a packet are spread up to the next stamp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.errors import TimeError
from sciatrack_ingest.recording import Finding, Float, Int, effective_rate_hz

# Slower than 5 Hz no rep of 1.2 s has enough samples; no wearable IMU streams above 2 kHz. Outside lies
# a clock in other units, which is off by 1000 and more.
RATE_LIMITS_HZ = (5.0, 2000.0)
# The detector is built for 20 to 250 Hz.
LOW_RATE_HZ = 20.0
# A clock that is right keeps its nominal rate within 1 % or so; a 3 % faster sensor is real (Axivity AX3).
RATE_CONTRADICTION_RATIO = 0.02
# Out of order for longer than this is no late packet (usually below 0.2 s), the clock was set back.
LATE_MAX_S = 0.25
LATE_MIN_SAMPLES = 10
# More backward steps than this share of the samples: the column is no clock at all.
BACKWARD_MAX_SHARE = 0.05
# Above this share of repeats the stamps belong to packets (2 samples a stamp give 0.5), below to accidents.
BURST_SHARE = 0.2
# After a stall the packet before it must not be spread over the stall.
BURST_STRETCH_MAX = 1.5
# A recording is one stretch; a day without a sample means two of them, or a stamp from another clock.
GAP_MAX_S = 86_400.0

CLOCK_UNITS = {"milliseconds": 1e-3, "microseconds": 1e-6, "nanoseconds": 1e-9, "days": 86_400.0}


@dataclass(frozen=True)
class Timeline:
    """time_s: (m,) strictly increasing. rows: (m,) the file's rows in that order, None for all of them."""

    time_s: Float
    rows: Int | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class _Stamps:
    """Stamps on their way: what is left, from which rows, and what was found so far."""

    time_s: Float
    rows: Int
    findings: tuple[Finding, ...]

    def keep(self, index: Int | npt.NDArray[np.bool_], finding: Finding) -> _Stamps:
        return _Stamps(self.time_s[index], self.rows[index], (*self.findings, finding))


def counted_timeline(n: int, rate_hz: float) -> Timeline:
    """Stamps counted from a rate, for a file without a clock."""
    message = f"no time column: time is counted from {rate_hz:g} Hz, durations are as right as that rate"
    findings = (Finding("counted_time", message),) if n else ()
    return Timeline(np.arange(n) / rate_hz, None, findings)


def clean_timeline(
    path: object, time_s: Float, nominal_rate_hz: float | None, place_of: Callable[[int], str]
) -> Timeline:
    """A clock that runs forward from (n,) stamps in seconds; NaN is a sample without stamp.

    `place_of` names a row for messages. Raises TimeError for a clock that cannot be trusted.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # stamps as large as 1e308 are refused below
        return _clean_timeline(path, time_s, nominal_rate_hz, place_of)


def _clean_timeline(
    path: object, time_s: Float, nominal_rate_hz: float | None, place_of: Callable[[int], str]
) -> Timeline:
    if not len(time_s):
        return Timeline(time_s)
    if np.isfinite(time_s).all() and (time_s[1:] > time_s[:-1]).all():
        timeline = Timeline(time_s)
    else:
        stamps = _Stamps(time_s, np.arange(len(time_s)), ())
        stamps = _without_missing(path, stamps)
        stamps = _in_order(path, stamps, place_of)
        stamps = _without_repeats(stamps)
        timeline = Timeline(stamps.time_s, stamps.rows, stamps.findings)
    rate_findings = _check_rate(path, timeline.time_s, nominal_rate_hz)
    _check_gaps(path, timeline, place_of)
    return Timeline(timeline.time_s, timeline.rows, timeline.findings + rate_findings)


def _without_missing(path: object, stamps: _Stamps) -> _Stamps:
    finite = np.isfinite(stamps.time_s)
    missing = len(finite) - int(finite.sum())
    if not missing:
        return stamps
    if missing == len(finite):
        raise TimeError(path, f"all {missing} time stamps are empty.", where="column time")
    return stamps.keep(finite, Finding("time_missing", f"{missing} samples without a time stamp dropped", missing))


def _in_order(path: object, stamps: _Stamps, place_of: Callable[[int], str]) -> _Stamps:
    step_s = np.diff(stamps.time_s)
    backward = np.flatnonzero(step_s < 0)
    if not len(backward):
        return stamps
    forward = step_s[step_s > 0]
    if not len(forward) or len(backward) > max(LATE_MIN_SAMPLES, BACKWARD_MAX_SHARE * len(step_s)):
        raise _backwards(path, stamps, int(backward[0]), place_of, f"in {len(backward)} places")
    period_s = float(np.median(forward))
    limit = max(LATE_MIN_SAMPLES, int(min(1000.0, LATE_MAX_S / period_s)))
    kept = np.ones(len(stamps.time_s), dtype=bool)
    late: list[int] = []
    for at in backward:
        culprits, is_late = _culprits(stamps.time_s, kept, int(at), limit)
        if culprits is None:
            raise _backwards(path, stamps, int(at), place_of, "and stays there")
        kept[culprits] = False
        late.extend(culprits.tolist() if is_late else ())
    moved = _fitting(stamps.time_s, kept, np.array(late, dtype=np.int64), period_s)
    kept[moved] = True
    index = np.flatnonzero(kept)
    index = index[np.argsort(stamps.time_s[index], kind="stable")]
    dropped = len(kept) - len(index)
    message = f"{len(moved)} samples out of order put back by their stamps"
    if len(moved):
        stamps = _Stamps(stamps.time_s, stamps.rows, (*stamps.findings, Finding("reordered", message, len(moved))))
    message = f"{dropped} samples dropped whose stamps run backwards"
    if dropped:
        return stamps.keep(index, Finding("time_backwards", message, dropped))
    return _Stamps(stamps.time_s[index], stamps.rows[index], stamps.findings)


def _culprits(time_s: Float, kept: npt.NDArray[np.bool_], at: int, limit: int) -> tuple[Int | None, bool]:
    """The samples to blame for the step back after `at`, the shorter of two runs; True if they come late.

    Either the samples after it are late (until the clock passes the old mark) or the ones before it are
    early (since the clock passed the new one). None if both runs are longer than `limit`.
    """
    before = np.arange(max(0, at - limit), at + 1)
    before = before[kept[before]]
    after = np.arange(at + 1, min(len(time_s), at + 2 + limit))
    after = after[kept[after]]
    if not len(before) or not len(after) or time_s[after[0]] >= time_s[before[-1]]:
        return np.empty(0, dtype=np.int64), True
    passed = np.flatnonzero(time_s[after] >= time_s[before[-1]])
    n_late = int(passed[0]) if len(passed) else len(after)
    early = before[time_s[before] > time_s[after[0]]]
    if min(n_late, len(early)) > limit:
        return None, True
    return (early, False) if len(early) < n_late else (after[:n_late], True)


def _fitting(time_s: Float, kept: npt.NDArray[np.bool_], late: Int, period_s: float) -> Int:
    """The late samples whose stamps fall into a hole of the order: at least half a period from any other."""
    order = time_s[kept]
    if not len(late) or not len(order):
        return np.empty(0, dtype=np.int64)
    at = np.searchsorted(order, time_s[late])
    below_s = time_s[late] - np.where(at > 0, order[np.maximum(at - 1, 0)], -np.inf)
    above_s = np.where(at < len(order), order[np.minimum(at, len(order) - 1)], np.inf) - time_s[late]
    return late[np.minimum(below_s, above_s) >= 0.5 * period_s]


def _backwards(path: object, stamps: _Stamps, at: int, place_of: Callable[[int], str], how: str) -> TimeError:
    before, after = stamps.time_s[at], stamps.time_s[at + 1]
    problem = f"time runs backwards, from {before:.6f} to {after:.6f} s, {how}."
    hint = "Cut the file there into two recordings, or give the stamps of one clock."
    return TimeError(path, problem, where=place_of(int(stamps.rows[at + 1])), hint=hint)


def _without_repeats(stamps: _Stamps) -> _Stamps:
    first = np.concatenate([[True], np.diff(stamps.time_s) > 0])
    repeats = len(first) - int(first.sum())
    if not repeats:
        return stamps
    if repeats > BURST_SHARE * len(first) and first.sum() > 1:
        message = f"{repeats} samples share the stamp of their packet; spread evenly up to the next stamp"
        finding = Finding("burst_time", message, repeats)
        return _Stamps(_spread(stamps.time_s, first), stamps.rows, (*stamps.findings, finding))
    message = f"{repeats} samples with a repeated time stamp dropped, the first of each kept"
    return stamps.keep(first, Finding("duplicate_time", message, repeats))


def _spread(time_s: Float, first: npt.NDArray[np.bool_]) -> Float:
    start = np.flatnonzero(first)
    size = np.diff(np.append(start, len(time_s)))
    room_s = np.diff(time_s[start])
    usual_s = float(np.median(room_s / size[:-1]))
    period_s = np.append(np.minimum(room_s / size[:-1], BURST_STRETCH_MAX * usual_s), usual_s)
    within = np.arange(len(time_s)) - np.repeat(start, size)
    return np.asarray(time_s + within * np.repeat(period_s, size))


def _check_rate(path: object, time_s: Float, nominal_rate_hz: float | None) -> tuple[Finding, ...]:
    if len(time_s) < 2:
        return ()
    rate_hz = effective_rate_hz(time_s)
    low, high = RATE_LIMITS_HZ
    if not low <= rate_hz <= high:
        raise TimeError(
            path,
            f"the stamps give {rate_hz:.4g} samples a second.",
            where="column time",
            hint=_clock_hint(rate_hz),
        )
    findings = []
    if rate_hz < LOW_RATE_HZ:
        findings.append(Finding("low_rate", f"{rate_hz:.1f} Hz is below the 20 Hz that counting needs"))
    if nominal_rate_hz and abs(rate_hz / nominal_rate_hz - 1.0) > RATE_CONTRADICTION_RATIO:
        message = f"the stamps give {rate_hz:.2f} Hz, not the nominal {nominal_rate_hz:g} Hz; the stamps are used"
        findings.append(Finding("rate_contradicts_stamps", message))
    return tuple(findings)


def _clock_hint(rate_hz: float) -> str:
    for word, unit_s in CLOCK_UNITS.items():
        if 10.0 <= rate_hz / unit_s <= 1000.0:
            return f"`time` is in seconds; these look like {word}. Convert them."
    low, high = RATE_LIMITS_HZ
    return f"`time` is in seconds, and a sensor gives {low:g} to {high:g} samples a second."


def _check_gaps(path: object, timeline: Timeline, place_of: Callable[[int], str]) -> None:
    step_s = np.diff(timeline.time_s)
    if not len(step_s) or float(step_s.max()) <= GAP_MAX_S:
        return
    at = int(step_s.argmax()) + 1
    row = at if timeline.rows is None else int(timeline.rows[at])
    problem = f"time jumps forward by {step_s[at - 1]:.6g} s, more than a day."
    hint = "Cut the file there into two recordings, or remove the stamp of another clock."
    raise TimeError(path, problem, where=place_of(row), hint=hint)
