"""From a list of notifications to arrays: all packets of one characteristic, grouped by their length.

Packets of equal length are rows of one array, so a family declares its packet as a NumPy dtype and reads all of
them in one step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.recording import Finding, Float, Int
from sciatrack_ingest.sensors.family import RawPacket

NS_PER_S = 1e9
# Ten times as fast as reading the fields by name, which alone would halve the speed of decoding.
_CHANNEL, _PAYLOAD, _ARRIVAL = itemgetter(0), itemgetter(1), itemgetter(2)


@dataclass(frozen=True, eq=False)
class Column:
    """The packets of one characteristic: their bytes, when they came, and where they stood among all packets.

    payloads  : as received
    arrival_s : (m,) seconds on the host's monotonic clock
    packet    : (m,) index into the list that was decoded
    """

    payloads: list[bytes]
    arrival_s: Float
    packet: Int


def column(packets: Sequence[RawPacket], uuid: str) -> Column:
    """The packets of one characteristic; UUIDs are compared without regard to case."""
    if not packets:
        return Column([], np.empty(0), np.empty(0, dtype=np.int64))
    names = set(map(_CHANNEL, packets))
    wanted = {name for name in names if name.lower() == uuid}
    if wanted != names:
        at = np.array([i for i, packet in enumerate(packets) if packet.channel in wanted], dtype=np.int64)
        packets = [packets[i] for i in at]
    else:
        at = np.arange(len(packets))
    arrival_ns = np.fromiter(map(_ARRIVAL, packets), dtype=np.int64, count=len(packets))
    return Column(list(map(_PAYLOAD, packets)), arrival_ns / NS_PER_S, at)


def by_length(payloads: Sequence[bytes]) -> Iterator[tuple[int, Int, bytes]]:
    """Each length with the rows that have it and their bytes joined, shortest first."""
    lengths = np.fromiter(map(len, payloads), dtype=np.int64, count=len(payloads))
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        chosen = payloads if len(rows) == len(payloads) else [payloads[row] for row in rows.tolist()]
        yield int(length), rows, b"".join(chosen)


def gather(groups: Sequence[tuple[Int, npt.NDArray[Any]]], counts: Int, order: Int) -> npt.NDArray[Any]:
    """The samples of all groups as one array, in the given order of packets.

    groups : (rows, samples), the samples of those rows one after the other
    counts : (m,) samples of each row
    order  : the rows to take, each at most once
    """
    if len(groups) == 1 and len(order) == len(groups[0][0]) and (np.diff(order) > 0).all():
        return groups[0][1]
    taken = counts[order]
    start = np.full(len(counts), -1, dtype=np.int64)
    start[order] = np.cumsum(taken) - taken
    first = groups[0][1]
    out = np.empty((int(taken.sum()), *first.shape[1:]), dtype=first.dtype)
    for rows, samples in groups:
        each = counts[rows]
        at = np.repeat(start[rows], each) + running(each)
        wanted = np.repeat(start[rows] >= 0, each)
        out[at[wanted]] = samples[wanted]
    return out


def running(counts: Int) -> Int:
    """0, 1, ... up to each count, one after the other: [2, 3] gives 0 1 0 1 2."""
    return np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)


def to_double(values: npt.NDArray[np.float32]) -> Float:
    """A copy in double precision; damaged bytes may be NaNs of a kind of which NumPy warns."""
    with np.errstate(invalid="ignore"):
        return values.astype(np.float64)


def keep_plausible(values: Float, limit: float) -> int:
    """Turn samples with a value that is not a number or beyond the limit into NaN, in place; how many.

    values : (n, 3), a writable array
    """
    wrong = ~(np.abs(values) <= limit).all(axis=1)
    count = int(wrong.sum())
    if count:
        values[wrong] = np.nan
    return count


def finding(code: str, count: int, message: str) -> tuple[Finding, ...]:
    """A finding where there is something to tell; `message` begins after the number."""
    return (Finding(code, f"{count} {message}", count),) if count else ()
