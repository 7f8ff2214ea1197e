"""A raw log written once more: whole, with an index, and with the gaps that decoding found as events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from pathlib import Path

from sciatrack_ingest.decode_session import TimedGap
from sciatrack_ingest.rawlog import GAP, RECOVERED, Event, RawLogError, RawLogWriter
from sciatrack_ingest.rawread import MAX_NS, RawLog, read_raw
from sciatrack_ingest.sensors import RawPacket


def write_whole(raw: RawLog, gaps: Sequence[TimedGap], path: Path, missing: Sequence[str] = ()) -> int:
    """Write a log to another place, over an empty file there; returns its packets and events.

    A log that was cut off gets an event that says so and what is `missing`. Raises RawLogError where the copy
    cannot be written, or does not read back the same packets.
    """
    assert raw.header is not None
    path.unlink(missing_ok=True)
    log = RawLogWriter(path, raw.header)
    try:
        items: Iterator[RawPacket | Event] = merge(raw.packets, _events(raw, gaps, missing), key=_when)
        for item in items:
            if isinstance(item, RawPacket):
                log.append(item)
            else:
                log.append_event(item)
    finally:
        log.close()
    if read_raw(path).packets != raw.packets:
        raise RawLogError(raw.path, "its copy differs from it, so it is left as it is.", hint="Check the disk.")
    return log.count


def _when(item: RawPacket | Event) -> int:
    return item.monotonic_ns


def _events(raw: RawLog, gaps: Sequence[TimedGap], missing: Sequence[str]) -> list[Event]:
    """The events of the log, without those of an earlier decoding, and the new ones, by time."""
    assert raw.header is not None
    events = [event for event in raw.events if event.kind not in (GAP, RECOVERED)]
    for gap in gaps:
        at_ns = raw.header.start_monotonic_ns + round(gap.end_s * 1e9)
        events.append(_event(raw, GAP, at_ns, vars(gap)))
    if not raw.finished:
        events.append(_event(raw, RECOVERED, raw.last_ns, {"missing": list(missing)}))
    return sorted(events, key=lambda event: event.monotonic_ns)


def _event(raw: RawLog, kind: str, monotonic_ns: int, data: dict[str, object]) -> Event:
    """An event at a moment of the monotonic clock; its wall time is as far from it as the first packet's."""
    ahead_ns = raw.packets[0].wall_ns - raw.packets[0].monotonic_ns if raw.packets else 0
    monotonic_ns = min(max(monotonic_ns, 0), MAX_NS)
    return Event(kind, monotonic_ns, min(max(monotonic_ns + ahead_ns, 0), MAX_NS), data)
