"""Polar Verity Sense by Polar Measurement Data (PMD): two streams, acceleration and angular rate, joined by time.

Source: the maker's SDK (github.com/polarofficial/polar-ble-sdk, online_measurement.pdf and its unit tests). A frame
carries the time of its last sample in ns since 2000. A delta frame is one reference sample and blocks of
differences with as many bits as the block needs. The factor from steps to units comes in the answer to the start
command, so the answers are part of the record. There is no counter: losses are seen in the time stamps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sciatrack_ingest.recording import Finding, Float
from sciatrack_ingest.sensors.family import (
    ATT_HEADER_BYTES,
    BATTERY_LEVEL_UUID,
    Advertisement,
    Decoded,
    RawPacket,
    SensorFamily,
    nothing,
    standard_battery_percent,
)
from sciatrack_ingest.sensors.packets import column, finding, keep_plausible
from sciatrack_ingest.sensors.polar_control import ACC, CONTROL_UUID, GYRO, factor_in, negotiate, stop_commands
from sciatrack_ingest.sensors.polar_frames import Stream, read_stream
from sciatrack_ingest.sensors.timing import LaidOut, Stamped, lay_out
from sciatrack_ingest.units import ACC_FACTOR, GYR_FACTOR

SERVICE_UUID = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
DATA_UUID = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
NAMES = ("Polar Sense", "Polar Verity")
NOMINAL_RATE_HZ = 52.0
# The longest frame in the maker's tests is 228 bytes; with a smaller MTU the sensor refuses to start.
LONGEST_FRAME_BYTES = 229
# The streams run side by side, so a sample of the other is within half a period; one lost one is bridged.
NEARBY_PERIODS = 1.25
# Full scale over 16 bits, for a recording whose start answer is lost.
USUAL_FACTOR = {ACC: 8.0 / 32768.0, GYRO: 2000.0 / 32768.0}
ACC_LIMIT_M_S2, GYR_LIMIT_DPS = 320.0, 4000.0  # far beyond 8 g and 2000 deg/s: damage, not movement


def recognise(advertisement: Advertisement) -> bool:
    """True for the name of a Verity Sense; other Polar sensors have no gyroscope or sit on the chest."""
    return advertisement.name.strip().startswith(NAMES)


def stream_of(uuid: str, payload: bytes) -> int | None:
    """Acceleration and angular rate, each of which may die alone."""
    return payload[0] if uuid.lower() == DATA_UUID and payload else None


def decode(packets: Sequence[RawPacket]) -> Decoded:
    """The samples of one connection at the times of the acceleration; the angular rate is interpolated there.

    Where the stream of angular rates has a gap, or has not begun, gyr is NaN.
    """
    data = column(packets, DATA_UUID)
    answers = [packet.payload for packet in packets if packet.channel.lower() == CONTROL_UUID]
    streams: dict[int, Stream] = {}
    findings: tuple[Finding, ...] = ()
    for kind in (ACC, GYRO):
        factor = factor_in(answers, kind)
        stream = read_stream(data, kind, factor or USUAL_FACTOR[kind])
        streams[kind] = stream
        findings += finding("malformed_packets", stream.malformed, f"frames of {stream.name} cannot be read")
        if factor is None and stream.uses_factor:
            findings += finding("factor_assumed", 1, f"usual factor taken for {stream.name}: none in the answer")
    acc, acc_out = _samples(streams[ACC], ACC_FACTOR["g"])
    gyr, gyr_out = _samples(streams[GYRO], GYR_FACTOR["deg/s"])
    if acc_out is None:
        return nothing(gyr_out is not None, findings)
    wrong = keep_plausible(acc, ACC_LIMIT_M_S2)
    joined = None
    if gyr_out is not None:
        wrong += keep_plausible(gyr, GYR_LIMIT_DPS * GYR_FACTOR["deg/s"])
        joined = _joined(_common_time(acc_out, streams[ACC]), _common_time(gyr_out, streams[GYRO]), gyr, gyr_out)
        lost = sum(gap.lost_samples for gap in gyr_out.gaps)
        findings += finding("gyr_lost", lost, "samples of the angular rate are lost; gyr is NaN there")
    findings += finding("implausible_samples", wrong, "samples beyond the range of the chip became gaps")
    return Decoded(
        acc, joined, acc_out.tick, acc_out.device_time_s, acc_out.packet, acc_out.epoch_starts, acc_out.gaps,
        (*findings, *acc_out.findings), acc_out.period_s,
    )  # fmt: skip


def _samples(stream: Stream, unit: float) -> tuple[Float, LaidOut | None]:
    """(n, 3) samples in the sensor's order and when they were taken; None where there are none."""
    if len(stream.count) == 0:
        return np.empty((0, 3)), None
    stamped = Stamped(
        stream.payloads, stream.packet, stream.arrival_s, stream.device_s, stream.count, reference="last"
    )
    out = lay_out(stamped, NOMINAL_RATE_HZ)
    return stream.values_in(out.order) * unit, out


def _common_time(out: LaidOut, stream: Stream) -> Float:
    """(n,) a time on which both streams can be compared: the sensor's clock, pieced together after a restart."""
    if not out.epoch_starts:
        return out.device_time_s
    arrival_s = dict(zip(stream.packet.tolist(), stream.arrival_s.tolist(), strict=True))
    time_s = out.device_time_s.copy()
    starts = (0, *out.epoch_starts)
    for low, high in zip(starts, (*starts[1:], len(time_s)), strict=True):
        time_s[low:high] += arrival_s[int(out.packet[high - 1])] - time_s[high - 1]
    return np.maximum.accumulate(time_s)


def _joined(acc_time_s: Float, gyr_time_s: Float, gyr: Float, gyr_out: LaidOut) -> Float:
    """(n, 3) the angular rate at the times of the acceleration, NaN where there is none nearby."""
    joined = np.column_stack([np.interp(acc_time_s, gyr_time_s, gyr[:, axis]) for axis in range(3)])
    after = np.searchsorted(gyr_time_s, acc_time_s)
    before_s = gyr_time_s[np.maximum(after - 1, 0)]
    after_s = gyr_time_s[np.minimum(after, len(gyr_time_s) - 1)]
    nearest_s = np.minimum(np.abs(acc_time_s - before_s), np.abs(after_s - acc_time_s))
    joined[nearest_s > NEARBY_PERIODS * gyr_out.period_s] = np.nan
    return joined


FAMILY = SensorFamily(
    name="polar",
    title="Polar Verity Sense",
    recognise=recognise,
    service_uuid=SERVICE_UUID,
    notify_uuids=(CONTROL_UUID, DATA_UUID),
    nominal_rate_hz=NOMINAL_RATE_HZ,
    decode=decode,
    stream_of=stream_of,
    negotiate=negotiate,
    stop_commands=stop_commands(),
    min_mtu=LONGEST_FRAME_BYTES + ATT_HEADER_BYTES,
    has_device_time=True,
    battery_uuid=BATTERY_LEVEL_UUID,
    battery_percent=standard_battery_percent,
)
