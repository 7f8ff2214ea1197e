"""Raw logs: what is flushed is there, whatever happens to the process, the disk or the file."""

from __future__ import annotations

import io
import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from sciatrack_ingest import rawlog, rawread
from sciatrack_ingest.rawlog import (
    CONNECT,
    HEADER_NAME,
    Event,
    RawHeader,
    RawLogError,
    RawLogWriter,
    is_being_written,
)
from sciatrack_ingest.rawread import RawLog, read_raw
from sciatrack_ingest.sensors import RawPacket

HEADER = RawHeader("generic", "hip", "P01", "P01-x", "2026-03-02T17:30:00Z", 5, plan='{"a": 1}')
UUIDS = ("7a0b0002-5c1a-4b0e-9c3d-2f6d1e8a4b70", "00002a19-0000-1000-8000-00805f9b34fb")
CUT_OFF = "the recording was cut off"


def packet(i: int) -> RawPacket:
    return RawPacket(UUIDS[i % 2], i.to_bytes(4, "little") * (i % 7), 10**9 + i * 10**7, 10**18 + i)


def written(path: Path, count: int = 60, flush_every: int = 20) -> list[int]:
    """A log of so many packets and an event; the sizes of the file after each flush."""
    log = RawLogWriter(path, HEADER)
    sizes = [log.safe_bytes]
    log.event(CONNECT, monotonic_ns=10**9, wall_ns=10**18, mtu=247)
    for i in range(count):
        log.append(packet(i))
        if (i + 1) % flush_every == 0:
            log.flush()
            sizes.append(log.safe_bytes)
    log.close()
    return sizes


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[int]]:
    """The bytes of such a log, and the sizes: the disk is waited for once."""
    path = tmp_path_factory.mktemp("intact") / "raw-hip.mcap"
    sizes = written(path)
    return path.read_bytes(), sizes


def test_a_log_reads_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "raw-hip.mcap"
    written(path)
    raw = read_raw(path)
    assert raw.header == HEADER
    assert raw.packets == tuple(packet(i) for i in range(60))
    assert raw.events == (Event(CONNECT, 10**9, 10**18, {"mtu": 247}),)
    assert (raw.finished, raw.damaged, raw.problems) == (True, False, ())
    assert raw.last_ns == packet(59).monotonic_ns
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_other_software_reads_it_too(tmp_path: Path) -> None:
    path = tmp_path / "raw-hip.mcap"
    written(path)
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        messages = [(channel.topic, message.data) for _, channel, message in reader.iter_messages()]
        assert [record.metadata for record in reader.iter_metadata() if record.name == HEADER_NAME]
    assert messages[0] == ("events", json.dumps({"mtu": 247, "kind": "connect"}).encode())
    assert [data for topic, data in messages if topic == UUIDS[0]] == [packet(i).payload for i in range(0, 60, 2)]


def test_wherever_it_is_cut_all_flushed_chunks_before_are_there(
    tmp_path: Path, intact: tuple[bytes, list[int]]
) -> None:
    path = tmp_path / "raw-hip.mcap"
    data, sizes = intact
    near = {size + off for size in sizes for off in range(-12, 13)}  # every byte around the end of each flush
    for length in sorted({*range(0, len(data), 7), *near} & set(range(len(data)))):
        path.write_bytes(data[:length])
        if length < len(rawread.MAGIC):
            with pytest.raises(RawLogError, match="not a raw log"):
                read_raw(path)
            continue
        raw = read_raw(path)
        flushes = sum(length >= size for size in sizes) - 1
        assert len(raw.packets) >= 20 * flushes, length
        assert raw.packets == tuple(packet(i) for i in range(len(raw.packets)))
        assert not raw.damaged
        assert raw.finished or CUT_OFF in raw.problems[-1]
        assert raw.intact_bytes <= length


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=80, deadline=None)
def test_damage_costs_a_chunk_and_is_told(
    tmp_path_factory: pytest.TempPathFactory, intact: tuple[bytes, list[int]], seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.mcap"
    rng = np.random.default_rng(seed)
    data = bytearray(intact[0])
    for _ in range(rng.integers(1, 4)):
        data[rng.integers(len(data))] ^= int(rng.integers(1, 256))
    path.write_bytes(bytes(data))
    try:
        raw = read_raw(path)
    except RawLogError:
        assert bytes(data[:8]) != rawread.MAGIC
        return
    known = {(packet(i).payload, packet(i).monotonic_ns) for i in range(60)}
    found = {(one.payload, one.monotonic_ns) for one in raw.packets if one.channel in UUIDS}
    assert found <= known
    assert len(found) == len(known) or raw.problems
    assert raw.header in (HEADER, None)


@given(data=st.binary(max_size=400), begins=st.booleans())
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_are_a_log_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, begins: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.mcap"
    path.write_bytes((rawread.MAGIC if begins else b"-") + data)
    if begins:
        assert isinstance(read_raw(path), RawLog)
    else:
        with pytest.raises(RawLogError, match="not a raw log"):
            read_raw(path)


def crafted(path: Path, compression: CompressionType = CompressionType.NONE, chunked: bool = True) -> Path:
    """A log of another writer: two packets on a topic, no header of ours."""
    out = io.BytesIO()
    mcap = Writer(out, compression=compression, use_chunking=chunked)
    mcap.start()
    channel = mcap.register_channel("abc", "", 0)
    for i in range(2):
        mcap.add_message(channel, i, b"xy", i, i)
    mcap.finish()
    path.write_bytes(out.getvalue())
    return path


@pytest.mark.parametrize("chunked", [True, False])
def test_logs_of_other_writers_are_read(tmp_path: Path, chunked: bool) -> None:
    raw = read_raw(crafted(tmp_path / "other.mcap", chunked=chunked))
    assert raw.header is None
    assert [one.payload for one in raw.packets] == [b"xy", b"xy"]


def test_a_compression_that_has_no_bound_is_not_unpacked(tmp_path: Path) -> None:
    raw = read_raw(crafted(tmp_path / "other.mcap", CompressionType.LZ4))
    assert raw.packets == ()
    assert "compression 'lz4' is not read" in raw.problems[0]


def test_a_small_file_cannot_ask_for_much_memory(tmp_path: Path) -> None:
    """A chunk of zeros that unpacks to 4 GiB, from a few kilobytes."""
    import zstandard
    from mcap.data_stream import RecordBuilder
    from mcap.records import Chunk

    packed = zstandard.ZstdCompressor().compress(bytes(2**22))
    for claimed in (2**32, 2**22 - 1, 2**22 + 1, 10):
        builder = RecordBuilder()
        Chunk("zstd", packed, 1, 1, 0, claimed).write(builder)
        path = tmp_path / "bomb.mcap"
        path.write_bytes(rawread.MAGIC + builder.end())
        raw = read_raw(path)
        assert raw.packets == ()
        assert "damaged and left out" in raw.problems[0]


def test_a_missing_stretch_between_whole_ones_is_told(tmp_path: Path) -> None:
    path = tmp_path / "raw-hip.mcap"
    sizes = written(path)
    data = path.read_bytes()
    path.write_bytes(data[: sizes[1]] + data[sizes[2] :])
    raw = read_raw(path)
    assert "20 packets or events are missing between intact ones." in raw.problems
    assert len(raw.packets) == 40


def test_a_damaged_first_chunk_does_not_take_the_names_of_the_topics_along(tmp_path: Path) -> None:
    path = tmp_path / "raw-hip.mcap"
    sizes = written(path)
    data = bytearray(path.read_bytes()[: sizes[2]])
    data[sizes[1] - 400] ^= 0xFF  # within the first chunk
    path.write_bytes(bytes(data))
    raw = read_raw(path)
    assert raw.damaged
    assert raw.packets == tuple(packet(i) for i in range(20, 40))


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "raw-hip.mcap"
    written(path)
    before = path.read_bytes()
    with pytest.raises(RawLogError, match="Choose another session folder"):
        RawLogWriter(path, HEADER)
    assert path.read_bytes() == before
    with pytest.raises(RawLogError, match="Make the folder first"):
        RawLogWriter(tmp_path / "none" / "raw-hip.mcap", HEADER)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_one_clear_error_and_keeps_what_was_flushed(tmp_path: Path) -> None:
    path = tmp_path / "raw-hip.mcap"
    log = RawLogWriter(path, HEADER)
    flushed = []

    def record() -> None:
        rng = np.random.default_rng(0)
        for i in range(10_000):
            log.append(RawPacket(UUIDS[0], rng.bytes(20), i, i))
            if i % 50 == 49:
                log.flush()
                flushed.append(i + 1)

    with file_size_limit(30_000):
        with pytest.raises(RawLogError, match="What was recorded until then is kept") as caught:
            record()
        with pytest.raises(RawLogError, match="is closed"):
            log.append(packet(1))
        log.close()
    assert isinstance(caught.value, OSError)
    raw = read_raw(path)
    assert len(raw.packets) == flushed[-1] > 100
    assert not raw.damaged
    assert path.stat().st_size == log.safe_bytes <= 30_000


def test_flushing_reaches_the_disk_and_the_folder_knows_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(rawlog, "_sync_file", lambda handle: synced.append(os.fstat(handle).st_size))
    monkeypatch.setattr(rawlog, "_sync_folder", synced.append)
    log = RawLogWriter(tmp_path / "raw-hip.mcap", HEADER)
    log.append(packet(6))
    log.flush()
    assert synced == [synced[0], tmp_path, log.safe_bytes]
    assert synced[0] < log.safe_bytes
    log.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from sciatrack_ingest.rawlog import RawHeader, RawLogWriter, is_being_written
from sciatrack_ingest.sensors import RawPacket
log = RawLogWriter(Path(sys.argv[1]), RawHeader("generic", "hip", "P01", "s", "2026-03-02T17:30:00Z", 5))
for i in range(1000):
    log.append(RawPacket("abc", b"x" * 20, i, i))
    if i % 100 == 99:
        log.flush()
for i in range(50):
    log.append(RawPacket("abc", b"y" * 20, i, i))
print("ready", flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_what_was_not_flushed_and_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "raw-hip.mcap"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert is_being_written(path)
        process.stdin.write("\n")
        process.stdin.close()
        process.wait()
    assert process.returncode == -9
    assert not is_being_written(path)
    raw = read_raw(path)
    assert len(raw.packets) == 1000
    assert [problem.partition(":")[0] for problem in raw.problems] == [CUT_OFF]


@pytest.mark.parametrize("words", [{}, {"start_monotonic_ns": "x"}, {"family": "generic"}])
def test_a_header_that_lacks_words_is_damage(tmp_path: Path, words: dict[str, str]) -> None:
    out = io.BytesIO()
    mcap = Writer(out)
    mcap.start()
    mcap.add_metadata(HEADER_NAME, words)
    mcap.finish()
    path = tmp_path / "raw-hip.mcap"
    path.write_bytes(out.getvalue())
    raw = read_raw(path)
    assert raw.header is None
    assert raw.damaged
    assert "damaged and left out" in raw.problems[0]


def test_events_that_are_no_events_are_told(tmp_path: Path) -> None:
    out = io.BytesIO()
    mcap = Writer(out)
    mcap.start()
    channel = mcap.register_channel("events", "json", 0)
    for i, body in enumerate((b"{", b"[1]", b'{"mtu": 5}', b'{"kind": "mtu", "mtu": 23}', b"[" * 100_000)):
        mcap.add_message(channel, i, body, i, i)
    mcap.finish()
    path = tmp_path / "raw-hip.mcap"
    path.write_bytes(out.getvalue())
    raw = read_raw(path)
    assert [event.data for event in raw.events] == [{"mtu": 23}]
    assert "4 events are not readable and are left out." in raw.problems
