"""Samples, rate and losses while a recording runs; an estimate for the eye, never for the record."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sciatrack_ingest.sensors import RawPacket, SensorFamily
    from sciatrack_ingest.stream_decode import StreamDecoder

WINDOW_S = 10.0  # over which the rate is averaged: steady to read, and quick to show a change
# Before a rate is called wrong: a packet of 1.1 s, the longest, more or less is then 2 % of it.
SURE_S = 60.0


class LiveRate:
    """Fed with the packets since the last look."""

    def __init__(self) -> None:
        self.samples = 0
        self.lost = 0
        self._decoder: StreamDecoder | None = None
        self._seen: deque[tuple[float, int]] = deque()
        self._connection = 0
        self._since: tuple[float, int] | None = None  # the first packets of a connection: when, taken until then
        self._until_s = 0.0  # the last packets

    @property
    def opening(self) -> tuple[RawPacket, ...]:
        """What the sensor answered when it was started, without which some families cannot be decoded."""
        return self._decoder.opening if self._decoder else ()

    @property
    def lost_percent(self) -> float:
        """Of all samples that the sensor took; 0 before there were any."""
        return 100.0 * self.lost / max(self.samples + self.lost, 1)

    @property
    def rate_hz(self) -> float | None:
        """Samples a second over the last seconds; None before it is known."""
        if len(self._seen) < 2:
            return None
        span_s = self._seen[-1][0] - self._seen[0][0]
        count = sum(samples for _, samples in self._seen) - self._seen[0][1]
        return count / span_s if span_s > 0 else None

    @property
    def taken_hz(self) -> float | None:
        """Samples a second that the sensor took in this connection, lost ones with them; None until it is sure."""
        if self._since is None or self._until_s - self._since[0] < SURE_S:
            return None
        return (self.samples + self.lost - self._since[1]) / (self._until_s - self._since[0])

    def update(self, family: SensorFamily, packets: Sequence[RawPacket], connection: int, now_s: float) -> None:
        """Count what is new; `connection` is the number of the link, whose counters begin anew."""
        from sciatrack_ingest.stream_decode import StreamDecoder

        if self._decoder is None or self._decoder.family is not family:
            self._decoder = StreamDecoder(family)
        fresh = self._decoder.push(packets, connection)
        self.samples += len(fresh.time_s)
        self.lost += fresh.lost_samples
        if connection != self._connection:
            self._connection, self._since = connection, None
        if len(fresh.time_s):
            self._until_s = now_s
            self._since = self._since or (now_s, self.samples + self.lost)
        self._seen.append((now_s, len(fresh.time_s)))
        while now_s - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
