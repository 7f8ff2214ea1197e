"""Generic GATT: our own open layout for home-made sensors (docs/sensors.md, docs/arduino/).

A notification is a header and n samples, little-endian; with n = 1 it has 20 bytes and fits the smallest MTU.
`first` numbers the first sample of the packet: it counts samples, not packets, and wraps. `t_us` is the sensor's
clock at that sample and wraps after 71.6 minutes. With both, every lost sample is known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sciatrack_ingest.sensors.family import (
    BATTERY_LEVEL_UUID,
    Advertisement,
    Command,
    Decoded,
    RawPacket,
    SensorFamily,
    nothing,
    standard_battery_percent,
)
from sciatrack_ingest.sensors.packets import by_length, column, finding, gather
from sciatrack_ingest.sensors.timing import Stamped, lay_out, unwrap
from sciatrack_ingest.units import ACC_FACTOR, GYR_FACTOR

SERVICE_UUID = "7a0b0001-5c1a-4b0e-9c3d-2f6d1e8a4b70"
DATA_UUID = "7a0b0002-5c1a-4b0e-9c3d-2f6d1e8a4b70"
CONTROL_UUID = "7a0b0003-5c1a-4b0e-9c3d-2f6d1e8a4b70"
VERSION = 1
START, STOP = b"\x01", b"\x00"
NOMINAL_RATE_HZ = 100.0
ACC_LSB_PER_G = 4096.0  # +-8 g in 16 bits
GYR_LSB_PER_DPS = 16.0  # +-2048 deg/s in 16 bits
ACC_M_S2_PER_LSB = ACC_FACTOR["g"] / ACC_LSB_PER_G
GYR_RAD_S_PER_LSB = GYR_FACTOR["deg/s"] / GYR_LSB_PER_DPS
COUNTER_MODULO = 2**16
TIME_BITS, TIME_PER_S = 32, 1e6
MAX_SAMPLES = 20  # 248 bytes: what fits into one notification at an MTU of 251

HEADER = np.dtype([("version", "u1"), ("n", "u1"), ("first", "<u2"), ("t_us", "<u4")])
SAMPLE = np.dtype([("acc", "<i2", (3,)), ("gyr", "<i2", (3,))])


def packet_dtype(n: int) -> np.dtype[np.void]:
    """The layout of a notification with n samples."""
    return np.dtype([("header", HEADER), ("samples", SAMPLE, (n,))])


def recognise(advertisement: Advertisement) -> bool:
    """True for what advertises our service."""
    return SERVICE_UUID in advertisement.service_uuids


def decode(packets: Sequence[RawPacket]) -> Decoded:
    """The samples of one connection; malformed packets are left out and counted."""
    data = column(packets, DATA_UUID)
    count = np.zeros(len(data.payloads), dtype=np.int64)
    header = np.zeros(len(data.payloads), dtype=HEADER)
    groups = []
    for length, rows, joined in by_length(data.payloads):
        n, rest = divmod(length - HEADER.itemsize, SAMPLE.itemsize)
        if not 1 <= n <= MAX_SAMPLES or rest:
            continue
        table = np.frombuffer(joined, packet_dtype(n))
        fits = (table["header"]["version"] == VERSION) & (table["header"]["n"] == n)
        count[rows[fits]] = n
        header[rows[fits]] = table["header"][fits]
        groups.append((rows[fits], table["samples"][fits].reshape(-1)))
    good = np.flatnonzero(count)
    findings = finding("malformed_packets", len(count) - len(good), "packets are not in the generic layout")
    if len(good) == 0:
        return nothing(True, findings)
    device_s = (int(header["t_us"][good[0]]) + unwrap(header["t_us"][good], TIME_BITS)) / TIME_PER_S
    stamped = Stamped(
        [data.payloads[row] for row in good], data.packet[good], data.arrival_s[good], device_s, count[good],
        counter=header["first"][good].astype(np.int64), counter_modulo=COUNTER_MODULO,
    )  # fmt: skip
    out = lay_out(stamped, NOMINAL_RATE_HZ)
    samples = gather(groups, count, good[out.order])
    return Decoded(
        samples["acc"] * ACC_M_S2_PER_LSB, samples["gyr"] * GYR_RAD_S_PER_LSB,
        out.tick, out.device_time_s, out.packet, out.epoch_starts, out.gaps, (*findings, *out.findings),
        out.period_s,
    )  # fmt: skip


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
