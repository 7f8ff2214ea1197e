"""`RawQueue`: from the radio's callback to the disk without ever keeping the event loop waiting.

The callback puts a packet into a bounded queue; a thread takes everything out twice a second, appends it to
the raw log and flushes. A queue that is full (a disk that hangs) loses packets, but counts them and says so in
the file.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any

from sciatrack_ingest.radio import Clock, HostClock
from sciatrack_ingest.rawlog import OVERFLOW, RawLogError, RawLogWriter
from sciatrack_ingest.sensors.family import RawPacket

# Half of the second that may be lost: a slow flush (44 ms were seen) still leaves it well below.
FLUSH_EVERY_S = 0.5
# Ten minutes of 100 packets a second, 20 MB at most: longer than any disk hiccup, far below any memory.
CAPACITY = 60_000
# Room beyond that for events: without a `connect` two clocks of a sensor would be taken for one. There are a few
# for each connection, and so many connections do not fail while one write hangs.
EVENT_ROOM = 1_000
Entry = RawPacket | tuple[str, int, int, dict[str, Any]]


class RawQueue:
    """A raw log with a queue and a thread in front of it; `put` and `event` are for the event loop.

    on_failure is called once, from the thread, when the log cannot be written any more.
    """

    def __init__(
        self,
        log: RawLogWriter,
        *,
        clock: Clock | None = None,
        capacity: int = CAPACITY,
        flush_every_s: float = FLUSH_EVERY_S,
        on_failure: Callable[[RawLogError], None] = lambda error: None,
    ) -> None:
        self._log = log
        self._clock = clock or HostClock()
        self._flush_every_s = flush_every_s
        self._on_failure = on_failure
        self._capacity = capacity
        self._queue: queue.Queue[Entry] = queue.Queue(capacity + EVENT_ROOM)
        self._stop = threading.Event()
        self._unsaid = 0
        self.accepted = 0  # packets taken
        self.overflowed = 0  # packets that found the queue full
        self.failure: RawLogError | None = None
        self._thread = threading.Thread(target=self._work, name="raw log", daemon=True)
        self._thread.start()

    def put(self, channel: str, payload: bytes) -> RawPacket:
        """Stamp a notification and queue it; never waits."""
        packet = RawPacket(channel, payload, self._clock.monotonic_ns(), self._clock.wall_ns())
        room = self._queue.qsize() < self._capacity
        if room and self._unsaid and self._offer(self._event(OVERFLOW, {"lost": self._unsaid})):
            self._unsaid = 0
        if room and self._offer(packet):
            self.accepted += 1
        else:
            self.overflowed += 1
            self._unsaid += 1
        return packet

    def event(self, kind: str, **data: Any) -> None:
        """Queue an event of now; there is room for it where there is none for packets."""
        self._offer(self._event(kind, data))

    def close(self) -> None:
        """Write and flush what is left and finish the file; waits for the disk. Raises RawLogError."""
        self._stop.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _event(self, kind: str, data: dict[str, Any]) -> Entry:
        return (kind, self._clock.monotonic_ns(), self._clock.wall_ns(), data)

    def _offer(self, entry: Entry) -> bool:
        if self.failure is not None:
            return False
        try:
            self._queue.put_nowait(entry)
        except queue.Full:
            return False
        return True

    def _work(self) -> None:
        try:
            while not self._stop.wait(self._flush_every_s):
                if self._drain():
                    self._log.flush()
            self._drain()
            if self._unsaid:
                self._write(self._event(OVERFLOW, {"lost": self._unsaid}))
            self._log.close()
        except Exception as error:  # whatever it is, a recorder that does not write must say so
            if not isinstance(error, RawLogError):
                error = RawLogError(self._log.path, f"cannot be written ({error!r}).")
            self.failure = error
            with contextlib.suppress(RawLogError):  # what is in the file is kept
                self._log.close()
            self._on_failure(error)

    def _drain(self) -> int:
        for done in range(self._queue.maxsize + 1):
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                return done
            self._write(entry)
        return self._queue.maxsize + 1

    def _write(self, entry: Entry) -> None:
        if isinstance(entry, RawPacket):
            self._log.append(entry)
        else:
            kind, monotonic_ns, wall_ns, data = entry
            self._log.event(kind, monotonic_ns=monotonic_ns, wall_ns=wall_ns, **data)
