"""Movella DOT, rate quantities (Xsens DOT BLE services specification XD0506P)."""

from __future__ import annotations

import struct

import numpy as np

from sciatrack_ingest.virtual.speakers.base import Characteristic, Notification, Packet, Service, Speaker

BASE = "1517{:04x}-4947-11e9-8646-d663bd873d93"
INFO, DEVICE_CONTROL, MEASURE_CONTROL, LONG, MEDIUM, SHORT, BATTERY_CHAR = (
    BASE.format(n) for n in (0x1001, 0x1002, 0x2001, 0x2002, 0x2003, 0x2004, 0x3001)
)
RATE_QUANTITIES = 21
MEDIUM_BYTES = 40


class DotSpeaker(Speaker):
    """One sample a packet with microseconds that wrap after 71.6 minutes."""

    family = "dot"
    manufacturer_data = (0x0886, b"\x01")  # Movella's number
    data_uuid = MEDIUM

    def __init__(self, name: str = "Movella DOT") -> None:
        super().__init__()
        self.local_name = name
        self.services = (
            Service(
                BASE.format(0x1000),
                (
                    Characteristic(INFO, ("read",)),
                    Characteristic(DEVICE_CONTROL, ("read", "write")),
                ),
            ),
            Service(
                BASE.format(0x2000),
                (
                    Characteristic(MEASURE_CONTROL, ("read", "write")),
                    *(Characteristic(uuid, ("notify",)) for uuid in (LONG, MEDIUM, SHORT)),
                ),
            ),
            Service(BASE.format(0x3000), (Characteristic(BATTERY_CHAR, ("read", "notify")),)),
        )

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        if characteristic == MEASURE_CONTROL:
            self.streaming = data[1] == 1 and data[2] == RATE_QUANTITIES
        return []

    def read(self, characteristic: str) -> bytes:
        return bytes([self.battery_percent, 0]) if characteristic == BATTERY_CHAR else bytes(32)

    def encode(self, packet: Packet) -> list[Notification]:
        ticks_us = round(packet.first_time_s * 1e6) & 0xFFFFFFFF
        numbers = np.hstack([packet.acc[0], packet.gyr_dps[0]]).astype("<f4")
        return [Notification(MEDIUM, (struct.pack("<I", ticks_us) + numbers.tobytes()).ljust(MEDIUM_BYTES, b"\0"))]
