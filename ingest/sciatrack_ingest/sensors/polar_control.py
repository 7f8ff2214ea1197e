"""The control point of Polar Measurement Data: which settings there are, start, stop, and what is answered.

A request is a number and a measurement; an answer is F0, both again, a status, a byte that announces more, and
settings. A setting is its kind, how many values follow, and the values.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from sciatrack_ingest.sensors.family import Command, RawPacket, SensorRefusedError

CONTROL_UUID = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
ACC, GYRO = 2, 5
GET_SETTINGS, START, STOP = 1, 2, 3
ANSWER, ANSWER_BYTES = 0xF0, 5
RATE, RESOLUTION, RANGE, CHANNELS, FACTOR = 0, 1, 2, 4, 5
VALUE_BYTES = {RATE: 2, RESOLUTION: 2, RANGE: 2, 3: 4, CHANNELS: 1, FACTOR: 4, 6: 16}
# What we ask for where the sensor offers it: rate in Hz, bits, full scale in g or deg/s, axes.
WANTED = {
    ACC: {RATE: 52, RESOLUTION: 16, RANGE: 8, CHANNELS: 3},
    GYRO: {RATE: 52, RESOLUTION: 16, RANGE: 2000, CHANNELS: 3},
}
OK, INVALID_MEASUREMENT, NOT_SUPPORTED, ALREADY_RUNNING, INVALID_MTU = 0, 2, 3, 6, 10
STATUS_WORDS = {
    1: "unknown request", 2: "no such measurement", 3: "not supported", 4: "wrong length", 5: "wrong parameter",
    6: "runs already", 7: "wrong resolution", 8: "wrong sample rate", 9: "wrong range", 10: "MTU too small",
    11: "wrong number of channels", 12: "not possible now", 13: "in the charger", 14: "memory full",
}  # fmt: skip
HINTS = {
    10: "Connect again; on Windows and Linux the larger MTU sometimes comes only with the second connection.",
    12: "Hold the button until the sensor is in sensor mode (heart symbol lit).",
    13: "Take it out of the charger.",
}
MAX_STARTS = 3  # a stream that runs on after two stops is not ours to have


def read_settings(body: bytes) -> dict[int, list[int]]:
    """Kind to values, as integers; what follows an unknown kind or a cut value is left out."""
    settings: dict[int, list[int]] = {}
    at = 0
    while at + 2 <= len(body) and (size := VALUE_BYTES.get(body[at])):
        kind, count = body[at], body[at + 1]
        end = at + 2 + count * size
        if end > len(body):
            break
        settings[kind] = [int.from_bytes(body[i : i + size], "little") for i in range(at + 2, end, size)]
        at = end
    return settings


def start_command(kind: int, offered: dict[int, list[int]]) -> Command:
    """Start a measurement with the offered values that come nearest to what we want."""
    body = bytes([START, kind])
    for setting, wanted in WANTED[kind].items():
        values = offered.get(setting) or [wanted]
        value = min(values, key=lambda value: (abs(value - wanted), value))
        body += bytes([setting, 1]) + value.to_bytes(VALUE_BYTES[setting], "little")
    return Command(CONTROL_UUID, body)


def stop_commands() -> tuple[Command, ...]:
    return tuple(Command(CONTROL_UUID, bytes([STOP, kind])) for kind in (GYRO, ACC))


def factor_in(answers: Sequence[bytes], kind: int) -> float | None:
    """The factor from steps to g or deg/s in the newest start answer, None where there is none."""
    for answer in reversed(answers):
        if answer[:4] == bytes([ANSWER, START, kind, OK]):
            raw = read_settings(answer[ANSWER_BYTES:]).get(FACTOR)
            factor = struct.unpack("<f", raw[0].to_bytes(4, "little"))[0] if raw else 0.0
            return float(factor) if 0.0 < factor < 1e3 else None
    return None


def negotiate(received: Sequence[RawPacket]) -> Command | None:
    """The next request, given the answers so far: settings and start of each measurement; None: both run.

    A sensor without gyroscope is started without it. Raises SensorRefusedError for any other refusal.
    """
    answers = [
        packet.payload
        for packet in received
        if packet.channel.lower() == CONTROL_UUID and len(packet.payload) >= 4 and packet.payload[0] == ANSWER
    ]
    for kind in (ACC, GYRO):
        command = _next_request(kind, [answer for answer in answers if answer[2] == kind])
        if command is not None:
            return command
    return None


def _next_request(kind: int, answers: Sequence[bytes]) -> Command | None:
    """The next request for one measurement; None when it runs, or the sensor has none of its kind."""
    if not answers:
        return Command(CONTROL_UUID, bytes([GET_SETTINGS, kind]))
    offered: dict[int, list[int]] = {}
    starts = 0
    for answer in answers:
        request, status = answer[1], answer[3]
        if kind == GYRO and status in (INVALID_MEASUREMENT, NOT_SUPPORTED):
            return None
        if request == GET_SETTINGS and status == OK:
            offered = read_settings(answer[ANSWER_BYTES:])
        starts += request == START
    request, status = answers[-1][1], answers[-1][3]
    if request == START and status == OK:
        return None
    if request == START and status == ALREADY_RUNNING and starts < MAX_STARTS:
        return Command(CONTROL_UUID, bytes([STOP, kind]))  # its factor is only told at the start
    if status != OK and request != STOP:
        raise _refused(kind, status)
    return start_command(kind, offered)


def _refused(kind: int, status: int) -> SensorRefusedError:
    what = "acceleration" if kind == ACC else "angular rate"
    words = STATUS_WORDS.get(status, "unknown reason")
    return SensorRefusedError(
        "Polar", f"it refuses to measure {what}: {words} (status {status}).", status=status,
        hint=HINTS.get(status, "Switch it off and on again."),
    )  # fmt: skip
