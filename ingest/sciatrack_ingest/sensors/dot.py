"""Movella DOT (Xsens DOT) by its own Bluetooth services, measurement mode "rate quantities".

Source: the maker's "BLE Services Specifications" (XD0506P) and captures of
github.com/protobioengineering/xsens-dot-python-examples. One sample a notification: microseconds u32 (wraps after
71.6 minutes), acceleration in m/s^2, angular rate in deg/s, as floats, padded with zeros to 40 bytes. No counter:
losses are seen in the time. Live rates end at 60 Hz. No capture of this mode is public; the clock and the floats
are checked against captures of another mode.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sciatrack_ingest.sensors.family import (
    ATT_HEADER_BYTES,
    Advertisement,
    Command,
    Decoded,
    RawPacket,
    SensorFamily,
    nothing,
)
from sciatrack_ingest.sensors.packets import by_length, column, finding, gather, keep_plausible, to_double
from sciatrack_ingest.sensors.timing import Stamped, lay_out, unwrap
from sciatrack_ingest.units import GYR_FACTOR

UUID = "1517{:04x}-4947-11e9-8646-d663bd873d93"
SERVICE_UUID = UUID.format(0x2000)
DEVICE_CONTROL_UUID = UUID.format(0x1002)
CONTROL_UUID = UUID.format(0x2001)
MEDIUM_UUID = UUID.format(0x2003)
BATTERY_UUID = UUID.format(0x3001)
NAMES = ("Movella DOT", "Xsens DOT")

RATE_QUANTITIES = 21
MEASUREMENT, START, STOP = 1, 1, 0
NOMINAL_RATE_HZ = 60.0  # the fastest that it streams
TIME_BITS, TIME_PER_S = 32, 1e6
PADDED_BYTES = 40
ACC_LIMIT_M_S2, GYR_LIMIT_DPS = 320.0, 4000.0  # twice the chip's 16 g and 2000 deg/s: damage, not movement

PACKET = np.dtype([("t_us", "<u4"), ("acc", "<f4", (3,)), ("gyr", "<f4", (3,))])
DEVICE_CONTROL = np.dtype(
    {
        "names": ["visit", "output_rate_hz"],
        "formats": ["u1", "<u2"],
        "offsets": [0, 24],
        "itemsize": 32,
    }
)
VISIT_OUTPUT_RATE = 0x10  # only the rate is to be changed


def recognise(advertisement: Advertisement) -> bool:
    """True for the names that it has had."""
    return advertisement.name.strip().startswith(NAMES)


def rate_command(rate_hz: int) -> Command:
    """Set the output rate and nothing else."""
    body = np.zeros(1, dtype=DEVICE_CONTROL)
    body["visit"], body["output_rate_hz"] = VISIT_OUTPUT_RATE, rate_hz
    return Command(DEVICE_CONTROL_UUID, body.tobytes())


def battery_percent(uuid: str, payload: bytes) -> float | None:
    """The charge: the first byte of its own battery characteristic."""
    if uuid.lower() != BATTERY_UUID or len(payload) < 1 or payload[0] > 100:
        return None
    return float(payload[0])


def decode(packets: Sequence[RawPacket]) -> Decoded:
    """The samples of one connection; malformed packets are left out and counted."""
    data = column(packets, MEDIUM_UUID)
    groups, malformed = [], 0
    count = np.zeros(len(data.payloads), dtype=np.int64)
    for length, rows, joined in by_length(data.payloads):
        if length not in (PACKET.itemsize, PADDED_BYTES):
            malformed += len(rows)
            continue
        padded = np.dtype([("packet", PACKET), ("rest", "V", length - PACKET.itemsize)])
        groups.append((rows, np.frombuffer(joined, padded)["packet"]))
        count[rows] = 1
    findings = finding("malformed_packets", malformed, "packets have the length of another mode")
    good = np.flatnonzero(count)
    if len(good) == 0:
        return nothing(True, findings)
    table = gather(groups, count, good)
    device_s = (int(table["t_us"][0]) + unwrap(table["t_us"], TIME_BITS)) / TIME_PER_S
    payloads = [data.payloads[row] for row in good] if len(good) < len(count) else data.payloads
    out = lay_out(
        Stamped(payloads, data.packet[good], data.arrival_s[good], device_s, count[good]), NOMINAL_RATE_HZ
    )
    table = table[out.order] if len(out.order) < len(good) or out.findings else table
    acc, gyr = to_double(table["acc"]), to_double(table["gyr"])
    wrong = keep_plausible(acc, ACC_LIMIT_M_S2) + keep_plausible(gyr, GYR_LIMIT_DPS)
    findings += finding("implausible_samples", wrong, "samples beyond the range of the chip became gaps")
    return Decoded(
        acc, gyr * GYR_FACTOR["deg/s"], out.tick, out.device_time_s, out.packet, out.epoch_starts, out.gaps,
        (*findings, *out.findings), out.period_s,
    )  # fmt: skip


FAMILY = SensorFamily(
    name="dot",
    title="Movella DOT (Xsens DOT)",
    recognise=recognise,
    service_uuid=SERVICE_UUID,
    notify_uuids=(MEDIUM_UUID,),
    nominal_rate_hz=NOMINAL_RATE_HZ,
    decode=decode,
    start_commands=(
        rate_command(int(NOMINAL_RATE_HZ)),
        Command(CONTROL_UUID, bytes([MEASUREMENT, START, RATE_QUANTITIES])),
    ),
    stop_commands=(Command(CONTROL_UUID, bytes([MEASUREMENT, STOP, RATE_QUANTITIES])),),
    min_mtu=PADDED_BYTES + ATT_HEADER_BYTES,
    has_device_time=True,
    battery_uuid=BATTERY_UUID,
    battery_percent=battery_percent,
)
