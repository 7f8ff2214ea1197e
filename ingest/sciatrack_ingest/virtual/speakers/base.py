"""What a protocol is to a virtual sensor: a GATT table, answers to writes, and bytes for samples.

Written from the makers' pages, not from our decoders: a slip in one of the two shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sciatrack_ingest.recording import Float

STANDARD_GRAVITY = 9.80665
SIG_BASE = "0000{:04x}-0000-1000-8000-00805f9b34fb"
BATTERY_SERVICE = SIG_BASE.format(0x180F)
BATTERY_LEVEL = SIG_BASE.format(0x2A19)
SMALLEST_PAYLOAD = 20  # bytes of a notification at the smallest MTU


class Notification(NamedTuple):
    """Bytes that the sensor sends on one of its characteristics."""

    characteristic: str
    payload: bytes


class Characteristic(NamedTuple):
    """One entry of the GATT table; properties are words of bleak: read, write, notify, indicate, ..."""

    uuid: str
    properties: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """One service of the GATT table."""

    uuid: str
    characteristics: tuple[Characteristic, ...]


BATTERY = Service(BATTERY_SERVICE, (Characteristic(BATTERY_LEVEL, ("read", "notify")),))


@dataclass(frozen=True, eq=False)
class Packet:
    """Samples for one transmission, in the device's own terms.

    number        : packets since the device started, counting those that were never sent
    first_time_s  : the device's clock at the first sample
    period_s      : seconds of the device's clock between samples
    acc, gyr      : (n, 3) m/s^2 and rad/s
    """

    number: int
    first_time_s: float
    period_s: float
    acc: Float
    gyr: Float

    @property
    def acc_g(self) -> Float:
        return self.acc / STANDARD_GRAVITY

    @property
    def gyr_dps(self) -> Float:
        return np.degrees(self.gyr)


class Speaker:
    """A sensor's side of one protocol; what it remembers is lost with the link, as in the real ones."""

    family: str
    local_name: str
    advertised_uuids: tuple[str, ...] = ()
    manufacturer_data: tuple[int, bytes] | None = None
    services: tuple[Service, ...]
    data_uuid: str  # nothing is sent before this characteristic is subscribed to
    samples_per_packet = 1
    battery_percent = 87

    def __init__(self) -> None:
        self.payload_bytes = SMALLEST_PAYLOAD
        self.streaming = False

    def connected(self, payload_bytes: int) -> None:
        """A new link; `payload_bytes` may grow when the other side asks for a larger MTU."""
        self.payload_bytes = payload_bytes

    def disconnected(self) -> None:
        self.streaming = False

    def write(self, characteristic: str, data: bytes) -> list[Notification]:
        """What the sensor answers to a write."""
        return []

    def read(self, characteristic: str) -> bytes:
        return bytes([self.battery_percent]) if characteristic == BATTERY_LEVEL else b""

    def encode(self, packet: Packet) -> list[Notification]:
        """The notifications of one packet."""
        raise NotImplementedError


def to_i16(values: Float) -> np.ndarray:
    """Rounded and cut off at the ends of the range, as a chip does."""
    return np.clip(np.round(values), -32768, 32767).astype("<i2")
