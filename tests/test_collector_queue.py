"""The queue between the radio and the disk: bounded, counted, and emptied by a thread of its own."""

from __future__ import annotations

import time

import pytest

from sciatrack_ingest import rawlog
from sciatrack_ingest.raw_queue import RawQueue
from sciatrack_ingest.rawlog import RawHeader, RawLogError, RawLogWriter
from sciatrack_ingest.rawread import read_raw

HEADER = RawHeader("generic", "hip", "P01", "s", "2026-03-02T08:00:00Z", 0)


class Ticking:
    """A clock that advances by a millisecond at each look."""

    now_ns = 0

    def monotonic_ns(self) -> int:
        self.now_ns += 1_000_000
        return self.now_ns

    def wall_ns(self) -> int:
        return self.now_ns + 10**18


def test_everything_is_written_in_order_with_its_times(tmp_path) -> None:
    queue = RawQueue(RawLogWriter(tmp_path / "raw", HEADER), clock=Ticking())
    queue.event("connect", connection=1)
    for at in range(1000):
        queue.put("data", bytes([at % 256]))
    queue.close()
    log = read_raw(tmp_path / "raw")
    assert [packet.payload[0] for packet in log.packets] == [at % 256 for at in range(1000)]
    assert [packet.monotonic_ns for packet in log.packets] == [(at + 2) * 1_000_000 for at in range(1000)]
    assert all(packet.wall_ns == packet.monotonic_ns + 10**18 for packet in log.packets)
    assert [(event.kind, event.data["connection"]) for event in log.events] == [("connect", 1)]
    assert log.finished


def test_what_came_is_on_disk_soon_and_not_only_at_the_end(tmp_path, monkeypatch) -> None:
    synced = []
    sync = rawlog._sync_file
    monkeypatch.setattr(rawlog, "_sync_file", lambda handle: synced.append(sync(handle)))
    queue = RawQueue(RawLogWriter(tmp_path / "raw", HEADER), flush_every_s=0.01)
    before = len(synced)
    for at in range(3):
        queue.put("data", bytes([at]))
        until_s = time.monotonic() + 30.0
        while len(read_raw(tmp_path / "raw").packets) <= at and time.monotonic() < until_s:
            time.sleep(0.01)
        while len(synced) <= before and time.monotonic() < until_s:
            time.sleep(0.01)
        assert len(read_raw(tmp_path / "raw").packets) == at + 1
        assert len(synced) > before
        before = len(synced)
    assert not read_raw(tmp_path / "raw").finished
    queue.close()


def test_a_full_queue_counts_what_it_loses_and_says_so_in_the_file(tmp_path) -> None:
    queue = RawQueue(RawLogWriter(tmp_path / "raw", HEADER), capacity=100, flush_every_s=3600.0)
    for _ in range(130):
        queue.put("data", b"x")
    assert queue.accepted == 100
    assert queue.overflowed == 30
    queue.close()
    log = read_raw(tmp_path / "raw")
    assert len(log.packets) == 100
    assert [event.data.get("lost") for event in log.events if event.kind == "overflow"] == [30]


def test_a_full_queue_has_room_for_the_connections_that_part_the_sensor_s_clocks(tmp_path) -> None:
    queue = RawQueue(RawLogWriter(tmp_path / "raw", HEADER), capacity=10, flush_every_s=3600.0)
    for connection in (1, 2):
        queue.event("connect", connection=connection)
        for _ in range(20):
            queue.put("data", b"x")
    queue.close()
    log = read_raw(tmp_path / "raw")
    assert [event.data["connection"] for event in log.events if event.kind == "connect"] == [1, 2]
    assert sum(event.data["lost"] for event in log.events if event.kind == "overflow") == queue.overflowed
    assert len(log.packets) == 40 - queue.overflowed < 11


def test_a_failure_is_told_once_and_again_on_closing(tmp_path) -> None:
    class Broken(RawLogWriter):
        def append(self, packet) -> None:
            raise RawLogError(self.path, "gone.")

    told = []
    queue = RawQueue(Broken(tmp_path / "raw", HEADER), on_failure=told.append)
    queue.put("data", b"x")
    with pytest.raises(RawLogError, match="gone"):
        queue.close()
    queue.put("data", b"x")
    assert len(told) == 1


def test_any_error_of_the_writer_ends_in_a_message(tmp_path) -> None:
    class Bug(RawLogWriter):
        def append(self, packet) -> None:
            raise ZeroDivisionError

    queue = RawQueue(Bug(tmp_path / "raw", HEADER))
    queue.put("data", b"x")
    with pytest.raises(RawLogError, match="ZeroDivisionError"):
        queue.close()
