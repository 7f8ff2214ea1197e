"""Movesense with the GATT sensor data protocol (movesense.com/docs/esw/gatt_sensordata_protocol)."""

from __future__ import annotations

import struct

import numpy as np

from sciatrack_ingest.virtual.speakers.base import Characteristic, Notification, Packet, Service, Speaker

SERVICE = "34802252-7185-4d5d-b431-630e7050e8f0"
COMMAND, DATA = (f"3480000{n}-7185-4d5d-b431-630e7050e8f0" for n in (1, 2))
HELLO, SUBSCRIBE, UNSUBSCRIBE, GET = 0, 1, 2, 4
RESPONSE, FIRST_PART, SECOND_PART = 1, 2, 3
OK, NOT_FOUND = 200, 404
SAMPLES_PER_PACKET = {52: 4, 104: 8, 208: 16}


class MovesenseSpeaker(Speaker):
    """Acceleration and gyroscope in one packet with milliseconds; too long ones come in two parts."""

    family = "movesense"
    advertised_uuids = ("0000fdf3-0000-1000-8000-00805f9b34fb",)
    manufacturer_data = (0x009F, b"\x01")  # Suunto's number
    data_uuid = DATA

    def __init__(self, name: str = "Movesense 174630000192", rate_hz: int = 52) -> None:
        super().__init__()
        self.local_name, self.rate_hz = name, rate_hz
        self.samples_per_packet = SAMPLES_PER_PACKET[rate_hz]
        characteristics = (Characteristic(COMMAND, ("write",)), Characteristic(DATA, ("notify",)))
        self.services = (Service(SERVICE, characteristics),)
        self._reference = 0

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        operation, reference, path = data[0], data[1], data[2:].rstrip(b"\0").decode("ascii", "replace")
        if operation == SUBSCRIBE and path == f"/Meas/IMU6/{self.rate_hz}":
            self.streaming, self._reference = True, reference
        elif operation == UNSUBSCRIBE and reference == self._reference:
            self.streaming = False
        elif operation == GET and path == "/System/Energy/Level":
            answer = self._answer(reference, OK)
            return [answer._replace(payload=answer.payload + bytes([self.battery_percent]))]
        elif operation != HELLO:
            return [self._answer(reference, NOT_FOUND)]
        return [self._answer(reference, OK)]

    def encode(self, packet: Packet) -> list[Notification]:
        ticks_ms = round(packet.first_time_s * 1e3) & 0xFFFFFFFF
        rows = np.concatenate([packet.acc.ravel(), packet.gyr_dps.ravel()]).astype("<f4")
        body = struct.pack("<I", ticks_ms) + rows.tobytes()
        room = self.payload_bytes - 2
        parts = [(FIRST_PART, body[:room]), (SECOND_PART, body[room:])]
        return [Notification(DATA, bytes([kind, self._reference]) + part) for kind, part in parts if part]

    def _answer(self, reference: int, status: int) -> Notification:
        return Notification(DATA, struct.pack("<BBH", RESPONSE, reference, status))
