"""Polar: delta frames against a bit-by-bit twin, the talk at the control point, two streams joined by time."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packet_streams import motion, received
from sciatrack_ingest.sensors import RawPacket, SensorRefusedError, polar
from sciatrack_ingest.sensors.family import Command
from sciatrack_ingest.sensors.packets import column
from sciatrack_ingest.sensors.polar_control import (
    ACC,
    CONTROL_UUID,
    GYRO,
    factor_in,
    negotiate,
    read_settings,
    start_command,
)
from sciatrack_ingest.sensors.polar_frames import MAX_FRAME_SAMPLES, read_stream

# Written by hand from the maker's page: 16 bits in mg, then a block of 4 samples of 5 bits, then one of 2 bits.
ACC_FRAME = bytes.fromhex("02 0070c9b28b000000 81 0a00 f6ff e803 05 04 41 0c 10 ff fb 01 84 20 02 01 27")


def bits_of(body: bytes) -> list[int]:
    return [body[i // 8] >> (i % 8) & 1 for i in range(8 * len(body))]


def slow_delta(body: bytes) -> list[list[int]] | None:
    """The samples of a 16-bit delta frame, one bit after the other; None where it does not add up."""
    if len(body) < 6:
        return None
    samples = [list(struct.unpack("<3h", body[:6]))]
    at = 6
    while at < len(body):
        if at + 2 > len(body):
            return None
        width, count = body[at], body[at + 1]
        size = (width * count * 3 + 7) // 8
        block = body[at + 2 : at + 2 + size]
        if width > 32 or len(block) < size or len(samples) + count > MAX_FRAME_SAMPLES:
            return None
        stream = iter(bits_of(block))
        for _ in range(count):
            row = []
            for axis in range(3):
                bits = [next(stream) for _ in range(width)]
                value = sum(bit << i for i, bit in enumerate(bits))
                row.append(samples[-1][axis] + value - (bits[-1] << width if bits else 0))
            samples.append(row)
        at += 2 + size
    return samples


def frame(kind: int, body: bytes, t_ns: int = 10**18, layout: int = 0x80) -> bytes:
    return bytes([kind]) + t_ns.to_bytes(8, "little") + bytes([layout]) + body


def packets(*payloads: bytes, uuid: str = polar.DATA_UUID) -> list[RawPacket]:
    return [RawPacket(uuid, payload, i * 10**9, 0) for i, payload in enumerate(payloads)]


def stream(*payloads: bytes, kind: int = GYRO):
    return read_stream(column(packets(*payloads), polar.DATA_UUID), kind, 1.0)


def test_a_frame_by_hand() -> None:
    expected = slow_delta(ACC_FRAME[10:])
    assert expected is not None
    assert expected[:2] == [[10, -10, 1000], [11, -8, 1003]]
    decoded = polar.decode(packets(ACC_FRAME))
    np.testing.assert_allclose(decoded.acc / 9.80665 * 1000, expected, atol=1e-9)
    assert decoded.device_time_s is not None
    assert decoded.device_time_s[-1] == pytest.approx(600.0)


blocks = st.lists(st.tuples(st.integers(0, 32), st.integers(0, 12)), max_size=6)


@given(data=st.data(), count=st.integers(1, 5))
@settings(max_examples=80, deadline=None)
def test_delta_frames_equal_a_slow_twin(data: st.DataObject, count: int) -> None:
    bodies = []
    for _ in range(count):
        body = data.draw(st.binary(min_size=6, max_size=6))
        for width, samples in data.draw(blocks):
            size = (width * samples * 3 + 7) // 8
            body += bytes([width, samples]) + data.draw(st.binary(min_size=size, max_size=size))
        bodies.append(body)
    bodies.append(data.draw(st.binary(max_size=40)))  # mostly one that does not add up
    expected = [slow_delta(body) for body in bodies]
    found = stream(*(frame(GYRO, body, 10**18 + i) for i, body in enumerate(bodies)))
    readable = [rows for rows in expected if rows is not None]
    assert found.malformed == len(bodies) - len(readable)
    assert found.count.tolist() == [len(rows) for rows in readable]
    np.testing.assert_array_equal(found.values, np.concatenate([np.empty((0, 3)), *readable]))


@pytest.mark.parametrize(
    ("layout", "body", "expected_mg"),
    [
        (0x00, b"\x01\xff\x7f\x02\x03\x80", [[1, -1, 127], [2, 3, -128]]),
        (0x01, struct.pack("<3h", -9, 1, 999), [[-9, 1, 999]]),
        (0x02, b"\xff\xff\xff\x00\x00\x80\x01\x00\x00", [[-1, -(2**23), 1]]),
    ],
)
def test_plain_frames_of_8_16_and_24_bits(layout: int, body: bytes, expected_mg: list[list[int]]) -> None:
    found = stream(frame(ACC, body, layout=layout), kind=ACC)
    np.testing.assert_allclose(found.values * 1000, expected_mg, atol=1e-9)
    assert stream(frame(ACC, body + b"\x01", layout=layout), kind=ACC).malformed == 1


def test_frames_of_a_kind_that_is_not_known_are_counted() -> None:
    found = stream(frame(GYRO, bytes(6), layout=0x93), frame(GYRO, bytes(6)))
    assert (found.malformed, found.count.tolist()) == (1, [1])


def test_a_short_frame_cannot_ask_for_much_memory() -> None:
    greedy = frame(GYRO, bytes(6) + bytes([0, 255]) * 200)
    assert stream(greedy).malformed == 1


@pytest.mark.parametrize(("bits", "malformed"), [(32, 0), (33, 1), (255, 1)])
def test_differences_have_32_bits_at_most(bits: int, malformed: int) -> None:
    body = bytes(6) + bytes([bits, 1]) + bytes((bits * 3 + 7) // 8)
    assert stream(frame(GYRO, body)).malformed == malformed


def answer(request: int, kind: int, status: int = 0, settings_hex: str = "") -> RawPacket:
    body = bytes([0xF0, request, kind, status, 0]) + bytes.fromhex(settings_hex)
    return RawPacket(CONTROL_UUID.upper(), body, 0, 0)


SETTINGS = "00013400 01011000 0204 F500F401E803D007 040103"  # as a Verity Sense answers for its gyroscope
GYRO_START = "02 05 00 01 34 00 01 01 10 00 02 01 D0 07 04 01 03"
ACC_START = "02 02 00 01 34 00 01 01 10 00 02 01 08 00 04 01 03"


def sent(command: Command | None) -> str:
    assert command is not None
    assert command.uuid == CONTROL_UUID
    return command.payload.hex()


def test_the_talk_from_settings_to_both_streams() -> None:
    talk = [answer(1, ACC, settings_hex="00013400 01011000 0204 0200040008001000 040103")]
    assert sent(negotiate([])) == "0102"
    assert sent(negotiate(talk)) == bytes.fromhex(ACC_START).hex()
    talk.append(answer(2, ACC, settings_hex="0501 25f97f39"))
    assert sent(negotiate(talk)) == "0105"
    talk.append(answer(1, GYRO, settings_hex=SETTINGS))
    assert sent(negotiate(talk)) == bytes.fromhex(GYRO_START).hex()
    talk.append(RawPacket(polar.DATA_UUID, ACC_FRAME, 0, 0))  # data may come before the answer
    assert sent(negotiate(talk)) == bytes.fromhex(GYRO_START).hex()
    talk.append(answer(2, GYRO, settings_hex="0501 0000803d"))
    assert negotiate(talk) is None
    assert factor_in([packet.payload for packet in talk], ACC) == pytest.approx(2.44e-4, rel=1e-3)
    assert factor_in([packet.payload for packet in talk], GYRO) == 0.0625


def test_settings_are_read_and_the_nearest_are_chosen() -> None:
    settings_found = read_settings(bytes.fromhex(SETTINGS))
    assert settings_found == {0: [52], 1: [16], 2: [245, 500, 1000, 2000], 4: [3]}
    assert start_command(ACC, {0: [25, 50, 100, 200], 2: [2, 4]}).payload[4:6] == b"\x32\x00"
    assert start_command(ACC, {2: [2, 4]}).payload[12:14] == b"\x04\x00"
    assert read_settings(bytes.fromhex("0001 3400 09")) == {0: [52]}
    assert read_settings(bytes.fromhex("0005 3400")) == {}


def test_a_sensor_without_gyroscope_is_used_without_it() -> None:
    talk = [answer(1, ACC), answer(2, ACC), answer(1, GYRO, status=3)]
    assert negotiate(talk) is None


def test_a_stream_that_runs_already_is_stopped_for_its_factor() -> None:
    talk = [answer(1, ACC), answer(2, ACC, status=6)]
    assert sent(negotiate(talk)) == "0302"
    talk.append(answer(3, ACC))
    assert sent(negotiate(talk)) == bytes.fromhex(ACC_START).hex()
    talk += [answer(2, ACC, status=6), answer(3, ACC), answer(2, ACC, status=6)]
    with pytest.raises(SensorRefusedError, match=r"runs already \(status 6\)"):
        negotiate(talk)


@pytest.mark.parametrize(("status", "words"), [(10, "MTU too small"), (13, "out of the charger"), (99, "99")])
def test_a_refusal_says_why_and_what_to_do(status: int, words: str) -> None:
    with pytest.raises(SensorRefusedError, match=words) as caught:
        negotiate([answer(1, ACC), answer(2, ACC, status=status)])
    assert caught.value.status == status


def test_the_factor_of_the_answer_scales_the_samples() -> None:
    body = struct.pack("<3h", 1000, -2000, 3000)
    start = bytes([0xF0, 2, ACC, 0, 0, 5, 1]) + struct.pack("<f", 0.001)
    told = polar.decode([*packets(start, uuid=CONTROL_UUID), *packets(frame(ACC, body))])
    np.testing.assert_allclose(told.acc, np.array([[1.0, -2.0, 3.0]]) * 9.80665, rtol=1e-6)
    assert told.findings == ()
    untold = polar.decode(packets(frame(ACC, body)))
    assert [finding.code for finding in untold.findings] == ["factor_assumed"]
    np.testing.assert_allclose(untold.acc[0, 0], 1000 * 8 / 32768 * 9.80665)


def test_the_angular_rate_is_found_at_the_times_of_the_acceleration() -> None:
    n = 520
    time_s = np.arange(n)[:, None] / 52.0
    acc, gyr = motion(n)
    gyr = np.hstack([time_s, 2 * time_s, -time_s]) * 0.1
    both = received("polar", acc, gyr)
    shifted = [
        packet if packet.payload[0] != GYRO else packet._replace(payload=later(packet.payload, 5_000_000))
        for packet in both
    ]
    decoded = polar.decode(shifted)
    assert decoded.gyr is not None
    # The gyroscope's samples are said to be taken 5 ms later, so at the times of acc its ramp is 0.5 mrad/s lower.
    np.testing.assert_allclose(decoded.gyr[20:, 0], gyr[20:, 0] - 0.0005, atol=7e-4)
    assert np.mean(decoded.gyr[20:, 0] - gyr[20:, 0]) == pytest.approx(-0.0005, abs=1e-4)


def later(payload: bytes, ns: int) -> bytes:
    t_ns = int.from_bytes(payload[1:9], "little") + ns
    return payload[:1] + t_ns.to_bytes(8, "little") + payload[9:]


def test_where_the_angular_rate_is_lost_it_is_nan_and_said() -> None:
    acc, gyr = motion(400)
    both = received("polar", acc, gyr)
    gyros = [i for i, packet in enumerate(both) if packet.channel == polar.DATA_UUID and packet.payload[0] == GYRO]
    without = [packet for i, packet in enumerate(both) if i not in (gyros[5], gyros[6])]
    decoded = polar.decode(without)
    assert decoded.gyr is not None
    missing = np.isnan(decoded.gyr).all(axis=1)
    assert 37 <= missing.sum() <= 40
    assert missing[102:138].all()
    assert np.isfinite(decoded.acc).all()
    assert decoded.gaps == ()
    assert [(f.code, f.count) for f in decoded.findings] == [("gyr_lost", 40)]


def test_without_any_gyroscope_there_is_none() -> None:
    acc, gyr = motion(100)
    only = [p for p in received("polar", acc, gyr) if p.channel != polar.DATA_UUID or p.payload[0] == ACC]
    assert polar.decode(only).gyr is None


def test_both_streams_survive_a_restart_together() -> None:
    acc, gyr = motion(400)
    first = received("polar", acc, gyr, begin_s=500.0)
    again = received("polar", acc, gyr, begin_s=1.0, arrival_s=first[-1].monotonic_ns * 1e-9 + 3.0)
    decoded = polar.decode(first + [packet for packet in again if packet.channel == polar.DATA_UUID])
    assert decoded.gyr is not None
    assert decoded.n_samples == 800
    np.testing.assert_allclose(decoded.gyr[:398], gyr[:398], atol=0.02)
    np.testing.assert_allclose(decoded.gyr[400:798], gyr[:398], atol=0.02)
