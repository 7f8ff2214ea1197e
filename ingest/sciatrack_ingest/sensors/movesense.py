"""Movesense by its GATT SensorData Protocol (GSP): acceleration and angular rate of `/Meas/IMU6`.

Source: movesense.com/docs/esw/gatt_sensordata_protocol and captures of github.com/sensein/movesense-py.
A command is its number, a reference of our choice and an argument; what comes back carries the reference. Data are
a time stamp in ms of the first sample, then all accelerations in m/s^2, then all angular rates in deg/s, as floats.
There is no counter: losses are seen in the time stamps. The firmware must have GSP in it.
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
    SensorRefusedError,
    nothing,
)
from sciatrack_ingest.sensors.packets import Column, by_length, column, finding, gather, keep_plausible, to_double
from sciatrack_ingest.sensors.timing import Stamped, lay_out, unwrap
from sciatrack_ingest.units import GYR_FACTOR

SERVICE_UUID = "34802252-7185-4d5d-b431-630e7050e8f0"
WRITE_UUID = "34800001-7185-4d5d-b431-630e7050e8f0"
NOTIFY_UUID = "34800002-7185-4d5d-b431-630e7050e8f0"
NAME_PREFIX = "Movesense"

SUBSCRIBE, UNSUBSCRIBE, GET = 1, 2, 4
RESPONSE, DATA, DATA_PART_2 = 1, 2, 3
HEADER_BYTES = 2  # what the notification is, and its reference
STATUS_OK = range(200, 300)

NOMINAL_RATE_HZ = 52.0  # 4 samples a packet, 102 bytes: one notification; 104 Hz needs two
SAMPLES_PER_PACKET = 4
MAX_SAMPLES = 64  # a packet of two notifications at the largest MTU of 517 holds 42
IMU_REFERENCE, BATTERY_REFERENCE = 10, 11
IMU_PATH, BATTERY_PATH = b"/Meas/IMU6/52\0", b"/System/Energy/Level\0"
TIME_BITS, TIME_PER_S = 32, 1e3
# Beyond what the chip can measure (16 g and 2000 deg/s, with room): damage, not movement.
ACC_LIMIT_M_S2, GYR_LIMIT_DPS = 320.0, 4000.0


def packet_dtype(n: int, fields: tuple[str, ...] = ("acc", "gyr")) -> np.dtype[np.void]:
    """The layout of a measurement of n samples; `/Meas/Acc` and `/Meas/Gyro` have one field."""
    return np.dtype([("t_ms", "<u4"), *((name, "<f4", (n, 3)) for name in fields)])


def recognise(advertisement: Advertisement) -> bool:
    """True for a name that begins with Movesense, or the GSP service."""
    return advertisement.name.startswith(NAME_PREFIX) or SERVICE_UUID in advertisement.service_uuids


def negotiate(received: Sequence[RawPacket]) -> Command | None:
    """Subscribe to the measurement until it is answered; raises SensorRefusedError if the answer is no."""
    for packet in received:
        answer = packet.payload
        if packet.channel.lower() == NOTIFY_UUID and answer[:2] == bytes([RESPONSE, IMU_REFERENCE]):
            status = int.from_bytes(answer[2:4], "little")
            if status in STATUS_OK:
                return None
            raise SensorRefusedError(
                "Movesense", f"it does not give {IMU_PATH[:-1].decode()} (status {status}).", status=status,
                hint="Its firmware may lack the measurement: install the maker's current default firmware.",
            )  # fmt: skip
    return Command(WRITE_UUID, bytes([SUBSCRIBE, IMU_REFERENCE]) + IMU_PATH)


def battery_percent(uuid: str, payload: bytes) -> float | None:
    """The charge in the answer to the battery request."""
    is_answer = payload[:2] == bytes([RESPONSE, BATTERY_REFERENCE]) and len(payload) >= 5
    if uuid.lower() != NOTIFY_UUID or not is_answer or payload[4] > 100:
        return None
    return float(payload[4]) if int.from_bytes(payload[2:4], "little") in STATUS_OK else None


def stream_of(uuid: str, payload: bytes) -> int | None:
    """A measurement, not an answer: both come by the same characteristic."""
    return 0 if payload[:1] in (bytes([DATA]), bytes([DATA_PART_2])) else None


def decode(packets: Sequence[RawPacket]) -> Decoded:
    """The samples of one connection; answers to commands and malformed packets are left out."""
    data, malformed = _measurements(column(packets, NOTIFY_UUID))
    count = np.zeros(len(data.payloads), dtype=np.int64)
    t_ms = np.zeros(len(data.payloads), dtype=np.uint32)
    groups = []
    each = packet_dtype(1).itemsize - packet_dtype(0).itemsize
    for length, rows, joined in by_length(data.payloads):
        n, rest = divmod(length - packet_dtype(0).itemsize, each)
        if not 1 <= n <= MAX_SAMPLES or rest:
            malformed += len(rows)
            continue
        table = np.frombuffer(joined, packet_dtype(n))
        count[rows] = n
        t_ms[rows] = table["t_ms"]
        both = np.concatenate([table["acc"], table["gyr"]], axis=2)
        groups.append((rows, to_double(both.reshape(-1, 6))))
    findings = finding("malformed_packets", malformed, "packets are no IMU6 measurement")
    good = np.flatnonzero(count)
    if len(good) == 0:
        return nothing(True, findings)
    device_s = (int(t_ms[good[0]]) + unwrap(t_ms[good], TIME_BITS)) / TIME_PER_S
    stamped = Stamped(
        [data.payloads[row] for row in good], data.packet[good], data.arrival_s[good], device_s, count[good]
    )
    out = lay_out(stamped, NOMINAL_RATE_HZ)
    values = gather(groups, count, good[out.order])
    acc, gyr = values[:, :3], values[:, 3:]
    wrong = keep_plausible(acc, ACC_LIMIT_M_S2) + keep_plausible(gyr, GYR_LIMIT_DPS)
    findings += finding("implausible_samples", wrong, "samples beyond the range of the chip became gaps")
    return Decoded(
        acc, gyr * GYR_FACTOR["deg/s"], out.tick, out.device_time_s, out.packet, out.epoch_starts, out.gaps,
        (*findings, *out.findings), out.period_s,
    )  # fmt: skip


def _measurements(notified: Column) -> tuple[Column, int]:
    """What the notifications say of our measurement, without their headers; how many make no sense.

    A measurement that is too long for one notification is continued in the next.
    """
    first, second = bytes([DATA, IMU_REFERENCE]), bytes([DATA_PART_2, IMU_REFERENCE])
    payloads: list[bytes] = []
    at: list[int] = []
    malformed = 0
    begun = -1  # the notification whose second part may follow
    for i, payload in enumerate(notified.payloads):
        if payload.startswith(first):
            payloads.append(payload[HEADER_BYTES:])
            at.append(i)
            begun = i
        elif payload.startswith(second) and at and begun == i - 1:
            payloads[-1] += payload[HEADER_BYTES:]
            at[-1] = i
        elif not payload.startswith(bytes([RESPONSE])):
            malformed += 1
    rows = np.array(at, dtype=np.int64)
    return Column(payloads, notified.arrival_s[rows], notified.packet[rows]), malformed


FAMILY = SensorFamily(
    name="movesense",
    title="Movesense",
    recognise=recognise,
    service_uuid=SERVICE_UUID,
    notify_uuids=(NOTIFY_UUID,),
    nominal_rate_hz=NOMINAL_RATE_HZ,
    decode=decode,
    stream_of=stream_of,
    start_commands=(Command(WRITE_UUID, bytes([SUBSCRIBE, IMU_REFERENCE]) + IMU_PATH),),
    stop_commands=(Command(WRITE_UUID, bytes([UNSUBSCRIBE, IMU_REFERENCE])),),
    negotiate=negotiate,
    min_mtu=HEADER_BYTES + packet_dtype(SAMPLES_PER_PACKET).itemsize + ATT_HEADER_BYTES,
    has_device_time=True,
    battery_request=(Command(WRITE_UUID, bytes([GET, BATTERY_REFERENCE]) + BATTERY_PATH),),
    battery_percent=battery_percent,
)
