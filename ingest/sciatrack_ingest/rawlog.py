"""`raw-<placement>.mcap`: the notifications of one sensor exactly as they came, and what happened meanwhile.

The raw bytes are the record; everything else can be made from them again. MCAP is an open container that other
tools read. One topic for each characteristic (the topic is its UUID) and one topic `events` in JSON.
`log_time` is the host's wall clock, `publish_time` its monotonic clock, which is the time base of the session.
Each message carries a running number over all topics, so a missing stretch is noticed.

What is flushed survives a crash: MCAP's own defaults hold up to 1 MiB in memory, minutes of a sensor's data, so the
collector calls `flush` every second and `rawread.read_raw` takes a file that ends in the middle of anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

from mcap.writer import Writer

from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.sensors.family import RawPacket

PROFILE = "sciatrack"
RAW_NAME = re.compile(r"raw-(?P<placement>[a-z_]+)\.mcap")
CHECKSUM = "crc32"
HEADER_NAME = "sciatrack"  # the metadata record that says what the file is
CHANNEL_NAME = "channel"  # a metadata record with `id` and `topic`
EVENTS_TOPIC = "events"
# Where nobody flushes, a chunk is some ten seconds: so much is lost where a byte of it is damaged.
CHUNK_BYTES = 64 * 1024
FILE_MODE = 0o600  # health data: the owner and nobody else

# Events that decoding relies on; any other word is kept and shown.
CONNECT = "connect"  # a new connection: the sensor's clock and counter may have begun anew
DISCONNECT = "disconnect"
OVERFLOW = "overflow"  # notifications that the queue could not take; data: lost
BATTERY, RSSI, MTU, STOP = "battery", "rssi", "mtu", "stop"
FIT_CHECK = "fit_check"  # how well the sensor sits; the manifest keeps it, too
BEGIN = "begin"  # the session begins; what came before was the fit check and is no part of the samples
# Added when a session is finished, from what decoding found.
GAP, RECOVERED = "gap", "recovered"


class RawLogError(SciatrackError, OSError):
    """A raw log cannot be written or read at all; carries `path`, `problem` and `hint`."""

    def __init__(self, path: object, problem: str, *, hint: str = "") -> None:
        self.path, self.problem, self.hint = str(path), problem, hint
        super().__init__(f"{self.path}: {problem}" + (f" {hint}" if hint else ""))

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" + (f" {self.hint}" if self.hint else "")


@dataclass(frozen=True)
class RawHeader:
    """What a raw log says about itself, enough to make a whole session of it after a crash.

    start_utc and start_monotonic_ns are the same instant, the session's zero: equal in all files of a session.
    plan is JSON text or empty. Unknown words are empty.
    """

    family: str
    placement: str
    participant: str
    session_id: str
    start_utc: str
    start_monotonic_ns: int
    timezone: str = "UTC"
    sensor_name: str = ""
    sensor_address: str = ""
    exercise: str = ""
    side: str = ""
    plan: str = ""
    origin: str = "recorded"
    software: str = ""

    def to_mapping(self) -> dict[str, str]:
        """The words as text, with a checksum: MCAP guards packets, but not metadata."""
        words = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        return {**words, CHECKSUM: _checksum(words)}

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, str]) -> RawHeader:
        """The header that a file holds; raises KeyError or ValueError where a word is missing or wrong."""
        if _checksum({name: text for name, text in mapping.items() if name != CHECKSUM}) != mapping[CHECKSUM]:
            raise ValueError("its checksum does not fit")
        known = {field.name: mapping[field.name] for field in fields(cls) if field.name in mapping}
        try:
            return cls(**{**known, "start_monotonic_ns": int(known["start_monotonic_ns"])})  # type: ignore[arg-type]
        except TypeError as error:
            raise ValueError(str(error)) from None


def _checksum(words: Mapping[str, str]) -> str:
    return f"{zlib.crc32(json.dumps(dict(words), sort_keys=True).encode()):08x}"


@dataclass(frozen=True)
class Event:
    """Something that happened while recording: a word, when, and its numbers."""

    kind: str
    monotonic_ns: int
    wall_ns: int
    data: Mapping[str, Any]


class RawLogWriter:
    """Appends packets and events to a new file; one thread at a time.

    Raises RawLogError where the file is there already or cannot be written. After a failed `flush` the file
    is cut back to what the last good one left, and nothing more is taken.
    """

    def __init__(self, path: Path, header: RawHeader) -> None:
        self.path = path
        self._channels: dict[str, int] = {}
        self._count = 0
        self._safe_bytes = 0
        self._failed = False
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), FILE_MODE)
        except OSError as error:
            raise _cannot_write(path, error) from error
        _lock(handle)
        self._file = os.fdopen(handle, "wb")
        self._mcap: Any = Writer(self._file, chunk_size=CHUNK_BYTES)  # not all of its methods carry types
        self._mcap.start(profile=PROFILE)
        self._mcap.add_metadata(HEADER_NAME, header.to_mapping())
        self.flush()
        _sync_folder(path.parent)

    @property
    def count(self) -> int:
        """Packets and events taken so far."""
        return self._count

    @property
    def safe_bytes(self) -> int:
        """Bytes that the last `flush` has brought to the disk."""
        return self._safe_bytes

    def append(self, packet: RawPacket) -> None:
        """Take one notification; it is safe after the next `flush`."""
        self._add(self._channel(packet.channel), packet.payload, packet.monotonic_ns, packet.wall_ns)

    def event(self, kind: str, *, monotonic_ns: int | None = None, wall_ns: int | None = None, **data: Any) -> None:
        """Take one event, by default of now; `data` must fit into JSON."""
        monotonic_ns = time.monotonic_ns() if monotonic_ns is None else monotonic_ns
        self.append_event(Event(kind, monotonic_ns, time.time_ns() if wall_ns is None else wall_ns, data))

    def append_event(self, event: Event) -> None:
        """Take one event as it is."""
        body = json.dumps({**event.data, "kind": event.kind}).encode()
        self._add(self._channel(EVENTS_TOPIC), body, event.monotonic_ns, event.wall_ns)

    def flush(self) -> None:
        """Bring everything taken so far to the disk (milliseconds to tens of them: not on an event loop)."""
        self._refuse_after_failure()
        try:
            self._mcap.flush()
            _sync_file(self._file.fileno())
            self._safe_bytes = self._file.tell()
        except OSError as error:
            self._give_up()
            raise _cannot_write(self.path, error) from error

    def close(self) -> None:
        """Finish the file; after a failure only let go of it. May be called twice."""
        if self._failed or self._file.closed:
            return
        self.flush()
        try:
            self._mcap.finish()
            self._file.flush()
            _sync_file(self._file.fileno())
            self._file.close()
        except OSError as error:
            self._give_up()
            raise _cannot_write(self.path, error) from error

    def _channel(self, topic: str) -> int:
        self._refuse_after_failure()
        if topic not in self._channels:
            encoding = "json" if topic == EVENTS_TOPIC else ""
            number = self._mcap.register_channel(topic, encoding, 0)
            # Said once more outside the chunk, so that a damaged first chunk does not take the names with it.
            self._mcap.add_metadata(CHANNEL_NAME, {"id": str(number), "topic": topic})
            self._channels[topic] = number
        return self._channels[topic]

    def _add(self, channel: int, data: bytes, monotonic_ns: int, wall_ns: int) -> None:
        try:
            self._mcap.add_message(channel, wall_ns, data, monotonic_ns, self._count & 0xFFFFFFFF)
        except OSError as error:  # a chunk was full before its time
            self._give_up()
            raise _cannot_write(self.path, error) from error
        self._count += 1

    def _give_up(self) -> None:
        """Leave a file that ends with the last good flush; its buffer must not be written any more."""
        self._failed = True
        raw: Any = self._file.raw
        with contextlib.suppress(OSError):
            os.ftruncate(raw.fileno(), self._safe_bytes)
        with contextlib.suppress(OSError):
            raw.close()
        with contextlib.suppress(OSError, ValueError):
            self._file.close()

    def _refuse_after_failure(self) -> None:
        if self._failed or self._file.closed:
            raise RawLogError(self.path, "the file is closed; nothing more is recorded into it.")


def is_being_written(path: Path) -> bool:
    """True while a RawLogWriter, of this or another process, has the file open; False where that is unknown."""
    if fcntl is None:
        return False
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _lock(handle: int) -> None:
    """Mark the file as being written until it is closed, or its process ends in whatever way."""
    if fcntl is not None:
        with contextlib.suppress(OSError):  # some network disks have no locks
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync_file(handle: int) -> None:
    getattr(os, "fdatasync", os.fsync)(handle)


def _sync_folder(path: Path) -> None:
    """A new file is there after a power cut once its folder is flushed; Windows cannot and need not."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _cannot_write(path: Path, error: OSError) -> RawLogError:
    hints = {
        "FileExistsError": "Choose another session folder.",
        "PermissionError": "Choose a folder that you may write to with --output.",
        "FileNotFoundError": "Make the folder first.",
    }
    hint = hints.get(type(error).__name__, "What was recorded until then is kept; free some space.")
    return RawLogError(path, f"cannot be written: {error.strerror or error}.", hint=hint)
