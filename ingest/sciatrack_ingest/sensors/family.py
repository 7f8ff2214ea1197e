"""What a sensor family is: what to subscribe to, what to write, and how its bytes become samples.

Everything here is data and pure functions. The collector moves bytes without understanding them; the same
`decode` runs live, at the end of a session, in `recover` and in `replay`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from sciatrack_ingest.errors import SciatrackError
from sciatrack_ingest.recording import Finding, Float, Int

# The base of every 16-bit Bluetooth number.
SIG_BASE = "0000{:04x}-0000-1000-8000-00805f9b34fb"
BATTERY_LEVEL_UUID = SIG_BASE.format(0x2A19)  # one byte, percent
# An attribute's value is 3 bytes shorter than the MTU (opcode and handle).
ATT_HEADER_BYTES = 3
MIN_MTU = 23  # what every Bluetooth LE link gives

Basis = Literal["sequence", "device_time", "arrival"]


class SensorRefusedError(SciatrackError, RuntimeError):
    """The sensor answered a command with an error; carries `family` and `status` (the sensor's own number)."""

    def __init__(self, family: str, problem: str, *, status: int = 0, hint: str = "") -> None:
        self.family, self.problem, self.status, self.hint = family, problem, status, hint
        super().__init__(f"{family}: {problem}" + (f" {hint}" if hint else ""))


class RawPacket(NamedTuple):
    """One notification as it came.

    channel      : UUID of the characteristic, lower case
    payload      : its bytes, untouched
    monotonic_ns : arrival on the host's monotonic clock, the time base of a session
    wall_ns      : arrival on the host's wall clock, nanoseconds since 1970 UTC; it may jump
    """

    channel: str
    payload: bytes
    monotonic_ns: int
    wall_ns: int


@dataclass(frozen=True)
class Advertisement:
    """What a sensor says about itself before anybody connects; UUIDs in lower case."""

    name: str = ""
    address: str = ""
    service_uuids: tuple[str, ...] = ()
    manufacturer_data: Mapping[int, bytes] = field(default_factory=dict)
    rssi_dbm: int | None = None


@dataclass(frozen=True)
class Command:
    """Bytes to write to a characteristic."""

    uuid: str
    payload: bytes
    with_response: bool = True


@dataclass(frozen=True)
class Gap:
    """Samples that the sensor measured and we never got.

    before_sample : index of the first sample after the gap
    lost_samples  : how many are missing, at least 1
    basis         : where we know it from; "arrival" is an estimate
    """

    before_sample: int
    lost_samples: int
    basis: Basis


@dataclass(frozen=True, eq=False)
class Decoded:
    """The samples of one connection, in the order in which the sensor took them.

    acc           : (n, 3) m/s^2 with gravity
    gyr           : (n, 3) rad/s, NaN where only acc came, or None for a sensor that sends no angular rate
    tick          : (n,) number of each sample counting lost ones, strictly increasing, from 0
    device_time_s : (n,) the sensor's own unwrapped clock, strictly increasing within an epoch, or None
    packet        : (n,) index into the decoded packets: the notification that completed the sample
    epoch_starts  : sample indices at which the sensor's clock began anew (a reboot), without 0
    gaps          : stretches lost on the way, sorted
    findings      : malformed or repeated packets and the like, with their number
    period_s      : usual time between two samples, on the sensor's clock or, without one, by the arrivals
    """

    acc: Float
    gyr: Float | None
    tick: Int
    device_time_s: Float | None
    packet: Int
    epoch_starts: tuple[int, ...] = ()
    gaps: tuple[Gap, ...] = ()
    findings: tuple[Finding, ...] = ()
    period_s: float = float("nan")

    @property
    def n_samples(self) -> int:
        return len(self.acc)

    @property
    def lost_samples(self) -> int:
        return sum(gap.lost_samples for gap in self.gaps)


def nothing(with_gyr: bool, findings: tuple[Finding, ...] = ()) -> Decoded:
    """No samples: an empty connection, or one in which every packet was malformed."""
    empty = np.empty((0, 3))
    none = np.empty(0, dtype=np.int64)
    return Decoded(empty, empty.copy() if with_gyr else None, none, None, none, findings=findings)


# What to write next, given everything received since the subscription: None when the sensor is streaming.
# The same answer twice means: still waiting for the reply. Raises SensorRefusedError.
Negotiate = Callable[[Sequence[RawPacket]], Command | None]
Decode = Callable[[Sequence[RawPacket]], Decoded]


@dataclass(frozen=True)
class SensorFamily:
    """One family of sensors that speak alike.

    name            : stable word, kept in the raw log ("generic", "movesense", ...)
    title           : what people call it
    recognise       : is it one of these, by its advertisement?
    service_uuid    : the service that holds the characteristics below
    notify_uuids    : subscribe to all of them before the first command
    start_commands  : to write in this order after subscribing and after every reconnect; empty: streams at once
    negotiate       : for sensors that answer: gives the commands one by one instead of start_commands
    stop_commands   : to write before disconnecting
    nominal_rate_hz : samples a second asked for
    min_mtu         : with a smaller one the sensor cannot send a packet whole
    has_counter     : lost samples are known from a number in the packet
    has_device_time : the packets carry the sensor's clock
    command_pause_s : the sensor needs so much time between two commands
    stream_of       : which of the sensor's streams a notification belongs to, each watched for itself; None for
                      what is no measurement, such as the answer to a command
    battery_uuid    : a characteristic to read; its first byte is the charge in percent
    battery_request : commands after which a notification carries the charge
    battery_percent : the charge in a notification or read value of that characteristic, None if it is not there
    """

    name: str
    title: str
    recognise: Callable[[Advertisement], bool]
    service_uuid: str
    notify_uuids: tuple[str, ...]
    nominal_rate_hz: float
    decode: Decode
    start_commands: tuple[Command, ...] = ()
    stop_commands: tuple[Command, ...] = ()
    negotiate: Negotiate | None = None
    min_mtu: int = MIN_MTU
    has_counter: bool = False
    has_device_time: bool = False
    has_gyroscope: bool = True
    command_pause_s: float = 0.0
    stream_of: Callable[[str, bytes], int | None] = lambda uuid, payload: 0
    battery_uuid: str | None = None
    battery_request: tuple[Command, ...] = ()
    battery_percent: Callable[[str, bytes], float | None] = lambda uuid, payload: None


def standard_battery_percent(uuid: str, payload: bytes) -> float | None:
    """The Battery Level characteristic of the Bluetooth standard."""
    if uuid.lower() != BATTERY_LEVEL_UUID or len(payload) < 1 or payload[0] > 100:
        return None
    return float(payload[0])
