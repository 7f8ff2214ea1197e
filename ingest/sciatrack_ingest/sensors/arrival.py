"""Samples of a sensor that sends neither clock nor counter: their numbers, judged by when they arrived.

A packet comes late, never early. So the earliest arrivals, against the number of the sample, lie on a line; a stall
after which all samples are delivered falls back to that line, and a loss lifts it for good. A loss that lifts it by
less than the noise is not seen: it becomes a change of rate that the clock follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sciatrack_ingest.recording import Float, Int
from sciatrack_ingest.sensors.family import Gap

# Long enough that one packet in it came at once even on a busy link, short enough that a rate that is off by 1 %
# moves the line by less than half a gap.
LEVEL_WINDOW_S = 2.0
# Below this a lift is jitter (connection intervals are up to 50 ms); a recording's own gaps begin at 100 ms.
MIN_LIFT_S = 0.06
MIN_LIFT_PERIODS = 2.0
MAX_GAP_S = 86400.0  # a day of silence within one connection is a clock that was set


@dataclass(frozen=True, eq=False)
class ByArrival:
    """tick : (n,) number of each sample counting lost ones; gaps; period_s by the arrivals."""

    tick: Int
    gaps: tuple[Gap, ...]
    period_s: float


def lay_out_by_arrival(arrival_s: Float, packet: Int, nominal_rate_hz: float) -> ByArrival:
    """Number the samples.

    arrival_s : (m,) arrival of each packet; packet : (n,) which one brought each sample, never decreasing.
    """
    last = np.flatnonzero(np.diff(packet, append=packet[-1] + 1)) if len(packet) else np.empty(0, dtype=np.int64)
    came_s = np.maximum.accumulate(arrival_s[packet[last]]) if len(last) else np.empty(0)
    period_s = _period_s(came_s, last, nominal_rate_hz)
    lost_at, lost = _lifts(came_s, last, period_s)
    # The first sample of a packet is the one after the last of its forerunner.
    before = last[lost_at - 1] + 1
    shift = np.zeros(len(packet), dtype=np.int64)
    np.add.at(shift, before, lost)
    gaps = tuple(Gap(int(i), int(n), "arrival") for i, n in zip(before, lost, strict=True))
    return ByArrival(np.arange(len(packet)) + np.cumsum(shift), gaps, period_s)


def _period_s(came_s: Float, last: Int, nominal_rate_hz: float) -> float:
    """The usual period over stretches of seconds, most of which hold no loss."""
    reach = int(np.searchsorted(last, LEVEL_WINDOW_S * nominal_rate_hz))
    if len(last) < 2 or reach < 1:
        return 1.0 / nominal_rate_hz
    reach = min(reach, len(last) - 1)
    stretch_s = came_s[reach:] - came_s[:-reach]
    period_s = float(np.median(stretch_s / (last[reach:] - last[:-reach])))
    # In a few packets jitter is all there is.
    return period_s if period_s > 0 and last[-1] > LEVEL_WINDOW_S * nominal_rate_hz else 1.0 / nominal_rate_hz


def _lifts(came_s: Float, last: Int, period_s: float) -> tuple[Int, Int]:
    """Packets before which the line of earliest arrivals is lifted for good, and by how many samples."""
    from scipy.ndimage import minimum_filter1d  # costs 0.1 s, and only this sensor needs it

    none = np.empty(0, dtype=np.int64)
    if len(came_s) < 2:
        return none, none
    delay_s = came_s - last * period_s
    per_packet = max(float(np.median(np.diff(last))), 1.0)
    window = max(int(LEVEL_WINDOW_S / (per_packet * period_s)), 2)
    window = min(window, len(delay_s))
    # before[k]: the least delay of the window that ends with k; after[k]: of the one that begins with it.
    before = minimum_filter1d(delay_s, window, mode="nearest", origin=(window - 1) // 2)
    after = minimum_filter1d(delay_s, window, mode="nearest", origin=-(window // 2))
    least_s = max(MIN_LIFT_S, MIN_LIFT_PERIODS * period_s)
    silent = np.diff(came_s) > least_s
    at, lost, begins = [], [], 0
    for k in (np.flatnonzero(silent & (after[1:] - before[:-1] > least_s)) + 1).tolist():
        level_s = float(delay_s[max(begins, k - window) : k].min())
        lift_s = min(float(after[k]) - level_s, MAX_GAP_S)
        if lift_s > least_s:
            begins = k
            at.append(k)
            lost.append(int(np.rint(lift_s / period_s)))
    return np.array(at, dtype=np.int64), np.array(lost, dtype=np.int64)
