"""Samples, rate and losses while a recording runs; an estimate for the eye, never for the record."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sciatrack_ingest.sensors import RawPacket, SensorFamily

WINDOW_S = 10.0  # over which the rate is averaged: steady to read, and quick to show a change
CARRIED = 40  # packets that are decoded again with the new ones, so that a loss between two looks is seen
OPENING = 20  # first packets of a connection, which hold what some sensors answer about their scales


class LiveRate:
    """Fed with the packets since the last look."""

    def __init__(self) -> None:
        self.samples = 0
        self.lost = 0
        self._opening: list[RawPacket] = []
        self._carried: list[RawPacket] = []
        self._seen: deque[tuple[float, int]] = deque()
        self._connection = 0

    @property
    def opening(self) -> tuple[RawPacket, ...]:
        """What the sensor answered when it was started, without which some families cannot be decoded."""
        return tuple(self._opening)

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

    def update(self, family: SensorFamily, packets: Sequence[RawPacket], connection: int, now_s: float) -> None:
        """Count what is new; `connection` is the number of the link, whose counters begin anew."""
        if connection != self._connection:
            self._connection, self._carried, self._opening = connection, [], []
        fresh = 0
        if packets:
            known = [*self._opening, *self._carried]
            decoded = family.decode([*known, *packets])
            new = decoded.packet >= len(known)
            fresh = int(new.sum())
            self.lost += sum(gap.lost_samples for gap in decoded.gaps if new[gap.before_sample])
            wanted = OPENING - len(self._opening) if family.negotiate is not None else 0
            self._opening += packets[:wanted]
            self._carried = [*self._carried, *packets[wanted:]][-CARRIED:]
        self.samples += fresh
        self._seen.append((now_s, fresh))
        while now_s - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
