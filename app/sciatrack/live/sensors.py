"""One worn sensor as the live server knows it: packets in, samples out, and what the recorder says of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sciatrack.live.wire import Arrived
from sciatrack_ingest.rawlog import BEGIN, CONNECT, RAW_NAME
from sciatrack_ingest.rawread import RawLog, read_raw_or_nothing
from sciatrack_ingest.sensors import REGISTRY, RawPacket
from sciatrack_ingest.sessions import RAW_LOGS
from sciatrack_ingest.stream_decode import NOTHING, Fresh, StreamDecoder

# Packets that wait until it is known which family they are of; a status comes within a second.
MOST_WAITING = 5000


class WornSensor:
    """Decodes what comes from one placement, each packet once, whichever way it came."""

    def __init__(self, placement: str, zero_ns: int) -> None:
        self.placement = placement
        self.status: Mapping[str, Any] = {"placement": placement, "state": "waiting"}
        self._zero_ns = zero_ns
        self._decoder: StreamDecoder | None = None
        self._waiting: deque[Arrived] = deque(maxlen=MOST_WAITING)
        self._last_ns = -1
        self._at_last: set[tuple[str, bytes]] = set()  # packets of that very moment: some clocks are coarse

    @property
    def lost(self) -> bool:
        return bool(self.status.get("state") == "sensor lost")

    def told(self, status: Mapping[str, Any]) -> None:
        """What the recorder says of it; `family` is the name of its kind."""
        self.status = status
        self.is_a(str(status.get("family") or ""))

    def is_a(self, family: str) -> None:
        """The family of this sensor is known now."""
        if self._decoder is None and family in REGISTRY:
            self._decoder = StreamDecoder(REGISTRY[family], self._zero_ns)

    def take(self, arrived: Sequence[Arrived]) -> Fresh:
        """The samples of new packets, those of one connection; packets that were taken before are left out."""
        self._waiting.extend(one for one in arrived if self._is_new(one.packet))
        if self._decoder is None or not self._waiting:
            return NOTHING
        connection = self._waiting[0].connection
        packets: list[RawPacket] = []
        while self._waiting and self._waiting[0].connection == connection:
            packets.append(self._waiting.popleft().packet)
        return self._decoder.push(packets, connection)

    def _is_new(self, packet: RawPacket) -> bool:
        if packet.monotonic_ns > self._last_ns:
            self._last_ns, self._at_last = packet.monotonic_ns, set()
        elif packet.monotonic_ns < self._last_ns or (packet.channel, packet.payload) in self._at_last:
            return False
        self._at_last.add((packet.channel, packet.payload))
        return True

    @property
    def has_more(self) -> bool:
        """Packets of a later connection wait; `take` again."""
        return self._decoder is not None and bool(self._waiting)


def logged(folder: Path, until_ns: int | None) -> tuple[list[Arrived], Mapping[str, str]]:
    """All packets of a folder's raw logs in the order in which they came, and the family of each placement.

    until_ns : nothing that came later on the session's monotonic clock; None: all there is
    """
    logs = {
        str(match["placement"]): read_raw_or_nothing(path)
        for path in sorted(folder.glob(RAW_LOGS))
        if (match := RAW_NAME.fullmatch(path.name))
    }
    arrived = [one for placement, log in logs.items() for one in numbered(placement, log)]
    families = {placement: log.header.family for placement, log in logs.items() if log.header}
    arrived.sort(key=lambda one: one.packet.monotonic_ns)
    return [one for one in arrived if until_ns is None or one.packet.monotonic_ns <= until_ns], families


def numbered(placement: str, log: RawLog) -> list[Arrived]:
    """The packets of a log, each with the number of its connection; none of what was measured in a fit check."""
    family = REGISTRY.get(log.header.family) if log.header else None
    begin_ns = max((event.monotonic_ns for event in log.events if event.kind == BEGIN), default=0)
    connects_ns = sorted(event.monotonic_ns for event in log.events if event.kind == CONNECT)
    numbered, connection = [], 0
    for packet in log.packets:
        while connection < len(connects_ns) and connects_ns[connection] <= packet.monotonic_ns:
            connection += 1
        measured = family is None or family.stream_of(packet.channel, packet.payload) is not None
        if packet.monotonic_ns >= begin_ns or not measured:
            numbered.append(Arrived(placement, connection, packet))
    return numbered
