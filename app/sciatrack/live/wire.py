"""What a recorder tells the live server, as frames on the server's standard input.

    u32 length, u8 kind, body

SETUP comes first and says what is recorded; PACKET is one notification, STATUS what the recorder shows of its
sensors, ACT what a person typed at the recorder's terminal, LOST that frames were dropped because the server did
not keep up: it then reads them from the raw log. The other way, on its standard output, the server writes one line
of JSON for each state of the page.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

from sciatrack_ingest.sensors.family import RawPacket

HEAD = struct.Struct("<IB")
PACKET_HEAD = struct.Struct("<IqqBB")  # connection, monotonic ns, wall ns, bytes of the placement, of the channel
SETUP, PACKET, STATUS, ACT, LOST = range(1, 6)
# A notification has at most 512 bytes, a setup some thousand. More is no frame of ours.
MAX_FRAME_BYTES = 1 << 20


class Arrived(NamedTuple):
    """One notification, the sensor it came from, and the number of that sensor's connection."""

    placement: str
    connection: int
    packet: RawPacket


def frame(kind: int, body: bytes = b"") -> bytes:
    return HEAD.pack(len(body), kind) + body


def json_frame(kind: int, body: Mapping[str, Any]) -> bytes:
    return frame(kind, json.dumps(body).encode())


def packet_frame(arrived: Arrived) -> bytes:
    placement, channel = arrived.placement.encode(), arrived.packet.channel.encode()
    packet = arrived.packet
    head = PACKET_HEAD.pack(
        arrived.connection, packet.monotonic_ns, packet.wall_ns, len(placement), len(channel)
    )  # fmt: skip
    return frame(PACKET, head + placement + channel + packet.payload)


def read_packet(body: bytes) -> Arrived:
    """Raises struct.error or ValueError for bytes that are none."""
    connection, monotonic_ns, wall_ns, long_placement, long_channel = PACKET_HEAD.unpack_from(body)
    at = PACKET_HEAD.size
    placement = body[at : at + long_placement].decode()
    at += long_placement
    channel = body[at : at + long_channel].decode()
    payload = body[at + long_channel :]
    return Arrived(placement, connection, RawPacket(channel, payload, monotonic_ns, wall_ns))


def frames(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each frame until the file ends or is torn. Raises ValueError for nonsense."""
    while len(head := file.read(HEAD.size)) == HEAD.size:
        length, kind = HEAD.unpack(head)
        if length > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {length} bytes is none of ours")
        body = file.read(length)
        if len(body) < length:
            return
        yield kind, body
