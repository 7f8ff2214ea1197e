"""Read a raw log, whole or torn: everything that is intact, and one sentence for everything that is not.

The MCAP library's own readers want the end of the file, and ask for as much memory as a damaged length says; so
the records are walked here, each checked against the bytes that are there, and the library parses single ones.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Metadata

from sciatrack_ingest.rawlog import CHANNEL_NAME, EVENTS_TOPIC, HEADER_NAME, Event, RawHeader, RawLogError
from sciatrack_ingest.sensors.family import RawPacket

MAGIC = b"\x89MCAP0\r\n"
RECORD = struct.Struct("<BQ")  # kind, length
MESSAGE = struct.Struct("<HIQQ")  # channel, running number, wall ns, monotonic ns
# Our chunks end at 1 MiB or after a second. Far above that a length is damage, or a file made to fill the memory.
MAX_RECORD_BYTES = 64 * 2**20
MAX_TOTAL_BYTES = 2 * 2**30  # a week of 400 Hz in 6 axes
MAX_NS = 2**63 - 1  # what the arrays of decoding hold
# What the library raises for lengths and texts that are none.
DAMAGE = (McapError, struct.error, ValueError, OverflowError, zstandard.ZstdError)


@dataclass(frozen=True)
class RawLog:
    """What could be read of a raw log.

    header is None where the file does not say what it is. finished: the writer came to its end; otherwise the
    recording was cut off. problems: one sentence for each thing that is damaged or missing. intact_bytes: up to
    where the file could be read. damaged: something in the middle cannot be read, unlike a mere cut at the end.
    """

    path: Path
    header: RawHeader | None
    packets: tuple[RawPacket, ...]
    events: tuple[Event, ...]
    problems: tuple[str, ...]
    finished: bool
    intact_bytes: int
    damaged: bool = False

    @property
    def last_ns(self) -> int:
        """Monotonic time of the last packet or event; 0 where there is none."""
        last = [packet.monotonic_ns for packet in self.packets[-1:]]
        return max([0, *last, *(event.monotonic_ns for event in self.events[-1:])])


@dataclass
class _Found:
    """What has been read so far."""

    header: RawHeader | None = None
    messages: list[tuple[int, int, int, int, bytes]] = field(default_factory=list)
    topics: dict[int, str] = field(default_factory=dict)
    spare_topics: dict[int, str] = field(default_factory=dict)  # without a checksum, for when the others are lost
    problems: list[str] = field(default_factory=list)
    finished: bool = False
    damaged: bool = False
    intact_bytes: int = 0
    total_bytes: int = 0


def read_raw(path: Path) -> RawLog:
    """Everything intact in a raw log; raises RawLogError where the file cannot be opened or is no raw log."""
    found = _Found()
    try:
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise RawLogError(path, "not a raw log: it does not begin like an MCAP file.")
            found.intact_bytes = len(MAGIC)
            _read_records(file, found)
    except OSError as error:
        if isinstance(error, RawLogError):
            raise
        raise RawLogError(path, f"cannot be read: {error.strerror or error}.") from error
    packets, events = _sorted_out(found)
    return RawLog(
        path,
        found.header,
        packets,
        events,
        tuple(found.problems),
        found.finished,
        found.intact_bytes,
        found.damaged,
    )


def read_raw_or_nothing(path: Path) -> RawLog:
    """Like `read_raw`, but a file that cannot be read is an empty log with the reason among its problems."""
    try:
        return read_raw(path)
    except RawLogError as error:
        return RawLog(path, None, (), (), (error.problem,), False, 0)


def _read_records(file: BinaryIO, found: _Found) -> None:
    size = os.fstat(file.fileno()).st_size
    while not found.finished:
        at = file.tell()
        head = file.read(RECORD.size)
        if not head:
            found.problems.append("the recording was cut off: the end of the file is missing.")
            return
        kind, length = RECORD.unpack(head) if len(head) == RECORD.size else (0, size)
        if length > size - file.tell():
            found.problems.append(f"the recording was cut off: the last {size - at} bytes are half a record.")
            return
        if length > MAX_RECORD_BYTES:
            found.damaged = True
            found.problems.append(f"byte {at}: a record of {length} bytes is damage; the rest is not read.")
            return
        body = file.read(length)
        try:
            _read_record(kind, body, found)
        except DAMAGE as error:
            found.damaged = True
            found.problems.append(f"byte {at}: a record of {length} bytes is damaged and left out ({error}).")
        if found.total_bytes > MAX_TOTAL_BYTES:
            found.damaged = True
            found.problems.append(f"byte {at}: more than {MAX_TOTAL_BYTES} bytes unpacked; the rest is not read.")
            return
        found.intact_bytes = file.tell()


def _read_record(kind: int, body: bytes, found: _Found) -> None:
    if kind == Opcode.CHUNK:
        _read_chunk(Chunk.read(_stream(body)), found)
    elif kind == Opcode.METADATA:
        _read_metadata(Metadata.read(_stream(body)), found)
    elif kind == Opcode.MESSAGE:
        _read_message(body, found)
    elif kind == Opcode.CHANNEL:
        channel = Channel.read(_stream(body))
        found.topics.setdefault(channel.id, channel.topic)
    elif kind == Opcode.FOOTER:
        found.finished = True


def _read_metadata(record: Metadata, found: _Found) -> None:
    if record.name == CHANNEL_NAME:
        found.spare_topics[int(record.metadata.get("id", "-1"))] = record.metadata.get("topic", "")
    elif record.name == HEADER_NAME and found.header is None:
        try:
            found.header = RawHeader.from_mapping(record.metadata)
        except KeyError as error:
            raise ValueError(f"the header lacks {error}") from None


def _read_message(body: bytes, found: _Found) -> None:
    channel, number, wall_ns, monotonic_ns = MESSAGE.unpack_from(body)
    if wall_ns > MAX_NS or monotonic_ns > MAX_NS:
        raise ValueError("a time beyond the year 2262")
    found.messages.append((channel, number, monotonic_ns, wall_ns, body[MESSAGE.size :]))


def _read_chunk(chunk: Chunk, found: _Found) -> None:
    data = _unpacked(chunk)
    found.total_bytes += len(data)
    if chunk.uncompressed_crc and zlib.crc32(data) != chunk.uncompressed_crc:
        raise ValueError("its checksum does not fit")
    for kind, body in _inner_records(data):
        if kind in (Opcode.MESSAGE, Opcode.CHANNEL):
            _read_record(kind, body, found)


def _unpacked(chunk: Chunk) -> bytes:
    """The records of a chunk; the sizes that it claims are checked before memory is asked for."""
    if chunk.uncompressed_size > MAX_RECORD_BYTES:
        raise ValueError(f"it claims to unpack to {chunk.uncompressed_size} bytes")
    if chunk.compression == "":
        return chunk.data
    if chunk.compression != "zstd":
        raise ValueError(f"compression '{chunk.compression}' is not read, only zstd")
    reader = zstandard.ZstdDecompressor(max_window_size=MAX_RECORD_BYTES).stream_reader(chunk.data)
    data = reader.read(chunk.uncompressed_size + 1)
    if len(data) != chunk.uncompressed_size:
        raise ValueError(f"it does not unpack to the {chunk.uncompressed_size} bytes that it claims")
    return data


def _inner_records(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, length = RECORD.unpack_from(data, at)
        at += RECORD.size
        if length > len(data) - at:
            raise ValueError("a record in it is longer than the chunk")
        yield kind, data[at : at + length]
        at += length


def _stream(body: bytes) -> ReadDataStream:
    return ReadDataStream(BytesIO(body))


def _sorted_out(found: _Found) -> tuple[tuple[RawPacket, ...], tuple[Event, ...]]:
    """Packets and events; what is missing between them or has no name goes to the problems."""
    packets, events, nameless, bad_events = [], [], 0, 0
    topics = found.spare_topics | found.topics
    for channel, _, monotonic_ns, wall_ns, data in found.messages:
        topic = topics.get(channel)
        if topic is None:
            nameless += 1
        elif topic == EVENTS_TOPIC:
            event = _event(data, monotonic_ns, wall_ns)
            bad_events += event is None
            events += [event] if event else []
        else:
            packets.append(RawPacket(topic, data, monotonic_ns, wall_ns))
    for count, what in ((nameless, "messages belong to no known topic"), (bad_events, "events are not readable")):
        if count:
            found.problems.append(f"{count} {what} and are left out.")
    missing = _missing_numbers(found)
    if missing:
        found.problems.append(f"{missing} packets or events are missing between intact ones.")
    return tuple(packets), tuple(events)


def _event(data: bytes, monotonic_ns: int, wall_ns: int) -> Event | None:
    try:
        body = json.loads(data)
        return Event(str(body.pop("kind")), monotonic_ns, wall_ns, body)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None


def _missing_numbers(found: _Found) -> int:
    numbers = [message[1] for message in found.messages]
    expected = numbers[-1] - min(numbers[0], 0) + 1 if numbers else 0
    return max(expected - len(set(numbers)), 0)
