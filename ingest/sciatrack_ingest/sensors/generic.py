"""Generic GATT: our own open layout for home-made sensors (docs/sensors.md, docs/arduino/).

Data notification, little-endian: version u8 (1), number of samples n u8, number of the first sample u16 (counts
samples, wraps), device time of the first sample in microseconds u32 (wraps), then n times acc x y z in 1/4096 g and
gyr x y z in 1/16 deg/s, i16 each. n = 1 makes 20 bytes and fits the smallest MTU.
"""

from __future__ import annotations

from collections.abc import Sequence

from sciatrack_ingest.sensors.family import (
    BATTERY_LEVEL_UUID,
    Advertisement,
    Command,
    Decoded,
    RawPacket,
    SensorFamily,
    standard_battery_percent,
)

SERVICE_UUID = "7a0b0001-5c1a-4b0e-9c3d-2f6d1e8a4b70"
DATA_UUID = "7a0b0002-5c1a-4b0e-9c3d-2f6d1e8a4b70"
CONTROL_UUID = "7a0b0003-5c1a-4b0e-9c3d-2f6d1e8a4b70"
VERSION = 1
START, STOP = b"\x01", b"\x00"
NOMINAL_RATE_HZ = 100.0
ACC_LSB_PER_G = 4096.0  # +-8 g in 16 bits
GYR_LSB_PER_DPS = 16.0  # +-2048 deg/s in 16 bits


def recognise(advertisement: Advertisement) -> bool:
    """True for what advertises our service."""
    return SERVICE_UUID in advertisement.service_uuids


def decode(packets: Sequence[RawPacket]) -> Decoded:
    """The samples of one connection."""
    raise NotImplementedError


FAMILY = SensorFamily(
    name="generic",
    title="Generic GATT (Arduino Nano 33 BLE and other home-made sensors)",
    recognise=recognise,
    service_uuid=SERVICE_UUID,
    notify_uuids=(DATA_UUID,),
    nominal_rate_hz=NOMINAL_RATE_HZ,
    decode=decode,
    start_commands=(Command(CONTROL_UUID, START),),
    stop_commands=(Command(CONTROL_UUID, STOP),),
    has_counter=True,
    has_device_time=True,
    battery_uuid=BATTERY_LEVEL_UUID,
    battery_percent=standard_battery_percent,
)
