"""WitMotion WT901BLE: frames without time or number that stream as soon as somebody listens (maker's SDK)."""

from __future__ import annotations

import struct

import numpy as np

from sciatrack_ingest.virtual.speakers.base import (
    Characteristic,
    Notification,
    Packet,
    Service,
    Speaker,
    to_i16,
)

SERVICE, NOTIFY, WRITE = (f"0000ffe{n}-0000-1000-8000-00805f9a34fb" for n in (5, 4, 9))
READ_REGISTER = b"\xff\xaa\x27"
BATTERY_REGISTER = 0x64
BATTERY_CENTIVOLT = 396


class WitMotionSpeaker(Speaker):
    """Frames of 20 bytes, as many in a notification as there are samples in a packet."""

    family = "witmotion"
    advertised_uuids = (SERVICE,)
    data_uuid = NOTIFY

    def __init__(self, name: str = "WT901BLE68", samples_per_packet: int = 2) -> None:
        super().__init__()
        self.local_name, self.samples_per_packet = name, samples_per_packet
        write = Characteristic(WRITE, ("write", "write-without-response"))
        self.services = (Service(SERVICE, (Characteristic(NOTIFY, ("notify",)), write)),)
        self.streaming = True

    def disconnected(self) -> None:
        """It streams again at once when somebody subscribes."""

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        if not data.startswith(READ_REGISTER):
            return []
        first = data[3] | data[4] << 8
        values = [BATTERY_CENTIVOLT if first + at == BATTERY_REGISTER else 0 for at in range(8)]
        return [Notification(NOTIFY, struct.pack("<BBH8h", 0x55, 0x71, first, *values))]

    def encode(self, packet: Packet) -> list[Notification]:
        angles = np.zeros_like(packet.acc)
        rows = to_i16(np.hstack([packet.acc_g / 16.0, packet.gyr_dps / 2000.0, angles / 180.0]) * 32768.0)
        return [Notification(NOTIFY, b"".join(b"\x55\x61" + row.tobytes() for row in rows))]
