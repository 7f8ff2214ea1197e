"""When each sample was taken, for sensors that send their clock: order, wrap-around, lost samples, reboots.

Bluetooth LE delivers in order or not at all, but software on the way repeats and delays packets, and a sensor may
restart while the link holds. What is kept is in the sensor's order; what is dropped or missing is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.recording import GAP_MIN_S, Finding, Float, Int
from sciatrack_ingest.sensors.family import Basis, Gap
from sciatrack_ingest.sensors.packets import finding, running

# A sensor's buffer holds a few seconds at most. If its clock has moved by so much more or less than ours, it was
# set or has restarted. Smaller: a long stall of the link looks like a restart; larger: a restart mixes two times.
MAX_LAG_S = 10.0
# A packet that is older than its forerunner by less than this was held up on the way; by more: a restart.
MAX_LATE_S = 1.0
# Equal bytes within this time are one packet that came twice; later, a sensor that restarted and sends the same.
MAX_REPEAT_S = 2.0
# Steps between packets up to this much above the shortest usual one hold no lost packet. A sensor's own clock has
# at most a few per cent of jitter (1 ms of 77 for Movesense); one lost packet makes 100 %.
PERIOD_SPREAD_RATIO = 0.25
USUAL_STEP_QUANTILE = 0.2  # up to 80 % of the packets may be followed by a loss

Reference = Literal["first", "last"]


@dataclass(frozen=True, eq=False)
class Stamped:
    """What the packets of one stream say about time, one row a well-formed packet.

    payloads  : their bytes, to tell repeated packets
    packet    : (m,) index into the decoded list
    arrival_s : (m,) host's monotonic clock
    device_s  : (m,) sensor's clock, unwrapped, of the first or last sample in the packet
    counts    : (m,) samples in the packet, at least 1
    reference : which sample device_s belongs to
    counter   : (m,) number of the packet's first sample modulo counter_modulo, or None
    """

    payloads: Sequence[bytes]
    packet: Int
    arrival_s: Float
    device_s: Float
    counts: Int
    reference: Reference = "first"
    counter: Int | None = None
    counter_modulo: int = 0

    def rows(self, at: Int) -> Stamped:
        counter = None if self.counter is None else self.counter[at]
        return Stamped(
            self.payloads, self.packet[at], self.arrival_s[at], self.device_s[at], self.counts[at],
            self.reference, counter, self.counter_modulo,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class LaidOut:
    """Samples in the sensor's order; see Decoded. `order`: the rows that are kept, in that order."""

    order: Int
    tick: Int
    device_time_s: Float
    packet: Int
    period_s: float
    epoch_starts: tuple[int, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]


def unwrap(values: npt.NDArray[Any], bits: int) -> Int:
    """(m,) a counter of so many bits as steadily counting integers; steps beyond half its range go back."""
    if len(values) == 0:
        return np.empty(0, dtype=np.int64)
    wide = values.astype(np.uint64)
    step = wide[1:] - wide[:-1]
    if bits < 64:
        signed = (step & np.uint64(2**bits - 1)).astype(np.int64)
        signed[signed >= 2 ** (bits - 1)] -= 2**bits
    else:
        signed = step.view(np.int64)
    return np.concatenate([[0], np.cumsum(signed)])


def lay_out(stamped: Stamped, nominal_rate_hz: float) -> LaidOut:
    """Put packets in order and give every sample its number and time.

    Lost samples are known from the counter where there is one (the clock resolves whole turns of it), else from
    the sensor's clock. Between two epochs only the arrival tells how much is missing.
    """
    order, epoch, dropped = _in_order(stamped)
    kept = stamped.rows(order)
    period_s = _period_s(kept, epoch, nominal_rate_hz)
    lost, bases = _lost_before(kept, epoch, period_s)
    ends = np.cumsum(kept.counts)
    starts = ends - kept.counts
    first_tick = starts + np.cumsum(lost)
    tick = np.repeat(first_tick, kept.counts) + running(kept.counts)
    gaps = tuple(
        Gap(int(starts[i]), int(lost[i]), basis)
        for i, basis in zip(np.flatnonzero(lost), bases, strict=True)
    )  # fmt: skip
    return LaidOut(
        order, tick, _sample_times(kept, epoch, first_tick, tick, period_s), np.repeat(kept.packet, kept.counts),
        period_s, tuple(int(starts[i]) for i in np.flatnonzero(np.diff(epoch)) + 1), gaps, dropped,
    )  # fmt: skip


def _in_order(stamped: Stamped) -> tuple[Int, Int, tuple[Finding, ...]]:
    """Rows to keep in the sensor's order, the epoch of each, and what was noticed."""
    rows = np.arange(len(stamped.device_s))
    lag_s = np.diff(stamped.device_s) - np.diff(stamped.arrival_s)
    if (np.diff(stamped.device_s) > 0).all() and (np.abs(lag_s) <= MAX_LAG_S).all():
        return rows, np.zeros(len(rows), dtype=np.int64), ()
    return _in_order_one_by_one(stamped)


def _in_order_one_by_one(stamped: Stamped) -> tuple[Int, Int, tuple[Finding, ...]]:
    kept: list[tuple[int, float, int]] = []  # epoch, time, row
    seen: dict[bytes, float] = {}  # when these bytes came first
    epoch = repeated = late = 0
    newest_s = newest_arrival_s = -np.inf
    rows = zip(stamped.payloads, stamped.device_s.tolist(), stamped.arrival_s.tolist(), strict=True)
    for row, (payload, device_s, arrival_s) in enumerate(rows):
        step_s = device_s - newest_s
        if step_s <= 0 and arrival_s - seen.get(payload, -np.inf) <= MAX_REPEAT_S:
            repeated += 1
            continue
        seen[payload] = arrival_s
        if row == 0 or (step_s > 0 and abs(step_s - (arrival_s - newest_arrival_s)) <= MAX_LAG_S):
            newest_s, newest_arrival_s = device_s, arrival_s
        elif -MAX_LATE_S < step_s <= 0:
            late += 1
        else:
            epoch += 1
            newest_s, newest_arrival_s = device_s, arrival_s
        kept.append((epoch, device_s, row))
    kept.sort()
    unique = [item for i, item in enumerate(kept) if i == 0 or item[:2] != kept[i - 1][:2]]
    repeated += len(kept) - len(unique)
    table = np.array([(row, number) for number, _, row in unique], dtype=np.int64).reshape(-1, 2)
    findings = (
        *finding("repeated_packets", repeated, "packets came twice; the second is left out"),
        *finding("late_packets", late, "packets came after younger ones and were put in order"),
        *finding("device_restarted", epoch, "restarts of the sensor's clock on a standing link"),
    )
    return table[:, 0], table[:, 1], findings


def _samples_between(kept: Stamped) -> Int:
    """(m-1,) samples from one reference sample to the next if nothing is lost."""
    return kept.counts[:-1] if kept.reference == "first" else kept.counts[1:]


def _period_s(kept: Stamped, epoch: Int, nominal_rate_hz: float) -> float:
    """The sensor's real sample period on its own clock, free of lost packets."""
    within = np.diff(epoch) == 0
    step_s = np.diff(kept.device_s)
    samples = _samples_between(kept)
    if kept.counter is not None:
        counted = np.diff(kept.counter) % kept.counter_modulo
        within &= counted >= kept.counts[:-1]
        samples = counted
    step_s, samples = step_s[within], samples[within]
    if len(step_s) == 0:
        return 1.0 / nominal_rate_hz
    each_s = step_s / samples
    usual_s = float(np.quantile(each_s, USUAL_STEP_QUANTILE))
    inside = np.abs(each_s - usual_s) <= PERIOD_SPREAD_RATIO * usual_s
    return float(step_s[inside].sum() / samples[inside].sum()) if inside.any() else 1.0 / nominal_rate_hz


def _lost_before(kept: Stamped, epoch: Int, period_s: float) -> tuple[Int, list[Basis]]:
    """(m,) samples lost before each packet, and for those where there are any how we know."""
    lost = np.zeros(len(kept.device_s), dtype=np.int64)
    if len(lost) < 2:
        return lost, []
    by_clock = np.rint(np.diff(kept.device_s) / period_s).astype(np.int64) - _samples_between(kept)
    known: Basis = "device_time"
    if kept.counter is None:
        lost[1:] = np.maximum(by_clock, 0)
    else:
        known = "sequence"
        by_counter = (np.diff(kept.counter) - kept.counts[:-1]) % kept.counter_modulo
        turns = np.rint((by_clock - by_counter) / kept.counter_modulo).astype(np.int64)
        lost[1:] = np.maximum(by_counter + turns * kept.counter_modulo, 0)
    restarts = np.flatnonzero(np.diff(epoch)) + 1
    silent_s = kept.arrival_s[restarts] - kept.arrival_s[restarts - 1] - kept.counts[restarts] * period_s
    lost[restarts] = np.where(silent_s > GAP_MIN_S, np.rint(silent_s / period_s), 0).astype(np.int64)
    is_restart = np.diff(epoch, prepend=0) != 0
    return lost, ["arrival" if is_restart[i] else known for i in np.flatnonzero(lost)]


def _sample_times(kept: Stamped, epoch: Int, first_tick: Int, tick: Int, period_s: float) -> Float:
    """(n,) the sensor's clock at every sample: linear between the stamped ones, its usual period beyond."""
    times = np.empty(len(tick))
    ends = np.cumsum(kept.counts)
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(epoch)) + 1, [len(epoch)]])
    for low, high in pairwise(bounds.tolist()):
        if low == high:
            continue
        part = slice(int(ends[low] - kept.counts[low]), int(ends[high - 1]))
        at, stamp_s, n = first_tick[low:high], kept.device_s[low:high], kept.counts[low:high]
        if kept.reference == "first":
            at = np.append(at, at[-1] + n[-1])
            stamp_s = np.append(stamp_s, stamp_s[-1] + n[-1] * period_s)
        else:
            at = np.concatenate([[at[0] - 1], at + n - 1])
            stamp_s = np.concatenate([[stamp_s[0] - n[0] * period_s], stamp_s])
        times[part] = np.interp(tick[part], at, stamp_s)
    return times
