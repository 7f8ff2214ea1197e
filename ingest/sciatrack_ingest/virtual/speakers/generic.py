"""Our own open layout (docs/sensors.md)."""

from __future__ import annotations

import struct

import numpy as np

from sciatrack_ingest.virtual.speakers.base import (
    BATTERY,
    Characteristic,
    Notification,
    Packet,
    Service,
    Speaker,
    to_i16,
)

SERVICE, DATA, CONTROL = (f"7a0b000{n}-5c1a-4b0e-9c3d-2f6d1e8a4b70" for n in (1, 2, 3))


class GenericSpeaker(Speaker):
    """Sample counter and microseconds; one sample fits the smallest MTU."""

    family = "generic"
    advertised_uuids = (SERVICE,)
    data_uuid = DATA

    def __init__(self, name: str = "IMU demo", samples_per_packet: int = 1, version: int = 1) -> None:
        super().__init__()
        self.local_name, self.samples_per_packet, self.version = name, samples_per_packet, version
        control = Characteristic(CONTROL, ("write", "write-without-response"))
        self.services = (Service(SERVICE, (Characteristic(DATA, ("notify",)), control)), BATTERY)

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        if characteristic == CONTROL:
            self.streaming = data[:1] == b"\x01"
        return []

    def encode(self, packet: Packet) -> list[Notification]:
        count = len(packet.acc)
        ticks_us = round(packet.first_time_s * 1e6) & 0xFFFFFFFF
        head = struct.pack("<BBHI", self.version, count, packet.number * count & 0xFFFF, ticks_us)
        rows = to_i16(np.hstack([packet.acc_g * 4096.0, packet.gyr_dps * 16.0]))
        return [Notification(DATA, head + rows.tobytes())]
