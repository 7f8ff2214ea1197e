"""Polar Verity Sense: PMD acceleration and gyroscope in delta frames (polar-ble-sdk, online measurement)."""

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

SERVICE, CONTROL, DATA = (f"fb005c8{n}-02e7-f387-1cad-8acd2d8df0c8" for n in (0, 1, 2))
GET_SETTINGS, START, STOP, ANSWER = 1, 2, 3, 0xF0
ACC, GYR = 2, 5
SUCCESS, INVALID_MTU, ALREADY = 0, 10, 6
FACTORS = {ACC: 8.0 / 32768.0, GYR: 2000.0 / 32768.0}  # g and deg/s in one step of 16 bits
RANGES = {ACC: (2, 4, 8, 16), GYR: (245, 500, 1000, 2000)}
NEEDED_PAYLOAD = 229  # a full frame; with less the sensor refuses to start
DELTA_FRAME = 0x80
BLOCK_SAMPLES = 8


class PolarSpeaker(Speaker):
    """Two streams with one clock; the time in a frame is that of its last sample."""

    family = "polar"
    manufacturer_data = (0x006B, b"\x72\x08\x97\xc5")  # Polar's number
    data_uuid = DATA
    samples_per_packet = 20

    def __init__(self, name: str = "Polar Sense 6D4B5E28") -> None:
        super().__init__()
        self.local_name = name
        control = Characteristic(CONTROL, ("read", "write", "indicate"))
        self.services = (Service(SERVICE, (control, Characteristic(DATA, ("notify",)))), BATTERY)
        self._running: set[int] = set()

    def disconnected(self) -> None:
        super().disconnected()
        self._running.clear()

    def read(self, characteristic: str) -> bytes:
        return b"\x0f\x24\x00" if characteristic == CONTROL else super().read(characteristic)

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        operation, kind = data[0], data[1]
        error, more = SUCCESS, b""
        if operation == GET_SETTINGS:
            ranges = struct.pack(f"<BB{len(RANGES[kind])}H", 2, len(RANGES[kind]), *RANGES[kind])
            more = (
                b"\x00" + struct.pack("<BBH", 0, 1, 52) + struct.pack("<BBH", 1, 1, 16) + ranges + b"\x04\x01\x03"
            )
        elif operation == START and self.payload_bytes < NEEDED_PAYLOAD:
            error = INVALID_MTU
        elif operation == START and kind in self._running:
            error = ALREADY
        elif operation == START:
            self._running.add(kind)
            more = b"\x00" + struct.pack("<BBf", 5, 1, FACTORS[kind])
        elif operation == STOP:
            self._running.discard(kind)
        self.streaming = bool(self._running)
        return [Notification(CONTROL, bytes([ANSWER, operation, kind, error]) + more)]

    def encode(self, packet: Packet) -> list[Notification]:
        last_s = packet.first_time_s + (len(packet.acc) - 1) * packet.period_s
        head = round(last_s * 1e9).to_bytes(8, "little") + bytes([DELTA_FRAME])
        steps = {ACC: packet.acc_g / FACTORS[ACC], GYR: packet.gyr_dps / FACTORS[GYR]}
        return [
            Notification(DATA, bytes([kind]) + head + _deltas(to_i16(steps[kind])))
            for kind in (ACC, GYR)
            if kind in self._running
        ]


def _deltas(rows: np.ndarray) -> bytes:
    """The first sample whole, the rest as differences in blocks of the fewest bits that hold them."""
    out = bytearray(rows[0].tobytes())
    differences = np.diff(rows.astype(int), axis=0)
    for start in range(0, len(differences), BLOCK_SAMPLES):
        block = differences[start : start + BLOCK_SAMPLES]
        bits = max(int(max(block.max(), -block.min() - 1)).bit_length() + 1, 1)
        packed = sum((int(value) & ((1 << bits) - 1)) << (at * bits) for at, value in enumerate(block.ravel()))
        out += bytes([bits, len(block)]) + packed.to_bytes((block.size * bits + 7) // 8, "little")
    return bytes(out)
