"""WitMotion WT901BLE and BWT901BLECL5.0: a stream of 20-byte frames without clock, counter or checksum.

Source: the maker's SDK (github.com/WITMOTION/WitBluetooth_BWT901BLE5_0) and captured notifications. A frame is
55 61 and nine 16-bit numbers: acceleration (16 g full scale), angular rate (2000 deg/s), angles. Several frames
come in one notification, and a frame may be cut between two. What looks like a frame is believed only if it ends
where a notification ends or the next frame begins. Losses are estimated from the arrivals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sciatrack_ingest.recording import Int
from sciatrack_ingest.sensors.arrival import lay_out_by_arrival
from sciatrack_ingest.sensors.family import Advertisement, Command, Decoded, RawPacket, SensorFamily, nothing
from sciatrack_ingest.sensors.packets import column, finding
from sciatrack_ingest.units import ACC_FACTOR, GYR_FACTOR

# Not the Bluetooth base: 9a, where everybody else has 9b.
UUID = "0000{:04x}-0000-1000-8000-00805f9a34fb"
SERVICE_UUID, NOTIFY_UUID, WRITE_UUID = UUID.format(0xFFE5), UUID.format(0xFFE4), UUID.format(0xFFE9)
NAME_PART = "WT901"

FRAME = np.dtype(
    [("head", "u1"), ("kind", "u1"), ("acc", "<i2", (3,)), ("gyr", "<i2", (3,)), ("angle", "<i2", (3,))]
)
HEAD, MOTION, REGISTERS = 0x55, 0x61, 0x71
ACC_M_S2_PER_LSB = 16.0 * ACC_FACTOR["g"] / 32768.0
GYR_RAD_S_PER_LSB = 2000.0 * GYR_FACTOR["deg/s"] / 32768.0

RATE_REGISTER, READ_REGISTER, BATTERY_REGISTER, UNLOCK_REGISTER = 0x03, 0x27, 0x64, 0x69
UNLOCK_KEY = 0xB588
RATE_100_HZ = 0x09
NOMINAL_RATE_HZ = 100.0
COMMAND_PAUSE_S = 0.1  # the maker's own software waits so long; faster commands are lost
# Volts of one lithium cell against charge; the maker's app shows steps of the same curve.
BATTERY_V = (3.40, 3.50, 3.68, 3.70, 3.73, 3.77, 3.79, 3.82, 3.87, 3.93, 3.96)
BATTERY_PERCENT = (0.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 75.0, 90.0, 100.0)


def recognise(advertisement: Advertisement) -> bool:
    """True for names like WT901BLE68 and BWT901BLECL, or the maker's service."""
    return NAME_PART in advertisement.name.upper() or SERVICE_UUID in advertisement.service_uuids


def register_command(register: int, value: int) -> Command:
    """Write a register; reading one is writing its number to READ_REGISTER."""
    return Command(WRITE_UUID, bytes([0xFF, 0xAA, register]) + value.to_bytes(2, "little"), with_response=False)


def battery_percent(uuid: str, payload: bytes) -> float | None:
    """The charge in a notification that holds the battery register, from its voltage."""
    head = bytes([HEAD, REGISTERS, BATTERY_REGISTER, 0])
    at = payload.find(head)
    if uuid.lower() != NOTIFY_UUID or at < 0 or len(payload) < at + FRAME.itemsize:
        return None
    volts = int.from_bytes(payload[at + 4 : at + 6], "little") / 100.0
    return float(np.interp(volts, BATTERY_V, BATTERY_PERCENT))


def stream_of(uuid: str, payload: bytes) -> int | None:
    """Anything but an answer that comes alone; one among measurements is data all the same."""
    return None if payload[:2] == bytes([HEAD, REGISTERS]) and len(payload) <= FRAME.itemsize else 0


def decode(packets: Sequence[RawPacket]) -> Decoded:
    """The samples of one connection; bytes that belong to no frame are counted."""
    data = column(packets, NOTIFY_UUID)
    stream = np.frombuffer(b"".join(data.payloads), dtype=np.uint8)
    ends = np.cumsum(np.fromiter(map(len, data.payloads), dtype=np.int64, count=len(data.payloads)))
    at = _frames(stream, ends)
    stray = len(stream) - len(at) * FRAME.itemsize
    findings = finding("malformed_bytes", stray, "bytes belong to no frame")
    at = at[stream[at + 1] == MOTION]
    if len(at) == 0:
        return nothing(True, findings)
    frames = _table(stream, at)
    packet = np.searchsorted(ends, at + FRAME.itemsize)
    out = lay_out_by_arrival(data.arrival_s, packet, NOMINAL_RATE_HZ)
    return Decoded(
        frames["acc"] * ACC_M_S2_PER_LSB, frames["gyr"] * GYR_RAD_S_PER_LSB, out.tick, None, data.packet[packet],
        gaps=out.gaps, findings=findings, period_s=out.period_s,
    )  # fmt: skip


def _table(stream: npt.NDArray[np.uint8], at: Int) -> npt.NDArray[Any]:
    """The frames that begin at these bytes."""
    size = FRAME.itemsize
    if at[-1] - at[0] == (len(at) - 1) * size:
        return np.frombuffer(stream[at[0] : at[-1] + size], dtype=FRAME)
    return np.frombuffer(stream[at[:, None] + np.arange(size)].tobytes(), dtype=FRAME)


def _frames(stream: npt.NDArray[np.uint8], ends: Int) -> Int:
    """First bytes of the frames, of either kind, that follow each other without overlap."""
    size = FRAME.itemsize
    if len(stream) < size:
        return np.empty(0, dtype=np.int64)
    is_head = np.zeros(len(stream) + 1, dtype=bool)
    is_head[:-2] = (stream[:-1] == HEAD) & ((stream[1:] == MOTION) | (stream[1:] == REGISTERS))
    can_end = is_head.copy()
    can_end[ends] = True
    believed = is_head[: len(stream) - size + 1] & can_end[size:]
    return _chain(believed, size)


def _chain(believed: npt.NDArray[np.bool_], size: int) -> Int:
    """From the first believed place on, every `size` bytes while that holds; then the next place, and so on."""
    places = np.flatnonzero(believed)
    runs = []
    at = 0
    while (next_place := int(np.searchsorted(places, at))) < len(places):
        at = start = int(places[next_place])
        look = 64
        while True:
            ahead = believed[at : at + look * size : size]
            stop = int(np.argmin(ahead)) if not ahead.all() else len(ahead)
            at += stop * size
            if stop < look:
                break
            look *= 2
        runs.append(np.arange(start, at, size))
    return np.concatenate(runs) if runs else np.empty(0, dtype=np.int64)


FAMILY = SensorFamily(
    name="witmotion",
    title="WitMotion WT901BLE",
    recognise=recognise,
    service_uuid=SERVICE_UUID,
    notify_uuids=(NOTIFY_UUID,),
    nominal_rate_hz=NOMINAL_RATE_HZ,
    decode=decode,
    stream_of=stream_of,
    # The rate is not saved: after the next start the sensor is again as its owner has set it.
    start_commands=(
        register_command(UNLOCK_REGISTER, UNLOCK_KEY),
        register_command(RATE_REGISTER, RATE_100_HZ),
    ),
    command_pause_s=COMMAND_PAUSE_S,
    battery_request=(register_command(READ_REGISTER, BATTERY_REGISTER),),
    battery_percent=battery_percent,
)
