"""Samples of a second sensor at the stamps of the first: the same clock, other moments."""

from __future__ import annotations

import numpy as np

from sciatrack_ingest.files.columns import Columns
from sciatrack_ingest.recording import GAP_MIN_PERIODS, GAP_MIN_S, Finding, Float, effective_rate_hz
from sciatrack_ingest.timeline import clean_timeline


def join(path: object, what: str, time_s: Float, other: Columns) -> tuple[Float | None, tuple[Finding, ...]]:
    """Values of `other`, groups (m, 1) stamps and (m, k) values, at the (n,) stamps by straight lines.

    NaN outside the other's time and inside its gaps. None if the two do not overlap, with a finding.
    Raises TimeError if the other's clock cannot be trusted.
    """
    stamps, values = other.groups
    if len(stamps) == len(time_s) and np.array_equal(stamps[:, 0], time_s):
        return values, other.findings
    timeline = clean_timeline(path, stamps[:, 0], None, lambda row: f"{what}, line {row + 2}")
    own = values if timeline.rows is None else values[timeline.rows]
    findings = (*other.findings, *timeline.findings)
    if len(own) < 2 or not _overlap(time_s, timeline.time_s):
        return None, (
            *findings,
            Finding(f"no_{what}", f"{what} and acceleration do not overlap in time; not used"),
        )
    joined = np.column_stack([np.interp(time_s, timeline.time_s, column) for column in own.T])
    unknown = _outside_or_in_gap(time_s, timeline.time_s)
    joined[unknown] = np.nan
    return joined, findings


def _overlap(time_s: Float, other_s: Float) -> bool:
    finite = time_s[np.isfinite(time_s)]
    return bool(len(finite)) and bool(((finite >= other_s[0]) & (finite <= other_s[-1])).any())


def _outside_or_in_gap(time_s: Float, other_s: Float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    gap_s = max(GAP_MIN_S, GAP_MIN_PERIODS / effective_rate_hz(other_s))
    at = np.clip(np.searchsorted(other_s, time_s, side="right"), 1, len(other_s) - 1)
    outside = ~((time_s >= other_s[0]) & (time_s <= other_s[-1]))
    return np.asarray(outside | ((other_s[at] - other_s[at - 1] > gap_s) & (time_s != other_s[at - 1])))
